//! The whole tree over a real store and the embedded desk: a signed-and-stored delivery becomes a task, an agent's
//! comment becomes one send, whatever ends in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use actors::{Clock, Counters, Limits, Ports, Tree, TreeConfig, rebuild, start};
use futures_util::future::BoxFuture;
use journal::{Drives, Entropy, Sources, Store, StoreOptions};
use machine::Machine as _;
use machine::conversation::{Conversation, Event};
use machine::outbound::PartState;
use machine::{AccountFacts, PageFacts};
use messenger::{Fault, Graph, Profile, Send, SendOutcome};
use model::{AccountId, Inbound, Incarnation, Kind, MachineId, Mid, PageId, Psid, Span, Timestamp};
use policy::Permit;
use tokio::sync::Notify;
use tracker::desk::Act;
use tracker::{Audience, Desk, DeskOptions};

const NOW: i64 = 1_790_000_000_000;

/// Stands still at `NOW`, plus the runtime's own time.
struct Wall(tokio::time::Instant);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(NOW + i64::try_from(self.0.elapsed().as_millis()).expect("short"))
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let ms = (at - self.now()).0.clamp(0, 60_000);
        let span = std::time::Duration::from_millis(u64::try_from(ms).expect("not negative"));
        Box::pin(async move { drop(tokio::time::timeout(span, core::future::pending::<()>()).await) })
    }
}

struct Counter(u64);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

/// Takes every send and remembers its mark; tells no name until it was asked so many times.
#[derive(Default)]
struct Meta {
    sends: Mutex<Vec<String>>,
    shy: AtomicU32,
}

impl Graph for Meta {
    fn send(&self, _permit: Permit, send: Send) -> messenger::BoxFuture<'_, SendOutcome> {
        let mut sends = self.sends.lock().expect("not poisoned");
        sends.push(send.metadata);
        let mid = Mid::new(format!("m_{}", sends.len()));
        Box::pin(async move { SendOutcome::Sent { mid, usage: messenger::Usage::default() } })
    }

    fn thread(&self, _page: PageId, _psid: Psid) -> messenger::BoxFuture<'_, Result<Vec<messenger::Sent>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn take_control(&self, _page: PageId, _psid: Psid) -> messenger::BoxFuture<'_, Result<messenger::Control, Fault>> {
        Box::pin(async { Ok(messenger::Control::Taken) })
    }

    fn profile(&self, _page: PageId, _psid: Psid) -> messenger::BoxFuture<'_, Result<Profile, Fault>> {
        let shy = self.shy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if shy {
            return Box::pin(async { Err(Fault::Retry { after: Span(1), why: "unreachable", code: None }) });
        }
        Box::pin(async { Ok(Profile { first_name: Some("Mila".into()), last_name: None, picture: None }) })
    }
}

struct Bench {
    tree: Tree,
    store: Store,
    desk: Arc<Desk>,
    meta: Arc<Meta>,
    counters: Arc<Counters>,
}

async fn bench(dir: &std::path::Path, limits: Limits) -> Bench {
    let store = Store::open(Sources::in_dir(dir), StoreOptions::default(), Box::new(Counter(7)), Drives::THREADS)
        .expect("a fresh store opens");
    let desk = Arc::new(
        Desk::open(journal::Source::Path(dir.join("desk.redb")), DeskOptions::default()).expect("a fresh desk opens"),
    );
    let meta = Arc::new(Meta::default());
    let counters = Arc::new(Counters::default());
    let ports = Ports {
        clock: Arc::new(Wall(tokio::time::Instant::now())),
        inbox: Arc::clone(&store.inbox),
        journal: Arc::clone(&store.journal) as Arc<dyn journal::Journal>,
        graph: Arc::clone(&meta) as Arc<dyn Graph>,
        tracker: Arc::clone(&desk) as Arc<dyn tracker::Tracker>,
        incarnation: Incarnation(store.journal.incarnation()),
        appended: Arc::new(Notify::new()),
        counters: Arc::clone(&counters),
    };
    let page = PageFacts { known: true, name: "Orange".into(), token: true, ..PageFacts::default() };
    let config = TreeConfig {
        account: AccountId::new("acme"),
        facts: AccountFacts::default(),
        pages: BTreeMap::from([(PageId::new("100"), page)]),
        limits,
    };
    let (tree, _ended) = start(ports, config).await.expect("the tree starts");
    Bench { tree, store, desk, meta, counters }
}

fn text(mid: &str, psid: &str, at: i64) -> String {
    format!(
        r#"{{"object":"page","entry":[{{"id":"100","time":{at},"messaging":[{{"sender":{{"id":"{psid}"}},"recipient":{{"id":"100"}},"timestamp":{at},"message":{{"mid":"{mid}","text":"hello {mid}"}}}}]}}]}}"#
    )
}

impl Bench {
    async fn deliver(&self, body: String) {
        let (told, durable) = tokio::sync::oneshot::channel();
        let offer = self.tree.offering();
        let body = bytes::Bytes::from(body);
        let kept = body.clone();
        self.store.inbox.append(
            body,
            NOW,
            Box::new(move |fate| {
                let seq = fate.expect("the inbox takes it");
                offer(seq, NOW, kept);
                let _gone = told.send(());
            }),
        );
        durable.await.expect("answered");
    }

    async fn quiet(&self) {
        while self.tree.unfinished().await > 0 {
            tokio::task::yield_now().await;
        }
    }

    fn conversation(&self, psid: &str) -> machine::conversation::State {
        let id = MachineId::Conversation(PageId::new("100"), Psid::new(psid));
        rebuild::<Conversation>(&*self.store.journal, &id).expect("readable").state
    }

    /// The messages of a customer, in the order of the journal.
    fn received(&self, psid: &str) -> Vec<String> {
        let key = format!("c/100/{psid}");
        let history = journal::Journal::read(&*self.store.journal, key.as_bytes(), false).expect("readable");
        let records = history.batches.into_iter().flat_map(|batch| batch.records);
        let events = records.map(|stored| {
            let record = stored.record;
            Conversation::decode(record.kind, record.version, &record.body).expect("decodable")
        });
        events
            .filter_map(|event| {
                if let Event::Received { inbound: Inbound { kind: Kind::Message(message), .. } } = event {
                    Some(message.mid.to_string())
                } else {
                    None
                }
            })
            .collect()
    }

    async fn until(&self, psid: &str, holds: impl Fn(&machine::conversation::State) -> bool) {
        while !holds(&self.conversation(psid)) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_becomes_a_task_and_a_comment_becomes_one_send() {
    let dir = tempfile::tempdir().expect("a directory");
    let bench = bench(dir.path(), Limits::default()).await;
    bench.deliver(text("m1", "500", NOW - 1_000)).await;
    bench.deliver(text("m1", "500", NOW - 1_000)).await;
    bench.quiet().await;
    bench.until("500", |state| state.task().is_some() && state.tracker_work().is_none()).await;

    let task = bench.conversation("500").task().cloned().expect("bound");
    let act = Act { by: "Ada".into(), at: Timestamp(NOW), key: None };
    bench.desk.add_comment(&task, Audience::Customer, "Good morning".into(), act).await.expect("taken");
    bench
        .until("500", |state| state.queue().parts().any(|(_, part)| matches!(part.state, PartState::Sent { .. })))
        .await;

    assert_eq!(bench.meta.sends.lock().expect("not poisoned").len(), 1);
    assert_eq!(bench.counters.duplicates.load(Ordering::Relaxed), 1);
    bench.tree.drain(Span::seconds(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_cannot_be_read_at_once_is_asked_for_again_while_the_task_waits() {
    let dir = tempfile::tempdir().expect("a directory");
    let bench = bench(dir.path(), Limits::default()).await;
    bench.meta.shy.store(2, Ordering::SeqCst);
    bench.deliver(text("m1", "500", NOW - 1_000)).await;
    bench.until("500", |state| state.task().is_some() && state.tracker_work().is_none()).await;
    assert_eq!(bench.conversation("500").name().map(|name| name.reveal().as_str()), Some("Mila"));
    let task = bench.desk.task(bench.conversation("500").task().expect("bound"), None, 1).expect("it stands");
    assert_eq!(task.task.name.reveal(), "Mila (FB, Orange)");
    assert_eq!(bench.meta.shy.load(Ordering::SeqCst), 0);
    bench.tree.drain(Span::seconds(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_conversation_takes_is_counted_by_its_reason() {
    let dir = tempfile::tempdir().expect("a directory");
    let bench = bench(dir.path(), Limits::default()).await;
    bench.deliver("not json".to_owned()).await;
    for mid in ["m1", "m2"] {
        bench.deliver(text(mid, "500", NOW - 1_000).replace(r#""id":"100""#, r#""id":"999""#)).await;
    }
    bench.quiet().await;
    let oddities = &bench.counters.oddities;
    assert_eq!(oddities.quarantined(), BTreeMap::from([("unknown-page".to_owned(), 2)]));
    assert_eq!(oddities.anomalies().values().sum::<u64>(), 1);
    assert_eq!(bench.counters.anomalies.load(Ordering::Relaxed), 1);
    bench.tree.drain(Span::seconds(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_falls_behind_gets_everything_in_order_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let tight =
        Limits { page_items_max: 4, items_max: 6, conversation_credit: 2, resident_max: 2, ..Limits::default() };
    let bench = bench(dir.path(), tight).await;
    for nth in 0..300 {
        bench.deliver(text(&format!("m{nth:03}"), &format!("50{}", nth % 5), NOW - 1_000 + nth)).await;
    }
    bench.quiet().await;
    for customer in 0..5 {
        let psid = format!("50{customer}");
        bench.until(&psid, |state| state.task().is_some() && state.tracker_work().is_none()).await;
        let expected: Vec<String> =
            (0..300).filter(|nth| nth % 5 == customer).map(|nth| format!("m{nth:03}")).collect();
        assert_eq!(bench.received(&psid), expected);
    }
    bench.tree.drain(Span::seconds(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_burst_of_many_conversations_no_more_are_resident_than_should_be() {
    let dir = tempfile::tempdir().expect("a directory");
    let bench = bench(dir.path(), Limits { resident_max: 4, residents_max: 6, ..Limits::default() }).await;
    let body = |nth: i64| text(&format!("m{nth:03}"), &format!("60{nth:03}"), NOW - 1_000 + nth);
    futures_util::future::join_all((0..200).map(|nth| bench.deliver(body(nth)))).await;
    bench.quiet().await;
    let resident = || bench.counters.resident.load(std::sync::atomic::Ordering::Relaxed);
    while resident() > 6 {
        tokio::task::yield_now().await;
    }
    bench.tree.drain(Span::seconds(5)).await;
}
