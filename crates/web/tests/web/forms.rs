//! What a form is answered when it cannot be taken: a page that says why, with what was typed and a way back.

use model::{Span, TaskId};

use crate::fake::NOW;
use crate::pages::lines;
use crate::scene::{HOSTILE, Scene, TALK};
use crate::wire::{Answer, FORM, OWN, bare, get, post};

const COMMENTS: &str = "/tasks/1/comments";

fn reply() -> String {
    format!("{TALK}/reply")
}

/// A form's body as browsers write it.
fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

async fn send(scene: &Scene, path: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    scene.server.ask(post(path, headers, body.as_ref())).await
}

/// The page of a refusal: its status and itself, with everything that each of them must have.
fn refused(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = lines(answer);
    assert!(text.contains("<a class=\"brand\" href=\"/\">"), "the layout: {text}");
    for raw in ["deserialize", "Failed to", "<script>", "missing field", "extract"] {
        assert!(!text.contains(raw), "{raw}: {text}");
    }
    (answer.status, text)
}

fn comments(scene: &Scene) -> usize {
    scene.desk.task(&TaskId::new("1"), None, 50).expect("it stands").comments.len()
}

#[tokio::test]
async fn a_form_that_is_not_whole_comes_back_with_what_was_typed() {
    let scene = Scene::bound().await;
    for (path, fields, status, says) in [
        (reply(), vec![("text", "We open at nine.")], 422, "not whole"),
        (reply(), vec![("text", "We open at nine."), ("showing", "x")], 422, "not whole"),
        (reply(), vec![("text", "We open at nine."), ("text", "two"), ("showing", "1")], 422, "more than once"),
        (COMMENTS.to_owned(), vec![("text", "We open at nine."), ("showing", "1")], 422, "for whom"),
        (
            COMMENTS.to_owned(),
            vec![("text", "We open at nine."), ("audience", "everybody"), ("showing", "1")],
            422,
            "for whom",
        ),
    ] {
        let (found, page) = refused(&send(&scene, &path, &[FORM, OWN], form(&fields)).await);
        assert_eq!(found, status, "{fields:?}");
        assert!(page.contains(says), "{fields:?}: {page}");
        assert!(page.contains("We open at nine."), "{fields:?}: {page}");
        assert!(page.contains(&format!("method=\"post\" action=\"{path}\"")), "{fields:?}: {page}");
        assert!(page.contains("name=\"showing\" value=\"1"), "the form is whole again: {page}");
    }
    let (status, page) = refused(&send(&scene, &reply(), &[FORM, OWN], "showing=1").await);
    assert_eq!((status, page.contains("without its text")), (422, true), "{page}");
    assert_eq!(comments(&scene), 1, "nothing was added");
}

#[tokio::test]
async fn a_text_that_is_too_long_comes_back_to_be_shortened() {
    let scene = Scene::bound().await;
    let long = "ж".repeat(20_001);
    let answer = send(&scene, &reply(), &[FORM, OWN], form(&[("text", &long), ("showing", "7")])).await;
    let (status, page) = refused(&answer);
    assert_eq!(status, 422);
    assert!(page.contains("20000 characters") && page.contains(&long), "{}", answer.head);
    assert!(page.contains("name=\"showing\" value=\"7\""), "sent again it is the same answer");

    let longer = "x".repeat(300_000);
    let body = form(&[("text", &longer), ("audience", "internal"), ("showing", "7")]);
    let (status, page) = refused(&send(&scene, COMMENTS, &[FORM, OWN], body).await);
    assert_eq!((status, page.contains("256 KiB"), page.contains(&longer)), (413, true, true));
    assert!(page.contains("value=\"internal\" required checked"), "what was chosen stays chosen");

    let longest = form(&[("text", &"x".repeat(1_100_000)), ("showing", "7")]);
    let (status, page) = refused(&send(&scene, &reply(), &[FORM, OWN], longest).await);
    assert_eq!((status, page.contains("256 KiB"), page.contains("Back")), (413, true, true));
    assert!(page.len() < 10_000 && page.contains(&format!("href=\"{TALK}\"")), "{page}");
    assert_eq!(comments(&scene), 1);
}

#[tokio::test]
async fn an_empty_text_comes_back_and_the_text_is_kept_to_the_letter() {
    let scene = Scene::bound().await;
    let (status, page) = refused(&send(&scene, &reply(), &[FORM, OWN], "text=++&showing=1").await);
    assert_eq!((status, page.contains("The text is empty")), (422, true));
    assert!(page.contains("role=\"log\"") && page.contains(&format!("data-at=\"{TALK}\"")), "on the thread: {page}");
    let note = form(&[("text", " "), ("audience", "internal"), ("showing", "4")]);
    let (status, page) = refused(&send(&scene, COMMENTS, &[FORM, OWN], note).await);
    assert_eq!((status, page.contains("The text is empty")), (422, true));
    assert!(page.contains("id=\"comments\"") && page.contains("data-at=\"/tasks/1\""), "on the task: {page}");
    assert!(page.contains("value=\"internal\" required checked"), "what was chosen stays chosen: {page}");
    let typed = "\r\n\r\nDear <Eve> & Ümit,\r\n100 % + more";
    let (_, page) = refused(&send(&scene, &reply(), &[FORM, OWN], form(&[("text", typed)])).await);
    let kept = ">\n\n\nDear &lt;Eve&gt; &amp; Ümit,\n100 % + more</textarea>";
    assert!(page.contains(kept), "a browser drops the first line end of a textarea: {page}");
}

#[tokio::test]
async fn a_body_that_is_no_form_is_shown_to_be_copied() {
    let scene = Scene::bound().await;
    let json = r#"{"text":"We open at nine."}"#;
    for headers in
        [vec![("content-type", "application/json"), OWN], vec![("content-type", "text/plain"), OWN], vec![OWN]]
    {
        let (status, page) = refused(&send(&scene, &reply(), &headers, json).await);
        assert_eq!(status, 415, "{headers:?}");
        assert!(page.contains("application/x-www-form-urlencoded"), "{page}");
        assert!(page.contains("readonly") && page.contains("We open at nine."), "{page}");
        assert!(!page.contains("method=\"post\""), "{page}");
    }
    let (status, page) = refused(&send(&scene, &reply(), &[FORM, OWN], "text=caf%E9&showing=1").await);
    assert_eq!((status, page.contains("UTF-8"), page.contains("caf\u{fffd}")), (422, true, true), "{page}");
}

#[tokio::test]
async fn a_form_whose_target_is_missing_keeps_the_text_and_leads_to_the_list() {
    let scene = Scene::bound().await;
    let typed = form(&[("text", "We open at nine."), ("audience", "internal"), ("showing", "1")]);
    for (path, status, back) in [
        ("/conversations/1/2/reply", 404, "href=\"/\">To the conversations"),
        ("/conversations/1/%00/reply", 400, "href=\"/\">To the conversations"),
        ("/conversations/1/%FF/reply", 400, "href=\"/\">To the conversations"),
        ("/tasks/99/comments", 404, "href=\"/tasks\">To the tasks"),
        ("/tasks/1/nowhere", 404, "href=\"/tasks\">To the tasks"),
        ("/nowhere", 404, "href=\"/\">To the conversations"),
    ] {
        let (found, page) = refused(&send(&scene, path, &[FORM, OWN], &typed).await);
        assert_eq!(found, status, "{path}");
        assert!(page.contains(back), "{path}: {page}");
        assert!(page.contains("readonly") && page.contains("We open at nine."), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_conversation_without_a_task_keeps_the_answer() {
    let scene = Scene::empty().await;
    scene.wrote("m1", "hello", NOW);
    let typed = form(&[("text", "We open at nine."), ("showing", "1")]);
    let (status, page) = refused(&send(&scene, &reply(), &[FORM, OWN], typed).await);
    assert_eq!((status, page.contains("no task yet"), page.contains("We open at nine.")), (409, true, true));
}

#[tokio::test]
async fn a_small_form_that_is_odd_says_what_is_wrong_and_leads_back() {
    let scene = Scene::bound().await;
    for (path, body, status, says, back) in [
        ("/tasks/1/status", "", 422, "which status", "/tasks/1"),
        ("/tasks/1/status", "status=odd", 422, "which status", "/tasks/1"),
        ("/tasks/1/status", "status=-1", 422, "which status", "/tasks/1"),
        ("/tasks/1/status", "status=77", 422, "no such status", "/tasks/1"),
        ("/conversations/1029/5001/parts/4/resolve", "", 422, "what is to be done", TALK),
        ("/conversations/1029/5001/parts/4/resolve", "resolution=odd", 422, "what is to be done", TALK),
        ("/conversations/1029/5001/parts/x/resolve", "resolution=retry", 400, "no such part", TALK),
    ] {
        let (found, page) = refused(&send(&scene, path, &[FORM, OWN], body).await);
        assert_eq!(found, status, "{path} {body}");
        assert!(page.contains(says), "{path} {body}: {page}");
        assert!(page.contains(&format!("href=\"{back}\"")), "{path} {body}: {page}");
    }
}

#[tokio::test]
async fn a_form_without_an_origin_is_refused_with_the_header_to_send() {
    let scene = Scene::bound().await;
    let typed = form(&[("text", "We open at nine."), ("showing", "1")]);
    let (status, page) = refused(&send(&scene, &reply(), &[FORM], &typed).await);
    assert_eq!(status, 403);
    assert!(page.contains("does not say where it was sent from"), "{page}");
    assert!(page.contains("Origin: http://desk.example") && page.contains("/api/v1"), "{page}");
    assert!(!page.contains("another site"), "{page}");
    assert!(page.contains("readonly") && page.contains("We open at nine."), "{page}");

    let elsewhere = [FORM, ("origin", "https://elsewhere.example")];
    let (status, page) = refused(&send(&scene, &reply(), &elsewhere, &typed).await);
    assert_eq!((status, page.contains("Host header"), page.contains("We open at nine.")), (403, true, true), "{page}");

    let foreign = [FORM, ("sec-fetch-site", "cross-site")];
    let (status, page) = refused(&send(&scene, &reply(), &foreign, &typed).await);
    assert_eq!((status, page.contains("another site")), (403, true), "{page}");
    assert!(!page.contains("We open at nine."), "a stranger's words are not shown as ours: {page}");
    assert_eq!(comments(&scene), 1);
}

#[tokio::test]
async fn an_address_or_method_that_is_none_is_said_before_the_origin() {
    let scene = Scene::bound().await;
    for (method, path, status, allow) in [
        ("POST", "/nowhere", 404, None),
        ("DELETE", "/tasks/1", 405, Some("GET,HEAD")),
        ("POST", "/", 405, Some("GET,HEAD")),
        ("GET", "/tasks/1/comments", 405, Some("POST")),
        ("PUT", "/live", 405, Some("GET,HEAD")),
        ("OPTIONS", "/tasks", 405, Some("GET,HEAD")),
    ] {
        let answer = scene.server.ask(bare(method, path, &[("content-length", "0")])).await;
        let (found, page) = refused(&answer);
        assert_eq!((found, answer.header("allow")), (status, allow), "{method} {path}");
        if let Some(allow) = allow {
            assert!(page.contains(&allow.replace(',', ", ")), "{method} {path}: {page}");
        }
    }
}

#[tokio::test]
async fn a_showing_is_marked_by_its_instant_and_what_the_customer_wrote_since_holds_no_answer_back() {
    let scene = Scene::bound().await;
    let shown = |answer: &Answer| lines(answer).contains(&format!("name=\"showing\" value=\"{}\"", NOW.0));
    assert!(shown(&scene.server.ask(get(TALK, &[])).await));
    assert!(shown(&scene.server.ask(get("/tasks/1", &[])).await));
    let answer = form(&[("text", "ok"), ("showing", "5")]);
    // The customer writes in between: the answer is sent all the same, once.
    scene.wrote("m2", "and on Sunday?", NOW - Span::minutes(1));
    for _ in 0..2 {
        assert_eq!(send(&scene, &reply(), &[FORM, OWN], &answer).await.status, 303);
    }
    assert_eq!(comments(&scene), 2);
}

#[tokio::test]
async fn the_pages_of_refusals_are_approved() {
    let scene = Scene::bound().await;
    let page =
        async |path: &str, headers: &[(&str, &str)], body: &str| refused(&send(&scene, path, headers, body).await).1;
    let own = [FORM, OWN];
    let json = [("content-type", "application/json"), OWN];
    let whole = form(&[("text", HOSTILE), ("audience", "customer"), ("showing", "3")]);
    let open = form(&[("text", HOSTILE), ("showing", "3")]);
    insta::assert_snapshot!("refused_reply", page(&reply(), &own, &form(&[("text", HOSTILE)])).await);
    insta::assert_snapshot!("refused_comment", page(COMMENTS, &own, &open).await);
    insta::assert_snapshot!("refused_missing", page("/tasks/99/comments", &own, &whole).await);
    insta::assert_snapshot!("refused_unnamed", page(&reply(), &[FORM], &whole).await);
    insta::assert_snapshot!("refused_json", page(&reply(), &json, r#"{"text":"We open at nine."}"#).await);
    let nowhere = refused(&scene.server.ask(get("/nowhere/%3Cscript%3E", &[])).await).1;
    insta::assert_snapshot!("refused_nowhere", nowhere);
    let method = refused(&scene.server.ask(get(COMMENTS, &[])).await).1;
    insta::assert_snapshot!("refused_method", method);
    let query = refused(&scene.server.ask(get("/?show=odd", &[])).await).1;
    insta::assert_snapshot!("refused_query", query);
}
