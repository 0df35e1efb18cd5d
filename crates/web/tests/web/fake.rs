//! A node played by the test: real machines fed by hand, answers as the test wants them, everything noted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use machine::conversation::attempts::Attempts;
use machine::conversation::transcript::Transcript;
use machine::conversation::{Command, Conversation, Event, Reply, Resolution, State};
use machine::outbound::{PartId, PartState};
use machine::{Context, Machine as _, PageFacts};
use model::{MachineId, PageId, Timestamp};
use tokio::sync::{Notify, watch};
use web::{
    Changes, ConversationList, ConversationNow, DeadFilter, DeadList, Filter, HappeningList, Lists, Node, NotAccepted,
    NotListed, PageName, PartHealth, Readiness, SinceStart, Unavailable,
};

/// 2026-11-18 11:06:40 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_000_000_000);

/// The node.
pub(crate) struct Fake {
    pub(crate) kept: Mutex<Vec<Bytes>>,
    pub(crate) refusals: Mutex<Vec<&'static str>>,
    pub(crate) resolved: Mutex<Vec<String>>,
    accepts: Mutex<Result<(), NotAccepted>>,
    ready: Mutex<bool>,
    conversations: Mutex<BTreeMap<MachineId, Talked>>,
    list: Mutex<ConversationList>,
    happened: Mutex<HappeningList>,
    context: Mutex<Context>,
    pub(crate) asked: Mutex<Vec<Filter>>,
    /// What changed where, as long as it is remembered.
    changes: Mutex<Vec<(u64, MachineId)>>,
    forgotten: Mutex<u64>,
    position: watch::Sender<u64>,
    chance: Mutex<u8>,
    gate: Option<Arc<Notify>>,
    pub(crate) entered: Notify,
}

/// A conversation fed by hand.
struct Talked {
    state: State,
    events: Vec<Event>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::default(),
            refusals: Mutex::default(),
            resolved: Mutex::default(),
            accepts: Mutex::new(Ok(())),
            ready: Mutex::new(true),
            conversations: Mutex::default(),
            list: Mutex::new(ConversationList { conversations: Vec::new(), next: None }),
            happened: Mutex::new(HappeningList { happenings: Vec::new(), next: None }),
            context: Mutex::new(context()),
            asked: Mutex::default(),
            changes: Mutex::default(),
            forgotten: Mutex::default(),
            position: watch::Sender::new(0),
            chance: Mutex::default(),
            gate: None,
            entered: Notify::new(),
        }
    }

    /// A node whose commits wait for `gate`.
    pub(crate) fn gated(gate: Arc<Notify>) -> Self {
        Self { gate: Some(gate), ..Self::new() }
    }

    pub(crate) fn accepts(&self, answer: Result<(), NotAccepted>) {
        *locked(&self.accepts) = answer;
    }

    pub(crate) fn is_ready(&self, ready: bool) {
        *locked(&self.ready) = ready;
    }

    pub(crate) fn lists(&self, list: ConversationList) {
        *locked(&self.list) = list;
    }

    pub(crate) fn happened(&self, list: HappeningList) {
        *locked(&self.happened) = list;
    }

    /// Settings and Page facts are these from now on.
    pub(crate) fn knows(&self, context: Context) {
        *locked(&self.context) = context;
    }

    pub(crate) fn refused_as(&self) -> Vec<&'static str> {
        locked(&self.refusals).clone()
    }

    pub(crate) fn kept(&self) -> usize {
        locked(&self.kept).len()
    }

    /// The lists follow so far, and these changed on the way.
    pub(crate) fn changed(&self, position: u64, machines: &[&str]) {
        let parsed = machines.iter().map(|machine| (position, machine.parse().expect("a machine id")));
        locked(&self.changes).extend(parsed);
        self.position.send_replace(position);
    }

    /// Nothing is known any more of what changed up to here.
    pub(crate) fn forgets(&self, position: u64) {
        *locked(&self.forgotten) = position;
    }

    /// Gives a conversation a command and applies what it decides; the number of its last event comes back.
    pub(crate) fn tell(&self, id: &str, command: Command, now: Timestamp) -> u64 {
        let id: MachineId = id.parse().expect("a machine id");
        let context = locked(&self.context).clone();
        let mut conversations = locked(&self.conversations);
        let talked = conversations
            .entry(id.clone())
            .or_insert_with(|| Talked { state: Conversation::fresh(&id), events: Vec::new() });
        for event in Conversation::decide(&talked.state, command, &context, now) {
            Conversation::evolve(&mut talked.state, &event);
            talked.events.push(event);
        }
        Conversation::seq(&talked.state)
    }
}

/// What is behind a lock of the test.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics with a lock")
}

/// A known Page with a token.
pub(crate) fn context() -> Context {
    let page = PageFacts { known: true, name: "Corner Bakery".to_owned(), token: true, ..PageFacts::default() };
    let mut context = Context { page, ..Context::default() };
    context.account.profiles = false;
    context
}

impl Node for Fake {
    fn accept(&self, body: Bytes) -> BoxFuture<'_, Result<(), NotAccepted>> {
        Box::pin(async move {
            self.entered.notify_one();
            if let Some(gate) = &self.gate {
                gate.notified().await;
            }
            let answer = *locked(&self.accepts);
            if answer.is_ok() {
                locked(&self.kept).push(body);
            }
            answer
        })
    }

    fn refused(&self, reason: &'static str) {
        locked(&self.refusals).push(reason);
    }

    fn ready(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async move {
            let ready = *locked(&self.ready);
            let detail = if ready { "42 resident" } else { "no answer within 1 s" };
            let part = PartHealth { name: "actors".to_owned(), ok: ready, detail: detail.to_owned() };
            let refused = BTreeMap::from([("signature-mismatch".to_owned(), 12)]);
            let since_start = SinceStart { refused, ..SinceStart::default() };
            Readiness { ready, parts: vec![part], since_start, paused: Vec::new() }
        })
    }

    fn conversation(&self, id: &MachineId) -> BoxFuture<'_, Result<Option<ConversationNow>, Unavailable>> {
        let conversations = locked(&self.conversations);
        let found = conversations.get(id).map(|talked| ConversationNow {
            state: talked.state.clone(),
            transcript: Transcript::fold(&talked.events),
            attempts: Attempts::fold(&talked.events),
            context: locked(&self.context).clone(),
        });
        Box::pin(async move { Ok(found) })
    }

    fn resolve(
        &self,
        id: &MachineId,
        part: PartId,
        resolution: Resolution,
        by: String,
    ) -> BoxFuture<'_, Result<bool, Unavailable>> {
        let known = locked(&self.conversations).contains_key(id);
        let note = format!("{id} part {part} {resolution:?} by {by}");
        let part_of = |talked: &Talked| talked.state.queue().part(part).map(|_| Conversation::seq(&talked.state));
        let before = locked(&self.conversations).get(id).and_then(part_of);
        let applies = match before {
            Some(before) => self.tell(&id.to_string(), Command::Resolve { part, resolution, by }, NOW) > before,
            // Parts that the test did not make are decided about all the same.
            None => known,
        };
        Box::pin(async move {
            if applies {
                locked(&self.resolved).push(note);
            }
            Ok(applies)
        })
    }

    fn reply(&self, id: &MachineId, reply: Reply) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.tell(&id.to_string(), Command::Reply(reply), NOW);
        Box::pin(async { Ok(()) })
    }

    fn now(&self) -> Timestamp {
        NOW
    }

    fn entropy(&self, bytes: &mut [u8]) {
        let mut chance = locked(&self.chance);
        *chance += 1;
        bytes.fill(*chance);
    }
}

impl Lists for Fake {
    fn conversations(&self, filter: &Filter, after: Option<&str>, _: usize) -> Result<ConversationList, NotListed> {
        locked(&self.asked).push(filter.clone());
        match after {
            None | Some("17") => Ok(locked(&self.list).clone()),
            Some(_) => Err(NotListed::CursorUnfit),
        }
    }

    fn happenings(&self, _: Option<&PageId>, after: Option<&str>, _: usize) -> Result<HappeningList, NotListed> {
        match after {
            None | Some("17") => Ok(locked(&self.happened).clone()),
            Some(_) => Err(NotListed::CursorUnfit),
        }
    }

    fn dead_letters(&self, filter: &DeadFilter, after: Option<&str>, _: usize) -> Result<DeadList, NotListed> {
        if after.is_some() {
            return Err(NotListed::CursorUnfit);
        }
        let conversations = locked(&self.conversations);
        let parts = conversations.iter().flat_map(|(id, talked)| {
            let dead = talked.state.queue().parts().filter(|(_, part)| match &part.state {
                PartState::Refused { .. } => filter.state.as_deref().is_none_or(|state| state == "refused"),
                PartState::Failed { reason } if reason != "given-up" => {
                    filter.state.as_deref().is_none_or(|state| state == "failed")
                }
                PartState::Failed { .. }
                | PartState::Queued { .. }
                | PartState::Held { .. }
                | PartState::InFlight { .. }
                | PartState::InDoubt { .. }
                | PartState::Sent { .. } => false,
            });
            dead.map(|(part, _)| (id.clone(), part)).collect::<Vec<_>>()
        });
        Ok(DeadList { letters: parts.collect(), next: None })
    }

    fn pages(&self) -> Result<Vec<PageName>, Unavailable> {
        let of = |page: &str, name: &str| PageName { page: PageId::new(page), name: name.to_owned() };
        Ok(vec![of("1029", "Corner <Bakery>"), of("77", "")])
    }

    fn position(&self) -> u64 {
        *self.position.borrow()
    }

    fn changes_after(&self, position: u64) -> Changes {
        let newest = self.position();
        if position < *locked(&self.forgotten) || position > newest {
            return Changes::Gone { newest };
        }
        let mut changed: Vec<MachineId> = Vec::new();
        for (_, machine) in locked(&self.changes).iter().filter(|(at, _)| *at > position) {
            if !changed.contains(machine) {
                changed.push(machine.clone());
            }
        }
        Changes::Since { changed, newest }
    }

    fn moved_from(&self, position: u64) -> BoxFuture<'_, ()> {
        let mut told = self.position.subscribe();
        Box::pin(async move {
            told.wait_for(|newest| *newest != position).await.expect("the fake lives");
        })
    }

    fn totals(&self) -> Result<serde_json::Value, Unavailable> {
        Ok(serde_json::json!({ "inbounds": 3, "conversations": 1 }))
    }
}
