//! The table of planted defects in `docs/TESTING.md`, read as what has to be found where.
//!
//! A row is `| code | breaks | in | found as | world | seeds | lines |`. Invariant: whatever the page says is tested.

use std::path::Path;

use sabotage::Defect;
use simulator::workload::Profile;
use simulator::world::Depth;

/// What is wrong in a world with the defect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
    /// This promise.
    Promise(u8),
    /// Something never settles.
    Rest,
}

impl Broken {
    pub(crate) fn promise(self) -> Option<u8> {
        if let Self::Promise(promise) = self { Some(promise) } else { None }
    }
}

/// Where a defect is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// In made-up worlds from seed 0.
    Seeds(Profile),
    /// In a written scenario.
    Script(String),
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) defect: Defect,
    pub(crate) broken: Broken,
    pub(crate) source: Source,
    pub(crate) depth: Depth,
    pub(crate) seeds_max: u64,
    pub(crate) lines_max: usize,
}

/// The rows of the page.
pub(crate) fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/TESTING.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let rows = page.lines().skip_while(|line| !line.starts_with("| switch | breaks | in | found as")).skip(2);
    let rows: Vec<Row> = rows.take_while(|line| line.starts_with('|')).map(row).collect();
    assert!(!rows.is_empty(), "docs/TESTING.md has the table of planted defects");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
    let [code, _breaks, _home, broken, world, seeds, lines] = cells[..] else { panic!("not seven cells: {line}") };
    let (world, depth) = match world.strip_suffix(", actors") {
        Some(world) => (world, Depth::Actors),
        None => (world, Depth::Core),
    };
    let source = match world {
        "calm" => Source::Seeds(Profile::Calm),
        "busy" => Source::Seeds(Profile::Busy),
        "rough" => Source::Seeds(Profile::Rough),
        script => Source::Script(script.to_owned()),
    };
    let broken = match broken.strip_prefix('P') {
        Some(number) => Broken::Promise(number.parse().unwrap_or_else(|_| panic!("no promise: {line}"))),
        None if broken == "liveness" => Broken::Rest,
        None => panic!("found as what? {line}"),
    };
    Row {
        defect: Defect::by_code(code).unwrap_or_else(|| panic!("no such defect: {line}")),
        broken,
        source,
        depth,
        seeds_max: seeds.parse().unwrap_or_else(|_| panic!("no number of seeds: {line}")),
        lines_max: lines.parse().unwrap_or_else(|_| panic!("no number of lines: {line}")),
    }
}
