//! P32: state rebuilt from the journal equals the live state; deleting all snapshots changes only start-up time.
//!
//! The world takes the digests of the states; here they are compared.

use crate::history::{History, Life, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 32;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (place, observed) in history.observed().iter().enumerate() {
        let What::Life(Life::Compared { machine, live, rebuilt, without_snapshot }) = &observed.what else { continue };
        for (other, words) in [(rebuilt, "as it is rebuilt"), (without_snapshot, "as it is rebuilt without a snapshot")]
        {
            if other != live {
                let first = Fact::at(history, place, format!("{machine} lives as {live:?}"));
                violations.push(Violation::new(
                    PROMISE,
                    first,
                    Fact::at(history, place, format!("{words} it is {other:?}")),
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Digest;
    use crate::testing::{Play, talk};

    #[test]
    fn a_state_that_is_rebuilt_otherwise_is_found() {
        for (rebuilt, without, violations) in [(1, 1, 0), (2, 1, 1), (1, 2, 1), (2, 2, 2)] {
            let mut play = Play::new();
            let (machine, live) = (talk("5001"), Digest(1));
            let (rebuilt, without_snapshot) = (Digest(rebuilt), Digest(without));
            play.life(Life::Compared { machine, live, rebuilt, without_snapshot });
            assert_eq!(judge(&play.history).len(), violations);
        }
    }
}
