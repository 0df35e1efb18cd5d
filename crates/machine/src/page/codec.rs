//! How a Page's events are stored: flat JSON, one kind number per event, version 1. A number is never reused.
//!
//! | kind | name | sealed |
//! |---|---|---|
//! | 1 | configured | |
//! | 2 | item-quarantined | |
//! | 3 | anomaly-kept | yes: its raw text is a customer's |
//! | 4 | token-refused | |
//! | 5 | restricted | |
//! | 6 | restriction-lifted | |
//! | 7 | received | yes: it may hold what people wrote |
//! | 8 | sends-paused | |
//! | 9 | sends-resumed | |

use std::borrow::Cow;

use model::{Anomaly, ItemKey, PageId, Place, Redacted, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Event, Stop};
use crate::PageFacts;
use crate::codec::{CodecFault, Encoded, VERSION, name_in, read, write};

const NAMES: [(u16, &str); 9] = [
    (1, "configured"),
    (2, "item-quarantined"),
    (3, "anomaly-kept"),
    (4, "token-refused"),
    (5, "restricted"),
    (6, "restriction-lifted"),
    (7, "received"),
    (8, "sends-paused"),
    (9, "sends-resumed"),
];

#[derive(Serialize, Deserialize)]
struct Configured<'a> {
    known: bool,
    name: Cow<'a, str>,
    token: bool,
    token_mark: Cow<'a, str>,
    restricted: bool,
}

#[derive(Serialize, Deserialize)]
struct ItemQuarantined<'a> {
    delivery: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Cow<'a, Place>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<ItemKey>,
    cause: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct AnomalyKept<'a> {
    delivery: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Cow<'a, Place>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<Cow<'a, PageId>>,
    reason: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'a, str>>,
    raw: Cow<'a, Redacted<String>>,
}

#[derive(Serialize, Deserialize)]
struct TokenRefused {
    code: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subcode: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct SendsPaused<'a> {
    #[serde(flatten)]
    stop: Cow<'a, Stop>,
    step: u8,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Bare {}

/// The name of a stored kind, for people; `unknown` where this build does not know it.
pub fn name(kind: u16) -> &'static str {
    name_in(&NAMES, kind)
}

pub(super) fn encode(event: &Event) -> Encoded {
    match event {
        Event::Received { inbound } => write(7, true, inbound),
        Event::Configured { facts: PageFacts { known, name, token, token_mark, restricted } } => {
            let (name, token_mark) = (name.into(), token_mark.into());
            write(1, false, &Configured { known: *known, name, token: *token, token_mark, restricted: *restricted })
        }
        Event::ItemQuarantined { delivery, place, key, cause } => {
            let place = place.as_ref().map(Cow::Borrowed);
            write(2, false, &ItemQuarantined { delivery: *delivery, place, key: *key, cause: cause.into() })
        }
        Event::AnomalyKept { delivery, anomaly: Anomaly { place, page, reason, kind, raw } } => {
            let (place, page) = (place.as_ref().map(Cow::Borrowed), page.as_ref().map(Cow::Borrowed));
            let (reason, kind, raw) = (reason.into(), kind.as_deref().map(Cow::Borrowed), Cow::Borrowed(raw));
            write(3, true, &AnomalyKept { delivery: *delivery, place, page, reason, kind, raw })
        }
        Event::TokenRefused { code, subcode } => write(4, false, &TokenRefused { code: *code, subcode: *subcode }),
        Event::Restricted => write(5, false, &Bare {}),
        Event::RestrictionLifted => write(6, false, &Bare {}),
        Event::SendsPaused { stop, step, until } => {
            write(8, false, &SendsPaused { stop: Cow::Borrowed(stop), step: *step, until: *until })
        }
        Event::SendsResumed => write(9, false, &Bare {}),
    }
}

pub(super) fn decode(kind: u16, version: u8, body: &[u8]) -> Result<Event, CodecFault> {
    if version != VERSION {
        return Err(CodecFault::Unknown { kind, version });
    }
    match kind {
        1 => {
            let Configured { known, name, token, token_mark, restricted } = read(kind, body)?;
            let (name, token_mark) = (name.into_owned(), token_mark.into_owned());
            Ok(Event::Configured { facts: PageFacts { known, name, token, token_mark, restricted } })
        }
        2 => {
            let ItemQuarantined { delivery, place, key, cause } = read(kind, body)?;
            Ok(Event::ItemQuarantined { delivery, place: place.map(Cow::into_owned), key, cause: cause.into_owned() })
        }
        3 => {
            let AnomalyKept { delivery, place, page, reason, kind: what, raw } = read(kind, body)?;
            let (place, page) = (place.map(Cow::into_owned), page.map(Cow::into_owned));
            let (reason, raw) = (reason.into_owned(), raw.into_owned());
            let anomaly = Anomaly { place, page, reason, kind: what.map(Cow::into_owned), raw };
            Ok(Event::AnomalyKept { delivery, anomaly })
        }
        4 => read(kind, body).map(|TokenRefused { code, subcode }| Event::TokenRefused { code, subcode }),
        5 => read(kind, body).map(|Bare {}| Event::Restricted),
        6 => read(kind, body).map(|Bare {}| Event::RestrictionLifted),
        7 => read(kind, body).map(|inbound| Event::Received { inbound }),
        8 => {
            let SendsPaused { stop, step, until } = read(kind, body)?;
            Ok(Event::SendsPaused { stop: stop.into_owned(), step, until })
        }
        9 => read(kind, body).map(|Bare {}| Event::SendsResumed),
        _ => Err(CodecFault::Unknown { kind, version }),
    }
}
