//! What `cargo xtask bench sim` runs: the machine alone, the node at core depth, the actors with their store, the replay
//! of a long recording, and a virtual year.
//!
//! Each part is a process of its own, this same program under a hidden subcommand, so that its memory is its own. Beside
//! every rate stands a floor that was measured in the same process on the same bodies. Nothing here judges figures.

mod command_line;
mod core;
mod figures;
mod floor;
mod machine;
mod messages;
mod part;
mod replay;
mod report;
mod tree;
mod year;

pub use command_line::main;
