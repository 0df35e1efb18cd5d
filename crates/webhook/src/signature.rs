//! `X-Hub-Signature-256`: HMAC-SHA256 of the raw body under the app secret.
//!
//! Source: Meta, *Webhooks for Messenger Platform* (page of 2026-05-05), read 2026-11-23. The body arrives with its
//! non-ASCII characters already escaped, so the bytes as they came are what was signed; nothing may be parsed or written
//! again before the check. Comparing takes constant time; several secrets serve the days of a rotation.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sabotage::{Defect, on};
use sha2::Sha256;

/// What the header's value starts with.
const SCHEME: &[u8] = b"sha256=";

/// An app secret or a verify token. Never printed.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the bytes as they are; no trimming.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// Why a body is not taken for Meta's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// There is no signature.
    Missing,
    /// The header is not `sha256=` and 64 hex digits.
    Malformed,
    /// It was signed under none of our secrets, or changed on the way.
    Mismatch,
}

impl Refusal {
    /// A stable word for counters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the header X-Hub-Signature-256 is missing",
            Self::Malformed => "the header X-Hub-Signature-256 is not sha256= and 64 hex digits",
            Self::Mismatch => "the signature does not match the body under any app secret",
        })
    }
}

impl core::error::Error for Refusal {}

/// Checks a body against its header, under each of the secrets.
///
/// # Errors
/// [`Refusal`] says why the body is not taken for Meta's. Without any secret nothing matches.
pub fn verify(secrets: &[Secret], header: Option<&[u8]>, body: &[u8]) -> Result<(), Refusal> {
    let digits = header.ok_or(Refusal::Missing)?.strip_prefix(SCHEME).ok_or(Refusal::Malformed)?;
    let mut signature = [0; 32];
    hex::decode_to_slice(digits, &mut signature).map_err(|_| Refusal::Malformed)?;
    let mut matches = on(Defect::SignatureUnchecked);
    for secret in secrets {
        // No early end: the time says nothing about which secret it was.
        matches |= keyed(secret).chain_update(body).verify_slice(&signature).is_ok();
    }
    if matches { Ok(()) } else { Err(Refusal::Mismatch) }
}

/// The header's value for a body: what Meta, or a stand-in for it, sends along.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let signature = keyed(secret).chain_update(body).finalize().into_bytes();
    format!("sha256={}", hex::encode(signature))
}

fn keyed(secret: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_signature_is_the_published_one() {
        // RFC 4231, test case 2.
        assert_eq!(
            sign(&Secret::new("Jefe"), b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn any_of_several_secrets_is_enough_while_one_is_rotated() {
        let (old, new, other) = (Secret::new("old"), Secret::new("new"), Secret::new("other"));
        let header = sign(&old, b"{}");
        for secrets in [vec![old.clone()], vec![new.clone(), old.clone()], vec![old, new.clone()]] {
            assert_eq!(verify(&secrets, Some(header.as_bytes()), b"{}"), Ok(()));
        }
        assert_eq!(verify(&[new, other], Some(header.as_bytes()), b"{}"), Err(Refusal::Mismatch));
        assert_eq!(verify(&[], Some(header.as_bytes()), b"{}"), Err(Refusal::Mismatch));
    }

    #[test]
    fn a_header_that_is_no_signature_is_told_apart_from_a_wrong_one() {
        let secrets = [Secret::new("s")];
        let right = sign(&secrets[0], b"body");
        let cases: [(Option<String>, Refusal); 9] = [
            (None, Refusal::Missing),
            (Some(String::new()), Refusal::Malformed),
            (Some("sha256=".to_owned()), Refusal::Malformed),
            (Some(right.replacen("sha256", "sha1", 1)), Refusal::Malformed),
            (Some(right["sha256=".len()..].to_owned()), Refusal::Malformed),
            (Some(right[..right.len() - 1].to_owned()), Refusal::Malformed),
            (Some(format!("{right}00")), Refusal::Malformed),
            (Some(format!(" {right}")), Refusal::Malformed),
            (Some(format!("sha256={}", "0".repeat(64))), Refusal::Mismatch),
        ];
        for (header, refusal) in cases {
            let header = header.as_deref().map(str::as_bytes);
            assert_eq!(verify(&secrets, header, b"body"), Err(refusal), "{header:?}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "‹redacted›");
    }

    proptest! {
        #[test]
        fn what_was_signed_verifies_and_one_flipped_bit_does_not(
            key in proptest::collection::vec(any::<u8>(), 0..100),
            body in proptest::collection::vec(any::<u8>(), 1..600),
            flip in any::<proptest::sample::Index>(),
            signature_bit in 0_usize..256,
        ) {
            let secrets = [Secret::new(key)];
            let header = sign(&secrets[0], &body);
            prop_assert_eq!(verify(&secrets, Some(header.as_bytes()), &body), Ok(()));

            let mut changed = body.clone();
            let bit = flip.index(body.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(verify(&secrets, Some(header.as_bytes()), &changed), Err(Refusal::Mismatch));

            let mut signature = hex::decode(&header["sha256=".len()..]).expect("we wrote it");
            signature[signature_bit / 8] ^= 1 << (signature_bit % 8);
            let forged = format!("sha256={}", hex::encode(signature));
            prop_assert_eq!(verify(&secrets, Some(forged.as_bytes()), &body), Err(Refusal::Mismatch));
        }

        #[test]
        fn no_header_makes_it_panic(header in proptest::collection::vec(any::<u8>(), 0..90)) {
            prop_assert!(verify(&[Secret::new("s")], Some(&header), b"body").is_err());
        }
    }
}
