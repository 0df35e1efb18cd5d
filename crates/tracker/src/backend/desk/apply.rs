//! The desk's rules: what one operation changes, given the rows as they are.
//!
//! Synchronous, no clock, no storage of its own. Invariant: an operation looks before it writes, so that a refusal or
//! a damaged row leaves nothing of it behind; and an effect or a person's key that was answered before is answered the
//! same and changes nothing.

mod effect;
mod person;

use model::{ContactId, TaskId};

use super::ledger::{Ledger, Trouble};
use super::refusal::Refusal;
use super::request::Op;
use super::row::Answer;

/// Does one operation, or recognises it.
pub(super) fn apply(ledger: &mut Ledger<'_>, op: &Op) -> Result<Answer, Trouble> {
    match op {
        Op::Effect { machine, number, hash, request } => {
            let known = ledger.machine(machine)?;
            if let Some(before) = ledger.effect(known, *number)? {
                if before.hash == *hash {
                    return Ok(before.answer);
                }
                return Err(Trouble::GiveUp("effect reused with another request".to_owned()));
            }
            let answer = effect::apply(ledger, machine, known, request)?;
            ledger.keep_effect(machine, *number, *hash, answer)?;
            Ok(answer)
        }
        Op::Person { key, hash, by, at, request } => {
            if let Some(key) = key
                && let Some((before, answer)) = ledger.keyed(key)?
            {
                return if before == *hash { Ok(answer) } else { Err(Refusal::KeyReused.into()) };
            }
            let answer = person::apply(ledger, by, *at, request)?;
            if let Some(key) = key {
                ledger.keep_key(key, *hash, answer)?;
            }
            Ok(answer)
        }
    }
}

/// The number in a task id; `None` is no task of this desk.
pub(super) fn task_number(id: &TaskId) -> Option<u64> {
    number(id.as_str())
}

/// The number in a contact id; `None` is no contact of this desk.
pub(super) fn contact_number(id: &ContactId) -> Option<u64> {
    number(id.as_str())
}

/// Only the form that the desk itself writes: no sign, no leading zero.
fn number(text: &str) -> Option<u64> {
    let number = text.parse().ok()?;
    (number != 0 && !text.starts_with(['+', '0'])).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_as_the_desk_writes_them_are_ids() {
        assert_eq!(number("17"), Some(17));
        for text in ["", "0", "017", "+17", "-1", "1.0", "task", "99999999999999999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
