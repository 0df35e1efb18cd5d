//! Reads what agents wrote in the tracker and brings what is for customers to their conversations.
//!
//! The cursor moves only past comments that are journaled; what is read twice is recognised by its comment id.

use std::collections::BTreeMap;
use std::sync::Arc;

use machine::conversation::Reply;
use machine::outbound::Content;
use model::{MachineId, Span};
use policy::Author;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::oneshot;
use tracker::{AgentComment, Audience, Cursor, Fault};

use crate::account::AccountMsg;
use crate::page::PageMsg;
use crate::ports::Ports;
use crate::router::Router;

/// Comments asked for at once.
const FEED_MAX: usize = 256;
/// Readings whose comments are not all journaled.
const OPEN_MAX: usize = 64;
/// A Page that lost a comment with its actor gets it again after this.
const AGAIN: Span = Span(250);
/// The cursor is journaled at most once for so many readings; a restart reads the rest again.
const SAVE_EVERY: u64 = 16;

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
    /// Readings under way: where each ended, and whether it is journaled.
    open: BTreeMap<u64, (Cursor, bool)>,
    next: u64,
    unsaved: u64,
    /// Reading stopped because too many are open.
    full: bool,
}

pub(crate) struct ReaderActor;

impl Actor for ReaderActor {
    type Msg = ReaderMsg;
    type State = Reading;
    type Arguments = ReaderBirth;

    async fn pre_start(&self, me: ActorRef<ReaderMsg>, birth: ReaderBirth) -> Result<Reading, ActorProcessingErr> {
        me.cast(ReaderMsg::Read)?;
        Ok(Reading { birth, open: BTreeMap::new(), next: 0, unsaved: 0, full: false })
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
                reading.journaled(number)?;
                // One slow reading may have held up many finished ones: any room counts, not the last place alone.
                if reading.full && reading.open.len() < OPEN_MAX {
                    reading.full = false;
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
        if self.open.len() >= OPEN_MAX {
            self.full = true;
            return;
        }
        match self.birth.ports.tracker.feed(self.birth.cursor, FEED_MAX).await {
            Ok(feed) if feed.comments.is_empty() => self.wait(me),
            Ok(feed) => {
                self.birth.cursor = feed.cursor;
                self.next += 1;
                self.open.insert(self.next, (feed.cursor, false));
                bring(me.clone(), self.birth.ports.clone(), self.birth.router.clone(), self.next, feed.comments);
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

    fn journaled(&mut self, number: u64) -> Result<(), ActorProcessingErr> {
        if let Some((_, done)) = self.open.get_mut(&number) {
            *done = true;
        }
        let mut reached = None;
        while let Some(first) = self.open.first_entry().filter(|first| first.get().1) {
            reached = Some(first.remove().0);
            self.unsaved += 1;
        }
        if let Some(cursor) = reached
            && (self.unsaved >= SAVE_EVERY || self.open.is_empty())
        {
            self.unsaved = 0;
            self.birth.account.cast(AccountMsg::FeedRead { cursor: cursor.0 })?;
        }
        Ok(())
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

fn reply_of(comment: AgentComment) -> Option<(model::PageId, model::Psid, Arc<Reply>)> {
    let Some(MachineId::Conversation(page, psid)) = comment.binding else { return None };
    match comment.audience {
        Audience::Internal => None,
        Audience::Customer => {
            let reply = Reply {
                comment: comment.id,
                task: comment.task,
                author: Author::Agent,
                by: comment.by,
                contents: vec![Content::Text { text: comment.text }],
                tag: None,
                at: comment.at,
            };
            Some((page, psid, Arc::new(reply)))
        }
    }
}
