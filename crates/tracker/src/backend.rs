//! The trackers that this build can speak to, one folder each. No caller names a backend's own types except to open it
//! and, for the embedded desk, to let people work in it.

pub mod desk;
