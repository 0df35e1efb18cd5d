//! Lives of an account: settings that change or do not, and a feed that is read on or again.

use machine::AccountFacts;
use machine::Machine as _;
use machine::account::{Account, Command};
use model::{AccountId, MachineId, Span};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use super::{Kept, one_of, play};

#[derive(Clone, Debug)]
enum Step {
    Configure {
        gather_s: i64,
        profiles: bool,
    },
    /// The same settings once more, as every start brings them.
    ConfigureAgain,
    ReadOn {
        by: u64,
    },
    ReadAgain {
        back: u64,
    },
    Wake,
}

/// What is plain about an account's life.
#[derive(Clone, Debug, Default)]
struct Plain {
    settings: Option<(i64, bool)>,
    /// Number of the event that made them.
    version: u64,
    cursor: u64,
    events: u64,
}

fn facts(gather_s: i64, profiles: bool) -> AccountFacts {
    AccountFacts { gather: Span::seconds(gather_s), profiles, ..AccountFacts::default() }
}

impl ReferenceStateMachine for Plain {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let known = u32::from(state.settings.is_some());
        one_of(vec![
            (
                3,
                (0..4_i64, any::<bool>())
                    .prop_map(|(gather_s, profiles)| Step::Configure { gather_s, profiles })
                    .boxed(),
            ),
            (2 * known, Just(Step::ConfigureAgain).boxed()),
            (3, (1..50_u64).prop_map(|by| Step::ReadOn { by }).boxed()),
            (2, (0..=state.cursor.min(60)).prop_map(|back| Step::ReadAgain { back }).boxed()),
            (1, Just(Step::Wake).boxed()),
        ])
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Configure { gather_s, profiles } if state.settings != Some((*gather_s, *profiles)) => {
                state.events += 1;
                (state.settings, state.version) = (Some((*gather_s, *profiles)), state.events);
            }
            Step::ReadOn { by } => {
                state.events += 1;
                state.cursor += by;
            }
            Step::Configure { .. } | Step::ConfigureAgain | Step::ReadAgain { .. } | Step::Wake => {}
        }
        state
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        match step {
            Step::ConfigureAgain => state.settings.is_some(),
            Step::ReadAgain { back } => *back <= state.cursor,
            Step::Configure { .. } | Step::ReadOn { .. } | Step::Wake => true,
        }
    }
}

struct Lives;

impl StateMachineTest for Lives {
    type SystemUnderTest = Kept<Account>;
    type Reference = Plain;

    fn init_test(_: &Plain) -> Kept<Account> {
        Kept::fresh(MachineId::Account(AccountId::new("acme")))
    }

    fn apply(mut account: Kept<Account>, plain: &Plain, step: Step) -> Kept<Account> {
        let command = match step {
            Step::Configure { gather_s, profiles } => Command::Configure(facts(gather_s, profiles)),
            Step::ConfigureAgain => Command::Configure(account.state.facts().clone()),
            Step::ReadOn { .. } => Command::FeedRead { cursor: plain.cursor },
            Step::ReadAgain { back } => Command::FeedRead { cursor: plain.cursor - back },
            Step::Wake => Account::wake(),
        };
        account.give(command);
        account
    }

    fn check_invariants(account: &Kept<Account>, plain: &Plain) {
        account.check();
        let facts = plain.settings.map_or_else(AccountFacts::default, |(gather_s, profiles)| facts(gather_s, profiles));
        assert_eq!((account.state.facts(), account.state.version()), (&facts, plain.version));
        assert_eq!(account.state.feed_cursor(), plain.cursor);
        assert_eq!(Account::seq(&account.state), plain.events, "what changes nothing is no event");
    }
}

#[test]
fn an_account_knows_what_was_said_last_in_random_lives() {
    play::<Lives>(200, 40);
}
