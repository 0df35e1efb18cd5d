//! What is printed: one JSON object, or a table for people with each aim beside its figure. Nothing is judged.

use serde::Serialize;

use super::figures::{Rate, Replayed, Year};
use crate::bench::gauge::Machine;

/// Everything that was measured; a part that was not asked for is missing.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    bench: &'static str,
    /// What it was measured on.
    pub(super) machine: Machine,
    /// Of how many rounds the figures are medians; the replay is measured once.
    pub(super) rounds: u64,
    /// Decide and evolve alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) machine_alone: Option<Rate>,
    /// Core depth with parser, codec, journal, hash and oracle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) core: Option<Rate>,
    /// The same with the readable trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace: Option<Rate>,
    /// The actors with redb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actors: Option<Rate>,
    /// The same, one message after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) one_by_one: Option<Rate>,
    /// A long recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replay: Option<Replayed>,
    /// A virtual year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) year: Option<Year>,
}

impl Report {
    /// Nothing was measured yet.
    pub(super) fn new(machine: Machine, rounds: u64) -> Self {
        Self {
            bench: "sim",
            machine,
            rounds,
            machine_alone: None,
            core: None,
            trace: None,
            actors: None,
            one_by_one: None,
            replay: None,
            year: None,
        }
    }
}

/// Prints it.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
pub(super) fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{}", table(report));
    }
    Ok(())
}

/// For people.
fn table(report: &Report) -> String {
    let of = &report.machine;
    let mut lines = vec![format!(
        "{} × {}, {} MiB, Linux {}, {} build, medians of {} rounds",
        of.cores, of.cpu, of.memory_mib, of.kernel, of.build, report.rounds
    )];
    let rates = [
        ("decide + evolve alone", report.machine_alone, "500,000"),
        ("core depth, hash and oracle", report.core, "50,000"),
        ("  with the readable trace", report.trace, "50,000"),
        ("actors with redb", report.actors, "5,000"),
        ("  one message at a time", report.one_by_one, ""),
    ];
    if rates.iter().any(|(_, rate, _)| rate.is_some()) {
        lines.push(String::new());
        lines.push(format!(
            "{:<28}{:>12}{:>10}{:>11}{:>11}{:>8}{:>8}{:>9}{:>10}",
            "", "inbounds/s", "at least", "events/s", "floor/s", "ratio", "CPU µs", "oracle %", "peak MiB"
        ));
    }
    for (name, rate, aim) in rates {
        lines.extend(rate.map(|rate| row(name, &rate, aim)));
    }
    lines.extend(report.replay.iter().flat_map(replayed));
    lines.extend(report.year.iter().flat_map(year));
    lines.join("\n") + "\n"
}

fn row(name: &str, rate: &Rate, aim: &str) -> String {
    format!(
        "{name:<28}{:>12.0}{aim:>10}{:>11.0}{:>11.0}{:>8.3}{:>8.1}{:>9.1}{:>10.1}",
        rate.inbounds_per_s,
        rate.events_per_s,
        rate.floor_per_s,
        rate.ratio,
        rate.cpu_us_per_inbound,
        rate.oracle_percent,
        rate.peak_rss_mib
    )
}

fn replayed(of: &Replayed) -> [String; 4] {
    [
        format!(
            "\nreplay of {} deliveries of {} conversations ({} MiB, a trace of {} lines)",
            of.deliveries, of.conversations, of.recording_mib, of.trace_lines
        ),
        format!("  as approved         {:>8.2} s (below 60 s), peak {} MiB", of.same_s, of.same_peak_rss_mib),
        format!("  one line differs    {:>8.2} s, peak {} MiB", of.differing_s, of.differing_peak_rss_mib),
        format!("  floor               {:>8.2} s, replay {:.1} ×", of.floor_s, of.times_floor),
    ]
}

fn year(of: &Year) -> [String; 2] {
    [
        format!(
            "\na virtual year with {} new conversations a month: {} lines, {} deliveries, {} events",
            of.conversations_a_month, of.lines, of.deliveries, of.events
        ),
        format!(
            "  played and judged   {:>8.2} s (below 10 s), {:.2} s of CPU, made in {:.2} s, peak {} MiB",
            of.year_s, of.cpu_s, of.made_s, of.peak_rss_mib
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invented() -> Report {
        let machine = Machine {
            cpu: "A Processor 9000".to_owned(),
            cores: 3,
            memory_mib: 12_345,
            kernel: "6.0".to_owned(),
            fdatasync_p50_ms: 0.25,
            fdatasync_p99_ms: 0.5,
            build: "release",
        };
        let rate = |inbounds_per_s: f64| Rate {
            inbounds: 1_000,
            events: 2_500,
            inbounds_per_s,
            events_per_s: inbounds_per_s * 2.5,
            floor_per_s: 400_000.0,
            ratio: inbounds_per_s / 400_000.0,
            cpu_us_per_inbound: 16.5,
            oracle_percent: 12.5,
            peak_rss_mib: 77.7,
        };
        Report {
            machine_alone: Some(rate(700_000.0)),
            core: Some(rate(60_000.0)),
            trace: Some(rate(50_000.0)),
            actors: Some(Rate { oracle_percent: 0.0, ..rate(6_000.0) }),
            one_by_one: Some(Rate { oracle_percent: 0.0, ..rate(2_000.0) }),
            replay: Some(Replayed {
                deliveries: 1_000_000,
                conversations: 10_000,
                recording_mib: 432.1,
                trace_lines: 5_000_000,
                same_s: 44.25,
                same_peak_rss_mib: 1_234.5,
                differing_s: 66.75,
                differing_peak_rss_mib: 2_345.6,
                floor_s: 2.5,
                times_floor: 17.7,
            }),
            year: Some(Year {
                conversations_a_month: 1_000,
                lines: 150_000,
                deliveries: 200_000,
                events: 500_000,
                made_s: 0.5,
                year_s: 8.25,
                cpu_s: 8.0,
                peak_rss_mib: 321.0,
            }),
            ..Report::new(machine, 3)
        }
    }

    #[test]
    fn a_person_sees_each_figure_beside_its_aim() {
        insta::assert_snapshot!(table(&invented()));
    }

    #[test]
    fn a_program_reads_every_figure_by_its_name() {
        insta::assert_json_snapshot!(invented());
    }

    #[test]
    fn what_was_not_asked_for_is_missing() {
        let year = invented().year;
        let report = Report { year, ..Report::new(invented().machine, 1) };
        let told = table(&report);
        assert!(told.contains("virtual year") && !told.contains("inbounds/s") && !told.contains("replay"), "{told}");
        let fields = serde_json::to_value(&report).unwrap();
        assert!(fields.get("replay").is_none() && fields.get("year").is_some(), "{fields:#}");
    }
}
