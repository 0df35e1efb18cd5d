//! Every kind of a conversation's events as it is stored. A change here is a change of the record format.

use machine::conversation::{Conversation, Event, Line, Origin, Outcome, Resolution, SendOutcome, WakeReason};
use machine::outbound::{Content, PartId, ScriptCall, Source};
use machine::{CodecFault, Machine, kind_name};
use model::{AppId, Attachment, AttachmentKind, ContactId, HandoverAct, Inbound, Kind, Mid, OptinWay, Span, TaskId};
use policy::{Author, DeferReason, ForbidReason, UpdateTag, Verdict};

use crate::kit::{
    START, context, conversation, delivered, echo, edit, handover, key, message, optin, postback, rarities, reaction,
    read, referral, reply, unsend,
};
use crate::life::{send, sent};

fn received() -> Vec<Event> {
    let mut rich: Inbound = message("m_in2", START, "Look");
    if let Kind::Message(message) = &mut rich.kind {
        message.reply_to = Some(Mid::new("m_out1"));
        message.attachments = vec![Attachment {
            kind: AttachmentKind::Other("sticker".to_owned()),
            url: Some("https://cdn.example/1.png".to_owned().into()),
            title: None,
        }];
    }
    let items = [
        message("m_in1", START, "Do you repair tandems?"),
        rich,
        echo("m_out1", START, Some("7001"), Some(crate::kit::metadata(4)), "Yes"),
        postback("p_1", START, "Opening hours"),
        delivered(START),
        read(START),
    ];
    let deeds = [
        reaction("r1", START, "m_in1", true, false),
        edit("e1", START, "m_in1", 2, "Do you repair old tandems?"),
        unsend(START, "m_in1"),
        referral("ref1", START, "SHORTLINK"),
        optin("o1", START, OptinWay::Plugin),
        handover("h1", START, HandoverAct::Passed, Some("99"), Some("7001")),
    ];
    let all = items.into_iter().chain(deeds).chain(rarities(START));
    all.map(|inbound| Event::Received { inbound }).collect()
}

fn settled() -> Vec<Event> {
    let outcomes = [
        Outcome::TaskOpened { task: TaskId::new("t1"), contact: ContactId::new("k1") },
        Outcome::CommentsAdded { task: TaskId::new("t1") },
        Outcome::TaskInactive,
        Outcome::TaskGone,
        Outcome::TrackerRefused { reason: "no-project".to_owned() },
        Outcome::Profile { name: Some("Mara Vogt".into()) },
        Outcome::Profile { name: None },
        Outcome::NoProfile { reason: "unavailable".to_owned() },
        Outcome::ContactNamed,
        Outcome::ThreadRead { mids: vec![Mid::new("m_out1")] },
        Outcome::ThreadRead { mids: Vec::new() },
        Outcome::ControlTaken,
        Outcome::ControlDenied { reason: "not-offered".to_owned(), owner: None },
        Outcome::ControlDenied { reason: "no-default-app".to_owned(), owner: Some(AppId::new("263902037430900")) },
        Outcome::ThreadUnread { reason: "unavailable".to_owned() },
        sent("m_out1"),
        send(SendOutcome::Later { after: Span::seconds(5), code: Some((613, None)) }),
        send(SendOutcome::Failed {
            code: (10, Some(2_018_278)),
            row: "window-closed".to_owned(),
            trace: Some("AbC".to_owned()),
        }),
        send(SendOutcome::InDoubt { why: "timeout".to_owned() }),
    ];
    outcomes.into_iter().map(|outcome| Event::Settled { effect: 4, outcome }).collect()
}

fn decided() -> Vec<Event> {
    let line = Line {
        key: key("m_in1"),
        origin: Origin::Customer,
        at: START,
        late: false,
        text: "Do you repair tandems?".into(),
        attachments: Vec::new(),
    };
    let outside = Line { origin: Origin::Outside, late: true, ..line.clone() };
    let facts = policy::Facts {
        openers: policy::Openers { last_action_at: Some(START), last_message_at: Some(START), ad_message_at: None },
        author: Author::Agent,
        tag: None,
        human_agent_feature: true,
        human_agent_base: policy::HumanAgentBase::Message,
        guards: context().account.guards,
        restricted: false,
        token: true,
        standby: false,
        ad_refused: false,
        carries: policy::Carries::default(),
        privacy_refused_at: None,
        utility_feature: false,
    };
    let verdict: Verdict = policy::decide(&facts, START + Span::days(3), policy::edition_at(START));
    let (part, at) = (PartId(1), START);
    vec![
        Event::DispatchGranted { part },
        Event::Woke { reason: WakeReason::Gathering, at },
        Event::Resolved { part, resolution: Resolution::Retry, by: "Ida".to_owned() },
        Event::ProfileAsked { until: at },
        Event::ProfileAskedAgain { at },
        Event::ContactNamed { name: "Mara Vogt".into() },
        Event::ContactNaming { contact: ContactId::new("k1"), name: "Mara Vogt".into() },
        Event::TaskOpening {
            name: "Mara Vogt (FB, Tandem Bikes)".into(),
            customer: Some("Mara Vogt".into()),
            lines: vec![line.clone(), outside.clone()],
            previous: Some(TaskId::new("t0")),
        },
        Event::TaskBound { task: TaskId::new("t1"), contact: ContactId::new("k1") },
        Event::CommentsAdding { task: TaskId::new("t1"), lines: vec![line], if_active: true },
        Event::SentOutside { mid: Mid::new("m_biz") },
        Event::EchoHeld { mid: Mid::new("m_biz"), until: at },
        Event::ThreadOwned { ours: false, at, key: key("h1") },
        Event::PartRefused { part, reason: ForbidReason::WindowClosed, at },
        Event::PartHeld { part, reason: DeferReason::NeedsReconnect, at },
        Event::SendStarted { part, attempt: 1, verdict, content: Content::Text { text: "Yes".into() }, at },
        Event::PartSent { part, mid: Some(Mid::new("m_out1")), at },
        Event::PartDelayed { part, at },
        Event::PartFailed { part, reason: "tries-exhausted".to_owned(), code: Some((2, None)), at },
        Event::PartInDoubt { part, why: "timeout".to_owned(), until: at, read_at: Some(at) },
        Event::PartInDoubt { part, why: "restart".to_owned(), until: at, read_at: None },
        Event::ControlAsked { until: at },
        Event::ThreadAsked { part, content: Content::Text { text: "Yes".into() }, since: START, until: at },
        Event::DoubtRemained { part },
        Event::AdWindowRefused { part, at },
        Event::PrivacyRefused { at },
        Event::WindowClosed { at },
    ]
}

fn asked() -> Event {
    let mut reply = reply("c1", Author::Agent, &["Yes"], START);
    reply.tag = Some(UpdateTag::AccountUpdate);
    reply
        .contents
        .push(Content::Attachment { kind: "image".to_owned(), url: "https://files.example/1.png".to_owned().into() });
    let button = machine::outbound::Button::new("Yes", "CONFIRM").expect("short");
    reply.contents.push(Content::Prompt {
        text: "Shall we keep it for you?".into(),
        buttons: vec![button],
        reply_to: Some(Mid::new("m_in1")),
    });
    reply.contents.push(Content::Template {
        name: "ready_for_pickup".to_owned(),
        language: "en_US".to_owned(),
        parameters: vec!["Mara".into()],
    });
    Event::ReplyAsked { reply }
}

/// The same of a script.
fn of_script() -> Event {
    let source = Source::Script(ScriptCall { token: "shop".to_owned(), key: "order-7".to_owned() });
    let mut reply = reply("k1", Author::Automation, &["It is on its way."], START);
    (reply.source, reply.task) = (source, None);
    Event::ReplyAsked { reply }
}

fn all() -> Vec<Event> {
    let mut all = received();
    all.push(asked());
    all.push(of_script());
    all.extend(settled());
    all.extend(decided());
    all
}

#[test]
fn every_kind_is_stored_as_approved() {
    let stored: Vec<String> = all()
        .iter()
        .map(|event| {
            let stored = Conversation::encode(event);
            let read = Conversation::decode(stored.kind, stored.version, &stored.body);
            assert_eq!(read.as_ref(), Ok(event));
            let name = kind_name(&conversation(), stored.kind);
            let seal = if stored.sealed { " sealed" } else { "" };
            format!("{} v{} {name}{seal}\n  {}", stored.kind, stored.version, String::from_utf8_lossy(&stored.body))
        })
        .collect();
    insta::assert_snapshot!(stored.join("\n"));
}

#[test]
fn every_kind_that_has_a_name_has_a_sample_and_the_other_way_round() {
    let sampled: std::collections::BTreeSet<u16> = all().iter().map(|event| Conversation::encode(event).kind).collect();
    let named: std::collections::BTreeSet<u16> =
        (0..1_000).filter(|kind| kind_name(&conversation(), *kind) != "unknown").collect();
    assert_eq!(sampled, named);
}

#[test]
fn whatever_holds_words_or_names_of_the_customer_is_sealed() {
    for event in all() {
        let stored = Conversation::encode(&event);
        let body = String::from_utf8_lossy(&stored.body).into_owned();
        let personal = ["tandems", "Mara", "Look", "Opening", "Yes", "Quick", "Bell", "assistant", "spring"]
            .iter()
            .any(|word| body.contains(word));
        assert!(stored.sealed || !personal, "{body}");
    }
}

#[test]
fn what_this_build_does_not_know_is_a_fault_and_never_skipped() {
    for (kind, version) in [(0, 1), (22, 1), (29, 1), (49, 1), (51, 1), (59, 1), (72, 1), (9_999, 1), (1, 0), (1, 2)] {
        let fault = Conversation::decode(kind, version, b"{}").expect_err("unknown");
        assert_eq!(fault, CodecFault::Unknown { kind, version });
    }
    for event in all() {
        let stored = Conversation::encode(&event);
        let cut = &stored.body[..stored.body.len() - 1];
        let fault = Conversation::decode(stored.kind, stored.version, cut).expect_err("cut short");
        assert!(matches!(fault, CodecFault::Malformed { .. }), "{fault}");
    }
}

#[test]
fn a_fault_does_not_quote_the_customer() {
    let fault = Conversation::decode(31, 1, br#"{"name":["Mara Vogt"]}"#).expect_err("not a text");
    assert!(!fault.to_string().contains("Mara"), "{fault}");
}

/// Records as an earlier build wrote them, byte for byte: they are read for ever.
#[test]
fn records_of_earlier_builds_are_still_read() {
    let head = r#""page":"1029","psid":"5001","at":1795424400000,"channel":"messaging","key":"00000000000000000000000000000001""#;
    let cases = [
        (
            1,
            format!(
                r#"{{{head},"mid":"m_1","text":"hello","attachments":[{{"kind":{{"other":"sticker"}},"url":"https://cdn.example/1.png"}},{{"kind":"image"}}],"reply_to":"m_0"}}"#
            ),
        ),
        (2, format!(r#"{{{head},"mid":"m_1","app":"7","metadata":"x","text":"hello"}}"#)),
        (3, format!(r#"{{{head},"title":"Menu","payload":"P"}}"#)),
        (4, format!(r#"{{{head},"watermark":1795424400000,"mids":["m_1"]}}"#)),
        (5, format!(r#"{{{head},"watermark":1795424400000}}"#)),
    ];
    for (kind, body) in cases {
        let event = Conversation::decode(kind, 1, body.as_bytes()).expect("it was written by an earlier build");
        let stored = Conversation::encode(&event);
        assert_eq!((stored.kind, String::from_utf8_lossy(&stored.body).as_ref()), (kind, body.as_str()));
    }
}
