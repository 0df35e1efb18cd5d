//! What others read from a conversation: its window, whether something may be sent, when it wants to be woken.
//!
//! Reads only. The 24 hours and 7 days themselves live in the policy; here are only the facts that it is asked with.

use model::{Span, Timestamp};
use policy::{Author, Carries, Edition, Facts, Guards, Openers, UpdateTag, Verdict};
use sabotage::{Defect, on};
use serde::{Deserialize, Serialize};

use super::event::WakeReason;
use super::state::{Binding, State};
use crate::Context;
use crate::outbound::{Part, PartState};

/// How far the customer got, by Meta's watermarks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Receipts {
    /// Everything sent up to here has arrived.
    pub delivered: Option<Timestamp>,
    /// Everything sent up to here was read.
    pub read: Option<Timestamp>,
}

/// The window as the customer's actions made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    /// The customer's newest opening actions.
    pub openers: Openers,
    /// First instant outside the standard window, without any guard.
    pub ends_at: Option<Timestamp>,
}

/// The window as the customer's actions made it.
pub fn window(state: &State) -> Window {
    window_of(state.openers)
}

/// The window that these actions make.
pub(super) fn window_of(openers: Openers) -> Window {
    let unguarded = Guards { standard: Span(0), human_agent: Span(0) };
    Window { openers, ends_at: policy::standard_window_end(&openers, &unguarded) }
}

/// What the policy is asked with.
pub fn facts(state: &State, context: &Context, author: Author, tag: Option<UpdateTag>, carries: Carries) -> Facts {
    Facts {
        openers: state.openers,
        author,
        tag,
        human_agent_feature: context.account.human_agent,
        human_agent_base: context.account.human_agent_base,
        guards: context.account.guards,
        restricted: context.page.restricted,
        token: context.page.token,
        standby: state.standby,
        ad_refused: refused(state.ad_refused_at, state.openers.ad_message_at),
        carries,
        privacy_refused_at: state.privacy_refused_at,
        utility_feature: context.account.utility,
    }
}

/// Whether Meta's newest refusal speaks of the newest message after an ad. A newer one forgets it.
pub fn refused(ad_refused_at: Option<Timestamp>, ad_message_at: Option<Timestamp>) -> bool {
    ad_message_at.is_some_and(|message| ad_refused_at.is_some_and(|refused| message <= refused))
}

/// May this author send now, and when does that answer change next? For the composer.
pub fn verdict_now(
    state: &State,
    context: &Context,
    author: Author,
    tag: Option<UpdateTag>,
    now: Timestamp,
) -> (Verdict, Option<Timestamp>) {
    let facts = facts(state, context, author, tag, Carries::default());
    policy::outlook(&facts, now, &edition(context, now))
}

/// Whether the Page should be asked for a token: the next part is due, or what held it has changed.
pub fn wants_dispatch(state: &State, context: &Context, now: Timestamp) -> bool {
    let Some((_, part)) = state.queue.next(now) else { return false };
    match &part.state {
        PartState::Queued { .. } => true,
        PartState::Held { reason, since: _ } => match verdict_of(state, context, part, now) {
            Verdict::Defer { until: _, reason: now_reason } => now_reason != *reason,
            Verdict::Permit { .. } | Verdict::Forbid { .. } => true,
        },
        PartState::InFlight { .. }
        | PartState::InDoubt { .. }
        | PartState::Sent { .. }
        | PartState::Refused { .. }
        | PartState::Failed { .. } => false,
    }
}

/// The policy's answer for a part now.
pub(super) fn verdict_of(state: &State, context: &Context, part: &Part, now: Timestamp) -> Verdict {
    policy::decide(&facts_of(state, context, part), now, &edition(context, now))
}

/// What the policy is asked with for a part.
pub fn facts_of(state: &State, context: &Context, part: &Part) -> Facts {
    facts(state, context, part.author, part.tag, part.content.carries())
}

/// The edition that a replay fixed, else the one in force.
pub(super) fn edition(context: &Context, now: Timestamp) -> Edition {
    let calendar = &context.account.effective_from;
    context.edition.map_or_else(|| calendar.edition_at(now), |id| calendar.edition(id))
}

/// Every deadline that the state has, each with its reason.
pub(super) fn due(state: &State) -> impl Iterator<Item = (Timestamp, WakeReason)> {
    let gathering = match state.binding {
        Binding::Gathering { until, effect: _ } => Some((until, WakeReason::Gathering)),
        Binding::None | Binding::Opening { .. } | Binding::Bound { .. } => None,
    };
    let retry = state.queue.next_retry().map(|at| (at, WakeReason::Retry));
    let held = state.queue.next_look().map(|at| (at, WakeReason::Held));
    let doubt = state.queue.next_doubt().map(|(at, _)| (at, WakeReason::Doubt));
    let echo = state.held.iter().filter_map(|held| held.until).min().map(|at| (at, WakeReason::Echo));
    let window = unnoted_end(state).filter(|_| !on(Defect::DeadlineLost)).map(|at| (at, WakeReason::Window));
    let thread = state.queue.next_reading().map(|(at, _)| (at, WakeReason::Thread));
    [gathering, retry, held, doubt, echo, window, thread].into_iter().flatten()
}

/// End of the standard window, unless its closing was noted already.
pub(super) fn unnoted_end(state: &State) -> Option<Timestamp> {
    window(state).ends_at.filter(|end| state.closed_at.is_none_or(|noted| noted < *end))
}
