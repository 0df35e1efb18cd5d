//! The Page machine: refused tokens, restrictions, what is put aside, and stored forms.

use machine::page::{Command, Event, Page, State, Trouble};
use machine::{Context, Machine, PageFacts};
use model::{Anomaly, MachineId, PageId, Place};

use crate::kit::{START, context, key};

fn fresh() -> State {
    Page::fresh(&MachineId::Page(crate::kit::page()))
}

fn give(state: &mut State, command: Command) -> usize {
    let decided = Page::decide(state, command, &Context::default(), START);
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
    assert!(Page::decode(7, 1, b"{}").is_err() && Page::decode(1, 2, b"{}").is_err());
}
