//! The Page: directory of its conversations, their credit, the Page's sends per second, and the Page's machine. See
//! `actors::page`; `slots` holds the children.
//!
//! Keeps: what was handed over stays here until it is durable; a delivery is reported done only when each of its items is.

mod own;
mod trouble;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use actors::errand::{Answer, Streak, Trouble};
use actors::host::Host;
use actors::share::Share;
use actors::slot::{Cause, Slot};
use actors::turns::{Turn, Turns};
use actors::work::{Ticket, Work};
use journal::{AppendFault, Appended};
use machine::conversation::{Reply, Resolution};
use machine::outbound::PartId;
use machine::page::{Command, Page as Machine};
use machine::{Context, PageFacts};
use model::{MachineId, PageId, Psid, Span, Timestamp};
use policy::EditionId;

use super::Ground;
use super::account::Account;
use super::agenda::{Actor, Agenda, Job, Later};
use super::errands::Errands;
use super::feeder::FeederMsg;
use super::journal::Journal;
use super::sender::Sender;
use super::tree::{Mailbox, Tree, host_without_effects};

pub(super) enum PageMsg {
    /// From here on the feeder offers in order, beginning with everything that is not finished.
    Begin,
    /// The shares that this Page has in some deliveries.
    Items(Vec<Share>),
    /// An agent's answer, and the reading that waits for it.
    Reply { conversation: usize, reply: Arc<Reply>, reading: u64 },
    /// A person decided about a part.
    Resolve { conversation: usize, part: PartId, resolution: Resolution, by: String },
    /// The facts of configuration.
    Configure(PageFacts),
    /// A conversation's deadline has come.
    Wake { conversation: usize },
    /// Meta said something about the Page as a whole.
    Trouble(Trouble),
    /// There are letters.
    Letters,
    /// A conversation would refuse this, and does not know whether all of the customer's items are in.
    Unsure { conversation: usize, ticket: u64 },
    /// A conversation has a part that could go.
    Asks { conversation: usize },
    /// The feeder offered everything that was durable when the barrier was set.
    Passed { token: u64 },
    /// Something that it wanted to be told now.
    Later(Later),
    /// The fate of an own batch.
    Own(Result<Appended, AppendFault>),
    /// The account's facts changed.
    Account,
}

/// A word that waits for nothing.
pub(super) enum Letter {
    /// A conversation's work is durable (or changed nothing).
    Done { conversation: usize, tickets: Vec<u64> },
    /// The world's answer to a conversation's effect.
    Settle { conversation: usize, effect: u64, answer: Answer },
}

/// What becomes of a child.
pub(super) enum Child {
    /// It runs.
    Started,
    /// It finished and left.
    Left(usize),
    /// It ended unplanned.
    Failed(usize, Cause),
}

/// Where a Page's actor stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Home {
    Unborn,
    Up,
    Backoff,
}

/// One Page.
pub(super) struct Page {
    pub(super) id: PageId,
    machine_id: MachineId,
    machine: usize,
    pub(super) home: Home,
    /// The router knows its actor.
    pub(super) routed: bool,
    /// Counts its actors; jobs of an earlier one are nothing to a later one.
    pub(super) life: u32,
    failures: u32,
    /// Held for its next start.
    stash: Vec<PageMsg>,
    /// Every conversation that was ever met.
    pub(super) known: BTreeMap<Psid, usize>,
    pub(super) mailbox: Mailbox<PageMsg>,
    pub(super) children: VecDeque<Child>,
    letters: VecDeque<Letter>,
    letters_rung: bool,
    /// It has begun to read.
    born: bool,
    /// Conversations to bring into memory at its birth.
    revive: Vec<usize>,
    pub(super) host: Option<Host<Machine>>,
    own: VecDeque<Vec<u64>>,
    pub(super) context: Arc<Context>,
    pub(super) sender: Sender,
    /// Its calls under way.
    pub(super) post: usize,
    pub(super) slots: BTreeMap<Psid, Slot<usize, u64>>,
    pub(super) leaving: usize,
    /// Items of each delivery that are not done.
    pub(super) pending: BTreeMap<u64, usize>,
    /// Deliveries done since the feeder was told.
    pub(super) finished: Vec<u64>,
    /// What the feeder offers is in order.
    begun: bool,
    next_ticket: u64,
    pub(super) turns: Turns<usize>,
    /// Sends in a row whose fate is unknown.
    streak: Streak,
    /// Work that waits for the inbox to be read, by the barrier's number.
    barriers: VecDeque<(u64, usize, Ticket<u64>)>,
    next_token: u64,
}

impl Page {
    pub(super) fn unborn(journal: &mut Journal, id: &PageId) -> Self {
        let machine_id = MachineId::Page(id.clone());
        let machine = journal.machine(&machine_id);
        Self {
            id: id.clone(),
            machine_id,
            machine,
            home: Home::Unborn,
            routed: false,
            life: 0,
            failures: 0,
            stash: Vec::new(),
            known: BTreeMap::new(),
            mailbox: Mailbox::default(),
            children: VecDeque::new(),
            letters: VecDeque::new(),
            letters_rung: false,
            born: false,
            revive: Vec::new(),
            host: None,
            own: VecDeque::new(),
            context: Arc::new(Context::default()),
            sender: Sender::default(),
            post: 0,
            slots: BTreeMap::new(),
            leaving: 0,
            pending: BTreeMap::new(),
            finished: Vec::new(),
            begun: false,
            next_ticket: 0,
            turns: Turns::new(1, Timestamp(0)),
            streak: Streak::default(),
            barriers: VecDeque::new(),
            next_token: 0,
        }
    }

    /// Keeps a message for the next start. The feeder offers again, in order, when the Page is up.
    pub(super) fn hold(&mut self, message: PageMsg) {
        if !matches!(message, PageMsg::Begin | PageMsg::Items(_) | PageMsg::Passed { .. }) {
            self.stash.push(message);
        }
    }

    pub(super) fn leave(&mut self, agenda: &mut Agenda, page: usize, letter: Letter) {
        self.letters.push_back(letter);
        if !core::mem::replace(&mut self.letters_rung, true) {
            self.mailbox.post(agenda, Actor::Page(page), PageMsg::Letters);
        }
    }

    pub(super) fn hear_of(&mut self, agenda: &mut Agenda, page: usize, child: Child) {
        self.children.push_back(child);
        self.mailbox.wake(agenda, Actor::Page(page));
    }

    /// Whether it has something to read, or has not begun. One that is to be started again reads nothing.
    pub(super) fn has_mail(&self) -> bool {
        let mail = !self.born || !self.children.is_empty() || !self.mailbox.mail.is_empty();
        self.home == Home::Up && mail
    }

    pub(super) fn ticket(&mut self, work: Work, waiting: Option<u64>) -> Ticket<u64> {
        self.next_ticket += 1;
        Ticket { id: self.next_ticket, work, failures: 0, sure: false, waiting }
    }

    /// One item of a delivery is done.
    pub(super) fn item_done(&mut self, delivery: u64) {
        let Entry::Occupied(mut left) = self.pending.entry(delivery) else { return };
        *left.get_mut() = left.get().saturating_sub(1);
        if *left.get() == 0 {
            left.remove();
            self.finished.push(delivery);
        }
    }

    fn context_of(&self, account: &Account, edition: Option<EditionId>) -> Context {
        let (account, account_version) = account.facts.clone();
        let state = self.host.as_ref().map(|host| &host.state);
        Context {
            account,
            account_version,
            page: state.map(|state| state.facts().clone()).unwrap_or_default(),
            page_version: state.map_or(0, machine::page::State::version),
            edition,
        }
    }
}

impl Tree {
    /// A Page's actor begins; it loads itself when it first reads.
    pub(super) fn start_page<O>(&mut self, ground: &mut Ground<O>, page: usize, revive: Vec<usize>) {
        self.posts.push(Errands::new(&self.limits));
        let post = self.posts.len() - 1;
        let of = &mut self.pages[page];
        of.home = Home::Up;
        of.life += 1;
        of.born = false;
        (of.revive, of.post) = (revive, post);
        of.mailbox.wake(&mut ground.agenda, Actor::Page(page));
    }

    fn born<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let now = ground.now();
        let of = &mut self.pages[page];
        of.born = true;
        of.host = Some(host_without_effects(&ground.journal, &of.machine_id, of.machine));
        of.turns = Turns::new(self.limits.sends_per_second, now);
        of.streak = Streak::default();
        of.rests();
        of.context = Arc::new(of.context_of(&self.account, ground.edition));
        for conversation in core::mem::take(&mut of.revive) {
            self.activate(ground, page, conversation, false);
        }
        self.pages[page].routed = true;
        self.ring_bell(ground);
        self.feeder.mailbox.post(&mut ground.agenda, Actor::Feeder, FeederMsg::Up(page));
        self.sweep_later(ground, page);
    }

    fn sweep_later<O>(&self, ground: &mut Ground<O>, page: usize) {
        let at = ground.now() + Span(self.limits.idle.0 / 4 + 1);
        self.later(ground, page, at, Later::Sweep);
    }

    pub(super) fn later<O>(&self, ground: &mut Ground<O>, page: usize, at: Timestamp, word: Later) {
        ground.agenda.spawn(Job::Later { page, life: self.pages[page].life, at, word });
    }

    pub(super) fn told_later<O>(&mut self, ground: &mut Ground<O>, page: usize, life: u32, word: Later) {
        let of = &mut self.pages[page];
        if of.life == life && of.home == Home::Up {
            of.mailbox.post(&mut ground.agenda, Actor::Page(page), PageMsg::Later(word));
        }
    }

    pub(super) fn read_page<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        if !self.pages[page].born {
            self.born(ground, page);
        }
        if let Some(child) = self.pages[page].children.pop_front() {
            match child {
                Child::Started => {}
                Child::Left(conversation) => self.left(ground, page, conversation),
                Child::Failed(conversation, cause) => self.failed(ground, page, conversation, cause),
            }
        } else {
            let Some(message) = self.pages[page].mailbox.mail.pop_front() else { return };
            if matches!(message, PageMsg::Letters) {
                self.pages[page].letters_rung = false;
            }
            self.read_letters(ground, page);
            self.hear(ground, page, message);
        }
        let of = &mut self.pages[page];
        if !of.finished.is_empty() {
            self.feeder.leave_done(&mut ground.agenda, page, of.finished.drain(..));
        }
    }

    fn read_letters<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let mut letters = core::mem::take(&mut self.pages[page].letters);
        for letter in letters.drain(..) {
            match letter {
                Letter::Done { conversation, tickets } => self.done(ground, page, conversation, &tickets),
                Letter::Settle { conversation, effect, answer: Answer { outcome, why } } => {
                    if self.pages[page].streak.heard(&outcome) {
                        self.answered(ground, page);
                    }
                    let ticket = self.pages[page].ticket(Work::Settle { effect, outcome, why }, None);
                    self.give(ground, page, conversation, ticket);
                }
            }
        }
        let of = &mut self.pages[page];
        if of.letters.is_empty() {
            // Its room is used again.
            of.letters = letters;
        }
    }

    fn hear<O>(&mut self, ground: &mut Ground<O>, page: usize, message: PageMsg) {
        match message {
            PageMsg::Letters => {}
            PageMsg::Begin => self.pages[page].begun = true,
            // Meant for the actor before this one; what it did not finish comes again after the beginning.
            PageMsg::Items(_) | PageMsg::Passed { .. } if !self.pages[page].begun => {}
            PageMsg::Items(shares) => shares.into_iter().for_each(|share| self.items(ground, page, share)),
            PageMsg::Reply { conversation, reply, reading } => {
                let ticket = self.pages[page].ticket(Work::Reply(reply), Some(reading));
                self.give(ground, page, conversation, ticket);
            }
            PageMsg::Resolve { conversation, part, resolution, by } => {
                let ticket = self.pages[page].ticket(Work::Resolve { part, resolution, by }, None);
                self.give(ground, page, conversation, ticket);
            }
            PageMsg::Configure(facts) => {
                self.page_decides(ground, page, Command::Configure(facts), None);
                self.pages[page].rests();
                self.refresh(ground, page);
                self.grant(ground, page);
            }
            PageMsg::Wake { conversation } => {
                let ticket = self.pages[page].ticket(Work::Wake, None);
                self.give(ground, page, conversation, ticket);
            }
            PageMsg::Trouble(trouble) => self.trouble(ground, page, trouble),
            PageMsg::Unsure { conversation, ticket } => self.make_sure(ground, page, conversation, ticket),
            PageMsg::Asks { conversation } => {
                self.pages[page].turns.ask(conversation);
                self.grant(ground, page);
            }
            PageMsg::Passed { token } => self.passed(ground, page, token),
            PageMsg::Later(Later::Grant) => {
                self.pages[page].turns.woke();
                self.grant(ground, page);
            }
            PageMsg::Later(Later::Sweep) => {
                self.sweep(ground, page);
                self.sweep_later(ground, page);
            }
            PageMsg::Later(Later::Restart(conversation)) => self.restart_child(ground, page, conversation),
            PageMsg::Own(Ok(_)) => self.own_durable(page),
            PageMsg::Own(Err(_)) => self.page_fails(ground, page),
            PageMsg::Account => self.refresh(ground, page),
        }
    }

    // Turns.

    /// Takes a piece of work back until the feeder has offered whatever is durable now.
    fn make_sure<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize, ticket: u64) {
        let psid = &self.conversations[conversation].psid;
        let Some(mut ticket) = self.pages[page].slots.get_mut(psid).and_then(|slot| slot.done(ticket)) else { return };
        ticket.sure = true;
        self.pump(ground, page, conversation);
        let of = &mut self.pages[page];
        of.next_token += 1;
        let token = of.next_token;
        of.barriers.push_back((token, conversation, ticket));
        self.feeder.mailbox.post(&mut ground.agenda, Actor::Feeder, FeederMsg::Barrier { page, token });
    }

    /// The feeder answers in order, so everything up to this token has passed.
    fn passed<O>(&mut self, ground: &mut Ground<O>, page: usize, token: u64) {
        while self.pages[page].barriers.front().is_some_and(|(first, ..)| *first <= token) {
            if let Some((_, conversation, ticket)) = self.pages[page].barriers.pop_front() {
                self.give(ground, page, conversation, ticket);
            }
        }
    }

    /// Gives tokens to the conversations that ask, in turn.
    fn grant<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        loop {
            match self.pages[page].turns.next(ground.now()) {
                Turn::Of(conversation) => {
                    let ticket = self.pages[page].ticket(Work::Dispatch, None);
                    self.give(ground, page, conversation, ticket);
                }
                Turn::At(at) => return self.later(ground, page, at, Later::Grant),
                Turn::Nobody => return,
            }
        }
    }
}
