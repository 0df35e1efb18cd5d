//! What is printed: one JSON object, or tables for people. Targets are named beside the figures; nothing is judged.

use serde::Serialize;

use super::figures::Figures;
use super::ingest::Ingest;
use super::known::{Known, Start};
use super::restart::Restart;

/// Prints one line.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn line(text: &str) {
    println!("{text}");
}

/// One JSON object.
pub(crate) fn json(report: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(report)?);
    Ok(())
}

fn machine(of: &super::gauge::Machine) {
    line(&format!(
        "{} × {}, {} MiB, Linux {}, fdatasync p50 {} ms p99 {} ms, {} build",
        of.cores, of.cpu, of.memory_mib, of.kernel, of.fdatasync_p50_ms, of.fdatasync_p99_ms, of.build
    ));
}

/// Bare, floor and node.
pub(crate) fn ingest(report: &Ingest) {
    machine(&report.machine);
    for run in &report.runs {
        line(&format!("\n{} connections", run.connections));
        line("          msgs/s   p50 ms   p99 ms  worst ms  CPU ms/msg  disk B/msg  peak MiB  not 200");
        row("bare", &run.bare);
        row("floor", &run.floor);
        row("node", &run.node);
        line(&format!("floor/bare {:.3} (at least 0.6)", run.floor_vs_bare));
        line(&format!("node/floor {:.3} (at least 0.5), rounds {:?}", run.ratio, run.ratio_of_rounds));
        line(&format!("p99 {:.2} × the floor's (below 5)", run.p99_ratio));
        line(&format!(
            "ingest {:.2} s, every conversation has its task after {:.2} s = {:.2} × (at most 2), every message worked off \
             after {:.2} s = {:.2} ×, read models after {:.2} s",
            run.ingest_s, run.tasks_s, run.tasks_ratio, run.worked_off_s, run.worked_off_ratio, run.view_s
        ));
    }
}

fn row(name: &str, figures: &Figures) {
    let f = figures;
    line(&format!(
        "{name:6} {:9.0} {:8.2} {:8.2} {:9.1} {:11.4} {:11.0} {:9.1} {:8}",
        f.msgs_per_s, f.p50_ms, f.p99_ms, f.worst_ms, f.cpu_ms_per_msg, f.disk_bytes_per_msg, f.peak_rss_mib, f.not_200
    ));
}

fn start(what: &str, start: &Start, target: &str) {
    line(&format!(
        "{what}: listening after {:.3} s, first delivery accepted after {:.3} s, ready after {:.3} s ({target})",
        start.listening_s, start.first_accepted_s, start.ready_s
    ));
}

/// A million known conversations.
pub(crate) fn known(report: &Known) {
    machine(&report.machine);
    let cache = if report.cold { "cold" } else { "warm" };
    line(&format!("{} known conversations, {cache} page cache", report.filled.conversations));
    start("start", &report.start, "under 3 s");
    line(&format!("memory after the start {} MiB (at most 600)", report.rss_mib_after_start));
    line(&format!(
        "{} messages to conversations drawn at random: {:.0} msgs/s, p99 {} ms, worked off after {:.2} s",
        report.messages, report.load.msgs_per_s, report.load.p99_ms, report.worked_off_s
    ));
    line(&format!(
        "memory then {} MiB, at most {} MiB (at most 600)",
        report.rss_mib_after_load, report.load.peak_rss_mib
    ));
    line(&format!("{} conversations resident (at most {})", report.resident, report.resident_max));
}

/// Starts after a kill and after an orderly end.
pub(crate) fn restart(report: &Restart) {
    machine(&report.machine);
    let (filled, cache) = (&report.filled, if report.cold { "cold" } else { "warm" });
    line(&format!("{} conversations, {} records, {cache} page cache", filled.conversations, filled.records));
    start("first start", &report.first, "under 1 s");
    line(&format!(
        "killed under load: {} acknowledged, {} deliveries not done at the restart",
        report.acknowledged, report.unfinished_at_restart
    ));
    start("after kill -9", &report.after_kill, "under 1 s");
    line(&format!("worked off {:.2} s after that start, memory then {} MiB", report.worked_off_s, report.rss_mib));
    line(&format!("stopped in order within {:.2} s", report.stop_s));
    start("after that", &report.after_stop, "under 1 s");
}
