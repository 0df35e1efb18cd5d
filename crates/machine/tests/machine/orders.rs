//! Orders and repetitions that must not show: promises P3, P6, P7 and P19 over generated items.

use machine::Machine;
use machine::conversation::transcript::{Entry, Transcript};
use machine::conversation::{Command, Conversation, Outcome, Receipts, Window, window};
use model::{Channel, HandoverAct, Inbound, OptinWay, Span};
use policy::Author;
use proptest::prelude::*;

use crate::kit::{
    OUR_APP, START, delivered, echo, edit, handover, message, metadata, nameless, optin, postback, rarities, reaction,
    read, referral, reply, unsend,
};
use crate::life::{Life, sent};

/// What must be equal, whatever the order.
type Projection = (Vec<Entry>, Window, Receipts, bool);

fn projection(life: &Life) -> Projection {
    let transcript = Transcript::fold(&life.events);
    assert_eq!(transcript.window(), window(&life.state), "page and machine know the same window");
    assert_eq!(transcript.receipts(), life.state.receipts());
    (transcript.entries(), transcript.window(), transcript.receipts(), life.state.standby())
}

/// A conversation with three parts on their way: the first sent, the second unclear, the third in flight.
fn sending() -> (Life, [u64; 3]) {
    let mut life = Life::new(nameless());
    life.receive(message("m_first", START, "Hello"));
    life.settle_tracker();
    life.reply(reply("k1", Author::Agent, &["one", "two", "three"], START));
    let mut effects = [0; 3];
    for (index, slot) in effects.iter_mut().enumerate() {
        life.dispatch();
        *slot = life.send_open();
        match index {
            0 => drop(life.answer(*slot, sent("m_out1"))),
            1 => {
                life.crash();
                // A person is told; then the queue goes on.
                life.sleep();
                life.settle_tracker();
                life.sleep();
            }
            _ => {}
        }
    }
    (life, effects)
}

/// Something that arrives.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a few dozen of them live at once")]
enum Arrival {
    Item(Inbound),
    /// The answer of the third send.
    Answer,
}

/// Items of any kind around `START`, with equal times among them, and the echoes of all three sends.
fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let one = (0..17_u8, 0..40_u32, -30_i64..30).prop_map(|(kind, id, minutes)| {
        let at = START + Span::minutes(minutes);
        Arrival::Item(match kind {
            0 | 1 => message(&format!("m_{id}"), at, &format!("text {id}")),
            2 => postback(&format!("p_{id}"), at, "Hours"),
            3 => delivered(at),
            4 => read(at),
            // Few messages and many marks on them, so that marks meet messages, each other, and nothing.
            6 | 7 => {
                reaction(&format!("r_{id}"), at, &format!("m_{}", id % 6), !id.is_multiple_of(3), id.is_multiple_of(7))
            }
            8 => edit(&format!("edit {id}"), at, &format!("m_{}", id % 6), id % 4, &format!("changed {id}")),
            9 => unsend(at, &format!("m_{}", id % 12)),
            10 => reaction(&format!("r_{id}"), at, "m_out2", id.is_multiple_of(2), false),
            11 => referral(&format!("ref {id}"), at, if id.is_multiple_of(2) { "SHORTLINK" } else { "ADS" }),
            12 => optin(
                &format!("optin {id}"),
                at,
                if id.is_multiple_of(2) { OptinWay::Plugin } else { OptinWay::Stopped },
            ),
            13 => {
                let (ours, other) = (Some(OUR_APP), Some("99"));
                let (act, to, from) = match id % 5 {
                    0 => (HandoverAct::Passed, ours, other),
                    1 => (HandoverAct::Passed, other, ours),
                    2 => (HandoverAct::Taken, None, ours),
                    3 => (HandoverAct::Passed, None, None),
                    _ => (HandoverAct::Requested, other, None),
                };
                handover(&format!("hand {id}"), at, act, to, from)
            }
            14 => {
                let mut item = message(&format!("m_{id}"), at, &format!("text {id}"));
                item.channel = Channel::Standby;
                item
            }
            15 => rarities(at).swap_remove(usize::try_from(id % 7).expect("small")),
            _ => echo(&format!("e_{id}"), at, Some("99"), Some("other".to_owned()), "outside"),
        })
    });
    (proptest::collection::vec(one, 0..14), any::<bool>(), any::<bool>()).prop_map(|(mut list, marked, business)| {
        // One key is one item: keep the first of each.
        let mut seen = std::collections::BTreeSet::new();
        list.retain(|arrival| match arrival {
            Arrival::Item(inbound) => seen.insert(inbound.key),
            Arrival::Answer => true,
        });
        let (_, effects) = sending();
        let mark = |index: usize| Some(metadata(effects[index]));
        list.push(Arrival::Item(echo("m_out1", START + Span(10), Some(OUR_APP), None, "one")));
        list.push(Arrival::Item(echo("m_out2", START + Span(20), Some(OUR_APP), mark(1), "two")));
        let third = if marked { mark(2) } else { None };
        list.push(Arrival::Item(echo("m_out3", START + Span(30), Some(OUR_APP), third, "three")));
        if business {
            list.push(Arrival::Item(echo("m_biz", START + Span(40), None, None, "from the inbox")));
        }
        list.push(Arrival::Answer);
        list
    })
}

fn arrive(life: &mut Life, effects: [u64; 3], arrival: &Arrival) {
    match arrival {
        Arrival::Item(inbound) => drop(life.receive(inbound.clone())),
        Arrival::Answer => drop(life.answer(effects[2], sent("m_out3"))),
    }
}

/// Everything arrives at one instant of ours; then what is held is decided.
fn run(arrivals: &[Arrival]) -> Life {
    let (mut life, effects) = sending();
    arrivals.iter().for_each(|arrival| arrive(&mut life, effects, arrival));
    life.settle_tracker();
    life.now = life.now + Span::seconds(60);
    life.wake();
    life.settle_tracker();
    life
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 192,
        failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::Direct(
            "proptest-regressions/orders.txt",
        ))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn permuted_deliveries_give_the_same_projection(
        (list, shuffled) in arrivals().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
    ) {
        prop_assert_eq!(projection(&run(&list)), projection(&run(&shuffled)));
    }

    #[test]
    fn delivering_everything_twice_changes_nothing(list in arrivals(), once_more in arrivals()) {
        let mut life = run(&list);
        let before = life.state.clone();
        for arrival in &list {
            match arrival {
                Arrival::Item(inbound) => prop_assert!(life.receive(inbound.clone()).is_empty()),
                Arrival::Answer => {}
            }
        }
        prop_assert_eq!(&life.state, &before);
        // Also in the middle of a life: what comes a second time is no event, so the lives stay equal.
        let doubled: Vec<Arrival> = once_more
            .iter()
            .flat_map(|arrival| match arrival {
                Arrival::Item(_) => vec![arrival.clone(), arrival.clone()],
                Arrival::Answer => vec![arrival.clone()],
            })
            .collect();
        prop_assert_eq!(run(&doubled).events, run(&once_more).events);
    }

    #[test]
    fn splitting_or_joining_deliveries_gives_the_same_projection(list in arrivals(), cuts in any::<u32>()) {
        let joined = run(&list);
        let (mut split, effects) = sending();
        for (index, arrival) in list.iter().enumerate() {
            arrive(&mut split, effects, arrival);
            // Between two deliveries the world answers and the machine may be restarted.
            if cuts >> (index % 32) & 1 == 1 {
                split.settle_tracker();
                split.wake();
            }
        }
        split.settle_tracker();
        split.now = split.now + Span::seconds(60);
        split.wake();
        split.settle_tracker();
        prop_assert_eq!(projection(&split), projection(&joined));
    }

    #[test]
    fn one_send_is_one_bubble_whichever_comes_first(
        marked in any::<bool>(), echo_first in any::<bool>(), app in any::<bool>(), gap in 0_i64..60_000,
    ) {
        let (mut life, effects) = sending();
        let app = app.then_some(OUR_APP);
        let mark = marked.then(|| metadata(effects[2]));
        let own = echo("m_out3", START + Span(30), app, mark, "three");
        if echo_first {
            life.receive(own);
            life.now = life.now + Span(gap);
            life.wake();
            life.answer(effects[2], sent("m_out3"));
        } else {
            life.answer(effects[2], sent("m_out3"));
            life.now = life.now + Span(gap);
            life.receive(own);
        }
        life.now = life.now + Span::minutes(5);
        life.wake();
        let entries = Transcript::fold(&life.events).entries();
        let threes = entries.iter().filter(|entry| entry.text.reveal() == "three").count();
        prop_assert_eq!(threes, 1);
        prop_assert!(life.state.held_echoes().is_empty());
        let outside = life.events.iter().any(|event| matches!(event, machine::conversation::Event::SentOutside { .. }));
        prop_assert!(!outside);
    }

    #[test]
    fn a_foreign_echo_never_moves_the_window(minutes in -3_000_i64..3_000, app in any::<bool>(), busy in any::<bool>()) {
        let mut life = if busy { sending().0 } else { run(&[]) };
        let before = window(&life.state);
        life.receive(echo("m_biz", START + Span::minutes(minutes), app.then_some("99"), None, "from the inbox"));
        life.now = life.now + Span::minutes(2);
        life.wake();
        prop_assert_eq!(window(&life.state), before);
        let shown = Transcript::fold(&life.events).entries();
        prop_assert_eq!(shown.iter().filter(|entry| entry.text.reveal() == "from the inbox").count(), 1);
    }
}

#[test]
fn an_echo_that_outlived_its_hold_still_merges_when_the_answer_comes() {
    let (mut life, effects) = sending();
    life.receive(echo("m_out3", START + Span(30), Some(OUR_APP), None, "three"));
    life.now = life.now + Span::seconds(60);
    life.wake();
    life.answer(effects[2], sent("m_out3"));
    let entries = Transcript::fold(&life.events).entries();
    assert_eq!(entries.iter().filter(|entry| entry.text.reveal() == "three").count(), 1);
}

#[test]
fn ten_thousand_messages_fold_without_growing_pains() {
    let mut state = Conversation::fresh(&crate::kit::conversation());
    let context = nameless();
    let mut events = Vec::new();
    for index in 0..10_000_i64 {
        let at = START + Span(index);
        let inbound = message(&format!("m_{index}"), at, "A message of usual length, with a question in it?");
        let mut decided = Conversation::decide(&state, Command::Receive(inbound), &context, at);
        // The tracker answers now and then: lines pile up meanwhile.
        if let Some(work) = state.tracker_work().filter(|_| index % 40 == 0) {
            let outcome = match &work.task {
                None => Outcome::TaskOpened { task: model::TaskId::new("t1"), contact: model::ContactId::new("k1") },
                Some(task) => Outcome::CommentsAdded { task: task.clone() },
            };
            decided.iter().for_each(|event| Conversation::evolve(&mut state, event));
            events.append(&mut decided);
            let effect = state.tracker_work().expect("still open").effect;
            decided = Conversation::decide(&state, Command::Settle { effect, outcome }, &context, at);
        }
        decided.iter().for_each(|event| Conversation::evolve(&mut state, event));
        events.append(&mut decided);
    }
    #[expect(clippy::disallowed_methods, reason = "the time of folding is what is measured")]
    let started = std::time::Instant::now();
    let mut folded = Conversation::fresh(&crate::kit::conversation());
    events.iter().for_each(|event| Conversation::evolve(&mut folded, event));
    let took = started.elapsed();
    assert_eq!(folded, state);
    println!("{} events folded in {took:?}", events.len());
    // About 10 ms where nothing else runs; a quadratic fold takes many seconds.
    assert!(took.as_millis() < 1_000, "{took:?}");
}
