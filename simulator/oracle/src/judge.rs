//! The verdict over a whole run: which sends went out that should not have, seen from what the customers did.
//!
//! Sees more than Meta does (who wrote) and so judges more strictly than [`send_rules`](crate::send_rules): a tag for
//! persons may not cover automation, nor be put on an answer that plainly needs none. Sources as there; that tagging
//! everything is punished is reported from production (read 2026-11-23).

use std::collections::BTreeMap;

use model::{PageId, Psid, Timestamp};

use crate::Dates;

/// Something a customer did, in Meta's time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Towards which Page.
    pub page: PageId,
    /// Who, as that Page sees them.
    pub psid: Psid,
    /// When.
    pub at: Timestamp,
    /// Whether it opens the standard window.
    pub opens: bool,
    /// Whether it is a message.
    pub is_message: bool,
    /// Whether it is the first message after a click on a Click-to-Messenger ad.
    pub from_ad: bool,
}

/// A message that reached the Send API, in the same time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// From which Page.
    pub page: PageId,
    /// To whom.
    pub psid: Psid,
    /// When.
    pub at: Timestamp,
    /// `messaging_type` as it stood in the request.
    pub messaging_type: String,
    /// `tag` as it stood in the request.
    pub tag: Option<String>,
    /// Whether a person wrote it for this conversation.
    pub author_is_person: bool,
}

/// Why a send should not have gone out.
pub(crate) struct Breach {
    /// When the customer did what disagrees with it, where it is about something that they did.
    pub(crate) against: Option<Timestamp>,
    /// The tag was merely not needed: whoever had not heard of the action yet could not know.
    pub(crate) needless: bool,
    /// The fact that disagrees with it.
    pub(crate) words: String,
}

/// What the run did that it should not have; empty if all is well. Each violation is a sentence that names the two facts
/// that disagree.
///
/// Only what a customer did up to the instant of a send speaks for it. The order within the lists does not matter.
pub fn judge(seen: &[Seen], sent: &[Sent], dates: &Dates) -> Vec<String> {
    let mut by_customer: BTreeMap<(&PageId, &Psid), Vec<&Seen>> = BTreeMap::new();
    for action in seen {
        by_customer.entry((&action.page, &action.psid)).or_default().push(action);
    }
    sent.iter()
        .filter_map(|sent| {
            let actions = by_customer.get(&(&sent.page, &sent.psid)).map_or(&[][..], Vec::as_slice);
            let fault = breach(actions, sent, dates)?.words;
            let tag = sent.tag.as_deref().map(|tag| format!("/{tag}")).unwrap_or_default();
            let (page, psid, at) = (&sent.page, &sent.psid, sent.at.0);
            Some(format!("sent to {page}/{psid} at {at} as {}{tag}, but {fault}", sent.messaging_type))
        })
        .collect()
}

/// What disagrees with a send, given what its customer did towards its Page.
pub(crate) fn breach(actions: &[&Seen], sent: &Sent, dates: &Dates) -> Option<Breach> {
    let newest = |counts: fn(&Seen) -> bool| {
        actions.iter().filter(|seen| counts(seen) && seen.at <= sent.at).map(|seen| seen.at.0).max()
    };
    let opened = newest(|seen| seen.opens);
    let wrote = newest(|seen| seen.is_message);
    let Some(opened_at) = opened.max(wrote) else {
        return always("the customer had done nothing before that opens a window");
    };
    let now = sent.at.0;
    match (sent.messaging_type.as_str(), sent.tag.as_deref()) {
        ("RESPONSE" | "UPDATE", None) => {
            let by_ad = newest(|seen| seen.from_ad).filter(|_| sent.at >= dates.ads_from);
            let late = now - opened_at >= 86_400_000 && by_ad.is_none_or(|at| now - at >= 604_800_000);
            let words = || format!("the customer's last opening action was at {opened_at}, 24 hours or more before");
            late.then(|| against(opened_at, words()))
        }
        ("MESSAGE_TAG", Some("HUMAN_AGENT")) => human_agent_breach(sent, opened_at, wrote),
        ("MESSAGE_TAG", Some("CONFIRMED_EVENT_UPDATE" | "ACCOUNT_UPDATE" | "POST_PURCHASE_UPDATE")) => {
            let end = dates.news_end;
            (sent.at >= end).then(|| always(&format!("Meta retired that tag at {}", end.0))).flatten()
        }
        // They need no window; the customer must have written, as above.
        ("UTILITY", None) => {
            let from = dates.news_end;
            (sent.at < from).then(|| always(&format!("Meta has utility templates from {} on", from.0))).flatten()
        }
        (_, _) => always("Meta knows no such type and tag together"),
    }
}

/// A fact that is not about an action of the customer.
fn always(words: &str) -> Option<Breach> {
    Some(Breach { against: None, needless: false, words: words.to_owned() })
}

/// A fact about an action of the customer.
fn against(at: i64, words: String) -> Breach {
    Breach { against: Some(Timestamp(at)), needless: false, words }
}

fn human_agent_breach(sent: &Sent, opened_at: i64, wrote: Option<i64>) -> Option<Breach> {
    let now = sent.at.0;
    if !sent.author_is_person {
        return always("no person wrote it");
    }
    // 23 hours: a guard may close the window some minutes early, but not an hour.
    if now - opened_at < 82_800_000 {
        let words = format!("the standard window was plainly open since {opened_at} and needs no tag");
        return Some(Breach { needless: true, ..against(opened_at, words) });
    }
    match wrote {
        None => always("the customer had never written a message"),
        Some(wrote_at) if now - wrote_at >= 604_800_000 => {
            let words = format!("the customer's last message was at {wrote_at}, 7 days or more before");
            Some(against(wrote_at, words))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(seen: &[Seen], sent: &[Sent]) -> Vec<String> {
        judge(seen, sent, &Dates::default())
    }

    /// 2026-06-01T00:00:00Z
    const WROTE: i64 = 1_780_272_000_000;

    fn seen(psid: &str, at: i64, is_message: bool) -> Seen {
        Seen {
            page: PageId::new("1029"),
            psid: Psid::new(psid),
            at: Timestamp(at),
            opens: true,
            is_message,
            from_ad: false,
        }
    }

    fn sent(at: i64, messaging_type: &str, tag: Option<&str>, author_is_person: bool) -> Sent {
        Sent {
            page: PageId::new("1029"),
            psid: Psid::new("5001"),
            at: Timestamp(at),
            messaging_type: messaging_type.to_owned(),
            tag: tag.map(str::to_owned),
            author_is_person,
        }
    }

    fn response(age: i64) -> Sent {
        sent(WROTE + age, "RESPONSE", None, false)
    }

    fn human_agent(age: i64, author_is_person: bool) -> Sent {
        sent(WROTE + age, "MESSAGE_TAG", Some("HUMAN_AGENT"), author_is_person)
    }

    #[test]
    fn sends_inside_their_windows_are_no_violations() {
        let seen = [seen("5001", WROTE, true)];
        let sent = [response(0), response(86_399_999), human_agent(86_340_000, true), human_agent(604_799_999, true)];
        assert_eq!(judged(&seen, &sent), Vec::<String>::new());
        assert_eq!(judged(&seen, &[]), Vec::<String>::new());
    }

    #[test]
    fn a_violation_names_the_two_facts_that_disagree() {
        let seen = [seen("5001", WROTE, true)];
        let expected = [
            "sent to 1029/5001 at 1780358400000 as RESPONSE, but the customer's last opening action was at \
             1780272000000, 24 hours or more before",
            "sent to 1029/5001 at 1780876800000 as MESSAGE_TAG/HUMAN_AGENT, but the customer's last message was at \
             1780272000000, 7 days or more before",
            "sent to 1029/5001 at 1780444800000 as MESSAGE_TAG/HUMAN_AGENT, but no person wrote it",
            "sent to 1029/5001 at 1780272000001 as MESSAGE_TAG/HUMAN_AGENT, but the standard window was plainly open \
             since 1780272000000 and needs no tag",
            "sent to 1029/5001 at 1780271999999 as RESPONSE, but the customer had done nothing before that opens a \
             window",
        ];
        let sent = [
            response(86_400_000),
            human_agent(604_800_000, true),
            human_agent(172_800_000, false),
            human_agent(1, true),
            response(-1),
        ];
        assert_eq!(judged(&seen, &sent), expected);
    }

    #[test]
    fn only_the_same_customer_on_the_same_page_speaks_for_a_send() {
        let mut other_page = seen("5001", WROTE, true);
        other_page.page = PageId::new("1030");
        assert_eq!(judged(&[seen("5002", WROTE, true), other_page], &[response(1)]).len(), 1);
    }

    #[test]
    fn a_button_opens_a_day_but_no_seven_days() {
        let seen = [seen("5001", WROTE, false)];
        assert_eq!(judged(&seen, &[response(1)]).len(), 0);
        assert_eq!(judged(&seen, &[human_agent(90_000_000, true)]).len(), 1);
    }

    #[test]
    fn a_message_after_an_ad_speaks_for_seven_days_from_the_28th_of_september_2026() {
        let from = 1_790_553_600_000;
        for (wrote_at, now, violations) in [
            (from, from + 604_799_999, 0),
            (from, from + 604_800_000, 1),
            (from - 172_800_000, from - 1, 1),
            (from - 172_800_000, from, 0),
        ] {
            let seen = [Seen { from_ad: true, ..seen("5001", wrote_at, true) }];
            assert_eq!(judged(&seen, &[sent(now, "RESPONSE", None, false)]).len(), violations, "{wrote_at} {now}");
        }
    }

    #[test]
    fn what_opens_nothing_speaks_for_nothing() {
        let read = Seen { opens: false, ..seen("5001", WROTE, false) };
        assert_eq!(judged(&[read], &[response(1)]).len(), 1);
    }

    #[test]
    fn a_retired_tag_is_a_violation_from_its_first_millisecond() {
        let end = 1_777_248_000_000;
        let seen = [seen("5001", end - 3_000_000_000, true)];
        for (at, violations) in [(end - 1, 0), (end, 1), (end + 1, 1)] {
            let sent = sent(at, "MESSAGE_TAG", Some("ACCOUNT_UPDATE"), false);
            assert_eq!(judged(&seen, &[sent]).len(), violations, "{at}");
        }
    }

    #[test]
    fn a_template_before_its_day_is_a_violation_and_later_none_at_any_age() {
        let from = 1_777_248_000_000;
        let seen = [seen("5001", from - 3_000_000_000, true)];
        for (at, violations) in [(from - 1, 1), (from, 0), (from + 3_000_000_000, 0)] {
            assert_eq!(judged(&seen, &[sent(at, "UTILITY", None, false)]).len(), violations, "{at}");
        }
    }

    #[test]
    fn a_type_and_tag_that_do_not_belong_together_are_a_violation() {
        let seen = [seen("5001", WROTE, true)];
        for (messaging_type, tag) in
            [("MESSAGE_TAG", None), ("RESPONSE", Some("HUMAN_AGENT")), ("UTILITY", Some("HUMAN_AGENT"))]
        {
            assert_eq!(judged(&seen, &[sent(WROTE, messaging_type, tag, true)]).len(), 1);
        }
    }
}
