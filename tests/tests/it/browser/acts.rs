//! The course: every kind that the stand-in and the model know, once, in the order in which it reads as a conversation.

use model::{AppId, Timestamp};
use serde_json::{Value, json};
use simulator::fake::facebook::{
    Attachment, Echoed, Feed, FeedItem, Handover, Integrity, Mention, OptIn, Rating, Referral, Said, Verb, What,
};

use super::course::Hand::{
    Ad, Changes, Chooses, Comments, Does, File, FindsGood, Inbox, Lead, Like, OnWall, Picture, Place, Reacts, Replies,
    Says, TakesBack, WithComment,
};
use super::course::{Act, Step};

/// Another app of these tests.
const OTHER_APP: &str = "424242";
/// Where invented things lie.
const URL: &str = "https://cdn.example/1";

fn attached(attachment: Attachment) -> What {
    What::Message(Said { attachments: vec![attachment], ..Said::default() })
}

fn said(text: &str) -> Said {
    Said { text: Some(text.to_owned()), ..Said::default() }
}

fn feed(item: FeedItem, verb: Verb, by_page: bool, text: &str) -> What {
    let message = (!text.is_empty()).then(|| text.to_owned());
    // What is not new is named.
    let id = (verb != Verb::Add).then(|| "1001_77".to_owned());
    let (comment_id, post_id) = if item == FeedItem::Comment { (id, None) } else { (None, id) };
    What::Feed(Feed { by_page, message, comment_id, post_id, ..Feed::new(item, verb) })
}

fn notifications(status: Option<&str>) -> What {
    What::OptIn(OptIn::NotificationMessages {
        title: "Spring news".to_owned(),
        payload: "NEWS".to_owned(),
        token: "invented".to_owned(),
        token_expires_at: Timestamp(4_000_000_000_000),
        status: status.map(str::to_owned),
    })
}

fn rating(item: &str, verb: Verb) -> What {
    What::Rating(Rating {
        item: item.to_owned(),
        verb,
        open_graph_story_id: Some("s1".to_owned()),
        review_text: None,
        recommended: None,
        stars: None,
        comment_id: None,
        message: Some("So it is".to_owned()),
        reaction_type: None,
    })
}

fn raw(list: &str, item: Value) -> What {
    What::Raw { list: list.to_owned(), item }
}

/// The course of one customer.
pub(super) struct Course {
    /// What happens first.
    pub(super) before: Vec<Act>,
    /// What happens while the node is away.
    pub(super) meanwhile: Act,
    /// What happens when it is back.
    pub(super) after: Vec<Act>,
}

impl Course {
    /// The whole of it.
    pub(super) fn of(page: &str, psid: &str) -> Self {
        let before = [words(), vec![attachments(psid)], vec![offers(psid)], vec![ways_in(psid)]];
        Self {
            before: before.into_iter().flatten().map(Act).collect(),
            meanwhile: Act(judgements(psid)),
            after: [threads(psid), page_of(page, psid)].into_iter().flatten().map(Act).collect(),
        }
    }

    /// Every kind in it.
    pub(super) fn kinds(&self) -> impl Iterator<Item = String> {
        self.before.iter().chain([&self.meanwhile]).chain(&self.after).flat_map(Act::kinds)
    }
}

/// What is written, and what is done with it.
fn words() -> Vec<Vec<Step>> {
    vec![
        vec![
            Step::hand(Says("A red one.")).shows("customer: A red one."),
            Step::hand(Replies("We do. Which one is it?", "This one:")).shows("customer: This one:"),
            Step::hand(Picture).shows("customer: [Picture | opens at 127.0.0.1]"),
            Step::hand(Says("As on https://tandem.example/red")).shows(
                "customer: As on https://tandem.example/red [https://tandem.example/red | Link · opens at tandem.example]",
            ),
            Step::hand(Says("Oh, wrong window")).shows("customer: Oh, wrong window"),
            Step::hand(Reacts("Bring it in on Friday.")).shows("us: Bring it in on Friday. (❤️) – read"),
        ],
        vec![
            Step::hand(Reacts("Bring it in on Friday.")).shows("us: Bring it in on Friday. – read"),
            Step::hand(Reacts("We do. Which one is it?")).shows("us: We do. Which one is it? (❤️)"),
            Step::hand(Changes("A red one.", "A red tandem.")).shows("customer: A red tandem. (edited)"),
            Step::hand(TakesBack("Oh, wrong window")).shows("customer: This message was taken back."),
            Step::hand(File).shows("customer: [File | opens at 127.0.0.1]"),
            Step::hand(Like).shows("customer: [Thumb up | opens at 127.0.0.1]"),
            Step::hand(Place).shows("customer: [53.54186, 9.98387 | Place]"),
            Step::hand(FindsGood("We do. Which one is it?")).shows("notice: The customer found an answer good"),
        ],
    ]
}

/// What the pages have no button for.
fn attachments(psid: &str) -> Vec<Step> {
    let order = |what: What| Step::order(psid, what);
    let url = || URL.to_owned();
    let title = |text: &str| Some(text.to_owned());
    vec![
        order(attached(Attachment::Audio { url: url() })).shows("customer: [Voice or sound | opens at cdn.example]"),
        order(attached(Attachment::Video { url: url() })).shows("customer: [Video | opens at cdn.example]"),
        order(attached(Attachment::Sticker { url: url(), sticker_id: 7 }))
            .shows("customer: [Sticker | opens at cdn.example]"),
        order(attached(Attachment::Fallback { url: None, title: None }))
            .shows("customer: [Link | no link came with it]"),
        order(attached(Attachment::Reel {
            url: url(),
            title: title("A ride"),
            reel_video_id: Some(77),
            instagram: false,
        }))
        .shows("customer: [A ride | Reel · opens at cdn.example]"),
        order(attached(Attachment::Reel { url: url(), title: None, reel_video_id: None, instagram: true }))
            .shows("customer: [Instagram reel | opens at cdn.example]"),
        order(attached(Attachment::Post { url: url(), title: title("A sale"), id: title("17_9"), instagram: false }))
            .shows("customer: [A sale | Post · opens at cdn.example]"),
        order(attached(Attachment::Post { url: url(), title: None, id: None, instagram: true }))
            .shows("customer: [Instagram post | opens at cdn.example]"),
        order(attached(Attachment::Template {
            payload: json!({ "product": { "elements": [{ "id": "1", "title": "Bell", "subtitle": "brass" }] } }),
            title: None,
        }))
        .shows("customer: [Bell | Cards]"),
        order(attached(Attachment::AppointmentBooking {
            booking_id: "b1".to_owned(),
            status: "requested".to_owned(),
            start_time: 1_780_300_800,
            end_time: 1_780_304_400,
            timezone: "Europe/Berlin".to_owned(),
        }))
        .shows("customer: [requested from 2026-06-01 08:00 UTC until 2026-06-01 09:00 UTC | Appointment]"),
        order(attached(Attachment::Other { name: "hologram".to_owned(), payload: json!({ "depth": 3 }) }))
            .shows("customer: [hologram | no link came with it]"),
        order(What::Message(Said { commands: vec!["find".to_owned()], ..said("/find bells") }))
            .shows("customer: /find bells [command: find]"),
    ]
}

/// What the Page offers, and the customer chooses; what another app says.
fn offers(psid: &str) -> Vec<Step> {
    let colours = json!({ "text": "Which colour?", "quick_replies": [
        { "content_type": "text", "title": "Blue", "payload": "BLUE" },
        { "content_type": "text", "title": "Red", "payload": "RED" } ] });
    let ride = json!({ "attachment": { "type": "template", "payload": { "template_type": "button", "text": "A ride?",
        "buttons": [{ "type": "postback", "title": "Book a ride", "payload": "RIDE" }] } } });
    let echoed =
        Echoed { text: Some("Our shop writes".to_owned()), app: Some(AppId::new(OTHER_APP)), ..Echoed::default() };
    vec![
        Step::send(psid, &colours).shows("outside: Which colour?"),
        Step::hand(Chooses("Blue", "message")).shows("customer: Blue [chosen as a quick reply]"),
        Step::send(psid, &ride).shows("outside: A ride?"),
        Step::hand(Chooses("Book a ride", "postback")).shows("customer: pressed “Book a ride”"),
        Step::hand(Inbox("The inbox answers too")).shows("outside: The inbox answers too"),
        Step::order(psid, What::Echo(echoed)).shows("outside: Our shop writes"),
    ]
}

/// How customers come in.
fn ways_in(psid: &str) -> Vec<Step> {
    let order = |what: What| Step::order(psid, what);
    let poster = Referral { word: Some("poster".to_owned()), source: "SHORTLINK".to_owned(), ..Referral::default() };
    let start = What::Postback { title: "Start".to_owned(), payload: "START".to_owned(), referral: Some(poster) };
    vec![
        Step::hand(Does("press", "postback")).shows("customer: pressed “Get started”"),
        order(start).shows("customer: pressed “Start” [came through the link “poster”]"),
        Step::hand(Does("enter", "referral")).shows("notice: The customer came through the link “from-the-website”"),
        Step::hand(Ad).shows("notice: The customer came through the ad “New at Page 1001”"),
        Step::hand(Says("Is the offer still good?"))
            .shows("customer: Is the offer still good? [came through the ad “New at Page 1001”]"),
        Step::hand(Does("optin", "opt-in")).shows("notice: The customer came through the plugin “Newsletter”"),
        order(notifications(None)).shows("notice: The customer allowed notifications “Spring news”"),
        order(notifications(Some("STOP NOTIFICATIONS")))
            .shows("notice: The customer stopped notifications “Spring news”"),
        order(notifications(Some("RESUME NOTIFICATIONS")))
            .shows("notice: The customer allowed notifications again “Spring news”"),
        order(What::OptIn(OptIn::OneTime { payload: "BACK".to_owned(), token: "invented".to_owned() }))
            .shows("notice: The customer allowed one notification “BACK”"),
        order(What::OptIn(OptIn::Plugin { word: "box".to_owned(), user_ref: Some("u-1".to_owned()) }))
            .tells("somebody without an id here yet: optin"),
    ]
}

/// Accounts and judgements, and what Messenger hides.
fn judgements(psid: &str) -> Vec<Step> {
    let order = |what: What| Step::order(psid, what);
    let at = |key: &str, value: Value| {
        let mut item = json!({ "sender": { "id": psid }, "recipient": { "id": super::PAGE } });
        item[key] = value;
        raw("messaging", item)
    };
    vec![
        Step::hand(Does("link", "linked")).shows("notice: The customer linked their account"),
        order(What::Unlinked {}).shows("notice: The customer unlinked their account"),
        order(What::Feedback { answers: [("How was it?".to_owned(), "4".to_owned())].into() })
            .shows("notice: The customer answered the feedback form How was it?: 4"),
        Step::hand(Does("odd", "unsupported")).shows("customer: [Messenger does not show this message to apps]"),
        order(at("order", json!({ "products": [{ "id": "1", "name": "Bell", "quantity": 2 }], "note": "Loud ones" })))
            .shows("customer: sent an order: Bell Loud ones"),
        order(at("game_play", json!({ "game_id": "1" }))),
        order(What::Delivered { mids: Vec::new(), watermark: None }),
        order(What::Read { watermark: None }),
    ]
}

/// The thread goes from app to app, and the Page may not send for a while.
fn threads(psid: &str) -> Vec<Vec<Step>> {
    let order = |what: What| Step::order(psid, what);
    let asked = What::RequestThread { app: AppId::new(OTHER_APP), metadata: None };
    let (ours, other) = (AppId::new(it::rig::APP), AppId::new(OTHER_APP));
    let passed = What::PassThread(Handover { from: Some(ours), to: Some(other), metadata: None });
    vec![
        vec![
            Step::hand(Does("notice", "notice"))
                .shows("notice: Messenger says: The assistant has handed this conversation to a person."),
            order(asked).shows("notice: Control of the conversation is asked for by another app (424242)"),
            order(passed)
                .shows("notice: Control of the conversation was passed to another app (424242)")
                .composes("standby"),
        ],
        vec![
            order(What::Message(said("Who reads this?"))).shows("customer: Who reads this?"),
            Step::hand(Does("take", "take"))
                .shows("notice: Control of the conversation was taken by the Page’s inbox at Facebook"),
            Step::hand(Does("give", "pass"))
                .shows("notice: Control of the conversation was passed to this node")
                .composes("open"),
        ],
        vec![
            Step::hand(Does("block", "policy"))
                .tells("Meta blocks the Page’s messages: Too many messages that nobody asked for.")
                .composes("page-restricted"),
        ],
        vec![Step::hand(Does("unblock", "policy")).tells("Meta lets the Page send again").composes("open")],
    ]
}

/// What happens to the Page and not in a conversation: counted, and told by the journal.
fn page_of(page: &str, psid: &str) -> Vec<Vec<Step>> {
    let order = |what: What| Step::order(psid, what);
    let change = |field: &str, value: Value| raw("changes", json!({ "field": field, "value": value }));
    let integrity = Integrity { status: "GOOD".to_owned(), ..Integrity::default() };
    let permissions = json!({ "field": "pages_messaging", "value": { "verb": "revoke", "target_ids": [page] } });
    let mention = Mention {
        item: "comment".to_owned(),
        verb: Verb::Add,
        post_id: None,
        comment_id: None,
        message: Some("Ask them".to_owned()),
    };
    vec![
        vec![
            Step::hand(Comments("How much is it?")).tells("Mara Lindqvist: add comment: How much is it?"),
            Step::hand(WithComment("change-comment", "How much now?", &["what feed", "item comment", "verb edited"]))
                .tells("Mara Lindqvist: edit comment: How much now?"),
            Step::hand(WithComment("like-comment", "", &["what feed", "item reaction", "verb add"])),
            Step::hand(WithComment("answer", "Anybody?", &["what feed", "item comment", "verb add"]))
                .tells("Mara Lindqvist: add comment: Anybody?"),
            Step::hand(WithComment("remove-comment", "", &["what feed", "item comment", "verb remove"])),
            Step::hand(OnWall("love-post", "", &["what feed", "item reaction", "verb add"])),
            Step::hand(OnWall("share", "", &["what feed", "item share", "verb add"])),
            Step::hand(OnWall("like-page", "", &["what feed", "item like", "verb add"])),
            Step::hand(OnWall("visit", "A visitor was here", &["what feed", "item post", "verb add"])),
            Step::hand(OnWall("post", "Open on Sunday", &["what feed", "item status", "verb add"])),
            Step::hand(OnWall("mention", "Look at them", &["what mention"])),
            Step::hand(OnWall("recommend", "Good bells", &["what rating"])),
            Step::hand(Lead),
        ],
        vec![
            order(feed(FeedItem::Comment, Verb::Edit, false, "How much?")),
            order(feed(FeedItem::Comment, Verb::Hide, false, "")),
            order(feed(FeedItem::Comment, Verb::Unhide, false, "")),
            order(feed(FeedItem::Photo, Verb::Add, true, "The yard")),
            order(feed(FeedItem::Video, Verb::Add, true, "A ride")),
            order(feed(FeedItem::Video, Verb::Block, true, "")),
            order(feed(FeedItem::Video, Verb::Unblock, true, "")),
            order(feed(FeedItem::Video, Verb::Mute, true, "")),
            order(feed(FeedItem::Event, Verb::Add, true, "Open day")),
            order(feed(FeedItem::Album, Verb::Add, true, "Summer")),
            order(What::Mention(mention)),
            order(rating("comment", Verb::Add)),
            order(What::Integrity(integrity)),
            order(What::AppRoles { roles: [(AppId::new(OTHER_APP), vec!["primary_receiver".to_owned()])].into() })
                .tells("roles of apps changed: app 424242 is primary_receiver"),
            order(What::PolicyEnforcement { action: "warning".to_owned(), reason: Some("Spam.".to_owned()) })
                .tells("Meta warns the Page: Spam."),
            order(What::Elsewhere {
                object: "permissions".to_owned(),
                id: "123".to_owned(),
                changes: vec![permissions],
            }),
            order(change(
                "message_template_status_update",
                json!({ "event": "APPROVED", "message_template_name": "ready" }),
            ))
            .tells("message template ready: APPROVED"),
            order(change("hours", json!("9 to 5"))).tells("hours changed"),
            order(raw("messaging", json!({ "nothing": "known" }))),
        ],
    ]
}
