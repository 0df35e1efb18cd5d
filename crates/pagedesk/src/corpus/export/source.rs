//! What lies in a store, one thing after the other: deliveries, agents' comments, customers' names. Redaction goes over it
//! twice.
//!
//! Invariant: nothing is gathered in memory; the first thing that cannot be taken ends the walk.

use std::ops::ControlFlow;

use ::journal::{Delivery, FileFault, ReadOnlyJournal, guarded};
use indicatif::{ProgressBar, ProgressStyle};
use model::{MachineId, PageId, Psid, Timestamp};
use simulator::play::recording::{Audience, DeliveryLine, FORMAT, FactLine};
use tracker::desk::{DeskReader, Written};

use crate::cli::Export;
use crate::corpus::filter::Kept;
use crate::exit::{Exit, Failure};
use crate::instant;
use crate::store::unusable;

/// A store that is exported.
pub(super) struct Source<'a> {
    pub(super) store: &'a ReadOnlyJournal,
    pub(super) asked: &'a Export,
}

/// What takes one thing.
type Take<'t, T> = &'t mut dyn FnMut(T) -> Result<(), Failure>;

impl Source<'_> {
    /// All deliveries that are asked for, in order; `doing` is said beside the progress.
    pub(super) fn each_delivery(&self, doing: &str, take: Take<'_, Kept>) -> Result<(), Failure> {
        let dir = &self.asked.dir;
        let unusable = |fault: &FileFault| unusable(dir, fault);
        let progress = ProgressBar::new(self.store.inbox_stats().map_err(|fault| unusable(&fault))?.last_seq);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} deliveries") {
            progress.set_style(style);
        }
        progress.set_message(doing.to_owned());
        let mut done = Ok(());
        let mut last = Timestamp(i64::MIN);
        let walked = self.store.each_delivery(0..=u64::MAX, |delivery| {
            progress.inc(1);
            let delivery = delivery.map_err(|fault| {
                let what = format!("a delivery in {} cannot be read: {fault}", dir.display());
                Failure::new(Exit::Configuration, what)
            });
            done = delivery.and_then(|delivery| match self.line(delivery, &mut last)? {
                Some(kept) => take(kept),
                None => Ok(()),
            });
            on(&done)
        });
        progress.finish_and_clear();
        walked.map_err(|fault| unusable(&fault))?;
        done
    }

    /// All comments of agents that are asked for, in order; how many are on tasks of no conversation.
    pub(super) fn each_fact(&self, take: Take<'_, FactLine>) -> Result<u64, Failure> {
        let (mut done, mut left_out, mut last) = (Ok(()), 0, Timestamp(i64::MIN));
        self.desk(|desk| {
            desk.each_written(|Written { at, conversation, by, text, audience }| {
                let Some(MachineId::Conversation(page, psid)) = conversation else {
                    left_out += 1;
                    return ControlFlow::Continue(());
                };
                last = at.max(last);
                let audience = match audience {
                    tracker::Audience::Customer => Audience::Customer,
                    tracker::Audience::Internal => Audience::Internal,
                };
                let line = FactLine { at: last, page, psid, by, text: text.reveal().clone(), audience };
                if self.asked.narrowing.fact(&line) {
                    done = take(line);
                }
                on(&done)
            })
        })?;
        done.map(|()| left_out)
    }

    /// All customers whose names are known, of the Pages and conversations that are asked for.
    pub(super) fn each_customer(&self, take: Take<'_, (PageId, Psid, String)>) -> Result<(), Failure> {
        let mut done = Ok(());
        self.desk(|desk| {
            desk.each_named(|whose, name| {
                let MachineId::Conversation(page, psid) = whose else { return ControlFlow::Continue(()) };
                if self.asked.narrowing.is_of(&page, Some(&psid)) {
                    done = take((page, psid, name.reveal().clone()));
                }
                on(&done)
            })
        })?;
        done
    }

    /// A delivery as a recording has it, where it is asked for. Times never go back in a recording: one that was received
    /// a moment earlier than the one before it has that one's time.
    fn line(&self, delivery: Delivery, last: &mut Timestamp) -> Result<Option<Kept>, Failure> {
        let Delivery { seq, received_at, body } = delivery;
        *last = Timestamp(received_at).max(*last);
        if !self.asked.narrowing.is_when(*last) {
            return Ok(None);
        }
        let body = String::from_utf8(body.into()).map_err(|_| {
            let at = instant::write(received_at);
            let what = format!("delivery {seq}, which came at {at}, is no UTF-8 text, and a recording holds text");
            Failure::new(Exit::UnreadableCorpus, what)
                .remedy(format!("format {FORMAT} of recordings has no place for it: leave it out by --from and --to"))
        })?;
        Ok(self.asked.narrowing.delivery(DeliveryLine { at: *last, body }))
    }

    fn desk<T>(&self, work: impl FnOnce(&DeskReader) -> Result<T, ::journal::OpenFault>) -> Result<T, Failure> {
        let file = self.asked.dir.join("desk.redb");
        let done = guarded(Some(&file), || DeskReader::open(&file).and_then(|desk| work(&desk)));
        done.map_err(|fault| unusable(&self.asked.dir, &fault))
    }
}

fn on(done: &Result<(), Failure>) -> ControlFlow<()> {
    if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
