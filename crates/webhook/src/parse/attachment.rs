//! `attachments`: what hangs on a message, one kind per type of Meta's; what is unknown still counts as one.
//!
//! Source: Meta, event references *messages* (2026-06-01) and *message echoes*, read 2026-11-23. Link and title stand in the
//! payload or, in older forms and echoes, beside it. Until 2026-08-30 a sticker came twice, once as an image
//! with its id or its link.

use model::{Appointment, Attachment, AttachmentKind, Point, Product, Redacted, Shared, Sticker};
use serde_json::value::RawValue;

use super::anomaly;
use super::json::{self, Object};

/// All attachments in order.
pub(super) fn read(raw: Option<&RawValue>) -> Vec<Attachment> {
    let Some(raw) = raw else { return Vec::new() };
    let mut all: Vec<(Attachment, bool)> = match raw.get().as_bytes().first() {
        Some(b'[') => json::elements(raw.get()).unwrap_or_default().into_iter().map(attachment).collect(),
        Some(b'{') => vec![attachment(raw)],
        _ => Vec::new(),
    };
    let is_sticker = |attachment: &Attachment| matches!(attachment.kind, AttachmentKind::Sticker(_));
    let real: Vec<Attachment> =
        all.iter().filter(|(each, twin)| !twin && is_sticker(each)).map(|(each, _)| each.clone()).collect();
    all.retain(|(each, twin)| {
        let is_image = each.kind == AttachmentKind::Image && each.url.is_some();
        !(*twin || is_image)
            || !real.iter().any(|sticker| (*twin && sticker.kind == each.kind) || sticker.url == each.url)
    });
    all.into_iter().map(|(attachment, _)| attachment).collect()
}

/// A sticker of which only the id is known.
pub(super) fn sticker(id: String) -> Attachment {
    Attachment { kind: AttachmentKind::Sticker(Sticker { id: Some(id) }), url: None, title: None }
}

/// One attachment, and whether it may be the image that stands for a sticker.
fn attachment(raw: &RawValue) -> (Attachment, bool) {
    let Some(form) = Object::read(raw) else {
        return (Attachment { kind: unknown(), url: None, title: None }, false);
    };
    let payload = form.object("payload");
    let text = |key: &str| payload.as_ref().and_then(|payload| payload.text(key)).or_else(|| form.text(key));
    let name = |key: &str| payload.as_ref().and_then(|payload| payload.name(key));
    let sticker_id = name("sticker_id");
    let word = form.get("type").and_then(json::string);
    let is_twin = word.as_deref() == Some("image") && sticker_id.is_some();
    let kind = match word.as_deref() {
        Some("image") if is_twin => AttachmentKind::Sticker(Sticker { id: sticker_id }),
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        Some("file") => AttachmentKind::File,
        Some("sticker") => AttachmentKind::Sticker(Sticker { id: sticker_id }),
        Some("fallback") => AttachmentKind::Fallback,
        Some("reel") => AttachmentKind::Reel(Shared { id: name("reel_video_id"), instagram: false }),
        Some("ig_reel") => AttachmentKind::Reel(Shared { id: name("reel_video_id"), instagram: true }),
        Some("post") => AttachmentKind::Post(Shared { id: name("id"), instagram: false }),
        Some("ig_post") => AttachmentKind::Post(Shared { id: name("id"), instagram: true }),
        Some("location") => AttachmentKind::Location(point(payload.as_ref())),
        Some("template") => AttachmentKind::Template(products(payload.as_ref())),
        Some("appointment_booking") => AttachmentKind::Appointment(appointment(payload.as_ref())),
        Some("") | None => unknown(),
        Some(other) => AttachmentKind::Other(anomaly::short(other)),
    };
    let attachment = Attachment { kind, url: text("url").map(Redacted::new), title: text("title").map(Redacted::new) };
    (attachment, is_twin)
}

fn unknown() -> AttachmentKind {
    AttachmentKind::Other("unknown".to_owned())
}

fn point(payload: Option<&Object<'_>>) -> Point {
    let coordinates = payload.and_then(|payload| payload.object("coordinates"));
    let degree = |key: &str| {
        let raw = coordinates.as_ref()?.get(key)?.get().trim_matches('"');
        let is_number = !raw.is_empty() && raw.len() <= 32 && raw.parse::<f64>().is_ok_and(f64::is_finite);
        is_number.then(|| raw.to_owned())
    };
    Point { degrees: degree("lat").zip(degree("long")).map(Redacted::new) }
}

/// The elements of a template, or of a product share; a template without any says what its text is.
fn products(payload: Option<&Object<'_>>) -> Vec<Product> {
    let Some(payload) = payload else { return Vec::new() };
    let inner = payload.object("product");
    let elements = inner.as_ref().unwrap_or(payload).objects("elements");
    let products: Vec<Product> = elements.iter().map(product).collect();
    match payload.words("text") {
        title @ Some(_) if products.is_empty() => vec![Product { id: None, title }],
        Some(_) | None => products,
    }
}

/// One element of a template or of a cart.
pub(super) fn product(element: &Object<'_>) -> Product {
    let title = element.words("title").or_else(|| element.words("name"));
    Product { id: element.name("retailer_id").or_else(|| element.name("id")), title }
}

fn appointment(payload: Option<&Object<'_>>) -> Appointment {
    let name = |key: &str| payload.and_then(|payload| payload.name(key));
    let time = |key: &str| payload.and_then(|payload| payload.time(key));
    Appointment {
        booking: name("booking_id"),
        status: name("status"),
        starts_at: time("start_time"),
        ends_at: time("end_time"),
        zone: name("timezone"),
    }
}
