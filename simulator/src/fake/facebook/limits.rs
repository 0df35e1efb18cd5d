//! What the stand-in keeps and takes at most: whoever plays with it, its memory stays bounded.

use model::{Span, Timestamp};

/// Bytes of a request that are read.
pub(super) const BODY_MAX: usize = 1 << 20;
/// Bytes of an upload; Meta takes pictures of 8 MB from an address (*Saving assets*, read 2026-11-23).
pub(super) const UPLOAD_MAX: usize = 8 << 20;
/// Bytes of a form around an upload.
pub(super) const FORM_MAX: usize = UPLOAD_MAX + (64 << 10);
/// Bytes of all uploads together; the oldest go first.
pub(super) const UPLOADS_MAX: usize = 8 * UPLOAD_MAX;
/// Characters of one text; no client of Meta sends more.
pub(super) const TEXT_MAX: usize = 20_000;
/// Bytes of an id or a name in an order.
pub(super) const ID_MAX: usize = 1_000;
/// Attachments of one message (*Send a Message*, read 2026-11-23).
pub(super) const ATTACHMENTS_MAX: usize = 30;
/// Lines of one conversation; the oldest go first.
pub(super) const LINES_MAX: usize = 1_000;
/// Actions of one customer that the rules look at; they ask for the newest.
pub(super) const ACTIONS_MAX: usize = 64;
/// Customers of all Pages. Load tests invent many.
pub(super) const CUSTOMERS_MAX: usize = 1 << 18;
/// Messages of the Pages in `state`; judges count each one, so that a full list is told there.
pub(super) const BUBBLES_MAX: usize = 1 << 20;
/// Refused sends in `state`.
pub(super) const VIOLATIONS_MAX: usize = 1 << 16;
/// Echoes held back at once.
pub(super) const HELD_MAX: usize = 1 << 16;
/// Bytes of webhook items that are kept back at once; more are dropped and counted as such.
pub(super) const KEPT_BACK_MAX: usize = 16 << 20;
/// Items that go out in one body on demand (*Meta Webhooks for Messenger Platform*, read 2026-11-23).
pub(super) const TOGETHER_MAX: usize = 1_000;
/// Delivered bodies that can be repeated; the oldest go first.
pub(super) const REPEATABLE_MAX: usize = 4_096;
/// Their bytes.
pub(super) const REPEATABLE_BYTES_MAX: usize = 16 << 20;
/// Webhook items that wait; more are dropped and counted as such.
pub(super) const WAITING_MAX: u64 = 1 << 18;
/// Posts of one Page.
pub(super) const POSTS_MAX: usize = 200;
/// Comments under one post.
pub(super) const COMMENTS_MAX: usize = 500;
/// Reactions to one post or comment.
pub(super) const REACTIONS_MAX: usize = 500;
/// Leads of one Page.
pub(super) const LEADS_MAX: usize = 1_000;
/// Changes a customer may make to one message (*message_edits*, read 2026-11-23).
pub(super) const EDITS_MAX: u32 = 5;
/// Pages in browsers that are kept up to date at once.
pub(super) const STREAMS_MAX: usize = 64;
/// How far the clock may be moved at once.
pub(super) const MOVE_MAX: Span = Span::days(366);
/// 2100-01-01T00:00:00Z: no instant in an order is later.
pub(super) const LATEST: Timestamp = Timestamp(4_102_444_800_000);
