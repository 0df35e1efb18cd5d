//! The deliveries of a run: one text message in a body, over conversations in turn, as [`bodies`] writes them.
//!
//! Everything follows from the numbers given.

use std::sync::Arc;

use actors::Limits;
use machine::AccountFacts;
use model::{AccountId, AppId, PageId, Psid, Redacted, Span, Timestamp};
use node::{NodeConfig, PageConfig};
use simulator::outside::{Facebook, Known, ModelDesk, Weather, World};

use crate::bench::bodies::{self, People};

/// 2026-11-23T09:00:00Z.
pub(super) const BEGINS_AT: Timestamp = Timestamp(1_795_424_400_000);
/// The app whose webhooks these are.
pub(super) const APP: &str = "990017";
/// A message comes every so many ms, on average.
const EVERY_MS: u64 = 3;
/// How long a message is on its way, in ms.
const ON_THE_WAY_MS: i64 = 700;

/// How many messages over how many conversations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Messages in all.
    pub(super) messages: u64,
    /// Conversations, in turn.
    pub(super) conversations: u64,
    /// So many come at one instant.
    pub(super) at_once: u64,
}

/// One delivery.
#[derive(Clone, Debug)]
pub(super) struct Posted {
    /// When it comes.
    pub(super) at: Timestamp,
    /// Its body.
    pub(super) body: String,
}

impl Load {
    fn people(self) -> People {
        People { conversations: self.conversations, pages: 1 }
    }

    /// The Page.
    pub(super) fn page(self) -> PageId {
        self.people().page(0)
    }

    /// The conversation of a message.
    pub(super) fn conversation(self, nth: u64) -> u64 {
        nth % self.conversations
    }

    /// The customer of a conversation.
    pub(super) fn psid(self, conversation: u64) -> Psid {
        self.people().psid(conversation)
    }

    /// A message as it comes.
    pub(super) fn posted(self, nth: u64) -> Posted {
        let first = nth - nth % self.at_once;
        let at = BEGINS_AT.0 + i64::try_from(EVERY_MS * first).expect("a run is short");
        let (conversation, mid) = (self.conversation(nth), bodies::mid(7, nth));
        let body = bodies::body(self.people(), conversation, &mid, bodies::text(nth), at - ON_THE_WAY_MS);
        Posted { at: Timestamp(at), body }
    }

    /// All of them.
    pub(super) fn all(self) -> Vec<Posted> {
        (0..self.messages).map(|nth| self.posted(nth)).collect()
    }

    /// A node that knows the Page. Profiles are not asked for: nobody under measurement knows any.
    pub(super) fn config(self) -> NodeConfig {
        let token = Some(Redacted::new("token".to_owned()));
        let page = PageConfig { name: "Quayside Bakery".to_owned(), token };
        NodeConfig {
            account: AccountId::new("bench"),
            facts: AccountFacts { profiles: false, app: Some(AppId::new(APP)), ..AccountFacts::default() },
            pages: [(self.page(), page)].into_iter().collect(),
            limits: Limits::default(),
            drain: Span::seconds(1),
            cache_bytes: 64 << 20,
        }
    }
}

/// Meta and a desk, at their best.
pub(super) fn world() -> World {
    let facebook = Facebook::new(AppId::new(APP), false, Arc::new(Known::default()));
    World { facebook, desk: ModelDesk::default(), weather: Weather::default() }
}
