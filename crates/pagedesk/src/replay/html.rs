//! `pagedesk replay --html`: what a report is drawn from, out of what ran or out of two traces.
//!
//! Chooses what is in it; how it looks is `crate::report`'s. Invariant: the filters that choose what is compared choose
//! what is drawn, so that a part of a long recording stays a small file.

use std::collections::BTreeSet;
use std::path::Path;

use simulator::replay::compare::Comparison;
use simulator::replay::filter::Filter;
use simulator::replay::report::{Report, counts};
use simulator::replay::told::Told;

use super::{Ran, Standing};
use crate::cli::ReplayDiff;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::report::{self, Drawn, Stands};

/// More than this a browser does not hold well; it is some 100 MB of file.
const ENTRIES_MAX: usize = 250_000;

/// A recording that ran; `None` where its trace was not read.
pub(super) fn of(ran: &Ran, standing: Standing, filter: &Filter) -> Option<Drawn> {
    let now = chosen(ran.now.as_ref()?, filter);
    let before = ran.approved.as_ref().and_then(|approved| approved.told.as_ref());
    let mut report = Report::of(&ran.recording, &ran.outcome, &now, &ran.comparison.differences);
    let whose: BTreeSet<&String> = report.entries.iter().map(|entry| &entry.who).collect();
    report.windows.retain(|window| whose.contains(&window.who));
    Some(Drawn {
        from: ran.folder.display().to_string(),
        stands: match standing {
            Standing::Same => Stands::AsApproved,
            Standing::Differs => Stands::NotAsApproved,
            Standing::New => Stands::New,
            Standing::Approved => Stands::ApprovedNow,
        },
        looked_at: ran.comparison.matched,
        counts_before: before.filter(|_| filter.is_open()).map(|before| counts(&before.summary)),
        report,
    })
}

/// Two traces.
pub(super) fn of_traces(
    asked: &ReplayDiff,
    (before, now): (&Told, &Told),
    comparison: &Comparison,
    filter: &Filter,
) -> Drawn {
    let (old, new) = (asked.before.display(), asked.now.display());
    Drawn {
        from: format!("{new} against {old}"),
        stands: if comparison.differences.is_empty() { Stands::Alike } else { Stands::Apart },
        looked_at: comparison.matched,
        counts_before: filter.is_open().then(|| counts(&before.summary)),
        report: Report::of_trace(&chosen(now, filter), &comparison.differences),
    }
}

/// Writes the file.
pub(super) fn write(path: &Path, drawn: &[Drawn]) -> Result<(), Failure> {
    let entries: usize = drawn.iter().map(|drawn| drawn.report.entries.len()).sum();
    if entries > ENTRIES_MAX {
        let what = format!("{entries} records are too many for one report; {ENTRIES_MAX} fit");
        return Err(Failure::new(Exit::Usage, what).remedy("choose with --conversation, --page, --from and --to"));
    }
    output::write(path, &report::file(drawn))
}

fn chosen(told: &Told, filter: &Filter) -> Told {
    let chosen = filter.in_trace(told);
    let lines = told.lines.iter().filter(|line| chosen.takes(line)).cloned().collect();
    Told { lines, ..told.clone() }
}
