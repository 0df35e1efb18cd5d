//! A broken promise: two facts of the history that cannot both be right, in one sentence.
//!
//! Invariant: names places, ids, instants and stable words only; nothing that anybody wrote.

use core::fmt;

use model::Timestamp;

use crate::history::{History, Way};

/// One side of a disagreement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// Its place in the history; `None`: something that should stand in it and does not.
    pub order: Option<u64>,
    /// When.
    pub at: Option<Timestamp>,
    /// Of another run of the same deeds.
    pub run: Option<Way>,
    /// What it says.
    pub words: String,
}

impl Fact {
    /// What stands at a place.
    pub(crate) fn at(history: &History, place: usize, words: impl Into<String>) -> Self {
        let observed = history.at(place);
        Self { order: Some(observed.order), at: Some(observed.at), run: None, words: words.into() }
    }

    /// What stands nowhere.
    pub(crate) fn missing(words: impl Into<String>) -> Self {
        Self { order: None, at: None, run: None, words: words.into() }
    }

    /// What stands in another run.
    pub(crate) fn elsewhere(way: Way, order: Option<u64>, words: impl Into<String>) -> Self {
        Self { order, at: None, run: Some(way), words: words.into() }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.order, self.at) {
            (Some(order), Some(at)) => write!(f, "[{order} at {}] ", at.0)?,
            (Some(order), None) => write!(f, "[{order}] ")?,
            (None, _) => {}
        }
        if let Some(way) = self.run {
            write!(f, "in {}, ", way.words())?;
        }
        f.write_str(&self.words)
    }
}

/// A broken promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Its number.
    pub promise: u8,
    /// What happened.
    pub first: Fact,
    /// What disagrees with it.
    pub second: Fact,
    /// Both, with the promise's number.
    pub sentence: String,
}

impl Violation {
    /// Two facts that cannot both be right.
    pub(crate) fn new(promise: u8, first: Fact, second: Fact) -> Self {
        let sentence = format!("P{promise}: {first}, but {second}");
        Self { promise, first, second, sentence }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Life, Setup, What};

    #[test]
    fn a_sentence_names_both_places() {
        let mut history = History::new(Setup::new(Timestamp(5)));
        history.note(Timestamp(7), What::Life(Life::Crashed));
        let violation = Violation::new(6, Fact::at(&history, 0, "this is"), Fact::missing("that is not"));
        assert_eq!(violation.sentence, "P6: [0 at 7] this is, but that is not");
        let elsewhere = Fact::elsewhere(Way::Twice, Some(3), "it is another");
        assert_eq!(elsewhere.to_string(), "[3] in the run with every delivery twice, it is another");
        assert_eq!(violation.to_string(), violation.sentence);
    }
}
