//! Laws over the lives of a conversation: a customer, agents, Meta, a tracker and crashes do what they may, and after every
//! step the promises hold. A small world stands behind the machine and knows what really happened; who does what is drawn
//! in `menu`.

use std::collections::{BTreeMap, BTreeSet};

use machine::conversation::transcript::{Transcript, Who};
use machine::conversation::{
    Binding, Command, Conversation, Effect, Event, Line, Origin, Outcome, Resolution, SendOutcome, window,
};
use machine::outbound::{Content, PartId, PartState};
use machine::{Context, Machine};
use model::{HandoverAct, Inbound, ItemKey, Kind, Mid, Span, TaskId, Timestamp};
use policy::{Author, UpdateTag, Verdict};

use crate::kit::{
    OUR_APP, context, delivered, echo, edit, handover, message, metadata, postback, reaction, read, referral, reply,
    unsend,
};
use crate::life::{Life, healthy, send};
use crate::menu::conversation::Step;

/// A call of ours as Meta saw it.
#[derive(Clone, Debug)]
struct Call {
    part: PartId,
    /// When it began.
    at: Timestamp,
    /// Whether Meta took it; `None` while that is open.
    took: Option<bool>,
    echoed: bool,
}

/// The machine under test and the world that knows better.
pub(crate) struct World {
    pub(crate) life: Life,
    calls: BTreeMap<u64, Call>,
    pub(crate) items: Vec<Inbound>,
    /// Comments that became answers.
    pub(crate) comments: Vec<String>,
    /// Lines that the tracker has, by key.
    filed: BTreeSet<ItemKey>,
    foreign: BTreeSet<Mid>,
    /// How often a person asked for a part again.
    retries: BTreeMap<PartId, u32>,
    closed: BTreeSet<Timestamp>,
    /// The kinds of commands that decided something.
    pub(crate) accepted: BTreeSet<&'static str>,
    count: u32,
}

impl World {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            life: Life::new(context),
            calls: BTreeMap::new(),
            items: Vec::new(),
            comments: Vec::new(),
            filed: BTreeSet::new(),
            foreign: BTreeSet::new(),
            retries: BTreeMap::new(),
            closed: BTreeSet::new(),
            accepted: BTreeSet::new(),
            count: 0,
        }
    }

    fn fresh(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// One step, with what must follow from it at once.
    pub(crate) fn take(&mut self, step: &Step) {
        match step {
            Step::Write { late } => {
                let (number, at) = (self.fresh(), self.life.now - Span(i64::from(*late) - 100_000).max(Span(0)));
                self.deliver(message(&format!("m_{number}"), at, &format!("text {number}")));
            }
            Step::Press => {
                let (number, at) = (self.fresh(), self.life.now);
                self.deliver(postback(&format!("p_{number}"), at, "Hours"));
            }
            Step::Deed { what, pick } => self.deed(*what, *pick),
            Step::Receipt { read: seen, back } => {
                let watermark = self.life.now - Span(i64::from(*back));
                let item = if *seen { read(watermark) } else { delivered(watermark) };
                if !self.life.state.has_seen(item.key) {
                    self.deliver(item);
                }
            }
            Step::ForeignEcho { app } => self.foreign_echo(*app),
            Step::OwnEcho { pick } => self.own_echo(*pick),
            Step::Again { pick } => {
                let item = self.items[usize::from(*pick) % self.items.len()].clone();
                assert!(self.life.receive(item).is_empty(), "P3: a known item decides nothing");
            }
            Step::Reply { automation, tagged, parts, long } => self.reply(*automation, *tagged, *parts, *long),
            Step::ReplyAgain { pick } => {
                let comment = &self.comments[usize::from(*pick) % self.comments.len()];
                let again = reply(comment, Author::Agent, &["once more"], self.life.now);
                assert!(self.life.reply(again).is_empty(), "a known comment decides nothing");
            }
            Step::Dispatch => self.dispatch(),
            Step::Answer { pick, how } => {
                let pick = usize::from(*pick) % self.life.open.len().max(1);
                if let Some(effect) = self.life.open.keys().nth(pick).copied() {
                    self.answer(effect, *how);
                }
            }
            Step::Resolve { pick, resolution } => self.resolve(*pick, *resolution),
            Step::Token { there } => self.life.context.page.token = *there,
            Step::Restriction { there } => self.life.context.page.restricted = *there,
            Step::Setting { new_task, profiles } => {
                self.life.context.account.new_task_if_none_active = *new_task;
                self.life.context.account.profiles = *profiles;
                self.life.context.account.take_control = new_task != profiles;
            }
            Step::Wait { ms } => {
                self.life.now = self.life.now + Span(i64::from(*ms));
                self.wake();
            }
            Step::Sleep => {
                if let Some(at) = Conversation::deadline(&self.life.state) {
                    self.life.now = self.life.now.max(at);
                    self.wake();
                }
            }
            Step::Crash { took } => {
                for call in self.calls.values_mut().filter(|call| call.took.is_none()) {
                    call.took = Some(*took);
                }
                self.life.crash();
            }
        }
    }

    fn deliver(&mut self, item: Inbound) {
        self.items.push(item.clone());
        let decided = self.life.receive(item);
        assert!(matches!(decided.first(), Some(Event::Received { .. })), "the first event is the fact");
        self.accepted.insert("receive");
    }

    /// What somebody does without writing. It never opens a task and only some of it moves the window.
    fn deed(&mut self, what: u8, pick: u16) {
        let (number, at) = (self.fresh(), self.life.now);
        let (name, mid) = (format!("d_{number}"), format!("m_{}", u32::from(pick) % number));
        let item = match what % 9 {
            0..=2 => reaction(&name, at, &mid, what % 9 != 1, what % 9 == 2),
            3 => edit(&name, at, &mid, number % 5, "changed"),
            4 => unsend(at, &mid),
            5 => referral(&name, at, if pick.is_multiple_of(2) { "SHORTLINK" } else { "ADS" }),
            6 => handover(&name, at, HandoverAct::Requested, Some("99"), None),
            _ => handover(
                &name,
                at,
                HandoverAct::Passed,
                Some(if pick.is_multiple_of(3) { "99" } else { OUR_APP }),
                None,
            ),
        };
        if self.life.state.has_seen(item.key) {
            return;
        }
        let before = (window(&self.life.state), self.life.open.len());
        let moves = moves_the_window(&item);
        let key = item.key;
        self.deliver(item);
        assert!(moves || window(&self.life.state) == before.0, "P13: only what Meta lists moves the window");
        let opened = self.life.open.values().any(|effect| match effect {
            Effect::OpenTask { lines, .. } => lines.iter().any(|line| line.key == key),
            Effect::AskProfile { .. }
            | Effect::AddComments { .. }
            | Effect::NameContact { .. }
            | Effect::ReadThread { .. }
            | Effect::TakeControl { .. }
            | Effect::Send { .. } => false,
        });
        assert!(!opened, "what nobody wrote opens no task");
    }

    fn foreign_echo(&mut self, app: u8) {
        let mid = format!("e_{}", self.fresh());
        let (app, mark) = match app {
            0 => (None, None),
            1 => (Some("99"), None),
            _ => (Some(OUR_APP), Some("of-another-installation".to_owned())),
        };
        let before = window(&self.life.state);
        self.foreign.insert(Mid::new(&mid));
        self.deliver(echo(&mid, self.life.now, app, mark, "sent outside"));
        assert_eq!(window(&self.life.state), before, "P9: a foreign echo never moves the window");
    }

    /// Meta took one of our calls and says so by its echo, before or after the answer.
    fn own_echo(&mut self, pick: u8) {
        let open: Vec<u64> = self
            .calls
            .iter()
            .filter(|(_, call)| call.took != Some(false) && !call.echoed)
            .map(|(seq, _)| *seq)
            .collect();
        let Some(effect) = open.get(usize::from(pick) % open.len().max(1)).copied() else { return };
        let call = self.calls.get_mut(&effect).expect("just listed");
        (call.took, call.echoed) = (Some(true), true);
        let part = call.part;
        self.deliver(echo(&mid_of(effect), self.life.now, Some(OUR_APP), Some(metadata(effect)), "ours"));
        let state = &self.life.state.queue().part(part).expect("known").state;
        assert!(matches!(state, PartState::Sent { .. }), "an echo with our mark proves the part sent");
    }

    fn reply(&mut self, automation: bool, tagged: bool, parts: u8, long: bool) {
        let author = if automation { Author::Automation } else { Author::Agent };
        let comment = format!("k{}", self.fresh());
        let text = if long { "word ".repeat(900) } else { "an answer".to_owned() };
        let texts = vec![text.as_str(); usize::from(parts)];
        let mut asked = reply(&comment, author, &texts, self.life.now);
        asked.tag = tagged.then_some(UpdateTag::AccountUpdate);
        assert!(!self.life.reply(asked).is_empty());
        self.comments.push(comment);
        self.accepted.insert("reply");
    }

    fn dispatch(&mut self) {
        let decided = self.life.dispatch();
        for event in &decided {
            if let Event::SendStarted { part, verdict, at, .. } = event {
                assert!(policy::confirm(verdict, *at).is_ok(), "P14: asked at this very instant");
                self.judge(*part, verdict);
                let before: Vec<&Call> = self.calls.values().filter(|call| call.part == *part).collect();
                let unexcused = before.iter().filter(|call| call.took == Some(true)).count();
                let retries = self.retries.get(part).copied().unwrap_or(0);
                assert!(unexcused <= retries as usize, "P17: sent again though Meta has it and nobody said so");
                let effect = self.life.send_open();
                self.calls.insert(effect, Call { part: *part, at: self.life.now, took: None, echoed: false });
            }
        }
        if !decided.is_empty() {
            self.accepted.insert("dispatch");
        }
    }

    /// The window in plain arithmetic.
    fn judge(&self, part: PartId, verdict: &Verdict) {
        let customer = |item: &&Inbound| moves_the_window(item);
        let message = |item: &&Inbound| matches!(item.kind, Kind::Message(_));
        let newest = self.items.iter().filter(customer).map(|item| item.at.0).max().expect("the customer acted");
        let written = self.items.iter().filter(message).map(|item| item.at.0).max();
        let Verdict::Permit { messaging_type, .. } = verdict else { panic!("only a permit starts a send") };
        let author = self.life.state.queue().part(part).expect("known").author;
        let now = self.life.now.0;
        match messaging_type.wire() {
            ("RESPONSE", None) => {
                let open_by_ad = self.after_ad().is_some_and(|at| now < at + 604_800_000);
                assert!(now < newest + 86_400_000 || open_by_ad);
            }
            ("MESSAGE_TAG", Some("HUMAN_AGENT")) => {
                assert!(now >= newest + 86_400_000 && author == Author::Agent);
                assert!(written.is_some_and(|at| now < at + 604_800_000));
            }
            other => panic!("not in force any more: {other:?}"),
        }
    }

    /// The first message after the newest click on an ad that one followed.
    fn after_ad(&self) -> Option<i64> {
        let wrote = self.items.iter().filter(|item| matches!(item.kind, Kind::Message(_))).map(|item| item.at.0);
        let clicks = self.items.iter().filter(|item| {
            let Kind::Referral(referral) = &item.kind else { return false };
            referral.source.as_deref() == Some("ADS")
        });
        clicks.filter_map(|click| wrote.clone().filter(|at| click.at.0 < *at).min()).max()
    }

    fn answer(&mut self, effect: u64, how: u8) {
        let work = self.life.open[&effect].clone();
        let outcome = match &work {
            Effect::AskProfile { .. } => match how % 3 {
                0 => Outcome::NoProfile { reason: "unavailable".to_owned() },
                1 => Outcome::Profile { name: None },
                _ => healthy(&work, effect),
            },
            Effect::OpenTask { lines, .. } => match how % 6 {
                0 => Outcome::TrackerRefused { reason: "no-project".to_owned() },
                _ => self.file(lines, healthy(&work, effect)),
            },
            Effect::AddComments { lines, if_active, task } => match how % 10 {
                0 => Outcome::TrackerRefused { reason: "read-only".to_owned() },
                1 | 2 if *if_active => Outcome::TaskInactive,
                3 => Outcome::TaskGone,
                4 => self.file(lines, Outcome::CommentsAdded { task: TaskId::new(format!("{task}m")) }),
                _ => self.file(lines, healthy(&work, effect)),
            },
            Effect::NameContact { .. } => healthy(&work, effect),
            Effect::TakeControl { .. } if how.is_multiple_of(2) => Outcome::ControlTaken,
            Effect::TakeControl { .. } => Outcome::ControlDenied { reason: "not-offered".to_owned(), owner: None },
            Effect::ReadThread { .. } if how.is_multiple_of(4) => Outcome::ThreadUnread { reason: "down".to_owned() },
            Effect::ReadThread { content, since, until: _ } => {
                Outcome::ThreadRead { mids: self.shown(content, *since) }
            }
            Effect::Send { .. } => send(self.meta_answers(effect, how)),
        };
        assert!(!self.life.answer(effect, outcome).is_empty());
        self.accepted.insert("settle");
    }

    /// What Meta took since then that carries the same.
    fn shown(&self, content: &Content, since: Timestamp) -> Vec<Mid> {
        let alike = |call: &Call| {
            let part = self.life.state.queue().part(call.part).expect("known");
            call.took == Some(true) && since <= call.at && part.content == *content
        };
        self.calls.iter().filter(|(_, call)| alike(call)).map(|(effect, _)| Mid::new(mid_of(*effect))).collect()
    }

    /// The tracker takes the lines; never one twice.
    fn file(&mut self, lines: &[Line], outcome: Outcome) -> Outcome {
        for line in lines {
            assert!(self.filed.insert(line.key), "a line reaches the tracker once");
        }
        outcome
    }

    /// Meta's answer, true to what Meta did.
    fn meta_answers(&mut self, effect: u64, how: u8) -> SendOutcome {
        let call = self.calls.get_mut(&effect).expect("every send is a call");
        let unclear = SendOutcome::InDoubt { why: "timeout".to_owned() };
        let (took, outcome) = match (call.took, how % 8) {
            (Some(true) | None, 0..=3) => (true, SendOutcome::Sent { mid: Mid::new(mid_of(effect)) }),
            (Some(true) | None, 4) => (true, unclear),
            (Some(true), _) => (true, unclear),
            (None | Some(false), 5) => (false, unclear),
            (None | Some(false), 6) => {
                (false, SendOutcome::Failed { code: (100, None), row: "bad-parameter".to_owned(), trace: None })
            }
            (None | Some(false), _) => (false, SendOutcome::Later { after: Span::seconds(2), code: Some((2, None)) }),
        };
        call.took = Some(took);
        outcome
    }

    fn resolve(&mut self, pick: u8, resolution: u8) {
        let parts: Vec<PartId> = self.life.state.queue().parts().map(|(id, _)| id).collect();
        let Some(part) = parts.get(usize::from(pick) % parts.len().max(1)).copied() else { return };
        let resolution = match resolution {
            0 => Resolution::Retry,
            1 => Resolution::WasSent,
            _ => Resolution::GiveUp,
        };
        let before = self.life.state.queue().part(part).expect("known").state.clone();
        let decided = self.life.give(Command::Resolve { part, resolution, by: "Ida".to_owned() });
        if decided.is_empty() {
            return;
        }
        assert!(
            matches!(before, PartState::Failed { .. } | PartState::Refused { .. } | PartState::InDoubt { .. }),
            "only what stands still is decided by a person"
        );
        if resolution == Resolution::Retry {
            *self.retries.entry(part).or_default() += 1;
        }
        self.accepted.insert("resolve");
    }

    fn wake(&mut self) {
        for event in self.life.wake() {
            self.accepted.insert("wake");
            if let Event::WindowClosed { at } = event {
                assert!(self.closed.insert(at), "a window closes once");
                assert_eq!(window(&self.life.state).ends_at, Some(at));
            }
        }
    }

    /// What holds after every step.
    pub(crate) fn check(&self) {
        let state = &self.life.state;
        let opening = self.life.open.values().filter(|effect| matches!(effect, Effect::OpenTask { .. })).count();
        let adding = self.life.open.values().filter(|effect| matches!(effect, Effect::AddComments { .. })).count();
        assert!(opening + adding <= 1, "P1: one effect of the tracker at a time");
        assert_eq!(opening == 1, matches!(state.binding(), Binding::Opening { .. }));
        self.every_line_is_somewhere();
        let unsettled = state.queue().parts().filter(|(_, part)| {
            matches!(part.state, PartState::InFlight { .. } | PartState::InDoubt { told: false, .. })
        });
        assert!(unsettled.count() <= 1, "one in flight");
        for held in state.held_echoes() {
            assert!(held.until.is_some() && state.queue().is_unsettled(), "an echo is held for a send under way only");
        }
        self.failures_stay();
        for (id, part) in state.queue().parts() {
            if matches!(part.state, PartState::Sent { mid: Some(_), .. }) {
                let took = self.calls.values().any(|call| call.part == id && call.took == Some(true));
                assert!(took, "P16: what Meta did not take is never sent");
            }
        }
    }

    /// Every item of the customer is filed, on its way, or waiting: once, never lost.
    fn every_line_is_somewhere(&self) {
        let state = &self.life.state;
        let under_way = state.tracker_work().map(|work| work.lines.as_slice()).unwrap_or_default();
        let mut places: BTreeMap<ItemKey, u32> = BTreeMap::new();
        let waiting = state.waiting().chain(under_way).filter(|line| line.origin == Origin::Customer);
        for key in waiting.map(|line| line.key).chain(self.filed.iter().copied()) {
            *places.entry(key).or_default() += 1;
        }
        for item in &self.items {
            if matches!(item.kind, Kind::Message(_) | Kind::Postback(_)) {
                assert_eq!(places.get(&item.key), Some(&1), "every line is in one place");
            }
        }
    }

    /// P18: a failed part is left by a person's retry, or because its own echo proves it sent.
    fn failures_stay(&self) {
        let mut failed: BTreeSet<PartId> = BTreeSet::new();
        let mut proof = false;
        for event in &self.life.events {
            if let Event::Received { inbound } = event {
                proof = matches!(inbound.kind, Kind::Echo(_));
            } else if Conversation::settles(event).is_some() {
                proof = false;
            } else if let Event::PartFailed { part, .. } = event {
                failed.insert(*part);
            } else if let Event::Resolved { part, resolution: Resolution::Retry, .. } = event {
                failed.remove(part);
            } else if let Event::PartSent { part, .. } = event {
                assert!(!failed.remove(part) || proof, "P18: failed is left only on purpose");
            } else if let Event::SendStarted { part, .. } = event {
                assert!(!failed.contains(part), "P18: failed is not sent again");
            }
        }
    }

    /// Faults end: everything open is answered, every echo comes, every deadline passes.
    pub(crate) fn calm(&mut self) {
        self.life.context = context();
        for _ in 0..200 {
            self.dispatch();
            while let Some(effect) = self.life.open.keys().next().copied() {
                let took = self.calls.get(&effect).is_some_and(|call| call.took == Some(false));
                // 35 is the good answer to every question; 7 is the true one of a call that Meta did not take.
                self.answer(effect, if took { 7 } else { 35 });
            }
            while self.calls.values().any(|call| call.took == Some(true) && !call.echoed) {
                self.own_echo(0);
            }
            match Conversation::deadline(&self.life.state) {
                Some(at) if at <= self.life.now + Span::days(2) => {
                    self.life.now = self.life.now.max(at);
                    self.wake();
                }
                Some(_) | None if self.life.open.is_empty() && !self.wants_dispatch() => break,
                Some(_) | None => {}
            }
        }
    }

    fn wants_dispatch(&self) -> bool {
        machine::conversation::wants_dispatch(&self.life.state, &self.life.context, self.life.now)
    }

    /// What holds once everything settled.
    pub(crate) fn check_calm(&self) {
        let state = &self.life.state;
        assert!(state.held_echoes().is_empty() && state.tracker_work().is_none(), "nothing hangs");
        if state.tracker_refusal().is_none() && state.task().is_some() {
            assert_eq!(state.waiting().count(), 0, "nothing waits for ever");
        }
        let entries = Transcript::fold(&self.life.events).entries();
        let outside: BTreeSet<Mid> =
            entries.iter().filter(|entry| entry.who == Who::Outside).filter_map(|entry| entry.mid.clone()).collect();
        assert_eq!(outside, self.foreign, "P6, P9: ours are ours, others' are others'");
        let mids: Vec<&Mid> = entries.iter().filter_map(|entry| entry.mid.as_ref()).collect();
        assert_eq!(mids.iter().collect::<BTreeSet<_>>().len(), mids.len(), "P6: no message twice");
        let ours = entries.iter().filter(|entry| matches!(entry.who, Who::Us { .. })).count();
        assert_eq!(ours, state.queue().parts().count(), "P6: one bubble per part");
        for (part, retries) in state.queue().parts().map(|(id, _)| (id, self.retries.get(&id).copied().unwrap_or(0))) {
            let took = self.calls.values().filter(|call| call.part == part && call.took == Some(true)).count();
            assert!(took <= 1 + retries as usize, "one send unless a person asked for another");
        }
    }
}

/// What Meta lists, in plain words.
fn moves_the_window(item: &Inbound) -> bool {
    match &item.kind {
        Kind::Message(_) | Kind::Postback(_) => true,
        Kind::Reaction(reaction) => reaction.added && !reaction.by_page,
        Kind::Referral(referral) => referral.source.as_deref() == Some("SHORTLINK"),
        Kind::Echo(_)
        | Kind::Delivered(_)
        | Kind::Read(_)
        | Kind::Edit(_)
        | Kind::Unsend(_)
        | Kind::Optin(_)
        | Kind::Handover(_)
        | Kind::AccountLink(_)
        | Kind::Feedback(_)
        | Kind::Order(_)
        | Kind::Notice(_)
        | Kind::Legacy(_) => false,
    }
}

/// What Meta calls a message of ours.
fn mid_of(effect: u64) -> String {
    format!("m_out{effect}")
}
