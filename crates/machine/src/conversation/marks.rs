//! What is known of messages beside themselves: reactions, changed texts, unsends. They may come before their message.
//!
//! Invariant: the order of arrival does not show; the newest by Meta's time (then by key) counts, and a message that was
//! taken back stays so.

use std::collections::BTreeMap;

use model::{Edit, Inbound, ItemKey, Kind, Mid, Reaction, Redacted, Timestamp};
use sabotage::{Defect, on};

use super::line::sign;

/// Marks of all messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Marks(BTreeMap<Mid, Mark>);

/// Marks of one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Mark {
    customers: Option<Newest<Option<String>>>,
    pages: Option<Newest<Option<String>>>,
    edit: Option<(u32, Newest<Redacted<String>>)>,
    unsend: Option<Newest<()>>,
}

/// The newest of its sort.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Newest<T> {
    at: Timestamp,
    key: ItemKey,
    value: T,
}

/// A reaction as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reacted {
    /// The Page's, not the customer's.
    pub by_page: bool,
    /// The sign, else Meta's word for it.
    pub sign: String,
}

/// Something that stands on a message that is not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Astray {
    pub(super) at: Timestamp,
    pub(super) key: ItemKey,
    pub(super) text: String,
}

impl Marks {
    /// Takes in an item; others than reactions, edits and unsends change nothing.
    pub(super) fn apply(&mut self, inbound: &Inbound) {
        match &inbound.kind {
            Kind::Reaction(reaction) => self.react(inbound, reaction),
            Kind::Edit(edit) => self.edit(inbound, edit),
            Kind::Unsend(_) if on(Defect::UnsendIgnored) => {}
            Kind::Unsend(unsend) => {
                let mark = self.0.entry(unsend.mid.clone()).or_default();
                replace(&mut mark.unsend, newest(inbound, ()));
            }
            Kind::Message(_)
            | Kind::Echo(_)
            | Kind::Postback(_)
            | Kind::Delivered(_)
            | Kind::Read(_)
            | Kind::Referral(_)
            | Kind::Optin(_)
            | Kind::Handover(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Order(_)
            | Kind::Notice(_)
            | Kind::Legacy(_) => {}
        }
    }

    fn react(&mut self, inbound: &Inbound, reaction: &Reaction) {
        let mark = self.0.entry(reaction.mid.clone()).or_default();
        let value = reaction.added.then(|| sign(reaction).to_owned());
        let slot = if reaction.by_page { &mut mark.pages } else { &mut mark.customers };
        if on(Defect::ReactionsByArrival) {
            *slot = None;
        }
        replace(slot, newest(inbound, value));
    }

    fn edit(&mut self, inbound: &Inbound, edit: &Edit) {
        let mark = self.0.entry(edit.mid.clone()).or_default();
        let (nth, came) = (edit.nth.unwrap_or(0), newest(inbound, edit.text.clone().unwrap_or_default()));
        let is_newer =
            mark.edit.as_ref().is_none_or(|(known, newest)| (*known, newest.at, newest.key) < (nth, came.at, came.key));
        if is_newer {
            mark.edit = Some((nth, came));
        }
    }

    /// The marks of a message.
    pub(super) fn of(&self, mid: &Mid) -> Option<&Mark> {
        self.0.get(mid)
    }

    /// What stands on messages other than these: each tells of itself.
    pub(super) fn astray(&self, is_known: impl Fn(&Mid) -> bool) -> Vec<Astray> {
        let unknown = self.0.iter().filter(|(mid, _)| !is_known(mid));
        unknown.flat_map(|(_, mark)| mark.astray()).collect()
    }
}

impl Mark {
    /// The reactions that stand, the customer's first.
    pub(super) fn reactions(&self) -> Vec<Reacted> {
        let standing = [(&self.customers, false), (&self.pages, true)];
        let signs = standing
            .into_iter()
            .filter_map(|(slot, by_page)| Some(Reacted { by_page, sign: slot.as_ref()?.value.clone()? }));
        signs.collect()
    }

    /// The changed text.
    pub(super) fn text(&self) -> Option<&Redacted<String>> {
        self.edit.as_ref().map(|(_, newest)| &newest.value)
    }

    /// Whether the message was taken back.
    pub(super) const fn is_unsent(&self) -> bool {
        self.unsend.is_some()
    }

    fn astray(&self) -> Vec<Astray> {
        let mut all = Vec::new();
        for (slot, who) in [(&self.customers, "The customer"), (&self.pages, "The Page")] {
            if let Some(Newest { at, key, value: Some(sign) }) = slot {
                all.push(Astray { at: *at, key: *key, text: format!("{who} reacted {sign} to a message") });
            }
        }
        if let Some(Newest { at, key, value: () }) = self.unsend {
            all.push(Astray { at, key, text: "A message was taken back".to_owned() });
        } else if let Some((_, Newest { at, key, value })) = &self.edit {
            all.push(Astray { at: *at, key: *key, text: format!("A message was changed to: {}", value.reveal()) });
        }
        all
    }
}

fn newest<T>(inbound: &Inbound, value: T) -> Newest<T> {
    Newest { at: inbound.at, key: inbound.key, value }
}

fn replace<T>(slot: &mut Option<Newest<T>>, came: Newest<T>) {
    if slot.as_ref().is_none_or(|known| (known.at, known.key) < (came.at, came.key)) {
        *slot = Some(came);
    }
}
