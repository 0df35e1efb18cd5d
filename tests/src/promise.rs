//! The promise, judged from outside: what was acknowledged was applied exactly once, what was sent was sent once.
//!
//! Compares what the outside remembers (acknowledged deliveries and comments, the customers' bubbles) with journal and
//! desk. Shares no code with what it judges beyond the codecs. Keeps: every finding names its item.

use std::collections::BTreeMap;

use machine::conversation::Event;
use machine::outbound::{PartId, PartState};
use model::{EffectId, Kind, MachineId, Mid, PageId, Psid, Redacted};
use serde::{Deserialize, Serialize};
use simulator::fake::facebook::Bubble;
use tracker::desk::{CommentView, Writer};

use crate::facts::{Facts, Talk};

/// Messages of one conversation that one sender delivered one after the other, each acknowledged before the next.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Lane {
    /// The Page.
    pub page: String,
    /// The customer.
    pub psid: String,
    /// Meta's id and the text of each message, in the order of acknowledgement. Texts are unique.
    pub messages: Vec<(String, String)>,
}

/// A comment for a customer that the desk acknowledged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// The Page.
    pub page: String,
    /// The customer.
    pub psid: String,
    /// The desk's id of the comment.
    pub comment: String,
    /// Its text, unique.
    pub text: String,
}

/// Everything that was acknowledged to the outside.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Customers' messages.
    pub lanes: Vec<Lane>,
    /// Agents' comments.
    pub answers: Vec<Answered>,
}

impl Acknowledged {
    /// How many messages.
    pub fn messages(&self) -> usize {
        self.lanes.iter().map(|lane| lane.messages.len()).sum()
    }
}

/// What the judge counted on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Acknowledged messages.
    pub messages: usize,
    /// Acknowledged comments.
    pub answers: usize,
    /// Answers that reached the customer.
    pub sent: usize,
    /// Answers in doubt, a person told.
    pub doubtful: usize,
    /// Answers refused or failed, with a reason.
    pub refused: usize,
}

/// What is still under way; empty where everything came to its end.
pub fn unsettled(acknowledged: &Acknowledged, facts: &Facts) -> Vec<String> {
    let mut open = Vec::new();
    for lane in &acknowledged.lanes {
        let received = facts.talk(&lane.page, &lane.psid).map(received).unwrap_or_default();
        if let Some((mid, _)) = lane.messages.iter().find(|(mid, _)| !received.contains_key(mid.as_str())) {
            open.push(format!("message {mid} is not received"));
        }
    }
    for answer in &acknowledged.answers {
        let talk = facts.talk(&answer.page, &answer.psid);
        if talk.is_none_or(|talk| asked(talk, &answer.comment) == 0) {
            open.push(format!("comment {} is not asked", answer.comment));
        }
    }
    for (id, talk) in &facts.talks {
        let state = &talk.state;
        if state.tracker_work().is_some() || state.waiting().next().is_some() {
            open.push(format!("{id}: the tracker's work is not done"));
        }
        open.extend(
            state
                .queue()
                .parts()
                .filter(|(_, part)| !is_ended(&part.state))
                .map(|(part, found)| format!("{id}: part {part} is {:?}", found.state)),
        );
    }
    open
}

fn is_ended(state: &PartState) -> bool {
    match state {
        PartState::Sent { .. } | PartState::Refused { .. } | PartState::Failed { .. } => true,
        PartState::InDoubt { told, .. } => *told,
        PartState::Queued { .. } | PartState::Held { .. } | PartState::InFlight { .. } => false,
    }
}

/// Everything that breaks the promise; call it when nothing is [`unsettled`].
pub fn judge(
    acknowledged: &Acknowledged,
    facts: &Facts,
    desk: &[CommentView],
    bubbles: &[Bubble],
) -> (Counts, Vec<String>) {
    let mut findings = Vec::new();
    let desk = customers_lines(desk);
    for lane in &acknowledged.lanes {
        judge_lane(lane, facts, &desk, &mut findings);
    }
    doubled(facts, &mut findings);
    let mut counts =
        Counts { messages: acknowledged.messages(), answers: acknowledged.answers.len(), ..Counts::default() };
    for answer in &acknowledged.answers {
        judge_answer(answer, facts, &mut counts, &mut findings);
    }
    judge_sends(facts, bubbles, &mut findings);
    (counts, findings)
}

/// Where each customer's text stands in the desk, in the order of writing.
fn customers_lines(desk: &[CommentView]) -> BTreeMap<&str, Vec<usize>> {
    let mut lines: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, comment) in desk.iter().enumerate() {
        match comment.writer {
            Writer::Customer => lines.entry(comment.text.reveal()).or_default().push(index),
            Writer::Outside | Writer::Agent { .. } | Writer::System => {}
        }
    }
    lines
}

/// Where each message stands in a conversation's journal.
fn received(talk: &Talk) -> BTreeMap<&str, Vec<usize>> {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, event) in talk.events.iter().enumerate() {
        if let Event::Received { inbound } = event
            && let Kind::Message(message) = &inbound.kind
        {
            found.entry(message.mid.as_str()).or_default().push(index);
        }
    }
    found
}

fn asked(talk: &Talk, comment: &str) -> usize {
    let of = |event: &&Event| matches!(event, Event::ReplyAsked { reply } if reply.source.comment().is_some_and(|found| found.as_str() == comment));
    talk.events.iter().filter(of).count()
}

fn judge_lane(lane: &Lane, facts: &Facts, desk: &BTreeMap<&str, Vec<usize>>, findings: &mut Vec<String>) {
    let received = facts.talk(&lane.page, &lane.psid).map(received).unwrap_or_default();
    let (mut journaled_at, mut shown_at) = (None, None);
    for (mid, text) in &lane.messages {
        let mut once = |what: &str, found: Option<&Vec<usize>>, last: &mut Option<usize>| match found.map(Vec::as_slice)
        {
            Some([at]) => {
                if last.is_some_and(|last| last >= *at) {
                    findings.push(format!("{mid} is out of order in the {what}"));
                }
                *last = Some(*at);
            }
            Some(several) => findings.push(format!("{mid} stands {} times in the {what}", several.len())),
            None => findings.push(format!("{mid} is lost: it is not in the {what}")),
        };
        once("journal", received.get(mid.as_str()), &mut journaled_at);
        once("desk", desk.get(text.as_str()), &mut shown_at);
    }
}

/// Nothing is in the journal twice, acknowledged or not.
fn doubled(facts: &Facts, findings: &mut Vec<String>) {
    for (id, talk) in &facts.talks {
        let mut keys = BTreeMap::<_, u32>::new();
        for event in &talk.events {
            if let Event::Received { inbound } = event {
                *keys.entry(inbound.key).or_default() += 1;
            }
        }
        findings.extend(
            keys.iter()
                .filter(|(_, times)| **times > 1)
                .map(|(key, times)| format!("{id}: item {key:?} {times} times")),
        );
    }
}

fn judge_answer(answer: &Answered, facts: &Facts, counts: &mut Counts, findings: &mut Vec<String>) {
    let comment = &answer.comment;
    let Some(talk) = facts.talk(&answer.page, &answer.psid) else {
        findings.push(format!("comment {comment} is lost: its conversation is unknown"));
        return;
    };
    let times = asked(talk, comment);
    if times != 1 {
        findings.push(format!("comment {comment} was asked {times} times"));
    }
    let parts = talk
        .state
        .queue()
        .parts()
        .filter(|(_, part)| part.source.comment().is_some_and(|found| found.as_str() == *comment));
    let states: Vec<&PartState> = parts.map(|(_, part)| &part.state).collect();
    match states.as_slice() {
        [PartState::Sent { .. }] => counts.sent += 1,
        [PartState::InDoubt { told: true, .. }] => counts.doubtful += 1,
        [PartState::Refused { .. } | PartState::Failed { .. }] => counts.refused += 1,
        other => findings.push(format!("comment {comment} did not end: {other:?}")),
    }
}

/// The bubbles against the journal: each was named before it left, none twice, none of a sent part missing.
fn judge_sends(facts: &Facts, bubbles: &[Bubble], findings: &mut Vec<String>) {
    let mut of_part: BTreeMap<(MachineId, PartId), Vec<Mid>> = BTreeMap::new();
    let mut marks = BTreeMap::<&str, u32>::new();
    for bubble in bubbles {
        let Some(mark) = bubble.metadata.as_deref() else {
            findings.push(format!("bubble {} bears no mark", bubble.mid));
            continue;
        };
        *marks.entry(mark).or_default() += 1;
        match started(facts, mark, bubble) {
            Ok((id, part)) => {
                let last = of_part.range((id.clone(), part)..).next();
                if last.is_some_and(|((other, later), _)| *other == id && *later > part) {
                    findings.push(format!("{id}: part {part} came after a later one"));
                }
                of_part.entry((id, part)).or_default().push(bubble.mid.clone());
            }
            Err(why) => findings.push(format!("bubble {} ({mark}): {why}", bubble.mid)),
        }
    }
    findings
        .extend(marks.iter().filter(|(_, times)| **times > 1).map(|(mark, times)| format!("{mark}: {times} bubbles")));
    for ((id, part), mids) in &of_part {
        if mids.len() > 1 {
            findings.push(format!("{id}: part {part} became {} bubbles", mids.len()));
        }
    }
    for (id, talk) in &facts.talks {
        for (part, found) in talk.state.queue().parts() {
            let mids = of_part.get(&(id.clone(), part)).map_or(&[][..], Vec::as_slice);
            match (&found.state, mids) {
                (PartState::Sent { mid: Some(mid), .. }, [one]) if mid == one => {}
                (PartState::Sent { mid: None, .. }, _) => {}
                (PartState::Sent { mid: Some(mid), .. }, other) => {
                    findings.push(format!("{id}: part {part} is sent as {mid}, the customer has {other:?}"));
                }
                (
                    PartState::Queued { .. }
                    | PartState::Held { .. }
                    | PartState::InFlight { .. }
                    | PartState::InDoubt { .. }
                    | PartState::Refused { .. }
                    | PartState::Failed { .. },
                    [],
                ) => {}
                (state, other) => findings.push(format!("{id}: part {part} is {state:?}, the customer has {other:?}")),
            }
        }
    }
}

/// The part that a bubble's mark names, if a journaled event started it with this text.
fn started(facts: &Facts, mark: &str, bubble: &Bubble) -> Result<(MachineId, PartId), String> {
    let effect: EffectId = mark.parse().map_err(|_| "not a mark of ours".to_owned())?;
    if effect.machine != MachineId::Conversation(bubble.page.clone(), bubble.psid.clone()) {
        return Err("it went to another customer".to_owned());
    }
    let talk = facts.talks.get(&effect.machine).ok_or("its conversation is unknown")?;
    let index = usize::try_from(effect.seq).unwrap_or(usize::MAX).wrapping_sub(1);
    match talk.events.get(index) {
        Some(Event::SendStarted { part, content: machine::outbound::Content::Text { text }, .. }) => {
            if bubble.text.as_ref() == Some(text.reveal()) {
                Ok((effect.machine, *part))
            } else {
                Err("another text".to_owned())
            }
        }
        Some(other) => Err(format!("the journal has {} there", name(other))),
        None => Err("it left before it was journaled".to_owned()),
    }
}

fn name(event: &Event) -> String {
    let shown = format!("{event:?}");
    shown.split([' ', '{']).next().unwrap_or_default().to_owned()
}

/// A bubble for stand-ins of these tests that keep no world.
pub fn bubble(page: &PageId, psid: &Psid, mid: &Mid, text: &Redacted<String>, metadata: &str) -> Bubble {
    Bubble {
        page: page.clone(),
        psid: psid.clone(),
        mid: mid.clone(),
        text: Some(text.reveal().clone()),
        attachment: None,
        metadata: Some(metadata.to_owned()),
        at: model::Timestamp(0),
        messaging_type: "RESPONSE".to_owned(),
        tag: None,
    }
}
