//! Answers out: edges of the window to the millisecond, the order of the queue, what a person may decide.

use machine::conversation::{
    Command, Conversation, Effect, Event, Outcome, Resolution, SendOutcome, verdict_now, wants_dispatch, window,
};
use machine::outbound::{Content, PartId, PartState};
use machine::{Context, Machine};
use model::{Channel, Mid, Span, Timestamp};
use policy::{Author, DeferReason, ForbidReason, UpdateTag, Verdict};

use crate::kit::{OUR_APP, START, echo, message, metadata, nameless, postback, reply};
use crate::life::{Life, send, sent};

fn wrote(context: Context) -> Life {
    let mut life = Life::new(context);
    life.receive(message("m_in1", START, "Do you repair tandems?"));
    life.settle_tracker();
    life
}

fn state_of(life: &Life, part: u32) -> PartState {
    life.state.queue().part(PartId(part)).expect("queued").state.clone()
}

fn held(life: &Life, part: u32) -> Option<DeferReason> {
    let state = state_of(life, part);
    if let PartState::Held { reason, since: _ } = state { Some(reason) } else { None }
}

fn refused(life: &Life, part: u32) -> Option<ForbidReason> {
    let state = state_of(life, part);
    if let PartState::Refused { reason } = state {
        return Some(reason);
    }
    assert!(matches!(state, PartState::Queued { .. }), "{state:?}");
    None
}

/// What becomes of a reply at `now`.
fn asked_at(mut life: Life, now: Timestamp, author: Author) -> Option<ForbidReason> {
    life.now = now;
    life.reply(reply("k1", author, &["an answer"], now));
    refused(&life, 1)
}

#[test]
fn the_standard_window_closes_at_the_millisecond() {
    let end = START + Span::hours(24);
    for (now, expected) in [
        (end - Span(1), None),
        (end, Some(ForbidReason::WindowClosed)),
        (end + Span(1), Some(ForbidReason::WindowClosed)),
    ] {
        assert_eq!(asked_at(wrote(nameless()), now, Author::Automation), expected, "{now:?}");
        let (verdict, _) = verdict_now(&wrote(nameless()).state, &nameless(), Author::Automation, None, now);
        assert_eq!(matches!(verdict, Verdict::Permit { .. }), expected.is_none(), "the composer says the same");
    }
    assert_eq!(window(&wrote(nameless()).state).ends_at, Some(end));
}

#[test]
fn the_human_agents_seven_days_close_at_the_millisecond() {
    let end = START + Span::days(7);
    for (now, expected) in [
        (end - Span(1), None),
        (end, Some(ForbidReason::WindowClosed)),
        (end + Span(1), Some(ForbidReason::WindowClosed)),
    ] {
        assert_eq!(asked_at(wrote(nameless()), now, Author::Agent), expected, "{now:?}");
    }
    let mut ungranted = nameless();
    ungranted.account.human_agent = false;
    let late = START + Span::days(3);
    assert_eq!(asked_at(wrote(ungranted), late, Author::Agent), Some(ForbidReason::HumanAgentNotGranted));
}

#[test]
fn the_guard_closes_the_window_earlier_and_the_note_of_closing_does_not_move() {
    let mut guarded = nameless();
    guarded.account.guards = policy::Guards::default();
    let end = START + Span::hours(24) - Span::seconds(60);
    assert_eq!(asked_at(wrote(guarded.clone()), end - Span(1), Author::Automation), None);
    assert_eq!(asked_at(wrote(guarded.clone()), end, Author::Automation), Some(ForbidReason::WindowClosed));
    let mut life = wrote(guarded);
    assert_eq!(Conversation::deadline(&life.state), Some(START + Span::hours(24)));
    life.now = START + Span::hours(24) - Span(1);
    assert!(life.wake().is_empty());
    life.now = START + Span::hours(24);
    assert_eq!(life.wake().last(), Some(&Event::WindowClosed { at: START + Span::hours(24) }));
    assert_eq!(Conversation::deadline(&life.state), None);
}

#[test]
fn nobody_writes_to_a_customer_who_never_wrote() {
    let mut life = Life::new(nameless());
    life.reply(reply("k1", Author::Agent, &["hello?"], START));
    assert_eq!(refused(&life, 1), Some(ForbidReason::NeverWrote));
}

#[test]
fn a_button_opens_the_standard_window_but_not_the_seven_days() {
    let mut life = Life::new(nameless());
    life.receive(postback("p1", START, "Get started"));
    let (end, openers) = (window(&life.state).ends_at, window(&life.state).openers);
    assert_eq!((end, openers.last_message_at), (Some(START + Span::hours(24)), None));
    life.now = START + Span::hours(24);
    life.reply(reply("k1", Author::Agent, &["hello"], life.now));
    assert_eq!(refused(&life, 1), Some(ForbidReason::WindowClosed));
}

#[test]
fn a_thread_of_another_app_is_read_but_not_answered() {
    let mut life = Life::new(nameless());
    let mut bystander = message("m_in1", START, "Hello");
    bystander.channel = Channel::Standby;
    life.receive(bystander);
    assert!(life.state.standby() && window(&life.state).ends_at.is_some(), "standby actions open the window too");
    life.reply(reply("k1", Author::Agent, &["hello"], START));
    assert_eq!(refused(&life, 1), Some(ForbidReason::Standby));
    // An older item that comes later does not give the thread back; a newer one does.
    life.receive(message("m_in0", START - Span(1), "earlier"));
    assert!(life.state.standby());
    life.receive(message("m_in2", START + Span(1), "back"));
    assert!(!life.state.standby());
}

#[test]
fn the_edition_of_a_replay_is_the_one_it_fixes() {
    let mut context = nameless();
    let late = START + Span::days(2);
    let tagged = |context: &Context| {
        verdict_now(&wrote(context.clone()).state, context, Author::Automation, Some(UpdateTag::AccountUpdate), late).0
    };
    assert_eq!(tagged(&context), Verdict::Forbid { reason: ForbidReason::TagRetired });
    context.edition = policy::edition_by_id("2020-01-15").map(policy::Edition::id);
    assert!(matches!(tagged(&context), Verdict::Permit { .. }));
}

#[test]
fn a_comment_becomes_a_reply_once() {
    let mut life = wrote(nameless());
    assert_eq!(life.reply(reply("k1", Author::Agent, &["one"], START)).len(), 1);
    assert!(life.reply(reply("k1", Author::Agent, &["one"], START)).is_empty());
    assert_eq!(life.state.queue().parts().count(), 1);
}

#[test]
fn a_long_answer_goes_in_parts_that_meta_takes() {
    let mut life = wrote(nameless());
    let text = "word ".repeat(1_000);
    let decided = life.reply(reply("k1", Author::Agent, &[&text, "and this"], START));
    let Some(Event::ReplyAsked { reply }) = decided.first() else { panic!("{decided:?}") };
    assert_eq!(reply.contents.len(), 4, "three pieces of the long text, then the other");
    assert_eq!(life.state.queue().parts().count(), 4);
    for content in &reply.contents {
        let Content::Text { text } = content else { panic!("text stays text") };
        assert!(text.reveal().chars().count() <= machine::outbound::TEXT_CHARACTERS_MAX);
    }
}

#[test]
fn a_part_in_flight_or_unclear_stops_those_behind_it_and_a_refused_one_does_not() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one", "two"], START));
    assert_eq!(life.dispatch().len(), 2);
    assert!(life.dispatch().is_empty(), "one in flight");
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "timeout".to_owned() }));
    assert!(life.dispatch().is_empty(), "the echo may still come");
    life.sleep();
    assert!(life.dispatch().is_empty(), "the thread is read");
    life.sleep();
    assert!(matches!(state_of(&life, 1), PartState::InDoubt { told: true, .. }));
    assert_eq!(life.dispatch().len(), 2, "a person knows; the queue goes on");
    let effect = life.send_open();
    let outcome = SendOutcome::Failed { code: (100, None), row: "bad-parameter".to_owned(), trace: None };
    life.answer(effect, send(outcome));
    assert!(matches!(state_of(&life, 2), PartState::Failed { .. }));
    life.reply(reply("k2", Author::Agent, &["three"], START));
    assert_eq!(life.dispatch().len(), 2);
    assert!(matches!(state_of(&life, 3), PartState::InFlight { .. }));
}

#[test]
fn a_held_part_wants_a_token_again_when_the_trouble_is_over() {
    let mut life = wrote(nameless());
    life.context.page.token = false;
    life.reply(reply("k1", Author::Agent, &["one"], START));
    assert_eq!(held(&life, 1), Some(DeferReason::NeedsReconnect));
    assert!(!wants_dispatch(&life.state, &life.context, life.now));
    life.context.page.token = true;
    life.context.page.restricted = true;
    assert_eq!(life.dispatch().len(), 2, "another trouble is worth a word");
    assert_eq!(held(&life, 1), Some(DeferReason::PageRestricted));
    life.context.page.restricted = false;
    life.dispatch();
    assert!(matches!(state_of(&life, 1), PartState::InFlight { .. }));
}

#[test]
fn a_delayed_part_waits_for_its_time_and_backs_off() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one", "two"], START));
    let mut waits = Vec::new();
    for _ in 0..4 {
        life.dispatch();
        let effect = life.send_open();
        life.answer(effect, send(SendOutcome::Later { after: Span::seconds(30), code: None }));
        assert!(life.dispatch().is_empty(), "not before its time, and nothing overtakes it");
        waits.push(life.state.queue().next_retry().expect("delayed") - life.now);
        life.sleep();
    }
    assert_eq!(waits, [30, 40, 160, 640].map(Span::seconds));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::Later { after: Span(1), code: Some((2, None)) }));
    assert_eq!(state_of(&life, 1), PartState::Failed { reason: "tries-exhausted".to_owned() });
    life.give(Command::Resolve { part: PartId(1), resolution: Resolution::Retry, by: "Ida".to_owned() });
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::Later { after: Span(0), code: None }));
    assert_eq!(life.state.queue().next_retry(), Some(life.now + Span::seconds(10)), "a person's retry starts afresh");
}

/// Seed 941 of swarm: a token that was found dead at the last try cost the answer.
#[test]
fn a_try_that_was_not_the_parts_fault_is_none_of_those_it_has() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one"], START));
    let limited = (Span(0), Some((613, None)));
    let passing = (Span::seconds(5), Some((2, None)));
    for (after, code) in
        [passing, limited, passing, limited, passing, limited, passing, (Span(0), Some((190, Some(458))))]
    {
        life.dispatch();
        let effect = life.send_open();
        life.answer(effect, send(SendOutcome::Later { after, code }));
        life.sleep();
    }
    life.context.page.token = false;
    life.dispatch();
    assert_eq!(held(&life, 1), Some(DeferReason::NeedsReconnect));
    life.context.page.token = true;
    life.dispatch();
    assert!(matches!(state_of(&life, 1), PartState::InFlight { .. }));
}

#[test]
fn a_person_decides_only_about_what_stands_still() {
    let resolve = |life: &mut Life, resolution| {
        life.give(Command::Resolve { part: PartId(1), resolution, by: "Ida".to_owned() }).len()
    };
    let all = [Resolution::Retry, Resolution::WasSent, Resolution::GiveUp];
    let mut life = wrote(nameless());
    for resolution in all {
        assert_eq!(resolve(&mut life, resolution), 0, "no such part");
    }
    life.reply(reply("k1", Author::Agent, &["one"], START));
    for resolution in all {
        assert_eq!(resolve(&mut life, resolution), 0, "queued");
    }
    life.dispatch();
    for resolution in all {
        assert_eq!(resolve(&mut life, resolution), 0, "in flight");
    }
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "timeout".to_owned() }));
    assert_eq!(resolve(&mut life, Resolution::GiveUp), 2);
    assert_eq!(state_of(&life, 1), PartState::Failed { reason: "given-up".to_owned() });
    assert_eq!(resolve(&mut life, Resolution::GiveUp), 0, "once");
    assert_eq!(resolve(&mut life, Resolution::WasSent), 0, "failed is left only by a retry");
    assert_eq!(resolve(&mut life, Resolution::Retry), 1);
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "timeout".to_owned() }));
    assert_eq!(resolve(&mut life, Resolution::WasSent), 2);
    assert_eq!(state_of(&life, 1), PartState::Sent { mid: None, at: life.now });
    for resolution in all {
        assert_eq!(resolve(&mut life, resolution), 0, "sent is for ever");
    }
}

#[test]
fn a_retry_past_the_window_is_refused_at_once() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Automation, &["one"], START));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "timeout".to_owned() }));
    life.now = START + Span::hours(24);
    life.wake();
    let decided = life.give(Command::Resolve { part: PartId(1), resolution: Resolution::Retry, by: "Ida".to_owned() });
    assert!(matches!(decided.last(), Some(Event::PartRefused { reason: ForbidReason::WindowClosed, .. })));
}

#[test]
fn a_retry_waiting_for_its_turn_is_not_sent_when_the_first_echo_comes_after_all() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one"], START));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "timeout".to_owned() }));
    life.give(Command::Resolve { part: PartId(1), resolution: Resolution::Retry, by: "Ida".to_owned() });
    life.receive(echo("m_out1", START, Some(OUR_APP), Some(metadata(effect)), "one"));
    assert!(matches!(state_of(&life, 1), PartState::Sent { mid: Some(_), .. }));
    assert!(life.dispatch().is_empty());
}

#[test]
fn the_mark_of_another_conversation_or_of_no_send_is_not_ours() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one"], START));
    life.dispatch();
    let effect = life.send_open();
    let foreign = metadata(effect).replace("50010007", "50010008");
    for (mid, mark) in [("e1", foreign), ("e2", metadata(1)), ("e3", metadata(9_999))] {
        let decided = life.receive(echo(mid, START, Some(OUR_APP), Some(mark), "?"));
        assert!(matches!(decided[1], Event::SentOutside { .. }), "{mid}: {decided:?}");
    }
    life.answer(effect, sent("m_out1"));
    assert!(matches!(state_of(&life, 1), PartState::Sent { .. }));
}

#[test]
fn an_answer_to_another_question_is_never_taken_for_sent() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one"], START));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, machine::conversation::Outcome::ContactNamed);
    assert!(matches!(state_of(&life, 1), PartState::InDoubt { .. }));
}

#[test]
fn what_is_held_is_looked_at_again_and_ages_out_to_a_refusal() {
    let mut context = nameless();
    context.page.token = false;
    let mut life = wrote(context);
    life.reply(reply("k1", Author::Agent, &["an answer"], life.now));
    assert_eq!(held(&life, 1), Some(DeferReason::NeedsReconnect));

    let look = Conversation::deadline(&life.state).expect("it looks again");
    assert_eq!(look, life.now + Span::minutes(15));
    life.now = look;
    life.give(Command::Wake);
    assert_eq!(held(&life, 1), Some(DeferReason::NeedsReconnect), "still no token");
    assert_eq!(Conversation::deadline(&life.state), Some(look + Span::minutes(15)));

    life.now = START + Span::days(8);
    life.give(Command::Wake);
    assert_eq!(refused(&life, 1), Some(ForbidReason::WindowClosed));
}

#[test]
fn a_part_that_waits_for_its_turn_keeps_its_conversation_due() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one", "two"], life.now));
    assert!(Conversation::deadline(&life.state).is_some_and(|at| at <= life.now), "a restart finds it at once");
    assert!(life.give(Command::Wake).is_empty(), "there is nothing to decide but whose turn it is");

    life.dispatch();
    assert!(Conversation::deadline(&life.state).is_none_or(|at| at > life.now), "the open effect brings it back");
    let effect = life.send_open();
    life.answer(effect, sent("m_1"));
    assert!(Conversation::deadline(&life.state).is_some_and(|at| at <= life.now), "the second part waits now");
}

/// A part whose send is unclear, and whose thread was just asked for.
fn looked_for(life: &mut Life) -> u64 {
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(SendOutcome::InDoubt { why: "connection-lost".to_owned() }));
    life.sleep();
    life.find(|effect| matches!(effect, Effect::ReadThread { .. })).expect("no echo came soon")
}

fn read(mids: &[&str]) -> Outcome {
    Outcome::ThreadRead { mids: mids.iter().map(|mid| Mid::new(*mid)).collect() }
}

#[test]
fn an_unclear_part_that_stands_in_the_thread_was_sent_and_its_late_echo_is_no_message_of_another() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one", "two"], START));
    let reading = looked_for(&mut life);
    life.answer(reading, read(&["m_out1"]));
    assert!(matches!(state_of(&life, 1), PartState::Sent { mid: Some(_), .. }));
    let decided = life.receive(echo("m_out1", START, Some(OUR_APP), None, "one"));
    assert_eq!(decided.len(), 1, "{decided:?}");
    assert_eq!(life.dispatch().len(), 2, "the queue goes on");
}

#[test]
fn an_unclear_part_that_the_thread_does_not_show_is_for_a_person_and_the_queue_goes_on() {
    let mut life = wrote(nameless());
    life.receive(echo("m_biz", START, Some("99"), None, "one"));
    life.reply(reply("k1", Author::Agent, &["one", "two"], START));
    let reading = looked_for(&mut life);
    life.answer(reading, read(&["m_biz"]));
    assert!(matches!(state_of(&life, 1), PartState::InDoubt { told: true, .. }), "another app wrote the same");
    assert_eq!(life.dispatch().len(), 2);
}

#[test]
fn a_thread_that_cannot_be_read_leaves_the_echo_to_be_waited_for() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one"], START));
    let reading = looked_for(&mut life);
    life.answer(reading, Outcome::ThreadUnread { reason: "permission".to_owned() });
    assert!(matches!(state_of(&life, 1), PartState::InDoubt { told: false, .. }));
    life.sleep();
    assert!(matches!(state_of(&life, 1), PartState::InDoubt { told: true, .. }), "once, and then a person is told");
}

#[test]
fn what_could_be_either_of_two_unclear_parts_proves_neither() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one", "one"], START));
    let reading = looked_for(&mut life);
    life.answer(reading, read(&[]));
    let reading = looked_for(&mut life);
    life.answer(reading, read(&["m_out1"]));
    for part in [1, 2] {
        assert!(matches!(state_of(&life, part), PartState::InDoubt { told: true, .. }), "{part}");
    }
}

#[test]
fn a_message_that_is_known_as_another_part_proves_nothing() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one", "one"], START));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, sent("m_out1"));
    let reading = looked_for(&mut life);
    life.answer(reading, read(&["m_out1"]));
    assert!(matches!(state_of(&life, 2), PartState::InDoubt { told: true, .. }));
}

#[test]
fn a_retry_waiting_for_its_turn_is_not_sent_when_the_thread_shows_the_first_after_all() {
    let mut life = wrote(nameless());
    life.reply(reply("k1", Author::Agent, &["one"], START));
    let reading = looked_for(&mut life);
    life.give(Command::Resolve { part: PartId(1), resolution: Resolution::Retry, by: "Ida".to_owned() });
    life.answer(reading, read(&["m_out1"]));
    assert!(matches!(state_of(&life, 1), PartState::Sent { mid: Some(_), .. }));
    assert!(life.dispatch().is_empty());
}
