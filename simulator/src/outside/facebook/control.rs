//! Which app has a conversation, and how this one takes it over.
//!
//! Source: *Conversation Routing*, read 2026-11-23.

use messenger::{Control, Fault};
use model::{AppId, MachineId, PageId, Psid, Span, Timestamp};

use super::{ANSWER, Customer, Facebook, Planned};
use crate::chance::{Stream, between};

/// How long another app keeps a conversation in which nothing happens.
const LASTS: Span = Span::hours(24);

impl Facebook {
    /// From now on it lets this app take conversations over, or no more.
    pub fn gives_control(&mut self, gives: bool) {
        self.gives_control = gives;
    }

    /// The other app that was handed the conversation and has not let a day pass without anything happening in it.
    /// Control that has ended does not come back with the next message.
    pub(super) fn holder(&self, customer: &Customer, now: Timestamp) -> Option<&AppId> {
        let handed = self.known.owners.get(customer).into_iter().flatten().filter(|owner| owner.since <= now);
        let owner = handed.max_by_key(|owner| owner.since)?;
        if self.taken.get(customer).is_some_and(|taken| owner.since <= *taken) {
            return None;
        }
        let deeds = self.known.deeds.get(customer).into_iter().flatten().map(|deed| deed.at);
        let mut deeds: Vec<Timestamp> = deeds.filter(|at| (owner.since..=now).contains(at)).collect();
        deeds.sort();
        deeds.push(now);
        let lasts = deeds.iter().try_fold(owner.since, |active_at, at| (*at - active_at < LASTS).then_some(*at));
        owner.app.as_ref().filter(|app| lasts.is_some() && **app != self.app)
    }

    /// Gives a conversation to this app, where it lets it take any.
    pub fn take_control(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Control, Fault>> {
        let customer = (page.clone(), psid.clone());
        let control = if self.gives_control {
            self.taken.insert(customer.clone(), now);
            Control::Taken
        } else {
            // Whose it is, Meta tells its owner and the default app alone.
            Control::Denied { reason: "not-offered".to_owned(), owner: None }
        };
        let who = MachineId::Conversation(page.clone(), psid.clone());
        let nth = self.asked_for.entry(customer).or_default();
        *nth += 1;
        let wait = between(Stream::Thread, &format!("control {who}#{nth}"), ANSWER.0, ANSWER.1);
        Planned::answer(now + wait, Ok(control))
    }
}
