//! The player: takes a recording, hands it to a running node as Meta and the agents would, in the recording's own time,
//! and says what came of it. A scenario is played in `script`.
//!
//! It drives the node over HTTP alone; clock and stand-in are moved with it. What was lost or broke a rule is counted
//! here, from the recording's own files against what API and journal show: never from the node's own numbers.

mod course;
mod desk;
mod hand;
pub mod live;
pub(crate) mod reckoning;
pub mod recording;
pub mod script;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use model::Redacted;
use node::{MovableClock, Node};
use serde::Serialize;

use crate::fake::facebook::StandIn;
use recording::Recorded;

pub use recording::Unreadable;

/// What a recording or a scenario is played on.
pub struct Stage<'a> {
    /// The node's clock.
    pub clock: MovableClock,
    /// The node behind the doors: asked for its rest only.
    pub node: Arc<Node>,
    /// Meta.
    pub stand_in: &'a StandIn,
    /// The webhook's address.
    pub webhook: String,
    /// The desk's address, without path.
    pub desk: String,
    /// The secret that signs deliveries.
    pub app_secret: Redacted<String>,
    /// The store's folder.
    pub store: PathBuf,
}

/// What came of a recording. Only `lost`, `policy_violations` and `doubled_sends` say that a promise was broken.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// The recording's title.
    pub title: String,
    /// Deliveries that were acknowledged with 200.
    pub deliveries: u64,
    /// Items in them that were understood, repetitions counted.
    pub inbounds: u64,
    /// Items in them that nobody understands.
    pub anomalies: u64,
    /// Items among the inbounds that repeat an earlier one.
    pub duplicates: u64,
    /// Acknowledged items that are not in the journal exactly once, and texts that are not in the desk exactly once.
    pub lost: u64,
    /// Conversations in the journal.
    pub conversations: u64,
    /// Tasks in the desk.
    pub tasks: u64,
    /// Comments that agents wrote.
    pub facts: u64,
    /// Messages that reached the customers.
    pub sends: u64,
    /// Parts of answers that the rules forbade.
    pub refused: u64,
    /// The same by reason.
    pub refused_by_reason: BTreeMap<String, u64>,
    /// Parts of which nobody knows whether they arrived.
    pub in_doubt: u64,
    /// Sends that broke a rule, whether Meta took them or not.
    pub policy_violations: u64,
    /// Messages that reached a customer twice.
    pub doubled_sends: u64,
    /// Deliveries that were not acknowledged.
    pub not_accepted: u64,
    /// Comments that could not be written or whose answers did not settle.
    pub facts_unsettled: u64,
    /// Numbers that differ from what the recording expects.
    pub unexpected: u64,
    /// How long it took, by the wall.
    pub elapsed_ms: u64,
    /// What is behind the bad numbers, in sentences free of what anybody wrote; the first of them.
    pub findings: Vec<String>,
}

/// Sentences that are kept.
const FINDINGS_MAX: usize = 50;

impl Report {
    /// Nothing was lost, doubled, refused at the door or against a rule, and all is as the recording expects.
    pub fn is_clean(&self) -> bool {
        let bad = [
            self.lost,
            self.policy_violations,
            self.doubled_sends,
            self.not_accepted,
            self.facts_unsettled,
            self.unexpected,
        ];
        bad == [0; 6]
    }

    fn find(&mut self, sentence: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(sentence);
        }
    }

    /// Compares with what the recording says of itself.
    fn expect(&mut self, recording: &dyn Recorded) {
        let expected = &recording.manifest().expected;
        let pairs = [
            ("deliveries", expected.deliveries, self.deliveries),
            ("inbounds", expected.inbounds, self.inbounds),
            ("anomalies", expected.anomalies, self.anomalies),
            ("duplicates", expected.duplicates, self.duplicates),
            ("conversations", expected.conversations, self.conversations),
            ("tasks", expected.tasks, self.tasks),
            ("sends", expected.sends, self.sends),
            ("refusals", expected.refusals, self.refused),
        ];
        for (name, wanted, found) in pairs {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
                self.unexpected += 1;
                self.find(format!("the recording expects {wanted} {name}, there are {found}"));
            }
        }
        for sentence in expected.unexpected_reasons(&self.refused_by_reason) {
            self.unexpected += 1;
            self.find(sentence);
        }
    }
}

/// Plays a recording to its end and counts.
///
/// # Errors
/// Where the node cannot be reached, does not come to rest, or its journal cannot be read.
pub async fn play(recording: &dyn Recorded, stage: &Stage<'_>) -> anyhow::Result<Report> {
    let began = tokio::time::Instant::now();
    let mut report = Report { title: recording.manifest().title.clone(), ..Report::default() };
    let played = course::run(recording, stage, &mut report).await?;
    let shown = desk::read(&wire::Wire::new(stage)?).await?;
    reckoning::reckon(&played, &shown, stage, &mut report)?;
    report.expect(recording);
    report.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}
