//! What a replay says to people: the counts, the differences in their groups, and what to do.
//!
//! Invariant: bounded, however much differs; whatever is left out is counted.

use std::io::{self, IsTerminal as _};

use simulator::replay::Outcome;
use simulator::replay::compare::{Difference, Group};

use super::{APPROVED, Ran, Standing, looked, sha256};
use crate::cli::Replay;
use simulator::counted::many;

/// Lines of each side that are shown of a difference.
const LINES_MAX: usize = 4;
/// Differences that are shown of a group.
const DIFFERENCES_MAX: usize = 200;

/// The counts, as under the trace, and what was not expected.
pub(super) fn summary(outcome: &Outcome) -> String {
    let mut text = format!("{}\n", outcome.title);
    let lines = outcome.trace.lines().skip_while(|line| *line != "summary").skip(1);
    lines.for_each(|line| text.push_str(&format!("{line}\n")));
    outcome.findings.iter().for_each(|finding| text.push_str(&format!("NOT AS EXPECTED: {finding}\n")));
    text
}

/// The trace was approved.
pub(super) fn approved(ran: &Ran) -> String {
    let (lines, digest) = measure(&ran.outcome.trace);
    let mut text = differences(&ran.comparison.differences);
    text.push_str(&format!(
        "approved: {}/{APPROVED} now holds these {lines} lines (sha256 {digest}…)\n",
        ran.folder.display()
    ));
    text
}

/// How the trace stands to the approved one, and what to do.
pub(super) fn standing(asked: &Replay, ran: &Ran, standing: Standing) -> String {
    let path = ran.folder.display();
    let (lines, digest) = measure(&ran.outcome.trace);
    match standing {
        Standing::Same | Standing::Approved
            if ran.approved.as_ref().is_some_and(|approved| approved.text == ran.outcome.trace) =>
        {
            format!("the trace is the approved one ({lines} lines, sha256 {digest}…)\n")
        }
        Standing::Same | Standing::Approved => nothing_differs(ran.comparison.matched),
        Standing::New => format!(
            "there is no approved trace yet ({lines} lines, sha256 {digest}…)\n  \
             read it:    pagedesk replay {path} --trace FILE\n  \
             accept it:  pagedesk replay {path} --approve\n"
        ),
        Standing::Differs => {
            let found = &ran.comparison.differences;
            let count = match found.len() {
                1 => "one difference".to_owned(),
                count => format!("{count} differences"),
            };
            let whole = format!("  if that is meant:  pagedesk replay {path} --approve\n");
            let partly = format!("  one by one:        pagedesk replay {path} --review\n");
            let advice = match (asked.policy.is_empty(), looked(&asked.looked).is_open()) {
                (false, _) => String::new(),
                (true, true) => whole + &partly,
                // What is approved as a whole has to be looked at as a whole.
                (true, false) => partly,
            };
            format!("{}{count} from {path}/{APPROVED}\n{advice}", differences(found))
        }
    }
}

/// What was looked at is the same on both sides.
pub(super) fn nothing_differs(lines: usize) -> String {
    let was = if lines == 1 { "was" } else { "were" };
    format!("nothing differs in the {} that {was} looked at\n", many(lines, "line"))
}

fn measure(trace: &str) -> (usize, String) {
    (trace.lines().count(), sha256(trace).chars().take(12).collect())
}

/// All differences, group by group.
pub(super) fn differences(found: &[Difference]) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let of_it: Vec<&Difference> = found.iter().filter(|difference| difference.group == group).collect();
        if of_it.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{group}\n"));
        of_it.iter().take(DIFFERENCES_MAX).for_each(|difference| text.push_str(&one(difference)));
        if of_it.len() > DIFFERENCES_MAX {
            text.push_str(&format!("  … {} more; --json tells all of them\n", of_it.len() - DIFFERENCES_MAX));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// A difference: whose, what, both sides in words, and their lines.
pub(super) fn one(difference: &Difference) -> String {
    told(difference, coloured())
}

/// The same without colours.
pub(super) fn plain(difference: &Difference) -> String {
    told(difference, false)
}

fn told(difference: &Difference, is_coloured: bool) -> String {
    let Difference { moment, who, name, what, approved, now, .. } = difference;
    let head: Vec<&str> =
        [moment, who, name].into_iter().flatten().map(String::as_str).chain([what.as_str()]).collect();
    let mut text = format!("  {}\n    approved  {approved}\n    now       {now}\n", head.join(" "));
    for (sign, colour, lines) in [('-', "31", &difference.approved_lines), ('+', "32", &difference.now_lines)] {
        for line in lines.iter().take(LINES_MAX) {
            if is_coloured {
                text.push_str(&format!("      \u{1b}[{colour}m{sign} {line}\u{1b}[0m\n"));
            } else {
                text.push_str(&format!("      {sign} {line}\n"));
            }
        }
        if lines.len() > LINES_MAX {
            text.push_str(&format!("      {sign} … {} more\n", lines.len() - LINES_MAX));
        }
    }
    text
}

/// https://no-color.org: any value that is not empty switches colours off.
fn coloured() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !no_color
}
