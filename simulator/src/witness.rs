//! Who watches a run, at either depth: a hash over everything that became durable or left, and, where asked for, the
//! readable trace.
//!
//! The hash takes every byte of every batch, every request to Meta as its body stands on the wire, and every call of the
//! tracker, unredacted. Nothing is formatted unless a trace is asked for. Format of the trace: `docs/format/trace.md`.
//! Invariant: what customers are called and wrote is in a trace only where the world is made up.

mod written;

use std::collections::BTreeMap;

use anyhow::Context as _;
use journal::StoredBatch;
use machine::kind_name;
use messenger::{Body, Control, Fault, Profile, Send, SendOutcome, Sent};
use model::{ContactId, EffectId, MachineId, PageId, Psid, Redacted, TaskId, Timestamp};
use policy::{EditionId, Permit};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tracker::{Comment, CommentsAdded, OpenTask, Opened};

use crate::chronicle::Chronicle;
use crate::replay::fields::{self, Manner};
use crate::replay::names::{Names, one_line};
use crate::replay::tally::Tally;
use crate::scenario::Scenario;

pub(crate) use crate::replay::fields::id as shown_id;

/// What a piece of the hash is.
#[derive(Clone, Copy)]
enum Piece {
    Batch = 1,
    Send,
    Profile,
    OpenTask,
    AddComments,
    NameContact,
    Thread,
    Control,
}

/// Who watches.
pub struct Witness {
    digest: Sha256,
    /// Room for the piece that is being written.
    scratch: Vec<u8>,
    told: Option<Telling>,
    /// What is written down for the oracle.
    chronicle: Option<Box<Chronicle>>,
    /// The next body that is posted does not come from Meta.
    is_forged: bool,
}

/// The readable trace.
struct Telling {
    names: Names,
    manner: Manner,
    lines: Vec<String>,
    tally: Tally,
}

impl core::fmt::Debug for Witness {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Witness").field("tells", &self.told.is_some()).finish_non_exhaustive()
    }
}

impl Default for Witness {
    /// Hashes, and tells nothing.
    fn default() -> Self {
        let scratch = Vec::with_capacity(4_096);
        Self { digest: Sha256::new(), scratch, told: None, chronicle: None, is_forged: false }
    }
}

impl Witness {
    /// Tells a trace too. Texts are told where `tells_text`, else counted.
    pub(crate) fn telling(began_at: Timestamp, tells_text: bool, names: Names) -> Self {
        let manner = Manner { began_at, tells_text, deliveries: BTreeMap::new() };
        let told = Telling { names, manner, lines: Vec::new(), tally: Tally::default() };
        Self { told: Some(told), ..Self::default() }
    }

    /// Decisions are made under this edition; `None`: under the one of their time.
    #[must_use]
    pub(crate) fn under(mut self, edition: Option<EditionId>) -> Self {
        if let Some(told) = &mut self.told {
            told.tally.grounds.edition = edition;
        }
        self
    }

    /// Tells a trace of a scenario too, with the scenario's own names.
    pub(crate) fn with_trace_of(scenario: &Scenario) -> Self {
        Self::telling(scenario.begins_at, true, Names::of_scenario(scenario))
    }

    /// Tells a trace of a made-up world too, with ids for names.
    pub fn with_trace(began_at: Timestamp) -> Self {
        Self::telling(began_at, true, Names::default())
    }

    /// The lines of the trace so far; none where none is told.
    pub fn lines(&self) -> &[String] {
        self.told.as_ref().map_or(&[], |told| &told.lines)
    }

    /// The hash so far: 64 hex digits.
    pub fn trace_hash(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }

    /// Whether a trace is told.
    pub fn tells(&self) -> bool {
        self.told.is_some()
    }

    /// Takes the lines and what was counted in them.
    pub(crate) fn finish(&mut self) -> (Vec<String>, Tally) {
        self.told.take().map(|told| (told.lines, told.tally)).unwrap_or_default()
    }

    /// A batch became durable.
    ///
    /// # Errors
    /// Where a trace is told and a record cannot be read.
    pub(crate) fn batch(&mut self, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<()> {
        self.begin(Piece::Batch);
        self.put(&batch.key);
        self.number(batch.at);
        self.number(batch.armed.unwrap_or(i64::MIN));
        for stored in &batch.records {
            let record = &stored.record;
            self.number(i64::try_from(stored.seq).unwrap_or(i64::MAX));
            let flags = u8::from(record.sealed) | u8::from(record.opens) << 1;
            self.scratch.extend(record.kind.to_le_bytes());
            self.scratch.extend([record.version, flags]);
            self.put(&record.body);
        }
        self.end();
        if let Some(chronicle) = &mut self.chronicle {
            chronicle.batch(Timestamp(batch.at), machine, batch)?;
        }
        match &mut self.told {
            Some(told) => told.batch(machine, batch),
            None => Ok(()),
        }
    }

    /// A delivery is on its way in, and what it is called.
    pub(crate) fn delivery(&mut self, at: Timestamp, name: &crate::outside::Announced) {
        self.comes(at, name.whose.as_ref(), |_| format!("{}: {}", name.name, name.what));
    }

    /// A delivery was not taken.
    pub(crate) fn not_taken(&mut self, at: Timestamp, name: &crate::outside::Announced) {
        self.comes(at, name.whose.as_ref(), |_| format!("{}: NOT TAKEN", name.name));
    }

    /// What the delivery with this number in the inbox is called.
    pub(crate) fn call_delivery(&mut self, seq: u64, name: &str) {
        if let Some(told) = &mut self.told {
            told.manner.deliveries.insert(seq, name.to_owned());
        }
    }

    /// A send leaves.
    pub(crate) fn send(&mut self, at: Timestamp, permit: &Permit, send: &Send) {
        self.begin(Piece::Send);
        self.put(send.page.as_str().as_bytes());
        self.put(&messenger::send_body(permit, send));
        self.end();
        self.leaves(
            at,
            || conversation(&send.page, &send.psid),
            |manner| {
                let (messaging_type, tag) = permit.messaging_type().wire();
                let way = tag.map_or_else(|| messaging_type.to_owned(), |tag| format!("{messaging_type}/{tag}"));
                let said = match &send.body {
                    Body::Text(text) | Body::Prompt { text, .. } => manner.text(text.reveal()),
                    Body::Attachment { .. } => "[attachment]".to_owned(),
                    Body::Template { .. } => "[template]".to_owned(),
                };
                format!("{} send {way} {said}", short(&send.metadata))
            },
        );
    }

    /// A send was answered.
    pub(crate) fn sent(&mut self, at: Timestamp, effect: &EffectId, outcome: &SendOutcome) {
        if let Some(chronicle) = &mut self.chronicle {
            let lost = matches!(outcome, SendOutcome::InDoubt { why: "timeout" | "connection-lost" });
            chronicle.send_answered(at, &effect.to_string(), lost);
        }
        self.comes(at, Some(&effect.machine), |_| format!("e{} {}", effect.seq, sent(outcome)));
    }

    /// A customer's name is asked for.
    pub(crate) fn profile(&mut self, at: Timestamp, page: &PageId, psid: &Psid) {
        self.begin(Piece::Profile);
        self.put(page.as_str().as_bytes());
        self.put(psid.as_str().as_bytes());
        self.end();
        self.leaves(at, || conversation(page, psid), |_| "profile?".to_owned());
    }

    /// A customer's name was told, or not.
    pub(crate) fn named(&mut self, at: Timestamp, page: &PageId, psid: &Psid, answer: &Result<Profile, Fault>) {
        if self.tells() {
            self.comes(at, Some(&conversation(page, psid)), |manner| match answer {
                Ok(profile) => match profile.name() {
                    Some(name) => format!("profile {}", manner.text(name.reveal())),
                    None => "profile unknown".to_owned(),
                },
                Err(fault) => format!("profile FAULT {fault}"),
            });
        }
    }

    /// A thread is read.
    pub(crate) fn thread(&mut self, at: Timestamp, page: &PageId, psid: &Psid) {
        self.begin(Piece::Thread);
        self.put(page.as_str().as_bytes());
        self.put(psid.as_str().as_bytes());
        self.end();
        self.leaves(at, || conversation(page, psid), |_| "thread?".to_owned());
    }

    /// A thread was told, or not.
    pub(crate) fn thread_told(&mut self, at: Timestamp, page: &PageId, psid: &Psid, answer: &Result<Vec<Sent>, Fault>) {
        if self.tells() {
            self.comes(at, Some(&conversation(page, psid)), |_| match answer {
                Ok(thread) => {
                    let mids: Vec<String> = thread.iter().map(|sent| shown_id(sent.mid.as_str()).to_string()).collect();
                    format!(
                        "thread {}",
                        if mids.is_empty() { "without a message of the Page".to_owned() } else { mids.join(" ") }
                    )
                }
                Err(fault) => format!("thread FAULT {fault}"),
            });
        }
    }

    /// A conversation is asked for.
    pub(crate) fn control(&mut self, at: Timestamp, page: &PageId, psid: &Psid) {
        self.begin(Piece::Control);
        self.put(page.as_str().as_bytes());
        self.put(psid.as_str().as_bytes());
        self.end();
        self.leaves(at, || conversation(page, psid), |_| "take-control?".to_owned());
    }

    /// A conversation was given, or not.
    pub(crate) fn control_told(&mut self, at: Timestamp, page: &PageId, psid: &Psid, answer: &Result<Control, Fault>) {
        if self.tells() {
            self.comes(at, Some(&conversation(page, psid)), |_| match answer {
                Ok(Control::Taken) => "take-control taken".to_owned(),
                Ok(Control::Denied { reason, owner }) => {
                    let owner = owner.as_ref().map(|app| format!(" owner={app}")).unwrap_or_default();
                    format!("take-control denied {reason}{owner}")
                }
                Err(fault) => format!("take-control FAULT {fault}"),
            });
        }
    }

    /// A task is to be opened.
    pub(crate) fn open_task(&mut self, at: Timestamp, effect: &EffectId, task: &OpenTask) {
        self.call(Piece::OpenTask, effect, task);
        self.leaves(
            at,
            || effect.machine.clone(),
            |manner| {
                let after = task.previous.as_ref().map(|task| format!(" after task {task}")).unwrap_or_default();
                let (name, lines) = (manner.text(task.name.reveal()), lines(manner, &task.lines));
                format!("e{} open-task{after} {name}: {lines}", effect.seq)
            },
        );
    }

    /// A task was opened.
    pub(crate) fn opened(&mut self, at: Timestamp, effect: &EffectId, answer: &Result<Opened, tracker::Fault>) {
        self.answered(at, effect, answer, |opened| format!("opened task={} contact={}", opened.task, opened.contact));
    }

    /// Comments are to be added.
    pub(crate) fn add_comments(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        (task, said, if_active): (&TaskId, &[Comment], bool),
    ) {
        self.call(Piece::AddComments, effect, &(task, said, if_active));
        self.leaves(
            at,
            || effect.machine.clone(),
            |manner| format!("e{} add-comments task={task}: {}", effect.seq, lines(manner, said)),
        );
    }

    /// Comments were added, or not.
    pub(crate) fn added(&mut self, at: Timestamp, effect: &EffectId, answer: &Result<CommentsAdded, tracker::Fault>) {
        self.answered(at, effect, answer, |added| match added {
            CommentsAdded::Done { task } => format!("added task={task}"),
            CommentsAdded::Inactive => "not added: the task is not active".to_owned(),
            CommentsAdded::Gone => "not added: the task is gone".to_owned(),
        });
    }

    /// A contact is to bear a name.
    pub(crate) fn name_contact(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        contact: &ContactId,
        name: &Redacted<String>,
    ) {
        self.call(Piece::NameContact, effect, &(contact, name));
        self.leaves(
            at,
            || effect.machine.clone(),
            |manner| format!("e{} name-contact contact={contact} {}", effect.seq, manner.text(name.reveal())),
        );
    }

    /// A contact bears its name.
    pub(crate) fn contact_named(&mut self, at: Timestamp, effect: &EffectId, answer: &Result<(), tracker::Fault>) {
        self.answered(at, effect, answer, |()| "named".to_owned());
    }

    /// Something comes in.
    pub(crate) fn comes(&mut self, at: Timestamp, who: Option<&MachineId>, what: impl FnOnce(&Manner) -> String) {
        if let Some(told) = &mut self.told {
            let what = what(&told.manner);
            let who = who.map_or_else(|| "-".to_owned(), |machine| told.names.machine(machine));
            told.write(at, &who, "<-", &what);
        }
    }

    fn leaves(&mut self, at: Timestamp, who: impl FnOnce() -> MachineId, what: impl FnOnce(&Manner) -> String) {
        if let Some(told) = &mut self.told {
            let (who, what) = (told.names.machine(&who()), what(&told.manner));
            told.write(at, &who, "->", &what);
        }
    }

    fn answered<T>(
        &mut self,
        at: Timestamp,
        effect: &EffectId,
        answer: &Result<T, tracker::Fault>,
        told: impl FnOnce(&T) -> String,
    ) {
        self.comes(at, Some(&effect.machine), |_| match answer {
            Ok(answer) => format!("e{} {}", effect.seq, told(answer)),
            Err(fault) => format!("e{} FAULT {fault}", effect.seq),
        });
    }

    fn call(&mut self, piece: Piece, effect: &EffectId, request: &impl Serialize) {
        self.begin(piece);
        serde_json::to_writer(&mut self.scratch, &(effect, request)).expect("requests are plain text and numbers");
        self.end();
    }

    fn begin(&mut self, piece: Piece) {
        self.scratch.clear();
        self.scratch.push(piece as u8);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.number(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        self.scratch.extend_from_slice(bytes);
    }

    fn number(&mut self, number: i64) {
        self.scratch.extend(number.to_le_bytes());
    }

    /// The length comes last, so that no two rows of pieces read alike.
    fn end(&mut self) {
        self.number(i64::try_from(self.scratch.len()).unwrap_or(i64::MAX));
        self.digest.update(&self.scratch);
    }
}

impl Telling {
    fn write(&mut self, at: Timestamp, who: &str, number: &str, what: &str) {
        let at = self.manner.line_time(at);
        self.lines.push(one_line(format!("{at} {who:<7} {number:>4}  {what}").trim_end()));
    }

    fn batch(&mut self, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<()> {
        let who = self.names.machine(machine);
        self.tally.take(machine, batch)?;
        for stored in &batch.records {
            let record = &stored.record;
            let kind = kind_name(machine, record.kind);
            let body: Value = serde_json::from_slice(&record.body).context("a record's body")?;
            let mut what = kind.to_owned();
            for field in fields::of(&body, machine, Timestamp(batch.at), &self.manner) {
                what.push(' ');
                what.push_str(&field);
            }
            if record.opens {
                what.push_str(" -> ");
                what.push_str(effect_of(kind));
            }
            self.write(Timestamp(batch.at), &who, &stored.seq.to_string(), &what);
        }
        Ok(())
    }
}

fn conversation(page: &PageId, psid: &Psid) -> MachineId {
    MachineId::Conversation(page.clone(), psid.clone())
}

fn lines(manner: &Manner, lines: &[Comment]) -> String {
    let told: Vec<String> = lines.iter().map(|line| manner.text(line.text.reveal())).collect();
    told.join(" | ")
}

/// An effect id as `e11`; another mark as it is.
pub(crate) fn short(mark: &str) -> String {
    mark.parse::<EffectId>().map_or_else(|_| mark.to_owned(), |effect| format!("e{}", effect.seq))
}

fn sent(outcome: &SendOutcome) -> String {
    let code = |(code, subcode): &messenger::Code| match subcode {
        Some(subcode) => format!("{code}/{subcode}"),
        None => code.to_string(),
    };
    match outcome {
        SendOutcome::Sent { mid, usage: _ } => format!("sent mid={}", shown_id(mid.as_str())),
        SendOutcome::Later { after, code: of, .. } => {
            format!("REFUSED {} for {} ms", of.as_ref().map(code).unwrap_or_default(), after.0)
        }
        SendOutcome::Failed { code: of, row, .. } => format!("REFUSED {} {row}", code(of)),
        SendOutcome::InDoubt { why } => format!("IN DOUBT {why}"),
    }
}

/// The work outside that an event of this kind names.
fn effect_of(kind: &str) -> &str {
    match kind {
        "profile-asked" => "ask-profile",
        "task-opening" => "open-task",
        "comments-adding" => "add-comments",
        "contact-naming" => "name-contact",
        "send-started" => "send",
        "thread-asked" => "read-thread",
        "control-asked" => "take-control",
        _ => "effect",
    }
}
