//! `pagedesk replay diff`: two traces of one recording, say of two builds.
//!
//! Invariant: reads two files and runs nothing.

use serde_json::json;
use simulator::replay::compare::compare;

use super::{html, looked, nothing_matched, sha256, shown, spans_something, told};
use crate::cli::ReplayDiff;
use crate::exit::{self, Exit, Failure};
use crate::output;

/// Carries out `replay diff`.
pub(super) fn diff(asked: &ReplayDiff) -> Result<Exit, Failure> {
    if let Some(out) = &asked.html {
        output::can_be_written("--html", out)?;
        output::spares("--html", out, &[&asked.before, &asked.now])?;
    }
    spans_something(&asked.looked)?;
    let (before, now) = (told(&asked.before)?, told(&asked.now)?);
    let filter = looked(&asked.looked);
    let comparison = compare(&before, &now, &filter);
    if comparison.matched == 0 {
        let what = "no line of the two traces matches what is looked at".to_owned();
        return Err(nothing_matched(what, &asked.looked, &asked.before));
    }
    if let Some(file) = &asked.html {
        html::write(file, &[html::of_traces(asked, (&before, &now), &comparison, &filter)])?;
    }
    let found = &comparison.differences;
    let text = if asked.json {
        let object = json!({
            "title": now.title(),
            "same": found.is_empty(),
            "differences": found,
            "lines_looked_at": comparison.matched,
            "approved_sha256": sha256(&before.text),
            "trace_sha256": sha256(&now.text),
        });
        format!("{object}\n")
    } else if found.is_empty() {
        shown::nothing_differs(comparison.matched)
    } else {
        let count = if found.len() == 1 { "one difference".to_owned() } else { format!("{} differences", found.len()) };
        format!(
            "{}{count} of {} (now) from {} (approved)\n",
            shown::differences(found),
            asked.now.display(),
            asked.before.display()
        )
    };
    exit::write_out(&text)?;
    Ok(if found.is_empty() { Exit::Ok } else { Exit::CheckFailed })
}
