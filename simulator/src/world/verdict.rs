//! How deep a run goes, and what it comes to, in the words that programs read.

use core::fmt;

/// How much of the node is played.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// The machines without a runtime.
    Core,
    /// The real actors on a paused clock.
    Actors,
}

impl Depth {
    /// As it is typed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Actors => "actors",
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a run comes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Every promise was kept, and everything settled.
    Ok,
    /// A promise was broken.
    Safety,
    /// Something never settled.
    Liveness,
    /// Every promise was kept, but something that the scenario expects has not come about.
    Expectation,
    /// The node fell by itself, or its records cannot be read.
    Crash,
    /// Two runs of one scenario differ.
    Nondeterminism,
}

impl Verdict {
    /// As programs read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Safety => "safety",
            Self::Liveness => "liveness",
            Self::Expectation => "expectation",
            Self::Crash => "crash",
            Self::Nondeterminism => "nondeterminism",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
