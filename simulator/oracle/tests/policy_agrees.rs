//! Two readings of one set of rules: whatever the policy permits, the stand-in accepts, and whatever it forbids without a
//! guard, the stand-in refuses in every form in which it could have gone out.
//!
//! The policy is the code under test and is seen here only; the oracle itself knows nothing of it.

use model::{PageId, Psid, Span, Timestamp};
use oracle::{Attempt, CustomerAction, Seen, Sent, judge, send_rules};
use policy::{Author, Facts, Guards, HumanAgentBase, MessagingType, Openers, UpdateTag, Verdict, decide, edition_at};
use proptest::prelude::*;

/// The instant at which the rules change, for the ages to fall on both sides of it.
const RETIRED: i64 = 1_777_248_000_000;

/// From here on a message after an ad opens more.
const ADS: i64 = 1_790_553_600_000;

/// How long ago something happened: at an edge, next to it, or anywhere.
fn age() -> impl Strategy<Value = i64> {
    let edge = prop_oneof![Just(0_i64), Just(86_340_000), Just(86_400_000), Just(604_500_000), Just(604_800_000)];
    prop_oneof![
        4 => (edge, -1_i64..=1).prop_map(|(edge, nudge)| (edge + nudge).max(0)),
        2 => 0_i64..800_000_000,
    ]
}

fn now() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => (RETIRED - 1)..=(RETIRED + 1),
        2 => (ADS - 1)..=(ADS + 1),
        3 => (ADS - 1_000_000_000)..(ADS + 1_000_000_000),
        3 => (RETIRED - 1_000_000_000)..(RETIRED + 1_000_000_000),
        1 => 1_600_000_000_000_i64..1_900_000_000_000,
    ]
}

fn asked() -> impl Strategy<Value = (Timestamp, Vec<CustomerAction>, Facts)> {
    let actions = proptest::collection::vec((age(), 0..4_u8), 0..5);
    let author = prop_oneof![Just(Author::Agent), Just(Author::Automation)];
    let tag = proptest::option::of(prop_oneof![
        Just(UpdateTag::ConfirmedEventUpdate),
        Just(UpdateTag::AccountUpdate),
        Just(UpdateTag::PostPurchaseUpdate),
    ]);
    let guards = prop_oneof![
        2 => Just(Guards { standard: Span(0), human_agent: Span(0) }),
        1 => Just(Guards::default()),
    ];
    (now(), actions, author, tag, any::<bool>(), guards).prop_map(
        |(now, actions, author, tag, human_agent_feature, guards)| {
            let actions: Vec<_> = actions
                .into_iter()
                .map(|(age, kind)| CustomerAction {
                    at: Timestamp(now - age),
                    opens: true,
                    is_message: kind > 0,
                    from_ad: kind == 3,
                })
                .collect();
            let newest = |counts: fn(&CustomerAction) -> bool| {
                actions.iter().filter(|action| counts(action)).map(|action| action.at).max()
            };
            let facts = Facts {
                openers: Openers {
                    last_action_at: newest(|action| action.opens),
                    last_message_at: newest(|action| action.is_message),
                    ad_message_at: newest(|action| action.from_ad),
                },
                author,
                tag,
                human_agent_feature,
                human_agent_base: HumanAgentBase::Message,
                guards,
                restricted: false,
                token: true,
                standby: false,
                ad_refused: false,
            };
            (Timestamp(now), actions, facts)
        },
    )
}

/// What the stand-in says to a plain text under this type and tag.
fn accepts(actions: &[CustomerAction], facts: &Facts, now: Timestamp, wire: (&str, Option<&str>)) -> bool {
    let attempt = Attempt {
        messaging_type: wire.0,
        tag: wire.1,
        text: Some("hello"),
        has_attachment: false,
        now,
        human_agent_feature: facts.human_agent_feature,
        controlled_elsewhere: facts.standby,
    };
    send_rules(actions, &attempt).is_ok()
}

/// Every form in which this could have gone out.
fn forms(facts: &Facts) -> Vec<(&'static str, Option<&'static str>)> {
    let mut forms = vec![("RESPONSE", None)];
    if facts.author == Author::Agent && facts.tag.is_none() {
        forms.push(("MESSAGE_TAG", Some("HUMAN_AGENT")));
    }
    if let Some(tag) = facts.tag {
        forms.push(MessagingType::MessageTag(tag.into()).wire());
    }
    forms
}

/// The violations that a judge sees in one send of this form.
fn violations(actions: &[CustomerAction], facts: &Facts, now: Timestamp, wire: (&str, Option<&str>)) -> Vec<String> {
    let (page, psid) = (PageId::new("1029"), Psid::new("5001"));
    let seen: Vec<_> = actions
        .iter()
        .map(|action| Seen {
            page: page.clone(),
            psid: psid.clone(),
            at: action.at,
            opens: action.opens,
            is_message: action.is_message,
            from_ad: action.from_ad,
        })
        .collect();
    let sent = Sent {
        page,
        psid,
        at: now,
        messaging_type: wire.0.to_owned(),
        tag: wire.1.map(str::to_owned),
        author_is_person: facts.author == Author::Agent,
    };
    judge(&seen, &[sent])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn policy_and_stand_in_agree_on_every_send((now, actions, facts) in asked()) {
        match decide(&facts, now, edition_at(now)) {
            Verdict::Permit { messaging_type, .. } => {
                let wire = messaging_type.wire();
                prop_assert!(accepts(&actions, &facts, now, wire), "permitted as {:?}, refused by the stand-in", wire);
                prop_assert_eq!(violations(&actions, &facts, now, wire), Vec::<String>::new());
            }
            Verdict::Forbid { reason } => {
                let unguarded = facts.guards.standard == Span(0);
                for wire in forms(&facts).into_iter().filter(|_| unguarded) {
                    prop_assert!(!accepts(&actions, &facts, now, wire), "{:?}, but accepted as {:?}", reason, wire);
                    let judged = violations(&actions, &facts, now, wire).len();
                    // The judge does not know what the installation was granted.
                    prop_assert!(judged == 1 || (wire.1 == Some("HUMAN_AGENT") && !facts.human_agent_feature));
                }
            }
            Verdict::Defer { reason, .. } => prop_assert!(false, "a healthy page holds nothing: {:?}", reason),
        }
    }
}

#[test]
fn both_turn_at_the_same_millisecond() {
    let (old, new) = (Timestamp(RETIRED + 900_000_000), Timestamp(ADS + 900_000_000));
    for (now, from_ad) in [(old, false), (new, false), (new, true)] {
        for edge in [86_400_000, 604_800_000] {
            for age in [edge - 1, edge, edge + 1] {
                let at = now - Span(age);
                let actions = [CustomerAction { at, opens: true, is_message: true, from_ad }];
                let facts = Facts {
                    openers: Openers {
                        last_action_at: Some(at),
                        last_message_at: Some(at),
                        ad_message_at: from_ad.then_some(at),
                    },
                    author: Author::Agent,
                    tag: None,
                    human_agent_feature: true,
                    human_agent_base: HumanAgentBase::Message,
                    guards: Guards { standard: Span(0), human_agent: Span(0) },
                    restricted: false,
                    token: true,
                    standby: false,
                    ad_refused: false,
                };
                let permitted = match decide(&facts, now, edition_at(now)) {
                    Verdict::Permit { messaging_type, .. } => Some(messaging_type.wire()),
                    Verdict::Defer { .. } | Verdict::Forbid { .. } => None,
                };
                let accepted = forms(&facts).into_iter().find(|wire| accepts(&actions, &facts, now, *wire));
                assert_eq!(permitted, accepted, "{age} ms after the message");
            }
        }
    }
}
