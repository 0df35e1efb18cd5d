//! The port that the node uses: what is asked of Meta, and what can become of it. No HTTP here.
//!
//! Invariant: an outcome says only what is known. *Failed* and *later* mean surely not sent; *sent* carries Meta's id;
//! everything else is in doubt.

use core::pin::Pin;

use model::{AppId, Mid, PageId, Psid, Redacted, Span, Timestamp};
use policy::Permit;

use crate::{Scope, Usage};

/// A future on the heap, as `futures` names it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + core::marker::Send + 'a>>;

/// Code and subcode of a Graph error; the only parts of it that decide anything.
pub type Code = (i64, Option<i64>);

/// Meta, as the node sees it: [`HttpGraph`](crate::HttpGraph) over the network, a world of its own in simulations.
pub trait Graph: core::marker::Send + Sync {
    /// Sends one message. The one door to the Send API; the permit is used up by it. Whether the permit is still good is
    /// the caller's to know: it was confirmed a moment before.
    fn send(&self, permit: Permit, send: Send) -> BoxFuture<'_, SendOutcome>;

    /// Reads a customer's name. Only customers who wrote to the Page can be read (*User Profile API*, read 2026-11-23).
    ///
    /// # Errors
    /// [`Fault`], by what to do next. Not being allowed to read is no fault: the profile is empty then.
    fn profile(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Profile, Fault>>;

    /// Reads what the Page sent lately in a conversation, oldest first, whoever wrote it. Only the 20 newest messages of a
    /// thread, the customer's among them, can be read (*Conversations API*, read 2026-11-23).
    ///
    /// # Errors
    /// [`Fault`], by what to do next.
    fn thread(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Vec<Sent>, Fault>>;

    /// Takes a conversation over from another app, if the Page's features say that this installation may (*Conversation
    /// Routing*, read 2026-11-23). Taking what is ours already changes nothing.
    ///
    /// # Errors
    /// [`Fault`], by what to do next. Not being given it is no fault.
    fn take_control(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Control, Fault>>;
}

/// What became of asking for a conversation that another app has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Control {
    /// It is ours.
    Taken,
    /// It stays another app's.
    Denied {
        /// `not-offered` where the Page's features lack it, else the row of the error table.
        reason: String,
        /// Whose it is, where Meta tells.
        owner: Option<AppId>,
    },
}

/// A message of the Page as its thread shows it. Neither our mark nor the app that sent it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Meta's id of it.
    pub mid: Mid,
    /// When, by Meta's clock, in whole seconds.
    pub at: Timestamp,
    /// What it says.
    pub text: Option<Redacted<String>>,
    /// `image`, `audio`, `video` or `file`, each.
    pub attachments: Vec<String>,
}

/// Where the Pages' tokens are kept.
pub trait Tokens: core::marker::Send + Sync {
    /// The live token of a Page, if there is one.
    fn token(&self, page: &PageId) -> Option<Redacted<String>>;
}

/// One message to one customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Send {
    /// The Page that speaks.
    pub page: PageId,
    /// The customer, as this Page sees them.
    pub psid: Psid,
    /// What is said.
    pub body: Body,
    /// The effect id. Comes back in the echo and settles what is in doubt. Below 1,000 characters (read 2026-11-23).
    pub metadata: String,
}

/// What a message carries: text, one attachment or one template, never two of them (*Send API reference*, read 2026-11-23).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// At most 2,000 characters.
    Text(Redacted<String>),
    /// A text with buttons to answer by, or in answer to one message.
    Prompt {
        /// The text.
        text: Redacted<String>,
        /// Title and payload of each button: at most 13, of 20 and 1,000 characters.
        buttons: Vec<(Redacted<String>, Redacted<String>)>,
        /// The customer's message that it answers.
        reply_to: Option<Mid>,
    },
    /// A utility template that Meta approved (*Utility Messages*, read 2026-11-23).
    Template {
        /// Its name among the Page's templates.
        name: String,
        /// Its language, as `en_US`.
        language: String,
        /// What stands in the places of its text, in order.
        parameters: Vec<Redacted<String>>,
    },
    /// A file that Meta fetches.
    Attachment {
        /// `image`, `audio`, `video` or `file`.
        kind: String,
        /// Where it lies, reachable from Meta.
        url: Redacted<String>,
    },
}

/// What is known of a send after the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendOutcome {
    /// Meta took it.
    Sent {
        /// Meta's id of the message.
        mid: Mid,
        /// What was used up by then.
        usage: Usage,
    },
    /// Surely not sent and worth trying again.
    Later {
        /// Not before this long.
        after: Span,
        /// Meta's code; `None` where Meta was not reached.
        code: Option<Code>,
        /// Name of the row, or why Meta was not reached: `connection-refused`, `connect-timeout`, `name-unknown`, `tls`,
        /// `unreachable`.
        why: &'static str,
    },
    /// Surely not sent and not worth trying again.
    Failed {
        /// Meta's code.
        code: Code,
        /// Stable name of the row in the error table; see [`error_table::by_name`](crate::error_table::by_name).
        row: &'static str,
        /// Meta's trace id, for its support.
        trace: Option<String>,
        /// What else will fail for the same reason.
        scope: Scope,
    },
    /// It may or may not have been sent. Never send it again without looking.
    InDoubt {
        /// `timeout`, `connection-lost`, `unreadable-answer`, `server-error`, or the name of a row that says *in doubt*.
        why: &'static str,
    },
}

/// What Meta tells about a customer. Every part may be missing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<Redacted<String>>,
    /// Family name.
    pub last_name: Option<Redacted<String>>,
    /// Address of the picture; it expires.
    pub picture: Option<Redacted<String>>,
}

impl Profile {
    /// Given and family name in that order, or what there is of them.
    pub fn name(&self) -> Option<Redacted<String>> {
        let parts = [&self.first_name, &self.last_name];
        let known: Vec<&str> =
            parts.iter().filter_map(|part| part.as_ref()).map(|part| part.reveal().as_str()).collect();
        (!known.is_empty()).then(|| Redacted::new(known.join(" ")))
    }
}

/// Why something could not be read. Reading changes nothing, so nothing is ever in doubt.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Try again, not before `after`.
    #[error("not readable now ({why}), try again in {} ms", after.0)]
    Retry {
        /// Not before this long.
        after: Span,
        /// Name of the row, `timeout`, `connection-lost`, `server-error`, `unreadable-answer`, or why Meta was not
        /// reached: see [`SendOutcome::Later`].
        why: &'static str,
        /// Meta's code, where it answered with one.
        code: Option<Code>,
    },
    /// Trying again will not help.
    #[error("not readable ({row}, code {})", crate::error_table::in_words(*code))]
    GiveUp {
        /// Meta's code.
        code: Code,
        /// Stable name of the row in the error table.
        row: &'static str,
        /// Meta's trace id, for its support.
        trace: Option<String>,
        /// What else will fail for the same reason.
        scope: Scope,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_there_is_of_it() {
        let profile = |first: Option<&str>, last: Option<&str>| Profile {
            first_name: first.map(Redacted::from),
            last_name: last.map(Redacted::from),
            picture: None,
        };
        let name = |profile: Profile| profile.name().map(Redacted::into_inner);
        assert_eq!(name(profile(Some("Ada"), Some("Byron"))).as_deref(), Some("Ada Byron"));
        assert_eq!(name(profile(None, Some("Byron"))).as_deref(), Some("Byron"));
        assert_eq!(name(profile(Some("Ada"), None)).as_deref(), Some("Ada"));
        assert_eq!(name(profile(None, None)), None);
    }

    #[test]
    fn what_the_customer_reads_never_reaches_a_debug_print() {
        let send = Send {
            page: PageId::new("1"),
            psid: Psid::new("2"),
            body: Body::Text("your parcel is at Birch Lane".into()),
            metadata: "pd.1.1.c/1/2".to_owned(),
        };
        assert!(!format!("{send:?}").contains("Birch"), "{send:?}");
    }
}
