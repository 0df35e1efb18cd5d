//! The player's hands: the clock, the node's rest, an agent's comment. Shared by whatever is played.
//!
//! Before time jumps, the node comes to rest, so that what happened within a second in a recording is not taken for hours
//! by the node.

use std::time::Duration;

use actors::Clock as _;
use anyhow::{Context as _, bail};
use journal::Journal as _;
use model::{Span, Timestamp};
use serde_json::json;

use super::Stage;
use super::recording::{Audience, FactLine};
use super::wire::Wire;

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

/// Acts on a stage.
pub(super) struct Hand<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) wire: Wire,
}

impl<'a> Hand<'a> {
    pub(super) fn on(stage: &'a Stage<'a>) -> anyhow::Result<Self> {
        Ok(Self { stage, wire: Wire::new(stage)? })
    }

    /// Moves the clock on to an instant; a jump waits for the node's rest.
    pub(super) async fn advance(&self, at: Timestamp) -> anyhow::Result<()> {
        if at - self.stage.clock.now() > JUMP {
            self.rest().await?;
        }
        self.stage.clock.advance_to(at);
        Ok(())
    }

    /// Returns when no delivery, effect or webhook is under way and no deadline is due.
    pub(super) async fn rest(&self) -> anyhow::Result<()> {
        let resting = async {
            loop {
                self.stage.stand_in.carried().await;
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

    /// Returns when every webhook of the stand-in was taken.
    pub(super) async fn taken(&self) -> anyhow::Result<()> {
        let taken = tokio::time::timeout(REST_MAX, self.stage.stand_in.carried()).await;
        taken.context("the node does not take what is delivered to it")
    }

    /// An agent comments, once for each key; what went wrong, if something did.
    pub(super) async fn comment(&self, key: &str, fact: &FactLine) -> anyhow::Result<Option<String>> {
        let of = format!("/conversations/{}/{}", fact.page, fact.psid);
        let Some(task) = self.task(&of).await? else {
            return Ok(Some("the conversation has no task to comment on".to_owned()));
        };
        let body = json!({ "text": fact.text, "audience": fact.audience, "by": fact.by });
        let answer = self.wire.post(&format!("/tasks/{task}/comments"), key, &body).await?;
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
