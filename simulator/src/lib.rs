//! The world around the production code: stand-ins for what is outside, and what plays in it.
//!
//! A library behind the sandbox, the simulations and the crash tests; no library crate imports it.

pub mod chronicle;
pub mod fake;
pub mod play;
pub mod redact;
pub mod replay;
pub mod scenario;
