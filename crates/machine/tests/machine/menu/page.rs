//! Lives of a Page: tokens that come and are refused, Meta's word on its right to send, what is received and put aside.

use std::collections::BTreeSet;

use machine::page::{Command, Page, Stop, Trouble};
use machine::{Machine as _, PageFacts};
use model::{Anomaly, Lead, MachineId, PageInbound, PageKind, Place, Policy, PolicyAct, Span, Timestamp};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use super::{Kept, one_of, play};
use crate::kit::{START, key, page};

#[derive(Clone, Debug)]
enum Step {
    /// A token by its number, or none; equal settings come with every start.
    Configure {
        token: Option<u8>,
        name: u8,
    },
    RefuseToken,
    Restrict,
    Lift,
    /// No message has a chance for a while.
    Stop,
    /// A message was answered, at the same instant: no rest is over.
    Answered,
    /// What Meta says of the right to send, perhaps late.
    Word {
        blocks: bool,
        late: i64,
    },
    Lead,
    /// An item that is known already.
    Again {
        pick: u16,
    },
    Quarantine {
        item: u8,
    },
    KeepAnomaly {
        item: u8,
    },
    Wake,
}

/// What came to a Page.
#[derive(Clone, Debug)]
struct Item {
    at: Timestamp,
    /// What it says of the right to send.
    blocks: Option<bool>,
}

/// What is plain about a Page's life.
#[derive(Clone, Debug, Default)]
struct Plain {
    configured: Option<(Option<u8>, u8)>,
    /// The configured token works.
    token: bool,
    /// The token that was refused last, until another one works.
    refused: Option<u8>,
    restricted: bool,
    rests: bool,
    items: Vec<Item>,
    quarantined: BTreeSet<u8>,
    kept: BTreeSet<u8>,
    events: u64,
}

/// The name of the nth item.
fn name(nth: usize) -> String {
    format!("i{nth}")
}

impl Plain {
    fn word(&mut self, blocks: bool, at: Timestamp) {
        let place = |nth: usize, item: &Item| (item.at, key(&name(nth)));
        let judged = self.items.iter().enumerate().filter(|(_, item)| item.blocks.is_some());
        let newest = judged.map(|(nth, item)| place(nth, item)).max();
        let is_news = newest.is_none_or(|newest| newest < (at, key(&name(self.items.len()))));
        self.items.push(Item { at, blocks: Some(blocks) });
        self.events += 1;
        if is_news {
            self.restrict(blocks);
        }
    }

    fn restrict(&mut self, restricted: bool) {
        self.events += u64::from(self.restricted != restricted);
        self.restricted = restricted;
    }

    fn configure(&mut self, token: Option<u8>, name: u8) {
        let works = token.is_some() && token != self.refused;
        if works && self.configured.and_then(|(token, _)| token) != token {
            self.events += u64::from(core::mem::take(&mut self.rests));
        }
        self.events += u64::from(self.configured != Some((token, name)) || self.token != works);
        (self.configured, self.token) = (Some((token, name)), works);
        if works {
            self.refused = None;
        }
    }
}

impl ReferenceStateMachine for Plain {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let token = proptest::option::weighted(0.8, 0..3_u8);
        one_of(vec![
            (4, (token, 0..2_u8).prop_map(|(token, name)| Step::Configure { token, name }).boxed()),
            (if state.token { 3 } else { 1 }, Just(Step::RefuseToken).boxed()),
            (1, Just(Step::Restrict).boxed()),
            (if state.restricted { 2 } else { 1 }, Just(Step::Lift).boxed()),
            (2, Just(Step::Stop).boxed()),
            (1, Just(Step::Answered).boxed()),
            (4, (any::<bool>(), 0..9_i64).prop_map(|(blocks, late)| Step::Word { blocks, late }).boxed()),
            (1, Just(Step::Lead).boxed()),
            (u32::from(!state.items.is_empty()) * 3, any::<u16>().prop_map(|pick| Step::Again { pick }).boxed()),
            (1, (0..4_u8).prop_map(|item| Step::Quarantine { item }).boxed()),
            (1, (0..4_u8).prop_map(|item| Step::KeepAnomaly { item }).boxed()),
            (1, Just(Step::Wake).boxed()),
        ])
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Configure { token, name } => state.configure(*token, *name),
            Step::RefuseToken if state.token => {
                state.events += 1;
                (state.refused, state.token) = (state.configured.and_then(|(token, _)| token), false);
            }
            Step::Restrict => state.restrict(true),
            Step::Lift => state.restrict(false),
            Step::Stop => state.events += u64::from(!core::mem::replace(&mut state.rests, true)),
            Step::Word { blocks, late } => state.word(*blocks, at(state.items.len(), *late)),
            Step::Lead => {
                state.items.push(Item { at: at(state.items.len(), 0), blocks: None });
                state.events += 1;
            }
            Step::Quarantine { item } => state.events += u64::from(state.quarantined.insert(*item)),
            Step::KeepAnomaly { item } => state.events += u64::from(state.kept.insert(*item)),
            Step::RefuseToken | Step::Answered | Step::Again { .. } | Step::Wake => {}
        }
        state
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        !matches!(step, Step::Again { .. }) || !state.items.is_empty()
    }
}

/// When the nth item happened, which may be before the ones that came earlier.
fn at(nth: usize, late: i64) -> Timestamp {
    START + Span(2 * i64::try_from(nth).expect("few") - late)
}

/// The nth item as Meta delivers it.
fn inbound(nth: usize, item: &Item) -> PageInbound {
    let kind = match item.blocks {
        Some(true) => PageKind::Policy(Policy { act: PolicyAct::Block, reason: None }),
        Some(false) => PageKind::Policy(Policy { act: PolicyAct::Unblock, reason: None }),
        None => {
            PageKind::Lead(Lead { lead: name(nth), form: None, ad: None, ad_group: None, created_at: Some(item.at) })
        }
    };
    PageInbound { page: page(), at: item.at, key: key(&name(nth)), kind }
}

fn place(item: u8) -> Option<Place> {
    Some(Place { entry: 0, list: "messaging".to_owned(), item: item.into() })
}

fn facts(token: Option<u8>, name: u8) -> PageFacts {
    let token_mark = token.map(|token| format!("t{token}")).unwrap_or_default();
    PageFacts {
        known: true,
        name: format!("Tandem Bikes {name}"),
        token: token.is_some(),
        token_mark,
        restricted: false,
    }
}

struct Lives;

impl StateMachineTest for Lives {
    type SystemUnderTest = Kept<Page>;
    type Reference = Plain;

    fn init_test(_: &Plain) -> Kept<Page> {
        Kept::fresh(MachineId::Page(page()))
    }

    fn apply(mut page: Kept<Page>, plain: &Plain, step: Step) -> Kept<Page> {
        let last = plain.items.len().saturating_sub(1);
        let command = match step {
            Step::Configure { token, name } => Command::Configure(facts(token, name)),
            Step::RefuseToken => Command::Observe(Trouble::TokenRefused { code: 190, subcode: None }),
            Step::Restrict => Command::Observe(Trouble::Restricted),
            Step::Lift => Command::Observe(Trouble::RestrictionLifted),
            Step::Stop => Command::Observe(Trouble::Stopped(Stop {
                row: "app-limit".to_owned(),
                code: Some(4),
                subcode: None,
                rest: Span::minutes(5),
                longest: Span::hours(1),
                told: None,
                spread: 40,
            })),
            Step::Answered => Command::Observe(Trouble::Answered),
            Step::Word { .. } | Step::Lead => Command::Receive(inbound(last, &plain.items[last])),
            Step::Again { pick } => {
                let nth = usize::from(pick) % plain.items.len();
                Command::Receive(inbound(nth, &plain.items[nth]))
            }
            Step::Quarantine { item } => Command::Quarantine {
                delivery: 7,
                place: place(item),
                key: None,
                cause: "failed-five-times".to_owned(),
            },
            Step::KeepAnomaly { item } => {
                let (reason, raw) = ("unknown-kind".to_owned(), "{}".into());
                Command::KeepAnomaly {
                    delivery: 7,
                    anomaly: Anomaly { place: place(item), page: None, reason, kind: None, raw },
                }
            }
            Step::Wake => Page::wake(),
        };
        page.give(command);
        page
    }

    fn check_invariants(page: &Kept<Page>, plain: &Plain) {
        page.check();
        let state = &page.state;
        let wanted = plain.configured.map(|(token, name)| facts(token, name)).unwrap_or_default();
        assert_eq!(*state.facts(), PageFacts { token: plain.token, restricted: plain.restricted, ..wanted });
        assert_eq!(state.pause().is_some(), plain.rests);
        assert_eq!(state.counts().values().sum::<u64>(), plain.items.len() as u64, "every item counts once");
        assert_eq!(
            (state.quarantined_count(), state.anomalies_count()),
            (plain.quarantined.len() as u64, plain.kept.len() as u64)
        );
        assert_eq!(Page::seq(state), plain.events, "what changes nothing is no event");
    }
}

#[test]
fn a_page_knows_what_is_in_force_in_random_lives() {
    play::<Lives>(300, 60);
}
