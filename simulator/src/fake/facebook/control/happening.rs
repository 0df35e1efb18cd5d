//! `POST /_control/happen`: anything that Meta tells an app about, whoever caused it.
//!
//! Shapes only. What each does to the stand-in's world stands in `world`, how it looks on the wire in `wire`.

use std::collections::BTreeMap;

use model::{AppId, Mid, PageId, Psid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attachment::Attachment;
use super::feed::{Feed, Integrity, LeadOrder, Mention, Rating};

/// One thing that happens on a Page.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// The Page.
    pub page: PageId,
    /// The customer; a new one where it is missing and one is needed. In `feed`, missing means an author that Meta hides.
    #[serde(default)]
    pub psid: Option<Psid>,
    /// First and last name of the customer, for the profile and the author of a comment.
    #[serde(default)]
    pub name: Option<String>,
    /// Meta's time of it; now where it is missing. An earlier one makes a late item.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Whether it comes in `standby`; where it is missing, the owner of the thread decides.
    #[serde(default)]
    pub standby: Option<bool>,
    /// What happens.
    pub what: What,
}

impl Happening {
    /// Something that a customer does now.
    pub fn new(page: &PageId, psid: Option<&Psid>, what: What) -> Self {
        Self { page: page.clone(), psid: psid.cloned(), name: None, at: None, standby: None, what }
    }
}

/// What happens, by its `kind`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// The customer writes: text, attachments or both; the answer to a quick reply too.
    Message(Said),
    /// The customer presses a button.
    Postback {
        /// What it says.
        title: String,
        /// What it stands for; not told in standby.
        payload: String,
        /// How they came to it.
        #[serde(default)]
        referral: Option<Referral>,
    },
    /// The customer, or a person of the Page, reacts to a message, or takes it back.
    Reaction {
        /// The message.
        mid: Mid,
        /// `smile`, `angry`, `sad`, `wow`, `love`, `like`, `dislike` or `other`.
        reaction: String,
        /// The sign itself.
        #[serde(default)]
        emoji: Option<String>,
        /// Whether it is taken back.
        #[serde(default)]
        undo: bool,
        /// Whether a person of the Page reacts, not the customer.
        #[serde(default)]
        by_page: bool,
    },
    /// The customer changes what they wrote.
    Edit {
        /// The message.
        mid: Mid,
        /// What it says now.
        text: String,
    },
    /// The customer takes a message back.
    Unsend {
        /// The message.
        mid: Mid,
    },
    /// The customer sends something that Meta does not show to apps.
    Unsupported {},
    /// The customer enters the thread again: by an ad (`ADS`) or a link (`SHORTLINK`).
    Referral(Referral),
    /// The customer opts in.
    OptIn(OptIn),
    /// The customer links an account at the Page's own site, with this code.
    Linked {
        /// What that site gave.
        authorization_code: String,
    },
    /// The customer unlinks it.
    Unlinked {},
    /// The customer answers a feedback template: question to answer.
    Feedback {
        /// The answers.
        answers: BTreeMap<String, String>,
    },
    /// The customer's thumb on one message of the app.
    ResponseFeedback {
        /// The message.
        mid: Mid,
        /// Up or down.
        good: bool,
    },
    /// Messages of the Page have arrived.
    Delivered {
        /// Named one by one; none where it is empty.
        #[serde(default)]
        mids: Vec<Mid>,
        /// Everything sent before; now where it is missing.
        #[serde(default)]
        watermark: Option<Timestamp>,
    },
    /// Messages of the Page were read.
    Read {
        /// Everything sent before; now where it is missing.
        #[serde(default)]
        watermark: Option<Timestamp>,
    },
    /// The Page writes, past this app's Send API.
    Echo(Echoed),
    /// A line of Meta itself in the thread; it has no message id.
    AdminText {
        /// What it says.
        text: String,
    },
    /// The thread goes from one app to another.
    PassThread(Handover),
    /// An app takes the thread.
    TakeThread(Handover),
    /// An app asks for the thread.
    RequestThread {
        /// Who asks.
        app: AppId,
        /// Their words.
        #[serde(default)]
        metadata: Option<String>,
    },
    /// The roles of apps, from the old hand-over protocol.
    AppRoles {
        /// App to roles.
        roles: BTreeMap<AppId, Vec<String>>,
    },
    /// Meta warns, blocks or unblocks the Page. A blocked Page's sends are refused until it is unblocked.
    PolicyEnforcement {
        /// `warning`, `block` or `unblock`.
        action: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Something on the Page's wall.
    Feed(Feed),
    /// Somebody fills in a lead form.
    Lead(LeadOrder),
    /// Somebody names the Page elsewhere.
    Mention(Mention),
    /// Somebody rates the Page, or does something with a rating.
    Rating(Rating),
    /// The state of the Page's integrity.
    Integrity(Integrity),
    /// A whole body for another object than `page`: `application`, `permissions`, `user`.
    Elsewhere {
        /// The body's `object`.
        object: String,
        /// The entry's `id`.
        id: String,
        /// Its `changes`, as they are.
        changes: Vec<Value>,
    },
    /// An item as it is, for whatever the others cannot say.
    Raw {
        /// `messaging`, `standby`, `changes` or an odd key.
        list: String,
        /// The item.
        item: Value,
    },
}

/// What a customer says.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Said {
    /// The text.
    pub text: Option<String>,
    /// The payload of the quick reply that was chosen; its title is the text.
    pub quick_reply: Option<String>,
    /// The message this one answers.
    pub reply_to: Option<Mid>,
    /// What hangs on it.
    pub attachments: Vec<Attachment>,
    /// The ad or product page that it began from.
    pub referral: Option<Referral>,
    /// Names of commands.
    pub commands: Vec<String>,
}

/// What the Page says elsewhere.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Echoed {
    /// The text.
    pub text: Option<String>,
    /// What hangs on it.
    pub attachments: Vec<Attachment>,
    /// The app; none where a person in Meta's inbox or Meta itself wrote.
    pub app: Option<AppId>,
    /// The app's mark.
    pub metadata: Option<String>,
}

/// Where a customer came from.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Referral {
    /// The word in the link or the ad.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// `ADS`, `SHORTLINK`, …
    pub source: String,
    /// The ad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    /// The page they came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referer_uri: Option<String>,
    /// What the ad showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ads_context_data: Option<AdContext>,
}

/// What an ad showed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdContext {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_title: Option<String>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_url: Option<String>,
    /// Its film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// The post behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<String>,
    /// The product behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// The flow behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
}

/// An opt-in, by its `type`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OptIn {
    /// A plugin on the Page's own site. With `user_ref` Meta does not know the customer yet.
    Plugin {
        /// The site's word.
        #[serde(rename = "ref")]
        word: String,
        /// The plugin's name for who ticked its box.
        #[serde(default)]
        user_ref: Option<String>,
    },
    /// News of the Page, on or off.
    NotificationMessages {
        /// What was offered.
        title: String,
        /// What it stands for.
        payload: String,
        /// The token to send under.
        token: String,
        /// Milliseconds since 1970.
        token_expires_at: Timestamp,
        /// `STOP NOTIFICATIONS` or `RESUME NOTIFICATIONS`, where the customer changed their mind.
        #[serde(default)]
        status: Option<String>,
    },
    /// One single notice.
    OneTime {
        /// What it stands for.
        payload: String,
        /// The token to send under.
        token: String,
    },
}

/// A thread changes hands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Handover {
    /// Who had it; nobody where it is missing.
    pub from: Option<AppId>,
    /// Who has it now; nobody where it is missing.
    pub to: Option<AppId>,
    /// The app's words.
    pub metadata: Option<String>,
}

/// The answer to a [`Happening`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Happened {
    /// The customer, where there is one.
    pub psid: Option<Psid>,
    /// Id of what came to be: a message, comment, post, lead or rating.
    pub id: Option<String>,
    /// Meta's time of it.
    pub at: Timestamp,
}
