//! The course of a play: step by step in the recording's time. Before time jumps, the node comes to rest, so that what
//! happened within a second in the recording is not taken for hours by the node.
//!
//! Invariant: what is remembered as acknowledged was answered with 200, nothing else.

use std::time::Duration;

use actors::Clock as _;
use anyhow::{Context as _, bail};
use journal::Journal as _;
use model::{Delivery, Kind, Span, Timestamp};
use serde_json::json;

use super::reckoning::seen;
use super::recording::{Audience, FactLine, Recording, Step};
use super::wire::Wire;
use super::{Report, Stage};
use crate::fake::facebook::Customer;

/// A jump in time that is shorter than this waits for nothing.
const JUMP: Span = Span::seconds(1);
/// How long the node may take to come to rest, by the wall.
const REST_MAX: Duration = Duration::from_secs(60);
/// How long a due deadline may take to be noticed, by the wall.
const DUE_MAX: Duration = Duration::from_secs(5);
/// How long a task or an answer's end is waited for, by the wall.
const SETTLE_MAX: Duration = Duration::from_secs(20);
/// Pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What was played.
#[derive(Default)]
pub(super) struct Played {
    /// Acknowledged deliveries as understood here, in order.
    pub(super) acknowledged: Vec<Delivery>,
}

/// Plays all steps.
pub(super) async fn run(recording: &Recording, stage: &Stage<'_>, report: &mut Report) -> anyhow::Result<Played> {
    let course = Course { stage, wire: Wire::new(stage)? };
    for customer in &recording.manifest.customers {
        let named = Customer { name: Some(customer.name.clone()), ..Customer::new(&customer.page, &customer.psid) };
        stage.stand_in.customer(named);
    }
    let mut played = Played::default();
    for (index, step) in recording.steps.iter().enumerate() {
        course.advance(step.at()).await?;
        match step {
            Step::Delivery(line) => {
                let delivery = webhook::parse(line.body.as_bytes(), line.at);
                course.witness(&delivery);
                if course.wire.deliver(&line.body).await? {
                    report.deliveries += 1;
                    played.acknowledged.push(delivery);
                } else {
                    report.not_accepted += 1;
                    report.find(format!("step {index}: the delivery was not acknowledged"));
                }
            }
            Step::Fact(line) => {
                report.facts += 1;
                if let Some(trouble) = course.comment(index, line).await? {
                    report.facts_unsettled += 1;
                    report.find(format!("step {index}: {trouble}"));
                }
            }
        }
    }
    course.rest().await?;
    Ok(played)
}

struct Course<'a> {
    stage: &'a Stage<'a>,
    wire: Wire,
}

impl Course<'_> {
    async fn advance(&self, at: Timestamp) -> anyhow::Result<()> {
        if at - self.stage.clock.now() > JUMP {
            self.rest().await?;
        }
        self.stage.clock.advance_to(at);
        Ok(())
    }

    /// Lets the stand-in know what its customers did: it checks sends against that.
    fn witness(&self, delivery: &Delivery) {
        for inbound in &delivery.inbounds {
            // What opens nothing concerns no rule.
            let Some(deed) = seen(inbound) else { continue };
            let (mid, text) = match &inbound.kind {
                Kind::Message(message) => (Some(&message.mid), message.text.as_ref()),
                Kind::Postback(postback) => (postback.mid.as_ref(), postback.title.as_ref()),
                // Others are no line of the conversation.
                Kind::Echo(_)
                | Kind::Delivered(_)
                | Kind::Read(_)
                | Kind::Reaction(_)
                | Kind::Edit(_)
                | Kind::Unsend(_)
                | Kind::Referral(_)
                | Kind::Optin(_)
                | Kind::Handover(_)
                | Kind::AccountLink(_)
                | Kind::Feedback(_)
                | Kind::Order(_)
                | Kind::Notice(_)
                | Kind::Legacy(_) => (None, None),
            };
            let text = text.map(|text| text.reveal().clone());
            self.stage.stand_in.witness(&inbound.page, &inbound.psid, inbound.at, deed.is_message, mid, text);
        }
    }

    /// Returns when no delivery, effect or webhook is under way and no deadline is due.
    async fn rest(&self) -> anyhow::Result<()> {
        let resting = async {
            loop {
                self.stage.stand_in.quiet().await;
                if self.is_idle()? {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(REST_MAX, resting).await.context("the node does not come to rest")??;
        let noticing = async {
            while self.is_due()? || !self.is_idle()? {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            anyhow::Ok(())
        };
        // A deadline that is not noticed for so long is the node's fault to show, not a reason to stop here.
        tokio::time::timeout(DUE_MAX, noticing).await.unwrap_or(Ok(()))
    }

    fn is_idle(&self) -> anyhow::Result<bool> {
        let node = &self.stage.node;
        let open = node.store().journal.open_effects(None, 1).context("the open effects")?;
        Ok(node.totals().unfinished == 0 && open.is_empty())
    }

    fn is_due(&self) -> anyhow::Result<bool> {
        let due = self.stage.node.store().journal.next_due().context("the deadlines")?;
        Ok(due.is_some_and(|at| at <= self.stage.clock.now().0))
    }

    /// An agent comments; what went wrong, if something did.
    async fn comment(&self, index: usize, fact: &FactLine) -> anyhow::Result<Option<String>> {
        let of = format!("/conversations/{}/{}", fact.page, fact.psid);
        let Some(task) = self.task(&of).await? else {
            return Ok(Some("the conversation has no task to comment on".to_owned()));
        };
        let body = json!({ "text": fact.text, "audience": fact.audience, "by": fact.by });
        let answer = self.wire.post(&format!("/tasks/{task}/comments"), &format!("play-{index}"), &body).await?;
        let Some(comment) = answer.body["comment"].as_str().filter(|_| answer.status.is_success()) else {
            return Ok(Some(format!("the desk answered {} to the comment", answer.status)));
        };
        match fact.audience {
            Audience::Internal => Ok(None),
            Audience::Customer => self.settled(&of, comment).await,
        }
    }

    /// The task that a conversation is bound to, once it is.
    async fn task(&self, of: &str) -> anyhow::Result<Option<String>> {
        let until = tokio::time::Instant::now() + SETTLE_MAX;
        loop {
            let answer = self.wire.get(of).await?;
            if let Some(task) = answer.body["task"].as_str() {
                return Ok(Some(task.to_owned()));
            }
            // At rest nothing will bind it any more.
            if (self.is_idle()? && !self.is_due()?) || tokio::time::Instant::now() >= until {
                let again = self.wire.get(of).await?;
                return Ok(again.body["task"].as_str().map(str::to_owned));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until every part of an answer is sent, refused or otherwise at its end for now.
    async fn settled(&self, of: &str, comment: &str) -> anyhow::Result<Option<String>> {
        let until = tokio::time::Instant::now() + SETTLE_MAX;
        loop {
            let answer = self.wire.get(of).await?;
            let Some(parts) = answer.body["parts"].as_array() else { bail!("a conversation without parts: {of}") };
            let ours: Vec<&str> = parts
                .iter()
                .filter(|part| part["comment"] == comment)
                .filter_map(|part| part["shown"].as_str())
                .collect();
            if !ours.is_empty() && ours.iter().all(|shown| !matches!(*shown, "queued" | "sending")) {
                return Ok(None);
            }
            if tokio::time::Instant::now() >= until {
                return Ok(Some("the answer did not settle".to_owned()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
