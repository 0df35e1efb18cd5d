//! `pagedesk sim` as the real binary: seeds and scenarios played and judged.

mod program;

use std::fs;

use program::run;

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
