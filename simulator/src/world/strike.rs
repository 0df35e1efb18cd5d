//! Faults of a scenario strike: each line tells the trouble that both depths ask, and the oracle that it is on.
//!
//! Says what is ordered and for how long nobody is blamed; what comes of it is the depths' matter. Invariant: whatever
//! begins here ends here, with the scenario at the latest.

use model::{MachineId, Span, Timestamp};
use oracle::history::{Life, Word};

use super::course::{Course, Done};
use super::depth::Played;
use crate::fault::trouble::Trouble;
use crate::fault::{Fall, Fault, Whose};
use crate::scenario::{Deed, Scenario, Who};

/// After a fault that strikes once the node has so long to come to itself.
const RECOVERY: Span = Span::minutes(1);

/// A fault that is on.
pub(super) struct On {
    word: &'static str,
    until: Until,
}

/// When it is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Then.
    At(Timestamp),
    /// Some time after it has struck.
    Struck,
    /// When a line says so.
    Told,
}

/// The trouble of a scenario, before anything is wrong.
pub(super) fn trouble(scenario: &Scenario) -> Trouble {
    let trouble = Trouble::default();
    if scenario.lines.iter().any(|line| matches!(line.deed, Deed::Fault(Fault::ClockJumps(_)))) {
        trouble.lets_clock_wander();
    }
    trouble
}

/// Whether anything goes wrong in it that disks have to know of.
pub(super) fn is_troubled(scenario: &Scenario) -> bool {
    scenario.lines.iter().any(|line| if let Deed::Fault(fault) = &line.deed { fault.is_inside() } else { false })
}

/// Whether anything goes wrong in it at all, inside or outside.
pub(super) fn has_faults(scenario: &Scenario) -> bool {
    scenario.lines.iter().any(|line| matches!(line.deed, Deed::Fault(_)))
}

impl<N: Played> Course<'_, N> {
    /// Does what a line says.
    pub(super) fn strikes(&mut self, fault: &Fault) -> anyhow::Result<Done> {
        let now = self.node.time();
        let until = match fault {
            Fault::Fall(Fall { power, after }) => {
                power.iter().for_each(|number| self.trouble.loses_power(*number));
                match after {
                    Some(after) => self.trouble.falls_after(*after),
                    None => {
                        self.is_down = true;
                        self.node.falls();
                    }
                }
                // Until `restart`, which the oracle hears of by itself.
                Until::At(now)
            }
            Fault::DiskFills => {
                self.trouble.fills_disk();
                Until::Told
            }
            Fault::DiskFails { after } => {
                self.trouble.fails_disk(*after);
                Until::Told
            }
            Fault::DiskWorks => {
                self.trouble.mends_disk();
                for on in self.on.iter_mut().filter(|on| on.word == "full-disk" || on.word == "failing-disk") {
                    on.until = Until::At(now + RECOVERY);
                }
                self.post_again();
                return Ok(Ok(()));
            }
            Fault::Commits { count, fate } => {
                self.trouble.fates_commits(*count, *fate);
                Until::Struck
            }
            Fault::Panics(whose) => {
                let machine = match whose {
                    Whose::Customer(who) => self.talk(who),
                    Whose::Page(label) => self.scenario.page_id(label).map(MachineId::Page),
                };
                match machine {
                    Ok(machine) => self.trouble.panics(&machine),
                    Err(why) => return Ok(Err(why)),
                }
                Until::Struck
            }
            Fault::Hangs { who, length } => {
                match self.talk(who) {
                    Ok(machine) => self.trouble.hangs(&machine, now + *length),
                    Err(why) => return Ok(Err(why)),
                }
                Until::At(now + *length + RECOVERY)
            }
            Fault::ClockJumps(_) if !self.node.has_own_clock() => {
                return Ok(Err("node and world have one clock at this depth: it is not set".to_owned()));
            }
            Fault::ClockJumps(by) => {
                self.trouble.jumps(*by);
                Until::Told
            }
            Fault::Graph(_) | Fault::Tracker(_) | Fault::TokenDies { .. } | Fault::Restricts { .. } => {
                return self.turns_outside(fault);
            }
            Fault::Delays { .. }
            | Fault::Withholds(_)
            | Fault::Subscribes(_)
            | Fault::Sets(_)
            | Fault::Turns { .. } => {
                return self.turns_outside(fault);
            }
        };
        if let Some(word) = fault.word() {
            self.node.life(Life::FaultBegan { fault: Word::Borrowed(word) })?;
            self.on.push(On { word, until });
        }
        Ok(Ok(()))
    }

    pub(super) fn talk(&self, who: &Who) -> Result<MachineId, String> {
        Ok(MachineId::Conversation(self.scenario.page_id(&who.page)?, self.scenario.psid(who)?))
    }

    /// What is over by itself is over.
    pub(super) fn faults_end(&mut self) -> anyhow::Result<()> {
        let now = self.node.time();
        let (struck, is_right) = (self.trouble.has_struck(), self.trouble.ahead() == Span(0));
        for on in &mut self.on {
            let told = on.until == Until::Told && on.word == "clock-jump" && is_right;
            if told || (on.until == Until::Struck && struck) {
                on.until = Until::At(now + RECOVERY);
            }
        }
        let mut over = Vec::new();
        self.on.retain(|on| {
            let is_on = !matches!(on.until, Until::At(at) if at <= now);
            if !is_on && !over.contains(&on.word) {
                over.push(on.word);
            }
            is_on
        });
        for word in over {
            // The oracle knows a fault by its word alone: over is the last of them.
            if self.on.iter().all(|on| on.word != word) {
                self.node.life(Life::FaultEnded { fault: Word::Borrowed(word) })?;
            }
        }
        Ok(())
    }
}
