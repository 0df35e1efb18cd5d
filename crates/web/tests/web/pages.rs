//! The pages as they are sent: approved as a whole, with hostile text in every place where a stranger can put some.

use machine::conversation::{Command, SendOutcome};
use model::{AppId, Mid, PageId, Psid, Span, TaskId};
use policy::{ForbidReason, MessagingType, RuleId, Verdict};
use tracker::Audience;
use tracker::desk::Act;
use web::{ConversationList, ConversationRow, HappeningList, HappeningRow, LastBy};

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
        last_by: None,
        window_ends_at: None,
        verdict: Verdict::Forbid { reason: ForbidReason::NeverWrote },
        unanswered: false,
        queued: 0,
        failed: 0,
        refused: 0,
        in_doubt: 0,
        task: None,
    }
}

/// An agent may answer for so long.
fn open_for(left: Span) -> Verdict {
    let (edition, rule) = (policy::edition_at(NOW).id(), RuleId::StandardWindow);
    Verdict::Permit { messaging_type: MessagingType::Response, until: NOW + left, edition, rule }
}

#[tokio::test]
async fn what_happened_on_pages_is_listed_with_what_comes_of_it() {
    let scene = Scene::empty().await;
    assert!(page(&scene, "/happenings").await.contains("Nothing has happened on the Pages yet."));
    assert!(page(&scene, "/dead-letters").await.contains("Everything was sent."));
    let comment = HappeningRow {
        page: PageId::new("1029"),
        at: NOW - Span::hours(1),
        what: "New comment".to_owned(),
        who: Some("<b>Mara</b>".to_owned()),
        text: Some(HOSTILE.to_owned()),
    };
    let lead = HappeningRow { page: PageId::new("77"), what: "New lead".to_owned(), who: None, ..comment.clone() };
    let bare = HappeningRow { who: None, text: None, at: NOW - Span::days(30), ..comment.clone() };
    scene.node.happened(HappeningList { happenings: vec![comment, lead, bare], next: Some("17".to_owned()) });
    insta::assert_snapshot!("happenings", page(&scene, "/happenings?of=1029").await);
    assert!(page(&scene, "/happenings?after=17").await.contains("Newest"));
    assert_eq!(scene.server.ask(get("/happenings?after=odd", &[])).await.status, 422);
}

#[tokio::test]
async fn another_apps_control_is_said_once_and_with_names() {
    let scene = Scene::bound().await;
    let mut context = crate::fake::context();
    context.account.app = Some(AppId::new("990017"));
    scene.node.knows(context);
    for (nth, app) in ["990018", "990017", "263902037430900"].into_iter().enumerate() {
        scene.passed(app, NOW - Span::minutes(30 - nth as i64));
    }
    let text = page(&scene, TALK).await;
    for named in ["passed to another app (990018)", "passed to this node", "passed to the Page’s inbox at Facebook"] {
        assert!(text.contains(named), "{named}: {text}");
    }
    assert_eq!(text.matches("the Page’s inbox at Facebook has it").count(), 1, "{text}");
    assert!(!text.contains("990017") && !text.contains("standby<"), "{text}");
}

#[tokio::test]
async fn a_task_in_the_trash_offers_only_the_way_out() {
    let scene = Scene::bound().await;
    assert!(page(&scene, "/tasks/1").await.contains("/tasks/1/status"));
    scene.server.ask(post("/tasks/1/trash", &[FORM, OWN], b"")).await;
    let text = page(&scene, "/tasks/1").await;
    assert!(!text.contains("/tasks/1/status") && text.contains("/tasks/1/restore"), "{text}");
}

#[tokio::test]
async fn the_conversations_are_listed() {
    let scene = Scene::empty().await;
    insta::assert_snapshot!("conversations_empty", page(&scene, "/?show=unanswered").await);
    let open = ConversationRow {
        name: Some("<b>Eve</b>".to_owned()),
        last_line: Some(HOSTILE.to_owned()),
        last_activity_at: Some(NOW - Span::hours(1)),
        last_by: Some(LastBy::Customer),
        window_ends_at: Some(NOW + Span::hours(23)),
        verdict: open_for(Span::hours(23)),
        unanswered: true,
        queued: 1,
        failed: 2,
        refused: 3,
        in_doubt: 4,
        task: Some(TaskId::new("\"><script>")),
        ..row("5001")
    };
    let over = ConversationRow {
        window_ends_at: Some(NOW),
        verdict: Verdict::Forbid { reason: ForbidReason::Standby },
        last_line: Some("We open at nine.".to_owned()),
        last_by: Some(LastBy::Agent("Agent".to_owned())),
        ..row("\"><script>")
    };
    let by_another = ConversationRow { last_by: Some(LastBy::Agent("<b>Grace</b>".to_owned())), ..over.clone() };
    let rows = vec![open, over, by_another, row("77")];
    scene.node.lists(ConversationList { conversations: rows, next: Some("17".to_owned()) });
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
