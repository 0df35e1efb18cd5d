//! Random lives of the machines, drawn from a weighted menu that knows what there is to do: nobody answers who was never
//! written to, nothing comes twice that never came.
//!
//! A small reference state keeps what is plain about a life (what was sent in, what is in force), offers the next steps and
//! is compared with the machine after each. Invariant: a failure is shown as the fewest steps that show it, one a line.

mod account;
pub(crate) mod conversation;
mod page;

use core::fmt::Debug;

use machine::{Encoded, Machine};
use model::MachineId;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

/// What may come next, each with its weight; what weighs nothing is not offered.
type Menu<Step> = Vec<(u32, BoxedStrategy<Step>)>;

/// One of a menu.
fn one_of<Step: Debug + 'static>(menu: Menu<Step>) -> BoxedStrategy<Step> {
    Union::new_weighted(menu.into_iter().filter(|(weight, _)| *weight > 0).collect()).boxed()
}

/// Plays so many lives of up to so many steps, the same ones every time.
fn play<T: StateMachineTest>(lives: u32, steps: usize) {
    let config = Config { cases: lives, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    let outcome = runner.run(&T::Reference::sequential_strategy(1..steps), |(reference, steps, seen)| {
        T::test_sequential(config.clone(), reference, steps, seen);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Abort(why)) => panic!("{why}"),
        Err(TestError::Fail(why, (_, steps, _))) => {
            let steps: String = steps.iter().map(|step| format!("  {step:?}\n")).collect();
            panic!("{why}\nthe fewest steps that show it:\n{steps}");
        }
    }
}

/// A machine with its journal: what is stored folds to the live state, and a snapshot brings it back.
struct Kept<M: Machine> {
    id: MachineId,
    state: M::State,
    journal: Vec<Encoded>,
}

impl<M: Machine> Kept<M>
where
    M::State: PartialEq + Debug,
{
    fn fresh(id: MachineId) -> Self {
        Self { state: M::fresh(&id), id, journal: Vec::new() }
    }

    /// One command; how many events it decided.
    fn give(&mut self, command: M::Command) -> usize {
        let decided = M::decide(&self.state, command, &machine::Context::default(), crate::kit::START);
        for event in &decided {
            self.journal.push(M::encode(event));
            M::evolve(&mut self.state, event);
        }
        decided.len()
    }

    /// What a start makes of the journal, with a snapshot of its beginning where one is asked for.
    fn recovered(&self, snapshot_at: usize) -> M::State {
        let mut state = M::fresh(&self.id);
        for (index, stored) in self.journal.iter().enumerate() {
            let event = M::decode(stored.kind, stored.version, &stored.body).expect("what was stored can be read");
            M::evolve(&mut state, &event);
            if index == snapshot_at {
                let (version, frozen) = M::freeze(&state);
                state = M::thaw(version, &frozen).expect("it was frozen a moment ago");
            }
        }
        state
    }

    fn check(&self) {
        assert_eq!(M::seq(&self.state), self.journal.len() as u64, "numbers are dense");
        assert_eq!(self.recovered(usize::MAX), self.state, "recovery gives the live state");
        assert_eq!(self.recovered(self.journal.len() / 2), self.state, "a snapshot changes nothing");
    }
}
