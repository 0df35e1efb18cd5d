//! Meta and the desk of one world in whatever weather there is: what strikes a call, and what the node hears of it then.
//!
//! Rules of Meta and of the desk stand beside this. Invariant: what was done is done, whatever the node hears; the plan says
//! both.

use messenger::error_table::{self, Retry};
use messenger::{Control, Fault, Profile, Send, SendOutcome, Sent};
use model::{CommentId, ContactId, EffectId, PageId, Psid, Redacted, Span, TaskId, Timestamp};
use policy::Permit;
use tracker::{Comment, CommentsAdded, Cursor, Feed, OpenTask, Opened};

use super::{Coming, CommentOnTask, ModelDesk, Outside, Planned, World};
use crate::chance::{Stream, draw};
use crate::fault::weather::{GraphMood, Telling, TrackerMood};

/// So long the node waits for an answer of the Graph API, as it ships.
const PATIENCE: Span = Span::seconds(30);
/// So long it leaves the Graph API alone where nobody was there: before another send, before another question.
const UNREACHABLE: (Span, Span) = (Span::seconds(5), Span::seconds(1));
/// So long before it asks again what a lost answer should have told.
const READ_AGAIN: Span = Span::seconds(2);
/// Calls that are used up (*Rate Limits*, read 2026-11-23).
const USED_UP: messenger::Code = (80_006, None);

impl World {
    /// Meta decides about a send that has reached it.
    fn reached(&mut self, permit: &Permit, send: &Send, now: Timestamp) -> Planned<SendOutcome> {
        match self.weather.refusal(&send.page, true) {
            Some(code) => self.facebook.refuse(send, code, now),
            None => self.facebook.send(permit, send, now),
        }
    }

    fn refused(&mut self, permit: &Permit, send: &Send, code: messenger::Code, now: Timestamp) -> Planned<SendOutcome> {
        let refused = self.facebook.refuse(send, code, now);
        match error_table::lookup(code).retry {
            // The message went out, and the error tells of what came behind it.
            Retry::Doubt => self.reached(permit, send, now).unheard(refused.answer_at, refused.outcome),
            Retry::After(_) | Retry::Never => refused,
        }
    }

    fn struck(&mut self, mood: GraphMood, permit: &Permit, send: &Send, now: Timestamp) -> Planned<SendOutcome> {
        let doubt = |why| SendOutcome::InDoubt { why };
        match mood {
            GraphMood::Slow(by) => {
                let planned = self.reached(permit, send, now);
                if by < PATIENCE {
                    return Planned { answer_at: planned.answer_at.max(now + by), ..planned };
                }
                planned.unheard(now + PATIENCE, doubt("timeout"))
            }
            GraphMood::Fails if draw(Stream::Weather, &format!("does {}", send.metadata)).is_multiple_of(2) => {
                let planned = self.reached(permit, send, now);
                let at = planned.answer_at;
                planned.unheard(at, doubt("server-error"))
            }
            GraphMood::Fails => Planned::answer(now + Span(40), doubt("server-error")),
            GraphMood::Refuses(code) => self.refused(permit, send, code, now),
            GraphMood::LosesAnswers => {
                let planned = self.reached(permit, send, now);
                let at = planned.answer_at;
                planned.unheard(at, doubt("connection-lost"))
            }
            GraphMood::LosesRequests => Planned::answer(now + Span(60), doubt("connection-lost")),
            GraphMood::Vanishes => {
                let (after, why) = (UNREACHABLE.0, "connection-refused");
                Planned::answer(now, SendOutcome::Later { after, code: None, why })
            }
            GraphMood::Limits(rest) => {
                let planned = self.facebook.refuse(send, USED_UP, now);
                planned.map(|outcome| match outcome {
                    SendOutcome::Later { after, code, why } => SendOutcome::Later { after: after.max(rest), code, why },
                    other @ (SendOutcome::Sent { .. } | SendOutcome::Failed { .. } | SendOutcome::InDoubt { .. }) => {
                        other
                    }
                })
            }
        }
    }

    /// Webhooks about a send, as far as they come, and when.
    fn told(&self, send: &Send, deliveries: Vec<Coming>) -> Vec<Coming> {
        let kept = deliveries.into_iter().filter_map(|mut coming| {
            let what = if coming.name.name.starts_with("echo") { Telling::Echoes } else { Telling::Receipts };
            let about = format!("{} {}", coming.name.name, send.metadata);
            coming.at = coming.at + self.weather.lateness(&send.page, &about);
            self.weather.tells(what, &about).then_some(coming)
        });
        kept.collect()
    }

    /// What becomes of reading something of this Page.
    fn unread<T>(
        &self,
        page: &PageId,
        what: &str,
        told: Planned<Result<T, Fault>>,
        now: Timestamp,
    ) -> Planned<Result<T, Fault>> {
        let again = |after, why| Err(Fault::Retry { after, why, code: None });
        let refuses = |code| Planned::answer(now + Span(50), Err(unread(code, Span(0))));
        match self.weather.graph(what) {
            Some(GraphMood::Vanishes) => Planned::answer(now, again(UNREACHABLE.1, "connection-refused")),
            Some(GraphMood::LosesAnswers | GraphMood::LosesRequests) => {
                Planned::answer(now + Span(60), again(READ_AGAIN, "connection-lost"))
            }
            Some(GraphMood::Fails) => Planned::answer(now + Span(40), again(READ_AGAIN, "server-error")),
            Some(GraphMood::Refuses(code)) => refuses(code),
            Some(GraphMood::Limits(rest)) => Planned::answer(now + Span(50), Err(unread(USED_UP, rest))),
            Some(GraphMood::Slow(by)) if by >= PATIENCE => {
                Planned::answer(now + PATIENCE, again(READ_AGAIN, "timeout"))
            }
            Some(GraphMood::Slow(by)) => Planned { answer_at: told.answer_at.max(now + by), ..told },
            None => match self.weather.refusal(page, false) {
                Some(code) => refuses(code),
                None => told,
            },
        }
    }

    fn tracked<T>(
        &mut self,
        effect: &EffectId,
        now: Timestamp,
        call: impl FnOnce(&mut ModelDesk) -> Result<T, tracker::Fault>,
    ) -> Planned<Result<T, tracker::Fault>> {
        match self.weather.tracker(effect) {
            None => Planned::answer(now, call(&mut self.desk)),
            Some(TrackerMood::Slow(by)) => Planned::answer(now + by, call(&mut self.desk)),
            Some(TrackerMood::LosesAnswers) => Planned::answer(now, call(&mut self.desk)).unheard(now, Err(lost())),
            Some(TrackerMood::Fails) => Planned::answer(now, Err(down())),
        }
    }
}

/// Why a profile cannot be read, by Meta's error.
fn unread(code: messenger::Code, rest: Span) -> Fault {
    let row = error_table::lookup(code);
    match row.retry {
        Retry::After(after) => Fault::Retry { after: after.max(rest), why: row.name, code: Some(code) },
        Retry::Doubt => Fault::Retry { after: READ_AGAIN, why: row.name, code: Some(code) },
        Retry::Never => Fault::GiveUp { code, row: row.name, trace: None, scope: row.scope },
    }
}

/// A tracker that cannot do anything now.
pub(crate) fn down() -> tracker::Fault {
    tracker::Fault::Retry("the tracker is down".to_owned())
}

/// A tracker whose answer did not arrive.
pub(crate) fn lost() -> tracker::Fault {
    tracker::Fault::Retry("the tracker's answer is lost".to_owned())
}

impl Outside for World {
    fn send(&mut self, permit: Permit, send: &Send, now: Timestamp) -> Planned<SendOutcome> {
        let planned = match self.weather.graph(&send.metadata) {
            Some(mood) => self.struck(mood, &permit, send, now),
            None => self.reached(&permit, send, now),
        };
        Planned { deliveries: self.told(send, planned.deliveries), ..planned }
    }

    fn profile(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Profile, Fault>> {
        let told = self.facebook.profile(page, psid, now);
        self.unread(page, &format!("profile {page}/{psid}"), told, now)
    }

    fn thread(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Vec<Sent>, Fault>> {
        let told = self.facebook.thread(page, psid, now);
        self.unread(page, &format!("thread {page}/{psid}"), told, now)
    }

    fn take_control(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Control, Fault>> {
        let told = self.facebook.take_control(page, psid, now);
        self.unread(page, &format!("control {page}/{psid}"), told, now)
    }

    fn open_task(
        &mut self,
        effect: &EffectId,
        task: &OpenTask,
        now: Timestamp,
    ) -> Planned<Result<Opened, tracker::Fault>> {
        self.tracked(effect, now, |desk| desk.open_task(effect, task))
    }

    fn add_comments(
        &mut self,
        effect: &EffectId,
        task: &TaskId,
        lines: &[Comment],
        if_active: bool,
        now: Timestamp,
    ) -> Planned<Result<CommentsAdded, tracker::Fault>> {
        self.tracked(effect, now, |desk| desk.add_comments(effect, task, lines, if_active))
    }

    fn name_contact(
        &mut self,
        effect: &EffectId,
        contact: &ContactId,
        name: &Redacted<String>,
        now: Timestamp,
    ) -> Planned<Result<(), tracker::Fault>> {
        self.tracked(effect, now, |desk| desk.name_contact(effect, contact, name))
    }

    fn feed(&mut self, after: Cursor, limit: usize) -> Result<Feed, tracker::Fault> {
        if self.weather.feeds() { Ok(self.desk.feed(after, limit)) } else { Err(down()) }
    }

    fn newest(&self) -> Cursor {
        self.desk.newest()
    }

    fn comment(&mut self, comment: &CommentOnTask, now: Timestamp) -> Option<(TaskId, CommentId)> {
        self.desk.comment(comment, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_waits_as_long_as_the_client_that_ships() {
        let config = messenger::Config::default();
        assert_eq!(config.total_timeout.as_millis(), u128::try_from(PATIENCE.0).unwrap());
    }
}
