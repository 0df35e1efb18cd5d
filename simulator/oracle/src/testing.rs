//! Small histories for tests, told step by step: one Page, customers, an agent.
//!
//! Nothing here judges. Times are milliseconds after [`BEGIN`], which is 2026-06-01T00:00:00Z.

use std::collections::BTreeMap;

use model::{AppId, CommentId, EffectId, Incarnation, ItemKey, MachineId, Mid, PageId, Psid, TaskId, Timestamp};

use crate::history::{
    Author, Bubble, Digest, History, Item, Journaled, Life, Line, Meta, Record, Screen, SendAnswer, Setup, Shown,
    Taken, Told, Tracker, TrackerAnswer, Webhook, What, Who, Word,
};
use crate::violation::Violation;

/// 2026-06-01T00:00:00Z
pub(crate) const BEGIN: i64 = 1_780_272_000_000;

/// A history that is being told.
pub(crate) struct Play {
    /// What was told.
    pub(crate) history: History,
    now: i64,
    posts: u64,
    seqs: BTreeMap<MachineId, u64>,
}

/// The conversation of a customer.
pub(crate) fn talk(customer: &str) -> MachineId {
    MachineId::Conversation(PageId::new("1029"), Psid::new(customer))
}

/// The Page.
pub(crate) fn page() -> MachineId {
    MachineId::Page(PageId::new("1029"))
}

/// A word.
pub(crate) const fn word(text: &'static str) -> Word {
    Word::Borrowed(text)
}

/// The digest of a text.
pub(crate) fn text(text: &str) -> Digest {
    Digest::of_line(text)
}

/// The numbers of the promises that are broken.
pub(crate) fn numbers(violations: &[Violation]) -> Vec<u8> {
    violations.iter().map(|violation| violation.promise).collect()
}

impl Play {
    /// At the beginning.
    pub(crate) fn new() -> Self {
        let mut setup = Setup::new(Timestamp(BEGIN));
        setup.app = Some(AppId::new("990"));
        setup.pages.insert(PageId::new("1029"), true);
        setup.human_agent = true;
        let mut play = Self { history: History::new(setup), now: BEGIN, posts: 0, seqs: BTreeMap::new() };
        play.note(What::Life(Life::Started));
        play
    }

    /// Goes to so many milliseconds after the beginning.
    pub(crate) fn to(&mut self, millis: i64) -> &mut Self {
        self.now = BEGIN + millis;
        self
    }

    /// Now.
    pub(crate) const fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    /// Something is observed.
    pub(crate) fn note(&mut self, what: What) -> u64 {
        self.history.note(Timestamp(self.now), what)
    }

    /// Something befalls the node.
    pub(crate) fn life(&mut self, life: Life) -> u64 {
        self.note(What::Life(life))
    }

    /// The world is at rest.
    pub(crate) fn rest(&mut self) -> &History {
        self.life(Life::AtRest);
        &self.history
    }

    /// An item of this customer, now. Its key is the number; two items with one number are one.
    pub(crate) fn item(&self, number: u8, customer: &str, told: Told) -> Item {
        Item {
            key: ItemKey([number; 16]),
            deed: None,
            page: Some(PageId::new("1029")),
            customer: Some(Psid::new(customer)),
            at: self.now(),
            kind: word("message"),
            standby: false,
            told,
        }
    }

    /// A message, now.
    pub(crate) fn message(&self, number: u8, customer: &str) -> Item {
        let (mid, text) = (Mid::new(format!("m{number}")), text(&format!("text {number}")));
        self.item(number, customer, Told::Message { mid, text, by_ad: false })
    }

    /// An echo, now.
    pub(crate) fn echo(&self, number: u8, customer: &str, mid: &str) -> Item {
        let (mid, mark, text) = (Mid::new(mid), None, text("echo"));
        Item { kind: word("echo"), ..self.item(number, customer, Told::Echo { mid, mark, text }) }
    }

    /// Meta posts these items under a good signature; the number of the POST.
    pub(crate) fn offer(&mut self, items: &[Item]) -> u64 {
        self.posts += 1;
        let number = self.posts;
        self.note(What::Webhook(Webhook::Offered { number, signed: true, items: items.to_vec() }));
        number
    }

    /// The node answers a POST.
    pub(crate) fn answer(&mut self, number: u64, status: u16) -> u64 {
        self.note(What::Webhook(Webhook::Answered { number, status }))
    }

    /// Meta posts these items, and the node takes them.
    pub(crate) fn deliver(&mut self, items: &[Item]) -> u64 {
        let number = self.offer(items);
        self.answer(number, 200)
    }

    /// The next record of a machine.
    pub(crate) fn record(&mut self, machine: &MachineId, says: Journaled) -> EffectId {
        let seq = self.seqs.entry(machine.clone()).or_default();
        *seq += 1;
        let id = EffectId { incarnation: Incarnation(1), machine: machine.clone(), seq: *seq };
        let decided_at = self.now();
        self.note(What::Journal(Record { id: id.clone(), decided_at, says }));
        id
    }

    /// Meta delivers an item and its machine receives it.
    pub(crate) fn receive(&mut self, item: &Item) {
        self.deliver(core::slice::from_ref(item));
        self.received(item);
    }

    /// The item's machine receives it.
    pub(crate) fn received(&mut self, item: &Item) {
        let machine = item.machine().expect("a test's item names its Page");
        self.record(&machine, Journaled::Received { key: item.key });
    }

    /// A customer writes and the node receives it.
    pub(crate) fn writes(&mut self, number: u8, customer: &str) -> Item {
        let item = self.message(number, customer);
        self.receive(&item);
        item
    }

    /// A person writes a comment for the customer, and it is asked for in so many parts.
    pub(crate) fn asks(&mut self, customer: &str, comment: &str, parts: u32) {
        self.asks_as(customer, comment, parts, Author::Person);
    }

    /// The same of this author.
    pub(crate) fn asks_as(&mut self, customer: &str, comment: &str, parts: u32, author: Author) {
        let comment = CommentId::new(comment);
        let (task, for_customer) = (TaskId::new("1"), true);
        self.note(What::Tracker(Tracker::Commented { comment: comment.clone(), task, for_customer, author }));
        self.record(&talk(customer), Journaled::AnswerAsked { comment, parts, author, tag: None });
    }

    /// A part starts as an ordinary answer.
    pub(crate) fn starts(&mut self, customer: &str, part: u32, attempt: u32) -> EffectId {
        self.starts_as(customer, part, attempt, "RESPONSE", None)
    }

    /// A part starts in this form.
    pub(crate) fn starts_as(
        &mut self,
        customer: &str,
        part: u32,
        attempt: u32,
        messaging_type: &'static str,
        tag: Option<&'static str>,
    ) -> EffectId {
        let says = Journaled::PartStarted {
            part,
            attempt,
            rule: word("a-rule"),
            messaging_type: word(messaging_type),
            tag: tag.map(word),
            content: text(&format!("part {part}")),
        };
        self.record(&talk(customer), says)
    }

    /// A started send comes to Meta as it was journaled.
    pub(crate) fn comes(&mut self, start: &EffectId, taken: Taken) -> u64 {
        let started = self.history.observed().iter().rev().find_map(|observed| {
            let What::Journal(record) = &observed.what else { return None };
            (record.id == *start).then(|| record.says.clone())
        });
        let Some(Journaled::PartStarted { messaging_type, tag, content, .. }) = started else {
            panic!("a test sends what it started")
        };
        let MachineId::Conversation(page, customer) = start.machine.clone() else { panic!("of a conversation") };
        let mark = start.to_string();
        self.note(What::Meta(Meta::SendCame { mark, page, customer, messaging_type, tag, content, taken }))
    }

    /// Meta takes a started send and its answer arrives.
    pub(crate) fn taken(&mut self, start: &EffectId, part: u32, mid: &str) {
        let mid = Mid::new(mid);
        self.comes(start, Taken::Yes { mid: mid.clone() });
        self.note(What::Meta(Meta::SendAnswered { mark: start.to_string(), lost: false }));
        let answer = SendAnswer::Sent { mid: mid.clone() };
        self.record(&start.machine.clone(), Journaled::SendAnswered { started: start.seq, answer });
        self.record(&start.machine.clone(), Journaled::PartSent { part, mid: Some(mid) });
    }

    /// An answer in one part that Meta takes.
    pub(crate) fn answered(&mut self, customer: &str, comment: &str, part: u32, mid: &str) -> EffectId {
        self.asks(customer, comment, 1);
        let start = self.starts(customer, part, 1);
        self.taken(&start, part, mid);
        start
    }

    /// The line of an item.
    pub(crate) fn line(item: &Item) -> Line {
        let text = if let Told::Message { text, .. } = &item.told { *text } else { text("") };
        Line { key: item.key, text, late: false }
    }

    /// The node asks the tracker for a task with these items, and it is opened.
    pub(crate) fn opens(&mut self, customer: &str, items: &[&Item], task: &str) -> EffectId {
        let lines: Vec<Line> = items.iter().map(|item| Self::line(item)).collect();
        let effect = self.record(&talk(customer), Journaled::TaskAsked { lines });
        let answer = TrackerAnswer::Opened { task: TaskId::new(task) };
        self.called(&effect, None, items, &answer);
        self.record(&talk(customer), Journaled::TrackerAnswered { asked: effect.seq, answer });
        self.record(&talk(customer), Journaled::TaskBound { task: TaskId::new(task) });
        effect
    }

    /// The node adds these items to a task, and the tracker answers so.
    pub(crate) fn adds(&mut self, customer: &str, items: &[&Item], task: &str, answer: &TrackerAnswer) -> EffectId {
        let lines: Vec<Line> = items.iter().map(|item| Self::line(item)).collect();
        let effect = self.record(&talk(customer), Journaled::LinesAsked { task: TaskId::new(task), lines });
        self.called(&effect, Some(task), items, answer);
        self.record(&talk(customer), Journaled::TrackerAnswered { asked: effect.seq, answer: answer.clone() });
        effect
    }

    /// The tracker is called.
    pub(crate) fn called(&mut self, effect: &EffectId, task: Option<&str>, items: &[&Item], answer: &TrackerAnswer) {
        let lines = items.iter().map(|item| Self::line(item).text).collect();
        let (effect, task, answer) = (effect.clone(), task.map(TaskId::new), answer.clone());
        self.note(What::Tracker(Tracker::Called { effect, task, lines, answer }));
    }

    /// A conversation is shown with these bubbles.
    pub(crate) fn shows(&mut self, customer: &str, window_ends_at: Option<i64>, bubbles: Vec<Bubble>) -> u64 {
        let shown = Shown {
            machine: talk(customer),
            window_ends_at: window_ends_at.map(|millis| Timestamp(BEGIN + millis)),
            delivered: None,
            read: None,
            ours: true,
            bubbles,
        };
        self.note(What::Screen(Screen::Conversation(Box::new(shown))))
    }

    /// The bubble of a message.
    pub(crate) fn bubble(item: &Item) -> Bubble {
        let known = if let Told::Message { mid, text, .. } | Told::Echo { mid, text, .. } = &item.told {
            Some((mid.clone(), *text))
        } else {
            None
        };
        let (mid, text) = known.map_or((None, text("")), |(mid, text)| (Some(mid), text));
        let who = if matches!(item.told, Told::Echo { .. }) { Who::Outside } else { Who::Customer };
        let (at, key, reactions) = (item.at, Some(item.key), Vec::new());
        Bubble { who, at, key, mid, text, reactions, edited: false, unsent: false }
    }
}
