//! What each kind of item does to a conversation: its line in the task, the window, the thread's owner, the transcript.

use machine::conversation::transcript::{Entry, Transcript, Who};
use machine::conversation::{Effect, Event, window};
use model::{Channel, HandoverAct, Inbound, OptinWay, Span};
use policy::{Author, ForbidReason};

use crate::kit::{
    OUR_APP, START, edit, handover, message, nameless, optin, rarities, reaction, referral, reply, unsend,
};
use crate::life::Life;
use crate::traces::approve;

/// A conversation whose task stands, one minute after the customer wrote.
fn bound() -> Life {
    let mut life = Life::new(nameless());
    life.receive(message("m_in1", START, "Do you repair tandems?"));
    life.settle_tracker();
    life.at(Span::minutes(1));
    life
}

fn entries(life: &Life) -> Vec<Entry> {
    Transcript::fold(&life.events).entries()
}

/// One of each kind that has no words of its own.
fn deeds(life: &Life) -> Vec<Inbound> {
    let at = life.now;
    let mut all = vec![
        reaction("r1", at, "m_in1", true, false),
        reaction("r2", at, "m_in1", false, false),
        reaction("r3", at, "m_in1", true, true),
        edit("e1", at, "m_in1", 1, "Do you repair old tandems?"),
        unsend(at, "m_in1"),
        referral("ref1", at, "SHORTLINK"),
        referral("ref2", at, "ADS"),
        optin("o1", at, OptinWay::Plugin),
        optin("o2", at, OptinWay::Notifications),
        optin("o3", at, OptinWay::Stopped),
        handover("h1", at, HandoverAct::Requested, Some("99"), None),
        handover("h2", at, HandoverAct::Passed, Some("99"), Some(OUR_APP)),
        handover("h3", at, HandoverAct::Taken, None, Some("99")),
        handover("h4", at, HandoverAct::Passed, None, Some("99")),
    ];
    all.extend(rarities(at));
    all
}

#[test]
fn every_kind_has_its_line_in_the_task() {
    let mut life = bound();
    for item in deeds(&life) {
        life.receive(item);
        life.settle_tracker();
        life.now = life.now + Span::seconds(1);
    }
    approve("every_kind_has_its_line_in_the_task", &life);
}

#[test]
fn what_nobody_wrote_opens_no_task_and_goes_to_the_next_one_only_if_one_is_on_its_way() {
    let mut life = Life::new(nameless());
    for item in deeds(&life).into_iter().filter(|item| !matches!(item.kind, model::Kind::Order(_))) {
        let decided = life.receive(item);
        assert!(decided.iter().all(|event| !matches!(event, Event::TaskOpening { .. })), "{decided:?}");
    }
    assert_eq!(life.state.waiting().count(), 0);
    life.receive(message("m_in1", life.now, "Hello"));
    life.receive(reaction("r9", life.now, "m_in1", true, false));
    let opening = life.find(|effect| matches!(effect, Effect::OpenTask { .. })).expect("the message opens one");
    life.settle_tracker();
    assert!(life.trace.iter().any(|line| line.contains("CommentsAdding") && line.contains("reacted")), "e{opening}");
}

#[test]
fn a_message_that_was_taken_back_before_it_came_is_not_shown() {
    let mut life = bound();
    life.receive(unsend(life.now, "m_late"));
    life.receive(message("m_late", life.now - Span::seconds(5), "a secret wish"));
    life.settle_tracker();
    assert!(life.trace.iter().all(|line| !line.contains("secret")));
    let shown = entries(&life);
    let taken: Vec<&Entry> = shown.iter().filter(|entry| entry.unsent).collect();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].text.reveal().as_str(), &taken[0].who), ("[message taken back]", &Who::Customer));
}

#[test]
fn an_edit_or_a_reaction_before_its_message_waits_for_it() {
    let mut life = bound();
    let at = life.now;
    life.receive(edit("e2", at + Span(2), "m_late", 2, "at five"));
    life.receive(edit("e1", at + Span(1), "m_late", 1, "at four"));
    life.receive(reaction("r1", at + Span(3), "m_late", true, true));
    assert_eq!(entries(&life).iter().filter(|entry| entry.who == Who::Notice).count(), 2, "they tell of themselves");
    life.receive(message("m_late", at, "at three"));
    let shown = entries(&life);
    assert!(shown.iter().all(|entry| entry.who != Who::Notice));
    let late =
        shown.iter().find(|entry| entry.mid.as_ref().is_some_and(|mid| mid.as_str() == "m_late")).expect("shown");
    assert_eq!((late.text.reveal().as_str(), late.edited, late.reactions.len()), ("at five", true, 1));
    assert!(late.reactions[0].by_page);
    life.settle_tracker();
    assert!(life.trace.last().is_some_and(|line| !line.contains("at three")));
}

#[test]
fn a_reaction_opens_the_window_but_taking_it_back_does_not() {
    let mut life = bound();
    let before = window(&life.state);
    for item in [
        reaction("r1", life.now, "m_in1", false, false),
        reaction("r2", life.now, "m_in1", true, true),
        edit("e1", life.now, "m_in1", 1, "x"),
        unsend(life.now, "m_in1"),
        referral("ref", life.now, "ADS"),
        optin("o", life.now, OptinWay::Stopped),
        handover("h", life.now, HandoverAct::Passed, Some(OUR_APP), None),
    ] {
        life.receive(item);
        assert_eq!(window(&life.state), before);
    }
    life.receive(reaction("r3", life.now, "m_in1", true, false));
    let after = window(&life.state);
    assert_eq!(after.ends_at, Some(life.now + Span::hours(24)));
    assert_eq!(after.openers.last_message_at, before.openers.last_message_at, "it is no message");
}

#[test]
fn a_thread_that_was_passed_on_is_not_answered_until_it_comes_back() {
    let mut life = bound();
    let at = life.now;
    life.receive(handover("h1", at, HandoverAct::Passed, Some("99"), Some(OUR_APP)));
    assert!(life.state.standby(), "the list in which it came does not say whose the thread is now");
    life.reply(reply("k1", Author::Agent, &["hello"], at));
    let refused =
        life.events.iter().any(|event| matches!(event, Event::PartRefused { reason: ForbidReason::Standby, .. }));
    assert!(refused);
    // What happened before the hand-over and comes later does not give the thread back.
    life.receive(message("m_old", at - Span(1), "earlier"));
    assert!(life.state.standby());
    life.receive(handover("h2", at + Span(5), HandoverAct::Passed, Some(OUR_APP), Some("99")));
    assert!(!life.state.standby());
    life.receive(handover("h3", at + Span(6), HandoverAct::Taken, None, Some(OUR_APP)));
    assert!(life.state.standby());
    let mut bystander = message("m_by", at + Span(7), "hm");
    bystander.channel = Channel::Standby;
    life.receive(bystander);
    assert!(life.state.standby());
    life.receive(handover("h4", at + Span(8), HandoverAct::Passed, None, Some("99")));
    assert!(!life.state.standby(), "nobody's thread is anybody's");
}

#[test]
fn an_installation_that_does_not_know_its_app_goes_by_the_list() {
    let mut context = nameless();
    context.account.app = None;
    let mut life = Life::new(context);
    let mut passed = handover("h1", START, HandoverAct::Passed, Some("99"), None);
    life.receive(passed.clone());
    assert!(!life.state.standby());
    (passed.key, passed.at, passed.channel) = (crate::kit::key("h2"), START + Span(1), Channel::Standby);
    life.receive(passed);
    assert!(life.state.standby());
}
