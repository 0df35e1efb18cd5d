//! A small world of one conversation: the machine decides, the chronicle writes down, the oracle judges.

use journal::{Position, Record as StoredRecord, Stored};
use machine::conversation::{Command, Effect, Event, Outcome, Reply, SendOutcome};
use machine::outbound::Content;
use machine::{Context, PageFacts};
use model::{AppId, ContactId, Mid, Psid, Span};
use oracle::{judge_all, unsettled};

use super::*;

const BEGIN: Timestamp = Timestamp(1_780_272_000_000);

struct World {
    chronicle: Chronicle,
    state: conversation::State,
    context: Context,
    now: Timestamp,
}

fn machine_id() -> MachineId {
    MachineId::Conversation(PageId::new("1029"), Psid::new("5001"))
}

fn body(mid: &str, at: Timestamp) -> String {
    let text = r#""text":"Are you open on Sunday?\n[really]""#;
    format!(
        r#"{{"object":"page","entry":[{{"id":"1029","time":{0},"messaging":[{{"sender":{{"id":"5001"}},"recipient":{{"id":"1029"}},"timestamp":{0},"message":{{"mid":"{mid}",{text}}}}}]}}]}}"#,
        at.0
    )
}

impl World {
    fn new() -> Self {
        let account = AccountFacts { profiles: false, app: Some(AppId::new("990")), ..AccountFacts::default() };
        let page = PageFacts { known: true, token: true, ..PageFacts::default() };
        let setup = setup(BEGIN, &account, [(PageId::new("1029"), true)]);
        Self {
            chronicle: Chronicle::new(setup, Incarnation(1)),
            state: Conversation::fresh(&machine_id()),
            context: Context { account, page, ..Context::default() },
            now: BEGIN,
        }
    }

    /// Decides, commits, and gives back the events with their numbers.
    fn decide(&mut self, command: Command) -> Vec<(u64, Event)> {
        let events = Conversation::decide(&self.state, command, &self.context, self.now);
        self.commit(events)
    }

    fn commit(&mut self, events: Vec<Event>) -> Vec<(u64, Event)> {
        let numbered: Vec<(u64, Event)> = (Conversation::seq(&self.state) + 1..).zip(events).collect();
        let stored = (0..).zip(&numbered).map(|(index, (seq, event))| {
            let machine::Encoded { kind, version, sealed, body } = Conversation::encode(event);
            Stored { seq: *seq, index, record: StoredRecord { kind, version, sealed, opens: false, body } }
        });
        let batch = StoredBatch {
            position: Position(0),
            key: machine_id().to_string().into_bytes().into(),
            at: self.now.0,
            armed: None,
            baseline: false,
            records: stored.collect(),
        };
        self.chronicle.batch(self.now, &machine_id(), &batch).unwrap();
        numbered.iter().for_each(|(_, event)| Conversation::evolve(&mut self.state, event));
        numbered
    }

    fn effect(&self, seq: u64) -> EffectId {
        EffectId { incarnation: Incarnation(1), machine: machine_id(), seq }
    }

    /// The customer writes, and a task is opened for it.
    fn customer_writes(&mut self, mid: &str) {
        let body = body(mid, self.now);
        let number = self.chronicle.offered(self.now, body.as_bytes(), true);
        self.chronicle.answered(self.now, number, 200);
        let inbound = webhook::parse(body.as_bytes(), self.now).inbounds.remove(0);
        for (seq, event) in self.decide(Command::Receive(inbound)) {
            let Some(Effect::OpenTask { lines, .. }) = Conversation::effect(&event) else { continue };
            let lines: Vec<Comment> = lines
                .iter()
                .map(|line| Comment {
                    origin: tracker::CommentOrigin::Customer,
                    text: line.text.clone(),
                    attachments: Vec::new(),
                    at: line.at,
                })
                .collect();
            let (task, contact) = (TaskId::new("1"), ContactId::new("1"));
            let done = Ok(Opened { task: task.clone(), contact: contact.clone() });
            self.chronicle.open_task(self.now, &self.effect(seq), &lines, &done);
            self.decide(Command::Settle { effect: seq, outcome: Outcome::TaskOpened { task, contact } });
        }
    }

    /// An agent answers; `taken` is what Meta says to it.
    fn agent_answers(&mut self, taken: &Taken) {
        let (comment, task) = (CommentId::new("c1"), TaskId::new("1"));
        self.chronicle.commented(self.now, &comment, &task, Audience::Customer);
        let contents = vec![Content::Text { text: "From eight to noon.".into() }];
        let (author, by, at) = (policy::Author::Agent, "Ada".to_owned(), self.now);
        self.decide(Command::Reply(Reply {
            source: comment.into(),
            task: Some(task),
            author,
            by,
            contents,
            tag: None,
            at,
        }));
        for (seq, event) in self.decide(Command::Dispatch) {
            let Some(Effect::Send { content: Content::Text { text }, .. }) = Conversation::effect(&event) else {
                continue;
            };
            let (page, psid, metadata) = (PageId::new("1029"), Psid::new("5001"), self.effect(seq).to_string());
            let send = Send { page, psid, body: Body::Text(text), metadata };
            self.chronicle.send_came(self.now, ("RESPONSE", None), &send, taken.clone());
            self.chronicle.send_answered(self.now, &send.metadata, false);
            let outcome = Outcome::Send { send: SendOutcome::Sent { mid: Mid::new("x1") } };
            self.decide(Command::Settle { effect: seq, outcome });
        }
    }

    /// The window closes, everything is shown, and the world rests.
    fn rests(mut self) -> History {
        self.now = self.now + Span::hours(24);
        self.decide(Command::Wake);
        self.chronicle.show(self.now);
        self.chronicle.life(self.now, Life::AtRest);
        self.chronicle.finish(Some("hash".to_owned()))
    }
}

fn taken() -> Taken {
    Taken::Yes { mid: model::Mid::new("x1") }
}

#[test]
fn a_question_and_its_answer_break_no_promise_and_leave_nothing_undone() {
    let mut world = World::new();
    world.customer_writes("m1");
    world.agent_answers(&taken());
    let history = world.rests();
    assert_eq!(judge_all(&history), []);
    assert_eq!(unsettled(&history), []);
    let coverage = oracle::Coverage::of(&history);
    let words = ["received", "task-asked", "task-bound", "answer-asked", "part-started", "part-sent", "window-closed"];
    assert_eq!(coverage.missing("records", &words), [""; 0]);
    assert_eq!(coverage.missing("commands", &["receive", "reply", "dispatch", "settle", "wake"]), [""; 0]);
}

#[test]
fn what_the_machine_believes_is_held_against_what_meta_saw() {
    let mut world = World::new();
    world.customer_writes("m1");
    world.agent_answers(&Taken::Broken);
    let promises: Vec<u8> = judge_all(&world.rests()).iter().map(|violation| violation.promise).collect();
    assert_eq!(promises, [16]);
}

#[test]
fn a_record_that_nobody_offered_an_item_for_is_found() {
    let mut world = World::new();
    world.customer_writes("m1");
    let inbound = webhook::parse(body("m2", BEGIN).as_bytes(), BEGIN).inbounds.remove(0);
    world.commit(vec![Event::Received { inbound }]);
    let promises: Vec<u8> = judge_all(&world.rests()).iter().map(|violation| violation.promise).collect();
    assert!(promises.contains(&2), "{promises:?}");
}

#[test]
fn nothing_that_anybody_wrote_or_is_called_is_in_what_is_said_of_a_run() {
    let mut world = World::new();
    world.customer_writes("m1");
    world.agent_answers(&Taken::Broken);
    let history = world.rests();
    let said = format!("{:?} {:?} {:?}", history, judge_all(&history), unsettled(&history));
    assert!(!said.contains("Sunday") && !said.contains("noon"));
}
