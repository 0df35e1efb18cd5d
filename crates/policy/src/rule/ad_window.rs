//! Within seven days of the first message that followed a click on a Click-to-Messenger ad anything may be sent, by
//! anyone, as `RESPONSE`; unless Meta already refused a send that rested on it.
//!
//! Source: Meta, policy page (2026-09-28), read 2026-11-23: how long the window stays open depends on the action, mostly 24
//! hours, but up to 7 days from the person's first message after such an ad. Which ads and customers qualify is not
//! documented: Meta's 10/2018278 is the truth, is remembered in the facts, and the next rules answer. The click opens
//! nothing. Asked after the standard window, so that what 24 hours permit never rests on this. The guard is that of the
//! human agent's seven days.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{Edition, Facts, MessagingType, ad_window_end};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, now: Timestamp, _edition: &Edition) -> Answer {
    match ad_window_end(&facts.openers, &facts.guards) {
        Some(_) if facts.ad_refused && !on(Defect::AdRefusalForgotten) => Answer::Pass(Pass::RefusedByMeta),
        Some(until) if now < until => Answer::Permit { messaging_type: MessagingType::Response, until },
        Some(ended_at) => Answer::Pass(Pass::Over { ended_at }),
        None => Answer::Pass(Pass::NothingCounts),
    }
}

#[cfg(test)]
mod tests {
    use model::{Span, Timestamp};

    use crate::testing::{agent, around, automation, guards};
    use crate::{
        Answer, Facts, ForbidReason, MessagingType, Openers, Pass, RuleId, Tag, UpdateTag, Verdict, decide, edition_at,
        edition_by_id, explain,
    };

    const HUMAN_AGENT: MessagingType = MessagingType::MessageTag(Tag::HumanAgent);
    const CLOSED: Verdict = Verdict::Forbid { reason: ForbidReason::WindowClosed };

    fn start() -> Timestamp {
        edition_by_id("2026-09-28").expect("known").starts_at()
    }

    /// The customer wrote after an ad, and did nothing else since.
    fn by_ad(facts: Facts, at: Timestamp) -> Facts {
        let openers = Openers { last_action_at: Some(at), last_message_at: Some(at), ad_message_at: Some(at) };
        Facts { openers, ..facts }
    }

    fn by_rule(verdict: &Verdict) -> Option<(MessagingType, RuleId)> {
        match verdict {
            Verdict::Permit { messaging_type, rule, .. } => Some((*messaging_type, *rule)),
            Verdict::Defer { .. } | Verdict::Forbid { .. } => None,
        }
    }

    #[test]
    fn takes_over_when_the_day_ends_and_closes_after_seven_less_the_guard() {
        for guards in guards() {
            for facts in [agent(), automation(), Facts { tag: Some(UpdateTag::AccountUpdate), ..automation() }] {
                let facts = by_ad(Facts { guards, ..facts }, start());
                for (now, standard) in around(start() + Span::hours(24) - guards.standard) {
                    let rule = if standard { RuleId::StandardWindow } else { RuleId::AdWindow };
                    let verdict = decide(&facts, now, edition_at(now));
                    assert_eq!(by_rule(&verdict), Some((MessagingType::Response, rule)), "{now:?}");
                }
                let edge = start() + Span::days(7) - guards.human_agent;
                for (now, open) in around(edge) {
                    let verdict = decide(&facts, now, edition_at(now));
                    let expected = open.then_some((MessagingType::Response, RuleId::AdWindow));
                    assert_eq!(by_rule(&verdict), expected, "{now:?}");
                    if let Verdict::Permit { until, .. } = verdict {
                        assert_eq!(until, edge);
                    }
                }
            }
        }
    }

    #[test]
    fn holds_from_the_first_millisecond_of_its_edition_and_never_before() {
        let facts = by_ad(automation(), start() - Span::days(2));
        for (now, before) in around(start()) {
            let expected = if before { None } else { Some((MessagingType::Response, RuleId::AdWindow)) };
            assert_eq!(by_rule(&decide(&facts, now, edition_at(now))), expected, "{now:?}");
        }
        let older = edition_by_id("2026-04-27").expect("known");
        assert_eq!(decide(&facts, start() + Span::days(1), older), CLOSED);
    }

    #[test]
    fn once_refused_by_meta_the_next_rules_answer() {
        let now = start() + Span::days(2);
        let refused = |facts| by_ad(Facts { ad_refused: true, ..facts }, start());
        let answer = |facts: Facts| decide(&facts, now, edition_at(now));
        assert_eq!(by_rule(&answer(refused(agent()))), Some((HUMAN_AGENT, RuleId::HumanAgent)));
        assert_eq!(answer(refused(automation())), CLOSED);
        let missing = Verdict::Forbid { reason: ForbidReason::HumanAgentNotGranted };
        assert_eq!(answer(refused(Facts { human_agent_feature: false, ..agent() })), missing);
        let asked = explain(&refused(agent()), now, edition_at(now)).asked;
        assert!(
            asked
                .iter()
                .any(|asked| { (asked.rule, asked.answer) == (RuleId::AdWindow, Answer::Pass(Pass::RefusedByMeta)) }),
            "{asked:?}"
        );
        let day = start() + Span::hours(1);
        let standard = Some((MessagingType::Response, RuleId::StandardWindow));
        assert_eq!(by_rule(&decide(&refused(agent()), day, edition_at(day))), standard, "24 hours stay as they are");
    }

    #[test]
    fn counts_from_the_message_after_the_ad_whatever_comes_later() {
        let later = start() + Span::days(6);
        let facts = by_ad(automation(), start());
        let openers = Openers { last_action_at: Some(later), last_message_at: Some(later), ..facts.openers };
        let (facts, day) = (Facts { openers, ..facts }, later + Span::hours(24) - facts.guards.standard);
        assert_eq!(
            by_rule(&decide(&facts, day - Span(1), edition_at(day))).map(|(_, rule)| rule),
            Some(RuleId::StandardWindow)
        );
        assert_eq!(decide(&facts, day, edition_at(day)), CLOSED, "the later message gives no new seven days");
    }
}
