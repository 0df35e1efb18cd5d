//! The outside world at the actors depth: the node's ports ask [`Outside`](crate::outside::Outside), and sleep until it
//! wants to have answered.
//!
//! Decides nothing. Invariant: what leaves stands in the trace before anything that follows from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::Clock as _;
use messenger::{BoxFuture, Control, Fault, Graph, Profile, Send, SendOutcome, Sent};
use model::{ContactId, EffectId, PageId, Psid, Redacted, TaskId, Timestamp};
use policy::Permit;
use tokio::sync::watch;
use tracker::{Call, Comment, CommentsAdded, Cursor, Feed, OpenTask, Opened, Tracker};

use super::clock::PausedClock;
use super::door::Door;
use super::trace::Recorder;
use crate::fault::trouble::Trouble;
use crate::outside::{CommentOnTask, Outside, Planned};

/// A world that outlives the nodes in it. Clones are the same world.
pub(crate) struct Shared<O>(Arc<Mutex<O>>);

impl<O> Clone for Shared<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<O> Shared<O> {
    pub(crate) fn new(outside: O) -> Self {
        Self(Arc::new(Mutex::new(outside)))
    }

    /// The world itself, to be looked at or changed.
    pub(crate) fn look(&self) -> MutexGuard<'_, O> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A world behind the node's ports. Clones are the same world.
pub(crate) struct Asked<O>(Arc<Inner<O>>);

impl<O> Clone for Asked<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<O> {
    outside: Shared<O>,
    clock: PausedClock,
    recorder: Recorder,
    trouble: Trouble,
    door: Door,
    /// The end of the feed.
    newest: watch::Sender<Cursor>,
}

impl<O: Outside + core::marker::Send + 'static> Asked<O> {
    /// This world behind this clock.
    pub(crate) fn new(
        outside: Shared<O>,
        door: Door,
        clock: PausedClock,
        (recorder, trouble): (Recorder, Trouble),
    ) -> Self {
        let newest = watch::Sender::new(outside.look().newest());
        Self(Arc::new(Inner { outside, clock, recorder, trouble, door, newest }))
    }

    /// The world itself.
    pub(crate) fn look(&self) -> MutexGuard<'_, O> {
        self.0.outside.look()
    }

    /// An agent comments on the newest task of a conversation; `None` where there is none.
    pub(crate) fn comment(&self, comment: &CommentOnTask) -> Option<(TaskId, model::CommentId)> {
        let said = self.look().comment(comment, self.now());
        let newest = self.look().newest();
        self.0.newest.send_if_modified(|known| core::mem::replace(known, newest) != newest);
        said
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A process that has fallen asks for nothing.
    async fn lives(&self) {
        if self.0.trouble.has_fallen() {
            core::future::pending::<()>().await;
        }
    }

    /// Waits until the answer wants to be there.
    async fn answered<T>(&self, planned: Planned<T>) -> T {
        let Planned { answer_at, outcome, done: _, deliveries } = planned;
        deliveries.into_iter().for_each(|coming| self.0.door.deliver_later(coming));
        if self.0.trouble.called() {
            // Done, and nobody is left to hear of it.
            core::future::pending::<()>().await;
        }
        self.0.clock.reaches(answer_at).await;
        outcome
    }
}

impl<O: Outside + core::marker::Send + 'static> Graph for Asked<O> {
    fn send(&self, permit: Permit, send: Send) -> BoxFuture<'_, SendOutcome> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.send(self.now(), &permit, &send));
            let form = permit.messaging_type().wire();
            let planned = self.look().send(permit, &send, self.now());
            self.0.recorder.note(|witness| witness.judged(self.now(), form, &send, planned.truth()));
            let outcome = self.answered(planned).await;
            if let Ok(effect) = send.metadata.parse() {
                self.0.recorder.note(|witness| witness.sent(self.now(), &effect, &outcome));
            }
            outcome
        })
    }

    fn profile(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Profile, Fault>> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.profile(self.now(), &page, &psid));
            let planned = self.look().profile(&page, &psid, self.now());
            let answer = self.answered(planned).await;
            self.0.recorder.note(|witness| witness.named(self.now(), &page, &psid, &answer));
            answer
        })
    }

    fn thread(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Vec<Sent>, Fault>> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.thread(self.now(), &page, &psid));
            let planned = self.look().thread(&page, &psid, self.now());
            let answer = self.answered(planned).await;
            self.0.recorder.note(|witness| witness.thread_told(self.now(), &page, &psid, &answer));
            answer
        })
    }

    fn take_control(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Control, Fault>> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.control(self.now(), &page, &psid));
            let planned = self.look().take_control(&page, &psid, self.now());
            let answer = self.answered(planned).await;
            self.0.recorder.note(|witness| witness.control_told(self.now(), &page, &psid, &answer));
            answer
        })
    }
}

impl<O: Outside + core::marker::Send + 'static> Tracker for Asked<O> {
    fn open_task(&self, effect: EffectId, task: OpenTask) -> Call<'_, Opened> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.open_task(self.now(), &effect, &task));
            let planned = self.look().open_task(&effect, &task, self.now());
            self.0.recorder.note(|witness| witness.did_open(self.now(), &effect, &task.lines, planned.truth()));
            let answer = self.answered(planned).await;
            self.0.recorder.note(|witness| witness.opened(self.now(), &effect, &answer));
            answer
        })
    }

    fn add_comments(
        &self,
        effect: EffectId,
        task: TaskId,
        lines: Vec<Comment>,
        if_active: bool,
    ) -> Call<'_, CommentsAdded> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.add_comments(self.now(), &effect, (&task, &lines, if_active)));
            let planned = self.look().add_comments(&effect, &task, &lines, if_active, self.now());
            let done = planned.truth();
            self.0.recorder.note(|witness| witness.did_add(self.now(), &effect, (&task, &lines), done));
            let answer = self.answered(planned).await;
            self.0.recorder.note(|witness| witness.added(self.now(), &effect, &answer));
            answer
        })
    }

    fn name_contact(
        &self,
        effect: EffectId,
        contact: ContactId,
        name: Redacted<String>,
        _at: Timestamp,
    ) -> Call<'_, ()> {
        Box::pin(async move {
            self.lives().await;
            self.0.recorder.note(|witness| witness.name_contact(self.now(), &effect, &contact, &name));
            let planned = self.look().name_contact(&effect, &contact, &name, self.now());
            let answer = self.answered(planned).await;
            self.0.recorder.note(|witness| witness.contact_named(self.now(), &effect, &answer));
            answer
        })
    }

    fn feed(&self, after: Cursor, limit: usize) -> Call<'_, Feed> {
        Box::pin(async move { self.look().feed(after, limit) })
    }

    fn wait(&self, after: Cursor) -> futures_util::future::BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut newest = self.0.newest.subscribe();
            // The world lives as long as this call, so the sender does too.
            let _there = newest.wait_for(|newest| *newest > after).await;
        })
    }
}
