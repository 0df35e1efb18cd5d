//! Who is signed in: a table in memory, bounded, of sessions that end by idleness, by age and by signing out.
//!
//! Pure: time and chance are arguments. Invariants: what a browser holds is kept here as a digest alone, so that nobody
//! who reads this memory can take a session over; a session that ended is never found again.

use std::collections::BTreeMap;

use core::time::Duration;

use sha2::{Digest as _, Sha256};

/// Sessions at once; the one idle for longest makes way.
const SESSIONS_MAX: usize = 1_024;

/// Sessions of one agent at once: several machines and browsers, not a leak of them.
const OF_ONE_MAX: usize = 16;

/// How long sessions last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetimes {
    /// From the last thing that its agent did.
    pub idle: Duration,
    /// From the signing in, whatever its agent does.
    pub at_most: Duration,
}

impl Default for Lifetimes {
    /// A working day without a touch, and a week.
    fn default() -> Self {
        Self { idle: Duration::from_secs(12 * 3_600), at_most: Duration::from_secs(7 * 24 * 3_600) }
    }
}

/// What a browser shows, by its digest.
pub(crate) type Key = [u8; 32];

/// The digest under which a session is kept.
pub(crate) fn key(token: &str) -> Key {
    Sha256::digest(token.as_bytes()).into()
}

/// Somebody's session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Session {
    /// Whose: the place among the agents.
    pub(crate) agent: usize,
    /// Stands in every form that it was shown.
    pub(crate) csrf: String,
    began: Duration,
    touched: Duration,
}

/// All sessions. Times are spans since the site began.
#[derive(Debug)]
pub(crate) struct Sessions {
    open: BTreeMap<Key, Session>,
    lifetimes: Lifetimes,
}

impl Sessions {
    pub(crate) fn new(lifetimes: Lifetimes) -> Self {
        Self { open: BTreeMap::new(), lifetimes }
    }

    /// An agent has signed in.
    pub(crate) fn begin(&mut self, key: Key, agent: usize, csrf: String, now: Duration) {
        let lifetimes = self.lifetimes;
        self.open.retain(|_, session| session.lives(lifetimes, now));
        while self.open.values().filter(|session| session.agent == agent).count() >= OF_ONE_MAX {
            self.let_go(|session| session.agent == agent);
        }
        while self.open.len() >= SESSIONS_MAX {
            self.let_go(|_| true);
        }
        self.open.insert(key, Session { agent, csrf, began: now, touched: now });
    }

    /// The session, if it lives. `touch`: its agent did something, so that it is not idle.
    pub(crate) fn find(&mut self, key: &Key, now: Duration, touch: bool) -> Option<Session> {
        let session = self.open.get_mut(key)?;
        if !session.lives(self.lifetimes, now) {
            self.open.remove(key);
            return None;
        }
        if touch {
            session.touched = now;
        }
        Some(session.clone())
    }

    /// Its agent has signed out.
    pub(crate) fn end(&mut self, key: &Key) {
        self.open.remove(key);
    }

    /// The longest idle one of these ends.
    fn let_go(&mut self, of: impl Fn(&Session) -> bool) {
        let these = self.open.iter().filter(|(_, session)| of(session));
        if let Some(key) = these.min_by_key(|(key, session)| (session.touched, **key)).map(|(key, _)| *key) {
            self.open.remove(&key);
        }
    }
}

impl Session {
    fn lives(&self, lifetimes: Lifetimes, now: Duration) -> bool {
        now.saturating_sub(self.touched) < lifetimes.idle && now.saturating_sub(self.began) < lifetimes.at_most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn sessions() -> Sessions {
        Sessions::new(Lifetimes { idle: seconds(100), at_most: seconds(250) })
    }

    fn begin(sessions: &mut Sessions, token: &str, agent: usize, now: u64) {
        sessions.begin(key(token), agent, format!("csrf of {token}"), seconds(now));
    }

    #[test]
    fn a_session_ends_when_nobody_does_anything_and_when_it_is_too_old() {
        let mut sessions = sessions();
        begin(&mut sessions, "a", 3, 10);
        assert_eq!(sessions.find(&key("a"), seconds(109), true).map(|found| found.agent), Some(3));
        assert!(sessions.find(&key("a"), seconds(208), true).is_some(), "a touch keeps it");
        assert!(sessions.find(&key("a"), seconds(259), false).is_some());
        assert!(sessions.find(&key("a"), seconds(260), true).is_none(), "and age ends it");
        begin(&mut sessions, "b", 3, 300);
        assert!(sessions.find(&key("b"), seconds(399), false).is_some(), "a page that looks by itself …");
        assert!(sessions.find(&key("b"), seconds(400), false).is_none(), "… keeps nobody signed in");
        assert!(sessions.find(&key("b"), seconds(301), true).is_none(), "what ended stays so");
    }

    #[test]
    fn who_signs_out_is_gone_at_once_and_a_wrong_token_is_nobody() {
        let mut sessions = sessions();
        begin(&mut sessions, "a", 0, 0);
        assert!(sessions.find(&key("b"), seconds(1), true).is_none());
        sessions.end(&key("a"));
        assert!(sessions.find(&key("a"), seconds(1), true).is_none());
    }

    #[test]
    fn the_number_of_sessions_is_bounded_and_the_longest_idle_makes_way() {
        let mut sessions = sessions();
        for nth in 0..OF_ONE_MAX {
            begin(&mut sessions, &format!("{nth}"), 1, nth as u64);
        }
        assert!(sessions.find(&key("0"), seconds(20), true).is_some());
        begin(&mut sessions, "one more", 1, 21);
        assert!(sessions.find(&key("1"), seconds(21), true).is_none(), "the longest idle");
        assert!(sessions.find(&key("0"), seconds(21), true).is_some());
        for nth in 0..2 * SESSIONS_MAX {
            begin(&mut sessions, &format!("x{nth}"), 2 + nth, 22);
        }
        assert_eq!(sessions.open.len(), SESSIONS_MAX);
    }
}
