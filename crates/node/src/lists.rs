//! The lists that pages and API show, answered by the read models.

use std::sync::Arc;

use web::{ConversationList, Filter, Lists, NotListed, Unavailable};

use crate::start::Node;

/// The read models behind the web's lists.
pub(crate) struct ViewLists(Arc<Node>);

impl ViewLists {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        Self(node)
    }
}

impl Lists for ViewLists {
    fn conversations(&self, _filter: &Filter, _after: Option<&str>, _limit: usize) -> Result<ConversationList, NotListed> {
        let _ = &self.0;
        Err(NotListed::Unavailable(Unavailable("no read models yet".to_owned())))
    }

    fn totals(&self) -> Result<serde_json::Value, Unavailable> {
        Err(Unavailable("no read models yet".to_owned()))
    }
}
