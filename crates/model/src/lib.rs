//! Words that every crate shares: ids, instants, what Meta sent. No logic but [`address`] and [`in_plain_words`].
//!
//! Nothing here reads a clock, makes an id or knows where its values are stored.

mod id;
mod inbound;
mod redacted;
mod time;
mod wording;

pub use id::{
    AccountId, AppId, CommentId, ContactId, EffectId, Incarnation, ItemKey, MachineId, Mid, PageId, Psid, TaskId,
};
pub use inbound::{
    AccountLink, Activity, ActivityField, ActivityItem, Anomaly, Answer, AppRoles, Appointment, Attachment,
    AttachmentKind, Author, Changed, Channel, Delivery, Echo, Edit, Feedback, FeedbackWay, Handover, HandoverAct,
    Inbound, Installation, Integrity, Kind, Lead, Legacy, Message, Notice, Optin, OptinWay, Order, PageInbound,
    PageKind, Place, Point, Policy, PolicyAct, Postback, Product, Reaction, Receipt, Referral, Shared, Sticker,
    Stranger, TemplateStatus, Unsend, Verb, address, page_address,
};
pub use redacted::Redacted;
pub use time::{Span, Timestamp};
pub use wording::in_plain_words;
