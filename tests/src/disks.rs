//! Where a node of these tests keeps its files: a directory, or simulated disks that forget what was not synced.

use std::path::Path;
use std::sync::Arc;

use journal::{InboxSources, Source, Sources};
use simulator::fake::disk::{MemoryDisk, SimDisk};

/// The files of one node.
#[derive(Clone, Debug)]
pub struct Disks {
    /// Inbox with its log, journal and keys.
    pub sources: Sources,
    /// The embedded desk.
    pub desk: Source,
    /// The read models.
    pub view: Source,
}

impl Disks {
    /// Files of a directory, as the binary lays them out.
    pub fn in_dir(dir: &Path) -> Self {
        Self {
            sources: Sources::in_dir(dir),
            desk: Source::Path(dir.join("desk.redb")),
            view: Source::Path(dir.join("view.redb")),
        }
    }
}

/// One simulated disk for each file whose loss would matter; read models are in memory.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The rows of raw deliveries.
    pub inbox: SimDisk,
    /// The log in front of them.
    pub wal: SimDisk,
    /// What the machines decided.
    pub journal: SimDisk,
    /// What opens sealed records.
    pub keys: SimDisk,
    /// Tasks and comments.
    pub desk: SimDisk,
}

impl Simulated {
    /// Five empty disks whose every choice follows from the seed.
    pub fn new(seed: u64) -> Self {
        let disk = |number: u64| SimDisk::new(seed.wrapping_add(number * 1_000_003));
        Self { inbox: disk(1), journal: disk(2), keys: disk(3), desk: disk(4), wal: disk(5) }
    }

    /// Power is lost: handles of before are dead, what was not synced is kept, dropped or torn.
    pub fn crash(&self) {
        for disk in self.all() {
            disk.crash();
        }
    }

    /// All of them.
    pub fn all(&self) -> [&SimDisk; 5] {
        [&self.wal, &self.inbox, &self.journal, &self.keys, &self.desk]
    }

    /// The files on them, for one life of a node. The view starts empty.
    pub fn files(&self) -> Disks {
        let memory = MemoryDisk::new();
        Disks {
            sources: Sources {
                inbox: InboxSources { file: source(&self.inbox), wal: source(&self.wal) },
                journal: source(&self.journal),
                keys: source(&self.keys),
            },
            desk: source(&self.desk),
            view: Source::Backend(Arc::new(move || memory.open())),
        }
    }
}

fn source(disk: &SimDisk) -> Source {
    let disk = disk.clone();
    Source::Backend(Arc::new(move || disk.open()))
}
