//! The suite that every tracker passes: the contract of [`Tracker`] as rules, each a conversation with the tracker.
//!
//! Knows no backend; what a person would do in the tracker comes in as [`Control`]. Every rule uses conversations of its
//! own, so one tracker serves for all, and the suite may run twice on one tracker only with another `page`.

use futures_util::future::{BoxFuture, join};
use model::{CommentId, ContactId, EffectId, Incarnation, MachineId, PageId, Psid, Redacted, TaskId, Timestamp};

use crate::api::{
    AgentComment, Audience, Comment, CommentOrigin, CommentsAdded, Contact, Cursor, Fault, OpenTask, Opened, Tracker,
};

/// What people do in the tracker, and what they see there. Each call is over when the tracker has it.
pub trait Control: Send + Sync {
    /// Gives the task a status that is not active.
    fn complete(&self, task: TaskId) -> BoxFuture<'_, ()>;
    /// Gives the task an active status.
    fn reopen(&self, task: TaskId) -> BoxFuture<'_, ()>;
    /// Moves the task to the trash.
    fn trash(&self, task: TaskId) -> BoxFuture<'_, ()>;
    /// Takes the task out of the trash.
    fn restore(&self, task: TaskId) -> BoxFuture<'_, ()>;
    /// Deletes a task of the trash for good.
    fn purge(&self, task: TaskId) -> BoxFuture<'_, ()>;
    /// Merges the first task into the second.
    fn merge(&self, from: TaskId, into: TaskId) -> BoxFuture<'_, ()>;
    /// Comments on the task as a person.
    fn comment(&self, task: TaskId, audience: Audience, text: String) -> BoxFuture<'_, CommentId>;
    /// Types a contact's name.
    fn rename(&self, contact: ContactId, name: String) -> BoxFuture<'_, ()>;
    /// The texts that came from Messenger as the task shows them, oldest first.
    fn lines(&self, task: TaskId) -> BoxFuture<'_, Vec<String>>;
    /// A contact's name.
    fn name(&self, contact: ContactId) -> BoxFuture<'_, Option<String>>;
}

/// A tracker broke a rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Breach {
    /// The rule, a sentence.
    pub rule: &'static str,
    /// What came instead.
    pub what: String,
}

type Rule = for<'a> fn(&'a Talk<'a>) -> BoxFuture<'a, Result<(), String>>;

/// Every rule with its name.
const RULES: &[(&str, Rule)] = &[
    ("a task shows its lines in order", |talk| Box::pin(shows_lines_in_order(talk))),
    ("the same effect gives the same task", |talk| Box::pin(same_effect_same_task(talk))),
    ("the same effect adds its comments once", |talk| Box::pin(same_effect_adds_once(talk))),
    ("an effect with another request is given up", |talk| Box::pin(effect_with_another_request(talk))),
    ("late and lower effect numbers are told apart", |talk| Box::pin(effects_out_of_order(talk))),
    ("a task without a line is given up", |talk| Box::pin(needs_a_line(talk))),
    ("a completed task takes nothing if it must be active", |talk| Box::pin(completed_is_inactive(talk))),
    ("a trashed task is there but not active", |talk| Box::pin(trash_is_inactive_and_present(talk))),
    ("a purged task is gone", |talk| Box::pin(purged_is_gone(talk))),
    ("a merged task stands for the one that took it in", |talk| Box::pin(merged_stands_for_survivor(talk))),
    ("one contact per key", |talk| Box::pin(one_contact_per_key(talk))),
    ("a typed name stays, an unknown one overwrites nothing", |talk| Box::pin(typed_name_stays(talk))),
    ("the feed gives each comment of a person once, in order", |talk| Box::pin(feed_in_order(talk))),
    ("a comment goes to whom it was written for, merged or not", |talk| Box::pin(merge_keeps_addressee(talk))),
    ("waiting ends when a person comments", |talk| Box::pin(waiting_ends(talk))),
];

/// Checks every rule in turn on conversations of this Page; the first breach ends it.
pub async fn check(tracker: &dyn Tracker, control: &dyn Control, page: &PageId) -> Result<(), Breach> {
    for (index, (rule, run)) in RULES.iter().enumerate() {
        let talk = Talk { tracker, control, page, rule: index };
        run(&talk).await.map_err(|what| Breach { rule, what })?;
    }
    Ok(())
}

/// One rule's conversations.
struct Talk<'a> {
    tracker: &'a dyn Tracker,
    control: &'a dyn Control,
    page: &'a PageId,
    rule: usize,
}

const NOW: Timestamp = Timestamp(1_795_392_000_000);

impl Talk<'_> {
    /// The nth customer of this rule.
    fn customer(&self, nth: usize) -> MachineId {
        MachineId::Conversation(self.page.clone(), Psid::new(format!("{}{nth:03}", 5000 + self.rule)))
    }

    fn effect(&self, nth: usize, seq: u64) -> EffectId {
        EffectId { incarnation: Incarnation(1), machine: self.customer(nth), seq }
    }

    fn request(&self, nth: usize, texts: &[&str]) -> OpenTask {
        OpenTask {
            binding: self.customer(nth),
            name: Redacted::new(format!("Customer {nth} (FB, Bakery)")),
            contact: Contact { key: self.customer(nth), name: None },
            lines: lines(texts),
            previous: None,
            at: NOW,
        }
    }

    async fn open(&self, nth: usize, seq: u64, texts: &[&str]) -> Result<Opened, String> {
        self.tracker.open_task(self.effect(nth, seq), self.request(nth, texts)).await.map_err(said)
    }

    async fn add(
        &self,
        nth: usize,
        seq: u64,
        task: &TaskId,
        text: &str,
        if_active: bool,
    ) -> Result<CommentsAdded, String> {
        self.tracker.add_comments(self.effect(nth, seq), task.clone(), lines(&[text]), if_active).await.map_err(said)
    }

    async fn shows(&self, task: &TaskId, texts: &[&str]) -> Result<(), String> {
        same(&self.control.lines(task.clone()).await, &texts.iter().map(|text| (*text).to_owned()).collect())
    }

    async fn feed_all(&self, after: Cursor) -> Result<(Vec<AgentComment>, Cursor), String> {
        let (mut comments, mut cursor) = (Vec::new(), after);
        loop {
            let feed = self.tracker.feed(cursor, 2).await.map_err(said)?;
            cursor = feed.cursor;
            if feed.comments.is_empty() {
                return Ok((comments, cursor));
            }
            comments.extend(feed.comments);
        }
    }
}

async fn shows_lines_in_order(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 1, &["good morning", "are you open today?"]).await?;
    same(&talk.add(1, 2, &opened.task, "hello?", true).await?, &CommentsAdded::Done { task: opened.task.clone() })?;
    talk.shows(&opened.task, &["good morning", "are you open today?", "hello?"]).await
}

async fn same_effect_same_task(talk: &Talk<'_>) -> Result<(), String> {
    let first = talk.open(1, 1, &["one"]).await?;
    let again = talk.open(1, 1, &["one"]).await?;
    same(&again, &first)?;
    talk.shows(&first.task, &["one"]).await?;
    let other = talk.open(1, 2, &["one"]).await?;
    if other.task == first.task { Err("another effect got the same task".to_owned()) } else { Ok(()) }
}

async fn same_effect_adds_once(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 1, &["one"]).await?;
    let done = CommentsAdded::Done { task: opened.task.clone() };
    for _try in 0..3 {
        same(&talk.add(1, 2, &opened.task, "two", true).await?, &done)?;
    }
    talk.control.complete(opened.task.clone()).await;
    same(&talk.add(1, 3, &opened.task, "three", true).await?, &CommentsAdded::Inactive)?;
    same(&talk.add(1, 2, &opened.task, "two", true).await?, &done)?;
    talk.control.reopen(opened.task.clone()).await;
    same(&talk.add(1, 3, &opened.task, "three", true).await?, &CommentsAdded::Inactive)?;
    talk.shows(&opened.task, &["one", "two"]).await
}

async fn effect_with_another_request(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 1, &["one"]).await?;
    given_up(&talk.tracker.open_task(talk.effect(1, 1), talk.request(1, &["another"])).await)?;
    given_up(&talk.tracker.add_comments(talk.effect(1, 1), opened.task.clone(), lines(&["two"]), true).await)?;
    talk.shows(&opened.task, &["one"]).await
}

async fn effects_out_of_order(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 5, &["one"]).await?;
    let done = CommentsAdded::Done { task: opened.task.clone() };
    for seq in [9, 7, 8, 6, 12, 10] {
        same(&talk.add(1, seq, &opened.task, &format!("line {seq}"), true).await?, &done)?;
    }
    for seq in 6..=12 {
        if seq != 11 {
            same(&talk.add(1, seq, &opened.task, &format!("line {seq}"), true).await?, &done)?;
        }
    }
    talk.shows(&opened.task, &["one", "line 9", "line 7", "line 8", "line 6", "line 12", "line 10"]).await
}

async fn needs_a_line(talk: &Talk<'_>) -> Result<(), String> {
    given_up(&talk.tracker.open_task(talk.effect(1, 1), talk.request(1, &[])).await)
}

async fn completed_is_inactive(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 1, &["one"]).await?;
    talk.control.complete(opened.task.clone()).await;
    same(&talk.add(1, 2, &opened.task, "two", true).await?, &CommentsAdded::Inactive)?;
    same(&talk.add(1, 3, &opened.task, "three", false).await?, &CommentsAdded::Done { task: opened.task.clone() })?;
    talk.control.reopen(opened.task.clone()).await;
    same(&talk.add(1, 4, &opened.task, "four", true).await?, &CommentsAdded::Done { task: opened.task.clone() })?;
    talk.shows(&opened.task, &["one", "three", "four"]).await
}

async fn trash_is_inactive_and_present(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 1, &["one"]).await?;
    talk.control.trash(opened.task.clone()).await;
    same(&talk.add(1, 2, &opened.task, "two", true).await?, &CommentsAdded::Inactive)?;
    same(&talk.add(1, 3, &opened.task, "three", false).await?, &CommentsAdded::Done { task: opened.task.clone() })?;
    talk.control.restore(opened.task.clone()).await;
    same(&talk.add(1, 4, &opened.task, "four", true).await?, &CommentsAdded::Done { task: opened.task.clone() })?;
    talk.shows(&opened.task, &["one", "three", "four"]).await
}

async fn purged_is_gone(talk: &Talk<'_>) -> Result<(), String> {
    let opened = talk.open(1, 1, &["one"]).await?;
    talk.control.trash(opened.task.clone()).await;
    talk.control.purge(opened.task.clone()).await;
    same(&talk.add(1, 2, &opened.task, "two", true).await?, &CommentsAdded::Gone)?;
    same(&talk.add(1, 3, &opened.task, "three", false).await?, &CommentsAdded::Gone)?;
    let again = talk.open(1, 4, &["four"]).await?;
    if again.task == opened.task { Err("a new task got the id of one that is gone".to_owned()) } else { Ok(()) }
}

async fn merged_stands_for_survivor(talk: &Talk<'_>) -> Result<(), String> {
    let [a, b, c] = [talk.open(1, 1, &["a"]).await?, talk.open(2, 1, &["b"]).await?, talk.open(3, 1, &["c"]).await?];
    talk.control.merge(a.task.clone(), b.task.clone()).await;
    same(&talk.add(1, 2, &a.task, "to b", true).await?, &CommentsAdded::Done { task: b.task.clone() })?;
    talk.control.merge(b.task.clone(), c.task.clone()).await;
    let done = CommentsAdded::Done { task: c.task.clone() };
    same(&talk.add(1, 3, &a.task, "to c", true).await?, &done)?;
    same(&talk.add(2, 2, &b.task, "to c too", true).await?, &done)?;
    talk.shows(&c.task, &["a", "b", "c", "to b", "to c", "to c too"]).await?;
    talk.control.complete(c.task.clone()).await;
    same(&talk.add(1, 4, &a.task, "late", true).await?, &CommentsAdded::Inactive)?;
    talk.control.trash(c.task.clone()).await;
    talk.control.purge(c.task.clone()).await;
    same(&talk.add(1, 5, &a.task, "later", false).await?, &CommentsAdded::Gone)
}

async fn one_contact_per_key(talk: &Talk<'_>) -> Result<(), String> {
    let first = talk.open(1, 1, &["one"]).await?;
    let second = talk.open(1, 2, &["two"]).await?;
    same(&second.contact, &first.contact)?;
    let other = talk.open(2, 1, &["three"]).await?;
    if other.contact == first.contact { Err("two customers got one contact".to_owned()) } else { Ok(()) }
}

async fn typed_name_stays(talk: &Talk<'_>) -> Result<(), String> {
    let named = |name: &str| {
        let mut request = talk.request(1, &["hello"]);
        request.contact.name = Some(name.into());
        request
    };
    let opened = talk.tracker.open_task(talk.effect(1, 1), named("Ada Byron")).await.map_err(said)?;
    let contact = opened.contact.clone();
    let name = || async { talk.control.name(contact.clone()).await };
    same(&name().await, &Some("Ada Byron".to_owned()))?;
    talk.open(1, 2, &["the name is unknown now"]).await?;
    same(&name().await, &Some("Ada Byron".to_owned()))?;
    for _try in 0..2 {
        talk.tracker
            .name_contact(talk.effect(1, 3), contact.clone(), "Ada Lovelace".into(), NOW)
            .await
            .map_err(said)?;
    }
    same(&name().await, &Some("Ada Lovelace".to_owned()))?;
    talk.control.rename(contact.clone(), "Countess Lovelace".to_owned()).await;
    talk.tracker.name_contact(talk.effect(1, 4), contact.clone(), "A. L.".into(), NOW).await.map_err(said)?;
    talk.tracker.open_task(talk.effect(1, 5), named("Ada")).await.map_err(said)?;
    same(&name().await, &Some("Countess Lovelace".to_owned()))
}

async fn feed_in_order(talk: &Talk<'_>) -> Result<(), String> {
    let (_, start) = talk.feed_all(Cursor::default()).await?;
    let opened = talk.open(1, 1, &["one"]).await?;
    let mut wanted = Vec::new();
    for (text, audience) in [
        ("we open at 9", Audience::Customer),
        ("a regular", Audience::Internal),
        ("and close at 5", Audience::Customer),
    ] {
        let id = talk.control.comment(opened.task.clone(), audience, text.to_owned()).await;
        wanted.push((id, opened.task.clone(), Some(talk.customer(1)), audience, Redacted::from(text)));
    }
    talk.add(1, 2, &opened.task, "thanks", true).await?;
    let (comments, end) = talk.feed_all(start).await?;
    let found: Vec<_> = comments.into_iter().map(|c| (c.id, c.task, c.binding, c.audience, c.text)).collect();
    if found != wanted {
        return Err(format!("{} comments came, {} were written, or they differ", found.len(), wanted.len()));
    }
    same(&talk.feed_all(start).await?.1, &end)?;
    same(&talk.feed_all(end).await?, &(Vec::new(), end))
}

async fn merge_keeps_addressee(talk: &Talk<'_>) -> Result<(), String> {
    let (_, start) = talk.feed_all(Cursor::default()).await?;
    let (a, b) = (talk.open(1, 1, &["a"]).await?, talk.open(2, 1, &["b"]).await?);
    talk.control.comment(a.task.clone(), Audience::Customer, "for the first".to_owned()).await;
    talk.control.merge(a.task.clone(), b.task.clone()).await;
    talk.control.comment(b.task.clone(), Audience::Customer, "for the second".to_owned()).await;
    let (comments, _) = talk.feed_all(start).await?;
    let found: Vec<_> = comments.into_iter().map(|comment| (comment.task, comment.binding)).collect();
    same(&found, &vec![(b.task.clone(), Some(talk.customer(1))), (b.task, Some(talk.customer(2)))])
}

async fn waiting_ends(talk: &Talk<'_>) -> Result<(), String> {
    let (_, start) = talk.feed_all(Cursor::default()).await?;
    let opened = talk.open(1, 1, &["one"]).await?;
    let written = talk.control.comment(opened.task, Audience::Customer, "at once".to_owned());
    let ((), id) = join(talk.tracker.wait(start), written).await;
    talk.tracker.wait(start).await;
    let (comments, _) = talk.feed_all(start).await?;
    same(&comments.into_iter().map(|comment| comment.id).collect(), &vec![id])
}

fn lines(texts: &[&str]) -> Vec<Comment> {
    let line = |(nth, text): (i64, &&str)| Comment {
        origin: CommentOrigin::Customer,
        text: Redacted::from(*text),
        attachments: Vec::new(),
        at: Timestamp(NOW.0 + nth),
    };
    (0..).zip(texts).map(line).collect()
}

fn same<T: PartialEq + core::fmt::Debug>(found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found:?} came instead of {wanted:?}")) }
}

fn given_up<T: core::fmt::Debug>(answer: &Result<T, Fault>) -> Result<(), String> {
    match answer {
        Err(Fault::GiveUp(_)) => Ok(()),
        Ok(_) | Err(Fault::Retry(_)) => Err(format!("{answer:?} came instead of giving up")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn said(fault: Fault) -> String {
    fault.to_string()
}
