//! Answers of scripts: one call is one answer, whatever comes again, before and after a restart.

use machine::conversation::{Command, Reply};
use machine::outbound::{PartId, PartState, ScriptCall, Source};
use model::Span;
use policy::{Author, ForbidReason};

use crate::kit::{START, context, message, nameless, reply};
use crate::life::{Life, sent};

fn call(token: &str, key: &str) -> Source {
    Source::Script(ScriptCall { token: token.to_owned(), key: key.to_owned() })
}

fn of_script(source: Source, text: &str, life: &Life) -> Reply {
    Reply { source, task: None, ..reply("unused", Author::Automation, &[text], life.now) }
}

fn wrote() -> Life {
    let mut life = Life::new(nameless());
    life.receive(message("m_in1", START, "Where is my order?"));
    life.settle_tracker();
    life
}

#[test]
fn a_call_that_comes_again_sends_nothing_more_even_after_a_crash() {
    let mut life = wrote();
    let asked = of_script(call("shop", "order-7"), "It is on its way.", &life);
    assert!(!life.reply(asked.clone()).is_empty());
    assert!(life.reply(asked.clone()).is_empty(), "it is known");
    life.dispatch();
    let effect = life.send_open();
    life.answer(effect, sent("m_out1"));
    life.crash();
    assert!(life.reply(asked).is_empty(), "it is known after the crash too");
    assert_eq!(life.state.queue().parts().count(), 1);
}

#[test]
fn the_same_key_of_another_token_and_a_comment_of_that_name_are_other_answers() {
    let mut life = wrote();
    for source in [call("shop", "7"), call("bank", "7"), call("shop", "8")] {
        let asked = of_script(source, "Hello", &life);
        assert!(!life.reply(asked).is_empty());
    }
    let now = life.now;
    assert!(!life.reply(reply("7", Author::Agent, &["Hello"], now)).is_empty());
    let sources: Vec<String> = life.state.queue().parts().map(|(_, part)| part.source.to_string()).collect();
    assert_eq!(sources, ["script/shop/7", "script/bank/7", "script/shop/8", "7"]);
}

#[test]
fn a_script_has_no_seven_days_of_a_human_agent() {
    let mut life = Life::new(context());
    life.receive(message("m_in1", START, "Where is my order?"));
    life.at(Span::hours(25));
    let asked = of_script(call("shop", "order-7"), "It is on its way.", &life);
    life.give(Command::Reply(asked));
    let part = life.state.queue().part(PartId(1)).expect("queued");
    assert_eq!(part.state, PartState::Refused { reason: ForbidReason::WindowClosed }, "{part:?}");
}
