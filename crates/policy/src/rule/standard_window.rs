//! Within 24 hours of the customer's last opening action anything may be sent, by anyone, as `RESPONSE`.
//!
//! Source: Meta, *Send a Message* (page of 2026-05-05) and the policy page (2026-09-28), read 2026-11-23. Each opening
//! action starts the 24 hours again. Whether the last instant belongs to the window is not documented: here it does not.
//! A tag asked for inside the window is not used, since Meta wants tags outside of it only. An opening action that lies
//! ahead of `now` (a skewed clock) counts as it is.

use model::{Span, Timestamp};

use super::{Answer, Pass};
use crate::{Author, Edition, Facts, MessagingType, standard_window_end};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, now: Timestamp, _edition: &Edition) -> Answer {
    match standard_window_end(&facts.openers, &facts.guards) {
        Some(until) if facts.author == Author::Agent && on(Defect::PersonAlwaysTagged) => {
            Answer::Pass(Pass::Over { ended_at: until })
        }
        Some(until) if now < until => Answer::Permit { messaging_type: MessagingType::Response, until },
        Some(until) if now == until && on(Defect::WindowEndsLate) => {
            Answer::Permit { messaging_type: MessagingType::Response, until: until + Span(1) }
        }
        Some(ended_at) => Answer::Pass(Pass::Over { ended_at }),
        None => Answer::Pass(Pass::NothingCounts),
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{WROTE_AT, agent, around, automation, guards};
    use crate::{Facts, ForbidReason, MessagingType, Openers, UpdateTag, Verdict, decide, editions};

    fn answers(facts: &Facts, now: model::Timestamp) -> impl Iterator<Item = Verdict> {
        editions().iter().map(move |edition| decide(facts, now, edition))
    }

    fn is_response(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Permit { messaging_type: MessagingType::Response, .. })
    }

    #[test]
    fn closes_at_the_millisecond_less_the_guard() {
        for guards in guards() {
            let facts = Facts { guards, ..automation() };
            for (now, open) in around(WROTE_AT + Span::hours(24) - guards.standard) {
                for verdict in answers(&facts, now) {
                    let closed = Verdict::Forbid { reason: ForbidReason::WindowClosed };
                    assert!(if open { is_response(&verdict) } else { verdict == closed }, "{now:?} {verdict:?}");
                }
            }
        }
    }

    #[test]
    fn a_tag_asked_for_inside_the_window_is_not_used() {
        let now = WROTE_AT + Span::hours(23);
        for facts in [agent(), automation()] {
            let facts = Facts { tag: Some(UpdateTag::ConfirmedEventUpdate), ..facts };
            assert!(answers(&facts, now).all(|verdict| is_response(&verdict)));
        }
    }

    #[test]
    fn each_opening_action_starts_the_window_again() {
        let later = WROTE_AT + Span::hours(20);
        let openers = Openers { last_action_at: Some(later), last_message_at: Some(WROTE_AT), ad_message_at: None };
        let facts = Facts { openers, ..automation() };
        let edge = later + Span::hours(24) - facts.guards.standard;
        for (now, open) in around(edge) {
            assert!(answers(&facts, now).all(|verdict| is_response(&verdict) == open), "{now:?}");
        }
    }

    #[test]
    fn an_opener_ahead_of_our_clock_counts_as_it_is() {
        assert!(answers(&automation(), WROTE_AT - Span::days(3)).all(|verdict| is_response(&verdict)));
    }
}
