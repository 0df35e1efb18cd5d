//! Every kind of item as it goes over the wire, one approved body each, ordered through the control API.

use serde_json::{Value, json};

use super::Scene;

/// Name, order without its Page. `MID` stands for a message that exists, `POST` and `COMMENT` for such a post and comment.
fn orders() -> Vec<(&'static str, Value)> {
    let customer = |what: Value| json!({"psid": "5001", "what": what});
    let attached = |attachment: Value| customer(json!({"kind": "message", "attachments": [attachment]}));
    let wall = |item: &str, verb: &str, rest: Value| {
        let mut what = json!({"kind": "feed", "item": item, "verb": verb});
        what.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        customer(what)
    };
    let url = "https://cdn.example/1";
    vec![
        ("message-text", customer(json!({"kind": "message", "text": "größer 😀"}))),
        ("message-quick-reply", customer(json!({"kind": "message", "text": "Blue", "quick_reply": "COLOUR_BLUE"}))),
        ("message-reply", customer(json!({"kind": "message", "text": "that one", "reply_to": "MID"}))),
        (
            "message-from-ad",
            customer(json!({"kind": "message", "text": "hello", "referral": {
                "ref": "spring", "source": "ADS", "ad_id": "23850001", "ads_context_data": {
                    "ad_title": "New wheels", "photo_url": url, "post_id": "17_9", "product_id": "p1", "flow_id": "f1"}}})),
        ),
        ("message-commands", customer(json!({"kind": "message", "text": "/order", "commands": ["order"]}))),
        ("attachment-image", attached(json!({"type": "image", "url": url}))),
        ("attachment-audio", attached(json!({"type": "audio", "url": url}))),
        ("attachment-video", attached(json!({"type": "video", "url": url}))),
        ("attachment-file", attached(json!({"type": "file", "url": url}))),
        ("attachment-sticker", attached(json!({"type": "sticker", "url": url, "sticker_id": 369_239_263_222_822_u64}))),
        ("attachment-fallback", attached(json!({"type": "fallback", "url": url, "title": "A shop"}))),
        ("attachment-fallback-bare", attached(json!({"type": "fallback"}))),
        ("attachment-reel", attached(json!({"type": "reel", "url": url, "title": "A reel", "reel_video_id": 77}))),
        ("attachment-ig-reel", attached(json!({"type": "reel", "url": url, "instagram": true}))),
        ("attachment-post", attached(json!({"type": "post", "url": url, "title": "A post", "id": "17_9"}))),
        ("attachment-ig-post", attached(json!({"type": "post", "url": url, "instagram": true}))),
        (
            "attachment-product",
            attached(json!({"type": "template", "payload": {"product": {"elements": [
                {"id": "1", "retailer_id": "r1", "image_url": url, "title": "Bell", "subtitle": "brass"}]}}})),
        ),
        (
            "attachment-appointment",
            attached(json!({"type": "appointment_booking", "booking_id": "b1", "status": "requested",
                "start_time": 1_780_300_000, "end_time": 1_780_303_600, "timezone": "Europe/Berlin"})),
        ),
        ("attachment-location", attached(json!({"type": "location", "lat": 53.5, "long": 9.25}))),
        ("attachment-unknown", attached(json!({"type": "other", "name": "hologram", "payload": {"depth": 3}}))),
        ("postback", customer(json!({"kind": "postback", "title": "Get started", "payload": "GET_STARTED"}))),
        (
            "postback-referral",
            customer(json!({"kind": "postback", "title": "Get started", "payload": "GET_STARTED",
                "referral": {"ref": "poster", "source": "SHORTLINK"}})),
        ),
        ("reaction", customer(json!({"kind": "reaction", "mid": "MID", "reaction": "love", "emoji": "❤️"}))),
        (
            "reaction-undone",
            customer(json!({"kind": "reaction", "mid": "MID", "reaction": "love", "emoji": "❤️", "undo": true})),
        ),
        ("edit", customer(json!({"kind": "edit", "mid": "MID", "text": "hello!"}))),
        ("unsend", customer(json!({"kind": "unsend", "mid": "MID"}))),
        ("unsupported", customer(json!({"kind": "unsupported"}))),
        (
            "referral-link",
            customer(json!({"kind": "referral", "ref": "poster", "source": "SHORTLINK",
            "referer_uri": "https://shop.example/"})),
        ),
        ("referral-ad", customer(json!({"kind": "referral", "ref": "spring", "source": "ADS", "ad_id": "23850001"}))),
        ("opt-in-plugin", customer(json!({"kind": "opt_in", "type": "plugin", "ref": "box"}))),
        ("opt-in-user-ref", customer(json!({"kind": "opt_in", "type": "plugin", "ref": "box", "user_ref": "u-1"}))),
        (
            "opt-in-notifications",
            customer(json!({"kind": "opt_in", "type": "notification_messages", "title": "News", "payload": "NEWS",
                "token": "t1", "token_expires_at": 1_790_000_000_000_i64})),
        ),
        (
            "opt-in-stop",
            customer(json!({"kind": "opt_in", "type": "notification_messages", "title": "News", "payload": "NEWS",
                "token": "t1", "token_expires_at": 1_790_000_000_000_i64, "status": "STOP NOTIFICATIONS"})),
        ),
        ("opt-in-once", customer(json!({"kind": "opt_in", "type": "one_time", "payload": "BACK", "token": "t2"}))),
        ("account-linked", customer(json!({"kind": "linked", "authorization_code": "code"}))),
        ("account-unlinked", customer(json!({"kind": "unlinked"}))),
        ("feedback", customer(json!({"kind": "feedback", "answers": {"q1": "4"}}))),
        ("response-feedback", customer(json!({"kind": "response_feedback", "mid": "MID", "good": true}))),
        ("delivered", customer(json!({"kind": "delivered", "mids": ["m_1"], "watermark": 1_780_272_000_000_i64}))),
        ("delivered-bare", customer(json!({"kind": "delivered"}))),
        ("read", customer(json!({"kind": "read"}))),
        ("echo-app", customer(json!({"kind": "echo", "text": "from another app", "app": "42", "metadata": "mark"}))),
        ("echo-inbox", customer(json!({"kind": "echo", "text": "from the inbox"}))),
        ("echo-template", customer(json!({"kind": "echo", "attachments": [{"type": "template", "title": "A post"}]}))),
        ("admin-text", customer(json!({"kind": "admin_text", "text": "The assistant has left."}))),
        ("pass-thread", customer(json!({"kind": "pass_thread", "from": "990017", "to": "42", "metadata": "please"}))),
        ("standby-message", customer(json!({"kind": "message", "text": "who is there?"}))),
        ("standby-postback", customer(json!({"kind": "postback", "title": "Yes", "payload": "YES"}))),
        ("standby-echo", customer(json!({"kind": "echo", "text": "we are", "app": "42"}))),
        ("standby-read", customer(json!({"kind": "read"}))),
        ("request-thread", customer(json!({"kind": "request_thread", "app": "43", "metadata": "me too"}))),
        ("take-thread", customer(json!({"kind": "take_thread", "from": "42", "to": "990017"}))),
        ("pass-thread-idle", customer(json!({"kind": "pass_thread", "to": "990017"}))),
        ("app-roles", json!({"what": {"kind": "app_roles", "roles": {"990017": ["primary_receiver"]}}})),
        ("policy-warning", json!({"what": {"kind": "policy_enforcement", "action": "warning", "reason": "Spam."}})),
        ("policy-block", json!({"what": {"kind": "policy_enforcement", "action": "block", "reason": "Spam."}})),
        ("policy-unblock", json!({"what": {"kind": "policy_enforcement", "action": "unblock"}})),
        (
            "integrity",
            json!({"what": {"kind": "integrity", "status": "RESTRICTED",
                "violations": [{"type": "SPAM", "description": "Too much.", "url": "https://meta.example/1"}],
                "restrictions": [{"feature": "MESSAGING", "status": "ACTIVE", "description": "No sends.",
                    "applied_at": 1_780_272_000_000_i64, "expires_at": 1_780_358_400_000_i64}],
                "action_events": [{"type": "APPEAL", "status": "OPEN"}]}}),
        ),
        ("comment-add", wall("comment", "add", json!({"message": "How much?"}))),
        ("comment-answer", wall("comment", "add", json!({"message": "This?", "parent_id": "COMMENT"}))),
        ("comment-photo", wall("comment", "add", json!({"message": "Like this", "photo": url}))),
        ("comment-edited", wall("comment", "edited", json!({"comment_id": "COMMENT", "message": "How much now?"}))),
        ("comment-edit", wall("comment", "edit", json!({"comment_id": "COMMENT", "message": "How much?"}))),
        ("comment-hide", wall("comment", "hide", json!({"comment_id": "COMMENT"}))),
        ("comment-unhide", wall("comment", "unhide", json!({"comment_id": "COMMENT"}))),
        ("comment-remove", wall("comment", "remove", json!({"comment_id": "COMMENT"}))),
        ("comment-by-page", wall("comment", "add", json!({"by_page": true, "message": "Ten."}))),
        ("comment-nameless", json!({"what": {"kind": "feed", "item": "comment", "verb": "add", "message": "Hm."}})),
        ("post-add", wall("post", "add", json!({"message": "A visitor was here"}))),
        ("post-edited", wall("post", "edited", json!({"post_id": "POST", "message": "A visitor was there"}))),
        ("post-remove", wall("post", "remove", json!({"post_id": "17_1"}))),
        ("status-add", wall("status", "add", json!({"by_page": true, "message": "Open today"}))),
        ("status-planned", wall("status", "add", json!({"by_page": true, "message": "Soon", "published": false}))),
        ("photo-add", wall("photo", "add", json!({"by_page": true, "photo": url, "link": url}))),
        ("photos-add", wall("status", "add", json!({"by_page": true, "photos": [url, url]}))),
        ("video-add", wall("video", "add", json!({"by_page": true, "video": url}))),
        ("video-block", wall("video", "block", json!({"by_page": true, "post_id": "17_2"}))),
        ("video-unblock", wall("video", "unblock", json!({"by_page": true, "post_id": "17_2"}))),
        ("video-mute", wall("video", "mute", json!({"by_page": true, "post_id": "17_2"}))),
        ("share-add", wall("share", "add", json!({"link": url, "message": "See"}))),
        ("reaction-add", wall("reaction", "add", json!({"reaction_type": "love"}))),
        ("reaction-edit", wall("reaction", "edit", json!({"reaction_type": "wow"}))),
        ("reaction-remove", wall("reaction", "remove", json!({"reaction_type": "wow"}))),
        ("like-post", wall("like", "add", json!({"post_id": "POST"}))),
        ("like-page", wall("like", "add", json!({}))),
        ("event-add", wall("event", "add", json!({"by_page": true, "message": "Open day"}))),
        ("album-add", wall("album", "add", json!({"by_page": true, "message": "Summer"}))),
        ("lead", customer(json!({"kind": "lead", "answers": {"email": ["ada@example.org"]}}))),
        (
            "lead-as-text",
            customer(json!({"kind": "lead", "ad_id": "23850001", "adgroup_id": "23850002", "form_id": "f-1",
                "ids_as_text": true})),
        ),
        ("mention-post", customer(json!({"kind": "mention", "item": "post", "verb": "add", "message": "Look"}))),
        ("mention-comment", customer(json!({"kind": "mention", "item": "comment", "verb": "add"}))),
        (
            "rating-add",
            customer(json!({"kind": "rating", "item": "rating", "verb": "add", "review_text": "Good bread",
                "recommended": true})),
        ),
        ("rating-edit", customer(json!({"kind": "rating", "item": "rating", "verb": "edit", "stars": 4}))),
        (
            "rating-comment",
            customer(json!({"kind": "rating", "item": "comment", "verb": "add",
            "open_graph_story_id": "s1", "comment_id": "s1_1", "message": "So it is"})),
        ),
        (
            "rating-reaction",
            customer(json!({"kind": "rating", "item": "reaction", "verb": "add",
            "open_graph_story_id": "s1", "reaction_type": "like"})),
        ),
        (
            "rating-remove",
            customer(json!({"kind": "rating", "item": "rating", "verb": "remove",
            "recommended": false, "open_graph_story_id": "s1"})),
        ),
        (
            "application",
            json!({"what": {"kind": "elsewhere", "object": "application", "id": "990017", "changes": [
                {"field": "business_integration_uninstall", "value": {"business_manager_id": "5", "tp_config_id": "6"}}]}}),
        ),
        (
            "permissions",
            json!({"what": {"kind": "elsewhere", "object": "permissions", "id": "123", "changes": [
                {"field": "pages_messaging", "value": {"verb": "revoke", "target_ids": ["17"]}}]}}),
        ),
        ("raw-odd-list", json!({"what": {"kind": "raw", "list": "messaging_handovers", "item": {"odd": [1, null]}}})),
        ("raw-no-value", json!({"what": {"kind": "raw", "list": "changes", "item": {"field": "parking"}}})),
    ]
}

#[tokio::test]
async fn every_kind_goes_over_the_wire_as_meta_writes_it() {
    let scene = Scene::start().await;
    let known = json!({"page": "17", "psid": "5001", "name": "Ada Byron", "text": "hello"});
    let mid = scene.control("customer", &known).await.1["mid"].as_str().expect("a mid").to_owned();
    let post = scene.stand_in.state().posts[0].id.clone();
    let comment = json!({"page": "17", "psid": "5001",
        "what": {"kind": "feed", "item": "comment", "verb": "add", "message": "first"}});
    let comment = scene.control("happen", &comment).await.1["id"].as_str().expect("an id").to_owned();
    scene.stand_in.quiet().await;
    for (name, order) in orders() {
        let text = order.to_string();
        let text = text.replace("\"MID\"", &format!("\"{mid}\"")).replace("\"POST\"", &format!("\"{post}\""));
        let text = text.replace("\"COMMENT\"", &format!("\"{comment}\""));
        let mut order: Value = serde_json::from_str(&text).expect("an order");
        order["page"] = "17".into();
        let before = scene.receiver.bodies().len();
        let (status, answer) = scene.control("happen", &order).await;
        assert_eq!(status, 200, "{name}: {answer}");
        scene.stand_in.quiet().await;
        let bodies = scene.receiver.bodies();
        assert_eq!(bodies.len(), before + 1, "{name} is told once");
        let body: Value = serde_json::from_slice(&bodies[before]).expect("JSON");
        insta::assert_json_snapshot!(name, body);
    }
}
