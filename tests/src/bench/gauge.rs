//! What a process has used, read from outside in `/proc`, and what machine this is.
//!
//! Processor time comes in ticks of 10 ms (`stat`), memory as the kernel's high-water mark (`VmHWM`), bytes written as
//! the kernel accounts them when a page is dirtied for the disk (`write_bytes` of `io`): a page that is written, synced
//! and written again counts twice, as it does on the device.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::clock;
use super::figures::{percentile, rounded};

/// Milliseconds of a tick; Linux has reported 100 ticks a second to programs on every architecture for twenty years.
const TICK_MS: u64 = 10;

/// What a process has used since it began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Milliseconds on a processor, all threads, user and system.
    pub(crate) cpu_ms: u64,
    /// Bytes given to the disk.
    pub(crate) disk_bytes: u64,
    /// KiB in memory now.
    pub(crate) rss_kib: u64,
    /// KiB in memory at most.
    pub(crate) peak_rss_kib: u64,
}

impl Usage {
    /// Reads it.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            fs::read_to_string(&path).with_context(|| path)
        };
        let stat = read("stat")?;
        // The name in parentheses may hold anything; the fields after it are numbers.
        let fields: Vec<&str> = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
        let ticks = |nth: usize| fields.get(nth).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let (status, io) = (read("status")?, read("io")?);
        Ok(Self {
            cpu_ms: (ticks(11) + ticks(12)) * TICK_MS,
            disk_bytes: number(&io, "write_bytes:"),
            rss_kib: number(&status, "VmRSS:"),
            peak_rss_kib: number(&status, "VmHWM:"),
        })
    }
}

/// The number behind a name at the start of a line; 0 where there is none.
fn number(text: &str, name: &str) -> u64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(name));
    rest.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What a figure was taken on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) cpu: String,
    /// Processors this program may use.
    pub(crate) cores: usize,
    /// MiB of memory.
    pub(crate) memory_mib: u64,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// Appending 4 KiB and syncing it, the median of 200 times, in milliseconds.
    pub(crate) fdatasync_p50_ms: f64,
    /// The same, 99 of 100 times.
    pub(crate) fdatasync_p99_ms: f64,
    /// `release`, or `unoptimised`: then the figures mean nothing.
    pub(crate) build: &'static str,
}

impl Machine {
    /// This one; the disk is that of `dir`.
    pub(crate) fn this(dir: &Path) -> anyhow::Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let syncs = syncs(dir)?;
        Ok(Self {
            cpu: cpu.map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: number(&meminfo, "MemTotal:") / 1024,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            fdatasync_p50_ms: rounded(percentile(&syncs, 50) / 1e3),
            fdatasync_p99_ms: rounded(percentile(&syncs, 99) / 1e3),
            build: if cfg!(debug_assertions) { "unoptimised" } else { "release" },
        })
    }
}

/// Microseconds of 200 syncs of a growing file, in order of length.
fn syncs(dir: &Path) -> anyhow::Result<Vec<u32>> {
    let path = dir.join("sync-probe");
    let mut file = File::create(&path).context("a file to sync")?;
    let mut took = Vec::with_capacity(200);
    for _ in 0..200 {
        let start = clock::instant();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).context("a sync")?;
        took.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    fs::remove_file(&path).context("the probe's file goes")?;
    took.sort_unstable();
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_sees_its_own_use() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.rss_kib > 0 && usage.peak_rss_kib >= usage.rss_kib, "{usage:?}");
    }
}
