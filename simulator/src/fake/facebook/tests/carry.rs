//! Webhooks kept back, let go in every shape, and repeated, as ordered through the control API.

use serde_json::{Value, json};

use super::Scene;

/// The texts of each body, as `PAGE:TEXT`, in the order of arrival.
fn bodies(scene: &Scene) -> Vec<Vec<String>> {
    let texts = |body: Vec<u8>| {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let entries = body["entry"].as_array().expect("entries").iter();
        let of = |entry: &Value| {
            let page = entry["id"].as_str().expect("a Page").to_owned();
            let items = entry["messaging"].as_array().cloned().unwrap_or_default();
            items.into_iter().map(move |item| format!("{page}:{}", item["message"]["text"].as_str().unwrap_or("?")))
        };
        entries.flat_map(of).collect()
    };
    scene.receiver.bodies().into_iter().map(texts).collect()
}

async fn writes(scene: &Scene, page: &str, text: &str) -> String {
    let order = json!({"page": page, "psid": "5001", "what": {"kind": "message", "text": text}});
    let (status, answer) = scene.control("happen", &order).await;
    assert_eq!(status, 200, "{answer}");
    answer["id"].as_str().expect("an id").to_owned()
}

/// Carries out an order and waits until what it let go has arrived.
async fn carries(scene: &Scene, order: Value) -> Value {
    let (status, answer) = scene.control("carry", &order).await;
    assert_eq!(status, 200, "{answer}");
    scene.stand_in.quiet().await;
    answer
}

async fn refused(scene: &Scene, order: Value) -> String {
    let (status, answer) = scene.control("carry", &order).await;
    assert_eq!(status, 400, "{answer}");
    answer.as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn what_is_kept_back_goes_out_in_the_order_that_is_asked_for() {
    let scene = Scene::start().await;
    for (how, expected) in [
        (None, vec![vec!["17:a"], vec!["17:b"], vec!["17:c"]]),
        (Some("in_order"), vec![vec!["17:a"], vec!["17:b"], vec!["17:c"]]),
        (Some("reversed"), vec![vec!["17:c"], vec!["17:b"], vec!["17:a"]]),
        (Some("together"), vec![vec!["17:a", "17:b", "17:c"]]),
    ] {
        let before = scene.receiver.bodies().len();
        assert_eq!(carries(&scene, json!({"order": "hold", "pages": ["17"]})).await, json!({"bodies": 0, "items": 0}));
        for text in ["a", "b", "c"] {
            writes(&scene, "17", text).await;
        }
        // Nothing waits for what is kept back.
        scene.stand_in.quiet().await;
        assert_eq!(scene.receiver.bodies().len(), before);
        assert_eq!(scene.stand_in.state().webhooks.kept_back, 3);
        let mut release = json!({"order": "release", "pages": ["17"]});
        if let Some(how) = how {
            release["how"] = how.into();
        }
        let carried = carries(&scene, release).await;
        assert_eq!(carried, json!({"bodies": expected.len(), "items": 3}));
        assert_eq!(bodies(&scene)[before..], expected, "{how:?}");
        let webhooks = scene.stand_in.state().webhooks;
        assert_eq!((webhooks.kept_back, webhooks.waiting, webhooks.dropped), (0, 0, 0));
    }
    writes(&scene, "17", "as ever").await;
    scene.stand_in.quiet().await;
    assert_eq!(bodies(&scene).last(), Some(&vec!["17:as ever".to_owned()]));
}

#[tokio::test]
async fn pages_are_kept_back_one_by_one_and_let_go_in_one_body() {
    let scene = Scene::start().await;
    carries(&scene, json!({"order": "hold", "pages": ["17"]})).await;
    writes(&scene, "18", "free").await;
    scene.stand_in.quiet().await;
    assert_eq!(bodies(&scene), [["18:free"]]);
    carries(&scene, json!({"order": "hold", "pages": ["18", "17"]})).await;
    for (page, text) in [("17", "a"), ("18", "b"), ("17", "c")] {
        writes(&scene, page, text).await;
    }
    let carried = carries(&scene, json!({"order": "release", "pages": ["18", "17"], "how": "together"})).await;
    assert_eq!(carried, json!({"bodies": 1, "items": 3}));
    assert_eq!(bodies(&scene)[1], ["17:a", "18:b", "17:c"]);
}

#[tokio::test]
async fn a_body_that_is_for_another_object_stays_alone_among_those_let_go() {
    let scene = Scene::start().await;
    carries(&scene, json!({"order": "hold", "pages": ["17"]})).await;
    writes(&scene, "17", "a").await;
    let what = json!({"kind": "elsewhere", "object": "permissions", "id": "1", "changes": []});
    assert_eq!(scene.control("happen", &json!({"page": "17", "what": what})).await.0, 200);
    writes(&scene, "17", "b").await;
    writes(&scene, "17", "c").await;
    let carried = carries(&scene, json!({"order": "release", "pages": ["17"], "how": "together"})).await;
    assert_eq!(carried, json!({"bodies": 3, "items": 4}));
    let objects: Vec<Value> = scene
        .receiver
        .bodies()
        .iter()
        .map(|body| serde_json::from_slice::<Value>(body).expect("JSON")["object"].clone())
        .collect();
    assert_eq!(objects, ["page", "permissions", "page"]);
}

#[tokio::test]
async fn a_body_is_repeated_byte_for_byte_by_its_page_or_by_what_it_told_of() {
    let scene = Scene::start().await;
    let first = writes(&scene, "17", "first").await;
    // Tells of the same id, and is not what told of it first.
    let edit = json!({"page": "17", "psid": "5001", "what": {"kind": "edit", "mid": first, "text": "changed"}});
    assert_eq!(scene.control("happen", &edit).await.0, 200);
    writes(&scene, "18", "other").await;
    scene.stand_in.quiet().await;
    let repeated = json!({"bodies": 1, "items": 1});
    let of = |page: &str| json!({"order": "repeat", "page": page});
    for order in [of("17"), json!({"order": "repeat_of", "id": first}), of("18"), of("17")] {
        assert_eq!(carries(&scene, order).await, repeated);
    }
    let bodies = scene.receiver.bodies();
    let same: Vec<usize> =
        bodies.iter().map(|body| bodies.iter().position(|first| first == body).expect("itself")).collect();
    // The last body of a Page is the one that was delivered last, if that was a repetition too. Bodies of two Pages
    // travel side by side, so which of the first three came when is not said.
    let of_page = |id: &str| bodies.iter().position(|body| String::from_utf8_lossy(body).contains(id)).expect("one");
    let (first, changed, other) = (of_page("\"first\""), of_page("changed"), of_page("\"other\""));
    assert_eq!(same[3..], [changed, first, other, first]);
}

#[tokio::test]
async fn what_was_kept_back_in_reverse_is_repeated_by_the_message_and_not_by_its_end() {
    let scene = Scene::start().await;
    carries(&scene, json!({"order": "hold", "pages": ["17"]})).await;
    let mid = writes(&scene, "17", "regretted").await;
    let unsend = json!({"page": "17", "psid": "5001", "what": {"kind": "unsend", "mid": mid}});
    assert_eq!(scene.control("happen", &unsend).await.0, 200);
    carries(&scene, json!({"order": "release", "pages": ["17"], "how": "reversed"})).await;
    carries(&scene, json!({"order": "repeat_of", "id": mid})).await;
    assert_eq!(bodies(&scene), [["17:?"], ["17:regretted"], ["17:regretted"]]);
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused_in_a_sentence() {
    let scene = Scene::start().await;
    let cases = [
        (json!({"order": "hold", "pages": ["19"]}), "no such Page: 19"),
        (json!({"order": "release", "pages": ["17"]}), "webhooks of 17 are not kept back"),
        (json!({"order": "release", "pages": []}), "no Page is named"),
        (json!({"order": "repeat", "page": "17"}), "nothing was delivered for 17 yet"),
        (json!({"order": "repeat_of", "id": "m_9"}), "no body that is remembered tells of m_9"),
    ];
    for (order, sentence) in cases {
        assert_eq!(refused(&scene, order).await, sentence);
    }
    assert!(refused(&scene, json!({"order": "shred", "pages": ["17"]})).await.contains("unknown variant `shred`"));
    carries(&scene, json!({"order": "hold", "pages": ["17"]})).await;
    // One of them is not held: nothing is let go.
    writes(&scene, "17", "a").await;
    let order = json!({"order": "release", "pages": ["17", "18"]});
    assert_eq!(refused(&scene, order).await, "webhooks of 18 are not kept back");
    assert_eq!(scene.stand_in.state().webhooks.kept_back, 1);
}

#[tokio::test]
async fn more_items_than_meta_puts_into_a_body_stay_kept_back() {
    let scene = Scene::start().await;
    carries(&scene, json!({"order": "hold", "pages": ["17"]})).await;
    for number in 0..=1_000 {
        scene.stand_in.customer_writes(&super::page(), &super::psid(), &number.to_string());
    }
    let together = json!({"order": "release", "pages": ["17"], "how": "together"});
    assert_eq!(refused(&scene, together).await, "1001 items are kept back; one body takes at most 1000");
    assert_eq!(scene.stand_in.state().webhooks.kept_back, 1_001);
}
