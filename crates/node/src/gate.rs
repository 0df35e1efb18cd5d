//! The node as the web sees it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::{Fate, LoadFault, Rebuilt, rebuild};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use journal::{InboxFault, Journal};
use machine::account::Account;
use machine::conversation::attempts::Attempts;
use machine::conversation::transcript::Transcript;
use machine::conversation::{Conversation, Reply, Resolution};
use machine::outbound::PartId;
use machine::page::Page;
use machine::{Context, Machine};
use model::{AccountId, MachineId, Timestamp};
use tokio::sync::oneshot;
use view::{PausedSends, View};
use web::{ConversationNow, NotAccepted, PartHealth, PausedPage, Readiness, SinceStart, Unavailable};

use crate::refusals::{Due, Notice, Refusals};
use crate::start::Node;

/// How long the store may take to answer a probe.
const PROBE: std::time::Duration = std::time::Duration::from_secs(2);

/// Numbers of a running node, for metrics and tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Items offered to Pages since start.
    pub inbounds: u64,
    /// Items that could not be understood, since start.
    pub anomalies: u64,
    /// Items recognised as known, since start.
    pub duplicates: u64,
    /// Items set aside, since start.
    pub quarantined: u64,
    /// Messages handed to the Send API since start.
    pub sends: u64,
    /// Rests of Pages' queues that began since start.
    pub pauses: u64,
    /// Usage headers of Meta that could not be read, since start.
    pub usage_unreadable: u64,
    /// Conversations in memory now.
    pub resident: u64,
    /// Deliveries not finished now.
    pub unfinished: u64,
}

impl Node {
    /// Numbers of this node.
    pub fn totals(&self) -> Totals {
        let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            inbounds: of(&self.counters.inbounds),
            sends: of(&self.counters.sends),
            pauses: of(&self.counters.pauses),
            usage_unreadable: of(&self.counters.usage_unreadable),
            anomalies: of(&self.counters.anomalies),
            duplicates: of(&self.counters.duplicates),
            quarantined: of(&self.counters.quarantined),
            resident: of(&self.counters.resident),
            unfinished: self.store.inbox.stats().unforgotten,
        }
    }

    /// The lines for refusals that the log does not name yet.
    pub(crate) fn tell_of_refusals(&self) {
        let rest = book(&self.refusals).rest(self.clock.now());
        rest.iter().for_each(tell);
    }

    fn since_start(&self) -> SinceStart {
        let oddities = &self.counters.oddities;
        SinceStart {
            refused: book(&self.refusals).totals(),
            anomalies: oddities.anomalies(),
            quarantined: oddities.quarantined(),
        }
    }

    async fn probe(&self) -> PartHealth {
        let journal = Arc::clone(&self.store.journal);
        let read = tokio::task::spawn_blocking(move || journal.next_due().map(|_| journal.last()));
        match tokio::time::timeout(PROBE, read).await {
            Ok(Ok(Ok(last))) => part("journal", Ok(format!("position {}", last.0))),
            Ok(Ok(Err(fault))) => part("journal", Err(fault.to_string())),
            Ok(Err(fault)) => part("journal", Err(fault.to_string())),
            Err(_) => part("journal", Err("does not answer".to_owned())),
        }
    }
}

/// Rebuilds a conversation with all its events; file work, so not for a runtime's worker.
fn conversation_now(
    journal: &dyn Journal,
    account: AccountId,
    id: &MachineId,
) -> Result<Option<ConversationNow>, LoadFault> {
    let Some(page) = id.page() else { return Ok(None) };
    let history = journal.read(id.to_string().as_bytes(), false)?;
    if history.head == 0 {
        return Ok(None);
    }
    let mut state = Conversation::fresh(id);
    let mut events = Vec::new();
    for stored in history.batches.iter().flat_map(|batch| &batch.records) {
        let event = Conversation::decode(stored.record.kind, stored.record.version, &stored.record.body)?;
        Conversation::evolve(&mut state, &event);
        events.push(event);
    }
    let account: Rebuilt<Account> = rebuild(journal, &MachineId::Account(account))?;
    let page: Rebuilt<Page> = rebuild(journal, &MachineId::Page(page.clone()))?;
    let context = Context {
        account: account.state.facts().clone(),
        account_version: account.state.version(),
        page: page.state.facts().clone(),
        page_version: page.state.version(),
        edition: None,
    };
    let (transcript, attempts) = (Transcript::fold(&events), Attempts::fold(&events));
    Ok(Some(ConversationNow { state, transcript, attempts, context }))
}

fn book(refusals: &Mutex<Refusals>) -> MutexGuard<'_, Refusals> {
    refusals.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(notice: &Notice) {
    tracing::warn!(reason = notice.reason, count = notice.count, "{notice}");
}

/// Pages whose messages wait, as far as the read models have followed; none where they cannot be read now.
fn paused(view: &View) -> Vec<PausedPage> {
    let pages = view.pages().unwrap_or_default().into_iter();
    let paused = pages.filter_map(|row| {
        let PausedSends { row: reason, until } = row.paused?;
        Some(PausedPage { page: row.page, reason, until })
    });
    paused.collect()
}

fn part(name: &str, said: Result<String, String>) -> PartHealth {
    let ok = said.is_ok();
    let (Ok(detail) | Err(detail)) = said;
    PartHealth { name: name.to_owned(), ok, detail }
}

impl web::Node for Node {
    fn accept(&self, body: Bytes) -> BoxFuture<'_, Result<(), NotAccepted>> {
        // Acknowledged and not kept: the checks that count what is lost must see it.
        fail::fail_point!("accept-forgets", |_| Box::pin(core::future::ready(Ok(()))));
        let (told, durable) = oneshot::channel();
        let received_at = self.clock.now().0;
        let offer = self.tree.offering();
        let kept = body.clone();
        let done = Box::new(move |fate: Result<u64, InboxFault>| {
            if let Ok(seq) = fate {
                offer(seq, received_at, kept);
            }
            // Who waited may have hung up: the delivery is kept all the same.
            let _gone = told.send(fate);
        });
        self.store.inbox.append(body, received_at, done);
        Box::pin(async move {
            match durable.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(InboxFault::Overloaded)) => Err(NotAccepted::Overloaded),
                Ok(Err(InboxFault::Unavailable)) | Err(_) => Err(NotAccepted::StoreFailed),
            }
        })
    }

    fn refused(&self, reason: &'static str) {
        let due = book(&self.refusals).count(reason, self.clock.now());
        match due {
            Due::Now(notice) => tell(&notice),
            Due::At(at) => {
                let (clock, refusals) = (Arc::clone(&self.clock), Arc::clone(&self.refusals));
                tokio::spawn(async move {
                    while clock.now() < at {
                        clock.sleep_until(at).await;
                    }
                    let notice = book(&refusals).look(reason, clock.now());
                    notice.iter().for_each(tell);
                });
            }
            Due::Awaited => {}
        }
    }

    fn ready(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async move {
            let actors = match self.tree.ping().await {
                Ok(unfinished) => part("actors", Ok(format!("{unfinished} deliveries under way"))),
                Err(silent) => part("actors", Err(format!("{silent} does not answer"))),
            };
            let inbox = self.store.inbox.stats();
            let waiting = format!("{} deliveries not done, {} bytes", inbox.unforgotten, inbox.unforgotten_bytes);
            let parts = vec![actors, self.probe().await, part("inbox", Ok(waiting))];
            let (ready, paused) = (parts.iter().all(|part| part.ok), paused(&self.view));
            Readiness { ready, parts, since_start: self.since_start(), paused }
        })
    }

    fn conversation(&self, id: &MachineId) -> BoxFuture<'_, Result<Option<ConversationNow>, Unavailable>> {
        let (journal, account, id) = (Arc::clone(&self.store.journal), self.config.account.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || conversation_now(&*journal, account, &id));
        Box::pin(async move {
            match read.await {
                Ok(found) => found.map_err(|fault| Unavailable(fault.to_string())),
                Err(fault) => Err(Unavailable(fault.to_string())),
            }
        })
    }

    fn resolve(
        &self,
        id: &MachineId,
        part: PartId,
        resolution: Resolution,
        by: String,
    ) -> BoxFuture<'_, Result<bool, Unavailable>> {
        let MachineId::Conversation(page, psid) = id.clone() else { return Box::pin(core::future::ready(Ok(false))) };
        Box::pin(async move {
            match self.tree.resolve(&page, psid, part, resolution, by).await {
                Some(Fate::Applied) => Ok(true),
                Some(Fate::Nothing | Fate::Quarantined) => Ok(false),
                None => Err(Unavailable("the Page's actor is starting again".to_owned())),
            }
        })
    }

    fn reply(&self, id: &MachineId, reply: Reply) -> BoxFuture<'_, Result<(), Unavailable>> {
        let unavailable = |why: &str| Err(Unavailable(why.to_owned()));
        let MachineId::Conversation(page, psid) = id.clone() else {
            return Box::pin(core::future::ready(unavailable("only conversations are answered")));
        };
        Box::pin(async move {
            match self.tree.reply(&page, psid, reply).await {
                Some(Fate::Applied | Fate::Nothing) => Ok(()),
                Some(Fate::Quarantined) => unavailable("the conversation cannot take it"),
                None => unavailable("the Page's actor is starting again"),
            }
        })
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn entropy(&self, bytes: &mut [u8]) {
        self.entropy.draw(bytes);
    }
}
