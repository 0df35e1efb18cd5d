//! What Meta, or the way to it, says of the whole Page. See `actors::page::trouble`.
//!
//! Invariant: the turns rest exactly as long as the machine's state says; an error about the app reaches every Page.

use actors::errand::Trouble;
use machine::page::{Command, Stop, Trouble as Observed};

use super::{Page, PageMsg};
use crate::core::Ground;
use crate::core::agenda::Actor;
use crate::core::tree::Tree;

impl Tree {
    pub(super) fn trouble<O>(&mut self, ground: &mut Ground<O>, page: usize, trouble: Trouble) {
        match trouble {
            Trouble::TokenRefused((code, subcode)) => {
                self.page_decides(ground, page, Command::Observe(Observed::TokenRefused { code, subcode }), None);
                self.refresh(ground, page);
            }
            Trouble::Stopped { everywhere: true, stop } => {
                // In the order of the router: by id.
                let mut routed: Vec<usize> = (0..self.pages.len()).filter(|page| self.pages[*page].routed).collect();
                routed.sort_by(|one, other| self.pages[*one].id.cmp(&self.pages[*other].id));
                for of in routed {
                    let message = PageMsg::Trouble(Trouble::Stopped { everywhere: false, stop: stop.clone() });
                    self.pages[of].mailbox.post(&mut ground.agenda, Actor::Page(of), message);
                }
            }
            Trouble::Stopped { everywhere: false, stop } => self.stopped(ground, page, stop),
            Trouble::Unclear(stop) => {
                let is_streak = self.pages[page].streak.unclear();
                if is_streak || self.pages[page].rest().is_some() {
                    self.stopped(ground, page, stop);
                }
            }
        }
    }

    fn stopped<O>(&mut self, ground: &mut Ground<O>, page: usize, stop: Stop) {
        let before = self.pages[page].rest();
        self.page_decides(ground, page, Command::Observe(Observed::Stopped(stop)), None);
        if self.pages[page].rest() != before {
            self.pages[page].rests();
            self.grant(ground, page);
        }
    }

    /// Meta answered a send of this Page.
    pub(super) fn answered<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        if self.pages[page].rest().is_none() {
            return;
        }
        self.page_decides(ground, page, Command::Observe(Observed::Answered), None);
        if self.pages[page].rest().is_none() {
            self.pages[page].rests();
            self.grant(ground, page);
        }
    }
}

impl Page {
    fn rest(&self) -> Option<machine::page::Pause> {
        self.host.as_ref()?.state.pause().cloned()
    }

    /// The turns learn what the machine knows.
    pub(super) fn rests(&mut self) {
        let until = self.rest().map(|pause| pause.until);
        self.turns.rest(until);
    }
}
