//! The bench runs and prints what it promises. Its figures are judged nowhere: speed is a matter of docs/BENCHMARKS.md.

use std::process::Command;

use serde_json::Value;

const INGEST: &str = env!("CARGO_BIN_EXE_bench-ingest");
const SIM: &str = env!("CARGO_BIN_EXE_bench-sim");

/// Runs a bench with little to do and reads its one JSON object.
fn measured(bench: &str, arguments: &[&str]) -> Value {
    let ran = Command::new(bench).arg("--json").args(arguments).output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{}\n{out}\n{err}", ran.status);
    serde_json::from_str(&out).expect("one JSON object")
}

fn is_positive(report: &Value, pointer: &str) {
    let value = report.pointer(pointer).and_then(Value::as_f64);
    assert!(value.is_some_and(|value| value > 0.0), "{pointer} in {report:#}");
}

#[test]
fn the_ingest_bench_answers_everything_200_works_it_off_and_prints_its_figures() {
    let report = measured(INGEST, &["--messages", "2000", "--rounds", "1", "--connections", "8,16"]);
    assert_eq!(report["bench"], "ingest");
    assert_eq!((&report["not_200"], &report["worked_off"]), (&Value::from(0), &Value::from(true)));
    for server in ["/floor", "/node", "/runs/0/bare", "/runs/0/floor", "/runs/1/node"] {
        for figure in ["msgs_per_s", "p50_ms", "p99_ms", "peak_rss_mib"] {
            is_positive(&report, &format!("{server}/{figure}"));
        }
    }
    for figure in
        ["/ratio", "/floor_vs_bare", "/worked_off_s", "/ingest_s", "/node/disk_bytes_per_msg", "/machine/cores"]
    {
        is_positive(&report, figure);
    }
    assert_eq!(report["settings"]["profiles"], false);
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_bench_of_known_conversations_prepares_a_store_and_starts_a_node_on_it() {
    let report = measured(INGEST, &["--known", "300", "--messages", "200", "--pages", "3"]);
    assert_eq!((&report["filled"]["records"], &report["worked_off"]), (&Value::from(1_200), &Value::from(true)));
    assert_eq!(report["load"]["not_200"], 0);
    for figure in ["/start/first_accepted_s", "/start/ready_s", "/rss_mib_after_start", "/resident"] {
        is_positive(&report, figure);
    }
}

#[test]
fn the_sim_bench_measures_every_part_and_the_oracle_is_content() {
    let little = ["--rounds", "1", "--messages", "600", "--deliveries", "300", "--a-month", "2"];
    let report = measured(SIM, &little);
    assert_eq!(report["bench"], "sim");
    for part in ["/machine_alone", "/core", "/trace", "/actors", "/one_by_one"] {
        for figure in ["inbounds_per_s", "events_per_s", "floor_per_s", "ratio", "peak_rss_mib"] {
            is_positive(&report, &format!("{part}/{figure}"));
        }
        assert_eq!(report[&part[1..]]["inbounds"], 600);
    }
    for figure in ["/replay/same_s", "/replay/differing_s", "/replay/trace_lines", "/replay/times_floor"] {
        is_positive(&report, figure);
    }
    for figure in ["/year/year_s", "/year/deliveries", "/year/events"] {
        is_positive(&report, figure);
    }
    assert_eq!((&report["replay"]["deliveries"], &report["year"]["conversations_a_month"]), (&300.into(), &2.into()));
}
