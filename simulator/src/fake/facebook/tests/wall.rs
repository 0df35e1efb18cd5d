//! Walls, forms and what is around them: kept for whoever reads them later, told as they happen.

use serde_json::{Value, json};

use super::{Scene, page, psid};
use crate::fake::facebook::{Author, Feed, FeedItem, Verb, What};

#[tokio::test]
async fn a_comment_is_kept_followed_and_told() {
    let scene = Scene::start().await;
    scene.stand_in.customer(crate::fake::facebook::Customer {
        name: Some("Ada Byron".to_owned()),
        ..crate::fake::facebook::Customer::new(&page(), &psid())
    });
    let post = scene.stand_in.state().posts[0].id.clone();
    let form = |rest: String| -> &'static str { format!("page=17&psid=5001&post={post}&{rest}").leak() };
    assert_eq!(scene.form(form("do=comment&text=How+much%3F".to_owned())).await, 303);
    let comment = scene.stand_in.state().posts[0].comments[0].clone();
    assert!(matches!(&comment.author, Author::Customer { name, .. } if name == "Ada Byron"));
    assert!(scene.text("/wall?page=17&psid=5001").await.contains("How much?"));
    for rest in ["do=answer&text=And+that%3F", "do=like-comment", "do=change-comment&text=How+much+now%3F"] {
        assert_eq!(scene.form(form(format!("comment={}&{rest}", comment.id))).await, 303, "{rest}");
    }
    let kept = scene.stand_in.state().posts[0].comments.clone();
    assert_eq!((kept.len(), kept[0].edited, kept[0].reactions.len()), (2, true, 1));
    assert_eq!(kept[1].parent.as_ref(), Some(&comment.id));
    assert_eq!(scene.form(form(format!("comment={}&do=remove-comment", comment.id))).await, 303);
    assert!(scene.stand_in.state().posts[0].comments[0].removed);
    let items = scene.items().await;
    let told: Vec<_> =
        items.iter().map(|item| (item["value"]["item"].clone(), item["value"]["verb"].clone())).collect();
    let expected =
        [("comment", "add"), ("comment", "add"), ("reaction", "add"), ("comment", "edited"), ("comment", "remove")];
    assert_eq!(told, expected.map(|(item, verb)| (json!(item), json!(verb))));
    assert_ne!(items[0]["value"]["from"]["id"], "5001", "walls know customers by another id");
    assert!(items[4]["value"].get("message").is_none() && items[4]["value"].get("created_time").is_none());
}

#[tokio::test]
async fn a_remove_may_come_before_its_add() {
    let scene = Scene::start().await;
    let feed = |verb| Feed { comment_id: Some("9_1".to_owned()), ..Feed::new(FeedItem::Comment, verb) };
    scene.happen(What::Feed(feed(Verb::Remove)));
    scene.happen(What::Feed(feed(Verb::Add)));
    assert_eq!(scene.items().await.len(), 2);
    assert_eq!(scene.stand_in.state().posts[0].comments.len(), 1);
}

#[tokio::test]
async fn posts_ratings_and_mentions_are_told() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.stand_in.quiet().await;
    for word in ["visit", "post", "mention", "recommend", "warn", "like-page"] {
        let form: &'static str = format!("page=17&psid=5001&do={word}&text=words").leak();
        assert_eq!(scene.form(form).await, 303, "{word}");
    }
    let items = scene.items().await.split_off(1);
    let fields: Vec<_> = items.iter().map(|item| item["field"].clone()).collect();
    assert_eq!(fields, ["feed", "feed", "mention", "ratings", "ratings", "feed"].map(Value::from));
    assert_eq!(items[1]["value"]["from"]["id"], "17", "the Page's own posts come back too");
    assert_eq!(items[4]["value"]["recommendation_type"], "NEGATIVE");
    assert_eq!(scene.stand_in.state().posts.iter().filter(|post| post.page == page()).count(), 3);
}

#[tokio::test]
async fn a_lead_form_is_kept_and_its_number_told() {
    let scene = Scene::start().await;
    assert!(scene.text("/lead?page=17").await.contains("Telephone"));
    assert_eq!(
        scene.form("page=17&do=lead&q_full_name=Ada+Byron&q_email=ada%40example.org&q_phone_number=").await,
        303
    );
    assert_eq!(scene.form("page=17&do=lead&q_full_name=").await, 400);
    let leads = scene.stand_in.state().leads;
    assert_eq!(leads[0].answers["email"], ["ada@example.org"]);
    let value = scene.items().await[0]["value"].clone();
    assert_eq!(value["leadgen_id"].as_u64().map(|id| id.to_string()), Some(leads[0].id.clone()));
    assert_eq!((&value["page_id"], &value["ad_id"]), (&json!(17), &json!(0)));
    assert!(!value.to_string().contains("ada@example.org"));
}

#[tokio::test]
async fn a_full_wall_takes_no_more() {
    let scene = Scene::with(super::StandInOptions { webhook_url: None, ..super::options() }).await;
    let comment = |number: usize| {
        let feed = Feed { message: Some(number.to_string()), ..Feed::new(FeedItem::Comment, Verb::Add) };
        crate::fake::facebook::Happening::new(&page(), Some(&psid()), What::Feed(feed))
    };
    let taken = (0..600).filter(|number| scene.stand_in.happen(comment(*number)).is_ok()).count();
    assert_eq!(taken, 500);
    let post = |_: &usize| {
        let feed = Feed::new(FeedItem::Status, Verb::Add);
        scene.stand_in.happen(crate::fake::facebook::Happening::new(&page(), Some(&psid()), What::Feed(feed))).is_ok()
    };
    assert_eq!((0..300).filter(post).count(), 199, "one was there from the start");
}

#[tokio::test]
async fn wall_and_lead_form_say_what_comes_of_them_and_a_nameless_customer_has_one_name() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&super::page(), &super::psid(), "hello");
    for path in ["/wall?page=17&psid=5001", "/lead?page=17&psid=5001"] {
        assert!(scene.text(path).await.contains("No task comes of it yet."), "{path}");
    }
    let comment = "page=17&psid=5001&room=wall&do=visit&text=How+much%3F";
    assert_eq!(scene.form(comment).await, 303);
    let wall = scene.text("/wall?page=17&psid=5001").await;
    let called = wall.matches("Messenger customer 5001").count();
    assert_eq!((called, wall.contains("Someone")), (3, false), "in the list, on top and at the post: {wall}");
    let chat = scene.text("/?page=17&psid=5001").await;
    assert!(chat.contains("You are <strong>Messenger customer 5001</strong>"), "{chat}");
}
