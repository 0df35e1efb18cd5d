//! Errors that stop a queue: how long it rests before one message asks whether the trouble is over. Data only.
//!
//! How long each rests is our reading; the pace of a restricted Page (half an hour, doubling to four hours) is that of a
//! vendor who reports it from production. All read 2026-11-23.
//!
//! Invariant: only a row about a whole Page or the app stops a queue, and what stops it is not the message's fault. Errors
//! about one sort of message or one customer (marketing, purchases, an app without review) stop nothing.

use model::Span;

use super::{Row, Scope};

/// How a queue rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rest {
    /// The first time; twice as long whenever the message that asked was refused too.
    pub first: Span,
    /// Never longer, unless Meta itself says so.
    pub longest: Span,
}

/// By the name of the row.
const RESTS: [(&str, Rest); 7] = [
    ("app-limit", Rest { first: Span::minutes(5), longest: Span::hours(1) }),
    ("capability-missing", Rest { first: Span::minutes(30), longest: Span::hours(4) }),
    ("page-limit", Rest { first: Span::minutes(5), longest: Span::hours(1) }),
    ("page-restricted", Rest { first: Span::minutes(30), longest: Span::hours(4) }),
    ("permission-missing", Rest { first: Span::minutes(5), longest: Span::hours(4) }),
    ("rate-limited", Rest { first: Span::minutes(1), longest: Span::minutes(16) }),
    ("uneven-volume", Rest { first: Span::minutes(5), longest: Span::hours(1) }),
];

/// Nobody at Meta's address: why, as [`SendOutcome::Later`](crate::SendOutcome::Later) without a code has it.
pub const UNREACHABLE: Rest = Rest { first: Span::seconds(5), longest: Span::minutes(5) };

/// Meta answers with faults of its own, or not at all.
pub const FAILING: Rest = Rest { first: Span::seconds(30), longest: Span::minutes(5) };

/// The usage headers say that the calls are nearly used up.
pub const USED_UP: Rest = Rest { first: Span::minutes(1), longest: Span::minutes(1) };

/// How the queue of a row's Page, or of all Pages, rests; `None`: it goes on.
pub fn rest(row: &Row) -> Option<Rest> {
    match row.scope {
        Scope::Page | Scope::App => RESTS.iter().find(|(name, _)| *name == row.name).map(|(_, rest)| *rest),
        Scope::Part | Scope::Conversation => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_name;
    use super::*;

    #[test]
    fn whatever_stops_a_queue_is_a_row_about_a_page_or_the_app() {
        for (name, expected) in RESTS {
            let row = by_name(name).expect("a row of this name");
            assert_eq!(rest(row), Some(expected), "{name}");
            assert!(expected.first <= expected.longest, "{name}");
        }
        assert_eq!(by_name("unknown-error").and_then(rest), None);
    }
}
