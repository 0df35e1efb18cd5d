//! The lists that pages and API show, answered by the read models.

use std::sync::Arc;

use policy::{Guards, Openers};
use view::{ConversationFilter, View, ViewFault};
use web::{ConversationList, ConversationRow, Filter, Lists, NotListed, Unavailable, Which};

/// The read models behind the web's lists.
pub(crate) struct ViewLists(Arc<View>);

impl ViewLists {
    pub(crate) fn new(view: Arc<View>) -> Self {
        Self(view)
    }
}

impl Lists for ViewLists {
    fn conversations(&self, filter: &Filter, after: Option<&str>, limit: usize) -> Result<ConversationList, NotListed> {
        let filter = ConversationFilter {
            page: filter.page.clone(),
            unanswered: filter.which == Which::Unanswered,
            troubled: filter.which == Which::Failed,
        };
        let list = self.0.conversations(&filter, after, limit).map_err(|fault| match fault {
            ViewFault::CursorUnfit => NotListed::CursorUnfit,
            ViewFault::Storage(_) | ViewFault::Journal(_) => NotListed::Unavailable(Unavailable(fault.to_string())),
        })?;
        Ok(ConversationList { conversations: list.conversations.into_iter().map(row).collect(), next: list.next })
    }

    fn totals(&self) -> Result<serde_json::Value, Unavailable> {
        let totals = self.0.totals().map_err(|fault| Unavailable(fault.to_string()))?;
        serde_json::to_value(totals).map_err(|fault| Unavailable(fault.to_string()))
    }
}

fn row(row: view::ConversationRow) -> ConversationRow {
    let openers = Openers { last_action_at: row.last_action_at, last_message_at: row.last_message_at };
    ConversationRow {
        window_ends_at: policy::standard_window_end(&openers, &Guards::default()),
        unanswered: row.unanswered(),
        queued: u64::from(row.parts.queued + row.parts.held + row.parts.in_flight),
        failed: u64::from(row.parts.failed),
        refused: u64::from(row.parts.refused),
        in_doubt: u64::from(row.parts.in_doubt),
        page: row.page,
        psid: row.psid,
        name: row.name.map(model::Redacted::into_inner),
        last_line: row.last_line.map(model::Redacted::into_inner),
        last_activity_at: Some(row.last_activity_at),
        task: row.task,
    }
}
