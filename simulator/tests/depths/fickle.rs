//! A world with moods: the sound one, and by a hash of what is asked and how often, slow, failing and losing answers.
//!
//! Invariant: what it does depends on what it was asked before, never on who asks or when it was looked at.

use std::collections::BTreeMap;

use messenger::{Control, Fault, Profile, Scope, Send, SendOutcome, Sent, error_table};
use model::{CommentId, ContactId, EffectId, PageId, Psid, Redacted, Span, TaskId, Timestamp};
use policy::Permit;
use simulator::outside::{CommentOnTask, Outside, Planned, World};
use tracker::{Comment, CommentsAdded, Cursor, Feed, OpenTask, Opened};

/// A world with moods.
pub(crate) struct Fickle {
    pub(crate) world: World,
    seed: u64,
    asked: BTreeMap<String, u64>,
}

impl Fickle {
    pub(crate) fn new(world: World, seed: u64) -> Self {
        Self { world, seed, asked: BTreeMap::new() }
    }

    /// A number below 100 for what is asked, another one each time.
    fn mood(&mut self, about: &str) -> u64 {
        let nth = self.asked.entry(about.to_owned()).or_default();
        *nth += 1;
        mixed(self.seed ^ text(about) ^ nth.wrapping_mul(0x9e37_79b9)) % 100
    }

    fn tracked<T>(
        &mut self,
        effect: &EffectId,
        now: Timestamp,
        call: impl FnOnce(&mut World) -> Planned<Result<T, tracker::Fault>>,
    ) -> Planned<Result<T, tracker::Fault>> {
        let retry = || Err(tracker::Fault::Retry("down".to_owned()));
        match self.mood(&format!("track {effect}")) {
            // Of a sound world half is sound.
            _ if self.seed.is_multiple_of(2) => call(&mut self.world),
            mood @ 0..15 => {
                Planned { answer_at: now + Span(i64::try_from(mood).unwrap() * 211), ..call(&mut self.world) }
            }
            15..25 => Planned::answer(now + Span(90), retry()),
            25..30 => {
                // Done, and the answer is lost.
                drop(call(&mut self.world));
                Planned::answer(now, retry())
            }
            30..32 => Planned::answer(now, Err(tracker::Fault::GiveUp("no".to_owned()))),
            _ => call(&mut self.world),
        }
    }
}

/// FNV-1a.
pub(crate) fn text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of splitmix64.
pub(crate) fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Outside for Fickle {
    fn send(&mut self, permit: Permit, send: &Send, now: Timestamp) -> Planned<SendOutcome> {
        let failed = |code: messenger::Code, scope| {
            let row = error_table::lookup(code).name;
            SendOutcome::Failed { code, row, trace: None, scope }
        };
        let later = |after, code| SendOutcome::Later { after, code, why: "unreachable" };
        match self.mood(&format!("send {}", send.metadata)) {
            0..8 => Planned::answer(now, later(Span(0), None)),
            8..14 => Planned::answer(now + Span(70), later(Span::seconds(30), Some((613, None)))),
            14..18 => Planned::answer(now + Span(50), failed((10, Some(2_018_278)), Scope::Conversation)),
            18..22 => Planned::answer(now + Span::seconds(30), SendOutcome::InDoubt { why: "timeout" }),
            22..28 => {
                let planned = self.world.send(permit, send, now);
                let outcome = SendOutcome::InDoubt { why: "connection-lost" };
                Planned { answer_at: now + Span::seconds(30), outcome, ..planned }
            }
            28..30 => Planned::answer(now + Span(60), failed((190, Some(460)), Scope::Page)),
            30..36 => Planned { answer_at: now + Span::seconds(11), ..self.world.send(permit, send, now) },
            _ => self.world.send(permit, send, now),
        }
    }

    fn take_control(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Control, Fault>> {
        self.world.take_control(page, psid, now)
    }

    fn thread(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Vec<Sent>, Fault>> {
        let told = self.world.thread(page, psid, now);
        let retry = |after| Err(Fault::Retry { after, why: "timeout", code: None });
        match self.mood(&format!("thread {page}/{psid}")) {
            0..30 => Planned::answer(now + Span(30), retry(Span::seconds(1))),
            30..40 => Planned::answer(now + Span::seconds(2), retry(Span::minutes(20))),
            _ => told,
        }
    }

    fn profile(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Profile, Fault>> {
        let told = self.world.profile(page, psid, now);
        let retry = |after| Err(Fault::Retry { after, why: "timeout", code: None });
        match self.mood(&format!("profile {page}/{psid}")) {
            0..10 => Planned::answer(now + Span(30), retry(Span::seconds(1))),
            10..15 => Planned::answer(now, retry(Span(0))),
            15..20 => Planned::answer(now + Span::seconds(2), retry(Span::seconds(10))),
            20..28 => {
                let (code, row) = ((100, Some(33)), error_table::lookup((100, Some(33))).name);
                let fault = Fault::GiveUp { code, row, trace: None, scope: Scope::Conversation };
                Planned::answer(now + Span(45), Err(fault))
            }
            28..38 => Planned { answer_at: now + Span::seconds(5), ..told },
            38..45 => Planned { answer_at: now + Span::minutes(7), ..told },
            _ => told,
        }
    }

    fn open_task(
        &mut self,
        effect: &EffectId,
        task: &OpenTask,
        now: Timestamp,
    ) -> Planned<Result<Opened, tracker::Fault>> {
        self.tracked(effect, now, |world| world.open_task(effect, task, now))
    }

    fn add_comments(
        &mut self,
        effect: &EffectId,
        task: &TaskId,
        lines: &[Comment],
        if_active: bool,
        now: Timestamp,
    ) -> Planned<Result<CommentsAdded, tracker::Fault>> {
        self.tracked(effect, now, |world| world.add_comments(effect, task, lines, if_active, now))
    }

    fn name_contact(
        &mut self,
        effect: &EffectId,
        contact: &ContactId,
        name: &Redacted<String>,
        now: Timestamp,
    ) -> Planned<Result<(), tracker::Fault>> {
        self.tracked(effect, now, |world| world.name_contact(effect, contact, name, now))
    }

    fn feed(&mut self, after: Cursor, limit: usize) -> Result<Feed, tracker::Fault> {
        self.world.feed(after, limit)
    }

    fn newest(&self) -> Cursor {
        self.world.newest()
    }

    fn comment(&mut self, comment: &CommentOnTask, now: Timestamp) -> Option<(TaskId, CommentId)> {
        self.world.comment(comment, now)
    }
}
