//! What the recorded first day holds: Meta's bodies as they lie in its file, counted by kind.
//!
//! Shows that no kind that a Page's webhooks are known to have is missing from it, and how often each comes.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::{Delivery, ItemKey, Kind, MachineId};
use simulator::play::recording::{Audience, Recording, Step};
use simulator::scenario::{Deed, Scenario};
use webhook::kinds;

/// Everything that Meta's references name, as the tally calls it. Event references of the Messenger Platform and webhook
/// reference for Pages, read 2026-11-23.
const KINDS: [(&str, &[&str]); 9] = [
    (
        "messages",
        &[
            "text",
            "text_with_attachment",
            "quick_reply",
            "text.reply_to",
            "message.commands",
            "message.referral",
            "unsupported",
            "empty",
            "unsend",
            "admin_text",
        ],
    ),
    (
        "attachments",
        &[
            "attach.image",
            "attach.audio",
            "attach.video",
            "attach.file",
            "attach.sticker",
            "attach.fallback",
            "attach.reel",
            "attach.ig_reel",
            "attach.post",
            "attach.ig_post",
            "attach.template",
            "attach.appointment_booking",
            "attach.location",
        ],
    ),
    ("echoes", &["echo", "echo.text", "echo.attach.image", "echo.attach.template"]),
    (
        "what else stands in messaging",
        &[
            "edit",
            "reaction",
            "postback",
            "postback.referral",
            "optin",
            "delivery",
            "read",
            "referral",
            "handover.pass_thread_control",
            "handover.take_thread_control",
            "handover.request_thread_control",
            "handover.app_roles",
            "policy_enforcement",
            "account_linking",
            "messaging_feedback",
            "response_feedback",
            "order",
            "stranger.optin",
            "stranger.postback",
            "group_feed.comment.add",
            "legacy.game_play",
            "legacy.payment",
            "legacy.checkout_update",
            "legacy.pre_checkout",
        ],
    ),
    (
        "standby",
        &[
            "standby.text",
            "standby.attach.image",
            "standby.echo",
            "standby.delivery",
            "standby.read",
            "standby.postback",
        ],
    ),
    (
        "fields of which only the name is known",
        &[
            "change.inbox_labels",
            "change.message_context",
            "change.messaging_integrity",
            "change.messaging_in_thread_lead_form_submit",
            "change.messaging_appointments",
            "change.conversations",
            "change.leadgen_update",
            "change.user_action",
            "change.messaging_optouts",
            "change.hours",
            "change.parking",
            "change.website",
            "message_template_status_update",
        ],
    ),
    (
        "feed",
        &[
            "feed.comment.add",
            "feed.comment.edit",
            "feed.comment.remove",
            "feed.comment.hide",
            "feed.comment.unhide",
            "feed.post.add",
            "feed.post.edit",
            "feed.post.remove",
            "feed.post.hide",
            "feed.status.add",
            "feed.photo.add",
            "feed.video.add",
            "feed.video.block",
            "feed.video.unblock",
            "feed.video.mute",
            "feed.share.add",
            "feed.reaction.add",
            "feed.reaction.edit",
            "feed.reaction.remove",
            "feed.like.add",
            "feed.event.add",
            "feed.album.add",
        ],
    ),
    (
        "leads, mentions, ratings, integrity",
        &[
            "leadgen",
            "mention.post.add",
            "mention.comment.add",
            "ratings.rating.add",
            "ratings.rating.edit",
            "ratings.rating.remove",
            "ratings.comment.add",
            "ratings.like.add",
            "ratings.reaction.add",
            "business_integrity",
        ],
    ),
    (
        "other objects than Pages",
        &[
            "object.application.business_integration_install",
            "object.application.business_integration_update",
            "object.application.business_integration_uninstall",
            "object.permissions.pages_messaging",
            "object.user.name",
        ],
    ),
];

/// What one word of the tally does not tell apart, as it stands in a body.
const SHAPES: [&str; 26] = [
    r#""verb":"edit""#,
    r#""verb":"edited""#,
    r#""action":"unreact""#,
    r#""reaction":"other""#,
    r#""notification_messages_status":"STOP NOTIFICATIONS""#,
    r#""notification_messages_status":"RESUME NOTIFICATIONS""#,
    r#""type":"one_time_notif_req""#,
    r#""user_ref":"#,
    r#""status":"linked""#,
    r#""status":"unlinked""#,
    r#""action":"warning""#,
    r#""action":"block""#,
    r#""action":"unblock""#,
    r#""policy-enforcement":"#,
    r#""feedback":"Good response""#,
    r#""feedback":"Bad response""#,
    r#""new_owner_app_id":null"#,
    r#""messaging_handovers":["#,
    r#""changed_fields":["#,
    r#""sender":{"id":7100000000001003}"#,
    r#""timestamp":1780920930}"#,
    r#""created_time":"2026-06-08T12:18:58+0000""#,
    r#""sender_name":"#,
    r#""published":0"#,
    r#""lead":{"#,
    r#""field":"messages","value":{"#,
];

fn first_day() -> Recording {
    Recording::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings/first-day")).unwrap()
}

fn bodies(recording: &Recording) -> Vec<&str> {
    let lines = recording.steps.iter().filter_map(|step| match step {
        Step::Delivery(line) => Some(line),
        Step::Fact(_) => None,
    });
    lines.map(|line| line.body.as_str()).collect()
}

/// Every delivery as the node understands it.
fn deliveries(recording: &Recording) -> Vec<Delivery> {
    let read = |step: &Step| match step {
        Step::Delivery(line) => Some(webhook::parse(line.body.as_bytes(), line.at)),
        Step::Fact(_) => None,
    };
    recording.steps.iter().filter_map(read).collect()
}

/// How often each kind comes, repetitions counted; what is not understood as `anomaly.REASON` with its kind.
fn count(recording: &Recording) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for delivery in deliveries(recording) {
        let of_talks = delivery.inbounds.iter().flat_map(kinds::words);
        let of_pages = delivery.page_inbounds.iter().map(kinds::page_word);
        let anomalies = delivery.anomalies.iter().map(|anomaly| match &anomaly.kind {
            Some(kind) => format!("anomaly.{}:{kind}", anomaly.reason),
            None => format!("anomaly.{}", anomaly.reason),
        });
        for word in of_talks.chain(of_pages).chain(anomalies) {
            *counts.entry(word).or_default() += 1;
        }
    }
    counts
}

#[test]
fn the_first_day_holds_every_kind_that_is_known() {
    let recording = first_day();
    let found = count(&recording);
    for (group, words) in KINDS {
        let missing: Vec<&&str> = words.iter().filter(|word| !found.contains_key(**word)).collect();
        assert_eq!(missing, [&""; 0], "{group}");
    }
    let bodies = bodies(&recording);
    for shape in SHAPES {
        assert!(bodies.iter().any(|body| body.contains(shape)), "{shape}");
    }
}

#[test]
fn the_first_day_counts_what_it_holds() {
    insta::assert_json_snapshot!("kinds", count(&first_day()));
}

#[test]
fn the_first_day_is_as_wide_as_it_has_to_be() {
    let recording = first_day();
    let deliveries = deliveries(&recording);
    assert!(deliveries.len() >= 200, "{}", deliveries.len());
    assert_eq!(recording.manifest.pages.len(), 3);
    let mut customers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for inbound in deliveries.iter().flat_map(|delivery| &delivery.inbounds) {
        customers.entry(inbound.page.as_str()).or_default().insert(inbound.psid.as_str());
    }
    assert_eq!(customers.len(), 3, "every Page has customers");
    assert!(customers.values().map(BTreeSet::len).sum::<usize>() >= 30);
    for audience in [Audience::Customer, Audience::Internal] {
        let of_them = |by: &str| {
            recording
                .steps
                .iter()
                .any(|step| matches!(step, Step::Fact(fact) if fact.audience == audience && fact.by == by))
        };
        assert!(of_them("Ada") && of_them("Bo"), "{audience:?}");
    }
}

#[test]
fn the_first_day_has_repetitions_batches_and_items_out_of_order() {
    let recording = first_day();
    let bodies = bodies(&recording);
    let different: BTreeSet<&&str> = bodies.iter().collect();
    assert!(bodies.len() - different.len() >= 5, "whole bodies come twice");
    let deliveries = deliveries(&recording);
    let pages = |delivery: &Delivery| {
        let talks = delivery.inbounds.iter().map(|inbound| inbound.page.clone());
        talks.chain(delivery.page_inbounds.iter().map(|inbound| inbound.page.clone())).collect::<BTreeSet<_>>()
    };
    assert!(deliveries.iter().any(|delivery| pages(delivery).len() == 3), "one body is for all three Pages");
    assert!(deliveries.iter().any(|delivery| delivery.inbounds.len() >= 6), "one body holds many items");
    assert!(deliveries.iter().any(|delivery| !delivery.anomalies.is_empty() && delivery.inbounds.len() > 1));
    let (mut newest, mut late) = (BTreeMap::new(), 0);
    let mut taken_back = BTreeSet::new();
    let (mut known, mut unsent_first): (BTreeSet<ItemKey>, u32) = (BTreeSet::new(), 0);
    for inbound in deliveries.iter().flat_map(|delivery| &delivery.inbounds).filter(|inbound| known.insert(inbound.key))
    {
        let conversation = MachineId::Conversation(inbound.page.clone(), inbound.psid.clone());
        let newest = newest.entry(conversation).or_insert(inbound.at);
        late += u32::from(inbound.at < *newest);
        *newest = (*newest).max(inbound.at);
        if let Kind::Unsend(unsend) = &inbound.kind {
            taken_back.insert(unsend.mid.clone());
        }
        if let Kind::Message(message) = &inbound.kind {
            unsent_first += u32::from(taken_back.contains(&message.mid));
        }
    }
    assert!(late >= 4, "{late} items are older than one before them");
    assert_eq!(unsent_first, 1, "a message comes after it was taken back");
}

#[test]
fn the_script_beside_the_first_day_says_what_its_agents_wrote() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings/first-day");
    let scenario = Scenario::read(&folder.join("script.txt")).unwrap();
    let said: Vec<(&str, &str, &str, &str, bool)> = scenario
        .lines
        .iter()
        .filter_map(|line| match &line.deed {
            Deed::Agent { by, who, text, internal } => {
                let (page, customer) = (&scenario.pages[&who.page], &scenario.customers[who]);
                Some((page.id.as_str(), customer.psid.as_str(), by.as_str(), text.as_str(), *internal))
            }
            Deed::Customer { .. } | Deed::Page { .. } | Deed::Meta(_) | Deed::Expect(_) => None,
            Deed::Crash | Deed::Restart | Deed::Fault(_) => None,
        })
        .collect();
    let recording = first_day();
    let kept: Vec<(&str, &str, &str, &str, bool)> = recording
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Fact(fact) => {
                let internal = fact.audience == Audience::Internal;
                Some((fact.page.as_str(), fact.psid.as_str(), fact.by.as_str(), fact.text.as_str(), internal))
            }
            Step::Delivery(_) => None,
        })
        .collect();
    assert_eq!(said, kept);
}
