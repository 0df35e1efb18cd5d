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

mod account;
mod alarm;
mod bucket;
mod conversation;
mod delay;
mod feeder;
mod host;
mod oddity;
mod page;
mod porch;
mod ports;
mod reader;
mod root;
mod router;
mod sender;
mod shard;
mod slot;
mod work;

pub use host::{LoadFault, Rebuilt, rebuild};
pub use oddity::Oddities;
pub use ports::{Clock, Counters, Limits, Ports};
pub use root::{Failed, Tree, TreeConfig, start};
pub use work::Fate;
