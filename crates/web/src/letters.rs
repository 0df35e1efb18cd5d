//! Dead letters with the conversations that they belong to, for pages and API.
//!
//! Which there are is told by the lists, which follow the journal by a moment; how each stands is read from the journal.

use std::sync::Arc;

use machine::outbound::PartId;
use model::MachineId;

use crate::fault::Fault;
use crate::lists::{DeadFilter, DeadList};
use crate::port::ConversationNow;
use crate::site::Sources;

/// A message about which a person is to decide.
pub(crate) struct Letter {
    /// Whose.
    pub(crate) id: MachineId,
    /// Which.
    pub(crate) part: PartId,
    /// The conversation now; that of letters which follow each other is read once.
    pub(crate) found: Arc<ConversationNow>,
}

/// Some of them, and where the next page starts.
///
/// # Errors
/// The lists or the journal cannot be read now, or the cursor is none.
pub(crate) async fn letters(
    sources: &Sources,
    filter: &DeadFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Letter>, Option<String>), Fault> {
    let DeadList { letters: listed, next } = sources.lists.dead_letters(filter, after, limit)?;
    let mut letters: Vec<Letter> = Vec::new();
    for (id, part) in listed {
        let known = letters.last().filter(|last| last.id == id).map(|last| Arc::clone(&last.found));
        let found = match known {
            Some(known) => Some(known),
            None => sources.node.conversation(&id).await?.map(Arc::new),
        };
        letters.extend(found.map(|found| Letter { id, part, found }));
    }
    Ok((letters, next))
}
