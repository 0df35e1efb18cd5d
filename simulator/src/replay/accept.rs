//! Accepting a part of what differs: the approved trace with some machines' lines as they came now.
//!
//! The smallest part that can be accepted is one machine: numbers, effects and tasks of a conversation hang together, so
//! half of one would be a story that never happened. Head and summary are of the whole and follow when all is accepted.

use std::collections::BTreeSet;

use super::line::Line;
use super::told::Told;

/// The approved trace in which these machines' lines are those of now, in the order of time.
pub fn accepted(approved: &Told, now: &Told, machines: &BTreeSet<String>) -> String {
    let mut kept = approved.lines.iter().filter(|line| !machines.contains(&line.who)).peekable();
    let mut taken = now.lines.iter().filter(|line| machines.contains(&line.who)).peekable();
    let mut text = String::new();
    for line in approved.text.lines().take_while(|line| Line::read(line).is_none() && *line != "summary") {
        text.push_str(&format!("{line}\n"));
    }
    loop {
        let from_now = match (kept.peek(), taken.peek()) {
            (None, None) => break,
            (Some(_), None) => false,
            (None, Some(_)) => true,
            (Some(kept), Some(taken)) => taken.at < kept.at,
        };
        let line = if from_now { taken.next() } else { kept.next() };
        line.into_iter().for_each(|line| text.push_str(&format!("{}\n", line.text)));
    }
    text.push('\n');
    for line in approved.text.lines().skip_while(|line| *line != "summary") {
        text.push_str(&format!("{line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::compare::compare;
    use crate::replay::filter::Filter;

    fn told(lines: &str, sends: u64) -> Told {
        Told::read(&format!("# trace 1: Two\n# begins 2026-06-01T08:00:00.000Z\n\n{lines}\nsummary\n  sends {sends}\n"))
            .unwrap()
    }

    const ONE: &str = "000:00:00.000 A/c1       1  woke reason=echo\n";
    const TWO: &str = "000:00:01.000 A/c2       1  woke reason=echo\n";
    const OTHER: &str = "000:00:02.000 A/c1       1  woke reason=held\n";
    const LATER: &str = "000:00:03.000 A/c2       1  woke reason=held\n";

    #[test]
    fn only_the_accepted_machines_lines_change_and_stand_in_their_time() {
        let (approved, now) = (told(&format!("{ONE}{TWO}"), 1), told(&format!("{OTHER}{LATER}"), 2));
        let of = |machines: &[&str]| accepted(&approved, &now, &machines.iter().map(ToString::to_string).collect());
        assert_eq!(of(&[]), approved.text);
        assert_eq!(of(&["A/c1"]), told(&format!("{TWO}{OTHER}"), 1).text);
        assert_eq!(of(&["A/c1", "A/c2"]), told(&format!("{OTHER}{LATER}"), 1).text);
        let left = compare(&Told::read(&of(&["A/c1"])).unwrap(), &now, &Filter::default()).differences;
        let left: Vec<Option<&str>> = left.iter().map(|difference| difference.who.as_deref()).collect();
        assert_eq!(left, [Some("A/c2"), None], "what was not accepted differs still");
    }
}
