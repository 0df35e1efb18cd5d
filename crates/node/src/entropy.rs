//! The one source of chance: the system's, for keys and nonces.

use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use journal::Entropy;

/// Reads the system's generator. Opening it is done once, at start, where failing is an error and not a surprise.
pub struct SystemEntropy {
    generator: File,
    /// Bytes read ahead: every sealed record needs a nonce, and a call to the system for each would cost more than sealing.
    ahead: Box<[u8; AHEAD]>,
    used: usize,
}

/// Bytes read in one call.
const AHEAD: usize = 4_096;

impl core::fmt::Debug for SystemEntropy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SystemEntropy")
    }
}

impl SystemEntropy {
    /// Opens the generator.
    ///
    /// # Errors
    /// Where the system has none.
    pub fn open() -> std::io::Result<Self> {
        let generator = File::open("/dev/urandom")?;
        Ok(Self { generator, ahead: Box::new([0; AHEAD]), used: AHEAD })
    }
}

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == AHEAD {
                self.generator
                    .read_exact(&mut self.ahead[..])
                    .expect("the system's generator, once open, always gives bytes");
                self.used = 0;
            }
            *byte = core::mem::take(&mut self.ahead[self.used]);
            self.used += 1;
        }
    }
}

/// One source for several who need it: the store for keys, the pages for sessions.
#[derive(Clone)]
pub(crate) struct SharedEntropy(Arc<Mutex<Box<dyn Entropy>>>);

impl SharedEntropy {
    pub(crate) fn new(source: Box<dyn Entropy>) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    pub(crate) fn draw(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}

impl Entropy for SharedEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.draw(bytes);
    }
}
