//! The language against texts of every kind: what is read, what is refused in which words, and what always holds.

mod properties;

use model::Mid;

use super::*;
use crate::fake::facebook::{Happening, What};

/// Two Pages and three customers, as most cases need them.
const HEAD: &str = "title \"A day\"\npage A 17 \"Quayside Bakery\"\npage B 18 \"Harbour Bicycles\"\n\
                    customer A/c1 5001 \"Mara Lindqvist\"\ncustomer A/c2\ncustomer B/c1\n";

fn read(lines: &str) -> Scenario {
    Scenario::parse(&format!("{HEAD}{lines}")).unwrap_or_else(|misreadings| panic!("{misreadings}"))
}

/// What every line orders, names having come to be `id-of-NAME`; `now` is the scenario's time.
fn ordered(scenario: &Scenario) -> Vec<Happening> {
    let mut names = Names::default();
    let mut orders = Vec::new();
    for line in &scenario.lines {
        orders.extend(scenario.happening(line, &names, scenario.begins_at + line.at).unwrap());
        if let Deed::Customer { manner, .. } | Deed::Page { manner, .. } = &line.deed
            && let Some(name) = &manner.name
        {
            names.give(name, format!("id-of-{name}"));
        }
    }
    orders
}

fn order(lines: &str) -> Happening {
    ordered(&read(lines)).pop().unwrap()
}

/// The message of the first fault.
fn fault(text: &str) -> String {
    match Scenario::parse(text) {
        Ok(scenario) => panic!("this is a scenario:\n{scenario}"),
        Err(misreadings) => misreadings.to_string(),
    }
}

#[test]
fn what_is_not_said_is_as_always() {
    let scenario = Scenario::parse("title \"t\"\npage A 17 \"p\"").unwrap();
    assert_eq!((scenario.begins_at, scenario.app.as_str(), scenario.human_agent), (BEGINS_AT, APP, false));
    assert!(scenario.customers.is_empty() && scenario.lines.is_empty());
    let scenario = Scenario::parse(
        "\u{feff}# one\r\n\r\n  title \"t\" # two\r\nbegins 2026-06-08T07:30:00+02:00\napp 5\nhuman-agent on\npage A 17 \"p\"",
    );
    let scenario = scenario.unwrap();
    assert_eq!((scenario.begins_at, scenario.app.as_str()), (Timestamp(1_780_896_600_000), "5"));
    assert!(scenario.human_agent);
}

#[test]
fn a_customer_without_an_id_gets_the_same_one_every_time_and_another_than_the_next() {
    let scenario = read("");
    let psid = |who: &str| scenario.psid(&Who::read(who).unwrap()).unwrap().as_str().to_owned();
    assert_eq!((psid("A/c1"), psid("A/c2")), ("5001".to_owned(), "2632922838478335".to_owned()));
    assert_ne!(psid("A/c2"), psid("B/c1"));
    assert_eq!(psid("B/c1").len(), 16);
}

#[test]
fn times_are_counted_from_the_beginning_or_from_the_line_before() {
    let scenario = read("at 90s A/c1 reads\nafter 250ms A/c1 reads\nat 26h+1s A/c1 reads\nafter 2d3h A/c1 reads\n");
    let times: Vec<i64> = scenario.lines.iter().map(|line| line.at.0).collect();
    assert_eq!(times, [90_000, 90_250, 93_601_000, 277_201_000]);
    let numbers: Vec<usize> = scenario.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [7, 8, 9, 10]);
}

#[test]
fn every_line_of_a_customer_orders_what_it_says() {
    let lines = r##"
at 0s A/c1 writes "größer \"so\" 😀" as m1   # with a comment
at 0s A/c1 writes "why?" reply to m1
at 0s A/c1 writes "why?" reply to "m_elsewhere" late 40s standby
at 0s A/c1 picks "Yes" payload "ORDER_YES"
at 0s A/c1 attaches image "https://example.com/a.png" text "this one"
at 0s A/c1 attaches file "https://example.com/a.pdf"
at 0s A/c1 presses "Opening hours" payload "HOURS" as pressed
at 0s A/c1 reacts love to m1
at 0s A/c1 reacts other "🦊" to m1
at 0s A/c1 unreacts love from m1
at 0s A/c1 edits m1 to "now this"
at 0s A/c1 unsends m1
at 0s A/c1 reads
at 0s A/c1 enters by ad "6001" ref "summer"
at 0s A/c1 enters by ad "6001"
at 0s A/c1 enters by link "poster"
at 0s A/c1 happens {"kind":"unsupported"} as odd standby late 1m
at 0s A happens {"kind":"policy_enforcement","action":"warning"}
at 0s B happens {"kind":"feed","item":"comment","verb":"add","message":"How much?"}
"##;
    let scenario = read(lines);
    let orders: Vec<String> = ordered(&scenario).iter().map(|order| serde_json::to_string(order).unwrap()).collect();
    insta::assert_snapshot!(orders.join("\n"));
    insta::assert_snapshot!("written", scenario);
}

#[test]
fn agents_and_meta_order_no_happening() {
    let scenario = read(
        "at 0s Ada answers A/c1 \"yes\"\nat 0s \"Bo Larsen\" notes A/c2 \"no\"\nat 0s A/c1 writes \"x\" as m1\n\
         at 1s meta holds A,B\nat 2s meta releases B\nat 3s meta releases A reversed\nat 4s meta holds A\n\
         at 5s meta releases A together\nat 6s meta repeats A\nat 7s meta repeats m1\n\
         at 8s meta refuses A 10/2018278\nat 8s meta refuses A 190\nat 8s meta loses A\nat 8s meta accepts A\n",
    );
    assert_eq!(ordered(&scenario).len(), 1);
    let deeds: Vec<&Deed> = scenario.lines.iter().map(|line| &line.deed).collect();
    let (page, other) = (Word::new("A").unwrap(), Word::new("B").unwrap());
    let who = Who::read("A/c1").unwrap();
    assert_eq!(deeds[0], &Deed::Agent { by: "Ada".to_owned(), who, text: "yes".to_owned(), internal: false });
    assert!(matches!(deeds[1], Deed::Agent { by, internal: true, .. } if by == "Bo Larsen"));
    assert_eq!(deeds[3], &Deed::Meta(Order::Holds(vec![page.clone(), other.clone()])));
    assert_eq!(deeds[4], &Deed::Meta(Order::Releases { pages: vec![other], way: Way::InOrder }));
    assert_eq!(deeds[5], &Deed::Meta(Order::Releases { pages: vec![page.clone()], way: Way::Reversed }));
    assert_eq!(deeds[7], &Deed::Meta(Order::Releases { pages: vec![page.clone()], way: Way::Together }));
    assert_eq!(deeds[8], &Deed::Meta(Order::RepeatsPage(page.clone())));
    for (deed, code) in [(deeds[10], (10, Some(2_018_278))), (deeds[11], (190, None))] {
        assert_eq!(deed, &Deed::Meta(Order::Refuses { page: page.clone(), code }));
    }
    assert_eq!(deeds[12], &Deed::Meta(Order::Loses(page.clone())));
    assert_eq!(deeds[13], &Deed::Meta(Order::Accepts(page)));
    assert_eq!(deeds[9], &Deed::Meta(Order::RepeatsThing(Word::new("m1").unwrap())));
}

#[test]
fn names_stand_for_ids_inside_the_texts_of_a_happening() {
    let happened = order(
        "at 0s A/c1 writes \"x\" as m1\nat 5s A happens {\"kind\":\"raw\",\"list\":\"messaging\",\"item\":{\"who\":\"$A/c1\",\
         \"page\":\"$A\",\"mid\":\"$m1\",\"path\":\"$A/nobody\",\"at\":\"$now\",\"said\":\"at $now for $5 or $$m1\",\
         \"glued\":\"${m1}st\",\"$m1\":[\"$m1$m1\"]}} late 2s\n",
    );
    let What::Raw { item, .. } = happened.what else { panic!("{happened:?}") };
    let at = BEGINS_AT.0 + 3_000;
    let expected = serde_json::json!({
        "who": "5001", "page": "17", "mid": "id-of-m1", "path": "17/nobody", "at": at,
        "said": format!("at {at} for $5 or $m1"), "glued": "id-of-m1st", "$m1": ["id-of-m1id-of-m1"],
    });
    assert_eq!(item, expected);
    assert_eq!(happened.at, Some(Timestamp(at)));
}

#[test]
fn what_is_expected_stands_at_its_time_or_at_the_end() {
    let scenario = read(
        "at 0s A/c1 reads\nafter 5s expect refused 1 window-closed of A/c2\nat 9s Ada answers A/c1 \"a\"\n\
         expect sent 2 HUMAN_AGENT # as a person\nexpect settled\n",
    );
    let reason = Word::new("window-closed");
    let expect = Expect { what: Expected::Refused { count: 1, reason }, of: Who::read("A/c2") };
    assert_eq!((scenario.lines[1].at, &scenario.lines[1].deed), (Span(5_000), &Deed::Expect(expect)));
    let ends: Vec<(usize, String)> = scenario.ends.iter().map(|of| (of.number, of.expect.to_string())).collect();
    assert_eq!(ends, [(10, "expect sent 2 HUMAN_AGENT".to_owned()), (11, "expect settled".to_owned())]);
}

#[test]
fn a_name_that_never_came_to_be_is_told_when_it_is_needed() {
    let scenario = read("at 0s A/c1 writes \"x\" as m1\nat 1s A/c1 unsends m1\n");
    let unsends = &scenario.lines[1];
    let refused = scenario.happening(unsends, &Names::default(), BEGINS_AT);
    assert_eq!(refused, Err("m1 never came to be".to_owned()));
    let mut names = Names::default();
    names.give(&Word::new("m1").unwrap(), "m_7".to_owned());
    let order = scenario.happening(unsends, &names, BEGINS_AT).unwrap().unwrap();
    assert_eq!(order.what, What::Unsend { mid: Mid::new("m_7") });
}

/// Lines after the head, each wrong in one way.
const WRONG: &str = r##"
nonsense
title "again"
begins 2026-13-08T07:30:00Z
begins 1969-06-08T07:30:00Z
app #17
human-agent maybe
page 1 19 "digit first"
page A 19 "again"
page C 17 "same id"
page C 19
page C 19 ""
page now 19 "reserved"
customer c1 "no page"
customer C/c1 "unknown page"
customer A/c1 "again"
customer A/c9 5001 "same id"
customer A/c8 500.1
customer A/c8 x
page C 19x "letters"
at
at soon A/c1 reads
at 5 A/c1 reads
at 5s+ A/c1 reads
at 99999999999d A/c1 reads
at 3651d A/c1 reads
at 0s
at 0s A/c7 reads
at 0s C/c1 reads
at 0s A/ reads
at 0s A/c1 sleeps
at 0s A/c1 writes hello
at 0s A/c1 writes "hello
at 0s A/c1 writes "größer \x"
at 0s A/c1 writes "a" reply m1
at 0s A/c1 writes "a" reply to m9
at 0s A/c1 writes "a" reply to ""
at 0s A/c1 writes "a" "b"
at 0s A/c1 writes "a" as
at 0s A/c1 writes "a" as 1
at 0s A/c1 writes "a" as A
at 0s A/c1 writes "a" as now
at 0s A/c1 writes "a" late 0s
at 0s A/c1 writes "a" late 1s late 2s
at 0s A/c1 writes "a" standby standby
at 0s A/c1 reads as m2
at 0s A/c1 picks "Yes"
at 0s A/c1 attaches hologram "https://example.com/a"
at 0s A/c1 reacts joy to "m_1"
at 0s A/c1 reacts love from "m_1"
at 0s A/c1 edits "m_1"
at 0s A/c1 enters through "door"
at 0s A/c1 enters by door
at 0s A/c1 happens unsupported
at 0s A/c1 happens {"kind":"unsupported"
at 0s A/c1 happens {"kind":"größer", }
at 0s A/c1 happens {"kind":"levitates"}
at 0s A/c1 happens {"kind":"unsend","mid":"$m9"}
at 0s A/c1 happens {"kind":"unsend","mid":"${m 9}"}
at 0s A happens {"kind":"unsupported"}
at 0s A writes "a"
at 0s C happens {"kind":"unsupported"}
at 0s Ada sleeps
at 0s Ada answers nobody "a"
at 0s Ada answers A/c1 " "
at 0s "" answers A/c1 "a"
at 0s "Ada" happens {}
at 0s meta answers A/c1 "a"
at 0s meta refuses A
at 0s meta refuses A 010
at 0s meta refuses A 10/
at 0s meta loses C
at 0s A/c1 writes "a" forged as m8
at 0s A/c1 writes "a" as m8 forged
at 0s meta holds
at 0s meta holds A,
at 0s meta holds A,A
at 0s meta releases A
at 0s meta repeats m9
at 0s Ada-Osei_2 answers A/c1 "a" as m3
page expect 19 "reserved"
at 0s expect answers A/c1 "a"
at 0s expect
expect wonders 1
expect tasks
expect tasks one
expect tasks 1 of
expect tasks 1 of A/c7
expect tasks 1 A/c1
expect refused 1 windowclosed
expect held 1 window-closed
expect sent 1 RESPONS
expect composer open
expect composer ajar of A/c1
expect composer closed
expect composer closed needs-reconnect of A/c1
expect settled of A/c1
"##;

#[test]
fn each_fault_is_told_with_its_place_and_what_would_be_right() {
    let told: Vec<String> = WRONG
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n    {}", fault(&format!("{HEAD}{line}")).replace('\n', "\n    ")))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn faults_between_lines_are_told_too() {
    let cases = [
        "at 5s A/c1 reads\nat 4s A/c1 reads",
        "at 3000d A/c1 reads\nafter 3000d A/c1 reads",
        "at 0s A/c1 writes \"a\" as m1\nat 0s A/c1 writes \"b\" as m1",
        "at 0s A/c1 writes \"a\" as C\npage C 19 \"too late\"",
        "at 0s A/c1 reads\nbegins 2026-06-08T07:30:00Z",
        "at 0s meta holds A\nat 1s meta holds B,A\nat 2s meta releases A",
        "at 0s meta holds A\nat 1s meta releases B",
        "expect tasks 0\nexpect lines 0\nat 1s A/c1 reads",
        "at 0s A/c1 writes \"a\" as x\nat 0s A/c2 unsends y\nat 0s Ada answers A/c5 \"b\"",
    ];
    let told: Vec<String> = cases.iter().map(|lines| fault(&format!("{HEAD}{lines}"))).collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_line_that_cannot_be_read_makes_no_faults_of_the_lines_that_use_it() {
    let told = fault(
        "title \"t\"\npage A 17x \"Quayside Bakery\"\ncustomer A/c1 x\nat 0s A/c1 writes hello as m1\n\
         at 1s A/c1 unsends m1\nat 2s A happens {\"kind\":\"policy_enforcement\",\"action\":\"warning\"}\n",
    );
    let places: Vec<&str> = told.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["2:8", "3:15", "4:19"], "{told}");
}

#[test]
fn what_is_missing_altogether_is_told_once_everything_can_be_read() {
    assert_eq!(
        fault(""),
        "1:1: the scenario has no title: add `title \"…\"`\n1:1: the scenario has no Page: add `page A ID \"NAME\"`"
    );
    assert_eq!(fault("pgae A 17 \"p\"").lines().count(), 1);
}

#[test]
fn a_text_that_is_wrong_all_over_is_told_of_in_its_first_lines() {
    let misreadings = Scenario::parse(&"wrong\n".repeat(100)).unwrap_err();
    assert_eq!((misreadings.told.len(), misreadings.more), (20, 80));
    assert!(misreadings.to_string().ends_with("\nand 80 more"), "{misreadings}");
}

#[test]
fn a_text_that_is_too_long_is_refused_as_a_whole() {
    let many = format!("{HEAD}{}", "at 0s A/c1 reads\n".repeat(LINES_MAX));
    assert_eq!(fault(&many), "100001:1: a scenario has at most 100000 lines");
    let long = format!("{HEAD}# {}", "x".repeat(usize::try_from(BYTES_MAX).unwrap()));
    assert!(fault(&long).starts_with("1:1: the text has 83887"), "{}", fault(&long));
}

#[test]
fn a_file_says_why_it_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("day.txt");
    assert!(Scenario::read(&file).unwrap_err().to_string().starts_with("cannot be read: "));
    std::fs::write(&file, b"title \"t\"\npage A 17 \"\xff\"").unwrap();
    assert_eq!(Scenario::read(&file).unwrap_err().to_string(), "is no UTF-8 text: see line 2");
    std::fs::write(&file, HEAD).unwrap();
    assert_eq!(Scenario::read(&file), Err(Unplayable::Empty));
    std::fs::write(&file, format!("{HEAD}at 0s A/c1 reads")).unwrap();
    assert_eq!(Scenario::read(&file).unwrap().lines.len(), 1);
}

#[test]
fn the_example_of_the_documentation_is_a_scenario() {
    let text = include_str!("../../../docs/format/scenario.md");
    let example = text.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(Scenario::parse(example).unwrap().lines.len(), 5);
    // And so is every line of its tables.
    let rows = |head: &'static str| text.lines().filter_map(move |row| row.strip_prefix(head)?.split_once("` |"));
    let expected: Vec<String> = rows("| `expect ").map(|(line, _)| format!("expect {line}\n")).collect();
    assert!(expected.len() >= 9 && read(&expected.concat()).ends.len() == expected.len(), "{expected:?}");
    let rows = rows("| `at 0s ").map(|(line, _)| line);
    let mut checked = 0;
    for line in rows {
        let before = if line.starts_with("meta releases") { "at 0s meta holds A,B\n" } else { "" };
        let after = if line.starts_with("meta holds") { "\nat 0s meta releases A" } else { "" };
        let before =
            if line.starts_with("meta releases") && !line.contains("A,B") { "at 0s meta holds A\n" } else { before };
        read(&format!("at 0s A/c1 writes \"x\" as m1\n{before}at 0s {line}{after}"));
        checked += 1;
    }
    assert!(checked >= 18, "{checked}");
}
