//! What the stand-in holds to be true: Pages, customers, what each wrote, what was refused and what goes wrong.
//!
//! No sockets and no waiting here. Invariants: every accepted send is a new bubble with a new id; ids are drawn from the
//! seed and the start, so that a stand-in started later never gives an old id again.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{AppId, Mid, PageId, Psid, Redacted, Timestamp};
use oracle::{Attempt, CustomerAction, Rejection, send_rules};

use super::control::{Customer, CustomerAnswer, InboxOrder};
use super::courier::Item;
use super::draw::{Stream, below, draw};
use super::fault::{FaultOrder, Faults, take_one};
use super::graph_error::GraphError;
use super::options::{Page, StandInOptions};
use super::state::{Bubble, CustomerState, Line, PageState, State, Violation, Webhooks, Writer};
use super::wire;

/// A Send API call whose token was good.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) page: PageId,
    pub(super) psid: Psid,
    pub(super) messaging_type: String,
    pub(super) tag: Option<String>,
    pub(super) text: Option<String>,
    pub(super) attachment: Option<(String, String)>,
    pub(super) metadata: Option<String>,
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is a bubble now; with `lose_answer` nobody is told.
    Accepted {
        /// What was sent.
        bubble: Bubble,
        /// Whether the connection is closed without an answer.
        lose_answer: bool,
    },
    /// Nothing was sent.
    Refused(GraphError),
    /// It never arrived, as it were.
    Lost,
}

/// One customer of one Page.
#[derive(Default)]
struct Known {
    first_name: Option<String>,
    last_name: Option<String>,
    /// Everything that opens a window.
    actions: Vec<CustomerAction>,
    /// Both sides of the conversation, in order.
    lines: Vec<Line>,
}

/// Everything the stand-in holds to be true.
pub(super) struct World {
    pages: BTreeMap<PageId, Page>,
    customers: BTreeMap<(PageId, Psid), Known>,
    bubbles: Vec<Bubble>,
    violations: Vec<Violation>,
    faults: Faults,
    held: Vec<Item>,
    sends_asked: u64,
    items_sent: u64,
    serial: u64,
    seed: u64,
    app: AppId,
    human_agent: bool,
    echoes: bool,
    receipts: bool,
    delay_max: Duration,
}

impl World {
    pub(super) fn new(options: &StandInOptions, started_at: Timestamp) -> Self {
        Self {
            pages: options.pages.iter().map(|page| (page.id.clone(), page.clone())).collect(),
            customers: BTreeMap::new(),
            bubbles: Vec::new(),
            violations: Vec::new(),
            faults: Faults::default(),
            held: Vec::new(),
            sends_asked: 0,
            items_sent: 0,
            serial: 0,
            seed: options.seed ^ started_at.0.unsigned_abs().rotate_left(17),
            app: options.app_id.clone(),
            human_agent: options.human_agent,
            echoes: options.echoes,
            receipts: options.receipts,
            delay_max: options.delay_max,
        }
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

    /// Both sides of a conversation, in order.
    pub(super) fn lines(&self, page: &PageId, psid: &Psid) -> &[Line] {
        self.customers.get(&(page.clone(), psid.clone())).map_or(&[], |known| &known.lines)
    }

    /// The customers of a Page with their names, by id.
    pub(super) fn customers_of(&self, page: &PageId) -> Vec<(Psid, Option<String>)> {
        let from = (page.clone(), Psid::new(""));
        let theirs = self.customers.range(from..).take_while(|((of, _), _)| of == page);
        theirs.map(|((_, psid), known)| (psid.clone(), known.name())).collect()
    }

    /// How long answers to sends are delayed, and whether the echo comes before the answer.
    pub(super) fn manners(&self) -> (Duration, bool) {
        (Duration::from_millis(self.faults.slow_ms), self.faults.echo_first)
    }

    /// Takes a send, or not. Equal calls are equal to nobody: each accepted one is a bubble of its own.
    pub(super) fn take(&mut self, call: Call, now: Timestamp) -> Taken {
        if take_one(&mut self.faults.lose_requests) {
            return Taken::Lost;
        }
        self.sends_asked += 1;
        if self.faults.restricted.contains(&call.page) {
            return Taken::Refused(GraphError::new(10, Some(1_893_063)));
        }
        if let Some(fail) = self.faults.fail_now() {
            return Taken::Refused(GraphError { on_200: fail.on_200, ..GraphError::new(fail.code, fail.subcode) });
        }
        if let Err(rejection) = self.rules(&call, now) {
            let error = GraphError::from(rejection);
            self.violations.push(violation(&call, now, &error));
            return Taken::Refused(error);
        }
        let bubble = self.say(call, now);
        Taken::Accepted { bubble, lose_answer: take_one(&mut self.faults.lose_answers) }
    }

    fn rules(&self, call: &Call, now: Timestamp) -> Result<(), Rejection> {
        let known = self.customers.get(&(call.page.clone(), call.psid.clone()));
        let attempt = Attempt {
            messaging_type: &call.messaging_type,
            tag: call.tag.as_deref(),
            text: call.text.as_deref(),
            has_attachment: call.attachment.is_some(),
            now,
            human_agent_feature: self.human_agent,
        };
        send_rules(known.map_or(&[], |known| &known.actions), &attempt)
    }

    fn say(&mut self, call: Call, now: Timestamp) -> Bubble {
        let Call { page, psid, messaging_type, tag, text, attachment, metadata } = call;
        let mid = self.mid();
        let bubble = Bubble { page, psid, mid, text, attachment, metadata, at: now, messaging_type, tag };
        self.known(&bubble.page, &bubble.psid).lines.push(line(&bubble));
        self.bubbles.push(bubble.clone());
        bubble
    }

    /// A customer did something that nobody is to be told of; what is known already is ignored.
    pub(super) fn witness(
        &mut self,
        page: &PageId,
        psid: &Psid,
        at: Timestamp,
        is_message: bool,
        mid: Option<&Mid>,
        text: Option<String>,
    ) {
        let drawn = self.mid();
        let known = self.known(page, psid);
        if mid.is_some_and(|mid| known.lines.iter().any(|line| line.mid == *mid)) {
            return;
        }
        let line = Line { writer: Writer::Customer, mid: mid.cloned().unwrap_or(drawn), at, text, attachment: None };
        known.acts(at, is_message, line);
    }

    /// The Page answers from its own inbox: no bubble of the Send API, but a line and an echo without our mark.
    pub(super) fn answer_elsewhere(&mut self, order: InboxOrder, now: Timestamp) -> Option<(CustomerAnswer, Item)> {
        let InboxOrder { page, psid, text, app } = order;
        self.pages.get(&page)?;
        let line = Line { writer: Writer::Page, mid: self.mid(), at: now, text: Some(text), attachment: None };
        let item = Item::new(&page, wire::echo(&page, &psid, &line, app.as_ref(), None));
        let mid = Some(line.mid.clone());
        self.known(&page, &psid).lines.push(line);
        Some((CustomerAnswer { psid, mid, at: now }, item))
    }

    /// The echo of a bubble with its delay; `None` where echoes are off or held back.
    pub(super) fn echo(&mut self, bubble: &Bubble) -> Option<(Item, Duration)> {
        if !self.echoes {
            return None;
        }
        let (page, mark) = (&bubble.page, bubble.metadata.as_deref());
        let item = Item::new(page, wire::echo(page, &bubble.psid, &line(bubble), Some(&self.app), mark));
        if self.faults.hold_echoes {
            self.held.push(item);
            return None;
        }
        Some((item, self.delay(Stream::Echo)))
    }

    /// The receipts of a bubble with their delays: arrived, then read.
    pub(super) fn receipts(&mut self, bubble: &Bubble) -> Vec<(Item, Duration)> {
        if !self.receipts {
            return Vec::new();
        }
        let Bubble { page, psid, mid, at, .. } = bubble;
        let (arrived, read) = (self.delay(Stream::Delivered), self.delay(Stream::Read));
        vec![
            (Item::new(page, wire::delivery(page, psid, mid, *at)), arrived),
            (Item::new(page, wire::read(page, psid, *at)), arrived + read),
        ]
    }

    /// A customer acts; what is to be told to the webhook. `None`: no such Page.
    pub(super) fn act(&mut self, customer: Customer, now: Timestamp) -> Option<(CustomerAnswer, Vec<Item>)> {
        let Customer { page, psid, name, text, attachment, postback, read } = customer;
        self.pages.get(&page)?;
        let psid = psid.unwrap_or_else(|| self.psid());
        let mut mid = None;
        let mut items = Vec::new();
        if let Some(name) = name {
            self.known(&page, &psid).rename(&name);
        }
        let messages = [(text, None), (None, attachment)];
        for (text, attachment) in messages.into_iter().filter(|(text, file)| text.is_some() || file.is_some()) {
            let line = Line { writer: Writer::Customer, mid: self.mid(), at: now, text, attachment };
            items.push(Item::new(&page, wire::message(&page, &psid, &line)));
            mid = Some(line.mid.clone());
            self.known(&page, &psid).acts(now, true, line);
        }
        if let Some((title, payload)) = postback {
            let pressed = self.mid();
            items.push(Item::new(&page, wire::postback(&page, &psid, &pressed, now, &title, &payload)));
            mid = Some(pressed.clone());
            let line = Line { writer: Writer::Customer, mid: pressed, at: now, text: Some(title), attachment: None };
            self.known(&page, &psid).acts(now, false, line);
        }
        if read {
            items.push(Item::new(&page, wire::read(&page, &psid, now)));
        }
        Some((CustomerAnswer { psid, mid, at: now }, items))
    }

    /// Changes what goes wrong; the echoes that are no longer held.
    pub(super) fn order(&mut self, order: FaultOrder) -> Vec<Item> {
        self.faults.apply(order);
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
            below(self.seed, Stream::Reorder, self.next(), late_max + 1)
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
        }
    }

    /// A trace id for an error.
    pub(super) fn trace(&mut self) -> String {
        format!("A{:015x}", draw(self.seed, Stream::Trace, self.next()) >> 4)
    }

    fn known(&mut self, page: &PageId, psid: &Psid) -> &mut Known {
        self.customers.entry((page.clone(), psid.clone())).or_default()
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
        let number = self.next();
        Psid::new(format!("{}", 1_000_000_000_000_000 + below(self.seed, Stream::Psid, number, 9_000_000_000_000_000)))
    }

    fn delay(&mut self, stream: Stream) -> Duration {
        let limit = u64::try_from(self.delay_max.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        Duration::from_millis(below(self.seed, stream, self.next(), limit))
    }
}

impl Known {
    fn name(&self) -> Option<String> {
        let parts: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// The last word is the family name, if there is more than one word.
    fn rename(&mut self, name: &str) {
        let (first, last) = name.trim().rsplit_once(' ').unwrap_or((name.trim(), ""));
        let part = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        (self.first_name, self.last_name) = (part(first), part(last));
    }

    fn acts(&mut self, at: Timestamp, is_message: bool, line: Line) {
        self.actions.push(CustomerAction { at, opens: true, is_message });
        self.lines.push(line);
    }
}

fn line(bubble: &Bubble) -> Line {
    let Bubble { mid, at, text, attachment, .. } = bubble.clone();
    Line { writer: Writer::Page, mid, at, text, attachment }
}

fn violation(call: &Call, at: Timestamp, error: &GraphError) -> Violation {
    let Call { page, psid, messaging_type, tag, metadata, .. } = call.clone();
    Violation { page, psid, at, code: error.code, subcode: error.subcode, messaging_type, tag, metadata }
}
