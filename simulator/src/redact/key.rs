//! The secret behind every pseudonym, and what is drawn from it. Nothing here knows what it is drawn for.
//!
//! Invariant: a draw depends on the key, its purpose and its matter alone, so that the same key always says the same.

use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The secret. Whoever has it and a recording can check a guess of who is who.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// The key that a secret of any length comes to: what a file holds, or bytes just drawn.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::new().chain_update(b"pagedesk/redaction/1\0").chain_update(secret).finalize().into())
    }

    /// A source of numbers for a matter.
    pub(super) fn draw(&self, purpose: &str, matter: &[&[u8]]) -> Draw {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length serves");
        for part in [purpose.as_bytes()].iter().chain(matter) {
            mac.update(&u64::try_from(part.len()).expect("a length fits 64 bits").to_be_bytes());
            mac.update(part);
        }
        Draw { seed: mac.finalize().into_bytes().into(), block: [0; 32], at: 32, count: 0 }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(‹redacted›)")
    }
}

/// Numbers without end.
pub(super) struct Draw {
    seed: [u8; 32],
    block: [u8; 32],
    at: usize,
    count: u64,
}

impl Draw {
    /// What the numbers are made from.
    pub(super) const fn seed(&self) -> [u8; 32] {
        self.seed
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.at + N > self.block.len() {
            let block = Sha256::new().chain_update(self.seed).chain_update(self.count.to_be_bytes());
            self.block = block.finalize().into();
            self.count += 1;
            self.at = 0;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.block[self.at..self.at + N]);
        self.at += N;
        bytes
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // Of the widest alphabet one letter is likelier than another by less than one in 100,000.
        u32::from_be_bytes(self.bytes()) % end
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below_wide(&mut self, end: u128) -> u128 {
        u128::from_be_bytes(self.bytes()) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_key_purpose_and_the_borders_of_its_matter() {
        let numbers = |key: &[u8], purpose: &str, matter: &[&[u8]]| {
            let mut draw = Key::of(key).draw(purpose, matter);
            (0..20).map(|_| draw.below(1_000_000)).collect::<Vec<_>>()
        };
        let first = numbers(b"key", "host", &[b"ab", b"c"]);
        assert_eq!(first, numbers(b"key", "host", &[b"ab", b"c"]));
        for other in [
            numbers(b"kex", "host", &[b"ab", b"c"]),
            numbers(b"key", "mail", &[b"ab", b"c"]),
            numbers(b"key", "host", &[b"a", b"bc"]),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", Key::of(b"key")), "Key(‹redacted›)");
    }
}
