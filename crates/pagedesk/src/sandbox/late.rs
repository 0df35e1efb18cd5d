//! A fault on demand: between the permit and the call a day passes, as if the policy had not looked at the window.
//!
//! Only in builds with failpoints. It shows that the reckoning of a play sees a send that came too late.

use std::sync::Arc;

use actors::Clock as _;
use messenger::{BoxFuture, Control, Fault, Graph, Profile, Send, SendOutcome, Sent};
use model::{PageId, Psid, Span};
use node::MovableClock;
use policy::Permit;

/// Longer than the standard window, shorter than the human agent's.
const LATE: Span = Span::hours(25);

/// Meta behind a clock that runs away when the point `policy-ignores-window` says so.
pub(crate) struct LateGraph {
    inner: Arc<dyn Graph>,
    clock: MovableClock,
}

impl LateGraph {
    /// Puts the fault between the node and Meta.
    pub(crate) fn new(inner: Arc<dyn Graph>, clock: MovableClock) -> Self {
        Self { inner, clock }
    }

    fn is_late(&self) -> bool {
        fail::fail_point!("policy-ignores-window", |_| true);
        false
    }
}

impl Graph for LateGraph {
    fn send(&self, permit: Permit, send: Send) -> BoxFuture<'_, SendOutcome> {
        if self.is_late() {
            self.clock.advance_to(self.clock.now() + LATE);
        }
        self.inner.send(permit, send)
    }

    fn profile(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Profile, Fault>> {
        self.inner.profile(page, psid)
    }

    fn thread(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Vec<Sent>, Fault>> {
        self.inner.thread(page, psid)
    }

    fn take_control(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Control, Fault>> {
        self.inner.take_control(page, psid)
    }
}
