//! `appsecret_proof`: shows Meta that the caller of a token also knows the app's secret.
//!
//! Source: *Securing Graph API Requests*, read 2026-11-23: the lower-case hex of HMAC-SHA256 over the access token, keyed
//! with the app secret, on every call. Apps that require it refuse calls without it.

use hmac::{Hmac, KeyInit, Mac};
use model::Redacted;
use sha2::Sha256;

/// 64 hex digits that go with `token` on each call.
pub fn appsecret_proof(app_secret: &Redacted<String>, token: &Redacted<String>) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(app_secret.reveal().as_bytes()).expect("an HMAC key may have any length");
    mac.update(token.reveal().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_keyed_with_the_secret_over_the_token() {
        // RFC 4231, test case 2.
        let proof = appsecret_proof(&"Jefe".into(), &"what do ya want for nothing?".into());
        assert_eq!(proof, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
