//! Counting what a collection of payloads holds: how many could be read, and how often each kind comes.
//!
//! Reads bytes that are handed in, never a file. Invariant: whatever the bytes are, the count goes on.

use std::collections::BTreeMap;

use model::{Delivery, Timestamp, in_plain_words};
use serde::Serialize;

use crate::{kinds, parse_foreign, shape};

/// What a collection holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Payloads looked at.
    pub files: u64,
    /// Payloads that are a delivery, an entry, an item or a change.
    pub parsed: u64,
    /// Items understood, of conversations and of Pages.
    pub inbounds: u64,
    /// Items kept raw; a payload that is nothing Meta delivers counts as one, of the kind `anomaly.no-shape`.
    pub anomalies: u64,
    /// Payloads that are no JSON, or could not be fetched, by name.
    pub unreadable: Vec<String>,
    /// Why each of them could not be read, with line and column where there are some.
    pub unreadable_because: BTreeMap<String, String>,
    /// How often each kind comes; items kept raw count as `anomaly.REASON` with their kind.
    pub kinds: BTreeMap<String, u64>,
    /// For each kind that was kept raw the payloads that hold it, each once; the first [`NAMED_MAX`] of them.
    pub anomalies_in: BTreeMap<String, Vec<String>>,
}

/// Payloads that are named for one kind that was kept raw.
pub const NAMED_MAX: usize = 20;

impl Tally {
    /// Counts one payload. `received_at` stands in for times that Meta does not tell.
    pub fn add(&mut self, name: &str, body: &[u8], received_at: Timestamp) {
        if let Some(why) = fault_of_json(body) {
            self.add_unreadable(name, why);
            return;
        }
        self.files += 1;
        if shape(body).is_none() {
            self.anomalies += 1;
            self.odd(name, "anomaly.no-shape".to_owned());
            return;
        }
        self.parsed += 1;
        let Delivery { inbounds, page_inbounds, anomalies } = parse_foreign(body, received_at);
        self.inbounds += count(inbounds.len()) + count(page_inbounds.len());
        self.anomalies += count(anomalies.len());
        inbounds.iter().flat_map(kinds::words).for_each(|word| self.one(word));
        page_inbounds.iter().map(kinds::page_word).for_each(|word| self.one(word));
        anomalies.iter().map(kinds::anomaly_word).for_each(|word| self.odd(name, word));
    }

    /// A payload that could not even be fetched.
    pub fn add_unreadable(&mut self, name: &str, why: impl Into<String>) {
        self.files += 1;
        self.unreadable.push(name.to_owned());
        self.unreadable_because.insert(name.to_owned(), why.into());
    }

    fn odd(&mut self, name: &str, word: String) {
        let named = self.anomalies_in.entry(word.clone()).or_default();
        if named.len() < NAMED_MAX && named.last().is_none_or(|last| last != name) {
            named.push(name.to_owned());
        }
        self.one(word);
    }

    fn one(&mut self, word: String) {
        *self.kinds.entry(word).or_default() += 1;
    }
}

fn fault_of_json(body: &[u8]) -> Option<String> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let fault = serde_json::from_slice::<serde::de::IgnoredAny>(body).err()?;
    let (line, column) = (fault.line(), fault.column());
    Some(format!("line {line}, column {column}: {}", in_plain_words(&fault.to_string())))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_payload_counts_whatever_it_is() {
        let mut tally = Tally::default();
        let item =
            r#"{"sender":{"id":"5001"},"recipient":{"id":"1029"},"timestamp":1,"message":{"mid":"m","text":"hi"}}"#;
        tally.add("a.json", item.as_bytes(), Timestamp(1));
        let like = r#"{"entry":[{"id":"1","changes":[{"field":"feed","value":{"item":"like"}}]}]}"#;
        tally.add("b.json", like.as_bytes(), Timestamp(1));
        tally.add("c.json", b"\xff", Timestamp(1));
        tally.add("d.json", br#"{"object":"page","entry":[{"id":"1","messaging":[{"hologram":{}}]}]}"#, Timestamp(1));
        tally.add_unreadable("e.json", "it is gone");
        tally.add("f.json", br#"{"recipient_id":"5001","message_id":"m_1"}"#, Timestamp(1));
        assert_eq!((tally.files, tally.parsed, tally.inbounds, tally.anomalies), (6, 3, 2, 2));
        assert_eq!(tally.unreadable, ["c.json", "e.json"]);
        let unread: Vec<String> = tally.unreadable_because.iter().map(|(file, why)| format!("{file}: {why}")).collect();
        let belongs = "a value belongs here: text in quotes, a number, true, false, null, [ or {";
        assert_eq!(unread, [format!("c.json: line 1, column 1: {belongs}"), "e.json: it is gone".to_owned()]);
        let named: Vec<(&str, String)> =
            tally.anomalies_in.iter().map(|(kind, files)| (kind.as_str(), files.join(" "))).collect();
        let (odd, shapeless) = ("d.json".to_owned(), "f.json".to_owned());
        assert_eq!(named, [("anomaly.no-shape", shapeless), ("anomaly.unknown-kind:hologram", odd)]);
        let kinds: Vec<_> = tally.kinds.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["anomaly.no-shape", "anomaly.unknown-kind:hologram", "feed.like.add", "text"]);
    }
}
