//! How an account's events are stored: flat JSON, one kind number per event, version 1. A number is never reused.
//!
//! | kind | name | sealed |
//! |---|---|---|
//! | 1 | configured | |
//! | 2 | feed-read | |
//!
//! A setting that an older record lacks takes its default.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Event;
use crate::AccountFacts;
use crate::codec::{CodecFault, Encoded, VERSION, name_in, read, write};

const NAMES: [(u16, &str); 2] = [(1, "configured"), (2, "feed-read")];

/// The settings themselves, flat; every one has a default.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Configured<'a> {
    facts: Cow<'a, AccountFacts>,
}

#[derive(Serialize, Deserialize)]
struct FeedRead {
    cursor: u64,
}

/// The name of a stored kind, for people; `unknown` where this build does not know it.
pub fn name(kind: u16) -> &'static str {
    name_in(&NAMES, kind)
}

pub(super) fn encode(event: &Event) -> Encoded {
    match event {
        Event::Configured { facts } => write(1, false, &Configured { facts: Cow::Borrowed(facts) }),
        Event::FeedRead { cursor } => write(2, false, &FeedRead { cursor: *cursor }),
    }
}

pub(super) fn decode(kind: u16, version: u8, body: &[u8]) -> Result<Event, CodecFault> {
    match (kind, version) {
        (1, VERSION) => read(kind, body).map(|Configured { facts }| Event::Configured { facts: facts.into_owned() }),
        (2, VERSION) => read(kind, body).map(|FeedRead { cursor }| Event::FeedRead { cursor }),
        _ => Err(CodecFault::Unknown { kind, version }),
    }
}
