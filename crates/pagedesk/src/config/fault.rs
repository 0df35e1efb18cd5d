//! What is wrong with a configuration and where it stands, so that all of it can be mended in one go.
//!
//! Invariant: a fault never quotes a secret.

use core::fmt;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A line of the file, from 1.
    Line(PathBuf, usize),
    /// The file, but no line of it.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// `--set` with this key.
    Flag(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line) => write!(f, "{}:{line}", file.display()),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(key) => write!(f, "--set {key}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing to mend.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do, naming the setting.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place == Place::Default { f.write_str(&self.what) } else { write!(f, "{}: {}", self.place, self.what) }
    }
}
