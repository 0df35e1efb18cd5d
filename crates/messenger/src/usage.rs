//! What Meta's usage headers say: how much of its calls an app and a Page have used up. Pure: headers in, numbers out.
//!
//! Source: *Rate Limits*, read 2026-11-23. `X-App-Usage` and `X-Page-Usage` hold one object with `call_count`,
//! `total_cputime` and `total_time` in percent; `X-Business-Use-Case-Usage` holds such objects in lists by the object's id,
//! with `estimated_time_to_regain_access` in minutes. Invariant: total; what cannot be read is counted and says nothing.

use model::Span;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

const APP: &str = "x-app-usage";
const PAGE: &str = "x-page-usage";
const BUSINESS: &str = "x-business-use-case-usage";

/// What is counted, in percent of what is allowed.
const SHARES: [&str; 3] = ["call_count", "total_cputime", "total_time"];
const REGAIN: &str = "estimated_time_to_regain_access";

/// Longest rest that is believed: Meta counts over 24 hours.
const REST_MAX_MINUTES: i64 = 24 * 60;

/// What was used up by the time of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// The app's largest share, in percent.
    pub app: u32,
    /// The Page's, in percent: by its own header or by its use cases.
    pub page: u32,
    /// How long Meta wants to be left alone.
    pub regain: Option<Span>,
    /// Headers that could not be read.
    pub unreadable: u32,
}

impl Usage {
    /// Of an answer's headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut usage = Self::default();
        for (name, take) in [(APP, app as Take), (PAGE, page), (BUSINESS, business)] {
            for value in headers.get_all(name) {
                if take(&mut usage, value.as_bytes()).is_none() {
                    usage.unreadable = usage.unreadable.saturating_add(1);
                }
            }
        }
        usage
    }

    /// Of one header by its name, as bytes: whoever has no HTTP.
    pub fn of_header(name: &str, value: &[u8]) -> Self {
        let mut headers = HeaderMap::new();
        let name = name.parse::<reqwest::header::HeaderName>();
        if let (Ok(name), Ok(value)) = (name, reqwest::header::HeaderValue::from_bytes(value)) {
            headers.insert(name, value);
        }
        Self::of(&headers)
    }
}

/// Reads a header; `None`: it cannot be read.
type Take = fn(&mut Usage, &[u8]) -> Option<()>;

fn app(usage: &mut Usage, header: &[u8]) -> Option<()> {
    usage.app = usage.app.max(share(&serde_json::from_slice(header).ok()?));
    Some(())
}

fn page(usage: &mut Usage, header: &[u8]) -> Option<()> {
    usage.page = usage.page.max(share(&serde_json::from_slice(header).ok()?));
    Some(())
}

fn business(usage: &mut Usage, header: &[u8]) -> Option<()> {
    let objects: Map<String, Value> = serde_json::from_slice(header).ok()?;
    for case in objects.values().filter_map(Value::as_array).flatten().filter_map(Value::as_object) {
        usage.page = usage.page.max(share(case));
        let minutes = case.get(REGAIN).and_then(Value::as_i64).unwrap_or(0);
        if minutes > 0 {
            usage.regain = usage.regain.max(Some(Span::minutes(minutes.min(REST_MAX_MINUTES))));
        }
    }
    Some(())
}

/// The largest share of an object, in whole percent; 0 where it names none.
fn share(object: &Map<String, Value>) -> u32 {
    let percent = |name: &&str| object.get(*name).and_then(Value::as_f64);
    SHARES.iter().filter_map(percent).map(whole).max().unwrap_or(0)
}

/// Up to a whole number; nothing below 0, and nothing beyond 1,000 is told apart.
fn whole(percent: f64) -> u32 {
    (0..1_000).find(|whole| percent <= f64::from(*whole)).unwrap_or(1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_header_says_its_own() {
        let flat = br#"{"call_count":28,"total_time":25.4,"total_cputime":91}"#;
        assert_eq!(Usage::of_header(APP, flat), Usage { app: 91, ..Usage::default() });
        assert_eq!(Usage::of_header(PAGE, flat), Usage { page: 91, ..Usage::default() });
        let cases = br#"{"17":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":12},{"type":"pages","total_time":3}]}"#;
        let usage = Usage { page: 100, regain: Some(Span::minutes(12)), ..Usage::default() };
        assert_eq!(Usage::of_header("X-Business-Use-Case-Usage", cases), usage);
        assert_eq!(Usage::of(&HeaderMap::new()), Usage::default());
    }

    #[test]
    fn a_rest_is_not_believed_beyond_a_day_and_none_is_none() {
        let regain = |minutes: i64| {
            Usage::of_header(BUSINESS, format!(r#"{{"1":[{{"{REGAIN}":{minutes}}}]}}"#).as_bytes()).regain
        };
        assert_eq!((regain(99_999_999), regain(0), regain(-5)), (Some(Span::days(1)), None, None));
    }

    #[test]
    fn what_cannot_be_read_is_counted() {
        let mut headers = HeaderMap::new();
        for (name, value) in [(APP, "garbage"), (PAGE, "[1]"), (BUSINESS, "{\"17\":")] {
            headers.append(name, value.parse().expect("a header value"));
        }
        headers.append(APP, r#"{"call_count":7}"#.parse().expect("a header value"));
        assert_eq!(Usage::of(&headers), Usage { app: 7, unreadable: 3, ..Usage::default() });
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_counted(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for name in [APP, PAGE, BUSINESS] {
                let usage = Usage::of_header(name, &bytes);
                prop_assert!(usage.unreadable <= 1 && usage.app <= 1_000 && usage.page <= 1_000);
            }
        }

        #[test]
        fn the_largest_share_counts(shares in proptest::array::uniform3(0_u32..300)) {
            let [calls, time, cpu] = shares;
            let text = format!(r#"{{"call_count":{calls},"total_time":{time},"total_cputime":{cpu}}}"#);
            prop_assert_eq!(Usage::of_header(PAGE, text.as_bytes()).page, calls.max(time).max(cpu));
        }
    }
}
