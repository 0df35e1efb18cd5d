//! The report of a replay for a browser: one file with everything in it, that opens from a disk and asks nobody.
//!
//! Draws only; what is in it is chosen elsewhere. Invariants: whatever people wrote stays text, here by maud and in the
//! page by its script; the page's own policy lets nothing run but the script of this build and nothing load at all.

mod differences;
mod frame;
mod summary;

use simulator::replay::Counts;
use simulator::replay::report::{Entry, Report};

/// One recording, or two traces, as they are drawn.
pub(crate) struct Drawn {
    /// The folder, or the two files.
    pub(crate) from: String,
    /// What came of it.
    pub(crate) stands: Stands,
    /// How many lines were compared.
    pub(crate) looked_at: usize,
    /// The counts of what it is compared with, where there are some.
    pub(crate) counts_before: Option<Counts>,
    /// Everything else.
    pub(crate) report: Report,
}

/// How what came stands to what it is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stands {
    /// Nothing differs from the approved trace.
    AsApproved,
    /// Something does.
    NotAsApproved,
    /// No trace is approved yet.
    New,
    /// The trace was approved just now.
    ApprovedNow,
    /// Two traces say the same.
    Alike,
    /// Two traces do not.
    Apart,
}

/// The whole file.
pub(crate) fn file(drawn: &[Drawn]) -> String {
    frame::page(drawn).into_string()
}

/// What stands before the names of places: a file may hold several recordings.
fn prefix(number: usize) -> String {
    if number == 0 { String::new() } else { format!("r{}-", number + 1) }
}

/// The place of an entry in the file, without `#`. The script makes the same.
fn anchor(prefix: &str, index: usize, entry: &Entry) -> String {
    match entry.number {
        Some(number) => format!("{prefix}e-{}-{number}", entry.who.replacen('/', "-", 1)),
        None => format!("{prefix}l-{}", index + 1),
    }
}

/// `1 task`, `2 tasks`, with thousands apart.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { more })
}

/// `1,440`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
