//! What changed lately, for event streams whose id is the journal position. In memory and bounded: who missed more,
//! or comes back after a restart, is told so and reads the page again.

use std::collections::{BTreeMap, VecDeque};

use journal::Position;
use model::MachineId;

/// Most changes kept. At a thousand batches a second an event stream may be away for a quarter of a minute.
pub const CHANGES_MAX: usize = 16_384;

/// A machine changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The batch that changed it last.
    pub position: Position,
    /// Whose.
    pub machine: MachineId,
}

/// What changed after a position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changes {
    /// These, and nothing else.
    Since {
        /// The newest change of each machine, in order.
        changed: Vec<Changed>,
        /// Up to here.
        newest: Position,
    },
    /// Too long ago to say: read everything again, then go on from `newest`.
    Gone {
        /// Where the view stands.
        newest: Position,
    },
}

/// The newest changes.
#[derive(Debug)]
pub(crate) struct Ring {
    changes: VecDeque<Changed>,
    /// Everything after this position is in `changes`.
    complete_after: Position,
    newest: Position,
}

impl Ring {
    pub(crate) fn starting_at(position: Position) -> Self {
        Self { changes: VecDeque::new(), complete_after: position, newest: position }
    }

    /// Takes what a round folded.
    pub(crate) fn note(&mut self, changed: Vec<Changed>, newest: Position) {
        for changed in changed {
            if self.changes.len() == CHANGES_MAX
                && let Some(oldest) = self.changes.pop_front()
            {
                self.complete_after = oldest.position;
            }
            self.changes.push_back(changed);
        }
        self.newest = newest;
    }

    pub(crate) fn since(&self, after: Position) -> Changes {
        let newest = self.newest;
        if after < self.complete_after || after > newest {
            return Changes::Gone { newest };
        }
        let first = self.changes.partition_point(|changed| changed.position <= after);
        let mut last_of = BTreeMap::new();
        for changed in self.changes.range(first..) {
            last_of.insert(&changed.machine, changed.position);
        }
        let mut changed: Vec<Changed> =
            last_of.into_iter().map(|(machine, position)| Changed { position, machine: machine.clone() }).collect();
        changed.sort_by_key(|changed| changed.position);
        Changes::Since { changed, newest }
    }
}

/// The machine that a journal key names.
pub(crate) fn machine_of(key: &[u8]) -> Option<MachineId> {
    core::str::from_utf8(key).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(position: u64, machine: &str) -> Changed {
        Changed { position: Position(position), machine: machine_of(machine.as_bytes()).unwrap() }
    }

    #[test]
    fn a_machine_is_named_once_with_its_newest_change() {
        let mut ring = Ring::starting_at(Position(3));
        ring.note(vec![change(5, "c/1/a"), change(7, "p/1"), change(9, "c/1/a")], Position(9));
        let Changes::Since { changed, newest } = ring.since(Position(3)) else { panic!("complete") };
        let found: Vec<_> = changed.iter().map(|c| (c.position.0, c.machine.to_string())).collect();
        assert_eq!((found, newest), (vec![(7, "p/1".to_owned()), (9, "c/1/a".to_owned())], Position(9)));
        assert_eq!(ring.since(Position(9)), Changes::Since { changed: Vec::new(), newest: Position(9) });
    }

    #[test]
    fn what_is_too_long_ago_or_never_was_is_gone() {
        let mut ring = Ring::starting_at(Position(3));
        assert_eq!(ring.since(Position(2)), Changes::Gone { newest: Position(3) });
        assert_eq!(ring.since(Position(4)), Changes::Gone { newest: Position(3) });
        let last = CHANGES_MAX as u64 + 10;
        ring.note((4..=last).map(|position| change(position, "p/1")).collect(), Position(last));
        assert_eq!(ring.since(Position(3)), Changes::Gone { newest: Position(last) });
        assert_eq!(ring.since(Position(9)), Changes::Gone { newest: Position(last) });
        assert!(matches!(ring.since(Position(10)), Changes::Since { .. }));
    }
}
