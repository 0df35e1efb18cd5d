//! Reads what agents wrote in the tracker and brings what is for customers to their conversations. See `actors::reader`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::readings::{FEED_MAX, Readings, reply_of};
use machine::conversation::Reply;
use model::{PageId, Psid, Span};
use tracker::Cursor;

use super::Ground;
use super::account::AccountMsg;
use super::agenda::{Actor, Job, Task};
use super::page::PageMsg;
use super::tree::{Mailbox, Tree};
use crate::outside::Outside;

/// A Page that lost a comment with its actor gets it again after this.
const AGAIN: Span = Span(250);
/// A feed that cannot be read is asked for again after this.
const UNREADABLE: Span = Span::seconds(2);

pub(super) enum ReaderMsg {
    /// Read on.
    Read,
    /// Every comment of a reading is journaled.
    Journaled(u64),
}

/// The reader.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) mailbox: Mailbox<ReaderMsg>,
    cursor: Cursor,
    readings: Readings,
    /// Replies of each reading that are not journaled, and whether its job was woken to look.
    left: BTreeMap<u64, (usize, bool)>,
    /// Somebody waits for something new after this.
    waits: Option<Cursor>,
}

impl Tree {
    pub(super) fn start_reading<O>(&mut self, ground: &mut Ground<O>) {
        self.reader.cursor = Cursor(self.account.cursor());
        self.read_on(ground);
    }

    pub(super) fn read_on<O>(&mut self, ground: &mut Ground<O>) {
        self.reader.mailbox.post(&mut ground.agenda, Actor::Reader, ReaderMsg::Read);
    }

    pub(super) fn read_reader<O: Outside>(&mut self, ground: &mut Ground<O>) {
        match self.reader.mailbox.mail.pop_front() {
            None => {}
            Some(ReaderMsg::Read) => self.read_feed(ground),
            Some(ReaderMsg::Journaled(reading)) => {
                if let Some(cursor) = self.reader.readings.journaled(reading) {
                    self.account.mailbox.post(&mut ground.agenda, Actor::Account, AccountMsg::FeedRead(cursor.0));
                }
                if self.reader.readings.goes_on() {
                    self.read_on(ground);
                }
            }
        }
    }

    fn read_feed<O: Outside>(&mut self, ground: &mut Ground<O>) {
        if !self.reader.readings.may_read() {
            return;
        }
        match ground.outside.feed(self.reader.cursor, FEED_MAX) {
            Ok(feed) if feed.comments.is_empty() => {
                self.reader.cursor = self.reader.cursor.max(feed.cursor);
                ground.agenda.spawn(Job::Feed);
            }
            Ok(feed) => {
                self.reader.cursor = feed.cursor;
                let reading = self.reader.readings.begin(feed.cursor);
                let replies = feed.comments.into_iter().filter_map(reply_of).collect();
                ground.agenda.spawn(Job::Bring { reading, replies });
                self.read_on(ground);
            }
            Err(_) => {
                let at = ground.now() + UNREADABLE;
                ground.agenda.spawn(Job::ReadAgain { at });
            }
        }
    }

    /// Waits for something new after the cursor.
    pub(super) fn await_feed<O: Outside>(&mut self, ground: &mut Ground<O>) {
        if ground.outside.newest() > self.reader.cursor {
            self.read_on(ground);
        } else {
            self.reader.waits = Some(self.reader.cursor);
        }
    }

    /// An agent wrote something.
    pub(super) fn feed_grew<O: Outside>(&mut self, ground: &mut Ground<O>) {
        if self.reader.waits.is_some_and(|cursor| ground.outside.newest() > cursor) {
            self.reader.waits = None;
            ground.agenda.push(Task::Go(Job::Feed));
        }
    }

    pub(super) fn feed_seen<O>(&mut self, ground: &mut Ground<O>) {
        self.read_on(ground);
    }

    /// Brings one reading's replies to their conversations, all at once.
    pub(super) fn bring<O>(&mut self, ground: &mut Ground<O>, reading: u64, replies: Vec<(PageId, Psid, Arc<Reply>)>) {
        if replies.is_empty() {
            self.brought(ground, reading);
            return;
        }
        self.reader.left.insert(reading, (replies.len(), false));
        replies.into_iter().for_each(|reply| self.bring_one(ground, reading, reply));
    }

    pub(super) fn bring_one<O>(
        &mut self,
        ground: &mut Ground<O>,
        reading: u64,
        (page, psid, reply): (PageId, Psid, Arc<Reply>),
    ) {
        let page = self.page(ground, &page);
        let conversation = self.conversation(ground, page, &psid);
        self.tell(ground, page, PageMsg::Reply { conversation, reply, reading });
    }

    /// A reply is journaled, or was known.
    pub(super) fn reply_kept<O>(&mut self, ground: &mut Ground<O>, reading: u64) {
        let Some((left, woken)) = self.reader.left.get_mut(&reading) else { return };
        *left -= 1;
        if !core::mem::replace(woken, true) {
            ground.agenda.push(Task::Go(Job::Bring { reading, replies: Vec::new() }));
        }
    }

    /// A reply went down with its Page's actor.
    pub(super) fn reply_lost<O>(&mut self, ground: &mut Ground<O>, reading: u64, reply: (PageId, Psid, Arc<Reply>)) {
        let at = ground.now() + AGAIN;
        ground.agenda.spawn(Job::BringAgain { reading, at, reply });
    }

    /// Looks whether every reply of a reading is journaled.
    pub(super) fn brought<O>(&mut self, ground: &mut Ground<O>, reading: u64) {
        if let Some((left, woken)) = self.reader.left.get_mut(&reading) {
            *woken = false;
            if *left > 0 {
                return;
            }
        }
        self.reader.left.remove(&reading);
        self.reader.mailbox.post(&mut ground.agenda, Actor::Reader, ReaderMsg::Journaled(reading));
    }
}
