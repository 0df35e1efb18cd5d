//! Outside the standard window a special message may go out under one of three tags for news: an event the customer
//! confirmed, their account, their purchase. By automation and by agents, without a limit in time.
//!
//! Source: Meta, *Send a Message* as in force from early 2020 until 2026-04-27, read 2026-11-23. A permit under this rule
//! never outlives the day on which a later edition stops accepting the tag. Where that day lies behind `now`, the edition
//! is applied on purpose past its time (a what-if), and there is no end.

use model::Timestamp;

use super::{Answer, NEVER, Pass};
use crate::{Edition, Facts, MessagingType};
use sabotage::{Defect, on};

pub(super) fn ask(facts: &Facts, now: Timestamp, edition: &Edition) -> Answer {
    match facts.tag {
        None => Answer::Pass(Pass::NoTagAsked),
        Some(tag) => Answer::Permit {
            messaging_type: MessagingType::MessageTag(tag.into()),
            until: edition.retirement_after(tag, now).filter(|_| !on(Defect::TagOutlivesEdition)).unwrap_or(NEVER),
        },
    }
}

#[cfg(test)]
mod tests {
    use model::{Span, Timestamp};

    use crate::testing::{agent, automation};
    use crate::{
        Edition, Expired, Facts, MessagingType, Openers, Tag, UpdateTag, Verdict, confirm, decide, edition_by_id,
    };

    fn old() -> &'static Edition {
        edition_by_id("2020-01-15").expect("known")
    }

    fn retired_at() -> Timestamp {
        edition_by_id("2026-04-27").expect("known").starts_at()
    }

    fn asking(facts: Facts, tag: UpdateTag) -> Facts {
        let wrote_at = Some(retired_at() - Span::days(2));
        Facts {
            tag: Some(tag),
            openers: Openers { last_action_at: wrote_at, last_message_at: wrote_at, ad_message_at: None },
            ..facts
        }
    }

    #[test]
    fn each_tag_is_accepted_from_agents_and_automation() {
        for (asked, tag) in [
            (UpdateTag::ConfirmedEventUpdate, Tag::ConfirmedEventUpdate),
            (UpdateTag::AccountUpdate, Tag::AccountUpdate),
            (UpdateTag::PostPurchaseUpdate, Tag::PostPurchaseUpdate),
        ] {
            for facts in [agent(), automation()] {
                let verdict = decide(&asking(facts, asked), retired_at() - Span::hours(1), old());
                let Verdict::Permit { messaging_type, until, .. } = verdict else {
                    panic!("{asked:?}: {verdict:?}");
                };
                assert_eq!((messaging_type, until), (MessagingType::MessageTag(tag), retired_at()));
            }
        }
    }

    #[test]
    fn a_permit_under_a_tag_ends_with_the_day_that_retires_it() {
        let facts = asking(automation(), UpdateTag::AccountUpdate);
        let last = retired_at() - Span(1);
        let verdict = decide(&facts, last, old());
        assert!(confirm(&verdict, last).is_ok());
        for now in [retired_at(), retired_at() + Span(1)] {
            assert_eq!(confirm(&verdict, now), Err(Expired::Since(retired_at())));
        }
    }
}
