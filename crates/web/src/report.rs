//! `POST /csp-report`: browsers say here that a page broke the content security policy. Counted, and the first few kept.
//!
//! Anybody may post here, so nothing of it is believed: it is bounded in number and length, and shown as text alone.
//! Source: *Content Security Policy Level 3* §5.3, read 2026-11-23.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::site::Sources;

/// Reports kept in words; beyond it they are only counted.
const KEPT_MAX: usize = 32;

/// Characters kept of each word of a report.
const WORD_MAX: usize = 200;

/// Bytes of a report; browsers send about one thousand.
pub(crate) const BODY_MAX: usize = 16 << 10;

/// What browsers reported since the start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Reported {
    /// All of them.
    pub(crate) reports: u64,
    /// Those that were no report.
    pub(crate) unreadable: u64,
    /// The first few different ones.
    pub(crate) kept: Vec<Report>,
}

/// What broke the policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Report {
    /// The page.
    document: String,
    /// The rule that it broke.
    directive: String,
    /// With what.
    blocked: String,
}

#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "csp-report")]
    report: Words,
}

/// A report as browsers write it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Words {
    document_uri: String,
    effective_directive: String,
    /// The older name of the same; today's browsers send both.
    violated_directive: String,
    blocked_uri: String,
}

/// What browsers reported, behind a lock.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<Reported>);

impl Reports {
    /// Counts one.
    fn note(&self, body: &[u8]) {
        let mut reported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(Sent { report }) = serde_json::from_slice(body) else {
            reported.unreadable += 1;
            return;
        };
        reported.reports += 1;
        let short = |word: String| word.chars().filter(|letter| !letter.is_control()).take(WORD_MAX).collect();
        let Words { document_uri, effective_directive, violated_directive, blocked_uri } = report;
        let directive = if effective_directive.is_empty() { violated_directive } else { effective_directive };
        let report = Report { document: short(document_uri), directive: short(directive), blocked: short(blocked_uri) };
        if reported.kept.len() < KEPT_MAX && !reported.kept.contains(&report) {
            // No customer text: addresses of our pages, a rule's name and what was to be loaded.
            tracing::warn!(directive = ?report.directive, blocked = ?report.blocked, "a page broke its security policy");
            reported.kept.push(report);
        }
    }

    /// All of it.
    pub(crate) fn reported(&self) -> Reported {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `POST /csp-report`
pub(crate) async fn take(State(sources): State<Arc<Sources>>, body: Bytes) -> StatusCode {
    sources.reports.note(&body);
    StatusCode::NO_CONTENT
}

/// `GET /csp-report`: `{ "reports", "unreadable", "kept" }`
pub(crate) async fn show(State(sources): State<Arc<Sources>>) -> Json<Reported> {
    Json(sources.reports.reported())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_as_browsers_send_it_is_read() {
        let reports = Reports::default();
        // Chromium 148.
        reports.note(
            br#"{"csp-report":{"document-uri":"http://d/","referrer":"","violated-directive":"img-src",
            "effective-directive":"img-src","original-policy":"default-src 'none'","disposition":"enforce",
            "blocked-uri":"http://elsewhere/1.png","line-number":1,"status-code":200,"script-sample":""}}"#,
        );
        let words = |text: &str| text.to_owned();
        let report = Report {
            document: words("http://d/"),
            directive: words("img-src"),
            blocked: words("http://elsewhere/1.png"),
        };
        assert_eq!(reports.reported(), Reported { reports: 1, unreadable: 0, kept: vec![report] });
    }

    #[test]
    fn reports_are_counted_and_the_first_different_ones_kept() {
        let reports = Reports::default();
        let body = |blocked: &str| {
            format!(
                r#"{{"csp-report":{{"document-uri":"http://d/","violated-directive":"img-src","blocked-uri":"{blocked}","x":1}}}}"#
            )
        };
        for nth in 0..100 {
            reports.note(body(&format!("https://{}/{}", nth % 40, "x".repeat(900))).as_bytes());
        }
        for odd in [&b""[..], b"{}", b"[]", b"\xff", br#"{"csp-report":7}"#] {
            reports.note(odd);
        }
        let reported = reports.reported();
        assert_eq!((reported.reports, reported.unreadable, reported.kept.len()), (100, 5, KEPT_MAX));
        assert!(reported.kept.iter().all(|report| report.directive == "img-src" && report.blocked.len() == WORD_MAX));
    }
}
