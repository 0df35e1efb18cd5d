//! The judge of the simulated world: Meta's rules stated a second time, and what a run may not show.
//!
//! Written from the platform's documentation alone, in plain milliseconds, sharing no constant and no line with the code
//! it judges; it sees `model` and nothing else. Where both agree, two independent readings agree.
//!
//! `send_rules` is what the stand-in for Meta answers; a `History` is one whole run as plain data, and `promise` judges it;
//! `rest` says what is left undone when all is over, and `coverage` what a run met at all.

mod coverage;
pub mod history;
mod judge;
mod ledger;
#[cfg(test)]
mod naive;
pub mod promise;
mod reference;
mod rest;
mod send_rules;
#[cfg(test)]
mod testing;
mod violation;

pub use coverage::Coverage;
pub use history::History;
pub use judge::{Seen, Sent, judge};
pub use promise::judge_all;
pub use rest::{Unsettled, unsettled};
pub use send_rules::{Attached, Attempt, CustomerAction, Dates, Rejection, Template, send_rules};
pub use violation::{Fact, Violation};
