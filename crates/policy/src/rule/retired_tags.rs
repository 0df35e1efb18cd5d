//! The three tags for news are no longer accepted outside the standard window: Meta answers them with error 100.
//!
//! Source: Meta, *Send a Message* and changelog (announced 2026-03-27, in force 2026-04-27), read 2026-11-23. Asked before
//! the human agent's rule: who asks for a tag learns that it is gone, and is not given another tag instead.

use model::Timestamp;

use super::{Answer, NEVER, Pass};
use crate::{Edition, Facts, ForbidReason, MessagingType};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, _now: Timestamp, _edition: &Edition) -> Answer {
    match facts.tag {
        None => Answer::Pass(Pass::NoTagAsked),
        Some(tag) if on(Defect::RetiredTagAccepted) => {
            Answer::Permit { messaging_type: MessagingType::MessageTag(tag.into()), until: NEVER }
        }
        Some(_) => Answer::Forbid(ForbidReason::TagRetired),
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{WROTE_AT, agent, around, automation, guards};
    use crate::{Facts, ForbidReason, MessagingType, UpdateTag, Verdict, decide, edition_at, edition_by_id};

    const RETIRED: Verdict = Verdict::Forbid { reason: ForbidReason::TagRetired };

    #[test]
    fn a_tag_is_refused_from_the_first_millisecond_past_the_window() {
        for guards in guards() {
            for facts in [agent(), automation()] {
                let facts = Facts { guards, tag: Some(UpdateTag::AccountUpdate), ..facts };
                for (now, open) in around(WROTE_AT + Span::hours(24) - guards.standard) {
                    let verdict = decide(&facts, now, edition_at(now));
                    match verdict {
                        Verdict::Permit { messaging_type, .. } => {
                            assert!(open && messaging_type == MessagingType::Response, "{now:?}");
                        }
                        Verdict::Defer { .. } | Verdict::Forbid { .. } => assert!(!open && verdict == RETIRED),
                    }
                }
            }
        }
    }

    #[test]
    fn the_tags_are_gone_exactly_when_the_edition_starts() {
        let start = edition_by_id("2026-04-27").expect("known").starts_at();
        let mut facts = Facts { tag: Some(UpdateTag::PostPurchaseUpdate), ..automation() };
        facts.openers.last_action_at = Some(start - Span::days(3));
        facts.openers.last_message_at = facts.openers.last_action_at;
        for (now, accepted) in around(start) {
            let verdict = decide(&facts, now, edition_at(now));
            assert_eq!(verdict != RETIRED, accepted, "{now:?} {verdict:?}");
        }
    }
}
