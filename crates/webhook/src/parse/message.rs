//! `message`: what the customer wrote, or (with `is_echo`) what the Page wrote; also what was taken back and what Meta
//! itself says in the thread.
//!
//! Source: Meta, event references *messages* (2026-06-01) and *message echoes*, read 2026-11-23. A message without text
//! and attachments is still one: the customer wrote something that this form does not show. One without `mid` gets a name
//! of ours that no other item ever names.

use model::{AppId, Echo, Inbound, ItemKey, Kind, Message, Mid, Notice, Redacted, Unsend};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::{self, Reason};
use super::item::Frame;
use super::json::{self, Maybe, Object};
use super::{attachment, referral};
use crate::dedup;

/// Before the key of a message to which Meta gave no id.
const NAMELESS: &str = "nameless:";

/// Commands read of one message: a person types one or two.
const COMMANDS_MAX: usize = 20;

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
    is_unsupported: Option<&'a RawValue>,
    #[serde(borrow, default)]
    app_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    quick_reply: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    commands: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sticker_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    admin_text: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ReplyTo<'a> {
    #[serde(borrow, default)]
    mid: Option<&'a RawValue>,
}

impl MessageForm<'_> {
    /// Whether the Page wrote it.
    pub(super) fn is_echo(&self) -> bool {
        json::is_true(self.is_echo)
    }

    fn is_bare(&self) -> bool {
        let content = [self.text, self.attachments, self.quick_reply, self.referral, self.sticker_id];
        content.iter().all(Option::is_none)
    }
}

/// Reads a message of either side; `beside` is a referral that stands not in it but next to it.
pub(super) fn read(form: &MessageForm<'_>, beside: Option<&RawValue>, frame: Frame) -> Result<Inbound, Reason> {
    let mid = form.mid.and_then(mid);
    match mid {
        Some(mid) if json::is_true(form.is_deleted) => unsend(form, mid, frame),
        None if form.admin_text.is_some() => notice(form, frame),
        None if form.is_bare() && !form.is_echo() => Err(Reason::of_kind("no-mid", "message")),
        mid if form.is_echo() => echo(form, mid, frame),
        mid => message(form, mid, beside, frame),
    }
}

/// The id and key of a message; both from the content where Meta gave no id.
fn named(form: &MessageForm<'_>, mid: Option<Mid>, psid: &model::Psid, frame: &Frame) -> (Mid, ItemKey) {
    let page = &frame.page;
    match mid {
        Some(mid) => {
            let key = if form.is_echo() { dedup::echo(page, &mid) } else { dedup::message(page, &mid) };
            (mid, key)
        }
        None => {
            let (text, attachments) = (form.text.map(RawValue::get), form.attachments.map(RawValue::get));
            let key = dedup::message_without_mid(form.is_echo(), page, psid, frame.told_at, text, attachments);
            (Mid::new(format!("{NAMELESS}{}", key.to_hex())), key)
        }
    }
}

fn message(
    form: &MessageForm<'_>,
    mid: Option<Mid>,
    beside: Option<&RawValue>,
    frame: Frame,
) -> Result<Inbound, Reason> {
    let psid = frame.customer()?;
    let (mid, key) = named(form, mid, &psid, &frame);
    let text = form.text.and_then(json::text).map(Redacted::new);
    let mut attachments = attachment::read(form.attachments);
    if let Some(id) = form.sticker_id.and_then(json::name).filter(|_| attachments.is_empty() && text.is_none()) {
        attachments.push(attachment::sticker(id.into_owned()));
    }
    let quick_reply = form.quick_reply.and_then(Object::read);
    let referral = form.referral.or(beside).and_then(Object::read).map(|form| Box::new(referral::referral(&form)));
    let kind = Kind::Message(Message {
        mid,
        text,
        attachments,
        reply_to: form.reply_to.here().and_then(|reply_to| reply_to.mid).and_then(self::mid),
        quick_reply: quick_reply.map(|chosen| chosen.text("payload").unwrap_or_default()),
        referral,
        commands: commands(form.commands),
        unsupported: json::is_true(form.is_unsupported),
    });
    Ok(frame.inbound(psid, key, kind))
}

fn commands(raw: Option<&RawValue>) -> Vec<String> {
    let elements = raw.and_then(super::envelope::spread).unwrap_or_default();
    let names = elements.into_iter().filter_map(|element| Object::read(element)?.name("name"));
    names.map(|name| anomaly::short(&name)).take(COMMANDS_MAX).collect()
}

fn echo(form: &MessageForm<'_>, mid: Option<Mid>, frame: Frame) -> Result<Inbound, Reason> {
    let psid = frame.addressee()?;
    let (mid, key) = named(form, mid, &psid, &frame);
    let kind = Kind::Echo(Echo {
        mid,
        app: form.app_id.and_then(json::name).map(AppId::new),
        metadata: form.metadata.and_then(json::text),
        text: form.text.and_then(json::text).map(Redacted::new),
        attachments: attachment::read(form.attachments),
    });
    Ok(frame.inbound(psid, key, kind))
}

fn unsend(form: &MessageForm<'_>, mid: Mid, frame: Frame) -> Result<Inbound, Reason> {
    let (psid, by_page) = if form.is_echo() { (frame.addressee()?, true) } else { frame.either()? };
    let key = dedup::unsend(&frame.page, &mid);
    Ok(frame.inbound(psid, key, Kind::Unsend(Unsend { mid, by_page })))
}

/// Seen in production, not documented: a notice of Meta's in the thread, with no `mid`.
fn notice(form: &MessageForm<'_>, frame: Frame) -> Result<Inbound, Reason> {
    let Some(text) = form.admin_text.and_then(json::text) else {
        return Err(Reason::of_kind("no-text", "message.admin_text"));
    };
    let (psid, _) = if form.is_echo() { (frame.addressee()?, true) } else { frame.either()? };
    let key = dedup::deed("admin-text", &frame.page, psid.as_str(), frame.told_at, &[Some(&text)]);
    Ok(frame.inbound(psid, key, Kind::Notice(Notice { text: Redacted::new(text) })))
}

/// A message id: opaque, string or number.
pub(super) fn mid(raw: &RawValue) -> Option<Mid> {
    json::name(raw).map(Mid::new)
}
