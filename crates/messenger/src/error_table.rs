//! Meta's errors as data: what a pair of code and subcode means, whether it is worth trying again, and what to say.
//!
//! Nothing here looks at the words of an error, which are localised and reworded. The rows stand in `rows`.
//!
//! Invariants: every pair of numbers has an answer ([`UNKNOWN`] at last); rows of one name say the same to the agent, to
//! the queue and about their scope; nothing that is unknown is ever taken as sent.

mod rests;
mod rows;

use core::fmt::Write as _;

use model::Span;

use crate::Code;
pub use rests::{FAILING, Rest, UNREACHABLE, USED_UP, rest};
pub use rows::{ROWS, UNKNOWN};

/// What an error means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// Meta's `code`.
    pub code: i64,
    /// Which values of `error_subcode` it answers for.
    pub subcode: Subcode,
    /// Stable kebab-case name. Rows of one name differ in their advice alone.
    pub name: &'static str,
    /// Whether the same call may be made again.
    pub retry: Retry,
    /// What else will fail for the same reason.
    pub scope: Scope,
    /// Plain English for the agent, with what to do.
    pub sentence: &'static str,
    /// What the operator or admin looks at.
    pub advice: &'static str,
    /// Where the meaning comes from, and when it was read.
    pub source: &'static str,
}

/// Which subcodes a row answers for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subcode {
    /// This one.
    Is(i64),
    /// Only an error without one.
    Absent,
    /// None, and every one without a row of its own: the code alone says enough.
    Any,
}

/// Whether the same call may be made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// Surely not sent; again after this long at the earliest.
    After(Span),
    /// It may have been sent; never again without looking.
    Doubt,
}

/// What else will fail for the same reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// This message alone.
    Part,
    /// Everything to this customer.
    Conversation,
    /// Everything of this Page.
    Page,
    /// Everything of this installation.
    App,
}

impl core::fmt::Display for Scope {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Part => "this message",
            Self::Conversation => "everything to this customer",
            Self::Page => "everything of this Page",
            Self::App => "everything of this installation",
        })
    }
}

/// A code as people and Meta's documentation write it: `613`, `10/2018278`.
pub fn in_words((code, subcode): Code) -> String {
    match subcode {
        Some(subcode) => format!("{code}/{subcode}"),
        None => code.to_string(),
    }
}

/// The row for a pair of code and subcode: its own, else the code's, else [`UNKNOWN`].
pub fn lookup(code: Code) -> &'static Row {
    let (code, subcode) = code;
    let fits = |wanted: &dyn Fn(Subcode) -> bool| ROWS.iter().find(|row| row.code == code && wanted(row.subcode));
    let own = match subcode {
        Some(number) => fits(&|subcode| subcode == Subcode::Is(number)),
        None => fits(&|subcode| subcode == Subcode::Absent),
    };
    own.or_else(|| fits(&|subcode| subcode == Subcode::Any)).unwrap_or(&UNKNOWN)
}

/// A row of this name, for its sentence, retry and scope; `None` where no row is called so.
pub fn by_name(name: &str) -> Option<&'static Row> {
    ROWS.iter().chain([&UNKNOWN]).find(|row| row.name == name)
}

/// Whether a code says that the Page's token is dead, so that only reconnecting helps (102, 190; 2500 says
/// that there was none).
pub const fn refuses_token(code: Code) -> bool {
    matches!(code.0, 102 | 190 | 2_500)
}

/// The table as Markdown, for the operator's guide.
pub fn markdown() -> String {
    let mut text = String::from(
        "| code | name | again? | concerns | the queue | what the agent reads | what to look at | source |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in ROWS.iter().chain([&UNKNOWN]) {
        let code = match row.subcode {
            Subcode::Is(subcode) => format!("{}/{subcode}", row.code),
            Subcode::Absent => format!("{}, no subcode", row.code),
            Subcode::Any if row.code == UNKNOWN.code => "any other".to_owned(),
            Subcode::Any => row.code.to_string(),
        };
        let rest = rest(row);
        let again = match (row.retry, rest) {
            (Retry::Never | Retry::After(_), Some(_)) => "with its queue".to_owned(),
            (Retry::Never, None) if refuses_token((row.code, None)) => "when reconnected".to_owned(),
            (Retry::Never, None) => "no".to_owned(),
            (Retry::After(span), None) => format!("after {} s", span.0 / 1_000),
            (Retry::Doubt, _) => "in doubt".to_owned(),
        };
        let queue = match rest {
            Some(Rest { first, longest }) => format!("rests {} to {} min", first.0 / 60_000, longest.0 / 60_000),
            None if refuses_token((row.code, None)) => "holds".to_owned(),
            None => "goes on".to_owned(),
        };
        let scope = match row.scope {
            Scope::Part => "the message",
            Scope::Conversation => "the conversation",
            Scope::Page => "the Page",
            Scope::App => "the app",
        };
        let Row { name, sentence, advice, source, .. } = row;
        writeln!(text, "| {code} | `{name}` | {again} | {scope} | {queue} | {sentence} | {advice} | {source} |")
            .expect("writing to a String cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(code: i64, subcode: Option<i64>) -> &'static str {
        lookup((code, subcode)).name
    }

    #[test]
    fn a_row_of_its_own_goes_before_the_row_of_the_code() {
        assert_eq!(name(100, Some(2_018_001)), "customer-unknown");
        assert_eq!(name(100, Some(2_018_109)), "attachment-too-large");
        assert_eq!(name(100, None), "bad-parameter");
        assert_eq!(name(100, Some(1)), "bad-parameter");
        assert_eq!(name(613, Some(2_018_338)), "too-many-tagged");
        assert_eq!(name(613, Some(7)), "rate-limited");
    }

    #[test]
    fn a_code_that_says_too_little_answers_for_no_foreign_subcode() {
        assert_eq!(name(10, None), "permission-missing");
        assert_eq!(name(10, Some(42)), "unknown-error");
        assert_eq!(name(200, Some(42)), "unknown-error");
        assert_eq!(name(1, None), "meta-fault");
        assert_eq!(name(1, Some(99)), "meta-fault");
        assert_eq!(name(1, Some(42)), "unknown-error");
    }

    #[test]
    fn what_nobody_knows_is_never_tried_again_and_concerns_the_message_alone() {
        for code in [(0, None), (-5, Some(0)), (i64::MAX, Some(i64::MIN)), (987_654, None)] {
            assert_eq!(lookup(code), &UNKNOWN, "{code:?}");
        }
        assert_eq!((UNKNOWN.retry, UNKNOWN.scope), (Retry::Never, Scope::Part));
    }

    #[test]
    fn every_dead_token_concerns_its_page() {
        for code in [(102, None), (190, None), (190, Some(460)), (190, Some(492)), (190, Some(31_337)), (2_500, None)] {
            let row = lookup(code);
            assert_eq!((row.name, row.retry, row.scope), ("token-invalid", Retry::Never, Scope::Page), "{code:?}");
            assert!(refuses_token(code));
        }
        assert!(!refuses_token((10, None)));
    }

    #[test]
    fn a_restriction_stops_the_page() {
        for code in [(10, Some(1_893_063)), (368, None), (368, Some(1))] {
            let row = lookup(code);
            assert_eq!((row.name, row.retry, row.scope), ("page-restricted", Retry::Never, Scope::Page), "{code:?}");
            assert!(rest(row).is_some());
        }
        assert_eq!(rest(lookup((10, Some(2_018_278)))), None);
    }

    #[test]
    fn limits_and_passing_trouble_are_tried_again() {
        for code in [(2, None), (4, None), (4, Some(2_018_022)), (613, None), (1_200, None), (80_006, None), (32, None)]
        {
            assert!(matches!(lookup(code).retry, Retry::After(after) if after > Span(0)), "{code:?}");
        }
    }

    #[test]
    fn an_answer_garbled_after_sending_is_in_doubt() {
        assert_eq!(lookup((1, Some(1_357_046))).retry, Retry::Doubt);
    }

    #[test]
    fn no_pair_stands_twice() {
        for (index, row) in ROWS.iter().enumerate() {
            let again = ROWS[index + 1..].iter().find(|other| (other.code, other.subcode) == (row.code, row.subcode));
            assert_eq!(again, None);
        }
    }

    #[test]
    fn rows_of_one_name_say_the_same() {
        for row in &ROWS {
            let first = by_name(row.name).expect("the row itself at least");
            assert_eq!(
                (first.sentence, first.retry, first.scope),
                (row.sentence, row.retry, row.scope),
                "{}",
                row.name
            );
            let kebab = row.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(kebab && row.sentence.ends_with('.') && row.advice.ends_with('.'), "{row:?}");
        }
        assert_eq!(by_name("unknown-error"), Some(&UNKNOWN));
        assert_eq!(by_name("no-such-row"), None);
    }

    #[test]
    fn the_table_reads_as_approved() {
        insta::assert_snapshot!(markdown());
    }
}
