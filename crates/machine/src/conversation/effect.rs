//! Work outside that a conversation's events name. Derived from the event alone: no journaled event, no effect.

use model::{ContactId, Redacted, TaskId, Timestamp};
use policy::Verdict;

use super::event::{Event, Line};
use crate::outbound::{Content, PartId};

/// Work outside. Its id is (incarnation, machine, number of the event).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Read the customer's name.
    AskProfile {
        /// After this instant nobody waits for it: a trouble that passes is not waited out any longer.
        until: Timestamp,
    },
    /// Open a task.
    OpenTask {
        /// Its name.
        name: Redacted<String>,
        /// The customer's name as far as known.
        customer: Option<Redacted<String>>,
        /// The first is the description, the others comments.
        lines: Vec<Line>,
        /// The task before this one.
        previous: Option<TaskId>,
    },
    /// Add comments, all or none.
    AddComments {
        /// The task.
        task: TaskId,
        /// In order.
        lines: Vec<Line>,
        /// Only if the task is active.
        if_active: bool,
    },
    /// Give the contact its name.
    NameContact {
        /// The contact.
        contact: ContactId,
        /// The name.
        name: Redacted<String>,
    },
    /// Read the thread as Meta keeps it: whether an unclear part stands in it.
    ReadThread {
        /// What the part carries.
        content: Content,
        /// When its send began.
        since: Timestamp,
        /// After this instant nobody waits for it: a trouble that passes is not waited out any longer.
        until: Timestamp,
    },
    /// Take the thread over from another app, if Meta lets this installation do that.
    TakeControl {
        /// After this instant nobody waits for it: a trouble that passes is not waited out any longer.
        until: Timestamp,
    },
    /// Send a part to the customer. Still open at start: in doubt, never executed again blindly.
    Send {
        /// The part.
        part: PartId,
        /// Why it may be sent.
        verdict: Verdict,
        /// What is sent.
        content: Content,
    },
}

/// The work that an event names.
pub(super) fn effect(event: &Event) -> Option<Effect> {
    match event {
        Event::ProfileAsked { until } | Event::ProfileAskedAgain { at: until } => {
            Some(Effect::AskProfile { until: *until })
        }
        Event::TaskOpening { name, customer, lines, previous } => Some(Effect::OpenTask {
            name: name.clone(),
            customer: customer.clone(),
            lines: lines.clone(),
            previous: previous.clone(),
        }),
        Event::CommentsAdding { task, lines, if_active } => {
            Some(Effect::AddComments { task: task.clone(), lines: lines.clone(), if_active: *if_active })
        }
        Event::ContactNaming { contact, name } => {
            Some(Effect::NameContact { contact: contact.clone(), name: name.clone() })
        }
        Event::ThreadAsked { part: _, content, since, until } => {
            Some(Effect::ReadThread { content: content.clone(), since: *since, until: *until })
        }
        Event::ControlAsked { until } => Some(Effect::TakeControl { until: *until }),
        Event::SendStarted { part, verdict, content, attempt: _, at: _ } => {
            Some(Effect::Send { part: *part, verdict: *verdict, content: content.clone() })
        }
        Event::Received { .. }
        | Event::ReplyAsked { .. }
        | Event::DispatchGranted { .. }
        | Event::Settled { .. }
        | Event::Woke { .. }
        | Event::Resolved { .. }
        | Event::ContactNamed { .. }
        | Event::TaskBound { .. }
        | Event::EchoHeld { .. }
        | Event::SentOutside { .. }
        | Event::ThreadOwned { .. }
        | Event::PartRefused { .. }
        | Event::PartHeld { .. }
        | Event::PartSent { .. }
        | Event::PartDelayed { .. }
        | Event::PartFailed { .. }
        | Event::PartInDoubt { .. }
        | Event::DoubtRemained { .. }
        | Event::AdWindowRefused { .. }
        | Event::PrivacyRefused { .. }
        | Event::WindowClosed { .. } => None,
    }
}

/// The effect that an event settles.
pub(super) fn settles(event: &Event) -> Option<u64> {
    if let Event::Settled { effect, outcome: _ } = event { Some(*effect) } else { None }
}
