//! P11: messaging type and tag are a pure, total function of author, content, time and policy edition.
//!
//! The function is the table of the reference. A part that is sent has the form that the table gives at the instant of the
//! decision, and one that is refused is refused for the table's reason. What the table does not allow at all is P14.

use model::MachineId;

use super::{parts, settings, walk};
use crate::history::{Author, History, Journaled};
use crate::reference::{Allowed, Owner, Talk, allowed};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 11;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut known: Option<(&MachineId, Vec<parts::Part<'_>>)> = None;
    walk(history, |machine, talk, place, record| {
        if !matches!(record.says, Journaled::PartStarted { .. } | Journaled::PartRefused { .. }) {
            return;
        }
        if known.as_ref().is_none_or(|(of, _)| *of != machine) {
            known = Some((machine, parts::parts_of(history, machine)));
        }
        let of_machine = known.iter().flat_map(|(_, parts)| parts);
        let part = of_machine.clone().find(|part| Some(part.number) == record.says.part());
        let Some(part) = part.filter(|part| part.asked.is_some()) else { return };
        let tag = part.tag.map(|tag| &**tag);
        let asked = settings::asked(history, place, record.decided_at, part.author, tag);
        let answers: Vec<Allowed<'_>> = asked.iter().map(|asked| allowed(talk, asked)).collect();
        if let Some((what, instead)) = wrong(history, talk, &record.says, &answers) {
            let who = match part.author {
                Author::Person => "a person's",
                Author::Automation => "a machine's",
            };
            let first = Fact::at(history, place, format!("{}, {who}, is {what}", part.words()));
            violations.push(Violation::new(PROMISE, first, opener(history, talk, instead)));
        }
    });
    violations
}

/// What was decided and what the table says instead, if none of its answers is that.
fn wrong(history: &History, talk: &Talk<'_>, says: &Journaled, answers: &[Allowed<'_>]) -> Option<(String, String)> {
    let newest = answers[answers.len() - 1];
    if let Journaled::PartStarted { messaging_type, tag, .. } = says {
        let form = (&**messaging_type, tag.as_deref());
        let fits = answers.iter().any(|answer| match answer {
            Allowed::Answer => form == ("RESPONSE", None),
            Allowed::Tagged(tag) => form == ("MESSAGE_TAG", Some(*tag)),
            Allowed::No(_) => false,
        });
        let is_allowed = answers.iter().any(|answer| !matches!(answer, Allowed::No(_)));
        return (is_allowed && !fits).then(|| (format!("sent as {}", form_words(form)), words(newest)));
    }
    if let Journaled::PartRefused { reason, .. } = says
        && reason != "standby"
    {
        // Whoever does not own the thread sends nothing, whatever the table says; P5 looks at the reason.
        let ours = talk.owner(history.setup.app.as_ref()) == Owner::Ours;
        let fits = answers.iter().any(|answer| matches!(answer, Allowed::No(no) if *no == &**reason));
        return (ours && !fits).then(|| (format!("refused as {reason}"), words(newest)));
    }
    None
}

fn form_words((messaging_type, tag): (&str, Option<&str>)) -> String {
    tag.map_or_else(|| messaging_type.to_owned(), |tag| format!("{messaging_type}/{tag}"))
}

fn words(answer: Allowed<'_>) -> String {
    match answer {
        Allowed::Answer => "the table allows RESPONSE".to_owned(),
        Allowed::Tagged(tag) => format!("the table allows MESSAGE_TAG/{tag}"),
        Allowed::No(reason) => format!("the table forbids it as {reason}"),
    }
}

/// The action that the table's answer rests on.
fn opener(history: &History, talk: &Talk<'_>, words: String) -> Fact {
    let opener = talk.items().iter().rev().find(|item| Some(item.at) == talk.opened_at());
    let place = opener.and_then(|item| history.ledger().received(item.key));
    match (place, talk.opened_at()) {
        (Some(place), Some(at)) => {
            Fact::at(history, place, format!("{words} after the customer's last action, at {}", at.0))
        }
        (_, _) => Fact::missing(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Play, talk, word};

    const DAY: i64 = 86_400_000;

    /// How many violations there are where a part of this author goes out so at this age of the customer's message.
    fn sent(author: Author, age: i64, messaging_type: &'static str, tag: Option<&'static str>) -> usize {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.to(age).asks_as("5001", "c1", 1, author);
        play.starts_as("5001", 1, 1, messaging_type, tag);
        judge(&play.history).len()
    }

    fn refused(author: Author, age: i64, reason: &'static str) -> usize {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.to(age).asks_as("5001", "c1", 1, author);
        play.record(&talk("5001"), Journaled::PartRefused { part: 1, reason: word(reason) });
        judge(&play.history).len()
    }

    #[test]
    fn the_form_turns_at_its_millisecond() {
        let edge = DAY - 60_000;
        assert_eq!(sent(Author::Person, edge - 1, "RESPONSE", None), 0);
        assert_eq!(sent(Author::Person, edge, "RESPONSE", None), 1);
        assert_eq!(sent(Author::Person, edge - 1, "MESSAGE_TAG", Some("HUMAN_AGENT")), 1);
        assert_eq!(sent(Author::Person, edge, "MESSAGE_TAG", Some("HUMAN_AGENT")), 0);
        assert_eq!(sent(Author::Automation, 1, "UPDATE", None), 1);
    }

    #[test]
    fn a_refusal_has_the_tables_reason_from_its_millisecond_on() {
        let (day, week) = (DAY - 60_000, 7 * DAY - 300_000);
        assert_eq!(refused(Author::Automation, day - 1, "window-closed"), 1);
        assert_eq!(refused(Author::Automation, day, "window-closed"), 0);
        assert_eq!(refused(Author::Person, week - 1, "window-closed"), 1);
        assert_eq!(refused(Author::Person, week, "window-closed"), 0);
        assert_eq!(refused(Author::Person, week, "never-wrote"), 1);
    }

    #[test]
    fn a_violation_names_the_action_that_opened_the_window() {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.to(5).asks_as("5001", "c1", 1, Author::Automation);
        play.starts_as("5001", 1, 1, "MESSAGE_TAG", Some("HUMAN_AGENT"));
        assert_eq!(
            judge(&play.history)[0].sentence,
            "P11: [6 at 1780272000005] part 1 of c/1029/5001, a machine's, is sent as MESSAGE_TAG/HUMAN_AGENT, but \
             [3 at 1780272000000] the table allows RESPONSE after the customer's last action, at 1780272000000"
        );
    }
}
