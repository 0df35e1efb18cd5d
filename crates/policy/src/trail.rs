//! A decision with its grounds: every rule that was asked, in order, and what each said.
//!
//! For people and for tests. Invariant: the verdict is that of the very evaluation the trail tells of; there is no second
//! one that could come out otherwise.

use model::Timestamp;

use crate::decide::evaluate;
use crate::{Answer, Edition, Facts, RuleId, Verdict};

/// One rule and what it said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Which rule.
    pub rule: RuleId,
    /// What it said.
    pub answer: Answer,
}

/// A verdict with the way to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trail {
    /// The rules that were asked, in order. Those after the first that permits or forbids were not.
    pub asked: Vec<Asked>,
    /// What [`decide`](crate::decide) answers. A permit that was held because of the state of the Page is a `Defer` here,
    /// while its rule's answer is a permit still.
    pub verdict: Verdict,
}

/// Decides as [`decide`](crate::decide) does, and tells how it came to it.
pub fn explain(facts: &Facts, now: Timestamp, edition: &Edition) -> Trail {
    let mut asked = Vec::new();
    let verdict = evaluate(facts, now, edition, |rule, answer| asked.push(Asked { rule, answer }));
    Trail { asked, verdict }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;
    use crate::testing::{WROTE_AT, agent, automation};
    use crate::{ForbidReason, MessagingType, Openers, Pass, Tag, decide, edition_at, editions};

    fn trail(facts: &Facts, after: Span) -> Vec<(RuleId, Answer)> {
        let now = WROTE_AT + after;
        explain(facts, now, edition_at(now)).asked.into_iter().map(|asked| (asked.rule, asked.answer)).collect()
    }

    #[test]
    fn the_rules_stand_in_their_order_up_to_the_one_that_answers() {
        let day = WROTE_AT + Span::hours(24) - Span::seconds(60);
        let seven_days = WROTE_AT + Span::days(7) - Span::minutes(5);
        let opened = (RuleId::NeverWrote, Answer::Pass(Pass::Opened { at: WROTE_AT }));
        let size = (RuleId::ContentLimits, Answer::Pass(Pass::WithinLimits));
        let privacy = (RuleId::PrivacyLimit, Answer::Pass(Pass::NothingRefused));
        let template = (RuleId::UtilityTemplate, Answer::Pass(Pass::NoTemplate));
        let over = (RuleId::StandardWindow, Answer::Pass(Pass::Over { ended_at: day }));
        let ours = (RuleId::ThreadControl, Answer::Pass(Pass::OwnThread));
        let untagged = (RuleId::RetiredTags, Answer::Pass(Pass::NoTagAsked));
        let response = Answer::Permit { messaging_type: MessagingType::Response, until: day };
        assert_eq!(
            trail(&agent(), Span(0)),
            [ours, opened, size, privacy, template, (RuleId::StandardWindow, response)]
        );
        let person = Answer::Permit { messaging_type: MessagingType::MessageTag(Tag::HumanAgent), until: seven_days };
        assert_eq!(
            trail(&agent(), Span::days(2)),
            [ours, opened, size, privacy, template, over, untagged, (RuleId::HumanAgent, person)]
        );
        let nobody = (RuleId::HumanAgent, Answer::Pass(Pass::NoPersonWrote));
        assert_eq!(
            trail(&automation(), Span::days(2)),
            [ours, opened, size, privacy, template, over, untagged, nobody]
        );
        let ended = (RuleId::HumanAgent, Answer::Pass(Pass::Over { ended_at: seven_days }));
        assert_eq!(trail(&agent(), Span::days(8)).last(), Some(&ended));
    }

    #[test]
    fn the_last_rule_of_a_refusal_is_the_one_that_refuses() {
        let standby = Facts { standby: true, ..agent() };
        assert_eq!(trail(&standby, Span(0)), [(RuleId::ThreadControl, Answer::Forbid(ForbidReason::Standby))]);
        let stranger = Facts { openers: Openers::default(), ..agent() };
        let refused = (RuleId::NeverWrote, Answer::Forbid(ForbidReason::NeverWrote));
        assert_eq!(trail(&stranger, Span(0)).last(), Some(&refused));
    }

    #[test]
    fn a_held_permit_is_a_permit_in_the_trail() {
        let facts = Facts { token: false, ..agent() };
        let told = explain(&facts, WROTE_AT, edition_at(WROTE_AT));
        assert!(matches!(told.verdict, Verdict::Defer { .. }), "{told:?}");
        assert!(matches!(told.asked.last().map(|asked| asked.answer), Some(Answer::Permit { .. })), "{told:?}");
    }

    #[test]
    fn the_trail_ends_in_the_verdict_that_decide_gives() {
        for edition in editions() {
            for facts in [agent(), automation(), Facts { token: false, ..agent() }] {
                for hours in 0..200 {
                    let now = WROTE_AT + Span::hours(hours);
                    assert_eq!(explain(&facts, now, edition).verdict, decide(&facts, now, edition));
                }
            }
        }
    }
}
