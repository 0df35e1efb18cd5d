//! Where Meta refused an attachment for the privacy rules of Europe and Japan (10/2018336), audio, video and files are not
//! tried again for 30 days. Text, images and templates go on.
//!
//! Source: Meta, *Common Error Codes* (2026-06-25) and the notes on the privacy changes of 2020-12-16, read 2026-11-23:
//! Meta names neither the customers nor the kinds it holds for, nor for how long. Its refusal is the truth and is remembered
//! per conversation; the 30 days are ours, and a person can end them sooner. The Page's own flag only warns.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{ContentKind, Edition, Facts, ForbidReason, privacy_limit_end};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, now: Timestamp, _edition: &Edition) -> Answer {
    match privacy_limit_end(facts) {
        None => Answer::Pass(Pass::NothingRefused),
        Some(end) if end <= now => Answer::Pass(Pass::Over { ended_at: end }),
        Some(_) => match facts.carries.kind {
            ContentKind::Text | ContentKind::Image | ContentKind::Template => Answer::Pass(Pass::KindAllowed),
            ContentKind::Audio | ContentKind::Video | ContentKind::File if on(Defect::PrivacyRefusalForgotten) => {
                Answer::Pass(Pass::KindAllowed)
            }
            ContentKind::Audio | ContentKind::Video | ContentKind::File => Answer::Forbid(ForbidReason::PrivacyLimited),
        },
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{WROTE_AT, agent, around, carrying};
    use crate::{ContentKind, Facts, ForbidReason, Verdict, decide, editions, next_change};

    const LIMITED: Verdict = Verdict::Forbid { reason: ForbidReason::PrivacyLimited };

    #[test]
    fn what_meta_refused_is_not_tried_for_thirty_days_to_the_millisecond() {
        let refused_at = WROTE_AT - Span::days(30);
        for edition in editions() {
            for kind in [ContentKind::Audio, ContentKind::Video, ContentKind::File] {
                let facts = Facts { carries: carrying(kind), privacy_refused_at: Some(refused_at), ..agent() };
                for (now, limited) in around(WROTE_AT) {
                    assert_eq!(decide(&facts, now, edition) == LIMITED, limited, "{kind:?} {now:?}");
                }
                assert_eq!(next_change(&facts, WROTE_AT - Span(1), edition), Some(WROTE_AT));
                let never = Facts { privacy_refused_at: None, ..facts };
                assert!(matches!(decide(&never, WROTE_AT, edition), Verdict::Permit { .. }));
            }
        }
    }

    #[test]
    fn text_and_images_go_on() {
        for edition in editions() {
            for kind in [ContentKind::Text, ContentKind::Image] {
                let facts = Facts { carries: carrying(kind), privacy_refused_at: Some(WROTE_AT), ..agent() };
                let verdict = decide(&facts, WROTE_AT + Span::hours(1), edition);
                assert!(matches!(verdict, Verdict::Permit { .. }), "{kind:?} {verdict:?}");
            }
        }
    }
}
