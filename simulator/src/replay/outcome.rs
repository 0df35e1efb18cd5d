//! What came of a replay: the trace as text, the counts under it, and what of them the recording did not expect.
//!
//! Invariant: nothing in it comes from the wall, so two outcomes of one recording are equal.

use core::mem::take;
use std::collections::{BTreeMap, BTreeSet};

use model::MachineId;
use serde::Serialize;

use super::agents::NOT_WRITTEN;
use super::grounds::{Judged, Opened};
use super::names::one_line;
use super::survey::Survey;
use super::tally::Tally;
use crate::counted::{counted, many, verb};
use crate::outside::facebook::Counts as MetaCounts;
use crate::play::recording::{Expected, Recorded, Recording, Step};

/// Comments without a task that are named one by one.
const NAMED_MAX: usize = 10;

/// What a recording came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The recording's title.
    pub title: String,
    /// The trace, as it is approved. Format: `docs/format/trace.md`.
    pub trace: String,
    /// The counts.
    pub counts: Counts,
    /// What differs from the manifest's `[expected]`, or is never right; one sentence each, free of what anybody wrote.
    pub findings: Vec<String>,
    /// Digest of every record of every conversation, in order: 64 hex digits. Repeated deliveries do not change it.
    pub conversations_sha256: String,
    /// Hash over every byte of the journal, every request to Meta and every call of the tracker: 64 hex digits.
    pub trace_hash: String,
    /// Every decision about a part of an answer, with what it rested on.
    pub judged: Vec<Judged>,
    /// The windows of the conversations, as they opened.
    pub opened: Vec<Opened>,
    /// The short name of every conversation in the two.
    pub names: BTreeMap<MachineId, String>,
}

/// What was counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Deliveries of the recording that were taken.
    pub deliveries: u64,
    /// Items in them that were understood, repetitions counted.
    pub inbounds: u64,
    /// Items in them that were not.
    pub anomalies: u64,
    /// Items among the inbounds that repeat an earlier one.
    pub duplicates: u64,
    /// Items set aside with a reason.
    pub quarantined: u64,
    /// Conversations in the journal.
    pub conversations: u64,
    /// Tasks in the desk.
    pub tasks: u64,
    /// Comments in the desk, descriptions included, of whomever.
    pub comments: u64,
    /// Comments that agents wrote.
    pub facts: u64,
    /// Comments that could not be written, because there was no task.
    pub facts_unsettled: u64,
    /// Messages that reached the customers.
    pub sends: u64,
    /// The same by messaging type and tag.
    pub sends_by_type: BTreeMap<String, u64>,
    /// Parts of answers that the rules forbade.
    pub refusals: u64,
    /// The same by reason.
    pub refusals_by_reason: BTreeMap<String, u64>,
    /// Sends that Meta refused: they were against its rules.
    pub refused_by_meta: u64,
    /// Messages that a customer got more than once.
    pub doubled_sends: u64,
    /// Parts of answers that failed.
    pub failed: u64,
    /// Parts of which nobody knows whether they arrived.
    pub in_doubt: u64,
    /// Parts that wait or are under way at the end.
    pub open: u64,
    /// Records in the journal.
    pub events: u64,
}

/// What was seen while a recording was played, at either depth.
pub(crate) struct Played {
    /// The trace without head and summary.
    pub(crate) lines: Vec<String>,
    /// What was counted in it.
    pub(crate) tally: Tally,
    /// The hash over everything.
    pub(crate) trace_hash: String,
    /// What Meta saw.
    pub(crate) meta: MetaCounts,
    /// Tasks in the desk.
    pub(crate) tasks: u64,
    /// Comments in the desk.
    pub(crate) comments: u64,
    /// Deliveries that the node did not take.
    pub(crate) refused: u64,
    /// Comments that agents wrote.
    pub(crate) written: u64,
    /// Comments that could not be written.
    pub(crate) unsettled: u64,
    /// Nothing was under way any more at the end.
    pub(crate) at_rest: bool,
}

impl Outcome {
    /// Counts, once everything is at rest.
    pub(crate) fn of(recording: &dyn Recorded, survey: &Survey, played: Played) -> Self {
        let Played { lines, mut tally, trace_hash, meta, refused, at_rest, .. } = played;
        let parts = tally.parts();
        let counts = Counts {
            deliveries: (survey.loads.len() as u64).saturating_sub(refused),
            inbounds: survey.inbounds,
            anomalies: survey.anomalies,
            duplicates: survey.duplicates,
            quarantined: tally.quarantined,
            conversations: tally.conversations(),
            tasks: played.tasks,
            comments: played.comments,
            facts: played.written,
            facts_unsettled: played.unsettled,
            sends: meta.sends.values().sum(),
            doubled_sends: meta.doubled(),
            sends_by_type: meta.sends,
            refusals: tally.refusals.values().sum(),
            refusals_by_reason: tally.refusals.clone(),
            refused_by_meta: meta.refused,
            failed: parts.failed,
            in_doubt: parts.in_doubt,
            open: parts.open,
            events: tally.events,
        };
        let mut findings = never_right(&counts, at_rest, refused);
        findings.extend(without_task(recording, &lines));
        findings.extend(unexpected(&recording.manifest().expected, &counts));
        let mut trace = head(recording, survey);
        for line in lines.into_iter().chain(summary(&counts, at_rest)) {
            trace.push_str(&line);
            trace.push('\n');
        }
        let title = one_line(&recording.manifest().title);
        let (judged, opened) = (take(&mut tally.grounds.judged), take(&mut tally.grounds.opened));
        let machines = judged.iter().map(|judged| &judged.machine).chain(opened.iter().map(|opened| &opened.machine));
        let names = machines.map(|machine| (machine.clone(), survey.names.machine(machine))).collect();
        let conversations_sha256 = tally.digest();
        Self { title, trace, counts, findings, conversations_sha256, trace_hash, judged, opened, names }
    }
}

/// What is wrong in every recording.
fn never_right(counts: &Counts, at_rest: bool, refused: u64) -> Vec<String> {
    let mut findings = Vec::new();
    if !at_rest {
        findings.push("an hour after the last step something is still under way".to_owned());
    }
    for (count, what) in [
        (refused, "deliveries were not taken"),
        (counts.refused_by_meta, "sends were against Meta's rules"),
        (counts.doubled_sends, "messages reached a customer twice"),
    ] {
        if count > 0 {
            findings.push(format!("{count} {what}"));
        }
    }
    findings
}

/// Comments that found no task, the first of them by name: those of a recording are numbered as its facts are.
fn without_task(recording: &dyn Recorded, lines: &[String]) -> Option<String> {
    let number = |line: &String| line.strip_suffix(NOT_WRITTEN)?.rsplit_once(" f")?.1.parse::<usize>().ok();
    let numbers: Vec<usize> = lines.iter().filter_map(number).collect();
    let named: BTreeSet<usize> = numbers.iter().copied().take(NAMED_MAX).collect();
    let mut told: Vec<String> = Vec::new();
    let mut count = 0;
    // Whoever asks for a name has played all steps: none is unreadable any more.
    for step in recording.steps().flatten() {
        let Step::Fact(fact) = &*step else { continue };
        count += 1;
        if named.contains(&count) {
            told.push(format!("comment {count} of {}, to {} of the Page {}", Recording::FACTS, fact.psid, fact.page));
        }
    }
    let more = numbers.len() - told.len();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    (!numbers.is_empty()).then(|| format!("{} found no task: {}", many(numbers.len(), "comment"), told.join("; ")))
}

/// What the recording says of itself, against what came of it.
fn unexpected(expected: &Expected, counts: &Counts) -> Vec<String> {
    let pairs = [
        ("delivery", expected.deliveries, counts.deliveries),
        ("inbound", expected.inbounds, counts.inbounds),
        ("anomaly", expected.anomalies, counts.anomalies),
        ("duplicate", expected.duplicates, counts.duplicates),
        ("conversation", expected.conversations, counts.conversations),
        ("task", expected.tasks, counts.tasks),
        ("send", expected.sends, counts.sends),
        ("refusal", expected.refusals, counts.refusals),
    ];
    let mut findings: Vec<String> = pairs
        .into_iter()
        .filter_map(|(name, wanted, found)| Some((name, wanted.filter(|wanted| *wanted != found)?, found)))
        .map(|(name, wanted, found)| {
            let are = verb(found, "is", "are");
            format!("the recording expects {}, there {are} {found}", counted(wanted, name))
        })
        .collect();
    findings.extend(expected.unexpected_reasons(&counts.refusals_by_reason));
    findings
}

fn head(recording: &dyn Recorded, survey: &Survey) -> String {
    let began_at = recording.begins_at().0;
    let instant = jiff::Timestamp::from_millisecond(began_at)
        .map_or_else(|_| began_at.to_string(), |instant| format!("{instant:.3}"));
    let mut head = format!("# trace 1: {}\n# begins {instant}\n", one_line(&recording.manifest().title));
    for line in survey.names.legend(recording.manifest()) {
        head.push_str(&format!("# {line}\n"));
    }
    head.push('\n');
    head
}

fn summary(counts: &Counts, at_rest: bool) -> Vec<String> {
    let mut lines = vec![String::new(), "summary".to_owned()];
    let mut row = |name: &str, count: u64| lines.push(format!("  {name:<28} {count:>6}"));
    row("deliveries", counts.deliveries);
    row("inbounds", counts.inbounds);
    row("anomalies", counts.anomalies);
    row("duplicates", counts.duplicates);
    row("quarantined", counts.quarantined);
    row("conversations", counts.conversations);
    row("tasks", counts.tasks);
    row("comments", counts.comments);
    row("facts", counts.facts);
    row("facts unsettled", counts.facts_unsettled);
    row("sends", counts.sends);
    for (manner, count) in &counts.sends_by_type {
        row(&format!("  {manner}"), *count);
    }
    row("refusals", counts.refusals);
    for (reason, count) in &counts.refusals_by_reason {
        row(&format!("  {reason}"), *count);
    }
    row("refused by Meta", counts.refused_by_meta);
    row("doubled sends", counts.doubled_sends);
    row("failed", counts.failed);
    row("in doubt", counts.in_doubt);
    row("open at the end", counts.open);
    row("events", counts.events);
    if !at_rest {
        lines.push("  NOT AT REST an hour after the last step".to_owned());
    }
    lines
}
