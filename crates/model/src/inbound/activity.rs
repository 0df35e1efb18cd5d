//! What happens on a Page's wall: posts, comments, reactions, mentions, ratings, each added, changed or removed.
//!
//! Shapes follow Meta's `feed`, `mention` and `ratings` (read 2026-11-23). An author may be missing in all of them.

use serde::{Deserialize, Serialize};

use crate::{Redacted, Timestamp};

/// One thing that happened on the wall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Activity {
    /// Where Meta reports it.
    pub field: ActivityField,
    /// What it happened to.
    pub item: ActivityItem,
    /// What happened to it.
    pub verb: Verb,
    /// The post: `PAGE_POST`; where Meta names none, the id of the album, event, film or picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The comment: `POST_COMMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What the comment answers: the post, or another comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Who did it, where Meta tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// The Page did it itself.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub by_page: bool,
    /// The text, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Redacted<String>>,
    /// Links to pictures, films and pages of the web, in order; they expire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Redacted<String>>,
    /// Whether the post is public yet; `None` where Meta does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// Whether it is hidden; `None` where Meta does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// Meta's word for a reaction: `like`, `love`, `haha`, …; of a rating `positive`, `negative`, or the stars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeling: Option<String>,
    /// When the thing itself was made; of a change not the time of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// Where Meta reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityField {
    /// The Page's own wall.
    Feed,
    /// A group of the Page.
    GroupFeed,
    /// Somebody else's post or comment that names the Page.
    Mention,
    /// Recommendations.
    Ratings,
}

impl ActivityField {
    /// Meta's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::GroupFeed => "group_feed",
            Self::Mention => "mention",
            Self::Ratings => "ratings",
        }
    }
}

/// Who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Author {
    /// Meta's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Redacted<String>>,
}

/// Declares an open list of words: those this build knows, and the rest as they came.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $first:literal $(| $other:literal)*,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A word that this build does not know; empty where there was none.
            Other(String),
        }

        impl $name {
            /// Reads Meta's word, in any of its spellings.
            pub fn of(word: &str) -> Self {
                match word {
                    $($first $(| $other)* => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }

            /// Meta's word; of several spellings always the same one.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $first,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|word| Self::of(&word))
            }
        }
    };
}

words! {
    /// What something happened to.
    ActivityItem {
        /// A comment.
        Comment = "comment",
        /// A post.
        Post = "post",
        /// A post of text.
        Status = "status",
        /// A post of a picture.
        Photo = "photo",
        /// A post of a film.
        Video = "video",
        /// A post of something shared.
        Share = "share",
        /// A reaction of any sort.
        Reaction = "reaction",
        /// A thumb up, or a new follower.
        Like = "like",
        /// An event.
        Event = "event",
        /// An album of pictures.
        Album = "album",
        /// A recommendation.
        Rating = "rating",
    }
}

words! {
    /// What happened to it.
    Verb {
        /// It is new. Also where Meta names no verb.
        Add = "add",
        /// It was changed.
        Edit = "edit" | "edited" | "update",
        /// It is gone.
        Remove = "remove" | "delete",
        /// The public does not see it any more.
        Hide = "hide",
        /// The public sees it again.
        Unhide = "unhide",
        /// Meta blocks it.
        Block = "block",
        /// Meta lets it through again.
        Unblock = "unblock",
        /// Meta took away its sound.
        Mute = "mute",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_spelling_here_and_survives_being_unknown() {
        assert_eq!(Verb::of("edited"), Verb::Edit);
        assert_eq!(Verb::of("edited").word(), "edit");
        assert_eq!(ActivityItem::of("hologram").word(), "hologram");
        assert_eq!(ActivityItem::of("album"), ActivityItem::Album);
    }
}
