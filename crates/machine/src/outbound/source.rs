//! Where an answer comes from: a comment of the tracker, or the call of a script. Names only; what an answer says and what
//! becomes of it stand elsewhere.
//!
//! Invariant: a source names one answer of its conversation; a second answer from the same source is a duplicate.

use core::fmt;

use model::CommentId;
use serde::{Deserialize, Serialize};

/// Where an answer comes from. Stored as `"comment":"6"` or `"script":{"token":…,"key":…}` beside the answer's other
/// fields, so that answers journaled before there were scripts read as they always did.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A comment of the tracker.
    Comment(CommentId),
    /// A call of the API.
    Script(ScriptCall),
}

/// A call of the API that sends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ScriptCall {
    /// Name of the token that it came with.
    pub token: String,
    /// The idempotency key, which the token's holder uses once.
    pub key: String,
}

impl Source {
    /// The comment, if it is one.
    pub fn comment(&self) -> Option<&CommentId> {
        match self {
            Self::Comment(comment) => Some(comment),
            Self::Script(_) => None,
        }
    }

    /// The call, if it is one.
    pub fn script(&self) -> Option<&ScriptCall> {
        match self {
            Self::Script(call) => Some(call),
            Self::Comment(_) => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment(comment) => write!(f, "{comment}"),
            Self::Script(ScriptCall { token, key }) => write!(f, "script/{token}/{key}"),
        }
    }
}

impl From<CommentId> for Source {
    fn from(comment: CommentId) -> Self {
        Self::Comment(comment)
    }
}
