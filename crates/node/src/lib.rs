//! The wiring: one function makes a node out of its configuration and its ports, for the binary, the simulator and tests.
//!
//! `clock` holds the only clock and `entropy` the only chance of the product. No rule lives here.

mod clock;
mod config;
mod entropy;
mod follower;
mod gate;
mod lists;
mod refusals;
mod serve;
mod start;

pub use clock::{MovableClock, SystemClock};
pub use config::{NodeConfig, PageConfig, TokenBook};
pub use entropy::SystemEntropy;
pub use gate::Totals;
pub use serve::{Listeners, Serving};
pub use start::{Node, Ports, StartFault};
