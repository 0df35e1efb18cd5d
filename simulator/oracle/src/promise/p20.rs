//! P20: a dying token is seen within a day; sends are held, not lost.
//!
//! Meta says so by code 102 or 190, whatever the subcode. The part is not failed for it, and nothing more is sent until an
//! admin brought a new token, but for what was on its way.

use model::{MachineId, PageId};

use super::parts::parts;
use crate::history::{History, Journaled, Meta, Taken, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 20;
/// A day.
const SEEN_WITHIN: i64 = 86_400_000;
/// What was decided before everybody heard of it may still leave so long after.
const ON_ITS_WAY: i64 = 60_000;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = unseen(history);
    violations.extend(lost(history));
    violations.extend(sent_on(history));
    violations
}

/// Whether the code says that the token is dead.
const fn is_dead(code: (i64, Option<i64>)) -> bool {
    matches!(code.0, 102 | 190)
}

/// Where a Page's machine says that its token is refused.
fn seen(history: &History, page: &PageId) -> Vec<usize> {
    let machine = MachineId::Page(page.clone());
    let records = history.records_of(&machine);
    records
        .filter(|(_, record)| matches!(record.says, Journaled::TokenRefused { .. }))
        .map(|(place, _)| place)
        .collect()
}

/// Meta said it, and a day later nobody has seen it.
fn unseen(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for place in history.ledger().sends.values().flatten() {
        let What::Meta(Meta::SendCame { page, taken: Taken::No { code }, .. }) = &history.at(*place).what else {
            continue;
        };
        if !is_dead(*code) {
            continue;
        }
        let at = history.time(*place).0;
        let in_time = |seen: &usize| history.time(*seen).0 - at <= SEEN_WITHIN;
        // The one that was seen earlier holds until a new token comes.
        let renewed = renewals(history, page).into_iter().rfind(|renewed| renewed < place);
        let is_seen =
            seen(history, page).iter().any(|seen| in_time(seen) && renewed.is_none_or(|renewed| renewed < *seen));
        let is_over = history.ends_at().0 - at > SEEN_WITHIN || history.ledger().at_rest.is_some();
        let renewed_after = renewals(history, page).into_iter().any(|renewed| renewed > *place && in_time(&renewed));
        if is_over && !is_seen && !renewed_after {
            let first = format!("Meta refuses the token of {page} with {}/{:?}", code.0, code.1);
            let second = Fact::missing("no record says within a day that it is refused");
            violations.push(Violation::new(PROMISE, Fact::at(history, *place, first), second));
        }
    }
    violations
}

/// Where the Page got another token.
fn renewals(history: &History, page: &PageId) -> Vec<usize> {
    let ends = history.ledger().tokenless.get(page).map_or(&[][..], Vec::as_slice);
    let last = history.observed().len().saturating_sub(1);
    ends.iter().map(|(_, to)| *to).filter(|to| *to < last).collect()
}

/// Parts that failed for the token.
fn lost(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for part in parts(history) {
        for (place, record) in &part.records {
            let Journaled::PartFailed { code: Some(code), .. } = &record.says else { continue };
            if is_dead(*code) {
                let first = Fact::at(history, *place, format!("{} is given up", part.words()));
                let words = format!("{}/{:?} says that the token is dead: it is to be held", code.0, code.1);
                violations.push(Violation::new(PROMISE, first, Fact::missing(words)));
            }
        }
    }
    violations
}

/// Sends under a token that is known to be dead.
fn sent_on(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for place in history.ledger().sends.values().flatten() {
        let What::Meta(Meta::SendCame { page, .. }) = &history.at(*place).what else { continue };
        let Some(refused) = seen(history, page).into_iter().rfind(|seen| seen < place) else { continue };
        let renewed = renewals(history, page).into_iter().any(|renewed| refused < renewed && renewed < *place);
        if !renewed && history.time(*place).0 - history.time(refused).0 > ON_ITS_WAY {
            let first = Fact::at(history, *place, format!("a send of {page} comes to Meta"));
            let second = Fact::at(history, refused, "its token was known to be refused and no other came");
            violations.push(Violation::new(PROMISE, first, second));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Admin;
    use crate::testing::{Play, page, talk, word};

    const DEAD: (i64, Option<i64>) = (190, Some(463));

    fn refused() -> Play {
        let mut play = Play::new();
        play.note(What::Meta(Meta::TokenDied { page: PageId::new("1029") }));
        play.asks("5001", "c1", 1);
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::No { code: DEAD });
        play
    }

    fn renewed() -> What {
        What::Admin(Admin::Token { page: PageId::new("1029"), live: true })
    }

    #[test]
    fn a_dead_token_is_seen_within_a_day() {
        for (seen_at, violations) in [(SEEN_WITHIN, 0), (SEEN_WITHIN + 1, 1)] {
            let mut play = refused();
            play.to(seen_at).record(&page(), Journaled::TokenRefused { code: DEAD });
            assert_eq!(judge(play.rest()).len(), violations, "{seen_at}");
        }
        assert_eq!(judge(refused().rest()).len(), 1);
        let mut play = refused();
        play.note(renewed());
        assert_eq!(judge(play.rest()).len(), 0);
    }

    #[test]
    fn a_part_is_held_for_the_token_and_not_lost() {
        let mut play = refused();
        play.record(&page(), Journaled::TokenRefused { code: DEAD });
        play.record(&talk("5001"), Journaled::PartHeld { part: 1, reason: word("needs-reconnect") });
        assert_eq!(judge(&play.history), []);
        let says = Journaled::PartFailed { part: 1, reason: word("token-invalid"), code: Some(DEAD) };
        play.record(&talk("5001"), says);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn nothing_is_sent_until_there_is_another_token_but_what_was_on_its_way() {
        for (sent_at, renew, violations) in
            [(ON_ITS_WAY, false, 0), (ON_ITS_WAY + 1, false, 1), (ON_ITS_WAY + 1, true, 0)]
        {
            let mut play = refused();
            play.record(&page(), Journaled::TokenRefused { code: DEAD });
            if renew {
                play.note(renewed());
            }
            let start = play.to(sent_at).starts("5001", 1, 2);
            play.comes(&start, Taken::Broken);
            assert_eq!(judge(play.rest()).len(), violations, "{sent_at} {renew}");
        }
    }
}
