//! Why the desk did not do what a person asked. Every refusal has a stable code and a sentence for the person.
//!
//! Nothing was changed, except after `Unavailable`, where it is not known.

use super::{COMMENT_CHARS_MAX, KEY_CHARS_MAX, NAME_CHARS_MAX};

/// The desk's answer to a person who asked for something it does not do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
#[error("{}", self.code())]
pub enum Refusal {
    /// No task ever had this id.
    UnknownTask,
    /// The task was deleted for good.
    TaskGone,
    /// The task lies in the trash.
    TaskInTrash,
    /// Only a task in the trash is deleted for good.
    TaskNotInTrash,
    /// No such status.
    UnknownStatus,
    /// No such contact.
    UnknownContact,
    /// Both are already one.
    MergesIntoItself,
    /// The chain of merges would become too long to follow.
    MergedTooOften,
    /// The contact is not merged into another.
    NotMerged,
    /// No visible character.
    TextEmpty,
    /// A control character other than a new line or a tab.
    TextUnfit,
    /// More than [`COMMENT_CHARS_MAX`] characters.
    TextTooLong,
    /// A name without a letter.
    NameEmpty,
    /// More than [`NAME_CHARS_MAX`] characters.
    NameTooLong,
    /// An empty idempotency key or one of more than [`KEY_CHARS_MAX`] characters.
    KeyUnfit,
    /// The idempotency key was used for another request.
    KeyReused,
    /// A cursor that this desk never gave.
    CursorUnfit,
    /// A stored row cannot be read; an operator must look.
    Damaged,
    /// The desk's storage fails now. Whether the change was made is not known: look, or ask again with the same key.
    Unavailable,
}

impl Refusal {
    /// A stable word for interfaces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownTask => "unknown-task",
            Self::TaskGone => "task-gone",
            Self::TaskInTrash => "task-in-trash",
            Self::TaskNotInTrash => "task-not-in-trash",
            Self::UnknownStatus => "unknown-status",
            Self::UnknownContact => "unknown-contact",
            Self::MergesIntoItself => "merges-into-itself",
            Self::MergedTooOften => "merged-too-often",
            Self::NotMerged => "not-merged",
            Self::TextEmpty => "text-empty",
            Self::TextUnfit => "text-unfit",
            Self::TextTooLong => "text-too-long",
            Self::NameEmpty => "name-empty",
            Self::NameTooLong => "name-too-long",
            Self::KeyUnfit => "idempotency-key-unfit",
            Self::KeyReused => "idempotency-key-reused",
            Self::CursorUnfit => "cursor-unfit",
            Self::Damaged => "desk-damaged",
            Self::Unavailable => "desk-unavailable",
        }
    }

    /// Plain English for the person, with what to do.
    pub fn sentence(self) -> String {
        let fixed = match self {
            Self::TextTooLong => {
                return format!("The text is too long: {COMMENT_CHARS_MAX} characters are the most. Shorten it.");
            }
            Self::NameTooLong => {
                return format!("The name is too long: {NAME_CHARS_MAX} characters are the most. Shorten it.");
            }
            Self::KeyUnfit => return format!("The idempotency key must have 1 to {KEY_CHARS_MAX} characters."),
            Self::UnknownTask => "There is no task with this number.",
            Self::TaskGone => "The task was deleted for good.",
            Self::TaskInTrash => "The task lies in the trash. Restore it first.",
            Self::TaskNotInTrash => "Only a task in the trash can be deleted for good. Move it there first.",
            Self::UnknownStatus => "There is no such status.",
            Self::UnknownContact => "There is no such contact.",
            Self::MergesIntoItself => "Both are already one and the same. Choose another one to merge into.",
            Self::MergedTooOften => "The task was merged too many times already. Keep it as it is.",
            Self::NotMerged => "The contact is not merged into another one.",
            Self::TextEmpty => "The text is empty. Write something.",
            Self::TextUnfit => {
                "The text holds a control character that no message can carry, perhaps copied along with it. Write that \
                 place again."
            }
            Self::NameEmpty => "The name is empty. Type one.",
            Self::KeyReused => "The idempotency key was used for another request. Use a fresh one.",
            Self::CursorUnfit => "The page cursor is not one that this desk gave. Start from the first page.",
            Self::Damaged => "A stored row of the desk cannot be read. Tell the operator of this node.",
            Self::Unavailable => {
                "The desk cannot store anything now. Whether the change was made is not known: look, then try again."
            }
        };
        fixed.to_owned()
    }
}
