//! A bounded map of what can be read again: two generations, the older is dropped as a whole.
//!
//! Holds no truth. Ordered maps only, so that nothing depends on a hash seed.

use std::borrow::Borrow;
use std::collections::BTreeMap;

/// Keeps at least the last `generation_max` entries touched, at most twice as many.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
    generation_max: usize,
}

impl<K: Ord, V: Copy> Cache<K, V> {
    /// An empty cache.
    pub(crate) fn new(generation_max: usize) -> Self {
        Self { young: BTreeMap::new(), old: BTreeMap::new(), generation_max }
    }

    /// Finds an entry; one of the older generation becomes young again.
    pub(crate) fn get<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if let Some(value) = self.young.get(key) {
            return Some(*value);
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value);
        Some(value)
    }

    /// Adds or replaces an entry.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    /// Drops an entry.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn keeps_what_was_touched_last_and_stays_bounded() {
        let mut cache = Cache::new(4);
        for number in 0..100 {
            cache.insert(number, number);
            assert!(cache.young.len() + cache.old.len() <= 8);
        }
        assert_eq!(cache.get(&99), Some(99));
        assert_eq!(cache.get(&0), None);
    }

    #[test]
    fn an_old_entry_never_hides_a_newer_one() {
        let mut cache = Cache::new(2);
        cache.insert(1, "first");
        cache.insert(2, "second");
        cache.insert(3, "third");
        cache.insert(1, "again");
        cache.insert(4, "fourth");
        assert_eq!(cache.get(&1), Some("again"));
        cache.remove(&1);
        assert_eq!(cache.get(&1), None);
    }
}
