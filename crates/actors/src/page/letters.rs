//! What a Page's conversations and calls tell it most often: left at its door, so that it reads many at once.
//!
//! Keeps: a letter left before a message was sent is read before that message is handled.

use std::sync::Arc;

use model::Psid;
use ractor::{ActorProcessingErr, ActorRef};

use super::{PageBirth, PageMsg, Parts};
use crate::errand::Answer;
use crate::porch::Porch;
use crate::work::{Fate, Work};

/// A word that waits for nothing.
#[derive(Debug)]
pub(super) enum Letter {
    /// A conversation's work is durable (or changed nothing).
    Done { psid: Psid, tickets: Vec<(u64, Fate)> },
    /// The world's answer to a conversation's effect.
    Settle { psid: Psid, effect: u64, answer: Answer },
}

/// The way back to a Page. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Parent {
    page: ActorRef<PageMsg>,
    letters: Arc<Porch<Letter>>,
}

impl Parent {
    pub(super) fn new(page: ActorRef<PageMsg>) -> Self {
        Self { page, letters: Arc::default() }
    }

    /// The word was heard.
    pub(super) fn heard(&self) {
        self.letters.heard();
    }

    pub(crate) fn cast(&self, message: PageMsg) -> Result<(), ActorProcessingErr> {
        Ok(self.page.cast(message)?)
    }

    /// A conversation's work is durable (or changed nothing).
    pub(crate) fn done(&self, psid: Psid, tickets: Vec<(u64, Fate)>) -> Result<(), ActorProcessingErr> {
        self.leave(Letter::Done { psid, tickets })
    }

    /// The world's answer to a conversation's effect.
    pub(crate) fn settle(&self, psid: Psid, effect: u64, answer: Answer) -> Result<(), ActorProcessingErr> {
        self.leave(Letter::Settle { psid, effect, answer })
    }

    fn leave(&self, letter: Letter) -> Result<(), ActorProcessingErr> {
        if self.letters.leave(letter) { self.cast(PageMsg::Letters) } else { Ok(()) }
    }
}

impl Parts {
    pub(super) async fn read_letters(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
    ) -> Result<(), ActorProcessingErr> {
        let mut letters = core::mem::take(&mut self.reading);
        self.parent.letters.take(&mut letters);
        for letter in letters.drain(..) {
            match letter {
                Letter::Done { psid, tickets } => self.done(birth, &psid, tickets),
                Letter::Settle { psid, effect, answer: Answer { outcome, why } } => {
                    if self.streak.heard(&outcome) {
                        self.answered(me, birth).await?;
                    }
                    let ticket = self.ticket(Work::Settle { effect, outcome, why }, None);
                    self.give(me, birth, psid, ticket).await?;
                }
            }
        }
        self.reading = letters;
        Ok(())
    }
}
