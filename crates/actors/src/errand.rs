//! What an effect asks of the world in the world's own words, what an answer means, and when it is asked again. Pure.
//!
//! No rules: a send needs a `Permit`, which `policy::confirm` alone makes. Nothing here calls anybody.

use machine::conversation::{Effect, Line, Origin, Outcome, SendOutcome};
use machine::outbound::Content;
use machine::page::Stop;
use messenger::{Body, Control, Fault, Scope, Send, Sent, error_table};
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
        Content::Prompt { text, buttons, reply_to } => {
            let buttons = buttons.iter().map(|button| (button.title().clone(), button.payload().clone())).collect();
            Body::Prompt { text, buttons, reply_to }
        }
        Content::Template { name, language, parameters } => Body::Template { name, language, parameters },
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

/// Something that Meta, or the way to it, says of the Page as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The token is not taken.
    TokenRefused(messenger::Code),
    /// No message has a chance for a while.
    Stopped {
        /// Not of this Page alone: of every Page of this installation.
        everywhere: bool,
        /// Why, and for how long.
        stop: Stop,
    },
    /// Nobody knows whether the message was taken; one alone says nothing yet.
    Unclear(Stop),
}

/// What an answer of Meta means.
#[derive(Clone, Debug)]
pub struct Heard {
    /// For the conversation.
    pub answer: Answer,
    /// For the Page.
    pub trouble: Option<Trouble>,
    /// Usage headers that could not be read.
    pub unreadable: u32,
}

/// What Meta's answer to the send `id` means, and what it says of the Page as a whole. From `usage_max` percent on the calls
/// count as used up.
///
/// A message that a whole queue is stopped for is not at fault: it is not failed, and the try is none of those that it has.
pub fn sent(outcome: messenger::SendOutcome, id: &EffectId, usage_max: u32) -> Heard {
    let heard = |answer, trouble| Heard { answer, trouble, unreadable: 0 };
    match outcome {
        messenger::SendOutcome::Sent { mid, usage } => Heard {
            unreadable: usage.unreadable,
            ..heard(SendOutcome::Sent { mid }.into(), used_up(usage, id, usage_max))
        },
        messenger::SendOutcome::Later { after, code: None, why } => {
            let stop = stop(("graph-unreachable", None), error_table::UNREACHABLE, Some(after), id);
            heard(later(Span(0), None, why), Some(Trouble::Stopped { everywhere: false, stop }))
        }
        messenger::SendOutcome::Later { after, code: Some(code), why } => match stopped(code, Some(after), id) {
            Some(trouble) => heard(later(Span(0), Some(code), why), Some(trouble)),
            None => heard(later(after, Some(code), why), None),
        },
        messenger::SendOutcome::InDoubt { why } => {
            let failing =
                GRAPH_FAULTS.contains(&why).then(|| stop(("graph-failing", None), error_table::FAILING, None, id));
            heard(SendOutcome::InDoubt { why: why.to_owned() }.into(), failing.map(Trouble::Unclear))
        }
        messenger::SendOutcome::Failed { code, row, trace, scope: _ } => {
            let of_token = error_table::refuses_token(code);
            let trouble = if of_token { Some(Trouble::TokenRefused(code)) } else { stopped(code, None, id) };
            let answer = if trouble.is_some() && !(of_token && on(Defect::PartFailsForToken)) {
                // Not the message's fault: it is held until the Page is connected again, or the queue goes on.
                later(Span(0), Some(code), row)
            } else {
                SendOutcome::Failed { code, row: row.to_owned(), trace }.into()
            };
            heard(answer, trouble)
        }
    }
}

/// Why a send is in doubt where Meta itself, or the way to it, is at fault.
const GRAPH_FAULTS: [&str; 4] = ["timeout", "connection-lost", "server-error", "unreadable-answer"];

/// An error that stops the queue of the Page, or of every Page.
fn stopped(code: messenger::Code, told: Option<Span>, id: &EffectId) -> Option<Trouble> {
    let row = error_table::lookup(code);
    let stop = stop((row.name, Some(code)), error_table::rest(row)?, told, id);
    Some(Trouble::Stopped { everywhere: row.scope == Scope::App, stop })
}

/// The calls are nearly used up: better to rest than to be refused.
fn used_up(usage: messenger::Usage, id: &EffectId, usage_max: u32) -> Option<Trouble> {
    if usage.app.max(usage.page) < usage_max.max(1) {
        return None;
    }
    let stop = stop(("calls-used-up", None), error_table::USED_UP, usage.regain, id);
    Some(Trouble::Stopped { everywhere: usage.app >= usage_max, stop })
}

/// Up to a tenth longer, by the send that met it: not all ask again at once.
fn stop(
    (row, code): (&str, Option<messenger::Code>),
    rest: error_table::Rest,
    told: Option<Span>,
    id: &EffectId,
) -> Stop {
    let spread = id.to_string().bytes().fold(0_u16, |hash, byte| hash.wrapping_mul(31).wrapping_add(u16::from(byte)));
    Stop {
        row: row.to_owned(),
        code: code.map(|(code, _)| code),
        subcode: code.and_then(|(_, subcode)| subcode),
        rest: rest.first,
        longest: rest.longest,
        told: told.filter(|told| *told > rest.first),
        spread: spread % 101,
    }
}

/// Sends in a row whose fate is unknown, after which Meta counts as failing.
const UNCLEAR_MAX: u8 = 3;

/// Sends in a row whose fate is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Streak(u8);

impl Streak {
    /// Another one; `true`: it is no accident any more.
    pub fn unclear(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        self.0 >= UNCLEAR_MAX
    }

    /// What an outcome says of it: `true` where Meta answered a send, whatever it said of the message.
    pub fn heard(&mut self, outcome: &Outcome) -> bool {
        let answered = matches!(outcome, Outcome::Send { send: SendOutcome::Sent { .. } | SendOutcome::Failed { .. } });
        if answered {
            self.0 = 0;
        }
        answered
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

/// How much earlier than a send began, by our clock, a message of its thread may have been sent, by Meta's clock, which
/// tells whole seconds.
const CLOCKS_APART: Span = Span::seconds(5);

/// What the thread says of an unclear send that began at `since`: what the Page sent since then that carries the same.
pub fn thread_read(content: &Content, since: Timestamp, thread: Vec<Sent>) -> Outcome {
    let since = since - CLOCKS_APART;
    let alike = thread.into_iter().filter(|sent| since <= sent.at && carries(sent, content));
    Outcome::ThreadRead { mids: alike.map(|sent| sent.mid).collect() }
}

fn carries(sent: &Sent, content: &Content) -> bool {
    match content {
        Content::Text { text } | Content::Prompt { text, .. } => {
            let shown = sent.text.as_ref().map(|shown| shown.reveal().trim());
            sent.attachments.is_empty() && shown == Some(text.reveal().trim())
        }
        Content::Attachment { kind, url: _ } => sent.text.is_none() && sent.attachments == [kind.as_str()],
        // What a thread shows of a template is not documented (read 2026-11-23): a person looks.
        Content::Template { .. } => false,
    }
}

/// When a thread that could not be read or taken is asked for again; `None`: nobody waits for it any more, or it will never work.
pub fn thread_again_at(fault: &Fault, pauses: &mut Pauses, now: Timestamp, until: Timestamp) -> Option<Timestamp> {
    let again_at = match fault {
        Fault::Retry { after, .. } => Some(now + (*after).max(pauses.make())),
        Fault::GiveUp { .. } => None,
    };
    again_at.filter(|at| *at < until)
}

/// What asking for a conversation came to.
pub fn controlled(control: Control) -> Outcome {
    match control {
        Control::Taken => Outcome::ControlTaken,
        Control::Denied { reason, owner } => Outcome::ControlDenied { reason, owner },
    }
}

/// A conversation that Meta could not be asked for in time.
pub fn not_controlled(fault: &Fault) -> Outcome {
    Outcome::ControlDenied { reason: fault.to_string(), owner: None }
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

    fn id() -> EffectId {
        let machine = MachineId::Conversation(PageId::new("1"), Psid::new("2"));
        EffectId { incarnation: model::Incarnation(1), machine, seq: 7 }
    }

    fn failed(code: messenger::Code) -> Heard {
        let row = error_table::lookup(code);
        let refused = messenger::SendOutcome::Failed { code, row: row.name, trace: None, scope: row.scope };
        sent(refused, &id(), 90)
    }

    fn put_off(code: Option<messenger::Code>) -> Outcome {
        Outcome::Send { send: SendOutcome::Later { after: Span(0), code } }
    }

    #[test]
    fn a_dead_token_holds_the_message_and_troubles_the_page() {
        let code = (190, Some(460));
        let heard = failed(code);
        assert_eq!((heard.answer.outcome, heard.answer.why), (put_off(Some(code)), Some("token-invalid")));
        assert_eq!(heard.trouble, Some(Trouble::TokenRefused(code)));
    }

    #[test]
    fn what_stops_a_queue_spares_the_message_that_met_it() {
        let limited =
            messenger::SendOutcome::Later { after: Span::hours(3), code: Some((80_006, None)), why: "page-limit" };
        let heard = sent(limited, &id(), 90);
        assert_eq!(heard.answer.outcome, put_off(Some((80_006, None))));
        let Some(Trouble::Stopped { everywhere: false, stop }) = heard.trouble else { panic!("{:?}", heard.trouble) };
        assert_eq!((&*stop.row, stop.told), ("page-limit", Some(Span::hours(3))));
        assert!(stop.spread <= 100);
        let heard = failed((3, None));
        assert_eq!(heard.answer.outcome, put_off(Some((3, None))));
        assert!(matches!(heard.trouble, Some(Trouble::Stopped { everywhere: true, .. })), "{:?}", heard.trouble);
        let heard = sent(messenger::SendOutcome::Later { after: Span(5), code: None, why: "tls" }, &id(), 90);
        assert_eq!(heard.answer.outcome, put_off(None));
    }

    #[test]
    fn what_concerns_one_message_fails_and_stops_nothing() {
        let heard = failed((100, Some(2_018_001)));
        assert!(matches!(heard.answer.outcome, Outcome::Send { send: SendOutcome::Failed { .. } }));
        assert_eq!(heard.trouble, None);
        assert_eq!(failed((200, Some(2_018_028))).trouble, None, "the app may write to people with a role");
    }

    #[test]
    fn calls_that_are_nearly_used_up_rest_before_they_are_refused() {
        let usage = |app, page| messenger::Usage { app, page, regain: Some(Span::minutes(12)), unreadable: 1 };
        let heard = |usage| sent(messenger::SendOutcome::Sent { mid: Mid::new("m"), usage }, &id(), 90);
        assert_eq!(heard(usage(89, 89)).trouble, None);
        let of_page = heard(usage(0, 90));
        assert_eq!(
            (of_page.answer.outcome.clone(), of_page.unreadable),
            (Outcome::Send { send: SendOutcome::Sent { mid: Mid::new("m") } }, 1,)
        );
        let Some(Trouble::Stopped { everywhere: false, stop }) = of_page.trouble else { panic!("{of_page:?}") };
        assert_eq!((stop.rest, stop.told), (Span::minutes(1), Some(Span::minutes(12))));
        assert!(matches!(heard(usage(95, 0)).trouble, Some(Trouble::Stopped { everywhere: true, .. })));
    }

    #[test]
    fn three_unclear_sends_in_a_row_are_no_accident() {
        let mut streak = Streak::default();
        assert_eq!((streak.unclear(), streak.unclear()), (false, false));
        assert!(streak.heard(&Outcome::Send { send: SendOutcome::Sent { mid: Mid::new("m") } }));
        assert_eq!((streak.unclear(), streak.unclear(), streak.unclear()), (false, false, true));
        assert!(!streak.heard(&Outcome::ContactNamed) && streak.unclear());
    }

    #[test]
    fn a_profile_is_asked_for_again_only_while_somebody_waits() {
        let retry = |after| Fault::Retry { after: Span(after), why: "timeout", code: None };
        assert_eq!(profile_again_at(&retry(0), Timestamp(100), Timestamp(5_000)), Some(Timestamp(350)));
        assert_eq!(profile_again_at(&retry(4_899), Timestamp(100), Timestamp(5_000)), Some(Timestamp(4_999)));
        assert_eq!(profile_again_at(&retry(4_900), Timestamp(100), Timestamp(5_000)), None);
    }

    #[test]
    fn a_send_is_found_in_the_thread_by_what_it_carries_and_when_it_began() {
        let said = |mid: &str, at, text: Option<&str>, files: &[&str]| Sent {
            mid: Mid::new(mid),
            at: Timestamp(at),
            text: text.map(Redacted::from),
            attachments: files.iter().map(|file| (*file).to_owned()).collect(),
        };
        let thread = vec![
            said("m_old", 14_000, Some("Yes."), &[]),
            said("m_1", 15_000, Some("Yes."), &[]),
            said("m_2", 21_000, Some("Yes. "), &[]),
            said("m_3", 21_000, Some("No."), &[]),
            said("m_4", 21_000, Some("Yes."), &["image"]),
            said("m_5", 22_000, None, &["image"]),
            said("m_6", 22_000, None, &["image", "image"]),
        ];
        let found = |content: &Content| {
            let Outcome::ThreadRead { mids } = thread_read(content, Timestamp(20_000), thread.clone()) else {
                panic!("it was read")
            };
            mids.iter().map(|mid| mid.as_str().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found(&Content::Text { text: "Yes.".into() }), "m_1 m_2");
        let picture = Content::Attachment { kind: "image".to_owned(), url: "https://bakery.example/1.png".into() };
        assert_eq!(found(&picture), "m_5");
        let film = Content::Attachment { kind: "video".to_owned(), url: "https://bakery.example/1.mp4".into() };
        assert_eq!(found(&film), "");
    }

    #[test]
    fn a_tracker_is_left_alone_twice_as_long_each_time_up_to_half_a_minute() {
        let mut pauses = Pauses::default();
        let made: Vec<i64> = (0..11).map(|_| pauses.make().0).collect();
        assert_eq!(made, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    }
}
