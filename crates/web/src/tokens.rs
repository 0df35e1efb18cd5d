//! The API's bearer tokens: who calls, and what the caller may do. Kept as digests; which address wants what stands in the
//! table of `api/index.rs`.
//!
//! Invariant: the time that a comparison takes says nothing about how much of a token is right.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::fault::Fault;

/// The header for scripts of trackers that cannot set `Authorization`.
const TOKEN: HeaderName = HeaderName::from_static("x-pagedesk-token");

/// What a hash of a token begins with.
const HASH: &str = "sha256:";

/// What a caller may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read whatever the API shows.
    Read,
    /// Write to customers, and comments.
    Send,
    /// Decide about messages that were not sent or are in doubt.
    Resolve,
    /// Change tasks in another way than by comments.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Send, Self::Resolve, Self::Admin];

    /// Its word in a configuration and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Resolve => "resolve",
            Self::Admin => "admin",
        }
    }

    /// The scope of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// A token as it is kept.
#[derive(Clone)]
pub struct ApiToken {
    name: Arc<str>,
    digest: [u8; 32],
    scopes: BTreeSet<Scope>,
}

impl ApiToken {
    /// A token by its text.
    pub fn new(name: &str, text: &str, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let digest = Sha256::digest(text.as_bytes()).into();
        Self { name: name.into(), digest, scopes: scopes.into_iter().collect() }
    }

    /// A token by what [`token_hash`] made of it; `None` where that is no such hash.
    pub fn hashed(name: &str, hash: &str, scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let mut digest = [0; 32];
        hex::decode_to_slice(hash.strip_prefix(HASH)?, &mut digest).ok()?;
        Some(Self { name: name.into(), digest, scopes: scopes.into_iter().collect() })
    }
}

/// What a configuration may hold instead of a token: `sha256:` and 64 hexadecimal digits. Enough for a long token drawn by
/// chance, which nobody can guess; a password needs more.
pub fn token_hash(text: &str) -> String {
    format!("{HASH}{}", hex::encode(Sha256::digest(text.as_bytes())))
}

/// Who opens the API.
#[derive(Clone, Default)]
pub struct ApiTokens {
    tokens: Vec<ApiToken>,
    closed: bool,
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Caller {
    /// The token's name.
    pub(crate) name: Arc<str>,
    /// A header that no page of another site can set came with the call.
    pub(crate) has_header: bool,
    scopes: BTreeSet<Scope>,
}

impl Caller {
    /// Lets the call pass where the caller may do that.
    ///
    /// # Errors
    /// 403 `scope-missing`.
    pub(crate) fn wants(&self, scope: Scope) -> Result<(), Fault> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let sentence = format!(
            "The token “{}” may not do that: it lacks the scope “{}”. An admin can add it in the configuration.",
            self.name,
            scope.word()
        );
        Err(Fault::new(StatusCode::FORBIDDEN, "scope-missing", sentence))
    }
}

impl ApiTokens {
    /// An API that takes nobody.
    pub const fn closed() -> Self {
        Self { tokens: Vec::new(), closed: true }
    }

    /// Tokens that may do everything, all of one name. Empty texts are left out. None at all: the API is open to whoever
    /// reaches the listener.
    pub fn new(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let kept = texts.into_iter().filter(|text| !text.as_ref().is_empty());
        Self { tokens: kept.map(|text| ApiToken::new("api", text.as_ref(), Scope::ALL)).collect(), closed: false }
    }

    /// The same with these too.
    #[must_use]
    pub fn and(mut self, tokens: impl IntoIterator<Item = ApiToken>) -> Self {
        self.tokens.extend(tokens);
        self
    }

    /// Who calls, if it is anybody known. All digests are compared, to the end.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Option<Caller> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        let given = bearer.or_else(|| headers.get(TOKEN).map(|value| value.as_bytes().trim_ascii()));
        let has_header = headers.contains_key(header::AUTHORIZATION) || headers.contains_key(TOKEN);
        if self.tokens.is_empty() {
            let anybody = || Caller { name: "anybody".into(), has_header, scopes: Scope::ALL.into() };
            return (!self.closed).then(anybody);
        }
        let given: [u8; 32] = Sha256::digest(given?).into();
        let known = self.tokens.iter().fold(None, |known, token| {
            let same = bool::from(token.digest.ct_eq(&given));
            if same { Some(token) } else { known }
        });
        known.map(|token| Caller { name: Arc::clone(&token.name), has_header, scopes: token.scopes.clone() })
    }
}

impl fmt::Debug for ApiTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} API token(s)", self.tokens.len())
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "API token {:?}", self.name)
    }
}

/// The credentials of the scheme `Bearer`, which is written in any case (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("valid"))).collect()
    }

    #[test]
    fn a_token_opens_the_api_and_nothing_like_it_does() {
        let tokens = ApiTokens::new(["first", "second", ""]);
        for (value, admitted) in [
            ("Bearer first", true),
            ("bearer second", true),
            ("Bearer  second ", true),
            ("Bearer firs", false),
            ("Bearer firstt", false),
            ("Bearer ", false),
            ("Basic first", false),
            ("first", false),
        ] {
            assert_eq!(tokens.admit(&headers(&[("authorization", value)])).is_some(), admitted, "{value}");
        }
        assert!(tokens.admit(&headers(&[("x-pagedesk-token", "second")])).is_some());
        assert!(tokens.admit(&headers(&[("x-pagedesk-token", "third")])).is_none());
        assert!(tokens.admit(&HeaderMap::new()).is_none());
        assert!(ApiTokens::default().admit(&HeaderMap::new()).is_some());
        assert!(ApiTokens::closed().admit(&headers(&[("authorization", "Bearer first")])).is_none());
        assert_eq!(format!("{tokens:?}"), "2 API token(s)");
    }

    #[test]
    fn a_hash_stands_for_its_token_and_scopes_stay_with_it() {
        let hash = token_hash("long and drawn by chance");
        let token = ApiToken::hashed("shop", &hash, [Scope::Send]).expect("a hash of ours");
        assert_eq!(format!("{token:?}"), "API token \"shop\"");
        let tokens = ApiTokens::default().and([token]);
        let caller = tokens.admit(&headers(&[("authorization", "Bearer long and drawn by chance")])).expect("known");
        assert_eq!((&*caller.name, caller.wants(Scope::Send)), ("shop", Ok(())));
        assert_eq!(caller.wants(Scope::Read).map_err(|fault| fault.code), Err("scope-missing"));
        assert!(
            tokens.admit(&headers(&[("authorization", &format!("Bearer {hash}"))])).is_none(),
            "a hash opens nothing"
        );
        for unfit in ["", "sha256:", "sha256:00", &hash[7..], &format!("{hash}00")] {
            assert!(ApiToken::hashed("shop", unfit, []).is_none(), "{unfit}");
        }
    }
}
