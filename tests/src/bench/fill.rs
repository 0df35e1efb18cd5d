//! Prepares a store at size: conversations that wrote before, each with its records, its task in the desk, its window's
//! deadline row and its line in the read models.
//!
//! The machines decide and the journal and the desk store, as in a node; what is missing is the way through HTTP, inbox
//! and actors, which leaves nothing in a store once a delivery is done.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use futures_util::stream::{self, StreamExt as _};
use journal::{
    Batch, Drives, FileOptions, Journal as _, JournalFile, JournalOptions, Key, OpenEffect, Record, Sources, Store,
    StoreOptions,
};
use machine::conversation::{Command, Conversation, Effect, Line, Outcome, State};
use machine::{Context, Machine as _, PageFacts};
use model::{EffectId, Incarnation, MachineId, Timestamp};
use node::SystemEntropy;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tracker::{Comment, CommentOrigin, CommentsAdded, Contact, Desk, OpenTask, Tracker as _};

use super::bodies::{self, People};
use super::clock;
use super::figures::{float, rounded};
use super::progress::Progress;
use super::whole::{facts, open_desk, open_view};

/// Conversations filled at the same time: what makes the journal's groups.
const AT_ONCE: usize = 8_192;

/// Page cache while filling.
const CACHE_BYTES: usize = 512 << 20;

/// Batches that the read models fold in one round.
const ROUND: usize = 16_384;

/// A store older than this has windows that are about to close all at once: it is filled anew.
const AGE_MAX_S: f64 = 15.0 * 3_600.0;

/// Customers wrote during so long before the filling, in ms.
const WROTE_DURING: u64 = 3_600_000;

/// What a prepared store holds; kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filled {
    /// Conversations, each with a task.
    pub(crate) conversations: u64,
    /// Pages they are spread over.
    pub(crate) pages: u64,
    /// Messages of each: the first gives 4 records, each further one 3.
    pub(crate) messages_each: u64,
    /// Records in all.
    pub(crate) records: u64,
    /// When, by [`clock::wall_us`].
    pub(crate) at_us: i64,
    /// How long it took.
    pub(crate) seconds: f64,
}

impl Filled {
    /// Takes the store of this folder if it is what is wanted, else fills an empty folder.
    pub(crate) fn take_or_make(dir: &Path, people: People, messages_each: u64) -> anyhow::Result<Self> {
        let note = dir.join("filled.json");
        if let Ok(text) = fs::read_to_string(&note) {
            let filled: Self = serde_json::from_str(&text).with_context(|| note.display().to_string())?;
            let wanted = (people.conversations, people.pages, messages_each);
            let is = (filled.conversations, filled.pages, filled.messages_each);
            ensure!(is == wanted, "{} holds another store: {filled:?}", dir.display());
            let age = clock::seconds(filled.at_us, clock::wall_us());
            ensure!(age < AGE_MAX_S, "{} is {age:.0} s old and its windows close: empty it", dir.display());
            return Ok(filled);
        }
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let empty = fs::read_dir(dir).with_context(|| dir.display().to_string())?.next().is_none();
        ensure!(empty, "{} holds something that is no prepared store", dir.display());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("a runtime")?;
        let filled = runtime.block_on(fill(dir, people, messages_each))?;
        fs::write(&note, serde_json::to_string_pretty(&filled)?).with_context(|| note.display().to_string())?;
        Ok(filled)
    }
}

async fn fill(dir: &Path, people: People, messages_each: u64) -> anyhow::Result<Filled> {
    let at_us = clock::wall_us();
    let file = FileOptions { cache_bytes: CACHE_BYTES, ..FileOptions::default() };
    let journal = JournalOptions { log: file, ..JournalOptions::default() };
    let options = StoreOptions { journal, ..StoreOptions::default() };
    let entropy = Box::new(SystemEntropy::open().context("random bytes")?);
    let store = Store::open(Sources::in_dir(dir), options, entropy, Drives::THREADS).context("the store opens")?;
    let desk = open_desk(dir)?;
    let filler = Arc::new(Filler {
        incarnation: Incarnation(store.journal.incarnation()),
        journal: Arc::clone(&store.journal),
        desk: desk.clone(),
        people,
        messages_each,
        context: context(),
        now: at_us / 1_000,
    });
    let progress = Progress::over(people.conversations);
    progress.says("filling the journal and the desk".to_owned());
    let mut lives = stream::iter(0..people.conversations)
        .map(|nth| tokio::spawn(live(Arc::clone(&filler), nth)))
        .buffer_unordered(AT_ONCE);
    let mut records = 0;
    while let Some(life) = lives.next().await {
        records += life.context("a conversation's task")??;
        progress.done(1);
    }
    drop(lives);
    progress.says("folding the read models".to_owned());
    let view = open_view(dir)?;
    while view.catch_up(&*store.journal, ROUND).context("the read models fold")? < store.journal.last() {}
    view.flush().context("the read models are synced")?;
    store.close();
    desk.close();
    let seconds = rounded(clock::seconds(at_us, clock::wall_us()));
    let People { conversations, pages } = people;
    Ok(Filled { conversations, pages, messages_each, records, at_us, seconds })
}

/// As a node with one account and a Page without a token would have it.
fn context() -> Context {
    let page = PageFacts { known: true, name: "Bakery".to_owned(), ..PageFacts::default() };
    Context { account: facts(), account_version: 1, page, page_version: 1, edition: None }
}

struct Filler {
    incarnation: Incarnation,
    journal: Arc<JournalFile>,
    desk: Desk,
    people: People,
    messages_each: u64,
    context: Context,
    now: i64,
}

/// One conversation so far.
struct Life<'a> {
    filler: &'a Filler,
    id: MachineId,
    key: Key,
    state: State,
    armed: Option<i64>,
    open: BTreeMap<u64, OpenEffect>,
}

/// Lets one conversation's customer write its messages. Returns how many records that made.
async fn live(filler: Arc<Filler>, nth: u64) -> anyhow::Result<u64> {
    let people = filler.people;
    let id = MachineId::Conversation(people.page(nth), people.psid(nth));
    let mut life = Life {
        filler: &filler,
        key: Arc::from(id.to_string().into_bytes()),
        state: Conversation::fresh(&id),
        id,
        armed: None,
        open: BTreeMap::new(),
    };
    let ago = i64::try_from(bodies::draw(nth) % WROTE_DURING).expect("an hour");
    for message in 0..filler.messages_each {
        let at = filler.now - ago + i64::try_from(message).expect("few") * 1_000;
        let mid = bodies::mid(nth, message);
        let body = bodies::body(people, nth, &mid, bodies::text(nth + message), at);
        let mut delivery = webhook::parse(body.as_bytes(), Timestamp(at));
        let inbound = delivery.inbounds.pop().context("a body holds one item")?;
        let mut commands = vec![Command::Receive(inbound)];
        while let Some(command) = commands.pop() {
            for (effect, work) in life.decide(command, Timestamp(at)).await? {
                commands.push(Command::Settle { effect, outcome: life.carry_out(effect, work).await? });
            }
        }
    }
    Ok(Conversation::seq(&life.state))
}

impl Life<'_> {
    /// Decides, stores the batch, returns the effects it named.
    async fn decide(&mut self, command: Command, now: Timestamp) -> anyhow::Result<Vec<(u64, Effect)>> {
        let expected = Conversation::seq(&self.state);
        let events = Conversation::decide(&self.state, command, &self.filler.context, now);
        let (mut records, mut closes, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for (index, event) in (0..).zip(&events) {
            Conversation::evolve(&mut self.state, event);
            closes.extend(Conversation::settles(event).and_then(|settled| self.open.remove(&settled)));
            let effect = Conversation::effect(event);
            let encoded = Conversation::encode(event);
            records.push(Record {
                kind: encoded.kind,
                version: encoded.version,
                sealed: encoded.sealed,
                opens: effect.is_some(),
                body: encoded.body,
            });
            named.extend(effect.map(|effect| (index, Conversation::seq(&self.state), effect)));
        }
        self.armed = self.armed.or_else(|| Conversation::deadline(&self.state).map(|at| at.0));
        let batch = Batch {
            key: Arc::clone(&self.key),
            expected,
            at: now.0,
            records,
            closes,
            armed: self.armed,
            baseline: false,
            snapshot: None,
        };
        let (tell, told) = oneshot::channel();
        self.filler.journal.append(
            batch,
            Box::new(move |fate| {
                let _waits_below = tell.send(fate);
            }),
        );
        let position = told.await.context("the journal answers")?.context("the journal takes a batch")?.position;
        let mut effects = Vec::with_capacity(named.len());
        for (index, seq, effect) in named {
            self.open.insert(seq, OpenEffect { position, index });
            effects.push((seq, effect));
        }
        Ok(effects)
    }

    /// What a node's sender does.
    async fn carry_out(&self, seq: u64, effect: Effect) -> anyhow::Result<Outcome> {
        let id = EffectId { incarnation: self.filler.incarnation, machine: self.id.clone(), seq };
        match effect {
            Effect::OpenTask { name, customer, lines, previous } => {
                let contact = Contact { key: self.id.clone(), name: customer };
                let at = lines.first().map_or(Timestamp(0), |line| line.at);
                let lines = lines.into_iter().map(comment).collect();
                let task = OpenTask { binding: self.id.clone(), name, contact, lines, previous, at };
                let opened = self.filler.desk.open_task(id, task).await.context("a task opens")?;
                Ok(Outcome::TaskOpened { task: opened.task, contact: opened.contact })
            }
            Effect::AddComments { task, lines, if_active } => {
                let lines = lines.into_iter().map(comment).collect();
                match self.filler.desk.add_comments(id, task, lines, if_active).await.context("comments are added")? {
                    CommentsAdded::Done { task } => Ok(Outcome::CommentsAdded { task }),
                    CommentsAdded::Inactive | CommentsAdded::Gone => bail!("a task that was just opened is not active"),
                }
            }
            Effect::AskProfile { .. }
            | Effect::NameContact { .. }
            | Effect::ReadThread { .. }
            | Effect::TakeControl { .. }
            | Effect::Send { .. } => {
                bail!("a message without a profile leads to no such effect")
            }
        }
    }
}

fn comment(line: Line) -> Comment {
    Comment { origin: CommentOrigin::Customer, text: line.text, attachments: line.attachments, at: line.at }
}

/// Records per second of a filling, for people.
pub(crate) fn rate(filled: &Filled) -> f64 {
    (float(filled.records) / filled.seconds.max(1e-9)).round()
}
