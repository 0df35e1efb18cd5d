//! What one event stream says next: which machines changed since what it said last, or that too much did.
//!
//! Pure. Invariants: an id is said only when everything up to it was told; the ids of a stream rise, also over cuts, as
//! long as the lists do not start over; a machine's change is told once.

use model::Timestamp;

use crate::lists::Changes;

/// Machines named in one event; where more changed, everything is read again. At 40 characters each it stays in a packet
/// or two.
const NAMED_MAX: usize = 64;

/// Where one stream stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Teller {
    /// Everything up to this position was told.
    told: u64,
}

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// These machines changed, and no other.
    Changed {
        /// The position up to which this is all.
        id: u64,
        /// Their names.
        machines: Vec<String>,
    },
    /// Too many changed, or too long ago to say which: everything shown is to be read again.
    Everything {
        /// The position from which the stream goes on.
        id: u64,
    },
    /// The stream lives, and the node's clock shows this.
    Clock {
        /// The position up to which everything was told.
        id: u64,
        /// The node's clock.
        now: Timestamp,
    },
    /// Whose stream it is has signed out, or the session has ended.
    SignedOut,
}

impl Teller {
    /// A stream of which everything up to `told` is known on the other side.
    pub(crate) const fn after(told: u64) -> Self {
        Self { told }
    }

    /// The position up to which everything was told.
    pub(crate) const fn told(&self) -> u64 {
        self.told
    }

    /// What is to be said about what changed after [`Teller::told`]; `None`: nothing.
    pub(crate) fn tell(&mut self, changes: Changes) -> Option<Event> {
        match changes {
            Changes::Gone { newest } => {
                self.told = newest;
                Some(Event::Everything { id: newest })
            }
            Changes::Since { changed, newest } => {
                self.told = newest;
                match changed.len() {
                    0 => None,
                    1..=NAMED_MAX => {
                        let machines = changed.iter().map(ToString::to_string).collect();
                        Some(Event::Changed { id: newest, machines })
                    }
                    _ => Some(Event::Everything { id: newest }),
                }
            }
        }
    }
}

impl Event {
    /// As it goes over the wire. Source: *HTML Standard*, 9.2 Server-sent events, read 2026-11-23. No value holds a line
    /// end: machines are visible text by their parser, the rest are numbers.
    pub(crate) fn wire(&self) -> String {
        match self {
            Self::Changed { id, machines } => {
                let mut block = format!("id: {id}\nevent: changed\n");
                for machine in machines {
                    let machine = machine.replace(['\r', '\n'], " ");
                    block.push_str(&format!("data: {machine}\n"));
                }
                block.push('\n');
                block
            }
            Self::Everything { id } => format!("id: {id}\nevent: everything\ndata: {id}\n\n"),
            Self::Clock { id, now } => format!("id: {id}\nevent: clock\ndata: {}\n\n", now.0),
            Self::SignedOut => "event: signed-out\ndata: 0\n\n".to_owned(),
        }
    }
}

/// Where a stream begins: where the browser says that it was cut, else where its page was made, else now.
pub(crate) fn begins(last_event_id: Option<&[u8]>, after: Option<&str>, now: u64) -> Teller {
    let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let cut = last_event_id.map(|id| core::str::from_utf8(id).ok().and_then(number));
    let made = after.map(number);
    // What is no position of ours is ahead of all of them, so that everything is read again.
    Teller::after(cut.or(made).map_or(now, |told| told.unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{MachineId, PageId, Psid};
    use proptest::prelude::*;

    use super::*;

    fn machine(nth: u8) -> MachineId {
        MachineId::Conversation(PageId::new("1029"), Psid::new(nth.to_string()))
    }

    /// The node's lists as far as streams see them: what changed where, of which the newest `kept` are remembered.
    struct Tape {
        changes: Vec<(u64, u8)>,
        kept: usize,
    }

    impl Tape {
        fn newest(&self) -> u64 {
            self.changes.last().map_or(0, |(position, _)| *position)
        }

        fn since(&self, after: u64) -> Changes {
            let newest = self.newest();
            let forgotten = self.changes.len().saturating_sub(self.kept);
            let complete_after = if forgotten == 0 { 0 } else { self.changes[forgotten - 1].0 };
            if after < complete_after || after > newest {
                return Changes::Gone { newest };
            }
            let mut last: BTreeMap<u8, u64> = BTreeMap::new();
            for (position, nth) in self.changes.iter().filter(|(position, _)| *position > after) {
                last.insert(*nth, *position);
            }
            Changes::Since { changed: last.into_keys().map(machine).collect(), newest }
        }
    }

    /// A browser: what it shows of each machine, by the position at which it was read last, and the id it heard last.
    #[derive(Default)]
    struct Browser {
        shows: BTreeMap<String, u64>,
        heard: u64,
        ids: Vec<u64>,
    }

    impl Browser {
        fn hear(&mut self, event: &Event, tape: &Tape) {
            let read_again = |name: &str| {
                let newest = tape.changes.iter().filter(|(_, nth)| machine(*nth).to_string() == name);
                newest.map(|(position, _)| *position).max().unwrap_or(0)
            };
            let id = match event {
                Event::Changed { id, machines } => {
                    for name in machines {
                        let found = read_again(name);
                        assert_ne!(self.shows.insert(name.clone(), found), Some(found), "{name} is told twice");
                    }
                    *id
                }
                Event::Everything { id } => {
                    for nth in 0..=u8::MAX {
                        self.shows.insert(machine(nth).to_string(), read_again(&machine(nth).to_string()));
                    }
                    *id
                }
                Event::Clock { .. } | Event::SignedOut => return,
            };
            self.ids.push(id);
            self.heard = id;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn over_any_cuts_nothing_is_lost_and_nothing_is_told_twice(
            // Each step: how many changes happen, of which machines, and whether the stream is cut before the event is read.
            steps in prop::collection::vec((prop::collection::vec(0_u8..12, 0..6), any::<bool>(), 0_u8..4), 1..80),
            kept in 1_usize..40,
        ) {
            let mut tape = Tape { changes: Vec::new(), kept };
            let mut browser = Browser::default();
            let mut teller = begins(None, Some("0"), 0);
            let mut position = 0;
            for (changed, cut, look) in steps {
                for nth in changed {
                    position += 1 + u64::from(nth % 3);
                    tape.changes.push((position, nth));
                }
                if look == 0 {
                    continue;
                }
                let event = teller.tell(tape.since(teller.told()));
                if cut {
                    // The event is lost on the way, and the browser comes back with what it heard last.
                    teller = begins(Some(browser.heard.to_string().as_bytes()), Some("0"), tape.newest());
                } else if let Some(event) = event {
                    browser.hear(&event, &tape);
                }
            }
            if let Some(event) = teller.tell(tape.since(teller.told())) {
                browser.hear(&event, &tape);
            }
            for (_, nth) in &tape.changes {
                let newest = tape.changes.iter().filter(|(_, other)| other == nth).map(|(at, _)| *at).max();
                prop_assert_eq!(browser.shows.get(&machine(*nth).to_string()).copied(), newest, "machine {}", nth);
            }
            prop_assert!(browser.ids.is_sorted_by(|a, b| a < b), "{:?}", browser.ids);
        }
    }

    #[test]
    fn a_stream_begins_where_it_was_cut_and_nonsense_begins_anew() {
        assert_eq!(begins(Some(b"7"), Some("3"), 9), Teller::after(7));
        assert_eq!(begins(None, Some("3"), 9), Teller::after(3));
        assert_eq!(begins(None, None, 9), Teller::after(9));
        for odd in [&b""[..], b"x", b"-1", b"+1", b"99999999999999999999", b"\xff"] {
            assert_eq!(begins(Some(odd), Some("3"), 9), Teller::after(u64::MAX), "{odd:?}");
        }
        let mut lost = begins(Some(b"x"), None, 9);
        let tape = Tape { changes: vec![(4, 1)], kept: 9 };
        assert_eq!(lost.tell(tape.since(lost.told())), Some(Event::Everything { id: 4 }));
    }

    #[test]
    fn an_event_is_one_block_with_its_id() {
        let event = Event::Changed { id: 7, machines: vec!["c/1/2".to_owned(), "p/1".to_owned()] };
        assert_eq!(event.wire(), "id: 7\nevent: changed\ndata: c/1/2\ndata: p/1\n\n");
        assert_eq!(Event::Clock { id: 7, now: Timestamp(5) }.wire(), "id: 7\nevent: clock\ndata: 5\n\n");
        let odd = Event::Changed { id: 1, machines: vec!["c/1/a\nid: 9".to_owned()] };
        assert_eq!(odd.wire().matches('\n').count(), 4);
    }

    #[test]
    fn where_many_changed_everything_is_read_again() {
        let changed = (0..=u8::MAX).map(machine).collect();
        let mut teller = Teller::after(1);
        assert_eq!(teller.tell(Changes::Since { changed, newest: 9 }), Some(Event::Everything { id: 9 }));
        assert_eq!(teller.tell(Changes::Since { changed: Vec::new(), newest: 12 }), None);
        assert_eq!(teller.told(), 12);
    }
}
