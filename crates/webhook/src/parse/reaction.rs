//! `reaction` and `message_edit`: what somebody did to a message that stands already.
//!
//! Source: Meta, event references *message reactions* and *message edits*, read 2026-11-23.

use model::{Edit, Inbound, Kind, Reaction, Redacted};
use serde_json::value::RawValue;

use super::anomaly::{self, Reason};
use super::item::Frame;
use super::json::Object;
use super::message;
use crate::dedup;

/// Characters of a reaction's sign: an emoji with all its joints.
const EMOJI_CHARS_MAX: usize = 16;

/// Reads a reaction that was put on a message or taken back.
pub(super) fn reaction(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "reaction"))?;
    let mid = form.get("mid").and_then(message::mid).ok_or_else(|| Reason::of_kind("no-mid", "reaction"))?;
    let (psid, by_page) = frame.either()?;
    let added = form.name("action").as_deref() != Some("unreact");
    let name = form.name("reaction").map(|name| anomaly::short(&name));
    let emoji = form.text("emoji").map(|sign| sign.chars().take(EMOJI_CHARS_MAX).collect::<String>());
    let who = if by_page { frame.page.as_str() } else { psid.as_str() };
    let key = dedup::reaction(&frame.page, &mid, who, added, emoji.as_deref().or(name.as_deref()), frame.told_at);
    let kind = Kind::Reaction(Reaction { mid, added, by_page, name, emoji });
    Ok(frame.inbound(psid, key, kind))
}

/// Reads a changed text.
pub(super) fn edit(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "message_edit"))?;
    let mid = form.get("mid").and_then(message::mid).ok_or_else(|| Reason::of_kind("no-mid", "message_edit"))?;
    let (psid, by_page) = frame.either()?;
    let text = form.text("text");
    let nth = form.name("num_edit").and_then(|number| number.parse().ok());
    let key = dedup::edit(&frame.page, &mid, nth, text.as_deref());
    let kind = Kind::Edit(Edit { mid, by_page, text: text.map(Redacted::new), nth });
    Ok(frame.inbound(psid, key, kind))
}
