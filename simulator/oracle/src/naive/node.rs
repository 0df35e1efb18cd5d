//! The naive node itself: what happens to it, what it does, and what it does wrong on purpose.
//!
//! Decides by sorting and searching what it has; shares nothing with the reference.

use std::collections::{BTreeMap, BTreeSet};

use model::{ItemKey, Mid, TaskId, Timestamp};

use crate::history::{
    Author, Bubble, Digest, History, Item, Journaled, Life, Line, Meta, SendAnswer, Shown, Standing, Taken, Told,
    Tracker, TrackerAnswer, Webhook, What, Who,
};
use crate::testing::{BEGIN, Play, talk, word};

const DAY: i64 = 86_400_000;
/// Who lives in the world.
pub(super) const CUSTOMERS: [&str; 2] = ["5001", "5002"];

/// What happens in the world.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The customer does something; so many milliseconds late.
    Deed { customer: usize, sort: u8, late: i64 },
    /// The newest delivery comes again.
    Again,
    /// A delivery under a wrong signature.
    Forged { customer: usize },
    /// Somebody answers.
    Answer { customer: usize, person: bool, echo_first: bool },
    /// The task is closed.
    Close { customer: usize },
    /// The node is killed and starts again.
    Crash,
    /// Time passes.
    Wait { millis: i64 },
}

/// What the node does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Defect {
    None,
    TakesTwice,
    TakesForged,
    LosesAtCrash,
    IgnoresWindow,
    TagsBots,
    TagsAlways,
    EchoOpens,
    OldMessageMovesBack,
    KeepsArrivalOrder,
    NeverMarksLate,
    SendsTwice,
    CallsUnknownSent,
    ReceiptsGoBack,
    OpensSecondTask,
    SendsInSilence,
}

/// What the node knows of a conversation.
#[derive(Clone, Default)]
struct Known {
    items: Vec<Item>,
    task: Option<String>,
    is_closed: bool,
    parts: u32,
    ours: BTreeMap<Mid, u32>,
    closed_at: Option<i64>,
}

/// The node and what is told of it.
pub(super) struct Naive {
    play: Play,
    defect: Defect,
    known: BTreeMap<&'static str, Known>,
    seen: BTreeSet<ItemKey>,
    newest: Vec<Item>,
    number: u8,
    tasks: u32,
    now: i64,
}

impl Naive {
    /// Everything that happens, until a week after it.
    pub(super) fn run(steps: &[Step], defect: Defect) -> History {
        let mut node = Self {
            play: Play::new(),
            defect,
            known: CUSTOMERS.iter().map(|customer| (*customer, Known::default())).collect(),
            seen: BTreeSet::new(),
            newest: Vec::new(),
            number: 0,
            tasks: 0,
            now: 10 * DAY,
        };
        node.play.to(node.now);
        steps.iter().for_each(|step| node.step(step));
        node.show();
        node.pass(8 * DAY);
        node.play.life(Life::AtRest);
        node.play.history
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Deed { customer, sort, late } => {
                let item = self.deed(CUSTOMERS[*customer], *sort, *late);
                self.deliver(vec![item]);
            }
            Step::Again => self.deliver(self.newest.clone()),
            Step::Forged { customer } => self.forged(CUSTOMERS[*customer]),
            Step::Answer { customer, person, echo_first } => self.answer(CUSTOMERS[*customer], *person, *echo_first),
            Step::Close { customer } => self.close(CUSTOMERS[*customer]),
            Step::Crash => {
                if self.defect == Defect::LosesAtCrash && self.number < 250 {
                    let item = self.deed(CUSTOMERS[0], 0, 0);
                    self.play.deliver(&[item]);
                }
                self.play.life(Life::Crashed);
                self.play.life(Life::Started);
            }
            Step::Wait { millis } => self.pass(*millis),
        }
    }

    /// Something that a customer does, or another app towards them.
    fn deed(&mut self, customer: &'static str, sort: u8, late: i64) -> Item {
        self.number = self.number.saturating_add(1);
        let number = self.number;
        self.play.to(self.now - late);
        let mid = self.known[customer]
            .items
            .iter()
            .rev()
            .find_map(|item| if let Told::Message { mid, .. } = &item.told { Some(mid.clone()) } else { None });
        let mid = mid.unwrap_or_else(|| Mid::new("unknown"));
        let (text, at) = (Digest::of(&[number]), self.play.now());
        let item = match sort {
            0..=3 => self.play.message(number, customer),
            4 => self.play.item(number, customer, Told::Pressed { mid: None, by_ad: false }),
            5 => self.play.echo(number, customer, &format!("foreign{number}")),
            6 => self.play.item(number, customer, Told::Delivered { watermark: at, mids: Vec::new() }),
            7 => self.play.item(number, customer, Told::Read { watermark: at }),
            8 => self.play.item(number, customer, Told::Edited { mid, nth: u32::from(number), text }),
            9 => self.play.item(number, customer, Told::Unsent { mid }),
            _ => self.play.item(
                number,
                customer,
                Told::Reacted { mid, added: !number.is_multiple_of(3), by_page: false, sign: text },
            ),
        };
        self.play.to(self.now);
        item
    }

    fn deliver(&mut self, items: Vec<Item>) {
        self.play.deliver(&items);
        for item in &items {
            self.receive(item);
        }
        self.newest = items;
    }

    fn forged(&mut self, customer: &'static str) {
        let item = self.deed(customer, 0, 0);
        let (number, items) = (1_000 + u64::from(self.number), vec![item.clone()]);
        self.play.note(What::Webhook(Webhook::Offered { number, signed: false, items }));
        self.play.answer(number, 401);
        if self.defect == Defect::TakesForged {
            self.receive(&item);
        }
    }

    fn receive(&mut self, item: &Item) {
        if !self.seen.insert(item.key) && self.defect != Defect::TakesTwice {
            return;
        }
        let customer = CUSTOMERS.into_iter().find(|customer| item.machine() == Some(talk(customer)));
        let customer = customer.expect("every item is of one of them");
        self.play.received(item);
        let late = self.known[customer].items.iter().any(|known| known.told.is_written() && known.at > item.at);
        self.of(customer).items.push(item.clone());
        if let Told::Echo { mid, .. } = &item.told
            && !self.known[customer].ours.contains_key(mid)
            && self.defect != Defect::SendsInSilence
        {
            self.play.record(&talk(customer), Journaled::SentOutside { mid: mid.clone() });
        }
        if item.told.is_written() {
            let late = late && self.defect != Defect::NeverMarksLate;
            self.ask_tracker(customer, item, late);
        }
    }

    fn of(&mut self, customer: &str) -> &mut Known {
        self.known.get_mut(customer).expect("all customers are known from the start")
    }

    fn ask_tracker(&mut self, customer: &'static str, item: &Item, late: bool) {
        let known = self.known[customer].clone();
        let (machine, lines) = (talk(customer), vec![Line { late, ..Play::line(item) }]);
        if let Some(task) = known.task.filter(|_| self.defect != Defect::OpensSecondTask) {
            let answer = match known.is_closed {
                true => TrackerAnswer::Inactive,
                false => TrackerAnswer::Added { task: TaskId::new(&task) },
            };
            let says = Journaled::LinesAsked { task: TaskId::new(&task), lines: lines.clone() };
            let effect = self.play.record(&machine, says);
            self.play.called(&effect, Some(&task), &[item], &answer);
            self.play.record(&machine, Journaled::TrackerAnswered { asked: effect.seq, answer });
            if !known.is_closed {
                return;
            }
        }
        self.tasks += 1;
        let task = self.tasks.to_string();
        let answer = TrackerAnswer::Opened { task: TaskId::new(&task) };
        let effect = self.play.record(&machine, Journaled::TaskAsked { lines });
        self.play.called(&effect, None, &[item], &answer);
        self.play.record(&machine, Journaled::TrackerAnswered { asked: effect.seq, answer });
        self.play.record(&machine, Journaled::TaskBound { task: TaskId::new(&task) });
        let known = self.of(customer);
        (known.task, known.is_closed) = (Some(task), false);
    }

    fn close(&mut self, customer: &'static str) {
        let known = self.of(customer);
        let Some(task) = known.task.clone() else { return };
        known.is_closed = true;
        self.play.note(What::Tracker(Tracker::TaskTurned { task: TaskId::new(task), into: Standing::Inactive }));
    }

    /// The customer's newest opening action, and message.
    fn openers(&self, customer: &str) -> (Option<i64>, Option<i64>) {
        let mut items: Vec<&Item> = self.known[customer].items.iter().collect();
        if self.defect == Defect::OldMessageMovesBack {
            items = items.into_iter().rev().filter(|item| matches!(item.told, Told::Message { .. })).take(1).collect();
        }
        let newest =
            |counts: &dyn Fn(&Told) -> bool| items.iter().filter(|item| counts(&item.told)).map(|item| item.at.0).max();
        let wrote = newest(&|told| matches!(told, Told::Message { .. }));
        let echo_opens = self.defect == Defect::EchoOpens;
        let acted = newest(&|told| {
            matches!(told, Told::Message { .. } | Told::Pressed { .. } | Told::Reacted { added: true, .. })
                || (echo_opens && matches!(told, Told::Echo { .. }))
        });
        (acted, wrote)
    }

    fn form(&self, customer: &str, person: bool) -> Result<(&'static str, Option<&'static str>), &'static str> {
        let now = self.play.now().0;
        let (acted, wrote) = self.openers(customer);
        let Some(acted) = acted else { return Err("never-wrote") };
        let tag = Ok(("MESSAGE_TAG", Some("HUMAN_AGENT")));
        if self.defect == Defect::TagsAlways && person {
            return tag;
        }
        if now < acted + DAY - 60_000 || self.defect == Defect::IgnoresWindow {
            return Ok(("RESPONSE", None));
        }
        let in_week = wrote.is_some_and(|wrote| now < wrote + 7 * DAY - 300_000);
        if in_week && (person || self.defect == Defect::TagsBots) { tag } else { Err("window-closed") }
    }

    fn answer(&mut self, customer: &'static str, person: bool, echo_first: bool) {
        let known = self.of(customer);
        known.parts += 1;
        let part = known.parts;
        let author = if person { Author::Person } else { Author::Automation };
        self.play.asks_as(customer, &format!("{customer}-{part}"), 1, author);
        let (messaging_type, tag) = match self.form(customer, person) {
            Ok(form) => form,
            Err(reason) => {
                self.play.record(&talk(customer), Journaled::PartRefused { part, reason: word(reason) });
                return;
            }
        };
        let start = self.play.starts_as(customer, part, 1, messaging_type, tag);
        let mid = format!("x{customer}-{part}");
        if self.defect == Defect::CallsUnknownSent {
            self.play.comes(&start, Taken::Broken);
            self.play.record(&talk(customer), Journaled::PartSent { part, mid: Some(Mid::new(&mid)) });
            return;
        }
        self.of(customer).ours.insert(Mid::new(&mid), part);
        if echo_first {
            self.play.comes(&start, Taken::Yes { mid: Mid::new(&mid) });
            self.play.note(What::Meta(Meta::SendAnswered { mark: start.to_string(), lost: true }));
            self.number = self.number.saturating_add(1);
            let echo = self.play.echo(self.number, customer, &mid);
            self.deliver(vec![echo]);
            self.play.record(&talk(customer), Journaled::PartSent { part, mid: Some(Mid::new(&mid)) });
            let answer = SendAnswer::InDoubt;
            self.play.record(&talk(customer), Journaled::SendAnswered { started: start.seq, answer });
        } else {
            self.play.taken(&start, part, &mid);
        }
        if self.defect == Defect::SendsTwice {
            self.play.comes(&start, Taken::Yes { mid: Mid::new(format!("{mid}-again")) });
        }
    }

    /// Time passes, and windows close.
    fn pass(&mut self, millis: i64) {
        let until = self.now + millis;
        let ends = CUSTOMERS.iter().filter_map(|customer| Some((self.openers(customer).0? + DAY - BEGIN, *customer)));
        let mut ends: Vec<(i64, &str)> = ends.collect();
        ends.sort_unstable();
        for (end, customer) in ends {
            let noted = self.known[customer].closed_at;
            if end <= until && noted.is_none_or(|noted| noted < end) {
                self.of(customer).closed_at = Some(end);
                self.play.to(end.max(self.now));
                let ended_at = Timestamp(BEGIN + end);
                self.play.record(&talk(customer), Journaled::WindowClosed { ended_at });
            }
        }
        self.now = until;
        self.play.to(until);
    }

    fn show(&mut self) {
        for customer in CUSTOMERS {
            let known = self.known[customer].clone();
            let is_shown = |item: &&Item| {
                if let Told::Echo { mid, .. } = &item.told {
                    return !known.ours.contains_key(mid) && self.defect != Defect::SendsInSilence;
                }
                item.told.is_written()
            };
            let mut items: Vec<&Item> = known.items.iter().filter(is_shown).collect();
            if self.defect != Defect::KeepsArrivalOrder {
                items.sort_by_key(|item| (item.at, item.key));
            }
            let bubbles = items.into_iter().map(|item| marked(item, &known.items)).collect();
            let watermark = |of: fn(&Told) -> Option<Timestamp>| {
                let mut all = known.items.iter().filter_map(|item| of(&item.told));
                if self.defect == Defect::ReceiptsGoBack { all.next_back() } else { all.max() }
            };
            let shown = Shown {
                machine: talk(customer),
                window_ends_at: self.openers(customer).0.map(|at| Timestamp(at + DAY)),
                delivered: watermark(|told| {
                    if let Told::Delivered { watermark, .. } = told { Some(*watermark) } else { None }
                }),
                read: watermark(|told| if let Told::Read { watermark } = told { Some(*watermark) } else { None }),
                ours: true,
                bubbles,
            };
            self.play.note(What::Screen(crate::history::Screen::Conversation(Box::new(shown))));
        }
    }
}

/// The bubble of an item with everything that stands on it.
fn marked(item: &Item, items: &[Item]) -> Bubble {
    let mut bubble = Play::bubble(item);
    let Some(mid) = bubble.mid.clone() else { return bubble };
    let mut newest: Option<(Timestamp, ItemKey, Option<Digest>)> = None;
    let mut edit: Option<(u32, Digest)> = None;
    for item in items {
        if let Told::Reacted { mid: on, added, sign, .. } = &item.told
            && *on == mid
        {
            let this = (item.at, item.key, added.then_some(*sign));
            if newest.is_none_or(|known| (known.0, known.1) < (this.0, this.1)) {
                newest = Some(this);
            }
        }
        if let Told::Edited { mid: on, nth, text } = &item.told
            && *on == mid
        {
            edit = edit.max(Some((*nth, *text)));
        }
        bubble.unsent |= matches!(&item.told, Told::Unsent { mid: on } if *on == mid);
    }
    if let Some((_, _, Some(sign))) = newest {
        bubble.reactions.push(crate::history::Sign { by_page: false, sign });
    }
    if let Some((_, text)) = edit {
        (bubble.edited, bubble.text) = (true, text);
    }
    debug_assert!(matches!(bubble.who, Who::Customer | Who::Outside), "ours are not shown here");
    bubble
}
