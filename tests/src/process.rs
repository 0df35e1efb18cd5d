//! Processes that a test starts: each ends with the test, whatever happens, and is reaped.
//!
//! Their output goes to files or to a line that is read, never to the test's own, so that nothing keeps it open.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// How long a process may take to say its first line, or to end when it is killed.
const AT_MOST: Duration = Duration::from_secs(30);

/// A process of this test.
pub struct Daemon {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
}

impl Daemon {
    /// Starts a program whose output is appended to a file.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn quiet<S: AsRef<OsStr>>(
        program: &str,
        args: &[S],
        envs: &[(&str, String)],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = command(program, args);
        command.envs(envs.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("starting {program}"))?;
        Ok(Self { child, input: None, output: None })
    }

    /// Starts a program that is talked to over its input and output and that ends when its input does.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn talking<S: AsRef<OsStr>>(program: &str, args: &[S], log: &Path) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = command(program, args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
        let (input, output) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        Ok(Self { child, input, output })
    }

    /// The next line that it says.
    ///
    /// # Errors
    /// Where it says nothing in time.
    pub async fn line(&mut self) -> anyhow::Result<String> {
        let output = self.output.as_mut().context("this process is not talked to")?;
        let mut line = String::new();
        let read = tokio::time::timeout(AT_MOST, output.read_line(&mut line)).await.context("no line in time")??;
        ensure!(read > 0, "the process said nothing and ended");
        Ok(line.trim_end().to_owned())
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// Where it does not listen any more.
    pub async fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("this process is not talked to")?;
        input.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(input.flush().await?)
    }

    /// Its end, if that comes in time.
    ///
    /// # Errors
    /// Where it cannot be waited for.
    pub async fn end(&mut self, at_most: Duration) -> anyhow::Result<Option<ExitStatus>> {
        match tokio::time::timeout(at_most, self.child.wait()).await {
            Ok(status) => Ok(Some(status?)),
            Err(_) => Ok(None),
        }
    }

    /// Whether it has ended already.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// kill -9, and reaped.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        tokio::time::timeout(AT_MOST, self.child.kill()).await.context("killed, but not ended")??;
        Ok(())
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// Where it has ended before.
    pub fn terminate(&self) -> anyhow::Result<()> {
        let pid =
            self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).context("it has ended before")?;
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Closes its input, which ends it, and waits for that.
    ///
    /// # Errors
    /// Where it does not end, or not in order.
    pub async fn close(mut self) -> anyhow::Result<()> {
        drop(self.input.take());
        let status = self.end(AT_MOST).await?.context("it did not end with its input")?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }
}

fn command<S: AsRef<OsStr>>(program: &str, args: &[S]) -> Command {
    let mut command = Command::new(program);
    command.args(args).kill_on_drop(true);
    command
}

/// Loopback ports that are free now and stay out of the way: below the range from which outgoing connections take
/// theirs, so that a client that knocks while the node is down never takes the node's own port.
///
/// # Errors
/// Where none is free.
pub async fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let spread = u16::try_from(std::process::id() % 997).unwrap_or_default();
    let mut free = Vec::new();
    for step in 0..2_000 {
        let port = 20_000 + (spread * 11 + step * 3) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            free.push(port);
        }
        if free.len() == N {
            break;
        }
    }
    <[u16; N]>::try_from(free).map_err(|_| anyhow::anyhow!("no free ports on loopback"))
}
