//! The alarm clock of every machine that is not resident: reads the journal's deadline rows and wakes who is due.
//!
//! A million open windows are rows, not jobs. A row stays until its machine moves it, so a wake that was lost is
//! repeated at the next round.

use core::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use journal::Due;
use model::{MachineId, Span, Timestamp};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use crate::host::machine_of;
use crate::page::PageMsg;
use crate::ports::Ports;
use crate::router::Router;

/// The farthest that the alarm sleeps: clocks step and machines suspend.
const LOOK_AGAIN: Span = Span::seconds(60);
/// Machines woken in one go.
const WAKE_MAX: usize = 256;
/// A pause between two goes, so that a morning after an outage does not stand before today's messages.
const PAUSE: Span = Span(50);

pub(crate) enum AlarmMsg {
    /// Wake who is due; `afresh`, who was woken before too.
    Ring { afresh: bool },
    /// Still there?
    Ping(RpcReplyPort<()>),
}

pub(crate) struct Alarm {
    ports: Ports,
    router: Router,
    /// Woken since the last whole round.
    after: Option<Due>,
    round_at: Timestamp,
}

pub(crate) struct AlarmActor;

impl Actor for AlarmActor {
    type Msg = AlarmMsg;
    type State = Alarm;
    type Arguments = (Ports, Router);

    async fn pre_start(
        &self,
        me: ActorRef<AlarmMsg>,
        (ports, router): (Ports, Router),
    ) -> Result<Alarm, ActorProcessingErr> {
        me.cast(AlarmMsg::Ring { afresh: true })?;
        let round_at = ports.clock.now();
        Ok(Alarm { ports, router, after: None, round_at })
    }

    async fn handle(
        &self,
        me: ActorRef<AlarmMsg>,
        message: AlarmMsg,
        alarm: &mut Alarm,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AlarmMsg::Ring { afresh } => {
                let next = alarm.ring(afresh);
                let (clock, bell) = (Arc::clone(&alarm.ports.clock), alarm.router.bell());
                ractor::concurrency::spawn(async move {
                    let afresh = match select(pin!(bell.notified()), clock.sleep_until(next)).await {
                        Either::Left(_) => true,
                        Either::Right(_) => false,
                    };
                    // The alarm that is gone took the tree with it.
                    drop(me.cast(AlarmMsg::Ring { afresh }));
                });
            }
            AlarmMsg::Ping(reply) => drop(reply.send(())),
        }
        Ok(())
    }
}

impl Alarm {
    /// Wakes a go's worth and says when to look again. A journal that cannot be read now is asked again later.
    fn ring(&mut self, afresh: bool) -> Timestamp {
        let now = self.ports.clock.now();
        if afresh || now - self.round_at >= LOOK_AGAIN {
            self.after = None;
            self.round_at = now;
        }
        let due = match self.ports.journal.due(now.0, self.after.as_ref(), WAKE_MAX) {
            Ok(due) => due,
            Err(fault) => {
                tracing::error!(%fault, "the deadlines cannot be read");
                return now + Span::seconds(5);
            }
        };
        for row in &due {
            if let Some(MachineId::Conversation(page, psid)) = machine_of(&row.key) {
                self.router.tell(&page, PageMsg::Wake { psid });
            }
        }
        let more = due.len() == WAKE_MAX;
        if let Some(last) = due.into_iter().next_back() {
            self.after = Some(last);
        }
        if more {
            return now + PAUSE;
        }
        // Rows up to now were rung for; the first one after them says how long to sleep.
        let from = Due { at: now.0.saturating_add(1), key: Arc::from([]) };
        let next = self.ports.journal.due(i64::MAX, Some(&from), 1).ok().and_then(|due| due.first().map(|row| row.at));
        let next = next.map_or(now + LOOK_AGAIN, Timestamp);
        next.clamp(now + PAUSE, now + LOOK_AGAIN)
    }
}
