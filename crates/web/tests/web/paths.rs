//! Whatever stands in a path: an answer below 500, of the kind that its asker reads, and nothing that ends the server.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use web::{Agent, SiteSettings, hash_password};

use crate::scene::{Scene, TALK};
use crate::wire::{FORM, OWN, bare, get, post};

#[tokio::test]
async fn head_answers_as_get_does_without_a_body() {
    let scene = Scene::bound().await;
    let paths = [
        "/",
        "/tasks",
        "/tasks/1",
        TALK,
        "/assets/site.css",
        "/assets/live.js",
        "/live",
        "/ready",
        "/api/v1/totals",
        "/sign-in",
    ];
    let missing = ["/nowhere", "/conversations/1/2", "/tasks/9", "/api", "/api/v1/tasks/9", "/tasks/1/status"];
    for path in paths.into_iter().chain(missing) {
        let whole = scene.server.ask(get(path, &[])).await;
        let mut line = scene.server.connect().await;
        line.send(bare("HEAD", path, &[("connection", "close")])).await;
        let head = line.answer().await.expect("an answer");
        assert_eq!((head.status, head.body.len()), (whole.status, 0), "{path}");
        for name in ["content-type", "content-length", "content-security-policy", "allow"] {
            assert_eq!(head.header(name), whole.header(name), "{path} {name}");
        }
        assert!(line.is_closed().await, "{path}: nothing follows the headers");
    }
}

/// A segment as strangers and broken programs write it.
fn segment() -> impl Strategy<Value = Vec<u8>> {
    const KNOWN: [&str; 18] = [
        "conversations",
        "tasks",
        "api",
        "v1",
        "assets",
        "site.css",
        "live",
        "1029",
        "5001",
        "1",
        "reply",
        "comments",
        "status",
        "parts",
        "resolve",
        "trash",
        "merge",
        "totals",
    ];
    const ODD: [&str; 26] = [
        "",
        ".",
        "..",
        "%00",
        "%FF",
        "%ff%fe",
        "%C3",
        "%",
        "%2",
        "%zz",
        "%2F",
        "%5C",
        "%0D%0A",
        "%25",
        "{page}",
        "*",
        ";",
        ":",
        "+",
        "%F0%9F%98%80",
        "18446744073709551616",
        "-1",
        "%E2%80%AE",
        "é",
        "<b>",
        "\"",
    ];
    prop_oneof![
        6 => prop::sample::select(&KNOWN[..]).prop_map(|name| name.as_bytes().to_vec()),
        4 => prop::sample::select(&ODD[..]).prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::sample::select(&["x", "%00", "9", "é"][..]).prop_map(|name| name.repeat(10_240 / name.len()).into_bytes()),
        // Blanks and line ends would make it another request, or none.
        1 => prop::collection::vec(any::<u8>().prop_filter("ends a path", |byte| !byte.is_ascii_whitespace()), 0..12),
    ]
}

/// The addresses that there are; `_` is an id.
const ROUTES: [&str; 28] = [
    "/conversations/_/_",
    "/conversations/_/_/reply",
    "/conversations/_/_/parts/_/resolve",
    "/tasks/_",
    "/tasks/_/comments",
    "/tasks/_/status",
    "/tasks/_/restore",
    "/assets/_",
    "/api/_",
    "/api/v1/conversations/_/_",
    "/api/v1/conversations/_/_/parts/_/resolve",
    "/api/v1/conversations/_/_/messages",
    "/api/v1/messages/c/_/_/_",
    "/api/v1/dead-letters",
    "/api/v1/dead-letters/c/_/_/_/retry",
    "/api/v1/dead-letters/c/_/_/_/skip",
    "/api/v1/tasks/_",
    "/api/v1/tasks/_/comments",
    "/api/v1/tasks/_/status",
    "/api/v1/tasks/_/merge",
    "/conversations/1029/5001/_",
    "/tasks/1/_",
    "/events",
    "/events/_",
    "/sign-in",
    "/sign-out",
    "/csp-report",
    "/sign-in/_",
];

fn path() -> impl Strategy<Value = Vec<u8>> {
    let query = prop_oneof![
        4 => Just(Vec::new()),
        1 => segment().prop_map(|value| [b"?shown=", &value[..]].concat()),
        1 => segment().prop_map(|value| [b"?cursor=", &value[..], b"&limit=%00"].concat()),
        1 => segment().prop_map(|value| [b"?after=", &value[..]].concat()),
        1 => segment().prop_map(|value| [b"?next=/", &value[..], b"&show=ending&of=", &value[..]].concat()),
    ];
    let free = prop::collection::vec(segment(), 0..7).prop_map(|segments| match segments.len() {
        0 => b"/".to_vec(),
        _ => segments.iter().flat_map(|segment| [b"/", &segment[..]].concat()).collect(),
    });
    let id =
        prop_oneof![1 => prop::sample::select(&["1", "1029", "5001"][..]).prop_map(|id| id.into()), 2 => segment()];
    let routed = (prop::sample::select(&ROUTES[..]), prop::collection::vec(id, 3)).prop_map(|(route, ids)| {
        let mut ids = ids.iter();
        let segments = route.split('/').skip(1).map(|name| match name {
            "_" => ids.next().expect("no address has more than three").as_slice(),
            known => known.as_bytes(),
        });
        segments.flat_map(|segment| [b"/", segment].concat()).collect()
    });
    (prop_oneof![free, routed], query).prop_map(|(path, query)| [path, query].concat())
}

#[test]
fn no_path_makes_the_site_fail() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for scene in [runtime.block_on(Scene::bound()), runtime.block_on(closed())] {
        no_path_makes_it_fail(&runtime, &scene);
    }
}

/// A site where agents sign in.
async fn closed() -> Scene {
    let hash = hash_password("quay side bakery", [1; 16]).expect("long enough");
    let agents = vec![Agent::new("Ada", "ada", &hash).expect("an agent")];
    Scene::with(SiteSettings { agents, ..SiteSettings::default() }).await
}

fn no_path_makes_it_fail(runtime: &tokio::runtime::Runtime, scene: &Scene) {
    let methods = prop::sample::select(&["GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS", "BREW"][..]);
    let config = Config { cases: 768, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config).run(&(methods, path(), any::<bool>()), |(method, path, own)| {
        let close = ("connection", "close");
        let api = path == b"/api" || path.starts_with(b"/api/") || path.starts_with(b"/api?");
        let mut headers = if own { vec![OWN, close] } else { vec![close] };
        headers.push(if api { ("content-type", "application/json") } else { FORM });
        let body = if api { r#"{"status":1}"# } else { "text=x&showing=1&status=1&resolution=retry&audience=internal" };
        let request = post("/", &headers, body.as_bytes());
        let request = [method.as_bytes(), b" ", &path, &request["POST /".len()..]].concat();
        let answer = runtime.block_on(async {
            let mut line = scene.server.connect().await;
            line.send(request).await;
            line.answer().await
        });
        let answer = answer.ok_or_else(|| TestCaseError::fail("closed without an answer"))?;
        prop_assert!(answer.status < 500, "{}", answer.head);
        // What is no HTTP at all is answered before there is a site.
        let unheard = answer.header("content-security-policy").is_none();
        prop_assert!(!unheard || matches!(answer.status, 400 | 414 | 431), "{}", answer.head);
        if !unheard && answer.status >= 400 {
            let wanted = if api { "application/json" } else { "text/html; charset=utf-8" };
            prop_assert_eq!(answer.header("content-type"), Some(wanted), "{}", answer.head);
        }
        Ok(())
    });
    if let Err(fault) = checked {
        panic!("{fault}");
    }
    assert_eq!(runtime.block_on(scene.server.ask(get("/live", &[]))).status, 200, "and it serves on");
}
