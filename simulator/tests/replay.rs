//! A replay of the recordings that come with the repository, and of changed copies of them.
//!
//! Shows that one recording is one trace, that the approved traces hold, and that repeated deliveries decide nothing.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::path::{Path, PathBuf};

use simulator::play::recording::{Recording, Step};
use simulator::replay::{Outcome, replay};

/// The recording that holds every kind.
const WHOLE: &str = "first-day";

/// Runs of that one that must give the same bytes; of each other one two must.
const RUNS: usize = 20;

fn recordings() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn recording(name: &str) -> Recording {
    Recording::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings").join(name)).unwrap()
}

fn first_steps() -> Recording {
    recording("first-steps")
}

/// Its first 31 hours: all but the long waits, in a tenth of the time.
fn first_hours() -> Recording {
    let mut recording = first_steps();
    let ends_at = recording.begins_at() + model::Span::hours(31);
    recording.steps.retain(|step| step.at() < ends_at);
    recording.manifest.expected = simulator::play::recording::Expected::default();
    recording
}

fn played(recording: &Recording) -> Outcome {
    replay(recording, &mut |_, _| {}).unwrap()
}

#[test]
fn every_recording_comes_to_its_approved_trace_and_to_what_it_expects() {
    for folder in recordings() {
        let approved = std::fs::read_to_string(folder.join("approved.trace")).unwrap_or_else(|fault| {
            panic!("{fault}: approve it with `pagedesk replay {} --approve`", folder.display())
        });
        let outcome = played(&Recording::read(&folder).unwrap());
        assert_eq!(outcome.findings, [""; 0], "{}", folder.display());
        let different = outcome.trace.lines().zip(approved.lines()).find(|(found, wanted)| found != wanted);
        assert_eq!(different, None, "{}", folder.display());
        assert_eq!(outcome.trace.len(), approved.len(), "{}", folder.display());
    }
}

#[test]
fn one_recording_is_one_trace_however_often_it_is_played() {
    // Two at a time, so that what belongs to the process as a whole cannot hide.
    let recording = recording(WHOLE);
    let runs: Vec<Outcome> = std::thread::scope(|scope| {
        let lanes = [0; 2].map(|_| scope.spawn(|| (0..RUNS / 2).map(|_| played(&recording)).collect::<Vec<_>>()));
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    assert_eq!(runs.len(), RUNS);
    for run in &runs {
        assert_eq!(run.trace, runs[0].trace);
        assert_eq!(run, &runs[0]);
    }
}

#[test]
fn every_other_recording_is_one_trace_when_it_is_played_twice() {
    let others: Vec<PathBuf> = recordings().into_iter().filter(|folder| !folder.ends_with(WHOLE)).collect();
    assert!(others.len() >= 4, "{others:?}");
    for folder in others {
        let recording = Recording::read(&folder).unwrap();
        let [one, other] = std::thread::scope(|scope| {
            [0; 2].map(|_| scope.spawn(|| played(&recording))).map(|lane| lane.join().unwrap())
        });
        assert_eq!(one.trace, other.trace, "{}", folder.display());
        assert_eq!(one, other, "{}", folder.display());
    }
}

/// What a trace says of conversations: lines of their journals, and what they sent and were answered.
fn of_conversations(outcome: &Outcome) -> Vec<&str> {
    let is_of_one = |line: &&str| line.split_whitespace().nth(1).is_some_and(|who| who.contains("/c"));
    outcome.trace.lines().filter(|line| line.starts_with(char::is_numeric)).filter(is_of_one).collect()
}

fn decides_the_same(once: &Outcome, repeated: &Outcome) {
    let (lines, expected) = (of_conversations(repeated), of_conversations(once));
    let different = lines.iter().zip(&expected).find(|(found, wanted)| found != wanted);
    assert_eq!(different, None);
    assert_eq!(lines.len(), expected.len());
    assert_eq!(repeated.conversations_sha256, once.conversations_sha256);
    let (once, repeated) = (&once.counts, &repeated.counts);
    assert_eq!((repeated.tasks, repeated.comments, repeated.sends), (once.tasks, once.comments, once.sends));
    assert_eq!((&repeated.refusals_by_reason, repeated.conversations), (&once.refusals_by_reason, once.conversations));
    let more = repeated.inbounds - once.inbounds;
    assert_eq!(repeated.duplicates, once.duplicates + more);
}

#[test]
fn a_recording_with_every_delivery_doubled_decides_the_same() {
    let recording = first_steps();
    let doubled = |step: &Step| match step {
        Step::Delivery(_) => vec![step.clone(), step.clone()],
        Step::Fact(_) => vec![step.clone()],
    };
    let steps = recording.steps.iter().flat_map(doubled).collect();
    let repeated = played(&Recording { steps, manifest: recording.manifest.clone() });
    assert_eq!(repeated.counts.deliveries, 2 * 28);
    let once = played(&recording);
    assert_eq!(repeated.counts.inbounds, 2 * once.counts.inbounds);
    decides_the_same(&once, &repeated);
}

#[test]
fn deliveries_that_come_again_later_decide_the_same() {
    let recording = first_hours();
    let once = played(&recording);
    for seed in 1_u64..=3 {
        let (mut steps, ends_at) = (recording.steps.clone(), recording.steps.last().unwrap().at().0);
        for (number, step) in recording.steps.iter().enumerate() {
            let choice = (seed * 1_000 + number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            if let Step::Delivery(line) = step
                && choice.is_multiple_of(2)
            {
                // Meta repeats for hours; at most until the recording's last step.
                let mut again = line.clone();
                again.at.0 = (line.at.0 + i64::try_from(choice % 100_000_000).unwrap()).min(ends_at);
                steps.push(Step::Delivery(again));
            }
        }
        steps.sort_by_key(Step::at);
        let repeated = played(&Recording { steps, manifest: recording.manifest.clone() });
        assert!(repeated.counts.duplicates > once.counts.duplicates + 5, "seed {seed}");
        decides_the_same(&once, &repeated);
    }
}

#[test]
fn a_send_whose_echo_is_in_the_recording_gets_that_echo_and_no_other() {
    let mut recording = first_hours();
    let answered = |trace: &str| {
        let (before, _) = trace.split_once(" send RESPONSE \"Yes, from eight to noon.\"").unwrap();
        before.rsplit_once(" e").unwrap().1.to_owned()
    };
    let effect = answered(&played(&recording).trace);
    let (page, psid, mid) = ("104000000000017", "7100000000000001", "m_of-the-day-itself");
    let at = recording.begins_at().0 + 600_300;
    let item = format!(
        "{{\"sender\":{{\"id\":\"{page}\"}},\"recipient\":{{\"id\":\"{psid}\"}},\"timestamp\":{at},\"message\":{{\"mid\":\"{mid}\",\
         \"is_echo\":true,\"app_id\":990017,\"metadata\":\"pd.1.{effect}.c/{page}/{psid}\",\"text\":\"Yes, from eight to noon.\"}}}}"
    );
    let body =
        format!("{{\"object\":\"page\",\"entry\":[{{\"id\":\"{page}\",\"time\":{at},\"messaging\":[{item}]}}]}}");
    let echo = simulator::play::recording::DeliveryLine { at: model::Timestamp(at), body };
    recording.steps.push(Step::Delivery(echo));
    recording.steps.sort_by_key(Step::at);
    let outcome = played(&recording);
    assert!(outcome.trace.contains(&format!("e{effect} sent mid={mid}\n")), "{}", outcome.trace);
    assert!(!outcome.trace.contains(&format!("A/c1      <-  echo-of-e{effect}:")), "{}", outcome.trace);
    assert!(
        outcome.trace.contains(&format!("received-echo app=990017 metadata=e{effect} mid={mid}")),
        "{}",
        outcome.trace
    );
    assert_eq!((outcome.counts.sends, outcome.counts.doubled_sends), (5, 0));
    assert!(!outcome.trace.contains(&format!("sent-outside mid={mid}")));
}

#[test]
fn what_real_people_wrote_and_are_called_is_in_no_trace() {
    let mut recording = first_hours();
    recording.manifest.provenance = simulator::play::recording::Provenance::Recorded;
    let outcome = played(&recording);
    for secret in ["Sunday", "Lindqvist", "cdn.example", "squeaks", "recipe", "Ada", "Get started"] {
        assert!(!outcome.trace.contains(secret), "{secret}: {}", outcome.trace);
    }
    assert!(outcome.trace.contains("mid=m_first-steps-001 (30 characters)\n"), "{}", outcome.trace);
}

#[test]
fn another_right_to_answer_shows_in_the_trace_and_against_what_is_expected() {
    let mut recording = first_steps();
    recording.manifest.human_agent = false;
    let reasons = [("window-closed".to_owned(), 1)];
    recording.manifest.expected.refusals_by_reason = Some(reasons.into_iter().collect());
    let outcome = played(&recording);
    assert!(outcome.trace.contains("part-refused part=1 reason=human-agent-not-granted\n"), "{}", outcome.trace);
    let expected = [
        "the recording expects 8 sends, there are 7",
        "the recording expects 1 refusal, there are 2",
        "the recording expects 0 refusals for human-agent-not-granted, there is 1",
    ];
    assert_eq!(outcome.findings, expected);
}

#[test]
fn a_comment_on_a_conversation_without_a_task_is_a_finding() {
    let mut recording = first_hours();
    let Some(Step::Fact(mut fact)) = recording.steps.iter().rev().find(|step| matches!(step, Step::Fact(_))).cloned()
    else {
        panic!("the recording has comments")
    };
    fact.psid = model::Psid::new("7100000000000999");
    let page = fact.page.clone();
    recording.steps.push(Step::Fact(fact));
    let outcome = played(&recording);
    let said = "1 comment found no task: comment 6 of facts.jsonl, to 7100000000000999 of the Page PAGE";
    let said = said.replace("PAGE", page.as_str());
    assert_eq!(outcome.findings, [said]);
    assert!(outcome.trace.contains("f6: NOT WRITTEN, there is no task\n"), "{}", outcome.trace);
}
