//! What was written in a conversation, in Meta's order, with what stands on it: the newest text, reactions, unsends.
//!
//! Source: platform page *Webhooks*, read 2026-11-23: order is by the item's `timestamp`; here of one millisecond by key.
//! Changes count by their number, reactions by time, and what was taken back stays so.

use std::collections::BTreeMap;

use model::{ItemKey, Mid, Timestamp};

use super::Talk;
use crate::history::{Digest, Item, Sign, Told};

/// One thing that was written by the customer, or by the Page outside the node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// The item.
    pub(crate) key: ItemKey,
    /// Meta's time.
    pub(crate) at: Timestamp,
    /// Meta's id.
    pub(crate) mid: Option<Mid>,
    /// The Page wrote it.
    pub(crate) by_page: bool,
    /// Its words now; `None` where they are made up by whoever shows them, or not shown any more.
    pub(crate) text: Option<Digest>,
    /// The reactions that stand on it, the customer's first.
    pub(crate) reactions: Vec<Sign>,
    /// It was changed.
    pub(crate) edited: bool,
    /// It was taken back.
    pub(crate) unsent: bool,
}

/// What is known of a message beside itself.
#[derive(Default)]
struct Marks {
    signs: BTreeMap<bool, (Timestamp, ItemKey, Option<Digest>)>,
    edit: Option<(u32, Timestamp, ItemKey, Digest)>,
    unsent: bool,
}

/// Everything that the customer wrote, and of the Page's messages those that `is_foreign` says yes to, in order.
pub(crate) fn written(talk: &Talk<'_>, is_foreign: impl Fn(&Mid) -> bool) -> Vec<Written> {
    let mut marks: BTreeMap<&Mid, Marks> = BTreeMap::new();
    for item in talk.items() {
        mark(&mut marks, item);
    }
    let mut all: Vec<Written> = talk.items().iter().filter_map(|item| bubble(item, &is_foreign)).collect();
    for written in &mut all {
        if let Some(known) = written.mid.as_ref().and_then(|mid| marks.get(mid)) {
            put_on(written, known);
        }
    }
    all.sort_by_key(|written| (written.at, written.key));
    all
}

fn mark<'a>(marks: &mut BTreeMap<&'a Mid, Marks>, item: &'a Item) {
    match &item.told {
        Told::Reacted { mid, added, by_page, sign } => {
            let slot = marks.entry(mid).or_default().signs.entry(*by_page);
            let new = (item.at, item.key, added.then_some(*sign));
            let known = slot.or_insert(new);
            if (known.0, known.1) < (new.0, new.1) {
                *known = new;
            }
        }
        Told::Edited { mid, nth, text } => {
            let known = &mut marks.entry(mid).or_default().edit;
            *known = (*known).max(Some((*nth, item.at, item.key, *text)));
        }
        Told::Unsent { mid } => marks.entry(mid).or_default().unsent = true,
        Told::Message { .. }
        | Told::Pressed { .. }
        | Told::Ordered
        | Told::Echo { .. }
        | Told::Delivered { .. }
        | Told::Read { .. }
        | Told::Entered { .. }
        | Told::HandedOver { .. }
        | Told::Other
        | Told::Odd { .. } => {}
    }
}

fn bubble(item: &Item, is_foreign: &impl Fn(&Mid) -> bool) -> Option<Written> {
    let (mid, by_page, text) = match &item.told {
        Told::Message { mid, text, .. } => (Some(mid.clone()), false, Some(*text)),
        Told::Pressed { mid, .. } => (mid.clone(), false, None),
        Told::Ordered => (None, false, None),
        Told::Echo { mid, text, .. } if is_foreign(mid) => (Some(mid.clone()), true, Some(*text)),
        Told::Echo { .. }
        | Told::Reacted { .. }
        | Told::Edited { .. }
        | Told::Unsent { .. }
        | Told::Delivered { .. }
        | Told::Read { .. }
        | Told::Entered { .. }
        | Told::HandedOver { .. }
        | Told::Other
        | Told::Odd { .. } => return None,
    };
    let (key, at, reactions) = (item.key, item.at, Vec::new());
    Some(Written { key, at, mid, by_page, text, reactions, edited: false, unsent: false })
}

fn put_on(written: &mut Written, marks: &Marks) {
    let standing = marks.signs.iter().filter_map(|(by_page, (_, _, sign))| Some((*by_page, (*sign)?)));
    written.reactions = standing.map(|(by_page, sign)| Sign { by_page, sign }).collect();
    if let Some((_, _, _, text)) = marks.edit {
        (written.edited, written.text) = (true, Some(text));
    }
    if marks.unsent {
        (written.unsent, written.text) = (true, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Word;

    fn item(number: u8, at: i64, told: Told) -> Item {
        let (key, at, kind) = (ItemKey([number; 16]), Timestamp(at), Word::Borrowed("x"));
        Item { key, deed: None, page: None, customer: None, at, kind, standby: false, told }
    }

    fn message(number: u8, at: i64) -> Item {
        let mid = Mid::new(format!("m{number}"));
        item(number, at, Told::Message { mid, text: Digest::of(&[number]), by_ad: false })
    }

    fn fold(items: &[Item]) -> Vec<Written> {
        let mut talk = Talk::default();
        items.iter().for_each(|item| talk.hear(item));
        written(&talk, |mid| mid.as_str() == "foreign")
    }

    #[test]
    fn the_order_is_metas_and_arrival_does_not_show() {
        let (first, second, twin) = (message(3, 10), message(2, 20), message(1, 20));
        let forth = fold(&[first.clone(), second.clone(), twin.clone()]);
        assert_eq!(forth, fold(&[twin, second, first]));
        assert_eq!(forth.iter().map(|written| written.key.0[0]).collect::<Vec<_>>(), [3, 1, 2]);
    }

    #[test]
    fn the_newest_change_counts_and_an_unsend_stays() {
        let mid = Mid::new("m1");
        let edit = |number: u8, nth, text: &str| {
            item(number, 30, Told::Edited { mid: mid.clone(), nth, text: Digest::of(text.as_bytes()) })
        };
        let unsend = item(9, 5, Told::Unsent { mid: mid.clone() });
        let all = fold(&[edit(5, 2, "newer"), message(1, 10), edit(6, 1, "older")]);
        assert_eq!((all[0].text, all[0].edited), (Some(Digest::of(b"newer")), true));
        let all = fold(&[unsend, edit(5, 2, "newer"), message(1, 10)]);
        assert_eq!((all.len(), all[0].unsent, all[0].text), (1, true, None));
    }

    #[test]
    fn a_reaction_stands_until_it_is_taken_back() {
        let react = |number: u8, at, added, by_page| {
            let (mid, sign) = (Mid::new("m1"), Digest::of(b"!"));
            item(number, at, Told::Reacted { mid, added, by_page, sign })
        };
        let all = fold(&[message(1, 10), react(2, 20, true, false), react(3, 20, true, true)]);
        assert_eq!(all[0].reactions.iter().map(|sign| sign.by_page).collect::<Vec<_>>(), [false, true]);
        let all = fold(&[react(4, 30, false, false), react(2, 20, true, false), message(1, 10)]);
        assert_eq!(all[0].reactions, []);
    }

    #[test]
    fn of_the_pages_messages_only_foreign_ones_are_written_outside() {
        let echo = |number: u8, mid: &str| {
            item(number, 10, Told::Echo { mid: Mid::new(mid), mark: None, text: Digest::of(b"") })
        };
        let all = fold(&[echo(1, "ours"), echo(2, "foreign")]);
        assert_eq!(all.iter().map(|written| (written.key.0[0], written.by_page)).collect::<Vec<_>>(), [(2, true)]);
    }
}
