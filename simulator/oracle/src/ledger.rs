//! What stands where in a history: places by delivery, item, machine, mark and task, so that no promise reads it all.
//!
//! Places only; nothing is judged here. Made once per history, at the first question.

use std::collections::BTreeMap;

use model::{EffectId, ItemKey, MachineId, PageId, TaskId, Timestamp};

use crate::history::{
    Admin, History, Item, Journaled, Life, Meta, Observed, Record, Screen, Standing, Taken, Tracker, Webhook, What,
};

/// Places by what they are about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// POSTs by number.
    pub(crate) posts: BTreeMap<u64, Post>,
    /// What became of each item.
    pub(crate) fates: BTreeMap<ItemKey, Fate>,
    /// By place: where the item of a record that received one was offered first, and its index there.
    heard: Vec<Option<(u32, u32)>>,
    /// Items that the world poisoned.
    pub(crate) poisoned: BTreeMap<ItemKey, usize>,
    /// Records of each machine.
    pub(crate) records: BTreeMap<MachineId, Vec<usize>>,
    /// Those of them that speak of answers and their parts.
    pub(crate) spoken: BTreeMap<MachineId, Vec<usize>>,
    /// Records by the effect that they name.
    pub(crate) effects: BTreeMap<EffectId, usize>,
    /// Sends that came to Meta, by mark.
    pub(crate) sends: BTreeMap<String, Vec<usize>>,
    /// Answers of Meta that went out, by mark.
    pub(crate) send_answers: BTreeMap<String, Vec<usize>>,
    /// Sends that Meta took, by its id.
    pub(crate) taken: BTreeMap<model::Mid, usize>,
    /// Calls of the tracker, by effect.
    pub(crate) calls: BTreeMap<EffectId, Vec<usize>>,
    /// Comments in the tracker.
    pub(crate) comments: BTreeMap<model::CommentId, usize>,
    /// Where a task was deleted for good.
    pub(crate) deleted: BTreeMap<TaskId, usize>,
    /// What was shown of each conversation.
    pub(crate) shown: BTreeMap<MachineId, Vec<usize>>,
    /// Changes of settings.
    pub(crate) admin: Vec<usize>,
    /// Crashes.
    pub(crate) crashes: Vec<usize>,
    /// Spans in which the node did not run or a fault was on: first and last place.
    pub(crate) troubles: Vec<(usize, usize)>,
    /// Spans in which a Page had no live token: first and last place.
    pub(crate) tokenless: BTreeMap<PageId, Vec<(usize, usize)>>,
    /// Where the faults ended for good.
    pub(crate) faults_over: Option<usize>,
    /// Where the world came to rest last, if nothing was offered, asked or journaled after it.
    pub(crate) at_rest: Option<usize>,
}

/// What became of an item.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    /// Where it was offered: number of the POST and index in its body.
    pub(crate) offers: Vec<(u64, usize)>,
    /// Where it was acknowledged first, its POST with a good signature.
    pub(crate) acknowledged: Option<usize>,
    /// Where it was received.
    pub(crate) received: Vec<usize>,
    /// Where it was put aside.
    pub(crate) set_aside: Vec<usize>,
}

impl Fate {
    /// Whether no record tells of it.
    pub(crate) const fn is_lost(&self) -> bool {
        self.received.is_empty() && self.set_aside.is_empty()
    }
}

/// One POST.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Post {
    /// Where it was offered.
    pub(crate) offered: Option<usize>,
    /// Where its body was kept.
    pub(crate) kept: Option<usize>,
    /// Where it was answered, and how.
    pub(crate) answered: Option<(usize, u16)>,
}

impl Post {
    /// Where it was answered with 200.
    pub(crate) fn acknowledged(&self) -> Option<usize> {
        self.answered.filter(|(_, status)| *status == 200).map(|(place, _)| place)
    }
}

/// What is on while the list is read.
#[derive(Default)]
struct Open {
    down: Option<usize>,
    faults: BTreeMap<String, usize>,
    tokenless: BTreeMap<PageId, usize>,
}

impl Ledger {
    /// Reads the whole list once.
    pub(crate) fn of(history: &History) -> Self {
        let mut ledger = Self { heard: vec![None; history.observed().len()], ..Self::default() };
        let mut open = Open::default();
        for (page, live) in &history.setup.pages {
            if !live {
                open.tokenless.insert(page.clone(), 0);
            }
        }
        for (place, observed) in history.observed().iter().enumerate() {
            ledger.take(history, place, &observed.what, &mut open);
        }
        let last = history.observed().len().saturating_sub(1);
        let ends: Vec<usize> = open.down.into_iter().chain(open.faults.into_values()).collect();
        ledger.troubles.extend(ends.into_iter().map(|from| (from, last)));
        for (page, from) in open.tokenless {
            ledger.tokenless.entry(page).or_default().push((from, last));
        }
        if history.cut() > 0 {
            ledger.at_rest = None;
        }
        ledger
    }

    fn take(&mut self, history: &History, place: usize, what: &What, open: &mut Open) {
        match what {
            What::Webhook(webhook) => self.webhook(history, place, webhook),
            What::Journal(record) => self.journal(place, record),
            What::Meta(meta) => self.meta(place, meta, open),
            What::Tracker(Tracker::Called { effect, .. }) => {
                self.at_rest = None;
                self.calls.entry(effect.clone()).or_default().push(place);
            }
            What::Tracker(Tracker::Commented { comment, .. }) => {
                self.at_rest = None;
                self.comments.entry(comment.clone()).or_insert(place);
            }
            What::Tracker(Tracker::TaskTurned { task, into }) => {
                if *into == Standing::Gone {
                    self.deleted.entry(task.clone()).or_insert(place);
                }
            }
            What::Tracker(Tracker::Answered { .. }) | What::Screen(Screen::Asked { .. }) => {}
            What::Admin(Admin::HumanAgent { .. } | Admin::OneActiveTask { .. } | Admin::Guards { .. }) => {
                self.admin.push(place);
            }
            What::Screen(Screen::Conversation(shown)) => {
                self.shown.entry(shown.machine.clone()).or_default().push(place);
            }
            What::Admin(Admin::Token { page, live }) => self.token(place, page, *live, open),
            What::Life(life) => self.life(place, life, open),
        }
    }

    fn webhook(&mut self, history: &History, place: usize, webhook: &Webhook) {
        self.at_rest = None;
        match webhook {
            Webhook::Offered { number, signed: _, items } => {
                self.posts.entry(*number).or_default().offered.get_or_insert(place);
                for (index, item) in items.iter().enumerate() {
                    self.fates.entry(item.key).or_default().offers.push((*number, index));
                }
            }
            Webhook::Kept { number } => {
                self.posts.entry(*number).or_default().kept.get_or_insert(place);
            }
            Webhook::Answered { number, status } => {
                let post = self.posts.entry(*number).or_default();
                post.answered.get_or_insert((place, *status));
                let post = *post;
                if post.acknowledged() == Some(place) && history.post_is_signed(post) {
                    for item in history.items_of(post) {
                        self.fates.entry(item.key).or_default().acknowledged.get_or_insert(place);
                    }
                }
            }
        }
    }

    fn journal(&mut self, place: usize, record: &Record) {
        self.at_rest = None;
        push(&mut self.records, &record.id.machine, place);
        if record.says.part().is_some() || matches!(record.says, Journaled::AnswerAsked { .. }) {
            push(&mut self.spoken, &record.id.machine, place);
        }
        if let Journaled::Received { key } = &record.says {
            let fate = self.fates.entry(*key).or_default();
            fate.received.push(place);
            let first = fate.offers.first().copied();
            self.heard[place] = first.and_then(|(number, index)| {
                let offered = self.posts.get(&number)?.offered?;
                Some((u32::try_from(offered).ok()?, u32::try_from(index).ok()?))
            });
        }
        if let Journaled::SetAside { key, .. } = &record.says {
            self.fates.entry(*key).or_default().set_aside.push(place);
        }
        if record.says.lines().is_some() || matches!(record.says, Journaled::PartStarted { .. }) {
            self.effects.entry(record.id.clone()).or_insert(place);
        }
    }

    fn meta(&mut self, place: usize, meta: &Meta, open: &mut Open) {
        match meta {
            Meta::SendCame { mark, taken, .. } => {
                self.at_rest = None;
                self.sends.entry(mark.clone()).or_default().push(place);
                if let Taken::Yes { mid } = taken {
                    self.taken.entry(mid.clone()).or_insert(place);
                }
            }
            Meta::SendAnswered { mark, lost: _ } => {
                self.send_answers.entry(mark.clone()).or_default().push(place);
            }
            Meta::TokenDied { page } => self.token(place, page, false, open),
        }
    }

    fn token(&mut self, place: usize, page: &PageId, live: bool, open: &mut Open) {
        if !live {
            open.tokenless.entry(page.clone()).or_insert(place);
        } else if let Some(from) = open.tokenless.remove(page) {
            self.tokenless.entry(page.clone()).or_default().push((from, place));
        }
    }

    fn life(&mut self, place: usize, life: &Life, open: &mut Open) {
        match life {
            Life::Started => self.troubles.extend(open.down.take().map(|from| (from, place))),
            Life::Crashed => {
                self.crashes.push(place);
                open.down.get_or_insert(place);
                self.at_rest = None;
            }
            Life::FaultBegan { fault } => {
                open.faults.entry(fault.to_string()).or_insert(place);
            }
            Life::FaultEnded { fault } => {
                self.troubles.extend(open.faults.remove(&**fault).map(|from| (from, place)));
            }
            Life::FaultsOver => {
                self.faults_over = Some(place);
                let over = core::mem::take(&mut open.faults);
                self.troubles.extend(over.into_values().map(|from| (from, place)));
            }
            Life::Poisoned { key } => {
                self.poisoned.entry(*key).or_insert(place);
            }
            Life::AtRest => self.at_rest = Some(place),
            Life::Compared { .. } | Life::OutsideTurned { .. } => {}
        }
    }

    /// Whether the node did not run, or a fault was on, at some place of the span.
    pub(crate) fn is_troubled(&self, from: usize, to: usize) -> bool {
        self.troubles.iter().any(|(began, ended)| *began <= to && from <= *ended)
    }

    /// Whether the Page had no live token at a place.
    pub(crate) fn is_tokenless(&self, page: &PageId, place: usize) -> bool {
        let spans = self.tokenless.get(page).map_or(&[][..], Vec::as_slice);
        spans.iter().any(|(from, to)| *from <= place && place <= *to)
    }

    /// Where an item was received first.
    pub(crate) fn received(&self, key: ItemKey) -> Option<usize> {
        self.fates.get(&key)?.received.first().copied()
    }

    /// The POSTs that brought an item, each with whether its signature was good.
    pub(crate) fn places_of<'a>(
        &'a self,
        history: &'a History,
        key: ItemKey,
    ) -> impl Iterator<Item = (Post, bool)> + 'a {
        let offers = self.fates.get(&key).map_or(&[][..], |fate| fate.offers.as_slice());
        offers.iter().filter_map(|(number, _)| {
            let post = *self.posts.get(number)?;
            Some((post, history.post_is_signed(post)))
        })
    }
}

/// One place more of a machine; its name is cloned once.
fn push(places: &mut BTreeMap<MachineId, Vec<usize>>, machine: &MachineId, place: usize) {
    match places.get_mut(machine) {
        Some(places) => places.push(place),
        None => {
            places.insert(machine.clone(), vec![place]);
        }
    }
}

/// Reading at a place.
impl History {
    /// What stands at a place.
    pub(crate) fn at(&self, place: usize) -> &Observed {
        &self.observed()[place]
    }

    /// When.
    pub(crate) fn time(&self, place: usize) -> Timestamp {
        self.observed()[place].at
    }

    /// The record at a place.
    pub(crate) fn record(&self, place: usize) -> Option<&Record> {
        if let What::Journal(record) = &self.at(place).what { Some(record) } else { None }
    }

    /// The start that a mark names, if the journal has it.
    pub(crate) fn start_of(&self, mark: &str) -> Option<usize> {
        let place = *self.ledger().effects.get(&mark.parse::<EffectId>().ok()?)?;
        let says = &self.record(place)?.says;
        matches!(says, Journaled::PartStarted { .. }).then_some(place)
    }

    /// The records of a machine, each with its place.
    pub(crate) fn records_of(&self, machine: &MachineId) -> impl Iterator<Item = (usize, &Record)> {
        let places = self.ledger().records.get(machine).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| Some((*place, self.record(*place)?)))
    }

    /// Those of them that speak of answers and their parts.
    pub(crate) fn spoken_of(&self, machine: &MachineId) -> impl Iterator<Item = (usize, &Record)> {
        let places = self.ledger().spoken.get(machine).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| Some((*place, self.record(*place)?)))
    }

    /// The first offer of an item.
    pub(crate) fn item(&self, key: ItemKey) -> Option<&Item> {
        self.offered(self.ledger().fates.get(&key)?)
    }

    /// The first offer of an item, by its fate.
    pub(crate) fn offered(&self, fate: &Fate) -> Option<&Item> {
        let (number, index) = fate.offers.first()?;
        self.items_of(*self.ledger().posts.get(number)?).get(*index)
    }

    /// The item that a record received, where one was offered before it.
    pub(crate) fn heard(&self, place: usize) -> Option<&Item> {
        let (offered, index) = (*self.ledger().heard.get(place)?)?;
        let What::Webhook(Webhook::Offered { items, .. }) = &self.at(usize::try_from(offered).ok()?).what else {
            return None;
        };
        items.get(usize::try_from(index).ok()?)
    }

    /// The items of a POST.
    pub(crate) fn items_of(&self, post: Post) -> &[Item] {
        match post.offered.map(|place| &self.at(place).what) {
            Some(What::Webhook(Webhook::Offered { items, .. })) => items,
            Some(_) | None => &[],
        }
    }

    /// Whether a POST had a good signature.
    pub(crate) fn post_is_signed(&self, post: Post) -> bool {
        let offered = post.offered.map(|place| &self.at(place).what);
        matches!(offered, Some(What::Webhook(Webhook::Offered { signed: true, .. })))
    }

    /// The last that was shown of a conversation.
    pub(crate) fn last_shown(&self, machine: &MachineId) -> Option<(usize, &crate::history::Shown)> {
        let place = *self.ledger().shown.get(machine)?.last()?;
        self.shown_at(place).map(|shown| (place, shown))
    }

    /// What was shown at a place.
    pub(crate) fn shown_at(&self, place: usize) -> Option<&crate::history::Shown> {
        if let What::Screen(Screen::Conversation(shown)) = &self.at(place).what { Some(shown) } else { None }
    }
}
