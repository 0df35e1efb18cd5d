//! The desk with an ear at it: what the node asks of the tracker and what it answers stand in the trace.
//!
//! Changes nothing on the way. The feed of comments is not told here; the comments themselves are.

use std::sync::Arc;

use actors::Clock as _;
use futures_util::future::BoxFuture;
use model::{ContactId, EffectId, Redacted, TaskId, Timestamp};
use tracker::{Call, Comment, CommentsAdded, Cursor, Desk, Feed, OpenTask, Opened, Tracker};

use super::clock::PausedClock;
use super::trace::Recorder;

/// A desk that is listened to.
pub(super) struct Watched {
    desk: Arc<Desk>,
    clock: PausedClock,
    recorder: Recorder,
}

impl Watched {
    /// Listens to this desk.
    pub(super) fn new(desk: Arc<Desk>, clock: PausedClock, recorder: Recorder) -> Self {
        Self { desk, clock, recorder }
    }

    fn leaves(&self, effect: &EffectId, what: &str) {
        self.recorder.leaves(self.clock.now(), &effect.machine, &format!("e{} {what}", effect.seq));
    }

    fn comes<T>(&self, effect: &EffectId, answer: &Result<T, tracker::Fault>, told: impl FnOnce(&T) -> String) {
        let what = match answer {
            Ok(answer) => told(answer),
            Err(fault) => format!("FAULT {fault}"),
        };
        self.recorder.comes(self.clock.now(), Some(&effect.machine), &format!("e{} {what}", effect.seq));
    }

    fn lines(&self, lines: &[Comment]) -> String {
        let told: Vec<String> = lines.iter().map(|line| self.recorder.text(line.text.reveal())).collect();
        told.join(" | ")
    }
}

impl Tracker for Watched {
    fn open_task(&self, effect: EffectId, task: OpenTask) -> Call<'_, Opened> {
        Box::pin(async move {
            let after = task.previous.as_ref().map(|task| format!(" after task {task}")).unwrap_or_default();
            let (name, lines) = (self.recorder.text(task.name.reveal()), self.lines(&task.lines));
            self.leaves(&effect, &format!("open-task{after} {name}: {lines}"));
            let answer = self.desk.open_task(effect.clone(), task).await;
            self.comes(&effect, &answer, |opened| format!("opened task={} contact={}", opened.task, opened.contact));
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
            self.leaves(&effect, &format!("add-comments task={task}: {}", self.lines(&lines)));
            let answer = self.desk.add_comments(effect.clone(), task, lines, if_active).await;
            self.comes(&effect, &answer, |added| match added {
                CommentsAdded::Done { task } => format!("added task={task}"),
                CommentsAdded::Inactive => "not added: the task is not active".to_owned(),
                CommentsAdded::Gone => "not added: the task is gone".to_owned(),
            });
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
            self.leaves(&effect, &format!("name-contact contact={contact} {}", self.recorder.text(name.reveal())));
            let answer = self.desk.name_contact(effect.clone(), contact, name, at).await;
            self.comes(&effect, &answer, |()| "named".to_owned());
            answer
        })
    }

    fn feed(&self, after: Cursor, limit: usize) -> Call<'_, Feed> {
        self.desk.feed(after, limit)
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
