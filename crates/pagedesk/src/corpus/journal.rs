//! `pagedesk corpus journal`: a sandbox's journal as it lies on the disk, kept for later builds.
//!
//! Invariant: no store that anybody but a sandbox wrote into is ever shown: its rows go out with their keys.

use ::journal::ReadOnlyJournal;
use simulator::journals;

use super::export::origin::Origin;
use crate::cli::KeepJournal;
use crate::exit::{self, Exit, Failure};
use crate::journal::is_store;
use crate::store::unusable;
use simulator::counted::counted;

/// Carries out `corpus journal`.
pub(crate) fn keep(asked: &KeepJournal) -> Result<Exit, Failure> {
    let KeepJournal { dir, out } = asked;
    is_store(dir)?;
    let store = ReadOnlyJournal::open(dir).map_err(|fault| unusable(dir, &fault))?;
    if !Origin::of(&store, dir)?.is_sandbox {
        let what = format!("{} is not the store of a sandbox alone", dir.display());
        return Err(Failure::new(Exit::Configuration, what)
            .remedy("keep a sandbox's: rows are written with the keys that open them"));
    }
    drop(store);
    let rows = journals::keep(dir, out).map_err(|fault| {
        Failure::new(Exit::Configuration, format!("the journal cannot be kept: {fault:#}"))
            .remedy("end the node that runs on the store, and give a folder without rows.jsonl")
    })?;
    exit::print(&format!("{} holds {}\n", out.display(), counted(rows, "row")))
}
