//! Reads what agents wrote in the tracker and brings what is for customers to their conversations.
//!
//! The cursor moves only past comments that are journaled; what is read twice is recognised by its comment id.

use std::sync::Arc;

use model::Span;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::oneshot;
use tracker::{AgentComment, Cursor, Fault};

use crate::account::AccountMsg;
use crate::page::PageMsg;
use crate::ports::Ports;
use crate::readings::{FEED_MAX, Readings, reply_of};
use crate::router::Router;

/// A Page that lost a comment with its actor gets it again after this.
const AGAIN: Span = Span(250);
pub(crate) enum ReaderMsg {
    /// Read on.
    Read,
    /// Every comment of a reading is journaled.
    Journaled { reading: u64 },
    /// Still there?
    Ping(RpcReplyPort<()>),
}

pub(crate) struct ReaderBirth {
    pub(crate) ports: Ports,
    pub(crate) router: Router,
    pub(crate) account: ActorRef<AccountMsg>,
    pub(crate) cursor: Cursor,
}

pub(crate) struct Reading {
    birth: ReaderBirth,
    readings: Readings,
}

pub(crate) struct ReaderActor;

impl Actor for ReaderActor {
    type Msg = ReaderMsg;
    type State = Reading;
    type Arguments = ReaderBirth;

    async fn pre_start(&self, me: ActorRef<ReaderMsg>, birth: ReaderBirth) -> Result<Reading, ActorProcessingErr> {
        me.cast(ReaderMsg::Read)?;
        Ok(Reading { birth, readings: Readings::default() })
    }

    async fn handle(
        &self,
        me: ActorRef<ReaderMsg>,
        message: ReaderMsg,
        reading: &mut Reading,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ReaderMsg::Read => reading.read(&me).await,
            ReaderMsg::Journaled { reading: number } => {
                if let Some(cursor) = reading.readings.journaled(number) {
                    reading.birth.account.cast(AccountMsg::FeedRead { cursor: cursor.0 })?;
                }
                if reading.readings.goes_on() {
                    me.cast(ReaderMsg::Read)?;
                }
            }
            ReaderMsg::Ping(reply) => drop(reply.send(())),
        }
        Ok(())
    }
}

impl Reading {
    async fn read(&mut self, me: &ActorRef<ReaderMsg>) {
        if !self.readings.may_read() {
            return;
        }
        match self.birth.ports.tracker.feed(self.birth.cursor, FEED_MAX).await {
            Ok(feed) if feed.comments.is_empty() => {
                // What was behind the cursor may be gone with its task: waiting behind the end and not before what is gone.
                self.birth.cursor = self.birth.cursor.max(feed.cursor);
                self.wait(me);
            }
            Ok(feed) => {
                self.birth.cursor = feed.cursor;
                let number = self.readings.begin(feed.cursor);
                bring(me.clone(), self.birth.ports.clone(), self.birth.router.clone(), number, feed.comments);
                // Read on at once; a closed mailbox means that the tree is going down.
                drop(me.cast(ReaderMsg::Read));
            }
            Err(Fault::Retry(reason) | Fault::GiveUp(reason)) => {
                tracing::warn!(reason, "the tracker's comments cannot be read; asking again");
                let clock = Arc::clone(&self.birth.ports.clock);
                let (at, me) = (clock.now() + Span::seconds(2), me.clone());
                ractor::concurrency::spawn(async move {
                    clock.sleep_until(at).await;
                    me.cast(ReaderMsg::Read)
                });
            }
        }
    }

    /// Nothing new: the tracker says when to look again.
    fn wait(&self, me: &ActorRef<ReaderMsg>) {
        let (tracker, cursor, me) = (Arc::clone(&self.birth.ports.tracker), self.birth.cursor, me.clone());
        ractor::concurrency::spawn(async move {
            tracker.wait(cursor).await;
            me.cast(ReaderMsg::Read)
        });
    }
}

/// Brings one reading's comments to their conversations, all at once, and reports when each is journaled.
fn bring(me: ActorRef<ReaderMsg>, ports: Ports, router: Router, reading: u64, comments: Vec<AgentComment>) {
    ractor::concurrency::spawn(async move {
        let calls = comments.into_iter().filter_map(reply_of).map(|(page, psid, reply)| {
            let (ports, router) = (ports.clone(), router.clone());
            async move {
                loop {
                    let (waiting, fate) = oneshot::channel();
                    let message = PageMsg::Reply { psid: psid.clone(), reply: Arc::clone(&reply), waiting };
                    router.tell(&page, message);
                    if fate.await.is_ok() {
                        return;
                    }
                    ports.clock.sleep_until(ports.clock.now() + AGAIN).await;
                }
            }
        });
        futures_util::future::join_all(calls).await;
        me.cast(ReaderMsg::Journaled { reading })
    });
}
