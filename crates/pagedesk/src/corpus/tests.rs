//! A recording that was taken apart and put together again is what it was.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use simulator::play::recording::{CustomerOf, DeliveryLine, FactLine, Line, Lines, Manifest, Recorded as _, Recording};

use super::{join, split};
use crate::cli::{Join, Split, SplitBy};

const MANIFEST: &str = "format = 1\ntitle = \"Before\"\nprovenance = \"recorded\"\napp_id = \"990017\"\nhuman_agent = true\n\
                        [[pages]]\nid = \"23\"\nname = \"Harbour Bicycles\"\n[[pages]]\nid = \"17\"\nname = \"Quayside\"\n\
                        [[customers]]\npage = \"17\"\npsid = \"5\"\nname = \"Mara\"\n";

fn item(page: &str, psid: &str, number: usize) -> String {
    format!(
        r#"{{"id":"{page}","messaging":[{{"sender":{{"id":"{psid}"}},"recipient":{{"id":"{page}"}},"timestamp":1,"message":{{"mid":"m{number}","text":"ö\n"}}}}]}}"#
    )
}

/// A body of one of a few forms.
fn body(form: u8, number: usize) -> String {
    let of = |entries: &[String]| format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(","));
    match form {
        0 => of(&[item("17", "5", number)]),
        1 => of(&[item("17", "6", number)]),
        2 => of(&[item("23", "5", number)]),
        3 => of(&[item("17", "5", number), item("23", "5", number + 1_000_000)]),
        4 => of(&[item("17", "5", number), item("17", "6", number + 1_000_000)]),
        5 => of(&[r#"{"id":"17","changes":[{"field":"feed","value":{"item":"post","verb":"add"}}]}"#.to_owned()]),
        6 => format!("no json {number}"),
        _ => of(&[item("../17", "6", number)]),
    }
}

/// Steps: how long after the one before (often at the same time, sometimes a day), a body or a comment.
fn steps() -> impl Strategy<Value = Vec<(i64, u8)>> {
    let pause = prop_oneof![4 => Just(0), 4 => 1..5000_i64, 1 => Just(40_000_000)];
    vec((pause, 0..11_u8), 1..40)
}

fn write(dir: &Path, steps: &[(i64, u8)]) {
    let (mut at, mut deliveries, mut facts) = (1_780_272_000_000, Vec::new(), Vec::new());
    for (number, (pause, form)) in steps.iter().enumerate() {
        at += pause;
        if *form < 8 {
            deliveries.push(DeliveryLine { at: model::Timestamp(at), body: body(*form, number) });
        } else {
            facts.push(FactLine {
                at: model::Timestamp(at),
                page: model::PageId::new(if *form == 8 { "23" } else { "17" }),
                psid: model::Psid::new(if *form == 9 { "6" } else { "5" }),
                by: "Ada".to_owned(),
                text: number.to_string(),
                audience: simulator::play::recording::Audience::Internal,
            });
        }
    }
    fs::create_dir(dir).unwrap();
    fs::write(dir.join(Manifest::FILE), MANIFEST).unwrap();
    put(dir, &deliveries);
    put(dir, &facts);
    put(dir, &[CustomerOf { page: model::PageId::new("17"), psid: model::Psid::new("6"), name: "Jonas".to_owned() }]);
}

fn put<T: Line + Serialize>(dir: &Path, lines: &[T]) {
    let text: String = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
    fs::write(dir.join(T::FILE), text).unwrap();
}

fn get<T: Line>(dir: &Path) -> Vec<T> {
    Lines::of(dir).unwrap().map(Result::unwrap).collect()
}

proptest! {
    #[test]
    fn what_was_split_and_joined_holds_the_same_deliveries(steps in steps(), way in 0..4_usize, size in 1..6_u64) {
        let dir = tempfile::tempdir().unwrap();
        let [path, parts, again] = ["before", "parts", "again"].map(|name| dir.path().join(name));
        write(&path, &steps);
        let by = [SplitBy::Page, SplitBy::Conversation, SplitBy::Day, SplitBy::Size][way];
        let apart = split::apart(&Split { path: path.clone(), by, size: Some(size), out: parts.clone(), json: false });
        let apart = apart.unwrap();
        let join = Join { paths: vec![parts.clone()], out: again.clone(), title: None, json: false };
        let whole = join::whole(&join).unwrap();
        prop_assert_eq!((apart.deliveries, apart.facts), (whole.deliveries, whole.facts));

        let (before, after) = (Recording::read(&path).unwrap(), Recording::read(&again).unwrap());
        prop_assert_eq!(before.begins_at(), after.begins_at());
        let (mut before_lines, mut after_lines) = (get::<DeliveryLine>(&path), get::<DeliveryLine>(&again));
        let (mut before_facts, mut after_facts) = (get::<FactLine>(&path), get::<FactLine>(&again));
        if matches!(by, SplitBy::Page | SplitBy::Conversation) {
            // At the same time the order between parts is that of the parts.
            for lines in [&mut before_lines, &mut after_lines] {
                lines.sort_by(|a, b| (a.at, &a.body).cmp(&(b.at, &b.body)));
            }
            for lines in [&mut before_facts, &mut after_facts] {
                lines.sort_by(|a, b| (a.at, &a.text).cmp(&(b.at, &b.text)));
            }
        }
        prop_assert_eq!(before_lines, after_lines);
        prop_assert_eq!(before_facts, after_facts);

        let (before, after) = (before.manifest(), after.manifest());
        prop_assert_eq!(&before.pages, &after.pages);
        prop_assert_eq!((&before.app_id, before.human_agent, before.provenance), (&after.app_id, after.human_agent, after.provenance));
        let named = |manifest: &Manifest| manifest.customers.iter().map(|of| of.name.clone()).collect::<std::collections::BTreeSet<_>>();
        // A customer of whom nothing came may go with the parts of one conversation.
        prop_assert!(named(after).is_subset(&named(before)));
        if by != SplitBy::Conversation && by != SplitBy::Page {
            prop_assert_eq!(named(after), named(before));
        }
    }
}

#[test]
fn many_parts_are_joined_in_rounds_and_keep_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let [path, parts, again] = ["before", "parts", "again"].map(|name| dir.path().join(name));
    // All at the same time: nothing but the order of the parts tells which came first.
    let steps: Vec<(i64, u8)> = (0..64 * 3 + 5).map(|_| (0, 0)).collect();
    write(&path, &steps);
    let asked = Split { path: path.clone(), by: SplitBy::Size, size: Some(1), out: parts.clone(), json: false };
    assert_eq!(split::apart(&asked).unwrap().parts, 64 * 3 + 5);
    join::whole(&Join { paths: vec![parts], out: again.clone(), title: None, json: false }).unwrap();
    assert_eq!(get::<DeliveryLine>(&path), get::<DeliveryLine>(&again));
    assert!(!again.join("rounds").exists());
}
