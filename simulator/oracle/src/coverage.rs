//! What a run met at all: kinds of items, records, commands, reasons, errors, faults. A rule that nothing met was not
//! tried.
//!
//! Counts only; judges nothing. Invariant: words and codes, never what anybody wrote.

use std::collections::BTreeMap;
use std::fmt;

use crate::history::{
    Admin, History, Journaled, Life, May, Meta, Observed, Screen, Standing, Taken, Tracker, TrackerAnswer, Webhook,
    What, Word,
};

/// How often each word was met, by set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    sets: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

/// The sets, in the order in which they are printed.
const SETS: [&str; 13] = [
    "items", "answers", "commands", "records", "rules", "refusals", "holds", "failures", "errors", "tracker", "shown",
    "settings", "faults",
];

impl Coverage {
    /// What this run met.
    pub fn of(history: &History) -> Self {
        let mut coverage = Self::default();
        for Observed { what, .. } in history.observed() {
            coverage.take(what);
        }
        coverage
    }

    /// Adds what another run met.
    pub fn add(&mut self, other: &Self) {
        for (set, words) in &other.sets {
            for (word, count) in words {
                *self.sets.entry(set).or_default().entry(word.clone()).or_default() += count;
            }
        }
    }

    /// How often a word of a set was met.
    pub fn count(&self, set: &str, word: &str) -> u64 {
        self.sets.get(set).and_then(|words| words.get(word)).copied().unwrap_or_default()
    }

    /// The sets, in the order in which they are printed.
    pub fn sets() -> impl Iterator<Item = &'static str> {
        SETS.into_iter()
    }

    /// The words of a set, each with how often it was met.
    pub fn words(&self, set: &str) -> impl Iterator<Item = (&str, u64)> {
        self.sets.get(set).into_iter().flatten().map(|(word, count)| (word.as_str(), *count))
    }

    /// Which of these words of a set were never met.
    pub fn missing<'a>(&self, set: &str, words: &[&'a str]) -> Vec<&'a str> {
        words.iter().copied().filter(|word| self.count(set, word) == 0).collect()
    }

    fn met(&mut self, set: &'static str, word: &str) {
        let words = self.sets.entry(set).or_default();
        match words.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                words.insert(word.to_owned(), 1);
            }
        }
    }

    fn take(&mut self, what: &What) {
        match what {
            What::Admin(admin) => self.met(
                "settings",
                match admin {
                    Admin::Token { live: true, .. } => "token",
                    Admin::Token { live: false, .. } => "no-token",
                    Admin::HumanAgent { .. } => "human-agent",
                    Admin::OneActiveTask { .. } => "one-active-task",
                    Admin::Guards { .. } => "guards",
                },
            ),
            What::Webhook(Webhook::Offered { items, signed, .. }) => {
                for item in items {
                    self.met("items", &item.kind);
                    if item.standby {
                        self.met("items", "on standby");
                    }
                }
                if !signed {
                    self.met("items", "forged");
                }
            }
            What::Webhook(Webhook::Kept { .. }) => {}
            What::Webhook(Webhook::Answered { status, .. }) => self.met("answers", &status.to_string()),
            What::Journal(record) => self.record(&record.says),
            What::Meta(meta) => self.meta(meta),
            What::Tracker(tracker) => self.tracker(tracker),
            What::Screen(Screen::Asked { may, .. }) => self.met(
                "shown",
                match may {
                    May::Yes => "may send",
                    May::Later { .. } => "may send later",
                    May::No { .. } => "may not send",
                },
            ),
            What::Screen(Screen::Conversation(_)) => self.met("shown", "conversation"),
            What::Life(life) => self.life(life),
        }
    }

    fn record(&mut self, says: &Journaled) {
        self.met("records", says.word());
        if let Some(command) = says.command() {
            self.met("commands", command);
        }
        if let Journaled::PartStarted { rule, .. } = says {
            self.met("rules", rule);
        }
        if let Journaled::PartRefused { reason, .. } = says {
            self.met("refusals", reason);
        }
        if let Journaled::PartHeld { reason, .. } = says {
            self.met("holds", reason);
        }
        if let Journaled::PartFailed { reason, .. } = says {
            self.met("failures", reason);
        }
    }

    fn meta(&mut self, meta: &Meta) {
        match meta {
            Meta::SendCame { taken, messaging_type, tag, .. } => match taken {
                Taken::Yes { .. } => self.met("errors", &form(messaging_type, tag.as_ref())),
                Taken::No { code: (code, Some(subcode)) } => self.met("errors", &format!("{code}/{subcode}")),
                Taken::No { code: (code, None) } => self.met("errors", &code.to_string()),
                Taken::Broken => self.met("errors", "broken"),
            },
            Meta::SendAnswered { lost: true, .. } => self.met("errors", "answer lost"),
            Meta::SendAnswered { lost: false, .. } => {}
            Meta::TokenDied { .. } => self.met("faults", "token-died"),
        }
    }

    fn tracker(&mut self, tracker: &Tracker) {
        let word = match tracker {
            Tracker::Called { answer, .. } => match answer {
                TrackerAnswer::Opened { .. } => "opened",
                TrackerAnswer::Added { .. } => "added",
                TrackerAnswer::Inactive => "inactive",
                TrackerAnswer::Gone => "gone",
                TrackerAnswer::Refused => "refused",
                TrackerAnswer::Down => "down",
            },
            Tracker::Answered { lost: true, .. } => "answer lost",
            Tracker::Answered { lost: false, .. } => return,
            Tracker::TaskTurned { into: Standing::Active, .. } => "task reopened",
            Tracker::TaskTurned { into: Standing::Inactive, .. } => "task closed",
            Tracker::TaskTurned { into: Standing::Gone, .. } => "task deleted",
            Tracker::Commented { for_customer: true, .. } => "comment for the customer",
            Tracker::Commented { for_customer: false, .. } => "internal note",
        };
        self.met("tracker", word);
    }

    fn life(&mut self, life: &Life) {
        match life {
            Life::Crashed => self.met("faults", "crash"),
            Life::FaultBegan { fault } | Life::OutsideTurned { into: fault } => self.met("faults", fault),
            Life::Poisoned { .. } => self.met("faults", "poison"),
            Life::Started | Life::FaultEnded { .. } | Life::FaultsOver | Life::AtRest | Life::Compared { .. } => {}
        }
    }
}

/// A message that Meta took, by its form.
fn form(messaging_type: &str, tag: Option<&Word>) -> String {
    tag.map_or_else(|| format!("none: {messaging_type}"), |tag| format!("none: {messaging_type}/{tag}"))
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for set in SETS {
            let words: Vec<String> = self.words(set).map(|(word, count)| format!("{word} {count}")).collect();
            let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
            writeln!(f, "{set:<9} {words}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Play, word};

    fn run() -> Coverage {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.opens("5001", &[&item], "1");
        play.answered("5001", "c1", 1, "x1");
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::No { code: (10, Some(2_018_278)) });
        play.life(Life::FaultBegan { fault: word("full-disk") });
        play.life(Life::Crashed);
        Coverage::of(&play.history)
    }

    #[test]
    fn a_summary_counts_the_words_of_each_set() {
        insta::assert_snapshot!(run(), @r"
        items     message 1
        answers   200 1
        commands  receive 1, reply 1, settle 2
        records   answer-asked 1, part-sent 1, part-started 2, received 1, send-answered 1, task-asked 1, task-bound 1, tracker-answered 1
        rules     a-rule 2
        refusals  none
        holds     none
        failures  none
        errors    10/2018278 1, none: RESPONSE 1
        tracker   comment for the customer 1, opened 1
        shown     none
        settings  none
        faults    crash 1, full-disk 1
        ");
    }

    #[test]
    fn runs_add_up_and_what_none_met_is_missing() {
        let (mut all, one) = (run(), run());
        all.add(&one);
        assert_eq!(all.count("items", "message"), 2);
        assert_eq!(all.missing("faults", &["crash", "torn-write"]), ["torn-write"]);
        assert_eq!(Coverage::default().missing("items", &["message"]), ["message"]);
    }

    #[test]
    fn every_set_that_is_counted_is_printed() {
        let coverage = run();
        assert!(coverage.sets.keys().all(|set| SETS.contains(set)));
    }
}
