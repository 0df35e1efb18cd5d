//! What a conversation knows. Changed by `evolve` alone; decisions only read it.
//!
//! Everything here follows from the journaled events, so that a state rebuilt from them equals the live one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::{AppId, ContactId, EffectId, ItemKey, MachineId, Mid, Redacted, TaskId, Timestamp};
use policy::Openers;
use serde::{Deserialize, Serialize};

use super::ad::AdVisits;
use super::event::Line;
use super::projection::Receipts;
use crate::outbound::{PartId, Queue, Source};

/// Version of the frozen form. Another one is not read: the state is rebuilt from its events.
const FROZEN_VERSION: u8 = 4;

/// Edits and unsends remembered for messages that come after them: the newest. An order turned round spans a few items.
const TOMBSTONES_MAX: usize = 100;

/// What a conversation knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct State {
    /// Whose.
    pub(super) id: MachineId,
    /// How many events were applied.
    pub(super) seq: u64,
    /// Keys of the items received: a known one is a duplicate.
    pub(super) seen: BTreeSet<ItemKey>,
    /// Comments and calls that became replies: a known one is a duplicate.
    pub(super) replied: BTreeSet<Source>,
    /// The customer's newest opening actions, merged by maximum.
    pub(super) openers: Openers,
    /// Clicks on ads and the messages after them.
    #[serde(default, skip_serializing_if = "AdVisits::is_empty")]
    pub(super) ads: AdVisits,
    /// When the newest send began that Meta refused though it rested on the seven days after an ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ad_refused_at: Option<Timestamp>,
    /// When Meta last refused something for the privacy rules of Europe and Japan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) privacy_refused_at: Option<Timestamp>,
    /// End of the newest standard window whose closing was noted.
    pub(super) closed_at: Option<Timestamp>,
    /// Meta's time of the customer's newest item; an older one that comes after it is late.
    pub(super) newest_at: Option<Timestamp>,
    /// Another app owns the thread: the newest item came in the standby list, or a hand-over says so.
    pub(super) standby: bool,
    /// What `standby` rests on.
    pub(super) evidence: Option<Evidence>,
    /// The app that has the thread, where a hand-over or Meta's answer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<AppId>,
    /// Meta was asked for the thread since another app had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) control: Option<Control>,
    /// Open questions for the thread, by the number of the event; of an earlier holder too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) asking: BTreeSet<u64>,
    /// Messages known to be changed or taken back, in order of arrival.
    pub(super) tombstones: VecDeque<Tombstone>,
    /// The customer's name.
    pub(super) name: Option<Redacted<String>>,
    /// The customer's contact in the tracker.
    pub(super) contact: Option<ContactId>,
    /// Where the messages go.
    pub(super) binding: Binding,
    /// The task bound before the present one.
    pub(super) previous: Option<TaskId>,
    /// Lines that no effect took yet, in order of arrival.
    pub(super) waiting: VecDeque<Line>,
    /// The tracker's one open effect that carries lines.
    pub(super) tracker: Option<TrackerWork>,
    /// Why the tracker took the last lines not, for good; they wait.
    pub(super) tracker_refusal: Option<String>,
    /// The open question for the profile.
    pub(super) profile: Option<u64>,
    /// Until when the profile was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) profile_asked_at: Option<Timestamp>,
    /// Open questions for the thread, by the number of the event, and the unclear part that each is about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) readings: BTreeMap<u64, PartId>,
    /// The newest messages that the Page sent without us, oldest first: what the thread shows of them is none of ours.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub(super) outside: VecDeque<Mid>,
    /// Open namings of the contact.
    pub(super) naming: BTreeSet<u64>,
    /// What is to be sent and was sent.
    pub(super) queue: Queue,
    /// How far the customer got.
    pub(super) receipts: Receipts,
    /// Echoes of which it is not known yet whose they are.
    pub(super) held: Vec<HeldEcho>,
}

/// Where the customer's messages go.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "binding", rename_all = "snake_case")]
pub enum Binding {
    /// Nowhere yet.
    None,
    /// A new task waits for the customer's name.
    Gathering {
        /// It opens then at the latest.
        until: Timestamp,
        /// Number of the event that asked for the profile.
        effect: u64,
    },
    /// A task is being opened.
    Opening {
        /// Number of the event that named the effect.
        effect: u64,
    },
    /// To this task.
    Bound {
        /// The task.
        task: TaskId,
    },
}

/// The tracker's open effect that carries lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TrackerWork {
    /// Number of the event that named it.
    pub effect: u64,
    /// The task that gets comments; `None` where one is being opened.
    pub task: Option<TaskId>,
    /// Comments only if the task is active.
    pub if_active: bool,
    /// The new task's contact bears the customer's name from the start.
    pub named: bool,
    /// What it carries.
    pub lines: Vec<Line>,
}

/// An echo of which it is not known yet whether it is our own send's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeldEcho {
    /// Meta's id of the message.
    pub mid: Mid,
    /// What the task gets if it was sent outside.
    pub line: Line,
    /// Decided then at the latest; `None` only inside the batch that received it.
    pub until: Option<Timestamp>,
}

/// What a knowledge of the thread's owner rests on; the greatest counts, whatever the order of arrival.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Meta's time of the item.
    pub at: Timestamp,
    /// A hand-over names the owner; another item only came in a list.
    pub is_handover: bool,
    /// The item.
    pub key: ItemKey,
}

/// A question for the thread, asked once as long as another app has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Control {
    /// Number of the event that asked; `None`: answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<u64>,
    /// What is to be sent waits until then.
    pub until: Timestamp,
    /// Why Meta did not give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<String>,
}

/// What is known of a message that may come later than this.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tombstone {
    /// The message.
    pub mid: Mid,
    /// It was taken back.
    pub unsent: bool,
    /// Number of its newest change.
    pub nth: u32,
    /// Its newest text, unless only its unsend is known.
    pub text: Option<Redacted<String>>,
}

impl State {
    pub(super) fn fresh(id: &MachineId) -> Self {
        Self {
            id: id.clone(),
            seq: 0,
            seen: BTreeSet::new(),
            replied: BTreeSet::new(),
            openers: Openers::default(),
            ads: AdVisits::default(),
            ad_refused_at: None,
            privacy_refused_at: None,
            closed_at: None,
            newest_at: None,
            standby: false,
            evidence: None,
            owner: None,
            control: None,
            asking: BTreeSet::new(),
            tombstones: VecDeque::new(),
            name: None,
            contact: None,
            binding: Binding::None,
            previous: None,
            waiting: VecDeque::new(),
            tracker: None,
            tracker_refusal: None,
            profile: None,
            profile_asked_at: None,
            readings: BTreeMap::new(),
            outside: VecDeque::new(),
            naming: BTreeSet::new(),
            queue: Queue::default(),
            receipts: Receipts::default(),
            held: Vec::new(),
        }
    }

    pub(super) fn freeze(&self) -> (u8, Vec<u8>) {
        (FROZEN_VERSION, serde_json::to_vec(self).expect("a state is plain text and numbers"))
    }

    pub(super) fn thaw(version: u8, body: &[u8]) -> Option<Self> {
        if version == FROZEN_VERSION { serde_json::from_slice(body).ok() } else { None }
    }

    /// Whose state it is.
    pub fn id(&self) -> &MachineId {
        &self.id
    }

    /// Whether an item with this key was received.
    pub fn has_seen(&self, key: ItemKey) -> bool {
        self.seen.contains(&key)
    }

    /// Whether this comment or call became a reply.
    pub fn has_replied(&self, source: &Source) -> bool {
        self.replied.contains(source)
    }

    /// Where the customer's messages go.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The task bound now, if one is.
    pub fn task(&self) -> Option<&TaskId> {
        match &self.binding {
            Binding::Bound { task } => Some(task),
            Binding::None | Binding::Gathering { .. } | Binding::Opening { .. } => None,
        }
    }

    /// The task bound before the present one.
    pub fn previous_task(&self) -> Option<&TaskId> {
        self.previous.as_ref()
    }

    /// The customer's name as far as known.
    pub fn name(&self) -> Option<&Redacted<String>> {
        self.name.as_ref()
    }

    /// The customer's contact in the tracker.
    pub fn contact(&self) -> Option<&ContactId> {
        self.contact.as_ref()
    }

    /// Lines that no effect took yet.
    pub fn waiting(&self) -> impl Iterator<Item = &Line> {
        self.waiting.iter()
    }

    /// The tracker's open effect that carries lines.
    pub fn tracker_work(&self) -> Option<&TrackerWork> {
        self.tracker.as_ref()
    }

    /// Why the tracker refused the last lines for good, until it takes some again.
    pub fn tracker_refusal(&self) -> Option<&str> {
        self.tracker_refusal.as_deref()
    }

    /// What is to be sent and was sent.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// How far the customer got.
    pub fn receipts(&self) -> Receipts {
        self.receipts
    }

    /// Whether another app owns the thread.
    pub fn standby(&self) -> bool {
        self.standby
    }

    /// The app that has the thread, where one has it and is known.
    pub fn owner(&self) -> Option<&AppId> {
        self.owner.as_ref().filter(|_| self.standby)
    }

    /// What came of asking Meta for the thread, since another app has it.
    pub fn control(&self) -> Option<&Control> {
        self.control.as_ref().filter(|_| self.standby)
    }

    /// Echoes of which it is not known yet whose they are.
    pub fn held_echoes(&self) -> &[HeldEcho] {
        &self.held
    }

    /// Takes in who owns the thread, unless something stronger is known.
    pub(super) fn hear(&mut self, evidence: Evidence, standby: bool) {
        if self.evidence.is_none_or(|known| known < evidence) {
            self.evidence = Some(evidence);
            self.standby = standby;
        }
    }

    /// What is known of a message that comes now.
    pub(super) fn tombstone(&self, mid: &Mid) -> Option<&Tombstone> {
        self.tombstones.iter().find(|tombstone| tombstone.mid == *mid)
    }

    /// Remembers that a message was changed or taken back; the newest change counts.
    pub(super) fn bury(&mut self, stone: Tombstone) {
        match self.tombstones.iter_mut().find(|known| known.mid == stone.mid) {
            Some(known) => {
                known.unsent |= stone.unsent;
                if stone.text.is_some() && (known.text.is_none() || known.nth < stone.nth) {
                    (known.nth, known.text) = (stone.nth, stone.text);
                }
            }
            None => {
                self.tombstones.push_back(stone);
                if self.tombstones.len() > TOMBSTONES_MAX {
                    self.tombstones.pop_front();
                }
            }
        }
    }

    /// The part that an echo's metadata names, if it is one of ours.
    pub(super) fn part_named_by(&self, metadata: Option<&str>) -> Option<PartId> {
        let effect: EffectId = metadata?.parse().ok()?;
        if effect.machine == self.id { self.queue.part_of_send(effect.seq) } else { None }
    }

    /// Whether a line that is not the customer's has somewhere to go.
    pub(super) fn takes_outside_lines(&self) -> bool {
        self.binding != Binding::None || !self.waiting.is_empty()
    }
}
