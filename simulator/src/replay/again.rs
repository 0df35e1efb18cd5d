//! Decides again what a journal says was decided: each batch begins with its fact, from which the command is made once
//! more, and this build's answer on the same state is compared with the stored one.
//!
//! States go on from the stored events, so one difference does not make others. Invariant: nothing is written, and a batch
//! whose command cannot be made again is counted and never taken for the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use journal::StoredBatch;
use machine::account::Account;
use machine::conversation::{self, Conversation};
use machine::page::{self, Page, Trouble};
use machine::{Machine, kind_name};
use model::{Delivery, ItemKey, MachineId, PageId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::fields::{self, Manner};
use super::grounds::Grounds;
use super::told::{NoTrace, Told};

/// What was decided again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Count {
    /// Decisions of the journal that were made again.
    pub decisions: u64,
    /// Of them, those that come out otherwise now.
    pub different: u64,
    /// Decisions that cannot be made again: a whole state was stored, or a record is sealed or erased.
    pub left_out: u64,
    /// Items of deliveries that were read again.
    pub items: u64,
    /// Of them, those that are read otherwise now.
    pub items_different: u64,
}

/// A journal that is decided again, batch by batch in its order.
#[derive(Default)]
pub struct Again {
    grounds: Grounds,
    conversations: BTreeMap<MachineId, conversation::State>,
    /// What stands for each item that was taken in.
    items: BTreeMap<(MachineId, ItemKey), [u8; 8]>,
    /// Items that were set aside, and deliveries that were as a whole.
    aside: (BTreeSet<ItemKey>, BTreeSet<u64>),
    /// Machines whose history is not whole.
    unknown: BTreeSet<MachineId>,
    told: Telling,
    /// What was counted.
    pub count: Count,
}

/// The two traces; lines of machines that decide otherwise somewhere.
#[derive(Default)]
struct Telling {
    began_at: Option<Timestamp>,
    /// `None`: nothing is told, differences are only noted.
    of: Option<BTreeSet<MachineId>>,
    different: BTreeSet<MachineId>,
    stored: String,
    now: String,
}

impl Again {
    /// A second walk over the same journal, which tells the lines of the machines that the first one found different.
    #[must_use]
    pub fn telling(self) -> Self {
        let (of, began_at) = (Some(self.told.different), self.told.began_at);
        Self { told: Telling { of, began_at, ..Telling::default() }, ..Self::default() }
    }

    /// Whether everything was decided the same.
    pub fn is_same(&self) -> bool {
        self.count.different == 0 && self.count.items_different == 0
    }

    /// Decides a batch again. A batch that could not be opened leaves its machine out from there on.
    ///
    /// # Errors
    /// Where a record cannot be read by this build.
    pub fn take(&mut self, batch: &StoredBatch) -> anyhow::Result<()> {
        let machine: MachineId = core::str::from_utf8(&batch.key).context("a machine's name")?.parse()?;
        self.told.began_at.get_or_insert(Timestamp(batch.at));
        match &machine {
            MachineId::Account(_) => {
                for event in events::<Account>(batch)? {
                    self.grounds.of_account(&event);
                }
                self.told.same(&machine, batch)
            }
            MachineId::Page(page) => self.page(&machine, page, batch),
            MachineId::Conversation(..) => self.conversation(&machine, batch),
        }
    }

    /// A batch cannot be opened: its machine is left out from there on, which shows in its numbers.
    pub fn lost(&mut self) {
        self.count.left_out += 1;
    }

    fn page(&mut self, machine: &MachineId, id: &PageId, batch: &StoredBatch) -> anyhow::Result<()> {
        let stored = events::<Page>(batch)?;
        let fresh = Page::fresh(machine);
        let state = self.grounds.page(id).unwrap_or(&fresh);
        let command = stored.first().and_then(page_command);
        let context = self.grounds.context(id);
        let now = command.map(|command| Page::decide(state, command, &context, Timestamp(batch.at)));
        for event in &stored {
            match event {
                page::Event::Received { inbound } => {
                    self.items.insert((machine.clone(), inbound.key), stands_for(inbound));
                }
                page::Event::ItemQuarantined { key: Some(key), .. } => drop(self.aside.0.insert(*key)),
                page::Event::ItemQuarantined { delivery, key: None, .. } => drop(self.aside.1.insert(*delivery)),
                page::Event::Configured { .. }
                | page::Event::AnomalyKept { .. }
                | page::Event::TokenRefused { .. }
                | page::Event::Restricted
                | page::Event::RestrictionLifted
                | page::Event::SendsPaused { .. }
                | page::Event::SendsResumed => {}
            }
            self.grounds.of_page(id, event);
        }
        self.compare::<Page>(machine, batch, &stored, now)
    }

    fn conversation(&mut self, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<()> {
        let Some(page) = machine.page() else { return Ok(()) };
        let stored = events::<Conversation>(batch)?;
        let context = self.grounds.context(page);
        let state = self.conversations.entry(machine.clone()).or_insert_with(|| Conversation::fresh(machine));
        let follows = batch.records.first().is_none_or(|stored| stored.seq == Conversation::seq(state) + 1);
        if batch.baseline || !follows || self.unknown.contains(machine) {
            self.unknown.insert(machine.clone());
            self.count.left_out += 1;
            return Ok(());
        }
        let command = stored.first().and_then(conversation_command);
        let now = command.map(|command| Conversation::decide(state, command, &context, Timestamp(batch.at)));
        for (event, record) in stored.iter().zip(&batch.records) {
            if let conversation::Event::Received { inbound } = event {
                self.items.insert((machine.clone(), inbound.key), stands_for(inbound));
            }
            self.grounds.evolve(machine, state, event, (record.seq, Timestamp(batch.at)));
        }
        // Decisions are compared one by one and kept by nobody.
        self.grounds.judged.clear();
        self.compare::<Conversation>(machine, batch, &stored, now)
    }

    fn compare<M: Machine>(
        &mut self,
        machine: &MachineId,
        batch: &StoredBatch,
        stored: &[M::Event],
        now: Option<Vec<M::Event>>,
    ) -> anyhow::Result<()> {
        let Some(now) = now else {
            // Without records a batch moves a deadline and decides nothing.
            self.count.left_out += u64::from(!stored.is_empty());
            return self.told.same(machine, batch);
        };
        self.count.decisions += 1;
        if now == stored {
            return self.told.same(machine, batch);
        }
        self.count.different += 1;
        self.told.different.insert(machine.clone());
        self.told.other::<M>(machine, batch, &now)
    }

    /// Reads a delivery of the inbox again, once the whole journal was taken.
    pub fn deliver(&mut self, seq: u64, delivery: &Delivery) {
        for inbound in &delivery.inbounds {
            let machine = MachineId::Conversation(inbound.page.clone(), inbound.psid.clone());
            self.item(machine, &inbound.page, (seq, inbound.key), stands_for(inbound));
        }
        for inbound in &delivery.page_inbounds {
            let machine = MachineId::Page(inbound.page.clone());
            self.item(machine, &inbound.page, (seq, inbound.key), stands_for(inbound));
        }
        for anomaly in &delivery.anomalies {
            let page = anomaly.page.clone().unwrap_or_else(|| PageId::new(actors::share::UNADDRESSED));
            self.count.items += 1;
            let kept = self.grounds.page(&page).is_some_and(|page| page.has_kept(seq, anomaly));
            let known = self.grounds.page(&page).is_some_and(|page| page.facts().known);
            self.count.items_different += u64::from(!kept && known);
        }
    }

    /// An item is in the journal as it reads now, or was set aside.
    fn item(&mut self, machine: MachineId, page: &PageId, (seq, key): (u64, ItemKey), now: [u8; 8]) {
        self.count.items += 1;
        if self.unknown.contains(&machine) {
            return;
        }
        let same = match self.items.get(&(machine, key)) {
            Some(known) => *known == now,
            None => {
                let is_known = self.grounds.page(page).is_some_and(|page| page.facts().known);
                !is_known || self.aside.0.contains(&key) || self.aside.1.contains(&seq)
            }
        };
        self.count.items_different += u64::from(!same);
    }

    /// What was decided then and now, as two traces without summary; lines of the machines that differ alone.
    ///
    /// # Errors
    /// Never, as long as a trace can be read again.
    pub fn traces(&self, title: &str) -> Result<(Told, Told), NoTrace> {
        let began_at = self.told.began_at.unwrap_or(Timestamp(0)).0;
        let begins = jiff::Timestamp::from_millisecond(began_at)
            .map_or_else(|_| began_at.to_string(), |instant| format!("{instant:.3}"));
        let of = |lines: &str| Told::read(&format!("# trace 1: {title}\n# begins {begins}\n\n{lines}\nsummary\n"));
        Ok((of(&self.told.stored)?, of(&self.told.now)?))
    }
}

impl Telling {
    fn tells(&self, machine: &MachineId) -> bool {
        self.of.as_ref().is_some_and(|of| of.contains(machine))
    }

    /// A batch that is decided the same.
    fn same(&mut self, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<()> {
        if self.tells(machine) {
            let lines = self.stored(machine, batch)?;
            self.stored.push_str(&lines);
            self.now.push_str(&lines);
        }
        Ok(())
    }

    /// A batch that is decided otherwise now.
    fn other<M: Machine>(&mut self, machine: &MachineId, batch: &StoredBatch, now: &[M::Event]) -> anyhow::Result<()> {
        if !self.tells(machine) {
            return Ok(());
        }
        let stored = self.stored(machine, batch)?;
        self.stored.push_str(&stored);
        let first = batch.records.first().map_or(1, |stored| stored.seq);
        for (seq, event) in (first..).zip(now) {
            let encoded = M::encode(event);
            let line = self.line(machine, batch.at, seq, (encoded.kind, &encoded.body))?;
            self.now.push_str(&line);
        }
        Ok(())
    }

    fn stored(&self, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<String> {
        let mut lines = String::new();
        for stored in &batch.records {
            let record = &stored.record;
            lines.push_str(&self.line(machine, batch.at, stored.seq, (record.kind, &record.body))?);
        }
        Ok(lines)
    }

    /// A line of a trace, with ids for names and texts counted.
    fn line(&self, machine: &MachineId, at: i64, seq: u64, (kind, body): (u16, &[u8])) -> anyhow::Result<String> {
        let began_at = self.began_at.unwrap_or(Timestamp(at));
        let manner = Manner { began_at, tells_text: false, deliveries: BTreeMap::new() };
        let body: Value = serde_json::from_slice(body).context("a record's body")?;
        let fields = fields::of(&body, machine, Timestamp(at), &manner).join(" ");
        let time = manner.line_time(Timestamp(at));
        let who = match machine {
            MachineId::Account(_) => "account".to_owned(),
            MachineId::Page(page) => page.to_string(),
            MachineId::Conversation(page, psid) => format!("{page}/{psid}"),
        };
        let kind = kind_name(machine, kind);
        Ok(super::names::one_line(format!("{time} {who:<7} {seq:>4}  {kind} {fields}").trim_end()) + "\n")
    }
}

fn events<M: Machine>(batch: &StoredBatch) -> anyhow::Result<Vec<M::Event>> {
    let of = |stored: &journal::Stored| {
        let record = &stored.record;
        M::decode(record.kind, record.version, &record.body)
    };
    batch.records.iter().map(|stored| of(stored).map_err(anyhow::Error::new)).collect()
}

/// The command that a Page's fact came of. A restriction that follows an item is no fact of its own.
fn page_command(fact: &page::Event) -> Option<page::Command> {
    Some(match fact.clone() {
        page::Event::Received { inbound } => page::Command::Receive(inbound),
        page::Event::Configured { facts } => page::Command::Configure(facts),
        page::Event::ItemQuarantined { delivery, place, key, cause } => {
            page::Command::Quarantine { delivery, place, key, cause }
        }
        page::Event::AnomalyKept { delivery, anomaly } => page::Command::KeepAnomaly { delivery, anomaly },
        page::Event::TokenRefused { code, subcode } => page::Command::Observe(Trouble::TokenRefused { code, subcode }),
        page::Event::Restricted => page::Command::Observe(Trouble::Restricted),
        page::Event::RestrictionLifted => page::Command::Observe(Trouble::RestrictionLifted),
        page::Event::SendsPaused { stop, .. } => page::Command::Observe(Trouble::Stopped(stop)),
        page::Event::SendsResumed => page::Command::Observe(Trouble::Answered),
    })
}

/// The command that a conversation's fact came of; `None` where the event is no fact.
fn conversation_command(fact: &conversation::Event) -> Option<conversation::Command> {
    use conversation::{Command, Event};
    match fact.clone() {
        Event::Received { inbound } => Some(Command::Receive(inbound)),
        Event::ReplyAsked { reply } => Some(Command::Reply(reply)),
        Event::DispatchGranted { .. } => Some(Command::Dispatch),
        Event::Settled { effect, outcome } => Some(Command::Settle { effect, outcome }),
        Event::Woke { .. } => Some(Command::Wake),
        Event::Resolved { part, resolution, by } => Some(Command::Resolve { part, resolution, by }),
        Event::ProfileAsked { .. }
        | Event::ProfileAskedAgain { .. }
        | Event::ContactNamed { .. }
        | Event::ContactNaming { .. }
        | Event::TaskOpening { .. }
        | Event::TaskBound { .. }
        | Event::CommentsAdding { .. }
        | Event::EchoHeld { .. }
        | Event::SentOutside { .. }
        | Event::ThreadOwned { .. }
        | Event::PartRefused { .. }
        | Event::PartHeld { .. }
        | Event::SendStarted { .. }
        | Event::PartSent { .. }
        | Event::PartDelayed { .. }
        | Event::PartFailed { .. }
        | Event::PartInDoubt { .. }
        | Event::ThreadAsked { .. }
        | Event::ControlAsked { .. }
        | Event::DoubtRemained { .. }
        | Event::AdWindowRefused { .. }
        | Event::PrivacyRefused { .. }
        | Event::WindowClosed { .. } => None,
    }
}

/// Eight bytes that stand for an item.
fn stands_for(item: &impl Serialize) -> [u8; 8] {
    let text = serde_json::to_vec(item).expect("an item is plain text and numbers");
    let digest = Sha256::digest(&text);
    let mut short = [0; 8];
    short.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    short
}

#[cfg(test)]
mod tests;
