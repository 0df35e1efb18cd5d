//! What always holds: a scenario that was written is read back as the same, and no text at all brings the reader down.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::fault::{Fate, Fault, Whose};

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9 .,!?]{1,20}", "\\PC{1,12}", Just("\"\\\n\t\u{7}😀\u{202e}#$m1".to_owned())]
}

/// A label that is no Page's and nothing's.
fn agents() -> impl Strategy<Value = String> {
    prop_oneof![Just("Ada".to_owned()), Just("meta".to_owned()), Just("A".to_owned()), Just("Bo Larsen".to_owned())]
}

fn customers() -> impl Strategy<Value = Who> {
    select(vec!["A/c1", "A/c2", "B/c1"]).prop_map(|who: &str| Who::read(who).expect("a customer"))
}

fn messages() -> impl Strategy<Value = Thing> {
    prop_oneof![Just(Thing::Named(Word::new("m0").expect("a word"))), words().prop_map(Thing::Literal)]
}

fn happenings() -> impl Strategy<Value = Happens> {
    let texts = select(vec![
        r#"{"kind":"unsupported"}"#,
        r#"{ "kind" : "echo", "text": "to $A/c1 of $B", "app":"42" }"#,
        r#"{"kind":"reaction","mid":"$m0","reaction":"love","undo":true}"#,
    ]);
    texts.prop_map(|text: &str| Happens { json: text.to_owned() })
}

fn acts() -> impl Strategy<Value = Act> {
    let reactions = select(vec!["love", "smile", "wow", "sad", "angry", "like", "dislike", "other"]);
    let kinds = select(vec![FileKind::Image, FileKind::Audio, FileKind::Video, FileKind::File]);
    prop_oneof![
        (words(), prop::option::of(messages())).prop_map(|(text, reply_to)| Act::Writes { text, reply_to }),
        (1_u64..=10_000, words()).prop_map(|(count, text)| Act::Floods { count, text }),
        (words(), words()).prop_map(|(title, payload)| Act::Picks { title, payload }),
        (words(), words()).prop_map(|(title, payload)| Act::Presses { title, payload }),
        (kinds, words(), prop::option::of(words())).prop_map(|(kind, url, text)| Act::Attaches { kind, url, text }),
        (reactions, prop::option::of(words()), messages(), any::<bool>())
            .prop_map(|(reaction, emoji, to, undo)| { Act::Reacts { reaction: reaction.to_owned(), emoji, to, undo } }),
        (messages(), words()).prop_map(|(of, text)| Act::Edits { of, text }),
        messages().prop_map(|of| Act::Unsends { of }),
        Just(Act::Reads),
        (words(), prop::option::of(words())).prop_map(|(id, word)| Act::EntersByAd { id, word }),
        words().prop_map(|word| Act::EntersByLink { word }),
        happenings().prop_map(Act::Happens),
    ]
}

fn faults() -> impl Strategy<Value = Fault> {
    let fates = select(vec![Fate::Refused, Fate::Lost, Fate::Delayed]);
    let page = Whose::Page(Word::new("B").expect("a word"));
    prop_oneof![
        select(vec![Fault::DiskFills, Fault::DiskWorks, Fault::Panics(page)]),
        (0_u64..100_000).prop_map(|after| Fault::DiskFails { after }),
        (1_u64..10_000, fates).prop_map(|(count, fate)| Fault::Commits { count, fate }),
        customers().prop_map(|who| Fault::Panics(Whose::Customer(who))),
        (customers(), 1_i64..10_000_000).prop_map(|(who, length)| Fault::Hangs { who, length: Span(length) }),
        (1_i64..10_000_000).prop_map(|by| Fault::ClockJumps(Span(by))),
        (1_i64..10_000_000).prop_map(|by| Fault::ClockJumps(Span(-by))),
    ]
}

fn manners() -> impl Strategy<Value = Manner> {
    (any::<bool>(), 0_i64..100_000_000, any::<bool>()).prop_map(|(standby, late, forged)| Manner {
        name: None,
        late: Span(late),
        standby,
        forged,
    })
}

fn deeds() -> impl Strategy<Value = Deed> {
    let page = r#"{"kind":"app_roles","roles":{"990017":["primary_receiver"]}}"#;
    prop_oneof![
        6 => (customers(), acts(), manners()).prop_map(|(who, act, manner)| Deed::Customer { who, act, manner }),
        1 => manners().prop_map(move |manner| {
            let happens = Happens { json: page.to_owned() };
            Deed::Page { page: Word::new("B").expect("a word"), happens, manner }
        }),
        2 => (agents(), customers(), words(), any::<bool>()).prop_map(|(by, who, text, internal)| {
            Deed::Agent { by, who, text: format!("x{text}"), internal }
        }),
        1 => select(vec!["A", "B", "m0"]).prop_map(|what| {
            let word = Word::new(what).expect("a word");
            Deed::Meta(if what == "m0" { Order::RepeatsThing(word) } else { Order::RepeatsPage(word) })
        }),
        1 => (select(vec!["A", "B"]), 0_i64..1_000, prop::option::of(0_i64..3_000_000)).prop_map(|(page, code, sub)| {
            Deed::Meta(Order::Refuses { page: Word::new(page).expect("a word"), code: (code, sub) })
        }),
        1 => (1_u32..=200).prop_map(|percent| {
            Deed::Meta(Order::Reports { page: Word::new("A").expect("a word"), percent })
        }),
        1 => any::<bool>().prop_map(|loses| {
            let page = Word::new("A").expect("a word");
            Deed::Meta(if loses { Order::Loses(page) } else { Order::Accepts(page) })
        }),
        1 => Just(Deed::Meta(Order::Holds(Vec::new()))),
        2 => faults().prop_map(Deed::Fault),
        1 => expectations().prop_map(Deed::Expect),
    ]
}

fn expectations() -> impl Strategy<Value = Expect> {
    let word =
        |words: Vec<&'static str>| prop::option::of(select(words).prop_map(|word| Word::new(word).expect("a word")));
    let reason = || word(vec!["window-closed", "standby"]);
    let what = prop_oneof![
        (any::<u64>(), word(vec!["RESPONSE", "HUMAN_AGENT"])).prop_map(|(count, form)| Expected::Sent { count, form }),
        (0..9_u64, reason()).prop_map(|(count, reason)| Expected::Refused { count, reason }),
        (0..9_u64, word(vec!["needs-reconnect"])).prop_map(|(count, reason)| Expected::Held { count, reason }),
        (0..9_u64, word(vec!["anything"])).prop_map(|(count, reason)| Expected::Failed { count, reason }),
        (0..9_u64).prop_map(|count| Expected::InDoubt { count }),
        (0..9_u64).prop_map(|count| Expected::Tasks { count }),
        (0..9_u64).prop_map(|count| Expected::Lines { count }),
        reason()
            .prop_map(|reason| Expected::Composer(reason.map_or(Composer::Open, |reason| Composer::Closed { reason }))),
        Just(Expected::Settled),
    ];
    (what, prop::option::of(customers())).prop_map(|(what, of)| {
        let of = match (&what, of) {
            (Expected::Composer(_), None) => Who::read("A/c1"),
            (Expected::Settled, _) => None,
            (_, of) => of,
        };
        Expect { what, of }
    })
}

/// Scenarios as a text can hold them: names before their use, holds and releases in turn, names of their own.
fn scenarios() -> impl Strategy<Value = Scenario> {
    let lines = prop::collection::vec((0_i64..10_000_000, deeds(), any::<bool>()), 0..20);
    let ends = prop::collection::vec(expectations(), 0..3);
    (words(), 0_i64..4_000_000_000_000, any::<bool>(), lines, ends).prop_map(
        |(title, begins_at, human_agent, lines, ends)| {
            let mut scenario = read("at 0s A/c1 writes \"x\" as m0\n");
            scenario.title = format!("x{title}");
            (scenario.begins_at, scenario.human_agent) = (Timestamp(begins_at + 200_000_000), human_agent);
            let both = || vec![Word::new("B").expect("a word"), Word::new("A").expect("a word")];
            let (mut at, mut held) = (Span(0), false);
            for (number, (wait, mut deed, names)) in lines.into_iter().enumerate() {
                at = Span(at.0 + wait);
                if let Deed::Meta(Order::Holds(_)) = &deed {
                    let release =
                        Order::Releases { pages: both(), way: if names { Way::Together } else { Way::Reversed } };
                    deed = Deed::Meta(if held { release } else { Order::Holds(both()) });
                    held = !held;
                }
                let makes = |act: &Act| matches!(act, Act::Writes { .. } | Act::Picks { .. } | Act::Happens(_));
                if let Deed::Customer { act, manner, .. } = &mut deed
                    && names
                    && !manner.forged
                    && makes(act)
                {
                    manner.name = Word::new(&format!("name-{number}_"));
                }
                scenario.lines.push(Line { number: 0, at, deed });
            }
            if held {
                let deed = Deed::Meta(Order::Releases { pages: both(), way: Way::InOrder });
                scenario.lines.push(Line { number: 0, at, deed });
            }
            scenario.ends = ends.into_iter().map(|expect| Ending { number: 0, expect }).collect();
            unnumbered(scenario)
        },
    )
}

/// The numbers of its lines belong to the text, not to the scenario.
fn unnumbered(mut scenario: Scenario) -> Scenario {
    scenario.lines.iter_mut().for_each(|line| line.number = 0);
    scenario.ends.iter_mut().for_each(|ending| ending.number = 0);
    scenario
}

proptest! {
    #[test]
    fn a_scenario_that_was_written_is_read_back_as_the_same(scenario in scenarios()) {
        let text = scenario.to_string();
        let again = Scenario::parse(&text);
        let again = again.map_err(|misreadings| TestCaseError::fail(format!("{misreadings}\n{text}")))?;
        prop_assert_eq!(&unnumbered(again.clone()), &scenario, "{}", text);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "(\\PC{0,40}\n){0,6}") {
        // Whatever comes of it: it comes to an end.
        let _read = Scenario::parse(&text);
    }

    #[test]
    fn no_change_to_a_scenario_brings_the_reader_down(
        scenario in scenarios(), cut in any::<prop::sample::Index>(), length in 0_usize..12, put in "[\"{}$/#as,:\\\\ \\PC]{0,6}",
    ) {
        let letters: Vec<char> = scenario.to_string().chars().collect();
        let at = cut.index(letters.len());
        let after = (at + length).min(letters.len());
        let text: String = letters[..at].iter().copied().chain(put.chars()).chain(letters[after..].iter().copied()).collect();
        match Scenario::parse(&text) {
            // Still a scenario: then it can be written and read again.
            Ok(read) => {
                let again = Scenario::parse(&read.to_string()).map(unnumbered);
                prop_assert_eq!(again, Ok(unnumbered(read)));
            }
            Err(misreadings) => prop_assert!(!misreadings.told.is_empty()),
        }
    }
}
