//! Sections that may stand several times: Pages, and agents who sign in.
//!
//! Invariants: one that is unfit hides no fault of another; two of the same are told with both places.

use std::collections::BTreeMap;

use model::{PageId, Redacted};
use node::PageConfig;
use web::Agent;

use super::super::fault::Place;
use super::super::setting::{AGENT, PAGE};
use super::{Builder, is_number, text};

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
