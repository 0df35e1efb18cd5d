//! What a replay says to programs: one object for each recording. Described in `docs/format/trace.md`.
//!
//! Invariant: what is told to people is in it, and nothing of the wall.

use serde_json::{Value, json};
use simulator::replay::report::Report;

use super::{Ran, Standing, sha256, standing_holds};

/// One recording.
pub(super) fn object(ran: &Ran, standing: Standing) -> Value {
    let outcome = &ran.outcome;
    let mut object = serde_json::to_value(&outcome.counts).expect("counts are plain text and numbers");
    let more = json!({
        "path": ran.folder.display().to_string(),
        "title": outcome.title,
        "same": standing_holds(standing),
        "differences": ran.comparison.differences,
        "lines_looked_at": ran.comparison.matched,
        "approved_sha256": ran.approved.as_ref().map(|approved| sha256(&approved.text)),
        "trace_sha256": sha256(&outcome.trace),
        "trace_lines": outcome.trace.lines().count(),
        "conversations_sha256": outcome.conversations_sha256,
        "unexpected": outcome.findings.len(),
        "findings": outcome.findings,
        "report": ran.now.as_ref().map(|now| Report::of(&ran.recording, outcome, now, &ran.comparison.differences)),
    });
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
