//! The real binary in the hands of somebody who types what makes no sense, or looks where nothing is: each is refused with
//! one exit code, what and where, and what to do.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Ran, first_steps, run};

const SESSION: &str = r##"
title "A talk"
begins 2026-06-08T07:30:00Z
human-agent on
page A 104000000000017 "Quayside Bakery"
customer A/c1 7100000000000001 "Mara Lindqvist"
at 0s  A/c1 writes "Do you have rye bread?"
at 2m  "Ada Osei" answers A/c1 "Yes, two loaves."
"##;

/// A folder, and in it a store in which all that happened.
fn store() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let (script, store) = (inside(&dir, "session.txt"), inside(&dir, "store"));
    fs::write(&script, SESSION).unwrap();
    let ran = run(&["--log-level", "error", "sandbox", "--script", &script, "--dir", &store, "--exit", "--json"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    (dir, store)
}

fn inside(dir: &tempfile::TempDir, name: &str) -> String {
    dir.path().join(name).display().to_string()
}

fn export(store: &str, out: &str, more: &[&str]) -> Ran {
    run(&[&["corpus", "export", "--dir", store, "--out", out], more].concat())
}

/// A copy of a recording.
fn copy(from: &Path, to: &str) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        fs::copy(&file, Path::new(to).join(file.file_name().unwrap())).unwrap();
    }
}

fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// It ends so, and says each of these.
fn says(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    words.iter().for_each(|word| assert!(ran.err.contains(word), "{word:?} is not in {:?}", ran.err));
}

#[test]
fn a_forced_export_leaves_the_new_files_alone_and_touches_nothing_but_exports() {
    let (dir, store) = store();
    let out = inside(&dir, "out");
    let again = |more: &[&str]| export(&store, &out, &[&["--no-redaction", "--force"], more].concat());
    says(&export(&store, &out, &["--no-redaction"]), 0, &[]);
    let customers = Path::new(&out).join("customers.jsonl");
    let fresh = fs::read_to_string(&customers).unwrap();
    // A customer of a longer session, and something that no export writes.
    fs::write(&customers, fresh.replace("Mara", "Old") + &fresh.replace("7100000000000001", "42")).unwrap();
    fs::write(Path::new(&out).join("notes.txt"), "mine").unwrap();
    says(&again(&[]), 0, &[]);
    assert_eq!(fs::read_to_string(&customers).unwrap(), fresh);
    assert_eq!(names(&out), ["customers.jsonl", "deliveries.jsonl", "facts.jsonl", "manifest.toml", "notes.txt"]);
    // Where the manifest names the customers no file does.
    let manifest = Path::new(&out).join("manifest.toml");
    let told = fs::read_to_string(&manifest).unwrap();
    let named = "[[customers]]\npage = \"104000000000017\"\npsid = \"7100000000000001\"\nname = \"Mara\"\n";
    fs::write(&manifest, format!("{told}{named}")).unwrap();
    says(&again(&[]), 0, &[]);
    assert!(!customers.exists());

    // What is no export is not written over, whatever is asked for.
    fs::remove_file(&manifest).unwrap();
    says(&again(&[]), 3, &["deliveries.jsonl is there already, and no manifest.toml", "another --out"]);
    let foreign = inside(&dir, "foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(Path::new(&foreign).join("notes.txt"), "mine").unwrap();
    says(&export(&store, &foreign, &["--no-redaction", "--force"]), 3, &["is no export", "leave out --force"]);
    assert_eq!(names(&foreign), ["notes.txt"]);
    says(&export(&store, &foreign, &["--no-redaction"]), 0, &[]);
}

#[test]
fn what_is_no_recording_is_exit_5_whoever_looks_and_a_store_is_told_as_one() {
    let (dir, store) = store();
    let [missing, empty, bare] = ["missing", "empty", "bare"].map(|name| inside(&dir, name));
    fs::create_dir(&empty).unwrap();
    copy(&first_steps(), &bare);
    fs::remove_file(Path::new(&bare).join("manifest.toml")).unwrap();
    let out = inside(&dir, "out");
    for command in [
        &["corpus", "stats"][..],
        &["corpus", "join", "--out", &out],
        &["corpus", "split", "--by", "day", "--out", &out],
        &["corpus", "lint"],
        &["replay"],
        &["replay", "--policy", "2020-01-15", "--policy", "2026-04-27"],
    ] {
        let of = |path: &String| run(&[command, &[path]].concat());
        says(&of(&missing), 5, &["missing cannot be looked into: it is not there", "what to do: name the folder"]);
        says(&of(&empty), 5, &["empty holds no recording: there is no manifest.toml", "what to do: name the folder"]);
        says(&of(&bare), 5, &["bare has lines of a recording, but no manifest.toml", "restore the manifest"]);
        let export = format!("pagedesk corpus export --dir {store} --out FOLDER");
        says(&of(&store), 5, &["is the store of a node, and no recording", &export]);
        assert!(!Path::new(&out).exists(), "nothing is left behind");
    }
    let all = first_steps().parent().unwrap().display().to_string();
    says(&run(&["corpus", "split", &all, "--by", "day", "--out", &out]), 5, &["is no recording, and holds 5:"]);
}

#[test]
fn what_contradicts_itself_is_refused_and_never_half_done() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two, out) = (inside(&dir, "one"), inside(&dir, "two"), inside(&dir, "out"));
    [&one, &two].iter().for_each(|to| copy(&first_steps(), to));
    for condition in ["kind=send and", "kind=send and ", "and kind=send", "kind=send and and who=A", "and"] {
        says(&run(&["replay", &one, "--where", condition]), 2, &["has an `and` without a condition on each side"]);
    }
    assert_eq!(run(&["--log-level", "off", "replay", &one, "--where", "text~bread and butter=no"]).code, Some(4));
    let split = |more: &[&str]| run(&[&["corpus", "split", &one, "--out", &out], more].concat());
    for way in ["day", "page", "conversation"] {
        says(&split(&["--by", way, "--size", "3"]), 2, &["--size", "give --by size, or leave out --size"]);
    }
    let join = |paths: &[&str], out: &str| run(&[&["corpus", "join"], paths, &["--out", out]].concat());
    says(&join(&[&one, &one], &out), 2, &["one stands twice", "name each recording once"]);
    let detour = format!("{one}/../one");
    says(&join(&[&one, &detour], &out), 2, &["are one recording"]);
    says(&join(&[&inside(&dir, "."), &two], &out), 2, &["two stands twice", "name each recording once"]);
    for place in [one.clone(), detour, format!("{one}/whole"), inside(&dir, "."), format!("{one}/./")] {
        let ran = join(&[&two, &one], &place);
        says(&ran, 2, &["what is read", "give --out a folder beside it"]);
        assert!(!ran.err.contains("remove it"), "{}", ran.err);
    }
    says(&run(&["corpus", "split", &one, "--by", "day", "--out", &one]), 2, &["is what is read"]);
    assert_eq!(names(&one), names(&first_steps().display().to_string()));
    assert_eq!(names(&dir.path().display().to_string()), ["one", "two"]);
    says(&join(&[&one, &two], &out), 0, &[]);
}

#[test]
fn hints_name_what_helps() {
    let (dir, store) = store();
    let out = inside(&dir, "a/b/out");
    let nothing = export(&store, &out, &["--page", "17", "--kind", "lead"]);
    says(&nothing, 4, &["asked for with --page 17 --kind lead", "leave out one filter after the other"]);
    assert!(!dir.path().join("a").exists(), "no folder is left behind");
    says(&export(&store, &out, &["--kind", "text"]), 0, &[]);
    let pseudonyms = export(&store, &out, &["--kind", "text", "--force"]);
    says(&pseudonyms, 3, &["names the Pages", "pseudonyms are new with each export: give the --key-file of before"]);
    let bare = inside(&dir, "bare");
    says(&export(&store, &bare, &["--no-redaction", "--kind", "text"]), 0, &[]);
    let other = export(&store, &bare, &["--no-redaction", "--force"]);
    says(&other, 3, &["narrowed otherwise", "the filters of before, which stand under [filter] there"]);

    let copies: Vec<String> = ["on", "off"].map(|name| inside(&dir, name)).into();
    copies.iter().for_each(|to| copy(&first_steps(), to));
    let manifest = PathBuf::from(&copies[1]).join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("human_agent = true"), "{text}");
    fs::write(&manifest, text.replace("human_agent = true", "human_agent = false")).unwrap();
    let joined = run(&["corpus", "join", &copies[0], &copies[1], "--out", &inside(&dir, "joined")]);
    says(&joined, 3, &["off says human_agent = false, the first recording true", "Human Agent feature"]);
    assert!(!joined.err.contains("--key-file"), "{}", joined.err);

    let trace = Path::new(&copies[0]).join("approved.trace");
    fs::write(&trace, b"\xff\xfe").unwrap();
    let replay = |more: &[&str]| run(&[&["--log-level", "off", "replay", &copies[0]], more].concat());
    let anew = format!("remove it and accept anew: pagedesk replay {} --approve", copies[0]);
    says(&replay(&[]), 5, &["approved.trace cannot be read: it is not text", &anew]);
    fs::write(&trace, "hello\n").unwrap();
    says(&replay(&["--json"]), 5, &["approved.trace is no trace", &anew]);
    fs::remove_file(&trace).unwrap();
    let none = replay(&["--conversation", "A/c77", "--where", "reason=none"]);
    says(&none, 4, &["matches: --conversation A/c77, --where", &format!("pagedesk replay {} --trace FILE", copies[0])]);
    assert!(!none.err.contains("journal cat"), "{}", none.err);
    let before = first_steps().join("approved.trace").display().to_string();
    let hello = inside(&dir, "session.txt");
    says(
        &run(&["replay", "diff", &before, &hello]),
        5,
        &["session.txt is no trace", "`pagedesk replay FOLDER --trace FILE`"],
    );
    says(&run(&["replay", "diff", &before, &before, "--page", "Z"]), 4, &["--page Z", &before]);
}

#[test]
fn why_takes_what_other_commands_print() {
    let (_dir, store) = store();
    let why = |message: &str| run(&["why", "--dir", &store, message]);
    let talk = "104000000000017/7100000000000001";
    let whole = why(talk);
    says(&whole, 0, &[]);
    let mut asked = vec![format!("c/{talk}"), format!("{talk}/1"), format!("c/{talk}/1")];
    // As `journal cat` prints them: the machine, Meta's id, and the mark of the effect that sent it.
    let cat = run(&["journal", "cat", "--dir", &store, "--json"]);
    let records: Vec<serde_json::Value> =
        cat.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect();
    let of = |kind: &str| records.iter().find(|record| record["kind"] == kind).unwrap().clone();
    let mid = of("part-sent")["body"]["mid"].as_str().unwrap().to_owned();
    asked.push(of("part-sent")["machine"].as_str().unwrap().to_owned());
    asked.push(format!("pd.1.{}.c/{talk}", of("send-started")["seq"]));
    asked.push(mid);
    for message in asked {
        let ran = why(&message);
        says(&ran, 0, &[]);
        assert_eq!(ran.out, whole.out, "{message}");
    }
    for stranger in [&format!("p/{talk}"), &format!("{talk}/2"), "pd.1.999.c/104000000000017/7100000000000001", "m~0"] {
        says(&why(stranger), 4, &["no decision about", "c/PAGE/PSID"]);
    }
}

#[test]
fn who_gives_no_limit_is_told_all_there_are_and_may_be_given() {
    says(&run(&["sim", "explore"]), 2, &["--minutes <N>|--worlds <N>"]);
    says(&run(&["policy", "fuzz"]), 2, &["--minutes <N>|--cases <N>"]);
    says(&run(&["sim", "run"]), 2, &["--seed <N>|--seeds <A..B>"]);
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (recording, nowhere) = (first_steps().display().to_string(), inside(&dir, "none/out.file"));
    let trace = first_steps().join("approved.trace").display().to_string();
    let script = inside(&dir, "talk.txt");
    fs::write(&script, SESSION.to_owned() + "expect refused 1\n").unwrap();
    for command in [
        &["replay", &recording, "--html"][..],
        &["replay", &recording, "--junit"],
        &["replay", &recording, "--trace"],
        &["replay", "diff", &trace, &trace, "--html"],
        &["sim", "shrink", &script, "--out"],
    ] {
        let ran = run(&[command, &[&nowhere]].concat());
        says(&ran, 3, &["out.file cannot be written: there is no folder", "make the folder, or name another file"]);
        assert_eq!(ran.out, "", "nothing ran: {command:?}");
    }
}

#[test]
fn one_of_a_thing_is_told_as_one() {
    let (dir, store) = store();
    let [out, parts, whole] = ["out", "parts", "whole"].map(|name| inside(&dir, name));
    let said = |ran: Ran| {
        assert!(ran.code == Some(0) || ran.code == Some(1), "{}{}", ran.out, ran.err);
        ran.out
    };
    let exported = said(export(&store, &out, &["--no-redaction"]));
    assert!(exported.contains("holds 1 delivery and 1 comment; its manifest was written\n"), "{exported}");
    let split = said(run(&["corpus", "split", &out, "--by", "page", "--out", &parts]));
    assert!(split.ends_with("holds 1 part with 1 delivery and 1 comment\n"), "{split}");
    let joined = said(run(&["corpus", "join", &parts, "--out", &whole]));
    assert!(joined.ends_with("holds 1 delivery and 1 comment of 1 recording\n"), "{joined}");
    fs::write(inside(&dir, "deny"), "rye bread\n").unwrap();
    fs::remove_file(Path::new(&whole).join("facts.jsonl")).unwrap();
    let linted = said(run(&["corpus", "lint", &out, "--deny", &inside(&dir, "deny")]));
    assert!(linted.contains("4 files with ") && linted.ends_with(" findings\n"), "{linted}");
    let fuzzed = said(run(&["policy", "fuzz", "--cases", "1", "--seed", "7"]));
    assert!(fuzzed.starts_with("seed 7: 1 case\n"), "{fuzzed}");
    let explored = said(run(&["sim", "explore", "--worlds", "1", "--from", "7", "--profile", "calm", "--out", &out]));
    assert!(explored.ends_with("\n1 world: every promise was kept\n"), "{explored}");
    let turned = said(run(&["replay", &out, "--policy", "2020-01-15", "--policy", "2026-04-27"]));
    assert!(turned.contains("0 of 1 message have another fate"), "{turned}");
    let again = said(run(&["replay", "--from-journal", &store]));
    assert!(again.contains(" 1 item of deliveries was read again, 0 read otherwise\n"), "{again}");
}

#[test]
fn what_is_read_or_kept_is_never_written_over() {
    let (dir, store) = store();
    let rec = inside(&dir, "rec");
    assert_eq!(export(&store, &rec, &[]).code, Some(0));
    let in_rec = |file: &str| format!("{rec}/{file}");
    let before = fs::read(in_rec("manifest.toml")).unwrap();
    for file in ["manifest.toml", "deliveries.jsonl"] {
        says(&run(&["replay", &rec, "--html", &in_rec(file)]), 2, &["--html", file, "would replace"]);
    }
    says(&run(&["replay", &rec, "--trace", &in_rec("approved.trace")]), 2, &["--approve"]);
    says(&run(&["replay", &rec, "--trace", &format!("{store}/journal.redb")]), 2, &["of a recording or a store"]);
    let same = inside(&dir, "same");
    says(&run(&["replay", &rec, "--html", &same, "--trace", &same]), 2, &["a file of its own"]);
    let script = inside(&dir, "session.txt");
    says(&run(&["sim", "shrink", &script, "--out", &script]), 2, &["would replace what is read"]);
    says(&export(&store, &format!("{store}/rec"), &[]), 2, &["lies in what is read"]);
    assert_eq!(fs::read(in_rec("manifest.toml")).unwrap(), before);
}

#[test]
fn lint_says_nothing_good_of_what_it_could_not_look_at() {
    let (dir, store) = store();
    let rec = inside(&dir, "rec");
    assert_eq!(export(&store, &rec, &[]).code, Some(0));
    let wrong = |name: &str, file: &str, bytes: &[u8]| {
        let other = inside(&dir, name);
        copy(Path::new(&rec), &other);
        fs::write(format!("{other}/{file}"), bytes).unwrap();
        other
    };
    let manifest = [&b"bananas = 1\n"[..], &fs::read(format!("{rec}/manifest.toml")).unwrap()].concat();
    says(&run(&["corpus", "lint", &wrong("key", "manifest.toml", &manifest)]), 5, &["manifest.toml", "bananas"]);
    says(&run(&["corpus", "lint", &wrong("blob", "blob.bin", &[0xff, 0xfe, 0])]), 5, &["blob.bin", "no text"]);
    let empty = wrong("empty", "deliveries.jsonl", b"");
    fs::write(format!("{empty}/facts.jsonl"), "").unwrap();
    says(&run(&["corpus", "lint", &empty]), 4, &["empty recording"]);
}
