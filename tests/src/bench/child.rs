//! The processes of a measurement, seen from the one that started them: they are told and asked in lines of text on
//! their standard input and answer in lines of JSON.
//!
//! Invariant: no child outlives its handle; each ends by itself, too, when its input closes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a server says first.
#[derive(Serialize, Deserialize)]
pub(crate) struct Listening {
    /// Where it takes deliveries.
    pub(crate) address: SocketAddr,
}

/// A running child.
pub(crate) struct Child {
    process: std::process::Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    what: String,
}

impl Child {
    /// Starts this same program under a hidden subcommand.
    pub(crate) fn start(arguments: &[String]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("where this program lies")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("a child starts")?;
        let orders = process.stdin.take().context("a piped input")?;
        let answers = BufReader::new(process.stdout.take().context("a piped output")?);
        Ok(Self { process, orders, answers, what: arguments.first().cloned().unwrap_or_default() })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Gives an order and hears nothing.
    pub(crate) fn tell(&mut self, order: &str) -> anyhow::Result<()> {
        writeln!(self.orders, "{order}").with_context(|| format!("{} takes no orders any more", self.what))
    }

    /// The next thing it says.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        if self.answers.read_line(&mut line).with_context(|| format!("{} is unreadable", self.what))? == 0 {
            bail!("{} ended before it answered", self.what);
        }
        serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.what))
    }

    /// Gives an order and hears the answer.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, order: &str) -> anyhow::Result<T> {
        self.tell(order)?;
        self.hear()
    }

    /// An orderly end.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.tell("stop")?;
        let status = self.process.wait().context("a child's end")?;
        self.ended(status)
    }

    /// Waits for the end of one that ends by itself.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let status = self.process.wait().context("a child's end")?;
        self.ended(status)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().context("a child can be killed")?;
        self.process.wait().context("a child's end").map(drop)
    }

    fn ended(&self, status: ExitStatus) -> anyhow::Result<()> {
        if status.success() { Ok(()) } else { bail!("{} ended with {status}", self.what) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
