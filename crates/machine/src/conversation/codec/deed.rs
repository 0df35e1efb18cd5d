//! Stored forms of what customers do without writing: kinds 60 to 70, one shape of `what` per kind.

use model::{Channel, Inbound, ItemKey, Kind, PageId, Psid, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{CodecFault, Encoded, VERSION, read, write};
use crate::conversation::event::Event;

#[derive(Serialize)]
struct Done<'a, T> {
    page: &'a PageId,
    psid: &'a Psid,
    at: Timestamp,
    channel: Channel,
    key: ItemKey,
    what: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    page: PageId,
    psid: Psid,
    at: Timestamp,
    channel: Channel,
    key: ItemKey,
    what: T,
}

/// An item of these kinds; of the others `fact` knows the forms.
pub(super) fn encode(inbound: &Inbound) -> Encoded {
    match &inbound.kind {
        Kind::Reaction(what) => store(60, true, inbound, what),
        Kind::Edit(what) => store(61, true, inbound, what),
        Kind::Unsend(what) => store(62, false, inbound, what),
        Kind::Referral(what) => store(63, true, inbound, what),
        Kind::Optin(what) => store(64, true, inbound, what),
        Kind::Handover(what) => store(65, true, inbound, what),
        Kind::AccountLink(what) => store(66, false, inbound, what),
        Kind::Feedback(what) => store(67, true, inbound, what),
        Kind::Order(what) => store(68, true, inbound, what),
        Kind::Notice(what) => store(69, true, inbound, what),
        Kind::Legacy(what) => store(70, false, inbound, what),
        Kind::Message(_) | Kind::Echo(_) | Kind::Postback(_) | Kind::Delivered(_) | Kind::Read(_) => {
            super::fact::encode_received(inbound)
        }
    }
}

fn store<T: Serialize>(kind: u16, sealed: bool, inbound: &Inbound, what: &T) -> Encoded {
    let Inbound { page, psid, at, channel, key, kind: _ } = inbound;
    write(kind, sealed, &Done { page, psid, at: *at, channel: *channel, key: *key, what })
}

pub(super) fn decode(kind: u16, body: &[u8]) -> Result<Event, CodecFault> {
    match kind {
        60 => load(kind, body, Kind::Reaction),
        61 => load(kind, body, Kind::Edit),
        62 => load(kind, body, Kind::Unsend),
        63 => load(kind, body, Kind::Referral),
        64 => load(kind, body, Kind::Optin),
        65 => load(kind, body, Kind::Handover),
        66 => load(kind, body, Kind::AccountLink),
        67 => load(kind, body, Kind::Feedback),
        68 => load(kind, body, Kind::Order),
        69 => load(kind, body, Kind::Notice),
        70 => load(kind, body, Kind::Legacy),
        _ => Err(CodecFault::Unknown { kind, version: VERSION }),
    }
}

fn load<T: DeserializeOwned>(kind: u16, body: &[u8], of: impl FnOnce(T) -> Kind) -> Result<Event, CodecFault> {
    let Read { page, psid, at, channel, key, what } = read(kind, body)?;
    Ok(Event::Received { inbound: Inbound { page, psid, at, channel, key, kind: of(what) } })
}
