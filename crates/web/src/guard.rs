//! What keeps other sites and other people out: security headers, the refusal of forms posted from elsewhere, and the
//! API's bearer tokens. Who may do what inside is not decided here.
//!
//! Invariant: a request that changes something comes from our own page or from a client that a browser of a stranger's
//! page cannot imitate (a bearer token, or a JSON body, which needs the site's consent across origins).

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use sha2::{Digest as _, Sha256};

/// Pages hold no script, no frame and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Puts the security headers on every answer; what the handler set for caching stays.
pub(crate) fn harden(headers: &mut HeaderMap) {
    const ALWAYS: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Whether a method may change something.
pub(crate) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser says that this request comes from our own page or was made by the person directly.
///
/// `Sec-Fetch-Site` decides where there is one (*Fetch Metadata*, read 2026-11-23); older browsers send `Origin`, which
/// must name the host that was asked. With neither there is no telling, and the answer is no.
pub(crate) fn is_own_site(headers: &HeaderMap, authority: Option<&str>) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
    match (origin.and_then(|origin| origin.split_once("://")), host) {
        (Some((_scheme, origin)), Some(host)) => !host.is_empty() && origin.eq_ignore_ascii_case(host),
        (None, _) | (_, None) => false,
    }
}

/// Whether a browser says that another site sent this. Clients that are no browser say nothing, which is no yes.
pub(crate) fn is_foreign_site(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let from_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    from_browser && !is_own_site(headers, authority)
}

/// Secret texts that open the API, kept as digests. None at all: the API is open to whoever reaches the listener.
#[derive(Clone, Default)]
pub struct ApiTokens(Vec<[u8; 32]>);

impl ApiTokens {
    /// Empty texts are left out: they would open the door to everybody.
    pub fn new(tokens: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let kept = tokens.into_iter().filter(|token| !token.as_ref().is_empty());
        Self(kept.map(|token| Sha256::digest(token.as_ref().as_bytes()).into()).collect())
    }

    /// Whether the request carries one of them. The time taken says nothing about how much of it is right: digests are
    /// compared, all of them, to the end.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Some(bearer) = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) else {
            return false;
        };
        let given: [u8; 32] = Sha256::digest(bearer).into();
        self.0.iter().fold(false, |admitted, known| {
            let differing = known.iter().zip(&given).fold(0, |differing, (a, b)| differing | (a ^ b));
            admitted | (core::hint::black_box(differing) == 0)
        })
    }
}

impl core::fmt::Debug for ApiTokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} API token(s)", self.0.len())
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
    fn only_our_own_page_or_the_person_may_post_a_form() {
        for (pairs, own) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "http://desk:1"), ("host", "desk:1")], false),
            (vec![("origin", "http://desk:1"), ("host", "desk:1")], true),
            (vec![("origin", "http://desk:2"), ("host", "desk:1")], false),
            (vec![("origin", "null"), ("host", "desk:1")], false),
            (vec![("host", "desk:1")], false),
            (vec![], false),
        ] {
            assert_eq!(is_own_site(&headers(&pairs), None), own, "{pairs:?}");
        }
        assert!(is_own_site(&headers(&[("origin", "https://desk")]), Some("desk")));
    }

    #[test]
    fn a_client_that_is_no_browser_is_not_foreign() {
        assert!(!is_foreign_site(&headers(&[("host", "desk:1")]), None));
        assert!(!is_foreign_site(&headers(&[("sec-fetch-site", "same-origin")]), None));
        assert!(is_foreign_site(&headers(&[("sec-fetch-site", "cross-site")]), None));
        assert!(is_foreign_site(&headers(&[("origin", "https://elsewhere"), ("host", "desk:1")]), None));
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
            assert_eq!(tokens.admit(&headers(&[("authorization", value)])), admitted, "{value}");
        }
        assert!(!tokens.admit(&HeaderMap::new()));
        assert!(ApiTokens::default().admit(&HeaderMap::new()));
        assert_eq!(format!("{tokens:?}"), "2 API token(s)");
    }
}
