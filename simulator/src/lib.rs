//! The world around the production code: stand-ins for what is outside, and what plays in it.
//!
//! A library behind the sandbox, the simulations and the crash tests; no library crate imports it.

pub mod agreement;
mod chance;
pub mod chronicle;
pub mod core;
pub mod counted;
pub mod fake;
pub mod fault;
pub mod journals;
pub mod outside;
pub mod play;
pub mod redact;
pub mod replay;
pub mod scenario;
pub mod tree;
pub mod witness;
pub mod workload;
pub mod world;
