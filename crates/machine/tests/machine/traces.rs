//! Approved traces: `time who seq what -> effect`, one scenario per snapshot. A change of behaviour shows as a change of text.

use machine::conversation::{Command, Effect, Event, Outcome, Resolution, SendOutcome};
use machine::outbound::{Content, PartId};
use model::{Inbound, Kind, Span, TaskId, Timestamp};
use policy::{Author, Verdict};

use crate::kit::{START, context, delivered, echo, message, metadata, nameless, postback, read, reply};
use crate::life::{Life, send, sent};

/// `hh:mm:ss.mmm` since the start.
pub(crate) fn clock(now: Timestamp) -> String {
    let ms = (now - START).0;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

/// One line of a trace.
pub(crate) fn describe(now: Timestamp, seq: u64, event: &Event, effect: Option<&Effect>) -> String {
    let effect = effect.map(|effect| format!(" -> {} e{seq}", verb(effect))).unwrap_or_default();
    format!("{} c1 {seq} {}{effect}", clock(now), what(event))
}

fn verb(effect: &Effect) -> &'static str {
    match effect {
        Effect::AskProfile { .. } => "ask-profile",
        Effect::OpenTask { .. } => "open-task",
        Effect::AddComments { .. } => "add-comments",
        Effect::NameContact { .. } => "name-contact",
        Effect::ReadThread { .. } => "read-thread",
        Effect::TakeControl { .. } => "take-control",
        Effect::Send { .. } => "send",
    }
}

fn what(event: &Event) -> String {
    match event {
        Event::Received { inbound } => format!("Received {}", item(inbound)),
        Event::ReplyAsked { reply } => {
            format!("ReplyAsked comment={} author={:?} parts={}", reply.source, reply.author, reply.contents.len())
        }
        Event::DispatchGranted { part } => format!("DispatchGranted part={part}"),
        Event::Settled { effect, outcome } => format!("Settled e{effect} {}", answer(outcome)),
        Event::Woke { reason, at: _ } => format!("Woke {reason:?}"),
        Event::Resolved { part, resolution, by } => format!("Resolved part={part} {resolution:?} by={by}"),
        Event::ProfileAsked { until } => format!("ProfileAsked until={}", clock(*until)),
        Event::ProfileAskedAgain { at: _ } => "ProfileAskedAgain".to_owned(),
        Event::ContactNamed { name } => format!("ContactNamed {}", name.reveal()),
        Event::ContactNaming { contact, name } => format!("ContactNaming {contact} {}", name.reveal()),
        Event::TaskOpening { name, lines, previous, customer: _ } => {
            let previous = previous.as_ref().map(|task| format!(" previous={task}")).unwrap_or_default();
            format!("TaskOpening “{}” {}{previous}", name.reveal(), texts(lines))
        }
        Event::TaskBound { task, contact } => format!("TaskBound {task} contact={contact}"),
        Event::CommentsAdding { task, lines, if_active } => {
            format!("CommentsAdding {task} {}{}", texts(lines), if *if_active { " if-active" } else { "" })
        }
        Event::EchoHeld { mid, until } => format!("EchoHeld mid={mid} until={}", clock(*until)),
        Event::SentOutside { mid } => format!("SentOutside mid={mid}"),
        Event::ThreadOwned { ours, at: _, key: _ } => format!("ThreadOwned ours={ours}"),
        Event::PartRefused { part, reason, at: _ } => format!("PartRefused part={part} {}", reason.code()),
        Event::PartHeld { part, reason, at: _ } => format!("PartHeld part={part} {}", reason.code()),
        Event::SendStarted { part, attempt, verdict, content, at: _ } => {
            format!("SendStarted part={part} attempt={attempt} {} “{}”", how(verdict), content_text(content))
        }
        Event::PartSent { part, mid, at: _ } => match mid {
            Some(mid) => format!("PartSent part={part} mid={mid}"),
            None => format!("PartSent part={part}"),
        },
        Event::PartDelayed { part, at } => format!("PartDelayed part={part} until={}", clock(*at)),
        Event::PartFailed { part, reason, code: _, at: _ } => format!("PartFailed part={part} {reason}"),
        Event::PartInDoubt { part, why, until, read_at } => {
            let read_at = read_at.map(|at| format!(" read-at={}", clock(at))).unwrap_or_default();
            format!("PartInDoubt part={part} {why}{read_at} until={}", clock(*until))
        }
        Event::ControlAsked { until } => format!("ControlAsked until={}", clock(*until)),
        Event::ThreadAsked { part, until, .. } => format!("ThreadAsked part={part} until={}", clock(*until)),
        Event::AdWindowRefused { part, at } => format!("AdWindowRefused part={part} at={}", clock(*at)),
        Event::PrivacyRefused { at } => format!("PrivacyRefused at={}", clock(*at)),
        Event::DoubtRemained { part } => format!("DoubtRemained part={part}"),
        Event::WindowClosed { at } => format!("WindowClosed at={}", clock(*at)),
    }
}

fn item(inbound: &Inbound) -> String {
    match &inbound.kind {
        Kind::Message(message) => format!("message mid={}", message.mid),
        Kind::Postback(_) => "postback".to_owned(),
        Kind::Echo(echo) => format!("echo mid={} metadata={}", echo.mid, echo.metadata.is_some()),
        Kind::Delivered(receipt) => format!("delivered up-to={}", clock(receipt.watermark)),
        Kind::Read(receipt) => format!("read up-to={}", clock(receipt.watermark)),
        Kind::Reaction(reaction) => format!("reaction mid={} added={}", reaction.mid, reaction.added),
        Kind::Edit(edit) => format!("edit mid={}", edit.mid),
        Kind::Unsend(unsend) => format!("unsend mid={}", unsend.mid),
        Kind::Referral(_)
        | Kind::Optin(_)
        | Kind::Handover(_)
        | Kind::AccountLink(_)
        | Kind::Feedback(_)
        | Kind::Order(_)
        | Kind::Notice(_)
        | Kind::Legacy(_) => inbound.kind.word().to_owned(),
    }
}

fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::TaskOpened { task, .. } => format!("task-opened {task}"),
        Outcome::CommentsAdded { task } => format!("comments-added {task}"),
        Outcome::TaskInactive => "task-inactive".to_owned(),
        Outcome::TaskGone => "task-gone".to_owned(),
        Outcome::TrackerRefused { reason } => format!("tracker-refused {reason}"),
        Outcome::Profile { .. } => "profile".to_owned(),
        Outcome::NoProfile { reason } => format!("no-profile {reason}"),
        Outcome::ContactNamed => "contact-named".to_owned(),
        Outcome::ControlTaken => "control-taken".to_owned(),
        Outcome::ControlDenied { reason, owner } => {
            format!("control-denied {reason}{}", owner.as_ref().map(|app| format!(" owner={app}")).unwrap_or_default())
        }
        Outcome::ThreadRead { mids } => {
            let mids: Vec<&str> = mids.iter().map(model::Mid::as_str).collect();
            format!("thread-read [{}]", mids.join(" "))
        }
        Outcome::ThreadUnread { reason } => format!("thread-unread {reason}"),
        Outcome::Send { send: SendOutcome::Sent { mid } } => format!("sent mid={mid}"),
        Outcome::Send { send: SendOutcome::Later { after, .. } } => format!("later after={after:?}"),
        Outcome::Send { send: SendOutcome::Failed { row, .. } } => format!("failed {row}"),
        Outcome::Send { send: SendOutcome::InDoubt { why } } => format!("in-doubt {why}"),
    }
}

fn texts(lines: &[machine::conversation::Line]) -> String {
    let texts: Vec<String> = lines
        .iter()
        .map(|line| format!("{}{:?}: {}", if line.late { "late " } else { "" }, line.origin, line.text.reveal()))
        .collect();
    format!("[{}]", texts.join(" | "))
}

fn how(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Permit { messaging_type, edition, .. } => {
            let (kind, tag) = messaging_type.wire();
            format!("{kind}{} edition={edition}", tag.map(|tag| format!("/{tag}")).unwrap_or_default())
        }
        Verdict::Defer { .. } | Verdict::Forbid { .. } => "NOT PERMITTED".to_owned(),
    }
}

fn content_text(content: &Content) -> &str {
    match content {
        Content::Text { text } | Content::Prompt { text, .. } => text.reveal(),
        Content::Template { name, .. } => name,
        Content::Attachment { kind, .. } => kind,
    }
}

pub(crate) fn approve(name: &str, life: &Life) {
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "traces" }, {
        insta::assert_snapshot!(name, life.trace.join("\n"));
    });
}

/// A conversation whose task `t2` stands, one minute after the customer wrote.
fn bound() -> Life {
    let mut life = Life::new(nameless());
    life.receive(message("m_in1", START, "Do you repair tandems?"));
    life.settle_tracker();
    life.at(Span::minutes(1));
    life
}

#[test]
fn the_first_message_opens_a_task_named_after_the_customer() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Do you repair tandems?"));
    life.at(Span(300));
    life.receive(message("m_in2", START + Span(280), "It is a 1987 one."));
    life.at(Span(700));
    life.settle_tracker();
    life.at(Span::seconds(3));
    life.receive(postback("m_in3", START + Span::seconds(3), "Opening hours"));
    life.settle_tracker();
    approve("first-message", &life);
}

#[test]
fn a_name_that_comes_too_late_reaches_the_contact_afterwards() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Hello"));
    life.sleep();
    let task = life.find(|effect| matches!(effect, Effect::OpenTask { .. })).expect("opening");
    let profile = life.find(|effect| matches!(effect, Effect::AskProfile { .. })).expect("asked");
    life.answer(profile, Outcome::Profile { name: Some("Mara Vogt".into()) });
    life.answer(task, crate::life::healthy(&life.open[&task], task));
    life.settle_tracker();
    approve("late-name", &life);
}

#[test]
fn a_reply_within_the_window_is_sent_and_followed_by_its_receipts() {
    let mut life = bound();
    life.reply(reply("k1", Author::Agent, &["Yes, we do.", "Bring it on Tuesday."], life.now));
    life.dispatch();
    life.dispatch();
    life.at(Span(60_900));
    let effect = life.send_open();
    life.answer(effect, sent("m_out1"));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, sent("m_out2"));
    life.receive(delivered(START + Span(61_000)));
    life.receive(read(START + Span(90_000)));
    approve("reply-in-window", &life);
}

#[test]
fn a_reply_that_comes_too_late_is_refused_with_the_reason() {
    let mut life = bound();
    life.at(Span::days(8));
    life.wake();
    life.reply(reply("k1", Author::Agent, &["Sorry for the wait."], life.now));
    life.at(Span::minutes(8 * 24 * 60 + 1));
    life.dispatch();
    approve("reply-too-late", &life);
}

#[test]
fn a_reply_that_ages_in_the_queue_is_refused_when_its_turn_comes() {
    let mut life = bound();
    life.context.page.token = false;
    life.reply(reply("k1", Author::Automation, &["Still interested?"], life.now));
    life.at(Span(24 * 3_600_000 - 1));
    life.dispatch();
    life.at(Span::hours(24));
    life.wake();
    life.dispatch();
    approve("aged-in-queue", &life);
}

#[test]
fn a_person_answers_on_day_three_under_human_agent() {
    let mut life = bound();
    life.at(Span::days(3));
    life.wake();
    life.reply(reply("k1", Author::Agent, &["The part has come."], life.now));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, sent("m_out1"));
    life.reply(reply("k2", Author::Automation, &["How did we do?"], life.now));
    approve("human-agent-day-three", &life);
}

#[test]
fn an_echo_of_another_app_is_shown_as_sent_outside() {
    let mut life = bound();
    life.receive(echo("m_biz1", life.now, None, None, "We open at nine."));
    life.settle_tracker();
    life.receive(echo("m_bot1", life.now, Some("99"), Some("bot-17".to_owned()), "Rate us!"));
    life.settle_tracker();
    approve("foreign-echo", &life);
}

#[test]
fn an_echo_of_a_person_that_comes_during_a_send_waits_for_its_answer() {
    let mut life = bound();
    life.reply(reply("k1", Author::Agent, &["Yes, we do."], life.now));
    life.dispatch();
    life.receive(echo("m_biz1", life.now, None, None, "We open at nine."));
    life.at(Span(61_200));
    let effect = life.send_open();
    life.answer(effect, sent("m_out1"));
    life.settle_tracker();
    approve("foreign-echo-during-send", &life);
}

#[test]
fn an_echo_may_come_before_the_answer_of_its_send() {
    let mut life = bound();
    life.reply(reply("k1", Author::Agent, &["Yes, we do.", "On Tuesday."], life.now));
    life.dispatch();
    let first = life.send_open();
    life.receive(echo("m_out1", life.now, Some(crate::kit::OUR_APP), Some(metadata(first)), "Yes, we do."));
    life.dispatch();
    let second = life.send_open();
    life.answer(first, sent("m_out1"));
    life.receive(echo("m_out2", life.now, Some(crate::kit::OUR_APP), None, "On Tuesday."));
    life.answer(second, sent("m_out2"));
    approve("echo-before-answer", &life);
}

#[test]
fn a_send_cut_by_a_crash_is_settled_by_its_echo() {
    let mut life = bound();
    life.reply(reply("k1", Author::Agent, &["Yes, we do.", "On Tuesday."], life.now));
    life.dispatch();
    let effect = life.send_open();
    life.at(Span::minutes(2));
    life.crash();
    life.dispatch();
    life.at(Span::minutes(3));
    life.receive(echo(
        "m_out1",
        START + Span(61_000),
        Some(crate::kit::OUR_APP),
        Some(metadata(effect)),
        "Yes, we do.",
    ));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "timeout".to_owned() }));
    life.sleep();
    life.give(Command::Resolve { part: PartId(2), resolution: Resolution::Retry, by: "Ida".to_owned() });
    life.dispatch();
    approve("crash-in-doubt", &life);
}

#[test]
fn a_passing_trouble_is_waited_out_and_then_told() {
    let mut life = bound();
    life.reply(reply("k1", Author::Agent, &["Yes, we do."], life.now));
    for _ in 0..5 {
        life.dispatch();
        let effect = life.send_open();
        life.answer(effect, send(SendOutcome::Later { after: Span::seconds(1), code: Some((2, None)) }));
        if life.state.queue().next_retry().is_some() {
            life.sleep();
        }
    }
    life.give(Command::Resolve { part: PartId(1), resolution: Resolution::GiveUp, by: "Ida".to_owned() });
    approve("passing-trouble", &life);
}

#[test]
fn a_message_to_an_inactive_task_opens_a_new_one() {
    let mut life = bound();
    life.receive(message("m_in2", life.now, "One more thing"));
    let effect = life.find(|effect| matches!(effect, Effect::AddComments { .. })).expect("adding");
    life.receive(message("m_in3", life.now, "Are you there?"));
    life.at(Span::minutes(2));
    life.answer(effect, Outcome::TaskInactive);
    life.settle_tracker();
    life.receive(message("m_in4", life.now, "Hello?"));
    let effect = life.find(|effect| matches!(effect, Effect::AddComments { .. })).expect("adding");
    life.answer(effect, Outcome::CommentsAdded { task: TaskId::new("t90") });
    life.receive(message("m_in5", life.now, "Thanks"));
    approve("task-inactive", &life);
}

#[test]
fn a_refusal_of_the_tracker_keeps_every_line() {
    let mut life = Life::new(nameless());
    life.receive(message("m_in1", START, "Hello"));
    let effect = life.find(|effect| matches!(effect, Effect::OpenTask { .. })).expect("opening");
    life.receive(message("m_in2", START, "Anyone?"));
    life.answer(effect, Outcome::TrackerRefused { reason: "no-project".to_owned() });
    assert_eq!(life.state.tracker_refusal(), Some("no-project"));
    life.receive(echo("m_biz1", START, None, None, "A moment please."));
    life.at(Span::minutes(5));
    life.receive(message("m_in3", life.now, "Hello again"));
    life.settle_tracker();
    assert_eq!(life.state.tracker_refusal(), None);
    approve("tracker-refused", &life);
}

#[test]
fn a_window_closes_once_until_the_customer_acts_again() {
    let mut life = bound();
    life.sleep();
    life.at(Span::hours(30));
    life.receive(postback("m_in2", life.now, "I am back"));
    life.settle_tracker();
    life.sleep();
    life.at(Span::days(9));
    life.wake();
    approve("window-closes-once", &life);
}

#[test]
fn a_late_older_message_is_a_comment_marked_with_its_time() {
    let mut life = bound();
    life.receive(message("m_in0", START - Span::minutes(20), "Hi, a question"));
    life.settle_tracker();
    approve("late-message", &life);
}
