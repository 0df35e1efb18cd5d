//! What can hang on a message, as an order names it. How each looks on the wire stands in `wire::attachment`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something attached to a message. The names are Meta's (*messages* webhook reference, read 2026-11-23).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Attachment {
    /// A picture, animated or not.
    Image {
        /// Where it lies.
        url: String,
    },
    /// A sound.
    Audio {
        /// Where it lies.
        url: String,
    },
    /// A film.
    Video {
        /// Where it lies.
        url: String,
    },
    /// Any other file.
    File {
        /// Where it lies.
        url: String,
    },
    /// A sticker. Until 2026-08-30 it comes with a twin of type `image`, before 2026-06-01 as the twin alone.
    Sticker {
        /// Where its picture lies.
        url: String,
        /// Its number; 369239263222822 is the small Like.
        sticker_id: u64,
    },
    /// The preview of a link; with neither field it has no payload at all.
    Fallback {
        /// The link.
        #[serde(default)]
        url: Option<String>,
        /// Its title.
        #[serde(default)]
        title: Option<String>,
    },
    /// A shared reel.
    Reel {
        /// Where it lies.
        url: String,
        /// Its title.
        #[serde(default)]
        title: Option<String>,
        /// Its id.
        #[serde(default)]
        reel_video_id: Option<u64>,
        /// Whether it is one of Instagram (`ig_reel`).
        #[serde(default)]
        instagram: bool,
    },
    /// A shared post.
    Post {
        /// Where it lies.
        url: String,
        /// Its title.
        #[serde(default)]
        title: Option<String>,
        /// Its id.
        #[serde(default)]
        id: Option<String>,
        /// Whether it is one of Instagram (`ig_post`).
        #[serde(default)]
        instagram: bool,
    },
    /// A template, as an echo or a shared product shows it.
    Template {
        /// Its payload; `null` as in echoes of what Facebook itself posts.
        #[serde(default)]
        payload: Value,
        /// Beside the type, in echoes.
        #[serde(default)]
        title: Option<String>,
    },
    /// An appointment.
    AppointmentBooking {
        /// Its id.
        booking_id: String,
        /// `requested`, `confirmed`, `declined` or `cancelled`.
        status: String,
        /// Seconds since 1970.
        start_time: i64,
        /// Seconds since 1970.
        end_time: i64,
        /// An IANA name.
        timezone: String,
    },
    /// A place, the old form.
    Location {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        long: f64,
    },
    /// A type that nobody knows yet.
    Other {
        /// Its type on the wire.
        name: String,
        /// Its payload.
        #[serde(default)]
        payload: Value,
    },
}

impl Attachment {
    /// From a type on the wire and an address, as the Send API and the older orders name it.
    pub fn from_pair(kind: &str, url: &str) -> Self {
        let url = url.to_owned();
        match kind {
            "image" => Self::Image { url },
            "audio" => Self::Audio { url },
            "video" => Self::Video { url },
            "file" => Self::File { url },
            other => Self::Other { name: other.to_owned(), payload: serde_json::json!({ "url": url }) },
        }
    }

    /// What a person calls it.
    pub(in crate::fake::facebook) fn words(&self) -> &'static str {
        match self {
            Self::Image { .. } => "a picture",
            Self::Audio { .. } => "a voice message",
            Self::Video { .. } => "a video",
            Self::File { .. } => "a file",
            Self::Sticker { .. } => "a sticker",
            Self::Fallback { .. } => "a link",
            Self::Reel { .. } => "a reel",
            Self::Post { .. } => "a post",
            Self::Template { .. } => "cards",
            Self::AppointmentBooking { .. } => "an appointment",
            Self::Location { .. } => "a place",
            Self::Other { .. } => "something new",
        }
    }

    /// Its type on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Image { .. } => "image",
            Self::Audio { .. } => "audio",
            Self::Video { .. } => "video",
            Self::File { .. } => "file",
            Self::Sticker { .. } => "sticker",
            Self::Fallback { .. } => "fallback",
            Self::Reel { instagram: false, .. } => "reel",
            Self::Reel { instagram: true, .. } => "ig_reel",
            Self::Post { instagram: false, .. } => "post",
            Self::Post { instagram: true, .. } => "ig_post",
            Self::Template { .. } => "template",
            Self::AppointmentBooking { .. } => "appointment_booking",
            Self::Location { .. } => "location",
            Self::Other { name, .. } => name,
        }
    }
}
