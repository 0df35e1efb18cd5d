//! The configuration: a file's text, and what is said beside it with `--set` and in the environment.
//!
//! Holds for any text: reading ends in faults, each with a place that is there, or in a configuration; and what is shown
//! of that one, put into a file with its secrets filled in, is read as the same configuration and shown as the same.

use std::path::Path;

use pagedesk::config::{Loaded, Outside, Place, read};

/// Where the text is said to stand; nothing is there.
const FILE: &str = "/nowhere/pagedesk.toml";
/// Stands for a secret where a configuration is shown.
const MASK: &str = "\"********\"";
/// A secret that is long enough for every place.
const SECRET: &str = "\"0123456789abcdef0123456789abcdef\"";
/// What `pagedesk agent hash` prints for a password.
const HASH: &str =
    "\"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$GpFXDXZo0ZJKJ8tGvKFYYXk4cNvBG7vSAIJjJ4hT8C0\"";

/// Checks one input: lines `--set KEY=VALUE` and `PAGEDESK__SECTION__KEY=VALUE`, and from the first other line on the text
/// of a file.
///
/// # Panics
/// Where something does not hold.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (outside, text) = apart(&text);
    match read(Path::new(FILE), text, &outside) {
        Ok(loaded) => same_again(&loaded),
        Err(faults) => {
            assert!(!faults.is_empty(), "there is neither a configuration nor a fault");
            faults.iter().for_each(|fault| placed(&fault.place, text));
            assert!(faults.iter().all(|fault| !fault.what.is_empty()), "a fault says nothing");
        }
    }
}

/// What is said beside the file, and the file's text.
fn apart(mut text: &str) -> (Outside, &str) {
    let mut outside = Outside::default();
    while let Some((line, rest)) = text.split_once('\n') {
        let flag = line.strip_prefix("--set ").and_then(|said| said.split_once('='));
        let variable = line.split_once('=').filter(|(name, _)| name.starts_with("PAGEDESK__"));
        if let Some((key, value)) = flag {
            outside.flags.push((key.to_owned(), value.to_owned()));
        } else if let Some((name, value)) = variable {
            outside.environment.insert(name.to_owned(), value.to_owned());
        } else {
            break;
        }
        text = rest;
    }
    (outside, text)
}

/// A line that a fault names is one of the file's.
fn placed(place: &Place, text: &str) {
    match place {
        Place::Line(file, line) => {
            let height = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
            assert_eq!(file, Path::new(FILE));
            assert!((1..=height).contains(line), "line {line} of {height}");
        }
        Place::File(file) => assert_eq!(file, Path::new(FILE)),
        Place::Variable(name) => assert!(name.starts_with("PAGEDESK__"), "{name}"),
        Place::Flag(key) => assert!(!key.is_empty()),
        Place::Default => {}
    }
}

fn same_again(loaded: &Loaded) {
    let shown = filled(&loaded.effective);
    let again = match read(Path::new(FILE), &shown, &Outside::default()) {
        Ok(again) => again,
        Err(faults) => {
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            panic!("what is shown is no configuration: {}\n{shown}", told.join("\n"));
        }
    };
    assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config), "another configuration:\n{shown}");
    assert_eq!(values(&filled(&again.effective)), values(&shown), "it is shown as another one");
}

/// What is shown, with a secret in place of each mask.
fn filled(shown: &str) -> String {
    let fill = |line: &str| match line.split_once(" = ") {
        Some(("password_hash", _)) => line.replacen(MASK, HASH, 1),
        Some(("api_token" | "app_secrets" | "verify_tokens" | "token", _)) => line.replace(MASK, SECRET),
        Some(_) | None => line.to_owned(),
    };
    shown.lines().map(|line| fill(line) + "\n").collect()
}

/// The values of a configuration that was shown, without where they come from.
fn values(shown: &str) -> toml::Table {
    shown.parse().expect("it was read a moment ago")
}
