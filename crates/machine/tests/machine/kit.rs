//! Invented Pages, customers and items, and the settings that tests start from.

use machine::conversation::Reply;
use machine::outbound::Content;
use machine::{AccountFacts, Context, PageFacts};
use model::{
    AccountLink, Answer, AppId, Channel, CommentId, Echo, Edit, Feedback, FeedbackWay, Handover, HandoverAct, Inbound,
    ItemKey, Kind, Legacy, MachineId, Message, Mid, Notice, Optin, OptinWay, Order, PageId, Postback, Product, Psid,
    Reaction, Receipt, Redacted, Referral, Span, TaskId, Timestamp, Unsend,
};
use policy::{Author, Guards};

/// 2026-11-23T09:00:00Z, a Monday.
pub(crate) const START: Timestamp = Timestamp(1_795_424_400_000);

/// The app of this installation.
pub(crate) const OUR_APP: &str = "7001";

pub(crate) fn page() -> PageId {
    PageId::new("1029")
}

pub(crate) fn psid() -> Psid {
    Psid::new("50010007")
}

pub(crate) fn conversation() -> MachineId {
    MachineId::Conversation(page(), psid())
}

/// A Page that can send, an account with the human agent feature, no guards: edges are where Meta has them.
pub(crate) fn context() -> Context {
    let guards = Guards { standard: model::Span(0), human_agent: model::Span(0) };
    let account = AccountFacts { human_agent: true, guards, app: Some(AppId::new(OUR_APP)), ..AccountFacts::default() };
    let page = PageFacts {
        known: true,
        name: "Tandem Bikes".to_owned(),
        token: true,
        token_mark: "t1".to_owned(),
        restricted: false,
    };
    Context { account, account_version: 1, page, page_version: 1, edition: None }
}

/// The same without asking for profiles: a task opens at once.
pub(crate) fn nameless() -> Context {
    let mut context = context();
    context.account.profiles = false;
    context
}

/// A key that differs where the text does.
pub(crate) fn key(text: &str) -> ItemKey {
    let hash = |basis: u64| {
        text.bytes().fold(basis, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&hash(0xcbf2_9ce4_8422_2325).to_be_bytes());
    bytes[8..].copy_from_slice(&hash(0x6c62_272e_07bb_0142).to_be_bytes());
    ItemKey(bytes)
}

/// Any item of the conversation; two with one name are one item.
pub(crate) fn item(key_text: &str, at: Timestamp, kind: Kind) -> Inbound {
    Inbound { page: page(), psid: psid(), at, channel: Channel::Messaging, key: key(key_text), kind }
}

pub(crate) fn message(mid: &str, at: Timestamp, text: &str) -> Inbound {
    let text = Some(Redacted::new(text.to_owned()));
    item(mid, at, Kind::Message(Message { text, ..Message::new(Mid::new(mid)) }))
}

pub(crate) fn postback(mid: &str, at: Timestamp, title: &str) -> Inbound {
    let (mid_text, mid) = (mid, Some(Mid::new(mid)));
    item(mid_text, at, Kind::Postback(Postback { mid, title: Some(title.into()), payload: None, referral: None }))
}

pub(crate) fn echo(mid: &str, at: Timestamp, app: Option<&str>, metadata: Option<String>, text: &str) -> Inbound {
    let (app, text) = (app.map(AppId::new), Some(Redacted::new(text.to_owned())));
    item(mid, at, Kind::Echo(Echo { mid: Mid::new(mid), app, metadata, text, attachments: Vec::new() }))
}

pub(crate) fn delivered(watermark: Timestamp) -> Inbound {
    let receipt = Receipt { watermark, mids: Vec::new() };
    item(&format!("delivered {}", watermark.0), watermark, Kind::Delivered(receipt))
}

pub(crate) fn read(watermark: Timestamp) -> Inbound {
    let receipt = Receipt { watermark, mids: Vec::new() };
    item(&format!("read {}", watermark.0), watermark, Kind::Read(receipt))
}

/// What our own sends carry: the effect's id.
pub(crate) fn metadata(effect: u64) -> String {
    model::EffectId { incarnation: model::Incarnation(1), machine: conversation(), seq: effect }.to_string()
}

pub(crate) fn reply(comment: &str, author: Author, texts: &[&str], at: Timestamp) -> Reply {
    Reply {
        source: CommentId::new(comment).into(),
        task: Some(TaskId::new("t1")),
        author,
        by: "Ida".to_owned(),
        contents: texts.iter().map(|text| Content::Text { text: (*text).into() }).collect(),
        tag: None,
        at,
    }
}

/// A reaction on a message, or one taken back.
pub(crate) fn reaction(name: &str, at: Timestamp, mid: &str, added: bool, by_page: bool) -> Inbound {
    let emoji = Some("\u{2764}".to_owned());
    item(name, at, Kind::Reaction(Reaction { mid: Mid::new(mid), added, by_page, name: None, emoji }))
}

pub(crate) fn edit(name: &str, at: Timestamp, mid: &str, nth: u32, text: &str) -> Inbound {
    let edit = Edit { mid: Mid::new(mid), by_page: false, text: Some(text.into()), nth: Some(nth) };
    item(name, at, Kind::Edit(edit))
}

pub(crate) fn unsend(at: Timestamp, mid: &str) -> Inbound {
    item(&format!("unsend {mid}"), at, Kind::Unsend(Unsend { mid: Mid::new(mid), by_page: false }))
}

pub(crate) fn referral(name: &str, at: Timestamp, source: &str) -> Inbound {
    let (mark, source) = (Some("spring".into()), Some(source.to_owned()));
    item(name, at, Kind::Referral(Box::new(Referral { mark, source, ..Referral::default() })))
}

pub(crate) fn optin(name: &str, at: Timestamp, way: OptinWay) -> Inbound {
    let optin = Optin { way, mark: Some("shop".into()), title: None, token: None, expires_at: None };
    item(name, at, Kind::Optin(optin))
}

pub(crate) fn handover(name: &str, at: Timestamp, act: HandoverAct, to: Option<&str>, from: Option<&str>) -> Inbound {
    let (to, from) = (to.map(AppId::new), from.map(AppId::new));
    item(name, at, Kind::Handover(Handover { act, to, from, metadata: None }))
}

/// One item of each of the other kinds.
pub(crate) fn rarities(at: Timestamp) -> Vec<Inbound> {
    let answer = Answer { question: "How was it?".into(), answer: "Quick".into() };
    let kinds = [
        Kind::AccountLink(AccountLink { linked: true }),
        Kind::AccountLink(AccountLink { linked: false }),
        Kind::Feedback(Feedback { way: FeedbackWay::Form, mid: None, answers: vec![answer] }),
        Kind::Feedback(Feedback { way: FeedbackWay::Good, mid: Some(Mid::new("m_out1")), answers: Vec::new() }),
        Kind::Order(Order {
            products: vec![Product { id: Some("7".to_owned()), title: Some("Bell".into()) }],
            note: Some("A loud one".into()),
        }),
        Kind::Notice(Notice { text: "The assistant hands the chat back".into() }),
        Kind::Legacy(Legacy { name: "game_play".to_owned() }),
    ];
    kinds
        .into_iter()
        .enumerate()
        .map(|(nth, kind)| item(&format!("rare {nth}"), at + Span(i64::try_from(nth).expect("few")), kind))
        .collect()
}
