//! What a fuzzer begins with, one list of inputs for each target: what lies in `replay-corpus`, taken apart, and where that
//! holds nothing of the sort, what the program itself prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use model::MachineId;
use serde_json::Value;
use simulator::journals::{self, Kept};
use simulator::play::recording::{DeliveryLine, FactLine, Line as _, Manifest};

use crate::codec::{HALF, ROW};
use crate::corpus::{SCENARIO, TRACE};

/// All targets.
pub const TARGETS: [&str; 5] = ["codec", "configuration", "corpus", "delivery", "policy"];

/// So many lines of a long file; a fuzzer works best with short inputs.
const LINES_MAX: usize = 24;

/// The seeds of a target, from the corpus in `replay-corpus`.
///
/// # Errors
/// There is no such target, or the corpus cannot be read.
pub fn of(target: &str, corpus: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    match target {
        "codec" => stored(corpus),
        "configuration" => Ok(configurations()),
        "corpus" => files(corpus),
        "delivery" => bodies(&corpus.join("recordings")),
        "policy" => Ok(cases()),
        _ => anyhow::bail!("{target:?} is no target: name one of {}", TARGETS.join(", ")),
    }
}

/// `replay-corpus` of this repository.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-corpus")
}

/// A few questions for the policy; the fuzzer finds the others.
fn cases() -> Vec<Vec<u8>> {
    (0..64).map(|number| crate::policy::bytes(1, number).to_vec()).collect()
}

/// The bodies of all recordings below a folder, each as it came.
fn bodies(recordings: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut bodies = Vec::new();
    for folder in folders(recordings)? {
        let path = folder.join(DeliveryLine::FILE);
        if !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_str(line).with_context(|| path.display().to_string())?;
            let body = line["body"].as_str().with_context(|| format!("{}: a line without body", path.display()))?;
            bodies.push(body.as_bytes().to_vec());
        }
    }
    anyhow::ensure!(!bodies.is_empty(), "{} holds no recording", recordings.display());
    Ok(bodies)
}

/// Rows as they lie in the journals that are kept, their records opened, snapshots, and a half of an inbox.
fn stored(corpus: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = vec![half()];
    for folder in folders(&corpus.join("journals"))? {
        let Kept { rows, records } = journals::kept(&folder)?;
        anyhow::ensure!(rows.iter().all(|row| row.first() == Some(&ROW)), "a row of another layout");
        seeds.extend(rows);
        let mut lives: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (id, record) in records {
            let machine = match &id {
                MachineId::Account(_) => "account",
                MachineId::Page(_) => "page",
                MachineId::Conversation(..) => "conversation",
            };
            let line =
                [format!("{machine} {} {} ", record.kind, record.version).as_bytes(), &record.body, b"\n"].concat();
            seeds.push(line.clone());
            lives.entry(id.to_string()).or_default().extend(line);
        }
        seeds.extend(lives.into_values());
    }
    Ok(seeds)
}

/// The head of a half and two frames; checksums are put right by the check.
fn half() -> Vec<u8> {
    let frame = |seq: u64, body: &[u8]| {
        let length = u32::try_from(body.len()).expect("it is short");
        let head = [&b"\0pdF"[..], &[0; 4], &seq.to_le_bytes(), &[0; 8], &length.to_le_bytes(), &[0; 4], body].concat();
        let padding = head.len().next_multiple_of(8) - head.len();
        [head, vec![0; padding]].concat()
    };
    [&[HALF][..], b"pdH", &[0; 4], &3_u64.to_le_bytes(), &[0; 8], &frame(1, b"{}"), &frame(2, b"{\"object\":\"page\"}")]
        .concat()
}

/// The files of the corpus, each with its name on the line before it; of long ones the beginning.
fn files(corpus: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for part in ["recordings", "regressions", "scenarios"] {
        for folder in folders(&corpus.join(part))? {
            for name in [Manifest::FILE, DeliveryLine::FILE, FactLine::FILE, TRACE, SCENARIO, "script.txt"] {
                let path = folder.join(name);
                if !path.is_file() {
                    continue;
                }
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                let name = if name == "script.txt" { SCENARIO } else { name };
                seeds.push(format!("{name}\n{}", beginning(name, &text)).into_bytes());
            }
        }
    }
    Ok(seeds)
}

/// A file's beginning; of a trace the head, some lines and the summary, without which it is none.
fn beginning(name: &str, text: &str) -> String {
    let first = |text: &str| text.lines().take(LINES_MAX).map(|line| format!("{line}\n")).collect::<String>();
    match text.split_once("\nsummary\n").filter(|_| name == TRACE) {
        Some((before, summary)) => format!("{}summary\n{}", first(before), first(summary)),
        None => first(text),
    }
}

/// The example that the program prints, whole and by sections, and what it shows of a small file.
fn configurations() -> Vec<Vec<u8>> {
    let example = pagedesk::config::example();
    // What stands as a comment is a setting all the same.
    let whole: String = example.lines().map(|line| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n").collect();
    let mut seeds: Vec<Vec<u8>> = example.split("\n\n").map(|section| section.as_bytes().to_vec()).collect();
    seeds.extend([example.into_bytes(), whole.into_bytes(), SMALL.as_bytes().to_vec()]);
    seeds.push([BESIDE.as_bytes(), SMALL.as_bytes()].concat());
    seeds.push(SMALL.replace("Quayside", STRANGE).into_bytes());
    seeds
}

/// A configuration without faults.
pub const SMALL: &str = r#"[store]
dir = "state"
[meta]
app_id = "990017"
app_secrets = ["s3cret-one-of-two", "s3cret-two-of-two"]
verify_tokens = ["v3rify"]
[[page]]
id = "104000000000017"
name = "Quayside Bakery"
token = "t0ken"
"#;

/// A name may hold what is not seen, what joins with the letter before it, and what means something in a file.
const STRANGE: &str = "\u{301}Quay\u{200b}side \\\"x\\\" \\\\ # = \u{1f6b2}";

/// What may be said beside it.
const BESIDE: &str = "--set listen.desk=127.0.0.1:9\n--set account.gather=1h30m\nPAGEDESK__DESK__AGENT_NAME=Ida\n";

fn folders(of: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(of).with_context(|| of.display().to_string())?;
    let mut folders = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}
