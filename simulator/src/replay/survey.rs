//! One look over the whole recording before anything is played: who appears, what the customers do and when, what each
//! delivery holds, and which echoes of the node's own sends it brought along.
//!
//! Reads with the node's own parser and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use model::{AppId, Delivery, EffectId, Handover, HandoverAct, ItemKey, Kind, Mid, PageId, Psid, Timestamp};
use oracle::CustomerAction;

use super::names::Names;
use crate::play::reckoning::seen;
use crate::play::recording::{Recording, Step};

/// What a recording holds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Who is called what.
    pub(super) names: Names,
    /// What each customer does towards a Page, in the order of the deliveries.
    pub(super) deeds: BTreeMap<(PageId, Psid), Vec<CustomerAction>>,
    /// Who was handed each conversation, in the order of the deliveries.
    pub(super) owners: BTreeMap<(PageId, Psid), Vec<Owner>>,
    /// Echoes with the mark of a node's own send.
    pub(super) echoes: Vec<MarkedEcho>,
    /// What each delivery holds.
    pub(super) loads: Vec<Load>,
    /// Items that were understood, repetitions counted.
    pub(super) inbounds: u64,
    /// Items that were not.
    pub(super) anomalies: u64,
    /// Items that repeat an earlier one.
    pub(super) duplicates: u64,
}

/// What a delivery holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Load {
    /// Items that were understood.
    pub(super) inbounds: usize,
    /// Items that were not.
    pub(super) anomalies: usize,
    /// Items among the inbounds that repeat an earlier one.
    pub(super) duplicates: u64,
}

/// Who was handed a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    /// From when on.
    pub(super) since: Timestamp,
    /// `None`: nobody in particular.
    pub(super) app: Option<AppId>,
}

/// An echo of a send that the node made when the recording was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct MarkedEcho {
    pub(super) page: PageId,
    pub(super) psid: Psid,
    pub(super) mid: Mid,
    /// The effect id of then.
    pub(super) mark: String,
    pub(super) text: Option<String>,
    pub(super) at: Timestamp,
}

impl Survey {
    /// Looks over a recording.
    pub(super) fn of(recording: &Recording) -> Self {
        let mut survey = Self { names: Names::of(&recording.manifest), ..Self::default() };
        let mut known = BTreeSet::new();
        for step in &recording.steps {
            match step {
                Step::Delivery(line) => survey.take(&webhook::parse(line.body.as_bytes(), line.at), &mut known),
                Step::Fact(line) => survey.names.meet(&line.page, &line.psid),
            }
        }
        survey
    }

    fn take(&mut self, delivery: &Delivery, known: &mut BTreeSet<ItemKey>) {
        let before = self.duplicates;
        for inbound in &delivery.inbounds {
            self.names.meet(&inbound.page, &inbound.psid);
            self.inbounds += 1;
            if !known.insert(inbound.key) {
                self.duplicates += 1;
                continue;
            }
            if let Some(deed) = seen(inbound) {
                let from_ad = follows_ad(&inbound.kind);
                let action = CustomerAction { at: deed.at, opens: deed.opens, is_message: deed.is_message, from_ad };
                self.deeds.entry((deed.page, deed.psid)).or_default().push(action);
            }
            if let Kind::Handover(Handover { act: HandoverAct::Passed | HandoverAct::Taken, to, .. }) = &inbound.kind {
                let owner = Owner { since: inbound.at, app: to.clone() };
                self.owners.entry((inbound.page.clone(), inbound.psid.clone())).or_default().push(owner);
            }
            if let Kind::Echo(echo) = &inbound.kind
                && let Some(mark) = echo.metadata.clone().filter(|mark| mark.parse::<EffectId>().is_ok())
            {
                self.echoes.push(MarkedEcho {
                    page: inbound.page.clone(),
                    psid: inbound.psid.clone(),
                    mid: echo.mid.clone(),
                    mark,
                    text: echo.text.as_ref().map(|text| text.reveal().clone()),
                    at: inbound.at,
                });
            }
        }
        for inbound in &delivery.page_inbounds {
            self.names.meet_page(&inbound.page);
            self.inbounds += 1;
            self.duplicates += u64::from(!known.insert(inbound.key));
        }
        for anomaly in &delivery.anomalies {
            self.anomalies += 1;
            if let Some(page) = &anomaly.page {
                self.names.meet_page(page);
            }
        }
        let inbounds = delivery.inbounds.len() + delivery.page_inbounds.len();
        let anomalies = delivery.anomalies.len();
        self.loads.push(Load { inbounds, anomalies, duplicates: self.duplicates - before });
    }
}

/// Whether it is a message that followed a Click-to-Messenger ad.
fn follows_ad(kind: &Kind) -> bool {
    let Kind::Message(message) = kind else { return false };
    message.referral.as_ref().is_some_and(|way| way.source.as_deref() == Some("ADS"))
}
