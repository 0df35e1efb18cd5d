//! Sections that may stand several times: Pages, agents who sign in, and tokens of programs.
//!
//! Invariants: one that is unfit hides no fault of another; two of the same are told with both places.

use std::collections::BTreeMap;

use model::{PageId, Redacted};
use node::PageConfig;
use web::{Agent, ApiToken, Scope};

use super::super::fault::Place;
use super::super::read::Held;
use super::super::setting::{AGENT, PAGE, TOKEN};
use super::{API_TOKEN_MIN, Builder, is_number, text};

impl Builder<'_> {
    /// The Pages that are fit.
    pub(super) fn pages(&mut self) -> BTreeMap<PageId, PageConfig> {
        let mut pages = BTreeMap::new();
        if self.reading.count(PAGE) == 0 && !self.reading.pages_unfit {
            let what = "no Page is configured: add a [[page]] with `id`, `name` and `token_file`";
            self.reading.fault(self.said.line(PAGE), what);
        }
        let mut seen = BTreeMap::new();
        for index in 0..self.reading.count(PAGE) {
            let at = format!("{PAGE}[{index}]");
            let id = self.needed(&at, "id").and_then(text);
            let name = self.needed(&at, "name").and_then(text);
            let token = self.one(&at, "token", "token_file");
            let Some(id) = id else { continue };
            self.page_id(&at, &id, &mut seen);
            if let Some(name) = name {
                pages.insert(PageId::new(&id), PageConfig { name, token });
            }
        }
        pages
    }

    /// What Meta calls a Page: a number, and each once.
    fn page_id(&mut self, at: &str, id: &str, seen: &mut BTreeMap<String, Place>) {
        let place = self.place(&format!("{at}.id"));
        if !is_number(id) {
            let what = format!(
                "`{at}.id` must be the number that Meta shows for the Page, not {id:?}: copy it from the Page's \
                 settings, under the information about it"
            );
            self.reading.fault(place.clone(), what);
        }
        match seen.get(id) {
            Some(first) => {
                let what = format!("the Page {id} is configured twice, first at {first}: leave one of them out");
                self.reading.fault(place, what);
            }
            None => drop(seen.insert(id.to_owned(), place)),
        }
    }

    /// Who may sign in; `None` where one of them is unfit.
    pub(super) fn agents(&mut self) -> Option<Vec<Agent>> {
        let mut agents: Vec<Agent> = Vec::new();
        let mut seen = BTreeMap::new();
        let before = self.reading.faults.len();
        for index in 0..self.reading.count(AGENT) {
            let at = format!("{AGENT}[{index}]");
            let name = self.needed(&at, "name").and_then(text);
            let login = self.needed(&at, "login").and_then(text);
            if let Some(login) = &login {
                self.login(&at, login, &mut seen);
            }
            let hash = self.hash(&at);
            let (Some(name), Some(login), Some(hash)) = (name, login, hash) else { continue };
            match Agent::new(&name, &login, hash.reveal()) {
                Err(unfit) => self.reading.fault(self.said.line(&at), format!("`{at}` cannot sign in: {unfit}")),
                Ok(agent) => agents.push(agent),
            }
        }
        (self.reading.faults.len() == before).then_some(agents)
    }

    /// Which programs call the API; `None` where one of them is unfit.
    pub(super) fn tokens(&mut self) -> Option<Vec<ApiToken>> {
        let mut tokens = Vec::new();
        let mut seen = BTreeMap::new();
        let before = self.reading.faults.len();
        for index in 0..self.reading.count(TOKEN) {
            let at = format!("{TOKEN}[{index}]");
            let name = self.needed(&at, "name").and_then(text);
            if let Some(name) = &name {
                self.token_name(&at, name, &mut seen);
            }
            let scopes = self.needed(&at, "scopes");
            let scopes = if let Some(Held::Words(words)) = scopes { words } else { Vec::new() };
            let scopes: Vec<Scope> = scopes.iter().filter_map(|word| Scope::of(word)).collect();
            let hash = self.get(&at, "hash");
            let hash = if let Some(Held::Secret(hash)) = hash { Some(hash) } else { None };
            let secret = self.one(&at, "secret", "secret_file");
            let Some(name) = name else { continue };
            match (hash, secret) {
                (Some(hash), None) => match ApiToken::hashed(&name, hash.reveal(), scopes) {
                    Some(token) => tokens.push(token),
                    None => {
                        let what = format!("`{at}.hash` is no hash that `pagedesk token new` printed");
                        self.reading.fault(self.place(&format!("{at}.hash")), what);
                    }
                },
                (None, Some(secret)) if secret.reveal().chars().count() >= API_TOKEN_MIN => {
                    tokens.push(ApiToken::new(&name, secret.reveal(), scopes));
                }
                (None, Some(_)) => {
                    let what = format!(
                        "`{at}` is short enough to be guessed: give it at least {API_TOKEN_MIN} characters, as \
                         `pagedesk token new` makes them"
                    );
                    self.reading.fault(self.said.line(&at), what);
                }
                (None, None) | (Some(_), Some(_)) => {
                    let what = format!(
                        "`{at}` wants one of `hash`, `secret` and `secret_file`: `pagedesk token new` makes a hash"
                    );
                    self.reading.fault(self.said.line(&at), what);
                }
            }
        }
        (self.reading.faults.len() == before).then_some(tokens)
    }

    /// By which a token's messages and keys are told apart: each once, and not that of `desk.api_token`.
    fn token_name(&mut self, at: &str, name: &str, seen: &mut BTreeMap<String, Place>) {
        let place = self.place(&format!("{at}.name"));
        match seen.get(name) {
            _ if matches!(name, "api" | "anybody") => {
                let what = format!(
                    "the name {name} stands for `desk.api_token` and for callers without a token: choose another"
                );
                self.reading.fault(place, what);
            }
            Some(first) => {
                let what = format!("the token {name} is configured twice, first at {first}: leave one of them out");
                self.reading.fault(place, what);
            }
            None => drop(seen.insert(name.to_owned(), place)),
        }
    }

    /// What somebody types to sign in, which nobody else does: large and small letters are the same.
    fn login(&mut self, at: &str, login: &str, seen: &mut BTreeMap<String, Place>) {
        let place = self.place(&format!("{at}.login"));
        let typed = login.trim().to_lowercase();
        match seen.get(&typed) {
            Some(first) => {
                let what = format!("the login {login} is configured twice, first at {first}: leave one of them out");
                self.reading.fault(place, what);
            }
            None => drop(seen.insert(typed, place)),
        }
    }

    /// The hash of a password; where nothing is said of one, that is a fault of its own.
    fn hash(&mut self, at: &str) -> Option<Redacted<String>> {
        let before = self.reading.faults.len();
        let hash = self.one(at, "password_hash", "password_hash_file");
        let is_told = self.reading.faults.len() > before
            || ["password_hash", "password_hash_file"].iter().any(|key| self.is_unfit(&format!("{at}.{key}")));
        if hash.is_none() && !is_told {
            let what = format!("`{at}.password_hash` is missing: `pagedesk agent hash` makes one");
            self.reading.fault(self.said.line(at), what);
        }
        hash
    }
}
