//! What is left at an actor's door: many things, one word to the actor.
//!
//! Keeps: whatever is left is taken in order; while something lies here a word is on its way, or the actor looks by
//! itself before it rests. A thing is lost with its actor, as a message is.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Things for one actor.
#[derive(Debug)]
pub(crate) struct Porch<T> {
    left: Mutex<Left<T>>,
}

#[derive(Debug)]
struct Left<T> {
    things: VecDeque<T>,
    /// The actor was told, or looks anyway.
    rung: bool,
}

impl<T> Default for Porch<T> {
    fn default() -> Self {
        Self { left: Mutex::new(Left { things: VecDeque::new(), rung: false }) }
    }
}

impl<T> Porch<T> {
    /// Leaves a thing. `true`: the caller has to tell the actor.
    #[must_use = "nobody else tells the actor"]
    pub(crate) fn leave(&self, thing: T) -> bool {
        let mut left = self.lock();
        left.things.push_back(thing);
        !core::mem::replace(&mut left.rung, true)
    }

    /// As [`Porch::leave`], but makes no thing where so many wait already.
    #[must_use = "nobody else tells the actor"]
    pub(crate) fn leave_if_fewer(&self, max: usize, thing: impl FnOnce() -> T) -> bool {
        let mut left = self.lock();
        if left.things.len() < max {
            left.things.push_back(thing());
        }
        !core::mem::replace(&mut left.rung, true)
    }

    /// Takes everything in, in exchange for an empty queue whose room is used again.
    pub(crate) fn take(&self, empty: &mut VecDeque<T>) {
        debug_assert!(empty.is_empty(), "it would come back to the door");
        core::mem::swap(&mut self.lock().things, empty);
    }

    /// The actor was told: from here on it wants to be told again.
    pub(crate) fn heard(&self) {
        self.lock().rung = false;
    }

    /// The actor is about to rest. `true`: nothing lies here, and whoever comes next rings.
    pub(crate) fn may_rest(&self) -> bool {
        let mut left = self.lock();
        if left.things.is_empty() {
            left.rung = false;
        }
        left.things.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Left<T>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(porch: &Porch<u32>) -> Vec<u32> {
        let mut things = VecDeque::new();
        porch.take(&mut things);
        things.into()
    }

    #[test]
    fn only_the_first_rings_until_the_actor_has_heard() {
        let porch = Porch::default();
        assert!(porch.leave(1));
        assert!(!porch.leave(2));
        porch.heard();
        assert_eq!(take(&porch), [1, 2]);
        assert!(porch.leave(3));
    }

    #[test]
    fn what_is_taken_early_leaves_the_word_on_its_way() {
        let porch = Porch::default();
        assert!(porch.leave(1));
        assert_eq!(take(&porch), [1]);
        assert!(!porch.leave(2), "the first word has not been heard");
        assert!(!porch.may_rest());
        assert_eq!(take(&porch), [2]);
        assert!(porch.may_rest());
        assert!(porch.leave(3));
    }

    #[test]
    fn a_full_porch_takes_nothing_more() {
        let porch = Porch::default();
        assert!(porch.leave_if_fewer(2, || 1));
        assert!(!porch.leave_if_fewer(2, || 2));
        assert!(!porch.leave_if_fewer(2, || 3));
        assert_eq!(take(&porch), [1, 2]);
    }
}
