//! Finds what a page shows and hands it over. Changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use machine::conversation::transcript::Who;
use maud::Markup;
use model::{CommentId, MachineId, PageId, TaskId, Timestamp};
use serde::Deserialize;
use tracker::Audience;
use tracker::desk::{StatusId, TaskFilter, TaskPage, Writer};

use super::conversations::{Listing, Names};
use super::frame::Frame;
use super::kept::Kept;
use super::tasks::Shown;
use super::{conversation, conversations, dead, happenings, link, task, tasks};
use crate::asked::{self, Asked, ConversationPath};
use crate::fault::Fault;
use crate::guide;
use crate::letters::letters;
use crate::lists::{ConversationList, DeadFilter, Filter, NotListed, PageName, Which};
use crate::port::ConversationNow;
use crate::present::PartWords;
use crate::site::Sources;
use crate::talk::{self, Talk, Written};

/// Rows of one page of a list.
const ROWS: usize = 50;

/// Rows of the list beside a conversation.
const BESIDE: usize = 30;

/// Newest entries of a transcript that are shown at first.
const ENTRIES: usize = 200;

/// Most entries of a transcript on one page.
const ENTRIES_MAX: usize = 10_000;

/// Newest comments of a task on one page.
const COMMENTS: usize = 100;

type Shows = Result<Response, Fault>;

fn shows(markup: Markup) -> Shows {
    Ok(Html(markup.into_string()).into_response())
}

/// Parameters of the list of conversations.
#[derive(Deserialize)]
pub(super) struct ConversationsAsked {
    #[serde(default)]
    show: Which,
    of: Option<String>,
    after: Option<String>,
}

/// `GET /?show&of&after`
pub(super) async fn conversations(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Query(asked)): Asked<Query<ConversationsAsked>>,
) -> Shows {
    let listing = Listing { which: asked.show, page: of(asked.of), after: asked.after };
    let list = listed(&sources, &listing, ROWS)?;
    let guide = guide::shown(&sources).await;
    shows(conversations::page(&frame, &list, &listing, &names(&sources)?, guide.as_ref()))
}

/// The Page chosen; the choice of all of them comes as an empty one.
fn of(page: Option<String>) -> Option<PageId> {
    page.filter(|page| !page.is_empty()).map(PageId::new)
}

fn listed(sources: &Sources, listing: &Listing, rows: usize) -> Result<ConversationList, NotListed> {
    let filter = Filter { which: listing.which, page: listing.page.clone(), now: sources.node.now() };
    sources.lists.conversations(&filter, listing.after.as_deref(), rows)
}

fn names(sources: &Sources) -> Result<Names, Fault> {
    Ok(sources.lists.pages()?.into_iter().map(|PageName { page, name }| (page, name)).collect())
}

/// Parameters of a conversation's page; all but `shown` say which list stands beside it.
#[derive(Deserialize)]
pub(super) struct ConversationAsked {
    shown: Option<usize>,
    #[serde(default)]
    show: Which,
    of: Option<String>,
}

/// `GET /conversations/{page}/{psid}?shown&show&of`
pub(super) async fn conversation(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(path)): Asked<Path<ConversationPath>>,
    Asked(Query(asked)): Asked<Query<ConversationAsked>>,
) -> Shows {
    let listing = Listing { which: asked.show, page: of(asked.of), after: None };
    let shown = asked.shown.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX);
    shows(talk(&sources, &frame, &path.machine()?, listing, shown, None).await?)
}

/// A conversation again, with an answer that was not taken.
pub(super) async fn conversation_again(sources: &Sources, mut frame: Frame, id: &MachineId, kept: &Kept) -> Shows {
    frame.at = link::machine(id);
    let page = talk(sources, &frame, id, Listing::default(), ENTRIES, Some(kept)).await?;
    Ok((kept.status, Html(page.into_string())).into_response())
}

async fn talk(
    sources: &Sources,
    frame: &Frame,
    id: &MachineId,
    listing: Listing,
    shown: usize,
    kept: Option<&Kept>,
) -> Result<Markup, Fault> {
    let MachineId::Conversation(page, psid) = id else { return Err(Fault::not_found("conversation")) };
    let found = sources.node.conversation(id).await?.ok_or_else(|| Fault::not_found("conversation"))?;
    let talk = Talk::of(page, psid, &found, answers(sources, found.state.task(), id), frame.now);
    // Read models that cannot be read must not hide the conversation.
    let list = listed(sources, &listing, BESIDE).ok();
    let guide = guide::shown(sources).await;
    let beside = conversation::Beside { list, listing, names: names(sources).unwrap_or_default(), guide };
    Ok(conversation::page(frame, &talk, &beside, shown, kept))
}

/// The newest answers that stand on the bound task. A desk that cannot answer now must not hide the conversation.
fn answers(sources: &Sources, task: Option<&TaskId>, binding: &MachineId) -> Vec<Written> {
    let Some(Ok(page)) = task.map(|task| sources.desk.task(task, None, ROWS)) else { return Vec::new() };
    if page.task.binding.as_ref() != Some(binding) {
        return Vec::new();
    }
    let written = page.comments.into_iter().filter(|comment| comment.task == page.task.id).filter_map(|comment| {
        match comment.writer {
            Writer::Agent { by, audience: Audience::Customer } => {
                Some(Written { comment: comment.id, by, text: comment.text.into_inner(), at: comment.at })
            }
            Writer::Agent { audience: Audience::Internal, .. }
            | Writer::Customer
            | Writer::Outside
            | Writer::System => None,
        }
    });
    written.collect()
}

/// Parameters of the lists of happenings and of dead letters.
#[derive(Deserialize)]
pub(super) struct HappeningsAsked {
    of: Option<String>,
    after: Option<String>,
}

/// `GET /happenings?of&after`
pub(super) async fn happenings(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Query(asked)): Asked<Query<HappeningsAsked>>,
) -> Shows {
    let of = of(asked.of);
    let list = sources.lists.happenings(of.as_ref(), asked.after.as_deref(), ROWS)?;
    shows(happenings::page(&frame, &list, of.as_ref(), asked.after.is_some(), &names(&sources)?))
}

/// `GET /dead-letters?of&after`
pub(super) async fn dead_letters(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Query(asked)): Asked<Query<HappeningsAsked>>,
) -> Shows {
    let of = of(asked.of);
    let filter = DeadFilter { page: of.clone(), ..DeadFilter::default() };
    let (letters, next) = letters(&sources, &filter, asked.after.as_deref(), ROWS).await?;
    let names = names(&sources)?;
    shows(dead::page(&frame, &letters, next.as_deref(), of.as_ref(), asked.after.is_some(), &names))
}

/// Parameters of the list of tasks.
#[derive(Deserialize)]
pub(super) struct TasksAsked {
    show: Option<String>,
    status: Option<StatusId>,
    after: Option<u64>,
}

/// `GET /tasks`
pub(super) async fn tasks(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Query(asked)): Asked<Query<TasksAsked>>,
) -> Shows {
    let shown = match (asked.status, asked.show.as_deref()) {
        (Some(status), _) => Shown::Status(status),
        (None, Some("all")) => Shown::All,
        (None, Some("trash")) => Shown::Trash,
        (None, _) => Shown::Active,
    };
    let filter = match shown {
        Shown::Active => TaskFilter { active: Some(true), ..TaskFilter::default() },
        Shown::All => TaskFilter::default(),
        Shown::Status(status) => TaskFilter { status: Some(status), ..TaskFilter::default() },
        Shown::Trash => TaskFilter { trashed: true, ..TaskFilter::default() },
    };
    let list = sources.desk.tasks(filter, asked.after, ROWS)?;
    let guide = guide::shown(&sources).await;
    shows(tasks::page(&frame, &list, &sources.desk.statuses(), shown, guide.as_ref()))
}

/// Parameters of a task's page.
#[derive(Deserialize)]
pub(super) struct TaskAsked {
    older: Option<String>,
}

/// `GET /tasks/{task}`; a task merged away leads to the one that took it in.
pub(super) async fn task(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(asked)): Asked<Path<String>>,
    Asked(Query(query)): Asked<Query<TaskAsked>>,
) -> Shows {
    let asked = asked::task(&asked)?;
    let page = sources.desk.task(&asked, query.older.as_deref(), COMMENTS)?;
    if page.task.id != asked {
        return Ok(Redirect::to(&link::task(&page.task.id)).into_response());
    }
    shows(worked(&sources, &frame, &page, None).await?)
}

/// A task again, with a comment that was not taken.
pub(super) async fn task_again(sources: &Sources, mut frame: Frame, task: &TaskId, kept: &Kept) -> Shows {
    let page = sources.desk.task(task, None, COMMENTS)?;
    frame.at = Some(link::task(&page.task.id));
    let page = worked(sources, &frame, &page, Some(kept)).await?;
    Ok((kept.status, Html(page.into_string())).into_response())
}

async fn worked(sources: &Sources, frame: &Frame, page: &TaskPage, kept: Option<&Kept>) -> Result<Markup, Fault> {
    let now = frame.now;
    let found = match &page.task.binding {
        Some(binding) => sources.node.conversation(binding).await?,
        None => None,
    };
    let answers = found.as_ref().map(|found| fates(found, now)).unwrap_or_default();
    let composer = found.as_ref().map(|found| talk::composer(found, now));
    let statuses = sources.desk.statuses();
    let app = found.as_ref().and_then(|found| found.context.account.app.as_ref());
    let composer = composer.as_ref();
    let around = task::Around { statuses: &statuses, answers: &answers, composer, frame, app, kept };
    Ok(task::page(page, &around))
}

/// What became of each answer of a conversation, by its comment.
fn fates(found: &ConversationNow, now: Timestamp) -> BTreeMap<CommentId, Vec<PartWords>> {
    let mut fates: BTreeMap<CommentId, Vec<PartWords>> = BTreeMap::new();
    let entries = found.transcript.entries();
    for entry in &entries {
        let (Who::Us { part, .. }, Some(state)) = (&entry.who, &entry.state) else { continue };
        if let Some(comment) = found.state.queue().part(*part).and_then(|stored| stored.source.comment()) {
            fates.entry(comment.clone()).or_default().push(PartWords::of(state, entry.reach, now));
        }
    }
    fates
}
