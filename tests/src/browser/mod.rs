//! Real pages in a real browser: headless Chromium over WebDriver, and what people do on the pages as methods.
//!
//! [`driver`] and [`window`] know the protocol, [`desk`] the agents' pages, [`facebook`] the stand-in's. A page object
//! waits until what it was asked for is there and looks only at what a person sees; what should be seen is the test's.

pub mod desk;
pub mod driver;
pub mod facebook;
pub mod window;

use std::time::Duration;

/// Longest wait for something that a page is about to show.
pub const SHOWS_MAX: Duration = Duration::from_secs(20);
