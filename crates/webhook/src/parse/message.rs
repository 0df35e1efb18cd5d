//! `message`: what the customer wrote, or (with `is_echo`) what the Page wrote; texts and attachments.
//!
//! Source: Meta, event references *messages* (2026-06-01) and *message echoes*, read 2026-11-23. A message without text
//! and attachments is still one: the customer wrote something that this form does not show. A notice without `mid` and an
//! unsend are other kinds.

use model::{AppId, Attachment, AttachmentKind, Echo, Inbound, Kind, Message, Mid, Redacted};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::{self, Reason};
use super::envelope;
use super::item::Frame;
use super::json::{self, Maybe};
use crate::dedup;

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct MessageForm<'a> {
    #[serde(borrow, default)]
    mid: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachments: Option<&'a RawValue>,
    #[serde(default)]
    reply_to: Maybe<ReplyTo<'a>>,
    #[serde(borrow, default)]
    is_echo: Option<&'a RawValue>,
    #[serde(borrow, default)]
    is_deleted: Option<&'a RawValue>,
    #[serde(borrow, default)]
    app_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ReplyTo<'a> {
    #[serde(borrow, default)]
    mid: Option<&'a RawValue>,
}

/// Reads a message of either side.
pub(super) fn read(form: &MessageForm<'_>, frame: Frame) -> Result<Inbound, Reason> {
    if json::is_true(form.is_deleted) {
        return Err(Reason::of_kind("unknown-kind", "message.is_deleted"));
    }
    let Some(mid) = form.mid.and_then(mid) else {
        return Err(Reason::of_kind("no-mid", "message"));
    };
    if json::is_true(form.is_echo) { echo(form, mid, frame) } else { message(form, mid, frame) }
}

fn message(form: &MessageForm<'_>, mid: Mid, frame: Frame) -> Result<Inbound, Reason> {
    let psid = frame.customer()?;
    let key = dedup::message(&frame.page, &mid);
    let kind = Kind::Message(Message {
        mid,
        text: form.text.and_then(json::text).map(Redacted::new),
        attachments: attachments(form.attachments),
        reply_to: form.reply_to.here().and_then(|reply_to| reply_to.mid).and_then(self::mid),
    });
    Ok(Inbound { psid, at: frame.at(), channel: frame.channel, key, kind, page: frame.page })
}

fn echo(form: &MessageForm<'_>, mid: Mid, frame: Frame) -> Result<Inbound, Reason> {
    let psid = frame.addressee()?;
    let key = dedup::echo(&frame.page, &mid);
    let kind = Kind::Echo(Echo {
        mid,
        app: form.app_id.and_then(json::name).map(AppId::new),
        metadata: form.metadata.and_then(json::text),
        text: form.text.and_then(json::text).map(Redacted::new),
        attachments: attachments(form.attachments),
    });
    Ok(Inbound { psid, at: frame.at(), channel: frame.channel, key, kind, page: frame.page })
}

/// A message id: opaque, string or number.
pub(super) fn mid(raw: &RawValue) -> Option<Mid> {
    json::name(raw).map(Mid::new)
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct AttachmentForm<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(default)]
    payload: Maybe<Payload<'a>>,
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
}

/// Link and title stand in the payload, or, in older forms and echoes, beside it.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
}

/// All attachments; what is no object still counts as one, of unknown kind.
fn attachments(raw: Option<&RawValue>) -> Vec<Attachment> {
    let Some(raw) = raw else { return Vec::new() };
    match raw.get().as_bytes().first() {
        Some(b'[') => json::elements(raw.get()).unwrap_or_default().into_iter().map(attachment).collect(),
        Some(b'{') => vec![attachment(raw)],
        _ => Vec::new(),
    }
}

fn attachment(raw: &RawValue) -> Attachment {
    let unknown = || AttachmentKind::Other("unknown".to_owned());
    let form = if envelope::is_object(raw) { serde_json::from_str::<AttachmentForm<'_>>(raw.get()).ok() } else { None };
    let Some(form) = form else {
        return Attachment { kind: unknown(), url: None, title: None };
    };
    let kind = match form.kind.and_then(json::string).as_deref() {
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        Some("file") => AttachmentKind::File,
        Some("") | None => unknown(),
        Some(other) => AttachmentKind::Other(anomaly::short(other)),
    };
    let payload = form.payload.here();
    let text = |inside: Option<&RawValue>, beside: Option<&RawValue>| {
        inside.and_then(json::text).or_else(|| beside.and_then(json::text)).map(Redacted::new)
    };
    Attachment {
        kind,
        url: text(payload.and_then(|payload| payload.url), form.url),
        title: text(payload.and_then(|payload| payload.title), form.title),
    }
}
