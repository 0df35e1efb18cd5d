//! From the inbox to the Pages, and the inbox itself. See `actors::feeder`.
//!
//! Not here: Pages that fall behind because more than `page_items_max` items of theirs are in memory; a Page whose
//! conversations do not fail never comes to that at one instant. Invariant: a delivery is forgotten only when each of its
//! Pages is done with it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use actors::pace::Pace;
use actors::share::{Share, parse, shares};
use model::{Delivery, PageId, Span, Timestamp};

use super::Ground;
use super::agenda::{Actor, Agenda, Job};
use super::page::PageMsg;
use super::tree::{Mailbox, Tree};

/// Raw deliveries until they are done.
#[derive(Debug, Default)]
pub struct Inbox {
    last: u64,
    unforgotten: BTreeMap<u64, Kept>,
}

/// A delivery that is not done.
#[derive(Debug)]
struct Kept {
    at: Timestamp,
    body: Box<[u8]>,
    /// As it reads, where that is known already; what is read again is read from the body.
    read: Option<Delivery>,
}

impl Kept {
    /// What it reads.
    fn take(&mut self) -> Delivery {
        self.read.take().unwrap_or_else(|| parse(&self.body, self.at.0))
    }
}

impl Inbox {
    /// Deliveries taken so far.
    pub fn taken(&self) -> u64 {
        self.last
    }

    /// Whether every delivery is done.
    pub fn is_done(&self) -> bool {
        self.unforgotten.is_empty()
    }

    /// `read`: the body as it reads at `at`, where it was read already.
    pub(super) fn append(&mut self, at: Timestamp, body: &[u8], read: Option<Delivery>) -> u64 {
        self.last += 1;
        self.unforgotten.insert(self.last, Kept { at, body: body.into(), read });
        self.last
    }

    /// What was acknowledged is durable, what was forgotten stays so.
    pub(super) fn crash(&mut self) {
        self.unforgotten.values_mut().for_each(|kept| kept.read = None);
    }

    fn oldest(&self) -> Option<(u64, Timestamp)> {
        self.unforgotten.first_key_value().map(|(seq, kept)| (*seq, kept.at))
    }
}

pub(super) enum FeederMsg {
    /// Something lies at the door.
    Came,
    /// The Pages of configuration are up: begin with the old deliveries.
    Start,
    /// Go on.
    Round,
    /// A Page's actor is up (again): offer it whatever it has not finished.
    Up(usize),
    /// Tell the Page when everything durable by now was offered to it.
    Barrier { page: usize, token: u64 },
}

/// The feeder.
pub(super) struct Feeder {
    pub(super) mailbox: Mailbox<FeederMsg>,
    pace: Pace,
    /// The last delivery that was offered.
    offered: u64,
    /// Unfinished deliveries: the Pages that are not done.
    pending: BTreeMap<u64, Vec<usize>>,
    barriers: VecDeque<(u64, usize, u64)>,
    going: bool,
    stopped: bool,
    /// Pages whose actor is new and was not offered again what it had.
    fresh_pages: BTreeMap<PageId, usize>,
    /// Shares of this round, sent to each Page as one message.
    outgoing: BTreeMap<PageId, (usize, Vec<Share>)>,
    /// What Pages are done with.
    done: VecDeque<(usize, u64)>,
    /// Rung for new deliveries, and for what is done.
    rung: (bool, bool),
}

impl Feeder {
    pub(super) fn new(now: Timestamp, inbox: &Inbox) -> Self {
        Self {
            mailbox: Mailbox::default(),
            pace: Pace::new(now, inbox.last),
            offered: inbox.oldest().map_or(inbox.last, |(seq, _)| seq - 1),
            pending: BTreeMap::new(),
            barriers: VecDeque::new(),
            going: false,
            stopped: true,
            fresh_pages: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            done: VecDeque::new(),
            rung: (false, false),
        }
    }

    pub(super) fn ring_fresh(&mut self, agenda: &mut Agenda) {
        if !core::mem::replace(&mut self.rung.0, true) {
            self.mailbox.post(agenda, Actor::Feeder, FeederMsg::Came);
        }
    }

    /// A Page is done with these deliveries.
    pub(super) fn leave_done(&mut self, agenda: &mut Agenda, page: usize, deliveries: impl Iterator<Item = u64>) {
        for seq in deliveries {
            self.done.push_back((page, seq));
            if !core::mem::replace(&mut self.rung.1, true) {
                self.mailbox.post(agenda, Actor::Feeder, FeederMsg::Came);
            }
        }
    }

    fn take_in(&mut self, inbox: &mut Inbox) {
        for (page, seq) in self.done.drain(..) {
            let Entry::Occupied(mut waiting) = self.pending.entry(seq) else { continue };
            waiting.get_mut().retain(|whose| *whose != page);
            if waiting.get().is_empty() {
                waiting.remove();
                inbox.unforgotten.remove(&seq);
            }
        }
    }
}

impl Tree {
    pub(super) fn read_feeder<O>(&mut self, ground: &mut Ground<O>) {
        let Some(message) = self.feeder.mailbox.mail.pop_front() else { return };
        self.feeder.take_in(&mut ground.inbox);
        match message {
            FeederMsg::Came => {}
            FeederMsg::Start => self.feeder.stopped = false,
            FeederMsg::Round => self.feeder.going = false,
            FeederMsg::Up(page) => {
                self.feeder.barriers.retain(|(_, whose, _)| *whose != page);
                self.feeder.fresh_pages.insert(self.pages[page].id.clone(), page);
            }
            FeederMsg::Barrier { page, token } => {
                self.feeder.barriers.push_back((ground.inbox.last, page, token));
            }
        }
        if !self.feeder.going {
            self.go_on(ground);
        }
        for (page, shares) in core::mem::take(&mut self.feeder.outgoing).into_values() {
            self.tell(ground, page, PageMsg::Items(shares));
        }
        self.pass_barriers(ground);
        if !self.feeder.going {
            self.feeder.rung = (false, false);
        }
    }

    /// First what Pages miss, then what is new.
    fn go_on<O>(&mut self, ground: &mut Ground<O>) {
        while let Some((id, page)) = self.feeder.fresh_pages.pop_first() {
            self.offer_again(ground, id, page);
        }
        let Some(pause) = self.round(ground) else { return };
        self.feeder.going = true;
        if pause == Span(0) {
            self.feeder.mailbox.post(&mut ground.agenda, Actor::Feeder, FeederMsg::Round);
        } else {
            let at = ground.now() + pause;
            ground.agenda.spawn(Job::Round { at });
        }
    }

    /// Offers up to a round's worth. `Some`: another round is due after so long.
    fn round<O>(&mut self, ground: &mut Ground<O>) -> Option<Span> {
        let oldest_at = ground.inbox.oldest().map(|(_, at)| at);
        let round = self.feeder.pace.round(ground.now(), ground.inbox.last, oldest_at);
        for _ in 0..round.deliveries_max {
            if self.feeder.stopped {
                return None;
            }
            let next = ground.inbox.unforgotten.range_mut(self.feeder.offered + 1..).next();
            let Some((seq, kept)) = next else {
                self.feeder.offered = ground.inbox.last;
                return None;
            };
            let (seq, shares) = (*seq, shares(*seq, kept.take()));
            self.offer(ground, seq, shares);
        }
        Some(round.pause)
    }

    fn offer<O>(&mut self, ground: &mut Ground<O>, seq: u64, shares: Vec<(PageId, Share)>) {
        self.feeder.offered = seq;
        if shares.is_empty() {
            ground.inbox.unforgotten.remove(&seq);
            return;
        }
        let mut waiting = Vec::with_capacity(shares.len());
        for (id, share) in shares {
            let page = self.page(ground, &id);
            waiting.push(page);
            self.feeder.outgoing.entry(id).or_insert_with(|| (page, Vec::new())).1.push(share);
        }
        self.feeder.pending.insert(seq, waiting);
    }

    /// The Page's actor is new: everything it was given and did not finish is offered again.
    fn offer_again<O>(&mut self, ground: &mut Ground<O>, id: PageId, page: usize) {
        let waiting = self.feeder.pending.iter().filter(|(_, waiting)| waiting.contains(&page));
        let shares: Vec<Share> = waiting
            .filter_map(|(seq, _)| {
                let shares = shares(*seq, ground.inbox.unforgotten.get_mut(seq)?.take());
                shares.into_iter().find(|(whose, _)| *whose == id).map(|(_, share)| share)
            })
            .collect();
        self.tell(ground, page, PageMsg::Begin);
        self.feeder.outgoing.insert(id, (page, shares));
    }

    fn pass_barriers<O>(&mut self, ground: &mut Ground<O>) {
        let passed = self.feeder.barriers.iter().take_while(|(upto, ..)| *upto <= self.feeder.offered).count();
        let passed: Vec<_> = self.feeder.barriers.drain(..passed).collect();
        for (_, page, token) in passed {
            self.tell(ground, page, PageMsg::Passed { token });
        }
    }
}
