//! Scenarios for what made-up traffic does not meet: sends that Meta refuses or whose answer is lost, and a flood.
//!
//! Invariant: without a defect each keeps every promise.

use simulator::scenario::Scenario;

const HEAD: &str = "title \"For a planted defect\"\npage A 104000000000017 \"Quayside Bakery\"\n\
    customer A/c1 \"Mara Lindqvist\"\ncustomer A/c2 \"Jonas Weber\"\n";

/// Two customers wrote, and each gets an answer at a time of its own.
const ANSWERS: &str = "at 0s A/c1 writes \"Are you open?\"\nat 1s A/c2 writes \"And tomorrow?\"\n";

/// All of them.
const NAMES: [&str; 11] = [
    "refused token",
    "refused twice",
    "refused once",
    "lost answer",
    "edge of a window",
    "refused after an ad",
    "late try",
    "reactions backwards",
    "comment read twice",
    "fall between two",
    "flood",
];

/// Items of a flood.
const FLOOD: usize = 120;

/// The scenario of this name.
pub(crate) fn read(name: &str) -> Scenario {
    let lines = match name {
        "refused token" => format!(
            "{ANSWERS}at 1m meta refuses A 190\nat 2m Ada answers A/c1 \"Until noon.\"\n\
            at 3m A/c1 writes \"Thank you!\"\nat 4m A/c2 writes \"Hello?\"\nat 10m Ada answers A/c2 \"Yes.\"\n"
        ),
        "refused twice" => format!(
            "{ANSWERS}at 1m meta refuses A 613\nat 1m Ada answers A/c1 \"Until noon.\"\n\
            at 1m1s meta refuses A 100/2018001\nat 1m2s Ada answers A/c2 \"Too.\"\nat 20m meta accepts A\n"
        ),
        "refused once" => {
            format!("{ANSWERS}at 1m meta refuses A 100/2018001\nat 2m Ada answers A/c1 \"Until noon.\"\n")
        }
        "lost answer" => format!("{ANSWERS}at 1m meta loses A\nat 2m Ada answers A/c1 \"Until noon.\"\n"),
        "edge of a window" => {
            "at 0s A/c1 writes \"Are you open?\"\nat 23h59m Ada answers A/c1 \"Until noon.\"\n".to_owned()
        }
        "refused after an ad" => {
            "begins 2026-10-05T08:00:00Z\nhuman-agent on\nat 0s A/c1 enters by ad \"6001\"\nat 1m A/c1 writes \"Are you open?\"\n\
            at 2d meta refuses 10/2018278\nat 2d Ada answers A/c1 \"Until noon.\"\nat 2d+20ms meta works\n"
                .to_owned()
        }
        "late try" => "at 0s A/c1 writes \"Are you open?\"\nat 23h meta refuses A 613\n\
            at 23h58m58s Ada answers A/c1 \"Until noon.\"\nat 25h meta accepts A\n"
            .to_owned(),
        "reactions backwards" => "at 0s A/c1 writes \"Are you open?\" as m1\nat 1s meta holds A\n\
            at 2s A/c1 reacts love to m1\nat 9s A/c1 unreacts love from m1\nat 20s meta releases A reversed\n"
            .to_owned(),
        "comment read twice" => {
            format!("{ANSWERS}at 2m crash after 1 commits\nat 2m Ada answers A/c1 \"Until noon.\"\nat 3m restart\n")
        }
        "fall between two" => "at 1m crash after 1 commits\nat 1m A/c1 writes \"Are you open?\"\n\
            at 1m A/c1 writes \"Hello?\"\nat 2m restart\n"
            .to_owned(),
        // The first lets the node look how fast they come from then on; the last falls into the flood.
        "flood" => format!(
            "at 10s A/c2 writes \"Hello?\"\nat 10s20ms A/c1 floods {FLOOD} \"Hello?\"\n\
            at 10s60ms A/c2 writes \"Are you open?\"\nat 10s80ms A/c1 writes \"Hello?\"\n"
        ),
        other => panic!("no script is called {other}"),
    };
    Scenario::parse(&format!("{HEAD}{lines}")).expect("a scenario")
}

#[test]
fn without_a_defect_every_script_keeps_every_promise() {
    use simulator::world::{Depth, Verdict, run};
    for name in NAMES {
        for depth in [Depth::Core, Depth::Actors] {
            let run = run(&read(name), depth);
            assert_eq!(run.verdict, Verdict::Ok, "{name} at {depth}: {:?} {:?}", run.wrong, run.findings);
        }
    }
}
