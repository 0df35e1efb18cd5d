//! The trace of a scenario as a person reads and approves it: the head says who is who, then what happened.
//!
//! Format: `docs/format/trace.md`. Invariant: nothing in it comes from the wall, and nothing from a depth where both agree.

use std::collections::BTreeMap;

use super::Run;
use crate::replay::names::{line, one_line};
use crate::scenario::Scenario;

/// The trace of a run that was asked for one.
pub fn trace(scenario: &Scenario, run: &Run) -> String {
    let began_at = scenario.begins_at.0;
    let instant = jiff::Timestamp::from_millisecond(began_at)
        .map_or_else(|_| began_at.to_string(), |instant| format!("{instant:.3}"));
    let mut text = format!("# trace 1: {}\n# begins {instant}\n", one_line(&scenario.title));
    for (label, page) in &scenario.pages {
        text.push_str(&format!("# {}\n", line(label.as_str(), page.id.as_str(), &page.name)));
        for (who, customer) in scenario.customers.iter().filter(|(who, _)| who.page == *label) {
            let name = customer.name.as_deref().unwrap_or_default();
            text.push_str(&format!("# {}\n", line(&who.to_string(), customer.psid.as_str(), name)));
        }
    }
    text.push('\n');
    for line in &run.trace {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The events of a run by whose they are, each with its time, number and words: what both depths come to, whatever stands
/// between the events.
pub fn by_machine(run: &Run) -> BTreeMap<&str, Vec<&str>> {
    let mut events: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in &run.trace {
        let mut words = line.split_whitespace();
        if let (Some(_), Some(who), Some(number)) = (words.next(), words.next(), words.next())
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            events.entry(who).or_default().push(line);
        }
    }
    events
}
