//! The one source of chance: the system's, for keys and nonces.

use std::fs::File;
use std::io::Read;

use journal::Entropy;

/// Reads the system's generator. Opening it is done once, at start, where failing is an error and not a surprise.
#[derive(Debug)]
pub struct SystemEntropy(File);

impl SystemEntropy {
    /// Opens the generator.
    ///
    /// # Errors
    /// Where the system has none.
    pub fn open() -> std::io::Result<Self> {
        File::open("/dev/urandom").map(Self)
    }
}

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.read_exact(bytes).expect("the system's generator, once open, always gives bytes");
    }
}
