//! From messages to tasks: when one opens, what waits, what a setting changes, what never gets lost.

use machine::Machine;
use machine::conversation::{Binding, Command, Conversation, Effect, Event, Outcome};
use model::{ContactId, Span, TaskId};

use crate::kit::{START, context, echo, message, nameless};
use crate::life::{Life, healthy};

fn bound() -> Life {
    let mut life = Life::new(nameless());
    life.receive(message("m_in1", START, "Hello"));
    life.settle_tracker();
    life
}

fn adding(life: &Life) -> u64 {
    life.find(|effect| matches!(effect, Effect::AddComments { .. })).expect("comments are under way")
}

fn opening(life: &Life) -> u64 {
    life.find(|effect| matches!(effect, Effect::OpenTask { .. })).expect("a task is being opened")
}

#[test]
fn a_task_without_a_name_is_called_by_the_end_of_the_customers_id() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Hello"));
    let profile = life.find(|effect| matches!(effect, Effect::AskProfile { .. })).expect("asked");
    life.answer(profile, Outcome::NoProfile { reason: "unavailable".to_owned() });
    let Effect::OpenTask { name, customer, lines, previous } = &life.open[&opening(&life)] else { panic!() };
    assert_eq!(name.reveal(), "Messenger customer 0007 (FB, Tandem Bikes)");
    assert_eq!((customer, lines.len(), previous), (&None, 1, &None));
}

#[test]
fn a_blank_name_stays_unknown() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Hello"));
    let profile = life.find(|effect| matches!(effect, Effect::AskProfile { .. })).expect("asked");
    life.answer(profile, Outcome::Profile { name: Some("  ".into()) });
    assert_eq!(life.state.name(), None);
    opening(&life);
}

#[test]
fn a_name_that_stayed_unknown_is_asked_for_at_the_next_message_once_an_hour_and_names_the_contact() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Hello"));
    let asked = |life: &Life| life.find(|effect| matches!(effect, Effect::AskProfile { .. }));
    let unknown = || Outcome::NoProfile { reason: "unreachable".to_owned() };
    life.answer(asked(&life).expect("asked"), unknown());
    life.settle_tracker();
    life.at(Span::seconds(3_600));
    life.receive(message("m_in2", life.now, "Too soon: nobody was asked for an hour after the wait was over"));
    assert_eq!(asked(&life), None);
    life.at(Span::seconds(3_605));
    life.receive(message("m_in3", life.now, "Still there?"));
    let again = asked(&life).expect("asked again");
    assert_eq!(life.open[&again], Effect::AskProfile { until: life.now }, "nothing waits for it");
    life.receive(message("m_in4", life.now, "Hello?"));
    assert_eq!(life.open.values().filter(|effect| matches!(effect, Effect::AskProfile { .. })).count(), 1);
    life.answer(again, unknown());
    life.at(Span::seconds(7_200));
    life.receive(message("m_in5", life.now, "Within the hour"));
    assert_eq!(asked(&life), None);
    life.at(Span::seconds(7_205));
    life.receive(message("m_in6", life.now, "After it"));
    life.answer(asked(&life).expect("asked"), Outcome::Profile { name: Some("Mara Vogt".into()) });
    assert_eq!(life.state.name().map(|name| name.reveal().as_str()), Some("Mara Vogt"));
    assert!(life.find(|effect| matches!(effect, Effect::NameContact { .. })).is_some(), "the task's contact learns it");
    life.settle_tracker();
    life.at(Span::hours(9));
    life.receive(message("m_in7", life.now, "Known by now"));
    assert_eq!(asked(&life), None);
}

#[test]
fn a_name_is_not_asked_for_again_where_profiles_are_not_wanted() {
    let mut life = bound();
    life.at(Span::hours(9));
    life.receive(message("m_in2", life.now, "Hello?"));
    assert!(life.find(|effect| matches!(effect, Effect::AskProfile { .. })).is_none());
}

#[test]
fn a_flood_goes_to_the_task_in_order_and_in_bounded_steps() {
    let mut life = Life::new(nameless());
    for index in 0..130 {
        life.receive(message(&format!("m_{index}"), START + Span(index), &format!("{index}")));
    }
    let mut told = Vec::new();
    while let Some((seq, effect)) = life.open.first_key_value().map(|(seq, effect)| (*seq, effect.clone())) {
        if let Effect::OpenTask { lines, .. } | Effect::AddComments { lines, .. } = &effect {
            assert!(lines.len() <= 50);
            told.extend(lines.iter().map(|line| line.text.reveal().clone()));
        }
        life.answer(seq, healthy(&effect, seq));
    }
    assert_eq!(told, (0..130).map(|index| index.to_string()).collect::<Vec<_>>());
    assert_eq!(life.state.waiting().count(), 0);
}

#[test]
fn one_task_for_ever_is_replaced_only_when_it_is_gone() {
    let mut life = bound();
    life.context.account.new_task_if_none_active = false;
    life.receive(message("m_in2", START, "More"));
    let effect = adding(&life);
    assert!(matches!(&life.open[&effect], Effect::AddComments { if_active: false, .. }));
    let old = life.state.task().cloned();
    life.answer(effect, Outcome::TaskGone);
    let Effect::OpenTask { previous, lines, .. } = &life.open[&opening(&life)] else { panic!() };
    assert_eq!((previous, lines.len()), (&old, 1));
}

#[test]
fn a_setting_that_changed_meanwhile_decides_about_an_inactive_task() {
    let mut life = bound();
    life.receive(message("m_in2", START, "More"));
    let effect = adding(&life);
    life.context.account.new_task_if_none_active = false;
    life.answer(effect, Outcome::TaskInactive);
    assert!(matches!(&life.open[&adding(&life)], Effect::AddComments { if_active: false, .. }));
}

#[test]
fn what_was_sent_outside_never_opens_a_task() {
    let mut life = Life::new(nameless());
    assert_eq!(life.receive(echo("e1", START, None, None, "Hello from us")).len(), 2);
    assert!(life.open.is_empty() && life.state.waiting().count() == 0, "nobody wrote, there is no task");
    life.receive(message("m_in1", START, "Hello"));
    life.settle_tracker();
    life.receive(echo("e2", START, None, None, "An answer"));
    let effect = adding(&life);
    assert!(matches!(&life.open[&effect], Effect::AddComments { if_active: false, .. }));
    life.answer(effect, Outcome::TaskGone);
    assert!(life.open.is_empty(), "only a customer's message opens a task");
    assert_eq!(life.state.binding(), &Binding::None);
    life.receive(message("m_in2", START, "Hello?"));
    let Effect::OpenTask { lines, previous, .. } = &life.open[&opening(&life)] else { panic!() };
    assert_eq!((lines.len(), previous.is_some()), (2, true), "and takes along what waited");
}

#[test]
fn comments_that_a_task_refuses_go_to_a_new_one_or_wait_for_the_old() {
    for new_task in [true, false] {
        let mut life = bound();
        life.context.account.new_task_if_none_active = new_task;
        life.receive(message("m_in2", START, "More"));
        let effect = adding(&life);
        life.answer(effect, Outcome::TrackerRefused { reason: "read-only".to_owned() });
        assert!(life.open.is_empty());
        assert_eq!((life.state.tracker_refusal(), life.state.waiting().count()), (Some("read-only"), 1));
        life.receive(message("m_in3", START, "Hello?"));
        let (Effect::OpenTask { lines, .. } | Effect::AddComments { lines, .. }) =
            life.open.values().next().expect("tried again")
        else {
            panic!()
        };
        assert_eq!(lines.len(), 2);
        assert_eq!(life.find(|effect| matches!(effect, Effect::OpenTask { .. })).is_some(), new_task);
    }
}

#[test]
fn an_unexpected_answer_of_the_tracker_is_a_refusal_and_loses_nothing() {
    let mut life = Life::new(nameless());
    life.receive(message("m_in1", START, "Hello"));
    let effect = opening(&life);
    life.answer(effect, Outcome::TaskInactive);
    assert_eq!(life.state.tracker_refusal(), Some("unexpected-outcome"));
    assert_eq!(life.state.waiting().count(), 1);
}

#[test]
fn an_effect_that_nobody_named_settles_nothing() {
    let life = bound();
    for effect in [0, 1, 2, 3, 99] {
        let outcome = Outcome::TaskOpened { task: TaskId::new("t9"), contact: ContactId::new("k9") };
        let decided = Conversation::decide(&life.state, Command::Settle { effect, outcome }, &life.context, life.now);
        assert!(decided.is_empty(), "{effect}");
    }
}

#[test]
fn two_namings_may_be_under_way_and_both_settle() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Hello"));
    life.sleep();
    // The task stands without a name, turns inactive, and the name comes while the next one is being opened.
    let profile = life.find(|effect| matches!(effect, Effect::AskProfile { .. })).expect("asked");
    let task = opening(&life);
    life.answer(task, healthy(&life.open[&task].clone(), task));
    life.receive(message("m_in2", life.now, "More"));
    let effect = adding(&life);
    life.answer(effect, Outcome::TaskInactive);
    let task = opening(&life);
    life.answer(profile, Outcome::Profile { name: Some("Mara Vogt".into()) });
    life.answer(task, healthy(&life.open[&task].clone(), task));
    let namings = life.events.iter().filter(|event| matches!(event, Event::ContactNaming { .. })).count();
    assert_eq!(namings, 2);
    life.settle_tracker();
    assert!(life.open.is_empty());
}
