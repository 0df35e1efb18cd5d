//! A utility template that Meta approved goes out in and outside of every window, as `UTILITY`, whoever sends it, where
//! Meta granted the permission.
//!
//! Source: Meta, *Utility Messages* and changelog (announced 2026-03-27, in force 2026-04-27), read 2026-11-23. Asked before
//! the windows: a template is `UTILITY` inside them too. Whether Meta approved this one is asked of Meta, not of the rules.
//! The permission is `pages_utility_messaging`; the guide's singular form is refused at login.

use model::Timestamp;

use super::{Answer, NEVER, Pass};
use crate::{ContentKind, Edition, Facts, ForbidReason, MessagingType};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, _now: Timestamp, _edition: &Edition) -> Answer {
    match facts.carries.kind {
        ContentKind::Template if facts.utility_feature || on(Defect::UtilityAssumed) => {
            Answer::Permit { messaging_type: MessagingType::Utility, until: NEVER }
        }
        ContentKind::Template => Answer::Forbid(ForbidReason::UtilityNotGranted),
        ContentKind::Text | ContentKind::Image | ContentKind::Audio | ContentKind::Video | ContentKind::File => {
            Answer::Pass(Pass::NoTemplate)
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{WROTE_AT, agent, automation, carrying};
    use crate::{ContentKind, Facts, ForbidReason, MessagingType, Openers, RuleId, Verdict, decide, edition_at};

    fn template(facts: Facts) -> Facts {
        Facts { carries: carrying(ContentKind::Template), utility_feature: true, ..facts }
    }

    #[test]
    fn a_template_goes_in_and_outside_of_every_window_whoever_sends_it() {
        for facts in [agent(), automation(), Facts { human_agent_feature: false, ..agent() }] {
            for after in [Span(0), Span::hours(24), Span::days(7), Span::days(400)] {
                let now = WROTE_AT + after;
                let verdict = decide(&template(facts), now, edition_at(now));
                let expected = (MessagingType::Utility, RuleId::UtilityTemplate);
                assert!(
                    matches!(verdict, Verdict::Permit { messaging_type, rule, .. } if (messaging_type, rule) == expected),
                    "{verdict:?}"
                );
            }
        }
    }

    #[test]
    fn without_the_permission_it_is_refused_and_the_window_is_no_way_round() {
        for now in [WROTE_AT, WROTE_AT + Span::days(2)] {
            let facts = Facts { utility_feature: false, ..template(agent()) };
            let expected = Verdict::Forbid { reason: ForbidReason::UtilityNotGranted };
            assert_eq!(decide(&facts, now, edition_at(now)), expected);
        }
    }

    #[test]
    fn who_never_wrote_and_whose_thread_another_app_has_gets_no_template_either() {
        let stranger = Facts { openers: Openers::default(), ..template(agent()) };
        let verdict = decide(&stranger, WROTE_AT, edition_at(WROTE_AT));
        assert_eq!(verdict, Verdict::Forbid { reason: ForbidReason::NeverWrote });
        let elsewhere = Facts { standby: true, ..template(agent()) };
        let verdict = decide(&elsewhere, WROTE_AT, edition_at(WROTE_AT));
        assert_eq!(verdict, Verdict::Forbid { reason: ForbidReason::Standby });
    }
}
