//! The decision itself: asks the edition's rules in order, then holds back what the Page cannot send just now.
//!
//! Total, pure, without allocation. No rule of Meta stands here; those live in `rule/`.

use model::Timestamp;

use crate::{
    Answer, DeferReason, Edition, Facts, ForbidReason, MessagingType, RuleId, Verdict, ad_window_end, human_agent_end,
    privacy_limit_end, standard_window_end,
};
use sabotage::{Defect, on};

/// May this be sent at `now` under this edition, and how?
///
/// A refusal goes before a hold: what the window no longer allows is refused even while the Page is disconnected.
pub fn decide(facts: &Facts, now: Timestamp, edition: &Edition) -> Verdict {
    evaluate(facts, now, edition, |_, _| {})
}

/// The evaluation, told as it goes: `hear` gets every rule that is asked with its answer.
pub(crate) fn evaluate(
    facts: &Facts,
    now: Timestamp,
    edition: &Edition,
    mut hear: impl FnMut(RuleId, Answer),
) -> Verdict {
    for rule in edition.rules() {
        let answer = (rule.ask)(facts, now, edition);
        hear(rule.id, answer);
        match answer {
            Answer::Pass(_) => {}
            Answer::Forbid(reason) => return Verdict::Forbid { reason },
            Answer::Permit { messaging_type, until } => {
                return match held(facts) {
                    Some(reason) => Verdict::Defer { until: Some(until), reason },
                    None => Verdict::Permit { messaging_type, until, edition: edition.id(), rule: rule.id },
                };
            }
        }
    }
    Verdict::Forbid { reason: ForbidReason::WindowClosed }
}

/// What keeps the Page from sending anything at all; a dead token hides a restriction, so it is named first.
fn held(facts: &Facts) -> Option<DeferReason> {
    if !facts.token && !on(Defect::DeadTokenSends) {
        Some(DeferReason::NeedsReconnect)
    } else if facts.restricted {
        Some(DeferReason::PageRestricted)
    } else {
        None
    }
}

/// The next instant at which the answer becomes another one, if the facts stay as they are: an end of a window, or the
/// start of an edition that answers differently. The end alone moving is no other answer.
///
/// An edition that is not in force at `now` (a what-if) stays the one asked; else editions follow the calendar.
pub fn next_change(facts: &Facts, now: Timestamp, edition: &Edition) -> Option<Timestamp> {
    let calendar = edition.calendar();
    let in_force = calendar.edition_at(now).id() == edition.id();
    let today = gist(&decide(facts, now, edition));
    let differs = |at: Timestamp| {
        let edition = if in_force { calendar.edition_at(at) } else { *edition };
        gist(&decide(facts, at, &edition)) != today
    };
    let windows = [
        standard_window_end(&facts.openers, &facts.guards),
        ad_window_end(&facts.openers, &facts.guards),
        human_agent_end(&facts.openers, facts.human_agent_base, &facts.guards),
        privacy_limit_end(facts),
    ];
    let starts = calendar.editions().into_iter().map(|edition| edition.starts_at()).filter(|_| in_force);
    windows.into_iter().flatten().chain(starts).filter(|at| now < *at && differs(*at)).min()
}

/// The answer as people are told it, with the next instant at which it becomes another one: what goes on under another rule
/// ends with that one.
pub fn outlook(facts: &Facts, now: Timestamp, edition: &Edition) -> (Verdict, Option<Timestamp>) {
    let (mut verdict, next) = (decide(facts, now, edition), next_change(facts, now, edition));
    if let (Verdict::Permit { until, .. }, Some(next)) = (&mut verdict, next) {
        *until = next.max(*until);
    }
    (verdict, next)
}

/// What an agent would call "the same answer".
#[derive(PartialEq, Eq)]
enum Gist {
    Permit(MessagingType),
    Defer(DeferReason),
    Forbid(ForbidReason),
}

fn gist(verdict: &Verdict) -> Gist {
    match *verdict {
        Verdict::Permit { messaging_type, .. } => Gist::Permit(messaging_type),
        Verdict::Defer { reason, .. } => Gist::Defer(reason),
        Verdict::Forbid { reason } => Gist::Forbid(reason),
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;
    use crate::testing::{WROTE_AT, agent, automation};
    use crate::{Calendar, Openers, Tag, UpdateTag, edition_at, edition_by_id};

    #[test]
    fn a_permit_names_its_edition_its_rule_and_its_end() {
        let now = WROTE_AT + Span::hours(1);
        let edition = edition_at(now);
        assert_eq!(
            decide(&agent(), now, edition),
            Verdict::Permit {
                messaging_type: MessagingType::Response,
                until: WROTE_AT + Span::hours(24) - Span::seconds(60),
                edition: edition.id(),
                rule: RuleId::StandardWindow,
            }
        );
    }

    #[test]
    fn a_page_without_token_holds_until_the_window_ends() {
        let now = WROTE_AT + Span::hours(1);
        let until = Some(WROTE_AT + Span::hours(24) - Span::seconds(60));
        let facts = Facts { token: false, restricted: true, ..agent() };
        let verdict = decide(&facts, now, edition_at(now));
        assert_eq!(verdict, Verdict::Defer { until, reason: DeferReason::NeedsReconnect });
        let facts = Facts { restricted: true, ..agent() };
        let verdict = decide(&facts, now, edition_at(now));
        assert_eq!(verdict, Verdict::Defer { until, reason: DeferReason::PageRestricted });
    }

    #[test]
    fn what_the_window_forbids_is_refused_even_while_the_page_is_disconnected() {
        let now = WROTE_AT + Span::days(8);
        let facts = Facts { token: false, ..agent() };
        assert_eq!(decide(&facts, now, edition_at(now)), Verdict::Forbid { reason: ForbidReason::WindowClosed });
    }

    #[test]
    fn the_answer_changes_at_the_ends_of_the_windows_and_then_never_again() {
        let now = WROTE_AT + Span::hours(1);
        let standard = WROTE_AT + Span::hours(24) - Span::seconds(60);
        let seven_days = WROTE_AT + Span::days(7) - Span::minutes(5);
        let next = |facts: &Facts, at| next_change(facts, at, edition_at(at));
        assert_eq!(next(&agent(), now), Some(standard));
        assert_eq!(next(&agent(), standard - Span(1)), Some(standard));
        assert_eq!(next(&agent(), standard), Some(seven_days));
        assert_eq!(next(&agent(), seven_days), None);
        assert_eq!(next(&automation(), standard - Span(1)), Some(standard));
        assert_eq!(next(&automation(), standard), None);
    }

    #[test]
    fn the_answer_changes_when_an_edition_retires_the_tag() {
        let start = edition_by_id("2026-04-27").expect("known").starts_at();
        let mut facts = Facts { tag: Some(UpdateTag::AccountUpdate), ..automation() };
        facts.openers.last_message_at = Some(start - Span::days(30));
        facts.openers.last_action_at = facts.openers.last_message_at;
        let now = start - Span::days(1);
        let tagged = gist(&decide(&facts, now, edition_at(now)));
        assert!(tagged == Gist::Permit(MessagingType::MessageTag(Tag::AccountUpdate)));
        assert_eq!(next_change(&facts, now, edition_at(now)), Some(start));
        assert_eq!(next_change(&facts, start, edition_at(start)), None);
    }

    #[test]
    fn the_answer_changes_at_the_end_of_the_ad_window_or_when_the_edition_starts_that_knows_it() {
        let start = edition_by_id("2026-09-28").expect("known").starts_at();
        let after = |ad: Timestamp| {
            let openers = Openers { last_action_at: Some(ad), last_message_at: Some(ad), ad_message_at: Some(ad) };
            Facts { openers, ..automation() }
        };
        let (facts, end) = (after(start), start + Span::days(7) - Span::minutes(5));
        assert_eq!(next_change(&facts, start, edition_at(start)), Some(end), "not after a day: it is RESPONSE still");
        assert_eq!(next_change(&facts, end, edition_at(end)), None);
        let (told, next) = outlook(&facts, start, edition_at(start));
        assert!(matches!(told, Verdict::Permit { until, .. } if until == end && next == Some(end)), "{told:?}");
        let refused = Facts { ad_refused: true, ..facts };
        let day = start + Span::hours(24) - Span::seconds(60);
        assert_eq!(next_change(&refused, start, edition_at(start)), Some(day));
        let (facts, now) = (after(start - Span::days(3)), start - Span::days(1));
        assert_eq!(next_change(&facts, now, edition_at(now)), Some(start), "what was closed opens");
        assert_eq!(next_change(&facts, now, edition_by_id("2026-04-27").expect("known")), Some(start));
    }

    #[test]
    fn an_edition_that_begins_on_another_day_ends_and_changes_answers_then() {
        let moved = [("2026-04-27", "2026-05-11"), ("2026-09-28", "2026-10-05")];
        let moved = moved.map(|(id, day)| (id.parse().expect("known"), day.parse().expect("a day")));
        let calendar = Calendar::with(&moved.into()).expect("in order");
        let retired = calendar.starts_at(moved[0].0);
        let mut facts = Facts { tag: Some(UpdateTag::AccountUpdate), ..automation() };
        facts.openers.last_message_at = Some(retired - Span::days(30));
        facts.openers.last_action_at = facts.openers.last_message_at;
        let now = retired - Span::days(1);
        let verdict = decide(&facts, now, &calendar.edition_at(now));
        assert!(matches!(verdict, Verdict::Permit { until, .. } if until == retired), "{verdict:?}");
        assert_eq!(next_change(&facts, now, &calendar.edition_at(now)), Some(retired));
        let gone = decide(&facts, retired, &calendar.edition_at(retired));
        assert_eq!(gone, Verdict::Forbid { reason: ForbidReason::TagRetired });
        let ads = calendar.starts_at(moved[1].0);
        let wrote = Some(ads - Span::days(3));
        let openers = Openers { last_action_at: wrote, last_message_at: wrote, ad_message_at: wrote };
        let (facts, day_before) = (Facts { openers, ..automation() }, ads - Span::days(1));
        assert_eq!(next_change(&facts, day_before, &calendar.edition_at(day_before)), Some(ads));
        assert_eq!(
            decide(&facts, ads - Span(1), &calendar.edition_at(ads - Span(1))),
            Verdict::Forbid { reason: ForbidReason::WindowClosed }
        );
    }

    #[test]
    fn a_what_if_under_an_older_edition_stays_under_it() {
        let start = edition_by_id("2026-04-27").expect("known").starts_at();
        let old = edition_by_id("2020-01-15").expect("known");
        let mut facts = Facts { tag: Some(UpdateTag::AccountUpdate), ..automation() };
        facts.openers.last_action_at = Some(start);
        facts.openers.last_message_at = Some(start);
        let now = start + Span::days(2);
        let verdict = decide(&facts, now, old);
        assert!(gist(&verdict) == Gist::Permit(MessagingType::MessageTag(Tag::AccountUpdate)));
        assert_eq!(next_change(&facts, now, old), None);
    }
}
