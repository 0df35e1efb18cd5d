//! The chores of the workspace behind `cargo xtask`: the gate, the tests, the tidy checks, benches and soaks.
//!
//! Nothing of the product lives here and nothing of the product depends on it. What is checked is decided by pure
//! functions over text, tested beside the code; only `shell` starts processes and only `clock` reads the time.

pub mod bench;
pub mod budget;
pub mod ci;
pub mod cli;
pub mod clock;
pub mod programs;
pub mod shell;
pub mod shipped;
pub mod soak;
pub mod stage;
pub mod tally;
pub mod test;
pub mod tidy;
pub mod tools;
