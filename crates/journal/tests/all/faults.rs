//! A disk that fills up, fails in mid-commit or stays away: nothing acknowledged is lost, and the store goes on.

use std::collections::BTreeMap;

use journal::{AppendFault, Drives, InboxFault, Journal};

use crate::rig::{Rig, THREADS, batch, record, sealed};

#[test]
fn a_full_disk_is_unavailable_and_the_store_goes_on_when_space_returns() {
    for drives in [Drives::INLINE, THREADS] {
        let mut rig = Rig::new(3, drives);
        for number in 0..50 {
            rig.append(batch("a", number, vec![sealed(1, "before")])).unwrap();
            rig.deliver("before", 1).unwrap();
        }
        for disk in [&rig.inbox_disk, &rig.wal_disk, &rig.journal_disk, &rig.keys_disk] {
            disk.fill_up();
        }
        // Until the places of before are used up, appends still succeed.
        let large = "x".repeat(3_000);
        let (mut head, mut seq) = (50, 50);
        let fault = loop {
            match rig.append(batch("a", head, vec![sealed(1, &large)])) {
                Ok(_) => head += 1,
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault, AppendFault::Unavailable);
        let fault = loop {
            match rig.deliver(&large, 1) {
                Ok(next) => seq = next,
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault, InboxFault::Unavailable);
        for _ in 0..5 {
            assert_eq!(rig.append(batch("a", head, vec![sealed(1, &large)])), Err(AppendFault::Unavailable));
            assert_eq!(rig.deliver(&large, 1), Err(InboxFault::Unavailable));
            assert_eq!(rig.journal().read(b"a", true).unwrap().head, head);
        }
        for disk in [&rig.inbox_disk, &rig.wal_disk, &rig.journal_disk, &rig.keys_disk] {
            disk.mend();
        }
        rig.append(batch("a", head, vec![sealed(1, "after")])).unwrap();
        rig.append(batch("new", 0, vec![sealed(1, "after")])).unwrap();
        assert_eq!(rig.deliver("after", 1), Ok(seq + 1));
        for _ in 0..2 {
            assert_eq!(rig.journal().read(b"a", true).unwrap().head, head + 1);
            assert_eq!(rig.inbox().unforgotten(0, usize::MAX).unwrap().len() as u64, seq + 1);
            rig.assert_sound();
            rig.crash();
        }
    }
}

#[test]
fn reading_goes_on_after_the_disk_took_no_writes() {
    let rig = Rig::new(3, Drives::INLINE);
    rig.append(batch("a", 0, vec![record(1, "before")])).unwrap();
    rig.journal_disk.fail_after(0);
    rig.append(batch("a", 1, vec![record(1, "during")])).unwrap_err();
    rig.journal_disk.mend();
    rig.append(batch("a", 1, vec![record(1, "after")])).unwrap();
    assert_eq!(rig.journal().read(b"a", true).unwrap().batches.len(), 2);
}

/// Machines are read before they append: where all of them wait for a read there is no append that opens the file.
#[test]
fn a_reader_alone_gets_a_closed_journal_opened_again() {
    for drives in [Drives::INLINE, THREADS] {
        let rig = Rig::new(5, drives);
        rig.append(batch("a", 0, vec![record(1, "before")])).unwrap();
        rig.journal_disk.fail_after(0);
        rig.append(batch("a", 1, vec![record(1, "during")])).unwrap_err();
        assert!(rig.journal().read(b"a", true).is_err(), "the file is closed");
        rig.journal_disk.mend();
        let read = (0..10_000).find_map(|_| {
            std::thread::yield_now();
            rig.journal().read(b"a", true).ok()
        });
        assert_eq!(read.map(|history| history.head), Some(1));
    }
}

/// Fails every operation from the n-th on, for each n: whatever place of a commit it hits, an acknowledged batch
/// stays, a batch that is `Unavailable` is not there, and one that is `Unknown` is there whole or not at all.
#[test]
fn a_commit_that_fails_anywhere_tells_the_truth() {
    let mut unknown = 0;
    for drives in [Drives::INLINE, THREADS] {
        for fuse in 0..60 {
            let mut rig = Rig::new(fuse, drives);
            let mut heads = BTreeMap::<String, u64>::new();
            for round in 0..12u64 {
                if round == 4 {
                    rig.journal_disk.fail_after(fuse);
                }
                if round == 8 {
                    rig.journal_disk.mend();
                }
                let machine = format!("m{}", round % 3);
                let head = heads.entry(machine.clone()).or_default();
                match rig.append(batch(&machine, *head, vec![record(1, "one"), sealed(2, "two")])) {
                    Ok(_) => *head += 2,
                    Err(AppendFault::Unavailable) => {}
                    Err(AppendFault::Unknown) => {
                        unknown += 1;
                        rig.journal_disk.mend();
                        // Whoever is told so reads again; while the file cannot be opened another append opens it.
                        rig.append(batch("opener", heads.get("opener").copied().unwrap_or(0), vec![record(1, "")]))
                            .ok();
                        let found = rig.journal().read(machine.as_bytes(), true).unwrap().head;
                        let head = heads.get_mut(&machine).unwrap();
                        assert!(found == *head || found == *head + 2, "whole or not at all");
                        *head = found;
                        let opener = rig.journal().read(b"opener", true).unwrap().head;
                        heads.insert("opener".to_owned(), opener);
                    }
                    Err(fault @ (AppendFault::Conflict { .. } | AppendFault::Refused(_))) => panic!("{fault}"),
                }
            }
            for _ in 0..2 {
                for (machine, head) in &heads {
                    assert_eq!(rig.journal().read(machine.as_bytes(), true).unwrap().head, *head, "fuse {fuse}");
                }
                rig.assert_sound();
                rig.crash();
            }
        }
    }
    assert!(unknown > 0, "some commit failed where its outcome was unknown");
}

#[test]
fn an_inbox_that_fails_anywhere_loses_nothing_that_was_acknowledged() {
    for drives in [Drives::INLINE, THREADS] {
        for fuse in 0..60 {
            for of_the_log in [false, true] {
                let mut rig = Rig::new(fuse, drives);
                let disk = if of_the_log { rig.wal_disk.clone() } else { rig.inbox_disk.clone() };
                let mut acknowledged = Vec::new();
                for round in 0..40 {
                    if round == 4 {
                        disk.fail_after(fuse);
                    }
                    if round == 32 {
                        disk.mend();
                    }
                    let body = format!("{round}").repeat(400);
                    if let Ok(seq) = rig.deliver(&body, round) {
                        acknowledged.push((seq, body));
                    }
                    if round == 6 && acknowledged.len() > 2 {
                        let (seq, _) = acknowledged.remove(1);
                        rig.inbox().forget(seq);
                    }
                }
                acknowledged.push((rig.deliver("last", 99).unwrap(), "last".to_owned()));
                let waiting: Vec<_> = rig
                    .inbox()
                    .unforgotten(0, usize::MAX)
                    .unwrap()
                    .into_iter()
                    .map(|delivery| (delivery.seq, String::from_utf8(delivery.body.to_vec()).unwrap()))
                    .collect();
                assert_eq!(
                    waiting, acknowledged,
                    "fuse {fuse}: what was refused is not offered, its sender sends it again"
                );
                rig.crash();
                let after: Vec<u64> =
                    rig.inbox().unforgotten(0, usize::MAX).unwrap().iter().map(|delivery| delivery.seq).collect();
                assert!(acknowledged.iter().all(|(seq, _)| after.contains(seq)), "fuse {fuse}");
                rig.assert_sound();
            }
        }
    }
}

#[test]
fn while_the_rows_cannot_be_written_the_log_takes_deliveries_until_it_is_full() {
    for drives in [Drives::INLINE, THREADS] {
        let mut rig = Rig::new(11, drives);
        let body = "x".repeat(1_000);
        rig.inbox_disk.fail_after(0);
        let taken = (0..100).take_while(|_| rig.deliver(&body, 1).is_ok()).count();
        assert!((7..16).contains(&taken), "two halves of 8 kB, at least one of them filled: {taken}");
        assert_eq!(rig.deliver(&body, 1), Err(InboxFault::Unavailable));
        assert_eq!(rig.inbox().unforgotten(0, usize::MAX).unwrap().len(), taken, "read from memory");
        rig.inbox_disk.mend();
        rig.deliver(&body, 1).unwrap();
        rig.crash();
        assert_eq!(rig.inbox().unforgotten(0, usize::MAX).unwrap().len(), taken + 1);
    }
}

#[test]
fn a_log_that_is_damaged_is_found_and_the_rest_of_it_is_kept() {
    let mut rig = Rig::new(12, Drives::INLINE);
    for round in 0..3 {
        rig.deliver(&format!("body {round}"), round).unwrap();
    }
    rig.wal_disk.flip(4096 + 24 + 40 + 33);
    rig.crash();
    let bodies: Vec<_> = rig.inbox().unforgotten(0, usize::MAX).unwrap().iter().map(|found| found.seq).collect();
    assert_eq!(bodies, [1, 3], "the second was damaged");
    assert_eq!(rig.deliver("next", 4), Ok(4));
}

#[test]
fn keys_that_cannot_be_written_hold_back_only_what_needs_a_new_one() {
    let rig = Rig::new(8, Drives::INLINE);
    rig.append(batch("a", 0, vec![record(1, "plain")])).unwrap();
    rig.keys_disk.fail_after(0);
    assert_eq!(rig.append(batch("a", 1, vec![sealed(1, "secret")])), Err(AppendFault::Unavailable));
    rig.append(batch("a", 1, vec![record(1, "plain")])).unwrap();
    rig.keys_disk.mend();
    rig.append(batch("a", 2, vec![sealed(1, "secret")])).unwrap();
    rig.assert_sound();
}
