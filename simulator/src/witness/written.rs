//! What the witness writes down for the oracle, at whichever depth.
//!
//! Only where somebody asked for a history; judges nothing. Invariant: an observation never stands before an earlier one.

use messenger::{Send, SendOutcome};
use model::{CommentId, Delivery, EffectId, MachineId, TaskId, Timestamp};
use oracle::History;
use oracle::history::{Life, Setup, Standing, Taken, Tracker, What};
use tracker::{Audience, Comment, CommentsAdded, Opened};

use super::Witness;
use crate::chronicle::Chronicle;

/// Messaging type and tag, as they stand on the wire.
type Form = (&'static str, Option<&'static str>);

impl Witness {
    /// Writes the run down for the oracle too, in a store of the first incarnation.
    #[must_use]
    pub fn writing(mut self, setup: Setup) -> Self {
        self.chronicle = Some(Box::new(Chronicle::new(setup, model::Incarnation(1))));
        self
    }

    /// Takes what was written down; `None` where nobody asked for it.
    pub fn history(&mut self) -> Option<History> {
        let hash = self.trace_hash();
        self.chronicle.take().map(|chronicle| chronicle.finish(Some(hash)))
    }

    /// Tells the chronicle, where there is one.
    pub(crate) fn tell<T>(&mut self, tell: impl FnOnce(&mut Chronicle) -> T) -> Option<T> {
        self.chronicle.as_deref_mut().map(tell)
    }

    /// Something befell the node.
    pub(crate) fn life(&mut self, at: Timestamp, life: Life) {
        let told = match &life {
            Life::Crashed => Some("CRASH".to_owned()),
            Life::FaultBegan { fault } => Some(format!("FAULT {fault} begins")),
            Life::FaultEnded { fault } => Some(format!("FAULT {fault} ends")),
            Life::OutsideTurned { into } => Some(format!("FAULT {into} begins")),
            Life::Started | Life::Poisoned { .. } | Life::FaultsOver | Life::AtRest | Life::Compared { .. } => None,
        };
        if let Some(told) = told {
            self.comes(at, None, |_| told);
        }
        self.tell(|chronicle| chronicle.life(at, life));
    }

    /// Meta posts a body; the number of the POST.
    pub(crate) fn offered(&mut self, at: Timestamp, body: &[u8]) -> Option<u64> {
        let signed = !core::mem::take(&mut self.is_forged);
        self.tell(|chronicle| chronicle.offered(at, body, signed))
    }

    /// As [`Self::offered`]; and the body as it reads, where somebody writes it down and so had to read it.
    pub(crate) fn offered_and_read(&mut self, at: Timestamp, body: &[u8]) -> Option<(u64, Delivery)> {
        let signed = !core::mem::take(&mut self.is_forged);
        self.tell(|chronicle| {
            let delivery = webhook::parse(body, at);
            (chronicle.offered_as(at, &delivery, signed), delivery)
        })
    }

    /// The next body that is posted does not come from Meta.
    pub(crate) fn is_forged(&mut self) {
        self.is_forged = true;
    }

    /// A body that does not come from Meta is turned away.
    pub(crate) fn turned_away(&mut self, at: Timestamp, body: &[u8]) {
        let number = self.tell(|chronicle| chronicle.offered(at, body, false));
        if let Some(number) = number {
            self.tell(|chronicle| chronicle.answered(at, number, 401));
        }
    }

    /// The node answers that POST.
    pub(crate) fn acknowledged(&mut self, at: Timestamp, number: Option<u64>, taken: bool) {
        let status = if taken { 200 } else { 503 };
        if let Some(number) = number {
            self.tell(|chronicle| chronicle.answered(at, number, status));
        }
    }

    /// Meta has made up its mind about a send.
    pub(crate) fn judged(&mut self, at: Timestamp, form: Form, send: &Send, outcome: &SendOutcome) {
        let taken = match outcome {
            SendOutcome::Sent { mid, usage: _ } => Taken::Yes { mid: mid.clone() },
            SendOutcome::Later { code: Some(code), .. } | SendOutcome::Failed { code, .. } => Taken::No { code: *code },
            SendOutcome::Later { code: None, .. } | SendOutcome::InDoubt { .. } => Taken::Broken,
        };
        self.tell(|chronicle| chronicle.send_came(at, form, send, taken));
    }

    /// A tracker has opened a task, or not.
    pub(crate) fn did_open(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        lines: &[Comment],
        done: &Result<Opened, tracker::Fault>,
    ) {
        self.tell(|chronicle| chronicle.open_task(at, effect, lines, done));
    }

    /// A tracker has added comments, or not.
    pub(crate) fn did_add(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        (task, lines): (&TaskId, &[Comment]),
        done: &Result<CommentsAdded, tracker::Fault>,
    ) {
        self.tell(|chronicle| chronicle.add_comments(at, effect, task, lines, done));
    }

    /// An admin has changed a setting, or Meta a token.
    pub(crate) fn changed(&mut self, at: Timestamp, told: String, what: What) {
        self.comes(at, None, |_| told);
        self.tell(|chronicle| chronicle.note(at, what));
    }

    /// Somebody has turned a task.
    pub(crate) fn turned(&mut self, at: Timestamp, whose: &MachineId, task: TaskId, (verb, into): (&str, Standing)) {
        self.comes(at, Some(whose), |_| format!("task={task} {verb}"));
        self.tell(|chronicle| chronicle.note(at, What::Tracker(Tracker::TaskTurned { task, into })));
    }

    /// An agent has commented.
    pub(crate) fn commented(&mut self, at: Timestamp, comment: &CommentId, task: &TaskId, audience: Audience) {
        self.tell(|chronicle| chronicle.commented(at, comment, task, audience));
    }
}
