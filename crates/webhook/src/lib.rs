//! Meta's bytes become words: the signature over the raw body, the handshake, and the body as inbounds and anomalies.
//!
//! Pure: no sockets, no clock, no store. Whether an item is a duplicate is decided elsewhere; here it only gets its
//! [`ItemKey`](model::ItemKey).
//!
//! Invariants: the signature is checked over the bytes as they came; [`parse`] takes every body, never panics, and puts
//! every item in exactly one of two lists, so that one bad item never costs its neighbours.

pub mod dedup;
mod handshake;
pub mod kinds;
pub mod limits;
mod parse;
pub mod signature;
mod tally;

pub use handshake::handshake;
pub use parse::{Cut, Shape, body_of_foreign, cut, parse, parse_foreign, shape};
pub use signature::{Refusal, Secret, sign, verify};
pub use tally::{NAMED_MAX, Tally};
