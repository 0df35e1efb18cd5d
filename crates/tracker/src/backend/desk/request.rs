//! What the desk's writer takes: requests with everything computed that needs no look at the store (hashes, stored
//! forms, limits), so that the one writer does as little as possible.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use model::{EffectId, MachineId, Redacted, TaskId, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::refusal::Refusal;
use super::row::{self, CommentBody, EffectNumber, Origin};
use super::word::{Act, StatusId};
use super::{COMMENT_CHARS_MAX, KEY_CHARS_MAX, NAME_CHARS_MAX};
use crate::api::{Audience, Comment, CommentOrigin};

/// Bytes that the JSON of most requests stays below: one allocation.
const REQUEST_USUAL: usize = 512;

/// One thing to do, in one piece or not at all.
pub(super) enum Op {
    /// The node asks.
    Effect {
        /// The machine that asks, as the store's key.
        machine: String,
        /// The effect's number in that machine.
        number: EffectNumber,
        /// SHA-256 of the request.
        hash: [u8; 32],
        /// What it asks.
        request: EffectRequest,
    },
    /// A person asks.
    Person {
        /// The idempotency key.
        key: Option<String>,
        /// SHA-256 of the request without its time.
        hash: [u8; 32],
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// What they ask.
        request: PersonRequest,
    },
}

/// What the node asks.
pub(super) enum EffectRequest {
    /// Open a task.
    OpenTask {
        /// Its binding and its store key.
        binding: (MachineId, String),
        /// The contact's key and its store key.
        contact: (MachineId, String),
        /// The contact's name.
        contact_name: Option<Redacted<String>>,
        /// The task's name.
        name: Redacted<String>,
        /// The first is the description.
        lines: Vec<Entry>,
        /// The task before it.
        previous: Option<TaskId>,
        /// When.
        at: Timestamp,
    },
    /// Add comments.
    AddComments {
        /// To which task.
        task: TaskId,
        /// These.
        lines: Vec<Entry>,
        /// Only if it is active.
        if_active: bool,
    },
    /// Name a contact.
    NameContact {
        /// Its number; `None` is no contact of this desk.
        contact: Option<u64>,
        /// The name.
        name: Redacted<String>,
        /// When.
        at: Timestamp,
    },
}

/// What a person asks. Ids are checked by the writer.
#[derive(Serialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(super) enum PersonRequest {
    /// Add a comment.
    AddComment {
        /// To which task.
        task: TaskId,
        /// For whom.
        audience: Audience,
        /// The text.
        text: Redacted<String>,
        /// Who, as shown; part of the request, unlike in the other asks.
        by: String,
    },
    /// Open a task that is bound to nothing.
    NewTask {
        /// Its name.
        name: Redacted<String>,
        /// Its description.
        text: Redacted<String>,
    },
    /// Give it a status.
    SetStatus {
        /// Which task.
        task: TaskId,
        /// Which status.
        status: StatusId,
    },
    /// Move it to the trash.
    Trash {
        /// Which task.
        task: TaskId,
    },
    /// Take it out of the trash.
    Restore {
        /// Which task.
        task: TaskId,
    },
    /// Delete it for good.
    Purge {
        /// Which task.
        task: TaskId,
    },
    /// Let one task take in another.
    Merge {
        /// This one ends.
        from: TaskId,
        /// This one survives.
        into: TaskId,
    },
    /// Type a contact's name.
    RenameContact {
        /// Its number.
        contact: u64,
        /// The name.
        name: Redacted<String>,
    },
    /// Keep an idempotency key for a call that is carried out elsewhere. Changes nothing else.
    Claim {
        /// What the call asks, so that another call with the same key is told apart.
        digest: [u8; 32],
    },
    /// Say that two contacts are one human.
    MergeContacts {
        /// This one is shown as the other.
        from: u64,
        /// That one.
        into: u64,
    },
    /// Take that back.
    UnmergeContact {
        /// The one that was shown as another.
        contact: u64,
    },
}

/// A comment ready to be stored.
pub(super) struct Entry {
    /// Who wrote it.
    pub(super) origin: Origin,
    /// When.
    pub(super) at: Timestamp,
    /// The JSON part of its row.
    pub(super) body: Vec<u8>,
}

impl Entry {
    /// What the desk itself says about a task.
    pub(super) fn system(text: String, at: Timestamp) -> Self {
        let body = CommentBody { text: text.into(), ..CommentBody::default() };
        Self { origin: Origin::System, at, body: row::json(&body) }
    }
}

impl From<Comment> for Entry {
    fn from(comment: Comment) -> Self {
        let origin = match comment.origin {
            CommentOrigin::Customer => Origin::Customer,
            CommentOrigin::Outside => Origin::Outside,
            CommentOrigin::Notice => Origin::System,
        };
        let body = CommentBody { text: comment.text, by: None, attachments: comment.attachments, binding: None };
        Self { origin, at: comment.at, body: row::json(&body) }
    }
}

impl Op {
    /// A request of the node.
    pub(super) fn of_effect(effect: &EffectId, hash: [u8; 32], request: EffectRequest) -> Self {
        Self::Effect { machine: effect.machine.to_string(), number: (effect.incarnation.0, effect.seq), hash, request }
    }

    /// A request of a person, within the limits.
    pub(super) fn of_person(act: Act, request: PersonRequest) -> Result<Self, Refusal> {
        if act.key.as_ref().is_some_and(|key| key.is_empty() || longer(key, KEY_CHARS_MAX)) {
            return Err(Refusal::KeyUnfit);
        }
        match &request {
            PersonRequest::AddComment { text, .. } => text_fits(text)?,
            PersonRequest::NewTask { name, text } => {
                name_fits(name)?;
                text_fits(text)?;
            }
            PersonRequest::RenameContact { name, .. } => name_fits(name)?,
            PersonRequest::SetStatus { .. }
            | PersonRequest::Trash { .. }
            | PersonRequest::Restore { .. }
            | PersonRequest::Purge { .. }
            | PersonRequest::Merge { .. }
            | PersonRequest::Claim { .. }
            | PersonRequest::MergeContacts { .. }
            | PersonRequest::UnmergeContact { .. } => (),
        }
        let hash = if act.key.is_some() { request_hash("person", &request) } else { [0; 32] };
        Ok(Self::Person { key: act.key, hash, by: act.by, at: act.at, request })
    }
}

/// SHA-256 over the canonical JSON of a request: fields in the order of their declaration, no white space.
pub(super) fn request_hash(kind: &str, request: &impl Serialize) -> [u8; 32] {
    Sha256::digest(row::json_in(Vec::with_capacity(REQUEST_USUAL), &(kind, request))).into()
}

/// Whether this can be a message to a customer: something of it is visible, it holds no control character but tab and new
/// line, and it has at most [`COMMENT_CHARS_MAX`] characters.
///
/// # Errors
/// [`Refusal::TextEmpty`], [`Refusal::TextUnfit`], [`Refusal::TextTooLong`].
pub fn text_fits(text: &Redacted<String>) -> Result<(), Refusal> {
    if !text.reveal().chars().any(is_visible) {
        return Err(Refusal::TextEmpty);
    }
    // A new line may be CR LF.
    if text.reveal().replace("\r\n", "\n").chars().any(is_unfit) {
        return Err(Refusal::TextUnfit);
    }
    if longer(text.reveal(), COMMENT_CHARS_MAX) { Err(Refusal::TextTooLong) } else { Ok(()) }
}

fn name_fits(name: &Redacted<String>) -> Result<(), Refusal> {
    if name.reveal().trim().is_empty() {
        return Err(Refusal::NameEmpty);
    }
    if longer(name.reveal(), NAME_CHARS_MAX) { Err(Refusal::NameTooLong) } else { Ok(()) }
}

/// Whether a reader sees something of it: no white space, no control character, none of Unicode's marks without a shape.
fn is_visible(character: char) -> bool {
    let shapeless = matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    !character.is_whitespace() && !character.is_control() && !shapeless && !is_mark(character)
}

/// A mark that stands on, around or beside another character, and has nothing to stand on where it is alone (Unicode's
/// categories Mn, Mc and Me).
fn is_mark(character: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    GeneralCategoryGroup::Mark.contains(category)
}

/// Control characters of ASCII that are no part of a text: all but tab and new line.
fn is_unfit(character: char) -> bool {
    character.is_ascii_control() && !matches!(character, '\t' | '\n')
}

fn longer(text: &str, chars_max: usize) -> bool {
    text.chars().nth(chars_max).is_some()
}
