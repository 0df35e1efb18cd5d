//! Whose turn it is to send, and what has to wait until the inbox was read.
//!
//! Before a refusal for the window is decided, everything of the customer that is durable must have been offered: what a
//! conversation would refuse comes back to its Page, waits for a barrier through the feeder, and is then decided for sure.

use model::Psid;
use ractor::{ActorProcessingErr, ActorRef};

use super::{PageBirth, PageMsg, Parts, later};
use crate::feeder::FeederMsg;
use crate::turns::Turn;
use crate::work::Work;

impl Parts {
    /// Takes a piece of work back until the feeder has offered whatever is durable now.
    pub(super) fn make_sure(&mut self, birth: &PageBirth, psid: Psid, ticket: u64) -> Result<(), ActorProcessingErr> {
        let Some(mut ticket) = self.slots.get_mut(&psid).and_then(|slot| slot.done(ticket)) else { return Ok(()) };
        ticket.sure = true;
        self.pump(&psid);
        self.next_token += 1;
        self.barriers.push_back((self.next_token, psid, ticket));
        Ok(birth.feeder.actor().cast(FeederMsg::Barrier { page: birth.page.clone(), token: self.next_token })?)
    }

    /// The feeder answers in order, so everything up to this token has passed.
    pub(super) async fn passed(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        token: u64,
    ) -> Result<(), ActorProcessingErr> {
        while self.barriers.front().is_some_and(|(first, ..)| *first <= token) {
            if let Some((_, psid, ticket)) = self.barriers.pop_front() {
                self.give(me, birth, psid, ticket).await?;
            }
        }
        Ok(())
    }

    /// Gives tokens to the conversations that ask, in turn.
    pub(super) async fn grant(&mut self, me: &ActorRef<PageMsg>, birth: &PageBirth) -> Result<(), ActorProcessingErr> {
        loop {
            let now = birth.ports.clock.now();
            match self.turns.next(now) {
                Turn::Of(psid) => {
                    let ticket = self.ticket(Work::Dispatch, None);
                    self.give(me, birth, psid, ticket).await?;
                }
                Turn::At(at) => {
                    later(me, birth, at, || PageMsg::Grant);
                    return Ok(());
                }
                Turn::Nobody => return Ok(()),
            }
        }
    }
}
