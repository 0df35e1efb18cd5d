//! The register of planted defects: each is one changed line at the place of a rule, to see that those who watch the rules
//! notice. Which there are, and where, stands in `defect`; how one is planted in `switch`.
//!
//! Whoever keeps a rule asks [`on`] there. Switches exist with the feature `sabotage` alone, which nothing that ships has:
//! without it [`on`] is constantly false and neither codes nor switches are in a binary. Invariants: at most one defect is
//! on at a time for whoever asks; this crate reads no environment, a program or a test plants it; it knows no other crate.

mod defect;
mod switch;

pub use defect::Defect;
#[cfg(feature = "sabotage")]
pub use defect::Home;
pub use switch::{chance, on};
#[cfg(feature = "sabotage")]
pub use switch::{plant, plant_here, planted};
