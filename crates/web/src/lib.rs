//! Everything that speaks HTTP to the outside: Meta's webhook, the API for programs and the pages for people.
//!
//! Sees the node through [`Node`], lists through [`Lists`] and the embedded desk; no actor, no journal, no Graph API.
//! Invariants: 200 to Meta only after the body is durable; nothing that changes something is taken from another site;
//! what a customer wrote is only ever text in a page and never in a log.

mod api;
mod apps;
mod asked;
mod body;
mod fault;
mod guard;
mod guide;
mod health;
mod ingress;
mod letters;
mod limits;
mod lists;
mod live;
mod pages;
mod people;
mod port;
mod present;
mod report;
mod server;
mod site;
mod stall;
mod talk;
mod tokens;

pub use guide::Guide;
pub use ingress::{Ingress, IngressSettings};
pub use limits::Limits;
pub use lists::{
    Changes, ConversationList, ConversationRow, DeadFilter, DeadList, ENDING_WITHIN, Filter, HappeningList,
    HappeningRow, LastBy, Lists, NotListed, PageName, Which,
};
pub use people::{
    Agent, AgentUnfit, Lifetimes, PASSWORD_MAX, PASSWORD_MIN, PasswordUnfit, fresh_password, hash_password,
};
pub use port::{ConversationNow, Node, NotAccepted, PartHealth, PausedPage, Readiness, SinceStart, Unavailable};
pub use server::{Ended, serve};
pub use site::{Site, SiteSettings};
pub use tokens::{ApiToken, ApiTokens, Scope, token_hash};
