//! From single values to a [`Config`]: what must be given, what excludes what, secrets read from their files.
//!
//! Invariants: there is a `Config` only where there is no fault; every fault is found in one go; the desk is never
//! reachable from elsewhere unless agents sign in to its pages; a token guards the API alone.

mod repeated;

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use actors::Limits;
use machine::AccountFacts;
use model::{AccountId, AppId, Redacted, Span};
use policy::{Calendar, Guards, HumanAgentBase};

use super::duration;
use super::fault::{Fault, Place};
use super::read::{Held, Reading};
use super::setting::{AGENT, of_section};
use super::source::Said;
use super::{Config, Desk, Listen, Meta, Store};
use crate::store::fault_words;

/// Meta's app secrets have 32 characters; one of fewer than these is none of them, or was cut off.
const APP_SECRET_MIN: usize = 16;

/// A token of fewer characters can be guessed.
const API_TOKEN_MIN: usize = 16;

/// How long Meta leaves open what the guards are taken from: `policy` counts by the same lengths.
const STANDARD_WINDOW: Span = Span::hours(24);
const HUMAN_AGENT_WINDOW: Span = Span::days(7);

/// A secret's file holds more than this only by mistake.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Puts the values together. Warnings are about what works and should be mended all the same.
pub(crate) fn build(said: &Said, reading: Reading) -> Result<(Config, Vec<Fault>), Vec<Fault>> {
    let mut builder = Builder { said, reading, warnings: Vec::new() };
    let config = builder.config();
    let Builder { mut reading, warnings, .. } = builder;
    match config.filter(|_| reading.faults.is_empty()) {
        Some(config) => Ok((config, warnings)),
        None => {
            reading.faults.sort();
            reading.faults.dedup();
            Err(reading.faults)
        }
    }
}

struct Builder<'a> {
    said: &'a Said,
    reading: Reading,
    warnings: Vec<Fault>,
}

impl Builder<'_> {
    fn config(&mut self) -> Option<Config> {
        // Everything is looked at before anything is given up, so that all faults are found.
        let dir = self.needed("store", "dir").and_then(path);
        let app_id = self.needed("meta", "app_id").and_then(text);
        let app_secrets =
            self.several("meta", "app_secrets", "app_secret_files", "the webhook trusts nobody without one");
        let verify_tokens =
            self.several("meta", "verify_tokens", "verify_token_files", "Meta cannot set up the webhook without one");
        let api_token = self.api_token();
        self.app(app_id.as_deref());
        self.cut_off("app_secrets", "app_secret_files");
        self.graph();
        self.open_file();
        self.doors();
        let agents = self.agents();
        let tokens = self.tokens();
        self.guard("guard_standard", STANDARD_WINDOW);
        self.guard("guard_human_agent", HUMAN_AGENT_WINDOW);
        let pages = self.pages();
        let store = Store { dir: dir?, cache_bytes: self.mib("store", "cache_mib")? };
        let listen = Listen {
            webhook: self.address("webhook")?,
            desk: self.address("desk")?,
            body_max: self.mib("listen", "body_max_mib")?,
            connections_max: self.size("listen", "connections_max")?,
            desk_connections_max: self.size("listen", "desk_connections_max")?,
        };
        let desk = Desk {
            api_token,
            agents: agents?,
            tokens: tokens?,
            https: self.get("desk", "https").and_then(yes)?,
            session_idle: self.get("desk", "session_idle").and_then(span)?,
            session_at_most: self.get("desk", "session_at_most").and_then(span)?,
            agent_name: self.get("desk", "agent_name").and_then(text)?,
            cache_bytes: self.mib("desk", "cache_mib")?,
        };
        let meta = Meta {
            app_id: AppId::new(app_id?),
            app_secrets,
            verify_tokens,
            graph_url: self.get("meta", "graph_url").and_then(text)?,
            version: self.get("meta", "version").and_then(text)?,
        };
        Some(Config {
            account: AccountId::new(self.get("account", "id").and_then(text)?),
            account_name: self.get("account", "name").and_then(text)?,
            facts: self.facts(&meta.app_id)?,
            pages,
            limits: self.limits()?,
            drain: self.get("drain", "at_most").and_then(span)?,
            store,
            listen,
            desk,
            meta,
        })
    }

    fn facts(&self, app: &AppId) -> Option<AccountFacts> {
        let span_of = |key| self.get("account", key).and_then(span);
        let yes = |key| self.get("account", key).and_then(yes);
        let base = self.get("account", "human_agent_base").and_then(text)?;
        Some(AccountFacts {
            new_task_if_none_active: yes("new_task_if_none_active")?,
            human_agent: yes("human_agent")?,
            utility: yes("utility_templates")?,
            take_control: yes("take_control")?,
            human_agent_base: if base == "opener" { HumanAgentBase::Opener } else { HumanAgentBase::Message },
            guards: Guards { standard: span_of("guard_standard")?, human_agent: span_of("guard_human_agent")? },
            profiles: yes("profiles")?,
            effective_from: self.get("policy", "effective_from").and_then(days).unwrap_or_default(),
            gather: span_of("gather")?,
            doubt: span_of("doubt")?,
            app: Some(app.clone()),
        })
    }

    fn limits(&self) -> Option<Limits> {
        let narrow = |key| self.size("limits", key).and_then(|n| u32::try_from(n).ok());
        Some(Limits {
            conversation_credit: self.size("limits", "conversation_credit")?,
            page_items_max: self.size("limits", "page_items_max")?,
            items_max: self.size("limits", "items_max")?,
            resident_max: self.size("limits", "resident_max")?,
            residents_max: self.size("limits", "residents_max").and_then(|n| u64::try_from(n).ok())?,
            idle: self.get("limits", "idle").and_then(span)?,
            failures_max: narrow("failures_max")?,
            sends_max: self.size("limits", "sends_max")?,
            tracker_calls_max: self.size("limits", "tracker_calls_max")?,
            sends_per_second: narrow("sends_per_second")?,
            usage_max: narrow("usage_max")?,
            shards: self.size("limits", "shards")?,
        })
    }

    /// Who may look where.
    fn doors(&mut self) {
        let (webhook, desk) = (self.address("webhook"), self.address("desk"));
        let place = self.place("listen.desk");
        let open = desk.is_some_and(|desk| !desk.ip().is_loopback());
        let https = self.get("desk", "https").and_then(yes) == Some(true);
        if (open || https) && self.reading.count(AGENT) == 0 {
            let what = "`listen.desk` can be reached from other machines, and nobody signs in to the pages: add an \
                        [[agent]], whose hash `pagedesk agent hash` makes, or listen on 127.0.0.1 without a proxy";
            self.reading.fault(place.clone(), what);
        } else if open && !https {
            let what = "`listen.desk` can be reached from other machines without https, so that passwords can be read on \
                        the way: put a proxy with TLS before it and set desk.https";
            self.warnings.push(Fault { place: place.clone(), what: what.to_owned() });
        }
        if webhook.is_some() && webhook == desk && desk.is_some_and(|desk| desk.port() != 0) {
            self.reading
                .fault(place, "`listen.desk` and `listen.webhook` are the same address: give each its own port");
        }
    }

    /// What Meta calls the app.
    fn app(&mut self, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !is_number(id)) {
            let what = format!("`meta.app_id` must be the number that Meta shows for the app, not {id:?}");
            self.reading.fault(self.place("meta.app_id"), what);
        }
    }

    /// App secrets that are too short to be whole, each at its place.
    fn cut_off(&mut self, key: &str, files_key: &str) {
        let is_cut = |secret: &Redacted<String>| secret.reveal().chars().count() < APP_SECRET_MIN;
        let mut cut = Vec::new();
        if let Some(Held::Secrets(secrets)) = self.get("meta", key) {
            let each = secrets.iter().enumerate().filter(|(_, secret)| is_cut(secret));
            cut.extend(each.map(|(nth, _)| (key.to_owned(), nth, secrets.len())));
        }
        if let Some(Held::Paths(files)) = self.get("meta", files_key) {
            // A file that cannot be read has its own fault already.
            let each = files.iter().map(|file| read_secret(file).is_ok_and(|(secret, _)| is_cut(&secret))).enumerate();
            cut.extend(each.filter(|(_, cut)| *cut).map(|(nth, _)| (files_key.to_owned(), nth, files.len())));
        }
        for (key, nth, of) in cut {
            let which = if of > 1 { format!(" (number {} of {of})", nth + 1) } else { String::new() };
            let what = format!(
                "`meta.{key}` holds a secret of fewer than {APP_SECRET_MIN} characters{which}: copy it whole from the \
                 app's settings at Meta"
            );
            let place = self.place_in(&format!("meta.{key}"), nth);
            self.reading.fault(place, what);
        }
    }

    /// Where the Graph API is, and which: tokens and what customers said go there.
    fn graph(&mut self) {
        if let Some(version) = self.get("meta", "version").and_then(text).filter(|version| !is_version(version)) {
            let what = format!("`meta.version` must be a version of the Graph API, as v26.0, not {version:?}");
            self.reading.fault(self.place("meta.version"), what);
        }
        if let Some(url) = self.get("meta", "graph_url").and_then(text).filter(|url| is_open_http(url)) {
            let what = format!("`meta.graph_url` {url} would send tokens and messages unencrypted: write https://");
            self.reading.fault(self.place("meta.graph_url"), what);
        }
    }

    /// Secrets in a configuration file that others may read.
    fn open_file(&mut self) {
        let Some(file) = self.said.file() else { return };
        let is_open = fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o044 != 0);
        let is_secret = |(held, place): &(Held, Place)| {
            matches!(held, Held::Secret(_) | Held::Secrets(_)) && matches!(place, Place::Line(..))
        };
        if is_open && self.reading.values.values().any(is_secret) {
            let what = "others on this machine can read this file, and it holds secrets: chmod 600 it, or give each \
                        secret a file of its own";
            self.warnings.push(Fault { place: Place::File(file.to_owned()), what: what.to_owned() });
        }
    }

    fn api_token(&mut self) -> Option<Redacted<String>> {
        let token = self.one("desk", "api_token", "api_token_file")?;
        if token.reveal().chars().count() < API_TOKEN_MIN {
            let key = if self.get("desk", "api_token").is_some() { "api_token" } else { "api_token_file" };
            let what = format!(
                "`desk.{key}` is short enough to be guessed: give it at least {API_TOKEN_MIN} characters, as \
                 `openssl rand -hex 16` prints them"
            );
            self.reading.fault(self.place(&format!("desk.{key}")), what);
        }
        Some(token)
    }

    /// A guard as long as its window leaves nothing of it.
    fn guard(&mut self, key: &str, window: Span) {
        let path = format!("account.{key}");
        if let Some(guard) = self.get("account", key).and_then(span).filter(|guard| *guard >= window) {
            let (guard, window) = (duration::write(guard), duration::write(window));
            let default = of_section("account").find(|setting| setting.key == key).and_then(|setting| setting.default);
            let what = format!(
                "`{path}` is {guard} of a window of {window}, so nothing could ever be sent in it: shorten it; the \
                 default is {}",
                default.unwrap_or("none")
            );
            self.reading.fault(self.place(&path), what);
        }
    }

    /// A setting without which nothing goes.
    fn needed(&mut self, section: &str, key: &str) -> Option<Held> {
        let found = self.get(section, key);
        let path = format!("{section}.{key}");
        // One that is there and unfit has its own fault already.
        if found.is_none() && !self.is_unfit(&path) {
            let bare = section.split('[').next().unwrap_or(section);
            let meaning = of_section(bare).find(|setting| setting.key == key).map_or("", |setting| setting.meaning);
            self.reading.fault(self.said.line(section), format!("`{path}` is missing: {meaning}"));
        }
        found
    }

    /// A secret that stands here or in a file.
    fn one(&mut self, section: &str, key: &str, file_key: &str) -> Option<Redacted<String>> {
        let inline = self.get(section, key);
        let inline = inline.and_then(|held| if let Held::Secret(secret) = held { Some(secret) } else { None });
        let file = self.get(section, file_key).and_then(path);
        if inline.is_some() && file.is_some() {
            let place = self.place(&format!("{section}.{file_key}"));
            self.reading.fault(place, format!("`{section}` has both `{key}` and `{file_key}`: leave one of them out"));
        }
        let from_file = file.and_then(|file| self.secret(&format!("{section}.{file_key}"), &file));
        inline.or(from_file)
    }

    /// Secrets that stand here and in files, at least one.
    fn several(&mut self, section: &str, key: &str, files_key: &str, why: &str) -> Vec<Redacted<String>> {
        let before = self.reading.faults.len();
        let (inline, files) = (self.get(section, key), self.get(section, files_key));
        let mut secrets = if let Some(Held::Secrets(secrets)) = inline { secrets } else { Vec::new() };
        if let Some(Held::Paths(files)) = files {
            secrets.extend(files.iter().filter_map(|file| self.secret(&format!("{section}.{files_key}"), file)));
        }
        let is_unfit = self.reading.faults.len() > before
            || [key, files_key].iter().any(|key| self.is_unfit(&format!("{section}.{key}")));
        if secrets.is_empty() && !is_unfit {
            let what = format!("`{section}.{key}` is missing, and so is `{section}.{files_key}`: {why}");
            self.reading.fault(self.said.line(section), what);
        }
        secrets
    }

    fn secret(&mut self, setting: &str, file: &Path) -> Option<Redacted<String>> {
        let place = self.place(setting);
        match read_secret(file) {
            Ok((secret, is_open)) => {
                if is_open {
                    let what = format!("everybody on this machine can read {}: chmod o-r it", file.display());
                    self.warnings.push(Fault { place, what });
                }
                Some(secret)
            }
            Err(why) => {
                self.reading.fault(place, format!("`{setting}`: {} {why}", file.display()));
                None
            }
        }
    }

    fn place(&self, path: &str) -> Place {
        self.reading.values.get(path).map_or_else(|| self.said.line(path), |(_, place)| place.clone())
    }

    /// Where a member of a list stands: on a line of its own, or where the list does.
    fn place_in(&self, path: &str, nth: usize) -> Place {
        match (self.place(path), self.said.line(&format!("{path}[{nth}]"))) {
            (Place::Line(..), member @ Place::Line(..)) => member,
            (list, _) => list,
        }
    }

    /// Whether the value at a path has a fault already.
    fn is_unfit(&self, path: &str) -> bool {
        self.reading.faults.iter().any(|fault| fault.what.contains(&format!("`{path}`")))
    }

    fn get(&self, section: &str, key: &str) -> Option<Held> {
        self.reading.values.get(&format!("{section}.{key}")).map(|(held, _)| held.clone())
    }

    fn address(&self, key: &str) -> Option<SocketAddr> {
        if let Held::Address(address) = self.get("listen", key)? { Some(address) } else { None }
    }

    fn size(&self, section: &str, key: &str) -> Option<usize> {
        if let Held::Count(count) = self.get(section, key)? { usize::try_from(count).ok() } else { None }
    }

    fn mib(&self, section: &str, key: &str) -> Option<usize> {
        self.size(section, key)?.checked_mul(1 << 20)
    }
}

/// A number as Meta gives them to apps and Pages.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `vNN.N`, as Meta numbers its Graph API.
fn is_version(text: &str) -> bool {
    let is_number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = text.strip_prefix('v').and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// Whether an address is neither encrypted nor on this machine.
fn is_open_http(url: &str) -> bool {
    let Some(host) = url.strip_prefix("http://") else { return false };
    let address = host.parse::<SocketAddr>().map(|address| address.ip());
    let address = address.or_else(|_| host.trim_matches(['[', ']']).parse::<IpAddr>());
    match address {
        Ok(address) => !address.is_loopback(),
        Err(_) => host.split(':').next() != Some("localhost"),
    }
}

/// A secret from its file, and whether everybody on the machine may read that.
fn read_secret(file: &Path) -> Result<(Redacted<String>, bool), String> {
    let unreadable = |fault: std::io::Error| format!("cannot be read: {}", fault_words(&fault));
    let found = fs::metadata(file).map_err(unreadable)?;
    if !found.is_file() || found.len() > SECRET_BYTES_MAX {
        return Err("is no file with a secret in it".to_owned());
    }
    let text = fs::read_to_string(file).map_err(unreadable)?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    Ok((secret.into(), found.permissions().mode() & 0o004 != 0))
}

fn path(held: Held) -> Option<PathBuf> {
    if let Held::Path(path) = held { Some(path) } else { None }
}

fn text(held: Held) -> Option<String> {
    if let Held::Text(text) = held { Some(text) } else { None }
}

#[expect(clippy::needless_pass_by_value, reason = "called as its neighbours are")]
fn days(held: Held) -> Option<Calendar> {
    if let Held::Days(calendar) = held { Some(calendar) } else { None }
}

#[expect(clippy::needless_pass_by_value, reason = "called as its neighbours are")]
fn yes(held: Held) -> Option<bool> {
    if let Held::Bool(yes) = held { Some(yes) } else { None }
}

#[expect(clippy::needless_pass_by_value, reason = "called as its neighbours are")]
fn span(held: Held) -> Option<Span> {
    if let Held::Duration(span) = held { Some(span) } else { None }
}
