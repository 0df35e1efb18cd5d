//! Where tasks live: the trait that every tracker keeps, its vocabulary, the suite that checks a tracker, and the
//! embedded desk.
//!
//! Nothing here knows a conversation's state or decides what is sent. Invariant: every call that changes something
//! carries its effect id, and the same id with the same request changes nothing more.

mod api;
mod backend;
pub mod conformance;

pub use api::{
    AgentComment, Audience, Call, Comment, CommentOrigin, CommentsAdded, Contact, Cursor, Fault, Feed, OpenTask,
    Opened, Tracker,
};
pub use backend::desk;
pub use backend::desk::{Desk, DeskOptions};
