//! What the stand-in holds to be true: Pages, customers, threads, walls, leads, what was refused and what goes wrong.
//!
//! No sockets and no waiting here. Invariants: every accepted send is a new bubble with a new id; ids are drawn from the
//! seed and the start, so that a stand-in started later never gives an old id again; every list is bounded.

mod control;
mod customer;
mod happen;
mod kept;
mod offer;
mod send;
mod thread;
mod wall;

use std::collections::BTreeMap;
use std::time::Duration;

use model::{AppId, Mid, PageId, Psid, Redacted, Timestamp};
use oracle::Dates;

use super::control::{Customer, CustomerAnswer, Happening, InboxOrder, Said, What};
use super::courier::Item;
use super::draw::{Stream, below, draw};
use super::fault::{FaultOrder, Faults};
use super::graph_error::GraphError;
use super::keep::Keeping;
use super::limits::CUSTOMERS_MAX;
use super::options::{Page, StandInOptions};
use super::rates::Counts;
use super::state::{Bubble, CustomerState, LeadState, Line, PageState, PostState, State, Violation, Webhooks, Writer};
use customer::Known;
use offer::Offer;

pub(super) use kept::{Bounds, Kept};
pub(super) use send::{Act, Call, SenderAction, Taken};
pub(super) use thread::{Thread, gist};

/// Everything the stand-in holds to be true.
pub(super) struct World {
    pages: BTreeMap<PageId, Page>,
    customers: BTreeMap<(PageId, Psid), Known>,
    posts: BTreeMap<PageId, Vec<PostState>>,
    offers: BTreeMap<PageId, Offer>,
    leads: Vec<LeadState>,
    bubbles: Vec<Bubble>,
    violations: Vec<Violation>,
    forgotten: u64,
    faults: Faults,
    counts: Counts,
    held: Vec<Item>,
    sends_asked: u64,
    items_sent: u64,
    serial: u64,
    revision: u64,
    seed: u64,
    app: AppId,
    human_agent: bool,
    gives_control: bool,
    dates: Dates,
    echoes: bool,
    receipts: bool,
    reads_at_once: bool,
    delay_max: Duration,
}

impl World {
    /// `base_url` is where the stand-in's own pictures lie.
    pub(super) fn new(options: &StandInOptions, started_at: Timestamp, base_url: &str) -> Self {
        let mut world = Self {
            pages: options.pages.iter().map(|page| (page.id.clone(), page.clone())).collect(),
            customers: BTreeMap::new(),
            posts: BTreeMap::new(),
            offers: BTreeMap::new(),
            leads: Vec::new(),
            bubbles: Vec::new(),
            violations: Vec::new(),
            forgotten: 0,
            faults: Faults::default(),
            counts: Counts::default(),
            held: Vec::new(),
            sends_asked: 0,
            items_sent: 0,
            serial: 0,
            revision: 0,
            seed: options.seed ^ started_at.0.unsigned_abs().rotate_left(17),
            app: options.app_id.clone(),
            human_agent: options.human_agent,
            gives_control: options.gives_control,
            dates: options.dates,
            echoes: options.echoes,
            receipts: options.receipts,
            reads_at_once: options.reads_at_once,
            delay_max: options.delay_max,
        };
        world.furnish(base_url, started_at);
        if let Some(kept) = options.keeping.as_ref().and_then(Keeping::found) {
            world.resume(kept.clone().moved_to(base_url));
        }
        world
    }

    /// The Page of a token; a dead token is told apart from a wrong one.
    pub(super) fn page_of(&self, token: &Redacted<String>) -> Result<&Page, GraphError> {
        let page = self.pages.values().find(|page| page.token == *token).ok_or_else(|| GraphError::new(190, None))?;
        if self.faults.dead_tokens.contains(&page.id) { Err(GraphError::new(190, Some(460))) } else { Ok(page) }
    }

    /// The Pages, by id.
    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.pages.values()
    }

    /// First and last name of a customer; `None` where the customer is not known to the Page.
    pub(super) fn names(&self, page: &PageId, psid: &Psid) -> Option<(Option<&str>, Option<&str>)> {
        let known = self.customers.get(&(page.clone(), psid.clone()))?;
        Some((known.first_name.as_deref(), known.last_name.as_deref()))
    }

    /// A customer does all that is asked for, in the order name, text, attachment, button, reading.
    pub(super) fn act(&mut self, customer: Customer, now: Timestamp) -> Result<(CustomerAnswer, Vec<Item>), String> {
        let Customer { page, psid, name, text, attachment, postback, read } = customer;
        let psid = psid.unwrap_or_else(|| self.psid());
        let mut acts = Vec::new();
        if let Some(text) = text {
            acts.push(What::Message(Said { text: Some(text), ..Said::default() }));
        }
        if let Some((kind, url)) = attachment {
            let attachments = vec![super::control::Attachment::from_pair(&kind, &url)];
            acts.push(What::Message(Said { attachments, ..Said::default() }));
        }
        if let Some((title, payload)) = postback {
            acts.push(What::Postback { title, payload, referral: None });
        }
        if read {
            acts.push(What::Read { watermark: None });
        }
        let orders: Vec<Happening> = acts.into_iter().map(|what| Happening::new(&page, Some(&psid), what)).collect();
        // All or nothing: an order that is refused changes nothing.
        orders.iter().try_for_each(happen::check)?;
        self.meet(&page, &psid, name.as_deref())?;
        let mut answer = CustomerAnswer { psid: psid.clone(), mid: None, at: now };
        let mut items = Vec::new();
        for order in orders {
            let is_read = matches!(order.what, What::Read { .. });
            let (happened, told) = self.happen(order, now)?;
            if !is_read {
                answer.mid = happened.id.map(Mid::new);
            }
            items.extend(told);
        }
        Ok((answer, items))
    }

    /// The Page answers from its own inbox: no bubble of the Send API, but a line and an echo without our mark.
    pub(super) fn answer_elsewhere(
        &mut self,
        order: InboxOrder,
        now: Timestamp,
    ) -> Result<(CustomerAnswer, Vec<Item>), String> {
        let InboxOrder { page, psid, text, app } = order;
        let echoed = super::control::Echoed { text: Some(text), app, ..super::control::Echoed::default() };
        let (happened, items) = self.happen(Happening::new(&page, Some(&psid), What::Echo(echoed)), now)?;
        Ok((CustomerAnswer { psid, mid: happened.id.map(Mid::new), at: now }, items))
    }

    /// A customer comes to be known, by a name where one is given.
    fn meet(&mut self, page: &PageId, psid: &Psid, name: Option<&str>) -> Result<&mut Known, String> {
        if !self.pages.contains_key(page) {
            return Err("no such Page".to_owned());
        }
        let key = (page.clone(), psid.clone());
        if self.customers.len() >= CUSTOMERS_MAX && !self.customers.contains_key(&key) {
            return Err("there are too many customers".to_owned());
        }
        self.revision += 1;
        let revision = self.revision;
        let known = self.customers.entry(key).or_default();
        known.revision = revision;
        if let Some(name) = name {
            known.rename(name);
        }
        Ok(known)
    }

    /// Changes what goes wrong; the echoes that are no longer held.
    pub(super) fn order(&mut self, order: FaultOrder) -> Vec<Item> {
        self.faults.apply(order);
        self.revision += 1;
        if self.faults.hold_echoes { Vec::new() } else { core::mem::take(&mut self.held) }
    }

    /// Whether the next webhook item goes out twice; counts it.
    pub(super) fn duplicates_now(&mut self) -> bool {
        self.items_sent += 1;
        self.faults.duplicate_every > 0 && self.items_sent.is_multiple_of(self.faults.duplicate_every)
    }

    /// How late the next webhook item is.
    pub(super) fn reorder_delay(&mut self) -> Duration {
        let late_max = self.faults.reorder_ms;
        Duration::from_millis(if late_max == 0 {
            0
        } else {
            below(self.seed, Stream::Reorder, self.next(), late_max.saturating_add(1))
        })
    }

    /// Everything.
    pub(super) fn state(&self, now: Timestamp, webhooks: Webhooks) -> State {
        let page = |page: &Page| PageState { id: page.id.clone(), name: page.name.clone() };
        let customer = |((page, psid), known): (&(PageId, Psid), &Known)| CustomerState {
            page: page.clone(),
            psid: psid.clone(),
            name: known.name(),
            wrote: known.lines.iter().filter(|line| line.writer == Writer::Customer).cloned().collect(),
            delivered_at: known.delivered_at,
            read_at: known.read_at,
            owner: known.owned_elsewhere(&self.app, now).cloned(),
        };
        State {
            now,
            pages: self.pages.values().map(page).collect(),
            customers: self.customers.iter().map(customer).collect(),
            bubbles: self.bubbles.clone(),
            violations: self.violations.clone(),
            webhooks,
            sends_asked: self.sends_asked,
            echoes_held: self.held.len() as u64,
            faults: self.faults.clone(),
            posts: self.posts.values().flatten().cloned().collect(),
            leads: self.leads.clone(),
            forgotten: self.forgotten,
        }
    }

    /// Raised by each change that a page may show.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// A trace id for an error.
    pub(super) fn trace(&mut self) -> String {
        format!("A{:015x}", draw(self.seed, Stream::Trace, self.next()) >> 4)
    }

    /// Something changed that no customer did.
    pub(super) fn touch(&mut self) {
        self.revision += 1;
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn mid(&mut self) -> Mid {
        let number = self.next();
        let half = |stream| draw(self.seed, stream, number);
        Mid::new(format!("m_{:016x}{:016x}", half(Stream::MidHigh), half(Stream::MidLow)))
    }

    /// Sixteen digits, as PSIDs look.
    fn psid(&mut self) -> Psid {
        loop {
            let psid = Psid::new(self.digits(Stream::Psid).to_string());
            // A kept world has customers that this seed knows nothing of.
            if !self.pages.keys().any(|page| self.customers.contains_key(&(page.clone(), psid.clone()))) {
                return psid;
            }
        }
    }

    /// A number of sixteen digits.
    fn digits(&mut self, stream: Stream) -> u64 {
        1_000_000_000_000_000 + below(self.seed, stream, self.next(), 9_000_000_000_000_000)
    }

    fn delay(&mut self, stream: Stream) -> Duration {
        let limit = u64::try_from(self.delay_max.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        Duration::from_millis(below(self.seed, stream, self.next(), limit))
    }
}

/// A line of the Page as a bubble has it.
fn line(bubble: &Bubble) -> Line {
    let attachment = bubble.attachment.as_ref().map(|(kind, url)| super::control::Attachment::from_pair(kind, url));
    Line {
        text: bubble.text.clone(),
        attachments: attachment.into_iter().collect(),
        ..Line::new(Writer::Page, bubble.mid.clone(), bubble.at)
    }
}
