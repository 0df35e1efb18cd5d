//! A thread that another app has: an agent's answer takes it over, once, where the settings and Meta let it.

use machine::Context;
use machine::Machine as _;
use machine::conversation::{Command, Conversation, Effect, Event, Outcome, Resolution, SendOutcome};
use machine::outbound::{PartId, PartState};
use model::{AppId, HandoverAct, Span};
use policy::{Author, ForbidReason};

use crate::kit::{OUR_APP, START, context, handover, message, reply};
use crate::life::{Life, send, sent};

fn taking() -> Context {
    let mut context = context();
    context.account.take_control = true;
    context
}

/// A customer wrote, and another app has the thread.
fn elsewhere(context: Context) -> Life {
    let mut life = Life::new(context);
    life.receive(message("m_in1", START, "Does it still run?"));
    life.settle_tracker();
    life.receive(handover("h1", START + Span(1), HandoverAct::Passed, Some("99"), Some(OUR_APP)));
    life.at(Span::seconds(10));
    life
}

fn state_of(life: &Life, part: u32) -> PartState {
    life.state.queue().part(PartId(part)).expect("queued").state.clone()
}

fn asked(life: &Life) -> Option<u64> {
    life.find(|effect| matches!(effect, Effect::TakeControl { .. }))
}

fn denied(owner: Option<&str>) -> Outcome {
    Outcome::ControlDenied { reason: "no-default-app".to_owned(), owner: owner.map(AppId::new) }
}

fn controlled() -> Outcome {
    let row = "thread-controlled".to_owned();
    send(SendOutcome::Failed { code: (10, Some(2_018_300)), row, trace: None })
}

const REFUSED: PartState = PartState::Refused { reason: ForbidReason::Standby };

#[test]
fn an_agents_answer_takes_the_thread_over_and_leaves_in_order() {
    let mut life = elsewhere(taking());
    life.reply(reply("k1", Author::Agent, &["one", "two"], life.now));
    let effect = asked(&life).expect("Meta is asked");
    assert_eq!(life.dispatch(), [], "they wait");
    life.at(Span::seconds(11));
    life.answer(effect, Outcome::ControlTaken);
    assert!(!life.state.standby());
    for mid in ["m_1", "m_2"] {
        life.wake();
        life.dispatch();
        let effect = life.send_open();
        life.answer(effect, sent(mid));
    }
    assert!(matches!((state_of(&life, 1), state_of(&life, 2)), (PartState::Sent { .. }, PartState::Sent { .. })));
}

#[test]
fn a_refusal_is_remembered_with_the_owner_and_meta_is_not_asked_again() {
    let mut life = elsewhere(taking());
    life.reply(reply("k1", Author::Agent, &["one", "two"], life.now));
    let effect = asked(&life).expect("Meta is asked");
    life.reply(reply("k2", Author::Agent, &["three"], life.now));
    let open = life.open.values().filter(|effect| matches!(effect, Effect::TakeControl { .. }));
    assert_eq!(open.count(), 1, "once");
    life.answer(effect, denied(Some("263902037430900")));
    assert_eq!([1, 2, 3].map(|part| state_of(&life, part)), [REFUSED, REFUSED, REFUSED]);
    assert_eq!(life.state.owner().map(AppId::as_str), Some("263902037430900"));
    assert_eq!(life.state.control().and_then(|control| control.denied.as_deref()), Some("no-default-app"));
    life.reply(reply("k4", Author::Agent, &["four"], life.now));
    assert_eq!((state_of(&life, 4), asked(&life)), (REFUSED, None));
}

#[test]
fn a_person_may_ask_once_more_and_another_holder_is_another_question() {
    let mut life = elsewhere(taking());
    life.reply(reply("k1", Author::Agent, &["one"], life.now));
    let effect = asked(&life).expect("Meta is asked");
    life.answer(effect, denied(None));
    life.give(Command::Resolve { part: PartId(1), resolution: Resolution::Retry, by: "Ada".to_owned() });
    let effect = asked(&life).expect("a person wants it");
    life.answer(effect, denied(None));
    assert_eq!(state_of(&life, 1), REFUSED);
    life.receive(handover("h2", START + Span(9), HandoverAct::Passed, Some("88"), Some("99")));
    life.reply(reply("k2", Author::Agent, &["two"], life.now));
    assert!(asked(&life).is_some());
    assert_eq!(life.state.owner().map(AppId::as_str), Some("88"));
}

#[test]
fn neither_an_automation_nor_an_agent_without_the_setting_takes_anything() {
    for (context, author) in [(taking(), Author::Automation), (context(), Author::Agent)] {
        let mut life = elsewhere(context);
        life.reply(reply("k1", author, &["one"], life.now));
        assert_eq!((state_of(&life, 1), asked(&life)), (REFUSED, None));
    }
}

#[test]
fn metas_word_that_another_app_has_it_is_believed_and_asked_about_once() {
    let mut life = Life::new(taking());
    life.receive(message("m_in1", START, "Does it still run?"));
    life.settle_tracker();
    life.reply(reply("k1", Author::Agent, &["one"], START));
    life.dispatch();
    let first = life.send_open();
    life.answer(first, controlled());
    assert!(life.state.standby());
    let effect = asked(&life).expect("Meta is asked");
    life.answer(effect, Outcome::ControlTaken);
    life.wake();
    life.dispatch();
    let second = life.send_open();
    life.answer(second, controlled());
    assert_eq!((state_of(&life, 1), asked(&life)), (REFUSED, None), "not in a circle");
}

#[test]
fn what_waits_is_refused_where_no_answer_comes_and_nothing_is_asked_twice_over_a_crash() {
    let mut life = elsewhere(taking());
    life.reply(reply("k1", Author::Agent, &["one"], life.now));
    let until = life.now + Span::seconds(30);
    life.crash();
    assert!(asked(&life).is_some(), "asked again at the start, under the same number");
    assert_eq!(Conversation::deadline(&life.state), Some(until));
    life.sleep();
    life.dispatch();
    assert_eq!(state_of(&life, 1), REFUSED);
    let effect = asked(&life).expect("still open");
    let decided = life.answer(effect, Outcome::ControlTaken);
    assert!(decided.iter().any(|event| matches!(event, Event::ThreadOwned { ours: true, .. })), "too late, yet true");
    assert_eq!(state_of(&life, 1), REFUSED, "a person sends it now");
}
