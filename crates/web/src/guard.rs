//! What keeps other sites out: security headers, and the refusal of forms posted from elsewhere. Who may do what inside is
//! not decided here; the API's tokens are in `tokens`.
//!
//! Invariant: a request that changes something comes from our own page or from a client that a browser of a stranger's
//! page cannot imitate (a bearer token, or a JSON body, which needs the site's consent across origins).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

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
}
