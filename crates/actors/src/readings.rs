//! Readings of the tracker's feed: which are journaled, and how far the cursor may move. Pure.
//!
//! Keeps: the cursor moves only past comments that are journaled; what is read twice is recognised by its comment id.

use std::collections::BTreeMap;
use std::sync::Arc;

use machine::conversation::Reply;
use machine::outbound::Content;
use model::{MachineId, PageId, Psid};
use policy::Author;
use sabotage::{Defect, on};
use tracker::{AgentComment, Audience, Cursor};

/// Comments asked for at once.
pub const FEED_MAX: usize = 256;
/// Readings whose comments are not all journaled.
const OPEN_MAX: usize = 64;
/// The cursor is journaled at most once for so many readings; a restart reads the rest again.
const SAVE_EVERY: u64 = 16;

/// Readings under way.
#[derive(Debug, Default)]
pub struct Readings {
    /// Where each ended, and whether it is journaled.
    open: BTreeMap<u64, (Cursor, bool)>,
    next: u64,
    unsaved: u64,
    /// Reading stopped because too many are open.
    full: bool,
}

impl Readings {
    /// Whether another reading may begin. Where not, [`Readings::goes_on`] says when it may.
    pub fn may_read(&mut self) -> bool {
        self.full = self.open.len() >= OPEN_MAX;
        !self.full
    }

    /// A reading that ended at this cursor begins; its number.
    pub fn begin(&mut self, cursor: Cursor) -> u64 {
        self.next += 1;
        self.open.insert(self.next, (cursor, false));
        self.next
    }

    /// Every comment of a reading is journaled. `Some`: the cursor to save.
    pub fn journaled(&mut self, number: u64) -> Option<Cursor> {
        if let Some((_, done)) = self.open.get_mut(&number) {
            *done = true;
        }
        let mut reached = None;
        while let Some(first) = self.open.first_entry().filter(|first| first.get().1) {
            reached = Some(first.remove().0);
            self.unsaved += 1;
        }
        let cursor = reached.filter(|_| self.unsaved >= SAVE_EVERY || self.open.is_empty())?;
        self.unsaved = 0;
        Some(cursor)
    }

    /// Whether reading had stopped and may go on. One slow reading may have held up many finished ones: any room counts,
    /// not the last place alone.
    pub fn goes_on(&mut self) -> bool {
        let goes_on = self.full && self.open.len() < OPEN_MAX;
        self.full &= !goes_on;
        goes_on
    }
}

/// What a comment asks to be sent, and to whom; `None` where it is not for a customer.
pub fn reply_of(comment: AgentComment) -> Option<(PageId, Psid, Arc<Reply>)> {
    let Some(MachineId::Conversation(page, psid)) = comment.binding else { return None };
    match comment.audience {
        Audience::Internal if !on(Defect::InternalSent) => None,
        Audience::Internal | Audience::Customer => {
            let reply = Reply {
                source: comment.id.into(),
                task: Some(comment.task),
                author: Author::Agent,
                by: comment.by,
                contents: vec![Content::Text { text: comment.text }],
                tag: None,
                at: comment.at,
            };
            Some((page, psid, Arc::new(reply)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_waits_for_the_slowest_reading() {
        let mut readings = Readings::default();
        let numbers = [4, 7, 9].map(|cursor| readings.begin(Cursor(cursor)));
        assert_eq!(readings.journaled(numbers[1]), None);
        assert_eq!(readings.journaled(numbers[0]), None, "one is open");
        assert_eq!(readings.journaled(numbers[2]), Some(Cursor(9)));
    }

    #[test]
    fn too_many_open_readings_stop_the_next_until_one_is_done() {
        let mut readings = Readings::default();
        for cursor in 1..=64 {
            assert!(readings.may_read());
            readings.begin(Cursor(cursor));
        }
        assert!(!readings.may_read() && !readings.goes_on());
        assert_eq!(readings.journaled(1), None);
        assert!(readings.goes_on() && !readings.goes_on());
    }
}
