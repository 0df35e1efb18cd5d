//! Tests of what the linter finds.

use super::*;

fn found(text: &str, deny: &str) -> Vec<(String, Leftover)> {
    let mut all = Vec::new();
    body(text, &Deny::read(deny), &mut |path, kind, _| all.push((path.to_owned(), kind)));
    all
}

#[test]
fn leftovers_are_told_with_place_and_kind() {
    use Leftover::*;
    let cases: &[(&str, &str, Leftover)] = &[
        (r#"{"entry":[{"id":"104000000000017"}]}"#, "$.entry[0].id", Id),
        (r#"{"entry":[{"id":104000000000017}]}"#, "$.entry[0].id", Id),
        (r#"{"message":{"text":"write to ann@shop.de"}}"#, "$.message.text", Mail),
        (r#"{"text":"call +49 171 2345678"}"#, "$.text", Phone),
        (r#"{"contactPhone":"+491712345678","phone_number":""}"#, "$.contactPhone", Phone),
        (r#"{"shop_phone":"1712345678"}"#, "$.…", Phone),
        (r#"{"url":"https://shop.de/a"}"#, "$.url", Link),
        (r#"{"url":"https://a.example/a?t=EAAGm0PX4ZCpsBAKZCmZB"}"#, "$.url", Token),
        (r#"{"mid":"m_Zm9vYmFyYmF6cXV1eGZvb2JhcmJheg"}"#, "$.mid", Id),
        (r#"{"metadata":"pd.1.2.c/104000000000017/5001"}"#, "$.metadata", Id),
        (r#"{"Mara Lindqvist":1}"#, "$.…", Denied),
        (r#"{"values":[1,"mara lindqvist"]}"#, "$.values[1]", Denied),
        (r#"{"mara":{"lindqvist":["mara lindqvist"]}}"#, "$.….…[0]", Denied),
        ("Mara Lindqvist, no JSON", "", Denied),
    ];
    for (text, path, kind) in cases {
        assert_eq!(found(text, "Mara Lindqvist"), [((*path).to_owned(), *kind)], "{text}");
    }
}

#[test]
fn what_is_harmless_is_not_found() {
    let clean = r#"{"object":"page","entry":[{"time":1780272001123,"messaging":[{"timestamp":"1780272001",
        "message":{"text":"at 12:30 on 2026-06-08 for 7 people, 1234567","mid":"m_1","sticker_id":369239263222822},
        "sender":{"id":"5001"},"url":"https://abc.example/1","mail":"a@b.test","n":123456.789}]}]}"#;
    assert_eq!(found(clean, "Lindqvist"), []);
    // A trace's hash may be digits alone; a number of that length is none.
    assert_eq!(found(r#"{"x":"reason=Pu~96059154"}"#, "Lindqvist"), []);
    assert_eq!(found(r#"{"x":"reason=Pu 9605915412345"}"#, "Lindqvist").len(), 1);
}

#[test]
fn a_finding_shows_one_character_and_the_length() {
    assert_eq!(masked("Lindqvist"), "L… (9 characters)");
    assert_eq!(masked("Ann"), "… (3 characters)");
    assert_eq!(masked("\nfour"), "… (5 characters)");
}

#[test]
fn a_folder_is_read_file_by_file_and_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("manifest.toml", "format = 1\n[[pages]]\nid = \"104000000000017\"\n");
    write("deliveries.jsonl", "\n{\"at\":1780300800000,\"body\":\"{\\\"text\\\":\\\"a@b.de\\\"}\"}\n");
    write(
        "facts.jsonl",
        "{\"at\":1780300800000,\"page\":\"104000000000017\",\"psid\":\"5\",\"by\":\"Ada\",\"text\":\"hi\",\"audience\":\"internal\"}\n",
    );
    write("customers.jsonl", "{\"page\":\"17\",\"psid\":\"7100000000000001\",\"name\":\"Ada\"}\n");
    let mut all = Vec::new();
    let read = folder(dir.path(), &Deny::read("ada"), &mut |finding| all.push(finding)).unwrap();
    assert_eq!(read, Read { files: 4, lines: 6 });
    let root = format!("{}/", dir.path().display());
    let told: Vec<String> = all
        .iter()
        .map(|found| {
            format!(
                "{}:{} {} {} {}",
                found.file.replace(&root, ""),
                found.line,
                found.path,
                found.kind.word(),
                found.masked
            )
        })
        .collect();
    let expected = [
        "customers.jsonl:1 $.psid id 7… (16 characters)",
        "customers.jsonl:1 $.name denied … (3 characters)",
        "deliveries.jsonl:2 $.text mail a… (6 characters)",
        "facts.jsonl:1 $.page id 1… (15 characters)",
        "facts.jsonl:1 $.by denied … (3 characters)",
        "manifest.toml:3  id 1… (15 characters)",
    ];
    assert_eq!(told, expected);
    write("approved.trace", "until=23:59:19.998 (39 characters) +49 171 2345678\n");
    let mut all = Vec::new();
    folder(dir.path(), &Deny::default(), &mut |finding| all.push((finding.file, finding.kind))).unwrap();
    assert_eq!(all[0], (dir.path().join("approved.trace").display().to_string(), Leftover::Phone));
    assert_eq!(all.len(), 5);
    write("deliveries.jsonl", "{}\n");
    assert!(folder(dir.path(), &Deny::default(), &mut |_| ()).unwrap_err().to_string().contains("deliveries.jsonl:1"));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(folder(empty.path(), &Deny::default(), &mut |_| ()), Err(Unreadable::Empty(_))));
}
