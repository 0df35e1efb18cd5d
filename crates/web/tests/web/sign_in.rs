//! Signing in over real sockets: who gets in, who does not, how it ends, and that every form belongs to its session.

use core::time::Duration;
use std::sync::LazyLock;

use model::TaskId;
use web::{Agent, ApiTokens, Lifetimes, SiteSettings, hash_password};

use crate::fake::locked;
use crate::pages::lines;
use crate::scene::{Scene, TALK};
use crate::wire::{Answer, FORM, OWN, get, post};

const ADA: &str = "login=ada%40example.com&password=quay+side+bakery&next=%2Ftasks";

static AGENTS: LazyLock<Vec<Agent>> = LazyLock::new(|| {
    let hash = |password, salt| hash_password(password, [salt; 16]).expect("long enough");
    vec![
        Agent::new("Ada <b>", "ada@example.com", &hash("quay side bakery", 1)).expect("an agent"),
        Agent::new("Bo", "bo", &hash("harbour bicycles", 2)).expect("an agent"),
    ]
});

fn settings() -> SiteSettings {
    SiteSettings { agents: AGENTS.clone(), tokens: ApiTokens::new(["t"]), ..SiteSettings::default() }
}

async fn send(scene: &Scene, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    scene.server.ask(post(path, headers, body.as_bytes())).await
}

/// Signs in; the cookie as the browser shows it comes back.
async fn sign_in(scene: &Scene, body: &str) -> String {
    let answer = send(scene, "/sign-in", &[FORM, OWN], body).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split(';').next().expect("a value").to_owned()
}

/// The session's mark, from a page.
async fn csrf(scene: &Scene, cookie: &str) -> String {
    let page = scene.server.ask(get(TALK, &[("cookie", cookie)])).await;
    let (_, rest) = page.text().split_once("name=\"csrf\" value=\"").expect("a marked form");
    rest.split('"').next().expect("its value").to_owned()
}

#[tokio::test]
async fn nothing_is_shown_to_a_stranger_but_the_way_in() {
    let scene = Scene::with(settings()).await;
    scene.bind(model::Span::hours(1)).await;
    for (path, leads) in [
        ("/", "/sign-in"),
        ("/?show=failed&after=1", "/sign-in?next=%2F%3Fshow%3Dfailed%26after%3D1"),
        (TALK, "/sign-in?next=%2Fconversations%2F1029%2F5001"),
        ("/tasks/1", "/sign-in?next=%2Ftasks%2F1"),
        ("/nowhere", "/sign-in?next=%2Fnowhere"),
        ("/csp-report", "/sign-in?next=%2Fcsp-report"),
        ("//evil.example/", "/sign-in"),
    ] {
        for cookie in ["a=b", "pagedesk=", "pagedesk=0101", "__Host-pagedesk=x"] {
            let answer = scene.server.ask(get(path, &[("cookie", cookie)])).await;
            assert_eq!((answer.status, answer.header("location")), (303, Some(leads)), "{path} {cookie}");
        }
    }
    assert_eq!(scene.server.ask(get("/events", &[])).await.status, 401, "a stream cannot be led");
    for (path, status) in [("/sign-in", 200), ("/assets/site.css", 200), ("/assets/live.js", 200), ("/live", 200)] {
        assert_eq!(scene.server.ask(get(path, &[])).await.status, status, "{path}");
    }
    assert_eq!(scene.server.ask(get("/api/v1/totals", &[])).await.status, 401);
    assert_eq!(scene.server.ask(get("/api/v1/totals", &[("authorization", "Bearer t")])).await.status, 200);
    let door = scene.server.ask(get("/sign-in?next=/tasks", &[])).await;
    insta::assert_snapshot!("sign_in", lines(&door));
}

#[tokio::test]
async fn the_right_password_opens_and_everything_is_done_in_the_agents_name() {
    let scene = Scene::with(settings()).await;
    scene.bind(model::Span::hours(1)).await;
    let answer = send(&scene, "/sign-in", &[FORM, OWN], &ADA.replace("ada%40", "ADA%40")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/tasks")));
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let cookie = set.split(';').next().expect("a value");
    assert_eq!(cookie.len(), "pagedesk=".len() + 64);
    let page = scene.server.ask(get("/", &[("cookie", cookie)])).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<span class=\"name\">Ada &lt;b&gt;</span>"), "{}", page.text());
    let again = scene.server.ask(get("/sign-in?next=/tasks", &[("cookie", cookie)])).await;
    assert_eq!((again.status, again.header("location")), (303, Some("/tasks")), "who is in goes on");

    let mark = csrf(&scene, cookie).await;
    let headers = [FORM, OWN, ("cookie", cookie)];
    let reply = format!("text=hello&showing=1&csrf={mark}");
    assert_eq!(send(&scene, &format!("{TALK}/reply"), &headers, &reply).await.status, 303);
    let comments = scene.desk.task(&TaskId::new("1"), None, 10).expect("it stands").comments;
    assert!(format!("{:?}", comments[1].writer).contains("by: \"Ada <b>\""), "{:?}", comments[1].writer);
    let resolve = format!("resolution=give_up&csrf={mark}");
    assert_eq!(send(&scene, &format!("{TALK}/parts/4/resolve"), &headers, &resolve).await.status, 303);
    assert_eq!(*locked(&scene.node.resolved), ["c/1029/5001 part 4 GiveUp by Ada <b>"]);
}

#[tokio::test]
async fn a_wrong_login_and_a_wrong_password_are_answered_alike() {
    let scene = Scene::with(settings()).await;
    let mut answers = Vec::new();
    for body in [
        "login=bo&password=quay+side+bakery&next=%2F%2Fevil.example",
        "login=nobody&password=quay+side+bakery&next=%2F%2Fevil.example",
        "login=bo&password=&next=%2F%2Fevil.example",
        &format!("login=bo&password={}&next=/", "x".repeat(5_000)),
        "login=bo",
        "",
    ] {
        let answer = send(&scene, "/sign-in", &[FORM, OWN], body).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{body}");
        assert!(!answer.text().contains("quay") && !answer.text().contains("evil"), "{}", answer.text());
        answers.push(lines(&answer).replace("value=\"bo\"", "value=\"nobody\""));
    }
    assert_eq!(answers[0], answers[1]);
    insta::assert_snapshot!("sign_in_wrong", answers[1]);
    for (headers, body, status) in [
        (vec![FORM], ADA, 403),
        (vec![FORM, ("sec-fetch-site", "cross-site")], ADA, 403),
        (vec![("content-type", "application/json"), OWN], r#"{"login":"bo","password":"quay side"}"#, 415),
        (vec![FORM, OWN], "login=bo&login=ada&password=x", 422),
        (vec![FORM, OWN], "login=%FF&password=x", 422),
    ] {
        let answer = send(&scene, "/sign-in", &headers, body).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (status, None), "{body}");
        assert!(!answer.text().contains("quay"), "a password comes back in no answer: {}", answer.text());
    }
}

#[tokio::test]
async fn too_many_failures_shut_the_door_for_a_while_even_for_the_right_password() {
    let scene = Scene::with(settings()).await;
    for _ in 0..8 {
        assert_eq!(send(&scene, "/sign-in", &[FORM, OWN], "login=bo&password=wrong&next=").await.status, 403);
    }
    let right = "login=bo&password=harbour+bicycles&next=";
    let answer = send(&scene, "/sign-in", &[FORM, OWN], right).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (429, None));
    let wait: u64 = answer.header("retry-after").expect("how long").parse().expect("seconds");
    assert!((1..=901).contains(&wait) && answer.text().contains("15 min"), "{}", answer.text());
    sign_in(&scene, ADA).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    tokio::time::resume();
    sign_in(&scene, right).await;
}

#[tokio::test]
async fn a_session_ends_by_idleness_by_age_and_by_signing_out() {
    let lifetimes = Lifetimes { idle: Duration::from_secs(60), at_most: Duration::from_secs(150) };
    let scene = Scene::with(SiteSettings { lifetimes, ..settings() }).await;
    scene.bind(model::Span::hours(1)).await;
    let pass = async |seconds| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    };
    let status = async |cookie: &str, live: bool| {
        let headers = if live { vec![("cookie", cookie), ("x-live", "1")] } else { vec![("cookie", cookie)] };
        scene.server.ask(get("/tasks", &headers)).await.status
    };
    let cookie = sign_in(&scene, ADA).await;
    for _ in 0..2 {
        pass(50).await;
        assert_eq!(status(&cookie, false).await, 200, "it is used");
    }
    pass(50).await;
    assert_eq!(status(&cookie, false).await, 303, "it is too old");

    let cookie = sign_in(&scene, ADA).await;
    pass(50).await;
    assert_eq!(status(&cookie, true).await, 200, "a page that looks by itself …");
    pass(11).await;
    assert_eq!(status(&cookie, true).await, 303, "… keeps nobody signed in");

    let cookie = sign_in(&scene, ADA).await;
    let mark = csrf(&scene, &cookie).await;
    let headers = [FORM, OWN, ("cookie", cookie.as_str())];
    assert_eq!(send(&scene, "/sign-out", &headers, "").await.status, 403, "another site signs nobody out");
    let mut stream = scene.server.connect().await;
    stream.send(get("/events", &[("cookie", &cookie)])).await;
    assert!(stream.head().await.is_some_and(|head| head.contains("200")));
    stream.block().await.expect("a greeting");
    let out = send(&scene, "/sign-out", &headers, &format!("csrf={mark}")).await;
    assert_eq!((out.status, out.header("location")), (303, Some("/sign-in")));
    assert!(out.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(status(&cookie, false).await, 303);
    scene.node.changed(9, &["c/1029/5001"]);
    assert_eq!(stream.block().await.as_deref(), Some("event: signed-out\ndata: 0\n\n"), "and no news goes out");
    assert_eq!(stream.block().await, None);
}

#[tokio::test]
async fn each_sign_in_is_a_session_of_its_own_and_the_one_before_is_over() {
    let scene = Scene::with(settings()).await;
    let first = sign_in(&scene, ADA).await;
    let answer = send(&scene, "/sign-in", &[FORM, OWN, ("cookie", &first)], ADA).await;
    let second = answer.header("set-cookie").expect("a cookie").split(';').next().expect("a value").to_owned();
    assert_ne!(first, second);
    let status = async |cookie: &str| scene.server.ask(get("/tasks", &[("cookie", cookie)])).await.status;
    assert_eq!((status(&first).await, status(&second).await), (303, 200));
}

#[tokio::test]
async fn a_form_of_no_session_or_of_another_changes_nothing_and_keeps_what_was_typed() {
    let scene = Scene::with(settings()).await;
    scene.bind(model::Span::hours(1)).await;
    let ada = sign_in(&scene, ADA).await;
    let bo = sign_in(&scene, "login=bo&password=harbour+bicycles&next=").await;
    let (of_ada, of_bo) = (csrf(&scene, &ada).await, csrf(&scene, &bo).await);
    assert_ne!(of_ada, of_bo);
    let paths = ["/conversations/1029/5001/reply", "/tasks/1/comments", "/tasks/1/status", "/tasks/1/trash"];
    for path in paths {
        for mark in ["", "&csrf=", &format!("&csrf={of_bo}"), &format!("&csrf={of_ada}&csrf={of_ada}")] {
            let body = format!("text=We+open+at+nine.&audience=customer&showing=1&status=3{mark}");
            let answer = send(&scene, path, &[FORM, OWN, ("cookie", &ada)], &body).await;
            assert_eq!(answer.status, 403, "{path} {mark}");
            assert!(answer.text().contains("We open at nine."), "{}", answer.text());
            let answer = send(&scene, path, &[FORM, OWN], &body).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, None), "{path} {mark}");
            assert!(answer.text().contains("We open at nine.") && answer.text().contains("/sign-in"));
        }
    }
    let task = scene.desk.task(&TaskId::new("1"), None, 10).expect("it stands");
    assert_eq!((task.comments.len(), task.task.trashed, task.task.status.id.0), (1, false, 1));
    let body = "text=We+open+at+nine.&showing=1";
    let again = send(&scene, paths[0], &[FORM, OWN, ("cookie", &ada)], body).await;
    assert!(again.text().contains(&format!("name=\"csrf\" value=\"{of_ada}\"")), "it can be sent from here");
    insta::assert_snapshot!("refused_other_session", lines(&again));
    let out = send(&scene, paths[0], &[FORM, OWN], body).await;
    insta::assert_snapshot!("refused_signed_out", lines(&out));
}

#[tokio::test]
async fn behind_https_the_cookie_goes_over_nothing_else() {
    let scene = Scene::with(SiteSettings { https: true, ..settings() }).await;
    let answer = send(&scene, "/sign-in", &[FORM, OWN], ADA).await;
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(set.starts_with("__Host-pagedesk=") && set.ends_with("; SameSite=Lax; Secure"), "{set}");
    let cookie = set.split(';').next().expect("a value");
    assert_eq!(scene.server.ask(get("/tasks", &[("cookie", cookie)])).await.status, 200);
}

#[tokio::test]
async fn where_nobody_signs_in_the_pages_say_how_to() {
    let scene = Scene::empty().await;
    let list = scene.server.ask(get("/", &[])).await;
    assert!(list.text().contains("pagedesk agent hash"), "{}", list.text());
    let door = scene.server.ask(get("/sign-in", &[])).await;
    assert_eq!(door.status, 200);
    insta::assert_snapshot!("sign_in_nobody", lines(&door));
    assert_eq!(send(&scene, "/sign-in", &[FORM, OWN], ADA).await.status, 403);
}

#[tokio::test]
async fn browsers_report_what_broke_the_policy_and_anybody_may_look_who_is_in() {
    let scene = Scene::with(settings()).await;
    let report = r#"{"csp-report":{"document-uri":"http://d/","violated-directive":"img-src","blocked-uri":"x"}}"#;
    for body in [report, report, "", "{", "[1]"] {
        let headers = [("content-type", "application/csp-report"), ("sec-fetch-site", "cross-site")];
        assert_eq!(send(&scene, "/csp-report", &headers, body).await.status, 204, "{body}");
    }
    assert_eq!(send(&scene, "/csp-report", &[], &"x".repeat(20_000)).await.status, 413);
    let cookie = sign_in(&scene, ADA).await;
    let shown = scene.server.ask(get("/csp-report", &[("cookie", &cookie)])).await.json();
    assert_eq!((&shown["reports"], &shown["unreadable"]), (&2.into(), &3.into()), "{shown}");
    assert_eq!(shown["kept"][0]["directive"], "img-src", "{shown}");
}
