//! What the desk shows over its API after a play: every task and every line that a customer wrote.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

use super::wire::Wire;

/// Rows asked for at once.
const LIMIT: usize = 200;

/// What the desk shows.
#[derive(Default)]
pub(super) struct Shown {
    /// How many tasks there are, in the trash or not.
    pub(super) tasks: u64,
    /// What customers wrote, by the conversation their task is bound to.
    pub(super) texts: BTreeMap<String, Vec<String>>,
}

/// Reads everything.
pub(super) async fn read(wire: &Wire) -> anyhow::Result<Shown> {
    let mut shown = Shown::default();
    for trashed in [false, true] {
        let mut cursor = String::new();
        loop {
            let page = wire.get(&format!("/tasks?limit={LIMIT}&trashed={trashed}{cursor}")).await?.body;
            for task in page["tasks"].as_array().context("a list of tasks")? {
                shown.tasks += 1;
                let id = task["id"].as_str().context("a task without id")?;
                let binding = task["binding"].as_str().unwrap_or_default().to_owned();
                shown.texts.entry(binding).or_default().extend(texts(wire, id).await?);
            }
            match page["next"].as_u64() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    Ok(shown)
}

async fn texts(wire: &Wire, task: &str) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut older = String::new();
    loop {
        let page = wire.get(&format!("/tasks/{task}/comments?limit={LIMIT}{older}")).await?.body;
        let comments = page["comments"].as_array().context("a list of comments")?;
        texts.extend(
            comments.iter().filter(|comment| wrote(comment)).filter_map(|c| c["text"].as_str().map(str::to_owned)),
        );
        match page["older"].as_str() {
            Some(next) => older = format!("&older={next}"),
            None => return Ok(texts),
        }
    }
}

fn wrote(comment: &Value) -> bool {
    comment["writer"]["writer"] == "customer"
}
