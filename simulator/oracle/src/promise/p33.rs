//! P33: same corpus, same policy, same configuration: byte-identical trace on any machine.
//!
//! Compares the trace hash of this run with that of every equal run, and names the first observation that is another.

use crate::history::{History, Way};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 33;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let equal = history.reruns().iter().filter(|rerun| rerun.way == Way::Same);
    let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "none".to_owned());
    equal
        .filter(|rerun| rerun.trace_hash != history.trace_hash || rerun.parts_at.is_some())
        .map(|rerun| {
            let words = format!("the trace hash is {}", hash(&history.trace_hash));
            let place = rerun.parts_at.and_then(|place| usize::try_from(place).ok());
            let first = match place.filter(|place| *place < history.observed().len()) {
                Some(place) => Fact::at(history, place, format!("{words}, and this is observed")),
                None => Fact::missing(words),
            };
            let words = format!("it is {}", hash(&rerun.trace_hash));
            Violation::new(PROMISE, first, Fact::elsewhere(rerun.way, rerun.parts_at, words))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Play;

    fn run(hash: &str, number: u8) -> History {
        let mut play = Play::new();
        play.writes(number, "5001");
        play.history.trace_hash = Some(hash.to_owned());
        play.history
    }

    #[test]
    fn two_equal_runs_have_one_hash_and_one_history() {
        for (hash, number, violations) in [("a", 1, 0), ("b", 1, 1), ("a", 2, 1)] {
            let mut history = run("a", 1);
            history.compare(Way::Same, &run(hash, number));
            let found = judge(&history);
            assert_eq!(found.len(), violations);
            if number == 2 {
                assert_eq!(found[0].first.order, Some(1));
            }
        }
    }

    #[test]
    fn runs_that_were_not_meant_to_be_equal_are_not_compared() {
        let mut history = run("a", 1);
        history.compare(Way::Twice, &run("b", 2));
        assert_eq!(judge(&history), []);
    }
}
