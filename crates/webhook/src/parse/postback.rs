//! `postback`: the customer pressed a button (Get Started, a menu, a template's button).
//!
//! Source: Meta, event reference *messaging_postbacks* (2026-02-26), read 2026-11-23. Older API versions give no `mid`;
//! on standby the payload is missing. A button pressed by somebody who has no PSID yet
//! is the Page's.

use model::{Inbound, Kind, Postback, Redacted};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::Reason;
use super::item::Frame;
use super::json::Object;
use super::{json, message, referral};
use crate::dedup;

#[derive(Deserialize)]
pub(super) struct PostbackForm<'a> {
    #[serde(borrow, default)]
    mid: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
}

impl PostbackForm<'_> {
    /// A payload is our own text come back; one that is an object is kept as its JSON.
    pub(super) fn payload(&self) -> Option<String> {
        self.payload
            .and_then(|raw| if raw.get().starts_with('"') { json::text(raw) } else { Some(raw.get().to_owned()) })
    }
}

/// Reads a pressed button; `beside` is a referral that stands not in it but next to it.
pub(super) fn read(form: &PostbackForm<'_>, beside: Option<&RawValue>, frame: Frame) -> Result<Inbound, Reason> {
    let psid = frame.customer()?;
    let mid = form.mid.and_then(message::mid);
    let payload = form.payload();
    let key = match &mid {
        Some(mid) => dedup::postback(&frame.page, mid),
        None => dedup::postback_without_mid(&frame.page, &psid, frame.told_at, payload.as_deref()),
    };
    let title = form.title.and_then(json::text).map(Redacted::new);
    let referral = form.referral.or(beside).and_then(Object::read).map(|form| Box::new(referral::referral(&form)));
    let kind = Kind::Postback(Postback { mid, title, payload, referral });
    Ok(frame.inbound(psid, key, kind))
}
