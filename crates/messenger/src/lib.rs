//! The Graph API of Meta: the one door to the Send API, the customer's profile, and the table of Meta's errors.
//!
//! Nothing here decides whether a message may be sent: [`Graph::send`] takes a [`policy::Permit`], which only
//! [`policy::confirm`] makes. Nothing here retries, stores, or keeps time beyond the timeouts of one call.
//!
//! Invariants: one call of [`Graph::send`] puts at most one request on the wire; whatever is not surely refused and not
//! surely accepted is [`SendOutcome::InDoubt`]; the text of an error is never read, only code and subcode; a token
//! travels in a header alone, and neither token nor customer text reaches a log or a `Debug`.

mod answer;
mod client;
pub mod error_table;
mod port;
mod proof;
mod usage;
mod wire;

pub use client::{BuildFault, Config, HttpGraph, VERSION, send_body, tls};
pub use error_table::Scope;
pub use port::{Body, BoxFuture, Code, Control, Fault, Graph, Profile, Send, SendOutcome, Sent, Tokens};
pub use proof::appsecret_proof;
pub use usage::Usage;
