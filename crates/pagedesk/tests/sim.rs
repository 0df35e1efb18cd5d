//! `pagedesk sim` as the real binary: seeds and scenarios played and judged.

mod program;

use std::fs;

use std::path::Path;

use program::run;
use simulator::scenario::Scenario;
use simulator::workload::{self, Profile};
use simulator::world::{Depth, play};

/// What the reader of this test sees at once: the composer is open, the answer leaves.
const WRONGLY_EXPECTED: &str = "title \"A talk\"\npage A 17 \"Bakery\"\npage B 18 \"Bicycles\"\ncustomer A/c1\ncustomer B/c1\n\
    at 0s A/c1 writes \"Hello\" as m1\nat 1s B/c1 writes \"Hello\"\nat 2s meta holds A\nat 3s A/c1 reacts love to m1\n\
    at 4s meta releases A\nat 1m Ada answers A/c1 \"Hello!\"\nat 2m Ada answers B/c1 \"Hello!\"\nat 3m crash\nat 4m restart\n\
    expect refused 1 of A/c1\nexpect tasks 2\n";

#[test]
fn a_seed_prints_the_same_object_each_time() {
    let asked = ["sim", "run", "--seed", "7", "--profile", "calm", "--json"];
    let (once, again) = (run(&asked), run(&asked));
    assert_eq!((once.code, &once.out), (Some(0), &again.out), "{}", once.err);
    let object = once.json();
    assert_eq!((&object["seed"], &object["profile"], &object["depth"]), (&7.into(), &"calm".into(), &"core".into()));
    assert_eq!((&object["verdict"], &object["wrong"]), (&"ok".into(), &serde_json::json!([])));
    assert_eq!(object["trace_hash"].as_str().map(str::len), Some(64));
    assert!(object["coverage"]["items"]["message"].as_u64() > Some(0), "{object}");
}

#[test]
fn a_range_prints_a_line_a_seed_and_one_of_the_two_is_asked_for() {
    let ran = run(&["sim", "run", "--seeds", "0..3", "--profile", "calm"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("seed ")).count(), 3);
    assert!(ran.out.ends_with("3 seeds: every promise was kept\n"), "{}", ran.out);
    assert_eq!(run(&["sim", "run"]).code, Some(2));
    assert_eq!(run(&["sim", "run", "--seed", "1", "--seeds", "0..3"]).code, Some(2));
}

#[test]
fn a_scenario_fells_the_node_and_is_refused_where_it_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("falls.txt").display().to_string();
    let head = "title \"A fall\"\npage A 17 \"Bakery\"\ncustomer A/c1\n";
    fs::write(
        &file,
        format!("{head}at 0s A/c1 writes \"Hello\" as m1\nat 1s crash\nat 2s meta repeats m1\nat 9s restart\n"),
    )
    .unwrap();
    let ran = run(&["sim", "scenario", &file]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("faults    crash 1"), "{}", ran.out);
    fs::write(&file, format!("{head}at 1s crash\n")).unwrap();
    let ran = run(&["sim", "scenario", &file]);
    assert_eq!(ran.code, Some(5), "{}", ran.out);
    assert!(ran.err.contains("4:1: the node is down and never starts again: add `restart` below"), "{}", ran.err);
    fs::write(&file, head).unwrap();
    assert_eq!(run(&["sim", "scenario", &file]).code, Some(4));
}

#[test]
fn one_seed_is_one_hash_in_this_process_and_in_others() {
    for (depth, word) in [(Depth::Core, "core"), (Depth::Actors, "actors")] {
        let here = play(&workload::scenario(4, Profile::Calm), depth, false).trace_hash;
        for _ in 0..2 {
            let there = run(&["sim", "run", "--seed", "4", "--profile", "calm", "--depth", word, "--json"]);
            assert_eq!(there.json()["trace_hash"], here.as_str(), "{}", there.err);
            assert_eq!(there.err, "", "nothing is logged of made-up worlds");
        }
    }
}

#[test]
fn a_run_of_some_steps_plays_so_many_lines_at_most() {
    let steps =
        |asked: &[&str]| run(&[&["sim", "run", "--seed", "5", "--json"], asked].concat()).json()["steps"].clone();
    let whole = steps(&[]).as_u64().unwrap();
    assert!(whole > 20, "{whole}");
    let nothing = run(&["sim", "run", "--seed", "5", "--steps", "0"]);
    assert_eq!(nothing.code, Some(2), "a run of nothing shows nothing: {}", nothing.err);
    let some = steps(&["--steps", "12"]).as_u64().unwrap();
    assert!((8..=12).contains(&some), "{some}");
    assert_eq!(steps(&["--steps", "100000"]), whole);
}

#[test]
fn what_is_expected_and_has_not_come_about_is_a_verdict_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("talk.txt").display().to_string();
    fs::write(&file, WRONGLY_EXPECTED).unwrap();
    for depth in ["core", "actors"] {
        let ran = run(&["sim", "scenario", &file, "--json", "--depth", depth]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        let object = ran.json();
        assert_eq!(object["verdict"], "expectation");
        assert_eq!(object["wrong"], serde_json::json!(["line 15: expected refused 1 of A/c1, found 0"]));
        assert!(ran.err.contains("the least scenario that shows it:"), "{}", ran.err);
    }
}

#[test]
fn a_scenario_that_fails_is_shrunk_to_what_shows_it_and_one_that_does_not_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (file, least) = (path("talk.txt"), path("least.txt"));
    fs::write(&file, WRONGLY_EXPECTED).unwrap();
    let ran = run(&["sim", "shrink", &file, "--out", &least]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "1 of 9 lines is left\n"), "{}", ran.err);
    let text = fs::read_to_string(&least).unwrap();
    assert!(
        text.starts_with("# expectation, at depth core\n# expected refused 1 of A/c1, found 0\n# shrunk from "),
        "{text}"
    );
    let scenario = Scenario::read(Path::new(&least)).unwrap();
    assert_eq!((scenario.pages.len(), scenario.customers.len(), scenario.ends.len()), (1, 1, 1), "{text}");
    assert_eq!(run(&["sim", "scenario", &least]).code, Some(1));
    // Without what is wrongly expected nothing is wrong with it.
    fs::write(&file, WRONGLY_EXPECTED.replace("refused 1", "refused 0")).unwrap();
    let ran = run(&["sim", "shrink", &file]);
    assert_eq!(ran.code, Some(4), "{}", ran.out);
    assert!(ran.err.contains("nothing is wrong with"), "{}", ran.err);
}

#[test]
fn an_exploration_that_finds_nothing_says_where_it_began_and_what_it_met() {
    let ran = run(&["sim", "explore", "--worlds", "6", "--from", "12", "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let object = ran.json();
    assert_eq!((&object["from"], &object["worlds"], &object["found"]), (&12.into(), &6.into(), &().into()));
    assert!(object["coverage"]["faults"]["crash"].as_u64() > Some(0), "{object}");
    // Whoever names no seed gets another one each time.
    let first =
        || run(&["sim", "explore", "--worlds", "1", "--profile", "calm"]).out.lines().next().unwrap().to_owned();
    assert_ne!(first(), first());
    assert_eq!(run(&["sim", "explore"]).code, Some(2));
    let ran = run(&["sim", "explore", "--minutes", "1", "--profile", "loud"]);
    assert!(ran.code == Some(2) && ran.err.contains("`loud` is none of calm, busy, rough"), "{}", ran.err);
}
