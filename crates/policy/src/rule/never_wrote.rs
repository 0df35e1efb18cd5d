//! A Page only answers: it cannot write to a person who never did anything that opens a conversation.
//!
//! Source: Meta, *Send a Message* (page of 2026-05-05), read 2026-11-23. The tags are no way round it: they follow an
//! earlier conversation.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{Edition, Facts, ForbidReason};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, _now: Timestamp, _edition: &Edition) -> Answer {
    match facts.openers.opened_at() {
        Some(at) => Answer::Pass(Pass::Opened { at }),
        None if on(Defect::StrangerAccepted) => Answer::Pass(Pass::NothingCounts),
        None => Answer::Forbid(ForbidReason::NeverWrote),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{WROTE_AT, agent, automation};
    use crate::{Facts, ForbidReason, Openers, UpdateTag, Verdict, decide, editions};

    #[test]
    fn nobody_writes_first() {
        let tagged = Facts { tag: Some(UpdateTag::PostPurchaseUpdate), ..automation() };
        for edition in editions() {
            for facts in [agent(), automation(), tagged] {
                let facts = Facts { openers: Openers::default(), ..facts };
                let expected = Verdict::Forbid { reason: ForbidReason::NeverWrote };
                assert_eq!(decide(&facts, WROTE_AT, edition), expected);
            }
        }
    }

    #[test]
    fn a_pressed_button_is_enough_to_be_answered() {
        let openers = Openers { last_action_at: Some(WROTE_AT), last_message_at: None, ad_message_at: None };
        for edition in editions() {
            let verdict = decide(&Facts { openers, ..automation() }, WROTE_AT, edition);
            assert!(matches!(verdict, Verdict::Permit { .. }), "{verdict:?}");
        }
    }
}
