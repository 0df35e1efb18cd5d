//! What goes wrong on demand: lost answers, slow answers, errors, echoes held or early, webhooks doubled or out of order.
//!
//! A fault never touches the truth: what the stand-in accepted is a bubble, whatever becomes of the answer.

use std::collections::BTreeSet;

use model::PageId;
use serde::{Deserialize, Serialize};

use super::rates::Rates;

/// What goes wrong now. All off at the start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Faults {
    /// So many next sends are accepted, then the connection is closed without an answer.
    pub lose_answers: u32,
    /// So many next sends are not accepted, and the connection is closed without an answer.
    pub lose_requests: u32,
    /// Each answer to a send is delayed by this many milliseconds.
    pub slow_ms: u64,
    /// The next sends fail with this error.
    pub fail: Option<FailNext>,
    /// Echoes are kept until this is off again.
    pub hold_echoes: bool,
    /// The echo is delivered before the send is answered.
    pub echo_first: bool,
    /// Each n-th webhook item is delivered twice; 0 for never.
    pub duplicate_every: u64,
    /// Webhook items are late by up to this many milliseconds, so that they overtake each other.
    pub reorder_ms: u64,
    /// Pages that Meta restricts from sending.
    pub restricted: BTreeSet<PageId>,
    /// Pages whose token is dead.
    pub dead_tokens: BTreeSet<PageId>,
    /// How often a Page may send.
    #[serde(default, skip_serializing_if = "Rates::is_off")]
    pub rates: Rates,
}

/// An error for the next sends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FailNext {
    /// Meta's code.
    pub code: i64,
    /// Meta's subcode.
    #[serde(default)]
    pub subcode: Option<i64>,
    /// For so many sends.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the error rides on HTTP 200.
    #[serde(default)]
    pub on_200: bool,
}

fn once() -> u32 {
    1
}

/// A change of [`Faults`]: what is not named stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultOrder {
    /// Turns everything off first.
    pub clear: bool,
    /// See [`Faults::lose_answers`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lose_answers: Option<u32>,
    /// See [`Faults::lose_requests`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lose_requests: Option<u32>,
    /// See [`Faults::slow_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_ms: Option<u64>,
    /// See [`Faults::fail`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<FailNext>,
    /// See [`Faults::hold_echoes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_echoes: Option<bool>,
    /// See [`Faults::echo_first`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_first: Option<bool>,
    /// See [`Faults::duplicate_every`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_every: Option<u64>,
    /// See [`Faults::reorder_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder_ms: Option<u64>,
    /// See [`Faults::restricted`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restricted: Option<BTreeSet<PageId>>,
    /// See [`Faults::dead_tokens`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_tokens: Option<BTreeSet<PageId>>,
    /// See [`Faults::rates`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<Rates>,
}

impl Faults {
    /// Takes over what the order names.
    pub(super) fn apply(&mut self, order: FaultOrder) {
        if order.clear {
            *self = Self::default();
        }
        set(&mut self.lose_answers, order.lose_answers);
        set(&mut self.lose_requests, order.lose_requests);
        set(&mut self.slow_ms, order.slow_ms);
        set(&mut self.hold_echoes, order.hold_echoes);
        set(&mut self.echo_first, order.echo_first);
        set(&mut self.duplicate_every, order.duplicate_every);
        set(&mut self.reorder_ms, order.reorder_ms);
        set(&mut self.restricted, order.restricted);
        set(&mut self.dead_tokens, order.dead_tokens);
        set(&mut self.rates, order.rates);
        if order.fail.is_some() {
            self.fail = order.fail;
        }
    }

    /// The error for this send, if one is due; counts it.
    pub(super) fn fail_now(&mut self) -> Option<FailNext> {
        let fail = self.fail.as_mut()?;
        let due = (fail.times > 0).then(|| fail.clone());
        fail.times = fail.times.saturating_sub(1);
        if fail.times == 0 {
            self.fail = None;
        }
        due
    }
}

/// Counts one down; whether there was one.
pub(super) fn take_one(count: &mut u32) -> bool {
    let had = *count > 0;
    *count = count.saturating_sub(1);
    had
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_changes_only_what_it_names() {
        let mut faults = Faults { slow_ms: 9, echo_first: true, ..Faults::default() };
        faults.apply(serde_json::from_str(r#"{"lose_answers":2}"#).expect("an order"));
        assert_eq!(faults, Faults { lose_answers: 2, slow_ms: 9, echo_first: true, ..Faults::default() });
        faults.apply(FaultOrder { clear: true, hold_echoes: Some(true), ..FaultOrder::default() });
        assert_eq!(faults, Faults { hold_echoes: true, ..Faults::default() });
        assert!(serde_json::from_str::<FaultOrder>(r#"{"loose_answers":2}"#).is_err());
    }

    #[test]
    fn an_error_lasts_for_its_number_of_sends() {
        let fail = FailNext { code: 2, subcode: None, times: 2, on_200: false };
        let mut faults = Faults { fail: Some(fail), ..Faults::default() };
        let codes: Vec<_> = (0..3).map(|_| faults.fail_now().map(|fail| fail.code)).collect();
        assert_eq!(codes, [Some(2), Some(2), None]);
    }
}
