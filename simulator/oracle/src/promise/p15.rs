//! P15: there is one door to the Send API, enforced by types.
//!
//! The types stand in `policy` and `messenger`. Seen from outside: whatever comes to Meta was committed before as a start,
//! in that very form, and the part was asked for by a comment that somebody wrote for the customer. Parts go through the door
//! in the order in which they were asked for.

use model::MachineId;

use super::parts;
use crate::history::{History, Journaled, Meta, Tracker, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 15;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let sends = history.ledger().sends.values().flatten();
    let mut violations: Vec<Violation> = sends.filter_map(|place| unstarted(history, *place)).collect();
    for part in parts::parts(history).iter().filter(|part| part.asked.is_none()) {
        if let Some((place, _)) = part.starts().next() {
            let first = Fact::at(history, place, format!("{} is sent", part.words()));
            violations.push(Violation::new(PROMISE, first, Fact::missing("nobody asked for it")));
        }
    }
    violations.extend(unwritten(history));
    violations.extend(history.ledger().spoken.keys().filter_map(|machine| overtaken(history, machine)));
    violations
}

/// A part that goes out before an earlier one that was neither started nor given up.
fn overtaken(history: &History, machine: &MachineId) -> Option<Violation> {
    let parts = parts::parts_of(history, machine);
    // Where each part was first started, refused or given up.
    let left = |part: &parts::Part<'_>| {
        let mut records = part.records.iter();
        let is_left = |says: &Journaled| {
            matches!(says, Journaled::PartStarted { .. } | Journaled::PartRefused { .. } | Journaled::PartFailed { .. })
        };
        records.find(|(_, record)| is_left(&record.says)).map(|(place, _)| *place)
    };
    let mut waits: Option<(usize, String)> = None;
    let mut last: Option<(usize, String)> = None;
    for part in parts.iter().filter(|part| part.asked.is_some()) {
        if let Some((started, _)) = part.starts().next() {
            let late = last.as_ref().filter(|(place, _)| *place > started);
            if let Some((place, words)) = late.or(waits.as_ref()) {
                let first = Fact::at(history, started, format!("{} is sent", part.words()));
                let second = format!("{words}, which was asked for before it, still waits or goes only here");
                return Some(Violation::new(PROMISE, first, Fact::at(history, *place, second)));
            }
        }
        match left(part) {
            Some(place) => last = last.max(Some((place, part.words()))),
            None => waits = waits.or_else(|| Some((part.asked?, part.words()))),
        }
    }
    None
}

/// A send that no committed start names, or that is another than its start says.
fn unstarted(history: &History, place: usize) -> Option<Violation> {
    let What::Meta(Meta::SendCame { mark, page, customer, messaging_type, tag, content, .. }) = &history.at(place).what
    else {
        return None;
    };
    let first = Fact::at(history, place, format!("a send of {mark:?} comes to Meta for {page}/{customer}"));
    let Some(start) = history.start_of(mark) else {
        return Some(Violation::new(PROMISE, first, Fact::missing("no start of that name is ever committed")));
    };
    let record = history.record(start)?;
    let second = |words: &str| Some(Fact::at(history, start, words));
    let Journaled::PartStarted { messaging_type: started_as, tag: started_tag, content: started, .. } = &record.says
    else {
        return None;
    };
    let second = if start > place {
        second("its start is committed only here")
    } else if record.id.machine != MachineId::Conversation(page.clone(), customer.clone()) {
        second("its start is of another conversation")
    } else if (started_as, started_tag) != (messaging_type, tag) {
        second("its start has another type or tag")
    } else if started != content {
        second("its start says something else to the customer")
    } else {
        None
    };
    Some(Violation::new(PROMISE, first, second?))
}

/// An answer that is asked for without a comment for the customer.
fn unwritten(history: &History) -> Vec<Violation> {
    let comments = &history.ledger().comments;
    let mut violations = Vec::new();
    for machine in history.ledger().spoken.keys() {
        for (place, record) in history.spoken_of(machine) {
            let Journaled::AnswerAsked { comment, .. } = &record.says else { continue };
            let written = comments.get(comment).filter(|written| **written < place);
            let second = match written.map(|written| (*written, &history.at(*written).what)) {
                None => Fact::missing("nobody wrote it"),
                Some((written, What::Tracker(Tracker::Commented { for_customer: false, .. }))) => {
                    Fact::at(history, written, "it was written for inside")
                }
                Some(_) => continue,
            };
            let first = Fact::at(history, place, format!("comment {comment} is to be sent to {machine}"));
            violations.push(Violation::new(PROMISE, first, second));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use model::{CommentId, Mid, PageId, Psid, TaskId};

    use super::*;
    use crate::history::{Author, Digest, Taken};
    use crate::testing::{Play, talk, word};

    fn taken() -> Taken {
        Taken::Yes { mid: Mid::new("x1") }
    }

    fn came(mark: &str, customer: &str, messaging_type: &'static str, content: Digest) -> What {
        let (mark, page, customer) = (mark.to_owned(), PageId::new("1029"), Psid::new(customer));
        let messaging_type = word(messaging_type);
        What::Meta(Meta::SendCame { mark, page, customer, messaging_type, tag: None, content, taken: taken() })
    }

    #[test]
    fn a_send_that_was_asked_for_and_started_is_right() {
        let mut play = Play::new();
        play.answered("5001", "c1", 1, "x1");
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn a_send_without_a_start_or_in_another_form_is_found() {
        let content = Digest::of_line("part 1");
        for (mark, customer, messaging_type, content, violations) in [
            ("pd.1.2.c/1029/5001", "5001", "RESPONSE", content, 0),
            ("pd.1.9.c/1029/5001", "5001", "RESPONSE", content, 1),
            ("", "5001", "RESPONSE", content, 1),
            ("pd.1.2.c/1029/5001", "5002", "RESPONSE", content, 1),
            ("pd.1.2.c/1029/5001", "5001", "UPDATE", content, 1),
            ("pd.1.2.c/1029/5001", "5001", "RESPONSE", Digest::of(b"other"), 1),
        ] {
            let mut play = Play::new();
            play.asks("5001", "c1", 1);
            play.starts("5001", 1, 1);
            play.note(came(mark, customer, messaging_type, content));
            assert_eq!(judge(&play.history).len(), violations, "{mark} {customer} {messaging_type}");
        }
    }

    #[test]
    fn a_send_before_its_start_is_committed_is_found() {
        let mut play = Play::new();
        play.asks("5001", "c1", 1);
        play.note(came("pd.1.2.c/1029/5001", "5001", "RESPONSE", Digest::of_line("part 1")));
        play.starts("5001", 1, 1);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_part_that_goes_before_an_earlier_one_is_found() {
        for (order, violations) in [(&[1, 2, 3][..], 0), (&[1, 1, 2], 0), (&[2], 1), (&[2, 1], 1), (&[1, 3, 2], 1)] {
            let mut play = Play::new();
            play.asks("5001", "c1", 3);
            for part in order {
                play.starts("5001", *part, 1);
            }
            assert_eq!(judge(&play.history).len(), violations, "{order:?}");
        }
        let mut play = Play::new();
        play.asks("5001", "c1", 2);
        play.record(&talk("5001"), Journaled::PartRefused { part: 1, reason: word("window-closed") });
        play.starts("5001", 2, 1);
        assert_eq!(judge(&play.history), [], "a refused part holds up nobody");
    }

    #[test]
    fn an_internal_note_and_words_of_nobody_are_never_to_be_sent() {
        let mut play = Play::new();
        let (comment, task, author) = (CommentId::new("c1"), TaskId::new("1"), Author::Person);
        let asked = || Journaled::AnswerAsked { comment: CommentId::new("c1"), parts: 1, author, tag: None };
        play.record(&talk("5001"), asked());
        play.note(What::Tracker(Tracker::Commented { comment: comment.clone(), task, for_customer: false, author }));
        play.record(&talk("5001"), asked());
        assert_eq!(judge(&play.history).len(), 2);
        play.starts("5001", 7, 1);
        assert_eq!(judge(&play.history).len(), 3);
    }
}
