//! The pages as they are sent: approved as a whole, with hostile text in every place where a stranger can put some.

use machine::conversation::{Command, SendOutcome};
use model::{Mid, PageId, Psid, Span, TaskId};
use tracker::Audience;
use tracker::desk::Act;
use web::{ConversationList, ConversationRow};

use crate::fake::{NOW, locked};
use crate::scene::{HOSTILE, Scene, TALK, WHO};
use crate::wire::{Answer, FORM, OWN, get, post};

/// One element a line, so that a changed page is read in a few lines; a changed stylesheet changes no page.
pub(crate) fn lines(answer: &Answer) -> String {
    let text = answer.text().replace("><", ">\n<");
    let mut text = text;
    for file in ["site.css?v=", "live.js?v="] {
        let (before, after) = text.split_once(file).expect("a stylesheet and a script");
        text = format!("{before}{file}…{}", &after[8..]);
    }
    text
}

pub(crate) async fn page(scene: &Scene, path: &str) -> String {
    let answer = scene.server.ask(get(path, &[])).await;
    assert_eq!(answer.status, 200, "{path}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let text = lines(&answer);
    for tag in ["<script>", "<img src=x", "<b>", " style=", " onclick="] {
        assert!(!text.contains(tag), "{path} lets {tag} through");
    }
    text
}

pub(crate) fn row(psid: &str) -> ConversationRow {
    ConversationRow {
        page: PageId::new("1029"),
        psid: Psid::new(psid),
        name: None,
        last_line: None,
        last_activity_at: None,
        window_ends_at: None,
        unanswered: false,
        queued: 0,
        failed: 0,
        refused: 0,
        in_doubt: 0,
        task: None,
    }
}

#[tokio::test]
async fn the_conversations_are_listed() {
    let scene = Scene::empty().await;
    insta::assert_snapshot!("conversations_empty", page(&scene, "/?show=unanswered").await);
    let open = ConversationRow {
        name: Some("<b>Eve</b>".to_owned()),
        last_line: Some(HOSTILE.to_owned()),
        last_activity_at: Some(NOW - Span::hours(1)),
        window_ends_at: Some(NOW + Span::hours(23)),
        unanswered: true,
        queued: 1,
        failed: 2,
        refused: 3,
        in_doubt: 4,
        task: Some(TaskId::new("\"><script>")),
        ..row("5001")
    };
    let over = ConversationRow { window_ends_at: Some(NOW), ..row("\"><script>") };
    scene.node.lists(ConversationList { conversations: vec![open, over, row("77")], next: Some("17".to_owned()) });
    insta::assert_snapshot!("conversations", page(&scene, "/").await);
    page(&scene, "/?show=failed&after=17").await;
}

#[tokio::test]
async fn a_conversation_shows_what_became_of_each_answer() {
    let scene = Scene::bound().await;
    let at = NOW - Span::minutes(30);
    let failed = || SendOutcome::Failed { code: (551, None), row: "customer-unavailable".to_owned(), trace: None };
    scene.answered("7", HOSTILE, at);
    scene.sent(SendOutcome::Sent { mid: Mid::new("m2") }, at);
    scene.answered("8", "second", at + Span::seconds(1));
    scene.sent(failed(), at + Span::seconds(1));
    scene.answered("9", "third", at + Span::seconds(2));
    scene.sent(SendOutcome::InDoubt { why: "timeout".to_owned() }, at + Span::seconds(2));
    scene.node.tell(WHO, Command::Wake, NOW - Span::minutes(10));
    scene.answered("10", "fourth", at + Span::seconds(3));
    let act = Act { by: "<b>Ada</b>".to_owned(), at: NOW, key: None };
    let text = HOSTILE.into();
    scene.desk.add_comment(&TaskId::new("1"), Audience::Customer, text, act).await.expect("kept");
    insta::assert_snapshot!("conversation", page(&scene, TALK).await);
    let newest = page(&scene, &format!("{TALK}?shown=1")).await;
    assert!(newest.contains("5 earlier"), "{newest}");
}

#[tokio::test]
async fn the_composer_is_closed_with_the_reason() {
    let scene = Scene::bound_since(Span::days(9)).await;
    insta::assert_snapshot!("conversation_closed", page(&scene, TALK).await);
    let scene = Scene::empty().await;
    scene.wrote("m1", "hello", NOW);
    assert!(page(&scene, TALK).await.contains("no task yet"));
}

#[tokio::test]
async fn tasks_are_listed_and_shown() {
    let scene = Scene::bound().await;
    let act = |by: &str| Act { by: by.to_owned(), at: NOW, key: None };
    let task = TaskId::new("1");
    let answer = scene.desk.add_comment(&task, Audience::Customer, HOSTILE.into(), act("<b>Ada</b>")).await;
    scene.answered(answer.expect("kept").as_str(), HOSTILE, NOW);
    scene.desk.add_comment(&task, Audience::Internal, "a note".into(), act("Ada")).await.expect("kept");
    insta::assert_snapshot!("tasks", page(&scene, "/tasks").await);
    insta::assert_snapshot!("task", page(&scene, "/tasks/1").await);
    assert!(page(&scene, "/tasks?show=trash").await.contains("No task here."));

    let second = scene.open(NOW).await;
    scene.desk.merge(&task, &second, act("Ada")).await.expect("merged");
    let answer = scene.server.ask(get("/tasks/1", &[])).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(format!("/tasks/{second}").as_str())));
}

#[tokio::test]
async fn where_sending_is_not_allowed_a_task_takes_internal_notes() {
    let scene = Scene::bound_since(Span::days(9)).await;
    insta::assert_snapshot!("task_closed", page(&scene, "/tasks/1").await);
}

#[tokio::test]
async fn a_form_leads_back_and_a_double_click_adds_one_comment() {
    let scene = Scene::bound().await;
    let reply = |showing: u32| {
        let body = format!("text=We+open%0D%0Aat+nine.&showing={showing}");
        post(&format!("{TALK}/reply"), &[FORM, OWN], body.as_bytes())
    };
    for _ in 0..2 {
        let answer = scene.server.ask(reply(1)).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/conversations/1029/5001#end")));
    }
    let comments = |scene: &Scene| scene.desk.task(&TaskId::new("1"), None, 10).expect("it stands").comments;
    assert_eq!(comments(&scene).len(), 2);
    assert_eq!(comments(&scene)[1].text.reveal(), "We open\nat nine.");
    assert!(page(&scene, TALK).await.contains("We open\nat nine."), "it shows before it is taken");
    scene.server.ask(reply(2)).await;
    assert_eq!(comments(&scene).len(), 3, "the same words from a newer showing are a new answer");

    let path = "/tasks/1/comments";
    let answer = scene.server.ask(post(path, &[FORM, OWN], b"text=note&audience=internal&showing=3")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/tasks/1#end")));
    for (path, body) in [("/tasks/1/status", "status=3"), ("/tasks/1/trash", ""), ("/tasks/1/restore", "")] {
        let answer = scene.server.ask(post(path, &[FORM, OWN], body.as_bytes())).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/tasks/1")), "{path}");
    }
    let path = format!("{TALK}/parts/4/resolve");
    let answer = scene.server.ask(post(&path, &[FORM, OWN], b"resolution=give_up")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/conversations/1029/5001#part-4")));
    assert_eq!(*locked(&scene.node.resolved), ["c/1029/5001 part 4 GiveUp by Agent"]);
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let scene = Scene::bound().await;
    for path in [&format!("{TALK}/reply"), "/tasks/1/comments", "/tasks/1/trash", "/tasks/1/status"] {
        for headers in [
            vec![FORM],
            vec![FORM, ("sec-fetch-site", "cross-site")],
            vec![FORM, ("sec-fetch-site", "same-site")],
            vec![FORM, ("origin", "https://elsewhere.example")],
            vec![FORM, ("origin", "null")],
        ] {
            let answer = scene.server.ask(post(path, &headers, b"text=x&audience=customer&showing=1&status=3")).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
        }
    }
    let task = scene.desk.task(&TaskId::new("1"), None, 10).expect("it stands");
    assert_eq!((task.comments.len(), task.task.trashed, task.task.status.id.0), (1, false, 1));
    let own = [FORM, ("origin", "http://desk.example")];
    assert_eq!(scene.server.ask(post("/tasks/1/trash", &own, b"")).await.status, 303, "an older browser of our own");
}

#[tokio::test]
async fn every_answer_is_hardened_and_a_refusal_is_a_page() {
    let scene = Scene::bound().await;
    for path in
        ["/", "/tasks", TALK, "/nowhere", "/conversations/1/2", "/tasks/9", "/assets/site.css", "/live", "/api/v1/x"]
    {
        let answer = scene.server.ask(get(path, &[])).await;
        let policy = answer.header("content-security-policy").expect(path);
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'; report-uri /csp-report"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert!(answer.header("cache-control").is_some());
    }
    let missing = scene.server.ask(get("/conversations/1/2", &[])).await;
    assert_eq!(missing.status, 404);
    insta::assert_snapshot!("not_found", lines(&missing));
    let asset = scene.server.ask(get("/assets/site.css", &[])).await;
    assert_eq!(asset.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(!asset.text().contains("http"), "nothing is loaded from elsewhere");
    assert_eq!(scene.server.ask(get("/assets/icon.svg", &[])).await.header("content-type"), Some("image/svg+xml"));
}
