//! The replay of a long recording as the shipped program does it: `pagedesk replay --depth core`, against the approved
//! trace in the recording's folder.
//!
//! The recording is written as an export writes it; the trace is approved by the program itself. Each run is a process
//! of its own. Invariant: a run whose exit code is not the expected one is no measurement.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use model::AppId;
use simulator::play::recording::{DeliveryLine, Expected, FORMAT, Manifest, PageOf, Provenance, Recording};

use super::figures::{Replayed, Watch};
use super::floor;
use super::messages::{APP, Load};
use crate::bench::figures::{float, rounded, tenths};

/// The approved trace of a recording.
const APPROVED: &str = "approved.trace";
/// Bodies that the floor is measured with.
const FLOOR: u64 = 200_000;

/// Measures in this folder; `says` hears what comes now.
pub(super) fn measure(load: Load, dir: &Path, says: &dyn Fn(&str)) -> anyhow::Result<Replayed> {
    says("writing the recording");
    write(load, dir)?;
    let floor = floor::per_second(&Load { messages: load.messages.min(FLOOR), ..load }.all());
    says("approving its trace");
    run(dir, &["--approve"], 0)?;
    says("as approved");
    let same = run(dir, &[], 0)?;
    let trace_lines = alter(&dir.join(APPROVED))?;
    says("otherwise than approved");
    let differing = run(dir, &[], 1)?;
    let floor_s = float(load.messages) / floor;
    let bytes = fs::metadata(dir.join(Recording::DELIVERIES)).context("the recording lies there")?.len();
    Ok(Replayed {
        deliveries: load.messages,
        conversations: load.conversations,
        recording_mib: tenths(bytes >> 10),
        trace_lines,
        same_s: same.seconds,
        same_peak_rss_mib: same.peak_rss_mib,
        differing_s: differing.seconds,
        differing_peak_rss_mib: differing.peak_rss_mib,
        floor_s: rounded(floor_s),
        times_floor: rounded(same.seconds / floor_s),
    })
}

fn write(load: Load, dir: &Path) -> anyhow::Result<()> {
    let manifest = Manifest {
        format: FORMAT,
        title: "A long recording".to_owned(),
        provenance: Provenance::Synthetic,
        app_id: AppId::new(APP),
        human_agent: false,
        effective_from: policy::Calendar::default(),
        filter: None,
        pages: vec![PageOf { id: load.page(), name: "Quayside Bakery".to_owned() }],
        customers: Vec::new(),
        parts: Vec::new(),
        expected: Expected { deliveries: Some(load.messages), ..Expected::default() },
    };
    fs::write(dir.join(Manifest::FILE), manifest.to_text()).context("a manifest can be written")?;
    let file = File::create(dir.join(Recording::DELIVERIES)).context("a recording can be written")?;
    let mut file = BufWriter::new(file);
    for nth in 0..load.messages {
        let posted = load.posted(nth);
        serde_json::to_writer(&mut file, &DeliveryLine { at: posted.at, body: posted.body })?;
        file.write_all(b"\n")?;
    }
    file.flush().context("a recording can be written")
}

/// Says of one task in the approved trace that it has another number. How many lines there are.
fn alter(path: &Path) -> anyhow::Result<u64> {
    let trace = fs::read_to_string(path).context("a trace was approved")?;
    let altered = trace.replacen(" task=1", " task=2", 1);
    ensure!(altered != trace, "the trace names no task");
    fs::write(path, altered).context("the trace can be written")?;
    Ok(trace.lines().count() as u64)
}

/// A run of the program.
struct Ran {
    seconds: f64,
    peak_rss_mib: f64,
}

fn run(dir: &Path, more: &[&str], expected: i32) -> anyhow::Result<Ran> {
    let gauge = dir.with_extension("gauge");
    let mut program = Command::new(std::env::current_exe().context("where this program lies")?);
    program.arg("pagedesk").arg(&gauge).args(["replay", "--depth", "core"]).args(more).arg(dir);
    let watch = Watch::start();
    let ran = program.stdin(Stdio::null()).output().context("pagedesk runs")?;
    let seconds = rounded(watch.seconds());
    let told = || String::from_utf8_lossy(&ran.stdout).chars().take(2_000).collect::<String>();
    ensure!(ran.status.code() == Some(expected), "replay {more:?} ended with {}: {}", ran.status, told());
    let peak = fs::read_to_string(&gauge).context("it tells its memory")?;
    Ok(Ran { seconds, peak_rss_mib: peak.parse().context("a number")? })
}
