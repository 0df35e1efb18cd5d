//! What the log says of a send that Meta did not take now: why, which try it was, and when the next one is.
//!
//! Decides nothing: the instant is the one that the machine chose. Invariant: no word of the message is in it.

use machine::conversation::State;
use machine::outbound::PartState;
use messenger::{Code, error_table};
use model::Timestamp;

/// A try that did not get through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Delay {
    pub(crate) part: u32,
    /// Which try it was, from 1.
    pub(crate) attempt: u32,
    pub(crate) cause: String,
    /// The next try, in UTC; `None`: it was the last.
    pub(crate) again_at: Option<String>,
}

impl Delay {
    /// Of the send that this effect was, after its outcome was decided; `None` where its part does not wait for it.
    pub(crate) fn of(state: &State, effect: u64, code: Option<Code>, why: Option<&'static str>) -> Option<Self> {
        let id = state.queue().part_of_send(effect)?;
        let part = state.queue().part(id)?;
        let again_at = match part.state {
            PartState::Queued { not_before } => Some(in_utc(not_before?)),
            PartState::Failed { .. } => None,
            PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. } => return None,
        };
        Some(Self { part: id.0, attempt: part.attempts, cause: cause(code, why), again_at })
    }

    /// Says so.
    pub(crate) fn tell(&self, state: &State) {
        let Self { part, attempt, cause, again_at } = self;
        let machine = state.id();
        match again_at {
            Some(at) => {
                tracing::warn!(%machine, part, attempt, cause, at, "Meta takes no message now; it is tried again at the time named");
            }
            None => {
                tracing::warn!(%machine, part, attempt, cause, "Meta takes no message now, and this was the last try; an agent is asked what to do");
            }
        }
    }
}

/// Meta's code with its name, or what kept the call from Meta.
fn cause(code: Option<Code>, why: Option<&'static str>) -> String {
    match (code, why) {
        (Some(code), _) => {
            let row = error_table::lookup(code);
            format!("Meta answered with code {} ({})", error_table::in_words(code), row.name)
        }
        (None, Some("connection-refused")) => "the connection to Meta was refused".to_owned(),
        (None, Some("connect-timeout")) => "no connection to Meta within the time limit".to_owned(),
        (None, Some("name-unknown")) => "the name of Meta's host cannot be resolved".to_owned(),
        (None, Some("tls")) => "the TLS handshake with Meta failed".to_owned(),
        (None, Some("unreachable")) => "no connection to Meta".to_owned(),
        (None, Some("permit-over")) => "the time in which it may be sent ended before it left".to_owned(),
        (None, Some(other)) => other.to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

/// `2026-11-23T09:00:00Z`; milliseconds where the calendar has no such day.
fn in_utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0 / 1_000 * 1_000).map_or_else(|_| format!("{at:?}"), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use machine::conversation::{Command, Conversation, Outcome, Reply, SendOutcome};
    use machine::outbound::Content;
    use machine::{Context, Machine as _, PageFacts};
    use model::{Channel, CommentId, Inbound, ItemKey, Kind, Message, Mid, PageId, Psid, Span, TaskId};
    use policy::Author;

    use super::*;

    /// 2026-11-23T09:00:00Z.
    const START: Timestamp = Timestamp(1_795_424_400_000);

    fn tell(state: &mut State, command: Command, now: Timestamp) -> u64 {
        let page = PageFacts { known: true, token: true, ..PageFacts::default() };
        let context = Context { page, ..Context::default() };
        for event in Conversation::decide(state, command, &context, now) {
            Conversation::evolve(state, &event);
        }
        Conversation::seq(state)
    }

    /// A conversation with one answer that waits for its turn.
    fn answered() -> State {
        let (page, psid) = (PageId::new("1029"), Psid::new("5001"));
        let mut state = Conversation::fresh(&model::MachineId::Conversation(page.clone(), psid.clone()));
        let text = Some("Is it open?".into());
        let message = Message { text, ..Message::new(Mid::new("m1")) };
        let (channel, key, kind) = (Channel::Messaging, ItemKey([1; 16]), Kind::Message(message));
        tell(&mut state, Command::Receive(Inbound { page, psid, at: START, channel, key, kind }), START);
        let reply = Reply {
            source: CommentId::new("c1").into(),
            task: Some(TaskId::new("t1")),
            author: Author::Agent,
            by: "Ida".to_owned(),
            contents: vec![Content::Text { text: "From nine.".into() }],
            tag: None,
            at: START,
        };
        tell(&mut state, Command::Reply(reply), START);
        state
    }

    /// One try at `now` that Meta does not take.
    fn tried(state: &mut State, code: Option<Code>, now: Timestamp) -> u64 {
        let effect = tell(state, Command::Dispatch, now);
        let send = SendOutcome::Later { after: Span::seconds(5), code };
        tell(state, Command::Settle { effect, outcome: Outcome::Send { send } }, now);
        effect
    }

    #[test]
    fn a_delay_names_the_cause_the_try_and_the_instant_that_the_machine_chose() {
        let mut state = answered();
        let effect = tried(&mut state, None, START);
        let delay = Delay::of(&state, effect, None, Some("connection-refused")).expect("it waits");
        let at = "2026-11-23T09:00:10Z".to_owned();
        let cause = "the connection to Meta was refused".to_owned();
        assert_eq!(delay, Delay { part: 1, attempt: 1, cause, again_at: Some(at) }, "not the 5 s that were wished for");

        let at = START + Span::seconds(10);
        tell(&mut state, Command::Wake, at);
        let effect = tried(&mut state, Some((613, None)), at);
        let delay = Delay::of(&state, effect, Some((613, None)), Some("rate-limited")).expect("it waits");
        assert_eq!((delay.attempt, delay.again_at.as_deref()), (2, Some("2026-11-23T09:00:50Z")));
        assert_eq!(delay.cause, "Meta answered with code 613 (rate-limited)");
    }

    #[test]
    fn the_last_try_is_told_as_the_last() {
        let mut state = answered();
        let mut now = START;
        let mut last = None;
        while state.queue().parts().any(|(_, part)| matches!(part.state, PartState::Queued { .. })) {
            let effect = tried(&mut state, None, now);
            last = Delay::of(&state, effect, None, Some("connect-timeout"));
            now = now + Span::hours(1);
            tell(&mut state, Command::Wake, now);
        }
        let last = last.expect("tried");
        assert_eq!((last.attempt, last.again_at), (5, None));
    }

    #[test]
    fn a_send_that_does_not_wait_is_no_delay() {
        let mut state = answered();
        let effect = tell(&mut state, Command::Dispatch, START);
        assert_eq!(Delay::of(&state, effect, None, None), None, "under way");
        let send = SendOutcome::Sent { mid: Mid::new("m2") };
        tell(&mut state, Command::Settle { effect, outcome: Outcome::Send { send } }, START);
        assert_eq!(Delay::of(&state, effect, None, None), None, "sent");
        assert_eq!(Delay::of(&state, 999, None, None), None, "no send");
    }

    #[test]
    fn an_instant_beyond_the_calendar_stays_a_number() {
        assert_eq!(in_utc(Timestamp(i64::MAX)), format!("@{}", i64::MAX));
    }
}
