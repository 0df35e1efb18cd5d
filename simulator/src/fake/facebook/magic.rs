//! Recipients with whom a send fares as their id says, for clients whose author has no other hold on the stand-in.
//!
//! Pure. An id that only looks like one of them is an ordinary one.

use core::time::Duration;

use super::graph_error::GraphError;

/// How every such id begins.
const BEGINS: &str = "test-";

/// The longest answer that is waited with.
const SLOW_MAX_MS: u64 = 120_000;

/// How a send fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Magic {
    /// It is refused with this error, whatever the rules say.
    Fails(GraphError),
    /// It is taken, and nobody is told.
    LosesAnswer,
    /// It never arrives, as it were.
    LosesRequest,
    /// It is taken or refused as any other, and the answer comes so late.
    Slow(Duration),
    /// The echo comes before the answer.
    EchoFirst,
}

impl Magic {
    /// What an id says; `None`: it is nobody special.
    pub(super) fn of(psid: &str) -> Option<Self> {
        let words = psid.strip_prefix(BEGINS)?;
        match words {
            "answer-lost" => return Some(Self::LosesAnswer),
            "request-lost" => return Some(Self::LosesRequest),
            "echo-first" => return Some(Self::EchoFirst),
            _ => {}
        }
        if let Some(ms) = words.strip_prefix("slow-") {
            let ms: u64 = ms.parse().ok()?;
            return (ms <= SLOW_MAX_MS).then(|| Self::Slow(Duration::from_millis(ms)));
        }
        let (on_200, code) = match words.strip_prefix("error-on-200-") {
            Some(code) => (true, code),
            None => (false, words.strip_prefix("error-")?),
        };
        let (code, subcode) = match code.split_once('-') {
            Some((code, subcode)) => (code, Some(subcode.parse().ok()?)),
            None => (code, None),
        };
        let is_plain = |code: &str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
        let code = is_plain(code).then(|| code.parse().ok()).flatten()?;
        Some(Self::Fails(GraphError { on_200, ..GraphError::new(code, subcode) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_how_its_sends_fare() {
        let error = |code, subcode, on_200| Some(Magic::Fails(GraphError { on_200, ..GraphError::new(code, subcode) }));
        assert_eq!(Magic::of("test-error-10-2018278"), error(10, Some(2_018_278), false));
        assert_eq!(Magic::of("test-error-368"), error(368, None, false));
        assert_eq!(Magic::of("test-error-on-200-1200"), error(1200, None, true));
        assert_eq!(Magic::of("test-slow-250"), Some(Magic::Slow(Duration::from_millis(250))));
        assert_eq!(Magic::of("test-answer-lost"), Some(Magic::LosesAnswer));
        assert_eq!(Magic::of("test-request-lost"), Some(Magic::LosesRequest));
        assert_eq!(Magic::of("test-echo-first"), Some(Magic::EchoFirst));
        for ordinary in [
            "5001",
            "test-",
            "test-error-",
            "test-error-x",
            "test-error-10-",
            "test-slow-",
            "test-slow-999999",
            "error-10",
        ] {
            assert_eq!(Magic::of(ordinary), None, "{ordinary}");
        }
    }
}
