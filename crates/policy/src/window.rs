//! Where windows end: the only place that adds 24 hours, 7 days or 30 days to anything.
//!
//! A window is open exactly while `now < end`; the end itself is outside. Fed by the customer's actions alone.

use model::{Span, Timestamp};

use crate::{Facts, Guards, HumanAgentBase, Openers};
use sabotage::{Defect, on};

/// "Within 24 hours" of the customer's last opening action. Meta, *Send a Message*, read 2026-11-23.
const STANDARD: Span = Span::hours(24);

/// "Within 7 days of the person's message". Meta, *Send API reference*, read 2026-11-23.
const HUMAN_AGENT: Span = Span::days(7);

/// "Up to 7 days" from the first message after a Click-to-Messenger ad. Meta's policy page (2026-09-28), read 2026-11-23.
const AD: Span = Span::days(7);

impl Openers {
    /// The newest opening action; a message is one.
    pub fn opened_at(&self) -> Option<Timestamp> {
        if on(Defect::MessageNoAction) { self.last_action_at } else { self.last_action_at.max(self.messaged_at()) }
    }

    /// The newest message; one that followed an ad is one.
    fn messaged_at(&self) -> Option<Timestamp> {
        self.last_message_at.max(self.ad_message_at)
    }
}

/// First instant outside the standard window, guard included; `None` if the customer never did anything.
pub fn standard_window_end(openers: &Openers, guards: &Guards) -> Option<Timestamp> {
    openers.opened_at().map(|at| close(at, STANDARD, guards.standard))
}

/// First instant outside the human agent's seven days, guard included; `None` where nothing counts towards them.
pub fn human_agent_end(openers: &Openers, base: HumanAgentBase, guards: &Guards) -> Option<Timestamp> {
    let from = match base {
        HumanAgentBase::Message if !on(Defect::PersonAfterButton) => openers.messaged_at(),
        HumanAgentBase::Message | HumanAgentBase::Opener => openers.opened_at(),
    };
    from.map(|at| close(at, HUMAN_AGENT, guards.human_agent))
}

/// First instant outside the seven days after an ad, guard included; `None` where no message followed one.
pub fn ad_window_end(openers: &Openers, guards: &Guards) -> Option<Timestamp> {
    openers.ad_message_at.map(|at| close(at, AD, guards.human_agent))
}

/// How long a refusal for privacy rules is remembered. Ours: Meta names no length (read 2026-11-23).
const PRIVACY: Span = Span::days(30);

/// First instant at which the refusal for privacy rules is forgotten; `None` where there was none.
pub fn privacy_limit_end(facts: &Facts) -> Option<Timestamp> {
    facts.privacy_refused_at.map(|at| at + PRIVACY)
}

fn close(opened_at: Timestamp, length: Span, guard: Span) -> Timestamp {
    let guard = guard.max(Span(0));
    if on(Defect::GuardAdded) { opened_at + length + guard } else { opened_at + length - guard }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Guards = Guards { standard: Span(0), human_agent: Span(0) };

    #[test]
    fn a_window_counts_from_the_newest_opening_action() {
        let openers = Openers {
            last_action_at: Some(Timestamp(5_000)),
            last_message_at: Some(Timestamp(1_000)),
            ad_message_at: None,
        };
        assert_eq!(standard_window_end(&openers, &NONE), Some(Timestamp(86_405_000)));
        assert_eq!(standard_window_end(&openers, &Guards::default()), Some(Timestamp(86_345_000)));
    }

    #[test]
    fn a_message_is_an_opening_action_even_if_nobody_noted_it_as_one() {
        let openers = Openers { last_action_at: None, last_message_at: Some(Timestamp(1_000)), ad_message_at: None };
        assert_eq!(standard_window_end(&openers, &NONE), Some(Timestamp(86_401_000)));
    }

    #[test]
    fn a_message_after_an_ad_is_a_message() {
        let openers = Openers { ad_message_at: Some(Timestamp(1_000)), ..Openers::default() };
        assert_eq!(standard_window_end(&openers, &NONE), Some(Timestamp(86_401_000)));
        assert_eq!(human_agent_end(&openers, HumanAgentBase::Message, &NONE), Some(Timestamp(604_801_000)));
    }

    #[test]
    fn seven_days_count_from_the_message_unless_told_otherwise() {
        let openers = Openers {
            last_action_at: Some(Timestamp(5_000)),
            last_message_at: Some(Timestamp(1_000)),
            ad_message_at: None,
        };
        let end = |base| human_agent_end(&openers, base, &NONE);
        assert_eq!(end(HumanAgentBase::Message), Some(Timestamp(604_801_000)));
        assert_eq!(end(HumanAgentBase::Opener), Some(Timestamp(604_805_000)));
    }

    #[test]
    fn a_negative_guard_does_not_lengthen_a_window() {
        let opened = Some(Timestamp(0));
        let openers = Openers { last_action_at: opened, last_message_at: None, ad_message_at: opened };
        let guards = Guards { standard: Span(-1), human_agent: Span(-1) };
        assert_eq!(standard_window_end(&openers, &guards), Some(Timestamp(86_400_000)));
        assert_eq!(ad_window_end(&openers, &guards), Some(Timestamp(604_800_000)));
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let (first, last) = (Some(Timestamp(i64::MIN)), Some(Timestamp(i64::MAX)));
        let openers = Openers { last_action_at: last, last_message_at: first, ad_message_at: first };
        assert!(ad_window_end(&openers, &Guards::default()).is_some());
        assert!(standard_window_end(&openers, &Guards::default()).is_some());
        assert!(human_agent_end(&openers, HumanAgentBase::Message, &Guards::default()).is_some());
    }
}
