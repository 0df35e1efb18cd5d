//! The GET by which Meta asks whether this address is ours: the verify token must be known, the challenge goes back.
//!
//! Source: Meta, *Webhooks for Messenger Platform* (page of 2026-05-05), read 2026-11-23. The challenge is echoed as the
//! text that came, never read as a number.

use crate::Secret;

/// The body of the answer (status 200), or `None` for 403.
///
/// The arguments are the query's `hub.mode`, `hub.verify_token` and `hub.challenge`; an empty expected token matches
/// nothing.
pub fn handshake<'a>(
    mode: Option<&str>,
    verify_token: Option<&str>,
    challenge: Option<&'a str>,
    expected_tokens: &[Secret],
) -> Option<&'a str> {
    if mode != Some("subscribe") {
        return None;
    }
    let token = verify_token?.as_bytes();
    let known = expected_tokens.iter().fold(false, |known, expected| known | same(token, expected.bytes()));
    if known { challenge } else { None }
}

/// Whether both are the same and not empty; the time depends on the lengths alone.
fn same(left: &[u8], right: &[u8]) -> bool {
    let differing = left.iter().zip(right).fold(0, |bits, (left, right)| bits | (left ^ right));
    !right.is_empty() && left.len() == right.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_goes_back_as_it_came() {
        let tokens = [Secret::new("former"), Secret::new("present")];
        for challenge in ["1158201444", "00000000000000000000012", "näh"] {
            let answer = handshake(Some("subscribe"), Some("present"), Some(challenge), &tokens);
            assert_eq!(answer, Some(challenge));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let tokens = [Secret::new("present"), Secret::new("")];
        let cases = [
            (None, Some("present"), Some("1")),
            (Some("unsubscribe"), Some("present"), Some("1")),
            (Some("subscribe"), None, Some("1")),
            (Some("subscribe"), Some(""), Some("1")),
            (Some("subscribe"), Some("presen"), Some("1")),
            (Some("subscribe"), Some("present "), Some("1")),
            (Some("subscribe"), Some("present"), None),
        ];
        for (mode, token, challenge) in cases {
            assert_eq!(handshake(mode, token, challenge, &tokens), None, "{mode:?} {token:?} {challenge:?}");
        }
        assert_eq!(handshake(Some("subscribe"), Some("present"), Some("1"), &[]), None);
    }
}
