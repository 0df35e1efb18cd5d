//! Whether what a scenario expects has come about: counted from what was written down for the oracle.
//!
//! Looks and changes nothing, but that an agent who asks is noted as one. Invariant: both depths are asked the same.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use machine::AccountFacts;
use model::{MachineId, Timestamp};
use oracle::History;
use oracle::history::{Journaled, May, Meta, Taken, Tracker, TrackerAnswer, What};

use crate::chronicle::Chronicle;
use crate::scenario::{Composer, Expect, Expected, Word};

/// What is wrong, in a sentence without the line's number.
pub(super) fn met(
    expect: &Expect,
    of: Option<&MachineId>,
    (now, facts, rests): (Timestamp, &AccountFacts, bool),
    chronicle: &mut Chronicle,
) -> Result<(), String> {
    let history = chronicle.so_far();
    let (wanted, found) = match &expect.what {
        Expected::Composer(wanted) => {
            let found = of.and_then(|machine| chronicle.asks(now, machine, facts));
            return composer(wanted, found).map_err(|found| format!("{}, {found}", wished(expect)));
        }
        Expected::Settled if rests => return Ok(()),
        Expected::Settled => return Err(format!("{}, something is under way", wished(expect))),
        Expected::Sent { count, form } => (count, sent(history, of, form.as_ref())),
        Expected::Refused { count, reason } => (count, refused(history, of, reason.as_ref())),
        Expected::Held { count, reason } => (count, standing(history, of, |says| held(says, reason.as_ref()))),
        Expected::Failed { count, reason } => (count, standing(history, of, |says| failed(says, reason.as_ref()))),
        Expected::InDoubt { count } => (count, standing(history, of, in_doubt)),
        Expected::Tasks { count } => (count, tasks(history, of)),
        Expected::Lines { count } => (count, lines(history, of)),
    };
    if *wanted == found { Ok(()) } else { Err(format!("{}, found {found}", wished(expect))) }
}

/// As the line says it.
fn wished(Expect { what, of }: &Expect) -> String {
    let of = of.as_ref().map(|who| format!(" of {who}")).unwrap_or_default();
    format!("expected {what}{of}")
}

/// Whether it is about the conversation that is asked about.
fn is_of(of: Option<&MachineId>, machine: &MachineId) -> bool {
    of.is_none_or(|of| of == machine)
}

fn is(wanted: Option<&Word>, word: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.as_str() == word)
}

fn sent(history: &History, of: Option<&MachineId>, form: Option<&Word>) -> u64 {
    let mut mids = BTreeSet::new();
    for observed in history.observed() {
        let What::Meta(Meta::SendCame { page, customer, messaging_type, tag, taken: Taken::Yes { mid }, .. }) =
            &observed.what
        else {
            continue;
        };
        let machine = MachineId::Conversation(page.clone(), customer.clone());
        if is_of(of, &machine) && is(form, tag.as_ref().unwrap_or(messaging_type)) {
            mids.insert(mid);
        }
    }
    mids.len() as u64
}

fn refused(history: &History, of: Option<&MachineId>, wanted: Option<&Word>) -> u64 {
    let refused = history.observed().iter().filter(|observed| match &observed.what {
        What::Journal(record) => {
            let Journaled::PartRefused { reason, .. } = &record.says else { return false };
            is_of(of, &record.id.machine) && is(wanted, reason)
        }
        What::Admin(_) | What::Webhook(_) | What::Meta(_) | What::Tracker(_) | What::Screen(_) | What::Life(_) => false,
    });
    refused.count() as u64
}

/// Parts whose last record is one of these.
fn standing(history: &History, of: Option<&MachineId>, is_one: impl Fn(&Journaled) -> bool) -> u64 {
    let mut last = BTreeMap::new();
    for observed in history.observed() {
        if let What::Journal(record) = &observed.what
            && let Some(part) = record.says.part()
            && is_of(of, &record.id.machine)
        {
            last.insert((&record.id.machine, part), &record.says);
        }
    }
    last.values().filter(|says| is_one(says)).count() as u64
}

fn held(says: &Journaled, wanted: Option<&Word>) -> bool {
    if let Journaled::PartHeld { reason, .. } = says { is(wanted, reason) } else { false }
}

fn failed(says: &Journaled, wanted: Option<&Word>) -> bool {
    if let Journaled::PartFailed { reason, .. } = says { is(wanted, reason) } else { false }
}

fn in_doubt(says: &Journaled) -> bool {
    matches!(says, Journaled::PartInDoubt { .. } | Journaled::DoubtTold { .. })
}

fn tasks(history: &History, of: Option<&MachineId>) -> u64 {
    let opened = history.observed().iter().filter_map(|observed| match &observed.what {
        What::Tracker(Tracker::Called { effect, answer: TrackerAnswer::Opened { task }, .. })
            if is_of(of, &effect.machine) =>
        {
            Some(task)
        }
        What::Tracker(_) | What::Admin(_) | What::Webhook(_) | What::Journal(_) => None,
        What::Meta(_) | What::Screen(_) | What::Life(_) => None,
    });
    opened.collect::<BTreeSet<_>>().len() as u64
}

/// A call that comes again under the same name has done nothing more.
fn lines(history: &History, of: Option<&MachineId>) -> u64 {
    let mut taken = BTreeMap::new();
    for observed in history.observed() {
        if let What::Tracker(Tracker::Called { effect, lines, answer, .. }) = &observed.what
            && matches!(answer, TrackerAnswer::Opened { .. } | TrackerAnswer::Added { .. })
            && is_of(of, &effect.machine)
        {
            taken.insert(effect, lines.len() as u64);
        }
    }
    taken.values().sum()
}

/// Whether an agent is told this; else what they are told.
fn composer(wanted: &Composer, found: Option<May>) -> Result<(), String> {
    let is_it = match (wanted, &found) {
        (Composer::Open, Some(May::Yes)) => true,
        (Composer::Closed { reason }, Some(May::No { reason: found })) => is(Some(reason), found),
        (Composer::Waits { reason }, Some(May::Later { reason: found })) => is(Some(reason), found),
        (Composer::Open | Composer::Closed { .. } | Composer::Waits { .. }, Some(_) | None) => false,
    };
    if is_it {
        return Ok(());
    }
    Err(match found {
        Some(May::Yes) => "it is open".to_owned(),
        Some(May::No { reason }) => format!("it is closed: {reason}"),
        Some(May::Later { reason }) => format!("it waits: {reason}"),
        None => "there is no task to write on".to_owned(),
    })
}
