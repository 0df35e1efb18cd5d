//! The world outside the node, asked synchronously: what it does with an effect, and when it says so.
//!
//! [`Outside`] is one for both depths: the core depth asks it directly and puts its plans on the agenda, the actors depth
//! asks it through the ports of the node and sleeps. No clock of its own: every call says what time it is. Invariant: the
//! same questions in the same order at the same times get the same plans.

pub mod desk;
pub mod facebook;
pub(crate) mod wire;
mod world;

use messenger::{Control, Fault, Profile, Send, SendOutcome, Sent};
use model::{CommentId, ContactId, EffectId, MachineId, PageId, Psid, Redacted, TaskId, Timestamp};
use policy::Permit;
use tracker::{Audience, Comment, CommentsAdded, Cursor, Feed, OpenTask, Opened};

pub use desk::ModelDesk;
pub use facebook::{Facebook, Known, Mood};
pub(crate) use world::{down, lost};

pub use crate::fault::weather::Weather;
use crate::replay::fields::Manner;

/// What the world will answer, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned<T> {
    /// When the answer reaches the node; now or earlier: at once.
    pub answer_at: Timestamp,
    /// The answer, as the node hears it.
    pub outcome: T,
    /// What was done, where the answer does not say it.
    pub done: Option<T>,
    /// Deliveries that follow from it, in this order where they come at the same time.
    pub deliveries: Vec<Coming>,
}

impl<T> Planned<T> {
    /// An answer and nothing else.
    pub fn answer(answer_at: Timestamp, outcome: T) -> Self {
        Self { answer_at, outcome, done: None, deliveries: Vec::new() }
    }

    /// What the world knows to have happened.
    pub fn truth(&self) -> &T {
        self.done.as_ref().unwrap_or(&self.outcome)
    }

    /// The same, and the node hears something else of it, then.
    #[must_use]
    pub fn unheard(self, answer_at: Timestamp, outcome: T) -> Self {
        Self { answer_at, done: self.done.or(Some(self.outcome)), outcome, deliveries: self.deliveries }
    }

    /// The same plan with the answer in other words.
    pub fn map<U>(self, words: impl Fn(T) -> U) -> Planned<U> {
        let Self { answer_at, outcome, done, deliveries } = self;
        Planned { answer_at, outcome: words(outcome), done: done.map(words), deliveries }
    }
}

/// A delivery that comes by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coming {
    /// When.
    pub at: Timestamp,
    /// What the trace calls it.
    pub name: Announced,
    /// Its body.
    pub body: String,
}

/// A delivery as the trace names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announced {
    /// Its name: `d7`, `echo-of-e22`.
    pub name: String,
    /// Whose it is, where it is one machine's.
    pub whose: Option<MachineId>,
    /// What is in it.
    pub what: String,
}

/// What an agent writes on the task of a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommentOnTask {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// Who writes.
    pub by: String,
    /// What.
    pub text: String,
    /// For whom.
    pub audience: Audience,
}

impl CommentOnTask {
    /// What the trace says of it; `number` counts comments from 1.
    pub(crate) fn told(&self, number: usize, task: &TaskId, id: &CommentId, manner: &Manner) -> String {
        let (by, text) = (manner.text(&self.by), manner.text(&self.text));
        let word = match self.audience {
            Audience::Customer => "for the customer",
            Audience::Internal => "internal",
        };
        format!("f{number}: comment={id} task={task} by {by}, {word}: {text}")
    }
}

/// Meta and the tracker.
pub trait Outside {
    /// A message is to be sent. The permit is used up by it.
    fn send(&mut self, permit: Permit, send: &Send, now: Timestamp) -> Planned<SendOutcome>;

    /// A customer's name is asked for.
    fn profile(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Profile, Fault>>;

    /// What the Page sent lately in a conversation is asked for.
    fn thread(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Vec<Sent>, Fault>>;

    /// A conversation is asked for that another app has.
    fn take_control(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Control, Fault>>;

    /// A task is to be opened; the same effect again gets the same task.
    fn open_task(
        &mut self,
        effect: &EffectId,
        task: &OpenTask,
        now: Timestamp,
    ) -> Planned<Result<Opened, tracker::Fault>>;

    /// Comments are to be added, all or none.
    fn add_comments(
        &mut self,
        effect: &EffectId,
        task: &TaskId,
        lines: &[Comment],
        if_active: bool,
        now: Timestamp,
    ) -> Planned<Result<CommentsAdded, tracker::Fault>>;

    /// A contact is to bear a name.
    fn name_contact(
        &mut self,
        effect: &EffectId,
        contact: &ContactId,
        name: &Redacted<String>,
        now: Timestamp,
    ) -> Planned<Result<(), tracker::Fault>>;

    /// What agents wrote after the cursor.
    ///
    /// # Errors
    /// The tracker's, where it cannot be read now.
    fn feed(&mut self, after: Cursor, limit: usize) -> Result<Feed, tracker::Fault>;

    /// The end of the feed now.
    fn newest(&self) -> Cursor;

    /// An agent comments on the newest task of a conversation; `None` where there is none that stands.
    fn comment(&mut self, comment: &CommentOnTask, now: Timestamp) -> Option<(TaskId, CommentId)>;
}

/// Meta and the desk of one world, side by side.
#[derive(Debug)]
pub struct World {
    /// Meta.
    pub facebook: Facebook,
    /// The tracker.
    pub desk: ModelDesk,
    /// What is wrong with both.
    pub weather: Weather,
}
