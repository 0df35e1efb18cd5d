//! The event streams over real sockets: what is told, from where it goes on after a cut, and how a stream ends.

use web::{Ended, SiteSettings};

use crate::scene::{Scene, TALK, WHO};
use crate::wire::{Line, get};

/// Opens a stream and reads its greeting.
async fn stream(scene: &Scene, path: &str, headers: &[(&str, &str)]) -> Line {
    let mut line = scene.server.connect().await;
    line.send(get(path, headers)).await;
    let head = line.head().await.expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("cache-control: no-store") && head.contains("content-security-policy"), "{head}");
    let greeting = line.block().await.expect("a greeting");
    assert!(
        greeting.starts_with("retry: 2000\n") && greeting.contains("event: clock\ndata: 1795000000000\n"),
        "{greeting}"
    );
    line
}

#[tokio::test]
async fn a_stream_names_what_changed_and_goes_on_after_a_cut() {
    let scene = Scene::bound().await;
    scene.node.changed(7, &["p/1029"]);
    let mut line = stream(&scene, "/events", &[]).await;
    scene.node.changed(9, &[WHO]);
    assert_eq!(line.block().await.as_deref(), Some("id: 9\nevent: changed\ndata: c/1029/5001\n\n"));
    drop(line);
    scene.node.changed(12, &[WHO, "c/1029/6"]);
    scene.node.changed(15, &[WHO]);
    // The browser sends the address of the first connection and the id it heard last: the id counts.
    let mut line = stream(&scene, "/events?after=7", &[("last-event-id", "9")]).await;
    let missed = line.block().await.expect("what was missed");
    assert_eq!(missed, "id: 15\nevent: changed\ndata: c/1029/5001\ndata: c/1029/6\n\n");
    let mut line = stream(&scene, "/events?after=12", &[]).await;
    assert_eq!(line.block().await.as_deref(), Some("id: 15\nevent: changed\ndata: c/1029/5001\n\n"));
}

#[tokio::test]
async fn a_stream_that_was_away_for_too_long_is_told_to_read_everything() {
    let scene = Scene::bound().await;
    scene.node.changed(20, &[WHO]);
    scene.node.forgets(10);
    for odd in ["9", "21", "x", "-1", "18446744073709551616", "%00"] {
        let mut line = stream(&scene, &format!("/events?after={odd}"), &[]).await;
        assert_eq!(line.block().await.as_deref(), Some("id: 20\nevent: everything\ndata: 20\n\n"), "{odd}");
    }
    let mut line = stream(&scene, "/events?after=10", &[]).await;
    assert_eq!(line.block().await.as_deref(), Some("id: 20\nevent: changed\ndata: c/1029/5001\n\n"));
}

#[tokio::test]
async fn a_page_says_where_its_stream_begins_and_which_machine_it_shows() {
    let scene = Scene::bound().await;
    scene.node.changed(20, &[WHO]);
    let page = scene.server.ask(get(TALK, &[])).await;
    assert!(page.text().contains("<body data-after=\"20\" data-machine=\"c/1029/5001\">"), "{}", page.text());
    assert!(scene.server.ask(get("/", &[])).await.text().contains("<body data-after=\"20\">"));
    assert!(scene.server.ask(get("/nowhere", &[])).await.text().contains("<body>"));
}

#[tokio::test]
async fn streams_end_with_the_listener_and_do_not_hold_it_up() {
    let scene = Scene::with(SiteSettings::default()).await;
    let mut line = stream(&scene, "/events", &[]).await;
    let Scene { server, site, .. } = scene;
    site.end_streams();
    assert_eq!(line.block().await, None, "it ends");
    assert_eq!(server.stop().await, Ended::Drained);
}

#[tokio::test]
async fn the_number_of_streams_is_bounded() {
    let scene = Scene::with(SiteSettings::default()).await;
    let mut lines = Vec::new();
    for _ in 0..512 {
        lines.push(stream(&scene, "/events", &[]).await);
    }
    let answer = scene.server.ask(get("/events", &[])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(scene.server.ask(get("/api/v1/totals", &[])).await.json()["site"]["streams"], 512);
    drop(lines);
}
