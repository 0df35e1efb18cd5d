//! Words that every crate shares: ids, instants, what Meta sent. No logic but [`address`].
//!
//! Nothing here reads a clock, makes an id or knows where its values are stored.

mod id;
mod inbound;
mod redacted;
mod time;

pub use id::{
    AccountId, AppId, CommentId, ContactId, EffectId, Incarnation, ItemKey, MachineId, Mid, PageId, Psid, TaskId,
};
pub use inbound::{
    Anomaly, Attachment, AttachmentKind, Channel, Delivery, Echo, Inbound, Kind, Message, Place, Postback, Receipt,
    address,
};
pub use redacted::Redacted;
pub use time::{Span, Timestamp};
