//! What happens on a Page's wall, in its lead forms and around it, as an order names it. Shapes only.

use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something on the wall (*feed* webhook). Ids that are missing are drawn, or taken from the Page's newest post.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// What it is.
    pub item: FeedItem,
    /// What is done with it.
    pub verb: Verb,
    /// Whether the Page itself does it.
    #[serde(default)]
    pub by_page: bool,
    /// The post.
    #[serde(default)]
    pub post_id: Option<String>,
    /// The comment.
    #[serde(default)]
    pub comment_id: Option<String>,
    /// The comment it stands under; the post where it is missing.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// The text.
    #[serde(default)]
    pub message: Option<String>,
    /// A picture.
    #[serde(default)]
    pub photo: Option<String>,
    /// Several pictures.
    #[serde(default)]
    pub photos: Vec<String>,
    /// A film.
    #[serde(default)]
    pub video: Option<String>,
    /// A link.
    #[serde(default)]
    pub link: Option<String>,
    /// `like`, `love`, `haha`, `wow`, `sad`, `angry` or `care`, for reactions.
    #[serde(default)]
    pub reaction_type: Option<String>,
    /// Whether it can be seen; `false` for what is planned or an ad.
    #[serde(default)]
    pub published: Option<bool>,
}

impl Feed {
    /// Something with nothing in it yet.
    pub fn new(item: FeedItem, verb: Verb) -> Self {
        Self {
            item,
            verb,
            by_page: false,
            post_id: None,
            comment_id: None,
            parent_id: None,
            message: None,
            photo: None,
            photos: Vec::new(),
            video: None,
            link: None,
            reaction_type: None,
            published: None,
        }
    }
}

/// `value.item` of a feed change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedItem {
    /// A comment on a post or on a comment.
    Comment,
    /// A post of a visitor.
    Post,
    /// A post of the Page: text.
    Status,
    /// A post with a picture.
    Photo,
    /// A post with a film.
    Video,
    /// A post with a link or another's post.
    Share,
    /// A reaction to a post or comment.
    Reaction,
    /// A Like, of the Page where no post is named.
    Like,
    /// An event of the Page.
    Event,
    /// An album of the Page.
    Album,
}

impl FeedItem {
    /// As Meta writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Post => "post",
            Self::Status => "status",
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Share => "share",
            Self::Reaction => "reaction",
            Self::Like => "like",
            Self::Event => "event",
            Self::Album => "album",
        }
    }
}

/// `value.verb`; both spellings of a change occur.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It came to be.
    Add,
    /// It was changed.
    Edit,
    /// It was changed, spelled otherwise.
    Edited,
    /// It is gone.
    Remove,
    /// It was hidden.
    Hide,
    /// It is shown again.
    Unhide,
    /// A film was blocked.
    Block,
    /// A film is no longer blocked.
    Unblock,
    /// A film lost its sound.
    Mute,
}

impl Verb {
    /// As Meta writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Edit => "edit",
            Self::Edited => "edited",
            Self::Remove => "remove",
            Self::Hide => "hide",
            Self::Unhide => "unhide",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Mute => "mute",
        }
    }
}

/// A filled-in lead form (*leadgen* webhook).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeadOrder {
    /// The form; the Page's own where it is missing.
    pub form_id: Option<String>,
    /// The ad it stood under; 0 on the wire where it is missing.
    pub ad_id: Option<String>,
    /// That ad's group.
    pub adgroup_id: Option<String>,
    /// Question to answers.
    pub answers: BTreeMap<String, Vec<String>>,
    /// Whether ids are written as text; Meta's own examples have numbers.
    pub ids_as_text: bool,
}

/// The Page named in somebody's post or comment (*mention* webhook). It has no author.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// `post` or `comment`.
    pub item: String,
    /// Mostly `add`.
    pub verb: Verb,
    /// The post; drawn where it is missing.
    #[serde(default)]
    pub post_id: Option<String>,
    /// The comment; drawn where it is missing and one is meant.
    #[serde(default)]
    pub comment_id: Option<String>,
    /// The text.
    #[serde(default)]
    pub message: Option<String>,
}

/// A rating of the Page (*ratings* webhook).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// `rating`, `comment`, `like` or `reaction`.
    pub item: String,
    /// What is done with it.
    pub verb: Verb,
    /// The rating's story; drawn where it is missing.
    #[serde(default)]
    pub open_graph_story_id: Option<String>,
    /// The text.
    #[serde(default)]
    pub review_text: Option<String>,
    /// Whether the Page is recommended.
    #[serde(default)]
    pub recommended: Option<bool>,
    /// Stars, the old form.
    #[serde(default)]
    pub stars: Option<u8>,
    /// For a comment or reaction on a rating.
    #[serde(default)]
    pub comment_id: Option<String>,
    /// For a comment on a rating.
    #[serde(default)]
    pub message: Option<String>,
    /// For a reaction to a rating.
    #[serde(default)]
    pub reaction_type: Option<String>,
}

/// The state of a Page's integrity (*business_integrity* webhook). A restriction on messaging makes sends fail.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Integrity {
    /// Overall.
    pub status: String,
    /// What is held against the Page.
    pub violations: Vec<IntegrityViolation>,
    /// What it may not do.
    pub restrictions: Vec<Restriction>,
    /// What it or Meta did about it, as it is.
    pub action_events: Vec<Value>,
}

/// What is held against a Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrityViolation {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// In words.
    pub description: String,
    /// Where to read about it.
    pub url: String,
}

/// What a Page may not do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// What.
    pub feature: String,
    /// Whether it is in force.
    pub status: String,
    /// In words.
    pub description: String,
    /// Since when.
    pub applied_at: Timestamp,
    /// Until when, if it ends.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}
