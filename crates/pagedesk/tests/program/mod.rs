//! Starts the real binary and reads its answer, its complaint and its exit code.
//!
//! Shared by the tests of this folder. Invariant: nothing of the environment of who runs the tests gets through.

#![expect(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "only tests call it")]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What a run came to.
pub(crate) struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|fault| panic!("{fault} in {:?}; it said {:?}", self.out, self.err))
    }
}

/// The binary with a clean environment.
pub(crate) fn command(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pagedesk"));
    command.args(arguments).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[impl AsRef<OsStr>]) -> Ran {
    run_with(arguments, &[])
}

/// Runs it to its end with these variables.
pub(crate) fn run_with(arguments: &[impl AsRef<OsStr>], variables: &[(&str, &str)]) -> Ran {
    let output = command(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs it to its end with this on standard input, of which a command that refuses its arguments reads nothing.
pub(crate) fn run_piped(arguments: &[impl AsRef<OsStr>], input: &str) -> Ran {
    let mut command = command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Err(fault) = child.stdin.take().unwrap().write_all(input.as_bytes()) {
        assert_eq!(fault.kind(), ErrorKind::BrokenPipe, "{fault}");
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The recording that comes with the repository.
pub(crate) fn first_steps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-corpus/recordings/first-steps")
}

/// Runs beside the test until it is told to end; killed where the test ends before.
pub(crate) struct Beside {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Beside {
    pub(crate) fn start(arguments: &[impl AsRef<OsStr>]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// The lines of standard error up to the first that holds `word`.
    pub(crate) fn complains(&mut self, word: &str) -> String {
        let mut err = self.child.stderr.take().unwrap();
        let mut heard = Vec::new();
        let mut byte = [0];
        while err.read(&mut byte).unwrap() == 1 {
            heard.push(byte[0]);
            if byte[0] == b'\n' && String::from_utf8_lossy(&heard).contains(word) {
                break;
            }
        }
        self.child.stderr = Some(err);
        String::from_utf8(heard).unwrap()
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        // Read to the end, so that it never waits for a full pipe.
        let mut rest = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
