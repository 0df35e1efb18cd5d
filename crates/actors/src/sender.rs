//! The Page's sender: carries open effects out, each at most once at a time, and brings back what came of them.
//!
//! It knows no rules. A send needs a `Permit`, which `policy::confirm` alone makes; a send that was open when nobody
//! remembers it is in doubt and never executed again. Tracker calls are repeated with their id until they are answered.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;

use machine::conversation::{Effect, Line, Origin, Outcome, SendOutcome};
use machine::outbound::Content;
use messenger::{Body, Scope, Send, error_table};
use model::{EffectId, MachineId, PageId, Psid, Span, Timestamp};
use policy::Verdict;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::Semaphore;
use tracker::{Comment, CommentOrigin, CommentsAdded, Contact, Fault, OpenTask};

use crate::page::PageMsg;
use crate::ports::{Counters, Ports};

pub(crate) enum SenderMsg {
    /// The effect's batch is durable: carry it out.
    Run { psid: Psid, id: EffectId, effect: Effect },
    /// The effect was open when its conversation was loaded: under way, finished, or left from an earlier life.
    Recover { psid: Psid, id: EffectId, effect: Effect },
    /// A send's outcome is known.
    Finished { psid: Psid, effect: u64, outcome: Outcome },
    /// A send's outcome is journaled.
    Forget { psid: Psid, effect: u64 },
    /// Still there? Calls under way or not journaled.
    Ping(RpcReplyPort<usize>),
}

pub(crate) struct SenderBirth {
    pub(crate) page: PageId,
    pub(crate) ports: Ports,
    pub(crate) parent: ActorRef<PageMsg>,
    pub(crate) sends_max: usize,
    pub(crate) tracker_calls_max: usize,
}

pub(crate) struct Calls {
    birth: SenderBirth,
    /// Sends by conversation and effect, kept until their outcome is journaled; `None`: under way. Calls to the tracker
    /// are not kept: they carry their id, so that doing one twice does nothing.
    sent: BTreeMap<(Psid, u64), Option<Outcome>>,
    sends: Arc<Semaphore>,
    tracker_calls: Arc<Semaphore>,
    under_way: Arc<AtomicUsize>,
}

pub(crate) struct SenderActor;

impl Actor for SenderActor {
    type Msg = SenderMsg;
    type State = Calls;
    type Arguments = SenderBirth;

    async fn pre_start(&self, _me: ActorRef<SenderMsg>, birth: SenderBirth) -> Result<Calls, ActorProcessingErr> {
        Ok(Calls {
            sends: Arc::new(Semaphore::new(birth.sends_max)),
            tracker_calls: Arc::new(Semaphore::new(birth.tracker_calls_max)),
            under_way: Arc::new(AtomicUsize::new(0)),
            sent: BTreeMap::new(),
            birth,
        })
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
            SenderMsg::Finished { psid, effect, outcome } => {
                calls.sent.insert((psid.clone(), effect), Some(outcome.clone()));
                calls.settle(psid, effect, outcome)
            }
            SenderMsg::Forget { psid, effect } => {
                calls.sent.remove(&(psid, effect));
                Ok(())
            }
            SenderMsg::Ping(reply) => {
                drop(reply.send(calls.sent.len() + calls.under_way.load(Ordering::Relaxed)));
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
            Some(Some(outcome)) => self.settle(psid, id.seq, outcome.clone()),
            None => {
                let send = SendOutcome::InDoubt { why: "restart".to_owned() };
                self.settle(psid, id.seq, Outcome::Send { send })
            }
        }
    }

    fn settle(&self, psid: Psid, effect: u64, outcome: Outcome) -> Result<(), ActorProcessingErr> {
        Ok(self.birth.parent.cast(PageMsg::Settle { psid, effect, outcome })?)
    }

    /// One job per call; a call that panics is unclear if it was a send, refused otherwise.
    fn run(&mut self, me: ActorRef<SenderMsg>, psid: Psid, id: EffectId, effect: Effect) {
        let is_send = is_send(&effect);
        if is_send {
            self.sent.insert((psid.clone(), id.seq), None);
        }
        let gate = Arc::clone(if is_send { &self.sends } else { &self.tracker_calls });
        let (ports, parent, page) = (self.birth.ports.clone(), self.birth.parent.clone(), self.birth.page.clone());
        let under_way = Arc::clone(&self.under_way);
        under_way.fetch_add(1, Ordering::Relaxed);
        ractor::concurrency::spawn(async move {
            let _turn = gate.acquire().await.expect("this semaphore is never closed");
            let seq = id.seq;
            let call = AssertUnwindSafe(carry_out(&ports, &parent, &page, &psid, id, effect)).catch_unwind().await;
            let outcome = call.unwrap_or_else(|_| panicked(is_send));
            fail::fail_point!("settle-before-commit");
            // Whoever is gone is being rebuilt; the effect is still open in the journal.
            if is_send {
                drop(me.cast(SenderMsg::Finished { psid, effect: seq, outcome }));
            } else {
                drop(parent.cast(PageMsg::Settle { psid, effect: seq, outcome }));
            }
            under_way.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

const fn is_send(effect: &Effect) -> bool {
    matches!(effect, Effect::Send { .. })
}

fn panicked(is_send: bool) -> Outcome {
    if is_send {
        Outcome::Send { send: SendOutcome::InDoubt { why: "call-panicked".to_owned() } }
    } else {
        Outcome::TrackerRefused { reason: "call-panicked".to_owned() }
    }
}

async fn carry_out(
    ports: &Ports,
    parent: &ActorRef<PageMsg>,
    page: &PageId,
    psid: &Psid,
    id: EffectId,
    effect: Effect,
) -> Outcome {
    match effect {
        Effect::Send { part: _, verdict, content } => {
            Outcome::Send { send: send(ports, parent, page, psid, &id, &verdict, content).await }
        }
        Effect::AskProfile => match ports.graph.profile(page.clone(), psid.clone()).await {
            Ok(profile) => Outcome::Profile { name: profile.name() },
            Err(fault) => Outcome::NoProfile { reason: fault.to_string() },
        },
        Effect::OpenTask { name, customer, lines, previous } => {
            let binding = MachineId::Conversation(page.clone(), psid.clone());
            let task = OpenTask {
                contact: Contact { key: binding.clone(), name: customer },
                binding,
                name,
                at: lines.first().map_or(Timestamp(0), |line| line.at),
                lines: lines.into_iter().map(comment).collect(),
                previous,
            };
            until_answered(ports, || ports.tracker.open_task(id.clone(), task.clone()))
                .await
                .map_or_else(refused, |opened| Outcome::TaskOpened { task: opened.task, contact: opened.contact })
        }
        Effect::AddComments { task, lines, if_active } => {
            let lines: Vec<Comment> = lines.into_iter().map(comment).collect();
            until_answered(ports, || ports.tracker.add_comments(id.clone(), task.clone(), lines.clone(), if_active))
                .await
                .map_or_else(refused, |added| match added {
                    CommentsAdded::Done { task } => Outcome::CommentsAdded { task },
                    CommentsAdded::Inactive => Outcome::TaskInactive,
                    CommentsAdded::Gone => Outcome::TaskGone,
                })
        }
        Effect::NameContact { contact, name } => {
            let at = Timestamp(0);
            until_answered(ports, || ports.tracker.name_contact(id.clone(), contact.clone(), name.clone(), at))
                .await
                .map_or_else(refused, |()| Outcome::ContactNamed)
        }
    }
}

fn refused(reason: String) -> Outcome {
    Outcome::TrackerRefused { reason }
}

fn comment(line: Line) -> Comment {
    let origin = match line.origin {
        Origin::Customer => CommentOrigin::Customer,
        Origin::Outside => CommentOrigin::Outside,
        Origin::Notice => CommentOrigin::Notice,
    };
    Comment { origin, text: line.text, attachments: line.attachments, at: line.at }
}

/// Asks again, with the same effect id, until the tracker answers; 100 ms doubling up to 30 s between tries.
async fn until_answered<'a, T>(ports: &Ports, call: impl Fn() -> tracker::Call<'a, T>) -> Result<T, String> {
    let mut wait = Span(100);
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(Fault::GiveUp(reason)) => return Err(reason),
            Err(Fault::Retry(reason)) => {
                tracing::warn!(reason, wait_ms = wait.0, "the tracker does not answer; asking again");
                let until = ports.clock.now() + wait;
                while ports.clock.now() < until {
                    ports.clock.sleep_until(until).await;
                }
                wait = Span((wait.0 * 2).min(Span::seconds(30).0));
            }
        }
    }
}

async fn send(
    ports: &Ports,
    parent: &ActorRef<PageMsg>,
    page: &PageId,
    psid: &Psid,
    id: &EffectId,
    verdict: &Verdict,
    content: Content,
) -> SendOutcome {
    let Ok(permit) = policy::confirm(verdict, ports.clock.now()) else {
        // Nothing has left; the policy is asked again at the next turn.
        return SendOutcome::Later { after: Span(0), code: None };
    };
    let body = match content {
        Content::Text { text } => Body::Text(text),
        Content::Attachment { kind, url } => Body::Attachment { kind, url },
    };
    let call = Send { page: page.clone(), psid: psid.clone(), body, metadata: id.to_string() };
    fail::fail_point!("send-before");
    Counters::add(&ports.counters.sends, 1);
    let outcome = ports.graph.send(permit, call).await;
    fail::fail_point!("send-after");
    match outcome {
        messenger::SendOutcome::Sent { mid } => SendOutcome::Sent { mid },
        messenger::SendOutcome::Later { after, code } => SendOutcome::Later { after, code },
        messenger::SendOutcome::InDoubt { why } => SendOutcome::InDoubt { why: why.to_owned() },
        messenger::SendOutcome::Failed { code, row, trace, scope } => {
            if scope == Scope::Page {
                // A Page that is ending learns of it from the next refused send.
                drop(parent.cast(PageMsg::Trouble { row, code }));
            }
            if error_table::refuses_token(code) {
                // Not the message's fault: it is held until the Page is connected again.
                return SendOutcome::Later { after: Span(0), code: Some(code) };
            }
            SendOutcome::Failed { code, row: row.to_owned(), trace }
        }
    }
}
