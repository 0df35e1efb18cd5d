//! The only crate that knows ractor: who lives, who restarts whom, who may go next.
//!
//! ```text
//! root ── shards ── Page ── conversation (resident only while warm)
//!   │                └───── sender
//!   ├── feeder   inbox -> Pages, as they have credit
//!   ├── reader   tracker's comments -> Pages
//!   ├── alarm    deadlines of everything that is not resident
//!   └── account  settings
//! ```
//!
//! No actor holds a truth that a restart would lose: killing any of them at any await changes nothing but time.
//! Nothing here decides; machines do.
//!
//! The public modules know no actor either: what a Page, a conversation and a sender reckon between their messages. The
//! simulator runs the same code without a runtime.

mod account;
pub mod ahead;
mod alarm;
pub mod bucket;
mod conversation;
mod delay;
pub mod errand;
mod feeder;
pub mod host;
mod oddity;
pub mod pace;
mod page;
mod porch;
mod ports;
mod reader;
pub mod readings;
mod root;
pub mod rounds;
mod router;
mod sender;
mod shard;
pub mod share;
pub mod slot;
pub mod turns;
pub mod work;

pub use host::{LoadFault, Rebuilt, rebuild};
pub use oddity::Oddities;
pub use ports::{Clock, Counters, Limits, Ports};
pub use root::{Failed, Tree, TreeConfig, start};
pub use work::Fate;
