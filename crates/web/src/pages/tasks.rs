//! The desk's list of tasks, newest first, by status or from the trash. Renders only.

use maud::{Markup, html};
use tracker::desk::{Status, StatusId, Task, TaskList};

use super::conversations::pill;
use super::frame::Frame;
use super::layout::{self, Live, Tab};
use super::{guide, link};
use crate::present::{Tone, clock, iso, moment};

/// Which tasks the list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shown {
    /// Those that take the customer's next message.
    Active,
    /// All outside the trash.
    All,
    /// Those in one status.
    Status(StatusId),
    /// Those in the trash.
    Trash,
}

/// The whole page.
pub(crate) fn page(
    frame: &Frame,
    list: &TaskList,
    statuses: &[Status],
    shown: Shown,
    guide: Option<&crate::guide::Shown>,
) -> Markup {
    let content = html! {
        (guide::steps(frame, guide, "/tasks"))
        div .head {
            h1 { "Tasks" }
            nav .tabs aria-label="Filter" {
                (layout::tab("/tasks", "Active", shown == Shown::Active))
                (layout::tab("/tasks?show=all", "All", shown == Shown::All))
                @for status in statuses {
                    (layout::tab(
                        &format!("/tasks?status={}", status.id.0), &status.name, shown == Shown::Status(status.id),
                    ))
                }
                (layout::tab("/tasks?show=trash", "Trash", shown == Shown::Trash))
            }
        }
        div #list data-live { @if list.tasks.is_empty() {
            p #none .sheet.empty { @if list.next.is_some() { "None among these; older ones follow." } @else { "No task here." } }
        } @else {
            ul #rows .sheet { @for task in &list.tasks { (row(task, frame)) } }
        } }
        @if let Some(next) = list.next {
            p .more { a .button.quiet rel="next" href=(older(shown, next)) { "Older" } }
        }
    };
    layout::page(frame, "Tasks", Tab::Tasks, Live::Everything, &content)
}

fn older(shown: Shown, next: u64) -> String {
    match shown {
        Shown::Active => format!("/tasks?after={next}"),
        Shown::All => format!("/tasks?show=all&after={next}"),
        Shown::Status(status) => format!("/tasks?status={}&after={next}", status.0),
        Shown::Trash => format!("/tasks?show=trash&after={next}"),
    }
}

fn row(task: &Task, frame: &Frame) -> Markup {
    html! {
        li id={ "task-" (task.id) } .row.plain {
            div .row-top {
                a href=(link::task(&task.id)) { (task.name.reveal()) }
                time datetime=(iso(task.updated_at)) title=(clock(task.updated_at)) { (moment(task.updated_at, frame.now)) }
            }
            div .marks {
                (status(task))
                span .soft { "Task " (task.id) " · " (task.comments) @if task.comments == 1 { " comment" } @else { " comments" } }
            }
        }
    }
}

/// The task's status as marks.
pub(crate) fn status(task: &Task) -> Markup {
    html! {
        (pill(if task.active { Tone::Open } else { Tone::Quiet }, &task.status.name))
        @if task.trashed { " " (pill(Tone::Bad, "in the trash")) }
    }
}
