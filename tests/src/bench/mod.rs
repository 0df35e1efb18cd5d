//! What `cargo xtask bench ingest` runs: a load generator, three servers to compare (bare, floor, node), stores
//! prepared at size, and the figures taken from them; and, in [`sim`], what `cargo xtask bench sim` runs.
//!
//! Each server and the generator is a process of its own, so that processor time and memory belong to one of them;
//! they are this same program under hidden subcommands. Nothing here judges: the figures are printed and a person,
//! or a page in docs/, compares them with what was promised.

mod bare;
mod bodies;
mod child;
mod clock;
mod command_line;
mod figures;
mod fill;
mod floor;
mod gauge;
mod generate;
mod ingest;
mod known;
mod progress;
mod report;
mod restart;
pub mod sim;
mod subject;
mod whole;

pub use command_line::main;
