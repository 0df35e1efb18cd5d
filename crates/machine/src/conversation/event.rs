//! What a conversation decided. The first event of a batch is the fact; how events are stored stands in `codec`.

use model::{Attachment, ContactId, Inbound, ItemKey, Mid, Redacted, TaskId, Timestamp};
use policy::{DeferReason, ForbidReason, Verdict};
use serde::{Deserialize, Serialize};

use super::command::{Outcome, Reply, Resolution};
use crate::outbound::{Content, PartId};

/// A fact or a decision of a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    // Facts.
    /// Meta delivered an item.
    Received {
        /// The item.
        inbound: Inbound,
    },
    /// Somebody answered the customer; one part is queued per content, numbered on from the last.
    ReplyAsked {
        /// The answer.
        reply: Reply,
    },
    /// The Page gave a token for a part.
    DispatchGranted {
        /// The part.
        part: PartId,
    },
    /// The world answered.
    Settled {
        /// Number of the event that named the effect.
        effect: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// A deadline came.
    Woke {
        /// Which.
        reason: WakeReason,
        /// When the machine noticed.
        at: Timestamp,
    },
    /// A person decided about a part.
    Resolved {
        /// Which.
        part: PartId,
        /// What they decided.
        resolution: Resolution,
        /// Who.
        by: String,
    },

    // Decisions.
    /// The customer's name is asked for; a new task waits until `until` for it. Effect: ask the profile.
    ProfileAsked {
        /// The new task opens then at the latest.
        until: Timestamp,
    },
    /// The customer's name stayed unknown and is asked for once more; nothing waits for it. Effect: ask the profile.
    ProfileAskedAgain {
        /// When.
        at: Timestamp,
    },
    /// The contact has a name now.
    ContactNamed {
        /// The name.
        name: Redacted<String>,
    },
    /// The tracker's contact is to bear the name. Effect: name it.
    ContactNaming {
        /// The contact.
        contact: ContactId,
        /// The name.
        name: Redacted<String>,
    },
    /// A task is to be opened with these lines. Effect: open it.
    TaskOpening {
        /// Its name.
        name: Redacted<String>,
        /// The customer's name as far as known.
        customer: Option<Redacted<String>>,
        /// What the customer wrote; the first is the description, the others comments.
        lines: Vec<Line>,
        /// The task before this one.
        previous: Option<TaskId>,
    },
    /// The conversation's messages go to this task from now on.
    TaskBound {
        /// The task.
        task: TaskId,
        /// The contact.
        contact: ContactId,
    },
    /// These lines are to be added to the task. Effect: add them, all or none.
    CommentsAdding {
        /// The task.
        task: TaskId,
        /// The lines in order.
        lines: Vec<Line>,
        /// Only if the task is active.
        if_active: bool,
    },
    /// Nobody can tell yet whether this echo is of the send under way: it is held back.
    EchoHeld {
        /// Meta's id.
        mid: Mid,
        /// Taken as sent outside then at the latest.
        until: Timestamp,
    },
    /// Sent by the Page but not by us: written in Meta's inbox or by another app.
    SentOutside {
        /// Meta's id.
        mid: Mid,
    },
    /// A hand-over says whose the thread is.
    ThreadOwned {
        /// Ours, or anybody's: we may send.
        ours: bool,
        /// Meta's time of the hand-over; ours where Meta's answer to a call says it.
        at: Timestamp,
        /// The item that says it; the newest one where an answer does.
        key: ItemKey,
    },
    /// A part may not be sent, and why.
    PartRefused {
        /// The part.
        part: PartId,
        /// Why.
        reason: ForbidReason,
        /// When.
        at: Timestamp,
    },
    /// A part waits for something other than its turn.
    PartHeld {
        /// The part.
        part: PartId,
        /// For what.
        reason: DeferReason,
        /// When.
        at: Timestamp,
    },
    /// A part leaves now. The only event whose effect is a send.
    SendStarted {
        /// The part.
        part: PartId,
        /// Which try, from 1.
        attempt: u32,
        /// Why it may be sent; always a permit.
        verdict: Verdict,
        /// What is sent.
        content: Content,
        /// When.
        at: Timestamp,
    },
    /// Meta has the part.
    PartSent {
        /// The part.
        part: PartId,
        /// Meta's id; `None` only where a person said so.
        mid: Option<Mid>,
        /// When we learned of it.
        at: Timestamp,
    },
    /// Surely not sent; it is tried again at `at`.
    PartDelayed {
        /// The part.
        part: PartId,
        /// Not before.
        at: Timestamp,
    },
    /// Surely not sent, and not tried again by itself.
    PartFailed {
        /// The part.
        part: PartId,
        /// Stable name of the error table's row, or `tries-exhausted`, `given-up`.
        reason: String,
        /// Meta's code and subcode.
        code: Option<(i64, Option<i64>)>,
        /// When.
        at: Timestamp,
    },
    /// Meta refused a part as outside of its window though it rested on the seven days after an ad: surely not sent. It
    /// waits for its turn under the rules that are left.
    AdWindowRefused {
        /// The part.
        part: PartId,
        /// When the send began: what followed an ad up to then opens no seven days.
        at: Timestamp,
    },
    /// Meta refused something in this conversation for the privacy rules of Europe and Japan: the kinds that they hold for
    /// are not tried again for a while.
    PrivacyRefused {
        /// When.
        at: Timestamp,
    },
    /// Unclear whether sent. Never sent again unless a person says so.
    PartInDoubt {
        /// The part.
        part: PartId,
        /// Why.
        why: String,
        /// Until then its echo is waited for and the queue stands still.
        until: Timestamp,
        /// The thread is read then, if no echo came.
        read_at: Option<Timestamp>,
    },
    /// No echo of an unclear part came soon: it is looked for in the thread. Effect: read the thread.
    ThreadAsked {
        /// The part.
        part: PartId,
        /// What it carries.
        content: Content,
        /// When its send began.
        since: Timestamp,
        /// Nobody waits for the answer any longer.
        until: Timestamp,
    },
    /// Another app has the thread, and an agent answers: Meta is asked for it. What is to be sent waits until `until`.
    /// Effect: take control.
    ControlAsked {
        /// Nobody waits for the answer any longer.
        until: Timestamp,
    },
    /// No echo came in time, or the thread does not show it: a person is told and the queue goes on.
    DoubtRemained {
        /// The part.
        part: PartId,
    },
    /// The standard window closed without a new action of the customer.
    WindowClosed {
        /// Its end.
        at: Timestamp,
    },
}

/// Why a machine woke.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeReason {
    /// The name did not come in time.
    Gathering,
    /// A delayed part may be tried again.
    Retry,
    /// A held part is to be looked at again.
    Held,
    /// An echo did not come in time.
    Doubt,
    /// A held echo was not claimed by a send.
    Echo,
    /// The standard window ends.
    Window,
    /// An unclear part is to be looked for in the thread.
    Thread,
}

/// One line for the task: something that happened on Messenger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// De-duplication key of the item it comes from.
    pub key: ItemKey,
    /// Who wrote it.
    pub origin: Origin,
    /// Meta's time of it.
    pub at: Timestamp,
    /// It came after a newer one: shown with its time.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub late: bool,
    /// The readable line.
    pub text: Redacted<String>,
    /// What was attached, by reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Who wrote a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The customer.
    Customer,
    /// The Page, but not through us.
    Outside,
    /// Nobody wrote it: it says what somebody did, or what happened. Opens no task.
    Notice,
}
