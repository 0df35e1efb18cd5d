//! What a message may carry: limits of Meta, what it refused for the privacy rules of Europe and Japan, templates.
//!
//! Every life begins with a message of the customer at the start.

use machine::conversation::{Command, Event, Reply, Resolution, SendOutcome};
use machine::outbound::{Button, Content, PartId, PartState};
use model::{Mid, Span};
use policy::{Author, ForbidReason, MessagingType, Verdict};

use crate::kit::{START, context, message, reply};
use crate::life::{Life, send, sent};

fn came() -> Life {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Does it still run?"));
    life.settle_tracker();
    life
}

fn file(kind: &str) -> Content {
    Content::Attachment { kind: kind.to_owned(), url: format!("https://files.example/1.{kind}").into() }
}

fn with(comment: &str, content: Content, life: &Life) -> Reply {
    Reply { contents: vec![content], ..reply(comment, Author::Agent, &[], life.now) }
}

fn state_of(life: &Life, part: u32) -> PartState {
    life.state.queue().part(PartId(part)).expect("queued").state.clone()
}

fn privacy() -> SendOutcome {
    SendOutcome::Failed { code: (10, Some(2_018_336)), row: "privacy-region".to_owned(), trace: None }
}

/// A film is on its way, and Meta refuses it.
fn refused(kind: &str) -> (Life, Vec<Event>) {
    let mut life = came();
    let film = with("k1", file(kind), &life);
    life.reply(film);
    life.dispatch();
    let effect = life.send_open();
    life.at(Span::seconds(1));
    let decided = life.answer(effect, send(privacy()));
    (life, decided)
}

const LIMITED: PartState = PartState::Refused { reason: ForbidReason::PrivacyLimited };

#[test]
fn what_meta_refused_for_privacy_rules_is_remembered_and_not_tried_again() {
    let (mut life, decided) = refused("video");
    let at = life.now;
    assert_eq!(decided[1], Event::PrivacyRefused { at });
    assert_eq!(decided[2], Event::PartRefused { part: PartId(1), reason: ForbidReason::PrivacyLimited, at });
    for (part, kind) in [(2, "audio"), (3, "video"), (4, "file")] {
        let asked = with(&format!("k{part}"), file(kind), &life);
        life.reply(asked);
        assert_eq!(state_of(&life, part), LIMITED, "{kind}");
    }
    assert!(life.dispatch().is_empty(), "nothing of it leaves");
    life.give(Command::Resolve { part: PartId(1), resolution: Resolution::Retry, by: "Ida".to_owned() });
    assert_eq!(state_of(&life, 1), LIMITED, "a person's retry asks the same rules");
}

#[test]
fn text_and_images_still_leave_and_after_thirty_days_everything_does() {
    let (mut life, _) = refused("video");
    let refused_at = life.now;
    let image = with("k2", file("image"), &life);
    life.reply(image);
    life.reply(reply("k3", Author::Agent, &["Here is a picture of it."], life.now));
    for (part, mid) in [(2, "m_out2"), (3, "m_out3")] {
        life.dispatch();
        let effect = life.send_open();
        life.answer(effect, sent(mid));
        assert!(matches!(state_of(&life, part), PartState::Sent { .. }), "{part}");
    }
    let over = refused_at + Span::days(30);
    life.receive(message("m_in2", over - Span::hours(1), "And the film?"));
    for (part, now, limited) in [(4, over - Span(1), true), (5, over, false)] {
        life.now = now;
        let film = with(&format!("k{part}"), file("video"), &life);
        life.reply(film);
        assert_eq!(state_of(&life, part) == LIMITED, limited, "{:?}", state_of(&life, part));
    }
}

#[test]
fn a_text_refused_for_privacy_rules_has_failed_and_is_not_sent_in_circles() {
    let mut life = came();
    life.reply(reply("k1", Author::Agent, &["It does."], START));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(privacy()));
    assert_eq!(state_of(&life, 1), PartState::Failed { reason: "privacy-region".to_owned() });
    assert!(life.dispatch().is_empty());
}

#[test]
fn fourteen_buttons_are_refused_at_once_and_thirteen_leave_with_their_text() {
    let button = |nth: usize| Button::new(&format!("Option {nth}"), &format!("OPTION_{nth}")).expect("short");
    for (count, refused) in [(13, false), (14, true)] {
        let mut life = came();
        let buttons: Vec<Button> = (0..count).map(button).collect();
        let asked = Content::Prompt { text: "Which?".into(), buttons, reply_to: Some(Mid::new("m_in1")) };
        let prompt = with("k1", asked.clone(), &life);
        life.reply(prompt);
        let expected = PartState::Refused { reason: ForbidReason::TooManyButtons };
        assert_eq!(state_of(&life, 1) == expected, refused, "{count}");
        let left = life
            .dispatch()
            .iter()
            .any(|event| matches!(event, Event::SendStarted { content, .. } if *content == asked));
        assert_eq!(left, !refused);
    }
}

#[test]
fn one_part_of_an_answer_may_be_refused_while_the_others_leave() {
    let (mut life, _) = refused("audio");
    let mut both = reply("k2", Author::Agent, &["Listen to this:"], life.now);
    both.contents.push(file("audio"));
    life.reply(both);
    assert!(matches!(state_of(&life, 2), PartState::Queued { .. }));
    assert_eq!(state_of(&life, 3), LIMITED);
}

#[test]
fn a_template_leaves_long_after_every_window_where_meta_granted_them() {
    let template = || Content::Template {
        name: "ready_for_pickup".to_owned(),
        language: "en_US".to_owned(),
        parameters: vec!["Tuesday".into()],
    };
    for (granted, reason) in [(true, None), (false, Some(ForbidReason::UtilityNotGranted))] {
        let mut life = came();
        life.context.account.utility = granted;
        life.at(Span::days(60));
        life.wake();
        let asked = Reply { author: Author::Automation, ..with("k1", template(), &life) };
        life.reply(asked);
        let started = life.dispatch();
        match reason {
            Some(reason) => assert_eq!(state_of(&life, 1), PartState::Refused { reason }),
            None => assert!(
                started.iter().any(|event| matches!(
                    event,
                    Event::SendStarted {
                        verdict: Verdict::Permit { messaging_type: MessagingType::Utility, .. },
                        content: Content::Template { .. },
                        ..
                    }
                )),
                "{started:?}"
            ),
        }
    }
}
