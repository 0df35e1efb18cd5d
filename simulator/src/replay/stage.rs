//! What the actors depth is played on: the node as `serve` starts it, with writers that take turns with it, entropy that is counted, the
//! world of `outside` behind its ports and a desk that is listened to.
//!
//! Wires and starts; decides nothing. Invariant: no file, no socket and no second thread behind any of it.

use std::sync::Arc;

use actors::{Clock as _, Limits};
use anyhow::Context as _;
use journal::{Drive, Drives, InboxSources, Journal as _, ReadFault, Source, Sources, StoreOptions};
use machine::AccountFacts;
use model::{AccountId, CommentId, MachineId, Redacted, Span, TaskId, Timestamp};
use node::{Node, NodeConfig, PageConfig, Ports};
use tracker::desk::Act;
use tracker::{Desk, DeskOptions, Tracker};
use view::{View, ViewOptions};

use super::clock::PausedClock;
use super::door::Door;
use super::kept::Kept;
use super::meta::{Asked, Shared};
use super::survey::Survey;
use super::trace::Recorder;
use super::watched::Watched;
use crate::chance::Counted;
use crate::chronicle::dates;
use crate::fake::disk::{MemoryDisk, Ruling, SimDisk};
use crate::fault::seam::Seam;
use crate::fault::trouble::{Trouble, Write};
use crate::fault::wall::Wall;
use crate::outside::desk::Deed;
use crate::outside::{Coming, CommentOnTask, Facebook, ModelDesk, Outside, Weather, World};
use crate::play::recording::{self, FactLine, Manifest, Provenance, Recorded};
use crate::witness::Witness;

/// Page cache of each file.
const CACHE_BYTES: usize = 16 << 20;
/// How long a graceful end may take; nobody waits for one here.
const DRAIN: Span = Span::seconds(1);

/// Everything that runs.
pub(crate) struct Stage<O> {
    pub(crate) clock: PausedClock,
    pub(crate) node: Arc<Node>,
    /// The embedded desk; empty where the world has the tasks.
    pub(crate) desk: Arc<Desk>,
    tasks: Tasks,
    pub(crate) outside: Asked<O>,
    pub(crate) door: Door,
    pub(crate) recorder: Recorder,
    trouble: Trouble,
}

/// Who has the tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tasks {
    /// The embedded desk, as it ships.
    Desk,
    /// The world.
    Outside,
}

/// The disks of a node and its desk. Clones are the same disks, so that a node can start again on what another left.
#[derive(Clone)]
pub struct Disks {
    /// The inbox's file.
    pub inbox: Source,
    /// The log in front of it.
    pub wal: Source,
    /// The journal.
    pub journal: Source,
    /// The keys.
    pub keys: Source,
    /// The desk.
    pub desk: Source,
    /// The read models.
    pub view: Source,
    /// All of them, where they can fail.
    ruled: Vec<SimDisk>,
    pub(crate) trouble: Trouble,
    /// Who commits.
    drive: Drive,
}

impl Disks {
    /// Empty and sound, in memory.
    pub fn in_memory() -> Self {
        let [inbox, wal, journal, keys, desk, view] = core::array::from_fn(|_| disk());
        let (ruled, trouble, drive) = (Vec::new(), Trouble::default(), Drive::Inline);
        Self { inbox, wal, journal, keys, desk, view, ruled, trouble, drive }
    }

    /// What is to be stored at one instant shares its commits, as on the threads of a node; otherwise each batch has its own,
    /// which is the order of the core depth.
    pub fn in_groups(self) -> Self {
        Self { drive: Drive::Turn { later }, ..self }
    }

    /// The same in a world with trouble that touches no disk.
    pub fn beside(trouble: &Trouble) -> Self {
        Self { trouble: trouble.clone(), ..Self::in_memory() }
    }

    /// Empty, in memory, and as sound as the trouble lets them be.
    pub fn under(trouble: &Trouble) -> Self {
        let ruled: [SimDisk; 6] = core::array::from_fn(|_| {
            let trouble = trouble.clone();
            SimDisk::ruled(Arc::new(move || match trouble.write() {
                Write::Goes => Ruling::Goes,
                Write::Full => Ruling::Full,
                Write::Fails => Ruling::Fails,
            }))
        });
        let [inbox, wal, journal, keys, desk, view] = ruled.clone().map(|disk| {
            let source: Source = Source::Backend(Arc::new(move || disk.open()));
            source
        });
        let (ruled, trouble) = (ruled.to_vec(), trouble.clone());
        Self { inbox, wal, journal, keys, desk, view, ruled, trouble, drive: Drive::Inline }
    }

    /// The process is gone: what was written is there, or without power what the number leaves of it.
    pub(crate) fn fall(&self, power: Option<u64>) {
        for (index, disk) in (0_u64..).zip(&self.ruled) {
            match power {
                Some(number) => disk.crash_by(number * 16 + index),
                None => disk.kill(),
            }
        }
    }
}

/// So often a commit lets others go first: each time at most some sixty of them.
const YIELDS: usize = 8;

/// Commits once whatever can run at this instant has run, or a good part of it.
fn later(commit: Box<dyn FnOnce() + Send>) {
    // What an actor leaves behind while the process ends has nobody to wait for.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return commit() };
    runtime.spawn(async move {
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
        }
        commit();
    });
}

impl<O: Outside + Send + 'static> Stage<O> {
    /// Starts everything at this instant.
    pub(crate) async fn set(
        config: NodeConfig,
        begins_at: Timestamp,
        (disks, tasks): (&Disks, Tasks),
        (outside, coming): (Shared<O>, Kept<Coming>),
        recorder: Recorder,
    ) -> anyhow::Result<Self> {
        let clock = PausedClock::starting(begins_at);
        let trouble = &disks.trouble;
        let door = Door::new(clock, recorder.clone(), coming);
        let outside = Asked::new(outside, door.clone(), clock, (recorder.clone(), trouble.clone()));
        let desk = DeskOptions { cache_bytes: CACHE_BYTES, drive: disks.drive };
        let desk = Arc::new(Desk::open(disks.desk.clone(), desk).context("the desk does not open")?);
        let view = ViewOptions { cache_bytes: CACHE_BYTES, ..ViewOptions::default() };
        let tracker: Arc<dyn Tracker> = match tasks {
            Tasks::Desk => Arc::new(Watched::new(Arc::clone(&desk), clock, (recorder.clone(), trouble.clone()))),
            Tasks::Outside => Arc::new(outside.clone()),
        };
        let inbox = InboxSources { file: disks.inbox.clone(), wal: disks.wal.clone() };
        let ports = Ports {
            clock: if trouble.wanders() { Arc::new(Wall::new(clock, trouble.clone())) } else { Arc::new(clock) },
            entropy: Box::new(Counted::default()),
            store: Sources { inbox, journal: disks.journal.clone(), keys: disks.keys.clone() },
            drives: Drives { inbox: disks.drive, journal: disks.drive },
            graph: Arc::new(outside.clone()),
            tracker,
            view: Arc::new(View::open(disks.view.clone(), view).context("the read models do not open")?),
        };
        let behind = trouble.clone();
        let seam = move |journal| -> Arc<dyn journal::Journal> { Arc::new(Seam::new(journal, behind, clock)) };
        let node = Node::start_behind(config, ports, store(), seam).await.context("the node does not start")?;
        let node = Arc::new(node);
        recorder.follow(Arc::clone(&node.store().journal));
        door.open(&node);
        let trouble = trouble.clone();
        Ok(Self { clock, node, desk, tasks, outside, door, recorder, trouble })
    }

    /// Whether nothing is under way in the node and no deadline is due.
    ///
    /// # Errors
    /// Where the journal cannot be read and nobody ordered that.
    pub(crate) fn is_idle(&self) -> anyhow::Result<bool> {
        let journal = &self.node.store().journal;
        let (open, due) = match (journal.open_effects(None, 1), journal.next_due()) {
            (Ok(open), Ok(due)) => (open, due),
            (Err(ReadFault::Unavailable(_)), _) | (_, Err(ReadFault::Unavailable(_))) if self.trouble.is_on() => {
                return Ok(false);
            }
            (open, due) => (open.context("the open effects")?, due.context("the deadlines")?),
        };
        let is_due = due.is_some_and(|at| at <= self.clock.now().0);
        Ok(self.node.totals().unfinished == 0 && open.is_empty() && !is_due)
    }

    /// Writes an agent's comment on the task of its conversation; `false` where there is no such task yet, or where it takes
    /// no comment.
    pub(crate) async fn comment(&self, number: usize, comment: &CommentOnTask) -> bool {
        let said = match self.tasks {
            Tasks::Desk => self.comment_in_desk(number, comment).await,
            Tasks::Outside => self.outside.comment(comment),
        };
        let Some((task, id)) = said else { return false };
        let whose = MachineId::Conversation(comment.page.clone(), comment.psid.clone());
        let now = self.clock.now();
        self.recorder.note(|witness| witness.commented(now, &id, &task, comment.audience));
        self.recorder.comes(now, Some(&whose), |manner| comment.told(number, &task, &id, manner));
        true
    }

    async fn comment_in_desk(&self, number: usize, comment: &CommentOnTask) -> Option<(TaskId, CommentId)> {
        let whose = MachineId::Conversation(comment.page.clone(), comment.psid.clone());
        let task = self.desk.task_of_binding(&whose).ok()??;
        let act = Act { by: comment.by.clone(), at: self.clock.now(), key: Some(format!("replay-{number}")) };
        let text = Redacted::new(comment.text.clone());
        let id = self.desk.add_comment(&task, comment.audience, text, act).await.ok()?;
        Some((task, id))
    }

    /// A person does something to the newest task of a conversation in the embedded desk; `false` where it does not apply.
    pub(crate) async fn act(&self, conversation: &MachineId, deed: Deed) -> bool {
        let Ok(Some(task)) = self.desk.task_of_binding(conversation) else { return false };
        let act = Act { by: "Ada".to_owned(), at: self.clock.now(), key: None };
        let status = |active| {
            let found = self.desk.statuses().into_iter().find(|status| status.active == active);
            found.map(|status| status.id)
        };
        let done = match deed {
            Deed::Complete | Deed::Reopen => {
                let Some(status) = status(deed == Deed::Reopen) else { return false };
                self.desk.set_status(&task, status, act).await
            }
            Deed::Trash => self.desk.trash(&task, act).await,
            Deed::Restore => self.desk.restore(&task, act).await,
            Deed::Purge => self.desk.purge(&task, act).await,
        };
        done.is_ok()
    }
}

/// The world of a recording: Meta as its manifest describes it, and a desk without tasks.
pub(crate) fn world(manifest: &Manifest, survey: &Survey) -> World {
    let mut facebook = Facebook::new(manifest.app_id.clone(), manifest.human_agent, Arc::clone(&survey.known));
    facebook.set_dates(dates(&manifest.effective_from));
    for of in &manifest.customers {
        facebook.call(of.page.clone(), of.psid.clone(), of.name.clone());
    }
    World { facebook, desk: ModelDesk::default(), weather: Weather::default() }
}

/// Who watches a recording.
pub(crate) fn witness(recording: &dyn Recorded, survey: &Survey) -> Witness {
    let tells_text = recording.manifest().provenance == Provenance::Synthetic;
    Witness::telling(recording.begins_at(), tells_text, survey.names.clone())
}

/// A recorded comment.
pub(crate) fn comment_of(fact: &FactLine) -> CommentOnTask {
    CommentOnTask {
        page: fact.page.clone(),
        psid: fact.psid.clone(),
        by: fact.by.clone(),
        text: fact.text.clone(),
        audience: match fact.audience {
            recording::Audience::Customer => tracker::Audience::Customer,
            recording::Audience::Internal => tracker::Audience::Internal,
        },
    }
}

/// The node of a recording.
pub(crate) fn config(manifest: &Manifest) -> NodeConfig {
    let page = |page: &recording::PageOf| {
        let token = Some(Redacted::new(format!("token-of-{}", page.id)));
        (page.id.clone(), PageConfig { name: page.name.clone(), token })
    };
    NodeConfig {
        account: AccountId::new("replay"),
        facts: AccountFacts {
            human_agent: manifest.human_agent,
            effective_from: manifest.effective_from,
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
