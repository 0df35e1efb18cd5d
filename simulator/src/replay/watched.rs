//! The desk with an ear at it: what the node asks of the tracker and what it answers stand in the trace.
//!
//! Changes nothing on the way. The feed of comments is not told here; the comments themselves are.

use std::sync::Arc;

use actors::Clock as _;
use futures_util::future::BoxFuture;
use model::{ContactId, EffectId, Redacted, TaskId, Timestamp};
use tracker::{Call, Comment, CommentsAdded, Cursor, Desk, Fault, Feed, OpenTask, Opened, Tracker};

use super::clock::PausedClock;
use super::trace::Recorder;
use crate::fault::trouble::Trouble;
use crate::fault::weather::TrackerMood;
use crate::outside::{down, lost};
use crate::witness::Witness;

/// A desk that is listened to.
pub(crate) struct Watched {
    desk: Arc<Desk>,
    clock: PausedClock,
    recorder: Recorder,
    trouble: Trouble,
}

impl Watched {
    /// Listens to this desk.
    pub(crate) fn new(desk: Arc<Desk>, clock: PausedClock, (recorder, trouble): (Recorder, Trouble)) -> Self {
        Self { desk, clock, recorder, trouble }
    }

    /// A process that has fallen asks for nothing.
    async fn lives(&self) {
        if self.trouble.has_fallen() {
            core::future::pending::<()>().await;
        }
    }

    /// It was done; where the process has fallen over it nobody hears of that.
    async fn is_told(&self) {
        if self.trouble.called() {
            core::future::pending::<()>().await;
        }
    }

    /// What the node hears of it, and when.
    async fn heard<T>(&self, mood: Option<TrackerMood>, answer: Result<T, Fault>) -> Result<T, Fault> {
        match mood {
            None | Some(TrackerMood::Fails) => answer,
            Some(TrackerMood::Slow(by)) => {
                self.clock.passes(by).await;
                answer
            }
            Some(TrackerMood::LosesAnswers) => Err(lost()),
        }
    }

    fn note(&self, note: impl FnOnce(&mut Witness, Timestamp)) {
        let now = self.clock.now();
        self.recorder.note(|witness| note(witness, now));
    }
}

impl Tracker for Watched {
    fn open_task(&self, effect: EffectId, task: OpenTask) -> Call<'_, Opened> {
        Box::pin(async move {
            self.lives().await;
            self.note(|witness, now| witness.open_task(now, &effect, &task));
            let lines = task.lines.clone();
            let mood = self.trouble.weather().tracker(&effect);
            let answer = match mood {
                Some(TrackerMood::Fails) => Err(down()),
                None | Some(_) => self.desk.open_task(effect.clone(), task).await,
            };
            self.note(|witness, now| {
                witness.did_open(now, &effect, &lines, &answer);
            });
            self.is_told().await;
            let answer = self.heard(mood, answer).await;
            self.note(|witness, now| witness.opened(now, &effect, &answer));
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
            self.note(|witness, now| witness.add_comments(now, &effect, (&task, &lines, if_active)));
            let (of, said) = (task.clone(), lines.clone());
            let mood = self.trouble.weather().tracker(&effect);
            let answer = match mood {
                Some(TrackerMood::Fails) => Err(down()),
                None | Some(_) => self.desk.add_comments(effect.clone(), task, lines, if_active).await,
            };
            self.note(|witness, now| {
                witness.did_add(now, &effect, (&of, &said), &answer);
            });
            self.is_told().await;
            let answer = self.heard(mood, answer).await;
            self.note(|witness, now| witness.added(now, &effect, &answer));
            answer
        })
    }

    fn name_contact(
        &self,
        effect: EffectId,
        contact: ContactId,
        name: Redacted<String>,
        at: Timestamp,
    ) -> Call<'_, ()> {
        Box::pin(async move {
            self.lives().await;
            self.note(|witness, now| witness.name_contact(now, &effect, &contact, &name));
            let mood = self.trouble.weather().tracker(&effect);
            let answer = match mood {
                Some(TrackerMood::Fails) => Err(down()),
                None | Some(_) => self.desk.name_contact(effect.clone(), contact, name, at).await,
            };
            self.is_told().await;
            let answer = self.heard(mood, answer).await;
            self.note(|witness, now| witness.contact_named(now, &effect, &answer));
            answer
        })
    }

    fn feed(&self, after: Cursor, limit: usize) -> Call<'_, Feed> {
        if self.trouble.weather().feeds() {
            return self.desk.feed(after, limit);
        }
        Box::pin(async { Err(down()) })
    }

    /// Until there is something: in days without a comment nobody looks in vain.
    fn wait(&self, after: Cursor) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while self.desk.newest() <= after {
                self.desk.wait(after).await;
            }
        })
    }
}
