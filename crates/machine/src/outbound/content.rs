//! What a part carries, and what the policy is told of it.
//!
//! No limit of Meta's for a whole message stands here; those are the policy's. Stored as it is: a variant's name and fields
//! never change, new fields have defaults.

use core::fmt;

use model::{Mid, Redacted};
use policy::{Carries, ContentKind};
use serde::{Deserialize, Serialize};

use super::split;

/// Characters of a button's title. *Quick Replies*, read 2026-11-23.
pub const TITLE_MAX: usize = 20;

/// Characters of a button's payload. *Quick Replies*, read 2026-11-23.
pub const PAYLOAD_MAX: usize = 1_000;

/// What a part carries: text, one attachment or one template, never two of them (Send API, read 2026-11-23).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "content", rename_all = "snake_case")]
pub enum Content {
    /// At most 2,000 characters.
    Text {
        /// The text.
        text: Redacted<String>,
    },
    /// A text with buttons to answer by, or in answer to one message.
    Prompt {
        /// The text, as above.
        text: Redacted<String>,
        /// In the order in which they are shown.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<Button>,
        /// The customer's message that it answers. Meta wants one of the last 24 hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Mid>,
    },
    /// A file by its address.
    Attachment {
        /// `image`, `audio`, `video` or `file`.
        kind: String,
        /// Where Meta fetches it.
        url: Redacted<String>,
    },
    /// A utility template that Meta approved.
    Template {
        /// Its name among the Page's templates.
        name: String,
        /// Its language, as `en_US`.
        language: String,
        /// What stands in the places of its text, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parameters: Vec<Redacted<String>>,
    },
}

/// A button by which the customer answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    title: Redacted<String>,
    /// What comes back when it is pressed.
    payload: Redacted<String>,
}

/// Meta would not take the button.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ButtonRefusal {
    /// Nothing stands on it.
    Untitled,
    /// Longer than [`TITLE_MAX`].
    TitleTooLong,
    /// Longer than [`PAYLOAD_MAX`].
    PayloadTooLong,
}

impl fmt::Display for ButtonRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untitled => f.write_str("a button needs a title"),
            Self::TitleTooLong => write!(f, "a button's title has at most {TITLE_MAX} characters"),
            Self::PayloadTooLong => write!(f, "a button's payload has at most {PAYLOAD_MAX} characters"),
        }
    }
}

impl core::error::Error for ButtonRefusal {}

impl Button {
    /// A button that Meta takes.
    ///
    /// # Errors
    /// [`ButtonRefusal`] where it would not.
    pub fn new(title: &str, payload: &str) -> Result<Self, ButtonRefusal> {
        if title.trim().is_empty() {
            Err(ButtonRefusal::Untitled)
        } else if TITLE_MAX < title.chars().count() {
            Err(ButtonRefusal::TitleTooLong)
        } else if PAYLOAD_MAX < payload.chars().count() {
            Err(ButtonRefusal::PayloadTooLong)
        } else {
            Ok(Self { title: title.into(), payload: payload.into() })
        }
    }

    /// What stands on it.
    pub fn title(&self) -> &Redacted<String> {
        &self.title
    }

    /// What comes back when it is pressed.
    pub fn payload(&self) -> &Redacted<String> {
        &self.payload
    }
}

impl Content {
    /// What the policy is told of it. How large a file is that lies elsewhere nobody knows.
    pub fn carries(&self) -> Carries {
        let of_text = |text: &Redacted<String>| Some(text.reveal().chars().count() as u64);
        match self {
            Self::Text { text } => Carries { size: of_text(text), ..Carries::default() },
            Self::Prompt { text, buttons, reply_to: _ } => {
                let buttons = u32::try_from(buttons.len()).unwrap_or(u32::MAX);
                Carries { kind: ContentKind::Text, size: of_text(text), buttons }
            }
            Self::Attachment { kind, url: _ } => {
                let kind = ContentKind::of_attachment(kind).unwrap_or(ContentKind::File);
                Carries { kind, ..Carries::default() }
            }
            Self::Template { .. } => Carries { kind: ContentKind::Template, ..Carries::default() },
        }
    }

    /// Whether a thread that is read shows no difference between the two: it tells neither buttons nor addresses of files.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        self.shown() == other.shown()
    }

    /// What a thread that is read shows of it.
    fn shown(&self) -> (&'static str, &str) {
        match self {
            Self::Text { text } | Self::Prompt { text, buttons: _, reply_to: _ } => ("text", text.reveal().trim()),
            Self::Attachment { kind, url: _ } => ("attachment", kind),
            Self::Template { name, language: _, parameters: _ } => ("template", name),
        }
    }

    /// In pieces that Meta takes. Of a longer text the first piece answers the message and the last has the buttons.
    pub(crate) fn pieces(self) -> Vec<Self> {
        match self {
            Self::Text { text } => {
                split(text.reveal()).into_iter().map(|piece| Self::Text { text: piece.into() }).collect()
            }
            Self::Prompt { text, mut buttons, mut reply_to } => {
                let pieces = split(text.reveal());
                let last = pieces.len().saturating_sub(1);
                let piece = |(nth, piece): (usize, String)| {
                    let buttons = if nth == last { core::mem::take(&mut buttons) } else { Vec::new() };
                    let (text, reply_to) = (piece.into(), reply_to.take());
                    if buttons.is_empty() && reply_to.is_none() {
                        Self::Text { text }
                    } else {
                        Self::Prompt { text, buttons, reply_to }
                    }
                };
                pieces.into_iter().enumerate().map(piece).collect()
            }
            Self::Attachment { .. } | Self::Template { .. } => vec![self],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(title: &str) -> Button {
        Button::new(title, "P").expect("short")
    }

    #[test]
    fn a_button_is_as_long_as_meta_takes_it_and_no_longer() {
        let (title, payload) = ("ü".repeat(20), "ü".repeat(1_000));
        assert!(Button::new(&title, &payload).is_ok());
        assert_eq!(Button::new(&format!("{title}x"), ""), Err(ButtonRefusal::TitleTooLong));
        assert_eq!(Button::new("x", &format!("{payload}x")), Err(ButtonRefusal::PayloadTooLong));
        assert_eq!(Button::new(" \n", ""), Err(ButtonRefusal::Untitled));
    }

    #[test]
    fn of_a_long_text_the_first_piece_answers_and_the_last_has_the_buttons() {
        let long = format!("{} {}", "a".repeat(1_500), "b".repeat(1_500));
        let reply_to = Some(Mid::new("m_1"));
        let prompt = |text: &str, buttons, reply_to| Content::Prompt { text: text.into(), buttons, reply_to };
        let pieces = prompt(&long, vec![button("Yes")], reply_to.clone()).pieces();
        let [
            Content::Prompt { buttons: none, reply_to: first, .. },
            Content::Prompt { buttons, reply_to: none_too, .. },
        ] = pieces.as_slice()
        else {
            panic!("{pieces:?}")
        };
        assert_eq!((none.len(), first, buttons.len(), none_too), (0, &reply_to, 1, &None));
        let short = prompt("Yes?", vec![button("Yes")], reply_to);
        assert_eq!(short.clone().pieces(), [short]);
    }

    #[test]
    fn a_thread_shows_neither_buttons_nor_addresses() {
        let text = Content::Text { text: "Yes? ".into() };
        let prompt = Content::Prompt { text: "Yes?".into(), buttons: vec![button("Yes")], reply_to: None };
        let file = |kind: &str, url: &str| Content::Attachment { kind: kind.to_owned(), url: url.into() };
        assert!(text.looks_like(&prompt) && file("image", "a").looks_like(&file("image", "b")));
        assert!(!file("image", "a").looks_like(&file("video", "a")) && !text.looks_like(&file("image", "Yes?")));
    }

    #[test]
    fn the_policy_is_told_kind_size_and_buttons() {
        let prompt =
            Content::Prompt { text: "Grün?".into(), buttons: vec![button("Ja"), button("Nein")], reply_to: None };
        assert_eq!(prompt.carries(), Carries { kind: ContentKind::Text, size: Some(5), buttons: 2 });
        let film = Content::Attachment { kind: "video".to_owned(), url: "https://files.example/1.mp4".into() };
        assert_eq!(film.carries(), Carries { kind: ContentKind::Video, size: None, buttons: 0 });
    }
}
