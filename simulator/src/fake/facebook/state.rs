//! Everything a stand-in knows, as `/_control/state` tells it. The same types read it in another process.

use model::{Mid, PageId, Psid, Timestamp};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CustomerState {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// First and last name, as the profile tells it.
    pub name: Option<String>,
    /// Messages and pressed buttons, in order.
    pub wrote: Vec<Line>,
}

/// Who wrote a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// The customer.
    Customer,
    /// The Page, through the Send API.
    Page,
}

/// One line of a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
    /// Kind and address of what is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<(String, String)>,
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
}
