//! From the inbox to the Pages. The inbox is the queue: what does not fit in memory stays there.
//!
//! Keeps: every durable delivery is offered to its Pages in order, again after a Page died, and is forgotten only when
//! each of its Pages is done with it. A Page with too much in memory falls behind alone; the others go on.

mod door;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use journal::ReadFault;
use model::{PageId, Span, Timestamp};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use self::door::Fresh;
pub(crate) use self::door::{Came, Door};
use crate::pace::Pace;
use crate::page::PageMsg;
use crate::ports::{Counters, Limits, Ports};
use crate::router::Router;
use crate::share::{Share, parse, shares};

/// Bodies kept from the ack on, so that the usual delivery is never read back.
const FRESH_MAX: usize = 4_096;
/// A look at the inbox again after it could not be read.
const UNREADABLE_PAUSE: Span = Span(500);
pub(crate) enum FeederMsg {
    /// Something lies at the door.
    Came,
    /// The Pages of configuration are up: begin with the old deliveries.
    Start,
    /// Go on.
    Round,
    /// A Page's actor is up (again): offer it whatever it has not finished.
    Up { page: PageId },
    /// Tell the Page when everything durable by now was offered to it.
    Barrier { page: PageId, token: u64 },
    /// Offer nothing more.
    Stop,
    /// Still there? Deliveries that are not finished.
    Ping(RpcReplyPort<usize>),
}

pub(crate) struct FeederBirth {
    pub(crate) ports: Ports,
    pub(crate) limits: Limits,
    pub(crate) router: Router,
    pub(crate) came: Arc<Came>,
}

#[derive(Default)]
struct Load {
    items: usize,
    /// Deliveries from this one on were not offered to the Page.
    behind: Option<u64>,
}

pub(crate) struct Feed {
    pace: Pace,
    birth: FeederBirth,
    fresh: VecDeque<Fresh>,
    /// The last delivery that was offered.
    offered: u64,
    /// Unfinished deliveries: items per Page.
    pending: BTreeMap<u64, Vec<(PageId, usize)>>,
    loads: BTreeMap<PageId, Load>,
    items: usize,
    barriers: VecDeque<(u64, PageId, u64)>,
    going: bool,
    stopped: bool,
    /// Pages that fell behind.
    late: BTreeSet<PageId>,
    /// Pages whose actor is new and was not offered again what it had.
    fresh_pages: BTreeSet<PageId>,
    /// Shares of this round, sent to each Page as one message.
    outgoing: BTreeMap<PageId, Vec<Share>>,
    /// Room for what is being taken in.
    taking: Taking,
}

#[derive(Default)]
struct Taking {
    fresh: VecDeque<Fresh>,
    done: VecDeque<(PageId, u64)>,
}

pub(crate) struct FeederActor;

impl Actor for FeederActor {
    type Msg = FeederMsg;
    type State = Feed;
    type Arguments = FeederBirth;

    async fn pre_start(&self, _me: ActorRef<FeederMsg>, birth: FeederBirth) -> Result<Feed, ActorProcessingErr> {
        let offered =
            birth.ports.inbox.oldest_unforgotten().map_or_else(|| birth.ports.inbox.last_seq(), |(seq, _)| seq - 1);
        let pace = Pace::new(birth.ports.clock.now(), birth.ports.inbox.last_seq());
        Ok(Feed {
            pace,
            birth,
            fresh: VecDeque::new(),
            offered,
            pending: BTreeMap::new(),
            loads: BTreeMap::new(),
            items: 0,
            barriers: VecDeque::new(),
            going: false,
            stopped: true,
            late: BTreeSet::new(),
            fresh_pages: BTreeSet::new(),
            outgoing: BTreeMap::new(),
            taking: Taking::default(),
        })
    }

    async fn handle(
        &self,
        me: ActorRef<FeederMsg>,
        message: FeederMsg,
        feed: &mut Feed,
    ) -> Result<(), ActorProcessingErr> {
        feed.take_in();
        match message {
            FeederMsg::Came => {}
            FeederMsg::Start => feed.stopped = false,
            FeederMsg::Round => feed.going = false,
            FeederMsg::Up { page } => {
                // Barriers of the actor before it are nobody's any more.
                feed.barriers.retain(|(_, whose, _)| *whose != page);
                feed.fresh_pages.insert(page);
            }
            FeederMsg::Barrier { page, token } => {
                feed.barriers.push_back((feed.birth.ports.inbox.last_seq(), page, token));
            }
            FeederMsg::Stop => feed.stopped = true,
            FeederMsg::Ping(reply) => drop(reply.send(feed.pending.len())),
        }
        if !feed.going {
            feed.going = match feed.go_on() {
                Ok(pause) => feed.again(&me, pause)?,
                Err(fault) => feed.wait_for_the_inbox(&me, &fault),
            };
        }
        feed.send_out();
        feed.pass_barriers();
        // Before the next round it looks at its door anyway.
        if !feed.going && !feed.birth.came.may_rest() {
            me.cast(FeederMsg::Came)?;
        }
        Ok(())
    }
}

impl Feed {
    /// Takes in what lies at the door. Nobody rings again before [`Came::may_rest`]: until then more can gather.
    fn take_in(&mut self) {
        let mut taking = core::mem::take(&mut self.taking);
        self.birth.came.fresh.take(&mut taking.fresh);
        self.birth.came.done.take(&mut taking.done);
        taking.fresh.drain(..).for_each(|fresh| self.keep(fresh));
        taking.done.drain(..).for_each(|(page, seq)| self.done(&page, seq));
        self.taking = taking;
    }

    fn keep(&mut self, fresh: Fresh) {
        let next = self.fresh.back().map_or(self.offered, |last| last.seq) + 1;
        if fresh.seq == next && self.fresh.len() < FRESH_MAX {
            self.fresh.push_back(fresh);
        }
    }

    /// First what Pages miss, then what is new. `Some`: another round is due after so long.
    fn go_on(&mut self) -> Result<Option<Span>, ReadFault> {
        while let Some(page) = self.fresh_pages.first().cloned() {
            self.offer_again(&page)?;
            self.fresh_pages.remove(&page);
        }
        for page in self.late.clone() {
            self.catch_up(&page)?;
        }
        self.round()
    }

    /// Offers up to a round's worth.
    fn round(&mut self) -> Result<Option<Span>, ReadFault> {
        let ports = &self.birth.ports;
        let oldest_at = ports.inbox.oldest_unforgotten().map(|(_, received_at)| Timestamp(received_at));
        let round = self.pace.round(ports.clock.now(), ports.inbox.last_seq(), oldest_at);
        let mut left = round.deliveries_max;
        while left > 0 {
            if self.stopped || self.items >= self.birth.limits.items_max {
                return Ok(None);
            }
            if let Some(Fresh { seq, received_at, body }) = self.fresh.pop_front() {
                if seq > self.offered {
                    self.offer(seq, received_at, &body);
                    left -= 1;
                }
                continue;
            }
            if self.offered >= self.birth.ports.inbox.last_seq() {
                return Ok(None);
            }
            let read = self.birth.ports.inbox.unforgotten(self.offered, round.bytes_max)?;
            if read.is_empty() {
                // Everything up to the newest is forgotten.
                self.offered = self.birth.ports.inbox.last_seq();
                return Ok(None);
            }
            left = left.saturating_sub(read.len());
            for delivery in read {
                self.offer(delivery.seq, delivery.received_at, &delivery.body);
            }
        }
        Ok(Some(round.pause))
    }

    /// The inbox's file is closed after a failed commit: have it opened again, and look later. Nothing is skipped.
    fn wait_for_the_inbox(&self, me: &ActorRef<FeederMsg>, fault: &ReadFault) -> bool {
        tracing::warn!(%fault, "the inbox cannot be read; trying again");
        self.birth.ports.inbox.flush();
        self.again(me, Some(UNREADABLE_PAUSE)).unwrap_or(false)
    }

    /// Sees to it that another round comes after a pause; `true` if one does.
    fn again(&self, me: &ActorRef<FeederMsg>, pause: Option<Span>) -> Result<bool, ActorProcessingErr> {
        let Some(pause) = pause else { return Ok(false) };
        if pause == Span(0) {
            me.cast(FeederMsg::Round)?;
            return Ok(true);
        }
        let (sleep, me) = (self.birth.ports.clock.sleep_until(self.birth.ports.clock.now() + pause), me.clone());
        ractor::concurrency::spawn(async move {
            sleep.await;
            me.cast(FeederMsg::Round)
        });
        Ok(true)
    }

    /// One message to each Page for the whole round.
    fn send_out(&mut self) {
        for (page, shares) in core::mem::take(&mut self.outgoing) {
            self.birth.router.tell(&page, PageMsg::Items(shares));
        }
    }

    fn offer(&mut self, seq: u64, received_at: i64, body: &[u8]) {
        self.offered = seq;
        let shares = shares(seq, parse(body, received_at));
        Counters::add(&self.birth.ports.counters.deliveries, 1);
        if shares.is_empty() {
            self.birth.ports.inbox.forget(seq);
            return;
        }
        let waiting = shares.iter().map(|(page, share)| (page.clone(), share.len())).collect();
        self.pending.insert(seq, waiting);
        for (page, share) in shares {
            let load = self.loads.entry(page.clone()).or_default();
            if load.behind.is_some() || load.items >= self.birth.limits.page_items_max {
                load.behind.get_or_insert(seq);
                self.late.insert(page);
                continue;
            }
            count(&self.birth.ports.counters, &share);
            load.items += share.len();
            self.items += share.len();
            self.outgoing.entry(page).or_default().push(share);
        }
    }

    fn done(&mut self, page: &PageId, seq: u64) {
        let Entry::Occupied(mut waiting) = self.pending.entry(seq) else { return };
        let Some(at) = waiting.get().iter().position(|(whose, _)| whose == page) else { return };
        let (_, count) = waiting.get_mut().swap_remove(at);
        if waiting.get().is_empty() {
            waiting.remove();
            self.birth.ports.inbox.forget(seq);
        }
        self.items = self.items.saturating_sub(count);
        if let Some(load) = self.loads.get_mut(page) {
            load.items = load.items.saturating_sub(count);
        }
    }

    /// A Page that fell behind gets what it missed once it has worked off half of what it holds.
    fn catch_up(&mut self, page: &PageId) -> Result<(), ReadFault> {
        let max = self.birth.limits.page_items_max;
        let Some(from) = self.loads.get(page).filter(|load| load.items <= max / 2).and_then(|load| load.behind) else {
            return Ok(());
        };
        for seq in self.waiting(page, from) {
            self.loads.entry(page.clone()).or_default().behind = Some(seq);
            if self.loads.get(page).is_some_and(|load| load.items >= max) {
                return Ok(());
            }
            if let Some(share) = self.share(page, seq)? {
                count(&self.birth.ports.counters, &share);
                self.items += share.len();
                self.loads.entry(page.clone()).or_default().items += share.len();
                self.outgoing.entry(page.clone()).or_default().push(share);
            }
        }
        self.loads.entry(page.clone()).or_default().behind = None;
        self.late.remove(page);
        Ok(())
    }

    /// The Page's actor is new: everything it was given and did not finish is offered again, all of it or nothing yet.
    fn offer_again(&mut self, page: &PageId) -> Result<(), ReadFault> {
        let behind = self.loads.get(page).and_then(|load| load.behind);
        let mut shares = Vec::new();
        for seq in self.waiting(page, 0).into_iter().filter(|seq| behind.is_none_or(|behind| *seq < behind)) {
            shares.extend(self.share(page, seq)?);
        }
        self.birth.router.tell(page, PageMsg::Begin);
        self.outgoing.insert(page.clone(), shares);
        Ok(())
    }

    fn waiting(&self, page: &PageId, from: u64) -> Vec<u64> {
        self.pending
            .range(from..)
            .filter(|(_, waiting)| waiting.iter().any(|(whose, _)| whose == page))
            .map(|(seq, _)| *seq)
            .collect()
    }

    /// What a Page has in a delivery, read back from the inbox.
    fn share(&self, page: &PageId, seq: u64) -> Result<Option<Share>, ReadFault> {
        let Some(delivery) = self.birth.ports.inbox.get(seq)? else { return Ok(None) };
        let shares = shares(seq, parse(&delivery.body, delivery.received_at));
        Ok(shares.into_iter().find(|(whose, _)| whose == page).map(|(_, share)| share))
    }

    fn pass_barriers(&mut self) {
        let mut held = VecDeque::new();
        while let Some((upto, page, token)) = self.barriers.pop_front() {
            let behind = self.loads.get(&page).is_some_and(|load| load.behind.is_some_and(|from| from <= upto));
            if self.offered < upto || behind {
                held.push_back((upto, page, token));
            } else {
                self.birth.router.tell(&page, PageMsg::Passed { token });
            }
        }
        self.barriers = held;
    }
}

fn count(counters: &Counters, share: &Share) {
    Counters::add(&counters.inbounds, len(share.understood()));
    Counters::add(&counters.anomalies, len(share.anomalies.len()));
    share.anomalies.iter().for_each(|anomaly| counters.oddities.anomaly(share.delivery, anomaly));
}

fn len(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
