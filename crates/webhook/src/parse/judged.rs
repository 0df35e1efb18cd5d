//! What the customer thinks and buys: feedback forms, thumbs, carts; and the kinds of old days.
//!
//! Source: Meta, event references *messaging_feedback*, *response_feedback* and *send_cart*, read 2026-11-23. The content of
//! a cart is not documented for Messenger, so only titles and a note are looked for.

use model::{Answer, Feedback, FeedbackWay, Inbound, Kind, Legacy, Order, Redacted};
use serde_json::value::RawValue;

use super::anomaly::Reason;
use super::item::Frame;
use super::json::Object;
use super::referral::ANSWERS_MAX;
use super::{attachment, message};
use crate::dedup;

/// Products read of one cart.
const PRODUCTS_MAX: usize = 100;

/// Reads the answers to a feedback form: `feedback_screens[].questions {ID: {payload, follow_up {payload}}}`.
pub(super) fn form(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "messaging_feedback"))?;
    let psid = frame.customer()?;
    let mut answers = Vec::new();
    for questions in form.objects("feedback_screens").iter().filter_map(|screen| screen.object("questions")) {
        for (id, question) in questions.members() {
            let Some(question) = Object::read(question) else { continue };
            let follow_up = question.object("follow_up").and_then(|more| more.text("payload"));
            for answer in [question.text("payload"), follow_up].into_iter().flatten() {
                answers
                    .push(Answer { question: Redacted::new(id.clone().into_owned()), answer: Redacted::new(answer) });
            }
        }
    }
    answers.truncate(ANSWERS_MAX);
    let key = dedup::deed("messaging_feedback", &frame.page, psid.as_str(), frame.told_at, &[Some(raw.get())]);
    Ok(frame.inbound(psid, key, Kind::Feedback(Feedback { way: FeedbackWay::Form, mid: None, answers })))
}

/// Reads a thumb under a message: `feedback` is `Good response` or `Bad response`.
pub(super) fn response(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "response_feedback"))?;
    let psid = frame.customer()?;
    let word = form.text("feedback").unwrap_or_default();
    let way = match word.as_str() {
        "Good response" => FeedbackWay::Good,
        "Bad response" => FeedbackWay::Bad,
        _ => FeedbackWay::Unclear,
    };
    let mid = form.get("mid").and_then(message::mid);
    let what = [mid.as_ref().map(model::Mid::as_str), Some(word.as_str())];
    let key = dedup::deed("response_feedback", &frame.page, psid.as_str(), frame.told_at, &what);
    Ok(frame.inbound(psid, key, Kind::Feedback(Feedback { way, mid, answers: Vec::new() })))
}

/// Reads a cart.
pub(super) fn order(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "order"))?;
    let psid = frame.customer()?;
    let products = form.objects("products").iter().map(attachment::product).take(PRODUCTS_MAX).collect();
    let order = Order { products, note: form.words("note") };
    let key = dedup::deed("order", &frame.page, psid.as_str(), frame.told_at, &[Some(raw.get())]);
    Ok(frame.inbound(psid, key, Kind::Order(order)))
}

/// A kind of old days: known by its name, and nothing more.
pub(super) fn legacy(name: &str, raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let psid = frame.customer()?;
    let key = dedup::deed(name, &frame.page, psid.as_str(), frame.told_at, &[Some(raw.get())]);
    Ok(frame.inbound(psid, key, Kind::Legacy(Legacy { name: name.to_owned() })))
}
