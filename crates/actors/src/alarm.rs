//! The alarm clock of every machine that is not resident: reads the journal's deadline rows and wakes who is due.
//!
//! A million open windows are rows, not jobs. A row stays until its machine moves it, so a wake that was lost is
//! repeated at the next round.

use core::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use model::{MachineId, Span, Timestamp};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use crate::host::machine_of;
use crate::page::PageMsg;
use crate::ports::Ports;
use crate::rounds::{Ring, Rounds};
use crate::router::Router;

pub(crate) enum AlarmMsg {
    /// Wake who is due; `afresh`, who was woken before too.
    Ring { afresh: bool },
    /// Still there?
    Ping(RpcReplyPort<()>),
}

pub(crate) struct Alarm {
    ports: Ports,
    router: Router,
    rounds: Rounds,
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
        let rounds = Rounds::new(ports.clock.now());
        Ok(Alarm { ports, router, rounds })
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
        let journal = &self.ports.journal;
        match self.rounds.ring(now, afresh, |until, after, limit| journal.due(until, after, limit)) {
            Ok(Ring { due, next }) => {
                for row in due {
                    if let Some(MachineId::Conversation(page, psid)) = machine_of(&row.key) {
                        self.router.tell(&page, PageMsg::Wake { psid });
                    }
                }
                next
            }
            Err(fault) => {
                tracing::error!(%fault, "the deadlines cannot be read");
                now + Span::seconds(5)
            }
        }
    }
}
