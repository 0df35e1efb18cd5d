//! Only the app that owns the thread sends; everyone else gets an error (code 10, "another app is controlling this
//! thread now").
//!
//! Source: Meta, *Conversation Routing* (page of 2025-09-24) and *Common Error Codes* (page of 2026-06-25), read
//! 2026-11-23. Asked first: no window helps where another app answers.

use model::Timestamp;

use super::{Answer, Pass};
use crate::{Edition, Facts, ForbidReason};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, _now: Timestamp, _edition: &Edition) -> Answer {
    if facts.standby && !on(Defect::StandbyIgnored) {
        Answer::Forbid(ForbidReason::Standby)
    } else {
        Answer::Pass(Pass::OwnThread)
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use crate::testing::{WROTE_AT, agent};
    use crate::{Facts, ForbidReason, Openers, Verdict, decide, editions};

    #[test]
    fn a_thread_of_another_app_is_refused_in_and_out_of_the_window() {
        let standby = Facts { standby: true, ..agent() };
        let stranger = Facts { openers: Openers::default(), ..standby };
        for edition in editions() {
            for now in [WROTE_AT, WROTE_AT + Span::days(2), WROTE_AT + Span::days(9)] {
                for facts in [standby, stranger] {
                    let expected = Verdict::Forbid { reason: ForbidReason::Standby };
                    assert_eq!(decide(&facts, now, edition), expected);
                }
            }
        }
    }
}
