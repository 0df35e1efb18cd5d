//! `pagedesk policy`: the messaging policy asked, shown and compared. Which rules hold is the policy's to say; here they are
//! read in and printed.
//!
//! Invariant: nothing is read but the facts and the configuration that are named, and nothing is written.

pub(crate) mod explain;
mod facts;
mod fuzz;
mod show;

use std::collections::BTreeMap;

use actors::Clock as _;
use model::{Span, Timestamp};
use node::SystemClock;
use policy::{Calendar, Edition, MessagingType, OutOfOrder};

use crate::cli::{Configured, Dated, PolicyCommand};
use crate::exit::{Exit, Failure};
use crate::{instant, serve};

/// Carries out a command about the policy.
pub(crate) fn policy(command: &PolicyCommand) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Show(asked) => show::show(asked),
        PolicyCommand::Explain(asked) => explain::explain(asked),
        PolicyCommand::Fuzz(asked) => fuzz::fuzz(asked),
    }
}

fn now_or(at: Option<Timestamp>) -> Timestamp {
    at.unwrap_or_else(|| SystemClock.now())
}

/// The days that are asked for, or those of a node's configuration.
///
/// # Errors
/// Days out of order, or a configuration with faults.
fn calendar(dated: &Dated) -> Result<Calendar, Failure> {
    if let Some(file) = &dated.config {
        let asked = Configured { config: file.clone(), set: Vec::new() };
        return Ok(serve::load(&asked)?.config.facts.effective_from);
    }
    let mut moved = BTreeMap::new();
    for (edition, day) in &dated.effective_from {
        if moved.insert(*edition, *day).is_some_and(|before| before != *day) {
            return Err(Failure::new(Exit::Usage, format!("--effective-from dates {edition} twice")));
        }
    }
    let fault = |fault: OutOfOrder| Failure::new(Exit::Usage, format!("--effective-from: {fault}"));
    Calendar::with(&moved).map_err(fault)
}

/// The edition in force.
///
/// # Errors
/// Before the first one there was none.
fn in_force(calendar: &Calendar, at: Timestamp) -> Result<Edition, Failure> {
    let first = calendar.editions()[0];
    if first.starts_at() <= at {
        return Ok(calendar.edition_at(at));
    }
    let (at, begins) = (instant::write(at.0), instant::write(first.starts_at().0));
    let what =
        format!("no edition was in force at {at}: the first that this build knows is {}, from {begins} on", first.id());
    Err(Failure::new(Exit::NothingMatched, what).remedy("give an instant from then on with --at"))
}

/// `messaging_type` and `tag` as a Send API call has them, in one line.
fn way(messaging_type: MessagingType) -> String {
    let (messaging_type, tag) = messaging_type.wire();
    tag.map_or_else(|| messaging_type.to_owned(), |tag| format!("{messaging_type} {tag}"))
}

/// The first instant at which a later edition is in force; `None` for the newest.
fn replaced_at(edition: &Edition) -> Option<Timestamp> {
    let starts = edition.calendar().editions().into_iter().map(|other| other.starts_at());
    starts.into_iter().find(|start| edition.starts_at() < *start)
}

/// Whether an edition is the one in force, in words.
fn standing(edition: &Edition, at: Timestamp) -> String {
    match in_force(edition.calendar(), at) {
        Ok(in_force) if in_force.id() == edition.id() => "in force then".to_owned(),
        Ok(in_force) => format!("a what-if: in force then is {}", in_force.id()),
        Err(_) => "a what-if: no edition was in force then".to_owned(),
    }
}

/// An end that is one.
fn end(until: Timestamp) -> Option<Timestamp> {
    Some(until).filter(|until| until.0 != i64::MAX)
}

/// How long until an end.
fn left(now: Timestamp, until: Timestamp) -> Span {
    until - now
}
