//! The Page's sender: remembers sends until their outcome is journaled. See `actors::sender`.
//!
//! Invariant: a send that was open when nobody remembers it is in doubt and never executed again.

use std::collections::BTreeMap;

use actors::errand::{Answer, is_send, left_by_an_earlier_life};
use machine::conversation::Effect;
use model::EffectId;

use super::Ground;
use super::agenda::Job;
use super::errands::Errand;
use super::page::Letter;
use super::tree::{Mailbox, Tree};

pub(super) enum SenderMsg {
    /// The effect's batch is durable: carry it out.
    Run { conversation: usize, id: EffectId, effect: Effect },
    /// The effect was open when its conversation was loaded: under way, finished, or left from an earlier life.
    Recover { conversation: usize, id: EffectId, effect: Effect },
    /// A send's outcome is known.
    Finished { conversation: usize, effect: u64, answer: Answer },
    /// A send's outcome is journaled.
    Forget { conversation: usize, effect: u64 },
}

/// The sender.
#[derive(Default)]
pub(super) struct Sender {
    pub(super) mailbox: Mailbox<SenderMsg>,
    /// Sends by conversation and effect, kept until their outcome is journaled; `None`: under way.
    sent: BTreeMap<(usize, u64), Option<Answer>>,
}

impl Tree {
    pub(super) fn read_sender<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let sender = &mut self.pages[page].sender;
        let Some(message) = sender.mailbox.mail.pop_front() else { return };
        match message {
            SenderMsg::Run { conversation, id, effect } => self.run(ground, page, conversation, (id, effect)),
            SenderMsg::Recover { conversation, id, effect } => {
                if !is_send(&effect) {
                    self.run(ground, page, conversation, (id, effect));
                    return;
                }
                match sender.sent.get(&(conversation, id.seq)) {
                    Some(None) => {}
                    Some(Some(answer)) => {
                        let answer = answer.clone();
                        self.settled(ground, page, conversation, (id.seq, answer));
                    }
                    None => self.settled(ground, page, conversation, (id.seq, left_by_an_earlier_life())),
                }
            }
            SenderMsg::Finished { conversation, effect, answer } => {
                sender.sent.insert((conversation, effect), Some(answer.clone()));
                self.settled(ground, page, conversation, (effect, answer));
            }
            SenderMsg::Forget { conversation, effect } => {
                sender.sent.remove(&(conversation, effect));
            }
        }
    }

    fn run<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize, (id, effect): (EffectId, Effect)) {
        if is_send(&effect) {
            self.pages[page].sender.sent.insert((conversation, id.seq), None);
        }
        self.carry_out(ground, conversation, id, effect);
    }

    /// The world's answer goes to its conversation through the Page.
    pub(super) fn settled<O>(
        &mut self,
        ground: &mut Ground<O>,
        page: usize,
        conversation: usize,
        (effect, answer): (u64, Answer),
    ) {
        self.pages[page].leave(&mut ground.agenda, page, Letter::Settle { conversation, effect, answer });
    }

    /// One job per call, none where the same is under way.
    pub(super) fn carry_out<O>(&mut self, ground: &mut Ground<O>, conversation: usize, id: EffectId, effect: Effect) {
        let resident = &self.conversations[conversation];
        let (page, post) = (&self.pages[resident.page], self.pages[resident.page].post);
        if !is_send(&effect) && !self.posts[post].begin(conversation, id.seq) {
            return;
        }
        let whose = (resident.page, page.life, conversation);
        let errand = Errand::new(whose, post, (page.id.clone(), resident.psid.clone()), (id, effect));
        ground.agenda.spawn(Job::Errand(Box::new(errand)));
    }
}
