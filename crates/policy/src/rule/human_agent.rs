//! Past the standard window a person may answer for up to seven days after the customer's message, under `HUMAN_AGENT`,
//! where Meta granted the reviewed feature. Automation never.
//!
//! Source: Meta, *Send API reference* and the policy page (2026-09-28), read 2026-11-23. Inside the standard window the
//! tag is never used: tagging everything is a pattern that Meta punishes. What the seven days count from after a mere
//! press of a button is not documented; by default the message alone counts.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{Author, Edition, Facts, ForbidReason, MessagingType, Tag, human_agent_end};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, now: Timestamp, _edition: &Edition) -> Answer {
    match facts.author {
        Author::Automation if on(Defect::AutomationAsPerson) => {}
        Author::Automation => return Answer::Pass(Pass::NoPersonWrote),
        Author::Agent => {}
    }
    match human_agent_end(&facts.openers, facts.human_agent_base, &facts.guards) {
        Some(until) if now < until => {
            if facts.human_agent_feature || on(Defect::FeatureAssumed) {
                Answer::Permit { messaging_type: MessagingType::MessageTag(Tag::HumanAgent), until }
            } else {
                Answer::Forbid(ForbidReason::HumanAgentNotGranted)
            }
        }
        Some(ended_at) => Answer::Pass(Pass::Over { ended_at }),
        None => Answer::Pass(Pass::NothingCounts),
    }
}

#[cfg(test)]
mod tests {
    use model::{Span, Timestamp};

    use crate::testing::{WROTE_AT, agent, around, automation, guards};
    use crate::{
        Facts, ForbidReason, HumanAgentBase, MessagingType, Openers, Tag, Verdict, decide, edition_at, editions,
    };

    const HUMAN_AGENT: MessagingType = MessagingType::MessageTag(Tag::HumanAgent);
    const CLOSED: Verdict = Verdict::Forbid { reason: ForbidReason::WindowClosed };

    fn messaging_type(facts: &Facts, now: Timestamp) -> Option<MessagingType> {
        match decide(facts, now, edition_at(now)) {
            Verdict::Permit { messaging_type, .. } => Some(messaging_type),
            Verdict::Defer { .. } | Verdict::Forbid { .. } => None,
        }
    }

    #[test]
    fn takes_over_at_the_very_instant_the_standard_window_ends() {
        for guards in guards() {
            let facts = Facts { guards, ..agent() };
            for (now, standard) in around(WROTE_AT + Span::hours(24) - guards.standard) {
                let expected = if standard { MessagingType::Response } else { HUMAN_AGENT };
                assert_eq!(messaging_type(&facts, now), Some(expected), "{now:?}");
            }
        }
    }

    #[test]
    fn closes_seven_days_after_the_message_less_the_guard() {
        for guards in guards() {
            for edition in editions() {
                let facts = Facts { guards, ..agent() };
                let edge = WROTE_AT + Span::days(7) - guards.human_agent;
                for (now, open) in around(edge) {
                    let verdict = decide(&facts, now, edition);
                    match verdict {
                        Verdict::Permit { messaging_type, until, .. } => {
                            assert!(open && messaging_type == HUMAN_AGENT && until == edge, "{verdict:?}");
                        }
                        Verdict::Defer { .. } | Verdict::Forbid { .. } => assert!(!open && verdict == CLOSED),
                    }
                }
            }
        }
    }

    #[test]
    fn automation_never_gets_it() {
        for edition in editions() {
            assert_eq!(decide(&automation(), WROTE_AT + Span::days(2), edition), CLOSED);
        }
    }

    #[test]
    fn without_the_feature_the_agent_is_told_so_only_while_it_would_have_helped() {
        let facts = Facts { human_agent_feature: false, ..agent() };
        let missing = Verdict::Forbid { reason: ForbidReason::HumanAgentNotGranted };
        for (now, within) in around(WROTE_AT + Span::days(7) - facts.guards.human_agent) {
            let expected = if within { missing } else { CLOSED };
            assert_eq!(decide(&facts, now, edition_at(now)), expected, "{now:?}");
        }
    }

    #[test]
    fn a_pressed_button_counts_only_where_the_setting_says_so() {
        let pressed_at = WROTE_AT + Span::days(6);
        let openers =
            Openers { last_action_at: Some(pressed_at), last_message_at: Some(WROTE_AT), ad_message_at: None };
        let now = WROTE_AT + Span::days(8);
        let by_message = Facts { openers, ..agent() };
        let by_opener = Facts { human_agent_base: HumanAgentBase::Opener, ..by_message };
        assert_eq!(messaging_type(&by_message, now), None);
        assert_eq!(messaging_type(&by_opener, now), Some(HUMAN_AGENT));
        let edge = pressed_at + Span::days(7) - by_opener.guards.human_agent;
        for (now, open) in around(edge) {
            assert_eq!(messaging_type(&by_opener, now), open.then_some(HUMAN_AGENT), "{now:?}");
        }
    }

    #[test]
    fn buttons_alone_give_no_seven_days_by_message() {
        let openers = Openers { last_action_at: Some(WROTE_AT), last_message_at: None, ad_message_at: None };
        let facts = Facts { openers, ..agent() };
        let now = WROTE_AT + Span::days(2);
        assert_eq!(decide(&facts, now, edition_at(now)), CLOSED);
    }
}
