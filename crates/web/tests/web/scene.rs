//! A desk in memory with one task, its conversation, and the site over both. What happens is told by the machines.

use std::sync::Arc;

use journal::Drive;
use machine::conversation::{Command, Outcome, Reply, SendOutcome};
use machine::outbound::Content;
use model::{
    AppId, CommentId, ContactId, EffectId, Handover, HandoverAct, Inbound, Incarnation, ItemKey, Kind, MachineId,
    Message, Mid, PageId, Psid, Span, TaskId, Timestamp,
};
use policy::Author;
use tracker::{Comment, CommentOrigin, Contact, Desk, DeskOptions, OpenTask, Tracker as _, desk};
use web::{ApiTokens, Limits, Site, SiteSettings};

use crate::fake::{Fake, NOW};
use crate::wire::Server;

/// The conversation of the scene.
pub(crate) const WHO: &str = "c/1029/5001";

/// Its address below `/` and below the API.
pub(crate) const TALK: &str = "/conversations/1029/5001";

/// Text that must stay text.
pub(crate) const HOSTILE: &str = "</p><script>alert(\"x\")</script>&amp;<img src=x onerror='y'>";

/// The site, its node and its desk.
pub(crate) struct Scene {
    pub(crate) node: Arc<Fake>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) server: Server,
    pub(crate) site: Site,
}

impl Scene {
    /// Nothing has happened yet.
    pub(crate) async fn empty() -> Self {
        Self::guarded(ApiTokens::default()).await
    }

    /// Nothing has happened yet, and the API wants a token.
    pub(crate) async fn guarded(tokens: ApiTokens) -> Self {
        Self::with(SiteSettings { tokens, ..SiteSettings::default() }).await
    }

    /// Nothing has happened yet, under these settings.
    pub(crate) async fn with(settings: SiteSettings) -> Self {
        let node = Arc::new(Fake::new());
        let options = DeskOptions { drive: Drive::Inline, ..DeskOptions::default() };
        let desk = Arc::new(Desk::open(desk::memory(), options).expect("a desk in memory opens"));
        let limits = Limits::site();
        let lists = Arc::<Fake>::clone(&node);
        let site = Site::new(Arc::<Fake>::clone(&node), lists, Arc::clone(&desk), settings, &limits);
        Self { node, desk, server: Server::start(site.clone(), limits).await, site }
    }

    /// A customer wrote an hour ago, and task 1 holds it.
    pub(crate) async fn bound() -> Self {
        Self::bound_since(Span::hours(1)).await
    }

    /// A customer wrote that long ago, and task 1 holds it.
    pub(crate) async fn bound_since(ago: Span) -> Self {
        let scene = Self::empty().await;
        scene.bind(ago).await;
        scene
    }

    /// Lets the customer write that long ago; task 1 holds it.
    pub(crate) async fn bind(&self, ago: Span) {
        let at = NOW - ago;
        let opening = self.wrote("m1", HOSTILE, at);
        let opened = self.open(at).await;
        assert_eq!(opened, TaskId::new("1"));
        let outcome = Outcome::TaskOpened { task: opened, contact: ContactId::new("1") };
        self.node.tell(WHO, Command::Settle { effect: opening, outcome }, at);
    }

    /// The customer writes.
    pub(crate) fn wrote(&self, mid: &str, text: &str, at: Timestamp) -> u64 {
        let mut key = [0; 16];
        key[..mid.len()].copy_from_slice(mid.as_bytes());
        let message = Message { text: Some(text.into()), ..Message::new(Mid::new(mid)) };
        let inbound = Inbound {
            page: PageId::new("1029"),
            psid: Psid::new("5001"),
            at,
            channel: model::Channel::Messaging,
            key: ItemKey(key),
            kind: Kind::Message(message),
        };
        self.node.tell(WHO, Command::Receive(inbound), at)
    }

    /// The thread is passed to an app.
    pub(crate) fn passed(&self, app: &str, at: Timestamp) {
        let mut key = [7; 16];
        key[8..].copy_from_slice(&at.0.to_be_bytes());
        let to = Some(AppId::new(app));
        let inbound = Inbound {
            page: PageId::new("1029"),
            psid: Psid::new("5001"),
            at,
            channel: model::Channel::Messaging,
            key: ItemKey(key),
            kind: Kind::Handover(Handover { act: HandoverAct::Passed, to, from: None, metadata: None }),
        };
        self.node.tell(WHO, Command::Receive(inbound), at);
    }

    /// Opens a task for the conversation in the desk.
    pub(crate) async fn open(&self, at: Timestamp) -> TaskId {
        let machine: MachineId = WHO.parse().expect("a machine id");
        let effect = EffectId { incarnation: Incarnation(1), machine: machine.clone(), seq: at.0.unsigned_abs() };
        let line = Comment { origin: CommentOrigin::Customer, text: HOSTILE.into(), attachments: Vec::new(), at };
        let task = OpenTask {
            binding: machine.clone(),
            name: "<b>Eve</b> (FB, Corner Bakery)".into(),
            contact: Contact { key: machine, name: Some("<b>Eve</b>".into()) },
            lines: vec![line],
            previous: None,
            at,
        };
        self.desk.open_task(effect, task).await.expect("the desk opens it").task
    }

    /// The conversation takes a comment of the desk as an answer.
    pub(crate) fn answered(&self, comment: &str, text: &str, at: Timestamp) {
        let reply = Reply {
            source: CommentId::new(comment).into(),
            task: Some(TaskId::new("1")),
            author: Author::Agent,
            by: "Agent".to_owned(),
            contents: vec![Content::Text { text: text.into() }],
            tag: None,
            at,
        };
        self.node.tell(WHO, Command::Reply(reply), at);
    }

    /// The next part leaves, and this comes of it.
    pub(crate) fn sent(&self, outcome: SendOutcome, at: Timestamp) {
        let effect = self.node.tell(WHO, Command::Dispatch, at);
        self.node.tell(WHO, Command::Settle { effect, outcome: Outcome::Send { send: outcome } }, at);
    }
}
