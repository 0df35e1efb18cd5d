//! The attempts to send each part, as the journal has them: when, why it might be sent, what Meta said.
//!
//! Folded from the events beside the state, which keeps only what decisions need. No text of anybody is kept here.

use std::collections::BTreeMap;

use model::Timestamp;
use policy::Verdict;
use serde::Serialize;

use super::command::{Outcome, SendOutcome};
use super::event::Event;
use crate::outbound::PartId;

/// One attempt to send a part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Attempt {
    /// Which, from 1.
    pub attempt: u32,
    /// When it began.
    pub at: Timestamp,
    /// Why it might be sent then.
    pub verdict: Verdict,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// Meta's code, where it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Meta's subcode, where it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// Stable name: of the error table's row, or of why nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Meta's trace id for its support. Kept of refusals for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fbtrace_id: Option<String>,
}

/// What came of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// Nothing yet.
    UnderWay,
    /// Meta took it.
    Sent,
    /// Surely not sent; worth another attempt.
    Later,
    /// Surely not sent.
    Failed,
    /// It may or may not have been sent.
    InDoubt,
}

/// All attempts of a conversation, by part.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attempts(BTreeMap<PartId, Vec<Attempt>>);

impl Attempts {
    /// Folds all events of a conversation, from its first.
    pub fn fold(events: &[Event]) -> Self {
        let mut attempts = Self::default();
        let mut sends: BTreeMap<u64, (PartId, usize)> = BTreeMap::new();
        for (seq, event) in (1..).zip(events) {
            if let Event::SendStarted { part, attempt, verdict, content: _, at } = event {
                let of_part = attempts.0.entry(*part).or_default();
                sends.insert(seq, (*part, of_part.len()));
                of_part.push(Attempt::begun(*attempt, *at, *verdict));
            }
            if let Event::Settled { effect, outcome: Outcome::Send { send } } = event
                && let Some((part, nth)) = sends.get(effect)
                && let Some(attempt) = attempts.0.get_mut(part).and_then(|of_part| of_part.get_mut(*nth))
            {
                attempt.settle(send);
            }
        }
        attempts
    }

    /// Those of a part, the first first.
    pub fn of(&self, part: PartId) -> &[Attempt] {
        self.0.get(&part).map_or(&[], Vec::as_slice)
    }
}

impl Attempt {
    fn begun(attempt: u32, at: Timestamp, verdict: Verdict) -> Self {
        let outcome = AttemptOutcome::UnderWay;
        Self { attempt, at, verdict, outcome, code: None, subcode: None, reason: None, fbtrace_id: None }
    }

    fn settle(&mut self, send: &SendOutcome) {
        let code = match send {
            SendOutcome::Sent { mid: _ } => {
                self.outcome = AttemptOutcome::Sent;
                None
            }
            SendOutcome::Later { after: _, code } => {
                self.outcome = AttemptOutcome::Later;
                *code
            }
            SendOutcome::Failed { code, row, trace } => {
                self.outcome = AttemptOutcome::Failed;
                (self.reason, self.fbtrace_id) = (Some(row.clone()), trace.clone());
                Some(*code)
            }
            SendOutcome::InDoubt { why } => {
                self.outcome = AttemptOutcome::InDoubt;
                self.reason = Some(why.clone());
                None
            }
        };
        if let Some((code, subcode)) = code {
            (self.code, self.subcode) = (Some(code), subcode);
        }
    }
}
