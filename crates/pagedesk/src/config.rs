//! What an operator configures: read from file, environment and flags, checked as a whole, shown on request.
//!
//! The rest of the binary sees [`Config`] and nothing of where it came from. Invariants: an unknown key is a fault; all
//! faults are found in one go, each with its line; a secret is never printed.

mod build;
pub(crate) mod duration;
mod effective_from;
mod fault;
mod read;
mod setting;
mod show;
mod source;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use actors::Limits;
use machine::AccountFacts;
use model::{AccountId, AppId, PageId, Redacted, Span};
use node::PageConfig;

pub use fault::{Fault, Place};
pub use show::example;
pub use source::Outside;

use crate::store::fault_words;
use source::Said;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the state lives.
    pub store: Store,
    /// The two doors.
    pub listen: Listen,
    /// Pages and API.
    pub desk: Desk,
    /// The app at Meta.
    pub meta: Meta,
    /// The company, as the journal knows it.
    pub account: AccountId,
    /// Its name.
    pub account_name: String,
    /// Its settings.
    pub facts: AccountFacts,
    /// The Pages.
    pub pages: BTreeMap<PageId, PageConfig>,
    /// How much at once.
    pub limits: Limits,
    /// How long an orderly end may take.
    pub drain: Span,
}

/// Where the state lives.
#[derive(Clone, Debug)]
pub struct Store {
    /// The folder.
    pub dir: PathBuf,
    /// Page cache of each file.
    pub cache_bytes: usize,
}

/// The two doors.
#[derive(Clone, Debug)]
pub struct Listen {
    /// For Meta.
    pub webhook: SocketAddr,
    /// For people and programs.
    pub desk: SocketAddr,
    /// Bytes of the longest delivery.
    pub body_max: usize,
    /// Connections of the webhook at once.
    pub connections_max: usize,
    /// Connections of the desk at once.
    pub desk_connections_max: usize,
}

/// Pages and API.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Opens the API for everything.
    pub api_token: Option<Redacted<String>>,
    /// What else opens it, each for what its scopes say.
    pub tokens: Vec<web::ApiToken>,
    /// Who may sign in to the pages.
    pub agents: Vec<web::Agent>,
    /// Browsers come by https through a proxy.
    pub https: bool,
    /// Who does nothing for so long is signed out.
    pub session_idle: Span,
    /// Whoever signed in so long ago signs in again.
    pub session_at_most: Span,
    /// In whose name the pages act while nobody signs in, and the API where a caller does not say.
    pub agent_name: String,
    /// Page cache of its file.
    pub cache_bytes: usize,
}

/// The app at Meta.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Its id.
    pub app_id: AppId,
    /// Its secrets, the newest first. Never empty.
    pub app_secrets: Vec<Redacted<String>>,
    /// What Meta shows when the webhook is set up. Never empty.
    pub verify_tokens: Vec<Redacted<String>>,
    /// The Graph API.
    pub graph_url: String,
    /// Its version.
    pub version: String,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works and should be mended all the same.
    pub warnings: Vec<Fault>,
    /// The values in force with their origins, secrets masked.
    pub effective: String,
}

/// Reads a configuration.
///
/// # Errors
/// Every fault there is, in the order of the file.
pub fn load(file: &Path, outside: &Outside) -> Result<Loaded, Vec<Fault>> {
    let text = std::fs::read_to_string(file).map_err(|fault| {
        let what = format!(
            "the configuration cannot be read: {}. `pagedesk config example` prints one to begin with",
            fault_words(&fault)
        );
        vec![Fault { place: Place::File(file.to_owned()), what }]
    })?;
    read(file, &text, outside)
}

/// Reads the text of a configuration, which stands in `file`: relative paths count from its folder.
///
/// # Errors
/// As [`load`].
pub fn read(file: &Path, text: &str, outside: &Outside) -> Result<Loaded, Vec<Fault>> {
    let said = Said::gather(Some((file, text)), outside)?;
    let reading = read::read(&said);
    let effective = show::effective(&reading);
    let (config, warnings) = build::build(&said, reading)?;
    Ok(Loaded { config, warnings, effective })
}

#[cfg(test)]
mod tests;
