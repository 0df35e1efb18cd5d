//! The Page machine: refused tokens, restrictions, what is put aside, and stored forms.

use machine::page::{Command, Event, Page, State, Stop, Trouble};
use machine::{Context, Machine, PageFacts};
use model::{
    Activity, ActivityField, ActivityItem, Anomaly, Changed, Lead, MachineId, PageId, PageInbound, PageKind, Place,
    Policy, PolicyAct, Span, Timestamp, Verb,
};
use proptest::prelude::*;

use crate::kit::{START, context, key};

fn fresh() -> State {
    Page::fresh(&MachineId::Page(crate::kit::page()))
}

fn give(state: &mut State, command: Command) -> usize {
    give_at(state, command, START)
}

fn give_at(state: &mut State, command: Command, now: Timestamp) -> usize {
    let decided = Page::decide(state, command, &Context::default(), now);
    for event in &decided {
        let stored = Page::encode(event);
        assert_eq!(Page::decode(stored.kind, stored.version, &stored.body).as_ref(), Ok(event));
        Page::evolve(state, event);
    }
    let (version, frozen) = Page::freeze(state);
    assert_eq!(Page::thaw(version, &frozen).as_ref(), Some(&*state));
    decided.len()
}

fn configured() -> PageFacts {
    context().page
}

const REFUSED: Trouble = Trouble::TokenRefused { code: 190, subcode: Some(460) };

#[test]
fn a_refused_token_stays_refused_until_another_one_is_configured() {
    let mut state = fresh();
    assert_eq!(give(&mut state, Command::Configure(configured())), 1);
    assert_eq!(give(&mut state, Command::Configure(configured())), 0);
    assert_eq!(give(&mut state, Command::Observe(REFUSED)), 1);
    assert_eq!(give(&mut state, Command::Observe(REFUSED)), 0);
    assert!(!state.facts().token);
    assert_eq!(give(&mut state, Command::Configure(configured())), 0, "a restart brings the same token");
    assert!(!state.facts().token);
    let renamed = PageFacts { name: "Tandem & Co".to_owned(), ..configured() };
    assert_eq!(give(&mut state, Command::Configure(renamed)), 1);
    assert!(!state.facts().token, "another name is not another token");
    let fresh_token = PageFacts { token_mark: "t2".to_owned(), ..configured() };
    assert_eq!(give(&mut state, Command::Configure(fresh_token)), 1);
    assert!(state.facts().token);
    assert_eq!(state.version(), 4);
}

#[test]
fn a_restriction_outlives_a_restart_until_meta_lifts_it() {
    let mut state = fresh();
    give(&mut state, Command::Configure(configured()));
    assert_eq!(give(&mut state, Command::Observe(Trouble::RestrictionLifted)), 0);
    assert_eq!(give(&mut state, Command::Observe(Trouble::Restricted)), 1);
    assert_eq!(give(&mut state, Command::Observe(Trouble::Restricted)), 0);
    assert_eq!(give(&mut state, Command::Configure(configured())), 0);
    assert!(state.facts().restricted);
    assert_eq!(give(&mut state, Command::Observe(Trouble::RestrictionLifted)), 1);
    assert!(!state.facts().restricted);
    assert_eq!(give(&mut state, Page::wake()), 0);
}

fn stop() -> Stop {
    let (rest, longest) = (Span::minutes(1), Span::minutes(16));
    Stop { row: "rate-limited".to_owned(), code: Some(613), subcode: None, rest, longest, told: None, spread: 0 }
}

#[test]
fn a_queue_rests_until_an_answer_comes_after_its_rest() {
    let mut state = fresh();
    give(&mut state, Command::Configure(configured()));
    assert_eq!(give(&mut state, Command::Observe(Trouble::Answered)), 0, "nothing rests");
    assert_eq!(give(&mut state, Command::Observe(Trouble::Stopped(stop()))), 1);
    assert_eq!(give(&mut state, Command::Observe(Trouble::Stopped(stop()))), 0, "it was under way by then");
    let rests_until = |state: &State| state.pause().map(|pause| (pause.until, pause.step));
    assert_eq!(rests_until(&state), Some((START + Span::minutes(1), 0)));
    assert_eq!(give_at(&mut state, Command::Observe(Trouble::Answered), START + Span(59_999)), 0);
    assert_eq!(give_at(&mut state, Command::Observe(Trouble::Stopped(stop())), START + Span::minutes(1)), 1);
    assert_eq!(rests_until(&state), Some((START + Span::minutes(3), 1)), "twice as long");
    assert_eq!(give(&mut state, Command::Configure(configured())), 0, "a restart ends no rest");
    assert_eq!(give_at(&mut state, Command::Observe(Trouble::Answered), START + Span::minutes(3)), 1);
    assert_eq!(rests_until(&state), None);
}

#[test]
fn a_page_that_is_connected_anew_does_not_rest() {
    let mut state = fresh();
    give(&mut state, Command::Configure(configured()));
    give(&mut state, Command::Observe(Trouble::Stopped(stop())));
    let renamed = PageFacts { name: "Tandem & Co".to_owned(), ..configured() };
    assert_eq!(give(&mut state, Command::Configure(renamed)), 1, "another name changes nothing about it");
    let fresh_token = PageFacts { token_mark: "t2".to_owned(), ..configured() };
    assert_eq!(give(&mut state, Command::Configure(fresh_token)), 2);
    assert_eq!(state.pause(), None);
}

fn of_page(name: &str, at: Timestamp, kind: PageKind) -> PageInbound {
    PageInbound { page: crate::kit::page(), at, key: key(name), kind }
}

fn policy(name: &str, at: Timestamp, act: PolicyAct) -> PageInbound {
    of_page(name, at, PageKind::Policy(Policy { act, reason: None }))
}

fn lead(name: &str, at: Timestamp) -> PageInbound {
    let lead = Lead { lead: name.to_owned(), form: None, ad: None, ad_group: None, created_at: Some(at) };
    of_page(name, at, PageKind::Lead(lead))
}

/// Something that happened to a comment, which has the name up to its dot.
fn comment(name: &str, at: Timestamp, verb: Verb) -> PageInbound {
    let hidden = match verb {
        Verb::Hide => Some(true),
        Verb::Unhide => Some(false),
        Verb::Add | Verb::Edit | Verb::Remove | Verb::Block | Verb::Unblock | Verb::Mute | Verb::Other(_) => None,
    };
    let activity = Activity {
        field: ActivityField::Feed,
        item: ActivityItem::Comment,
        verb,
        post: Some("1029_1".to_owned()),
        comment: name.split('.').next().map(str::to_owned),
        parent: None,
        author: None,
        by_page: false,
        text: Some("Do you repair tandems?".into()),
        links: Vec::new(),
        published: None,
        hidden,
        feeling: None,
        created_at: None,
    };
    of_page(name, at, PageKind::Activity(Box::new(activity)))
}

#[test]
fn an_item_of_the_page_is_counted_once() {
    let mut state = fresh();
    assert_eq!(give(&mut state, Command::Receive(lead("l1", START))), 1);
    assert_eq!(give(&mut state, Command::Receive(lead("l1", START))), 0);
    assert_eq!(give(&mut state, Command::Receive(comment("c1", START, Verb::Add))), 1);
    assert_eq!(give(&mut state, Command::Receive(comment("c2", START, Verb::Add))), 1);
    let counts: Vec<_> = state.counts().iter().map(|(word, count)| (word.as_str(), *count)).collect();
    assert_eq!(counts, [("feed.comment.add", 2), ("leadgen", 1)]);
}

#[test]
fn a_comment_that_is_removed_before_it_came_stays_removed() {
    let mut state = fresh();
    give(&mut state, Command::Receive(comment("c1.b", START + Span(9), Verb::Remove)));
    give(&mut state, Command::Receive(comment("c1.a", START, Verb::Add)));
    let standing = state.standing("c1").expect("heard of");
    assert!(standing.removed && standing.added);
    assert!(state.standing("c2").is_none());
}

#[test]
fn metas_newest_word_on_the_right_to_send_counts() {
    let mut state = fresh();
    give(&mut state, Command::Configure(configured()));
    assert_eq!(give(&mut state, Command::Receive(policy("p1", START, PolicyAct::Warning))), 1);
    assert!(!state.facts().restricted);
    assert_eq!(give(&mut state, Command::Receive(policy("p3", START + Span(3), PolicyAct::Block))), 2);
    assert!(state.facts().restricted);
    assert_eq!(give(&mut state, Command::Receive(policy("p2", START + Span(2), PolicyAct::Unblock))), 1, "older");
    assert!(state.facts().restricted);
    assert_eq!(give(&mut state, Command::Receive(policy("p4", START + Span(4), PolicyAct::Unblock))), 2);
    assert!(!state.facts().restricted);
}

#[test]
fn kinds_that_meta_never_sends_do_not_grow_the_counts_for_ever() {
    let mut state = fresh();
    for nth in 0..700 {
        let changed = Changed { field: format!("field{nth}") };
        give(&mut state, Command::Receive(of_page(&nth.to_string(), START, PageKind::Changed(changed))));
    }
    assert_eq!(state.counts().len(), 501);
    assert_eq!(state.counts().get("other"), Some(&200));
}

fn happenings() -> impl Strategy<Value = Vec<PageInbound>> {
    let one = (0..7_u8, 0..6_u32, 0..40_i64).prop_map(|(kind, id, late)| {
        let (at, name) = (START + Span(late), format!("c{id}.{kind}.{late}"));
        match kind {
            0 => comment(&name, at, Verb::Add),
            1 => comment(&name, at, Verb::Remove),
            2 => comment(&name, at, Verb::Hide),
            3 => comment(&name, at, Verb::Unhide),
            4 => policy(&name, at, PolicyAct::Block),
            5 => policy(&name, at, PolicyAct::Unblock),
            _ => lead(&name, at),
        }
    });
    proptest::collection::vec(one, 0..30)
}

/// What must be equal, whatever the order: counts, standings, the right to send.
type Seen = (Vec<(String, u64)>, Vec<Option<(bool, bool, bool)>>, bool);

fn projection(items: &[PageInbound]) -> Seen {
    let mut state = fresh();
    give(&mut state, Command::Configure(configured()));
    for item in items {
        give(&mut state, Command::Receive(item.clone()));
    }
    let counts = state.counts().iter().map(|(word, count)| (word.clone(), *count)).collect();
    let standing = |id: u32| {
        let standing = state.standing(&format!("c{id}"))?;
        Some((standing.added, standing.removed, standing.hidden))
    };
    (counts, (0..6).map(standing).collect(), state.facts().restricted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_repetition_of_a_pages_items_do_not_show(
        (list, shuffled) in happenings().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
    ) {
        let once = projection(&list);
        prop_assert_eq!(&projection(&shuffled), &once);
        let twice: Vec<PageInbound> = list.iter().flat_map(|item| [item.clone(), item.clone()]).collect();
        prop_assert_eq!(&projection(&twice), &once);
    }
}

fn place(item: u32) -> Place {
    Place { entry: 0, list: "messaging".to_owned(), item }
}

fn anomaly(item: u32) -> Anomaly {
    Anomaly {
        place: Some(place(item)),
        page: Some(PageId::new("1029")),
        reason: "unknown-kind".to_owned(),
        kind: Some("game_play".to_owned()),
        raw: r#"{"game_play":{}}"#.into(),
    }
}

#[test]
fn what_is_put_aside_is_counted_once() {
    let mut state = fresh();
    let quarantine = |item| Command::Quarantine {
        delivery: 7,
        place: Some(place(item)),
        key: Some(key("m_in1")),
        cause: "failed-five-times".to_owned(),
    };
    assert_eq!(give(&mut state, quarantine(0)), 1);
    assert_eq!(give(&mut state, quarantine(0)), 0);
    assert_eq!(give(&mut state, quarantine(1)), 1);
    assert_eq!(give(&mut state, Command::KeepAnomaly { delivery: 7, anomaly: anomaly(2) }), 1);
    assert_eq!(give(&mut state, Command::KeepAnomaly { delivery: 7, anomaly: anomaly(2) }), 0);
    assert_eq!(give(&mut state, Command::KeepAnomaly { delivery: 8, anomaly: anomaly(2) }), 1);
    assert_eq!((state.quarantined_count(), state.anomalies_count()), (2, 2));
}

#[test]
fn a_flood_of_garbage_does_not_grow_the_page_for_ever() {
    let mut state = fresh();
    for delivery in 0..10_500 {
        Page::evolve(&mut state, &Event::AnomalyKept { delivery, anomaly: anomaly(0) });
    }
    assert_eq!(state.anomalies_count(), 10_500);
    assert!(!state.has_kept(0, &anomaly(0)) && state.has_kept(10_499, &anomaly(0)));
}

#[test]
fn every_kind_is_stored_as_approved() {
    let events = [
        Event::Configured { facts: configured() },
        Event::ItemQuarantined {
            delivery: 7,
            place: Some(place(3)),
            key: Some(key("m_in1")),
            cause: "failed-five-times".to_owned(),
        },
        Event::AnomalyKept { delivery: 7, anomaly: anomaly(2) },
        Event::TokenRefused { code: 190, subcode: Some(460) },
        Event::Restricted,
        Event::RestrictionLifted,
        Event::SendsPaused { stop: stop(), step: 2, until: START },
        Event::SendsResumed,
        Event::Received { inbound: comment("c1", START, Verb::Add) },
        Event::Received { inbound: policy("p1", START, PolicyAct::Other("ponder".to_owned())) },
    ];
    let page = MachineId::Page(crate::kit::page());
    let stored: Vec<String> = events
        .iter()
        .map(|event| {
            let stored = Page::encode(event);
            assert_eq!(Page::decode(stored.kind, stored.version, &stored.body).as_ref(), Ok(event));
            let (name, seal) = (machine::kind_name(&page, stored.kind), if stored.sealed { " sealed" } else { "" });
            format!("{} v{} {name}{seal} {}", stored.kind, stored.version, String::from_utf8_lossy(&stored.body))
        })
        .collect();
    insta::assert_snapshot!(stored.join("\n"));
    assert!(
        Page::decode(7, 1, b"{}").is_err() && Page::decode(8, 1, b"{}").is_err() && Page::decode(1, 2, b"{}").is_err()
    );
}
