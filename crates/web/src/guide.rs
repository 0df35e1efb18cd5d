//! What there is to try where somebody only tries: the steps, and which of them were done by what the node knows now.
//!
//! For the sandbox alone; a node that serves has no guide. Reads only. Invariant: a step is done because a conversation or
//! task says so, never because somebody clicked it away.

use std::sync::atomic::{AtomicBool, Ordering};

use machine::conversation::transcript::{Reach, Who};
use machine::conversation::verdict_now;
use machine::outbound::PartState;
use model::{MachineId, Timestamp};
use policy::{Author, ForbidReason, Verdict};
use tracker::desk::TaskFilter;

use crate::lists::Filter;
use crate::port::ConversationNow;
use crate::site::Sources;

/// Newest conversations that are asked what was tried.
const ASKED: usize = 12;

/// What somebody who tries the product is told on its pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guide {
    /// Where the customers are played, as an address with its scheme.
    pub customers_url: String,
}

/// A guide and whether it is put away. Forgotten at the end.
#[derive(Debug)]
pub(crate) struct Standing {
    guide: Guide,
    away: AtomicBool,
}

/// A guide as it is shown now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    /// Where the customers are played.
    pub(crate) customers_url: String,
    /// What was done; `None`: the guide is put away.
    pub(crate) done: Option<Done>,
}

/// Which steps were done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Done {
    /// Some customer was answered, and Meta has the answer.
    pub(crate) answered: bool,
    /// Some customer read an answer.
    pub(crate) read: bool,
    /// Some task is not active any more.
    pub(crate) closed: bool,
    /// In some conversation the time for answers is over.
    pub(crate) refused: bool,
}

impl Done {
    /// All of them.
    pub(crate) const fn all(self) -> bool {
        self.answered && self.read && self.closed && self.refused
    }

    fn learn(&mut self, found: &ConversationNow, now: Timestamp) {
        for entry in found.transcript.entries() {
            if let (Who::Us { .. }, Some(PartState::Sent { .. })) = (&entry.who, &entry.state) {
                self.answered = true;
                self.read |= entry.reach == Some(Reach::Read);
            }
        }
        let verdict = verdict_now(&found.state, &found.context, Author::Agent, None, now).0;
        self.refused |= matches!(verdict, Verdict::Forbid { reason: ForbidReason::WindowClosed });
    }
}

impl Standing {
    pub(crate) fn new(guide: Guide) -> Self {
        Self { guide, away: AtomicBool::new(false) }
    }

    /// Puts the guide away, or takes it out again.
    pub(crate) fn put_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

/// The guide as it is now; `None` where there is none. What cannot be asked now counts as not done.
pub(crate) async fn shown(sources: &Sources) -> Option<Shown> {
    let standing = sources.guide.as_ref()?;
    let customers_url = standing.guide.customers_url.clone();
    if standing.away.load(Ordering::Relaxed) {
        return Some(Shown { customers_url, done: None });
    }
    let now = sources.node.now();
    let mut done = Done::default();
    let filter = Filter { now, ..Filter::default() };
    let newest = sources.lists.conversations(&filter, None, ASKED).map(|list| list.conversations).unwrap_or_default();
    for row in newest {
        if let Ok(Some(found)) = sources.node.conversation(&MachineId::Conversation(row.page, row.psid)).await {
            done.learn(&found, now);
        }
    }
    let closed = TaskFilter { active: Some(false), ..TaskFilter::default() };
    done.closed = sources.desk.tasks(closed, None, 1).is_ok_and(|list| !list.tasks.is_empty());
    Some(Shown { customers_url, done: Some(done) })
}
