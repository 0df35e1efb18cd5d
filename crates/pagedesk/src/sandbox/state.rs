//! Where a sandbox keeps its state: a folder that was asked for, or a temporary one that is gone at the end.
//!
//! A sandbox that was killed leaves its temporary folder behind; the next one sweeps it up a day later. Invariant: a
//! folder is swept only if it is ours by name and owner and no sandbox holds its lock.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use actors::Clock as _;
use model::{Span, Timestamp};
use node::SystemClock;
use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;

use crate::exit::{Exit, Failure};
use crate::store::fault_words;
use crate::store::whole::no_folder;

const PREFIX: &str = "pagedesk-sandbox-";

/// A temporary folder that was last changed before this is left over.
const LEFT_OVER: Span = Span::hours(24);

/// Where the state lies. What is temporary is removed when this is dropped, after everything in it is closed.
pub(super) struct State {
    dir: PathBuf,
    _temporary: Option<(tempfile::TempDir, File)>,
}

impl State {
    /// The folder asked for, else a temporary one.
    pub(super) fn of(asked: Option<&Path>) -> Result<Self, Failure> {
        match asked {
            Some(dir) if dir.metadata().is_ok_and(|found| !found.is_dir()) => Err(no_folder(dir)),
            Some(dir) => Ok(Self { dir: dir.to_owned(), _temporary: None }),
            None => Self::temporary().map_err(|fault| {
                let what = format!("no temporary folder can be made: {}", fault_words(&fault));
                Failure::new(Exit::Configuration, what).remedy("give one with --dir")
            }),
        }
    }

    fn temporary() -> std::io::Result<Self> {
        let made = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let held = File::open(made.path())?;
        flock(&held, FlockOperation::NonBlockingLockShared)?;
        if let Some(above) = made.path().parent() {
            sweep(above, SystemClock.now());
        }
        Ok(Self { dir: made.path().to_owned(), _temporary: Some((made, held)) })
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Removes what killed sandboxes left in `above`. Whatever cannot be removed stays: nothing depends on it.
fn sweep(above: &Path, now: Timestamp) {
    let Ok(entries) = fs::read_dir(above) else { return };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let is_named = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
        if is_named && is_left_over(&path, now) && fs::remove_dir_all(&path).is_ok() {
            tracing::info!(folder = %path.display(), "removed what a sandbox that was killed had left");
        }
    }
}

fn is_left_over(path: &Path, now: Timestamp) -> bool {
    let Ok(found) = fs::symlink_metadata(path) else { return false };
    let changed = Timestamp(found.mtime().saturating_mul(1000));
    if !found.is_dir() || found.uid() != geteuid().as_raw() || changed + LEFT_OVER > now {
        return false;
    }
    File::open(path).is_ok_and(|folder| flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_sandbox_left_is_swept_after_a_day_and_what_one_holds_is_not() {
        let above = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = above.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("journal.redb"), "x").unwrap();
            path
        };
        let (left, held, other) =
            (folder("pagedesk-sandbox-a"), folder("pagedesk-sandbox-b"), folder("something-else"));
        let lock = File::open(&held).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockShared).unwrap();
        let now = SystemClock.now();
        sweep(above.path(), now);
        assert!(left.exists(), "not a day old");
        sweep(above.path(), now + Span::hours(25));
        assert!(!left.exists() && held.exists() && other.exists());
    }
}
