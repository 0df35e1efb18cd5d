//! A scenario with fewer lines, for shrinking and for short runs: what names something that is gone goes too.
//!
//! Invariant: what comes out of here is a scenario again, with lines of the original in their order and at their times.

use core::ops::Range;
use std::collections::BTreeSet;

use super::{Scenario, Who, Word};

/// Lines of the written form before its Pages: title, beginning, app, feature.
const HEAD: usize = 4;

impl Scenario {
    /// The first so many lines. What is held back by then and never let go is not held back at all, and the same with a
    /// node that falls.
    #[must_use]
    pub fn first(&self, steps: usize) -> Self {
        let mut cut = self.clone();
        cut.lines.truncate(steps);
        cut.mended().unwrap_or_else(|| Self { lines: Vec::new(), ends: Vec::new(), ..self.clone() })
    }

    /// Without these lines, counted from 0; `None` where nothing would be done any more.
    #[must_use]
    pub fn without(&self, lines: Range<usize>) -> Option<Self> {
        let mut cut = self.clone();
        cut.lines.drain(lines.start.min(self.lines.len())..lines.end.min(self.lines.len()));
        cut.mended().filter(|cut| !cut.lines.is_empty())
    }

    /// Without a customer.
    #[must_use]
    pub fn without_customer(&self, who: &Who) -> Option<Self> {
        let mut cut = self.clone();
        cut.customers.remove(who)?;
        cut.mended().filter(|cut| !cut.lines.is_empty())
    }

    /// Without a Page and its customers.
    #[must_use]
    pub fn without_page(&self, page: &Word) -> Option<Self> {
        let mut cut = self.clone();
        cut.pages.remove(page)?;
        cut.customers.retain(|who, _| who.page != *page);
        cut.mended().filter(|cut| !cut.lines.is_empty())
    }

    /// Without the lines that make no sense any more.
    fn mended(mut self) -> Option<Self> {
        loop {
            let wrong = match Self::parse(&self.to_string()) {
                Ok(scenario) => return Some(scenario),
                Err(misreadings) => misreadings.at,
            };
            let begins = HEAD + self.pages.len() + self.customers.len() + 1;
            let wrong: BTreeSet<usize> = wrong.into_iter().filter_map(|number| number.checked_sub(begins)).collect();
            if wrong.is_empty() {
                return None;
            }
            let ends = self.lines.len();
            let mut number = 0..;
            self.lines.retain(|_| number.next().is_none_or(|number| !wrong.contains(&number)));
            let mut number = ends..;
            self.ends.retain(|_| number.next().is_none_or(|number| !wrong.contains(&number)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title \"t\"\npage A 17 \"p\"\npage B 18 \"q\"\ncustomer A/c1\ncustomer B/c1\n\
        at 0s A/c1 writes \"x\" as m1\nat 1s meta holds A\nat 2s A/c1 unsends m1\nat 3s B/c1 writes \"y\" as m2\n\
        at 4s crash\nat 5s meta repeats m1\nat 6s restart\nat 7s meta releases A\nexpect tasks 1 of A/c1\nexpect tasks 2\n";

    fn whole() -> Scenario {
        Scenario::parse(TEXT).unwrap()
    }

    /// What is done, without the times, and what is expected.
    fn told(scenario: &Scenario) -> Vec<String> {
        let deeds = scenario.lines.iter().map(|line| line.deed.to_string());
        deeds.chain(scenario.ends.iter().map(|ending| ending.expect.to_string())).collect()
    }

    #[test]
    fn a_run_of_fewer_steps_holds_back_nothing_for_ever() {
        let ends = ["expect tasks 1 of A/c1", "expect tasks 2"];
        assert_eq!(told(&whole().first(2)), [&["A/c1 writes \"x\" as m1"][..], &ends].concat());
        let six = ["A/c1 writes \"x\" as m1", "A/c1 unsends m1", "B/c1 writes \"y\" as m2", "meta repeats m1"];
        assert_eq!(told(&whole().first(6)), [&six[..], &ends].concat());
        assert_eq!(whole().first(8), whole().first(800));
        assert_eq!(whole().first(8).lines.len(), 8);
        assert_eq!(whole().first(0).lines, []);
    }

    #[test]
    fn what_names_something_that_is_gone_goes_with_it() {
        let cut = whole().without(0..1).unwrap();
        assert_eq!(
            told(&cut),
            [
                "meta holds A",
                "B/c1 writes \"y\" as m2",
                "crash",
                "restart",
                "meta releases A",
                "expect tasks 1 of A/c1",
                "expect tasks 2"
            ]
        );
        assert_eq!(cut.lines[1].at, whole().lines[3].at);
        let cut = whole().without(1..2).unwrap();
        assert!(!told(&cut).iter().any(|line| line.contains("releases")), "{cut}");
        assert_eq!(whole().without(0..8), None);
    }

    #[test]
    fn a_customer_goes_with_all_their_lines_and_a_page_with_its_customers() {
        let who = Who::read("A/c1").unwrap();
        let cut = whole().without_customer(&who).unwrap();
        assert_eq!(
            told(&cut),
            ["meta holds A", "B/c1 writes \"y\" as m2", "crash", "restart", "meta releases A", "expect tasks 2"]
        );
        let cut = cut.without_page(&Word::new("A").unwrap()).unwrap();
        assert_eq!(told(&cut), ["B/c1 writes \"y\" as m2", "crash", "restart", "expect tasks 2"]);
        assert_eq!(cut.without_page(&Word::new("B").unwrap()), None);
        assert_eq!(cut.without_customer(&who), None);
    }
}
