//! What a replay is played on: the node as `serve` starts it, with disks in memory, writers inline, entropy that is
//! counted, Meta in this process and a desk that is listened to.
//!
//! Wires and starts; decides nothing. Invariant: no file, no socket and no second thread behind any of it.

use std::sync::Arc;

use actors::{Clock as _, Limits};
use anyhow::Context as _;
use journal::{Drive, Drives, InboxSources, Journal as _, Source, Sources, StoreOptions};
use machine::AccountFacts;
use model::{AccountId, MachineId, Redacted, Span};
use node::{Node, NodeConfig, PageConfig, Ports};
use tracker::desk::Act;
use tracker::{Audience, Desk, DeskOptions};
use view::{View, ViewOptions};

use super::chance::Counted;
use super::clock::PausedClock;
use super::door::Door;
use super::meta::Meta;
use super::survey::Survey;
use super::trace::Recorder;
use super::watched::Watched;
use crate::fake::disk::MemoryDisk;
use crate::play::recording::{self, FactLine, Manifest, Recording};

/// Page cache of each file.
const CACHE_BYTES: usize = 16 << 20;
/// How long a graceful end may take; nobody waits for one here.
const DRAIN: Span = Span::seconds(1);

/// Everything that runs.
pub(super) struct Stage {
    pub(super) clock: PausedClock,
    pub(super) node: Arc<Node>,
    pub(super) desk: Arc<Desk>,
    pub(super) meta: Meta,
    pub(super) door: Door,
    pub(super) recorder: Recorder,
}

impl Stage {
    /// Starts everything at the recording's first instant.
    pub(super) async fn set(recording: &Recording, survey: &Arc<Survey>) -> anyhow::Result<Self> {
        let clock = PausedClock::starting(recording.begins_at());
        let recorder = Recorder::new(recording, survey.names.clone());
        let door = Door::new(clock, recorder.clone());
        let meta = Meta::new(&recording.manifest, Arc::clone(survey), door.clone(), clock, recorder.clone());
        let desk = DeskOptions { cache_bytes: CACHE_BYTES, drive: Drive::Inline };
        let desk = Arc::new(Desk::open(disk(), desk).context("the desk does not open")?);
        let view = ViewOptions { cache_bytes: CACHE_BYTES, ..ViewOptions::default() };
        let ports = Ports {
            clock: Arc::new(clock),
            entropy: Box::new(Counted::default()),
            store: Sources { inbox: InboxSources { file: disk(), wal: disk() }, journal: disk(), keys: disk() },
            drives: Drives::INLINE,
            graph: Arc::new(meta.clone()),
            tracker: Arc::new(Watched::new(Arc::clone(&desk), clock, recorder.clone())),
            view: Arc::new(View::open(disk(), view).context("the read models do not open")?),
        };
        let config = config(&recording.manifest);
        let node = Node::start_with(config, ports, store()).await.context("the node does not start")?;
        let node = Arc::new(node);
        recorder.follow(Arc::clone(&node.store().journal));
        door.open(&node);
        Ok(Self { clock, node, desk, meta, door, recorder })
    }

    /// Writes an agent's comment on the task of its conversation; `false` where there is no such task yet.
    ///
    /// # Errors
    /// What the desk said, where it refuses the comment.
    pub(super) async fn comment(&self, number: usize, fact: &FactLine) -> anyhow::Result<bool> {
        let whose = MachineId::Conversation(fact.page.clone(), fact.psid.clone());
        let Some(task) = self.desk.task_of_binding(&whose)? else { return Ok(false) };
        let (audience, word) = match fact.audience {
            recording::Audience::Customer => (Audience::Customer, "for the customer"),
            recording::Audience::Internal => (Audience::Internal, "internal"),
        };
        let act = Act { by: fact.by.clone(), at: self.clock.now(), key: Some(format!("replay-{number}")) };
        let comment = self.desk.add_comment(&task, audience, Redacted::new(fact.text.clone()), act).await?;
        let (by, text) = (self.recorder.text(&fact.by), self.recorder.text(&fact.text));
        let what = format!("f{number}: comment={comment} task={task} by {by}, {word}: {text}");
        self.recorder.comes(self.clock.now(), Some(&whose), &what);
        Ok(true)
    }

    /// Whether nothing is under way in the node and no deadline is due.
    pub(super) fn is_idle(&self) -> anyhow::Result<bool> {
        let journal = &self.node.store().journal;
        let open = journal.open_effects(None, 1).context("the open effects")?;
        let due = journal.next_due().context("the deadlines")?;
        let is_due = due.is_some_and(|at| at <= self.clock.now().0);
        Ok(self.node.totals().unfinished == 0 && open.is_empty() && !is_due)
    }
}

fn config(manifest: &Manifest) -> NodeConfig {
    let page = |page: &recording::PageOf| {
        let token = Some(Redacted::new(format!("token-of-{}", page.id)));
        (page.id.clone(), PageConfig { name: page.name.clone(), token })
    };
    NodeConfig {
        account: AccountId::new("replay"),
        facts: AccountFacts {
            human_agent: manifest.human_agent,
            app: Some(manifest.app_id.clone()),
            ..AccountFacts::default()
        },
        pages: manifest.pages.iter().map(page).collect(),
        limits: Limits::default(),
        drain: DRAIN,
        cache_bytes: CACHE_BYTES,
    }
}

fn store() -> StoreOptions {
    let mut options = StoreOptions::default();
    for file in [&mut options.inbox.file, &mut options.journal.log, &mut options.journal.keys] {
        file.cache_bytes = CACHE_BYTES;
    }
    options
}

fn disk() -> Source {
    let disk = MemoryDisk::new();
    Source::Backend(Arc::new(move || disk.open()))
}
