//! One look over the whole recording before anything is played: who appears, what the customers do and when, what each
//! delivery holds, and which echoes of the node's own sends it brought along.
//!
//! Reads with the node's own parser and decides nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Delivery, ItemKey};

use super::names::Names;
use crate::outside::{Announced, Known};
use crate::play::recording::{Recorded, Step, Unreadable};

/// What a recording holds.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Who is called what.
    pub(crate) names: Names,
    /// What Meta knows of the customers.
    pub(crate) known: Arc<Known>,
    /// What each delivery holds.
    pub(crate) loads: Vec<Load>,
    /// Items that were understood, repetitions counted.
    pub(crate) inbounds: u64,
    /// Items that were not.
    pub(crate) anomalies: u64,
    /// Items that repeat an earlier one.
    pub(crate) duplicates: u64,
}

/// What a delivery holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Load {
    /// Items that were understood.
    pub(crate) inbounds: usize,
    /// Items that were not.
    pub(crate) anomalies: usize,
    /// Items among the inbounds that repeat an earlier one.
    pub(crate) duplicates: u64,
}

impl Load {
    /// What a delivery is called in the trace; `number` counts them from 1.
    pub(crate) fn announced(load: Option<Self>, number: usize) -> Announced {
        let what = load.map_or_else(|| "not looked at".to_owned(), Self::told);
        Announced { name: format!("d{number}"), whose: None, what }
    }

    fn told(self) -> String {
        let Self { inbounds, anomalies, duplicates } = self;
        let mut what = format!("items={inbounds}");
        for (count, word) in [(duplicates, "duplicates"), (anomalies as u64, "anomalies")] {
            if count > 0 {
                what.push_str(&format!(" {word}={count}"));
            }
        }
        what
    }
}

impl Survey {
    /// Looks over a recording.
    pub(crate) fn of(recording: &dyn Recorded) -> Result<Self, Unreadable> {
        let mut survey = Self { names: Names::of(recording.manifest()), ..Self::default() };
        let (mut known, mut keys) = (Known::default(), BTreeSet::new());
        for step in recording.steps() {
            match &*step? {
                Step::Delivery(line) => {
                    survey.take(&webhook::parse(line.body.as_bytes(), line.at), &mut known, &mut keys)
                }
                Step::Fact(line) => survey.names.meet(&line.page, &line.psid),
            }
        }
        survey.known = Arc::new(known);
        Ok(survey)
    }

    fn take(&mut self, delivery: &Delivery, known: &mut Known, keys: &mut BTreeSet<ItemKey>) {
        let before = self.duplicates;
        for inbound in &delivery.inbounds {
            self.names.meet(&inbound.page, &inbound.psid);
            self.inbounds += 1;
            if !keys.insert(inbound.key) {
                self.duplicates += 1;
                continue;
            }
            known.take(inbound);
        }
        for inbound in &delivery.page_inbounds {
            self.names.meet_page(&inbound.page);
            self.inbounds += 1;
            self.duplicates += u64::from(!keys.insert(inbound.key));
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
