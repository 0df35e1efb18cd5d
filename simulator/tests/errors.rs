//! Every error that the table knows has a scenario in `replay-corpus/scenarios/errors`, which says what the agent reads, and
//! the page about them holds the table as it is.

use std::fs;
use std::path::{Path, PathBuf};

use messenger::error_table::{ROWS, Row, Subcode, UNKNOWN, in_words, lookup, markdown};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The scenario of a name, as it is written.
fn scenario(name: &str) -> String {
    let file = root().join("replay-corpus/scenarios/errors").join(name).join("scenario.txt");
    fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{name} has no scenario: {}: {fault}", file.display()))
}

/// Whether Meta answers with this error there.
fn has(scenario: &str, row: &Row) -> bool {
    let code = match row.subcode {
        Subcode::Is(subcode) => (row.code, Some(subcode)),
        Subcode::Absent | Subcode::Any => (row.code, None),
    };
    let answers = [format!("meta refuses A {}", in_words(code)), format!("meta revokes A {}", in_words(code))];
    scenario.lines().any(|line| answers.iter().any(|answer| line.ends_with(answer)))
}

#[test]
fn every_error_has_a_scenario_that_says_what_the_agent_reads() {
    // What says of an open window that it is closed would be a lie of the stand-in: scenarios of the windows tell of it.
    const OF_OPEN_WINDOWS: [i64; 2] = [2_018_065, 2_018_278];
    for row in &ROWS {
        let scenario = scenario(row.name);
        assert!(scenario.starts_with(&format!("# The agent reads: {}\n", row.sentence)), "{}", row.name);
        let is_of_window = matches!(row.subcode, Subcode::Is(subcode) if OF_OPEN_WINDOWS.contains(&subcode));
        assert!(is_of_window || has(&scenario, row), "{}: {}/{:?} does not come", row.name, row.code, row.subcode);
    }
    assert_eq!(lookup((987_654, Some(3))), &UNKNOWN);
    let unknown = scenario(UNKNOWN.name);
    assert!(unknown.starts_with(&format!("# The agent reads: {}\n", UNKNOWN.sentence)));
    assert!(unknown.contains("meta refuses A 987654/3"));
}

#[test]
fn the_page_about_errors_holds_the_table() {
    let file = root().join("docs/howto/errors.md");
    let page = fs::read_to_string(&file).unwrap();
    let (head, _) = page.split_once("| code | name |").expect("the table stands at the end of the page");
    let wanted = format!("{head}{}", markdown());
    if std::env::var("INSTA_UPDATE").is_ok_and(|word| word == "always") {
        return fs::write(&file, wanted).unwrap();
    }
    assert!(
        page == wanted,
        "docs/howto/errors.md is older than the table: cargo xtask bless -p simulator --test errors"
    );
}
