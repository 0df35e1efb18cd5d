//! The policy against the oracle: arbitrary fact sets, instants and editions, asked of both.
//!
//! What is compared is said in [`compare`]; both are asked from outside and share nothing here. Invariant: a case depends
//! on its seed and number alone, so that every find can be had again.

mod case;
mod compare;
mod coverage;
mod meta;
mod shrink;

pub use case::{BYTES, Case, bytes};
pub use compare::{Agreement, Difference, Disagreement, Stricter, compare};
pub use coverage::Coverage;
pub use shrink::shrink;

/// Two answers that differ, and the least fact set that shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The number of the case that was drawn, from 0 on.
    pub number: u64,
    /// That case.
    pub drawn: Case,
    /// The least one in which the two disagree in the same way or a worse one.
    pub least: Case,
    /// How they disagree about the least one.
    pub difference: Difference,
}

/// Draws case after case and compares; counts what was reached.
#[derive(Debug)]
pub struct Round {
    seed: u64,
    cases: u64,
    coverage: Coverage,
}

impl Round {
    /// Begins with the first case of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, cases: 0, coverage: Coverage::default() }
    }

    /// Draws the next case and compares.
    ///
    /// # Errors
    /// The difference, shrunk.
    pub fn step(&mut self) -> Result<(), Box<Found>> {
        let (number, drawn) = (self.cases, Case::draw(self.seed, self.cases));
        self.cases += 1;
        match compare(&drawn) {
            Ok(agreement) => {
                self.coverage.add(&drawn, &agreement);
                Ok(())
            }
            Err(difference) => {
                let (least, difference) = shrink(&drawn, &difference);
                Err(Box::new(Found { number, drawn, least, difference }))
            }
        }
    }

    /// The cases drawn so far.
    pub fn cases(&self) -> u64 {
        self.cases
    }

    /// What they reached.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }
}

/// Checks the fact set that these bytes stand for.
///
/// # Panics
/// Where policy and oracle disagree; the message names the least such fact set.
pub fn check(bytes: &[u8]) {
    let case = Case::decode(bytes);
    if let Err(difference) = compare(&case) {
        let (least, difference) = shrink(&case, &difference);
        panic!("{difference}\n{}", least.explain_line());
    }
}
