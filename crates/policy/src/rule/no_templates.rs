//! Before Meta had utility templates, none could be sent.
//!
//! Source: Meta, *Utility Messages* and changelog (in force 2026-04-27), read 2026-11-23. Asked before the windows, as the
//! rule that takes its place is.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{ContentKind, Edition, Facts, ForbidReason};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, _now: Timestamp, _edition: &Edition) -> Answer {
    match facts.carries.kind {
        ContentKind::Template if !on(Defect::TemplateBeforeItsTime) => Answer::Forbid(ForbidReason::TemplateUnknown),
        ContentKind::Template
        | ContentKind::Text
        | ContentKind::Image
        | ContentKind::Audio
        | ContentKind::Video
        | ContentKind::File => Answer::Pass(Pass::NoTemplate),
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{agent, around, carrying};
    use crate::{ContentKind, Facts, ForbidReason, Verdict, decide, edition_at, edition_by_id, next_change};

    #[test]
    fn templates_come_with_the_first_millisecond_of_their_edition() {
        let start = edition_by_id("2026-04-27").expect("known").starts_at();
        let mut facts = Facts { carries: carrying(ContentKind::Template), utility_feature: true, ..agent() };
        facts.openers.last_message_at = Some(start - Span::hours(1));
        for (now, before) in around(start) {
            let verdict = decide(&facts, now, edition_at(now));
            let unknown = Verdict::Forbid { reason: ForbidReason::TemplateUnknown };
            assert_eq!(verdict == unknown, before, "{now:?} {verdict:?}");
        }
        let now = start - Span(1);
        assert_eq!(next_change(&facts, now, edition_at(now)), Some(start));
    }
}
