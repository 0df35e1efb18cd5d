//! The parser seen from outside: a table of odd shapes, and an approved reading of a batch delivery.
//!
//! Invented people only. What must hold for every body stands in `properties.rs`.

use model::{Channel, Delivery, Inbound, Kind, Timestamp};
use webhook::{dedup, limits, parse};

const RECEIVED_AT: Timestamp = Timestamp(1_780_272_099_000);

/// A body of one entry (Page 1029) around the members given.
fn page(members: &str) -> String {
    format!(r#"{{"object":"page","entry":[{{"id":"1029","time":1780272000500,{members}}}]}}"#)
}

/// A customer's message as an item.
fn hello(mid: &str) -> String {
    format!(
        r#"{{"sender":{{"id":"5001"}},"recipient":{{"id":"1029"}},"timestamp":1780272000123,"message":{{"mid":"{mid}","text":"hello"}}}}"#
    )
}

fn read(body: &str) -> Delivery {
    parse(body.as_bytes(), RECEIVED_AT)
}

/// The only inbound of a body without anomalies.
fn only(body: &str) -> Inbound {
    let mut delivery = read(body);
    assert_eq!(delivery.anomalies, [], "{body}");
    assert_eq!(delivery.inbounds.len(), 1, "{body}");
    delivery.inbounds.remove(0)
}

/// The anomalies of a body as `list/item reason kind`, and how many inbounds stood beside them.
fn odd(body: &str) -> (Vec<String>, usize) {
    let delivery = read(body);
    let line = |anomaly: &model::Anomaly| {
        let place = anomaly.place.as_ref().map_or("body".to_owned(), |place| format!("{}/{}", place.list, place.item));
        let kind = anomaly.kind.as_deref().unwrap_or("-");
        format!("{place} {} {kind}", anomaly.reason)
    };
    (delivery.anomalies.iter().map(line).collect(), delivery.inbounds.len())
}

fn text_of(inbound: &Inbound) -> Option<&str> {
    let text = if let Kind::Message(message) = &inbound.kind {
        message.text.as_ref()
    } else if let Kind::Echo(echo) = &inbound.kind {
        echo.text.as_ref()
    } else {
        None
    };
    text.map(|text| text.reveal().as_str())
}

#[test]
fn a_batch_delivery_is_read_as_approved() {
    let delivery = read(include_str!("batch.json"));
    insta::assert_snapshot!(
        "batch_inbounds",
        serde_json::to_string_pretty(&delivery.inbounds).expect("inbounds are plain")
    );
    insta::assert_snapshot!(
        "batch_anomalies",
        serde_json::to_string_pretty(&delivery.anomalies).expect("anomalies are plain")
    );
}

#[test]
fn the_same_message_is_found_in_every_form_of_the_envelope() {
    let item = hello("m_1");
    let entry = format!(r#"{{"id":"1029","time":1780272000500,"messaging":[{item}]}}"#);
    let bodies = [
        format!(r#"{{"object":"page","entry":[{entry}]}}"#),
        format!(r#"{{"entry":[{entry}],"object":"page"}}"#),
        format!(r#"[{{"object":"page","entry":[{entry}]}}]"#),
        format!(r#"{{"object":"page","entry":{entry}}}"#),
        format!(r#"{{"object":"page","entry":{{"0":{entry}}}}}"#),
        format!(r#"{{"object":"page","entry":[{{"messaging":[{item}],"time":1,"id":"1029"}}]}}"#),
        format!(r#"{{"object":"page","entry":[{{"messaging":{item},"id":1029}}]}}"#),
        format!(r#"{{"object":"page","entry":[{{"id":"1029","messaging":{{"0":{item}}}}}]}}"#),
        format!("{{ \"object\" : \"page\" ,\r\n\"entry\"\t: [ {entry} ] }}\n"),
        format!("\u{feff}{{\"object\":\"page\",\"entry\":[{entry}]}}"),
        format!(r#"{{"\u006fbject":"p\u0061ge","\u0065ntry":[{entry}]}}"#),
        format!(r#"{{"entry":[{entry}]}}"#),
        format!(r#"{{"object":"page","entry":[{{"id":"1029","changes":[{{"field":"messages","value":{item}}}]}}]}}"#),
        format!(r#"{{"object":"page","entry":[{{"id":"1029","messaging_handovers":[{item}]}}]}}"#),
    ];
    let first = only(&bodies[0]);
    assert_eq!((first.page.as_str(), first.psid.as_str()), ("1029", "5001"));
    assert_eq!(first.at, Timestamp(1_780_272_000_123));
    for body in bodies {
        assert_eq!(only(&body), first, "{body}");
    }
}

#[test]
fn standby_is_another_channel_but_the_same_item() {
    let owner = only(&page(&format!(r#""messaging":[{}]"#, hello("m_1"))));
    let bystander = only(&page(&format!(r#""standby":[{}]"#, hello("m_1"))));
    assert_eq!((owner.channel, bystander.channel), (Channel::Messaging, Channel::Standby));
    assert_eq!(owner.key, bystander.key);
}

#[test]
fn all_lists_of_an_entry_and_all_entries_are_read() {
    let first = page(&format!(r#""messaging":[{},{}],"standby":[{}]"#, hello("m_1"), hello("m_2"), hello("m_3")));
    let body = first.replace("]}]}", &format!(r#"]}},{{"id":"1030","messaging":[{}]}}]}}"#, hello("m_4")));
    let delivery = read(&body);
    assert_eq!(delivery.anomalies, []);
    let pages: Vec<_> = delivery.inbounds.iter().map(|inbound| inbound.page.as_str()).collect();
    assert_eq!(pages, ["1029", "1029", "1029", "1030"]);
}

#[test]
fn bodies_without_structure_are_one_anomaly() {
    let deep = "[".repeat(100_000);
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let cases = [
        ("", "not-json"),
        ("not json", "not-json"),
        (r#"{"object":"page","entry":[{"id""#, "not-json"),
        (r#"{"object":"page","entry":[]} trailing"#, "not-json"),
        ("null", "no-entry"),
        ("17", "no-entry"),
        (r#""page""#, "no-entry"),
        ("[]", "no-entry"),
        ("{}", "no-entry"),
        ("[7]", "no-entry"),
        (r#"{"object":"page"}"#, "no-entry"),
        (r#"{"object":"page","entry":null}"#, "no-entry"),
        (r#"{"object":"page","entry":"x"}"#, "no-entry"),
        (r#"{"field":"messages","value":{}}"#, "no-entry"),
        (&deep, "too-deep"),
        (&closed, "too-deep"),
    ];
    for (body, reason) in cases {
        assert_eq!(odd(body), (vec![format!("body {reason} -")], 0), "{:.60}", body);
    }
}

#[test]
fn odd_items_are_anomalies_with_their_place_and_their_neighbours_are_read() {
    let party = r#""sender":{"id":"5001"},"recipient":{"id":"1029"},"timestamp":1780272000123"#;
    let deep = format!(r#"{{{party},"hologram":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    let cases = [
        ("7".to_owned(), "not-an-object -"),
        ("null".to_owned(), "not-an-object -"),
        (r#"["message"]"#.to_owned(), "not-an-object -"),
        ("{}".to_owned(), "no-kind -"),
        (format!("{{{party}}}"), "no-kind -"),
        (format!(r#"{{{party},"hologram":{{"game_id":"1"}}}}"#), "unknown-kind hologram"),
        (format!(r#"{{{party},"reaction":{{"emoji":"x"}}}}"#), "no-mid reaction"),
        (format!(r#"{{{party},"reaction":["x"]}}"#), "odd-shape reaction"),
        (format!(r#"{{{party},"message":null,"optin":7}}"#), "odd-shape optin"),
        (format!(r#"{{{party},"optin":{{}},"referral":{{}}}}"#), "several-kinds optin"),
        (format!(r#"{{{party},"message":"hello"}}"#), "odd-shape message"),
        (format!(r#"{{{party},"message":[]}}"#), "odd-shape message"),
        (format!(r#"{{{party},"message":{{"mid":""}}}}"#), "no-mid message"),
        (format!(r#"{{{party},"message":{{"admin_text":[]}}}}"#), "no-text message.admin_text"),
        (format!(r#"{{{party},"message":{{"is_deleted":true}}}}"#), "no-mid message"),
        (format!(r#"{{{party},"message":{{"mid":"m","mid":"n"}}}}"#), "odd-shape message"),
        (format!(r#"{{{party},"message":{{"mid":"m"}},"read":{{"watermark":1}}}}"#), "several-kinds message"),
        (format!(r#"{{{party},"delivery":{{"mids":[]}}}}"#), "no-watermark delivery"),
        (format!(r#"{{{party},"read":{{"watermark":"soon"}}}}"#), "no-watermark read"),
        (r#"{"recipient":{"id":"1029"},"message":{"mid":"m"}}"#.to_owned(), "no-customer -"),
        (r#"{"sender":{"user_ref":""},"postback":{"payload":"P"}}"#.to_owned(), "no-customer -"),
        (r#"{"sender":"5001","message":{"mid":"m"}}"#.to_owned(), "no-customer -"),
        (r#"{"sender":{"id":"a/b"},"message":{"mid":"m"}}"#.to_owned(), "no-customer -"),
        (r#"{"sender":{"id":"1029"},"message":{"mid":"m"}}"#.to_owned(), "page-as-customer -"),
        (r#"{"sender":{"id":"1029"},"message":{"mid":"m","is_echo":true}}"#.to_owned(), "no-customer -"),
        (deep, "too-deep hologram"),
    ];
    for (item, expected) in cases {
        let body = page(&format!(r#""messaging":[{},{item},{}]"#, hello("m_1"), hello("m_2")));
        assert_eq!(odd(&body), (vec![format!("messaging/1 {expected}")], 2), "{item:.200}");
        let raw = read(&body).anomalies[0].raw.reveal().clone();
        assert_eq!(raw, item);
    }
}

#[test]
fn changes_and_odd_lists_are_kept_with_their_kind() {
    let body = page(
        r#""changes":[{"field":"stars","value":{"item":"comment"}},{"field":"hologram"},{"value":1},7,
           {"field":"messages","value":["x"]},{"field":"feed","value":"x"},{"field":"leadgen","value":{}}],
           "messaging_handovers":[{"sender":{"id":"5001"},"hologram":{"new_owner_app_id":1}}],
           "hop_context":[{"app_id":1}],"calls":{"status":"ringing"},"uid":"x","messaging":null,"standby":"none",
           "changed_fields":["stars",7]"#,
    );
    let expected = [
        "changes/0 unknown-kind field:stars",
        "changes/1 unknown-kind field:hologram",
        "changes/2 no-kind -",
        "changes/3 not-an-object -",
        "changes/4 unknown-kind field:messages",
        "changes/5 unknown-kind field:feed",
        "changes/6 no-id field:leadgen",
        "messaging_handovers/0 unknown-kind hologram",
        "calls/0 unknown-kind status",
        "standby/0 not-a-list -",
        "changed_fields/0 unknown-kind field:stars",
        "changed_fields/1 no-kind -",
    ];
    assert_eq!(odd(&body), (expected.map(str::to_owned).to_vec(), 0));
}

#[test]
fn another_object_is_kept_item_by_item() {
    let item = hello("m_1");
    for (object, kind) in [(r#""instagram""#, "object:instagram"), ("5", "object:5"), (r#""""#, "object:")] {
        let body = format!(r#"{{"entry":[{{"id":"1029","messaging":[{item},{item}]}}],"object":{object}}}"#);
        let lines = [0, 1].map(|index| format!("messaging/{index} unknown-object {kind}"));
        assert_eq!(odd(&body), (lines.to_vec(), 0));
    }
}

#[test]
fn an_entry_that_is_none_does_not_cost_the_next() {
    let body =
        page(&format!(r#""messaging":[{}]"#, hello("m_1"))).replace(r#""entry":["#, r#""entry":[null,[],"x",{},"#);
    let expected = [0, 1, 2].map(|_| "entry/0 not-an-entry -".to_owned()).to_vec();
    assert_eq!(odd(&body), (expected, 1));
    let places: Vec<_> =
        read(&body).anomalies.iter().map(|anomaly| anomaly.place.as_ref().expect("it has one").entry).collect();
    assert_eq!(places, [0, 1, 2]);
}

#[test]
fn an_item_without_page_is_kept() {
    let body = format!(r#"{{"object":"page","entry":[{{"time":1,"messaging":[{}]}}]}}"#, hello("m_1"));
    assert_eq!(only(&body).page.as_str(), "1029", "the one that is written to is the Page");
    let body = body.replace(r#""recipient":{"id":"1029"},"#, "");
    assert_eq!(odd(&body), (vec!["messaging/0 no-page -".to_owned()], 0));
}

#[test]
fn ids_beyond_the_floats_are_kept_to_the_digit() {
    let body = r#"{"object":"page","entry":[{"id":9007199254740993,"messaging":[
        {"sender":{"id":98765432109876543210987},"timestamp":1780272000123,"message":{"mid":9007199254740995}}]}]}"#;
    let inbound = only(body);
    assert_eq!((inbound.page.as_str(), inbound.psid.as_str()), ("9007199254740993", "98765432109876543210987"));
    assert!(matches!(inbound.kind, Kind::Message(message) if message.mid.as_str() == "9007199254740995"));
}

#[test]
fn the_time_is_the_items_else_the_entrys_else_the_receipt() {
    let item =
        |timestamp: &str| format!(r#""messaging":[{{"sender":{{"id":"5001"}},{timestamp}"message":{{"mid":"m"}}}}]"#);
    let cases = [
        (r#""timestamp":1780272000123,"#, "1780272000500", 1_780_272_000_123),
        (r#""timestamp":1780272000,"#, "1780272000500", 1_780_272_000_000),
        (r#""timestamp":"1780272000123","#, "1780272000500", 1_780_272_000_123),
        ("", "1780272000500", 1_780_272_000_500),
        ("", "1780272000", 1_780_272_000_000),
        (r#""timestamp":null,"#, "1780272000500", 1_780_272_000_500),
        (r#""timestamp":0,"#, "1780272000500", 1_780_272_000_500),
        (r#""timestamp":1780272000123000000,"#, "1780272000500", 1_780_272_000_500),
        ("", "\"never\"", RECEIVED_AT.0),
    ];
    for (timestamp, time, expected) in cases {
        let body = page(&item(timestamp)).replace("1780272000500", time);
        assert_eq!(only(&body).at, Timestamp(expected), "{timestamp} {time}");
    }
}

#[test]
fn delivering_again_later_gives_the_same_keys() {
    let button = r#""messaging":[{"sender":{"id":"5001"},"postback":{"payload":"START"}}]"#;
    for members in [button.to_owned(), format!(r#""messaging":[{}]"#, hello("m_1"))] {
        let body = page(&members).replace(r#""time":1780272000500,"#, "");
        let first = parse(body.as_bytes(), Timestamp(1_780_272_000_000));
        let again = parse(body.as_bytes(), Timestamp(1_780_275_600_000));
        assert_eq!(first.inbounds[0].key, again.inbounds[0].key);
    }
}

#[test]
fn attachments_of_every_age_are_read() {
    let body = page(
        r#""messaging":[{"sender":{"id":"5001"},"message":{"mid":"m","attachments":[
            {"type":"image","payload":{"url":"https:\/\/cdn.example\/a.png"}},
            {"type":"fallback","title":"A page","url":"https://example.org","payload":null},
            {"type":"fallback","payload":{"title":"Inside","url":"https://example.org/2"},"title":"beside"},
            {"type":"location","payload":{"coordinates":{"lat":1,"long":2}}},
            {"type":"template"},{"payload":{}},7,null]}}]"#,
    );
    let Kind::Message(message) = only(&body).kind else { panic!("a message") };
    let read: Vec<_> = message
        .attachments
        .iter()
        .map(|attachment| {
            let reveal = |text: &Option<model::Redacted<String>>| text.as_ref().map(|text| text.reveal().clone());
            let kind = format!("{:?}", attachment.kind);
            (kind, reveal(&attachment.url), reveal(&attachment.title))
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        ("Image", some("https://cdn.example/a.png"), None),
        ("Fallback", some("https://example.org"), some("A page")),
        ("Fallback", some("https://example.org/2"), some("Inside")),
        ("Location(Point { degrees: Some(‹redacted›) })", None, None),
        ("Template([])", None, None),
        (r#"Other("unknown")"#, None, None),
        (r#"Other("unknown")"#, None, None),
        (r#"Other("unknown")"#, None, None),
    ]
    .map(|(kind, url, title)| (kind.to_owned(), url, title));
    assert_eq!(read, expected);
}

#[test]
fn a_message_that_shows_nothing_is_still_the_customers() {
    for content in [r#""mid":"m""#, r#""mid":"m","text":"""#, r#""mid":"m","is_unsupported":true,"attachments":null"#] {
        let inbound = only(&page(&format!(r#""messaging":[{{"sender":{{"id":"5001"}},"message":{{{content}}}}}]"#)));
        assert_eq!(text_of(&inbound), None);
    }
}

#[test]
fn an_emoji_cut_in_two_does_not_cost_the_message() {
    let body = page(&format!(r#""messaging":[{}]"#, hello("m_1").replace("hello", r"hi \ud83d")));
    assert_eq!(text_of(&only(&body)), Some("hi \u{fffd}"));
}

#[test]
fn bytes_that_are_no_text_cost_only_the_item_they_stand_in() {
    let body = page(&format!(r#""messaging":[{},{},{}]"#, hello("m_1"), hello("m_@"), hello("m_2"))).into_bytes();
    let broken: Vec<u8> = body.iter().map(|byte| if *byte == b'@' { 0xff } else { *byte }).collect();
    let delivery = parse(&broken, RECEIVED_AT);
    assert_eq!(delivery.inbounds.len(), 2);
    assert_eq!((delivery.anomalies.len(), delivery.anomalies[0].reason.as_str()), (1, "not-utf8"));
    let whole = parse(b"\xff\xfe", RECEIVED_AT);
    assert_eq!(whole.anomalies[0].reason, "not-json");
}

#[test]
fn an_echo_belongs_to_its_recipient_and_keeps_its_mark() {
    let body = page(
        r#""messaging":[{"sender":{"id":"1029"},"recipient":{"id":"5001"},"timestamp":1780272000123,
            "message":{"is_echo":true,"app_id":1517776481860111,"metadata":"pd.1.7.c/1029/5001","mid":"m_9","text":"yes"}}]"#,
    );
    let inbound = only(&body);
    assert_eq!(inbound.psid.as_str(), "5001");
    assert_eq!(inbound.key, dedup::echo(&inbound.page, &model::Mid::new("m_9")));
    let Kind::Echo(echo) = inbound.kind else { panic!("an echo") };
    assert_eq!(echo.app.expect("named").as_str(), "1517776481860111");
    assert_eq!(echo.metadata.as_deref(), Some("pd.1.7.c/1029/5001"));
}

#[test]
fn items_beyond_the_limit_are_counted_in_one_anomaly() {
    let items = vec!["{}"; limits::ITEMS_MAX + 25].join(",");
    let delivery = read(&page(&format!(r#""messaging":[{items}]"#)));
    assert_eq!(delivery.anomalies.len(), limits::ITEMS_MAX + 1);
    let last = delivery.anomalies.last().expect("there are some");
    assert_eq!((last.reason.as_str(), last.kind.as_deref()), ("too-many-items", Some("unread:25")));
    assert_eq!(read(&format!("[{}1]", "1,".repeat(200_000))).anomalies.len(), limits::ITEMS_MAX + 1);
}

#[test]
fn the_raw_text_and_the_kind_of_an_anomaly_are_cut() {
    let item = format!(r#"{{"{}":"{}"}}"#, "ü".repeat(100), "ß".repeat(limits::RAW_BYTES_MAX));
    let delivery = read(&page(&format!(r#""messaging":[{item}]"#)));
    let anomaly = &delivery.anomalies[0];
    assert!(anomaly.raw.reveal().len() <= limits::RAW_BYTES_MAX && item.starts_with(anomaly.raw.reveal()));
    assert!(anomaly.kind.as_ref().is_some_and(|kind| kind.len() <= limits::KIND_BYTES_MAX));
}

#[test]
fn the_text_of_an_anomaly_is_never_printed() {
    let printed = format!("{:?}", read(&page(r#""messaging":["a secret wish"]"#)));
    assert!(!printed.contains("secret"), "{printed}");
}
