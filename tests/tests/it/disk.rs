//! Loss of power: the whole node on disks that forget or tear every write not followed by a sync. Nothing acknowledged
//! is lost; built without durability the same check fails, which shows that it can.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actors::Clock as _;
use bytes::Bytes;
use it::apart::Life;
use it::disks::Simulated;
use it::facts::Facts;
use it::promise::{Acknowledged, Answered, Lane, bubble, judge, unsettled};
use it::rig::{Options, PAGES, SHORT_HALF, comments, node};
use it::wait::{eventually, pass};
use it::wire;
use journal::Durability;
use messenger::{Body, Fault, Graph, Profile, Send, SendOutcome};
use model::{MachineId, Mid, PageId, Psid};
use node::{Node, SystemClock};
use policy::Permit;
use simulator::fake::facebook::Bubble;
use tracker::desk::Act;
use tracker::{Audience, Desk};
use web::Node as _;

/// Conversations of one history.
const TALKERS: usize = 6;
/// Losses of power in one history.
const CRASHES: u64 = 4;
/// Longest wait for the end of everything that is under way.
const AT_MOST: Duration = Duration::from_secs(40);
/// The same where it is expected never to come.
const NEVER: Duration = Duration::from_secs(4);
/// Pause of a talker between two messages.
const PACE: Duration = Duration::from_millis(2);

/// Facebook without a socket: takes every send and remembers it beyond the node's lives.
#[derive(Default)]
struct Meta(Mutex<Vec<Bubble>>);

impl Meta {
    fn bubbles(&self) -> MutexGuard<'_, Vec<Bubble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Graph for Meta {
    fn send(&self, _permit: Permit, send: Send) -> messenger::BoxFuture<'_, SendOutcome> {
        let mut bubbles = self.bubbles();
        let mid = Mid::new(format!("m_sent_{}", bubbles.len()));
        match &send.body {
            Body::Text(text) => bubbles.push(bubble(&send.page, &send.psid, &mid, text, &send.metadata)),
            Body::Prompt { .. } | Body::Attachment { .. } | Body::Template { .. } => {
                panic!("these agents write texts alone")
            }
        }
        Box::pin(async move { SendOutcome::Sent { mid, usage: messenger::Usage::default() } })
    }

    fn thread(&self, _page: PageId, _psid: Psid) -> messenger::BoxFuture<'_, Result<Vec<messenger::Sent>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn take_control(&self, _page: PageId, _psid: Psid) -> messenger::BoxFuture<'_, Result<messenger::Control, Fault>> {
        Box::pin(async { Ok(messenger::Control::Taken) })
    }

    fn profile(&self, _page: PageId, _psid: Psid) -> messenger::BoxFuture<'_, Result<Profile, Fault>> {
        Box::pin(async { Ok(Profile { first_name: Some("Mila".into()), last_name: None, picture: None }) })
    }
}

/// What the outside remembers over all lives of one history.
struct Outside {
    meta: Arc<Meta>,
    told: Mutex<Told>,
}

/// What was acknowledged, and what each talker says next.
#[derive(Default)]
struct Told {
    lanes: BTreeMap<usize, Lane>,
    answers: Vec<Answered>,
    /// Numbers of the next comment.
    next_answer: BTreeMap<usize, usize>,
}

impl Told {
    fn acknowledged(&self) -> Acknowledged {
        Acknowledged { lanes: self.lanes.values().cloned().collect(), answers: self.answers.clone() }
    }

    fn count(&self) -> usize {
        self.lanes.values().map(|lane| lane.messages.len()).sum::<usize>() + self.answers.len()
    }
}

fn psid(talker: usize) -> String {
    format!("80{talker:04}")
}

impl Outside {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A customer: delivers the next message until it is acknowledged, on and on.
    async fn customer(&self, node: &Node, talker: usize) {
        let (page, psid) = (PAGES[talker % 2], psid(talker));
        loop {
            let number = self.told().lanes.get(&talker).map_or(0, |lane| lane.messages.len());
            let (mid, text) = (format!("m_{psid}_{number}"), format!("{psid} writes number {number}"));
            let body = wire::text(page, &psid, &mid, &text, SystemClock.now().0);
            if node.accept(body).await.is_ok() {
                let fresh = || Lane { page: page.to_owned(), psid: psid.clone(), messages: Vec::new() };
                self.told().lanes.entry(talker).or_insert_with(fresh).messages.push((mid, text));
            }
            pass(PACE).await;
        }
    }

    /// An agent: comments on the customer's task once there is one, each until it is acknowledged.
    async fn agent(&self, desk: &Desk, talker: usize) {
        let (page, psid) = (PAGES[talker % 2], psid(talker));
        let binding = MachineId::Conversation(PageId::new(page), Psid::new(psid.as_str()));
        loop {
            pass(PACE).await;
            let Ok(Some(task)) = desk.task_of_binding(&binding) else { continue };
            let number = self.told().next_answer.get(&talker).copied().unwrap_or_default();
            let text = format!("answer {number} for {psid}");
            let act = Act { by: "Ada".to_owned(), at: SystemClock.now(), key: Some(text.clone()) };
            if let Ok(comment) = desk.add_comment(&task, Audience::Customer, text.clone().into(), act).await {
                let mut told = self.told();
                told.next_answer.insert(talker, number + 1);
                let (page, comment) = (page.to_owned(), comment.as_str().to_owned());
                told.answers.push(Answered { page, psid: psid.clone(), comment, text });
            }
        }
    }

    /// Everybody talks until so much more was acknowledged.
    async fn talk(&self, node: &Node, desk: &Desk, more: usize) -> bool {
        let enough = self.told().count() + more;
        let customers = futures_util::future::join_all((0..TALKERS).map(|talker| self.customer(node, talker)));
        let agents = futures_util::future::join_all((0..TALKERS).map(|talker| self.agent(desk, talker)));
        let talking = futures_util::future::join(customers, agents);
        let watching = eventually(AT_MOST, || core::future::ready(self.told().count() >= enough));
        match futures_util::future::select(core::pin::pin!(talking), core::pin::pin!(watching)).await {
            futures_util::future::Either::Left(_) => unreachable!("they talk on and on"),
            futures_util::future::Either::Right((reached, _)) => reached,
        }
    }

    /// The echoes of everything that was sent, so that no doubt remains.
    async fn echo(&self, node: &Node) {
        let bubbles = self.meta.bubbles().clone();
        for bubble in bubbles {
            let (page, mark) = (bubble.page.as_str(), bubble.metadata.unwrap_or_default());
            let text = bubble.text.unwrap_or_default();
            let at = SystemClock.now().0;
            let echo = wire::echo(page, bubble.psid.as_str(), bubble.mid.as_str(), &mark, &text, at);
            let body: Bytes = wire::delivery(page, at, &[echo]);
            while node.accept(body.clone()).await.is_err() {
                pass(Duration::from_millis(5)).await;
            }
        }
    }
}

/// One history: lives that end with a loss of power at seeded moments, then one that settles. `Err`: what was lost.
fn history(seed: u64, durability: Durability) -> Result<String, String> {
    let disks = Simulated::new(seed);
    let outside = &Outside { meta: Arc::new(Meta::default()), told: Mutex::default() };
    let mut options = Options::default();
    options.store.inbox.wal_half = SHORT_HALF;
    options.store.inbox.file.durability = durability;
    options.store.journal.log.durability = durability;
    options.store.journal.keys.durability = durability;
    for life in 0..CRASHES {
        let more = usize::try_from(20 + draw(seed, life) % 60).unwrap_or(20);
        live(&disks, outside, &options, |node, desk| async move {
            let reached = outside.talk(&node, &desk, more).await;
            if reached { Ok(()) } else { Err("the node takes nothing any more".to_owned()) }
        })?;
    }
    let at_most = if durability == Durability::Durable { AT_MOST } else { NEVER };
    live(&disks, outside, &options, |node, desk| async move { outside.settle(&node, &desk, at_most).await })?;
    let told = outside.told();
    let torn: u64 = disks.all().iter().map(|disk| disk.counts().torn + disk.counts().dropped).sum();
    let (messages, answers) = (told.acknowledged().messages(), told.answers.len());
    Ok(format!("seed {seed}: {messages} messages, {answers} comments, {torn} writes dropped or torn"))
}

impl Outside {
    /// The last life: echoes come, everything ends, and the promise is judged.
    async fn settle(&self, node: &Node, desk: &Desk, at_most: Duration) -> Result<(), String> {
        self.echo(node).await;
        let acknowledged = self.told().acknowledged();
        let mut facts = Facts::default();
        let mut open = Vec::new();
        let settled = eventually(at_most, || {
            open = match facts.follow(&*node.store().journal) {
                Ok(()) => unsettled(&acknowledged, &facts),
                Err(fault) => vec![fault.to_string()],
            };
            core::future::ready(open.is_empty() && node.totals().unfinished == 0)
        })
        .await;
        if !settled {
            return Err(format!("never settled: {:?} {:?}", &open[..open.len().min(5)], node.totals()));
        }
        self.echo(node).await;
        let comments = comments(desk).map_err(|fault| fault.to_string())?;
        let (_, findings) = judge(&acknowledged, &facts, &comments, &self.meta.bubbles());
        if findings.is_empty() { Ok(()) } else { Err(format!("{findings:?}")) }
    }
}

/// One life of the node on these disks; it ends with a loss of power.
fn live<F: Future<Output = Result<(), String>>>(
    disks: &Simulated,
    outside: &Outside,
    options: &Options,
    work: impl FnOnce(Arc<Node>, Arc<Desk>) -> F,
) -> Result<(), String> {
    let life = Life::begin().map_err(|fault| fault.to_string())?;
    let lived = life.run(async {
        let graph = Arc::clone(&outside.meta) as Arc<dyn Graph>;
        let started = node(disks.files(), Arc::new(SystemClock), graph, options).await;
        let (node, desk) = started.map_err(|fault| format!("the node does not start: {fault:#}"))?;
        let lived = work(Arc::new(node), desk).await;
        disks.crash();
        lived
    });
    life.end();
    lived
}

/// A number of a seed's own.
fn draw(seed: u64, number: u64) -> u64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}

fn seeds(few: u64) -> core::ops::Range<u64> {
    let many = std::env::var_os("PAGEDESK_SOAK").is_some();
    1..1 + if many { few * 25 } else { few }
}

#[test]
fn nothing_acknowledged_is_lost_when_power_fails() {
    let _turn = crate::TURN.blocking_lock();
    for seed in seeds(20) {
        match history(seed, Durability::Durable) {
            Ok(said) => println!("{said}"),
            Err(lost) => panic!("seed {seed}: {lost}"),
        }
    }
}

#[test]
fn a_node_built_without_durability_loses_and_the_check_sees_it() {
    let _turn = crate::TURN.blocking_lock();
    let lost: Vec<String> = (1..4).filter_map(|seed| history(seed, Durability::Eventual).err()).collect();
    println!("{} of 3 histories lost something: {:.300}", lost.len(), lost.first().map_or("", String::as_str));
    assert!(!lost.is_empty(), "the check cannot see a missing sync");
}
