//! The desk in whole: the suite every tracker passes, crashes and failing storage, and a naive model.

mod failing;
mod model;
mod people;
mod reading;

use ::model::{EffectId, Incarnation, MachineId, PageId, Redacted, TaskId, Timestamp};
use futures_util::future::BoxFuture;
use journal::{Drive, OpenFault, Source};

use super::*;
use crate::api::{Comment, CommentOrigin, CommentsAdded, Contact, OpenTask, Tracker};
use crate::conformance::{self, Control};

const NOW: Timestamp = Timestamp(1_795_392_000_000);
const INLINE: DeskOptions = DeskOptions { cache_bytes: 1 << 20, drive: Drive::Inline };

fn act() -> Act {
    Act { by: "Grace".to_owned(), at: NOW, key: None }
}

fn keyed(key: &str) -> Act {
    Act { key: Some(key.to_owned()), ..act() }
}

fn customer(psid: u64) -> MachineId {
    format!("c/1029/{psid}").parse().unwrap()
}

fn effect(psid: u64, seq: u64) -> EffectId {
    EffectId { incarnation: Incarnation(0), machine: customer(psid), seq }
}

fn lines(texts: &[&str]) -> Vec<Comment> {
    let line = |text: &&str| Comment {
        origin: CommentOrigin::Customer,
        text: Redacted::from(*text),
        attachments: Vec::new(),
        at: NOW,
    };
    texts.iter().map(line).collect()
}

fn request(psid: u64, texts: &[&str]) -> OpenTask {
    OpenTask {
        binding: customer(psid),
        name: format!("Customer {psid} (FB, Bakery)").into(),
        contact: Contact { key: customer(psid), name: None },
        lines: lines(texts),
        previous: None,
        at: NOW,
    }
}

/// Texts that came from Messenger, oldest first, read in pages of three.
fn texts(desk: &Desk, task: &TaskId) -> Vec<String> {
    let mut pages = Vec::new();
    let mut older = None;
    loop {
        let page = desk.task(task, older.as_deref(), 3).unwrap();
        pages.push(page.comments);
        older = page.older;
        if older.is_none() {
            break;
        }
    }
    let comments = pages.into_iter().rev().flatten();
    comments
        .filter(|comment| matches!(comment.writer, Writer::Customer | Writer::Outside))
        .map(|comment| comment.text.into_inner())
        .collect()
}

/// A person at the desk.
struct Person(Desk);

impl Control for Person {
    fn complete(&self, task: TaskId) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.set_status(&task, StatusId(4), act()).await.unwrap() })
    }

    fn reopen(&self, task: TaskId) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.set_status(&task, StatusId(2), act()).await.unwrap() })
    }

    fn trash(&self, task: TaskId) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.trash(&task, act()).await.unwrap() })
    }

    fn restore(&self, task: TaskId) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.restore(&task, act()).await.unwrap() })
    }

    fn purge(&self, task: TaskId) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.purge(&task, act()).await.unwrap() })
    }

    fn merge(&self, from: TaskId, into: TaskId) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.merge(&from, &into, act()).await.unwrap() })
    }

    fn comment(&self, task: TaskId, audience: Audience, text: String) -> BoxFuture<'_, CommentId> {
        Box::pin(async move { self.0.add_comment(&task, audience, text.into(), act()).await.unwrap() })
    }

    fn rename(&self, contact: ContactId, name: String) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.0.rename_contact(&contact, name.into(), act()).await.unwrap() })
    }

    fn lines(&self, task: TaskId) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async move { texts(&self.0, &task) })
    }

    fn name(&self, contact: ContactId) -> BoxFuture<'_, Option<String>> {
        Box::pin(async move { self.0.contact(&contact).unwrap().name.map(Redacted::into_inner) })
    }
}

#[tokio::test]
async fn a_desk_in_memory_keeps_the_contract_twice() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    for page in ["1029", "1030"] {
        conformance::check(&desk, &Person(desk.clone()), &PageId::new(page)).await.unwrap();
    }
}

#[tokio::test]
async fn a_desk_in_a_file_with_a_writer_thread_keeps_the_contract_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    for page in ["1029", "1030"] {
        let desk = Desk::open(Source::Path(path.clone()), DeskOptions::default()).unwrap();
        conformance::check(&desk, &Person(desk.clone()), &PageId::new(page)).await.unwrap();
        desk.close();
    }
}

#[tokio::test]
async fn a_crash_between_commit_and_answer_opens_no_second_task() {
    let source = memory();
    let desk = Desk::open(source.clone(), INLINE).unwrap();
    let opened = desk.open_task(effect(1, 1), request(1, &["hello"])).await.unwrap();
    let added = desk.add_comments(effect(1, 2), opened.task.clone(), lines(&["more"]), true).await.unwrap();
    drop(desk);

    let desk = Desk::open(source, INLINE).unwrap();
    assert_eq!(desk.open_task(effect(1, 1), request(1, &["hello"])).await.unwrap(), opened);
    let again = desk.add_comments(effect(1, 2), opened.task.clone(), lines(&["more"]), true).await.unwrap();
    assert_eq!(again, added);
    assert_eq!(texts(&desk, &opened.task), ["hello", "more"]);
    let stats = desk.stats().unwrap();
    assert_eq!((stats.tasks, stats.active, stats.comments, stats.contacts, stats.effects), (1, 1, 2, 1, 2));
}

#[tokio::test]
async fn a_second_try_may_say_another_time() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    let opened = desk.open_task(effect(1, 1), request(1, &["hello"])).await.unwrap();
    let later = OpenTask { at: Timestamp(NOW.0 + 60_000), ..request(1, &["hello"]) };
    assert_eq!(desk.open_task(effect(1, 1), later).await.unwrap(), opened);
}

#[tokio::test]
async fn a_task_id_that_the_desk_never_gave_is_gone() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    for (seq, id) in (1..).zip(["77", "planfix-12", "", "0"]) {
        let answer = desk.add_comments(effect(1, seq), TaskId::new(id), lines(&["hello"]), false).await.unwrap();
        assert_eq!(answer, CommentsAdded::Gone, "{id}");
    }
}

#[tokio::test]
async fn a_number_that_was_given_anew_never_brings_one_customers_words_to_another() {
    // A desk that was begun again beside conversations that remember the old one's numbers.
    let desk = Desk::open(memory(), INLINE).unwrap();
    let opened = desk.open_task(effect(2, 1), request(2, &["I am the second"])).await.unwrap();
    for if_active in [true, false] {
        let seq = 7 + u64::from(if_active);
        let answer =
            desk.add_comments(effect(1, seq), opened.task.clone(), lines(&["secret"]), if_active).await.unwrap();
        assert_eq!(answer, CommentsAdded::Gone);
    }
    assert_eq!(texts(&desk, &opened.task), ["I am the second"]);
    let named = desk.name_contact(effect(1, 9), opened.contact.clone(), "Mallory".into(), NOW).await;
    assert!(matches!(named, Err(crate::Fault::GiveUp(_))), "{named:?}");
    assert_eq!(desk.contact(&opened.contact).unwrap().name, None);
    // The first customer's own task follows, and both stay apart.
    let own = desk.open_task(effect(1, 10), request(1, &["secret"])).await.unwrap();
    assert_ne!((&own.task, &own.contact), (&opened.task, &opened.contact));
}

#[tokio::test]
async fn a_conversation_follows_its_task_into_the_one_that_took_it_in() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    let first = desk.open_task(effect(1, 1), request(1, &["one"])).await.unwrap().task;
    let other = desk.open_task(effect(2, 1), request(2, &["other"])).await.unwrap().task;
    let newer = desk.open_task(effect(1, 2), request(1, &["newer"])).await.unwrap().task;
    desk.merge(&first, &other, act()).await.unwrap();
    let add = |seq, task: &TaskId| desk.add_comments(effect(1, seq), task.clone(), lines(&["more"]), false);
    assert_eq!(add(3, &first).await.unwrap(), CommentsAdded::Done { task: other.clone() });
    assert_eq!(add(4, &other).await.unwrap(), CommentsAdded::Done { task: other.clone() });
    assert_eq!(add(5, &newer).await.unwrap(), CommentsAdded::Done { task: newer });
    let stranger = desk.add_comments(effect(3, 1), other, lines(&["more"]), false).await.unwrap();
    assert_eq!(stranger, CommentsAdded::Gone);
}

/// A desk with all kinds of rows, closed, in a file.
async fn closed_desk(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("desk.redb");
    let desk = Desk::open(Source::Path(path.clone()), INLINE).unwrap();
    conformance::check(&desk, &Person(desk.clone()), &PageId::new("1029")).await.unwrap();
    let bound = desk.open_task(effect(1, 1), request(1, &["one"])).await.unwrap().task;
    let unbound = desk.new_task("Oven repair".into(), "call the smith".into(), keyed("k1")).await.unwrap();
    desk.merge(&bound, &unbound, act()).await.unwrap();
    desk.trash(&unbound, act()).await.unwrap();
    desk.purge(&unbound, act()).await.unwrap();
    desk.close();
    path
}

fn verified(path: &std::path::Path) -> (Vec<String>, Result<(), OpenFault>) {
    let mut report = DeskReport::default();
    let walked = verify(path, &mut report);
    (report.findings.into_iter().map(|finding| finding.what).collect(), walked)
}

#[tokio::test]
async fn a_sound_desk_verifies_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new.redb");
    Desk::open(Source::Path(new.clone()), INLINE).unwrap().close();
    let path = closed_desk(&folder).await;
    assert!(is_blank(&new).unwrap() && !is_blank(&path).unwrap());
    let mut report = DeskReport::default();
    verify(&path, &mut report).unwrap();
    assert_eq!(report.findings, []);
    assert!(report.tasks > 0 && report.comments > 0 && report.contacts > 0 && report.effects > 0, "{report:?}");
}

#[tokio::test]
async fn verify_finds_bindings_that_disagree_and_rows_that_cannot_be_read() {
    use redb::ReadableTable as _;

    use super::row::{COMMENTS, EFFECTS, MACHINES, MachineRow, TASKS};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    let desk = Desk::open(Source::Path(path.clone()), INLINE).unwrap();
    for psid in 1..=3 {
        desk.open_task(effect(psid, 1), request(psid, &["hello"])).await.unwrap();
    }
    desk.close();
    let database = super::storage::open(&Source::Path(path.clone()), 1 << 20).unwrap();
    let txn = database.begin_write().unwrap();
    {
        let mut machines = txn.open_table(MACHINES).unwrap();
        let second = machines.get("c/1029/2").unwrap().map(|row| MachineRow::from_bytes(row.value()).unwrap()).unwrap();
        let crossed = MachineRow { task: 1, contact: 1, ..second };
        machines.insert("c/1029/2", crossed.to_bytes().as_slice()).unwrap();
        machines.remove("c/1029/3").unwrap();
        txn.open_table(COMMENTS).unwrap().insert(1, b"nonsense".as_slice()).unwrap();
        txn.open_table(EFFECTS).unwrap().insert(1, b"nonsense".as_slice()).unwrap();
        txn.open_table(TASKS).unwrap().insert(2, b"nonsense".as_slice()).unwrap();
    }
    txn.commit().unwrap();
    drop(database);
    let (findings, walked) = verified(&path);
    walked.unwrap();
    for what in [
        "a task cannot be read",
        "a task is bound to a conversation that knows of no task",
        "a contact is not the one that its conversation knows",
        "a conversation's task is bound to another",
        "a conversation's contact is not there, or another's",
        "a comment cannot be read",
        "a request that was answered cannot be read",
    ] {
        assert!(findings.iter().any(|found| found == what), "{what}: {findings:?}");
    }
}

#[test]
fn verify_says_of_a_file_that_is_missing_empty_or_foreign_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    assert!(matches!(verified(&path).1, Err(OpenFault::Missing)));
    for foreign in ["", "something that is no desk at all, and long enough to be looked at as one"] {
        std::fs::write(&path, foreign).unwrap();
        assert!(matches!(verified(&path).1, Err(OpenFault::Damaged { .. })), "{foreign}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_layout_is_refused() {
    let source = memory();
    drop(Desk::open(source.clone(), INLINE).unwrap());
    let database = super::storage::open(&source, 1 << 20).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(super::row::META).unwrap().insert("version", 9_u32.to_le_bytes().as_slice()).unwrap();
    txn.commit().unwrap();
    drop(database);
    assert!(matches!(Desk::open(source, INLINE), Err(OpenFault::Newer { found: 9, known: 1 })));
}

#[tokio::test]
async fn a_closed_desk_is_unavailable() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    desk.close();
    assert_eq!(desk.stats(), Err(Refusal::Unavailable));
    assert!(matches!(desk.open_task(effect(1, 1), request(1, &["hello"])).await, Err(crate::Fault::Retry(_))));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_after_a_while_though_nothing_came() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    let before = tokio::time::Instant::now();
    desk.wait(desk.newest()).await;
    assert_eq!(before.elapsed(), super::serve::WAIT_MAX);
}
