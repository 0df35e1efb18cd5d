//! Whose turn it is to send, and what has to wait until the inbox was read.
//!
//! Before a refusal for the window can be decided, everything of the customer that is durable must have been offered:
//! answers and turns wait for a barrier through the feeder.

use model::Psid;
use ractor::{ActorProcessingErr, ActorRef};

use super::{PageBirth, PageMsg, Parts, later};
use crate::feeder::FeederMsg;
use crate::work::{Ticket, Work};

/// What follows when the barrier has passed.
#[derive(Debug)]
pub(super) enum Then {
    /// Give the conversation this.
    Work(Psid, Ticket),
    /// Give the conversation a token.
    Dispatch(Psid),
}

impl Parts {
    pub(super) fn barrier(&mut self, birth: &PageBirth, then: Then) -> Result<(), ActorProcessingErr> {
        self.next_token += 1;
        self.barriers.push_back((self.next_token, then));
        Ok(birth.feeder.cast(FeederMsg::Barrier { page: birth.page.clone(), token: self.next_token })?)
    }

    /// The feeder answers in order, so everything up to this token has passed.
    pub(super) async fn passed(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        token: u64,
    ) -> Result<(), ActorProcessingErr> {
        while self.barriers.front().is_some_and(|(first, _)| *first <= token) {
            match self.barriers.pop_front() {
                Some((_, Then::Work(psid, ticket))) => self.give(me, birth, psid, ticket).await?,
                Some((_, Then::Dispatch(psid))) => {
                    let ticket = self.ticket(Work::Dispatch, None);
                    self.give(me, birth, psid, ticket).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Gives tokens to the conversations that ask, in turn.
    pub(super) fn grant(&mut self, me: &ActorRef<PageMsg>, birth: &PageBirth) -> Result<(), ActorProcessingErr> {
        while let Some(psid) = self.asks.pop_front() {
            let now = birth.ports.clock.now();
            match self.bucket.take(now) {
                Ok(()) => self.barrier(birth, Then::Dispatch(psid))?,
                Err(wait) => {
                    self.asks.push_front(psid);
                    if !self.granting {
                        self.granting = true;
                        later(me, birth, now + wait, || PageMsg::Grant);
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
