//! How the desk's file is opened: a path, or any storage that redb can work on.
//!
//! No rows and no rules here. A source can be opened again after it failed.

use std::io;
use std::sync::Arc;

use journal::{OpenFault, Source};
use redb::backends::InMemoryBackend;
use redb::{Builder, ConcurrencyMode, Database, StorageBackend};

/// A store in memory that outlives failed commits and the desk itself, as long as the source is kept.
pub fn memory() -> Source {
    let kept = Arc::new(InMemoryBackend::new());
    Source::Backend(Arc::new(move || Ok(Box::new(Memory(Arc::clone(&kept))) as Box<dyn StorageBackend>)))
}

/// Opens a source with this much cache, in bytes. Other processes may read a file meanwhile; a backend is ours alone.
pub(super) fn open(source: &Source, cache_bytes: usize) -> Result<Database, OpenFault> {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes);
    let opened = match source {
        Source::Path(path) => builder.set_concurrency_mode(ConcurrencyMode::SingleWriter).create(path),
        Source::Backend(factory) => builder.create_with_backend(Boxed(factory().map_err(OpenFault::Io)?)),
    };
    opened.map_err(open_fault)
}

/// What a fault of the storage engine means to whoever opens the desk.
pub(super) fn open_fault(fault: impl Into<redb::Error>) -> OpenFault {
    let fault = fault.into();
    let is_io = |kind| matches!(&fault, redb::Error::Io(why) if why.kind() == kind);
    if matches!(fault, redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) {
        return OpenFault::Locked;
    }
    let own = if matches!(fault, redb::Error::Corrupted(_)) || is_io(io::ErrorKind::InvalidData) {
        "its bytes are not what was written"
    } else if matches!(fault, redb::Error::TableTypeMismatch { .. } | redb::Error::TableDoesNotExist(_)) {
        "its tables are not those of a desk"
    } else if is_io(io::ErrorKind::UnexpectedEof) {
        "it is cut off"
    } else {
        return OpenFault::Io(io::Error::other(fault));
    };
    OpenFault::Damaged { what: format!("{own} (the storage engine says: {fault})") }
}

/// A backend behind a box. Locks stay unsupported: nobody else has it open.
#[derive(Debug)]
struct Boxed(Box<dyn StorageBackend>);

impl StorageBackend for Boxed {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// Memory that several openings share one after the other.
#[derive(Debug)]
struct Memory(Arc<InMemoryBackend>);

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }
}
