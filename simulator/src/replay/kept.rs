//! What the world has in hand while the node may come and go: numbered, in order, shared by all lives of a node.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things by number. Clones are the same.
pub(crate) struct Kept<T>(Arc<Mutex<Inner<T>>>);

struct Inner<T> {
    last: u64,
    things: BTreeMap<u64, T>,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Inner { last: 0, things: BTreeMap::new() })))
    }
}

impl<T: Clone> Kept<T> {
    /// Keeps a thing; its number.
    pub(crate) fn keep(&self, thing: T) -> u64 {
        let mut inner = self.inner();
        inner.last += 1;
        let number = inner.last;
        inner.things.insert(number, thing);
        number
    }

    /// Changes a thing that is kept.
    pub(crate) fn change(&self, number: u64, change: impl FnOnce(&mut T)) {
        if let Some(thing) = self.inner().things.get_mut(&number) {
            change(thing);
        }
    }

    /// It is over.
    pub(crate) fn drop_one(&self, number: u64) {
        self.inner().things.remove(&number);
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> u64 {
        self.inner().things.len() as u64
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Vec<(u64, T)> {
        self.inner().things.iter().map(|(number, thing)| (*number, thing.clone())).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
