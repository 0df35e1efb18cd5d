//! What a message carries, as far as a rule asks for it: its kind, its size, how many buttons. Never what it says.
//!
//! No limit stands here; those are rules. Invariant: the default is a text of unknown length without buttons, to which no
//! limit applies: what is asked before anything was written.

use serde::{Deserialize, Serialize};

/// The kind of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// Words.
    #[default]
    Text,
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    File,
    /// A utility template that Meta approved, with parameters.
    Template,
}

impl ContentKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Text, Self::Image, Self::Audio, Self::Video, Self::File, Self::Template];

    /// The kind of an attachment by Meta's word for it; `None` for any other word.
    pub fn of_attachment(word: &str) -> Option<Self> {
        match word {
            "image" => Some(Self::Image),
            "audio" => Some(Self::Audio),
            "video" => Some(Self::Video),
            "file" => Some(Self::File),
            _ => None,
        }
    }
}

/// What a message carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Carries {
    /// Its kind.
    pub kind: ContentKind,
    /// Characters of a text, bytes of an attachment; `None` where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Quick-reply buttons under it.
    #[serde(skip_serializing_if = "is_zero")]
    pub buttons: u32,
}

impl Carries {
    /// Whether nothing is said about it.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
