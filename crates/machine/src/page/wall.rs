//! What stands on a Page's wall: for each post and comment heard of lately, whether it is gone and whether it is hidden.
//!
//! Invariant: the order of arrival does not show. What was removed stays removed, also when its beginning comes later; of
//! hiding and showing again the newest by Meta's time counts.

use std::collections::{BTreeMap, VecDeque};

use model::{Activity, ActivityItem, ItemKey, Timestamp, Verb};
use serde::{Deserialize, Serialize};

/// Posts and comments remembered: the newest to be heard of.
const STANDINGS_MAX: usize = 10_000;

/// What is known of a post or comment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// It was reported as new.
    pub added: bool,
    /// It is gone, for good.
    pub removed: bool,
    /// The public does not see it.
    pub hidden: bool,
    /// What `hidden` rests on.
    hidden_by: Option<(Timestamp, ItemKey)>,
}

/// The wall.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Wall(Recent<String, Standing>);

impl Wall {
    pub(super) fn standing(&self, id: &str) -> Option<&Standing> {
        self.0.get(id)
    }

    pub(super) fn apply(&mut self, activity: &Activity, at: Timestamp, key: ItemKey) {
        let Some(id) = subject(activity) else { return };
        let standing = self.0.entry(id.to_owned(), STANDINGS_MAX);
        match activity.verb {
            Verb::Add => standing.added = true,
            Verb::Remove => standing.removed = true,
            Verb::Edit | Verb::Hide | Verb::Unhide | Verb::Block | Verb::Unblock | Verb::Mute | Verb::Other(_) => {}
        }
        if let Some(hidden) = activity.hidden.filter(|_| standing.hidden_by.is_none_or(|known| known < (at, key))) {
            (standing.hidden, standing.hidden_by) = (hidden, Some((at, key)));
        }
    }
}

/// The id of the post or comment itself; what is put on one (a reaction) has none.
fn subject(activity: &Activity) -> Option<&str> {
    match activity.item {
        ActivityItem::Comment => activity.comment.as_deref(),
        ActivityItem::Post
        | ActivityItem::Status
        | ActivityItem::Photo
        | ActivityItem::Video
        | ActivityItem::Share
        | ActivityItem::Event
        | ActivityItem::Album
        | ActivityItem::Rating => activity.post.as_deref(),
        ActivityItem::Reaction | ActivityItem::Like | ActivityItem::Other(_) => None,
    }
}

/// The newest of many by arrival, found by their key. Stored as a list in order of arrival.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(
    from = "Vec<(K, V)>",
    into = "Vec<(K, V)>",
    bound = "K: Ord + Clone + Serialize + for<'a> Deserialize<'a>, V: Clone + Serialize + for<'a> Deserialize<'a>"
)]
pub(super) struct Recent<K: Ord + Clone, V: Clone> {
    order: VecDeque<K>,
    known: BTreeMap<K, V>,
}

impl<K: Ord + Clone, V: Clone> Default for Recent<K, V> {
    fn default() -> Self {
        Self { order: VecDeque::new(), known: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Recent<K, V> {
    pub(super) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: core::borrow::Borrow<Q>,
    {
        self.known.contains_key(key)
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: core::borrow::Borrow<Q>,
    {
        self.known.get(key)
    }

    /// Remembers a value; beyond the limit the one that came first is forgotten.
    pub(super) fn insert(&mut self, key: K, value: V, max: usize) {
        if self.known.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            self.forget(max);
        }
    }

    /// The value under a key, fresh if there is none.
    pub(super) fn entry(&mut self, key: K, max: usize) -> &mut V
    where
        V: Default,
    {
        if !self.known.contains_key(&key) {
            self.insert(key.clone(), V::default(), max);
        }
        self.known.entry(key).or_default()
    }

    fn forget(&mut self, max: usize) {
        while self.order.len() > max {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

impl<K: Ord + Clone, V: Clone> From<Vec<(K, V)>> for Recent<K, V> {
    fn from(list: Vec<(K, V)>) -> Self {
        Self { order: list.iter().map(|(key, _)| key.clone()).collect(), known: list.into_iter().collect() }
    }
}

impl<K: Ord + Clone, V: Clone> From<Recent<K, V>> for Vec<(K, V)> {
    fn from(recent: Recent<K, V>) -> Self {
        let Recent { order, mut known } = recent;
        order.into_iter().filter_map(|key| known.remove(&key).map(|value| (key, value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use model::ActivityField;

    use super::*;

    fn activity(verb: Verb) -> Activity {
        let hidden = match verb {
            Verb::Hide => Some(true),
            Verb::Unhide => Some(false),
            Verb::Add | Verb::Edit | Verb::Remove | Verb::Block | Verb::Unblock | Verb::Mute | Verb::Other(_) => None,
        };
        Activity {
            field: ActivityField::Feed,
            item: ActivityItem::Comment,
            verb,
            post: Some("1029_1".to_owned()),
            comment: Some("1_2".to_owned()),
            parent: None,
            author: None,
            by_page: false,
            text: None,
            links: Vec::new(),
            published: None,
            hidden,
            feeling: None,
            created_at: None,
        }
    }

    #[test]
    fn a_comment_that_is_removed_before_it_is_added_stays_removed() {
        let mut wall = Wall::default();
        let steps = [(Verb::Remove, 9), (Verb::Hide, 3), (Verb::Unhide, 5), (Verb::Add, 1), (Verb::Hide, 2)];
        for (verb, at) in steps {
            wall.apply(&activity(verb), Timestamp(at), ItemKey([u8::try_from(at).expect("small"); 16]));
        }
        let standing = wall.standing("1_2").expect("heard of");
        assert!(standing.added && standing.removed && !standing.hidden);
        let stored = serde_json::to_string(&wall).expect("plain");
        assert_eq!(serde_json::from_str::<Wall>(&stored).expect("readable"), wall);
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut recent: Recent<u32, ()> = Recent::default();
        (0..10).for_each(|key| recent.insert(key, (), 3));
        recent.insert(9, (), 3);
        assert!(!recent.contains(&6) && recent.contains(&7) && recent.contains(&9));
    }
}
