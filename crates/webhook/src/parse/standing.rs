//! A Page's leads and standing at Meta: lead forms, policy, integrity, templates; and what merely changed.
//!
//! Source: Meta, *Webhooks reference, Page*, *Application*, *Permissions* and *Lead ads*, read 2026-11-23. An id of `0`
//! stands for none (a lead that no ad brought).

use model::{
    Changed, Installation, Integrity, ItemKey, Lead, PageInbound, PageKind, Policy, PolicyAct, Stranger,
    TemplateStatus, Timestamp,
};
use serde_json::value::RawValue;

use super::Surroundings;
use super::anomaly::{self, Reason};
use super::item::{Frame, page_of};
use super::json::Object;
use crate::dedup;

/// Violations and restrictions read of one judgement.
const LIST_MAX: usize = 50;

fn of_page(
    around: &Surroundings<'_>,
    at: Option<Timestamp>,
    key: impl FnOnce(&model::PageId, Option<Timestamp>) -> ItemKey,
    kind: PageKind,
) -> Result<PageInbound, Reason> {
    let page = page_of(around, None)?;
    let told_at = at.or(around.entry_time);
    let key = key(&page, told_at);
    Ok(PageInbound { page, at: told_at.unwrap_or(around.received_at), key, kind })
}

/// Reads a filled-in lead form.
pub(super) fn lead(value: &Object<'_>, around: &Surroundings<'_>) -> Result<PageInbound, Reason> {
    let Some(lead) = value.id_of("leadgen_id") else {
        return Err(Reason::of_kind("no-id", "field:leadgen"));
    };
    let created_at = value.time("created_time");
    let kind = PageKind::Lead(Lead {
        lead: lead.clone(),
        form: value.id_of("form_id"),
        ad: value.id_of("ad_id"),
        ad_group: value.id_of("adgroup_id"),
        created_at,
    });
    of_page(around, created_at, |page, _| dedup::lead(page, &lead), kind)
}

/// Reads what the policy does to the Page.
pub(super) fn policy(raw: &RawValue, frame: &Frame) -> Result<PageInbound, Reason> {
    let form = Object::read(raw).ok_or_else(|| Reason::of_kind("odd-shape", "policy_enforcement"))?;
    let word = form.name("action").unwrap_or_default();
    let act = match word.as_str() {
        "warning" => PolicyAct::Warning,
        "block" => PolicyAct::Block,
        "unblock" => PolicyAct::Unblock,
        other => PolicyAct::Other(anomaly::short(other)),
    };
    let reason = form.text("reason");
    let key = dedup::deed("policy", &frame.page, "", frame.told_at, &[Some(&word), reason.as_deref()]);
    Ok(frame.of_page(key, PageKind::Policy(Policy { act, reason })))
}

/// Reads Meta's judgement of the Page.
pub(super) fn integrity(raw: &RawValue, value: &Object<'_>, around: &Surroundings<'_>) -> Result<PageInbound, Reason> {
    let status = |object: &Object<'_>| object.name("status").map(|word| anomaly::short(&word));
    let violations = value.objects("violations");
    let restrictions = value.objects("restrictions");
    let restriction = |object: &Object<'_>| {
        let feature = object.name("feature").map_or_else(|| "unknown".to_owned(), |word| anomaly::short(&word));
        status(object).map_or_else(|| feature.clone(), |status| format!("{feature}: {status}"))
    };
    let types = violations.iter().filter_map(|object| object.name("type")).map(|word| anomaly::short(&word));
    let kind = PageKind::Integrity(Integrity {
        status: status(value),
        violations: types.take(LIST_MAX).collect(),
        restrictions: restrictions.iter().map(restriction).take(LIST_MAX).collect(),
    });
    let key = |page: &model::PageId, at| dedup::deed("integrity", page, "", at, &[Some(raw.get())]);
    of_page(around, value.time("timestamp"), key, kind)
}

/// Reads what Meta thinks of a template.
pub(super) fn template(raw: &RawValue, value: &Object<'_>, around: &Surroundings<'_>) -> Result<PageInbound, Reason> {
    let first = |keys: [&str; 3]| keys.iter().find_map(|key| value.name(key));
    let kind = PageKind::TemplateStatus(TemplateStatus {
        template: first(["message_template_name", "template_name", "message_template_id"]),
        language: first(["message_template_language", "language", "locale"]).map(|word| anomaly::short(&word)),
        status: first(["event", "status", "message_template_status"]).map(|word| anomaly::short(&word)),
        reason: value.text("reason"),
    });
    let key = |page: &model::PageId, at| dedup::deed("template", page, "", at, &[Some(raw.get())]);
    of_page(around, None, key, kind)
}

/// Something changed of which no more is known.
pub(super) fn changed(field: &str, value: Option<&RawValue>, around: &Surroundings<'_>) -> Result<PageInbound, Reason> {
    let field = anomaly::short(field);
    let key = {
        let field = field.clone();
        move |page: &model::PageId, at| dedup::deed("changed", page, &field, at, &[value.map(RawValue::get)])
    };
    of_page(around, None, key, PageKind::Changed(Changed { field }))
}

/// A delivery about the app or a person's permissions.
pub(super) fn installation(
    object: &str,
    field: &str,
    value: Option<&RawValue>,
    around: &Surroundings<'_>,
) -> Result<PageInbound, Reason> {
    let verb = value.and_then(Object::read).and_then(|value| value.name("verb")).map(|word| anomaly::short(&word));
    let (object, field) = (anomaly::short(object), anomaly::short(field));
    let key = {
        let (object, field) = (object.clone(), field.clone());
        move |page: &model::PageId, at| {
            dedup::deed("installation", page, &object, at, &[Some(&field), value.map(RawValue::get)])
        }
    };
    of_page(around, None, key, PageKind::Installation(Installation { object, field, verb }))
}

/// Somebody without an id on this Page did something.
pub(super) fn stranger(
    deed: &str,
    reference: model::Redacted<String>,
    mark: Option<model::Redacted<String>>,
    frame: &Frame,
) -> PageInbound {
    let what = [Some(deed), mark.as_ref().map(|mark| mark.reveal().as_str())];
    let key = dedup::deed("stranger", &frame.page, reference.reveal(), frame.told_at, &what);
    frame.of_page(key, PageKind::Stranger(Stranger { deed: deed.to_owned(), reference, mark }))
}
