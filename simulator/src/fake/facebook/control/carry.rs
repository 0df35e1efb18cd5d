//! `POST /_control/carry`: what Meta does with webhooks of a Page: keeps them back, lets them go, delivers one again.
//!
//! Shapes only; how it is done stands in `courier`.

use model::PageId;
use serde::{Deserialize, Serialize};

/// What is to be done with webhooks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum CarryOrder {
    /// Those of these Pages are kept back from now on, as when Meta is late.
    Hold {
        /// The Pages; those that are held already stay so.
        pages: Vec<PageId>,
    },
    /// Those that were kept back go out, and later ones as ever.
    Release {
        /// The Pages; each of them must be held.
        pages: Vec<PageId>,
        /// How they go.
        #[serde(default)]
        how: Letting,
    },
    /// The last body that was delivered for a Page is delivered once more, byte for byte.
    Repeat {
        /// The Page.
        page: PageId,
    },
    /// The body that told of this id is delivered once more, byte for byte.
    RepeatOf {
        /// The id, as a happening was answered with.
        id: String,
    },
}

/// How webhooks that were kept back go out. Items of several Pages go in the order in which they happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letting {
    /// One by one.
    #[default]
    InOrder,
    /// In one body.
    Together,
    /// One by one, the newest first.
    Reversed,
}

/// The answer to a [`CarryOrder`]: what is on its way now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Carried {
    /// Bodies.
    pub bodies: u64,
    /// Items in them.
    pub items: u64,
}
