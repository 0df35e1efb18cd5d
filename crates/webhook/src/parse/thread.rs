//! Hand-over under its own keys, the roles of apps, and account linking.
//!
//! Source: Meta, event references *messaging_handovers* and *messaging_account_linking*, read 2026-11-23. An owner may be
//! `null`: nobody has the thread.

use model::{AccountLink, AppId, AppRoles, Handover, HandoverAct, Inbound, Kind, PageInbound, PageKind};
use serde_json::value::RawValue;

use super::anomaly::{self, Reason};
use super::envelope;
use super::item::Frame;
use super::json::{self, Object};
use crate::dedup;

/// Apps read of one list of roles: a Page has a handful.
const ROLES_MAX: usize = 100;

/// Reads a thread that goes from app to app.
pub(super) fn handover(raw: &RawValue, act: HandoverAct, frame: Frame) -> Result<Inbound, Reason> {
    let key = match act {
        HandoverAct::Passed => "pass_thread_control",
        HandoverAct::Taken => "take_thread_control",
        HandoverAct::Requested => "request_thread_control",
    };
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", key))?;
    let (psid, _) = frame.either()?;
    let app = |key: &str| form.name(key).map(AppId::new);
    let to = match act {
        HandoverAct::Passed | HandoverAct::Taken => app("new_owner_app_id"),
        HandoverAct::Requested => app("requested_owner_app_id"),
    };
    let handover = Handover { act, to, from: app("previous_owner_app_id"), metadata: form.words("metadata") };
    let what = [handover.to.as_ref().map(AppId::as_str), handover.from.as_ref().map(AppId::as_str)];
    let key = dedup::deed(key, &frame.page, psid.as_str(), frame.told_at, &what);
    Ok(frame.inbound(psid, key, Kind::Handover(handover)))
}

/// Reads `app_roles`: each app's id with its roles.
pub(super) fn roles(raw: &RawValue, frame: &Frame) -> Result<PageInbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "app_roles"))?;
    let words = |raw| {
        let elements = envelope::elements_or_one(raw);
        elements.into_iter().filter_map(json::string).map(|word| anomaly::short(&word)).take(ROLES_MAX).collect()
    };
    let roles: Vec<(AppId, Vec<String>)> =
        form.members().map(|(app, raw)| (AppId::new(anomaly::short(&app)), words(raw))).take(ROLES_MAX).collect();
    let key = dedup::deed("app_roles", &frame.page, "", frame.told_at, &[Some(raw.get())]);
    Ok(frame.of_page(key, PageKind::AppRoles(AppRoles { roles })))
}

/// Reads a linked or unlinked account. The code that comes with a link is a credential and stays in the raw delivery.
pub(super) fn account(raw: &RawValue, frame: Frame) -> Result<Inbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "account_linking"))?;
    let psid = frame.customer()?;
    let linked = form.name("status").as_deref() != Some("unlinked");
    let word = if linked { "linked" } else { "unlinked" };
    let key = dedup::deed("account_linking", &frame.page, psid.as_str(), frame.told_at, &[Some(word)]);
    Ok(frame.inbound(psid, key, Kind::AccountLink(AccountLink { linked })))
}
