//! One item of `changes`: `{field, value}`, a bare name in `changed_fields`, and deliveries that are not about a Page.
//!
//! The App Dashboard's tests give messaging items this form too. Sources: Meta, *Webhooks reference, Page*, *Application*,
//! *Permissions*, read 2026-11-23.

use model::{ActivityField, Channel};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::Reason;
use super::item::{self, Understood};
use super::json::{self, Object};
use super::{Surroundings, activity, standing};

/// The fields whose `value` is an item as in `messaging`. Routing guides write some in the singular.
const MESSAGING: [&str; 25] = [
    "messages",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_deliveries",
    "message_reads",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_optouts",
    "messaging_referrals",
    "messaging_referral",
    "messaging_handovers",
    "messaging_handover",
    "messaging_policy_enforcement",
    "messaging_account_linking",
    "messaging_feedback",
    "response_feedback",
    "send_cart",
    "messaging_game_plays",
    "messaging_payments",
    "messaging_checkout_updates",
    "messaging_pre_checkouts",
    "messaging_appointments",
    "messaging_in_thread_lead_form_submit",
    "messaging_integrity",
];

/// Fields of a Page's profile and others whose change means nothing here.
const PAGE: [&str; 51] = [
    "about",
    "affiliation",
    "attire",
    "awards",
    "bio",
    "birthday",
    "category",
    "checkins",
    "company_overview",
    "conversations",
    "culinary_team",
    "current_location",
    "description",
    "email",
    "founded",
    "general_info",
    "general_manager",
    "hometown",
    "hours",
    "inbox_labels",
    "invoice_access_bank_slip_events",
    "leadgen_fat",
    "leadgen_update",
    "live_videos",
    "location",
    "mcom_invoice_change",
    "members",
    "message_context",
    "mission",
    "name",
    "page_about_story",
    "page_change_proposal",
    "page_upcoming_change",
    "parking",
    "payment_options",
    "personal_info",
    "personal_interests",
    "phone",
    "photos",
    "picture",
    "price_range",
    "product_review",
    "products",
    "public_transit",
    "publisher_subscriptions",
    "user_action",
    "username",
    "video_text_question_responses",
    "videos",
    "website",
    "wishlist",
];

/// What `object` may say beside `page`.
const OBJECTS: [&str; 3] = ["application", "permissions", "user"];

/// Whether a delivery about this is read at all.
pub(super) fn is_known_object(object: &str) -> bool {
    OBJECTS.contains(&object)
}

/// Whether this build knows a field of a Page's `changes`.
fn is_known(field: &str) -> bool {
    ["feed", "group_feed", "mention", "ratings", "leadgen", "business_integrity"].contains(&field)
        || is_template(field)
        || MESSAGING.contains(&field)
        || field == "standby"
        || PAGE.contains(&field)
}

/// The guide and the list of fields do not agree on the name.
fn is_template(field: &str) -> bool {
    matches!(field, "message_template_status_update" | "messenger_template_status_update")
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    field: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

/// An item of `changes`.
pub(super) fn read(raw: &str, around: &Surroundings<'_>) -> Result<Understood, Reason> {
    let Ok(change) = serde_json::from_str::<Change<'_>>(raw) else {
        return Err(Reason::plain("odd-shape"));
    };
    let Some(field) = change.field.and_then(json::string) else {
        return Err(Reason::plain("no-kind"));
    };
    let unknown = || Reason::of_kind("unknown-kind", format!("field:{field}"));
    if let Some(object) = around.object.filter(|object| is_known_object(object)) {
        return standing::installation(object, &field, change.value, around).map(Understood::Page);
    }
    if !is_known(&field) {
        return Err(unknown());
    }
    let Some(raw) = change.value else {
        return standing::changed(&field, None, around).map(Understood::Page);
    };
    let Some(value) = Object::read(raw) else {
        // What is only noted as changed may have any value.
        let is_noted = PAGE.contains(&&*field);
        return if is_noted {
            standing::changed(&field, Some(raw), around).map(Understood::Page)
        } else {
            Err(unknown())
        };
    };
    let understood = match &*field {
        "feed" => activity::read(ActivityField::Feed, &value, around),
        "group_feed" => activity::read(ActivityField::GroupFeed, &value, around),
        "mention" => activity::read(ActivityField::Mention, &value, around),
        "ratings" => activity::read(ActivityField::Ratings, &value, around),
        "leadgen" => standing::lead(&value, around),
        "business_integrity" => standing::integrity(raw, &value, around),
        field if is_template(field) => standing::template(raw, &value, around),
        "standby" => return item::messaging(raw.get(), Channel::Standby, around),
        field if MESSAGING.contains(&field) && value.has(&["sender", "recipient"]) => {
            return item::messaging(raw.get(), Channel::Messaging, around);
        }
        field => standing::changed(field, Some(raw), around),
    };
    understood.map(Understood::Page)
}

/// A name in `changed_fields`: the form in which Meta only says that something changed.
pub(super) fn name(raw: &str, around: &Surroundings<'_>) -> Result<Understood, Reason> {
    let raw: &RawValue = serde_json::from_str(raw).map_err(|_| Reason::plain("odd-shape"))?;
    let Some(field) = json::string(raw).filter(|field| !field.is_empty()) else {
        return Err(Reason::plain("no-kind"));
    };
    let understood = match around.object.filter(|object| is_known_object(object)) {
        Some(object) => standing::installation(object, &field, None, around),
        None if is_known(&field) => standing::changed(&field, None, around),
        None => Err(Reason::of_kind("unknown-kind", format!("field:{field}"))),
    };
    understood.map(Understood::Page)
}
