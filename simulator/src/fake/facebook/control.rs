//! The control API under `/_control`: how a test in another process plays customers, Page and Meta, and orders faults.
//!
//! | request | body → answer |
//! |---|---|
//! | `GET state` | → [`State`](super::State): everything |
//! | `POST customer` | [`Customer`] → [`CustomerAnswer`]: writes, attaches, presses, reads |
//! | `POST happen` | [`Happening`] → [`Happened`]: any one kind of webhook, with what it does to threads, walls and leads |
//! | `POST inbox` | [`InboxOrder`] → [`CustomerAnswer`]: the Page answers past the Send API |
//! | `POST open` | [`OpenOrder`] → `{"read": bool}`: the customer looks at the thread; what is unread is read |
//! | `POST faults` | [`FaultOrder`](super::FaultOrder) → [`Faults`](super::Faults) |
//! | `POST carry` | [`CarryOrder`] → [`Carried`]: webhooks are kept back, let go in any shape, repeated byte for byte |
//! | `POST clock` | [`ClockOrder`] → `{"now": ms}`; only where the host handed in a [`MovableClock`](super::MovableClock) |
//! | `POST webhook` | [`WebhookOrder`] → `{}`: where webhooks go |
//! | `POST quiet` | → [`Webhooks`](super::Webhooks), when nothing waits any more |
//!
//! An order that cannot be read or carried out is answered with 400 and a sentence, and changes nothing. Shapes only, and
//! what each order does; the routes are in `server`. A stand-in started without `control` has none of them.

mod attachment;
mod carry;
mod feed;
mod happening;

pub use attachment::Attachment;
pub use carry::{Carried, CarryOrder, Letting};
pub use feed::{Feed, FeedItem, Integrity, IntegrityViolation, LeadOrder, Mention, Rating, Restriction, Verb};
pub use happening::{AdContext, Echoed, Handover, Happened, Happening, OptIn, Referral, Said, What};

use model::{AppId, Mid, PageId, Psid, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// `POST /_control/customer`: what a customer does. All that is given happens, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The Page they turn to.
    pub page: PageId,
    /// Who they are; a new customer where it is missing.
    #[serde(default)]
    pub psid: Option<Psid>,
    /// First and last name for the profile.
    #[serde(default)]
    pub name: Option<String>,
    /// They write this.
    #[serde(default)]
    pub text: Option<String>,
    /// They attach this: kind and address.
    #[serde(default)]
    pub attachment: Option<(String, String)>,
    /// They press this button: title and payload.
    #[serde(default)]
    pub postback: Option<(String, String)>,
    /// They read everything up to now.
    #[serde(default)]
    pub read: bool,
}

impl Customer {
    /// A customer who does nothing yet.
    pub fn new(page: &PageId, psid: &Psid) -> Self {
        Self {
            page: page.clone(),
            psid: Some(psid.clone()),
            name: None,
            text: None,
            attachment: None,
            postback: None,
            read: false,
        }
    }
}

/// `POST /_control/inbox`: the Page answers from its own inbox, or through another app; the node learns it by the echo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxOrder {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// What it says.
    pub text: String,
    /// The app it says it through; a person in Meta's inbox where it is missing.
    #[serde(default)]
    pub app: Option<AppId>,
}

/// The answer to [`Customer`] and [`InboxOrder`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CustomerAnswer {
    /// Who they are.
    pub psid: Psid,
    /// Id of the last thing they wrote, attached or pressed.
    pub mid: Option<Mid>,
    /// Meta's time of it.
    pub at: Timestamp,
}

/// `POST /_control/open`: the customer opens the thread.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOrder {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
}

/// `POST /_control/webhook`: where webhooks go from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookOrder {
    /// A plain `http` address.
    pub url: String,
    /// Whether the address is asked for the challenge first.
    #[serde(default)]
    pub verify: bool,
}

/// `POST /_control/clock`: moves the host's clock on, and with it everything that reads it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockOrder {
    /// Milliseconds.
    pub advance_ms: Span,
}
