//! One customer floods a Page with messages while others on the same Page talk and are answered: are the others late?
//!
//! The delay of an answer runs from the agent's comment (before it is posted) to the bubble at the stand-in, in whole
//! milliseconds of one wall clock. Measured without the flood, then while it is worked off, in one run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actors::Clock as _;
use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::watch;

use crate::load::{Doors, Pace, comment, customer, task};
use crate::promise::{Acknowledged, Answered, Lane};
use crate::rig::{PAGES, World};
use crate::wait::{eventually, pass, until};
use crate::wire;

/// Connections that the flood comes in on; the order is kept on each.
const LANES: usize = 16;
/// Who floods.
const FLOODER: &str = "999000";
/// Deliveries under way that talk alone explains: below it the flood counts as worked off.
const TALK_MAX: u64 = 8;
/// Longest wait for anything here.
const AT_MOST: Duration = Duration::from_secs(180);

/// How much of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Messages of the flood.
    pub messages: usize,
    /// Customers who talk meanwhile.
    pub others: usize,
    /// Answers to each of them before the flood.
    pub answers: usize,
    /// Pause between two answers to one of them.
    pub pause: Duration,
}

impl Default for Scale {
    /// 10,000 messages beside 20 customers with about 130 answers a second.
    fn default() -> Self {
        Self { messages: 10_000, others: 20, answers: 20, pause: Duration::from_millis(150) }
    }
}

/// Delays of answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Delays {
    /// How many were measured.
    pub answers: usize,
    /// Half of them were faster.
    pub p50_ms: i64,
    /// All but one in a hundred were faster.
    pub p99_ms: i64,
    /// The slowest.
    pub worst_ms: i64,
}

impl Delays {
    fn of(mut delays: Vec<i64>) -> Self {
        delays.sort_unstable();
        let at =
            |percent: usize| delays.get((delays.len() * percent / 100).min(delays.len().saturating_sub(1))).copied();
        Self {
            answers: delays.len(),
            p50_ms: at(50).unwrap_or_default(),
            p99_ms: at(99).unwrap_or_default(),
            worst_ms: at(100).unwrap_or_default(),
        }
    }
}

/// What a run measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Figures {
    /// Messages of the flood.
    pub messages: usize,
    /// Posts that were not answered with 200.
    pub refused: usize,
    /// Until the last message of the flood was acknowledged.
    pub posted_ms: i64,
    /// Until all of them were journaled.
    pub worked_off_ms: i64,
    /// Without the flood.
    pub quiet: Delays,
    /// Answers asked for while the flood was posted and worked off.
    pub flooded: Delays,
}

/// Runs it in a fresh world; returns the figures and everything that was acknowledged.
///
/// # Errors
/// Where an answer never became a bubble.
pub async fn run(world: &World, scale: Scale) -> anyhow::Result<(Figures, Acknowledged)> {
    let doors = world.doors();
    let page = PAGES[0];
    let others: Vec<String> = (0..scale.others).map(|n| format!("{page}60{n:02}")).collect();
    let lanes = join_all(others.iter().map(|psid| customer(&doors, page, psid.clone(), Pace::count(1)))).await;
    let tasks = join_all(others.iter().map(|psid| task_of(&doors, page, psid))).await;
    let talk = Talk { doors: &doors, page, others: &others, tasks: &tasks, scale };

    let (_never, forever) = watch::channel(false);
    let quiet = talk.answers("quiet", scale.answers, forever).await;
    let began = world.clock.now();
    let (over, stop) = watch::channel(false);
    let refused = AtomicUsize::new(0);
    let flood = async {
        let flood = flood(&doors, page, scale.messages, &refused).await;
        let posted_ms = (world.clock.now() - began).0;
        let worked_off = || world.rig().node().totals().unfinished <= TALK_MAX;
        until("the flood is worked off", AT_MOST, worked_off).await;
        over.send_replace(true);
        (flood, posted_ms, (world.clock.now() - began).0)
    };
    let (flooded, (flood, posted_ms, worked_off_ms)) =
        futures_util::join!(talk.answers("flooded", usize::MAX, stop), flood);

    let figures = Figures {
        messages: scale.messages,
        refused: refused.into_inner(),
        posted_ms,
        worked_off_ms,
        quiet: delays(world, &quiet).await?,
        flooded: delays(world, &flooded).await?,
    };
    let answers = quiet.into_iter().chain(flooded).map(|asked| asked.answer).collect();
    Ok((figures, Acknowledged { lanes: lanes.into_iter().chain(flood).collect(), answers }))
}

/// An answer, and when it was asked for.
struct AskedFor {
    answer: Answered,
    at: i64,
}

struct Talk<'a> {
    doors: &'a Doors,
    page: &'a str,
    others: &'a [String],
    tasks: &'a [String],
    scale: Scale,
}

impl Talk<'_> {
    /// Answers everybody, one after the other for each, all of them at once.
    async fn answers(&self, phase: &str, count: usize, stop: watch::Receiver<bool>) -> Vec<AskedFor> {
        let talks = self.others.iter().zip(self.tasks).enumerate();
        let answered = join_all(talks.map(|(index, (psid, task))| {
            let stop = stop.clone();
            async move {
                // Spread over the pause, so that they do not march in step.
                pass(
                    self.scale.pause * u32::try_from(index).unwrap_or(0)
                        / u32::try_from(self.others.len()).unwrap_or(1),
                )
                .await;
                let mut asked = Vec::new();
                while asked.len() < count && !*stop.borrow() {
                    let text = format!("{phase} answer {} for {psid}", asked.len());
                    let at = self.doors.clock.now().0;
                    let comment = comment(self.doors, task, &text, &text).await;
                    let answer = Answered { page: self.page.to_owned(), psid: psid.clone(), comment, text };
                    asked.push(AskedFor { answer, at });
                    pass(self.scale.pause).await;
                }
                asked
            }
        }));
        answered.await.into_iter().flatten().collect()
    }
}

async fn task_of(doors: &Doors, page: &str, psid: &str) -> String {
    task(doors, page, psid, &Pace::count(1)).await.expect("a pace without an end never ends")
}

/// The flood: each of its connections posts without a pause; a refusal is counted and tried again.
async fn flood(doors: &Doors, page: &str, messages: usize, refused: &AtomicUsize) -> Vec<Lane> {
    let lanes = (0..LANES).map(|lane| async move {
        let mut acknowledged = Lane { page: page.to_owned(), psid: FLOODER.to_owned(), messages: Vec::new() };
        for number in (lane..messages).step_by(LANES) {
            let (mid, text) = (format!("m_flood_{number}"), format!("flood number {number}"));
            let body = wire::text(page, FLOODER, &mid, &text, doors.clock.now().0);
            while doors.poster.post(body.clone()).await.map_or(0, |answer| answer.status) != 200 {
                refused.fetch_add(1, Ordering::Relaxed);
                pass(Duration::from_millis(20)).await;
            }
            acknowledged.messages.push((mid, text));
        }
        acknowledged
    });
    join_all(lanes).await
}

/// Waits until every answer is a bubble, then reads the stand-in's times.
async fn delays(world: &World, asked: &[AskedFor]) -> anyhow::Result<Delays> {
    let mut seen = BTreeMap::new();
    let all = eventually(AT_MOST, || {
        let bubbles = world.stand_in.state().bubbles;
        seen = bubbles.into_iter().filter_map(|bubble| Some((bubble.text?, bubble.at.0))).collect();
        let missing = asked.iter().any(|asked| !seen.contains_key(&asked.answer.text));
        async move {
            if missing {
                pass(Duration::from_millis(50)).await;
            }
            !missing
        }
    })
    .await;
    anyhow::ensure!(all, "an answer never reached its customer");
    Ok(Delays::of(asked.iter().filter_map(|asked| Some(seen.get(&asked.answer.text)? - asked.at)).collect()))
}
