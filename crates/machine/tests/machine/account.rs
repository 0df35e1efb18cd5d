//! The account machine: settings change when they change, and their stored form stays readable.

use machine::account::{Account, Command, Event};
use machine::{AccountFacts, Context, Machine};
use model::{AccountId, MachineId};

use crate::kit::START;

#[test]
fn equal_settings_are_no_change_and_a_change_has_a_version() {
    let mut state = Account::fresh(&MachineId::Account(AccountId::new("acme")));
    let configure = |state: &mut _, facts: AccountFacts| {
        let decided = Account::decide(state, Command::Configure(facts), &Context::default(), START);
        decided.iter().for_each(|event| Account::evolve(state, event));
        decided.len()
    };
    assert_eq!(state.version(), 0);
    assert_eq!(configure(&mut state, AccountFacts::default()), 1, "the defaults are settings too");
    assert_eq!(configure(&mut state, AccountFacts::default()), 0);
    let strict = AccountFacts { new_task_if_none_active: false, ..AccountFacts::default() };
    assert_eq!(configure(&mut state, strict.clone()), 1);
    assert_eq!((state.version(), state.facts()), (2, &strict));
    assert!(Account::decide(&state, Account::wake(), &Context::default(), START).is_empty());
    let (version, frozen) = Account::freeze(&state);
    assert_eq!(Account::thaw(version, &frozen), Some(state.clone()));
    assert_eq!(Account::thaw(version + 1, &frozen), None);
}

#[test]
fn settings_are_stored_flat_and_survive() {
    let event = Event::Configured { facts: AccountFacts::default() };
    let stored = Account::encode(&event);
    insta::assert_snapshot!(String::from_utf8_lossy(&stored.body));
    assert_eq!(Account::decode(stored.kind, stored.version, &stored.body), Ok(event.clone()));
    assert_eq!(Account::decode(1, 1, b"{}"), Ok(event), "what an older record lacks takes its default");
    assert!(Account::decode(2, 1, b"{}").is_err() && Account::decode(1, 9, b"{}").is_err());
}
