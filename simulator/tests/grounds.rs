//! What is read out of replays of the recordings that come with the repository: every line, the grounds of every decision,
//! and the model of a report.
//!
//! Shows that a trace can be read back without a loss, that the facts taken down are those that were decided on, and that a
//! report holds all of it.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policy::{Verdict, decide, editions};
use simulator::core::{replay, replay_under};
use simulator::play::recording::Recording;
use simulator::replay::Outcome;
use simulator::replay::compare::compare;
use simulator::replay::filter::Filter;
use simulator::replay::grounds::WindowKind;
use simulator::replay::report::{Lane, Mark, Report};
use simulator::replay::told::Told;

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 5, "{folders:?}");
    folders
}

fn played(folder: &Path) -> (Recording, Outcome) {
    let recording = Recording::read(folder).unwrap();
    let outcome = replay(&recording, &mut |_, _| {}).unwrap();
    (recording, outcome)
}

#[test]
fn every_line_of_every_approved_trace_is_read_without_a_loss() {
    for folder in folders() {
        let text = std::fs::read_to_string(folder.join("approved.trace")).unwrap();
        let told = Told::read(&text).unwrap();
        for line in &told.lines {
            assert!(line.text.ends_with(&line.what()), "{}", line.text);
            let columns = line.text.len() - line.what().len();
            assert!((28..40).contains(&columns), "{columns} columns before what it tells: {}", line.text);
        }
        let rows = told.head.len() + told.lines.len() + told.summary.len();
        assert_eq!(rows, text.lines().filter(|line| !line.is_empty() && *line != "summary").count());
    }
}

#[test]
fn the_facts_of_every_decision_come_to_what_was_decided() {
    let mut seen = BTreeMap::new();
    for folder in folders() {
        let (recording, outcome) = played(&folder);
        for edition in editions() {
            let under = replay_under(&recording, Some(edition.id()), &mut |_, _| {}).unwrap();
            assert!(under.judged.iter().all(|judged| judged.edition == edition.id()), "{}", folder.display());
        }
        for judged in &outcome.judged {
            let edition = editions().iter().find(|edition| edition.id() == judged.edition).unwrap();
            let again = decide(&judged.facts, judged.at, edition);
            let word = match (judged.verdict, again) {
                (Verdict::Permit { .. }, again) if again == judged.verdict => "permit",
                (Verdict::Forbid { .. }, again) if again == judged.verdict => "forbid",
                (Verdict::Defer { reason, .. }, Verdict::Defer { reason: again, .. }) if reason == again => "defer",
                (said, again) => {
                    panic!("{}: {said:?} was decided, and {again:?} follows from {judged:?}", folder.display())
                }
            };
            *seen.entry(word).or_insert(0) += 1;
        }
        assert_eq!(outcome.counts.sends, outcome.counts.sends.min(outcome.judged.len() as u64));
    }
    assert!(seen["permit"] > 100 && seen["forbid"] > 20 && seen["defer"] >= 2, "{seen:?}");
}

#[test]
fn a_report_holds_every_line_with_its_lane_and_links_that_lead_both_ways() {
    for folder in folders() {
        let (recording, outcome) = played(&folder);
        let told = Told::read(&outcome.trace).unwrap();
        let report = Report::of(&recording, &outcome, &told, &[]);
        assert_eq!(report.entries.len(), told.lines.len());
        for (index, entry) in report.entries.iter().enumerate() {
            for link in &entry.links {
                assert!(
                    report.entries[*link].links.contains(&index),
                    "{} and {}",
                    entry.text,
                    report.entries[*link].text
                );
                // A delivery is nobody's in particular, and leads to what came with it.
                let both = [entry, &report.entries[*link]].map(|entry| entry.who.as_str());
                assert!(both[0] == both[1] || both.contains(&"-"), "{both:?}: {}", entry.text);
            }
            let calls = entry.direction == "leaves";
            assert!(!calls || matches!(entry.lane, Lane::Tracker | Lane::SendApi), "{}", entry.text);
            assert!(!calls || entry.kind == "profile" || entry.links.len() >= 2, "{}: {:?}", entry.text, entry.links);
        }
        let refused = report.entries.iter().filter(|entry| entry.mark == Some(Mark::Refusal)).count() as u64;
        assert_eq!(refused, outcome.counts.refusals, "{}", folder.display());
        assert_eq!(report.customers.len() + report.pages.len(), told.people().len());
    }
}

#[test]
fn the_windows_of_a_report_are_those_that_the_answers_rested_on() {
    let (recording, outcome) = played(&folders()[1]);
    let told = Told::read(&outcome.trace).unwrap();
    let report = Report::of(&recording, &outcome, &told, &[]);
    for window in &report.windows {
        let length = match window.window {
            WindowKind::Standard => 86_400_000,
            WindowKind::Ad | WindowKind::HumanAgent => 7 * 86_400_000,
        };
        assert_eq!(window.ends_at, window.openers.iter().max().unwrap() + length, "{window:?}");
        assert_eq!(window.opens_at, window.openers[0]);
    }
    let mut answered = 0;
    for send in report.entries.iter().filter(|entry| entry.kind == "send-started") {
        let inside = |kind| {
            let mut of = report.windows.iter().filter(|window| window.who == send.who && window.window == kind);
            of.any(|window| (window.opens_at..window.ends_at).contains(&send.at))
        };
        let kind = match send.fields["rule"].as_str() {
            "human_agent" => WindowKind::HumanAgent,
            "ad_window" => WindowKind::Ad,
            _ => WindowKind::Standard,
        };
        assert!(inside(kind), "{}", send.text);
        answered += 1;
    }
    assert_eq!(answered, outcome.counts.sends);
}

#[test]
fn the_entries_of_a_difference_are_the_lines_of_now() {
    let folder = &folders()[1];
    let mut recording = Recording::read(folder).unwrap();
    recording.manifest.human_agent = false;
    let outcome = replay(&recording, &mut |_, _| {}).unwrap();
    let told = Told::read(&outcome.trace).unwrap();
    let approved = Told::read(&std::fs::read_to_string(folder.join("approved.trace")).unwrap()).unwrap();
    let found = compare(&approved, &told, &Filter::default()).differences;
    let report = Report::of(&recording, &outcome, &told, &found);
    assert_eq!((report.differences.len(), report.differing_entries.len()), (5, 5));
    let [refused] = report.differing_entries[0][..] else { panic!("{:?}", report.differing_entries) };
    assert_eq!(report.entries[refused].fields["reason"], "human-agent-not-granted");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["format"], &json["entries"][refused]["mark"]), (&1.into(), &"refusal".into()));
}
