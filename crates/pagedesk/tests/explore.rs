//! The real binary with a planted defect: `sim explore` finds it, shrinks it, and keeps a scenario that shows it. Built with
//! the feature `sabotage` alone.

mod program;

use std::fs;
use std::path::Path;

use program::run_with;
use simulator::scenario::Scenario;

#[test]
fn what_an_exploration_finds_is_kept_as_a_scenario_that_shows_it_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    let planted = [("PAGEDESK_SABOTAGE", "window-ends-late")];
    let asked = ["sim", "explore", "--worlds", "300", "--from", "0", "--out", &out, "--json"];
    let ran = run_with(&asked, &planted);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let found = &ran.json()["found"];
    let file = found["scenario"].as_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    let name = Path::new(file).parent().unwrap().file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with('p') && name.ends_with("-core"), "{name}");
    assert!(text.starts_with("# safety, at depth core\n# P"), "{text}");
    assert!(Scenario::read(Path::new(file)).unwrap().lines.len() <= 6, "{text}");
    assert_eq!(found["least_steps"], Scenario::read(Path::new(file)).unwrap().lines.len());
    // With the defect it fails, without it does not.
    assert_eq!(run_with(&["sim", "scenario", file], &planted).code, Some(1));
    assert_eq!(run_with(&["sim", "scenario", file], &[]).code, Some(0));
    // Found once more, it is kept beside the first.
    assert_eq!(run_with(&asked, &planted).code, Some(1));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn people_are_told_what_to_type_for_the_same_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    let ran = run_with(
        &["sim", "explore", "--worlds", "300", "--from", "0", "--profile", "busy", "--out", &out],
        &[("PAGEDESK_SABOTAGE", "standby-ignored")],
    );
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    assert!(ran.out.starts_with("from seed 0, profile busy, depth core\n\nseed "), "{}", ran.out);
    assert!(ran.out.contains("\nagain: PAGEDESK_SABOTAGE=standby-ignored pagedesk sim run --seed "), "{}", ran.out);
    assert!(ran.out.contains(" PAGEDESK_SABOTAGE=standby-ignored pagedesk sim scenario /"), "{}", ran.out);
}
