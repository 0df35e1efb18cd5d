//! The log: on standard error, for people by default, as JSON by switch; coloured on a terminal unless `NO_COLOR` is set.
//!
//! What is logged is decided where it happens. Standard output belongs to answers alone.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::cli::{LogForm, Logs};
use crate::exit::{Exit, Failure};

/// Starts the log. A second start in one process keeps the first.
pub(crate) fn start(asked: &Logs) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&asked.log_level).map_err(|fault| {
        Failure::new(Exit::Usage, format!("--log-level {:?}: {fault}", asked.log_level))
            .remedy("write error, warn, info, debug or trace, or several as info,actors=debug")
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match asked.log {
        LogForm::Human => log.with_ansi(coloured()).with_target(false).try_init(),
        LogForm::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    // Another start in this process is heard already.
    drop(started);
    Ok(())
}

/// https://no-color.org: any value that is not empty switches colours off.
fn coloured() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !no_color
}
