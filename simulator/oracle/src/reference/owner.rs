//! Whose a thread is: the newest hand-over, or the newest item by the list that it came in.
//!
//! Source: *standby* ("when another app owns the thread") and the hand-over events, read 2026-11-23. Where two items of one
//! millisecond say different things nobody can tell, and then nobody is blamed.

use model::AppId;

use crate::history::{Item, Owning, Told};

/// Whose a thread is, as far as the items tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    /// The node may send.
    Ours,
    /// Another app owns it.
    Elsewhere,
    /// The items do not tell.
    Unclear,
}

/// Whose the thread is after these items.
pub(super) fn owner(items: &[&Item], app: Option<&AppId>) -> Owner {
    let Some(newest_at) = items.iter().map(|item| item.at).max() else { return Owner::Ours };
    let newest = items.iter().filter(|item| item.at == newest_at);
    let handed: Vec<Owner> = newest.clone().filter_map(|item| handed(item, app)).collect();
    let says = if handed.is_empty() { newest.map(|item| listed(item)).collect() } else { handed };
    let first = says[0];
    if says.iter().all(|other| *other == first) { first } else { Owner::Unclear }
}

/// What a hand-over says; `None` where it says nothing.
fn handed(item: &Item, app: Option<&AppId>) -> Option<Owner> {
    let Told::HandedOver { to } = &item.told else { return None };
    match (to, app) {
        (Owning::App(owner), Some(app)) => Some(if owner == app { Owner::Ours } else { Owner::Elsewhere }),
        (Owning::Nobody, _) => Some(Owner::Ours),
        (Owning::NotOf(loser), Some(app)) if loser == app => Some(Owner::Elsewhere),
        (Owning::App(_) | Owning::NotOf(_), _) | (Owning::Unsaid, _) => None,
    }
}

/// What the list of an item says.
const fn listed(item: &Item) -> Owner {
    if item.standby { Owner::Elsewhere } else { Owner::Ours }
}

#[cfg(test)]
mod tests {
    use model::{ItemKey, Timestamp};

    use super::*;
    use crate::history::Word;

    fn item(at: i64, standby: bool, told: Told) -> Item {
        let (key, at, kind) = (ItemKey([0; 16]), Timestamp(at), Word::Borrowed("x"));
        Item { key, deed: None, page: None, customer: None, at, kind, standby, told }
    }

    fn handed_to(at: i64, to: Owning) -> Item {
        item(at, false, Told::HandedOver { to })
    }

    fn owner_of(items: &[Item]) -> Owner {
        owner(&items.iter().collect::<Vec<_>>(), Some(&AppId::new("1")))
    }

    #[test]
    fn the_newest_item_tells_whatever_came_last() {
        let (ours, elsewhere) = (item(2, false, Told::Other), item(1, true, Told::Other));
        assert_eq!(owner_of(&[ours.clone(), elsewhere.clone()]), Owner::Ours);
        assert_eq!(owner_of(&[elsewhere, ours]), Owner::Ours);
        assert_eq!(owner_of(&[item(1, false, Told::Other), item(2, true, Told::Other)]), Owner::Elsewhere);
        assert_eq!(owner_of(&[]), Owner::Ours);
    }

    #[test]
    fn a_hand_over_is_stronger_than_the_list_of_its_millisecond() {
        let app = |id| Owning::App(AppId::new(id));
        assert_eq!(owner_of(&[handed_to(1, app("2")), item(1, false, Told::Other)]), Owner::Elsewhere);
        assert_eq!(owner_of(&[handed_to(1, app("1")), item(1, true, Told::Other)]), Owner::Ours);
        assert_eq!(owner_of(&[handed_to(1, app("2")), handed_to(2, Owning::Nobody)]), Owner::Ours);
        assert_eq!(owner_of(&[handed_to(2, Owning::NotOf(AppId::new("1")))]), Owner::Elsewhere);
        assert_eq!(owner_of(&[handed_to(2, Owning::Unsaid)]), Owner::Ours);
    }

    #[test]
    fn nobody_can_tell_where_one_millisecond_says_both() {
        assert_eq!(owner_of(&[item(1, false, Told::Other), item(1, true, Told::Other)]), Owner::Unclear);
    }
}
