//! What keeps other sites and other people out: security headers, the refusal of forms posted from elsewhere, and the
//! API's bearer tokens. Who may do what inside is not decided here.
//!
//! Invariant: a request that changes something comes from our own page or from a client that a browser of a stranger's
//! page cannot imitate (a bearer token, or a JSON body, which needs the site's consent across origins).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;

/// Pages hold nothing from elsewhere, no frame, and neither script nor style but from their own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'; report-uri /csp-report";

/// What no page needs.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Puts the security headers on every answer; what the handler set for caching stays.
pub(crate) fn harden(headers: &mut HeaderMap) {
    const ALWAYS: [(HeaderName, &str); 7] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
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

/// Where a request says that it was sent from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whence {
    /// Our own page, or the person directly.
    Own,
    /// A browser says: a page of another site.
    OtherSite,
    /// An origin that is not the host that was asked: another site, or a proxy that changed the host.
    OtherOrigin,
    /// It says nothing: no browser of the last years.
    Unsaid,
}

impl Whence {
    /// `Sec-Fetch-Site` decides where there is one (*Fetch Metadata*, read 2026-11-23); older browsers send `Origin`,
    /// which must name the host that was asked.
    pub(crate) fn of(headers: &HeaderMap, authority: Option<&str>) -> Self {
        if let Some(site) = headers.get("sec-fetch-site") {
            return if matches!(site.as_bytes(), b"same-origin" | b"none") { Self::Own } else { Self::OtherSite };
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return Self::Unsaid };
        let named = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        match (named, host(headers, authority)) {
            (Some((_scheme, named)), Some(host)) if named.eq_ignore_ascii_case(host) => Self::Own,
            (Some(_) | None, Some(_) | None) => Self::OtherOrigin,
        }
    }

    /// Why a page's form from there is not taken; `None` where it is.
    pub(crate) fn refuses_form(self, headers: &HeaderMap, authority: Option<&str>) -> Option<Fault> {
        let (code, sentence) = match self {
            Self::Own => return None,
            Self::OtherSite => ("cross-site", OTHER_SITE.to_owned()),
            Self::OtherOrigin => ("cross-site", OTHER_ORIGIN.to_owned()),
            Self::Unsaid => {
                let host = host(headers, authority).unwrap_or("this site's host");
                let sentence = format!(
                    "This request does not say where it was sent from, so nothing was changed: it has neither of the \
                     headers Sec-Fetch-Site and Origin, of which every browser sends one. A program sends \
                     “Origin: http://{host}”, or uses the API below /api/v1."
                );
                ("no-origin", sentence)
            }
        };
        Some(Fault::new(StatusCode::FORBIDDEN, code, sentence))
    }

    /// Why a call of the API from there is not taken; `None` where it is. Clients that are no browser say nothing.
    pub(crate) fn refuses_call(self) -> Option<Fault> {
        let sentence = match self {
            Self::Own | Self::Unsaid => return None,
            Self::OtherSite => OTHER_SITE,
            Self::OtherOrigin => OTHER_ORIGIN,
        };
        Some(Fault::new(StatusCode::FORBIDDEN, "cross-site", sentence))
    }
}

const OTHER_SITE: &str =
    "A page of another site sent this, so nothing was changed. Open this site itself and do it there.";

const OTHER_ORIGIN: &str = "The Origin that this request names is not the host that it was sent to, so nothing was \
                            changed. Open the page here and send it again. If a proxy stands before this site, it must \
                            pass on the Host header as the browser sent it.";

/// The host that was asked for; HTTP/2 has it as the authority.
fn host<'a>(headers: &'a HeaderMap, authority: Option<&'a str>) -> Option<&'a str> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
    host.filter(|host| !host.is_empty())
}

/// Secret texts that open the API, kept as digests.
#[derive(Clone, Default)]
pub struct ApiTokens {
    digests: Vec<[u8; 32]>,
    closed: bool,
}

impl ApiTokens {
    /// An API that takes nobody.
    pub const fn closed() -> Self {
        Self { digests: Vec::new(), closed: true }
    }

    /// Empty texts are left out. None at all: the API is open to whoever reaches the listener.
    pub fn new(tokens: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let kept = tokens.into_iter().filter(|token| !token.as_ref().is_empty());
        let digests = kept.map(|token| Sha256::digest(token.as_ref().as_bytes()).into()).collect();
        Self { digests, closed: false }
    }

    /// Whether the request carries one of them. The time taken says nothing about how much of it is right: digests are
    /// compared, all of them, to the end.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        if self.digests.is_empty() {
            return !self.closed;
        }
        let Some(bearer) = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) else {
            return false;
        };
        let given: [u8; 32] = Sha256::digest(bearer).into();
        self.digests.iter().fold(false, |admitted, known| {
            let differing = known.iter().zip(&given).fold(0, |differing, (a, b)| differing | (a ^ b));
            admitted | (core::hint::black_box(differing) == 0)
        })
    }
}

impl core::fmt::Debug for ApiTokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} API token(s)", self.digests.len())
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
        use Whence::{OtherOrigin, OtherSite, Own, Unsaid};
        for (pairs, whence) in [
            (vec![("sec-fetch-site", "same-origin")], Own),
            (vec![("sec-fetch-site", "none")], Own),
            (vec![("sec-fetch-site", "same-site")], OtherSite),
            (vec![("sec-fetch-site", "cross-site")], OtherSite),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "http://desk:1"), ("host", "desk:1")], OtherSite),
            (vec![("origin", "http://desk:1"), ("host", "desk:1")], Own),
            (vec![("origin", "http://desk:2"), ("host", "desk:1")], OtherOrigin),
            (vec![("origin", "http://"), ("host", "")], OtherOrigin),
            (vec![("origin", "http://desk:1")], OtherOrigin),
            (vec![("origin", "null"), ("host", "desk:1")], OtherOrigin),
            (vec![("host", "desk:1")], Unsaid),
            (vec![], Unsaid),
        ] {
            let headers = headers(&pairs);
            let found = Whence::of(&headers, None);
            assert_eq!(found, whence, "{pairs:?}");
            assert_eq!(found.refuses_form(&headers, None).is_none(), whence == Own, "{pairs:?}");
        }
        assert_eq!(Whence::of(&headers(&[("origin", "https://desk")]), Some("desk")), Own);
    }

    #[test]
    fn a_client_that_is_no_browser_may_call_the_api() {
        for (whence, taken) in
            [(Whence::Own, true), (Whence::Unsaid, true), (Whence::OtherSite, false), (Whence::OtherOrigin, false)]
        {
            assert_eq!(whence.refuses_call().is_none(), taken, "{whence:?}");
        }
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
        assert!(!ApiTokens::closed().admit(&headers(&[("authorization", "Bearer first")])));
        assert_eq!(format!("{tokens:?}"), "2 API token(s)");
    }
}
