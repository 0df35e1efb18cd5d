//! What must hold whatever comes from outside: one check for each door, called by a fuzz target with bytes that a fuzzer
//! made, and by a property test with bytes that are bounded.
//!
//! A check returns or panics; nothing else. It names no expected value of its own: it compares the code under test with a
//! plainer reading of the same bytes, with an independent statement of the same rules, or with itself.

pub mod codec;
pub mod configuration;
pub mod corpus;
pub mod delivery;
pub mod seed;

/// Policy against oracle, see there.
pub use simulator::agreement as policy;
