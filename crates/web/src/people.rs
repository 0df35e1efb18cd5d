//! Who asks: agents that sign in, their sessions, and how often it may fail. Pages take everything about people from here.
//!
//! What somebody may do is not decided here. Invariants: an unknown login takes as long as a known one and is answered
//! alike; a fresh session is begun at each signing in, so that no token known before is worth anything after.

mod agent;
mod attempts;
mod session;

use core::net::IpAddr;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use agent::{Agent, AgentUnfit, PASSWORD_MAX, PASSWORD_MIN, PasswordUnfit, fresh_password, hash_password};
pub use session::Lifetimes;

use attempts::Attempts;
use session::{Key, Sessions};

use crate::port::Node;

/// Passwords checked at once: each takes a core and the hash's memory.
const CHECKS_MAX: usize = 2;

/// How long a sign-in waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// Who acts on a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Viewer {
    /// In whose name answers go.
    pub(crate) name: String,
    /// The session's mark for forms; `None` where nobody signs in.
    pub(crate) csrf: Option<String>,
}

/// Whether somebody may see the pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// This agent asks, or, where nobody signs in, whoever reaches the listener.
    Known(Viewer),
    /// Somebody who must sign in first.
    Stranger,
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotSignedIn {
    /// The login or the password.
    Wrong,
    /// Too many failures; again after this.
    TooOften(Duration),
    /// Too many sign in at this moment.
    Busy,
}

/// Everybody.
pub(crate) struct People {
    agents: Vec<Agent>,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    checks: Arc<Semaphore>,
    /// Sessions last by this clock: the node's may be moved in a sandbox, and nobody's session should end by that.
    began: Instant,
    https: bool,
    unsigned: String,
    node: Arc<dyn Node>,
}

impl People {
    /// `https`: browsers reach the site by https. `unsigned`: the name of whoever acts where nobody signs in.
    pub(crate) fn new(
        agents: Vec<Agent>,
        lifetimes: Lifetimes,
        https: bool,
        unsigned: String,
        node: Arc<dyn Node>,
    ) -> Self {
        Self {
            agents,
            sessions: Mutex::new(Sessions::new(lifetimes)),
            attempts: Mutex::default(),
            checks: Arc::new(Semaphore::new(CHECKS_MAX)),
            began: Instant::now(),
            https,
            unsigned,
            node,
        }
    }

    /// Whether anybody signs in at all.
    pub(crate) fn sign_in(&self) -> bool {
        !self.agents.is_empty()
    }

    /// Who asks. `touch`: a person did it, and not a page by itself.
    pub(crate) fn standing(&self, headers: &HeaderMap, touch: bool) -> Standing {
        if !self.sign_in() {
            return Standing::Known(Viewer { name: self.unsigned.clone(), csrf: None });
        }
        let Some(key) = self.key(headers) else { return Standing::Stranger };
        let found = locked(&self.sessions).find(&key, self.began.elapsed(), touch);
        match found.and_then(|session| Some((self.agents.get(session.agent)?, session.csrf))) {
            Some((agent, csrf)) => Standing::Known(Viewer { name: agent.name().to_owned(), csrf: Some(csrf) }),
            None => Standing::Stranger,
        }
    }

    /// The session that a request names, to be asked about later by [`People::lives`].
    pub(crate) fn key(&self, headers: &HeaderMap) -> Option<Key> {
        cookie(headers, self.cookie()).map(session::key)
    }

    /// Whether a session goes on; looking keeps nobody signed in.
    pub(crate) fn lives(&self, key: Option<&Key>) -> bool {
        let find = |key| locked(&self.sessions).find(key, self.began.elapsed(), false).is_some();
        !self.sign_in() || key.is_some_and(find)
    }

    /// Begins a session; what comes back is the value of `Set-Cookie`.
    pub(crate) async fn begin(
        &self,
        login: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<String, NotSignedIn> {
        let login = agent::folded(login);
        locked(&self.attempts).count(&login, address, self.began.elapsed()).map_err(NotSignedIn::TooOften)?;
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.checks).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(NotSignedIn::Busy) };
        let known = self.agents.iter().position(|agent| agent.login() == login);
        // For an unknown login the dearest hash is checked, and its answer dropped.
        let dearest = (0..self.agents.len()).max_by_key(|agent| self.agents[*agent].cost());
        let Some(asked) = known.or(dearest).and_then(|agent| self.agents.get(agent)).cloned() else {
            return Err(NotSignedIn::Wrong);
        };
        let check = tokio::task::spawn_blocking(move || {
            let is_right = password.len() <= PASSWORD_MAX && asked.has_password(&password);
            drop(turn);
            is_right
        });
        let is_right = check.await.unwrap_or(false);
        let Some(agent) = known.filter(|_| is_right) else { return Err(NotSignedIn::Wrong) };
        locked(&self.attempts).succeeded(&login, address);
        let token = self.chance::<32>();
        let csrf = self.chance::<16>();
        let now = self.began.elapsed();
        locked(&self.sessions).begin(session::key(&token), agent, csrf, now);
        Ok(self.set_cookie(&token))
    }

    /// Ends a session; what comes back is the value of `Set-Cookie` that makes the browser forget it.
    pub(crate) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(key) = self.key(headers) {
            locked(&self.sessions).end(&key);
        }
        format!("{}; Max-Age=0", self.set_cookie(""))
    }

    fn chance<const BYTES: usize>(&self) -> String {
        let mut bytes = [0; BYTES];
        self.node.entropy(&mut bytes);
        hex::encode(bytes)
    }

    /// `__Host-`: browsers take it over https alone, and from no other host (RFC 6265bis §4.1.3.2, read 2026-11-23).
    const fn cookie(&self) -> &'static str {
        if self.https { "__Host-pagedesk" } else { "pagedesk" }
    }

    fn set_cookie(&self, token: &str) -> String {
        let secure = if self.https { "; Secure" } else { "" };
        format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{secure}", self.cookie())
    }
}

impl Viewer {
    /// Whether a form belongs to its session. Where nobody signs in there is none to belong to.
    pub(crate) fn sent(&self, csrf: Option<&[u8]>) -> bool {
        match (&self.csrf, csrf) {
            (None, _) => true,
            (Some(own), Some(sent)) => own.as_bytes().ct_eq(sent).into(),
            (Some(_), None) => false,
        }
    }
}

/// The value of a cookie, the first of that name.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = |lines: &[&str]| {
            lines.iter().map(|line| (header::COOKIE, line.parse().expect("valid"))).collect::<HeaderMap>()
        };
        for (lines, found) in [
            (&["a=1; pagedesk=x; b=2"][..], Some("x")),
            (&["a=1", "pagedesk=x"], Some("x")),
            (&["pagedesk="], None),
            (&["pagedeskx=1; xpagedesk=2; pagedesk"], None),
            (&["__Host-pagedesk=x"], None),
            (&["pagedesk=a=b"], Some("a=b")),
            (&[";;= ;"], None),
            (&[], None),
        ] {
            assert_eq!(cookie(&headers(lines), "pagedesk"), found, "{lines:?}");
        }
    }

    #[test]
    fn a_form_belongs_to_its_session_alone() {
        let viewer = |csrf: Option<&str>| Viewer { name: "Ada".to_owned(), csrf: csrf.map(str::to_owned) };
        assert!(viewer(Some("abc")).sent(Some(b"abc")));
        for odd in [None, Some(&b""[..]), Some(b"ab"), Some(b"abd"), Some(b"abcd")] {
            assert!(!viewer(Some("abc")).sent(odd), "{odd:?}");
        }
        assert!(viewer(None).sent(None));
    }
}
