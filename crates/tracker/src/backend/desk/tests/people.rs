//! What people may and may not do in the desk.

use super::*;

async fn desk_with_task() -> (Desk, TaskId) {
    let desk = Desk::open(memory(), INLINE).unwrap();
    let opened = desk.open_task(effect(1, 1), request(1, &["hello"])).await.unwrap();
    (desk, opened.task)
}

#[tokio::test]
async fn a_comment_has_1_to_20_000_characters() {
    let (desk, task) = desk_with_task().await;
    for (text, refusal) in [
        (String::new(), Refusal::TextEmpty),
        (" \n\t".to_owned(), Refusal::TextEmpty),
        ("\u{200b}\u{feff} \u{2060}\u{ad}\u{3164}".to_owned(), Refusal::TextEmpty),
        ("\0\u{7}".to_owned(), Refusal::TextEmpty),
        ("a\0b".to_owned(), Refusal::TextUnfit),
        ("a\u{1b}[31mb".to_owned(), Refusal::TextUnfit),
        ("a\rb".to_owned(), Refusal::TextUnfit),
        ("a\u{7f}".to_owned(), Refusal::TextUnfit),
        ("ж".repeat(20_001), Refusal::TextTooLong),
    ] {
        let answer = desk.add_comment(&task, Audience::Customer, text.into(), act()).await;
        assert_eq!(answer, Err(refusal));
    }
    for text in [&*"ж".repeat(20_000), "a\tb\nc\r\nd", "\u{200f}مرحبا", "👩\u{200d}🔧", "❤\u{fe0f}", "."] {
        desk.add_comment(&task, Audience::Customer, text.into(), act()).await.unwrap();
    }
}

#[tokio::test]
async fn the_same_key_adds_one_comment() {
    let (desk, task) = desk_with_task().await;
    let first = desk.add_comment(&task, Audience::Customer, "hi".into(), keyed("k1")).await.unwrap();
    let again = desk.add_comment(&task, Audience::Customer, "hi".into(), keyed("k1")).await.unwrap();
    assert_eq!(again, first);
    let other = desk.add_comment(&task, Audience::Customer, "ho".into(), keyed("k1")).await;
    assert_eq!(other, Err(Refusal::KeyReused));
    assert_eq!(desk.trash(&task, keyed("k1")).await, Err(Refusal::KeyReused));
    assert_eq!(desk.trash(&task, keyed("")).await, Err(Refusal::KeyUnfit));
    assert_eq!(desk.feed(Cursor(0), 10).await.unwrap().comments.len(), 1);
    assert_ne!(desk.add_comment(&task, Audience::Customer, "hi".into(), act()).await.unwrap(), first);
}

#[tokio::test]
async fn the_trash_guards_purging_and_takes_no_comments_of_people() {
    let (desk, task) = desk_with_task().await;
    assert_eq!(desk.purge(&task, act()).await, Err(Refusal::TaskNotInTrash));
    desk.trash(&task, act()).await.unwrap();
    desk.trash(&task, act()).await.unwrap();
    let answer = desk.add_comment(&task, Audience::Internal, "note".into(), act()).await;
    assert_eq!(answer, Err(Refusal::TaskInTrash));
    assert_eq!(desk.set_status(&task, StatusId(2), act()).await, Err(Refusal::TaskInTrash));
    assert_eq!(desk.task_of_binding(&customer(1)).unwrap(), Some(task.clone()));
    desk.purge(&task, act()).await.unwrap();
    desk.purge(&task, act()).await.unwrap();
    assert_eq!(desk.task(&task, None, 10), Err(Refusal::TaskGone));
    assert_eq!(desk.restore(&task, act()).await, Err(Refusal::TaskGone));
    assert_eq!(desk.task_of_binding(&customer(1)).unwrap(), None);
    let stats = desk.stats().unwrap();
    assert_eq!((stats.tasks, stats.trashed, stats.purged, stats.comments), (0, 0, 1, 0));
}

#[tokio::test]
async fn purging_unread_comments_leaves_a_feed_that_goes_on() {
    let (desk, task) = desk_with_task().await;
    desk.add_comment(&task, Audience::Customer, "one".into(), act()).await.unwrap();
    let end = desk.newest();
    desk.trash(&task, act()).await.unwrap();
    desk.purge(&task, act()).await.unwrap();
    let feed = desk.feed(Cursor(0), 10).await.unwrap();
    assert_eq!((feed.comments, feed.cursor), (Vec::new(), end));
}

#[tokio::test]
async fn lists_filter_and_page() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    for psid in 1..=7 {
        desk.open_task(effect(psid, 1), request(psid, &["hello"])).await.unwrap();
    }
    desk.set_status(&TaskId::new("2"), StatusId(4), act()).await.unwrap();
    desk.trash(&TaskId::new("3"), act()).await.unwrap();
    let listed = |filter: TaskFilter| {
        let (mut ids, mut before) = (Vec::new(), None);
        loop {
            let list = desk.tasks(filter, before, 2).unwrap();
            ids.extend(list.tasks.into_iter().map(|task| task.id.to_string()));
            before = list.next;
            if before.is_none() {
                return ids.join(" ");
            }
        }
    };
    assert_eq!(listed(TaskFilter::default()), "7 6 5 4 2 1");
    assert_eq!(listed(TaskFilter { active: Some(true), ..TaskFilter::default() }), "7 6 5 4 1");
    assert_eq!(listed(TaskFilter { status: Some(StatusId(4)), ..TaskFilter::default() }), "2");
    assert_eq!(listed(TaskFilter { trashed: true, ..TaskFilter::default() }), "3");
    let contacts = desk.contacts(Some(5), 10).unwrap();
    assert_eq!(contacts.contacts.len(), 2);
    let first = desk.contacts(None, 3).unwrap();
    assert_eq!((first.contacts.len(), first.next), (3, Some(3)));
}

#[tokio::test]
async fn statuses_tell_which_are_active() {
    let (desk, task) = desk_with_task().await;
    let statuses: Vec<_> = desk.statuses().into_iter().map(|status| (status.name, status.active)).collect();
    let names = [("New", true), ("In work", true), ("Waiting", true), ("Done", false), ("Cancelled", false)];
    assert_eq!(statuses, names.map(|(name, active)| (name.to_owned(), active)));
    assert_eq!(desk.set_status(&task, StatusId(9), act()).await, Err(Refusal::UnknownStatus));
    desk.set_status(&task, StatusId(5), act()).await.unwrap();
    let page = desk.task(&task, None, 10).unwrap();
    assert_eq!((page.task.status.id, page.task.active, page.task.comments), (StatusId(5), false, 2));
    assert_eq!(page.comments[1].writer, Writer::System);
    assert_eq!(page.comments[1].text.reveal(), "Grace set the status to Cancelled.");
}

#[tokio::test]
async fn a_survivor_without_binding_inherits_one() {
    let (desk, bound) = desk_with_task().await;
    let unbound = desk.new_task("Oven repair".into(), "call the smith".into(), act()).await.unwrap();
    assert_eq!(desk.merge(&unbound, &unbound, act()).await, Err(Refusal::MergesIntoItself));
    desk.merge(&bound, &unbound, act()).await.unwrap();
    let page = desk.task(&bound, None, 10).unwrap();
    assert_eq!((page.task.id, page.task.binding), (unbound.clone(), Some(customer(1))));
    assert_eq!(page.contact.map(|contact| contact.key), Some(customer(1)));
    assert_eq!(desk.task_of_binding(&customer(1)).unwrap(), Some(unbound.clone()));
    assert_eq!(desk.merge(&bound, &unbound, act()).await, Err(Refusal::MergesIntoItself));
    desk.add_comment(&unbound, Audience::Customer, "the oven is mended".into(), act()).await.unwrap();
    let feed = desk.feed(Cursor(0), 10).await.unwrap();
    assert_eq!(feed.comments.last().unwrap().binding, Some(customer(1)));
    let stats = desk.stats().unwrap();
    assert_eq!((stats.tasks, stats.active, stats.merged), (1, 1, 1));
}

#[tokio::test]
async fn a_chain_of_merges_has_an_end() {
    let (desk, first) = desk_with_task().await;
    let mut into = first.clone();
    for psid in 2.. {
        let next = desk.open_task(effect(psid, 1), request(psid, &["hello"])).await.unwrap().task;
        match desk.merge(&into, &next, act()).await {
            Ok(()) => into = next,
            Err(refusal) => {
                assert_eq!((refusal, psid), (Refusal::MergedTooOften, u64::from(MERGE_DEPTH_MAX) + 2));
                break;
            }
        }
    }
    let added = desk.add_comments(effect(1, 2), first, lines(&["still there?"]), true).await.unwrap();
    assert_eq!(added, CommentsAdded::Done { task: into.clone() });
    assert_eq!(texts(&desk, &into).len(), usize::from(MERGE_DEPTH_MAX) + 2);
}

#[tokio::test]
async fn contacts_are_merged_and_unmerged_by_hand() {
    let desk = Desk::open(memory(), INLINE).unwrap();
    let [a, b, c] = [1, 2, 3].map(|psid| (psid, effect(psid, 1)));
    let mut contacts = Vec::new();
    for (psid, effect) in [a, b, c] {
        contacts.push(desk.open_task(effect, request(psid, &["hello"])).await.unwrap());
    }
    let [a, b, c] = [0, 1, 2].map(|nth| contacts[nth].contact.clone());
    desk.merge_contacts(&a, &b, act()).await.unwrap();
    desk.merge_contacts(&b, &c, act()).await.unwrap();
    assert_eq!(desk.merge_contacts(&c, &a, act()).await, Err(Refusal::MergesIntoItself));
    let shown = || desk.task(&contacts[0].task, None, 1).unwrap().contact.unwrap().id;
    assert_eq!(shown(), c);
    desk.unmerge_contact(&b, act()).await.unwrap();
    assert_eq!(shown(), b);
    assert_eq!(desk.unmerge_contact(&b, act()).await, Err(Refusal::NotMerged));
    assert_eq!(desk.rename_contact(&ContactId::new("99"), "Ada".into(), act()).await, Err(Refusal::UnknownContact));
    assert_eq!(desk.rename_contact(&a, " ".into(), act()).await, Err(Refusal::NameEmpty));
}

#[tokio::test]
async fn a_foreign_cursor_is_refused() {
    let (desk, task) = desk_with_task().await;
    for cursor in ["", "x", "1.", "0"] {
        assert_eq!(desk.task(&task, Some(cursor), 10), Err(Refusal::CursorUnfit), "{cursor}");
    }
}

#[tokio::test]
async fn an_export_walks_every_comment_in_order() {
    let (desk, task) = desk_with_task().await;
    for _nth in 0..4 {
        desk.add_comment(&task, Audience::Internal, "note".into(), act()).await.unwrap();
    }
    let (mut ids, mut cursor) = (Vec::new(), 0);
    loop {
        let export = desk.export(cursor, 2).unwrap();
        if export.comments.is_empty() {
            break;
        }
        cursor = export.cursor;
        ids.extend(export.comments.into_iter().map(|comment| comment.id.to_string()));
    }
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
}
