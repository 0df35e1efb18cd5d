//! P16: every attempt's result is journaled; an unknown error is never "sent".
//!
//! What the journal says of an attempt is held against what Meta saw of it: sent only what Meta took, failed or delayed
//! only what Meta surely did not take and the node was told so, and at rest no attempt is without a result.

use model::Mid;

use super::parts::{Part, parts};
use crate::history::{History, Journaled, Meta, Record, Resolution, Taken, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 16;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    parts(history).iter().flat_map(|part| of_part(history, part)).collect()
}

/// The attempt under way, as Meta saw it.
#[derive(Clone, Copy)]
struct Attempt {
    started: usize,
    came: Option<usize>,
    answer_lost: bool,
}

fn of_part(history: &History, part: &Part<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut attempt: Option<Attempt> = None;
    let mut person_says: Option<Resolution> = None;
    for (place, record) in &part.records {
        if let Journaled::PartStarted { .. } = &record.says {
            attempt = Some(seen(history, *place, record));
        }
        if let Journaled::Resolved { resolution, .. } = &record.says {
            person_says = Some(*resolution);
        }
        if let Journaled::PartSent { mid, .. } = &record.says {
            violations.extend(sent(history, part, *place, mid.as_ref(), person_says));
            attempt = None;
        }
        if let Journaled::PartInDoubt { .. } = &record.says {
            attempt = None;
        }
        let failed = if let Journaled::PartFailed { code, .. } = &record.says { Some(*code) } else { None };
        let unsaid = matches!(record.says, Journaled::PartDelayed { .. } | Journaled::PartRefused { .. });
        let delayed = unsaid.then_some(None);
        if let Some(code) = failed.or(delayed)
            && let Some(attempt) = attempt.take()
        {
            violations.extend(unsent(history, part, *place, attempt, code));
        }
    }
    if let Some(attempt) = attempt.filter(|_| history.ledger().at_rest.is_some()) {
        let first = Fact::at(history, attempt.started, format!("an attempt of {} begins", part.words()));
        violations.push(Violation::new(PROMISE, first, Fact::missing("no record tells what came of it")));
    }
    violations
}

/// What Meta saw of a start.
fn seen(history: &History, started: usize, record: &Record) -> Attempt {
    let ledger = history.ledger();
    let mark = record.id.to_string();
    let came = ledger.sends.get(&mark).and_then(|places| places.first().copied());
    let answers = ledger.send_answers.get(&mark).map_or(&[][..], Vec::as_slice);
    let lost = |place: &usize| matches!(&history.at(*place).what, What::Meta(Meta::SendAnswered { lost: true, .. }));
    Attempt { started, came, answer_lost: answers.iter().any(lost) }
}

/// A part is sent only as a message that Meta took for it, or because a person says so.
fn sent(
    history: &History,
    part: &Part<'_>,
    place: usize,
    mid: Option<&Mid>,
    person_says: Option<Resolution>,
) -> Option<Violation> {
    let first = || Fact::at(history, place, format!("{} is sent as {}", part.words(), mid.map_or("?", Mid::as_str)));
    let Some(mid) = mid else {
        let second = || Fact::missing("no person said that it was");
        return (person_says != Some(Resolution::WasSent)).then(|| Violation::new(PROMISE, first(), second()));
    };
    let taken = history.ledger().taken.get(mid).filter(|taken| **taken < place);
    let mark = taken.and_then(|taken| {
        if let What::Meta(Meta::SendCame { mark, .. }) = &history.at(*taken).what { Some(mark) } else { None }
    });
    match (taken, mark) {
        (Some(_), Some(mark)) if part.starts().any(|(_, id)| id.to_string() == *mark) => None,
        (Some(taken), _) => Some(Violation::new(PROMISE, first(), Fact::at(history, *taken, "that is another send"))),
        (None, _) => Some(Violation::new(PROMISE, first(), Fact::missing("Meta never took a message of that id"))),
    }
}

/// Surely not sent may be called only what Meta answered so, or what never came to it.
fn unsent(
    history: &History,
    part: &Part<'_>,
    place: usize,
    attempt: Attempt,
    code: Option<(i64, Option<i64>)>,
) -> Option<Violation> {
    let came = attempt.came.filter(|came| *came < place)?;
    let What::Meta(Meta::SendCame { taken, .. }) = &history.at(came).what else { return None };
    let words = match taken {
        Taken::Yes { mid } => format!("Meta took it as {mid}"),
        Taken::No { .. } | Taken::Broken if attempt.answer_lost => "Meta's answer to it was lost".to_owned(),
        Taken::No { code: answered } if code.is_some_and(|code| code != *answered) => {
            format!("Meta answered it with {}/{:?}", answered.0, answered.1)
        }
        Taken::No { .. } | Taken::Broken => return None,
    };
    let first = match code {
        Some((code, subcode)) => format!("{} is surely not sent, for {code}/{subcode:?}", part.words()),
        None => format!("{} is surely not sent", part.words()),
    };
    Some(Violation::new(PROMISE, Fact::at(history, place, first), Fact::at(history, came, words)))
}

#[cfg(test)]
mod tests {
    use model::{EffectId, Timestamp};

    use super::*;
    use crate::testing::{BEGIN, Play, numbers, talk, word};

    const CODE: (i64, Option<i64>) = (551, None);

    fn started() -> (Play, EffectId) {
        let mut play = Play::new();
        play.asks("5001", "c1", 1);
        let start = play.starts("5001", 1, 1);
        (play, start)
    }

    fn taken() -> Taken {
        Taken::Yes { mid: Mid::new("x1") }
    }

    fn sent(mid: Option<&str>) -> Journaled {
        Journaled::PartSent { part: 1, mid: mid.map(Mid::new) }
    }

    fn failed() -> Journaled {
        Journaled::PartFailed { part: 1, reason: word("blocked"), code: Some(CODE) }
    }

    fn after(taken: Option<Taken>, lost: bool, says: Journaled) -> usize {
        let (mut play, start) = started();
        if let Some(taken) = taken {
            play.comes(&start, taken);
            play.note(What::Meta(Meta::SendAnswered { mark: start.to_string(), lost }));
        }
        play.record(&talk("5001"), says);
        judge(play.rest()).len()
    }

    #[test]
    fn sent_is_only_what_meta_took() {
        assert_eq!(after(Some(taken()), false, sent(Some("x1"))), 0);
        assert_eq!(after(Some(taken()), false, sent(Some("x2"))), 1);
        assert_eq!(after(Some(Taken::Broken), false, sent(Some("x1"))), 1);
        assert_eq!(after(None, false, sent(None)), 1);
    }

    #[test]
    fn a_person_may_say_that_it_was_sent() {
        let (mut play, _) = started();
        play.record(&talk("5001"), Journaled::PartInDoubt { part: 1, until: Timestamp(BEGIN) });
        play.record(&talk("5001"), Journaled::Resolved { part: 1, resolution: Resolution::WasSent });
        play.record(&talk("5001"), sent(None));
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn failed_or_delayed_is_only_what_meta_surely_did_not_take() {
        let delayed = || Journaled::PartDelayed { part: 1, until: Timestamp(BEGIN) };
        let no = || Some(Taken::No { code: CODE });
        for says in [failed(), delayed()] {
            assert_eq!(after(no(), false, says.clone()), 0);
            assert_eq!(after(None, false, says.clone()), 0);
            assert_eq!(after(Some(taken()), false, says.clone()), 1);
            assert_eq!(after(no(), true, says), 1);
        }
        assert_eq!(after(Some(Taken::No { code: (10, None) }), false, failed()), 1);
    }

    #[test]
    fn an_attempt_without_a_result_is_found_at_rest() {
        let (mut play, _) = started();
        assert_eq!(judge(&play.history), []);
        assert_eq!(numbers(&judge(play.rest())), [16]);
    }
}
