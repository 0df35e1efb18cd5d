//! Made-up traffic as a scenario: who writes what and when, by figures of real support chats.
//!
//! Every choice is a hash of the seed, a stream and what it is about, so that one choice more moves no other. What is made
//! is text of the scenario language, so it can be printed, changed, shrunk and kept; nothing here plays it. Invariant: the
//! same seed and profile are the same scenario.

mod agent;
mod customer;
mod meta;
#[cfg(test)]
mod tests;

use core::fmt;

use model::{Span, Timestamp};
use serde_json::Value;

use crate::chance::{self, Stream};
use crate::fault;
use crate::scenario::Scenario;

/// Names of people, all invented.
const NAMES: [&str; 10] = [
    "Mara Lindqvist",
    "Jonas Weber",
    "Priya Nair",
    "Tomáš Novák",
    "Lucía Ferrer",
    "Yuki Tanaka",
    "Omar Haddad",
    "Zofia Maj",
    "Kofi Mensah",
    "Aino Virtanen",
];
/// Pages, all invented.
const PAGES: [(&str, &str, &str); 2] =
    [("A", "104000000000017", "Quayside Bakery"), ("B", "205000000000029", "Harbour Bicycles")];

/// Twelve months.
const YEAR: Span = Span::days(365);

/// How much happens, and how much of it goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Profile {
    /// One Page, few customers, Meta at its best.
    Calm,
    /// Two Pages, more customers; Meta repeats, holds back, hands over and restricts.
    Busy,
    /// As busy, and the node falls and starts again.
    Rough,
    /// As rough, and each run draws what else goes wrong in it.
    Swarm,
    /// As busy, and whatever can leave a send in doubt: answers and requests are lost, the node falls, and in half of the
    /// runs Meta never tells of what the node sent.
    Lossy,
}

impl Profile {
    /// Those over which seeds are spread.
    pub const ALL: [Self; 4] = [Self::Calm, Self::Busy, Self::Rough, Self::Swarm];

    /// The profile of a seed, where seeds are spread over some.
    pub fn of_seed(seed: u64, profiles: &[Self]) -> Self {
        let index = usize::try_from(seed % profiles.len().max(1) as u64).unwrap_or(0);
        profiles.get(index).copied().unwrap_or(Self::Busy)
    }

    /// As it is typed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Busy => "busy",
            Self::Rough => "rough",
            Self::Swarm => "swarm",
            Self::Lossy => "lossy",
        }
    }

    const fn pages(self) -> usize {
        match self {
            Self::Calm => 1,
            Self::Busy | Self::Rough | Self::Swarm | Self::Lossy => 2,
        }
    }

    /// Of each Page.
    const fn customers(self) -> u64 {
        match self {
            Self::Calm => 2,
            Self::Busy => 4,
            Self::Rough | Self::Swarm | Self::Lossy => 3,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The scenario of a seed.
///
/// # Panics
/// Where what is made here is no scenario, which a test would have found.
pub fn scenario(seed: u64, profile: Profile) -> Scenario {
    let text = Plan::of(seed, profile).text();
    match Scenario::parse(&text) {
        Ok(scenario) => scenario,
        Err(why) => panic!("seed {seed} of {profile} is no scenario: {why}"),
    }
}

/// A year of one Page as a scenario: every month so many customers come for the first time, evenly over it, and agents
/// answer them. Nothing goes wrong in it but bodies that come again.
///
/// # Panics
/// As [`scenario`].
pub fn year(seed: u64, conversations_a_month: u64) -> Scenario {
    let mut plan = Plan { customers: 12 * conversations_a_month, ..Plan::empty(seed, Profile::Calm) };
    for number in 1..=plan.customers {
        let comes = YEAR.0 * i64::try_from(number - 1).unwrap_or(0) / i64::try_from(plan.customers).unwrap_or(1);
        customer::plan(&mut plan, &format!("A/c{number}"), Timestamp(comes));
    }
    agent::plan(&mut plan);
    meta::plan(&mut plan);
    match Scenario::made(&plan.text()) {
        Ok(scenario) => scenario,
        Err(why) => panic!("the year of seed {seed} is no scenario: {why}"),
    }
}

/// Choices of one seed in one stream.
#[derive(Clone, Copy)]
pub(crate) struct Chance {
    seed: u64,
    stream: Stream,
}

impl Chance {
    pub(crate) fn draw(self, about: &str) -> u64 {
        chance::draw(self.stream, &format!("{}/{about}", self.seed))
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(self, about: &str, end: u64) -> u64 {
        self.draw(about) % end
    }

    /// So many of a hundred.
    pub(crate) fn percent(self, about: &str, percent: u64) -> bool {
        self.below(about, 100) < percent
    }

    pub(crate) fn of<T: Copy>(self, about: &str, choices: &[T]) -> T {
        let index = usize::try_from(self.below(about, choices.len() as u64)).unwrap_or(0);
        choices[index]
    }

    pub(crate) fn span(self, about: &str, least: Span, most: Span) -> Span {
        chance::between(self.stream, &format!("{}/{about}", self.seed), least, most)
    }
}

/// A message of a customer that others refer to.
#[derive(Clone)]
struct Said {
    /// By whom: `A/c1`.
    who: String,
    /// What it is called.
    name: String,
    /// When, counted from the beginning, as every instant here.
    at: Timestamp,
}

/// Everything that is planned so far.
pub(crate) struct Plan {
    seed: u64,
    profile: Profile,
    /// Of each Page.
    customers: u64,
    /// Instant and line, in the order of making.
    lines: Vec<(Timestamp, String)>,
    said: Vec<Said>,
}

impl Plan {
    fn of(seed: u64, profile: Profile) -> Self {
        let mut plan = Self::empty(seed, profile);
        for (page, ..) in PAGES.iter().take(profile.pages()) {
            for number in 1..=plan.customers {
                customer::plan(&mut plan, &format!("{page}/c{number}"), Timestamp(0));
            }
        }
        agent::plan(&mut plan);
        meta::plan(&mut plan);
        match profile {
            Profile::Swarm => fault::draw(&mut plan),
            Profile::Lossy => fault::lose(&mut plan),
            Profile::Calm | Profile::Busy | Profile::Rough => {}
        }
        plan
    }

    fn empty(seed: u64, profile: Profile) -> Self {
        Self { seed, profile, customers: profile.customers(), lines: Vec::new(), said: Vec::new() }
    }

    pub(crate) fn chance(&self, stream: Stream) -> Chance {
        Chance { seed: self.seed, stream }
    }

    pub(crate) fn at(&mut self, at: Timestamp, line: String) {
        self.lines.push((at, line));
    }

    /// When something happens, in order.
    pub(crate) fn moments(&self) -> Vec<Timestamp> {
        let mut moments: Vec<Timestamp> = self.lines.iter().map(|(at, _)| *at).collect();
        moments.sort_unstable();
        moments
    }

    /// Everybody who may write, as lines call them.
    pub(crate) fn whos(&self) -> Vec<String> {
        let of = |page: &str| (1..=self.customers).map(|number| format!("{page}/c{number}")).collect::<Vec<_>>();
        PAGES.iter().take(self.profile.pages()).flat_map(|(page, ..)| of(page)).collect()
    }

    /// When the last thing happens.
    fn ends_at(&self) -> Timestamp {
        self.lines.iter().map(|(at, _)| *at).max().unwrap_or(Timestamp(0))
    }

    fn text(mut self) -> String {
        // Stable: what was planned first comes first at one instant.
        self.lines.sort_by_key(|(at, _)| *at);
        let chance = self.chance(Stream::Meta);
        let human_agent = if chance.percent("human-agent", 50) { "on" } else { "off" };
        let mut text = format!("title \"Seed {} of {}\"\n", self.seed, self.profile);
        // Before and after the day from which on an ad opens more.
        let begins = if chance.percent("begins", 50) { "2026-06-01" } else { "2026-10-05" };
        text.push_str(&format!("begins {begins}T08:00:00Z\napp 990017\nhuman-agent {human_agent}\n"));
        for (label, id, name) in PAGES.iter().take(self.profile.pages()) {
            text.push_str(&format!("page {label} {id} {}\n", quoted(name)));
        }
        for (index, (label, ..)) in PAGES.iter().take(self.profile.pages()).enumerate() {
            for number in 1..=self.customers {
                let of = index * 4 + usize::try_from(number).unwrap_or(0);
                text.push_str(&format!("customer {label}/c{number} {}\n", quoted(NAMES[of % NAMES.len()])));
            }
        }
        for (at, line) in &self.lines {
            text.push_str(&format!("at {}ms {line}\n", at.0));
        }
        text
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
