//! A set of numbers kept as ranges: which deliveries above the watermark are forgotten.
//!
//! Pure. Invariant: ranges neither overlap nor touch, so a set without holes is one entry.

use std::collections::BTreeMap;

/// Inclusive ranges of numbers, `start → end`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeSet(BTreeMap<u64, u64>);

impl RangeSet {
    /// Whether the number is in the set.
    pub(crate) fn contains(&self, number: u64) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, end)| number <= *end)
    }

    /// Adds all numbers from `start` to `end`, both included.
    pub(crate) fn insert(&mut self, mut start: u64, mut end: u64) {
        if let Some((&before, &before_end)) = self.0.range(..=start).next_back()
            && before_end.saturating_add(1) >= start
        {
            start = before;
            end = end.max(before_end);
        }
        while let Some((&after, &after_end)) = self.0.range(start..=end.saturating_add(1)).next() {
            self.0.remove(&after);
            end = end.max(after_end);
        }
        self.0.insert(start, end);
    }

    /// Drops everything up to and including `number`.
    pub(crate) fn remove_through(&mut self, number: u64) {
        while let Some((&start, &end)) = self.0.first_key_value() {
            if start > number {
                return;
            }
            self.0.remove(&start);
            if end > number {
                self.0.insert(number + 1, end);
            }
        }
    }

    /// The ranges in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().map(|(start, end)| (*start, *end))
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::RangeSet;

    #[test]
    fn neighbours_become_one_range() {
        let mut set = RangeSet::default();
        set.insert(1, 1);
        set.insert(3, 3);
        assert_eq!(set.len(), 2);
        set.insert(2, 2);
        assert_eq!(set.iter().collect::<Vec<_>>(), [(1, 3)]);
    }

    #[test]
    fn dropping_a_prefix_keeps_the_rest_of_a_range() {
        let mut set = RangeSet::default();
        set.insert(1, 10);
        set.remove_through(4);
        assert_eq!(set.iter().collect::<Vec<_>>(), [(5, 10)]);
    }

    proptest! {
        #[test]
        fn behaves_like_a_plain_set(steps in proptest::collection::vec((0u64..60, 0u64..6, 0u8..5), 0..60)) {
            let mut set = RangeSet::default();
            let mut plain = BTreeSet::new();
            for (start, length, verb) in steps {
                if verb == 0 {
                    set.remove_through(start);
                    plain.retain(|number| *number > start);
                } else {
                    set.insert(start, start + length);
                    plain.extend(start..=start + length);
                }
                let expanded: BTreeSet<u64> = set.iter().flat_map(|(start, end)| start..=end).collect();
                prop_assert_eq!(&expanded, &plain);
                for number in 0..70 {
                    prop_assert_eq!(set.contains(number), plain.contains(&number));
                }
                let ranges: Vec<_> = set.iter().collect();
                for pair in ranges.windows(2) {
                    prop_assert!(pair[0].1 + 1 < pair[1].0);
                }
            }
        }
    }
}
