//! Everything a stand-in knows, as `/_control/state` tells it. The same types read it in another process.

use std::collections::BTreeMap;

use model::{AppId, Mid, PageId, Psid, Timestamp};
use serde::{Deserialize, Serialize};

use super::control::Attachment;
use super::fault::Faults;

/// Everything a stand-in knows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct State {
    /// The stand-in's time.
    pub now: Timestamp,
    /// Its Pages, by id.
    pub pages: Vec<PageState>,
    /// Its customers, by Page and id.
    pub customers: Vec<CustomerState>,
    /// What the Pages sent, in the order of acceptance.
    pub bubbles: Vec<Bubble>,
    /// Sends that broke Meta's rules and were refused for it.
    pub violations: Vec<Violation>,
    /// What became of the webhooks.
    pub webhooks: Webhooks,
    /// Calls of the Send API that arrived whole.
    pub sends_asked: u64,
    /// Echoes held back now.
    pub echoes_held: u64,
    /// What goes wrong now.
    pub faults: Faults,
    /// What stands on the walls, by Page, oldest first.
    #[serde(default)]
    pub posts: Vec<PostState>,
    /// Filled-in lead forms, in order.
    #[serde(default)]
    pub leads: Vec<LeadState>,
    /// Bubbles and violations that had to make room; a judge must not count where this is not 0.
    #[serde(default)]
    pub forgotten: u64,
}

/// A Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PageState {
    /// Its id.
    pub id: PageId,
    /// Its name.
    pub name: String,
}

/// A customer of a Page and what they did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CustomerState {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// First and last name, as the profile tells it.
    pub name: Option<String>,
    /// Messages and pressed buttons, in order; the newest ones.
    pub wrote: Vec<Line>,
    /// What the Page sent up to here has arrived.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// What the Page sent up to here was read.
    #[serde(default)]
    pub read_at: Option<Timestamp>,
    /// The other app that owns the thread now.
    #[serde(default)]
    pub owner: Option<AppId>,
}

/// Who wrote a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// The customer.
    Customer,
    /// The Page, through the Send API or past it.
    Page,
    /// Meta: a line that nobody sent.
    Meta,
}

/// One line of a conversation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Who wrote it.
    pub writer: Writer,
    /// Its id.
    pub mid: Mid,
    /// When.
    pub at: Timestamp,
    /// The text, or a button's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What is attached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The line it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Mid>,
    /// What the customer may choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// The customer's reaction to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<String>,
    /// The Page's reaction to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_reaction: Option<String>,
    /// How often it was changed.
    #[serde(default)]
    pub edits: u32,
    /// Whether it was taken back.
    #[serde(default)]
    pub unsent: bool,
}

impl Line {
    /// A line with nothing in it yet.
    pub(super) fn new(writer: Writer, mid: Mid, at: Timestamp) -> Self {
        Self {
            writer,
            mid,
            at,
            text: None,
            attachments: Vec::new(),
            reply_to: None,
            choices: Vec::new(),
            reaction: None,
            page_reaction: None,
            edits: 0,
            unsent: false,
        }
    }
}

/// What a message of the Page offers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// What it says.
    pub title: String,
    /// What happens on it.
    pub press: Press,
}

impl Choice {
    /// Whether it goes away when one is chosen.
    pub(super) fn is_quick(&self) -> bool {
        matches!(self.press, Press::QuickReply(_))
    }
}

/// What happens when a choice is taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    /// The title is sent as a message with this payload.
    QuickReply(String),
    /// A postback with this payload.
    Postback(String),
    /// A page is opened.
    Link(String),
}

/// One message of a Page that was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bubble {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// The id it got.
    pub mid: Mid,
    /// The text.
    pub text: Option<String>,
    /// Kind and address of what is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<(String, String)>,
    /// The sender's mark.
    pub metadata: Option<String>,
    /// When it was accepted.
    pub at: Timestamp,
    /// As it was sent.
    pub messaging_type: String,
    /// As it was sent.
    pub tag: Option<String>,
}

/// A send that broke Meta's rules.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// When.
    pub at: Timestamp,
    /// The code it was refused with.
    pub code: i64,
    /// The subcode it was refused with.
    pub subcode: Option<i64>,
    /// As it was sent.
    pub messaging_type: String,
    /// As it was sent.
    pub tag: Option<String>,
    /// The sender's mark.
    pub metadata: Option<String>,
}

/// What became of the webhooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Webhooks {
    /// POSTs made, repetitions counted.
    pub posted: u64,
    /// POSTs answered with 200.
    pub accepted: u64,
    /// Repetitions after anything but 200.
    pub retried: u64,
    /// Bodies given up, or without an address to go to.
    pub dropped: u64,
    /// Items in accepted POSTs.
    pub items: u64,
    /// Items waiting or under way.
    pub waiting: u64,
    /// Items kept back on demand; they are not among the waiting ones.
    #[serde(default)]
    pub kept_back: u64,
}

/// Who did something on a wall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The Page itself.
    Page,
    /// A customer. On walls Meta knows them by another id than in threads.
    Customer {
        /// In threads.
        psid: Psid,
        /// On walls.
        wall_id: String,
        /// First and last name.
        name: String,
    },
    /// Somebody whom Meta does not name.
    Hidden,
}

/// How walls name a customer who told no name.
pub(super) const NAMELESS: &str = "Someone";

/// A post on a Page's wall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PostState {
    /// The Page.
    pub page: PageId,
    /// `<page>_<post>`
    pub id: String,
    /// `status`, `photo`, …
    pub item: String,
    /// Who posted it.
    pub author: Author,
    /// The text.
    pub message: Option<String>,
    /// A picture.
    pub photo: Option<String>,
    /// A link.
    pub link: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether it was hidden.
    pub hidden: bool,
    /// Whether it is gone.
    pub removed: bool,
    /// Reactions, one for each who reacted.
    pub reactions: Vec<(Author, String)>,
    /// Comments, oldest first.
    pub comments: Vec<CommentState>,
}

/// A comment on a post.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommentState {
    /// `<post>_<comment>`
    pub id: String,
    /// The comment it stands under; the post where it is missing.
    pub parent: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// The text.
    pub message: Option<String>,
    /// A picture.
    pub photo: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether it was changed.
    pub edited: bool,
    /// Whether it was hidden.
    pub hidden: bool,
    /// Whether it is gone.
    pub removed: bool,
    /// Reactions, one for each who reacted.
    pub reactions: Vec<(Author, String)>,
}

/// A filled-in lead form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeadState {
    /// The Page.
    pub page: PageId,
    /// Its id.
    pub id: String,
    /// The form.
    pub form_id: String,
    /// The ad it stood under.
    pub ad_id: Option<String>,
    /// The customer, where one is known; Meta does not tell it.
    pub psid: Option<Psid>,
    /// When.
    pub at: Timestamp,
    /// Question to answers.
    pub answers: BTreeMap<String, Vec<String>>,
}
