//! The seven days after an ad: what counts as the message that followed it, and what a refusal of Meta makes of them.
//!
//! Every life begins after 2026-09-28, with guards of 0: edges are where Meta has them.

use machine::Context;
use machine::conversation::{Event, SendOutcome, ad_refused, verdict_now, window};
use machine::outbound::{PartId, PartState};
use model::{Inbound, Kind, Referral, Span, Timestamp};
use policy::{Author, ForbidReason, MessagingType, RuleId, Tag, Verdict};

use crate::kit::{START, context, message, nameless, postback, referral, reply};
use crate::life::{Life, send, sent};

fn by_ad(mut item: Inbound) -> Inbound {
    let way = Some(Box::new(Referral { source: Some("ADS".to_owned()), ..Referral::default() }));
    if let Kind::Message(message) = &mut item.kind {
        message.referral = way;
    } else if let Kind::Postback(postback) = &mut item.kind {
        postback.referral = way;
    }
    item
}

/// A customer clicked on an ad and wrote a second later, at the start.
fn came(context: Context) -> Life {
    let mut life = Life::new(context);
    life.receive(referral("click1", START - Span::seconds(1), "ADS"));
    life.receive(message("m_in1", START, "Is the blue one still there?"));
    life.settle_tracker();
    life
}

fn refusal() -> SendOutcome {
    SendOutcome::Failed { code: (10, Some(2_018_278)), row: "window-closed".to_owned(), trace: None }
}

fn started(decided: &[Event]) -> Vec<(MessagingType, RuleId)> {
    let sends = decided.iter().filter_map(|event| {
        if let Event::SendStarted { verdict: Verdict::Permit { messaging_type, rule, .. }, .. } = event {
            Some((*messaging_type, *rule))
        } else {
            None
        }
    });
    sends.collect()
}

fn state_of(life: &Life, part: u32) -> PartState {
    life.state.queue().part(PartId(part)).expect("queued").state.clone()
}

/// An answer is on its way two days after the message, under the rule about ads.
fn answered(context: Context, author: Author) -> (Life, u64) {
    let mut life = came(context);
    life.at(Span::days(2));
    life.wake();
    life.reply(reply("k1", author, &["It is."], life.now));
    let decided = life.dispatch();
    assert_eq!(started(&decided), [(MessagingType::Response, RuleId::AdWindow)]);
    let effect = life.send_open();
    life.now = life.now + Span::seconds(1);
    (life, effect)
}

#[test]
fn the_first_message_after_a_click_is_told_apart_in_each_of_its_three_shapes() {
    let pressed = by_ad(postback("p1", START - Span(1), "Get started"));
    let clicked = referral("click1", START - Span(1), "ADS");
    let linked = referral("click1", START - Span(1), "SHORTLINK");
    let wrote = || message("m_in1", START, "Hello");
    for (items, expected) in [
        (vec![clicked.clone()], None),
        (vec![pressed.clone()], None),
        (vec![clicked.clone(), wrote()], Some(START)),
        (vec![wrote(), clicked], Some(START)),
        (vec![pressed, wrote()], Some(START)),
        (vec![by_ad(wrote())], Some(START)),
        (vec![linked, wrote()], None),
        (vec![wrote()], None),
    ] {
        let mut life = Life::new(nameless());
        for item in items.clone() {
            life.receive(item);
        }
        assert_eq!(window(&life.state).openers.ad_message_at, expected, "{items:?}");
    }
}

#[test]
fn seven_days_after_the_message_are_open_to_anybody_to_the_millisecond() {
    let life = came(context());
    let ask = |now: Timestamp, author| verdict_now(&life.state, &life.context, author, None, now);
    let end = START + Span::days(7);
    for author in [Author::Agent, Author::Automation] {
        let (verdict, next) = ask(START + Span::days(2), author);
        assert!(matches!(verdict, Verdict::Permit { messaging_type: MessagingType::Response, .. }), "{verdict:?}");
        assert_eq!(next, Some(end));
        assert!(matches!(ask(end - Span(1), author).0, Verdict::Permit { .. }));
        assert_eq!(ask(end, author).0, Verdict::Forbid { reason: ForbidReason::WindowClosed });
    }
}

#[test]
fn what_meta_refuses_goes_out_at_once_as_a_persons_where_it_may() {
    let (mut life, effect) = answered(context(), Author::Agent);
    let decided = life.answer(effect, send(refusal()));
    assert_eq!(decided[1], Event::AdWindowRefused { part: PartId(1), at: START + Span::days(2) });
    assert_eq!(decided.len(), 2, "nothing is refused or held: {decided:?}");
    assert!(matches!(state_of(&life, 1), PartState::Queued { not_before: None }));
    let decided = life.dispatch();
    assert_eq!(started(&decided), [(MessagingType::MessageTag(Tag::HumanAgent), RuleId::HumanAgent)]);
    let effect = life.send_open();
    life.answer(effect, sent("m_out1"));
    assert!(matches!(state_of(&life, 1), PartState::Sent { .. }));
    // It is remembered: the next answer does not try it again.
    life.reply(reply("k2", Author::Agent, &["And red."], life.now));
    let decided = life.dispatch();
    assert_eq!(started(&decided), [(MessagingType::MessageTag(Tag::HumanAgent), RuleId::HumanAgent)]);
}

#[test]
fn what_meta_refuses_and_nothing_else_permits_is_refused_and_never_tried_again() {
    let mut plain = context();
    plain.account.human_agent = false;
    for (context, author, reason) in [
        (context(), Author::Automation, ForbidReason::WindowClosed),
        (plain, Author::Agent, ForbidReason::HumanAgentNotGranted),
    ] {
        let (mut life, effect) = answered(context, author);
        life.answer(effect, send(refusal()));
        assert_eq!(state_of(&life, 1), PartState::Refused { reason });
        assert!(life.dispatch().is_empty());
        life.reply(reply("k2", author, &["Hello?"], life.now));
        assert_eq!(state_of(&life, 2), PartState::Refused { reason }, "the next one is refused before it is tried");
    }
}

#[test]
fn a_newer_message_after_an_ad_forgets_the_refusal_and_one_that_was_there_does_not() {
    let (mut life, effect) = answered(context(), Author::Automation);
    life.answer(effect, send(refusal()));
    let refused = |life: &Life| {
        machine::conversation::facts(&life.state, &life.context, Author::Automation, None, policy::Carries::default())
            .ad_refused
    };
    assert!(refused(&life));
    life.receive(by_ad(message("m_in2", START + Span::days(1), "told late")));
    assert!(refused(&life), "Meta knew of it when it refused");
    let newer = START + Span::days(3);
    life.receive(by_ad(message("m_in3", newer, "again")));
    assert!(!refused(&life));
    life.now = newer + Span::days(2);
    life.reply(reply("k3", Author::Automation, &["It is."], life.now));
    assert_eq!(started(&life.dispatch()), [(MessagingType::Response, RuleId::AdWindow)]);
    assert!(!ad_refused(Some(newer), None), "without such a message there is nothing to refuse");
}

#[test]
fn a_refusal_inside_the_day_says_nothing_of_the_ad() {
    let mut life = came(context());
    life.reply(reply("k1", Author::Agent, &["It is."], START));
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, send(refusal()));
    assert!(matches!(state_of(&life, 1), PartState::Failed { .. }));
    assert!(!life.events.iter().any(|event| matches!(event, Event::AdWindowRefused { .. })));
}

#[test]
fn a_person_may_have_it_tried_again_and_it_stays_refused() {
    let (mut life, effect) = answered(context(), Author::Automation);
    life.answer(effect, send(refusal()));
    let resolution = machine::conversation::Resolution::Retry;
    let part = PartId(1);
    life.give(machine::conversation::Command::Resolve { part, resolution, by: "Ida".to_owned() });
    assert_eq!(state_of(&life, 1), PartState::Refused { reason: ForbidReason::WindowClosed });
}
