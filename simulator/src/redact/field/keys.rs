//! Keys of the platform: those that the node's own parser reads, and those that Meta documents for webhooks.
//!
//! Any other key may be somebody's name, and is redacted. Sources: Meta, event references of the Messenger Platform,
//! *Webhooks reference, Page*, *Application*, *Permissions*, read 2026-11-23. Invariant: whatever stands here is a word that
//! names nobody.

use std::collections::BTreeSet;
use std::sync::LazyLock;

const KEYS: &str = "\
account_linking action action_events ad_id ad_title address adgroup_id adjustments admin_text ads_context_data \
adset_id album_id amount answer app_id app_roles application applied_time appointment_booking attachment attachments \
author authorization_code birthday body booking_id business_manager_id buttons call_direction call_status calls \
caption cart category ces changed_fields changes chargeId checkout_update city code commands comment comment_id \
comments completed_time confidence contactEmail contactName contactPhone content_type context_id context_type \
coordinates country created_time csat ctwa_clid currency custom_disclaimer data datetime delivery depth description \
display_format duration edit_time elements email emoji end_time entities entry error error_subcode event event_id \
event_time expiration expiration_time expires_at expiry_time fbPaymentId feature feed feedback feedback_screens \
field first_name flow flow_id follow_up form_id free_form from full_picture game_id game_play gender greetings \
group_id headline height hidden hide hop_context id identifier image image_data image_url is_animated is_canceled \
is_deleted is_echo is_hidden is_owner is_pinned is_reusable is_self_reply is_unsupported item label language \
last_name lat latitude layout lead lead_source leadgen_id leadgen_tos_accepted length link link_url linked locale \
location long longitude media media_type media_url message message_context message_edit message_id message_tags \
message_template_id message_template_language message_template_name message_template_status messages messaging \
messaging_feedback messaging_handovers messaging_moods messaging_type metadata mid mids mime_type mood name \
name_format new_owner_app_id new_owner_role next_eligible_time nlp note notification_messages_frequency \
notification_messages_reoptin notification_messages_status notification_messages_timezone \
notification_messages_token notification_messages_topic nps num_edit object object_id one_time_notif_token \
open_graph_story_id opt_in_type optin order order_number originDomain other page pageId page_id page_label_name \
parent_id participants partner_name pass_thread_control payload payment paymentCredential payment_method \
permalink_url permissions persona_id phone phone_number photo photo_id photo_url photos place player_id \
policy-enforcement policy_enforcement post post_id postal_code postback postbacks pre_checkout previous_owner_app_id \
previous_owner_role price prior_message product product_id products profile_pic promotion_status providerType psid \
publish_time published quantity question questions quick_replies quick_reply rating rating_type reaction \
reaction_type read reason receiving_app_control_expiration recipient recipient_id recipient_name recommendation_type \
reel_video_id ref referer_uri referral reply_to request_thread_control requestedUserInfo requested_owner_app_id \
response_feedback restrictions retailer_id review_status review_text reviewer_id reviewer_name reviews role \
scheduled_publish_time score screen_id sdp sdp_renegotiation sdp_type send_cart sender sender_id sender_name seq \
session severity share_id shares shippingAddress shippingOptionId shipping_address shipping_cost size sms source \
source_id source_type source_url standby start_time state status status_type sticker sticker_id story street1 \
street2 street_1 street_2 subscribed_fields subtitle subtotal summary tag tags take_thread_control target target_ids \
template_name template_type text text_with_attachment thread_id thread_owner thread_owner_expiration thread_type \
thumbnail_url time timestamp timezone title to token token_expiry_timestamp total_cost total_tax tp_config_id type \
uid unlinked unread_count unsend updated_time url url_tags user userRef user_id user_ref user_token_status username \
val value values verb version video video_flag_reason video_id video_url violations visibility watermark website \
width";

static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| KEYS.split_ascii_whitespace().collect());

/// Whether a key is one of the platform's.
pub(in crate::redact) fn is_key(key: &str) -> bool {
    KNOWN.contains(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_platform_are_told_from_names_of_people() {
        for key in ["id", "created_time", "policy-enforcement", "pageId", "notification_messages_token"] {
            assert!(is_key(key), "{key}");
        }
        for other in ["", "Mara", "mara", "mara_lindqvist", "a@b.de", "5001", "x12345", "q1", "Id"] {
            assert!(!is_key(other), "{other}");
        }
    }

    #[test]
    fn each_stands_once_and_in_order() {
        let keys: Vec<&str> = KEYS.split_ascii_whitespace().collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
    }
}
