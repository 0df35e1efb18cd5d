//! How the program ends and how it says why. The only file that writes to the terminal, beside clap's help.
//!
//! Invariant: the codes are stable; programs and supervisors rely on them.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::store::fault_words;

/// The program's exit codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// It ran, and what was checked is not as it should be.
    CheckFailed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The configuration, or what it points to, cannot be used; or an answer cannot be written.
    Configuration = 3,
    /// Nothing is there to work on.
    NothingMatched = 4,
    /// A recording, or facts, cannot be read, or is not there.
    UnreadableCorpus = 5,
    /// A running node cannot be reached.
    Unreachable = 6,
    /// A fault of the program.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why the program ends early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    exit: Exit,
    lines: Vec<String>,
    remedy: Option<String>,
}

impl Failure {
    /// What is wrong, and where.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, lines: vec![what.into()], remedy: None }
    }

    /// Several things are wrong at once; each has a line.
    pub(crate) fn several(exit: Exit, what: impl Into<String>, each: impl Iterator<Item = String>) -> Self {
        let lines = std::iter::once(what.into()).chain(each.map(|line| format!("  {line}"))).collect();
        Self { exit, lines, remedy: None }
    }

    /// What to do about it.
    #[must_use]
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says it on standard error.
    pub(crate) fn tell(&self) -> ExitCode {
        let remedy = self.remedy.as_ref().map(|remedy| format!("  what to do: {remedy}\n")).unwrap_or_default();
        // Where standard error is closed the exit code says what is left to say.
        let _closed = write!(io::stderr(), "error: {}\n{remedy}", self.lines.join("\n"));
        self.exit.into()
    }
}

impl From<io::Error> for Failure {
    /// Writing the answer failed: a reader that went away has what it wanted.
    fn from(fault: io::Error) -> Self {
        if fault.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Ok, "nobody reads any more");
        }
        let what = format!("the answer cannot be written: {}", fault_words(&fault));
        Self::new(Exit::Configuration, what).remedy("make room where standard output goes, or send it elsewhere")
    }
}

/// Writes an answer to standard output.
pub(crate) fn print(text: &str) -> Result<Exit, Failure> {
    match write_out(text) {
        Ok(()) => Ok(Exit::Ok),
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Ok),
        Err(fault) => Err(fault.into()),
    }
}

/// Writes to standard output and flushes.
pub(crate) fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says something on standard error that is no log line.
pub(crate) fn note(text: &str) {
    // Where standard error is closed nobody is left to tell.
    let _closed = writeln!(io::stderr(), "{text}");
}
