//! What a report of a replay is drawn from: who takes part, every line with its lane and its links, windows with their ends,
//! and what differs from the approved trace.
//!
//! A model without any drawing in it: plain, serializable, and complete, so that whoever draws needs no trace. Invariant:
//! entries stand in the order of the trace, and a link leads both ways.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::compare::Difference;
use super::grounds::WindowKind;
use super::line::{Line, Piece, Place, effect};
use super::outcome::{Counts, Outcome};
use super::told::{Named, Told};
use crate::play::recording::{Provenance, Recorded};

/// Version of the model.
pub const FORMAT: u32 = 1;

/// A replay, as a report tells it. Times are milliseconds since its beginning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Version of this model.
    pub format: u32,
    /// What happens in the recording, in a few words.
    pub title: String,
    /// `synthetic`, `recorded`, `imported` or `mixed`; `None` where a trace is all there is.
    pub provenance: Option<&'static str>,
    /// The recording's first instant, milliseconds since 1970.
    pub begins_at: i64,
    /// The last line's time.
    pub ends_at: i64,
    /// The Pages, in the order of their letters.
    pub pages: Vec<Named>,
    /// The customers, Page by Page.
    pub customers: Vec<Named>,
    /// What was counted.
    pub counts: Counts,
    /// What was not expected; sentences.
    pub findings: Vec<String>,
    /// Every line of the trace.
    pub entries: Vec<Entry>,
    /// When customers could be answered.
    pub windows: Vec<Window>,
    /// What differs from the approved trace; empty where there is none.
    pub differences: Vec<Difference>,
    /// For each difference the entries that are in it: what came now. What was approved stands in the difference alone.
    pub differing_entries: Vec<Vec<usize>>,
}

/// One line of the trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entry {
    /// When.
    pub at: i64,
    /// The same as the trace writes it.
    pub moment: String,
    /// Whose it is, by the short name; `-`: nobody's in particular.
    pub who: String,
    /// Where it is drawn.
    pub lane: Lane,
    /// `event`, `leaves` or `comes`.
    pub direction: &'static str,
    /// Of an event: its number in its machine.
    pub number: Option<u64>,
    /// `send-started`, `send`, `d7`.
    pub kind: String,
    /// What it names.
    pub fields: BTreeMap<String, String>,
    /// What people wrote, where it may be told.
    pub texts: Vec<String>,
    /// The whole line.
    pub text: String,
    /// What is wrong with it, where something is.
    pub mark: Option<Mark>,
    /// Entries that belong to it: a decision, its work outside and the answer; a comment and what was made of it.
    pub links: Vec<usize>,
}

/// Where an entry is drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Deliveries of Meta.
    Webhook,
    /// Events of the machines.
    Conversation,
    /// The tracker, and what agents write in it.
    Tracker,
    /// Calls to Meta and their answers.
    SendApi,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The rules forbid it, or Meta did.
    Refusal,
    /// It waits for somebody.
    Held,
    /// Nobody knows whether it was done.
    Doubt,
    /// Something failed, or was set aside.
    Fault,
}

/// A time in which a customer may be answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Window {
    /// The conversation, by its short name.
    pub who: String,
    /// `standard`, `ad`: anybody may answer; `human_agent`: a person may.
    pub window: WindowKind,
    /// Its first instant.
    pub opens_at: i64,
    /// The first instant outside it, without any guard.
    pub ends_at: i64,
    /// What opened it and prolonged it.
    pub openers: Vec<i64>,
}

impl Report {
    /// Draws up the model.
    pub fn of(recording: &dyn Recorded, outcome: &Outcome, told: &Told, differences: &[Difference]) -> Self {
        let begins_at = recording.begins_at().0;
        let entries = entries(&told.lines);
        let windows = outcome.opened.iter().map(|opened| Window {
            who: outcome.names.get(&opened.machine).cloned().unwrap_or_default(),
            window: opened.window,
            opens_at: opened.openers.first().map_or(0, |at| at.0 - begins_at),
            ends_at: opened.ends_at.0 - begins_at,
            openers: opened.openers.iter().map(|at| at.0 - begins_at).collect(),
        });
        let (customers, pages) = told.people().into_iter().partition(|named: &Named| named.who.contains('/'));
        Self {
            format: FORMAT,
            title: outcome.title.clone(),
            provenance: Some(match recording.manifest().provenance {
                Provenance::Synthetic => "synthetic",
                Provenance::Recorded => "recorded",
                Provenance::Imported => "imported",
                Provenance::Mixed => "mixed",
            }),
            begins_at,
            ends_at: entries.last().map_or(0, |entry| entry.at),
            pages,
            customers,
            counts: outcome.counts.clone(),
            findings: outcome.findings.clone(),
            windows: windows.collect(),
            differing_entries: differing(&entries, differences),
            entries,
            differences: differences.to_vec(),
        }
    }

    /// Draws up the model from a trace alone. A trace names no windows, so there are none.
    pub fn of_trace(told: &Told, differences: &[Difference]) -> Self {
        let entries = entries(&told.lines);
        let (customers, pages) = told.people().into_iter().partition(|named: &Named| named.who.contains('/'));
        Self {
            format: FORMAT,
            title: told.title().to_owned(),
            provenance: None,
            begins_at: told.begins().parse().map_or(0, jiff::Timestamp::as_millisecond),
            ends_at: entries.last().map_or(0, |entry| entry.at),
            pages,
            customers,
            counts: counts(&told.summary),
            findings: Vec::new(),
            windows: Vec::new(),
            differing_entries: differing(&entries, differences),
            entries,
            differences: differences.to_vec(),
        }
    }
}

/// The counts as the rows of a summary say them; a row that this build does not know is left out.
pub fn counts(summary: &[String]) -> Counts {
    let mut counts = Counts::default();
    let mut above = "";
    for (name, count) in summary.iter().filter_map(|row| row.rsplit_once(' ')) {
        let Ok(count) = count.parse() else { continue };
        let known = match name {
            "deliveries" => &mut counts.deliveries,
            "inbounds" => &mut counts.inbounds,
            "anomalies" => &mut counts.anomalies,
            "duplicates" => &mut counts.duplicates,
            "quarantined" => &mut counts.quarantined,
            "conversations" => &mut counts.conversations,
            "tasks" => &mut counts.tasks,
            "comments" => &mut counts.comments,
            "facts" => &mut counts.facts,
            "facts unsettled" => &mut counts.facts_unsettled,
            "sends" => &mut counts.sends,
            "refusals" => &mut counts.refusals,
            "refused by Meta" => &mut counts.refused_by_meta,
            "doubled sends" => &mut counts.doubled_sends,
            "failed" => &mut counts.failed,
            "in doubt" => &mut counts.in_doubt,
            "open at the end" => &mut counts.open,
            "events" => &mut counts.events,
            // Rows that are set in belong to the row above them.
            _ if above == "sends" => counts.sends_by_type.entry(name.to_owned()).or_default(),
            _ if above == "refusals" => counts.refusals_by_reason.entry(name.to_owned()).or_default(),
            _ => continue,
        };
        *known = count;
        if matches!(name, "sends" | "refusals" | "refused by Meta") {
            above = name;
        }
    }
    counts
}

fn differing(entries: &[Entry], differences: &[Difference]) -> Vec<Vec<usize>> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        places.entry(&entry.text).or_default().push(index);
    }
    let of = |difference: &Difference| {
        let lines = difference.now_lines.iter().filter_map(|line| places.get(line.as_str()));
        let found: BTreeSet<usize> = lines.flatten().copied().collect();
        found.into_iter().collect()
    };
    differences.iter().map(of).collect()
}

fn entries(lines: &[Line]) -> Vec<Entry> {
    let mut ties: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    let mut works: BTreeMap<(&str, u64), Lane> = BTreeMap::new();
    let mut delivered: BTreeMap<&str, usize> = BTreeMap::new();
    let mut entries = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        for tie in ties_of(line) {
            ties.entry((&line.who, tie)).or_default().push(index);
        }
        let work = work_of(line);
        let lane = lane(line, work.and_then(|seq| works.get(&(line.who.as_str(), seq)).copied()));
        if let Place::Event(seq) = line.place {
            works.insert((&line.who, seq), lane_of_work(line.kind()));
        }
        entries.push(entry(line, lane));
        if lane == Lane::Webhook {
            delivered.insert(&line.who, index);
        } else if let Some(delivery) = delivery_of(line, lines, &delivered) {
            entries[delivery].links.push(index);
            entries[index].links.push(delivery);
        }
    }
    for tied in ties.into_values().filter(|tied| tied.len() > 1) {
        for index in &tied {
            entries[*index].links.extend(tied.iter().filter(|other| *other != index));
        }
    }
    for entry in &mut entries {
        entry.links.sort_unstable();
        entry.links.dedup();
    }
    entries
}

/// The delivery that an event came with: nothing else is taken in before all of a delivery is, and the clock stands still
/// meanwhile.
fn delivery_of(line: &Line, lines: &[Line], delivered: &BTreeMap<&str, usize>) -> Option<usize> {
    let receives = matches!(line.place, Place::Event(_)) && line.kind().starts_with("received");
    let candidates = ["-", line.who.as_str()].into_iter().filter_map(|who| delivered.get(who).copied());
    candidates.filter(|delivery| receives && lines[*delivery].at == line.at).max()
}

fn entry(line: &Line, lane: Lane) -> Entry {
    let fields = line.pieces.iter().filter_map(|piece| match piece {
        Piece::Field(name, _) => Some((name.clone(), line.field(name)?.trim_end_matches(':').to_owned())),
        Piece::Word(_) | Piece::Text(_) => None,
    });
    let (direction, number) = match line.place {
        Place::Event(seq) => ("event", Some(seq)),
        Place::Leaves => ("leaves", None),
        Place::Comes => ("comes", None),
    };
    Entry {
        at: line.at,
        moment: line.moment().to_owned(),
        who: line.who.clone(),
        lane,
        direction,
        number,
        kind: line.kind().to_owned(),
        fields: fields.collect(),
        texts: line.texts().map(ToOwned::to_owned).collect(),
        text: line.text.clone(),
        mark: mark(line),
        links: Vec::new(),
    }
}

/// The event that a line outside is about.
fn work_of(line: &Line) -> Option<u64> {
    line.pieces.iter().find_map(|piece| match piece {
        Piece::Word(word) => {
            let word = word.trim_end_matches(':');
            effect(word).or_else(|| word.split_once("-of-").and_then(|(_, named)| effect(named)))
        }
        Piece::Field(name, value) if matches!(name.as_str(), "effect" | "metadata") => effect(value),
        Piece::Field(..) | Piece::Text(_) => None,
    })
}

/// What a line hangs together with: lines of one machine that share one of these belong together.
fn ties_of(line: &Line) -> Vec<String> {
    let mut ties = Vec::new();
    ties.extend(work_of(line).map(|seq| format!("e{seq}")));
    if let (Place::Event(seq), true) = (line.place, line.text.contains(" -> ")) {
        ties.push(format!("e{seq}"));
    }
    ties.extend(line.field("part").map(|part| format!("part {part}")));
    let speaks = line.is_event("reply-asked") || line.is_event("script-asked") || line.place == Place::Comes;
    ties.extend(line.field("comment").filter(|_| speaks).map(|comment| format!("comment {comment}")));
    ties
}

fn lane_of_work(kind: &str) -> Lane {
    match kind {
        "task-opening" | "comments-adding" | "contact-naming" => Lane::Tracker,
        _ => Lane::SendApi,
    }
}

fn lane(line: &Line, of_work: Option<Lane>) -> Lane {
    let kind = line.kind();
    let numbered = |letter: char| {
        let digits = kind.strip_prefix(letter);
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match line.place {
        Place::Event(_) => Lane::Conversation,
        Place::Leaves | Place::Comes if kind == "profile" => Lane::SendApi,
        Place::Comes if numbered('d') || kind.contains("-of-") => Lane::Webhook,
        Place::Comes if numbered('f') => Lane::Tracker,
        Place::Leaves | Place::Comes => of_work.unwrap_or(Lane::Webhook),
    }
}

fn mark(line: &Line) -> Option<Mark> {
    let says = |words: &str| !matches!(line.place, Place::Event(_)) && line.what().contains(words);
    match line.kind() {
        "part-refused" | "ad-window-refused" | "REFUSED" => Some(Mark::Refusal),
        "part-held" => Some(Mark::Held),
        "part-in-doubt" | "doubt-remained" => Some(Mark::Doubt),
        "part-failed" | "item-quarantined" | "anomaly-kept" | "token-refused" | "restricted" | "sends-paused" => {
            Some(Mark::Fault)
        }
        _ if says(" IN DOUBT ") => Some(Mark::Doubt),
        _ if says(" FAULT ") || says(" NOT TAKEN") || says(" NOT WRITTEN") => Some(Mark::Fault),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries_of(lines: &[&str]) -> Vec<Entry> {
        entries(&lines.iter().map(|line| Line::read(line).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn every_line_has_its_lane_its_mark_and_links_that_lead_both_ways() {
        let entries = entries_of(&[
            "000:00:00.000 -         <-  d1: items=1",
            "000:00:00.000 A/c1       1  received-message mid=m_1 \"Hello\"",
            "000:00:00.000 A/c1       2  task-opening lines=1 name=\"Mara\" -> open-task",
            "000:00:00.000 A/c1      ->  e2 open-task \"Mara\": \"Hello\"",
            "000:00:00.000 A/c1      <-  e2 FAULT down",
            "000:00:01.000 A/c1      <-  f1: comment=14 task=1 by \"Ada\", for the customer: \"Yes.\"",
            "000:00:01.000 A/c1       3  reply-asked author=agent comment=14 task=1 by=\"Ada\" \"Yes.\"",
            "000:00:01.000 A/c1       4  send-started part=1 \"Yes.\" -> send",
            "000:00:01.000 A/c1      ->  e4 send RESPONSE \"Yes.\"",
            "000:00:01.000 A/c1      <-  e4 REFUSED 10/2018278 window-closed",
            "000:00:01.000 A/c1       5  part-refused part=1 reason=window-closed",
            "000:00:02.000 A/c1      <-  echo-of-e4: mid=m_2",
        ]);
        let lanes: Vec<Lane> = entries.iter().map(|entry| entry.lane).collect();
        let (hook, talk, tracker, send) = (Lane::Webhook, Lane::Conversation, Lane::Tracker, Lane::SendApi);
        assert_eq!(lanes, [hook, talk, talk, tracker, tracker, tracker, talk, talk, send, send, talk, hook]);
        let links: Vec<&[usize]> = entries.iter().map(|entry| entry.links.as_slice()).collect();
        let expected: [&[usize]; 12] = [
            &[1],
            &[0],
            &[3, 4],
            &[2, 4],
            &[2, 3],
            &[6],
            &[5],
            &[8, 9, 10, 11],
            &[7, 9, 11],
            &[7, 8, 11],
            &[7],
            &[7, 8, 9],
        ];
        assert_eq!(links, expected);
        let marks: Vec<(usize, Mark)> =
            entries.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.mark?))).collect();
        assert_eq!(marks, [(4, Mark::Fault), (9, Mark::Refusal), (10, Mark::Refusal)]);
        assert_eq!(entries[4].kind, "FAULT");
    }

    #[test]
    fn an_event_belongs_to_the_delivery_of_its_own_moment_and_to_no_other() {
        let entries = entries_of(&[
            "000:00:00.000 -         <-  d1: items=2",
            "000:00:00.000 A/c1       1  received-message mid=m_1",
            "000:00:00.000 A/c2       1  received-message mid=m_2",
            "000:00:00.000 A/c2       2  profile-asked",
            "000:00:00.500 A/c2       3  received-message mid=m_3",
            "000:00:01.000 -         <-  d2: items=1",
            "000:00:01.000 A/c1      <-  echo-of-e9: mid=m_4",
            "000:00:01.000 A/c1       2  received-echo mid=m_4",
            "000:00:01.000 A/c2       4  received-read",
        ]);
        let links: Vec<&[usize]> = entries.iter().map(|entry| entry.links.as_slice()).collect();
        let expected: [&[usize]; 9] = [&[1, 2], &[0], &[0], &[], &[], &[8], &[7], &[6], &[5]];
        assert_eq!(links, expected);
    }

    #[test]
    fn a_trace_alone_gives_the_counts_of_its_summary() {
        let rows = [
            "deliveries 285",
            "comments 259",
            "facts 71",
            "facts unsettled 2",
            "sends 57",
            "MESSAGE_TAG/HUMAN_AGENT 5",
            "RESPONSE 52",
            "refusals 9",
            "standby 3",
            "refused by Meta 1",
            "of another build 4",
            "NOT AT REST an hour after the last step",
        ];
        let counts = counts(&rows.map(str::to_owned));
        let of = |name: &str, count| (name.to_owned(), count);
        let expected = Counts {
            deliveries: 285,
            comments: 259,
            facts: 71,
            facts_unsettled: 2,
            sends: 57,
            sends_by_type: [of("MESSAGE_TAG/HUMAN_AGENT", 5), of("RESPONSE", 52)].into(),
            refusals: 9,
            refusals_by_reason: [of("standby", 3)].into(),
            refused_by_meta: 1,
            ..Counts::default()
        };
        assert_eq!(counts, expected);
    }
}
