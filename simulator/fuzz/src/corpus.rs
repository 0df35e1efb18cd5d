//! The files of `replay-corpus`: manifests, lines of recordings, traces, scenarios.
//!
//! Holds for any bytes: reading ends in an error that says where, within the text, or in a value that is read back as the
//! same when it is written.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use simulator::play::recording::{
    CustomerOf, DeliveryLine, FactLine, Line as RecordingLine, Lines, Manifest, Unreadable,
};
use simulator::replay::line::{Line, moment, written};
use simulator::replay::told::Told;
use simulator::scenario::Scenario;

/// What a scenario is called where it is a file of the corpus.
pub const SCENARIO: &str = "scenario.txt";
/// The same for a trace.
pub const TRACE: &str = "approved.trace";

/// Checks one input: its first line names a file of a recording, [`TRACE`] or [`SCENARIO`], the others are what stands in it.
///
/// # Panics
/// Where something does not hold.
pub fn check(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (name, body) = (&bytes[..end], &bytes[end + 1..]);
    let text = String::from_utf8_lossy(body);
    match core::str::from_utf8(name) {
        Ok(Manifest::FILE) => manifest(&text),
        Ok(DeliveryLine::FILE) => lines::<DeliveryLine>(body),
        Ok(FactLine::FILE) => lines::<FactLine>(body),
        Ok(CustomerOf::FILE) => lines::<CustomerOf>(body),
        Ok(TRACE) => trace(&text),
        Ok(SCENARIO) => scenario(&text),
        Ok(_) | Err(_) => {}
    }
}

/// Lines of a text, an empty one behind the last newline counted.
fn height(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The line that a fault names, which must be one of the text's.
fn place(fault: &Unreadable, file: &Path, height: usize) -> Option<usize> {
    let Unreadable::Wrong { file: of, line, what } = fault else { panic!("{fault}: nothing was asked about a folder") };
    assert_eq!(of, file, "a fault names another file");
    assert!(!what.is_empty(), "a fault says nothing");
    assert!(line.is_none_or(|line| (1..=height).contains(&line)), "{fault}: there are {height} lines");
    *line
}

fn manifest(text: &str) {
    let file = Path::new(Manifest::FILE);
    match Manifest::parse(file, text) {
        Ok(manifest) => {
            let again = Manifest::parse(file, &manifest.to_text()).expect("it was written a moment ago");
            // Customers stand beside a manifest of the newest format.
            let newest = Manifest { format: again.format, customers: Vec::new(), ..manifest };
            assert_eq!(again, newest, "a manifest was read back as another one");
        }
        Err(fault) => {
            let line = place(&fault, file, height(text.as_bytes()));
            let is_toml = toml::from_str::<toml::Table>(text).is_ok();
            assert!(is_toml || line.is_some(), "{fault}: no line is named");
        }
    }
}

fn lines<T>(bytes: &[u8])
where
    T: RecordingLine + Serialize + DeserializeOwned + PartialEq + core::fmt::Debug,
{
    let file = PathBuf::from(T::FILE);
    let mut lines = Lines::<T>::over(file.clone(), std::io::Cursor::new(bytes.to_vec()));
    let (mut last, mut number) = (None, 0);
    while let Some(line) = lines.next() {
        assert!(lines.number() > number, "a line was read twice");
        number = lines.number();
        match line {
            Ok(line) => {
                assert!(last <= line.at(), "time goes back");
                last = line.at();
                let text = serde_json::to_string(&line).expect("a line is text and numbers");
                assert_eq!(serde_json::from_str::<T>(&text).as_ref().ok(), Some(&line), "a line changed");
            }
            Err(fault) => {
                assert_eq!(place(&fault, &file, height(bytes)), Some(number), "{fault}: another line is named");
                assert!(lines.next().is_none(), "a fault does not end the reading");
            }
        }
    }
}

fn trace(text: &str) {
    match Told::read(text) {
        Ok(told) => {
            let (_people, _names, _begins, _title) = (told.people(), told.names(), told.begins(), told.title());
            let blank = text.lines().filter(|line| line.is_empty()).count();
            let kept = told.head.len() + told.lines.len() + told.summary.len() + 1;
            assert!((kept..=kept + blank).contains(&text.lines().count()), "a line of the trace is gone");
            told.lines.iter().for_each(same_again);
        }
        Err(fault) => {
            let height = height(text.as_bytes());
            assert!((1..=height).contains(&fault.line), "{fault}: there are {height} lines");
        }
    }
}

/// A line of a trace tells the same when it is put together again.
fn same_again(line: &Line) {
    assert_eq!(moment(&written(line.at)), Some(line.at), "{:?}", line.text);
    let columns = line.text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    let again = Line::read(&format!("{columns} {}", line.what())).expect("it is a line");
    assert_eq!((&again.who, again.place, again.at), (&line.who, line.place, line.at));
    assert_eq!(again.pieces, line.pieces, "{:?}", line.text);
    let _ = (line.kind(), line.field("at"), line.texts().count());
}

fn scenario(text: &str) {
    match Scenario::parse(text) {
        Ok(scenario) => {
            let written = scenario.to_string();
            let again = Scenario::parse(&written).map(unnumbered);
            assert_eq!(again, Ok(unnumbered(scenario)), "a scenario was read back as another one:\n{written}");
        }
        Err(misread) => {
            assert!(!misread.told.is_empty(), "nothing is told");
            for told in &misread.told {
                let line = told.split(':').next().and_then(|line| line.parse::<usize>().ok());
                let height = height(text.as_bytes());
                assert!(line.is_some_and(|line| (1..=height).contains(&line)), "{told}: there are {height} lines");
            }
        }
    }
}

/// The numbers of its lines belong to the text, not to the scenario.
fn unnumbered(mut scenario: Scenario) -> Scenario {
    scenario.lines.iter_mut().for_each(|line| line.number = 0);
    scenario.ends.iter_mut().for_each(|ending| ending.number = 0);
    scenario
}
