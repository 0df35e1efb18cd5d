//! Items from Meta: what the customer did, what the Page sent, how far the customer got.
//!
//! Invariants: a known key decides nothing; an echo never opens a task and never moves the window.

use model::{AppId, Echo, Handover, HandoverAct, Inbound, Kind, Span, Timestamp};
use sabotage::{Defect, on};

use super::{release_echoes, tasking};
use crate::Context;
use crate::conversation::event::{Event, Line};
use crate::conversation::state::State;
use crate::outbound::PartId;

/// How long an echo without a mark of ours is held while a send is under way. The answer of a send comes within its
/// time limit or not at all; an echo that outlives this is another's.
const ECHO_HOLD: Span = Span::seconds(60);

pub(super) fn receive(state: &State, inbound: Inbound, context: &Context, now: Timestamp) -> Vec<Event> {
    if state.seen.contains(&inbound.key) && !on(Defect::DedupSkipped) {
        return Vec::new();
    }
    if on(Defect::ReceivingNeedsToken) && !context.page.token {
        return Vec::new();
    }
    let line = state.line(&inbound);
    let consequences = match &inbound.kind {
        Kind::Message(_) | Kind::Postback(_) | Kind::Order(_) => {
            let task = line.and_then(|line| tasking::customer_wrote(state, line, context, now));
            task.into_iter().chain(tasking::asks_again(state, context, now)).collect()
        }
        Kind::Echo(echo) => echoed(state, echo, line, context, now),
        Kind::Handover(handover) => {
            let owned =
                ours(handover, context).map(|ours| Event::ThreadOwned { ours, at: inbound.at, key: inbound.key });
            owned.into_iter().chain(tasking::outside_came(state, line.into_iter().collect(), context)).collect()
        }
        Kind::Reaction(_)
        | Kind::Edit(_)
        | Kind::Unsend(_)
        | Kind::Referral(_)
        | Kind::Optin(_)
        | Kind::AccountLink(_)
        | Kind::Feedback(_)
        | Kind::Notice(_) => tasking::outside_came(state, line.into_iter().collect(), context).into_iter().collect(),
        Kind::Delivered(_) | Kind::Read(_) | Kind::Legacy(_) => Vec::new(),
    };
    let mut events = Vec::with_capacity(1 + consequences.len());
    events.push(Event::Received { inbound });
    events.extend(consequences);
    events
}

/// Whether we may send after a hand-over; `None` where it does not tell, or nobody knows which app we are. A thread that
/// was given up is anybody's.
fn ours(handover: &Handover, context: &Context) -> Option<bool> {
    let is_ours = |app: &AppId| context.account.app.as_ref().map(|ours| ours == app);
    match (handover.act, &handover.to) {
        (HandoverAct::Passed | HandoverAct::Taken, Some(app)) => is_ours(app),
        (HandoverAct::Passed, None) => Some(true),
        (HandoverAct::Taken, None) => match handover.from.as_ref().and_then(is_ours) {
            Some(true) => Some(false),
            Some(false) | None => None,
        },
        (HandoverAct::Requested, _) => None,
    }
}

/// Whose message an echo is.
enum Whose {
    /// A part of ours that is not known as sent yet: now it is.
    Proves(PartId),
    /// A part that is known as sent.
    Ours,
    /// The send under way may be its own; its answer will tell.
    Unclear,
    /// Another app's, or a person's in Meta's inbox.
    Outside,
}

fn whose(state: &State, echo: &Echo, context: &Context) -> Whose {
    let named = state.part_named_by(echo.metadata.as_deref()).filter(|_| !on(Defect::OwnEchoForeign));
    if let Some(part) = named.or_else(|| state.queue.part_of_mid(&echo.mid)) {
        let sent = state.queue.part(part).is_none_or(crate::outbound::Part::is_sent);
        return if sent { Whose::Ours } else { Whose::Proves(part) };
    }
    let app_may_be_ours = match (&echo.app, &context.account.app) {
        (Some(app), Some(ours)) => app == ours,
        (None, Some(_)) | (Some(_) | None, None) => true,
    };
    if app_may_be_ours && echo.metadata.is_none() && state.queue.is_unsettled() {
        Whose::Unclear
    } else {
        Whose::Outside
    }
}

fn echoed(state: &State, echo: &Echo, line: Option<Line>, context: &Context, now: Timestamp) -> Vec<Event> {
    match whose(state, echo, context) {
        Whose::Proves(part) => {
            let mut events = vec![Event::PartSent { part, mid: Some(echo.mid.clone()), at: now }];
            if !state.queue.is_unsettled_besides(part) {
                events.extend(release_echoes(state, Some(&echo.mid), context));
            }
            events
        }
        Whose::Ours => Vec::new(),
        Whose::Outside if on(Defect::ForeignEchoHidden) => Vec::new(),
        Whose::Unclear => vec![Event::EchoHeld { mid: echo.mid.clone(), until: now + ECHO_HOLD }],
        Whose::Outside => {
            let mut events = vec![Event::SentOutside { mid: echo.mid.clone() }];
            events.extend(tasking::outside_came(state, line.into_iter().collect(), context));
            events
        }
    }
}
