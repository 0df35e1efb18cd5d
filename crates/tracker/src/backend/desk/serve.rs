//! The node's side of the desk: the [`Tracker`] trait, in terms of the writer and the queries. No rules here.

use std::time::Duration;

use futures_util::future::BoxFuture;
use model::{ContactId, EffectId, Redacted, TaskId, Timestamp};

use super::Desk;
use super::apply::contact_number;
use super::query::{contact_id, task_id};
use super::refusal::Refusal;
use super::request::{EffectRequest, Entry, Op, request_hash};
use super::row::Answer;
use super::store::Failure;
use crate::api::{Call, Comment, CommentsAdded, Cursor, Fault, Feed, OpenTask, Opened, Tracker};

/// How long [`Tracker::wait`] waits for something new before it lets its caller look for itself.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(30);

impl Tracker for Desk {
    fn open_task(&self, effect: EffectId, task: OpenTask) -> Call<'_, Opened> {
        Box::pin(async move {
            let OpenTask { binding, name, contact, lines, previous, at } = task;
            // Without `at`: a second try may say another time and is the same request.
            let hash = request_hash("open_task", &(&binding, &name, &contact, &lines, &previous));
            let request = EffectRequest::OpenTask {
                binding: (binding.clone(), binding.to_string()),
                contact: (contact.key.clone(), contact.key.to_string()),
                contact_name: contact.name,
                name,
                lines: lines.into_iter().map(Entry::from).collect(),
                previous,
                at,
            };
            match self.settle(&effect, hash, request).await? {
                Answer::Opened { task, contact } => Ok(Opened { task: task_id(task), contact: contact_id(contact) }),
                other @ (Answer::Added { .. }
                | Answer::Inactive
                | Answer::Gone
                | Answer::Commented { .. }
                | Answer::Settled) => Err(foreign(other)),
            }
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
            let hash = request_hash("add_comments", &(&task, &lines, if_active));
            let lines = lines.into_iter().map(Entry::from).collect();
            match self.settle(&effect, hash, EffectRequest::AddComments { task, lines, if_active }).await? {
                Answer::Added { task } => Ok(CommentsAdded::Done { task: task_id(task) }),
                Answer::Inactive => Ok(CommentsAdded::Inactive),
                Answer::Gone => Ok(CommentsAdded::Gone),
                other @ (Answer::Opened { .. } | Answer::Commented { .. } | Answer::Settled) => Err(foreign(other)),
            }
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
            let hash = request_hash("name_contact", &(&contact, &name));
            let request = EffectRequest::NameContact { contact: contact_number(&contact), name, at };
            self.settle(&effect, hash, request).await.map(drop)
        })
    }

    fn feed(&self, after: Cursor, limit: usize) -> Call<'_, Feed> {
        Box::pin(async move {
            self.query().and_then(|query| query.feed(after, limit)).map_err(|refusal| {
                if refusal == Refusal::Unavailable {
                    Fault::Retry("the desk cannot be read now".to_owned())
                } else {
                    Fault::GiveUp(refusal.code().to_owned())
                }
            })
        })
    }

    fn wait(&self, after: Cursor) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut newest = self.shared.newest.subscribe();
            // Whatever the reason for waking is, the caller reads the feed next.
            let _woken = tokio::time::timeout(WAIT_MAX, newest.wait_for(|newest| *newest > after.0)).await;
        })
    }
}

impl Desk {
    async fn settle(&self, effect: &EffectId, hash: [u8; 32], request: EffectRequest) -> Result<Answer, Fault> {
        self.commit(Op::of_effect(effect, hash, request)).await.map_err(|failure| match failure {
            Failure::Retry(why) => Fault::Retry(why),
            Failure::GiveUp(why) => Fault::GiveUp(why),
            Failure::Refused(refusal) => Fault::GiveUp(refusal.code().to_owned()),
        })
    }
}

/// The stored answer is of another kind of request, which the request's hash rules out unless the row is damaged.
fn foreign(answer: Answer) -> Fault {
    tracing::error!(?answer, "a stored answer of the desk belongs to another kind of request");
    Fault::GiveUp("the stored answer belongs to another kind of request".to_owned())
}
