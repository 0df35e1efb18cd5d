//! Meta in this process: takes sends by its own rules (`oracle`), tells names, and delivers echo and receipts of what it
//! took. Delays and message ids are hashes of the send's mark.
//!
//! A recording may hold the echo of the very send that is made again here. Then the send gets that echo's message id,
//! and echo and receipts are left to the recording. Invariant: every accepted send is a bubble; equal ones are two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::Clock as _;
use messenger::error_table::{self, Retry};
use messenger::{Body, BoxFuture, Fault, Graph, Profile, Send, SendOutcome};
use model::{AppId, MachineId, Mid, PageId, Psid, Redacted, Span, Timestamp};
use oracle::{Attempt, Rejection, send_rules};
use policy::Permit;

use super::chance::{Stream, between, draw};
use super::clock::PausedClock;
use super::door::{Announced, Door};
use super::fields::id;
use super::survey::{MarkedEcho, Survey};
use super::trace::Recorder;
use super::wire::{self, Bubble};
use crate::play::recording::Manifest;

/// How long an answer takes.
const ANSWER: (Span, Span) = (Span(40), Span(160));
/// How long after the send its echo comes: sometimes before the answer.
const ECHO: (Span, Span) = (Span(20), Span(400));
/// How long after the send it has arrived.
const DELIVERED: (Span, Span) = (Span(500), Span::seconds(3));
/// How long after that it is read.
const READ: (Span, Span) = (Span::seconds(2), Span::seconds(60));
/// How long another app keeps a conversation in which nothing happens. Meta, *Conversation Routing*, read 2026-11-23.
const CONTROL: Span = Span::hours(24);
/// How far a recorded echo may lie from the send that it is taken for.
const ECHO_APART: Span = Span::minutes(10);

/// Meta. Clones are the same.
#[derive(Clone)]
pub(super) struct Meta(Arc<Inner>);

struct Inner {
    survey: Arc<Survey>,
    names: BTreeMap<(PageId, Psid), String>,
    app: AppId,
    human_agent: bool,
    clock: PausedClock,
    recorder: Recorder,
    door: Door,
    state: Mutex<Counts>,
}

/// What Meta saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Messages taken, by messaging type and tag.
    pub(super) sends: BTreeMap<String, u64>,
    /// Sends against a rule, which were not taken.
    pub(super) refused: u64,
    /// How often each mark was sent.
    marks: BTreeMap<String, u64>,
    /// Recorded echoes that were given to a send.
    given: BTreeSet<usize>,
    /// How often each customer's profile was asked for.
    asked: BTreeMap<MachineId, u64>,
}

impl Counts {
    /// Messages that a customer got more than once.
    pub(super) fn doubled(&self) -> u64 {
        self.marks.values().map(|count| count - 1).sum()
    }
}

impl Meta {
    /// Meta as a recording's manifest describes it.
    pub(super) fn new(
        manifest: &Manifest,
        survey: Arc<Survey>,
        door: Door,
        clock: PausedClock,
        recorder: Recorder,
    ) -> Self {
        let named = manifest.customers.iter().map(|of| ((of.page.clone(), of.psid.clone()), of.name.clone()));
        Self(Arc::new(Inner {
            survey,
            names: named.collect(),
            app: manifest.app_id.clone(),
            human_agent: manifest.human_agent,
            clock,
            recorder,
            door,
            state: Mutex::default(),
        }))
    }

    /// What it saw so far.
    pub(super) fn counts(&self) -> Counts {
        self.counting().clone()
    }

    fn counting(&self) -> MutexGuard<'_, Counts> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take(&self, permit: Permit, send: Send) -> SendOutcome {
        let (messaging_type, tag) = permit.messaging_type().wire();
        let who = MachineId::Conversation(send.page.clone(), send.psid.clone());
        let effect = short(&send.metadata);
        let (text, attachment) = match send.body {
            Body::Text(text) => (Some(text.into_inner()), None),
            Body::Attachment { kind, url } => (None, Some((kind, url.into_inner()))),
        };
        let manner = tag.map_or_else(|| messaging_type.to_owned(), |tag| format!("{messaging_type}/{tag}"));
        let said = text.as_deref().map_or_else(|| "[attachment]".to_owned(), |text| self.0.recorder.text(text));
        let now = self.0.clock.now();
        self.0.recorder.leaves(now, &who, &format!("{effect} send {manner} {said}"));
        let attempt = Attempt {
            messaging_type,
            tag,
            text: text.as_deref(),
            has_attachment: attachment.is_some(),
            now,
            human_agent_feature: self.0.human_agent,
            controlled_elsewhere: self.is_elsewhere(&send.page, &send.psid, now),
        };
        let rules = self.rules(&send.page, &send.psid, &attempt);
        let bubble = Bubble {
            page: send.page,
            psid: send.psid,
            mid: Mid::new(""),
            text,
            attachment,
            metadata: send.metadata,
            at: now,
        };
        let (wait, outcome) = match rules {
            Ok(()) => self.accept(bubble, &manner),
            Err(rejection) => (between(Stream::Answer, &bubble.metadata, ANSWER.0, ANSWER.1), self.refuse(rejection)),
        };
        self.0.clock.passes(wait).await;
        self.0.recorder.comes(self.0.clock.now(), Some(&who), &format!("{effect} {}", told(&outcome)));
        outcome
    }

    /// Meta's rules over what the customer has done by now.
    fn rules(&self, page: &PageId, psid: &Psid, attempt: &Attempt<'_>) -> Result<(), Rejection> {
        let deeds = self.0.survey.deeds.get(&(page.clone(), psid.clone()));
        let done: Vec<_> = deeds.into_iter().flatten().copied().filter(|deed| deed.at <= attempt.now).collect();
        send_rules(&done, attempt)
    }

    /// Whether another app was handed the conversation and has not let a day pass without anything happening in it.
    fn is_elsewhere(&self, page: &PageId, psid: &Psid, now: Timestamp) -> bool {
        let key = (page.clone(), psid.clone());
        let handed = self.0.survey.owners.get(&key).into_iter().flatten().filter(|owner| owner.since <= now);
        let Some(owner) = handed.max_by_key(|owner| owner.since) else { return false };
        let deeds = self.0.survey.deeds.get(&key).into_iter().flatten().map(|deed| deed.at).filter(|at| *at <= now);
        let active_at = deeds.fold(owner.since, Ord::max);
        owner.app.as_ref().is_some_and(|app| *app != self.0.app) && now - active_at < CONTROL
    }

    fn refuse(&self, rejection: Rejection) -> SendOutcome {
        self.counting().refused += 1;
        let code = (i64::from(rejection.code), rejection.subcode.map(i64::from));
        let row = error_table::lookup(code);
        match row.retry {
            Retry::After(after) => SendOutcome::Later { after, code: Some(code), why: row.name },
            Retry::Never => SendOutcome::Failed { code, row: row.name, trace: None, scope: row.scope },
            Retry::Doubt => SendOutcome::InDoubt { why: row.name },
        }
    }

    /// It is a bubble now: how long the answer takes, and what it says.
    fn accept(&self, mut bubble: Bubble, manner: &str) -> (Span, SendOutcome) {
        let recorded = self.recorded_echo(&bubble);
        let nth = {
            let mut counts = self.counting();
            *counts.sends.entry(manner.to_owned()).or_default() += 1;
            let nth = counts.marks.entry(bubble.metadata.clone()).or_default();
            *nth += 1;
            *nth
        };
        let about = format!("{}#{nth}", bubble.metadata);
        bubble.mid = recorded.clone().unwrap_or_else(|| Mid::new(format!("m_{:016x}", draw(Stream::Mid, &about))));
        let mid = bubble.mid.clone();
        if recorded.is_some() {
            // The echo stands in the recording close behind; the answer is not to come after it.
            return (Span(1), SendOutcome::Sent { mid });
        }
        self.tell(bubble, &about);
        (between(Stream::Answer, &about, ANSWER.0, ANSWER.1), SendOutcome::Sent { mid })
    }

    /// The recording's own echo of this send: by its mark, else the first with the same text that no other send has.
    fn recorded_echo(&self, bubble: &Bubble) -> Option<Mid> {
        let mut counts = self.counting();
        let free: Vec<(usize, &MarkedEcho)> = self
            .0
            .survey
            .echoes
            .iter()
            .enumerate()
            .filter(|(index, echo)| {
                let near = Span((echo.at - bubble.at).0.abs()) <= ECHO_APART;
                near && echo.page == bubble.page && echo.psid == bubble.psid && !counts.given.contains(index)
            })
            .collect();
        let marked = free.iter().find(|(_, echo)| echo.mark == bubble.metadata);
        let (index, echo) = marked.or_else(|| free.iter().find(|(_, echo)| echo.text == bubble.text))?;
        counts.given.insert(*index);
        Some(echo.mid.clone())
    }

    /// Echo and receipts come by themselves.
    fn tell(&self, bubble: Bubble, about: &str) {
        let (effect, app) = (short(&bubble.metadata), self.0.app.clone());
        let echo_at = bubble.at + between(Stream::Echo, about, ECHO.0, ECHO.1);
        let arrived_at = bubble.at + between(Stream::Delivered, about, DELIVERED.0, DELIVERED.1);
        let read_at = arrived_at + between(Stream::Read, about, READ.0, READ.1);
        let whose = MachineId::Conversation(bubble.page.clone(), bubble.psid.clone());
        let announced = |what: &str| Announced {
            name: format!("{what}-of-{effect}"),
            whose: Some(whose.clone()),
            what: format!("mid={}", id(bubble.mid.as_str())),
        };
        let (of_echo, of_arrival, of_reading) = (announced("echo"), announced("delivered"), announced("read"));
        let (arrived, read) = (bubble.clone(), bubble.clone());
        self.0.door.deliver_at(echo_at, of_echo, move |now| wire::echo(&bubble, &app, now));
        self.0.door.deliver_at(arrived_at, of_arrival, move |now| wire::delivered(&arrived, now));
        self.0.door.deliver_at(read_at, of_reading, move |now| wire::read(&read, now));
    }

    async fn name(&self, page: PageId, psid: Psid) -> Profile {
        let name = self.0.names.get(&(page.clone(), psid.clone()));
        let who = MachineId::Conversation(page, psid);
        let nth = {
            let mut counts = self.counting();
            let nth = counts.asked.entry(who.clone()).or_default();
            *nth += 1;
            *nth
        };
        self.0.recorder.leaves(self.0.clock.now(), &who, "profile?");
        let wait = between(Stream::Profile, &format!("{who}#{nth}"), ANSWER.0, ANSWER.1);
        self.0.clock.passes(wait).await;
        let told = name.map_or_else(|| "unknown".to_owned(), |name| self.0.recorder.text(name));
        self.0.recorder.comes(self.0.clock.now(), Some(&who), &format!("profile {told}"));
        profile(name.map_or("", String::as_str))
    }
}

/// The last word is the family name, if there is more than one word.
fn profile(name: &str) -> Profile {
    let (first, last) = name.trim().rsplit_once(' ').unwrap_or((name.trim(), ""));
    let part = |text: &str| (!text.trim().is_empty()).then(|| Redacted::new(text.trim().to_owned()));
    Profile { first_name: part(first), last_name: part(last), picture: None }
}

/// An effect id as `e11`; another mark as it is.
fn short(mark: &str) -> String {
    mark.parse::<model::EffectId>().map_or_else(|_| mark.to_owned(), |effect| format!("e{}", effect.seq))
}

fn told(outcome: &SendOutcome) -> String {
    let code = |(code, subcode): &messenger::Code| match subcode {
        Some(subcode) => format!("{code}/{subcode}"),
        None => code.to_string(),
    };
    match outcome {
        SendOutcome::Sent { mid } => format!("sent mid={}", id(mid.as_str())),
        SendOutcome::Later { after, code: of, .. } => {
            format!("REFUSED {} for {} ms", of.as_ref().map(code).unwrap_or_default(), after.0)
        }
        SendOutcome::Failed { code: of, row, .. } => format!("REFUSED {} {row}", code(of)),
        SendOutcome::InDoubt { why } => format!("IN DOUBT {why}"),
    }
}

impl Graph for Meta {
    fn send(&self, permit: Permit, send: Send) -> BoxFuture<'_, SendOutcome> {
        Box::pin(self.take(permit, send))
    }

    fn profile(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Profile, Fault>> {
        Box::pin(async move { Ok(self.name(page, psid).await) })
    }
}
