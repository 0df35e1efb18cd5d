//! Each fault strikes at the depths where it can exist, and no promise is broken by it.

use super::*;

/// A short morning with a place for a fault, and one for its end.
fn morning(fault: &str, end: &str) -> Scenario {
    let line = |at: &str, line: &str| if line.is_empty() { String::new() } else { format!("at {at} {line}\n") };
    let text = format!(
        "title \"A short morning\"\n\
         page A 104000000000017 \"Quayside Bakery\"\n\
         customer A/c1 \"Mara Lindqvist\"\n\
         customer A/c2 \"Jonas Weber\"\n\
         at 0s A/c1 writes \"Are you open on Sunday?\" as question\n\
         {}at 20s A/c1 writes \"And on Monday?\"\n\
         at 20s A happens {{\"kind\":\"policy_enforcement\",\"action\":\"warning\"}}\n\
         at 21s A/c2 writes \"Do you have rye bread?\"\n\
         at 22s Ada answers A/c1 \"From eight to noon.\"\n\
         {}at 2m A/c1 writes \"Thank you!\"\n\
         at 3m Ada answers A/c2 \"On Saturdays.\"\n",
        line("19s", fault),
        line("50s", end),
    );
    Scenario::parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// What a fault comes to, which is an end in peace.
fn hash(fault: &str, end: &str, depth: Depth) -> String {
    let run = play(&morning(fault, end), depth, false);
    assert_eq!(run.verdict, Verdict::Ok, "{fault} at {depth}: {:#?}", run.wrong);
    run.trace_hash
}

/// What a fault is to the two depths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    /// The same, to the byte.
    Both,
    /// It strikes at both, each in its own grain.
    Each,
    /// The core depth knows nothing of it.
    Actors,
}

/// Faults, and what ends each.
const FAULTS: [(&str, &str, At); 39] = [
    ("meta slows 4s", "meta works", At::Both),
    ("meta slows 31s", "meta works", At::Both),
    ("meta fails", "meta works", At::Both),
    ("meta refuses 100/2018001", "meta works", At::Both),
    ("meta refuses 1/1357046", "meta works", At::Both),
    ("meta loses answers", "meta works", At::Both),
    ("meta loses requests", "meta works", At::Both),
    ("meta vanishes", "meta works", At::Both),
    ("meta limits 1m", "meta works", At::Both),
    ("tracker slows 8s", "tracker works", At::Each),
    ("tracker fails", "tracker works", At::Each),
    ("tracker loses answers", "tracker works", At::Each),
    ("meta revokes A", "admin reconnects A", At::Each),
    ("meta restricts A", "meta frees A", At::Both),
    ("meta delays A 20m", "meta hastens A", At::Each),
    ("meta withholds echoes", "meta tells", At::Each),
    ("meta withholds receipts", "meta tells", At::Each),
    ("admin sets guard 2m", "admin sets human-agent on", At::Each),
    ("Ada completes A/c1", "Ada reopens A/c1", At::Each),
    ("Ada trashes A/c1", "Ada purges A/c1", At::Each),
    ("crash", "restart", At::Both),
    ("crash after 1 commits", "restart", At::Each),
    ("crash after 5 commits", "restart", At::Each),
    ("crash after 1 writes", "restart", At::Each),
    ("crash after 7 writes", "restart", At::Each),
    ("crash after 1 calls", "restart", At::Each),
    ("crash after 3 calls", "restart", At::Each),
    ("power-cut 1 after 9 writes", "restart", At::Each),
    ("power-cut 2 after 2 commits", "restart", At::Each),
    ("disk fills", "disk works", At::Each),
    ("disk fails", "disk works", At::Each),
    ("disk fails after 9 writes", "disk works", At::Each),
    ("journal refuses 3 commits", "", At::Both),
    ("journal loses 3 commits", "", At::Both),
    ("journal delays 3 commits", "", At::Both),
    ("actor A/c1 panics", "", At::Both),
    ("actor A panics", "", At::Both),
    ("actor A/c1 hangs 8s", "", At::Both),
    ("clock jumps 40s", "clock jumps back 40s", At::Actors),
];

#[test]
fn every_fault_strikes_at_the_core_depth_where_it_can_exist_there_and_nothing_is_broken() {
    let bare = hash("", "", Depth::Core);
    for (fault, end, at) in FAULTS {
        assert_eq!(hash(fault, end, Depth::Core) != bare, at != At::Actors, "{fault}");
    }
}

#[test]
fn every_fault_strikes_at_the_actors_depth_and_nothing_is_broken() {
    let bare = hash("", "", Depth::Actors);
    for (fault, end, at) in FAULTS {
        let actors = hash(fault, end, Depth::Actors);
        assert_ne!(actors, bare, "{fault}");
        if at == At::Both {
            assert_eq!(actors, hash(fault, end, Depth::Core), "{fault}");
        }
    }
}

#[test]
fn a_clock_that_cannot_be_set_is_told() {
    let run = play(&morning("clock jumps 40s", ""), Depth::Core, false);
    assert_eq!(run.findings, ["line 6: node and world have one clock at this depth: it is not set"]);
}

#[test]
fn what_a_disk_does_not_take_is_answered_with_503_and_taken_when_it_works() {
    for depth in [Depth::Core, Depth::Actors] {
        let run = play(&morning("disk fails", "disk works"), depth, false);
        assert!(run.coverage.count("answers", "503") >= 3, "{depth}: {}", run.coverage);
        assert_eq!(run.coverage.count("faults", "failing-disk"), 1, "{depth}");
    }
}

#[test]
fn a_flood_of_one_conversation_is_taken_whole_and_nobody_waits_for_it() {
    for depth in [Depth::Core, Depth::Actors] {
        let run = play(&morning("A/c1 floods 300 \"Is anybody there?\"", ""), depth, false);
        assert_eq!(run.verdict, Verdict::Ok, "{:#?}", run.wrong);
        assert_eq!(run.coverage.count("items", "message"), 304, "{depth}");
    }
}

#[test]
fn a_disk_that_fails_does_not_end_the_node() {
    // The Page's batch is not taken, and while the journal is closed its actor cannot be started again.
    let run = play(&morning("disk fails after 9 writes", "disk works"), Depth::Actors, false);
    assert_eq!((run.verdict, run.coverage.count("faults", "crash")), (Verdict::Ok, 0), "{:#?}", run.wrong);
}
