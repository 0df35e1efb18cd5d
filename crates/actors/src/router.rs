//! Finds a Page's actor: the known ones directly, the others through their shard.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use model::PageId;
use ractor::ActorRef;
use tokio::sync::Notify;

use crate::page::PageMsg;
use crate::shard::ShardMsg;

#[derive(Default)]
struct Book {
    shards: Vec<ActorRef<ShardMsg>>,
    pages: BTreeMap<PageId, ActorRef<PageMsg>>,
}

/// The directory of Pages. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Router {
    book: Arc<RwLock<Book>>,
    bell: Arc<Notify>,
}

impl Router {
    pub(crate) fn shards(&self, shards: Vec<ActorRef<ShardMsg>>) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).shards = shards;
    }

    pub(crate) fn up(&self, page: PageId, actor: ActorRef<PageMsg>) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).pages.insert(page, actor);
        self.bell.notify_one();
    }

    /// Rung when a Page is up: what its conversations had set as their own alarms ended with the actor before it.
    pub(crate) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    pub(crate) fn down(&self, page: &PageId) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).pages.remove(page);
    }

    /// The Pages that are up, in order.
    pub(crate) fn pages(&self) -> Vec<(PageId, ActorRef<PageMsg>)> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        book.pages.iter().map(|(page, actor)| (page.clone(), actor.clone())).collect()
    }

    /// Passes a message on. What a dying Page loses is offered again by whoever still waits for it.
    pub(crate) fn tell(&self, page: &PageId, message: PageMsg) {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let message = match book.pages.get(page) {
            Some(actor) => match actor.cast(message) {
                Ok(()) => return,
                Err(ractor::MessagingErr::SendErr(message)) => message,
                Err(_) => return,
            },
            None => message,
        };
        if let Some(shard) = book.shards.get(shard_of(page, book.shards.len())) {
            // A shard that is gone takes the tree with it.
            drop(shard.cast(ShardMsg::Tell { page: page.clone(), message }));
        }
    }
}

/// A Page's shard: the same on every start (FNV-1a).
fn shard_of(page: &PageId, shards: usize) -> usize {
    let hash = page
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash % u64::try_from(shards.max(1)).unwrap_or(1)).unwrap_or(0)
}
