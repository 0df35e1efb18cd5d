//! P31: killing the process at any instant loses no acknowledged delivery and doubles no confirmed effect.
//!
//! What was acknowledged before a crash is there at rest; one effect makes one task, one line stands in one of them, one
//! comment is one answer; and the tracker is asked only for what was committed before, in those very words.

use std::collections::BTreeMap;

use model::{CommentId, ItemKey, TaskId};

use crate::history::{History, Journaled, Line, Tracker, TrackerAnswer, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 31;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = lost(history);
    violations.extend(calls(history));
    violations.extend(comments(history));
    violations
}

/// Acknowledged before a crash and nowhere at rest.
fn lost(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    let Some(last) = ledger.crashes.last().filter(|_| ledger.at_rest.is_some()) else { return Vec::new() };
    let mut violations = Vec::new();
    for (key, fate) in &ledger.fates {
        let Some(acknowledged) = fate.acknowledged.filter(|place| place < last) else { continue };
        if fate.is_lost() {
            let crash = ledger.crashes.iter().find(|crash| **crash > acknowledged).unwrap_or(last);
            let first = Fact::at(history, acknowledged, format!("{} is acknowledged", key.to_hex()));
            let second = Fact::at(history, *crash, "after this crash no record ever tells of it");
            violations.push(Violation::new(PROMISE, first, second));
        }
    }
    violations
}

/// What the tracker was asked for, against what was committed, and what it did twice.
fn calls(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    let mut violations = Vec::new();
    let mut lines_of: BTreeMap<ItemKey, usize> = BTreeMap::new();
    for (effect, places) in &ledger.calls {
        let asked = ledger.effects.get(effect).copied();
        let mut task: Option<(usize, &TaskId)> = None;
        for place in places {
            let What::Tracker(Tracker::Called { lines, answer, .. }) = &history.at(*place).what else { continue };
            let first = |words: String| Fact::at(history, *place, format!("the call {effect} {words}"));
            let committed = asked.filter(|asked| asked < place).and_then(|asked| history.record(asked)?.says.lines());
            let Some(committed) = committed else {
                let second = match asked {
                    Some(asked) => Fact::at(history, asked, "its record is committed only here"),
                    None => Fact::missing("no record names it"),
                };
                violations.push(Violation::new(PROMISE, first("comes to the tracker".to_owned()), second));
                continue;
            };
            if !committed.iter().map(|line| line.text).eq(lines.iter().copied()) {
                let second = Fact::at(history, asked.unwrap_or(*place), "its record has other lines");
                violations.push(Violation::new(PROMISE, first("brings lines".to_owned()), second));
            }
            let done = if let TrackerAnswer::Opened { task } | TrackerAnswer::Added { task } = answer {
                task
            } else {
                continue;
            };
            let (before, known) = *task.get_or_insert((*place, done));
            if known != done {
                let second = Fact::at(history, before, format!("it made task {known} before"));
                violations.push(Violation::new(PROMISE, first(format!("makes task {done}")), second));
            }
            if before == *place {
                violations.extend(doubled(history, *place, committed, &mut lines_of));
            }
        }
    }
    violations
}

/// A line that stands in the tracker already.
fn doubled(history: &History, place: usize, lines: &[Line], known: &mut BTreeMap<ItemKey, usize>) -> Option<Violation> {
    let mut found = None;
    for line in lines {
        let before = *known.entry(line.key).or_insert(place);
        let twice_here = lines.iter().filter(|other| other.key == line.key).count() > 1;
        if found.is_none() && (before != place || twice_here) {
            let first = Fact::at(history, place, format!("the tracker gets the line of {}", line.key.to_hex()));
            found = Some(Violation::new(PROMISE, first, Fact::at(history, before, "it has that line")));
        }
    }
    found
}

/// A comment that became two answers.
fn comments(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for machine in history.ledger().spoken.keys() {
        let mut known: BTreeMap<&CommentId, usize> = BTreeMap::new();
        for (place, record) in history.spoken_of(machine) {
            let Journaled::AnswerAsked { comment, .. } = &record.says else { continue };
            if let Some(before) = known.insert(comment, place) {
                let first = Fact::at(history, place, format!("comment {comment} becomes an answer of {machine}"));
                violations.push(Violation::new(PROMISE, first, Fact::at(history, before, "it did before")));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Author, Life};
    use crate::testing::{Play, talk};

    fn opened(task: &str) -> TrackerAnswer {
        TrackerAnswer::Opened { task: TaskId::new(task) }
    }

    #[test]
    fn a_crash_loses_nothing_that_was_acknowledged_before_it() {
        let mut play = Play::new();
        let item = play.message(1, "5001");
        play.deliver(std::slice::from_ref(&item));
        play.life(Life::Crashed);
        play.life(Life::Started);
        assert_eq!(judge(&play.history), []);
        assert_eq!(judge(play.rest()).len(), 1);
        play.received(&item);
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn a_repeated_call_that_changes_nothing_is_right() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        let effect = play.opens("5001", &[&item], "1");
        play.called(&effect, None, &[&item], &opened("1"));
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn one_effect_that_makes_two_tasks_and_one_line_in_two_effects_are_found() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        let effect = play.opens("5001", &[&item], "1");
        play.called(&effect, None, &[&item], &opened("2"));
        assert_eq!(judge(&play.history).len(), 1);
        play.adds("5001", &[&item], "1", &TrackerAnswer::Added { task: TaskId::new("1") });
        assert_eq!(judge(&play.history).len(), 2);
    }

    #[test]
    fn lines_that_an_inactive_task_did_not_take_may_come_again() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.adds("5001", &[&item], "1", &TrackerAnswer::Inactive);
        play.opens("5001", &[&item], "2");
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn a_call_that_no_committed_record_names_or_that_has_other_lines_is_found() {
        let mut play = Play::new();
        let (first, second) = (play.writes(1, "5001"), play.writes(2, "5001"));
        let effect = play.opens("5001", &[&first], "1");
        play.called(&effect, None, &[&second], &opened("1"));
        assert_eq!(judge(&play.history).len(), 1);
        play.called(&model::EffectId { seq: 99, ..effect }, None, &[&first], &TrackerAnswer::Down);
        assert_eq!(judge(&play.history).len(), 2);
    }

    #[test]
    fn a_comment_becomes_one_answer() {
        let mut play = Play::new();
        play.asks("5001", "c1", 1);
        assert_eq!(judge(&play.history), []);
        let comment = CommentId::new("c1");
        play.record(&talk("5001"), Journaled::AnswerAsked { comment, parts: 1, author: Author::Person, tag: None });
        assert_eq!(judge(&play.history).len(), 1);
    }
}
