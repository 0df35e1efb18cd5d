//! The judge of the simulated world: Meta's rules stated a second time, and what a run may not show.
//!
//! Written from the platform's documentation alone, in plain milliseconds, sharing no constant and no line with the code
//! it judges; it sees `model` and nothing else. Where both agree, two independent readings agree.

mod judge;
mod send_rules;

pub use judge::{Seen, Sent, judge};
pub use send_rules::{Attempt, CustomerAction, Rejection, send_rules};
