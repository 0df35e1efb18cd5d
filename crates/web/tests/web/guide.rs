//! The guide of a sandbox: shown where it is wanted alone, ticked off by what happened, put away and taken out again.

use machine::conversation::{Command, SendOutcome};
use model::{Inbound, ItemKey, Kind, Mid, PageId, Psid, Receipt, Span, TaskId};
use tracker::desk::{Act, StatusId};
use web::{ConversationList, Guide, SiteSettings};

use crate::fake::NOW;
use crate::pages::{lines, page, row};
use crate::scene::{Scene, TALK, WHO};
use crate::wire::{FORM, OWN, get, post};

async fn scene() -> Scene {
    let guide = Some(Guide { customers_url: "http://127.0.0.1:9/".to_owned() });
    Scene::with(SiteSettings { guide, ..SiteSettings::default() }).await
}

/// Which steps a page ticks off, in order.
async fn done(scene: &Scene) -> Vec<bool> {
    let page = page(scene, "/tasks").await;
    let steps = page.split_once("class=\"steps\"").expect("a guide").1;
    let steps = steps.split_once("</ol>").expect("its end").0;
    steps.split("<li").skip(1).map(|step| step.contains("class=\"done\"")).collect()
}

#[tokio::test]
async fn a_node_that_serves_has_no_guide() {
    let scene = Scene::bound().await;
    for path in ["/", "/tasks", TALK] {
        assert!(!page(&scene, path).await.contains("guide"), "{path}");
    }
    assert_eq!(scene.server.ask(post("/guide", &[FORM, OWN], b"away=yes")).await.status, 404);
}

#[tokio::test]
async fn steps_are_ticked_off_by_what_happened() {
    let scene = scene().await;
    scene.bind(Span::hours(1)).await;
    scene.node.lists(ConversationList { conversations: vec![row("5001")], next: None });
    assert_eq!(done(&scene).await, [false; 4]);
    scene.answered("7", "hello", NOW);
    assert_eq!(done(&scene).await, [false; 4], "what waits has not gone");
    scene.sent(SendOutcome::Sent { mid: Mid::new("m2") }, NOW);
    assert_eq!(done(&scene).await, [true, false, false, false]);
    let read = Inbound {
        page: PageId::new("1029"),
        psid: Psid::new("5001"),
        at: NOW,
        channel: model::Channel::Messaging,
        key: ItemKey([9; 16]),
        kind: Kind::Read(Receipt { watermark: NOW, mids: Vec::new() }),
    };
    scene.node.tell(WHO, Command::Receive(read), NOW);
    assert_eq!(done(&scene).await, [true, true, false, false]);
    let act = Act { by: "Ada".to_owned(), at: NOW, key: None };
    scene.desk.set_status(&TaskId::new("1"), StatusId(4), act).await.expect("done");
    assert_eq!(done(&scene).await, [true, true, true, false]);
}

#[tokio::test]
async fn a_conversation_that_is_closed_to_answers_ticks_off_the_last_step() {
    let scene = scene().await;
    scene.bind(Span::days(9)).await;
    scene.node.lists(ConversationList { conversations: vec![row("5001")], next: None });
    assert_eq!(done(&scene).await, [false, false, false, true]);
}

#[tokio::test]
async fn a_guide_stands_on_every_list_until_it_is_put_away() {
    let scene = scene().await;
    scene.bind(Span::hours(1)).await;
    for path in ["/", "/tasks", TALK] {
        assert!(page(&scene, path).await.contains("Answer somebody"), "{path}");
    }
    insta::assert_snapshot!("guide", lines(&scene.server.ask(get("/", &[])).await));
    let turn = |body: &'static [u8]| post("/guide", &[FORM, OWN], body);
    let answer = scene.server.ask(turn(b"away=yes&next=%2Ftasks")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/tasks")));
    for path in ["/", "/tasks", TALK] {
        assert!(!page(&scene, path).await.contains("Answer somebody"), "{path}");
    }
    assert!(page(&scene, "/").await.contains("What to try"));
    let answer = scene.server.ask(turn(b"away=no&next=//evil.example")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert!(page(&scene, "/").await.contains("Answer somebody"));
    assert_eq!(scene.server.ask(post("/guide", &[FORM], b"away=yes")).await.status, 403, "another site's form");
}
