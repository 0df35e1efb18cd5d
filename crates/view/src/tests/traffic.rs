//! Traffic made by the real machines: bytes choose who does what, the machines decide, and a list keeps the batches.

use ::journal::{Record, Stored};
use ::model::{
    Anomaly, AppId, Channel, ContactId, Echo, Edit, EffectId, Handover, HandoverAct, Inbound, Incarnation, ItemKey,
    Lead, MachineId, Message, Mid, PageInbound, PageKind, Postback, Reaction, Receipt, Redacted, Referral, Span,
    TaskId, Unsend,
};
use machine::account::{self, Account};
use machine::conversation::{Command, Conversation, Effect, Event, Outcome, Reply, Resolution, SendOutcome, State};
use machine::outbound::{Content, PartId};
use machine::page::{self, Page};
use machine::{AccountFacts, Context, Encoded, Machine, PageFacts};
use policy::Author;

use super::*;

pub(super) const START: i64 = 1_795_392_000_000;

/// One conversation and what it did so far.
pub(super) struct Chat {
    pub(super) id: MachineId,
    pub(super) state: State,
    pub(super) events: Vec<Event>,
    /// Every state that a part was in after a batch.
    pub(super) states_met: Vec<PartState>,
    open: Vec<(u64, Effect)>,
    mids: Vec<Mid>,
}

/// Four conversations on two Pages.
pub(super) struct Traffic {
    pub(super) chats: Vec<Chat>,
    pub(super) tape: Tape,
    pub(super) pages: Vec<(PageId, page::State)>,
    context: Context,
    newest: Option<Mid>,
    now: i64,
    count: u64,
    position: u64,
}

impl Traffic {
    pub(super) fn new() -> Self {
        let chat = |page: &str, psid: &str| {
            let id = MachineId::Conversation(PageId::new(page), Psid::new(psid));
            let state = Conversation::fresh(&id);
            Chat { id, state, events: Vec::new(), states_met: Vec::new(), open: Vec::new(), mids: Vec::new() }
        };
        let facts = PageFacts {
            known: true,
            name: "Bakery".to_owned(),
            token: true,
            token_mark: "t".to_owned(),
            restricted: false,
        };
        let account = AccountFacts { human_agent: true, app: Some(AppId::new("77")), ..AccountFacts::default() };
        let context = Context { account, page: facts.clone(), ..Context::default() };
        let mut traffic = Self {
            chats: vec![chat("1029", "5001"), chat("1029", "5002"), chat("1030", "5001"), chat("1030", "5003")],
            tape: Tape::default(),
            pages: ["1029", "1030"].map(|page| (PageId::new(page), page::State::default())).to_vec(),
            context,
            newest: None,
            now: START,
            count: 0,
            position: 0,
        };
        for nth in 0..2 {
            traffic.page(nth, page::Command::Configure(facts.clone()));
        }
        traffic
    }

    /// A message of a customer.
    pub(super) fn customer_writes(&mut self, nth: usize, text: &str, at: Timestamp) {
        let mid = self.mid();
        self.newest = Some(mid.clone());
        let kind = Kind::Message(Message { text: Some(text.into()), ..Message::new(mid) });
        self.receive(nth, kind, at);
    }

    /// The Page answers in Meta's inbox.
    pub(super) fn echoes(&mut self, nth: usize, at: Timestamp) {
        let mid = self.mid();
        let echo = Echo { mid, app: None, metadata: None, text: Some("we are".into()), attachments: Vec::new() };
        self.receive(nth, Kind::Echo(echo), at);
    }

    /// An agent answers.
    pub(super) fn answers(&mut self, nth: usize, text: &str, at: Timestamp) {
        self.count += 1;
        let reply = Reply {
            source: CommentId::new(self.count.to_string()).into(),
            task: Some(TaskId::new("1")),
            author: Author::Agent,
            by: "Grace".to_owned(),
            contents: vec![Content::Text { text: text.into() }],
            tag: None,
            at,
        };
        self.command(nth, Command::Reply(reply));
    }

    /// The thread is passed to an app; 77 is ours.
    pub(super) fn passed(&mut self, nth: usize, to: &str, at: Timestamp) {
        self.receive(nth, handover(to), at);
    }

    /// The newest message is changed.
    pub(super) fn changes(&mut self, nth: usize, text: &str, at: Timestamp) {
        let mid = self.newest_mid();
        self.receive(nth, Kind::Edit(Edit { mid, by_page: false, text: Some(text.into()), nth: None }), at);
    }

    /// The newest message is taken back.
    pub(super) fn takes_back(&mut self, nth: usize, at: Timestamp) {
        let mid = self.newest_mid();
        self.receive(nth, Kind::Unsend(Unsend { mid, by_page: false }), at);
    }

    fn newest_mid(&self) -> Mid {
        self.newest.clone().expect("something was written")
    }

    /// The account is configured.
    pub(super) fn configures(&mut self, facts: &AccountFacts) {
        let event = account::Event::Configured { facts: facts.clone() };
        self.append("a/1", 1, vec![Account::encode(&event)]);
    }

    /// The next part of a conversation is about to be sent, and Meta refuses it; a person leaves it.
    pub(super) fn fails_and_is_given_up(&mut self, nth: usize) {
        self.command(nth, Command::Dispatch);
        let (effect, _) = self.chats[nth].open.pop().expect("a send is open");
        let send = SendOutcome::Failed { code: (551, None), row: "customer-unavailable".to_owned(), trace: None };
        self.command(nth, Command::Settle { effect, outcome: Outcome::Send { send } });
        let part = PartId(self.chats[nth].state.queue().next_id().0 - 1);
        self.command(nth, Command::Resolve { part, resolution: Resolution::GiveUp, by: "Grace".to_owned() });
    }

    /// A customer puts a heart on a message.
    pub(super) fn reacts(&mut self, nth: usize, at: Timestamp) {
        let (mid, emoji) = (Mid::new("m_1"), Some("\u{2764}".to_owned()));
        self.receive(nth, Kind::Reaction(Reaction { mid, added: true, by_page: false, name: None, emoji }), at);
    }

    /// One step, as the bytes say.
    pub(super) fn step(&mut self, [what, who, how, more]: [u8; 4]) {
        self.now += i64::from(more) * 20_000;
        self.context.page.token = !more.is_multiple_of(8);
        let nth = usize::from(who) % self.chats.len();
        let at = Timestamp(self.now - i64::from(how % 4) * 1_000);
        match what % 16 {
            0..=2 => self.customer_writes(nth, "are you open?", at),
            3 => self.deed(nth, how, at),
            4 | 5 => self.reply(nth, how),
            6..=8 => self.command(nth, Command::Dispatch),
            9..=11 => self.settle(nth, how, more),
            12 => self.echo(nth, how, at),
            13 => self.receipt(nth, how, at),
            14 => {
                let deadline = Conversation::deadline(&self.chats[nth].state);
                // A part that waits for its turn is due all the time: then eight days pass.
                self.now = deadline.map(|at| at.0).filter(|at| *at > self.now).unwrap_or(self.now + 8 * 86_400_000);
                self.command(nth, Command::Wake);
            }
            _ if how.is_multiple_of(4) => self.put_aside(usize::from(more) % 2, how),
            _ if how % 4 == 1 => self.happens(usize::from(more) % 2, at),
            _ => self.resolve(nth, how),
        }
    }

    fn reply(&mut self, nth: usize, how: u8) {
        self.count += 1;
        let contents = (0..=how % 2).map(|_| Content::Text { text: "we are".into() }).collect();
        let reply = Reply {
            source: CommentId::new((self.count % 200).to_string()).into(),
            task: Some(TaskId::new("1")),
            author: if how.is_multiple_of(5) { Author::Automation } else { Author::Agent },
            by: "Grace".to_owned(),
            contents,
            tag: None,
            at: Timestamp(self.now),
        };
        if self.chats.iter().all(|chat| !chat.state.has_replied(&reply.source)) {
            self.command(nth, Command::Reply(reply));
        }
    }

    fn settle(&mut self, nth: usize, how: u8, more: u8) {
        let chat = &mut self.chats[nth];
        if chat.open.is_empty() {
            return;
        }
        let (effect, work) = chat.open.remove(usize::from(how) % chat.open.len());
        let outcome = match work {
            Effect::AskProfile { .. } if how.is_multiple_of(2) => Outcome::NoProfile { reason: "timeout".to_owned() },
            Effect::AskProfile { .. } => Outcome::Profile { name: Some("Ada Byron".into()) },
            Effect::OpenTask { .. } if more % 8 == 1 => Outcome::TrackerRefused { reason: "form".to_owned() },
            Effect::OpenTask { .. } => {
                Outcome::TaskOpened { task: TaskId::new(effect.to_string()), contact: ContactId::new("3") }
            }
            Effect::AddComments { task, .. } => match more % 6 {
                0 => Outcome::TaskInactive,
                1 => Outcome::TaskGone,
                2 => Outcome::CommentsAdded { task: TaskId::new("900") },
                _ => Outcome::CommentsAdded { task },
            },
            Effect::NameContact { .. } => Outcome::ContactNamed,
            Effect::TakeControl { .. } => Outcome::ControlTaken,
            Effect::ReadThread { .. } if more.is_multiple_of(4) => Outcome::ThreadUnread { reason: "down".to_owned() },
            Effect::ReadThread { .. } if more.is_multiple_of(2) => Outcome::ThreadRead { mids: Vec::new() },
            Effect::ReadThread { .. } => Outcome::ThreadRead { mids: vec![Mid::new(format!("m_read{effect}"))] },
            Effect::Send { .. } => Outcome::Send { send: self.send_outcome(nth, effect, more) },
        };
        self.command(nth, Command::Settle { effect, outcome });
    }

    fn send_outcome(&mut self, nth: usize, effect: u64, more: u8) -> SendOutcome {
        match more % 8 {
            0 => SendOutcome::Later { after: Span::seconds(5), code: None },
            1 if more < 128 => {
                let row = "outside-window".to_owned();
                SendOutcome::Failed { code: (10, Some(2_018_278)), row, trace: None }
            }
            1 => SendOutcome::Failed { code: (100, None), row: "not-reachable".to_owned(), trace: None },
            2 | 3 => SendOutcome::InDoubt { why: "timeout".to_owned() },
            _ => {
                let mid = Mid::new(format!("m_send{effect}"));
                self.chats[nth].mids.push(mid.clone());
                SendOutcome::Sent { mid }
            }
        }
    }

    /// The echo of one of our sends, with or without its mark, or another's.
    fn echo(&mut self, nth: usize, how: u8, at: Timestamp) {
        let chat = &self.chats[nth];
        let sends: Vec<u64> = chat
            .events
            .iter()
            .zip(1..)
            .filter(|(event, _)| matches!(event, Event::SendStarted { .. }))
            .map(|(_, seq)| seq)
            .collect();
        let (mid, metadata) = match sends.get(usize::from(how) % (sends.len() + 1)) {
            None => (self.mid(), None),
            Some(seq) => {
                let effect = EffectId { incarnation: Incarnation(0), machine: chat.id.clone(), seq: *seq };
                (Mid::new(format!("m_send{seq}")), (!how.is_multiple_of(3)).then(|| effect.to_string()))
            }
        };
        self.chats[nth].mids.push(mid.clone());
        let app = (how.is_multiple_of(2)).then(|| AppId::new("77"));
        self.receive(
            nth,
            Kind::Echo(Echo { mid, app, metadata, text: Some("we are".into()), attachments: Vec::new() }),
            at,
        );
    }

    fn receipt(&mut self, nth: usize, how: u8, at: Timestamp) {
        let mids = self.chats[nth].mids.last().filter(|_| how.is_multiple_of(3)).cloned().into_iter().collect();
        let receipt = Receipt { watermark: Timestamp(at.0 - 30_000), mids };
        self.receive(nth, if how.is_multiple_of(2) { Kind::Delivered(receipt) } else { Kind::Read(receipt) }, at);
    }

    fn resolve(&mut self, nth: usize, how: u8) {
        let parts = self.chats[nth].state.queue().next_id().0;
        let resolution = [Resolution::Retry, Resolution::WasSent, Resolution::GiveUp][usize::from(how) % 3];
        let part = PartId(1 + u32::from(how) % parts);
        self.command(nth, Command::Resolve { part, resolution, by: "Grace".to_owned() });
    }

    /// Something that a customer does beside writing.
    fn deed(&mut self, nth: usize, how: u8, at: Timestamp) {
        let mid = Mid::new(format!("m_{}", u64::from(how) % self.count.max(1)));
        let kind = match how % 7 {
            0 | 1 => Kind::Postback(Postback { mid: None, title: None, payload: None, referral: None }),
            2 => Kind::Reaction(Reaction { mid, added: how < 128, by_page: false, name: None, emoji: None }),
            3 => Kind::Unsend(Unsend { mid, by_page: false }),
            4 => Kind::Edit(Edit { mid, by_page: false, text: Some("are you open today?".into()), nth: None }),
            5 => handover(if how < 128 { "77" } else { "78" }),
            _ if how < 128 => {
                Kind::Referral(Box::new(Referral { source: Some("ADS".to_owned()), ..Referral::default() }))
            }
            _ => Kind::Referral(Box::new(Referral { mark: Some("spring".into()), ..Referral::default() })),
        };
        self.receive(nth, kind, at);
    }

    /// Something that happens on a Page.
    fn happens(&mut self, nth: usize, at: Timestamp) {
        self.count += 1;
        let lead = self.count.to_string();
        let mut key = [1; 16];
        key[..8].copy_from_slice(&self.count.to_be_bytes());
        let kind = PageKind::Lead(Lead { lead, form: None, ad: None, ad_group: None, created_at: None });
        let page = self.pages[nth].0.clone();
        self.page(nth, page::Command::Receive(PageInbound { page, at, key: ItemKey(key), kind }));
    }

    fn put_aside(&mut self, nth: usize, how: u8) {
        self.count += 1;
        let anomaly = Anomaly {
            place: None,
            page: None,
            reason: "unknown-kind".to_owned(),
            kind: None,
            raw: Redacted::new("{}".to_owned()),
        };
        let delivery = self.count;
        let command = match how % 3 {
            0 => page::Command::Quarantine { delivery, place: None, key: None, cause: "panic".to_owned() },
            _ => page::Command::KeepAnomaly { delivery, anomaly },
        };
        self.page(nth, command);
    }

    fn mid(&mut self) -> Mid {
        self.count += 1;
        Mid::new(format!("m_{}", self.count))
    }

    fn receive(&mut self, nth: usize, kind: Kind, at: Timestamp) {
        self.count += 1;
        let mut key = [0; 16];
        if let Kind::Echo(echo) = &kind {
            // One message has one echo: a second one is a duplicate.
            key.iter_mut().zip(echo.mid.as_str().bytes()).for_each(|(slot, byte)| *slot = byte);
        } else {
            key[..8].copy_from_slice(&self.count.to_be_bytes());
        }
        let MachineId::Conversation(page, psid) = self.chats[nth].id.clone() else { panic!("a conversation") };
        let inbound = Inbound { page, psid, at, channel: Channel::Messaging, key: ItemKey(key), kind };
        self.command(nth, Command::Receive(inbound));
    }

    fn command(&mut self, nth: usize, command: Command) {
        let now = Timestamp(self.now);
        let events = Conversation::decide(&self.chats[nth].state, command, &self.context, now);
        if events.is_empty() {
            return;
        }
        let first = Conversation::seq(&self.chats[nth].state) + 1;
        let encoded = events.iter().map(Conversation::encode).collect();
        let key = self.chats[nth].id.to_string();
        self.append(&key, first, encoded);
        let chat = &mut self.chats[nth];
        for (event, seq) in events.into_iter().zip(first..) {
            Conversation::evolve(&mut chat.state, &event);
            chat.open.extend(Conversation::effect(&event).map(|effect| (seq, effect)));
            chat.events.push(event);
        }
        let met = chat.state.queue().parts().map(|(_, part)| part.state.clone());
        chat.states_met.extend(met);
    }

    fn page(&mut self, nth: usize, command: page::Command) {
        let (id, state) = &mut self.pages[nth];
        let events = Page::decide(state, command, &self.context, Timestamp(self.now));
        if events.is_empty() {
            return;
        }
        let first = Page::seq(state) + 1;
        events.iter().for_each(|event| Page::evolve(state, event));
        let (key, encoded) = (format!("p/{id}"), events.iter().map(Page::encode).collect());
        self.append(&key, first, encoded);
    }

    fn append(&mut self, key: &str, first: u64, encoded: Vec<Encoded>) {
        self.position += 1 + first % 3;
        let stored = |(encoded, (seq, index)): (Encoded, (u64, u16))| {
            let Encoded { kind, version, sealed, body } = encoded;
            Stored { seq, index, record: Record { kind, version, sealed, opens: false, body } }
        };
        self.tape.batches.push(StoredBatch {
            position: Position(self.position),
            key: key.as_bytes().into(),
            at: self.now,
            armed: None,
            baseline: false,
            records: encoded.into_iter().zip((first..).zip(0..)).map(stored).collect(),
        });
    }
}

fn handover(to: &str) -> Kind {
    let to = Some(AppId::new(to));
    Kind::Handover(Handover { act: HandoverAct::Passed, from: None, to, metadata: None })
}
