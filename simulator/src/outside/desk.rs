//! A desk in memory with the answers of the real one: task, contact and comment ids, *inactive* and *gone*, the feed.
//!
//! Keeps no names and no texts but those of agents. The differential test holds it to the embedded desk of `tracker`.
//! Invariant: the same effect with the same request gets the same answer and changes nothing more.

use std::collections::BTreeMap;

use model::{CommentId, ContactId, EffectId, MachineId, Redacted, TaskId, Timestamp};
use tracker::{AgentComment, Audience, Comment, CommentsAdded, Cursor, Fault, Feed, OpenTask, Opened};

use super::CommentOnTask;

/// The desk.
#[derive(Debug, Default)]
pub struct ModelDesk {
    tasks: BTreeMap<u64, Task>,
    machines: BTreeMap<MachineId, Machine>,
    contacts: u64,
    comments: u64,
    /// Comments of people by number.
    feed: BTreeMap<u64, AgentComment>,
    /// The last comment of a person.
    fed: u64,
}

/// Where a task stands.
#[derive(Clone, Debug)]
struct Task {
    binding: MachineId,
    kind: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Stands { active: bool, trashed: bool },
    Merged { into: u64 },
    Purged,
}

/// What is kept of a machine.
#[derive(Debug, Default)]
struct Machine {
    task: u64,
    contact: u64,
    /// What was answered, by incarnation and number of the effect.
    effects: BTreeMap<(u32, u64), (u64, Answer)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Opened { task: u64, contact: u64 },
    Added { task: u64 },
    Inactive,
    Gone,
    Settled,
}

/// What a person does to a task, besides commenting on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Completes it: it is not active from then.
    Complete,
    /// Takes it up again.
    Reopen,
    /// Moves it to the trash.
    Trash,
    /// Takes it out of the trash.
    Restore,
    /// Deletes it for good; only from the trash.
    Purge,
}

impl ModelDesk {
    /// Tasks that stand, in the trash or not.
    pub fn tasks(&self) -> u64 {
        self.tasks.values().filter(|task| matches!(task.kind, Standing::Stands { .. })).count() as u64
    }

    /// Comments ever written, by whomever.
    pub fn comments(&self) -> u64 {
        self.comments
    }

    /// The newest task bound to a machine, if it is not gone.
    pub fn task_of(&self, machine: &MachineId) -> Option<TaskId> {
        let (number, _) = self.standing(self.machines.get(machine)?.task)?;
        Some(id(number))
    }

    /// Opens a task. See [`tracker::Tracker::open_task`].
    pub(super) fn open_task(&mut self, effect: &EffectId, task: &OpenTask) -> Result<Opened, Fault> {
        let hash = hash(&("open_task", &task.binding, &task.name, &task.contact, &task.lines, &task.previous));
        let answer = self.once(effect, hash, |desk| {
            if task.lines.is_empty() {
                return Err(give_up("a task needs at least one line"));
            }
            let known = desk.machines.entry(task.contact.key.clone()).or_default();
            if known.contact == 0 {
                desk.contacts += 1;
                known.contact = desk.contacts;
            }
            let contact = known.contact;
            let number = desk.tasks.last_key_value().map_or(1, |(last, _)| last + 1);
            let kind = Standing::Stands { active: true, trashed: false };
            desk.tasks.insert(number, Task { binding: task.binding.clone(), kind });
            desk.comments += task.lines.len() as u64;
            desk.machines.entry(task.binding.clone()).or_default().task = number;
            Ok(Answer::Opened { task: number, contact })
        })?;
        match answer {
            Answer::Opened { task, contact } => {
                Ok(Opened { task: id(task), contact: ContactId::new(contact.to_string()) })
            }
            Answer::Added { .. } | Answer::Inactive | Answer::Gone | Answer::Settled => Err(foreign()),
        }
    }

    /// Adds comments. See [`tracker::Tracker::add_comments`].
    pub(super) fn add_comments(
        &mut self,
        effect: &EffectId,
        task: &TaskId,
        lines: &[Comment],
        if_active: bool,
    ) -> Result<CommentsAdded, Fault> {
        let answer = self.once(effect, hash(&("add_comments", task, lines, if_active)), |desk| {
            let Some(asked) = number_of(task) else { return Ok(Answer::Gone) };
            let known = desk.machines.get(&effect.machine);
            let given = known.is_some_and(|known| {
                known.task == asked || known.effects.values().any(|(_, answer)| answer.task() == Some(asked))
            });
            match desk.standing(asked).filter(|_| given) {
                None => Ok(Answer::Gone),
                Some((_, Standing::Stands { active, trashed })) if if_active && (trashed || !active) => {
                    Ok(Answer::Inactive)
                }
                Some((task, _)) => {
                    desk.comments += lines.len() as u64;
                    Ok(Answer::Added { task })
                }
            }
        })?;
        match answer {
            Answer::Added { task } => Ok(CommentsAdded::Done { task: id(task) }),
            Answer::Inactive => Ok(CommentsAdded::Inactive),
            Answer::Gone => Ok(CommentsAdded::Gone),
            Answer::Opened { .. } | Answer::Settled => Err(foreign()),
        }
    }

    /// Names a contact. See [`tracker::Tracker::name_contact`].
    pub(super) fn name_contact(
        &mut self,
        effect: &EffectId,
        contact: &ContactId,
        name: &Redacted<String>,
    ) -> Result<(), Fault> {
        let answer = self.once(effect, hash(&("name_contact", contact, name)), |desk| {
            let asked = number(contact.as_str()).filter(|asked| *asked <= desk.contacts);
            let known = desk.machines.get(&effect.machine);
            let given = known.is_some_and(|known| {
                let answered =
                    |answer: &Answer| matches!(answer, Answer::Opened { contact, .. } if Some(*contact) == asked);
                Some(known.contact) == asked || known.effects.values().any(|(_, answer)| answered(answer))
            });
            if asked.is_some() && given { Ok(Answer::Settled) } else { Err(give_up("unknown contact")) }
        })?;
        if answer == Answer::Settled { Ok(()) } else { Err(foreign()) }
    }

    /// What people wrote after the cursor.
    pub(super) fn feed(&self, after: Cursor, limit: usize) -> Feed {
        let found = self.feed.range(after.0.saturating_add(1)..).take(limit);
        let comments: Vec<(u64, AgentComment)> = found.map(|(number, comment)| (*number, comment.clone())).collect();
        let end = if comments.len() == limit { comments.last().map_or(after.0, |(last, _)| *last) } else { self.fed };
        let comments = comments.into_iter().map(|(_, mut comment)| {
            if let Some((task, _)) = number_of(&comment.task).and_then(|task| self.standing(task)) {
                comment.task = id(task);
            }
            comment
        });
        Feed { comments: comments.collect(), cursor: Cursor(end.max(after.0)) }
    }

    /// The end of the feed.
    pub fn newest(&self) -> Cursor {
        Cursor(self.fed)
    }

    /// An agent comments on the newest task of a conversation. A task in the trash takes none.
    pub fn comment(&mut self, comment: &CommentOnTask, now: Timestamp) -> Option<(TaskId, CommentId)> {
        let machine = MachineId::Conversation(comment.page.clone(), comment.psid.clone());
        let (number, standing) = self.standing(self.machines.get(&machine)?.task)?;
        if matches!(standing, Standing::Stands { trashed: true, .. }) {
            return None;
        }
        self.comments += 1;
        self.fed = self.comments;
        let (id, task) = (CommentId::new(self.comments.to_string()), id(number));
        let binding = self.tasks.get(&number).map(|task| task.binding.clone());
        let (by, text) = (comment.by.clone(), Redacted::new(comment.text.clone()));
        let audience: Audience = comment.audience;
        let said = AgentComment { id: id.clone(), task: task.clone(), binding, audience, by, text, at: now };
        self.feed.insert(self.comments, said);
        Some((task, id))
    }

    /// A person does something to the newest task of a conversation. Doing what is so already changes nothing; what does
    /// not apply is refused with `false`.
    pub fn act(&mut self, machine: &MachineId, deed: Deed) -> bool {
        let Some(asked) = self.machines.get(machine).map(|machine| machine.task) else { return false };
        let Some((number, Standing::Stands { active, trashed })) = self.standing(asked) else { return false };
        let after = match deed {
            Deed::Complete | Deed::Reopen if trashed => return false,
            Deed::Complete => Standing::Stands { active: false, trashed },
            Deed::Reopen => Standing::Stands { active: true, trashed },
            Deed::Trash => Standing::Stands { active, trashed: true },
            Deed::Restore => Standing::Stands { active, trashed: false },
            Deed::Purge if !trashed => return false,
            Deed::Purge => Standing::Purged,
        };
        if let Some(task) = self.tasks.get_mut(&number)
            && task.kind != after
        {
            task.kind = after;
            if after == Standing::Purged {
                let gone =
                    |comment: &AgentComment| number_of(&comment.task).and_then(|task| self.standing(task)).is_none();
                let gone: Vec<u64> = self.feed.iter().filter(|(_, said)| gone(said)).map(|(id, _)| *id).collect();
                gone.iter().for_each(|id| drop(self.feed.remove(id)));
            } else {
                // The desk's own line about it.
                self.comments += 1;
            }
        }
        true
    }

    /// Lets the newest task of one machine take in that of another; `false` where it does not apply.
    pub fn merge(&mut self, from: &MachineId, into: &MachineId) -> bool {
        let newest = |machine: &MachineId| {
            let (number, standing) = self.standing(self.machines.get(machine)?.task)?;
            (!matches!(standing, Standing::Stands { trashed: true, .. })).then_some(number)
        };
        let (Some(from), Some(into)) = (newest(from), newest(into)) else { return false };
        if from == into {
            return false;
        }
        if let Some(task) = self.tasks.get_mut(&from) {
            task.kind = Standing::Merged { into };
        }
        self.comments += 1;
        true
    }

    /// What a task comes to after all merges; `None` where it is gone or was never there.
    fn standing(&self, task: u64) -> Option<(u64, Standing)> {
        let mut at = task;
        loop {
            match self.tasks.get(&at)?.kind {
                standing @ Standing::Stands { .. } => return Some((at, standing)),
                Standing::Merged { into } => at = into,
                Standing::Purged => return None,
            }
        }
    }

    /// Answers an effect that is known as before; does it otherwise.
    fn once(
        &mut self,
        effect: &EffectId,
        hash: u64,
        apply: impl FnOnce(&mut Self) -> Result<Answer, Fault>,
    ) -> Result<Answer, Fault> {
        let number = (effect.incarnation.0, effect.seq);
        if let Some((before, answer)) = self.machines.get(&effect.machine).and_then(|known| known.effects.get(&number))
        {
            return if *before == hash { Ok(*answer) } else { Err(give_up("effect reused with another request")) };
        }
        let answer = apply(self)?;
        self.machines.entry(effect.machine.clone()).or_default().effects.insert(number, (hash, answer));
        Ok(answer)
    }
}

impl Answer {
    /// The task that it names.
    fn task(self) -> Option<u64> {
        match self {
            Self::Opened { task, .. } | Self::Added { task } => Some(task),
            Self::Inactive | Self::Gone | Self::Settled => None,
        }
    }
}

fn id(task: u64) -> TaskId {
    TaskId::new(task.to_string())
}

fn number_of(task: &TaskId) -> Option<u64> {
    number(task.as_str())
}

/// Only the form that a desk itself writes: no sign, no leading zero.
fn number(text: &str) -> Option<u64> {
    let number = text.parse().ok()?;
    (number != 0 && !text.starts_with(['+', '0'])).then_some(number)
}

fn give_up(why: &str) -> Fault {
    Fault::GiveUp(why.to_owned())
}

fn foreign() -> Fault {
    give_up("the stored answer belongs to another kind of request")
}

/// Tells one request from another: FNV-1a over its JSON.
fn hash(request: &impl serde::Serialize) -> u64 {
    let json = serde_json::to_vec(request).expect("requests are plain text and numbers");
    json.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
