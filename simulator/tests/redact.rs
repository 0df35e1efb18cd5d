//! What redaction keeps, over anything: counts, clusters, equality, order, the shape of JSON; and that the linter is content
//! with whatever comes out of it.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod redacting;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use redacting::{leftovers, redact, redaction_of};
use serde_json::{Value, json};
use simulator::redact::{Gathering, Key};
use unicode_segmentation::UnicodeSegmentation as _;

/// Pieces of which people's texts are made, in several scripts, and what is found in them.
fn phrase() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "Hello",
        "Grüße aus Köln",
        "Привет",
        "καλημέρα",
        "你好吗",
        "안녕하세요",
        "ありがとう",
        "नमस्ते",
        "สวัสดี",
        "שלום",
        "مرحبا",
        "e\u{301}",
        "𝐀",
        "👩‍👩‍👧‍👦",
        "🇩🇪",
        "❤️",
        "ok",
        "A",
        "7",
        "www.",
        "http://",
        "@",
        "m_",
        "pd.1.",
        "EAA",
        "00",
        "+",
        "0171",
        " ",
        "\n",
        "ann@shop.de",
        "Ann.B@Shop.de",
        "+49 171 2345678",
        "0171/2345678",
        "(202) 555-0123",
        "2026-06-01",
        "12.50 EUR",
        "https://shop.de/a/b.jpg?x=1#y",
        "https://a:b@www.shop.de:80/%C3%BC",
        "www.shop.de/104000000000017",
        "104000000000017",
        "104000000000017_5",
        "m_7100000000000001_12",
        "m_Zm9vYmFyYmF6cXV1eGZvb2JhcmJheg",
        "mid.1457764197618:41d102a3",
        "pd.1.22.c/104000000000017/5001",
        "EAAGm0PX4ZCpsBAKZCmZB",
        "4111 1111 1111 1111",
        "GB29 NWBK 6016 1331 9268 19",
        "…",
    ]);
    prop_oneof![6 => fixed.prop_map(str::to_owned), 2 => "[a-zA-Z]{1,9}", 2 => "[0-9]{1,18}", 1 => any::<String>(), 1 => "[ .,_/@+()-]{1,3}"]
}

fn text() -> impl Strategy<Value = String> {
    (prop::collection::vec(phrase(), 0..8), prop::sample::select(vec!["", " ", ", "]))
        .prop_map(|(parts, gap)| parts.join(gap))
}

/// JSON with keys of Meta's and others.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        (1_000_000_000_u64..2_000_000_000).prop_map(Value::from),
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "id",
            "mid",
            "text",
            "time",
            "verb",
            "item",
            "app_roles",
            "questions",
            "payload",
            "post_id",
            "phone_number",
            "seq"
        ])
        .prop_map(str::to_owned),
        text(),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What of JSON must not change: everything outside of strings and numbers, how long they are, and their escapes.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    let mut is_inside = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                is_inside = !is_inside;
                shape.push(letter);
            }
            '\\' if is_inside => {
                let next = letters.next().unwrap();
                shape.push_str(if next == 'u' { "\\u" } else { "\\?" });
            }
            _ if is_inside => shape.push('x'),
            '0'..='9' => shape.push('9'),
            _ => shape.push(letter),
        }
    }
    shape
}

fn counts(text: &str) -> Vec<usize> {
    text.chars().map(char::len_utf16).collect()
}

fn clusters(text: &str) -> Vec<usize> {
    text.graphemes(true).map(|cluster| cluster.chars().count()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_keeps_its_counts_and_clusters_and_nothing_is_left_over(text in text()) {
        let mut redaction = redaction_of(|gathering| gathering.text(&text).unwrap());
        let redacted = redaction.text(&text).unwrap();
        prop_assert_eq!(&redacted, &redaction.text(&text).unwrap());
        prop_assert_eq!(counts(&text), counts(&redacted));
        // The host of an address is always one of ASCII.
        if !["@", "://", "www."].iter().any(|address| text.contains(address)) {
            prop_assert_eq!(clusters(&text), clusters(&redacted), "{:?} {:?}", text, redacted);
        }
        let quoted = serde_json::to_string(&json!({"text": redacted})).unwrap();
        prop_assert_eq!(leftovers(&quoted, ""), vec![], "{:?} {:?}", text, redacted);
        let keeps = |text: &str| text.chars().map(|c| if c.is_alphanumeric() { 'x' } else { c }).collect::<String>();
        if !text.contains(['@', ':']) && !text.contains("ww") && !text.contains("m_") {
            prop_assert_eq!(keeps(&text), keeps(&redacted));
        }
    }

    #[test]
    fn equal_texts_stay_equal_and_others_different(texts in prop::collection::vec("[a-d]{1,3}|[0-3]{1,3}|[А-Г]{1,2}", 1..40)) {
        let mut redaction = redaction_of(|_| ());
        let distinct: BTreeSet<&String> = texts.iter().collect();
        let redacted: BTreeSet<String> = texts.iter().map(|text| redaction.text(text).unwrap()).collect();
        prop_assert_eq!(distinct.len(), redacted.len());
    }

    #[test]
    fn json_stays_the_same_json_but_for_strings_and_numbers(value in json_value(), pretty: bool) {
        let body = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let redacted = redact(&[&body]).remove(0);
        serde_json::from_str::<&serde_json::value::RawValue>(&redacted).unwrap();
        prop_assert_eq!(shape(&body), shape(&redacted), "{} {}", body, redacted);
        prop_assert_eq!(leftovers(&redacted, ""), vec![], "{} {}", body, redacted);
    }

    #[test]
    fn no_bytes_take_the_redaction_down(body: Vec<u8>, mut text in text(), cut: prop::sample::Index) {
        let mut redaction = redaction_of(|gathering| gathering.delivery(&body).unwrap());
        let redacted = redaction.delivery(&body).unwrap();
        prop_assert_eq!(body.len(), redacted.len());
        text.insert_str(0, "{\"text\":\"");
        let cut = cut.index(text.len());
        redaction.delivery(&text.as_bytes()[..cut]).unwrap();
        simulator::redact::lint::body(&text, &simulator::redact::lint::Deny::default(), &mut |_, _, _| ());
    }

    #[test]
    fn ids_keep_length_order_and_identity(ids in prop::collection::btree_set(1_u64.., 1..60), noise in text()) {
        let texts: Vec<String> = ids.iter().map(|id| json!({"id": id.to_string(), "n": noise}).to_string()).collect();
        let numbers: Vec<String> = ids.iter().map(|id| format!("{{\"post_id\":{id}}}")).collect();
        let all: Vec<&str> = texts.iter().chain(&numbers).map(String::as_str).collect();
        let redacted = redact(&all);
        let read = |body: &String, key: &str| {
            let value: Value = serde_json::from_str(body).unwrap();
            value[key].as_u64().unwrap_or_else(|| value[key].as_str().unwrap().parse().unwrap())
        };
        let (texts, numbers) = redacted.split_at(ids.len());
        let texts: Vec<u64> = texts.iter().map(|body| read(body, "id")).collect();
        let numbers: Vec<u64> = numbers.iter().map(|body| read(body, "post_id")).collect();
        prop_assert_eq!(&texts, &numbers);
        prop_assert!(texts.is_sorted_by(|a, b| a < b));
        prop_assert!(ids.iter().zip(&texts).all(|(id, redacted)| id.to_string().len() == redacted.to_string().len()));
    }
}

#[test]
fn one_number_is_one_number_in_every_spelling_and_place() {
    let spellings =
        ["+49 171 2345678", "0049 171 2345678", "0171 2345678", "0171/2345678.", "+49 (0)171 2345678", "+491712345678"];
    let mut bodies: Vec<String> =
        spellings.iter().map(|text| json!({"text": format!("call {text}")}).to_string()).collect();
    bodies.push(json!({"phone_number": "1712345678", "other": 491712345678_u64}).to_string());
    let redacted = redact(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
    let digits = |body: &String| body.chars().filter(char::is_ascii_digit).collect::<String>();
    let national = digits(&redacted[2])[1..].to_owned();
    assert!(national.starts_with("555") && national != "1712345678");
    for body in &redacted {
        assert!(digits(body).contains(&national), "{body}");
    }
    assert!(redacted[0].contains("+49 555") && redacted[6].contains(&format!("49{national}")), "{redacted:?}");
}

#[test]
fn a_phone_number_in_a_link_keeps_its_country_and_is_the_one_it_is_elsewhere() {
    // Without and with the same number elsewhere: both ways the link holds a phone number of Sweden.
    for elsewhere in ["nobody", "0701 234 567"] {
        let told = json!({"text": format!("call {elsewhere}")}).to_string();
        for (link, before, after) in [
            ("https://wa.me/46701234567", "/", ""),
            ("https://wa.me/46701234567?text=Hello", "/", "?"),
            ("http://www.wa.me/+46701234567", "/+", ""),
            ("https://api.whatsapp.com/send?phone=46701234567&text=Hi", "phone=", "&"),
            ("https://api.whatsapp.com/send/?phone=%2B46701234567", "phone=%2B", ""),
            ("https://shop.se/call/+46701234567/now", "/+", "/"),
            ("https://shop.se/a?number=%2b46701234567", "%2b", ""),
            ("tel:+46701234567", ":+", ""),
            ("whatsapp://send?phone=46701234567", "phone=", ""),
            ("sms:+46701234567?body=Hi", ":+", "?"),
        ] {
            let redacted = redact(&[&json!({"url": link}).to_string(), &told, r#"{"text":"+46 70 123 45 67"}"#]);
            let spelled = redacted[2].chars().filter(char::is_ascii_digit).collect::<String>();
            assert!(spelled.starts_with("46555") && spelled.len() == 11, "{redacted:?}");
            assert!(redacted[0].contains(&format!("{before}{spelled}{after}")), "{link}: {redacted:?}");
            assert_eq!(leftovers(&redacted[0], ""), [], "{link}: {redacted:?}");
        }
    }
}

#[test]
fn the_linter_finds_a_real_phone_number_in_a_link_and_a_pseudonym_never() {
    for (link, found) in [
        ("https://abc.zz/+46701234567", 1),
        ("https://abc.zz/a?phone=46701234567", 1),
        ("https://abc.zz/46701234567", 1),
        ("tel:+46701234567", 1),
        ("tel:0701234567", 1),
        ("https://abc.zz/+46555234567", 0),
        ("https://abc.zz/a?phone=%2B46555234567", 0),
        ("https://abc.zz/46555234567", 0),
        ("tel:0555234567", 0),
    ] {
        let told = leftovers(&json!({"url": link}).to_string(), "");
        assert_eq!(told.len(), found, "{link}: {told:?}");
    }
}

#[test]
fn a_mail_address_behind_an_escape_in_a_link_is_one_and_leaves_nothing() {
    for link in ["https://a.example/%C3%BCann@shop.de12.50", "https://a.example/?to=%20ann.b@shop.de&x=1"] {
        let redacted = redact(&[&json!({"url": link}).to_string()]).remove(0);
        assert_eq!(leftovers(&redacted, ""), [], "{redacted}");
        assert!(redacted.contains(".test") || redacted.contains(".example"), "{redacted}");
    }
}

#[test]
fn keys_that_nobody_documents_become_pseudonyms_and_those_of_the_platform_stay() {
    let keys =
        ["mara", "lindqvist_mara", "mara.lindqvist@quayside.se", "+46701234567", "maraLindqvist", "x46701234567"];
    let item: serde_json::Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), json!({"text": "a", "post_id": 5}))).collect();
    let known = r#"{"object":"page","entry":[{"id":"17","time":1780272001,"messaging":[{"sender":{"id":"5"},"recipient":{"id":"17"},"timestamp":1780272001123,"message":{"mid":"m_1","text":"hi","quick_reply":{"payload":"X"},"attachments":[{"type":"image","payload":{"url":"https://a.example/1"}}]}}]}]}"#;
    let body = format!(r#"{{"entry":[{{"changes":[{{"field":"feed","value":{}}}]}}]}}"#, Value::from(item));
    let redacted = redact(&[&body, known, &body]);
    assert_eq!(redacted[0], redacted[2], "one key, one pseudonym");
    for key in keys {
        assert!(!redacted[0].contains(key), "{key}: {}", redacted[0]);
    }
    let value: Value = serde_json::from_str(&redacted[0]).unwrap();
    let members = value["entry"][0]["changes"][0]["value"].as_object().unwrap();
    let lengths = |keys: &mut dyn Iterator<Item = usize>| {
        let mut lengths: Vec<usize> = keys.collect();
        lengths.sort_unstable();
        lengths
    };
    assert_eq!(lengths(&mut members.keys().map(String::len)), lengths(&mut keys.iter().map(|key| key.len())));
    assert!(members.values().all(|member| member.get("text").is_some() && member.get("post_id").is_some()));
    assert_eq!(leftovers(&redacted[0], "mara\nlindqvist\n46701234567"), []);
    let names = |body: &str| {
        let mut names: Vec<&str> = body.split('"').collect();
        names.retain(|name| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        names.into_iter().filter(|name| known.contains(&format!("\"{name}\":"))).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&redacted[1]), names(known));
}

#[test]
fn a_pseudonym_of_a_key_is_never_a_key_of_the_platform() {
    // Of three small letters some would become `mid`, of two `id`; no two become one.
    let all: Vec<String> = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}"))).collect();
    let item: serde_json::Map<String, Value> = all.iter().map(|key| (key.clone(), json!(true))).collect();
    let redacted: Value = serde_json::from_str(&redact(&[&Value::from(item).to_string()])[0]).unwrap();
    let keys: BTreeSet<&String> = redacted.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), all.len());
    let alone: Vec<Value> =
        redact(&[r#"{"ie":1}"#, r#"{"id":1}"#]).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert!(alone[1].get("id").is_some() && alone[0].get("id").is_none());
}

#[test]
fn a_mail_address_is_the_same_in_any_case_and_two_are_two() {
    let redacted = redact(&[r#""Ann.B@Shop.de""#, r#""ann.b@shop.DE, bob.c@shop.de""#, r#""ann.b@other-shop.de""#]);
    assert_eq!(redacted[0].to_lowercase()[1..14], redacted[1][1..14]);
    let names: BTreeSet<&str> = redacted.iter().flat_map(|body| body.trim_matches('"').split(", ")).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(redacted[1].matches(".test").count() == 2 && redacted[2].ends_with(".example\""), "{redacted:?}");
    assert!(redacted[0][1..].starts_with(char::is_uppercase));
}

#[test]
fn an_id_is_the_same_alone_and_inside_of_others() {
    let bodies = [
        r#"{"id":"104000000000017","sender":{"id":7100000000000001},"post_id":"104000000000017_42","mid":"m_7100000000000001_3"}"#,
        r#"{"metadata":"pd.3.14.c/104000000000017/7100000000000001","text":"see https://a.de/104000000000017/x 104000000000017_42!"}"#,
        r#"{"app_roles":{"42":["primary_receiver"]},"reply_to":{"mid":"m_7100000000000001_3"},"ad_id":0}"#,
    ];
    let redacted: Vec<Value> = redact(&bodies).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let (page, psid) = (redacted[0]["id"].as_str().unwrap(), redacted[0]["sender"]["id"].as_u64().unwrap());
    assert!(page.starts_with("1606") && page.len() == 15 && psid.to_string().len() == 16);
    let post = redacted[0]["post_id"].as_str().unwrap();
    assert!(post.starts_with(&format!("{page}_")) && post.len() == 18);
    let mid = redacted[0]["mid"].as_str().unwrap();
    assert!(mid.starts_with(&format!("m_{psid}_")));
    assert_eq!(redacted[1]["metadata"], format!("pd.3.14.c/{page}/{psid}"));
    let text = redacted[1]["text"].as_str().unwrap();
    assert!(text.contains(&format!("/{page}/")) && text.ends_with(&format!("{post}!")), "{text}");
    let roles = redacted[2]["app_roles"].as_object().unwrap();
    assert_eq!(roles.values().next().unwrap(), &json!(["primary_receiver"]));
    assert_eq!(format!("{page}_{}", roles.keys().next().unwrap()), post);
    assert_eq!((redacted[2]["reply_to"]["mid"].as_str(), redacted[2]["ad_id"].as_u64()), (Some(mid), Some(0)));
}

#[test]
fn what_is_meant_to_stay_stays_and_links_keep_their_form() {
    let body = r#"{"object":"page","time":1780272001123,"value":{"verb":"add","item":"comment","created_time":"2026-06-01T00:00:01+0000",
        "reaction":"love","emoji":"\u2764\ufe0f","published":1,"locale":"de_AT","type":"sticker","sticker_id":369239263222822,"name":null}}"#;
    assert_eq!(redact(&[body]), [body]);
    let link = redact(&[r#""https://scontent.xx.fbcdn.net/v/t1.0/ann_lindqvist.jpg?oh=1a2B%C3%BC&u=x#top""#]).remove(0);
    let (host, rest) = link.trim_matches('"').strip_prefix("https://").unwrap().split_once('/').unwrap();
    assert!(host.len() == 21 && host.ends_with(".example"), "{host}");
    assert!(rest.contains(".jpg?") && rest.matches('/').count() == 2 && !rest.contains("ann"), "{rest}");
}

#[test]
fn a_long_text_and_the_messages_it_was_sent_in_have_the_same_pseudonym() {
    let text = ["Please bring it back on Friday, we look at it.", "Bitte bringen Sie es vorbei."].repeat(60).join(" ");
    let parts = machine::outbound::split(&text);
    assert!(parts.len() > 1);
    let mut redaction = redaction_of(|_| ());
    let redacted: Vec<String> = parts.iter().map(|part| redaction.text(part).unwrap()).collect();
    assert_eq!(machine::outbound::split(&redaction.text(&text).unwrap()), redacted);
}

#[test]
fn the_same_key_gives_the_same_bytes_and_another_key_others() {
    let body = r#"{"id":"104000000000017","text":"Hello Mara, mail ann@shop.de or 0171 2345678"}"#.as_bytes();
    let of = |key: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let mut gathering = Gathering::begin(folder.path(), &Key::of(key)).unwrap();
        gathering.delivery(body).unwrap();
        gathering.finish().unwrap().delivery(body).unwrap()
    };
    assert_eq!(of(b"one"), of(b"one"));
    assert_ne!(of(b"one"), of(b"two"));
}

#[test]
fn bytes_that_are_no_text_cost_their_neighbours_nothing_and_give_nothing_away() {
    let body = b"{\"from\":{\"text\":\"M\xe4ra\"},\"verb\":\"add\",\"name\":\"Lindqvist\"}";
    let mut redaction = redaction_of(|gathering| gathering.delivery(body).unwrap());
    let redacted = redaction.delivery(body).unwrap();
    assert_eq!(redacted.len(), body.len());
    let text = String::from_utf8_lossy(&redacted);
    assert!(
        text.starts_with("{\"from\":{\"text\":\"") && text.contains("\"verb\":\"add\"") && text.contains('\u{fffd}'),
        "{text}"
    );
    assert!(!text.contains("ra\"") && !text.contains("Lind") && !redacted.contains(&0xe4), "{text}");
}

#[test]
fn short_texts_of_one_shape_are_told_apart_by_all_their_pseudonyms() {
    // All texts of two small letters: a permutation, and few of them stay what they are.
    let mut redaction = redaction_of(|_| ());
    let all = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}")));
    let redacted: BTreeMap<String, String> = all.map(|text| (redaction.text(&text).unwrap(), text)).collect();
    assert_eq!(redacted.len(), 26 * 26);
    assert!(redacted.iter().filter(|(redacted, text)| redacted == text).count() < 12);
}

#[test]
fn no_pseudonym_looks_like_something_that_did_not_stand_in_the_text() {
    // One in 26 would begin with `m`, and be taken for the id of a message.
    let mut redaction = redaction_of(|_| ());
    for number in 0..400 {
        let text = format!("{}_abcdefghijklmnopqrstu{number:03}", ["q", "x", "Z"][number % 3]);
        let redacted = redaction.text(&text).unwrap();
        assert!(!redacted.starts_with("m_"), "{text} {redacted}");
        assert_eq!(leftovers(&json!({"text": redacted}).to_string(), ""), []);
    }
}

#[test]
fn an_id_that_is_a_phone_number_elsewhere_stays_an_id() {
    let bodies = [r#"{"text":"+49 171 2345678"}"#, r#"{"metadata":"pd.1.1.p/1712345678"}"#];
    for body in redact(&bodies) {
        assert_eq!(leftovers(&body, ""), [], "{body}");
    }
}
