//! What may be sent when, and how: one table, dated, in plain milliseconds.
//!
//! Source: Meta, *Send API reference*, *Send a Message* and changelog, read 2026-11-23: inside 24 hours after an opening
//! action an ordinary answer; from 2026-09-28 on within 7 days after the first message that followed an ad too, until Meta
//! refuses one that rests on it; a tag for news until 2026-04-26, and then no more, in whatever form; a person, where Meta granted the feature, until
//! 7 days after the customer's last message. Guards close the windows early.

use model::{Span, Timestamp};

use super::{DAY, Talk, WEEK};
use crate::Dates;
use crate::history::Author;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked<'a> {
    /// Who wrote it.
    pub(crate) author: Author,
    /// The tag for news that was asked for.
    pub(crate) tag: Option<&'a str>,
    /// Meta granted the Human Agent feature.
    pub(crate) feature: bool,
    /// Before the end of 24 hours.
    pub(crate) guard: Span,
    /// Before the end of 7 days.
    pub(crate) guard_human_agent: Span,
    /// When Meta's rules changed.
    pub(crate) dates: Dates,
    /// When.
    pub(crate) now: Timestamp,
}

/// The table's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Allowed<'a> {
    /// `RESPONSE`.
    Answer,
    /// `MESSAGE_TAG` with this tag.
    Tagged(&'a str),
    /// Nothing: the reason.
    No(&'static str),
}

/// What may be sent in this conversation, leaving aside whose the thread is.
pub(crate) fn allowed<'a>(talk: &Talk<'_>, asked: &Asked<'a>) -> Allowed<'a> {
    let Some(opened_at) = talk.opened_at() else { return Allowed::No("never-wrote") };
    let within = |from: Timestamp, length: i64, guard: Span| {
        i128::from(asked.now.0) - i128::from(from.0) < i128::from(length) - i128::from(guard.0)
    };
    if within(opened_at, DAY, asked.guard) {
        return Allowed::Answer;
    }
    if asked.now >= asked.dates.ads_from
        && talk.wrote_by_ad_at().is_some_and(|at| within(at, WEEK, asked.guard_human_agent))
    {
        return Allowed::Answer;
    }
    if let Some(tag) = asked.tag {
        return if asked.now < asked.dates.news_end { Allowed::Tagged(tag) } else { Allowed::No("tag-retired") };
    }
    let is_answer_of_person = asked.author == Author::Person
        && talk.wrote_at().is_some_and(|wrote_at| within(wrote_at, WEEK, asked.guard_human_agent));
    match (is_answer_of_person, asked.feature) {
        (true, true) => Allowed::Tagged("HUMAN_AGENT"),
        (true, false) => Allowed::No("human-agent-not-granted"),
        (false, _) => Allowed::No("window-closed"),
    }
}

#[cfg(test)]
mod tests {
    use model::ItemKey;

    use super::*;
    use crate::history::{Digest, Entrance, Item, Told, Word};

    /// 2026-04-27 and 2026-09-28, 00:00 UTC.
    const NEWS_END: i64 = 1_777_248_000_000;
    const ADS_FROM: i64 = 1_790_553_600_000;
    const WROTE: i64 = 1_780_272_000_000;

    fn item(told: Told) -> Item {
        let (key, at, kind) = (ItemKey([0; 16]), Timestamp(WROTE), Word::Borrowed("x"));
        Item { key, deed: None, page: None, customer: None, at, kind, standby: false, told }
    }

    fn message() -> Item {
        item(Told::Message { mid: model::Mid::new("m"), text: Digest::of(b""), by_ad: false })
    }

    fn asked(author: Author, now: i64) -> Asked<'static> {
        let (guard, guard_human_agent) = (Span(60_000), Span(300_000));
        let dates = Dates::default();
        Asked { author, tag: None, feature: true, guard, guard_human_agent, dates, now: Timestamp(now) }
    }

    fn after<'a>(item: &'a Item, asked: &Asked<'static>) -> Allowed<'static> {
        let mut talk = Talk::<'a>::default();
        talk.hear(item);
        allowed(&talk, asked)
    }

    #[test]
    fn a_window_ends_at_its_millisecond_less_the_guard() {
        for (author, age, expected) in [
            (Author::Automation, 86_339_999, Allowed::Answer),
            (Author::Automation, 86_340_000, Allowed::No("window-closed")),
            (Author::Person, 86_340_000, Allowed::Tagged("HUMAN_AGENT")),
            (Author::Person, 604_499_999, Allowed::Tagged("HUMAN_AGENT")),
            (Author::Person, 604_500_000, Allowed::No("window-closed")),
        ] {
            assert_eq!(after(&message(), &asked(author, WROTE + age)), expected, "{author:?} {age}");
        }
    }

    fn after_all(items: &[Item], refused_at: Option<i64>, asked: &Asked<'static>) -> Allowed<'static> {
        let mut talk = Talk::default();
        items.iter().for_each(|item| talk.hear(item));
        refused_at.map(Timestamp).into_iter().for_each(|at| talk.refuse(at));
        allowed(&talk, asked)
    }

    #[test]
    fn a_message_after_an_ad_opens_a_week_from_its_edition_on_until_meta_refuses() {
        let start = ADS_FROM;
        let told = |at: i64, told: Told| Item { at: Timestamp(at), ..item(told) };
        let wrote = |at| Item { at: Timestamp(at), ..message() };
        let marked = Told::Message { mid: model::Mid::new("m"), text: Digest::of(b""), by_ad: true };
        let ways = [
            vec![told(start - 1, Told::Entered { by: Entrance::Ad }), wrote(start)],
            vec![wrote(start), told(start - 1, Told::Pressed { mid: None, by_ad: true })],
            vec![told(start, marked)],
        ];
        let edge = start + 7 * DAY - 300_000;
        for items in &ways {
            let at = |now| after_all(items, None, &asked(Author::Automation, now));
            assert_eq!((at(edge - 1), at(edge)), (Allowed::Answer, Allowed::No("window-closed")));
            let refused = |at| after_all(items, Some(at), &asked(Author::Automation, edge - 1));
            assert_eq!((refused(start - 1), refused(start)), (Allowed::Answer, Allowed::No("window-closed")));
            let person = after_all(items, Some(start), &asked(Author::Person, edge - 1));
            assert_eq!(person, Allowed::Tagged("HUMAN_AGENT"));
        }
        let plain = [wrote(start), told(start + 1, Told::Entered { by: Entrance::Ad })];
        assert_eq!(after_all(&plain, None, &asked(Author::Automation, edge - 1)), Allowed::No("window-closed"));
        let early = [told(start - 2 * DAY - 1, Told::Entered { by: Entrance::Ad }), wrote(start - 2 * DAY)];
        let turns = |now| after_all(&early, None, &asked(Author::Automation, now));
        assert_eq!((turns(start - 1), turns(start)), (Allowed::No("window-closed"), Allowed::Answer));
    }

    #[test]
    fn a_person_without_the_feature_is_told_so() {
        let asked = Asked { feature: false, ..asked(Author::Person, WROTE + DAY) };
        assert_eq!(after(&message(), &asked), Allowed::No("human-agent-not-granted"));
    }

    #[test]
    fn a_button_opens_a_day_and_no_week() {
        let pressed = item(Told::Pressed { mid: None, by_ad: false });
        assert_eq!(after(&pressed, &asked(Author::Person, WROTE + 1)), Allowed::Answer);
        assert_eq!(after(&pressed, &asked(Author::Person, WROTE + DAY)), Allowed::No("window-closed"));
    }

    #[test]
    fn the_tags_for_news_end_at_their_millisecond() {
        let old = Item { at: Timestamp(NEWS_END - 10 * DAY), ..message() };
        let tagged = |now| Asked { tag: Some("ACCOUNT_UPDATE"), ..asked(Author::Automation, now) };
        assert_eq!(after(&old, &tagged(NEWS_END - 1)), Allowed::Tagged("ACCOUNT_UPDATE"));
        assert_eq!(after(&old, &tagged(NEWS_END)), Allowed::No("tag-retired"));
    }

    #[test]
    fn nobody_writes_first() {
        assert_eq!(allowed(&Talk::default(), &asked(Author::Person, WROTE)), Allowed::No("never-wrote"));
        let read = item(Told::Read { watermark: Timestamp(WROTE) });
        assert_eq!(after(&read, &asked(Author::Person, WROTE)), Allowed::No("never-wrote"));
    }
}
