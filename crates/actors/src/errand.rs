//! What an effect asks of the world in the world's own words, what an answer means, and when it is asked again. Pure.
//!
//! No rules: a send needs a `Permit`, which `policy::confirm` alone makes. Nothing here calls anybody.

use machine::conversation::{Effect, Line, Origin, Outcome, SendOutcome};
use machine::outbound::Content;
use messenger::{Body, Fault, Scope, Send, error_table};
use model::{EffectId, MachineId, PageId, Psid, Redacted, Span, TaskId, Timestamp};
use sabotage::{Defect, on};
use tracker::{Comment, CommentOrigin, CommentsAdded, Contact, OpenTask, Opened};

/// Shortest pause before a profile is asked for again.
const PROFILE_PAUSE_MIN: Span = Span(250);
/// The pause before a tracker is asked again: the first, and the longest of the doubling ones.
const TRACKER_PAUSE: (Span, Span) = (Span(100), Span::seconds(30));

/// What came of an effect.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For the machine.
    pub outcome: Outcome,
    /// Why Meta takes no message now, for the log.
    pub why: Option<&'static str>,
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, why: None }
    }
}

impl From<SendOutcome> for Answer {
    fn from(send: SendOutcome) -> Self {
        Outcome::Send { send }.into()
    }
}

/// Whether it reaches the customer: such an effect is never executed twice.
pub const fn is_send(effect: &Effect) -> bool {
    matches!(effect, Effect::Send { .. })
}

/// A send that nobody remembers was left by an earlier life.
pub fn left_by_an_earlier_life() -> Answer {
    SendOutcome::InDoubt { why: "restart".to_owned() }.into()
}

/// The message of a send.
pub fn message(page: &PageId, psid: &Psid, id: &EffectId, content: Content) -> Send {
    let body = match content {
        Content::Text { text } => Body::Text(text),
        Content::Attachment { kind, url } => Body::Attachment { kind, url },
    };
    let psid = if on(Defect::WrongRecipient) { Psid::new(page.as_str()) } else { psid.clone() };
    Send { page: page.clone(), psid, body, metadata: id.to_string() }
}

/// Nothing has left; the policy is asked again at the next turn.
pub fn permit_over() -> Answer {
    later(Span(0), None, "permit-over")
}

fn later(after: Span, code: Option<messenger::Code>, why: &'static str) -> Answer {
    Answer { why: Some(why), ..SendOutcome::Later { after, code }.into() }
}

/// Something that Meta says of the Page as a whole: the row's name and the code.
pub type Trouble = (&'static str, messenger::Code);

/// What Meta's answer to a send means, and what it says of the Page as a whole.
pub fn sent(outcome: messenger::SendOutcome) -> (Answer, Option<Trouble>) {
    match outcome {
        messenger::SendOutcome::Sent { mid } => (SendOutcome::Sent { mid }.into(), None),
        messenger::SendOutcome::Later { after, code, why } => (later(after, code, why), None),
        messenger::SendOutcome::InDoubt { why } => (SendOutcome::InDoubt { why: why.to_owned() }.into(), None),
        messenger::SendOutcome::Failed { code, row, trace, scope } => {
            let trouble = (scope == Scope::Page).then_some((row, code));
            let answer = if error_table::refuses_token(code) && !on(Defect::PartFailsForToken) {
                // Not the message's fault: it is held until the Page is connected again.
                later(Span(0), Some(code), row)
            } else {
                SendOutcome::Failed { code, row: row.to_owned(), trace }.into()
            };
            (answer, trouble)
        }
    }
}

/// When a profile that could not be read is asked for again; `None`: nobody waits for it any more, or it will never work.
pub fn profile_again_at(fault: &Fault, now: Timestamp, until: Timestamp) -> Option<Timestamp> {
    let again_at = match fault {
        Fault::Retry { after, .. } => Some(now + (*after).max(PROFILE_PAUSE_MIN)),
        Fault::GiveUp { .. } => None,
    };
    again_at.filter(|at| *at < until)
}

/// Pauses between asking a tracker: 100 ms doubling up to 30 s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pauses(Span);

impl Default for Pauses {
    fn default() -> Self {
        Self(TRACKER_PAUSE.0)
    }
}

impl Pauses {
    /// The pause to make now.
    pub fn make(&mut self) -> Span {
        let pause = self.0;
        self.0 = Span((pause.0 * 2).min(TRACKER_PAUSE.1.0));
        pause
    }
}

/// The task that an effect wants opened.
pub fn task(
    binding: MachineId,
    name: Redacted<String>,
    customer: Option<Redacted<String>>,
    lines: Vec<Line>,
    previous: Option<TaskId>,
) -> OpenTask {
    OpenTask {
        contact: Contact { key: binding.clone(), name: customer },
        binding,
        name,
        at: lines.first().map_or(Timestamp(0), |line| line.at),
        lines: comments(lines),
        previous,
    }
}

/// Lines as the tracker takes them.
pub fn comments(lines: Vec<Line>) -> Vec<Comment> {
    lines.into_iter().map(comment).collect()
}

fn comment(line: Line) -> Comment {
    let origin = match line.origin {
        Origin::Customer => CommentOrigin::Customer,
        Origin::Outside => CommentOrigin::Outside,
        Origin::Notice => CommentOrigin::Notice,
    };
    Comment { origin, text: line.text, attachments: line.attachments, at: line.at }
}

/// What became of opening a task; `Err` is why the tracker refuses for good.
pub fn opened(answer: Result<Opened, String>) -> Outcome {
    answer.map_or_else(refused, |opened| Outcome::TaskOpened { task: opened.task, contact: opened.contact })
}

/// What became of adding comments; `Err` is why the tracker refuses for good.
pub fn added(answer: Result<CommentsAdded, String>) -> Outcome {
    answer.map_or_else(refused, |added| match added {
        CommentsAdded::Done { task } => Outcome::CommentsAdded { task },
        CommentsAdded::Inactive => Outcome::TaskInactive,
        CommentsAdded::Gone => Outcome::TaskGone,
    })
}

/// What became of naming a contact; `Err` is why the tracker refuses for good.
pub fn named(answer: Result<(), String>) -> Outcome {
    answer.map_or_else(refused, |()| Outcome::ContactNamed)
}

fn refused(reason: String) -> Outcome {
    Outcome::TrackerRefused { reason }
}

#[cfg(test)]
mod tests {
    use model::Mid;

    use super::*;

    #[test]
    fn a_dead_token_holds_the_message_and_troubles_the_page() {
        let code = (190, Some(460));
        let failed = messenger::SendOutcome::Failed { code, row: "token-invalid", trace: None, scope: Scope::Page };
        let (answer, trouble) = sent(failed);
        let held = Outcome::Send { send: SendOutcome::Later { after: Span(0), code: Some(code) } };
        assert_eq!((answer.outcome, answer.why, trouble), (held, Some("token-invalid"), Some(("token-invalid", code))));
        let (answer, trouble) = sent(messenger::SendOutcome::Sent { mid: Mid::new("m") });
        assert_eq!(trouble, None);
        assert_eq!(answer.outcome, Outcome::Send { send: SendOutcome::Sent { mid: Mid::new("m") } });
    }

    #[test]
    fn a_profile_is_asked_for_again_only_while_somebody_waits() {
        let retry = |after| Fault::Retry { after: Span(after), why: "timeout", code: None };
        assert_eq!(profile_again_at(&retry(0), Timestamp(100), Timestamp(5_000)), Some(Timestamp(350)));
        assert_eq!(profile_again_at(&retry(4_899), Timestamp(100), Timestamp(5_000)), Some(Timestamp(4_999)));
        assert_eq!(profile_again_at(&retry(4_900), Timestamp(100), Timestamp(5_000)), None);
    }

    #[test]
    fn a_tracker_is_left_alone_twice_as_long_each_time_up_to_half_a_minute() {
        let mut pauses = Pauses::default();
        let made: Vec<i64> = (0..11).map(|_| pauses.make().0).collect();
        assert_eq!(made, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    }
}
