//! Sealing: XChaCha20-Poly1305 over what a customer said, with the key of one machine.
//!
//! A sealed body is `nonce 24 | ciphertext | tag 16`. The additional data binds it to its place: machine key, record
//! number, kind, and whether it is a record or a snapshot; so a body moved elsewhere does not open. The nonce is
//! random (24 bytes, no counter to keep). This file holds no key and reads no file.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};

/// The one source of chance, passed in by whoever wires the store.
pub trait Entropy: Send {
    /// Fills the bytes with what nobody can guess.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// A machine's sealing key.
pub(crate) type SealKey = [u8; 32];

/// Bytes that sealing adds to a body.
pub(crate) const SEAL_OVERHEAD: usize = NONCE + TAG;

const NONCE: usize = 24;
const TAG: usize = 16;

/// What a sealed body is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place<'a> {
    /// A record of a machine.
    Record {
        /// The machine.
        key: &'a [u8],
        /// The record's number.
        seq: u64,
        /// The record's kind.
        kind: u16,
    },
    /// A snapshot of a machine.
    Snapshot {
        /// The machine.
        key: &'a [u8],
        /// The last record it holds.
        seq: u64,
        /// The version of its body.
        version: u8,
    },
}

impl Place<'_> {
    fn bytes(self) -> Vec<u8> {
        let (key, seq, kind, what) = match self {
            Place::Record { key, seq, kind } => (key, seq, kind, 0),
            Place::Snapshot { key, seq, version } => (key, seq, u16::from(version), 1),
        };
        let mut bytes = Vec::with_capacity(key.len() + 11);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&seq.to_le_bytes());
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.push(what);
        bytes
    }
}

/// Seals `body` into `out`, which is [`SEAL_OVERHEAD`] longer.
pub(crate) fn seal(key: &SealKey, place: Place<'_>, body: &[u8], entropy: &mut dyn Entropy, out: &mut [u8]) {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce);
    let (head, rest) = out.split_at_mut(NONCE);
    let (text, tail) = rest.split_at_mut(body.len());
    head.copy_from_slice(&nonce);
    text.copy_from_slice(body);
    let tag = XChaCha20Poly1305::new(&(*key).into())
        .encrypt_inout_detached(&XNonce::from(nonce), &place.bytes(), text.into())
        .expect("bodies are far below the cipher's limit of 256 GiB");
    tail.copy_from_slice(&tag);
}

/// Opens a sealed body; `None` where it is not what was sealed, at this place, with this key.
pub(crate) fn open(key: &SealKey, place: Place<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
    let (text, tag) = rest.split_last_chunk::<TAG>()?;
    let mut body = text.to_vec();
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt_inout_detached(&XNonce::from(*nonce), &place.bytes(), body.as_mut_slice().into(), &Tag::from(*tag))
        .ok()?;
    Some(body)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Counts instead of drawing: enough where only difference matters.
    pub(crate) struct Counting(pub(crate) u64);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(8) {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
            }
        }
    }

    const PLACE: Place<'static> = Place::Record { key: b"page/customer", seq: 7, kind: 3 };

    fn sealed(key: &SealKey, body: &[u8]) -> Vec<u8> {
        let mut out = vec![0; body.len() + SEAL_OVERHEAD];
        seal(key, PLACE, body, &mut Counting(1), &mut out);
        out
    }

    #[test]
    fn what_was_sealed_opens_and_cannot_be_read_before() {
        let key = [9; 32];
        for body in [&b""[..], b"x", b"the word of a customer"] {
            let out = sealed(&key, body);
            assert_eq!(open(&key, PLACE, &out).unwrap(), body);
            assert!(body.len() < 2 || !out.windows(body.len()).any(|window| window == body));
        }
    }

    #[test]
    fn another_key_place_or_byte_does_not_open() {
        let key = [9; 32];
        let out = sealed(&key, b"hello");
        assert_eq!(open(&[8; 32], PLACE, &out), None);
        for place in [
            Place::Record { key: b"page/customes", seq: 7, kind: 3 },
            Place::Record { key: b"page/customer", seq: 8, kind: 3 },
            Place::Record { key: b"page/customer", seq: 7, kind: 4 },
            Place::Snapshot { key: b"page/customer", seq: 7, version: 3 },
        ] {
            assert_eq!(open(&key, place, &out), None);
        }
        for at in 0..out.len() {
            let mut torn = out.clone();
            torn[at] ^= 1;
            assert_eq!(open(&key, PLACE, &torn), None);
            assert_eq!(open(&key, PLACE, &out[..at]), None);
        }
    }
}
