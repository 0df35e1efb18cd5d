//! `pagedesk why`: why a message was sent, held or refused, from a store's own journal: the facts of that moment and the rule
//! that decided.
//!
//! Reads and writes nothing. Invariant: the facts are those of the state and settings that the decision was made on; no
//! text of anybody is shown.

use std::ops::ControlFlow;
use std::path::Path;

use ::journal::{Position, ReadOnlyJournal};
use serde_json::{Value, json};
use simulator::replay::grounds::{Judged, Judgements};

use crate::cli::Why;
use crate::exit::{self, Exit, Failure};
use crate::instant;
use crate::journal::is_store;
use crate::policy::explain;
use crate::store::unusable;

/// Carries out `why`.
pub(crate) fn why(asked: &Why) -> Result<Exit, Failure> {
    is_store(&asked.dir)?;
    let judgements = read(&asked.dir)?;
    let found: Vec<&Judged> = judgements.of(&asked.message);
    if found.is_empty() {
        let what = format!("no decision about {} is in {}", asked.message, asked.dir.display());
        return Err(Failure::new(Exit::NothingMatched, what).remedy(
            "name Meta's id of a message that was sent (a customer's message is decided about by nobody), \
                 c/PAGE/PSID/PART, or c/PAGE/PSID for all of a conversation; `pagedesk journal cat` shows them",
        ));
    }
    if asked.json {
        let told: Vec<Value> = found.iter().map(|judged| object(judged)).collect();
        return exit::print(&format!("{}\n", Value::from(told)));
    }
    let told: Vec<String> = found.iter().map(|judged| text(judged)).collect();
    exit::print(&told.join("\n"))
}

fn read(dir: &Path) -> Result<Judgements, Failure> {
    let store = ReadOnlyJournal::open(dir).map_err(|fault| unusable(dir, &fault))?;
    let mut judgements = Judgements::default();
    let mut unread = None;
    let walked = store.each(b"", Position(0)..=Position(u64::MAX), |batch| {
        // What was erased or stays sealed is of another customer, or there is nothing to tell of it.
        let Ok(batch) = batch else { return ControlFlow::Continue(()) };
        match judgements.take(&batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(why) => {
                unread = Some(format!("{why:#}"));
                ControlFlow::Break(())
            }
        }
    });
    walked.map_err(|fault| unusable(dir, &fault))?;
    match unread {
        None => Ok(judgements),
        Some(why) => Err(Failure::new(Exit::Configuration, format!("this build cannot read {}: {why}", dir.display()))
            .remedy(format!("`pagedesk journal verify --dir {}` tells what is damaged", dir.display()))),
    }
}

fn text(judged: &Judged) -> String {
    let Judged { machine, part, seq, at, facts, .. } = judged;
    let said = format!("{machine} message {part}, decided by its event {seq} at {}\n", instant::write(at.0));
    let facts = serde_json::to_string(facts).expect("facts are plain text and numbers");
    format!("{said}facts {facts}\n{}", explain::told(judged))
}

fn object(judged: &Judged) -> Value {
    let Judged { machine, part, seq, at, verdict, .. } = judged;
    json!({
        "conversation": machine,
        "message": part,
        "event": seq,
        "at": at,
        "said": verdict,
        "why": explain::object(judged),
    })
}
