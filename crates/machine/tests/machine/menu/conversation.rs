//! Lives of a conversation. What must hold in them is in `laws`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use super::{Menu, one_of, play};
use crate::kit::context;
use crate::laws::World;

/// Something that somebody does. Numbers choose among what is there; a choice among nothing is skipped.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write { late: u32 },
    Press,
    Deed { what: u8, pick: u16 },
    Receipt { read: bool, back: u32 },
    ForeignEcho { app: u8 },
    OwnEcho { pick: u8 },
    Again { pick: u16 },
    Reply { automation: bool, tagged: bool, parts: u8, long: bool },
    ReplyAgain { pick: u8 },
    Dispatch,
    Answer { pick: u8, how: u8 },
    Resolve { pick: u8, resolution: u8 },
    Token { there: bool },
    Restriction { there: bool },
    Setting { new_task: bool, profiles: bool },
    Wait { ms: u32 },
    Sleep,
    Crash { took: bool },
}

/// What is plain about a conversation's life.
#[derive(Clone, Debug)]
struct Plain {
    /// Anything came from Meta.
    anything: bool,
    /// The customer did something that opens a task.
    wrote: bool,
    /// Comments that became answers.
    replies: usize,
    /// Parts of those answers.
    parts: usize,
    /// The Page has a token.
    token: bool,
    /// The Page may not send.
    restricted: bool,
}

impl Plain {
    fn allows(&self, step: &Step) -> bool {
        match step {
            Step::Again { .. } => self.anything,
            Step::Answer { .. } => self.wrote,
            Step::OwnEcho { .. } => self.wrote && self.parts > 0,
            Step::ReplyAgain { .. } => self.replies > 0,
            Step::Resolve { .. } => self.parts > 0,
            Step::Token { there } => *there != self.token,
            Step::Restriction { there } => *there != self.restricted,
            Step::Write { .. }
            | Step::Press
            | Step::Deed { .. }
            | Step::Receipt { .. }
            | Step::ForeignEcho { .. }
            | Step::Reply { .. }
            | Step::Dispatch
            | Step::Setting { .. }
            | Step::Wait { .. }
            | Step::Sleep
            | Step::Crash { .. } => true,
        }
    }

    /// What Meta and the customer may do.
    fn outside(&self) -> Menu<Step> {
        let if_any = |weight: u32, there: bool| if there { weight } else { 0 };
        vec![
            (if self.wrote { 6 } else { 12 }, (0..200_000_u32).prop_map(|late| Step::Write { late }).boxed()),
            (1, Just(Step::Press).boxed()),
            (4, (any::<u8>(), any::<u16>()).prop_map(|(what, pick)| Step::Deed { what, pick }).boxed()),
            (2, (any::<bool>(), 0..90_000_u32).prop_map(|(read, back)| Step::Receipt { read, back }).boxed()),
            (3, (0..3_u8).prop_map(|app| Step::ForeignEcho { app }).boxed()),
            (if_any(5, self.wrote && self.parts > 0), any::<u8>().prop_map(|pick| Step::OwnEcho { pick }).boxed()),
            (if_any(3, self.anything), any::<u16>().prop_map(|pick| Step::Again { pick }).boxed()),
            (
                if_any(12, self.wrote),
                (any::<u8>(), any::<u8>()).prop_map(|(pick, how)| Step::Answer { pick, how }).boxed(),
            ),
            // What is in the way of sending goes away sooner than it comes.
            (if self.token { 1 } else { 4 }, Just(Step::Token { there: !self.token }).boxed()),
            (if self.restricted { 4 } else { 1 }, Just(Step::Restriction { there: !self.restricted }).boxed()),
        ]
    }

    /// What agents, settings, time and falls may do.
    fn inside(&self) -> Menu<Step> {
        let if_any = |weight: u32, there: bool| if there { weight } else { 0 };
        let reply = (any::<bool>(), proptest::bool::weighted(0.2), 1..4_u8, proptest::bool::weighted(0.1));
        let reply = reply.prop_map(|(automation, tagged, parts, long)| Step::Reply { automation, tagged, parts, long });
        let setting = (any::<bool>(), any::<bool>());
        let wait = prop_oneof![1..2_000_u32, 30_000..90_000_u32, 3_600_000..90_000_000_u32];
        vec![
            (if self.wrote { 6 } else { 1 }, reply.boxed()),
            (if_any(1, self.replies > 0), any::<u8>().prop_map(|pick| Step::ReplyAgain { pick }).boxed()),
            (if self.parts > 0 { 10 } else { 1 }, Just(Step::Dispatch).boxed()),
            (
                if_any(6, self.parts > 0),
                (any::<u8>(), 0..3_u8).prop_map(|(pick, resolution)| Step::Resolve { pick, resolution }).boxed(),
            ),
            (1, setting.prop_map(|(new_task, profiles)| Step::Setting { new_task, profiles }).boxed()),
            (4, wait.prop_map(|ms| Step::Wait { ms }).boxed()),
            (4, Just(Step::Sleep).boxed()),
            (2, any::<bool>().prop_map(|took| Step::Crash { took }).boxed()),
        ]
    }
}

impl ReferenceStateMachine for Plain {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { anything: false, wrote: false, replies: 0, parts: 0, token: true, restricted: false }).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        one_of([state.outside(), state.inside()].concat())
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Write { .. } | Step::Press => (state.anything, state.wrote) = (true, true),
            Step::Deed { .. } | Step::Receipt { .. } | Step::ForeignEcho { .. } => state.anything = true,
            Step::Reply { parts, long, .. } => {
                state.replies += 1;
                // 4,500 characters in words of five: two parts of at most 2,000 and the rest.
                state.parts += usize::from(*parts) * if *long { 3 } else { 1 };
            }
            Step::Token { there } => state.token = *there,
            Step::Restriction { there } => state.restricted = *there,
            Step::OwnEcho { .. }
            | Step::Again { .. }
            | Step::ReplyAgain { .. }
            | Step::Dispatch
            | Step::Answer { .. }
            | Step::Resolve { .. }
            | Step::Setting { .. }
            | Step::Wait { .. }
            | Step::Sleep
            | Step::Crash { .. } => {}
        }
        state
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        state.allows(step)
    }
}

thread_local! {
    /// In how many lives each kind of command decided something.
    static ACCEPTED: RefCell<BTreeMap<&'static str, u32>> = RefCell::default();
}

/// A conversation in its world.
struct Lives;

impl StateMachineTest for Lives {
    type SystemUnderTest = World;
    type Reference = Plain;

    fn init_test(_: &Plain) -> World {
        World::new(context())
    }

    fn apply(mut world: World, _: &Plain, step: Step) -> World {
        world.take(&step);
        world
    }

    fn check_invariants(world: &World, plain: &Plain) {
        world.check();
        let page = &world.life.context.page;
        assert_eq!((page.token, page.restricted), (plain.token, plain.restricted));
        assert_eq!(!world.items.is_empty(), plain.anything);
        assert_eq!(world.comments.len(), plain.replies, "every comment is an answer once");
        assert_eq!(world.life.state.queue().parts().count(), plain.parts, "no part is lost and none is invented");
    }

    fn teardown(mut world: World, _: Plain) {
        world.calm();
        world.check_calm();
        ACCEPTED.with_borrow_mut(|all| world.accepted.iter().for_each(|kind| *all.entry(kind).or_default() += 1));
    }
}

#[test]
fn every_promise_holds_in_random_lives() {
    play::<Lives>(300, 120);
    for kind in ["receive", "reply", "dispatch", "settle", "wake", "resolve"] {
        let lives = ACCEPTED.with_borrow(|all| all.get(kind).copied().unwrap_or_default());
        assert!(lives > 40, "no passing by refusal: {kind} in {lives} lives");
    }
}
