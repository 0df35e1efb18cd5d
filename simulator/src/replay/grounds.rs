//! What the decisions about messages rested on: the facts that the policy was asked with, and what it said; and the windows
//! as the customers opened them.
//!
//! Looks at journaled events while a state is rebuilt from them, and asks nobody. Invariant: facts are those of the very
//! state and settings under which the event was decided.

use std::collections::BTreeMap;

use anyhow::Context as _;
use journal::StoredBatch;
use machine::conversation::{self, Conversation, Event, Window, facts_of, window};
use machine::outbound::PartId;
use machine::{AccountFacts, Context, Machine as _, PageFacts, account, page};
use model::{EffectId, MachineId, Mid, PageId, Span, Timestamp};
use policy::{Calendar, Edition, EditionId, Facts, Guards, RuleId, Verdict, ad_window_end, human_agent_end};
use serde::Serialize;

use super::fields::id;
use super::tally::Tally;

/// One decision about one part of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judged {
    /// The conversation.
    pub machine: MachineId,
    /// The part.
    pub part: PartId,
    /// Number of the event that says it.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// What the policy was asked with.
    pub facts: Facts,
    /// Under which edition.
    pub edition: EditionId,
    /// From which day on each edition was in force.
    #[serde(skip_serializing_if = "Calendar::is_as_named")]
    pub effective_from: Calendar,
    /// What it said. The end of what is held is not in the journal: it is `None` here.
    pub verdict: Verdict,
}

/// A time in which the customer may be answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Opened {
    /// The conversation.
    pub machine: MachineId,
    /// Which window.
    pub window: WindowKind,
    /// What opened it and prolonged it, by Meta's time.
    pub openers: Vec<Timestamp>,
    /// First instant outside it, without any guard.
    pub ends_at: Timestamp,
}

/// Which window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// The 24 hours in which anybody may answer.
    Standard,
    /// The 7 days after an ad in which anybody may answer, too.
    Ad,
    /// The 7 days in which a person may.
    HumanAgent,
}

/// What was heard so far.
#[derive(Default)]
pub(crate) struct Grounds {
    /// Every decision rests on this edition; `None`: on the one of its time.
    pub(crate) edition: Option<EditionId>,
    account: account::State,
    pages: BTreeMap<PageId, page::State>,
    pub(crate) judged: Vec<Judged>,
    pub(crate) opened: Vec<Opened>,
    /// The newest window of each conversation.
    newest: BTreeMap<(MachineId, WindowKind), usize>,
}

impl Grounds {
    /// An account decided.
    pub(crate) fn of_account(&mut self, event: &account::Event) {
        account::Account::evolve(&mut self.account, event);
    }

    /// A Page decided.
    pub(crate) fn of_page(&mut self, id: &PageId, event: &page::Event) {
        let fresh = || page::Page::fresh(&MachineId::Page(id.clone()));
        page::Page::evolve(self.pages.entry(id.clone()).or_insert_with(fresh), event);
    }

    /// The Page's own state.
    pub(crate) fn page(&self, id: &PageId) -> Option<&page::State> {
        self.pages.get(id)
    }

    /// What a decision about a conversation of this Page may know now.
    pub(crate) fn context(&self, page: &PageId) -> Context {
        let of = self.pages.get(page);
        Context {
            account: self.account.facts().clone(),
            account_version: self.account.version(),
            page: of.map_or_else(PageFacts::default, |page| page.facts().clone()),
            page_version: of.map_or(0, page::State::version),
            edition: self.edition,
        }
    }

    /// Applies an event to a conversation's state, and takes down what it was decided on and which windows it opens.
    pub(crate) fn evolve(
        &mut self,
        machine: &MachineId,
        state: &mut conversation::State,
        event: &Event,
        (seq, at): (u64, Timestamp),
    ) {
        self.decided(machine, state, event, (seq, at));
        let before = window(state);
        Conversation::evolve(state, event);
        let after = window(state);
        if before != after {
            self.moved(machine, &after);
        }
        if let Event::AdWindowRefused { .. } = event {
            self.closes(machine, WindowKind::Ad, at);
        }
    }

    /// A conversation decides this event on this state.
    fn decided(
        &mut self,
        machine: &MachineId,
        state: &conversation::State,
        event: &Event,
        (seq, at): (u64, Timestamp),
    ) {
        let (part, verdict) = if let Event::SendStarted { part, verdict, .. } = event {
            (*part, *verdict)
        } else if let Event::PartRefused { part, reason, .. } = event {
            (*part, Verdict::Forbid { reason: *reason })
        } else if let Event::PartHeld { part, reason, .. } = event {
            (*part, Verdict::Defer { until: None, reason: *reason })
        } else {
            return;
        };
        let Some((found, page)) = state.queue().part(part).zip(machine.page()) else { return };
        let facts = facts_of(state, &self.context(page), found);
        let effective_from = self.account.facts().effective_from;
        let edition = match verdict {
            Verdict::Permit { edition, .. } => edition,
            Verdict::Defer { .. } | Verdict::Forbid { .. } => {
                self.edition.unwrap_or_else(|| effective_from.edition_at(at).id())
            }
        };
        self.judged.push(Judged { machine: machine.clone(), part, seq, at, facts, edition, effective_from, verdict });
    }

    /// A conversation's windows are these now.
    fn moved(&mut self, machine: &MachineId, new: &Window) {
        if let Some((at, ends_at)) = new.openers.opened_at().zip(new.ends_at) {
            self.open(machine, WindowKind::Standard, at, ends_at);
        }
        let unguarded = Guards { standard: Span(0), human_agent: Span(0) };
        let ends_at = ad_window_end(&new.openers, &unguarded);
        if let Some((at, ends_at)) = new.openers.ad_message_at.zip(ends_at) {
            self.open_by_ad(machine, at, ends_at);
        }
        let AccountFacts { human_agent, human_agent_base, .. } = self.account.facts();
        let ends_at = human_agent_end(&new.openers, *human_agent_base, &unguarded).filter(|_| *human_agent);
        if let Some((at, ends_at)) = new.openers.last_message_at.zip(ends_at) {
            self.open(machine, WindowKind::HumanAgent, at, ends_at);
        }
    }

    /// A message after an ad opens a window as far as an edition is in force that knows it.
    fn open_by_ad(&mut self, machine: &MachineId, at: Timestamp, ends_at: Timestamp) {
        let calendar = self.account.facts().effective_from;
        let knows = |edition: &Edition| edition.rule_ids().any(|rule| rule == RuleId::AdWindow);
        let starts_at = match self.edition {
            Some(fixed) => knows(&calendar.edition(fixed)).then_some(at),
            None => {
                calendar.editions().iter().find(|edition| knows(edition)).map(|edition| edition.starts_at().max(at))
            }
        };
        // One that Meta refused stays closed, whatever else the customer does.
        let newest = self.newest.get(&(machine.clone(), WindowKind::Ad)).and_then(|newest| self.opened.get(*newest));
        let is_new = |starts_at: &Timestamp| newest.is_none_or(|open| !open.openers.contains(starts_at));
        if let Some(starts_at) = starts_at.filter(|starts_at| *starts_at < ends_at && is_new(starts_at)) {
            self.open(machine, WindowKind::Ad, starts_at, ends_at);
        }
    }

    /// What was open is open no longer.
    fn closes(&mut self, machine: &MachineId, window: WindowKind, at: Timestamp) {
        let newest = self.newest.get(&(machine.clone(), window));
        if let Some(open) = newest.and_then(|newest| self.opened.get_mut(*newest)) {
            open.ends_at = open.ends_at.min(at);
        }
    }

    fn open(&mut self, machine: &MachineId, window: WindowKind, at: Timestamp, ends_at: Timestamp) {
        let next = self.opened.len();
        let newest = self.newest.entry((machine.clone(), window)).or_insert(next);
        match self.opened.get_mut(*newest) {
            Some(open) if at < open.ends_at => {
                if ends_at > open.ends_at {
                    open.openers.push(at);
                    open.ends_at = ends_at;
                }
            }
            Some(_) | None => {
                *newest = next;
                self.opened.push(Opened { machine: machine.clone(), window, openers: vec![at], ends_at });
            }
        }
    }
}

/// The decisions of a journal that is read batch by batch.
#[derive(Default)]
pub struct Judgements {
    tally: Tally,
    /// The part that each message of Meta's is.
    mids: BTreeMap<Mid, (MachineId, PartId)>,
}

impl Judgements {
    /// Takes a batch, in the order of the journal.
    ///
    /// # Errors
    /// Where a record cannot be read by this build.
    pub fn take(&mut self, batch: &StoredBatch) -> anyhow::Result<()> {
        let machine: MachineId = core::str::from_utf8(&batch.key).context("a machine's name")?.parse()?;
        for record in batch.records.iter().map(|stored| &stored.record) {
            if !matches!(machine, MachineId::Conversation(..)) {
                continue;
            }
            let event = Conversation::decode(record.kind, record.version, &record.body)?;
            if let Event::PartSent { part, mid: Some(mid), .. } = event {
                self.mids.insert(mid, (machine.clone(), part));
            }
        }
        self.tally.take(&machine, batch)
    }

    /// The decisions about a message: Meta's id of it, whole or as a trace shortens it, the mark of its send
    /// (`pd.1.22.c/PAGE/PSID`), `PAGE/PSID/PART`, or `PAGE/PSID` for all of a conversation, each with `c/` before it or
    /// without.
    pub fn of(&self, message: &str) -> Vec<&Judged> {
        let of_mids: Vec<&(MachineId, PartId)> = match self.mids.get(&Mid::new(message)) {
            Some(one) => vec![one],
            None => self.mids.iter().filter(|(mid, _)| id(mid.as_str()) == message).map(|(_, part)| part).collect(),
        };
        let mark: Option<EffectId> = message.parse().ok();
        let talk = message.strip_prefix("c/").unwrap_or(message);
        let is_meant = |judged: &&Judged| {
            let Judged { machine, part, seq, .. } = judged;
            let name = machine.to_string();
            let own = name.strip_prefix("c/").unwrap_or(&name);
            of_mids.iter().any(|(other, of_mid)| other == machine && of_mid == part)
                || mark.as_ref().is_some_and(|mark| mark.machine == *machine && mark.seq == *seq)
                || talk == own
                || talk == format!("{own}/{part}")
        };
        self.tally.grounds.judged.iter().filter(is_meant).collect()
    }
}
