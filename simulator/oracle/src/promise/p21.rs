//! P21: errors are classified by code and subcode only, from one table.
//!
//! Whatever Meta answered it with and whenever, one pair of code and subcode makes a part fail for one reason.

use std::collections::BTreeMap;

use super::parts::parts;
use crate::history::{History, Journaled, Word};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 21;
/// Not an error of Meta: the tries came to an end.
const NOT_METAS: [&str; 2] = ["tries-exhausted", "given-up"];

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut reasons: BTreeMap<(i64, Option<i64>), (usize, &Word)> = BTreeMap::new();
    let mut violations = Vec::new();
    for part in parts(history) {
        for (place, record) in &part.records {
            let Journaled::PartFailed { reason, code: Some(code), .. } = &record.says else { continue };
            if NOT_METAS.contains(&&**reason) {
                continue;
            }
            let (before, known) = *reasons.entry(*code).or_insert((*place, reason));
            if known != reason {
                let words = format!("{} fails as {reason} for {}/{:?}", part.words(), code.0, code.1);
                let second = Fact::at(history, before, format!("the same was {known} before"));
                violations.push(Violation::new(PROMISE, Fact::at(history, *place, words), second));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Play, talk, word};

    fn run(failures: &[(&'static str, i64, Option<i64>)]) -> usize {
        let mut play = Play::new();
        for (part, (reason, code, subcode)) in (1..).zip(failures) {
            let says = Journaled::PartFailed { part, reason: word(reason), code: Some((*code, *subcode)) };
            play.record(&talk("5001"), says);
        }
        judge(&play.history).len()
    }

    #[test]
    fn one_pair_of_code_and_subcode_has_one_reason() {
        assert_eq!(run(&[("blocked", 551, None), ("blocked", 551, None)]), 0);
        assert_eq!(run(&[("blocked", 551, None), ("unavailable", 551, Some(1))]), 0);
        assert_eq!(run(&[("blocked", 551, None), ("tries-exhausted", 551, None)]), 0);
        assert_eq!(run(&[("blocked", 551, None), ("unavailable", 551, None)]), 1);
    }
}
