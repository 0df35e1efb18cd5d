//! Reading a desk's file from outside: what agents wrote in which conversation, and what customers are called. Writes
//! nothing, also beside the node that writes the file.
//!
//! Rows are shown one by one in the order of their ids, so that a large desk takes no more memory than a small one.

use core::ops::ControlFlow;
use std::path::Path;

use journal::OpenFault;
use model::{MachineId, Redacted, Timestamp};
use redb::{ReadTransaction, ReadableDatabase, ReadableTable};

use super::row::{COMMENTS, CONTACTS, CommentRow, ContactRow, Origin, TASKS, TaskRow};
use super::storage::open_fault;
use super::verify::{stamped, table};
use crate::api::Audience;

/// Bytes of page cache for the walk.
const CACHE_BYTES: usize = 16 << 20;

/// What an agent wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// When.
    pub at: Timestamp,
    /// The conversation of the task that it stands on; `None` where that task has none, or was merged away since.
    pub conversation: Option<MachineId>,
    /// Who, as shown.
    pub by: String,
    /// What.
    pub text: Redacted<String>,
    /// For whom.
    pub audience: Audience,
}

/// A desk as of one commit.
pub struct DeskReader {
    read: ReadTransaction,
}

impl core::fmt::Debug for DeskReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DeskReader")
    }
}

impl DeskReader {
    /// Opens a desk's file.
    ///
    /// # Errors
    /// [`OpenFault`] where the file is missing or not a desk's.
    pub fn open(file: &Path) -> Result<Self, OpenFault> {
        let read = journal::open_read_only(file, CACHE_BYTES)?.begin_read().map_err(open_fault)?;
        stamped(&read)?;
        Ok(Self { read })
    }

    /// Shows every comment of an agent, in the order of writing, until `visit` breaks.
    ///
    /// # Errors
    /// [`OpenFault`] where a row cannot be read.
    pub fn each_written(&self, mut visit: impl FnMut(Written) -> ControlFlow<()>) -> Result<(), OpenFault> {
        let tasks = table(&self.read, TASKS)?;
        for entry in table(&self.read, COMMENTS)?.iter().map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let row = CommentRow::from_bytes(bytes.value()).ok_or_else(|| damaged("comment", id.value()))?;
            let audience = match row.origin {
                Origin::AgentToCustomer => Audience::Customer,
                Origin::AgentInternal => Audience::Internal,
                Origin::Customer | Origin::Outside | Origin::System => continue,
            };
            let task = tasks.get(row.task).map_err(open_fault)?;
            let task = task.map(|bytes| serde_json::from_slice::<TaskRow>(bytes.value())).transpose();
            let conversation = task.map_err(|_| damaged("task", row.task))?.and_then(|task| task.binding);
            let by = row.body.by.unwrap_or_default();
            let written = Written { at: row.at, conversation, by, text: row.body.text, audience };
            if visit(written).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Shows every contact whose name a profile told, with the conversation that it is of.
    ///
    /// # Errors
    /// [`OpenFault`] where a row cannot be read.
    pub fn each_named(
        &self,
        mut visit: impl FnMut(MachineId, Redacted<String>) -> ControlFlow<()>,
    ) -> Result<(), OpenFault> {
        for entry in table(&self.read, CONTACTS)?.iter().map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let row =
                serde_json::from_slice::<ContactRow>(bytes.value()).map_err(|_| damaged("contact", id.value()))?;
            if let (Some(name), false) = (row.name, row.typed)
                && visit(row.key, name).is_break()
            {
                break;
            }
        }
        Ok(())
    }
}

fn damaged(what: &str, id: u64) -> OpenFault {
    OpenFault::Damaged { what: format!("the desk's {what} {id} cannot be read") }
}
