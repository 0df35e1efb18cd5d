//! The page on which one plays the customer.

use serde_json::Value;

use super::receiver::request;
use super::{Scene, page, psid};

async fn form(scene: &Scene, body: &'static str, origin: Option<&str>) -> u16 {
    let url = format!("{}/play/act", scene.stand_in.base_url());
    let mut request = request("POST", &url, None).header("content-type", "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    scene.http.call(request, body.into()).await.expect("an answer").0
}

/// The answer to a form with a file.
async fn upload(scene: &Scene, fields: &[(&str, &str)], file: &[u8]) -> (u16, Value) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    body.extend(b"--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--XX--\r\n");
    let url = format!("{}/play/act", scene.stand_in.base_url());
    let request = request("POST", &url, None)
        .header("content-type", "multipart/form-data; boundary=XX")
        .header("accept", "text/plain");
    scene.http.call(request, body.into()).await.expect("an answer")
}

#[tokio::test]
async fn both_sides_of_a_conversation_are_shown_escaped() {
    let scene = Scene::start().await;
    assert_eq!(form(&scene, "page=17&psid=5001&name=Ada+Byron&do=write&text=%3Cb%3Ehello%3C%2Fb%3E", None).await, 303);
    scene.send_text("<i>hi</i>").await;
    let shown = scene.text("/?page=17&psid=5001").await;
    assert!(shown.contains("&lt;b&gt;hello&lt;/b&gt;") && shown.contains("&lt;i&gt;hi&lt;/i&gt;"), "{shown}");
    assert!(!shown.contains("<b>") && shown.contains("Ada Byron") && shown.contains("Page 18"), "{shown}");
    let thread = scene.text("/play/thread?page=17&psid=5001").await;
    assert!(thread.contains("class=\"line mine\"") && thread.contains("class=\"line theirs\""), "{thread}");
    scene.stand_in.quiet().await;
    assert_eq!(scene.receiver.items()[0]["message"]["text"], "<b>hello</b>");
}

#[tokio::test]
async fn buttons_press_and_the_inbox_answers() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    assert_eq!(form(&scene, "page=17&psid=5001&text=&do=press", None).await, 303);
    assert_eq!(form(&scene, "page=17&psid=5001&text=outside&do=inbox", None).await, 303);
    let items = scene.items().await;
    assert_eq!(items[1]["postback"]["payload"], "GET_STARTED");
    assert_eq!(items[2]["message"]["is_echo"], true);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let scene = Scene::start().await;
    let body = "page=17&psid=5001&do=write&text=hello";
    assert_eq!(form(&scene, body, Some("http://elsewhere.example")).await, 403);
    assert_eq!(form(&scene, body, Some(&scene.stand_in.base_url())).await, 303);
    assert_eq!(scene.stand_in.state().customers[0].wrote.len(), 1);
}

#[tokio::test]
async fn the_page_brings_its_style_and_script_and_a_policy() {
    let scene = Scene::start().await;
    let shown = scene.text("/").await;
    assert!(shown.contains("New customer"), "{shown}");
    assert!(!shown.contains("style=") && !shown.contains("<script>") && !shown.contains(" onclick"), "{shown}");
    assert!(scene.text("/play/style.css").await.contains("light-dark"));
    assert!(scene.text("/play/script.js").await.contains("fetch"));
    assert_eq!(scene.get("/play/nothing").await.0, 404);
}

#[tokio::test]
async fn a_file_of_ones_own_is_sent_and_served() {
    let scene = Scene::start().await;
    let png = b"\x89PNG\r\n\x1a\nnot really";
    let fields = [("page", "17"), ("psid", "5001"), ("do", "write"), ("text", "look")];
    assert_eq!(upload(&scene, &fields, png).await.0, 303);
    let items = scene.items().await;
    assert_eq!(items[0]["message"]["text"], "look");
    let url = items[0]["message"]["attachments"][0]["payload"]["url"].as_str().expect("an address").to_owned();
    assert_eq!(items[0]["message"]["attachments"][0]["type"], "image");
    let served = reqwest::Url::parse(&url).expect("an address").path().to_owned();
    assert_eq!(served, "/play/file/1.png");
    assert!(scene.text("/?page=17&psid=5001").await.contains("src=\"/play/file/1.png\""));
    assert_eq!(scene.get(&served).await.0, 200);
    assert_eq!(scene.get("/play/file/2.png").await.0, 404);
    let (status, why) = upload(&scene, &fields, &vec![7; (8 << 20) + 1]).await;
    assert_eq!((status, why), (400, Value::from("The file has more than 8 MiB.")));
    assert_eq!(upload(&scene, &fields, &vec![7; 9 << 20]).await.0, 413);
    assert_eq!(scene.items().await.len(), 1);
}

#[tokio::test]
async fn what_a_customer_does_by_hand_reaches_the_node() {
    let scene = Scene::start().await;
    let mid = scene.stand_in.customer_writes(&page(), &psid(), "hello").expect("a Page");
    scene.send_text("hi").await;
    scene.stand_in.quiet().await;
    let before = scene.items().await.len();
    let body = |rest: &str| -> &'static str { format!("page=17&psid=5001&{rest}").leak() };
    let forms = [
        body("do=like"),
        body("picture=bread"),
        body("do=place"),
        body(&format!("react=love&mid={mid}")),
        body(&format!("react=love&mid={mid}")),
        body(&format!("do=edit&mid={mid}&text=hello+again")),
        body(&format!("do=write&text=see+https%3A%2F%2Fshop.example%2F1&reply_to={mid}")),
        body(&format!("do=unsend&mid={mid}")),
        body("do=enter"),
        body("do=ad"),
        body("do=write&text=by+the+ad"),
        body("do=optin"),
        body("do=link"),
        body("do=odd"),
    ];
    for form in forms {
        assert_eq!(scene.form(form).await, 303, "{form}");
    }
    let items = scene.items().await.split_off(before);
    assert_eq!(items[0]["message"]["attachments"][0]["payload"]["sticker_id"], 369_239_263_222_822_u64);
    assert_eq!(items[1]["message"]["attachments"][0]["type"], "image");
    assert!(items[2]["message"]["attachments"][0]["payload"]["coordinates"]["lat"].is_f64());
    assert_eq!(
        (&items[3]["reaction"]["action"], &items[4]["reaction"]["action"]),
        (&"react".into(), &"unreact".into())
    );
    assert_eq!(items[5]["message_edit"]["num_edit"], 1);
    assert_eq!(items[6]["message"]["attachments"][0]["type"], "fallback");
    assert_eq!(items[6]["message"]["reply_to"]["is_self_reply"], true);
    assert_eq!(items[7]["message"]["is_deleted"], true);
    assert_eq!(items[8]["referral"]["source"], "SHORTLINK");
    assert_eq!(items[9]["referral"]["source"], "ADS");
    assert_eq!(items[10]["message"]["referral"]["type"], "OPEN_THREAD");
    assert_eq!(items[11]["optin"]["ref"], "Newsletter");
    assert_eq!(items[12]["account_linking"]["status"], "linked");
    assert_eq!(items[13]["message"]["is_unsupported"], true);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_on_a_page_with_a_way_back() {
    let scene = Scene::start().await;
    let url = format!("{}/play/act", scene.stand_in.base_url());
    let call = async |body: &'static str| {
        let request = request("POST", &url, None).header("content-type", "application/x-www-form-urlencoded");
        scene.http.call(request, body.into()).await.expect("an answer")
    };
    for (body, words) in [
        ("page=17&psid=5001&do=write", "There is neither a text nor a file."),
        ("page=17&psid=5001&do=edit&mid=m_1&text=x", "within a quarter of an hour"),
        ("page=17&do=fly", "No page has such a button."),
        ("page=99&psid=5001&do=write&text=x", "No such Page."),
        ("do=write&text=x", "Which Page?"),
        ("do=move&span=1+h", "This clock cannot be moved."),
    ] {
        let (status, Value::String(page)) = call(body).await else { panic!("a page") };
        assert!(status == 400 && page.contains(words) && page.contains("Back"), "{body}: {status} {page}");
    }
}

#[tokio::test]
async fn a_get_marks_nothing_as_read() {
    let scene = Scene::with(super::StandInOptions { reads_at_once: false, ..super::options() }).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.send_text("hi").await;
    scene.stand_in.quiet().await;
    for path in ["/?page=17&psid=5001", "/play/thread?page=17&psid=5001", "/"] {
        assert!(!scene.text(path).await.is_empty());
    }
    assert_eq!(scene.items().await.len(), 3, "message, echo, delivery");
    assert!(scene.text("/?page=17&psid=5001").await.contains("Mark as read"));
    let url = format!("{}/play/read", scene.stand_in.base_url());
    for status in [403, 303, 303] {
        let origin = if status == 403 { "http://elsewhere.example".to_owned() } else { scene.stand_in.base_url() };
        let request = request("POST", &url, None)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", origin);
        assert_eq!(scene.http.call(request, "page=17&psid=5001".into()).await.expect("an answer").0, status);
    }
    let items = scene.items().await;
    assert_eq!(items.len(), 4, "what is read is read once");
    assert!(items[3]["read"]["watermark"].is_i64());
    let shown = scene.text("/?page=17&psid=5001").await;
    assert!(!shown.contains("Mark as read") && shown.contains("the Page knows"), "{shown}");
}
