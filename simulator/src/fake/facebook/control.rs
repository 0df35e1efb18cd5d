//! The control API under `/_control`: how a test in another process plays the customer and orders faults.
//!
//! Shapes only, and what each order does; the routes are in `server`. A stand-in started without `control` has none.

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

/// `POST /_control/clock`: moves the stand-in's time on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockOrder {
    /// Milliseconds.
    pub advance_ms: Span,
}
