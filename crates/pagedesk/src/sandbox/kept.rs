//! What a sandbox in a folder of its own keeps beside the node's store: the world of the stand-in, so that both know the
//! same customers when it is started again.
//!
//! Invariant: a file that cannot be made out is named before anything is started, and never written over.

use std::path::Path;

use simulator::fake::facebook::{Keeping, Unkept};

use crate::exit::{Exit, Failure};

/// The file of the stand-in's world.
const FILE: &str = "stand-in.json";

/// Whether a stand-in was kept in this folder.
pub(super) fn is_in(dir: &Path) -> bool {
    dir.join(FILE).exists()
}

/// Keeps the stand-in in this folder, and takes up what is there.
pub(super) fn keeping(dir: &Path) -> Result<Keeping, Failure> {
    let path = dir.join(FILE);
    Keeping::at(&path).map_err(|fault| {
        let failure = Failure::new(Exit::Configuration, format!("{}: {fault}", path.display()));
        failure.remedy(match fault {
            Unkept::Damaged(_) => {
                "restore it from a backup, or remove it: the stand-in begins anew then, and what the node knows stays"
            }
            Unkept::Newer(_) => "run the newer pagedesk, or give another --dir",
        })
    })
}
