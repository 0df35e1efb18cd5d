//! What `journal stats` says, and the shape of a line that says a number: part, name, number, meaning.
//!
//! Invariant: numbers stand under each other, also those of `journal verify`.

use ::journal::{InboxStats, JournalStats};
use serde_json::{Map, Value, json};

/// One number: where it is from, its name, the number, what it means.
pub(crate) type Count = (&'static str, &'static str, u64, &'static str);

/// The numbers of `part` by name, for programs.
pub(crate) fn object(counts: &[Count], part: &str) -> Map<String, Value> {
    counts.iter().filter(|(of, ..)| *of == part).map(|(_, name, n, _)| ((*name).to_owned(), (*n).into())).collect()
}

/// The numbers for people.
pub(crate) fn table(counts: &[Count]) -> String {
    let line =
        |(part, name, n, meaning): &Count| format!("{part:<8} {:<18} {n:>14}  {meaning}\n", name.replace('_', " "));
    counts.iter().map(line).collect()
}

/// For people.
pub(crate) fn text(journal: &JournalStats, inbox: &InboxStats) -> String {
    table(&counts(journal, inbox))
}

/// For programs.
pub(crate) fn json(journal: &JournalStats, inbox: &InboxStats) -> String {
    let counts = counts(journal, inbox);
    format!("{}\n", json!({ "journal": object(&counts, "journal"), "inbox": object(&counts, "inbox") }))
}

fn counts(journal: &JournalStats, inbox: &InboxStats) -> [Count; 14] {
    [
        ("journal", "last", journal.last.0, "position of the newest batch"),
        ("journal", "batches", journal.batches, "decisions in the log"),
        ("journal", "machines", journal.machines, "accounts, Pages and conversations"),
        ("journal", "open_effects", journal.open_effects, "work outside that is not settled"),
        ("journal", "deadlines", journal.deadlines, "machines that wait for an instant"),
        ("journal", "snapshots", journal.snapshots, "cached states"),
        ("journal", "prunes", journal.prunes, "baselines whose older batches are still being dropped"),
        ("journal", "heads_unstored", journal.heads_unstored, "machines found by reading the end of the log"),
        ("journal", "incarnation", journal.incarnation, "1, and one more with each restore"),
        ("journal", "keys_given", journal.keys_given, "sealing keys given to machines"),
        ("inbox", "last_seq", inbox.last_seq, "number of the newest delivery"),
        ("inbox", "watermark", inbox.watermark, "up to here all are marked done"),
        ("inbox", "unforgotten", inbox.unforgotten, "not yet marked done; marks are stored lazily"),
        ("inbox", "unforgotten_bytes", inbox.unforgotten_bytes, "their size"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_under_each_other() {
        let text = text(&JournalStats { batches: 12_345_678_901, ..JournalStats::default() }, &InboxStats::default());
        assert!(text.contains("journal  batches               12345678901  decisions in the log\n"), "{text}");
        assert_eq!(text.lines().count(), 14);
        assert!(text.lines().all(|line| line.as_bytes()[41].is_ascii_digit() && &line[42..44] == "  "), "{text}");
    }
}
