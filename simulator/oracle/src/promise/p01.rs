//! P1: one (Page, PSID) has one actor and at most one active bound task under any interleaving.
//!
//! Two actors of one machine would number their records twice. A task may follow another only once that one was seen to
//! be inactive or gone, or refused lines for good.

use std::collections::{BTreeMap, BTreeSet};

use model::{MachineId, TaskId};

use crate::history::{History, Journaled, Standing, Tracker, TrackerAnswer, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 1;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = numbering(history);
    for machine in history.ledger().records.keys() {
        violations.extend(bindings(history, machine));
    }
    violations.extend(tasks(history));
    violations
}

/// Records are numbered 1, 2, 3 and so on.
fn numbering(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for machine in history.ledger().records.keys() {
        let mut before: Option<(usize, u64)> = None;
        for (place, record) in history.records_of(machine) {
            let expected = before.map_or(1, |(_, seq)| seq + 1);
            if record.id.seq != expected {
                let first = Fact::at(history, place, format!("{machine} has record {}", record.id.seq));
                let second = match before {
                    Some((before, seq)) => Fact::at(history, before, format!("the one before it was {seq}")),
                    None => Fact::missing("there is none before it"),
                };
                violations.push(Violation::new(PROMISE, first, second));
            }
            before = Some((place, record.id.seq));
        }
    }
    violations
}

/// A binding is left only where the tracker said that the task takes no more lines.
fn bindings(history: &History, machine: &MachineId) -> Option<Violation> {
    let mut bound: Option<(usize, &TaskId)> = None;
    let mut left = false;
    for (place, record) in history.records_of(machine) {
        if let Journaled::TaskBound { task } = &record.says {
            if let Some((before, other)) = bound.filter(|(_, other)| *other != task && !left) {
                let first = Fact::at(history, place, format!("{machine} is bound to task {task}"));
                let second = Fact::at(history, before, format!("it was bound to {other}, which took its lines"));
                return Some(Violation::new(PROMISE, first, second));
            }
            (bound, left) = (Some((place, task)), false);
        }
        if let Journaled::TrackerAnswered { answer, .. } = &record.says {
            match answer {
                TrackerAnswer::Inactive | TrackerAnswer::Gone | TrackerAnswer::Refused => left = true,
                TrackerAnswer::Added { task } => left |= bound.is_some_and(|(_, bound)| bound != task),
                TrackerAnswer::Opened { .. } | TrackerAnswer::Down => {}
            }
        }
    }
    None
}

/// In the tracker, a task is opened only where each earlier one of the conversation was left.
fn tasks(history: &History) -> Vec<Violation> {
    let mut opened: BTreeMap<&MachineId, BTreeMap<&TaskId, usize>> = BTreeMap::new();
    let mut left: BTreeSet<&TaskId> = BTreeSet::new();
    let mut violations = Vec::new();
    for (place, observed) in history.observed().iter().enumerate() {
        let What::Tracker(tracker) = &observed.what else { continue };
        match tracker {
            Tracker::Called { effect, answer: TrackerAnswer::Opened { task }, .. } => {
                let tasks = opened.entry(&effect.machine).or_default();
                let standing = tasks.iter().find(|(other, _)| **other != task && !left.contains(*other));
                if let Some((other, before)) = standing.filter(|_| !tasks.contains_key(task)) {
                    let first = Fact::at(history, place, format!("task {task} is opened for {}", effect.machine));
                    let second = Fact::at(history, *before, format!("its task {other} was active all the time"));
                    violations.push(Violation::new(PROMISE, first, second));
                }
                tasks.entry(task).or_insert(place);
            }
            Tracker::TaskTurned { task, into: Standing::Inactive | Standing::Gone } => {
                left.insert(task);
            }
            Tracker::Called { task: Some(task), answer, .. } => match answer {
                TrackerAnswer::Refused | TrackerAnswer::Inactive | TrackerAnswer::Gone => {
                    left.insert(task);
                }
                TrackerAnswer::Added { task: other } => {
                    if other != task {
                        left.insert(task);
                    }
                }
                TrackerAnswer::Opened { .. } | TrackerAnswer::Down => {}
            },
            Tracker::Called { task: None, .. }
            | Tracker::TaskTurned { into: Standing::Active, .. }
            | Tracker::Answered { .. }
            | Tracker::Commented { .. } => {}
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Play;

    #[test]
    fn a_second_task_follows_a_closed_one() {
        let mut play = Play::new();
        let first = play.writes(1, "5001");
        play.opens("5001", &[&first], "1");
        play.note(What::Tracker(Tracker::TaskTurned { task: TaskId::new("1"), into: Standing::Inactive }));
        let second = play.writes(2, "5001");
        play.adds("5001", &[&second], "1", &TrackerAnswer::Inactive);
        play.opens("5001", &[&second], "2");
        // Reopened by somebody: not our doing.
        play.note(What::Tracker(Tracker::TaskTurned { task: TaskId::new("1"), into: Standing::Active }));
        let other = play.writes(3, "5002");
        play.opens("5002", &[&other], "3");
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn a_second_task_beside_an_active_one_is_found_in_journal_and_tracker() {
        let mut play = Play::new();
        let (first, second) = (play.writes(1, "5001"), play.writes(2, "5001"));
        play.opens("5001", &[&first], "1");
        play.opens("5001", &[&second], "2");
        let violations = judge(&play.history);
        assert_eq!(violations.len(), 2);
        assert!(violations[0].sentence.contains("is bound to task 2"), "{}", violations[0]);
        assert!(violations[1].sentence.contains("its task 1 was active all the time"), "{}", violations[1]);
    }

    #[test]
    fn a_repeated_call_that_gives_the_same_task_opens_no_second_one() {
        let mut play = Play::new();
        let first = play.writes(1, "5001");
        let effect = play.opens("5001", &[&first], "1");
        play.called(&effect, None, &[&first], &TrackerAnswer::Opened { task: TaskId::new("1") });
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn two_records_of_one_number_are_two_actors() {
        let mut play = Play::new();
        play.writes(1, "5001");
        let What::Journal(record) = play.history.observed().last().unwrap().what.clone() else { panic!() };
        play.note(What::Journal(record));
        assert_eq!(judge(&play.history).len(), 1);
    }
}
