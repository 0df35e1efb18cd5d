//! The log: on standard error, for people by default, as JSON by switch; coloured on a terminal unless `NO_COLOR` is set.
//!
//! What is logged is decided where it happens. Standard output belongs to answers alone. Invariant: a word that is no
//! level is refused; the filter itself would take it for the name of a part, and silence all the others.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::cli::{LogForm, Logs};
use crate::exit::{Exit, Failure};

/// Starts the log; `level` is what is logged where nobody says. A second start in one process keeps the first.
pub(crate) fn start(asked: &Logs, level: &str) -> Result<(), Failure> {
    let level = asked.log_level.as_deref().unwrap_or(level);
    let filter = filter(level).map_err(|why| {
        Failure::new(Exit::Usage, format!("--log-level (or PAGEDESK_LOG_LEVEL) {level:?}: {why}"))
            .remedy("write one of off, error, warn, info, debug, trace, or several with parts as info,actors=debug")
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

/// The words for how much is logged, least first.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A level, or levels by part, parted by commas.
fn filter(text: &str) -> Result<EnvFilter, String> {
    let directives: Vec<&str> = text.split(',').map(str::trim).collect();
    for directive in &directives {
        let (part, level) = match directive.split_once('=') {
            Some((part, level)) => (Some(part), level),
            None => (None, *directive),
        };
        if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
            return Err(format!("{level:?} is no level"));
        }
        if let Some(part) = part.filter(|part| !is_part(part)) {
            return Err(format!(
                "{part:?} is no part: a part has the name of a crate or module, as actors or web::api"
            ));
        }
    }
    EnvFilter::try_new(directives.join(",")).map_err(|fault| fault.to_string())
}

fn is_part(text: &str) -> bool {
    text.split("::")
        .all(|word| !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_levels_by_part_are_taken() {
        for text in ["info", "WARN", "off", "info,actors=debug", "warn, web::api=trace ,journal=off"] {
            assert!(filter(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_the_word_that_is_wrong() {
        for (text, wrong) in [
            ("loud", "\"loud\" is no level"),
            ("", "\"\" is no level"),
            ("info,", "\"\" is no level"),
            ("info,actors", "\"actors\" is no level"),
            ("actors=loud", "\"loud\" is no level"),
            ("=debug", "\"\" is no part"),
            ("[", "\"[\" is no level"),
            ("a b=info", "\"a b\" is no part"),
        ] {
            let why = filter(text).err().unwrap();
            assert!(why.starts_with(wrong), "{text}: {why}");
        }
    }
}
