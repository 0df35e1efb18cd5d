//! Load: customers who write and agents who answer, each one a task of its own, until a count or until told to stop.
//!
//! It knows addresses alone, so that the same load runs in a test's process and in one that survives the node's end.
//! What it returns is what was acknowledged; whatever was not is repeated as Meta and as a careful program do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actors::Clock;
use futures_util::future::join_all;
use model::{PageId, Psid};
use serde::{Deserialize, Serialize};
use simulator::fake::facebook::{Customer, CustomerAnswer};
use tokio::sync::watch;

use crate::http::Caller;
use crate::promise::{Acknowledged, Answered, Lane};
use crate::wait::pass;
use crate::wire::{self, Poster};

/// Pause before something that was not acknowledged is tried again.
const AGAIN: Duration = Duration::from_millis(20);
/// Tries of one thing: about two minutes of them.
const TRIES_MAX: usize = 5_000;
/// One delivery in so many is posted a second time, as Meta does.
const TWICE_EVERY: usize = 7;

/// Where load comes in.
#[derive(Clone)]
pub struct Doors {
    /// Calls.
    pub caller: Caller,
    /// To the node's webhook, past the stand-in.
    pub poster: Poster,
    /// The node's pages and API.
    pub site: String,
    /// The stand-in's control API.
    pub stand_in: String,
    /// The time of messages.
    pub clock: Arc<dyn Clock>,
}

/// Who talks, and how much.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Customers of the stand-in on each Page: they write, are answered, get echoes and receipts.
    pub customers: usize,
    /// Customers on each Page whose deliveries are posted directly.
    pub direct: usize,
    /// Messages and answers of each, at most.
    pub count: usize,
    /// Pause between two of one talker.
    pub pause_ms: u64,
}

/// Runs a plan to its end, or until `stop` says so; returns everything that was acknowledged.
pub async fn run(doors: &Doors, pages: &[&str], plan: Plan, stop: watch::Receiver<bool>) -> Acknowledged {
    let pace = Pace { count: plan.count, pause: Duration::from_millis(plan.pause_ms), stop };
    let talkers = || pages.iter().flat_map(|page| (0..plan.customers).map(move |n| (*page, format!("{page}50{n:02}"))));
    let others = || pages.iter().flat_map(|page| (0..plan.direct).map(move |n| (*page, format!("{page}70{n:02}"))));
    let direct = join_all(others().map(|(page, psid)| direct(doors, page, psid, pace.clone())));
    let customers = join_all(talkers().map(|(page, psid)| customer(doors, page, psid, pace.clone())));
    let agents = join_all(talkers().map(|(page, psid)| agent(doors, page, psid, pace.clone())));
    let (direct, customers, agents) = futures_util::join!(direct, customers, agents);
    let lanes = direct.into_iter().chain(customers).filter(|lane| !lane.messages.is_empty()).collect();
    Acknowledged { lanes, answers: agents.into_iter().flatten().collect() }
}

/// How long and how fast one of them talks.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Messages at most.
    pub count: usize,
    /// Pause between two.
    pub pause: Duration,
    /// Becomes `true` when it is enough.
    pub stop: watch::Receiver<bool>,
}

impl Pace {
    /// So many without a pause.
    pub fn count(count: usize) -> Self {
        let (_never, stop) = watch::channel(false);
        Self { count, pause: Duration::ZERO, stop }
    }

    fn over(&self) -> bool {
        *self.stop.borrow()
    }

    async fn pause(&self) {
        if !self.pause.is_zero() {
            pass(self.pause).await;
        }
    }
}

/// A customer whose deliveries are posted directly, each until it is answered with 200; some are posted twice.
pub async fn direct(doors: &Doors, page: &str, psid: String, pace: Pace) -> Lane {
    let mut lane = Lane { page: page.to_owned(), psid, messages: Vec::new() };
    for number in 0..pace.count {
        if pace.over() {
            break;
        }
        let psid = &lane.psid;
        let (mid, text) = (format!("m_{psid}_{number}"), format!("{psid} writes number {number}"));
        let body = wire::text(page, psid, &mid, &text, doors.clock.now().0);
        until_accepted(&doors.poster, &body).await;
        if number % TWICE_EVERY == 0 {
            until_accepted(&doors.poster, &body).await;
        }
        lane.messages.push((mid, text));
        pace.pause().await;
    }
    lane
}

/// Posts until the answer is 200.
///
/// # Panics
/// On an answer that Meta would never get for a signed body, and where none comes for minutes.
pub async fn until_accepted(poster: &Poster, body: &bytes::Bytes) {
    for _ in 0..TRIES_MAX {
        match poster.post(body.clone()).await {
            Ok(answer) if answer.status == 200 => return,
            Ok(answer) => {
                assert_eq!(answer.status, 503, "a signed body is stored or refused for now: {}", answer.text());
            }
            Err(_) => {}
        }
        pass(AGAIN).await;
    }
    panic!("the webhook takes nothing any more");
}

/// A customer of the stand-in, who writes at once or after a pause; the stand-in carries the webhooks.
pub async fn customer(doors: &Doors, page: &str, psid: String, pace: Pace) -> Lane {
    let mut lane = Lane { page: page.to_owned(), psid, messages: Vec::new() };
    let url = format!("{}/_control/customer", doors.stand_in);
    for number in 0..pace.count {
        if pace.over() {
            break;
        }
        let psid = Psid::new(lane.psid.as_str());
        let text = format!("{psid} says number {number}");
        let order = Customer {
            name: Some(format!("Robin Invented-{psid}")),
            text: Some(text.clone()),
            read: number % 5 == 0,
            ..Customer::new(&PageId::new(page), &psid)
        };
        let answer = doors.caller.post_json(&url, &order, None).await.expect("the stand-in answers");
        let answer: CustomerAnswer = serde_json::from_slice(&answer.body).expect("the stand-in takes the order");
        lane.messages.push((answer.mid.expect("a text has an id").as_str().to_owned(), text));
        pace.pause().await;
    }
    lane
}

/// An agent who answers one customer as soon as there is a task.
pub async fn agent(doors: &Doors, page: &str, psid: String, pace: Pace) -> Vec<Answered> {
    let mut answers = Vec::new();
    let Some(task) = task(doors, page, &psid, &pace).await else { return answers };
    for number in 0..pace.count {
        if pace.over() {
            break;
        }
        let text = format!("answer {number} for {psid}");
        let comment = comment(doors, &task, &text, &format!("{psid}-{number}")).await;
        answers.push(Answered { page: page.to_owned(), psid: psid.clone(), comment, text });
        pace.pause().await;
    }
    answers
}

/// The task of a conversation, once it is bound; `None` where the time is over before.
pub async fn task(doors: &Doors, page: &str, psid: &str, pace: &Pace) -> Option<String> {
    let url = format!("{}/api/v1/conversations/{page}/{psid}", doors.site);
    while !pace.over() {
        if let Ok(answer) = doors.caller.get(&url).await
            && let Some(task) = answer.json()["task"].as_str()
        {
            return Some(task.to_owned());
        }
        pass(AGAIN).await;
    }
    None
}

/// Adds a comment for the customer, repeated with the same key until it is taken; returns its id.
///
/// # Panics
/// Where the desk refuses it.
pub async fn comment(doors: &Doors, task: &str, text: &str, key: &str) -> String {
    let url = format!("{}/api/v1/tasks/{task}/comments", doors.site);
    let body = BTreeMap::from([("text", text), ("audience", "customer"), ("by", "Ada")]);
    for _ in 0..TRIES_MAX {
        match doors.caller.post_json(&url, &body, Some(key)).await {
            Ok(answer) if answer.status == 201 => {
                return answer.json()["comment"].as_str().expect("a comment has an id").to_owned();
            }
            Ok(answer) => assert!(answer.status >= 500, "a comment is refused: {} {}", answer.status, answer.text()),
            Err(_) => {}
        }
        pass(AGAIN).await;
    }
    panic!("the desk takes nothing any more");
}
