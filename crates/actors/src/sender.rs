//! The Page's sender: carries open effects out, each at most once at a time, and brings back what came of them.
//!
//! It knows no rules. A send needs a `Permit`, which `policy::confirm` alone makes; a send that was open when nobody
//! remembers it is in doubt and never executed again. Tracker calls are repeated with their id until they are answered.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;

use machine::conversation::{Effect, Outcome, SendOutcome};
use machine::outbound::Content;
use model::{EffectId, MachineId, PageId, Psid, Timestamp};
use policy::Verdict;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::Semaphore;
use tracker::Fault;

use crate::errand::{self, Answer, Pauses, is_send};
use crate::page::{PageMsg, Parent};
use crate::ports::{Counters, Limits, Ports};

pub(crate) enum SenderMsg {
    /// The effect's batch is durable: carry it out.
    Run { psid: Psid, id: EffectId, effect: Effect },
    /// The effect was open when its conversation was loaded: under way, finished, or left from an earlier life.
    Recover { psid: Psid, id: EffectId, effect: Effect },
    /// A send's outcome is known.
    Finished { psid: Psid, effect: u64, answer: Answer },
    /// A send's outcome is journaled.
    Forget { psid: Psid, effect: u64 },
    /// Still there? Calls under way or not journaled.
    Ping(RpcReplyPort<usize>),
}

/// What carries effects out: shared by the Page's sender, which remembers sends, and its conversations.
pub(crate) struct Errands {
    page: PageId,
    ports: Ports,
    parent: Parent,
    sends: Semaphore,
    tracker_calls: Semaphore,
    /// What is read of Meta. Of its own, so that a slow Meta does not keep tasks from being opened.
    readings: Semaphore,
    under_way: Arc<UnderWay>,
    /// Percent of Meta's limits from which on the calls count as used up.
    usage_max: u32,
}

/// Effects other than sends that are being carried out, by conversation and number. A conversation that was let go with
/// one under way finds it open when it comes back, and must not have it done beside itself.
#[derive(Debug, Default)]
struct UnderWay(Mutex<BTreeSet<(Psid, u64)>>);

/// One of them; over when this is dropped, however its call ended.
struct Going(Arc<UnderWay>, (Psid, u64));

impl Drop for Going {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

impl UnderWay {
    /// Notes it; `None`: it is under way already.
    fn begin(self: &Arc<Self>, psid: &Psid, effect: u64) -> Option<Going> {
        let this = (psid.clone(), effect);
        self.lock().insert(this.clone()).then(|| Going(Arc::clone(self), this))
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(Psid, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Calls {
    errands: Arc<Errands>,
    /// Sends by conversation and effect, kept until their outcome is journaled; `None`: under way. Other effects are
    /// known only while they are under way: they carry their id, so that doing one again later does nothing.
    sent: BTreeMap<(Psid, u64), Option<Answer>>,
}

pub(crate) struct SenderActor;

impl Actor for SenderActor {
    type Msg = SenderMsg;
    type State = Calls;
    type Arguments = Arc<Errands>;

    async fn pre_start(&self, _me: ActorRef<SenderMsg>, errands: Arc<Errands>) -> Result<Calls, ActorProcessingErr> {
        Ok(Calls { errands, sent: BTreeMap::new() })
    }

    async fn handle(
        &self,
        me: ActorRef<SenderMsg>,
        message: SenderMsg,
        calls: &mut Calls,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SenderMsg::Run { psid, id, effect } => {
                calls.run(me, psid, id, effect);
                Ok(())
            }
            SenderMsg::Recover { psid, id, effect } => calls.recover(me, psid, id, effect),
            SenderMsg::Finished { psid, effect, answer } => {
                calls.sent.insert((psid.clone(), effect), Some(answer.clone()));
                calls.settle(psid, effect, answer)
            }
            SenderMsg::Forget { psid, effect } => {
                calls.sent.remove(&(psid, effect));
                Ok(())
            }
            SenderMsg::Ping(reply) => {
                drop(reply.send(calls.sent.len() + calls.errands.under_way.len()));
                Ok(())
            }
        }
    }
}

impl Calls {
    /// A send that nobody here remembers was left by an earlier life: it is in doubt and never executed again.
    fn recover(
        &mut self,
        me: ActorRef<SenderMsg>,
        psid: Psid,
        id: EffectId,
        effect: Effect,
    ) -> Result<(), ActorProcessingErr> {
        if !is_send(&effect) {
            self.run(me, psid, id, effect);
            return Ok(());
        }
        match self.sent.get(&(psid.clone(), id.seq)) {
            Some(None) => Ok(()),
            Some(Some(answer)) => self.settle(psid, id.seq, answer.clone()),
            None => self.settle(psid, id.seq, errand::left_by_an_earlier_life()),
        }
    }

    fn settle(&self, psid: Psid, effect: u64, answer: Answer) -> Result<(), ActorProcessingErr> {
        self.errands.parent.settle(psid, effect, answer)
    }

    fn run(&mut self, me: ActorRef<SenderMsg>, psid: Psid, id: EffectId, effect: Effect) {
        let remembers = is_send(&effect).then(|| {
            self.sent.insert((psid.clone(), id.seq), None);
            me
        });
        self.errands.run(remembers, psid, id, effect);
    }
}

impl Errands {
    pub(crate) fn new(page: PageId, ports: Ports, parent: Parent, limits: &Limits) -> Self {
        let (sends, tracker_calls) = (Semaphore::new(limits.sends_max), Semaphore::new(limits.tracker_calls_max));
        let readings = Semaphore::new(limits.tracker_calls_max);
        let usage_max = limits.usage_max;
        Self { page, ports, parent, sends, tracker_calls, readings, under_way: Arc::default(), usage_max }
    }

    /// One job per call, none where the same is under way; a call that panics is unclear if it was a send, refused
    /// otherwise. The sender learns first how a send ended.
    pub(crate) fn run(self: &Arc<Self>, sender: Option<ActorRef<SenderMsg>>, psid: Psid, id: EffectId, effect: Effect) {
        let is_send = is_send(&effect);
        let going = if is_send {
            None
        } else {
            let Some(going) = self.under_way.begin(&psid, id.seq) else { return };
            Some(going)
        };
        let errands = Arc::clone(self);
        ractor::concurrency::spawn(async move {
            // Over only once its outcome was told.
            let _going = going;
            let gate = match &effect {
                Effect::Send { .. } => Some(&errands.sends),
                // It waits between its tries, and takes its turn for each of them.
                Effect::AskProfile { .. } | Effect::ReadThread { .. } | Effect::TakeControl { .. } => None,
                Effect::OpenTask { .. } | Effect::AddComments { .. } | Effect::NameContact { .. } => {
                    Some(&errands.tracker_calls)
                }
            };
            let _turn = match gate {
                Some(gate) => Some(gate.acquire().await.expect("this semaphore is never closed")),
                None => None,
            };
            let seq = id.seq;
            let call = AssertUnwindSafe(carry_out(&errands, &psid, id, effect)).catch_unwind().await;
            let answer = call.unwrap_or_else(|_| panicked(is_send).into());
            fail::fail_point!("settle-before-commit");
            // Whoever is gone is being rebuilt; the effect is still open in the journal.
            match sender {
                Some(sender) => drop(sender.cast(SenderMsg::Finished { psid, effect: seq, answer })),
                None => drop(errands.parent.settle(psid, seq, answer)),
            }
        });
    }
}

fn panicked(is_send: bool) -> Outcome {
    if is_send {
        Outcome::Send { send: SendOutcome::InDoubt { why: "call-panicked".to_owned() } }
    } else {
        Outcome::TrackerRefused { reason: "call-panicked".to_owned() }
    }
}

async fn carry_out(errands: &Errands, psid: &Psid, id: EffectId, effect: Effect) -> Answer {
    let (ports, page) = (&errands.ports, &errands.page);
    let outcome = match effect {
        Effect::Send { part: _, verdict, content } => return send(errands, psid, &id, &verdict, content).await,
        Effect::AskProfile { until } => profile(errands, psid, until).await,
        Effect::ReadThread { content, since, until } => thread(errands, psid, &content, since, until).await,
        Effect::TakeControl { until } => control(errands, psid, until).await,
        Effect::OpenTask { name, customer, lines, previous } => {
            let binding = MachineId::Conversation(page.clone(), psid.clone());
            let task = errand::task(binding, name, customer, lines, previous);
            errand::opened(until_answered(ports, || ports.tracker.open_task(id.clone(), task.clone())).await)
        }
        Effect::AddComments { task, lines, if_active } => {
            let lines = errand::comments(lines);
            let call = || ports.tracker.add_comments(id.clone(), task.clone(), lines.clone(), if_active);
            errand::added(until_answered(ports, call).await)
        }
        Effect::NameContact { contact, name } => {
            let call = || ports.tracker.name_contact(id.clone(), contact.clone(), name.clone(), Timestamp(0));
            errand::named(until_answered(ports, call).await)
        }
    };
    outcome.into()
}

/// Reads the customer's name; a trouble that passes is tried again as long as somebody waits for the name.
async fn profile(errands: &Errands, psid: &Psid, until: Timestamp) -> Outcome {
    let clock = &errands.ports.clock;
    loop {
        let answer = {
            let _turn = errands.readings.acquire().await.expect("this semaphore is never closed");
            errands.ports.graph.profile(errands.page.clone(), psid.clone()).await
        };
        let fault = match answer {
            Ok(profile) => return Outcome::Profile { name: profile.name() },
            Err(fault) => fault,
        };
        let Some(again_at) = errand::profile_again_at(&fault, clock.now(), until) else {
            return Outcome::NoProfile { reason: fault.to_string() };
        };
        while clock.now() < again_at {
            clock.sleep_until(again_at).await;
        }
    }
}

/// Reads the thread; a trouble that passes is tried again as long as somebody waits.
async fn thread(errands: &Errands, psid: &Psid, content: &Content, since: Timestamp, until: Timestamp) -> Outcome {
    let (clock, mut pauses) = (&errands.ports.clock, Pauses::default());
    loop {
        let answer = {
            let _turn = errands.readings.acquire().await.expect("this semaphore is never closed");
            errands.ports.graph.thread(errands.page.clone(), psid.clone()).await
        };
        let fault = match answer {
            Ok(thread) => return errand::thread_read(content, since, thread),
            Err(fault) => fault,
        };
        let Some(again_at) = errand::thread_again_at(&fault, &mut pauses, clock.now(), until) else {
            return Outcome::ThreadUnread { reason: fault.to_string() };
        };
        while clock.now() < again_at {
            clock.sleep_until(again_at).await;
        }
    }
}

/// Takes the thread over; a trouble that passes is tried again as long as somebody waits.
async fn control(errands: &Errands, psid: &Psid, until: Timestamp) -> Outcome {
    let (clock, mut pauses) = (&errands.ports.clock, Pauses::default());
    loop {
        let answer = {
            let _turn = errands.readings.acquire().await.expect("this semaphore is never closed");
            errands.ports.graph.take_control(errands.page.clone(), psid.clone()).await
        };
        let fault = match answer {
            Ok(control) => return errand::controlled(control),
            Err(fault) => fault,
        };
        let Some(again_at) = errand::thread_again_at(&fault, &mut pauses, clock.now(), until) else {
            return errand::not_controlled(&fault);
        };
        while clock.now() < again_at {
            clock.sleep_until(again_at).await;
        }
    }
}

/// Asks again, with the same effect id, until the tracker answers.
async fn until_answered<'a, T>(ports: &Ports, call: impl Fn() -> tracker::Call<'a, T>) -> Result<T, String> {
    let mut pauses = Pauses::default();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(Fault::GiveUp(reason)) => return Err(reason),
            Err(Fault::Retry(reason)) => {
                let wait = pauses.make();
                tracing::warn!(reason, wait_ms = wait.0, "the tracker does not answer; asking again");
                let until = ports.clock.now() + wait;
                while ports.clock.now() < until {
                    ports.clock.sleep_until(until).await;
                }
            }
        }
    }
}

async fn send(errands: &Errands, psid: &Psid, id: &EffectId, verdict: &Verdict, content: Content) -> Answer {
    let (ports, page) = (&errands.ports, &errands.page);
    let Ok(permit) = policy::confirm(verdict, ports.clock.now()) else { return errand::permit_over() };
    let call = errand::message(page, psid, id, content);
    fail::fail_point!("send-before");
    Counters::add(&ports.counters.sends, 1);
    let outcome = ports.graph.send(permit, call).await;
    fail::fail_point!("send-after");
    let errand::Heard { answer, trouble, unreadable } = errand::sent(outcome, id, errands.usage_max);
    Counters::add(&ports.counters.usage_unreadable, u64::from(unreadable));
    if let Some(trouble) = trouble {
        // A Page that is ending learns of it from the next refused send.
        drop(errands.parent.cast(PageMsg::Trouble(trouble)));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_that_is_under_way_is_not_begun_again_until_its_outcome_was_told() {
        let (under_way, psid) = (Arc::<UnderWay>::default(), Psid::new("7"));
        let third = under_way.begin(&psid, 3).expect("nothing is under way");
        assert!(under_way.begin(&psid, 3).is_none());
        let others = [under_way.begin(&psid, 4), under_way.begin(&Psid::new("8"), 3)];
        assert!(others.iter().all(Option::is_some));
        drop(third);
        assert_eq!(under_way.len(), 2);
        assert!(under_way.begin(&psid, 3).is_some());
    }
}
