//! Writes a run down for the oracle: whoever watches a world tells it what it saw, and the records of the journal are
//! put into the oracle's words.
//!
//! Translates and judges nothing. Texts become digests here and leave in no other form. Invariant: whoever tells has the
//! journal told up to now first, so that a record stands before whatever followed from it.

mod record;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use journal::StoredBatch;
use machine::conversation::transcript::{Entry, Tie, Transcript, Who};
use machine::conversation::{self, Conversation};
use machine::page::{self, Page};
use machine::{AccountFacts, Context, Machine as _};
use messenger::{Body, Send};
use model::{CommentId, Delivery, EffectId, Incarnation, MachineId, PageId, TaskId, Timestamp};
use oracle::history::{
    Author, Bubble, Digest, Item, Life, May, Meta, Record, Screen, Setup, Shown, Sign, Taken, Tracker, TrackerAnswer,
    Webhook, What, Word,
};
use oracle::{Dates, History};
use policy::Author::Agent;
use policy::{Calendar, Verdict};
use tracker::{Audience, Comment, CommentsAdded, Fault, Opened};

/// A run that is being written down.
pub struct Chronicle {
    history: History,
    incarnation: Incarnation,
    talks: BTreeMap<MachineId, Talk>,
    /// What is known of each Page.
    pages: BTreeMap<PageId, page::State>,
    posts: u64,
    /// What was seen while the journal could not be: each stands behind the record it came from.
    unplaced: Option<Vec<(Timestamp, What)>>,
}

/// A conversation as its events leave it.
struct Talk {
    state: conversation::State,
    transcript: Transcript,
}

/// When Meta's rules changed, where the editions of the policy are dated so.
pub fn dates(calendar: &Calendar) -> Dates {
    let from = |edition: &str| edition.parse().ok().map(|id| calendar.starts_at(id));
    let Dates { news_end, ads_from } = Dates::default();
    Dates { news_end: from("2026-04-27").unwrap_or(news_end), ads_from: from("2026-09-28").unwrap_or(ads_from) }
}

/// What a run begins with, as the node is configured. `pages` are those it knows, each with whether it has a token.
pub fn setup(begins_at: Timestamp, facts: &AccountFacts, pages: impl IntoIterator<Item = (PageId, bool)>) -> Setup {
    let mut setup = Setup::new(begins_at);
    setup.app.clone_from(&facts.app);
    setup.pages.extend(pages);
    setup.human_agent = facts.human_agent;
    setup.one_active_task = facts.new_task_if_none_active;
    setup.guard = facts.guards.standard;
    setup.guard_human_agent = facts.guards.human_agent;
    setup.dates = dates(&facts.effective_from);
    setup
}

impl Chronicle {
    /// Nothing happened yet, in a store of this incarnation.
    pub fn new(setup: Setup, incarnation: Incarnation) -> Self {
        let (history, talks, pages) = (History::new(setup), BTreeMap::new(), BTreeMap::new());
        Self { history, incarnation, talks, pages, posts: 0, unplaced: None }
    }

    /// Anything that needs no translation.
    pub fn note(&mut self, at: Timestamp, what: What) {
        match &mut self.unplaced {
            Some(unplaced) => unplaced.push((at, what)),
            None => drop(self.history.note(at, what)),
        }
    }

    /// From here on the journal cannot be read while things are noted, until [`Self::sees`].
    pub(crate) fn is_blind(&mut self) {
        self.unplaced.get_or_insert_default();
    }

    /// The journal was read up to now: whatever is left happened last.
    pub(crate) fn sees(&mut self) {
        for (at, what) in self.unplaced.take().unwrap_or_default() {
            self.place(at, what);
        }
    }

    fn place(&mut self, at: Timestamp, what: What) {
        self.history.note(at.max(self.history.ends_at()), what);
    }

    /// What was asked for by this record, and whatever was seen before that.
    fn place_behind(&mut self, id: &EffectId) {
        let Some(unplaced) = &mut self.unplaced else { return };
        let Some(last) = unplaced.iter().rposition(|(_, what)| is_asked_by(what, id)) else { return };
        let behind: Vec<_> = unplaced.drain(..=last).collect();
        behind.into_iter().for_each(|(at, what)| self.place(at, what));
    }

    /// The node fell, rose, or rests.
    pub fn life(&mut self, at: Timestamp, life: Life) {
        self.note(at, What::Life(life));
    }

    /// Meta posts a body; its number is given back. `signed`: the signature is that of these bytes.
    pub fn offered(&mut self, at: Timestamp, body: &[u8], signed: bool) -> u64 {
        self.offered_as(at, &webhook::parse(body, at), signed)
    }

    /// As [`Self::offered`], of a body that was read already.
    pub(crate) fn offered_as(&mut self, at: Timestamp, delivery: &Delivery, signed: bool) -> u64 {
        self.posts += 1;
        let of_talks = delivery.inbounds.iter().map(Item::of);
        let of_pages = delivery.page_inbounds.iter().map(Item::of_page);
        let odd = delivery.anomalies.iter().map(|anomaly| Item::of_anomaly(anomaly, at));
        let items = of_talks.chain(of_pages).chain(odd).collect();
        self.note(at, What::Webhook(Webhook::Offered { number: self.posts, signed, items }));
        self.posts
    }

    /// The node answered a POST.
    pub fn answered(&mut self, at: Timestamp, number: u64, status: u16) {
        self.note(at, What::Webhook(Webhook::Answered { number, status }));
    }

    /// A batch is committed.
    ///
    /// # Errors
    /// Where a record cannot be read.
    pub fn batch(&mut self, committed_at: Timestamp, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<()> {
        for stored in &batch.records {
            let record = &stored.record;
            let says = match machine {
                MachineId::Account(_) => record::other(machine::kind_name(machine, record.kind)),
                MachineId::Page(page) => {
                    let event = Page::decode(record.kind, record.version, &record.body)?;
                    let state = self.pages.entry(page.clone()).or_insert_with(|| Page::fresh(machine));
                    Page::evolve(state, &event);
                    record::of_page(&event)
                }
                MachineId::Conversation(..) => {
                    let event = Conversation::decode(record.kind, record.version, &record.body)?;
                    self.follow(machine, &event);
                    record::of_conversation(&event)
                }
            };
            let id = EffectId { incarnation: self.incarnation, machine: machine.clone(), seq: stored.seq };
            let record = Record { id, decided_at: Timestamp(batch.at), says };
            let id = record.id.clone();
            self.place(committed_at, What::Journal(record));
            self.place_behind(&id);
        }
        Ok(())
    }

    fn follow(&mut self, machine: &MachineId, event: &conversation::Event) {
        let talk = self
            .talks
            .entry(machine.clone())
            .or_insert_with(|| Talk { state: Conversation::fresh(machine), transcript: Transcript::default() });
        Conversation::evolve(&mut talk.state, event);
        talk.transcript.apply(event);
    }

    /// A send comes to Meta in this form, and Meta takes it or not.
    pub fn send_came(&mut self, at: Timestamp, form: (&'static str, Option<&'static str>), send: &Send, taken: Taken) {
        let content = match &send.body {
            Body::Text(text) | Body::Prompt { text, .. } => record::of_text(text.reveal()),
            Body::Template { name, .. } => record::of_attachment("template", name),
            Body::Attachment { kind, url } => record::of_attachment(kind, url.reveal()),
        };
        let (messaging_type, tag) = (Word::Borrowed(form.0), form.1.map(Word::Borrowed));
        let (mark, page, customer) = (send.metadata.clone(), send.page.clone(), send.psid.clone());
        self.note(at, What::Meta(Meta::SendCame { mark, page, customer, messaging_type, tag, content, taken }));
    }

    /// Meta's answer to a send arrives at the node, or is lost.
    pub fn send_answered(&mut self, at: Timestamp, mark: &str, lost: bool) {
        self.note(at, What::Meta(Meta::SendAnswered { mark: mark.to_owned(), lost }));
    }

    /// The tracker was asked to open a task, and this was done.
    pub fn open_task(&mut self, at: Timestamp, effect: &EffectId, lines: &[Comment], done: &Result<Opened, Fault>) {
        let answer = match done {
            Ok(opened) => TrackerAnswer::Opened { task: opened.task.clone() },
            Err(fault) => of_fault(fault),
        };
        self.called(at, effect, None, lines, answer);
    }

    /// The tracker was asked to add comments, and this was done.
    pub fn add_comments(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        task: &TaskId,
        lines: &[Comment],
        done: &Result<CommentsAdded, Fault>,
    ) {
        let answer = match done {
            Ok(CommentsAdded::Done { task }) => TrackerAnswer::Added { task: task.clone() },
            Ok(CommentsAdded::Inactive) => TrackerAnswer::Inactive,
            Ok(CommentsAdded::Gone) => TrackerAnswer::Gone,
            Err(fault) => of_fault(fault),
        };
        self.called(at, effect, Some(task), lines, answer);
    }

    fn called(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        task: Option<&TaskId>,
        lines: &[Comment],
        answer: TrackerAnswer,
    ) {
        let lines = lines.iter().map(|line| Digest::of_line(line.text.reveal())).collect();
        let (effect, task) = (effect.clone(), task.cloned());
        self.note(at, What::Tracker(Tracker::Called { effect, task, lines, answer }));
    }

    /// Somebody commented on a task.
    pub fn commented(&mut self, at: Timestamp, comment: &CommentId, task: &TaskId, audience: Audience) {
        let for_customer = match audience {
            Audience::Customer => true,
            Audience::Internal => false,
        };
        let (comment, task, author) = (comment.clone(), task.clone(), Author::Person);
        self.note(at, What::Tracker(Tracker::Commented { comment, task, for_customer, author }));
    }

    /// What was written so far.
    pub(crate) fn so_far(&self) -> &History {
        &self.history
    }

    /// An agent asks whether an answer may be sent and is told what the records come to; `None` where there is no
    /// task yet, and so no composer.
    pub(crate) fn asks(&mut self, at: Timestamp, machine: &MachineId, facts: &AccountFacts) -> Option<May> {
        let MachineId::Conversation(page, _) = machine else { return None };
        let page = self.pages.get(page).map(|state| state.facts().clone()).unwrap_or_default();
        let context = Context { account: facts.clone(), page, ..Context::default() };
        let state = &self.talks.get(machine)?.state;
        state.task()?;
        let verdict = conversation::verdict_now(state, &context, Agent, None, at).0;
        let may = match verdict {
            Verdict::Permit { .. } => May::Yes,
            Verdict::Defer { reason, .. } => May::Later { reason: Word::Borrowed(reason.code()) },
            Verdict::Forbid { reason } => May::No { reason: Word::Borrowed(reason.code()) },
        };
        let asked = Screen::Asked { machine: machine.clone(), author: Author::Person, may: may.clone() };
        self.note(at, What::Screen(asked));
        Some(may)
    }

    /// Every conversation is shown as its records leave it.
    pub fn show(&mut self, at: Timestamp) {
        for (machine, talk) in &self.talks {
            let receipts = talk.transcript.receipts();
            let shown = Shown {
                machine: machine.clone(),
                window_ends_at: conversation::window(&talk.state).ends_at,
                delivered: receipts.delivered,
                read: receipts.read,
                ours: !talk.state.standby(),
                bubbles: talk.transcript.entries().iter().filter_map(bubble).collect(),
            };
            self.history.note(at, What::Screen(Screen::Conversation(Box::new(shown))));
        }
    }

    /// Compares the living state of conversations with what their records come to.
    pub fn compare(&mut self, at: Timestamp, living: &mut dyn FnMut(&MachineId) -> Option<Digest>) {
        for (machine, talk) in &self.talks {
            let Some(live) = living(machine) else { continue };
            let rebuilt = of_state(&talk.state);
            let machine = machine.clone();
            self.history.note(at, What::Life(Life::Compared { machine, live, rebuilt, without_snapshot: rebuilt }));
        }
    }

    /// What was written, with what stands for every byte that left and was stored.
    pub fn finish(mut self, trace_hash: Option<String>) -> History {
        self.history.trace_hash = trace_hash;
        self.history
    }
}

/// Whether this is what an effect asks for.
fn is_asked_by(what: &What, id: &EffectId) -> bool {
    match what {
        What::Tracker(Tracker::Called { effect, .. }) => effect == id,
        What::Meta(Meta::SendCame { mark, .. }) => *mark == id.to_string(),
        What::Tracker(_) | What::Meta(_) | What::Admin(_) | What::Webhook(_) => false,
        What::Journal(_) | What::Screen(_) | What::Life(_) => false,
    }
}

/// What stands for a state.
pub fn of_state(state: &conversation::State) -> Digest {
    Digest::of(&serde_json::to_vec(state).expect("states are plain text and numbers"))
}

fn of_fault(fault: &Fault) -> TrackerAnswer {
    match fault {
        Fault::Retry(_) => TrackerAnswer::Down,
        Fault::GiveUp(_) => TrackerAnswer::Refused,
    }
}

/// A message as it is shown; nothing for a line that says what happened.
fn bubble(entry: &Entry) -> Option<Bubble> {
    let who = match &entry.who {
        Who::Customer => oracle::history::Who::Customer,
        Who::Us { part, .. } => oracle::history::Who::Us(part.0),
        Who::Outside => oracle::history::Who::Outside,
        Who::Notice => return None,
    };
    let key = match entry.tie {
        Tie::Item(key) => Some(key),
        Tie::Part(_) => None,
    };
    let signs = entry.reactions.iter();
    let signs = signs.map(|on| Sign { by_page: on.by_page, sign: Digest::of(on.sign.as_bytes()) });
    Some(Bubble {
        who,
        at: entry.at,
        key,
        mid: entry.mid.clone(),
        text: Digest::of_line(entry.text.reveal()),
        reactions: signs.collect(),
        edited: entry.edited,
        unsent: entry.unsent,
    })
}
