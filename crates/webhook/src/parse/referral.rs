//! `referral` and `optin`: how the customer came, and what the customer allowed.
//!
//! Source: Meta, event references *messaging_referrals* and *messaging_optins*, read 2026-11-23. A form on the way (`lead`)
//! stands beside the referral.

use model::{Answer, Inbound, Kind, Optin, OptinWay, Redacted, Referral};
use serde_json::value::RawValue;

use super::anomaly::{self, Reason};
use super::item::Frame;
use super::json::Object;
use crate::dedup;

/// Answers read of one form.
pub(super) const ANSWERS_MAX: usize = 100;

/// Reads a referral as an item of its own.
pub(super) fn read(raw: &RawValue, lead: Option<&RawValue>, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "referral"))?;
    let psid = frame.customer()?;
    let mut found = referral(&form);
    found.answers = lead.and_then(Object::read).map(|lead| answers(&lead)).unwrap_or_default();
    let what = [
        found.mark.as_ref().map(|mark| mark.reveal().as_str()),
        found.source.as_deref(),
        found.way.as_deref(),
        found.ad.as_deref(),
    ];
    let key = dedup::deed("referral", &frame.page, psid.as_str(), frame.told_at, &what);
    Ok(frame.inbound(psid, key, Kind::Referral(Box::new(found))))
}

/// Reads a way in, wherever it stands.
pub(super) fn referral(form: &Object<'_>) -> Referral {
    let word = |key: &str| form.name(key).map(|word| anomaly::short(&word));
    let ad = form.object("ads_context_data");
    let of_ad = |key: &str| ad.as_ref().and_then(|ad| ad.name(key));
    let product = form.object("product").and_then(|product| product.name("id"));
    Referral {
        mark: form.words("ref"),
        source: word("source"),
        way: word("type"),
        ad: form.name("ad_id"),
        ad_title: ad.as_ref().and_then(|ad| ad.words("ad_title")),
        post: of_ad("post_id"),
        product: product.or_else(|| of_ad("product_id")),
        uri: form.words("referer_uri"),
        answers: Vec::new(),
    }
}

/// `lead.data[] {question, answer}`.
fn answers(lead: &Object<'_>) -> Vec<Answer> {
    let elements = lead.objects("data");
    let pairs = elements.iter().filter_map(|pair| {
        Some(Answer { question: pair.words("question")?, answer: pair.words("answer").unwrap_or_default() })
    });
    pairs.take(ANSWERS_MAX).collect()
}

/// Reads an opt-in of a customer.
pub(super) fn optin(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "optin"))?;
    let psid = frame.customer()?;
    let optin = Optin {
        way: way(&form),
        mark: mark(&form),
        title: form.words("title"),
        token: form.words("notification_messages_token").or_else(|| form.words("one_time_notif_token")),
        expires_at: form.time("token_expiry_timestamp"),
    };
    let what = [
        optin.mark.as_ref().map(|mark| mark.reveal().as_str()),
        form.name("type").as_deref().map(|_| "typed"),
        form.name("notification_messages_status").as_deref().map(|_| "status"),
    ];
    let key = dedup::deed("optin", &frame.page, psid.as_str(), frame.told_at, &what);
    Ok(frame.inbound(psid, key, Kind::Optin(optin)))
}

/// The Page's own mark: of a plugin its `ref`, of a message its `payload`.
pub(super) fn mark(form: &Object<'_>) -> Option<Redacted<String>> {
    form.words("ref").or_else(|| form.words("payload"))
}

/// The plugin's name for somebody who has no id yet; one library writes it in camel case.
pub(super) fn user_ref(form: &Object<'_>) -> Option<Redacted<String>> {
    form.words("user_ref").or_else(|| form.words("userRef"))
}

fn way(form: &Object<'_>) -> OptinWay {
    let status = form.name("notification_messages_status").map(|status| status.to_ascii_uppercase());
    match (form.name("type").as_deref(), status.as_deref()) {
        (_, Some(status)) if status.starts_with("STOP") => OptinWay::Stopped,
        (_, Some(status)) if status.starts_with("RESUME") => OptinWay::Resumed,
        (Some("notification_messages"), _) => OptinWay::Notifications,
        (Some("one_time_notif_req"), _) => OptinWay::Once,
        (Some(other), _) => OptinWay::Other(anomaly::short(other)),
        (None, _) if form.has(&["one_time_notif_token"]) => OptinWay::Once,
        (None, _) if form.has(&["notification_messages_token"]) => OptinWay::Notifications,
        (None, _) => OptinWay::Plugin,
    }
}
