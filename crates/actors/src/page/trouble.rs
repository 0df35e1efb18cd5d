//! What Meta, or the way to it, says of the whole Page: its machine notes it, and the sending rests as the machine says.
//!
//! Invariant: the turns rest exactly as long as the machine's state says; an error about the app reaches every Page.

use machine::page::{Command, Stop, Trouble as Observed};
use ractor::{ActorProcessingErr, ActorRef};

use super::{PageBirth, PageMsg, Parts};
use crate::errand::Trouble;
use crate::ports::Counters;

impl Parts {
    /// Something was said of the Page as a whole.
    pub(super) async fn trouble(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        trouble: Trouble,
    ) -> Result<(), ActorProcessingErr> {
        match trouble {
            Trouble::TokenRefused((code, subcode)) => {
                tracing::error!(page = %birth.page, code, subcode, "Meta refuses the Page's token; its messages are held");
                self.decide(me, birth, Command::Observe(Observed::TokenRefused { code, subcode }), None, None);
                self.refresh(birth);
                Ok(())
            }
            Trouble::Stopped { everywhere: true, stop } => {
                for (_, page) in birth.router.pages() {
                    // One that is ending learns of it from its own next send.
                    drop(page.cast(PageMsg::Trouble(Trouble::Stopped { everywhere: false, stop: stop.clone() })));
                }
                Ok(())
            }
            Trouble::Stopped { everywhere: false, stop } => self.stopped(me, birth, stop).await,
            Trouble::Unclear(stop) => {
                let is_streak = self.streak.unclear();
                if is_streak || self.host.state.pause().is_some() {
                    self.stopped(me, birth, stop).await?;
                }
                Ok(())
            }
        }
    }

    async fn stopped(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        stop: Stop,
    ) -> Result<(), ActorProcessingErr> {
        let before = self.host.state.pause().cloned();
        self.decide(me, birth, Command::Observe(Observed::Stopped(stop)), None, None);
        let Some(pause) = self.host.state.pause().filter(|pause| Some(*pause) != before.as_ref()) else {
            return Ok(());
        };
        tracing::warn!(page = %birth.page, why = pause.row, until_ms = pause.until.0, "the Page's messages wait");
        Counters::add(&birth.ports.counters.pauses, 1);
        self.rests();
        self.grant(me, birth).await
    }

    /// Meta answered a send of this Page.
    pub(super) async fn answered(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
    ) -> Result<(), ActorProcessingErr> {
        if self.host.state.pause().is_none() {
            return Ok(());
        }
        self.decide(me, birth, Command::Observe(Observed::Answered), None, None);
        if self.host.state.pause().is_some() {
            return Ok(());
        }
        tracing::info!(page = %birth.page, "the Page's messages go on");
        self.rests();
        self.grant(me, birth).await
    }

    /// The turns learn what the machine knows.
    pub(super) fn rests(&mut self) {
        self.turns.rest(self.host.state.pause().map(|pause| pause.until));
    }
}
