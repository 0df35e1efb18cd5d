//! The policy seen from outside: a readable table of verdicts per edition, and properties over arbitrary facts.
//!
//! The arithmetic of the properties is spelled out in plain milliseconds on purpose; it shares no constant with the rules.

use std::fmt::Write as _;

use model::{Span, Timestamp};
use policy::{
    Author, Carries, ContentKind, Expired, Facts, Guards, HumanAgentBase, MessagingType, Openers, Tag, UpdateTag,
    Verdict, confirm, decide, edition_at, edition_by_id, editions, next_change,
};
use proptest::prelude::*;

/// Every age of the customer's last action that the table shows.
const AGES: [(&str, i64); 8] = [
    ("0 s", 0),
    ("23 h", 82_800_000),
    ("24 h - 60.001 s", 86_339_999),
    ("24 h - 60 s", 86_340_000),
    ("2 d", 172_800_000),
    ("7 d - 5 min 1 ms", 604_499_999),
    ("7 d - 5 min", 604_500_000),
    ("30 d", 2_592_000_000),
];

fn facts(wrote_at: Timestamp) -> Facts {
    Facts {
        openers: Openers { last_action_at: Some(wrote_at), last_message_at: Some(wrote_at), ad_message_at: None },
        author: Author::Agent,
        tag: None,
        human_agent_feature: true,
        human_agent_base: HumanAgentBase::Message,
        guards: Guards::default(),
        restricted: false,
        token: true,
        standby: false,
        ad_refused: false,
        carries: Carries::default(),
        privacy_refused_at: None,
        utility_feature: true,
    }
}

/// A row of the table: who asks, and how the facts differ.
type Asker = (&'static str, fn(Facts) -> Facts);

fn askers() -> [Asker; 15] {
    [
        ("agent", |facts| facts),
        ("agent, no feature", |facts| Facts { human_agent_feature: false, ..facts }),
        ("agent, tag", |facts| Facts { tag: Some(UpdateTag::AccountUpdate), ..facts }),
        ("automation", |facts| Facts { author: Author::Automation, ..facts }),
        ("automation, tag", |facts| Facts {
            author: Author::Automation,
            tag: Some(UpdateTag::PostPurchaseUpdate),
            ..facts
        }),
        ("agent, no token", |facts| Facts { token: false, ..facts }),
        ("agent, restricted", |facts| Facts { restricted: true, ..facts }),
        ("agent, standby", |facts| Facts { standby: true, ..facts }),
        ("automation, ad", |mut facts| {
            facts.openers.ad_message_at = facts.openers.last_message_at;
            Facts { author: Author::Automation, ..facts }
        }),
        ("agent, ad refused", |mut facts| {
            facts.openers.ad_message_at = facts.openers.last_message_at;
            Facts { ad_refused: true, ..facts }
        }),
        ("automation, template", |facts| {
            carrying(ContentKind::Template, Facts { author: Author::Automation, ..facts })
        }),
        ("template, no feature", |facts| Facts { utility_feature: false, ..carrying(ContentKind::Template, facts) }),
        ("agent, 14 buttons", |facts| Facts { carries: Carries { buttons: 14, ..Carries::default() }, ..facts }),
        ("agent, limited video", |facts| Facts {
            privacy_refused_at: facts.openers.last_message_at,
            ..carrying(ContentKind::Video, facts)
        }),
        ("agent, button only", |mut facts| {
            facts.openers.last_message_at = None;
            facts
        }),
    ]
}

fn carrying(kind: ContentKind, facts: Facts) -> Facts {
    Facts { carries: Carries { kind, ..Carries::default() }, ..facts }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Permit { messaging_type, rule, .. } => {
            let (messaging_type, tag) = messaging_type.wire();
            format!("permit {messaging_type} {} by {}", tag.unwrap_or("-"), rule.code())
        }
        Verdict::Defer { reason, .. } => format!("defer {}", reason.code()),
        Verdict::Forbid { reason } => format!("forbid {}", reason.code()),
    }
}

/// The same without the rule: a window that goes on under another rule is no other answer.
fn answer(verdict: &Verdict) -> String {
    words(verdict).split(" by ").next().expect("a split has a first piece").to_owned()
}

#[test]
fn the_table_of_verdicts_is_approved() {
    // A month after each start, so that the customer's action of 30 days ago lies inside the edition's time.
    for edition in editions() {
        let now = edition.starts_at() + Span::days(31);
        let mut table = format!("edition {}: {:?}\n", edition.id(), edition.rule_ids().collect::<Vec<_>>());
        for (asker, change) in askers() {
            for (age, ms) in AGES {
                let verdict = decide(&change(facts(now - Span(ms))), now, edition);
                writeln!(table, "{asker:<20} {age:<17} {}", words(&verdict)).expect("a string takes everything");
            }
        }
        insta::assert_snapshot!(format!("verdicts_{}", edition.id()), table);
    }
}

#[test]
fn a_verdict_is_stored_as_plain_json_and_read_back() {
    let start = edition_by_id("2026-04-27").expect("known").starts_at();
    let old = Facts { tag: Some(UpdateTag::AccountUpdate), ..facts(start - Span::days(9)) };
    let asked = [
        (facts(start), start),
        (facts(start - Span::days(2)), start),
        (old, start - Span(1)),
        (old, start),
        (Facts { token: false, ..facts(start) }, start),
    ];
    let verdicts = asked.map(|(facts, now)| decide(&facts, now, edition_at(now)));
    let json = serde_json::to_string_pretty(&verdicts).expect("a verdict is plain");
    assert_eq!(serde_json::from_str::<[Verdict; 5]>(&json).expect("reads what it wrote"), verdicts);
    insta::assert_snapshot!("stored_form", json);
    let unknown =
        r#"{"verdict":"permit","messaging_type":"response","until":1,"edition":"1999-01-01","rule":"human_agent"}"#;
    assert!(serde_json::from_str::<Verdict>(unknown).is_err(), "an unknown edition is a fault, never skipped");
}

/// Instants near the edges that matter, and anywhere else in the time of the product.
fn instant() -> impl Strategy<Value = i64> {
    let (start, ads) = (1_777_248_000_000_i64, 1_790_553_600_000_i64);
    prop_oneof![
        4 => start - 40 * 86_400_000..start + 40 * 86_400_000,
        1 => 0_i64..4_000_000_000_000,
        4 => ads - 10 * 86_400_000..ads + 40 * 86_400_000,
        1 => prop_oneof![Just(start - 1), Just(start), Just(start + 1), Just(ads - 1), Just(ads), Just(ads + 1)],
    ]
}

/// `now`, and facts whose openers stand at or near an edge before it.
fn asked() -> impl Strategy<Value = (Timestamp, Facts)> {
    let age = prop_oneof![
        3 => prop_oneof![Just(86_400_000_i64), Just(86_340_000), Just(604_800_000), Just(604_500_000), Just(0)],
        2 => -3_600_000_i64..800_000_000,
    ];
    let nudge = -1_i64..=1;
    let author = prop_oneof![Just(Author::Agent), Just(Author::Automation)];
    let tag = proptest::option::of(prop_oneof![
        Just(UpdateTag::ConfirmedEventUpdate),
        Just(UpdateTag::AccountUpdate),
        Just(UpdateTag::PostPurchaseUpdate),
    ]);
    let base = prop_oneof![Just(HumanAgentBase::Message), Just(HumanAgentBase::Opener)];
    let guards = prop_oneof![Just((0_i64, 0_i64)), Just((60_000, 300_000)), Just((-5, -5))];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    // Seven days and 23 are the 30 for which a refusal is remembered.
    let privacy = proptest::option::weighted(0.3, (age.clone(), nudge.clone()));
    let kind = prop_oneof![4 => Just(ContentKind::Text), 5 => proptest::sample::select(&ContentKind::ALL[..])];
    let size = proptest::option::of(proptest::sample::select(vec![2_000_u64, 2_001, 8_000_001, 25_000_001]));
    let carries = (kind, size, 12_u32..15).prop_map(|(kind, size, buttons)| Carries { kind, size, buttons });
    let ad = proptest::option::weighted(0.5, (age.clone(), nudge.clone()));
    let opener = proptest::option::weighted(0.9, (age, nudge));
    (instant(), (opener.clone(), opener, ad), author, tag, base, guards, (flags, carries, privacy)).prop_map(
        |(
            now,
            (action, message, ad),
            author,
            tag,
            human_agent_base,
            (standard, human_agent),
            (flags, carries, privacy),
        )| {
            let at = |opener: Option<(i64, i64)>| opener.map(|(age, nudge)| Timestamp(now - age + nudge));
            let facts = Facts {
                openers: Openers { last_action_at: at(action), last_message_at: at(message), ad_message_at: at(ad) },
                author,
                tag,
                human_agent_feature: flags.0,
                human_agent_base,
                guards: Guards { standard: Span(standard), human_agent: Span(human_agent) },
                restricted: flags.1,
                token: flags.2,
                standby: flags.3,
                ad_refused: flags.4,
                carries,
                privacy_refused_at: at(privacy).map(|at| at - Span::days(23)),
                utility_feature: flags.5,
            };
            (Timestamp(now), facts)
        },
    )
}

/// Whether Meta takes what the message carries, as far as we know.
fn fits(facts: &Facts, now: Timestamp) -> bool {
    let Carries { kind, size, buttons } = facts.carries;
    let limited = facts.privacy_refused_at.is_some_and(|at| now.0 - at.0 < 2_592_000_000);
    let (most, heavy) = match kind {
        ContentKind::Text => (2_000, false),
        ContentKind::Image => (8_000_000, false),
        ContentKind::Audio | ContentKind::Video | ContentKind::File => (25_000_000, true),
        ContentKind::Template => (u64::MAX, false),
    };
    size.is_none_or(|size| size <= most) && buttons <= 13 && !(limited && heavy)
}

/// The newest action and the newest message in milliseconds, or the beginning of time.
fn newest(facts: &Facts) -> (i64, i64) {
    let ms = |at: Option<Timestamp>| at.map_or(i64::MIN / 2, |at| at.0);
    let message = ms(facts.openers.last_message_at).max(ms(facts.openers.ad_message_at));
    (ms(facts.openers.last_action_at).max(message), message)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, ..ProptestConfig::default() })]

    #[test]
    fn automation_never_gets_the_human_agent_tag((now, facts) in asked(), pinned in any::<bool>()) {
        let edition = if pinned { &editions()[0] } else { edition_at(now) };
        if let Verdict::Permit { messaging_type, .. } = decide(&facts, now, edition) {
            let human_agent = messaging_type == MessagingType::MessageTag(Tag::HumanAgent);
            prop_assert!(!human_agent || facts.author == Author::Agent);
        }
    }

    #[test]
    fn a_permit_lies_within_a_window_by_naive_arithmetic((now, facts) in asked()) {
        let verdict = decide(&facts, now, edition_at(now));
        let (action, message) = newest(&facts);
        if let Verdict::Permit { messaging_type, until, .. } = verdict {
            prop_assert!(now < until && facts.token && !facts.restricted && !facts.standby);
            prop_assert!(fits(&facts, now));
            match messaging_type {
                MessagingType::Response => {
                    let by_ad = facts.openers.ad_message_at.filter(|_| !facts.ad_refused && now.0 >= 1_790_553_600_000);
                    let within = |from: i64, length: i64| now.0 - from < length && until.0 - from <= length;
                    prop_assert!(within(action, 86_400_000) || by_ad.is_some_and(|ad| within(ad.0, 604_800_000)));
                }
                MessagingType::MessageTag(Tag::HumanAgent) => {
                    let base = match facts.human_agent_base {
                        HumanAgentBase::Message => message,
                        HumanAgentBase::Opener => action,
                    };
                    prop_assert!(facts.human_agent_feature);
                    prop_assert!(now.0 - base < 604_800_000 && until.0 - base <= 604_800_000);
                    prop_assert!(now.0 - action >= 86_400_000 - facts.guards.standard.0.max(0));
                }
                MessagingType::MessageTag(
                    Tag::ConfirmedEventUpdate | Tag::AccountUpdate | Tag::PostPurchaseUpdate,
                ) => {
                    prop_assert!(now.0 < 1_777_248_000_000 && until.0 <= 1_777_248_000_000);
                    prop_assert!(facts.tag.is_some());
                }
                MessagingType::Utility => {
                    prop_assert!(now.0 >= 1_777_248_000_000 && facts.utility_feature);
                    prop_assert!(facts.carries.kind == ContentKind::Template);
                }
            }
        }
    }

    #[test]
    fn an_open_window_and_a_healthy_page_are_never_refused((now, facts) in asked()) {
        let (action, _) = newest(&facts);
        let carries = Carries::default();
        let healthy = Facts { carries, token: true, restricted: false, standby: false, ..facts };
        if action > 0 && now.0 < action + 86_400_000 - facts.guards.standard.0.max(0) {
            let verdict = decide(&healthy, now, edition_at(now));
            let response = matches!(verdict, Verdict::Permit { messaging_type: MessagingType::Response, .. });
            prop_assert!(response, "{:?}", verdict);
        }
    }

    #[test]
    fn a_message_after_an_ad_is_answered_for_seven_days_until_meta_refuses((now, facts) in asked()) {
        let guard = facts.guards.human_agent.0.max(0);
        let open = facts.openers.ad_message_at.is_some_and(|ad| now.0 < ad.0 + 604_800_000 - guard);
        let carries = Carries::default();
        let healthy = Facts { carries, token: true, restricted: false, standby: false, ad_refused: false, ..facts };
        if open && now.0 >= 1_790_553_600_000 {
            let verdict = decide(&healthy, now, edition_at(now));
            let response = matches!(verdict, Verdict::Permit { messaging_type: MessagingType::Response, .. });
            prop_assert!(response, "{:?}", verdict);
        }
        // Refused, it is as if it had been a message like any other.
        let mut plain = healthy;
        plain.openers.last_message_at = plain.openers.last_message_at.max(plain.openers.ad_message_at.take());
        let refused = Facts { ad_refused: true, ..healthy };
        prop_assert_eq!(decide(&refused, now, edition_at(now)), decide(&plain, now, edition_at(now)));
    }

    #[test]
    fn confirming_fails_at_and_after_the_end((now, facts) in asked(), late in 0_i64..1_000_000_000) {
        let verdict = decide(&facts, now, edition_at(now));
        match verdict {
            Verdict::Permit { until, messaging_type, .. } => {
                let permit = confirm(&verdict, now).expect("now is before its end");
                prop_assert_eq!((permit.until(), permit.messaging_type()), (until, messaging_type));
                prop_assert!(confirm(&verdict, until - Span(1)).is_ok());
                prop_assert_eq!(confirm(&verdict, until + Span(late)), Err(Expired::Since(until)));
            }
            Verdict::Defer { .. } | Verdict::Forbid { .. } => {
                prop_assert_eq!(confirm(&verdict, now), Err(Expired::NeverPermitted));
            }
        }
    }

    #[test]
    fn between_now_and_the_next_change_nothing_changes((now, facts) in asked(), part in 0.0_f64..1.0) {
        let next = next_change(&facts, now, edition_at(now));
        let today = answer(&decide(&facts, now, edition_at(now)));
        let horizon = next.unwrap_or(now + Span::days(3_650));
        let between = Timestamp(now.0 + ((horizon.0 - now.0 - 1) as f64 * part) as i64);
        prop_assert_eq!(&answer(&decide(&facts, between, edition_at(between))), &today);
        if let Some(next) = next {
            prop_assert!(now < next);
            prop_assert_ne!(&answer(&decide(&facts, next, edition_at(next))), &today);
        }
    }
}
