//! The promises, one file each, and what of them is judged. Each reads a [`History`] and names the two facts that
//! disagree.
//!
//! Stated from `docs/` and the platform's page in plain milliseconds. Nothing here knows how the node keeps a promise.
//! Invariant: this list, the files beside it and the table in `docs/TESTING.md` name the same promises.

mod p01;
mod p02;
mod p03;
mod p05;
mod p06;
mod p07;
mod p08;
mod p09;
mod p10;
mod p11;
mod p12;
mod p13;
mod p14;
mod p15;
mod p16;
mod p17;
mod p18;
mod p19;
mod p20;
mod p21;
mod p22;
mod p30;
mod p31;
mod p32;
mod p33;
pub(crate) mod parts;
mod projection;
mod settings;

use std::collections::BTreeMap;

use model::{MachineId, Timestamp};

use crate::history::{Author, History, Journaled, Record, SendAnswer};
use crate::reference::{DAY, Owner, Talk};
use crate::violation::Violation;

/// How a promise is judged today.
#[derive(Clone, Copy, Debug)]
pub enum Judged {
    /// By looking at a history.
    By(fn(&History) -> Vec<Violation>),
    /// Not yet; what it waits for.
    WaitsFor(&'static str),
}

/// A promise.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// Its number.
    pub number: u8,
    /// How it is judged.
    pub judged: Judged,
}

const fn by(number: u8, judge: fn(&History) -> Vec<Violation>) -> Promise {
    Promise { number, judged: Judged::By(judge) }
}

const fn waits(number: u8, what: &'static str) -> Promise {
    Promise { number, judged: Judged::WaitsFor(what) }
}

/// All promises in order.
pub const PROMISES: [Promise; 33] = [
    by(1, p01::judge),
    by(2, p02::judge),
    by(3, p03::judge),
    waits(4, "subscriptions in the stand-in and the node"),
    by(5, p05::judge),
    by(6, p06::judge),
    by(7, p07::judge),
    by(8, p08::judge),
    by(9, p09::judge),
    by(10, p10::judge),
    by(11, p11::judge),
    by(12, p12::judge),
    by(13, p13::judge),
    by(14, p14::judge),
    by(15, p15::judge),
    by(16, p16::judge),
    by(17, p17::judge),
    by(18, p18::judge),
    by(19, p19::judge),
    by(20, p20::judge),
    by(21, p21::judge),
    by(22, p22::judge),
    waits(23, "the list of Pages after a login"),
    waits(24, "a second login"),
    waits(25, "contacts in the history"),
    waits(26, "attachments that are kept"),
    waits(27, "the memory of a refusal in Europe and Japan"),
    waits(28, "tasks and answers on comments"),
    waits(29, "leads that are fetched"),
    by(30, p30::judge),
    by(31, p31::judge),
    by(32, p32::judge),
    by(33, p33::judge),
];

/// Everything that is wrong in a history, by promise.
pub fn judge_all(history: &History) -> Vec<Violation> {
    let judges = PROMISES.iter().filter_map(|promise| match promise.judged {
        Judged::By(judge) => Some(judge),
        Judged::WaitsFor(_) => None,
    });
    judges.flat_map(|judge| judge(history)).collect()
}

/// What a conversation heard, and which answers of Meta it got.
#[derive(Default)]
struct Hearing<'h> {
    talk: Talk<'h>,
    /// Starts of plain answers to which 24 hours were over, by the number of their record: they rest on an ad.
    by_ad: BTreeMap<u64, Timestamp>,
}

impl<'h> Hearing<'h> {
    /// Takes in the next record.
    fn take(&mut self, history: &'h History, place: usize, record: &'h Record) {
        if let Some(item) = history.heard(place) {
            self.talk.hear(item);
        }
        if let Journaled::PartStarted { tag: None, .. } = &record.says
            && self.is_past_the_day(history, place, record.decided_at)
        {
            self.by_ad.insert(record.id.seq, record.decided_at);
        }
        if let Journaled::SendAnswered { started, answer: SendAnswer::Failed { code: (10, Some(2_018_278)) } } =
            &record.says
            && let Some(at) = self.by_ad.get(started)
        {
            self.talk.refuse(*at);
        }
        self.answered(record);
    }

    /// What Meta's answers to calls say about the thread. That a send met another app says so to whoever asks for threads;
    /// who does not waits for the next item.
    fn answered(&mut self, record: &'h Record) {
        if let Journaled::ControlTaken = &record.says {
            self.talk.answer(record.decided_at, Owner::Ours);
        } else if let Journaled::SendAnswered { answer: SendAnswer::Failed { code }, .. } = &record.says
            && matches!(code, (10, Some(2_018_300)) | (2_018_300, _) | (100, Some(2_534_037)))
        {
            self.talk.answer(record.decided_at, Owner::Unclear);
        }
    }

    fn is_past_the_day(&self, history: &History, place: usize, now: Timestamp) -> bool {
        let asked = settings::asked(history, place, now, Author::Automation, None);
        self.talk.opened_at().is_some_and(|at| asked.iter().all(|asked| now.0 - at.0 >= DAY - asked.guard.0))
    }
}

/// Walks through the records of every conversation; `each` sees what it had received before each of them.
fn walk<'h>(history: &'h History, mut each: impl FnMut(&'h MachineId, &Talk<'h>, usize, &'h Record)) {
    for machine in history.ledger().records.keys() {
        if !matches!(machine, MachineId::Conversation(..)) {
            continue;
        }
        let mut hearing = Hearing::default();
        for (place, record) in history.records_of(machine) {
            each(machine, &hearing.talk, place, record);
            hearing.take(history, place, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn the_list_names_every_promise_once_in_order() {
        let numbers: Vec<u8> = PROMISES.iter().map(|promise| promise.number).collect();
        assert_eq!(numbers, (1..=33).collect::<Vec<u8>>());
    }

    #[test]
    fn every_judged_promise_has_its_file_and_every_file_its_promise() {
        let mut files: Vec<String> = std::fs::read_dir(root().join("src/promise"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.as_bytes()[1].is_ascii_digit())
            .collect();
        files.sort();
        let judged = PROMISES.iter().filter(|promise| matches!(promise.judged, Judged::By(_)));
        let expected: Vec<String> = judged.map(|promise| format!("p{:02}.rs", promise.number)).collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn the_table_of_the_testing_page_says_what_the_list_says() {
        let page = std::fs::read_to_string(root().join("../../docs/TESTING.md")).unwrap();
        let rows = page.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| P")?.split('|').map(str::trim);
            Some((cells.next()?.parse::<u8>().ok()?, (cells.next()?.to_owned(), cells.next()?.to_owned())))
        });
        let rows: BTreeMap<u8, (String, String)> = rows.collect();
        let expected = PROMISES.iter().map(|promise| {
            let cells = match promise.judged {
                Judged::By(_) => ("judged".to_owned(), format!("`promise/p{:02}.rs`", promise.number)),
                Judged::WaitsFor(what) => ("open".to_owned(), format!("waits for {what}")),
            };
            (promise.number, cells)
        });
        assert_eq!(rows, expected.collect());
    }

    #[test]
    fn a_file_speaks_of_its_own_promise_alone() {
        for promise in PROMISES.iter().filter(|promise| matches!(promise.judged, Judged::By(_))) {
            let path = root().join(format!("src/promise/p{:02}.rs", promise.number));
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(&format!("//! P{}: ", promise.number)), "{}", path.display());
            assert!(text.contains(&format!("const PROMISE: u8 = {};", promise.number)), "{}", path.display());
        }
    }
}
