//! A desk's file read from outside, beside the desk that writes it.

use core::ops::ControlFlow;

use super::*;

/// What agents wrote: conversation, who, what, whether it is internal.
fn written(reader: &DeskReader, max: usize) -> Vec<(Option<String>, String, String, bool)> {
    let mut all = Vec::new();
    let shown = reader.each_written(|Written { at, conversation, by, text, audience }| {
        assert_eq!(at, NOW);
        let internal = audience == Audience::Internal;
        all.push((conversation.map(|machine| machine.to_string()), by, text.into_inner(), internal));
        if all.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    shown.unwrap();
    all
}

#[tokio::test]
async fn what_agents_wrote_is_shown_in_order_with_its_conversation() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("desk.redb");
    let desk = Desk::open(Source::Path(file.clone()), INLINE).unwrap();
    let named = OpenTask {
        contact: Contact { key: customer(1), name: Some("Mara Lindqvist".into()) },
        ..request(1, &["hello"])
    };
    let first = desk.open_task(effect(1, 1), named).await.unwrap();
    let second = desk.open_task(effect(2, 1), request(2, &["hi"])).await.unwrap();
    let own = desk.new_task("By hand".into(), "no customer".into(), act()).await.unwrap();
    for (task, audience, text) in [
        (&second.task, Audience::Customer, "to two"),
        (&first.task, Audience::Internal, "about one"),
        (&own, Audience::Internal, "about nobody"),
        (&first.task, Audience::Customer, "to one"),
    ] {
        desk.add_comment(task, audience, text.into(), act()).await.unwrap();
    }
    let line = |conversation: Option<&str>, text: &str, internal| {
        (conversation.map(str::to_owned), "Grace".to_owned(), text.to_owned(), internal)
    };
    let of_hand = line(None, "no customer", true);
    let expected = [
        line(Some("c/1029/2"), "to two", false),
        line(Some("c/1029/1"), "about one", true),
        line(None, "about nobody", true),
        line(Some("c/1029/1"), "to one", false),
    ];
    let reader = DeskReader::open(&file).unwrap();
    let found: Vec<_> = written(&reader, usize::MAX).into_iter().filter(|found| *found != of_hand).collect();
    assert_eq!(found, expected);
    assert_eq!(written(&reader, 2).len(), 2, "it ends where it is told to");
    // Beside the desk: what comes later is seen by who opens it later.
    desk.merge(&second.task, &first.task, act()).await.unwrap();
    let later = written(&DeskReader::open(&file).unwrap(), usize::MAX);
    assert!(
        later.contains(&line(None, "to two", false)),
        "a task that was merged away is no conversation's: {later:?}"
    );
    assert!(later.contains(&line(Some("c/1029/1"), "to one", false)));
}

#[tokio::test]
async fn names_are_those_that_profiles_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("desk.redb");
    let desk = Desk::open(Source::Path(file.clone()), INLINE).unwrap();
    for (psid, name) in [(1, Some("Mara Lindqvist")), (2, None), (3, Some("Jonas Ebner"))] {
        let contact = Contact { key: customer(psid), name: name.map(Redacted::from) };
        let opened = desk.open_task(effect(psid, 1), OpenTask { contact, ..request(psid, &["hello"]) }).await.unwrap();
        if psid == 3 {
            desk.rename_contact(&opened.contact, "typed by hand".into(), act()).await.unwrap();
        }
    }
    let mut names = Vec::new();
    let reader = DeskReader::open(&file).unwrap();
    let shown = reader.each_named(|whose, name| {
        names.push((whose.to_string(), name.into_inner()));
        ControlFlow::Continue(())
    });
    shown.unwrap();
    assert_eq!(names, [("c/1029/1".to_owned(), "Mara Lindqvist".to_owned())]);
}

#[test]
fn a_file_that_is_no_desk_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(DeskReader::open(&dir.path().join("nowhere")), Err(OpenFault::Missing)));
    let file = dir.path().join("desk.redb");
    std::fs::write(&file, "not a database").unwrap();
    assert!(DeskReader::open(&file).is_err());
}
