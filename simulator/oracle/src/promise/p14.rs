//! P14: "May I send?" is answered before typing, at enqueue and at dequeue; a queued message that ages out is refused,
//! not sent.
//!
//! Each of the three answers is held against the table of the reference at its own instant.

use model::MachineId;

use super::{Hearing, parts, settings, walk};
use crate::history::{Author, History, Journaled, May, Screen, What};
use crate::reference::{Allowed, Owner, Talk, allowed};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 14;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut known: Option<(&MachineId, Vec<parts::Part<'_>>)> = None;
    walk(history, |machine, talk, place, record| {
        if known.as_ref().is_none_or(|(of, _)| *of != machine) {
            known = Some((machine, parts::parts_of(history, machine)));
        }
        let Some((_, parts)) = &known else { return };
        if let Journaled::AnswerAsked { .. } = &record.says {
            for part in parts.iter().filter(|part| part.asked == Some(place)) {
                violations.extend(enqueued(history, talk, place, part));
            }
        }
        if let Journaled::PartStarted { part, .. } = &record.says
            && let Some(part) = parts.iter().find(|known| known.number == *part && known.asked.is_some())
            && let Some(reason) = forbidden(history, talk, place, part.author, part.tag.map(|tag| &**tag))
        {
            let first = Fact::at(history, place, format!("{} is sent", part.words()));
            violations.push(Violation::new(PROMISE, first, Fact::missing(reason)));
        }
    });
    violations.extend(before_typing(history));
    violations
}

/// Why nothing at all may be sent; `None` where something may.
fn forbidden(history: &History, talk: &Talk<'_>, place: usize, author: Author, tag: Option<&str>) -> Option<String> {
    let now = history.record(place).map_or_else(|| history.time(place), |record| record.decided_at);
    let asked = settings::asked(history, place, now, author, tag);
    let reasons: Vec<&str> = asked
        .iter()
        .filter_map(|asked| if let Allowed::No(reason) = allowed(talk, asked) { Some(reason) } else { None })
        .collect();
    let opened = talk.opened_at().map_or_else(|| "never".to_owned(), |at| format!("last at {}", at.0));
    let all_say_no = reasons.len() == asked.len();
    all_say_no
        .then(|| format!("at {} it was too late as {}: the customer acted {opened}", now.0, reasons[reasons.len() - 1]))
}

/// A part that may not be sent when it is asked for is refused in the same decision.
fn enqueued(history: &History, talk: &Talk<'_>, place: usize, part: &parts::Part<'_>) -> Option<Violation> {
    let reason = forbidden(history, talk, place, part.author, part.tag.map(|tag| &**tag))?;
    let asked_at = history.record(place)?.decided_at;
    let is_told = |says: &Journaled| matches!(says, Journaled::PartRefused { .. });
    if part.records.first().is_some_and(|(_, record)| record.decided_at == asked_at && is_told(&record.says)) {
        return None;
    }
    let first = Fact::at(history, place, format!("{} is asked for and not refused at once", part.words()));
    Some(Violation::new(PROMISE, first, Fact::missing(reason)))
}

/// What agents are told before they type.
fn before_typing(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (place, observed) in history.observed().iter().enumerate() {
        let What::Screen(Screen::Asked { machine, author, may }) = &observed.what else { continue };
        let mut hearing = Hearing::default();
        for (at, record) in history.records_of(machine).take_while(|(at, _)| *at < place) {
            hearing.take(history, at, record);
        }
        let talk = hearing.talk;
        let owner = talk.owner(history.setup.app.as_ref());
        let reason = forbidden(history, &talk, place, *author, None);
        let second = match (may, reason, owner) {
            (May::Yes | May::Later { .. }, Some(reason), Owner::Ours) => reason,
            (May::Yes | May::Later { .. }, _, Owner::Elsewhere) => "another app owns the thread".to_owned(),
            (May::No { .. }, None, Owner::Ours) => "the table allows it".to_owned(),
            (May::Yes | May::Later { .. }, None, _)
            | (May::No { .. }, Some(_), _)
            | (_, _, Owner::Elsewhere | Owner::Unclear) => continue,
        };
        let word = match may {
            May::Yes => "that an answer may be sent",
            May::Later { .. } => "that an answer may wait",
            May::No { .. } => "that no answer may be sent",
        };
        let first = Fact::at(history, place, format!("an agent is told of {machine} {word}"));
        violations.push(Violation::new(PROMISE, first, Fact::missing(second)));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Play, talk, word};

    const EDGE: i64 = 86_400_000 - 60_000;

    fn wrote() -> Play {
        let mut play = Play::new();
        play.writes(1, "5001");
        play
    }

    #[test]
    fn a_queued_part_that_ages_out_is_not_sent() {
        for (starts_at, violations) in [(EDGE - 1, 0), (EDGE, 1), (EDGE + 1, 1)] {
            let mut play = wrote();
            play.asks_as("5001", "c1", 1, Author::Automation);
            play.to(starts_at).starts("5001", 1, 1);
            assert_eq!(judge(&play.history).len(), violations, "{starts_at}");
        }
    }

    #[test]
    fn what_is_too_late_when_it_is_asked_for_is_refused_at_once() {
        for (asked_at, refused_at, violations) in
            [(EDGE, Some(EDGE), 0), (EDGE, Some(EDGE + 1), 1), (EDGE, None, 1), (EDGE - 1, None, 0)]
        {
            let mut play = wrote();
            play.to(asked_at).asks_as("5001", "c1", 1, Author::Automation);
            if let Some(refused_at) = refused_at {
                let says = Journaled::PartRefused { part: 1, reason: word("window-closed") };
                play.to(refused_at).record(&talk("5001"), says);
            }
            assert_eq!(judge(&play.history).len(), violations, "{asked_at} {refused_at:?}");
        }
    }

    #[test]
    fn an_agent_is_told_before_typing_what_the_table_says() {
        let asked = |at: i64, author, may: May| {
            let mut play = wrote();
            play.to(at).note(What::Screen(Screen::Asked { machine: talk("5001"), author, may }));
            judge(&play.history).len()
        };
        let no = || May::No { reason: word("window-closed") };
        assert_eq!(asked(EDGE - 1, Author::Automation, May::Yes), 0);
        assert_eq!(asked(EDGE, Author::Automation, May::Yes), 1);
        assert_eq!(asked(EDGE, Author::Person, May::Yes), 0);
        assert_eq!(asked(EDGE, Author::Automation, no()), 0);
        assert_eq!(asked(EDGE - 1, Author::Automation, no()), 1);
        assert_eq!(asked(7 * 86_400_000, Author::Person, May::Later { reason: word("page-restricted") }), 1);
    }
}
