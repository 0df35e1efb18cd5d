//! Effects that are carried out: each waits for its turn, asks the world, waits for the answer, and brings it back. See
//! `actors::sender`.
//!
//! Invariant: the one door to Meta takes a `Permit`, which `policy::confirm` makes at that very instant.

use std::collections::{BTreeSet, VecDeque};

use actors::Limits;
use actors::errand::{self, Answer, Pauses};
use machine::conversation::{Effect, Outcome};
use machine::outbound::Content;
use messenger::{Control, Profile, SendOutcome, Sent};
use model::{ContactId, EffectId, MachineId, PageId, Psid, Redacted, TaskId, Timestamp};
use policy::Verdict;
use tracker::{Comment, CommentsAdded, Fault, OpenTask, Opened};

use super::Ground;
use super::agenda::{Actor, Job, Task};
use super::page::{Home, PageMsg};
use super::sender::SenderMsg;
use super::tree::Tree;
use crate::outside::{Outside, Planned};

/// Calls under way for one life of a Page.
pub(super) struct Errands {
    sends: Gate,
    tracker_calls: Gate,
    readings: Gate,
    /// Effects other than sends, by conversation and number.
    under_way: BTreeSet<(usize, u64)>,
}

/// So many at a time, in order.
struct Gate {
    free: usize,
    waiting: VecDeque<Box<Errand>>,
}

impl Gate {
    fn new(free: usize) -> Self {
        Self { free, waiting: VecDeque::new() }
    }
}

impl Errands {
    pub(super) fn new(limits: &Limits) -> Self {
        let calls = || Gate::new(limits.tracker_calls_max);
        let (sends, under_way) = (Gate::new(limits.sends_max), BTreeSet::new());
        Self { sends, tracker_calls: calls(), readings: calls(), under_way }
    }

    /// Notes an effect; `false`: it is under way already.
    pub(super) fn begin(&mut self, conversation: usize, effect: u64) -> bool {
        self.under_way.insert((conversation, effect))
    }

    fn gate(&mut self, ask: &Ask) -> &mut Gate {
        match ask {
            Ask::Send { .. } => &mut self.sends,
            Ask::Profile { .. } | Ask::Thread { .. } | Ask::Control { .. } => &mut self.readings,
            Ask::OpenTask(_) | Ask::AddComments { .. } | Ask::NameContact { .. } => &mut self.tracker_calls,
        }
    }
}

/// An effect on its way.
pub(super) struct Errand {
    page: usize,
    life: u32,
    conversation: usize,
    post: usize,
    page_id: PageId,
    psid: Psid,
    id: EffectId,
    ask: Ask,
    step: Step,
    pauses: Pauses,
}

/// What is asked.
enum Ask {
    Send { verdict: Verdict, content: Content },
    Profile { until: Timestamp },
    Thread { content: Content, since: Timestamp, until: Timestamp },
    Control { until: Timestamp },
    OpenTask(OpenTask),
    AddComments { task: TaskId, lines: Vec<Comment>, if_active: bool },
    NameContact { contact: ContactId, name: Redacted<String> },
}

impl Ask {
    /// Whether it reads of Meta: such an errand takes its turn for each try.
    const fn reads(&self) -> bool {
        matches!(self, Self::Profile { .. } | Self::Thread { .. } | Self::Control { .. })
    }
}

/// Where it stands.
enum Step {
    /// It has no turn yet.
    Queues,
    /// It is its turn.
    Calls,
    /// The answer is here.
    Hears(Heard),
}

/// What the world said.
enum Heard {
    Send(SendOutcome),
    Profile(Result<Profile, messenger::Fault>),
    Thread(Result<Vec<Sent>, messenger::Fault>),
    Control(Result<Control, messenger::Fault>),
    Opened(Result<Opened, Fault>),
    Added(Result<CommentsAdded, Fault>),
    Named(Result<(), Fault>),
    /// Nobody was asked.
    Unasked(Answer),
}

/// What follows from an answer.
enum Next {
    Over(Answer),
    /// Ask again then.
    Again(Timestamp),
}

impl Errand {
    pub(super) fn new(
        (page, life, conversation): (usize, u32, usize),
        post: usize,
        (page_id, psid): (PageId, Psid),
        (id, effect): (EffectId, Effect),
    ) -> Self {
        let ask = match effect {
            Effect::Send { part: _, verdict, content } => Ask::Send { verdict, content },
            Effect::AskProfile { until } => Ask::Profile { until },
            Effect::ReadThread { content, since, until } => Ask::Thread { content, since, until },
            Effect::TakeControl { until } => Ask::Control { until },
            Effect::OpenTask { name, customer, lines, previous } => {
                let binding = MachineId::Conversation(page_id.clone(), psid.clone());
                Ask::OpenTask(errand::task(binding, name, customer, lines, previous))
            }
            Effect::AddComments { task, lines, if_active } => {
                Ask::AddComments { task, lines: errand::comments(lines), if_active }
            }
            Effect::NameContact { contact, name } => Ask::NameContact { contact, name },
        };
        let (step, pauses) = (Step::Queues, Pauses::default());
        Self { page, life, conversation, post, page_id, psid, id, ask, step, pauses }
    }

    /// Asks the world.
    fn call<O: Outside>(&self, ground: &mut Ground<O>) -> Planned<Heard> {
        let (now, id) = (ground.now(), &self.id);
        let (witness, outside) = (&mut ground.witness, &mut ground.outside);
        match &self.ask {
            Ask::Send { verdict, content } => {
                let Ok(permit) = policy::confirm(verdict, now) else {
                    return Planned::answer(now, Heard::Unasked(errand::permit_over()));
                };
                let message = errand::message(&self.page_id, &self.psid, id, content.clone());
                witness.send(now, &permit, &message);
                let form = permit.messaging_type().wire();
                let planned = outside.send(permit, &message, now);
                witness.judged(now, form, &message, planned.truth());
                planned.map(Heard::Send)
            }
            Ask::Profile { .. } => {
                witness.profile(now, &self.page_id, &self.psid);
                outside.profile(&self.page_id, &self.psid, now).map(Heard::Profile)
            }
            Ask::Thread { .. } => {
                witness.thread(now, &self.page_id, &self.psid);
                outside.thread(&self.page_id, &self.psid, now).map(Heard::Thread)
            }
            Ask::Control { .. } => {
                witness.control(now, &self.page_id, &self.psid);
                outside.take_control(&self.page_id, &self.psid, now).map(Heard::Control)
            }
            Ask::OpenTask(task) => {
                witness.open_task(now, id, task);
                let planned = outside.open_task(id, task, now);
                witness.did_open(now, id, &task.lines, planned.truth());
                planned.map(Heard::Opened)
            }
            Ask::AddComments { task, lines, if_active } => {
                witness.add_comments(now, id, (task, lines, *if_active));
                let planned = outside.add_comments(id, task, lines, *if_active, now);
                witness.did_add(now, id, (task, lines), planned.truth());
                planned.map(Heard::Added)
            }
            Ask::NameContact { contact, name } => {
                witness.name_contact(now, id, contact, name);
                outside.name_contact(id, contact, name, now).map(Heard::Named)
            }
        }
    }

    /// What the answer means.
    fn hear<O>(&mut self, ground: &mut Ground<O>, usage_max: u32, heard: Heard) -> (Next, Option<errand::Trouble>) {
        let (now, id, witness) = (ground.now(), &self.id, &mut ground.witness);
        let over = |outcome: Outcome| (Next::Over(outcome.into()), None);
        match heard {
            Heard::Unasked(answer) => (Next::Over(answer), None),
            Heard::Send(outcome) => {
                witness.sent(now, id, &outcome);
                let errand::Heard { answer, trouble, unreadable: _ } = errand::sent(outcome, id, usage_max);
                (Next::Over(answer), trouble)
            }
            Heard::Profile(answer) => {
                witness.named(now, &self.page_id, &self.psid, &answer);
                let fault = match answer {
                    Ok(profile) => return over(Outcome::Profile { name: profile.name() }),
                    Err(fault) => fault,
                };
                let until = if let Ask::Profile { until } = self.ask { until } else { now };
                match errand::profile_again_at(&fault, now, until) {
                    Some(at) => (Next::Again(at), None),
                    None => over(Outcome::NoProfile { reason: fault.to_string() }),
                }
            }
            Heard::Thread(answer) => {
                witness.thread_told(now, &self.page_id, &self.psid, &answer);
                let Ask::Thread { content, since, until } = &self.ask else { return over(Outcome::ContactNamed) };
                let fault = match answer {
                    Ok(thread) => return over(errand::thread_read(content, *since, thread)),
                    Err(fault) => fault,
                };
                match errand::thread_again_at(&fault, &mut self.pauses, now, *until) {
                    Some(at) => (Next::Again(at), None),
                    None => over(Outcome::ThreadUnread { reason: fault.to_string() }),
                }
            }
            Heard::Control(answer) => {
                witness.control_told(now, &self.page_id, &self.psid, &answer);
                let until = if let Ask::Control { until } = self.ask { until } else { now };
                let fault = match answer {
                    Ok(control) => return over(errand::controlled(control)),
                    Err(fault) => fault,
                };
                match errand::thread_again_at(&fault, &mut self.pauses, now, until) {
                    Some(at) => (Next::Again(at), None),
                    None => over(errand::not_controlled(&fault)),
                }
            }
            Heard::Opened(answer) => {
                witness.opened(now, id, &answer);
                (self.once_more(now, answer, errand::opened), None)
            }
            Heard::Added(answer) => {
                witness.added(now, id, &answer);
                (self.once_more(now, answer, errand::added), None)
            }
            Heard::Named(answer) => {
                witness.contact_named(now, id, &answer);
                (self.once_more(now, answer, errand::named), None)
            }
        }
    }

    /// A tracker that cannot answer now is asked again, until it does.
    fn once_more<T>(
        &mut self,
        now: Timestamp,
        answer: Result<T, Fault>,
        means: impl FnOnce(Result<T, String>) -> Outcome,
    ) -> Next {
        match answer {
            Ok(answer) => Next::Over(means(Ok(answer)).into()),
            Err(Fault::GiveUp(reason)) => Next::Over(means(Err(reason)).into()),
            Err(Fault::Retry(_)) => Next::Again(now + self.pauses.make()),
        }
    }
}

impl Tree {
    /// Goes on with an errand as far as it comes now.
    pub(super) fn errand<O: Outside>(&mut self, ground: &mut Ground<O>, mut errand: Box<Errand>) {
        loop {
            match core::mem::replace(&mut errand.step, Step::Calls) {
                Step::Queues => {
                    let gate = self.posts[errand.post].gate(&errand.ask);
                    if gate.free == 0 {
                        // Whoever leaves hands over the turn.
                        gate.waiting.push_back(errand);
                        return;
                    }
                    gate.free -= 1;
                }
                Step::Calls => {
                    let Planned { answer_at, outcome, done: _, deliveries } = errand.call(ground);
                    ground.on_the_way += deliveries.len() as u64;
                    deliveries.into_iter().for_each(|coming| ground.agenda.spawn(Job::Delivery(Box::new(coming))));
                    errand.step = Step::Hears(outcome);
                    if ground.troubles.called() {
                        // Done, and nobody is left to hear of it.
                        return;
                    }
                    if answer_at > ground.now() {
                        ground.agenda.at(answer_at, Task::Go(Job::Errand(errand)));
                        return;
                    }
                }
                Step::Hears(heard) => {
                    if errand.ask.reads() {
                        // It takes its turn for each try.
                        self.leave_gate(ground, &errand);
                    }
                    let (next, trouble) = errand.hear(ground, self.limits.usage_max, heard);
                    if let Some(trouble) = trouble.filter(|_| self.is_current(&errand)) {
                        let page = &mut self.pages[errand.page];
                        page.mailbox.post(&mut ground.agenda, Actor::Page(errand.page), PageMsg::Trouble(trouble));
                    }
                    match next {
                        Next::Over(answer) => return self.bring_back(ground, &errand, answer),
                        Next::Again(at) => {
                            if errand.ask.reads() {
                                errand.step = Step::Queues;
                            }
                            if at > ground.now() {
                                ground.agenda.at(at, Task::Go(Job::Errand(errand)));
                                return;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether the Page's actor that began it still lives.
    fn is_current(&self, errand: &Errand) -> bool {
        let page = &self.pages[errand.page];
        page.life == errand.life && page.home == Home::Up
    }

    /// Whoever is gone is being rebuilt; the effect is still open in the journal.
    fn bring_back<O>(&mut self, ground: &mut Ground<O>, errand: &Errand, answer: Answer) {
        let (page, conversation, effect) = (errand.page, errand.conversation, errand.id.seq);
        if self.is_current(errand) {
            if matches!(errand.ask, Ask::Send { .. }) {
                let sender = &mut self.pages[page].sender.mailbox;
                let message = SenderMsg::Finished { conversation, effect, answer };
                sender.post(&mut ground.agenda, Actor::Sender(page), message);
            } else {
                self.settled(ground, page, conversation, (effect, answer));
            }
        }
        if !errand.ask.reads() {
            self.leave_gate(ground, errand);
        }
        self.posts[errand.post].under_way.remove(&(conversation, effect));
    }

    /// The turn goes to whoever waits longest.
    fn leave_gate<O>(&mut self, ground: &mut Ground<O>, errand: &Errand) {
        let gate = self.posts[errand.post].gate(&errand.ask);
        match gate.waiting.pop_front() {
            Some(mut next) => {
                next.step = Step::Calls;
                ground.agenda.push(Task::Go(Job::Errand(next)));
            }
            None => gate.free += 1,
        }
    }
}
