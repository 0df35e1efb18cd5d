//! The judge itself: it sees what is lost, doubled, out of order, or sent without a record. A judge that finds nothing
//! proves nothing before this.

use it::facts::{Facts, Talk};
use it::promise::{Acknowledged, Answered, Lane, bubble, judge, unsettled};
use machine::Machine as _;
use machine::conversation::{Conversation, Event, Reply};
use machine::outbound::{Content, PartId};
use model::{CommentId, MachineId, Mid, PageId, Psid, Redacted, TaskId, Timestamp};
use policy::{Author, Verdict};
use simulator::fake::facebook::Bubble;
use tracker::desk::{CommentView, Writer};

fn id() -> MachineId {
    "c/1001/5".parse().expect("a machine")
}

fn received(number: u32) -> Event {
    let body = it::wire::text("1001", "5", &format!("m{number}"), &format!("text {number}"), 1_000);
    Event::Received { inbound: webhook::parse(&body, Timestamp(1)).inbounds.remove(0) }
}

fn text() -> Content {
    Content::Text { text: "an answer".into() }
}

/// Two messages, one answer that was started as event 4 and sent.
fn events() -> Vec<Event> {
    let reply = Reply {
        source: CommentId::new("9").into(),
        task: Some(TaskId::new("1")),
        author: Author::Agent,
        by: "Ada".to_owned(),
        contents: vec![text()],
        tag: None,
        at: Timestamp(5),
    };
    let (part, at) = (PartId(1), Timestamp(6));
    let verdict = Verdict::Forbid { reason: policy::ForbidReason::NeverWrote };
    vec![
        received(1),
        received(2),
        Event::ReplyAsked { reply },
        Event::SendStarted { part, attempt: 1, verdict, content: text(), at },
        Event::PartSent { part, mid: Some(Mid::new("m_out")), at },
    ]
}

fn facts(events: Vec<Event>) -> Facts {
    let mut state = Conversation::fresh(&id());
    events.iter().for_each(|event| Conversation::evolve(&mut state, event));
    let mut facts = Facts::default();
    facts.talks.insert(id(), Talk { state, events });
    facts
}

fn acknowledged() -> Acknowledged {
    let message = |n: u32| (format!("m{n}"), format!("text {n}"));
    let lane = Lane { page: "1001".to_owned(), psid: "5".to_owned(), messages: vec![message(1), message(2)] };
    let (page, psid) = ("1001".to_owned(), "5".to_owned());
    let answer = Answered { page, psid, comment: "9".to_owned(), text: "an answer".to_owned() };
    Acknowledged { lanes: vec![lane], answers: vec![answer] }
}

fn desk(texts: &[&str]) -> Vec<CommentView> {
    let comment = |(number, text): (usize, &&str)| CommentView {
        id: CommentId::new(format!("{number}")),
        task: TaskId::new("1"),
        writer: Writer::Customer,
        description: false,
        text: Redacted::new((*text).to_owned()),
        attachments: Vec::new(),
        at: Timestamp(1),
    };
    texts.iter().enumerate().map(comment).collect()
}

fn sent(mid: &str, mark: &str) -> Bubble {
    bubble(&PageId::new("1001"), &Psid::new("5"), &Mid::new(mid), &"an answer".into(), mark)
}

const MARK: &str = "pd.1.4.c/1001/5";
const LINES: [&str; 2] = ["text 1", "text 2"];

fn findings(facts: &Facts, lines: &[&str], bubbles: &[Bubble]) -> Vec<String> {
    judge(&acknowledged(), facts, &desk(lines), bubbles).1
}

#[test]
fn a_promise_that_was_kept_has_no_findings() {
    let facts = facts(events());
    assert_eq!(findings(&facts, &LINES, &[sent("m_out", MARK)]), Vec::<String>::new());
    assert_eq!(unsettled(&acknowledged(), &facts).len(), 1, "the tracker's work alone is open");
}

#[test]
fn what_is_lost_doubled_or_out_of_order_is_found() {
    let bubbles = [sent("m_out", MARK)];
    let without = |index: usize| {
        let mut events = events();
        events[index] = received(7);
        facts(events)
    };
    let swapped = {
        let mut events = events();
        events.swap(0, 1);
        facts(events)
    };
    let doubled = {
        let mut events = events();
        events.push(received(1));
        facts(events)
    };
    assert_eq!(findings(&without(1), &LINES, &bubbles), ["m2 is lost: it is not in the journal"]);
    assert_eq!(findings(&swapped, &LINES, &bubbles), ["m2 is out of order in the journal"]);
    assert_eq!(findings(&doubled, &LINES, &bubbles).len(), 2);
    let kept = facts(events());
    assert_eq!(findings(&kept, &["text 1"], &bubbles), ["m2 is lost: it is not in the desk"]);
    assert_eq!(findings(&kept, &["text 2", "text 1"], &bubbles), ["m2 is out of order in the desk"]);
    assert_eq!(findings(&kept, &["text 1", "text 2", "text 1"], &bubbles), ["m1 stands 2 times in the desk"]);
}

#[test]
fn what_is_sent_twice_never_or_without_a_record_is_found() {
    let kept = facts(events());
    assert_eq!(findings(&kept, &LINES, &[]).len(), 1, "confirmed, and the customer has nothing");
    assert_eq!(findings(&kept, &LINES, &[sent("m_out", MARK), sent("m_again", MARK)]).len(), 3, "sent twice");
    let unknown = sent("m_other", "pd.1.99.c/1001/5");
    assert_eq!(
        findings(&kept, &LINES, &[sent("m_out", MARK), unknown]),
        ["bubble m_other (pd.1.99.c/1001/5): it left before it was journaled"]
    );
    let mut open = events();
    open.pop();
    let open = facts(open);
    assert_eq!(findings(&open, &LINES, &[]).len(), 1, "a comment that did not end");
    assert_eq!(findings(&open, &LINES, &[sent("m_out", MARK)]).len(), 2, "a bubble of a part that is not sent");
    let mut unasked = events();
    unasked.truncate(2);
    assert_eq!(findings(&facts(unasked), &LINES, &[]).len(), 2, "a comment that never arrived");
}
