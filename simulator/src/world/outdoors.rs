//! What turns outside, as lines of a scenario say it: Meta, the tracker, people at their desks, and admins.
//!
//! Orders and notes; what comes of it is the matter of whoever asks the weather. Invariant: nobody inside is excused for
//! any of it.

use model::PageId;
use oracle::history::{Admin, Life, Meta, Standing, What, Word as Said};

use super::course::{Course, Done, token};
use super::depth::Played;
use crate::fault::{Fault, Setting};
use crate::outside::desk::Deed as Turn;
use crate::scenario::{Who, Word};

impl<N: Played> Course<'_, N> {
    /// Does what a line says.
    pub(super) fn turns_outside(&mut self, fault: &Fault) -> anyhow::Result<Done> {
        let weather = self.trouble.weather().clone();
        let page = |label: &Word| self.scenario.page_id(label);
        let done = match fault {
            Fault::Graph(mood) => Ok(weather.graph_turns(*mood)),
            Fault::Tracker(mood) => Ok(weather.tracker_turns(*mood)),
            Fault::Restricts { page: label, is } => page(label).map(|page| weather.restricts(page, *is)),
            Fault::Delays { page: label, most } => page(label).map(|page| weather.delays(page, *most)),
            Fault::Withholds(Some((what, percent))) => Ok(weather.withholds(*what, *percent)),
            Fault::Withholds(None) => Ok(weather.tells_all()),
            Fault::Subscribes(label) => page(label).map(|page| self.subscribes(&page)),
            Fault::TokenDies { page: label, code } => match page(label) {
                Ok(page) => {
                    weather.token(page.clone(), Some(*code));
                    let told = format!("the token of {label} dies");
                    return self.notes(told, What::Meta(Meta::TokenDied { page })).map(Ok);
                }
                Err(why) => Err(why),
            },
            Fault::Sets(setting) => return self.sets(setting),
            Fault::Turns { who, turn, by: _ } => return self.turns_task(who, *turn),
            Fault::Fall(_) | Fault::DiskFills | Fault::DiskFails { .. } | Fault::DiskWorks => Ok(()),
            Fault::Commits { .. } | Fault::Panics(_) | Fault::Hangs { .. } | Fault::ClockJumps(_) => Ok(()),
        };
        if let (Ok(()), Some(word)) = (&done, fault.word()) {
            self.node.life(Life::OutsideTurned { into: Said::Borrowed(word) })?;
        }
        Ok(done)
    }

    /// A new configuration, and the node starts with it. What is journaled before its start was decided under the old one.
    fn sets(&mut self, setting: &Setting) -> anyhow::Result<Done> {
        let facts = &mut self.config.facts;
        let mut guards = facts.guards;
        let admin = match setting {
            Setting::HumanAgent(granted) => {
                facts.human_agent = *granted;
                self.node.grants_human_agent(*granted);
                Admin::HumanAgent { granted: *granted }
            }
            Setting::NewTask(on) => {
                facts.new_task_if_none_active = *on;
                Admin::OneActiveTask { on: *on }
            }
            Setting::Guard(_) | Setting::HumanAgentGuard(_) => {
                match setting {
                    Setting::Guard(guard) => guards.standard = *guard,
                    Setting::HumanAgentGuard(guard) => guards.human_agent = *guard,
                    Setting::HumanAgent(_) | Setting::NewTask(_) | Setting::Reconnects(_) => {}
                }
                facts.guards = guards;
                Admin::Guards { standard: guards.standard, human_agent: guards.human_agent }
            }
            Setting::Reconnects(label) => match self.scenario.page_id(label) {
                Ok(page) => self.reconnects(page),
                Err(why) => return Ok(Err(why)),
            },
        };
        if !self.is_down {
            self.node.falls();
        }
        self.notes(format!("admin {setting}"), What::Admin(admin))?;
        if !self.is_down {
            self.node.rises(&self.config)?;
            self.post_again();
        }
        Ok(Ok(()))
    }

    fn reconnects(&mut self, page: PageId) -> Admin {
        self.tokens += 1;
        if let Some(config) = self.config.pages.get_mut(&page) {
            config.token = Some(token(&page, self.tokens));
        }
        self.trouble.weather().token(page.clone(), None);
        Admin::Token { page, live: true }
    }

    /// Every Page whose token is dead gets a new one.
    pub(super) fn reconnects_all(&mut self) -> anyhow::Result<()> {
        for dead in self.trouble.weather().dead_tokens() {
            let found = self.scenario.pages.iter().find(|(_, page)| page.id == dead);
            if let Some((label, _)) = found {
                // Its Page was found, so nothing of it can fail.
                let _done = self.sets(&Setting::Reconnects(label.clone()))?;
            }
        }
        Ok(())
    }

    fn turns_task(&mut self, who: &Who, turn: Turn) -> anyhow::Result<Done> {
        let conversation = match self.talk(who) {
            Ok(conversation) => conversation,
            Err(why) => return Ok(Err(why)),
        };
        let Some(task) = self.node.turns(&conversation, turn) else {
            return Ok(Err("there is no task to which that applies".to_owned()));
        };
        let (now, said) = (self.node.time(), turned(turn));
        self.node.notes(|witness| witness.turned(now, &conversation, task, said))?;
        Ok(Ok(()))
    }

    fn notes(&mut self, told: String, what: What) -> anyhow::Result<()> {
        let now = self.node.time();
        self.node.notes(|witness| witness.changed(now, told, what))
    }
}

/// What a task is after a turn, in a word and in the oracle's.
fn turned(turn: Turn) -> (&'static str, Standing) {
    match turn {
        Turn::Complete => ("completed", Standing::Inactive),
        Turn::Reopen => ("reopened", Standing::Active),
        Turn::Trash => ("trashed", Standing::Inactive),
        Turn::Restore => ("restored", Standing::Active),
        Turn::Purge => ("purged", Standing::Gone),
    }
}
