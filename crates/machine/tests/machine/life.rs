//! One conversation's life under test: decides, stores, evolves, keeps what is open, and writes a trace.
//!
//! At every step it holds the machine to its laws: what is stored folds to the live state, a snapshot brings it back,
//! every effect comes from an event, and a deadline that was answered is gone.

use std::collections::BTreeMap;

use machine::conversation::{Command, Conversation, Effect, Event, Outcome, Reply, SendOutcome, State};
use machine::{Context, Encoded, Machine};
use model::{ContactId, Inbound, Mid, Span, TaskId, Timestamp};

use crate::kit::{START, conversation};
use crate::traces::describe;

/// A conversation, its journal and what it asked of the world.
pub(crate) struct Life {
    pub(crate) state: State,
    pub(crate) context: Context,
    pub(crate) now: Timestamp,
    /// Everything decided so far.
    pub(crate) events: Vec<Event>,
    /// Effects without an outcome, by the number of their event.
    pub(crate) open: BTreeMap<u64, Effect>,
    /// One line per event, and what the test notes.
    pub(crate) trace: Vec<String>,
    journal: Vec<Encoded>,
    /// Folded from what is stored alone.
    rebuilt: State,
}

impl Life {
    pub(crate) fn new(context: Context) -> Self {
        let fresh = Conversation::fresh(&conversation());
        Self {
            state: fresh.clone(),
            context,
            now: START,
            events: Vec::new(),
            open: BTreeMap::new(),
            trace: Vec::new(),
            journal: Vec::new(),
            rebuilt: fresh,
        }
    }

    /// One command, now.
    pub(crate) fn give(&mut self, command: Command) -> Vec<Event> {
        let decided = Conversation::decide(&self.state, command, &self.context, self.now);
        for event in &decided {
            self.store(event);
        }
        assert_eq!(self.rebuilt, self.state, "what is stored folds to the live state");
        let (version, frozen) = Conversation::freeze(&self.state);
        assert_eq!(Conversation::thaw(version, &frozen).as_ref(), Some(&self.state), "a snapshot brings it back");
        decided
    }

    fn store(&mut self, event: &Event) {
        let before = Conversation::seq(&self.state);
        Conversation::evolve(&mut self.state, event);
        let seq = Conversation::seq(&self.state);
        assert_eq!(seq, before + 1, "numbers are dense");
        let stored = Conversation::encode(event);
        let read =
            Conversation::decode(stored.kind, stored.version, &stored.body).expect("what was stored can be read");
        assert_eq!(&read, event, "an event survives its stored form");
        assert_ne!(machine::kind_name(&conversation(), stored.kind), "unknown");
        Conversation::evolve(&mut self.rebuilt, &read);
        if let Some(effect) = Conversation::settles(event) {
            assert!(self.open.remove(&effect).is_some(), "only what is open is settled");
        }
        let effect = Conversation::effect(event);
        self.trace.push(describe(self.now, seq, event, effect.as_ref()));
        self.open.extend(effect.map(|effect| (seq, effect)));
        self.journal.push(stored);
        self.events.push(event.clone());
    }

    pub(crate) fn note(&mut self, text: &str) {
        let time = crate::traces::clock(self.now);
        self.trace.push(format!("{time} -  - {text}"));
    }

    /// The process ends and starts again: the journal is all that is left; a send under way is unclear.
    pub(crate) fn crash(&mut self) {
        let mut state = Conversation::fresh(&conversation());
        for stored in &self.journal {
            let event = Conversation::decode(stored.kind, stored.version, &stored.body).expect("readable");
            Conversation::evolve(&mut state, &event);
        }
        assert_eq!(state, self.state, "recovery gives the live state");
        self.note(&format!("CRASH open={:?}", self.open.keys().collect::<Vec<_>>()));
        let sends: Vec<u64> =
            self.open.iter().filter(|(_, effect)| matches!(effect, Effect::Send { .. })).map(|(seq, _)| *seq).collect();
        for effect in sends {
            self.answer(effect, send(SendOutcome::InDoubt { why: "restart".to_owned() }));
        }
    }

    pub(crate) fn at(&mut self, after_start: Span) {
        self.now = START + after_start;
    }

    pub(crate) fn receive(&mut self, inbound: Inbound) -> Vec<Event> {
        self.give(Command::Receive(inbound))
    }

    pub(crate) fn reply(&mut self, reply: Reply) -> Vec<Event> {
        self.give(Command::Reply(reply))
    }

    pub(crate) fn answer(&mut self, effect: u64, outcome: Outcome) -> Vec<Event> {
        let decided = self.give(Command::Settle { effect, outcome: outcome.clone() });
        let again = Conversation::decide(&self.state, Command::Settle { effect, outcome }, &self.context, self.now);
        assert!(again.is_empty(), "nothing is settled twice");
        decided
    }

    /// Wakes; nothing that was due may be left, but a part whose turn only the Page can give.
    pub(crate) fn wake(&mut self) -> Vec<Event> {
        let decided = self.give(Command::Wake);
        let left = Conversation::deadline(&self.state);
        let waits_for_its_turn = machine::conversation::wants_dispatch(&self.state, &self.context, self.now);
        assert!(
            waits_for_its_turn || left.is_none_or(|at| self.now < at),
            "a deadline that was answered is gone: {left:?}"
        );
        assert!(Conversation::decide(&self.state, Command::Wake, &self.context, self.now).is_empty());
        decided
    }

    /// Goes to the next deadline and wakes.
    pub(crate) fn sleep(&mut self) -> Vec<Event> {
        self.now = Conversation::deadline(&self.state).expect("it wants to be woken").max(self.now);
        self.wake()
    }

    /// A token for the next part, if the machine wants one.
    pub(crate) fn dispatch(&mut self) -> Vec<Event> {
        if machine::conversation::wants_dispatch(&self.state, &self.context, self.now) {
            self.give(Command::Dispatch)
        } else {
            Vec::new()
        }
    }

    /// The newest open effect that this fits.
    pub(crate) fn find(&self, fits: impl Fn(&Effect) -> bool) -> Option<u64> {
        self.open.iter().rev().find(|(_, effect)| fits(effect)).map(|(seq, _)| *seq)
    }

    /// The newest send without an outcome.
    pub(crate) fn send_open(&self) -> u64 {
        self.find(|effect| matches!(effect, Effect::Send { .. })).expect("a send is under way")
    }

    /// Answers everything that the tracker and the profile were asked, as a healthy world would, until nothing is open
    /// but sends.
    pub(crate) fn settle_tracker(&mut self) {
        while let Some((seq, effect)) = self.open.iter().find(|(_, effect)| !matches!(effect, Effect::Send { .. })) {
            let (seq, outcome) = (*seq, healthy(effect, *seq));
            self.answer(seq, outcome);
        }
    }
}

/// What a world without trouble answers.
pub(crate) fn healthy(effect: &Effect, seq: u64) -> Outcome {
    match effect {
        Effect::AskProfile { .. } => Outcome::Profile { name: Some("Mara Vogt".into()) },
        Effect::OpenTask { .. } => {
            Outcome::TaskOpened { task: TaskId::new(format!("t{seq}")), contact: ContactId::new("k1") }
        }
        Effect::AddComments { task, .. } => Outcome::CommentsAdded { task: task.clone() },
        Effect::NameContact { .. } => Outcome::ContactNamed,
        Effect::TakeControl { .. } => Outcome::ControlTaken,
        Effect::ReadThread { .. } => Outcome::ThreadRead { mids: Vec::new() },
        Effect::Send { .. } => sent(&format!("m_out{seq}")),
    }
}

pub(crate) fn send(send: SendOutcome) -> Outcome {
    Outcome::Send { send }
}

pub(crate) fn sent(mid: &str) -> Outcome {
    send(SendOutcome::Sent { mid: Mid::new(mid) })
}
