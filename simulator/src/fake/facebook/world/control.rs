//! Which app has a conversation, and how the node's app takes it over.

use model::{AppId, PageId, Psid, Timestamp};

use super::World;
use crate::fake::facebook::graph_error::GraphError;

impl World {
    /// Whether the Pages' features let the app take conversations over.
    pub(in crate::fake::facebook) fn gives_control(&self) -> bool {
        self.gives_control
    }

    /// Gives a conversation to the app, where the Page's features let it take any.
    pub(in crate::fake::facebook) fn take_control(
        &mut self,
        page: &PageId,
        psid: &Psid,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        if !self.gives_control {
            return Err(GraphError::new(27, None));
        }
        let ours = self.app.clone();
        let known = self.customers.get_mut(&(page.clone(), psid.clone()));
        known.ok_or_else(|| GraphError::new(100, Some(2_018_001)))?.owner = Some((ours, now));
        self.revision += 1;
        Ok(())
    }

    /// The app that has a conversation, where this app is told.
    pub(in crate::fake::facebook) fn owner(&self, page: &PageId, psid: &Psid, now: Timestamp) -> Option<AppId> {
        let known = self.customers.get(&(page.clone(), psid.clone()))?;
        let elsewhere = known.owned_elsewhere(&self.app, now).filter(|_| self.gives_control);
        let own = known.owner.as_ref().map(|(app, _)| app).filter(|app| **app == self.app);
        elsewhere.or(own).cloned()
    }
}
