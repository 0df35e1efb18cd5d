//! Storage that fails at one operation: nothing confirmed is lost, nothing is done twice, the desk goes on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::*;
use crate::Fault;

/// Memory whose nth write or sync fails. A failed sync leaves the bytes in place: the commit's fate is unclear.
#[derive(Debug, Clone)]
struct Failing {
    bytes: Arc<InMemoryBackend>,
    fuse: Arc<AtomicI64>,
}

impl Failing {
    fn step(&self) -> io::Result<()> {
        if self.fuse.fetch_sub(1, Ordering::SeqCst) == 0 { Err(io::Error::other("no space left")) } else { Ok(()) }
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        StorageBackend::read(&*self.bytes, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step()?;
        self.bytes.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.step()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.step()?;
        StorageBackend::write(&*self.bytes, offset, bytes)
    }
}

#[tokio::test]
async fn whatever_operation_fails_a_retry_does_each_thing_once() {
    let mut failures = 0;
    for nth in 0..60 {
        let disk = Failing { bytes: Arc::default(), fuse: Arc::new(AtomicI64::new(i64::MAX)) };
        let factory = disk.clone();
        let source = Source::Backend(Arc::new(move || Ok(Box::new(factory.clone()) as Box<dyn StorageBackend>)));
        let desk = Desk::open(source, INLINE).unwrap();
        disk.fuse.store(nth, Ordering::SeqCst);
        let mut task = None;
        for (seq, text) in [(1, "one"), (2, "two"), (3, "three")] {
            loop {
                let asked = match &task {
                    None => desk.open_task(effect(1, seq), request(1, &[text])).await.map(|opened| opened.task),
                    Some(task) => desk
                        .add_comments(effect(1, seq), TaskId::clone(task), lines(&[text]), true)
                        .await
                        .map(|added| match added {
                            CommentsAdded::Done { task } => task,
                            other @ (CommentsAdded::Inactive | CommentsAdded::Gone) => panic!("{other:?}"),
                        }),
                };
                match asked {
                    Ok(found) => {
                        task = Some(found);
                        break;
                    }
                    Err(Fault::Retry(_)) => failures += 1,
                    Err(fault) => panic!("{fault}"),
                }
            }
        }
        assert_eq!(texts(&desk, &task.unwrap()), ["one", "two", "three"], "operation {nth} failed");
        let stats = desk.stats().unwrap();
        assert_eq!((stats.tasks, stats.comments, stats.effects), (1, 3, 3), "operation {nth} failed");
    }
    assert!(failures > 10, "the fuse blew only {failures} times");
}

#[tokio::test]
async fn while_the_storage_stays_broken_every_request_is_told_to_come_again() {
    let disk = Failing { bytes: Arc::default(), fuse: Arc::new(AtomicI64::new(i64::MAX)) };
    let (factory, broken) = (disk.clone(), Arc::clone(&disk.fuse));
    let source = Source::Backend(Arc::new(move || {
        if factory.fuse.load(Ordering::SeqCst) < 0 {
            return Err(io::Error::other("no such device"));
        }
        Ok(Box::new(factory.clone()) as Box<dyn StorageBackend>)
    }));
    let desk = Desk::open(source, INLINE).unwrap();
    let opened = desk.open_task(effect(1, 1), request(1, &["one"])).await.unwrap();
    broken.store(0, Ordering::SeqCst);
    for _try in 0..3 {
        let answer = desk.add_comments(effect(1, 2), opened.task.clone(), lines(&["two"]), true).await;
        assert!(matches!(answer, Err(Fault::Retry(_))), "{answer:?}");
        assert_eq!(desk.set_status(&opened.task, StatusId(4), act()).await, Err(Refusal::Unavailable));
    }
    broken.store(i64::MAX, Ordering::SeqCst);
    desk.add_comments(effect(1, 2), opened.task.clone(), lines(&["two"]), true).await.unwrap();
    assert_eq!(texts(&desk, &opened.task), ["one", "two"]);
}
