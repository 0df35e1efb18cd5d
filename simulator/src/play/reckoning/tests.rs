//! Each counter of the reckoning sees the fault that it names, and nothing where there is none.

use model::{Delivery, Mid, PageId, Psid, Timestamp};

use super::*;
use crate::fake::facebook::{Bubble, Faults, Webhooks};

/// 2026-06-01T08:00:00Z
const WROTE: i64 = 1_780_300_800_000;
const DAY: i64 = 86_400_000;

fn played(text: &str) -> Played {
    let body = format!(
        r#"{{"object":"page","entry":[{{"id":"17","time":{WROTE},"messaging":[{{"sender":{{"id":"5"}},"recipient":{{"id":"17"}},"timestamp":{WROTE},"message":{{"mid":"m_1","text":"{text}"}}}},{{"odd":1}}]}}]}}"#
    );
    Played { acknowledged: vec![webhook::parse(body.as_bytes(), Timestamp(WROTE))], ..Played::default() }
}

fn only(played: &Played) -> &Delivery {
    &played.acknowledged[0]
}

fn conversation() -> MachineId {
    MachineId::Conversation(PageId::new("17"), Psid::new("5"))
}

fn kept(played: &Played) -> Journaled {
    let mut journaled = Journaled::default();
    journaled.received.insert(only(played).inbounds[0].key, 1);
    journaled.anomalies.insert(anomaly_key(&only(played).anomalies[0]), 1);
    journaled
}

fn desk(lines: &[&str]) -> Shown {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Shown { tasks: 1, texts: BTreeMap::from([(conversation().to_string(), lines)]) }
}

fn sent(at: i64, tag: Option<&str>) -> Sent {
    Sent {
        page: PageId::new("17"),
        psid: Psid::new("5"),
        at: Timestamp(at),
        messaging_type: if tag.is_some() { "MESSAGE_TAG" } else { "RESPONSE" }.to_owned(),
        tag: tag.map(str::to_owned),
        author_is_person: true,
    }
}

fn bubble(at: i64, metadata: &str) -> Bubble {
    Bubble {
        page: PageId::new("17"),
        psid: Psid::new("5"),
        mid: Mid::new(format!("m_{metadata}_{at}")),
        text: None,
        attachment: None,
        metadata: Some(metadata.to_owned()),
        at: Timestamp(at),
        messaging_type: "RESPONSE".to_owned(),
        tag: None,
    }
}

fn meta(bubbles: Vec<Bubble>) -> State {
    State {
        now: Timestamp(0),
        pages: Vec::new(),
        customers: Vec::new(),
        bubbles,
        violations: Vec::new(),
        webhooks: Webhooks::default(),
        sends_asked: 0,
        echoes_held: 0,
        faults: Faults::default(),
        posts: Vec::new(),
        leads: Vec::new(),
        forgotten: 0,
    }
}

fn reckoned(journaled: &Journaled, shown: &Shown, meta: &State) -> Report {
    let played = played("hello");
    let mut report = Report::default();
    items(&played, journaled, &mut report);
    anomalies(&played, journaled, &mut report);
    texts(&played, journaled, shown, &mut report);
    sends(&played, journaled, meta, &mut report);
    report
}

#[test]
fn what_is_kept_once_and_shown_once_is_not_lost() {
    let journaled = kept(&played("hello"));
    for line in ["hello", "hello\n[image]"] {
        let report = reckoned(&journaled, &desk(&[line]), &meta(vec![bubble(WROTE + 1, "e1")]));
        assert!(report.is_clean(), "{report:?}");
        assert_eq!((report.inbounds, report.anomalies, report.sends), (1, 1, 1));
    }
}

#[test]
fn an_item_an_anomaly_and_a_text_that_are_missing_are_lost() {
    let report = reckoned(&Journaled::default(), &Shown::default(), &meta(Vec::new()));
    assert_eq!((report.lost, report.findings.len()), (3, 3), "{report:?}");
}

#[test]
fn what_is_there_twice_is_not_there_exactly_once() {
    let mut journaled = kept(&played("hello"));
    journaled.received.values_mut().for_each(|count| *count += 1);
    let report = reckoned(&journaled, &desk(&["hello", "hello"]), &meta(Vec::new()));
    assert_eq!(report.lost, 2, "{report:?}");
}

#[test]
fn an_item_set_aside_has_no_text_in_the_desk_and_is_not_lost() {
    let mut journaled = kept(&played("hello"));
    journaled.quarantined = core::mem::take(&mut journaled.received);
    let report = reckoned(&journaled, &Shown::default(), &meta(Vec::new()));
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn a_message_that_comes_after_its_unsend_or_its_edit_is_shown_as_it_stands() {
    let item =
        |what: &str| format!(r#"{{"sender":{{"id":"5"}},"recipient":{{"id":"17"}},"timestamp":{WROTE},{what}}}"#);
    let delivered = |items: &[&str]| {
        let items: Vec<String> = items.iter().map(|what| item(what)).collect();
        let body = format!(r#"{{"object":"page","entry":[{{"id":"17","messaging":[{}]}}]}}"#, items.join(","));
        webhook::parse(body.as_bytes(), Timestamp(WROTE))
    };
    let (message, unsend) =
        (r#""message":{"mid":"m_1","text":"five"}"#, r#""message":{"mid":"m_1","is_deleted":true}"#);
    let edit = |text: &str, nth: u8| format!(r#""message_edit":{{"mid":"m_1","text":"{text}","num_edit":{nth}}}"#);
    let (first, second) = (edit("six", 1), edit("seven", 2));
    // What came, and what stands in the desk: once as it should, once as it must not.
    let cases: [(&[&str], &[&str], &[&str]); 4] = [
        (&[unsend, message, message], &["[message taken back]"], &[]),
        (&[&second, &first, message], &["seven"], &["five"]),
        (&[message, &first, unsend, message], &["five"], &["six"]),
        (&[&first, message, &second, message], &["six"], &["six", "seven", "six"]),
    ];
    for (items, right, wrong) in cases {
        let played = Played { acknowledged: vec![delivered(items)], ..Played::default() };
        let lost = |lines: &[&str]| {
            let mut report = Report::default();
            texts(&played, &Journaled::default(), &desk(lines), &mut report);
            report.lost
        };
        assert_eq!(lost(right), 0, "{items:?}");
        assert_eq!(lost(wrong) == 0, wrong.is_empty(), "{items:?}");
    }
}

#[test]
fn a_late_send_is_one_violation_whoever_saw_it() {
    let mut journaled = kept(&played("hello"));
    journaled.sends.insert("e1".to_owned(), sent(WROTE + DAY, None));
    for bubbles in [Vec::new(), vec![bubble(WROTE + DAY + 5, "e1")]] {
        let report = reckoned(&journaled, &desk(&["hello"]), &meta(bubbles));
        assert_eq!(report.policy_violations, 1, "{report:?}");
    }
    journaled.sends.insert("e1".to_owned(), sent(WROTE + DAY, Some("HUMAN_AGENT")));
    let report = reckoned(&journaled, &desk(&["hello"]), &meta(Vec::new()));
    assert_eq!(report.policy_violations, 0, "{report:?}");
}

#[test]
fn one_send_that_is_two_bubbles_is_doubled() {
    let meta = meta(vec![bubble(WROTE + 1, "e1"), bubble(WROTE + 2, "e1"), bubble(WROTE + 3, "e2")]);
    let report = reckoned(&kept(&played("hello")), &desk(&["hello"]), &meta);
    assert_eq!((report.doubled_sends, report.sends), (1, 3), "{report:?}");
    assert!(!report.is_clean());
}
