//! What the commands over recordings need in memory, measured at the real binary: as much for many deliveries as for few.
//!
//! `PAGEDESK_DELIVERIES=10000000` asks for another number than 40,000, and for all commands.
//! Memory is `VmHWM` of `/proc/PID/status`, read until the process has ended; what it takes in its last moment may
//! be missed, what it gathers line by line may not.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use journal::{Drive, Inbox, InboxOptions, InboxSources, Source};
use model::Timestamp;
use program::command;
use simulator::play::recording::{DeliveryLine, Line as _, Manifest};

/// Bytes that more deliveries may take: buffers and allocator, nothing that grows.
const MORE_MAX: u64 = 12 << 20;

/// The same for what reads a store: two caches of the storage engine fill up to 32 MiB each.
const MORE_OF_STORE_MAX: u64 = 90 << 20;

/// How often few are looked at: a run that is over at once shows its peak only now and then.
const LOOKS: usize = 40;

const PAGE: &str = "104000000000017";
const BEGINS_AT: i64 = 1_780_272_000_000;

/// How many are many, where somebody says.
fn asked() -> Option<u64> {
    std::env::var("PAGEDESK_DELIVERIES").ok().map(|number| number.parse().unwrap())
}

/// The body of a delivery: a thousand customers write in turn, and leave so much white space behind their words.
fn body(number: u64, space: usize) -> String {
    let (psid, at) = (7_100_000_000_000_000 + number % 1000, BEGINS_AT + i64::try_from(number).unwrap() * 250);
    format!(
        r#"{{"object":"page","entry":[{{"id":"{PAGE}","time":{at},"messaging":[{{"sender":{{"id":"{psid}"}},"recipient":{{"id":"{PAGE}"}},"timestamp":{at},"message":{{"mid":"m_{number:012}","text":"Are you open on Sunday?{:space$}"}}}}]}}]}}"#,
        ""
    )
}

/// A recording of so many deliveries, written as recordings are.
fn recording(dir: &Path, count: u64) -> PathBuf {
    let folder = dir.join(format!("of-{count}"));
    fs::create_dir(&folder).unwrap();
    let manifest: Manifest = toml::from_str(&format!(
        "format = 2\ntitle = \"Many\"\nprovenance = \"synthetic\"\napp_id = \"990017\"\n\
         pages = [{{ id = \"{PAGE}\", name = \"Quayside Bakery\" }}]"
    ))
    .unwrap();
    fs::write(folder.join(Manifest::FILE), manifest.to_text()).unwrap();
    let mut out = BufWriter::new(File::create(folder.join(DeliveryLine::FILE)).unwrap());
    for number in 0..count {
        let at = Timestamp(BEGINS_AT + i64::try_from(number).unwrap() * 250);
        serde_json::to_writer(&mut out, &DeliveryLine { at, body: body(number, 300) }).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.flush().unwrap();
    folder
}

/// What a run came to.
struct Measured {
    code: Option<i32>,
    peak: u64,
    took: Duration,
}

/// Runs to the end and looks at its memory all the while.
#[expect(clippy::disallowed_methods, reason = "it measures another program")]
fn measured(arguments: &[&str]) -> Measured {
    let began = Instant::now();
    let mut child = command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let ended = child.try_wait().unwrap();
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let found = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        peak = peak.max(found.unwrap_or_default() * 1024);
        if let Some(ended) = ended {
            return Measured { code: ended.code(), peak, took: began.elapsed() };
        }
        std::thread::yield_now();
    }
}

/// Compares a command over few with the same over many; `told` gets a line about it.
fn compare(name: &str, [few, many]: [&[&str]; 2], code: i32, more_max: u64, told: &mut String) {
    let look = |_| {
        // Nothing is written over: each look writes anew.
        let out = few.iter().skip_while(|word| **word != "--out").nth(1);
        out.into_iter().for_each(|out| drop(fs::remove_dir_all(out)));
        measured(few)
    };
    let few = (0..LOOKS).map(look).max_by_key(|measured| measured.peak).unwrap();
    let many = measured(many);
    assert_eq!((few.code, many.code), (Some(code), Some(code)), "{name}");
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let seconds = many.took.as_secs_f64();
    writeln!(told, "{name:<22} {:>8.1} MiB {:>8.1} MiB {seconds:>8.1} s", mib(few.peak), mib(many.peak)).unwrap();
    assert!(few.peak > 0 && many.peak <= few.peak + more_max, "a longer recording takes more memory:\n{told}");
}

#[test]
fn a_long_recording_needs_no_more_memory_than_a_short_one() {
    let dir = tempfile::tempdir().unwrap();
    let inside = |name: &str| dir.path().join(name).display().to_string();
    let count = asked().unwrap_or(40_000);
    let [few, many] = [10, count].map(|count| recording(dir.path(), count).display().to_string());
    let mut told = format!("{:<22} {:>12} {:>12}\n", "deliveries", 10, count);
    let mut both = |name: &str, code: i32, arguments: &dyn Fn(&str, &str) -> Vec<String>| {
        let of = |path: &str, size: &str| arguments(path, &inside(&format!("{name}-{size}")));
        let [few, many] = [of(&few, "few"), of(&many, "many")];
        let [few, many] = [&few, &many].map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
        compare(name, [&few, &many], code, MORE_MAX, &mut told);
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    both("stats", 0, &|path, _| words(&["corpus", "stats", path, "--json"]));
    if asked().is_some() {
        // It looks at every letter, and takes its time in a build for tests.
        both("lint", 1, &|path, _| words(&["corpus", "lint", path]));
    }
    let out_of = |command: &str, size: &str| inside(&format!("{command}-{size}"));
    both("split-conversation", 0, &|path, out| words(&["corpus", "split", path, "--by", "conversation", "--out", out]));
    both("join-conversations", 0, &|path, out| {
        let size = if path.ends_with("of-10") { "few" } else { "many" };
        words(&["corpus", "join", &out_of("split-conversation", size), "--out", out])
    });
    ["few", "many"].iter().for_each(|size| fs::remove_dir_all(out_of("join-conversations", size)).unwrap());
    ["few", "many"].iter().for_each(|size| fs::remove_dir_all(out_of("split-conversation", size)).unwrap());
    both("split-size", 0, &|path, out| {
        words(&["corpus", "split", path, "--by", "size", "--size", "5000", "--out", out])
    });
    // The reader of replays and sandboxes goes through all of it before anything is played, and so to the bad last line.
    for path in [&few, &many] {
        let mut file = File::options().append(true).open(Path::new(path).join(DeliveryLine::FILE)).unwrap();
        file.write_all(b"{\"at\":0,\"body\":\"earlier\"}\n").unwrap();
    }
    both("replay, reading", 5, &|path, _| words(&["replay", path]));
    both("sandbox, reading", 5, &|path, _| words(&["sandbox", "--play", path, "--exit"]));
    eprintln!("{told}");
}

/// A sandbox's store with so many more deliveries in its inbox.
fn store(dir: &Path, count: u64, space: usize) -> String {
    let inside = |name: &str| dir.join(format!("{name}-{count}"));
    let (script, store) = (inside("session"), inside("store"));
    fs::write(
        &script,
        format!("title \"Short\"\npage A {PAGE} \"Quayside Bakery\"\ncustomer A/c1 \"Mara Lindqvist\"\nat 0s A/c1 writes \"Hello\"\n"),
    )
    .unwrap();
    let arguments = ["--log-level", "error", "sandbox", "--script", &script.display().to_string(), "--dir"];
    let ran = program::run(&[&arguments[..], &[&store.display().to_string(), "--exit", "--json"]].concat());
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let source = |name: &str| Source::Path(store.join(name));
    let sources = InboxSources { file: source("inbox.redb"), wal: source("inbox.wal") };
    let options = InboxOptions { bytes_max: u64::MAX, age_max: Duration::MAX, ..InboxOptions::default() };
    let inbox = Inbox::open(sources, options, Drive::Thread { name: "inbox", queue_max: 4096 }).unwrap();
    for first in (0..count).step_by(1000) {
        let (told, answers) = channel();
        for number in first..count.min(first + 1000) {
            let told = told.clone();
            let at = BEGINS_AT + i64::try_from(number).unwrap() * 250;
            inbox.append(body(number, space), at, Box::new(move |answer| told.send(answer).unwrap()));
        }
        drop(told);
        answers.iter().for_each(|answer| inbox.forget(answer.unwrap()));
    }
    inbox.close();
    store.display().to_string()
}

#[test]
fn a_large_store_is_exported_in_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut told = String::new();
    // Redaction draws a pseudonym for every letter, so that a build for tests gets through few; large bodies as they
    // are show what would be gathered.
    let cases: [(&str, &[&str], u64, usize); 3] = [
        ("export, bare", &["--no-redaction"], 30_000, 4000),
        ("export, redacted", &[], 1000, 300),
        ("export, a kind", &["--kind", "text"], 1000, 300),
    ];
    for (name, more, count, space) in cases {
        let (count, space) = asked().map_or((count, space), |asked| (asked, 0));
        writeln!(told, "{:<22} {:>12} {count:>12}", "deliveries", 10).unwrap();
        let folder = tempfile::tempdir_in(dir.path()).unwrap();
        let inside = |name: &str| folder.path().join(name).display().to_string();
        let [few, many] = [10, count].map(|count| store(folder.path(), count, space));
        let [to_few, to_many] = ["few", "many"].map(inside);
        let of = |store, out| [&["corpus", "export", "--force", "--dir", store, "--out", out], more].concat();
        compare(name, [&of(&few, &to_few), &of(&many, &to_many)], 0, MORE_OF_STORE_MAX, &mut told);
    }
    eprintln!("{told}");
}
