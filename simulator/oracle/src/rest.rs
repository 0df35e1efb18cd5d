//! Liveness: what is still undone when the faults are over and the world says that it rests, and since when.
//!
//! A part that waits for a person or for Meta, and says so, is done; what nobody will ever look at again is not.
//! Invariant: a fact of the future (a delay that lies ahead of the last instant) is no delay of the past.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use model::{ItemKey, MachineId, TaskId, Timestamp};

use crate::history::{History, Journaled, Tracker, TrackerAnswer, What};
use crate::promise::parts::{Part, parts};
use crate::reference::Talk;
use crate::violation::Fact;

/// Something that is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsettled {
    /// What.
    pub what: Fact,
    /// Since when.
    pub since: Timestamp,
    /// Both in a sentence.
    pub sentence: String,
}

impl Unsettled {
    fn new(history: &History, place: usize, words: impl Into<String>) -> Self {
        let (what, since) = (Fact::at(history, place, words), history.time(place));
        let sentence = format!("undone since {}: {what}", since.0);
        Self { what, since, sentence }
    }
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// Everything that is undone at the end. Ask when the faults are over and the world was given its time.
pub fn unsettled(history: &History) -> Vec<Unsettled> {
    let Some(last) = history.observed().len().checked_sub(1) else { return Vec::new() };
    if history.cut() > 0 {
        let words = format!("the history is cut: {} observations are left out, so nobody can tell", history.cut());
        return vec![Unsettled::new(history, last, words)];
    }
    let mut undone = Vec::new();
    if history.ledger().at_rest.is_none() {
        undone.push(Unsettled::new(history, last, "the world does not come to rest"));
    }
    undone.extend(posts(history));
    undone.extend(items(history));
    undone.extend(comments(history));
    let parts = parts(history);
    let open = parts.iter().filter(|part| !waits_its_turn(history, part, &parts));
    undone.extend(open.filter_map(|part| of_part(history, part)));
    for machine in history.ledger().records.keys() {
        undone.extend(effects(history, machine));
        undone.extend(lines(history, machine));
        undone.extend(echoes(history, machine));
        undone.extend(window(history, machine));
    }
    undone.sort_by_key(|undone| undone.what.order);
    undone
}

/// Deliveries that nobody answered, though the node ran on.
fn posts(history: &History) -> Vec<Unsettled> {
    let ledger = history.ledger();
    let open = ledger.posts.iter().filter_map(|(number, post)| {
        let offered = post.offered.filter(|_| post.answered.is_none())?;
        let fell = ledger.crashes.iter().any(|crash| *crash > offered);
        (!fell).then(|| Unsettled::new(history, offered, format!("delivery {number} is not answered")))
    });
    open.collect()
}

/// Items that are nowhere, acknowledged or offered when no fault was on any more.
fn items(history: &History) -> Vec<Unsettled> {
    let ledger = history.ledger();
    let mut undone = Vec::new();
    for (key, fate) in &ledger.fates {
        if !fate.is_lost() {
            continue;
        }
        let signed = ledger.places_of(history, *key).filter(|(_, signed)| *signed);
        let offered_last = signed.filter_map(|(post, _)| post.offered).max();
        let refused = offered_last.filter(|last| ledger.faults_over.is_some_and(|over| over < *last));
        if let Some(place) = fate.acknowledged {
            undone.push(Unsettled::new(history, place, format!("{} is acknowledged and not received", key.to_hex())));
        } else if let Some(place) = refused {
            undone.push(Unsettled::new(history, place, format!("{} is offered and never taken", key.to_hex())));
        }
    }
    undone
}

/// Comments for customers on tasks of conversations that never became an answer. What was deleted with its task need not.
fn comments(history: &History) -> Vec<Unsettled> {
    let mut tasks: BTreeSet<&TaskId> = BTreeSet::new();
    for place in history.ledger().calls.values().flatten() {
        if let What::Tracker(Tracker::Called { answer: TrackerAnswer::Opened { task }, .. }) = &history.at(*place).what
        {
            tasks.insert(task);
        }
    }
    let mut asked = BTreeSet::new();
    for machine in history.ledger().spoken.keys() {
        for (_, record) in history.spoken_of(machine) {
            if let Journaled::AnswerAsked { comment, .. } = &record.says {
                asked.insert(comment);
            }
        }
    }
    let open = history.ledger().comments.iter().filter(|(comment, _)| !asked.contains(comment));
    open.filter_map(|(comment, place)| {
        let What::Tracker(Tracker::Commented { task, for_customer: true, .. }) = &history.at(*place).what else {
            return None;
        };
        let words = format!("comment {comment} for the customer never becomes an answer");
        let is_deleted = history.ledger().deleted.get(task).is_some_and(|deleted| deleted > place);
        (tasks.contains(task) && !is_deleted).then(|| Unsettled::new(history, *place, words))
    })
    .collect()
}

/// Whether a part was only queued, behind one of its conversation whose delay is not over: they leave in order.
fn waits_its_turn(history: &History, part: &Part<'_>, parts: &[Part<'_>]) -> bool {
    let is_delayed = |other: &Part<'_>| {
        let last = other.records.last().map(|(_, record)| &record.says);
        matches!(last, Some(Journaled::PartDelayed { until, .. }) if history.ends_at() < *until)
    };
    let before = |other: &&Part<'_>| other.machine == part.machine && other.number < part.number;
    part.records.is_empty() && parts.iter().filter(before).any(is_delayed)
}

/// A part that is neither sent, failed nor refused, and waits for nobody.
fn of_part(history: &History, part: &Part<'_>) -> Option<Unsettled> {
    let ends_at = history.ends_at();
    let mut last: Option<(usize, &Journaled)> =
        part.asked.and_then(|place| Some((place, &history.record(place)?.says)));
    let mut sent = false;
    for (place, record) in &part.records {
        sent |= matches!(record.says, Journaled::PartSent { .. });
        last = Some((*place, &record.says));
    }
    let (place, says) = last.filter(|_| !sent)?;
    let words = if let Journaled::AnswerAsked { .. } = says {
        "is queued"
    } else if let Journaled::PartStarted { .. } = says {
        "is on its way"
    } else if let Journaled::PartDelayed { until, .. } = says {
        (*until <= ends_at).then_some("is delayed, and the delay is over")?
    } else if let Journaled::PartInDoubt { until, .. } = says {
        (*until <= ends_at).then_some("is in doubt, and nobody is told")?
    } else if let Journaled::PartHeld { reason, .. } = says {
        (!waits_for_somebody(history, part.machine)).then_some(())?;
        return Some(Unsettled::new(history, place, format!("{} is held as {reason} without need", part.words())));
    } else if let Journaled::Resolved { .. } = says {
        "is queued again"
    } else {
        return None;
    };
    Some(Unsettled::new(history, place, format!("{} {words}", part.words())))
}

/// Whether the Page has no token at the end, or is restricted.
fn waits_for_somebody(history: &History, machine: &MachineId) -> bool {
    let Some(page) = machine.page() else { return false };
    let of_page = MachineId::Page(page.clone());
    let restricted = history
        .records_of(&of_page)
        .fold(false, |was, (_, record)| if let Journaled::Restricted { is } = &record.says { *is } else { was });
    restricted || history.ledger().is_tokenless(page, history.observed().len() - 1)
}

/// Calls of the tracker without an answer in the journal.
fn effects(history: &History, machine: &MachineId) -> Vec<Unsettled> {
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (place, record) in history.records_of(machine) {
        if record.says.lines().is_some() {
            open.insert(record.id.seq, place);
        }
        if let Journaled::TrackerAnswered { asked, .. } = &record.says {
            open.remove(asked);
        }
    }
    let words = |seq| format!("the tracker's answer to record {seq} of {machine} is not known");
    open.into_iter().map(|(seq, place)| Unsettled::new(history, place, words(seq))).collect()
}

/// What customers wrote and no task has, but where the tracker refuses it for good.
fn lines(history: &History, machine: &MachineId) -> Vec<Unsettled> {
    let mut open: BTreeMap<ItemKey, usize> = BTreeMap::new();
    let mut asked: BTreeMap<u64, Vec<ItemKey>> = BTreeMap::new();
    let mut refused = false;
    for (place, record) in history.records_of(machine) {
        if let Some(item) = history.heard(place).filter(|item| item.told.is_written()) {
            open.entry(item.key).or_insert(place);
        }
        if let Some(lines) = record.says.lines() {
            asked.insert(record.id.seq, lines.iter().map(|line| line.key).collect());
        }
        if let Journaled::TrackerAnswered { asked: seq, answer } = &record.says {
            refused = *answer == TrackerAnswer::Refused;
            if let TrackerAnswer::Opened { .. } | TrackerAnswer::Added { .. } = answer {
                for key in asked.get(seq).into_iter().flatten() {
                    open.remove(key);
                }
            }
        }
    }
    if refused {
        return Vec::new();
    }
    let words = |key: ItemKey| format!("{} of {machine} stands in no task", key.to_hex());
    open.into_iter().map(|(key, place)| Unsettled::new(history, place, words(key))).collect()
}

/// Echoes that are held for longer than they were to be.
fn echoes(history: &History, machine: &MachineId) -> Vec<Unsettled> {
    let mut held = BTreeMap::new();
    for (place, record) in history.records_of(machine) {
        if let Journaled::EchoHeld { mid, until } = &record.says {
            held.insert(mid, (place, *until));
        }
        if let Journaled::SentOutside { mid } | Journaled::PartSent { mid: Some(mid), .. } = &record.says {
            held.remove(mid);
        }
        if let Journaled::SendAnswered { answer: crate::history::SendAnswer::Sent { mid }, .. } = &record.says {
            held.remove(mid);
        }
    }
    let over = held.into_iter().filter(|(_, (_, until))| *until <= history.ends_at());
    over.map(|(mid, (place, _))| Unsettled::new(history, place, format!("nobody says whose the echo of {mid} is")))
        .collect()
}

/// A window that is over without anybody saying so.
fn window(history: &History, machine: &MachineId) -> Option<Unsettled> {
    let mut talk = Talk::default();
    let (mut closed, mut opened): (Option<Timestamp>, Option<usize>) = (None, None);
    for (place, record) in history.records_of(machine) {
        if let Journaled::WindowClosed { ended_at } = &record.says {
            closed = closed.max(Some(*ended_at));
        }
        if let Some(item) = history.heard(place) {
            let before = talk.window_ends_at();
            talk.hear(item);
            if talk.window_ends_at() != before {
                opened = Some(place);
            }
        }
    }
    let (ends_at, place) = (talk.window_ends_at()?, opened?);
    let words = format!("the window of {machine} is over since {} and nobody notes it", ends_at.0);
    (ends_at <= history.ends_at() && closed < Some(ends_at)).then(|| Unsettled::new(history, place, words))
}

#[cfg(test)]
mod tests {
    use model::Mid;

    use super::*;
    use crate::history::{Admin, Life, Meta, Resolution, Taken};
    use crate::testing::{BEGIN, Play, talk, word};

    const DAY: i64 = 86_400_000;

    fn sentences(play: &mut Play) -> Vec<String> {
        unsettled(play.rest()).into_iter().map(|undone| undone.what.words).collect()
    }

    #[test]
    fn a_day_that_is_done_leaves_nothing() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.opens("5001", &[&item], "1");
        play.answered("5001", "c1", 1, "x1");
        play.to(DAY).record(&talk("5001"), Journaled::WindowClosed { ended_at: Timestamp(BEGIN + DAY) });
        assert_eq!(sentences(&mut play), Vec::<String>::new());
    }

    #[test]
    fn a_world_that_does_not_rest_says_so() {
        let mut play = Play::new();
        play.deliver(&[]);
        assert_eq!(unsettled(&play.history)[0].what.words, "the world does not come to rest");
        assert_eq!(sentences(&mut play), Vec::<String>::new());
    }

    #[test]
    fn what_is_on_its_way_in_is_undone() {
        let mut play = Play::new();
        let (first, second) = (play.message(1, "5001"), play.message(2, "5001"));
        play.deliver(&[first]);
        play.offer(std::slice::from_ref(&second));
        assert_eq!(
            sentences(&mut play),
            ["01010101010101010101010101010101 is acknowledged and not received", "delivery 2 is not answered"]
        );
        // Refused while there was a fault: Meta comes again. Refused without: it is to be taken.
        play.answer(2, 503);
        assert_eq!(sentences(&mut play).len(), 1);
        play.life(Life::FaultsOver);
        let number = play.offer(&[second]);
        play.answer(number, 503);
        assert_eq!(sentences(&mut play).len(), 2);
    }

    #[test]
    fn a_line_without_a_task_is_undone_unless_the_tracker_refuses() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        assert_eq!(sentences(&mut play), ["01010101010101010101010101010101 of c/1029/5001 stands in no task"]);
        let effect = play.record(&talk("5001"), Journaled::TaskAsked { lines: vec![Play::line(&item)] });
        assert_eq!(sentences(&mut play).len(), 2);
        let answer = TrackerAnswer::Refused;
        play.record(&talk("5001"), Journaled::TrackerAnswered { asked: effect.seq, answer });
        assert_eq!(sentences(&mut play), Vec::<String>::new());
    }

    #[test]
    fn a_comment_for_the_customer_becomes_an_answer() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.opens("5001", &[&item], "1");
        let comment = |name: &str, task: &str, for_customer| {
            let (comment, task) = (model::CommentId::new(name), TaskId::new(task));
            What::Tracker(Tracker::Commented { comment, task, for_customer, author: crate::history::Author::Person })
        };
        play.note(comment("c1", "1", false));
        play.note(comment("c2", "another", true));
        assert_eq!(sentences(&mut play), Vec::<String>::new());
        play.note(comment("c3", "1", true));
        assert_eq!(sentences(&mut play), ["comment c3 for the customer never becomes an answer"]);
        let turns = |into| What::Tracker(Tracker::TaskTurned { task: TaskId::new("1"), into });
        play.note(turns(crate::history::Standing::Inactive));
        assert_eq!(sentences(&mut play).len(), 1);
        play.note(turns(crate::history::Standing::Gone));
        assert_eq!(sentences(&mut play), Vec::<String>::new());
        play.note(comment("c4", "1", true));
        assert_eq!(sentences(&mut play), ["comment c4 for the customer never becomes an answer"]);
    }

    #[test]
    fn a_part_ends_somewhere() {
        let until = Timestamp(BEGIN + 10);
        let ends = |says: Option<Journaled>, at: i64| {
            let mut play = Play::new();
            play.asks("5001", "c1", 1);
            if let Some(says) = says {
                play.record(&talk("5001"), says);
            }
            play.to(at);
            sentences(&mut play).len()
        };
        assert_eq!(ends(None, 0), 1);
        assert_eq!(ends(Some(Journaled::PartSent { part: 1, mid: None }), 0), 0);
        assert_eq!(ends(Some(Journaled::PartRefused { part: 1, reason: word("standby") }), 0), 0);
        assert_eq!(ends(Some(Journaled::PartFailed { part: 1, reason: word("blocked"), code: None }), 0), 0);
        assert_eq!(ends(Some(Journaled::DoubtTold { part: 1 }), 0), 0);
        assert_eq!(ends(Some(Journaled::Resolved { part: 1, resolution: Resolution::Retry }), 0), 1);
        for (at, undone) in [(9, 0), (10, 1), (11, 1)] {
            assert_eq!(ends(Some(Journaled::PartDelayed { part: 1, until }), at), undone);
            assert_eq!(ends(Some(Journaled::PartInDoubt { part: 1, until }), at), undone);
        }
    }

    #[test]
    fn a_part_behind_a_delayed_one_waits_as_long_as_that_one() {
        let ends = |at: i64| {
            let mut play = Play::new();
            play.asks("5001", "c1", 2);
            play.record(&talk("5001"), Journaled::PartDelayed { part: 1, until: Timestamp(BEGIN + 10) });
            play.to(at);
            sentences(&mut play).len()
        };
        assert_eq!((ends(9), ends(10)), (0, 2));
    }

    #[test]
    fn a_held_part_waits_for_somebody_as_long_as_there_is_a_need() {
        let mut play = Play::new();
        let page = model::PageId::new("1029");
        play.note(What::Meta(Meta::TokenDied { page: page.clone() }));
        play.asks("5001", "c1", 1);
        play.record(&talk("5001"), Journaled::PartHeld { part: 1, reason: word("needs-reconnect") });
        assert_eq!(sentences(&mut play), Vec::<String>::new());
        play.note(What::Admin(Admin::Token { page, live: true }));
        assert_eq!(sentences(&mut play), ["part 1 of c/1029/5001 is held as needs-reconnect without need"]);
    }

    #[test]
    fn an_echo_that_is_held_too_long_and_a_window_that_nobody_closes_are_undone() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.opens("5001", &[&item], "1");
        let held = Journaled::EchoHeld { mid: Mid::new("f1"), until: Timestamp(BEGIN + 60_000) };
        play.record(&talk("5001"), held);
        play.to(59_999);
        assert_eq!(sentences(&mut play), Vec::<String>::new());
        play.to(60_000);
        assert_eq!(sentences(&mut play), ["nobody says whose the echo of f1 is"]);
        play.record(&talk("5001"), Journaled::SentOutside { mid: Mid::new("f1") });
        play.to(DAY - 1);
        assert_eq!(sentences(&mut play), Vec::<String>::new());
        play.to(DAY);
        assert_eq!(sentences(&mut play).len(), 1);
    }

    #[test]
    fn a_start_without_a_result_is_on_its_way() {
        let mut play = Play::new();
        play.asks("5001", "c1", 1);
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::Broken);
        assert_eq!(sentences(&mut play), ["part 1 of c/1029/5001 is on its way"]);
    }
}
