//! What a decision is made from: plain facts about the conversation, the author, the Page and the installation.
//!
//! No rule lives here. Instants are Meta's, in milliseconds; who fills them in keeps the maximum seen, so that the order
//! of arrival never matters.

use model::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Carries;

/// Who wrote what is to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A person, for this one conversation.
    Agent,
    /// A rule, a script, a template: anything that no person wrote for this conversation.
    Automation,
}

/// A tag for news about something the customer did, asked for by a special message. Retired on 2026-04-27.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateTag {
    /// A reminder or change of an event the customer signed up for.
    ConfirmedEventUpdate,
    /// A change of the customer's application or account.
    AccountUpdate,
    /// News of something the customer bought.
    PostPurchaseUpdate,
}

/// The customer's newest opening actions, by Meta's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Openers {
    /// The newest action that opens the standard window: a message, a pressed button, and so on. `None`: never.
    pub last_action_at: Option<Timestamp>,
    /// The newest message. Every message is an action too; where this is the newer one, it counts as the action.
    pub last_message_at: Option<Timestamp>,
    /// The first message after a click on a Click-to-Messenger ad; of several clicks the newest such message. It is a
    /// message like any other, too. `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_message_at: Option<Timestamp>,
}

/// How much earlier than Meta a window is taken as closed, since Meta's clock and its edge are not known to the
/// millisecond. A negative guard counts as 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guards {
    /// Before the end of the standard window.
    pub standard: Span,
    /// Before the end of seven days: the human agent's, and those after an ad.
    pub human_agent: Span,
}

impl Default for Guards {
    /// 60 s and 5 min.
    fn default() -> Self {
        Self { standard: Span::seconds(60), human_agent: Span::minutes(5) }
    }
}

/// From what the human agent's seven days count. Meta's text says "the person's message" (read 2026-11-23).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HumanAgentBase {
    /// The customer's last message.
    #[default]
    Message,
    /// The customer's last opening action of any kind.
    Opener,
}

/// Everything a decision depends on, except the time and the edition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What the customer did.
    pub openers: Openers,
    /// Who wrote.
    pub author: Author,
    /// The tag a special message asks for; ordinary answers ask for none.
    pub tag: Option<UpdateTag>,
    /// Whether Meta granted this installation the reviewed Human Agent feature.
    pub human_agent_feature: bool,
    /// From what the seven days count.
    pub human_agent_base: HumanAgentBase,
    /// How much earlier than Meta windows close.
    pub guards: Guards,
    /// Whether Meta restricts the Page from sending.
    pub restricted: bool,
    /// Whether the Page has a live token.
    pub token: bool,
    /// Whether another app owns the thread.
    pub standby: bool,
    /// Whether Meta refused a send as outside of its window (10/2018278) though it rested on the seven days after
    /// [`Openers::ad_message_at`]. A newer message after an ad makes it `false` again.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub ad_refused: bool,
    /// What the message carries.
    #[serde(default, skip_serializing_if = "Carries::is_plain")]
    pub carries: Carries,
    /// When Meta last refused something in this conversation for the privacy rules of Europe and Japan (10/2018336).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_refused_at: Option<Timestamp>,
    /// Whether Meta granted this installation utility templates.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub utility_feature: bool,
}
