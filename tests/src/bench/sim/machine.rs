//! Decide and evolve alone, for conversations: no parser, no codec, no store. What the machine asks for outside is
//! answered at once.

use anyhow::Context as _;
use machine::conversation::{Command, Conversation, Effect, Outcome, State};
use machine::{Context, Machine as _, PageFacts};
use model::{ContactId, Inbound, MachineId, TaskId};

use super::figures::{Rate, Watch};
use super::floor;
use super::messages::Load;

/// Measures.
pub(super) fn measure(load: Load) -> anyhow::Result<Rate> {
    let posted = load.all();
    let floor = floor::per_second(&posted);
    let inbounds = posted.iter().map(|posted| {
        let mut delivery = webhook::parse(posted.body.as_bytes(), posted.at);
        delivery.inbounds.pop().context("a body holds one item")
    });
    let inbounds: Vec<Inbound> = inbounds.collect::<anyhow::Result<_>>()?;
    let mut states: Vec<State> = (0..load.conversations)
        .map(|nth| Conversation::fresh(&MachineId::Conversation(load.page(), load.psid(nth))))
        .collect();
    let page = PageFacts { known: true, token: true, ..PageFacts::default() };
    let context = Context { account: load.config().facts, page, ..Context::default() };
    let (count, mut events, watch) = (inbounds.len() as u64, 0, Watch::start());
    for (nth, inbound) in (0..).zip(inbounds) {
        let whose = usize::try_from(load.conversation(nth)).context("a conversation's number")?;
        events += hear(&mut states[whose], inbound, &context);
    }
    Rate::of((count, events), watch.took(), floor)
}

/// Decides about a message and whatever follows from it; the number of events.
fn hear(state: &mut State, inbound: Inbound, context: &Context) -> u64 {
    let (now, mut events) = (inbound.at, 0);
    let mut next = Some(Command::Receive(inbound));
    while let Some(command) = next.take() {
        for event in Conversation::decide(state, command, context, now) {
            Conversation::evolve(state, &event);
            events += 1;
            if let Some(outcome) = Conversation::effect(&event).and_then(outcome) {
                next = Some(Command::Settle { effect: Conversation::seq(state), outcome });
            }
        }
    }
    events
}

fn outcome(effect: Effect) -> Option<Outcome> {
    match effect {
        Effect::OpenTask { .. } => Some(Outcome::TaskOpened { task: TaskId::new("1"), contact: ContactId::new("1") }),
        Effect::AddComments { task, .. } => Some(Outcome::CommentsAdded { task }),
        Effect::AskProfile { .. }
        | Effect::NameContact { .. }
        | Effect::ReadThread { .. }
        | Effect::TakeControl { .. }
        | Effect::Send { .. } => None,
    }
}
