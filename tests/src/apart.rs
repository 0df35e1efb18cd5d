//! A node's life on a runtime of its own, so that it can end as a process does: at once, wherever it stands.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// How long threads of the runtime may take to notice.
const END_MAX: Duration = Duration::from_secs(10);

/// One life: what runs on it ends with it.
pub struct Life(Runtime);

impl Life {
    /// A runtime with two workers.
    ///
    /// # Errors
    /// Where threads cannot be had.
    pub fn begin() -> std::io::Result<Self> {
        Ok(Self(Builder::new_multi_thread().worker_threads(2).enable_all().build()?))
    }

    /// Runs something in this life and waits for it. Not to be called from async code.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.block_on(work)
    }

    /// Everything that runs is dropped where it stands.
    pub fn end(self) {
        self.0.shutdown_timeout(END_MAX);
    }
}
