//! The file in which a stand-in keeps its world, so that it knows its customers again when it is started again.
//!
//! Written after changes, several of them at once where they come quickly, and at an orderly end. Invariants: the file is
//! whole or not there, whenever the process is killed; what cannot be made out is refused before anything is started and
//! never written over; the file is bounded.

use core::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::Shared;
use super::world::{Bounds, Kept};

/// Version of the file written here. A higher one is refused.
const VERSION: u64 = 1;

/// Bytes of a file that is read, and of one that is written.
const BYTES_MAX: usize = 64 << 20;

/// How much is kept while it fits.
const BOUNDS: Bounds = Bounds { customers: 4_096, lines: 1_000 };

/// Shortest time between two writings; longer where writing takes long.
const BETWEEN: Duration = Duration::from_millis(20);

/// The whole file.
#[derive(Serialize)]
struct Written {
    version: u64,
    world: Kept,
}

/// Where a stand-in keeps its world, and what was kept there before.
#[derive(Clone, Debug)]
pub struct Keeping {
    path: PathBuf,
    found: Option<Arc<Kept>>,
}

/// A file that cannot be read as a kept world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unkept {
    /// It is damaged, or not ours; why, as a sentence.
    Damaged(String),
    /// A newer program wrote it.
    Newer(u64),
}

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(why) => write!(f, "it cannot be read: {why}"),
            Self::Newer(version) => {
                write!(f, "it has version {version}, and this program knows versions up to {VERSION}")
            }
        }
    }
}

impl core::error::Error for Unkept {}

impl Keeping {
    /// Keeps the world in this file, and takes up what is there.
    ///
    /// # Errors
    /// Where something is there that cannot be read as a kept world.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, Unkept> {
        let path = path.into();
        let found = read(&path)?.map(Arc::new);
        Ok(Self { path, found })
    }

    /// The stand-in's time when its world was kept last; `None` where none was.
    pub fn kept_at(&self) -> Option<Timestamp> {
        self.found.as_ref().map(|kept| kept.now)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What was kept.
    pub(super) fn found(&self) -> Option<&Kept> {
        self.found.as_deref()
    }

    /// Where the stand-in was reached when its world was kept.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.found.as_ref()?.base_url.strip_prefix("http://")?.parse().ok()
    }
}

/// Writes the world while the stand-in runs.
pub(super) struct Keeper {
    path: PathBuf,
    /// Held from looking at the world until it is written, so that an older world never replaces a newer one.
    writing: Mutex<()>,
    /// The revision that was written last, or tried in vain.
    written: watch::Sender<u64>,
}

impl Keeper {
    /// A keeper that has nothing to write before `revision` changes.
    pub(super) fn new(path: &Path, revision: u64) -> Self {
        Self { path: path.to_owned(), writing: Mutex::new(()), written: watch::Sender::new(revision) }
    }

    /// Returns once the world of a revision, or a newer one, was written or could not be.
    pub(super) async fn wrote(&self, revision: u64) {
        let mut written = self.written.subscribe();
        // The keeper itself holds the sender.
        let _closed = written.wait_for(|written| *written >= revision).await;
    }

    /// Writes the world as it is now. What fails is told in the log; the next change tries again.
    fn write(&self, shared: &Shared) {
        let _alone = self.writing.lock().expect("nobody panics while writing");
        let (revision, text) = whole(shared);
        if let Err(fault) = write(&self.path, &text) {
            tracing::error!(file = %self.path.display(), %fault, "what the stand-in knows cannot be kept");
        }
        self.written.send_replace(revision);
    }
}

/// Writes after changes until it is dropped. Without a keeper it has nothing to do.
pub(super) async fn keep(shared: Arc<Shared>, mut changes: watch::Receiver<u64>) {
    while changes.changed().await.is_ok() {
        let began = tokio::time::Instant::now();
        let writer = Arc::clone(&shared);
        if tokio::task::spawn_blocking(move || write_now(&writer)).await.is_err() {
            return;
        }
        tokio::time::sleep(BETWEEN.max(began.elapsed() * 3)).await;
    }
}

/// Writes the world, where it is kept.
pub(super) fn write_now(shared: &Shared) {
    if let Some(keeper) = &shared.keeper {
        keeper.write(shared);
    }
}

/// Revision and text of the world, of its newest part where the whole does not fit.
fn whole(shared: &Shared) -> (u64, Vec<u8>) {
    let uploads = shared.media.lock().expect("nobody panics while holding the files").count();
    let mut bounds = BOUNDS;
    loop {
        let now = shared.clock.now();
        let mut world = shared.world().kept(bounds, now, &shared.base_url);
        world.uploads = uploads;
        let revision = world.revision;
        let mut text = serde_json::to_vec(&Written { version: VERSION, world }).expect("plain fields with text keys");
        text.push(b'\n');
        if text.len() <= BYTES_MAX || bounds.customers == 0 {
            return (revision, text);
        }
        bounds = bounds.halved();
    }
}

/// Whole or not at all, readable by its owner alone, durable when this returns.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let new = path.with_extension("json.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(above) if above != Path::new("") => File::open(above)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

fn read(path: &Path) -> Result<Option<Kept>, Unkept> {
    let damaged = |why: String| Unkept::Damaged(why);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(fault) => return Err(damaged(fault.to_string())),
    };
    let mut text = Vec::new();
    file.take(BYTES_MAX as u64 + 1).read_to_end(&mut text).map_err(|fault| damaged(fault.to_string()))?;
    if text.len() > BYTES_MAX {
        return Err(damaged(format!("it has more than {} MiB", BYTES_MAX >> 20)));
    }
    let mut value: Value = serde_json::from_slice(&text).map_err(|fault| damaged(fault.to_string()))?;
    match value["version"].as_u64() {
        Some(VERSION) => {}
        Some(newer) if newer > VERSION => return Err(Unkept::Newer(newer)),
        Some(_) | None => return Err(damaged("it does not say which version it has".to_owned())),
    }
    let world = value.get_mut("world").map(Value::take).unwrap_or_default();
    serde_json::from_value(world).map(Some).map_err(|fault| damaged(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &[u8]) -> Result<Option<Kept>, Unkept> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("stand-in.json");
        fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn what_cannot_be_made_out_is_refused_and_says_why() {
        assert_eq!(read(Path::new("/nowhere/stand-in.json")), Ok(None));
        let Err(Unkept::Damaged(why)) = found(b"{\"version\":1,\"world\":{\"now\":") else { panic!("taken") };
        assert!(why.contains("EOF"), "{why}");
        for text in [&b""[..], b"[]", b"{}", b"{\"version\":0}", b"{\"version\":1,\"world\":{}}", b"\xff\xfe", b"null"]
        {
            assert!(matches!(found(text), Err(Unkept::Damaged(_))), "{text:?}");
        }
        assert_eq!(found(b"{\"version\":2,\"world\":7}"), Err(Unkept::Newer(2)));
    }

    #[test]
    fn a_kept_world_replaces_the_one_before_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("stand-in.json");
        for revision in [1, 2] {
            let mut kept = Kept::default();
            kept.revision = revision;
            let text = serde_json::to_vec(&Written { version: VERSION, world: kept.clone() }).expect("JSON");
            write(&path, &text).expect("written");
            assert_eq!(read(&path), Ok(Some(kept)));
        }
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }
}
