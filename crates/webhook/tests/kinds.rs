//! Every kind that Meta sends, in one invented delivery, as it is read; and what tells two items of a kind apart.

use model::{Delivery, Timestamp};
use webhook::{kinds, parse};

const RECEIVED_AT: Timestamp = Timestamp(1_780_272_099_000);

fn read(body: &str) -> Delivery {
    parse(body.as_bytes(), RECEIVED_AT)
}

fn page(list: &str, items: &str) -> String {
    format!(r#"{{"object":"page","entry":[{{"id":"1029","time":1780272000500,"{list}":[{items}]}}]}}"#)
}

#[test]
fn every_kind_is_read_as_approved() {
    let delivery = read(include_str!("kinds.json"));
    assert_eq!(delivery.anomalies, []);
    let talks = delivery.inbounds.iter().map(|inbound| {
        let json = serde_json::to_string(inbound).expect("inbounds are plain");
        format!("{}\n  {json}", kinds::words(inbound).join(" "))
    });
    let pages = delivery.page_inbounds.iter().map(|inbound| {
        let json = serde_json::to_string(inbound).expect("inbounds are plain");
        format!("{}\n  {json}", kinds::page_word(inbound))
    });
    insta::assert_snapshot!(talks.chain(pages).collect::<Vec<_>>().join("\n"));
}

#[test]
fn all_items_have_keys_of_their_own_and_keep_them_when_delivered_again() {
    let body = include_str!("kinds.json");
    let keys = |body: &str, received_at| {
        let delivery = parse(body.as_bytes(), Timestamp(received_at));
        let talks = delivery.inbounds.iter().map(|inbound| inbound.key);
        talks.chain(delivery.page_inbounds.iter().map(|inbound| inbound.key)).collect::<Vec<_>>()
    };
    let first = keys(body, 1);
    assert_eq!(first, keys(body, 2));
    assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), first.len());
}

#[test]
fn a_comment_hidden_twice_is_two_items_and_added_twice_is_one() {
    let report = |verb: &str, time: &str| {
        let item = format!(
            r#"{{"field":"feed","value":{{"item":"comment","verb":"{verb}","comment_id":"1_2","created_time":1780272001}}}}"#
        );
        read(&page("changes", &item).replace("1780272000500", time)).page_inbounds[0].key
    };
    assert_ne!(report("hide", "1780272010"), report("hide", "1780272020"));
    assert_eq!(report("add", "1780272010"), report("add", "1780272020"));
}

#[test]
fn deliveries_about_the_app_and_its_people_are_read_too() {
    let body = r#"{"object":"application","entry":[{"id":"7001","time":1780272000,"changes":[
        {"field":"business_integration_uninstall","value":{"business_manager_id":"5","tp_config_id":"6"}}]}]}"#;
    let delivery = read(body);
    assert_eq!(kinds::page_word(&delivery.page_inbounds[0]), "object.application.business_integration_uninstall");
    let body = r#"{"object":"permissions","entry":[{"id":"88","time":1780272000,"changes":[
        {"field":"pages_messaging","value":{"verb":"revoked"}}]},{"uid":"89","id":"89","changed_fields":["email"]}]}"#;
    let words: Vec<String> = read(body).page_inbounds.iter().map(kinds::page_word).collect();
    assert_eq!(words, ["object.permissions.pages_messaging", "object.permissions.email"]);
}

#[test]
fn a_credential_and_a_token_are_not_printed_and_the_code_is_not_kept() {
    let delivery = read(include_str!("kinds.json"));
    let printed = format!("{delivery:?}");
    assert!(!printed.contains("s3cret") && !printed.contains("t0ken"), "{printed}");
    assert!(!serde_json::to_string(&delivery.inbounds).expect("plain").contains("s3cret"));
}

#[test]
fn receipts_that_only_name_messages_move_no_watermark() {
    let item = r#"{"sender":{"id":"5001"},"recipient":{"id":"1029"},"read":{"mid":1}}"#;
    let delivery = read(&page("messaging", item));
    assert!(matches!(&delivery.inbounds[0].kind, model::Kind::Read(receipt) if receipt.watermark == Timestamp(0)));
}

#[test]
fn what_stands_beside_a_message_does_not_cost_the_message() {
    let party = r#""sender":{"id":"5001"},"recipient":{"id":"1029"},"timestamp":1780272000001"#;
    let item =
        format!(r#"{{{party},"message":{{"mid":"m_1","text":"hi"}},"referral":{{"ad_id":"7","source":"ADS"}}}}"#);
    let delivery = read(&page("messaging", &item));
    assert_eq!(kinds::words(&delivery.inbounds[0]), ["text", "message.referral"]);
    let item = format!(r#"{{{party},"message":{{"mid":"m_1","text":"hi"}},"optin":{{}},"hologram":7}}"#);
    assert_eq!(kinds::words(&read(&page("messaging", &item)).inbounds[0]), ["text"]);
}
