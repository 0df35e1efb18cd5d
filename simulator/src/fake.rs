//! Stand-ins for the world outside: what the node sees instead of Facebook and of a sound disk.
//!
//! Each stand-in states its own rules and asks nothing of the code under test; only the signature of webhooks is shared.

pub mod disk;
pub mod facebook;
