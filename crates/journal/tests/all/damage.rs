//! Files whose bytes were changed behind the store's back: whatever the storage engine makes of them, a reader says
//! which file it is, and never panics.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use journal::{
    Drives, FileFault, InboxOptions, OpenFault, Pages, Position, ReadOnlyJournal, Report, Sources, Store, StoreOptions,
    guarded, is_guarded, look_at_pages,
};

use crate::rig::{Counting, append, batch, opening, record, sealed};

const PAGE: usize = 4096;
const FILES: [&str; 3] = ["journal.redb", "keys.redb", "inbox.redb"];

fn open(dir: &Path) -> Result<Store, OpenFault> {
    let inbox = InboxOptions { wal_half: 8 << 10, ..InboxOptions::default() };
    let options = StoreOptions { inbox, ..StoreOptions::default() };
    Store::open(Sources::in_dir(dir), options, Box::new(Counting(1)), Drives::INLINE)
}

/// A store with some pages in each file, closed in order. From here on panics inside a guard are silent, as in the
/// binary: there will be thousands.
fn closed_store() -> tempfile::TempDir {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_guarded() {
            loud(panic);
        }
    }));
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let words = "words ".repeat(80);
    for machine in 0..12 {
        let records = vec![sealed(1, &words), sealed(1, &words), record(1, &words)];
        append(&*store.journal, batch(&format!("page/m{machine}"), 0, records)).unwrap();
        store.inbox.append(vec![b'x'; 900], 5, Box::new(|answer| assert!(answer.is_ok())));
    }
    append(&*store.journal, batch("other/m", 0, vec![opening(1, "send"), record(1, "")])).unwrap();
    store.close();
    dir
}

fn named(report: &Report) -> Vec<String> {
    report.damaged.iter().map(|file| file.file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// A way to read.
type Read<'a> = &'a dyn Fn(&ReadOnlyJournal) -> Result<(), FileFault>;

/// Reads everything in every way, each time anew; what was said of files.
fn blamed(dir: &Path) -> Vec<String> {
    let all = Position(0)..=Position(u64::MAX);
    let reads: [Read<'_>; 6] = [
        &|reader| reader.stats().map(drop),
        &|reader| reader.inbox_stats().map(drop),
        &|reader| reader.machines().map(drop),
        &|reader| reader.each(b"", all.clone(), |_| ControlFlow::Continue(())),
        &|reader| reader.each_delivery(0..=u64::MAX, |_| ControlFlow::Continue(())),
        &|reader| reader.verify().map(drop),
    ];
    let faults = reads.iter().filter_map(|read| ReadOnlyJournal::open(dir).and_then(|reader| read(&reader)).err());
    faults
        .map(|fault| {
            assert!(matches!(fault.fault, OpenFault::Damaged { .. } | OpenFault::Locked), "{fault}");
            fault.to_string()
        })
        .collect()
}

/// Changes one file, looks, and puts it back. The names of the files that verify finds damaged.
fn damage(dir: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
    let path = dir.join(name);
    let sound = fs::read(&path).unwrap();
    let mut bytes = sound.clone();
    change(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let found = match ReadOnlyJournal::verify_dir(dir) {
        Ok(report) => named(&report),
        // A byte of the head says how the file is shared: a wrong one looks like another program's lock.
        Err(fault) => {
            assert!(matches!(fault.fault, OpenFault::Locked), "{fault}");
            vec![fault.file.unwrap().file_name().unwrap().to_str().unwrap().to_owned()]
        }
    };
    for said in blamed(dir) {
        assert!(said.starts_with(&path.display().to_string()), "{name} is damaged, and this is said: {said}");
    }
    fs::write(&path, sound).unwrap();
    found
}

#[test]
fn a_page_that_is_overwritten_anywhere_is_damage_of_its_own_file_and_never_a_panic() {
    let dir = closed_store();
    for name in FILES {
        let pages = fs::read(dir.path().join(name)).unwrap();
        let mut met = 0;
        for (number, _) in pages.chunks(PAGE).enumerate().filter(|(_, page)| page.iter().any(|byte| *byte != 0)) {
            for filler in [1, 0xff] {
                let found = damage(dir.path(), name, |bytes| bytes[number * PAGE..][..PAGE].fill(filler));
                assert!(found.is_empty() || found == [name], "page {number} of {name}: {found:?}");
                met += usize::from(!found.is_empty());
            }
        }
        assert!(met > 4, "{name}: hardly any page was met");
    }
    assert_eq!(
        ReadOnlyJournal::verify_dir(dir.path()).unwrap(),
        ReadOnlyJournal::open(dir.path()).unwrap().verify().unwrap()
    );
}

/// Everything that a reader says of a store.
fn answers(dir: &Path) -> String {
    let reader = ReadOnlyJournal::open(dir).unwrap();
    let all = Position(0)..=Position(u64::MAX);
    let mut told = format!("{:?} {:?} {:?}", reader.stats(), reader.inbox_stats(), reader.machines());
    let batches = reader.each(b"", all, |batch| {
        told.push_str(&format!("\n{batch:?}"));
        ControlFlow::Continue(())
    });
    batches.unwrap();
    let deliveries = reader.each_delivery(0..=u64::MAX, |delivery| {
        told.push_str(&format!("\n{delivery:?}"));
        ControlFlow::Continue(())
    });
    deliveries.unwrap();
    told
}

/// What a node says of a store on which it goes on: it opens, decides something more, and closes.
fn goes_on(dir: &Path) -> String {
    let store = open(dir).unwrap();
    for machine in 0..5 {
        let words = "more words ".repeat(800);
        append(&*store.journal, batch(&format!("later/m{machine}"), 0, vec![record(1, &words)])).unwrap();
    }
    store.close();
    answers(dir)
}

/// A copy of a closed store.
fn copied(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn a_page_of_noise_is_found_or_changes_no_answer_now_or_later() {
    let dir = closed_store();
    let (sound, later) = (answers(dir.path()), goes_on(copied(dir.path()).path()));
    for name in FILES {
        let path = dir.path().join(name);
        let bytes = fs::read(&path).unwrap();
        let (mut found, mut harmless) = (0, 0);
        for number in 0..bytes.len() / PAGE {
            let mut noise = bytes.clone();
            let page = &mut noise[number * PAGE..][..PAGE];
            let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ number as u64;
            for byte in page.iter_mut() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = u8::try_from(state >> 56).unwrap();
            }
            fs::write(&path, &noise).unwrap();
            match ReadOnlyJournal::verify_dir(dir.path()) {
                Err(fault) => {
                    assert!(matches!(fault.fault, OpenFault::Locked), "page {number} of {name}: {fault}");
                    found += 1;
                }
                Ok(report) if !report.is_sound() => found += 1,
                Ok(_) => {
                    harmless += 1;
                    assert!(answers(dir.path()) == sound, "page {number} of {name} changes an answer");
                    // A node syncs, which takes its time.
                    if harmless % 4 != 1 {
                        continue;
                    }
                    let copy = copied(dir.path());
                    assert!(goes_on(copy.path()) == later, "page {number} of {name} changes a later answer");
                    assert!(ReadOnlyJournal::verify_dir(copy.path()).unwrap().is_sound(), "page {number} of {name}");
                }
            }
        }
        fs::write(&path, &bytes).unwrap();
        assert!(found > 4 && harmless > 0, "{name}: {found} found, {harmless} harmless");
    }
}

#[test]
fn a_file_that_was_cut_off_is_damaged() {
    let dir = closed_store();
    for name in FILES {
        let length = fs::metadata(dir.path().join(name)).unwrap().len();
        for kept in [0, 1, 100, length / 16, length / 3] {
            let found = damage(dir.path(), name, |bytes| bytes.truncate(usize::try_from(kept).unwrap()));
            assert_eq!(found, [name], "{kept} of {length} bytes are left");
        }
    }
}

#[test]
fn the_other_files_are_walked_all_the_same_and_the_damaged_one_as_far_as_it_goes() {
    let dir = closed_store();
    let sound = ReadOnlyJournal::verify_dir(dir.path()).unwrap();
    assert!(sound.is_sound(), "{sound:?}");
    assert_eq!(
        (sound.journal.batches, sound.journal.last, sound.journal.machines, sound.journal.sealed),
        (13, 13, 13, 24)
    );
    fs::write(dir.path().join("keys.redb"), "no database at all").unwrap();
    let report = ReadOnlyJournal::verify_dir(dir.path()).unwrap();
    assert_eq!((named(&report), report.is_sound()), (vec!["keys.redb".to_owned()], false));
    assert_eq!((report.journal.batches, report.journal.sealed, report.inbox.deliveries), (13, 0, 12));
    assert_eq!(report.journal.findings, [], "that keys are gone is said once");
}

#[test]
fn a_missing_file_is_named() {
    let dir = closed_store();
    for name in FILES {
        let aside = dir.path().join("aside");
        fs::rename(dir.path().join(name), &aside).unwrap();
        let fault = ReadOnlyJournal::open(dir.path()).unwrap_err();
        assert!(matches!(fault.fault, OpenFault::Missing), "{fault}");
        assert_eq!(fault.file.unwrap().file_name().unwrap(), name);
        let report = ReadOnlyJournal::verify_dir(dir.path()).unwrap();
        assert_eq!((named(&report), report.damaged[0].is_missing), (vec![name.to_owned()], true));
        fs::rename(&aside, dir.path().join(name)).unwrap();
    }
}

#[test]
fn a_guarded_start_says_which_file_it_cannot_use() {
    let dir = closed_store();
    for name in FILES {
        let path = dir.path().join(name);
        let sound = fs::read(&path).unwrap();
        let mut blamed = 0;
        for number in 1..sound.len() / PAGE {
            let mut bytes = sound.clone();
            bytes[number * PAGE..][..PAGE].fill(3);
            fs::write(&path, bytes).unwrap();
            if let Err(fault) = guarded(None, || open(dir.path())) {
                assert_eq!(fault.file.as_ref(), Some(&path), "{fault}");
                assert!(matches!(fault.fault, OpenFault::Damaged { .. }), "{fault}");
                blamed += 1;
            }
            fs::write(&path, &sound).unwrap();
        }
        assert!(blamed > 0, "{name}");
    }
}

#[test]
fn files_are_made_for_their_owner_alone() {
    let dir = closed_store();
    for name in FILES {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_file_that_a_node_has_just_made_longer_is_no_damage() {
    let dir = closed_store();
    for name in FILES {
        let path = dir.path().join(name);
        assert_eq!(look_at_pages(&path).unwrap(), Pages::Sound, "{name}");
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() + (1 << 20)).unwrap();
        assert_eq!(look_at_pages(&path).unwrap(), Pages::Sound, "{name}");
    }
}

#[test]
fn pages_are_looked_at_beside_a_store_that_is_open_and_nothing_of_it_changes() {
    let dir = closed_store();
    let copy = copied(dir.path());
    let store = open(copy.path()).unwrap();
    append(&*store.journal, batch("later/m", 0, vec![record(1, "words")])).unwrap();
    // As a second process would see it: this one holds the locks of the store.
    let beside = copied(copy.path());
    for name in FILES {
        let path = beside.path().join(name);
        let before = fs::read(&path).unwrap();
        assert_eq!(look_at_pages(&path).unwrap(), Pages::Sound, "{name}");
        assert!(fs::read(&path).unwrap() == before, "{name} is only read");
    }
    store.close();
}
