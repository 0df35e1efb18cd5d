//! A message stays within Meta's limits: a text of at most 2,000 characters, at most 13 quick-reply buttons, an image of at
//! most 8 MB and any other attachment of at most 25 MB by address.
//!
//! Source: Meta, *Send API reference*, *Quick Replies* and *Attachment Upload API* (page of 2026-06-17), read 2026-11-23.
//! The reference says "less than 2000" where the error says "less than or equal to": 2,000 pass. Neither what a character
//! is nor which megabyte is meant is documented: here code points, and the smaller megabyte. What nobody knows the size of
//! passes; Meta's 100/2018109 is the truth. Longer text is split before it comes here.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{Carries, ContentKind, Edition, Facts, ForbidReason};
use sabotage::{Defect, on};

/// Characters of a text.
const TEXT_MAX: u64 = 2_000;

/// Quick-reply buttons under one message.
const BUTTONS_MAX: u32 = 13;

/// Bytes of an image.
const IMAGE_MAX: u64 = 8_000_000;

/// Bytes of any other attachment.
const FILE_MAX: u64 = 25_000_000;

pub(super) fn ask(facts: &Facts, _now: Timestamp, _edition: &Edition) -> Answer {
    let Carries { kind, size, buttons } = facts.carries;
    let (limit, over) = match kind {
        ContentKind::Text => (TEXT_MAX, ForbidReason::TextTooLong),
        ContentKind::Image => (IMAGE_MAX, ForbidReason::AttachmentTooLarge),
        ContentKind::Audio | ContentKind::Video | ContentKind::File => (FILE_MAX, ForbidReason::AttachmentTooLarge),
        ContentKind::Template => (u64::MAX, ForbidReason::TextTooLong),
    };
    if size.is_some_and(|size| limit < size) && !on(Defect::SizeIgnored) {
        Answer::Forbid(over)
    } else if BUTTONS_MAX < buttons && !on(Defect::ButtonsUncounted) {
        Answer::Forbid(ForbidReason::TooManyButtons)
    } else {
        Answer::Pass(Pass::WithinLimits)
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{WROTE_AT, agent, automation, carrying};
    use crate::{Carries, ContentKind, Facts, ForbidReason, Openers, Verdict, decide, editions};

    fn refused(facts: &Facts) -> Option<ForbidReason> {
        let reasons: Vec<_> = editions()
            .iter()
            .map(|edition| match decide(facts, WROTE_AT + Span::hours(1), edition) {
                Verdict::Forbid { reason } => Some(reason),
                Verdict::Permit { .. } | Verdict::Defer { .. } => None,
            })
            .collect();
        assert!(reasons.windows(2).all(|pair| pair[0] == pair[1]), "{reasons:?}");
        reasons[0]
    }

    #[test]
    fn each_size_passes_up_to_its_limit_and_not_by_one_more() {
        for (kind, limit, reason) in [
            (ContentKind::Text, 2_000, ForbidReason::TextTooLong),
            (ContentKind::Image, 8_000_000, ForbidReason::AttachmentTooLarge),
            (ContentKind::Audio, 25_000_000, ForbidReason::AttachmentTooLarge),
            (ContentKind::Video, 25_000_000, ForbidReason::AttachmentTooLarge),
            (ContentKind::File, 25_000_000, ForbidReason::AttachmentTooLarge),
        ] {
            for (size, expected) in [(limit - 1, None), (limit, None), (limit + 1, Some(reason))] {
                for facts in [agent(), automation()] {
                    let facts = Facts { carries: Carries { size: Some(size), ..carrying(kind) }, ..facts };
                    assert_eq!(refused(&facts), expected, "{kind:?} of {size}");
                }
            }
            assert_eq!(refused(&Facts { carries: carrying(kind), ..agent() }), None, "{kind:?} of an unknown size");
        }
    }

    #[test]
    fn thirteen_buttons_pass_and_fourteen_do_not() {
        for (buttons, expected) in [(12, None), (13, None), (14, Some(ForbidReason::TooManyButtons))] {
            let facts = Facts { carries: Carries { buttons, ..Carries::default() }, ..agent() };
            assert_eq!(refused(&facts), expected, "{buttons}");
        }
    }

    #[test]
    fn who_cannot_be_written_to_at_all_is_told_before_a_limit_is() {
        let carries = Carries { size: Some(2_001), ..Carries::default() };
        let stranger = Facts { carries, openers: Openers::default(), ..agent() };
        assert_eq!(refused(&stranger), Some(ForbidReason::NeverWrote));
        assert_eq!(refused(&Facts { carries, standby: true, ..agent() }), Some(ForbidReason::Standby));
    }
}
