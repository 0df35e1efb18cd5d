//! What is wrong outside right now: told by the lines of a scenario, asked by Meta and the tracker of the simulated world.
//!
//! Counts and answers; no clock, no depth, no rules of Meta. Shared by all lives of a node. Invariants: what was not ordered
//! never happens; whether a call is struck is a hash of what is asked and of how often it was asked before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use messenger::Code;
use model::{EffectId, PageId, Span};

use crate::chance::{Stream, between, draw};

/// How the Graph API answers while something is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GraphMood {
    /// After so long; whoever waits for less long hears nothing.
    Slow(Span),
    /// With a status of 500 and no words; half of what it was asked is done.
    Fails,
    /// With this error.
    Refuses(Code),
    /// Not at all, though it did what it was asked.
    LosesAnswers,
    /// Not at all, and nothing was done: the request was lost on its way.
    LosesRequests,
    /// Nobody is there: the connection is refused.
    Vanishes,
    /// That the Page's calls are used up, and with a header that says for how long.
    Limits(Span),
}

/// How the tracker answers while something is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrackerMood {
    /// After so long.
    Slow(Span),
    /// That it cannot do anything now.
    Fails,
    /// Not at all, though it did what it was asked.
    LosesAnswers,
}

/// What Meta tells of a send by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Telling {
    /// Its echo.
    Echoes,
    /// That it arrived, and that it was read.
    Receipts,
}

/// The weather of one world. Clones are the same; the default is fair, for ever.
#[derive(Clone, Debug, Default)]
pub struct Weather(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether anything was ever ordered.
    ever: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// And in so many of a hundred calls.
    graph: Option<(GraphMood, u64)>,
    tracker: Option<(TrackerMood, u64)>,
    /// Pages whose token Meta takes no more, and as what it refuses it.
    dead: BTreeMap<PageId, Code>,
    restricted: BTreeSet<PageId>,
    /// How late webhooks of a Page come at most.
    delays: BTreeMap<PageId, Span>,
    /// What is kept back, in so many of a hundred.
    withheld: BTreeMap<Telling, u64>,
    /// How often each thing was asked.
    asked: BTreeMap<String, u64>,
}

impl State {
    /// The mood, where it strikes this time.
    fn struck<T>(&mut self, mood: Option<(T, u64)>, about: String) -> Option<T> {
        let (mood, percent) = mood?;
        let nth = self.asked.entry(about.clone()).or_default();
        *nth += 1;
        (draw(Stream::Weather, &format!("{about}#{nth}")) % 100 < percent).then_some(mood)
    }
}

impl Weather {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turns(&self) -> MutexGuard<'_, State> {
        self.0.ever.store(true, Ordering::Relaxed);
        self.state()
    }

    fn is_fair(&self) -> bool {
        !self.0.ever.load(Ordering::Relaxed)
    }

    // Orders.

    pub(crate) fn graph_turns(&self, mood: Option<(GraphMood, u64)>) {
        self.turns().graph = mood;
    }

    pub(crate) fn tracker_turns(&self, mood: Option<(TrackerMood, u64)>) {
        self.turns().tracker = mood;
    }

    /// Meta takes the Page's token no more, or again.
    pub(crate) fn token(&self, page: PageId, refused_as: Option<Code>) {
        let mut state = self.turns();
        match refused_as {
            Some(code) => drop(state.dead.insert(page, code)),
            None => drop(state.dead.remove(&page)),
        }
    }

    pub(crate) fn restricts(&self, page: PageId, is: bool) {
        let mut state = self.turns();
        if is {
            state.restricted.insert(page);
        } else {
            state.restricted.remove(&page);
        }
    }

    pub(crate) fn delays(&self, page: PageId, most: Option<Span>) {
        let mut state = self.turns();
        match most {
            Some(most) => drop(state.delays.insert(page, most)),
            None => drop(state.delays.remove(&page)),
        }
    }

    pub(crate) fn withholds(&self, what: Telling, percent: u64) {
        self.turns().withheld.insert(what, percent);
    }

    pub(crate) fn tells_all(&self) {
        self.turns().withheld.clear();
    }

    /// It is fair again, but for tokens, which do not come to life by themselves.
    pub(crate) fn clears(&self) {
        let mut state = self.state();
        (state.graph, state.tracker) = (None, None);
        state.restricted.clear();
        state.delays.clear();
        state.withheld.clear();
    }

    // Questions.

    /// Pages whose token is dead.
    pub(crate) fn dead_tokens(&self) -> Vec<PageId> {
        self.state().dead.keys().cloned().collect()
    }

    /// What strikes a call of the Graph API about this.
    pub(crate) fn graph(&self, about: &str) -> Option<GraphMood> {
        if self.is_fair() {
            return None;
        }
        let mut state = self.state();
        let mood = state.graph;
        state.struck(mood, format!("graph {about}"))
    }

    /// The error with which Meta answers whatever this Page asks; to a send only, where `sends` alone are concerned.
    pub(crate) fn refusal(&self, page: &PageId, is_send: bool) -> Option<Code> {
        if self.is_fair() {
            return None;
        }
        let state = self.state();
        let restricted = || (is_send && state.restricted.contains(page)).then_some((10, Some(1_893_063)));
        state.dead.get(page).copied().or_else(restricted)
    }

    /// What strikes a call of the tracker for this effect.
    pub(crate) fn tracker(&self, effect: &EffectId) -> Option<TrackerMood> {
        if self.is_fair() {
            return None;
        }
        let mut state = self.state();
        let mood = state.tracker;
        state.struck(mood, format!("tracker {effect}"))
    }

    /// Whether the tracker's feed can be read this time.
    pub(crate) fn feeds(&self) -> bool {
        if self.is_fair() {
            return true;
        }
        let mut state = self.state();
        let mood = state.tracker.filter(|(mood, _)| *mood == TrackerMood::Fails);
        state.struck(mood, "feed".to_owned()).is_none()
    }

    /// How late a webhook of this Page comes; `about` tells it from the others.
    pub(crate) fn lateness(&self, page: &PageId, about: &str) -> Span {
        if self.is_fair() {
            return Span(0);
        }
        let most = self.state().delays.get(page).copied();
        most.map_or(Span(0), |most| between(Stream::Weather, &format!("late {about}"), Span(0), most))
    }

    /// Whether Meta tells this.
    pub(crate) fn tells(&self, what: Telling, about: &str) -> bool {
        if self.is_fair() {
            return true;
        }
        let percent = self.state().withheld.get(&what).copied().unwrap_or_default();
        draw(Stream::Weather, &format!("tells {what:?} {about}")) % 100 >= percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mood_strikes_its_share_of_calls_and_the_same_ones_each_time() {
        let struck = || {
            let weather = Weather::default();
            weather.graph_turns(Some((GraphMood::Fails, 30)));
            (0..200).map(|nth| weather.graph(&format!("send {}", nth / 2)).is_some()).collect::<Vec<_>>()
        };
        let (first, again) = (struck(), struck());
        assert_eq!(first, again);
        let count = first.iter().filter(|struck| **struck).count();
        assert!((30..90).contains(&count), "{count}");
        assert!(first.chunks(2).any(|pair| pair[0] != pair[1]), "the second try of a call has luck of its own");
    }

    #[test]
    fn fair_weather_strikes_nothing_and_a_token_stays_dead_when_it_clears() {
        let (weather, page) = (Weather::default(), PageId::new("17"));
        assert_eq!((weather.graph("x"), weather.refusal(&page, true), weather.feeds()), (None, None, true));
        weather.token(page.clone(), Some((190, Some(460))));
        weather.restricts(page.clone(), true);
        weather.tracker_turns(Some((TrackerMood::Fails, 100)));
        weather.delays(page.clone(), Some(Span::minutes(5)));
        assert_eq!(weather.refusal(&page, true), Some((190, Some(460))));
        assert!(!weather.feeds() && (0..20).any(|n| weather.lateness(&page, &n.to_string()) > Span::minutes(1)));
        weather.clears();
        assert!(weather.feeds() && weather.lateness(&page, "1") == Span(0));
        assert_eq!(weather.refusal(&page, true), Some((190, Some(460))));
        weather.token(page.clone(), None);
        assert_eq!(weather.refusal(&page, true), None);
    }

    #[test]
    fn a_restricted_page_may_read_and_not_send() {
        let (weather, page) = (Weather::default(), PageId::new("17"));
        weather.restricts(page.clone(), true);
        assert_eq!(weather.refusal(&page, true), Some((10, Some(1_893_063))));
        assert_eq!(weather.refusal(&page, false), None);
    }
}
