//! The reckoning after a play: the recording's own items against journal and desk, every send against the rules.
//!
//! Nothing here asks the node. Invariant: an acknowledged item that is not in the journal exactly once is lost, whatever
//! else is right.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use anyhow::Context as _;
use journal::{Position, ReadOnlyJournal, StoredBatch};
use machine::Machine as _;
use machine::conversation::{self, Conversation};
use machine::outbound::PartState;
use machine::page::{self, Page};
use model::{EffectId, Inbound, Incarnation, ItemKey, Kind, MachineId, Message, Mid, PageId};
use oracle::history::{Entrance, Opening, Told};
use oracle::{Seen, Sent, judge};
use policy::{Author, Verdict};

use super::course::Played;
use super::desk::Shown;
use super::{Report, Stage};
use crate::fake::facebook::State;

/// What the journal shows.
#[derive(Default)]
struct Journaled {
    /// How often each item was received.
    received: BTreeMap<ItemKey, u64>,
    /// How often each item was set aside.
    quarantined: BTreeMap<ItemKey, u64>,
    /// How often each anomaly was kept.
    anomalies: BTreeMap<AnomalyKey, u64>,
    /// Conversations as their events leave them.
    conversations: BTreeMap<MachineId, conversation::State>,
    /// Sends started, by effect id.
    sends: BTreeMap<String, Sent>,
    /// Parts refused, by reason.
    refusals: BTreeMap<String, u64>,
}

/// What makes an anomaly the same: where it stood, why, and its raw text.
type AnomalyKey = (String, String, String);

fn anomaly_key(anomaly: &model::Anomaly) -> AnomalyKey {
    (format!("{:?}", anomaly.place), anomaly.reason.clone(), anomaly.raw.reveal().clone())
}

/// Counts everything into the report.
pub(super) fn reckon(played: &Played, shown: &Shown, stage: &Stage<'_>, report: &mut Report) -> anyhow::Result<()> {
    let journaled = read(stage)?;
    report.conversations = journaled.conversations.len() as u64;
    report.tasks = shown.tasks;
    report.refused = journaled.refusals.values().sum();
    report.refused_by_reason.clone_from(&journaled.refusals);
    report.in_doubt = journaled.conversations.values().map(in_doubt).sum();
    items(played, &journaled, report);
    anomalies(played, &journaled, report);
    texts(played, &journaled, shown, report);
    sends(played, &journaled, &stage.stand_in.state(), report);
    Ok(())
}

/// Parts that the rules forbade, by reason, and parts in doubt, as the journal has them.
pub(super) fn refusals(stage: &Stage<'_>) -> anyhow::Result<(BTreeMap<String, u64>, u64)> {
    let journaled = read(stage)?;
    let in_doubt = journaled.conversations.values().map(in_doubt).sum();
    Ok((journaled.refusals, in_doubt))
}

fn in_doubt(state: &conversation::State) -> u64 {
    state.queue().parts().filter(|(_, part)| matches!(part.state, PartState::InDoubt { .. })).count() as u64
}

fn read(stage: &Stage<'_>) -> anyhow::Result<Journaled> {
    let store = ReadOnlyJournal::open(&stage.store).context("opening the journal beside the node")?;
    let incarnation = Incarnation(u32::try_from(store.stats().context("the journal's counts")?.incarnation)?);
    let mut journaled = Journaled::default();
    let mut trouble = None;
    store.each(b"", Position(0)..=Position(u64::MAX), |batch| {
        let taken = batch.map_err(anyhow::Error::from).and_then(|batch| journaled.take(incarnation, &batch));
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => {
                trouble = Some(fault);
                ControlFlow::Break(())
            }
        }
    })?;
    match trouble {
        None => Ok(journaled),
        Some(fault) => Err(fault.context("reading the journal")),
    }
}

impl Journaled {
    fn take(&mut self, incarnation: Incarnation, batch: &StoredBatch) -> anyhow::Result<()> {
        let machine: MachineId = core::str::from_utf8(&batch.key)?.parse()?;
        for stored in &batch.records {
            let record = &stored.record;
            match &machine {
                MachineId::Account(_) => {}
                MachineId::Page(_) => self.of_page(Page::decode(record.kind, record.version, &record.body)?),
                MachineId::Conversation(..) => {
                    let event = Conversation::decode(record.kind, record.version, &record.body)?;
                    let effect = EffectId { incarnation, machine: machine.clone(), seq: stored.seq };
                    self.of_conversation(&effect, &event);
                }
            }
        }
        Ok(())
    }

    fn of_page(&mut self, event: page::Event) {
        match event {
            page::Event::Received { inbound } => *self.received.entry(inbound.key).or_default() += 1,
            page::Event::ItemQuarantined { key: Some(key), .. } => *self.quarantined.entry(key).or_default() += 1,
            page::Event::AnomalyKept { anomaly, .. } => {
                *self.anomalies.entry(anomaly_key(&anomaly)).or_default() += 1;
            }
            page::Event::ItemQuarantined { key: None, .. }
            | page::Event::Configured { .. }
            | page::Event::TokenRefused { .. }
            | page::Event::Restricted
            | page::Event::RestrictionLifted
            | page::Event::SendsPaused { .. }
            | page::Event::SendsResumed => {}
        }
    }

    fn of_conversation(&mut self, effect: &EffectId, event: &conversation::Event) {
        let machine = &effect.machine;
        let state = self.conversations.entry(machine.clone()).or_insert_with(|| Conversation::fresh(machine));
        Conversation::evolve(state, event);
        if let conversation::Event::Received { inbound } = event {
            *self.received.entry(inbound.key).or_default() += 1;
        }
        if let conversation::Event::PartRefused { reason, .. } = event {
            *self.refusals.entry(reason.code().to_owned()).or_default() += 1;
        }
        let conversation::Event::SendStarted { part, verdict, at, .. } = event else { return };
        let MachineId::Conversation(page, psid) = machine else { return };
        let (messaging_type, tag) = match verdict {
            Verdict::Permit { messaging_type, .. } => messaging_type.wire(),
            Verdict::Defer { .. } | Verdict::Forbid { .. } => ("without a permit", None),
        };
        let sent = Sent {
            page: page.clone(),
            psid: psid.clone(),
            at: *at,
            messaging_type: messaging_type.to_owned(),
            tag: tag.map(str::to_owned),
            author_is_person: state.queue().part(*part).is_some_and(|part| part.author == Author::Agent),
        };
        self.sends.insert(effect.to_string(), sent);
    }
}

/// Every item is in the journal exactly once, in its conversation, with its Page, or set aside.
fn items(played: &Played, journaled: &Journaled, report: &mut Report) {
    let mut expected: BTreeMap<ItemKey, MachineId> = BTreeMap::new();
    let items = played.acknowledged.iter().flat_map(|delivery| {
        let of_talks = delivery.inbounds.iter().map(|inbound| (inbound.key, model::address(inbound)));
        of_talks.chain(delivery.page_inbounds.iter().map(|inbound| (inbound.key, model::page_address(inbound))))
    });
    for (key, machine) in items {
        report.inbounds += 1;
        if expected.insert(key, machine).is_some() {
            report.duplicates += 1;
        }
    }
    for (key, machine) in expected {
        let of = |counts: &BTreeMap<ItemKey, u64>| counts.get(&key).copied().unwrap_or_default();
        let found = of(&journaled.received) + of(&journaled.quarantined);
        if found != 1 {
            report.lost += 1;
            report.find(format!("the item {} of {machine} is in the journal {found} times", key.to_hex()));
        }
    }
}

/// Every anomaly is kept, once for each delivery that held it.
fn anomalies(played: &Played, journaled: &Journaled, report: &mut Report) {
    let mut expected: BTreeMap<AnomalyKey, u64> = BTreeMap::new();
    for anomaly in played.acknowledged.iter().flat_map(|delivery| &delivery.anomalies) {
        report.anomalies += 1;
        *expected.entry(anomaly_key(anomaly)).or_default() += 1;
    }
    for (key, wanted) in expected {
        let found = journaled.anomalies.get(&key).copied().unwrap_or_default();
        if found != wanted {
            report.lost += wanted.abs_diff(found);
            report.find(format!("of {wanted} anomalies ({}) the journal keeps {found}", key.1));
        }
    }
}

/// Every text of a customer stands in the desk exactly once, as a description or a comment.
fn texts(played: &Played, journaled: &Journaled, shown: &Shown, report: &mut Report) {
    let mut expected: BTreeMap<(MachineId, &str), usize> = BTreeMap::new();
    let mut met = BTreeSet::new();
    let mut before = Before::default();
    for inbound in played.acknowledged.iter().flat_map(|delivery| &delivery.inbounds) {
        before.hear(inbound);
        let Kind::Message(message) = &inbound.kind else { continue };
        if !met.insert(inbound.key) || journaled.quarantined.contains_key(&inbound.key) {
            continue;
        }
        if let Some(text) = before.text_of(&inbound.page, message).filter(|text| !text.is_empty()) {
            *expected.entry((model::address(inbound), text)).or_default() += 1;
        }
    }
    for ((conversation, text), wanted) in expected {
        let lines = shown.texts.get(&conversation.to_string()).map_or(&[][..], Vec::as_slice);
        let found = lines.iter().filter(|line| is_line_of(line, text)).count();
        if found != wanted {
            report.lost += wanted.abs_diff(found) as u64;
            report.find(format!("a text of {conversation} stands in the desk {found} times, not {wanted}"));
        }
    }
}

/// What was done to messages, up to some item: one that comes after it is shown as it stands by then.
#[derive(Default)]
struct Before<'a> {
    unsent: BTreeSet<(&'a PageId, &'a Mid)>,
    /// The newest change of each, with its number.
    edited: BTreeMap<(&'a PageId, &'a Mid), (u32, Option<&'a str>)>,
}

impl<'a> Before<'a> {
    fn hear(&mut self, inbound: &'a Inbound) {
        if let Kind::Unsend(unsend) = &inbound.kind {
            self.unsent.insert((&inbound.page, &unsend.mid));
        }
        if let Kind::Edit(edit) = &inbound.kind {
            let change = (edit.nth.unwrap_or(0), edit.text.as_ref().map(|text| text.reveal().as_str()));
            let known = self.edited.entry((&inbound.page, &edit.mid)).or_insert(change);
            if known.0 < change.0 {
                *known = change;
            }
        }
    }

    /// What a message that comes now says.
    fn text_of(&self, page: &'a PageId, message: &'a Message) -> Option<&'a str> {
        let named = (page, &message.mid);
        match self.edited.get(&named) {
            _ if self.unsent.contains(&named) => None,
            Some((_, text)) => *text,
            None => message.text.as_ref().map(|text| text.reveal().as_str()),
        }
    }
}

/// A line is the text, followed by what was attached.
fn is_line_of(line: &str, text: &str) -> bool {
    line.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with("\n["))
}

/// Every send, as the journal and as Meta saw it, kept the rules; none arrived twice.
fn sends(played: &Played, journaled: &Journaled, meta: &State, report: &mut Report) {
    report.sends = meta.bubbles.len() as u64;
    let seen = seen_all(played.acknowledged.iter().flat_map(|delivery| &delivery.inbounds));
    // One send is one violation, however many saw it.
    let mut violations: BTreeMap<String, String> = BTreeMap::new();
    for (effect, sent) in &journaled.sends {
        for sentence in judge(&seen, core::slice::from_ref(sent), &played.dates) {
            violations.entry(effect.clone()).or_insert(sentence);
        }
    }
    let mut bubbles: BTreeMap<String, u64> = BTreeMap::new();
    for bubble in &meta.bubbles {
        let name = bubble.metadata.clone().unwrap_or_else(|| bubble.mid.to_string());
        *bubbles.entry(name.clone()).or_default() += 1;
        let author_is_person = journaled.sends.get(&name).is_some_and(|sent| sent.author_is_person);
        let sent = Sent {
            page: bubble.page.clone(),
            psid: bubble.psid.clone(),
            at: bubble.at,
            messaging_type: bubble.messaging_type.clone(),
            tag: bubble.tag.clone(),
            author_is_person,
        };
        for sentence in judge(&seen, core::slice::from_ref(&sent), &played.dates) {
            violations.entry(name.clone()).or_insert(sentence);
        }
    }
    for (index, refused) in meta.violations.iter().enumerate() {
        let name = refused.metadata.clone().unwrap_or_else(|| format!("refused {index}"));
        let sentence = format!(
            "Meta refused {} to {}/{} at {} with {}/{:?}",
            refused.messaging_type, refused.page, refused.psid, refused.at.0, refused.code, refused.subcode
        );
        violations.entry(name).or_insert(sentence);
    }
    report.policy_violations = violations.len() as u64;
    violations.into_values().for_each(|sentence| report.find(sentence));
    for (name, count) in bubbles.into_iter().filter(|(_, count)| *count > 1) {
        report.doubled_sends += count - 1;
        report.find(format!("the send {name} reached the customer {count} times"));
    }
}

/// What all items show the judge; the first message after a click on an ad that it does not name is one that follows it.
fn seen_all<'a>(inbounds: impl Iterator<Item = &'a Inbound> + Clone) -> Vec<Seen> {
    let mut all: Vec<Seen> = inbounds.clone().filter_map(seen).collect();
    all.sort_by(|one, other| (&one.page, &one.psid, one.at).cmp(&(&other.page, &other.psid, other.at)));
    for click in inbounds.filter(|inbound| clicks_ad(inbound)) {
        let clicked = (&click.page, &click.psid, click.at);
        let after = all.partition_point(|seen| (&seen.page, &seen.psid, seen.at) <= clicked);
        let mut theirs = all.iter_mut().skip(after).filter(|seen| (&seen.page, &seen.psid) == (clicked.0, clicked.1));
        if let Some(first) = theirs.find(|seen| seen.is_message) {
            first.from_ad = true;
        }
    }
    all
}

/// Whether the customer clicks on an ad with it.
pub(crate) fn clicks_ad(inbound: &Inbound) -> bool {
    matches!(Told::of(&inbound.kind), Told::Pressed { by_ad: true, .. } | Told::Entered { by: Entrance::Ad })
}

/// What an item shows the judge of the customer's deeds, if it shows one.
pub(crate) fn seen(inbound: &Inbound) -> Option<Seen> {
    // The rule stated once more, apart from the machine's: what the customer does with intent, by Meta's list.
    let told = Told::of(&inbound.kind);
    let from_ad = matches!(told, Told::Message { by_ad: true, .. });
    let is_message = match told.opening() {
        Opening::Nothing => return None,
        Opening::Window => false,
        Opening::Message => true,
    };
    let (page, psid) = (inbound.page.clone(), inbound.psid.clone());
    Some(Seen { page, psid, at: inbound.at, opens: true, is_message, from_ad })
}

#[cfg(test)]
mod tests;
