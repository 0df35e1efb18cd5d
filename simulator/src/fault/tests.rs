//! Lines of faults are read back from what is written, and what cannot be meant is told.

use crate::scenario::{Deed, Scenario};

const HEAD: &str = "title \"x\"\npage A 1 \"Quayside Bakery\"\ncustomer A/c1 2 \"Mara Lindqvist\"\n";

fn read(lines: &[&str]) -> Result<Scenario, String> {
    let text: String = lines.iter().map(|line| format!("at 5s {line}\n")).collect();
    Scenario::parse(&format!("{HEAD}{text}")).map_err(|why| why.to_string())
}

#[test]
fn every_line_is_read_back_from_what_is_written() {
    for line in [
        "disk fills",
        "disk fails",
        "disk fails after 20 writes",
        "disk works",
        "journal refuses 1 commits",
        "journal loses 2 commits",
        "journal delays 3 commits",
        "actor A/c1 panics",
        "actor A panics",
        "actor A/c1 hangs 1m30s",
        "clock jumps 40s",
        "clock jumps back 40s",
        "A/c1 floods 1000 \"Is anybody there?\"",
        "meta slows 40s",
        "meta slows 40s in 30%",
        "meta fails in 1%",
        "meta refuses 613",
        "meta refuses 613/1996 in 50%",
        "meta loses answers",
        "meta loses requests in 20%",
        "meta vanishes",
        "meta limits 12m",
        "meta works",
        "tracker slows 20s",
        "tracker fails in 99%",
        "tracker loses answers",
        "tracker works",
        "meta revokes A 190/463",
        "admin reconnects A",
        "admin sets human-agent off",
        "admin sets new-task on",
        "admin sets guard 2m",
        "admin sets human-agent-guard 1h",
        "meta restricts A",
        "meta frees A",
        "meta delays A 20m",
        "meta hastens A",
        "meta withholds echoes",
        "meta withholds receipts in 30%",
        "meta tells",
        "meta subscribes A",
        "Ada completes A/c1",
        "Ada reopens A/c1",
        "Ada trashes A/c1",
        "Ada restores A/c1",
        "\"Ada King\" purges A/c1",
    ] {
        let scenario = read(&[line]).unwrap();
        assert_eq!(scenario.lines[0].deed.to_string(), line);
    }
    for line in ["power-cut 7", "power-cut 7 after 3 writes", "crash after 3 commits", "crash after 1 calls"] {
        let scenario = read(&[line, "restart"]).unwrap();
        assert_eq!(scenario.lines[0].deed.to_string(), line);
    }
    assert_eq!(read(&["crash", "restart"]).unwrap().lines[0].deed, Deed::Crash);
    assert_eq!(read(&["meta revokes A"]), read(&["meta revokes A 190/460"]));
    assert_eq!(read(&["meta fails in 100%"]), read(&["meta fails"]));
    assert_eq!(read(&["journal loses 1 commit"]), read(&["journal loses 1 commits"]));
}

#[test]
fn an_agent_may_be_called_as_a_fault_begins() {
    for name in ["disk", "journal", "actor", "clock", "crash", "power-cut", "graph", "tracker", "token", "admin"] {
        let scenario = read(&[&format!("{name} answers A/c1 \"Until noon.\"")]).unwrap();
        assert!(matches!(&scenario.lines[0].deed, Deed::Agent { by, .. } if by == name), "{name}");
        assert_eq!(Scenario::parse(&scenario.to_string()).map(|again| again.to_string()), Ok(scenario.to_string()));
    }
}

#[test]
fn what_cannot_be_meant_is_told_with_its_column() {
    let told = |lines: &[&str]| read(lines).expect_err("it cannot be meant");
    insta::assert_snapshot!(
        [
            told(&["power-cut"]),
            told(&["power-cut now"]),
            told(&["crash after 0 commits", "restart"]),
            told(&["crash after 3 sneezes", "restart"]),
            told(&["crash before 3 commits", "restart"]),
            told(&["crash after 3 commits"]),
            told(&["power-cut 1", "crash after 3 commits", "restart"]),
            told(&["disk fails after writes"]),
            told(&["disk rattles"]),
            told(&["journal loses commits"]),
            told(&["journal loses 2 things"]),
            told(&["actor A/c2 panics"]),
            told(&["actor A/c1 sings"]),
            told(&["actor A hangs 30s"]),
            told(&["actor A/c1 hangs 0s"]),
            told(&["clock jumps"]),
            told(&["A/c1 floods 0 \"x\""]),
            told(&["A/c1 floods 10001 \"x\""]),
            told(&["meta slows"]),
            told(&["meta fails in 30"]),
            told(&["meta refuses nothing"]),
            told(&["meta loses patience"]),
            told(&["meta refuses A -5"]),
            told(&["meta refuses -5"]),
            told(&["meta refuses A"]),
            told(&["graph slows 40s"]),
            told(&["graph loses answers in 30%"]),
            told(&["graph works"]),
            told(&["token A dies"]),
            told(&["tracker loses"]),
            told(&["meta revokes B"]),
            told(&["meta revokes A 613"]),
            told(&["admin sleeps"]),
            told(&["admin sets fire on"]),
            told(&["admin sets new-task maybe"]),
            told(&["meta delays A 61m"]),
            told(&["meta withholds cash"]),
            told(&["Ada completes A/c2"]),
        ]
        .join("\n")
    );
}
