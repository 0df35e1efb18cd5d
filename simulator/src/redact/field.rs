//! What may stay of a body, by key: words and times of Meta's, and the keys themselves (`keys`). Whatever is not named here
//! is redacted by its looks, so that a field that nobody knows yet gives nothing away.
//!
//! A key alone saves nothing: the value must look as such values do. Sources: Meta, event references of the Messenger
//! Platform, *Webhooks reference, Page*, *Application*, *Permissions*, read 2026-11-23.

mod keys;

use super::json::Level;

pub(super) use keys::is_key;

/// What is expected under a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rule {
    /// One of Meta's words.
    Word,
    /// An instant.
    Time,
    /// A small number that counts or says yes or no.
    Small,
    /// A language.
    Language,
    /// An id, however short.
    Id,
    /// A phone number, however written.
    Phone,
    /// Anything else.
    Text,
}

/// Keys under which Meta writes one of [`WORDS`].
const WORD_KEYS: [&str; 37] = [
    "action",
    "app_roles",
    "changed_fields",
    "event",
    "feature",
    "feedback",
    "field",
    "item",
    "media_type",
    "message_template_status",
    "messaging_type",
    "name_format",
    "new_owner_role",
    "notification_messages_frequency",
    "notification_messages_reoptin",
    "notification_messages_status",
    "notification_messages_timezone",
    "object",
    "opt_in_type",
    "previous_owner_role",
    "rating_type",
    "reaction",
    "reaction_type",
    "reason",
    "recommendation_type",
    "review_status",
    "role",
    "severity",
    "source",
    "status",
    "status_type",
    "tag",
    "template_type",
    "type",
    "user_token_status",
    "verb",
    "visibility",
];

/// Meta's own words, and the names of fields that can be subscribed to.
const WORDS: &str = "\
page user permissions application instagram \
add edit edited remove hide unhide block unblock mute update delete follow unfollow like unlike love haha wow sad angry \
smile dislike care pride thankful none other react unreact warning linked unlinked revoke granted \
comment post status photo video share reaction album event rating review note story link coupon milestone \
image audio file sticker fallback template location reel ig_reel ig_post ig_story story_mention appointment_booking \
postback referral generic button media receipt airline list product csat nps ces free_form utility \
ADS SHORTLINK CUSTOMER_CHAT_PLUGIN MESSENGER_CODE DISCOVER_TAB CUSTOMER_MATCHING checkbox_plugin customer_chat_plugin \
OPEN_THREAD LEAD_COMPLETE notification_messages one_time_notif_req one_time_notif STOP_NOTIFICATIONS \
RESUME_NOTIFICATIONS REFRESHED NOT_REFRESHED DAILY WEEKLY MONTHLY UTC \
RESPONSE UPDATE MESSAGE_TAG HUMAN_AGENT CUSTOMER_FEEDBACK ACCOUNT_UPDATE CONFIRMED_EVENT_UPDATE POST_PURCHASE_UPDATE \
UTILITY primary_receiver secondary_receiver POSITIVE NEGATIVE positive negative no_recommendations \
RESTRICTED ACTIVE INACTIVE OPEN CLOSED MESSAGING APPEAL SPAM spam PENDING APPROVED REJECTED DISABLED PAUSED FLAGGED \
DELETED REINSTATED TAG_CONTENT_MISMATCH INVALID_FORMAT ABUSIVE_CONTENT INCORRECT_CATEGORY SCAM NONE \
requested confirmed declined cancelled canceled rescheduled \
feed group_feed mention ratings leadgen leadgen_fat leadgen_update business_integrity standby messages message_echoes \
message_edits message_reactions message_deliveries message_reads message_context messaging_postbacks \
messaging_optins messaging_optouts messaging_referrals messaging_referral messaging_handovers messaging_handover \
messaging_policy_enforcement messaging_account_linking messaging_feedback response_feedback send_cart \
messaging_game_plays messaging_payments messaging_checkout_updates messaging_pre_checkouts messaging_appointments \
messaging_in_thread_lead_form_submit messaging_integrity message_template_status_update \
messenger_template_status_update business_integration_install business_integration_uninstall \
business_integration_update pages_messaging pages_show_list pages_manage_metadata pages_read_engagement \
pages_read_user_content pages_manage_engagement leads_retrieval business_management \
about affiliation attire awards bio birthday category checkins company_overview conversations culinary_team \
current_location description email founded general_info general_manager hometown hours inbox_labels \
invoice_access_bank_slip_events live_videos mcom_invoice_change members mission name page_about_story \
page_change_proposal page_upcoming_change parking payment_options personal_info personal_interests phone photos \
picture price_range product_review products public_transit publisher_subscriptions user_action username \
video_text_question_responses videos website wishlist";

/// Words of Meta's with a space.
const PHRASES: [&str; 4] = ["Good response", "Bad response", "STOP NOTIFICATIONS", "RESUME NOTIFICATIONS"];

/// Keys under which an instant stands, in seconds, milliseconds or written out.
const TIME_KEYS: [&str; 20] = [
    "time",
    "timestamp",
    "watermark",
    "created_time",
    "updated_time",
    "start_time",
    "end_time",
    "publish_time",
    "scheduled_publish_time",
    "applied_time",
    "expiration_time",
    "expiry_time",
    "event_time",
    "token_expiry_timestamp",
    "next_eligible_time",
    "receiving_app_control_expiration",
    "expiration",
    "expires_at",
    "thread_owner_expiration",
    "completed_time",
];

/// Keys of small numbers.
const SMALL_KEYS: [&str; 7] = ["seq", "num_edit", "published", "is_hidden", "rating", "screen_id", "version"];

/// Keys of languages.
const LANGUAGE_KEYS: [&str; 3] = ["language", "locale", "message_template_language"];

/// Words in keys under which a phone number stands.
const PHONE_WORDS: [&str; 6] = ["phone", "mobile", "whatsapp", "msisdn", "fax", "tel"];

/// What is expected of a value, by the keys around it.
pub(super) fn of_value(levels: &[Level]) -> Rule {
    let mut keys = levels.iter().rev().filter_map(|level| level.key.as_deref());
    let Some(key) = keys.next() else { return Rule::Text };
    if keys.any(|key| key == "app_roles") { Rule::Word } else { of_key(key) }
}

/// What is expected under a key.
fn of_key(key: &str) -> Rule {
    let ids =
        key == "id" || key == "ids" || key == "mid" || key == "mids" || key.ends_with("_id") || key.ends_with("_ids");
    if SMALL_KEYS.contains(&key) {
        Rule::Small
    } else if ids || matches!(key, "user_ref" | "userRef" | "pageId" | "psid") {
        Rule::Id
    } else if TIME_KEYS.contains(&key) {
        Rule::Time
    } else if WORD_KEYS.contains(&key) {
        Rule::Word
    } else if LANGUAGE_KEYS.contains(&key) {
        Rule::Language
    } else if key.split(['_', '-']).any(|word| PHONE_WORDS.contains(&word)) {
        Rule::Phone
    } else {
        Rule::Text
    }
}

/// What becomes of the key that was just read: `None` if it stays.
pub(super) fn of_name(levels: &[Level]) -> Option<Rule> {
    let mut keys = levels.iter().rev().filter_map(|level| level.key.as_deref());
    let key = keys.next().unwrap_or_default();
    match keys.next() {
        // Apps with their roles, questions with their answers: no names of fields.
        Some("app_roles") => Some(Rule::Id),
        Some("questions") => (!is_index(key)).then_some(Rule::Text),
        Some(_) | None => (!is_index(key) && !is_key(key)).then_some(Rule::Text),
    }
}

/// Whether a key is the number of an element.
pub(super) fn is_index(key: &str) -> bool {
    (1..=3).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text may stay under such a key.
pub(super) fn stays(rule: Rule, text: &str) -> bool {
    match rule {
        Rule::Word => PHRASES.contains(&text) || WORDS.split_ascii_whitespace().any(|word| word == text),
        Rule::Time => is_instant(text) || is_date(text),
        Rule::Small => is_index(text),
        Rule::Language => is_language(text),
        Rule::Id | Rule::Phone | Rule::Text => false,
    }
}

/// Seconds or milliseconds from 2004, when there was nothing to tell, to 2032: beyond that phone numbers begin.
fn is_instant(text: &str) -> bool {
    let number = text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds = 1_072_915_200..1_956_528_000;
    number.is_some_and(|number| {
        seconds.contains(&number) || (number >= 1_000_000_000_000 && seconds.contains(&(number / 1_000)))
    })
}

/// `2026-06-01T00:00:01+0000` and its shorter forms.
pub(super) fn is_date(text: &str) -> bool {
    let looks = |pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => byte == b'T' || byte == b' ',
                b'+' => byte == b'+' || byte == b'-',
                other => byte == other,
            })
    };
    let times = ["", "T00:00", "T00:00:00", "T00:00:00.000"];
    let zones = ["", "Z", "+0000", "+00:00"];
    text.starts_with("20")
        && times.iter().any(|time| zones.iter().any(|zone| looks(&format!("0000-00-00{time}{zone}"))))
}

/// `en`, `en_US`.
fn is_language(text: &str) -> bool {
    match text.as_bytes() {
        [a, b] => a.is_ascii_lowercase() && b.is_ascii_lowercase(),
        [a, b, b'_' | b'-', c, d] => {
            [a, b].iter().all(|l| l.is_ascii_lowercase()) && [c, d].iter().all(|l| l.is_ascii_uppercase())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_as_it_should_stays() {
        let cases = [
            (Rule::Word, "add", true),
            (Rule::Word, "STOP NOTIFICATIONS", true),
            (Rule::Word, "Lindqvist", false),
            (Rule::Word, "", false),
            (Rule::Time, "1780272001", true),
            (Rule::Time, "1780272001123", true),
            (Rule::Time, "4915123456789", false),
            (Rule::Time, "2026-06-01T00:00:01+0000", true),
            (Rule::Time, "2026-06-01 00:00", true),
            (Rule::Time, "2026-06-01T00:00:01+49151", false),
            (Rule::Time, "2025550123456", false),
            (Rule::Small, "0", true),
            (Rule::Small, "5001", false),
            (Rule::Language, "de_AT", true),
            (Rule::Language, "Mara", false),
            (Rule::Text, "add", false),
        ];
        for (rule, text, expected) in cases {
            assert_eq!(stays(rule, text), expected, "{rule:?} {text}");
        }
    }
}
