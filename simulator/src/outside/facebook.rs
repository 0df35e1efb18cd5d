//! Meta without a network: takes sends by its own rules (`oracle`), tells names, and plans echo and receipts of what it
//! took. Delays and message ids are hashes of the send's mark.
//!
//! A recording may hold the echo of the very send that is made again here. Then the send gets that echo's message id,
//! and echo and receipts are left to the recording. Invariant: every accepted send is a bubble; equal ones are two.

mod control;
mod thread;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use messenger::error_table::{self, Retry};
use messenger::{Body, Code, Fault, Profile, Send, SendOutcome, Sent, Usage};
use model::{
    AppId, EffectId, Handover, HandoverAct, Inbound, Kind, MachineId, Mid, PageId, Psid, Redacted, Span, Timestamp,
};
use oracle::{Attached, Attempt, CustomerAction, Dates, Rejection, Seen, Template, send_rules};
use policy::Permit;

use super::wire::{self, Bubble};
use super::{Announced, Coming, Planned};
use crate::chance::{Stream, between, draw};
use crate::play::reckoning::{clicks_ad, seen};
use crate::witness::{short, shown_id};

/// How long an answer takes.
const ANSWER: (Span, Span) = (Span(40), Span(160));
/// How long after the send its connection is gone, where that happens: before any echo.
const CUT: Span = Span(10);
/// How long after the send its echo comes: sometimes before the answer.
const ECHO: (Span, Span) = (Span(20), Span(400));
/// How long after the send it has arrived.
const DELIVERED: (Span, Span) = (Span(500), Span::seconds(3));
/// How long after that it is read.
const READ: (Span, Span) = (Span::seconds(2), Span::seconds(60));
/// How far a recorded echo may lie from the send that it is taken for.
const ECHO_APART: Span = Span::minutes(10);

/// A customer of a Page.
type Customer = (PageId, Psid);

/// What the customers did, as Meta knows it: what its rules rest on.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What each customer does towards a Page, in the order of the deliveries.
    deeds: BTreeMap<Customer, Vec<CustomerAction>>,
    /// When each customer clicked on an ad of a Page, apart from a message that says so.
    clicks: BTreeMap<Customer, Vec<Timestamp>>,
    /// Who was handed each conversation, in the order of the deliveries.
    owners: BTreeMap<Customer, Vec<Owner>>,
    /// Echoes with the mark of a node's own send.
    echoes: BTreeMap<Customer, Vec<MarkedEcho>>,
}

/// Who was handed a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Owner {
    /// From when on.
    since: Timestamp,
    /// `None`: nobody in particular.
    app: Option<AppId>,
}

/// An echo of a send that a node made when a recording was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
struct MarkedEcho {
    mid: Mid,
    /// The effect id of then.
    mark: String,
    text: Option<String>,
    at: Timestamp,
}

impl Known {
    /// Takes in an item of a delivery; an item that repeats another is to be left out.
    pub fn take(&mut self, inbound: &Inbound) {
        let customer = || (inbound.page.clone(), inbound.psid.clone());
        if let Some(deed) = seen(inbound) {
            let Seen { page, psid, at, opens, is_message, from_ad } = deed;
            let action = CustomerAction { at, opens, is_message, from_ad };
            self.deeds.entry((page, psid)).or_default().push(action);
        }
        if clicks_ad(inbound) {
            self.clicks.entry(customer()).or_default().push(inbound.at);
        }
        if let Kind::Handover(Handover { act: HandoverAct::Passed | HandoverAct::Taken, to, .. }) = &inbound.kind {
            self.owners.entry(customer()).or_default().push(Owner { since: inbound.at, app: to.clone() });
        }
        if let Kind::Echo(echo) = &inbound.kind
            && let Some(mark) = echo.metadata.clone().filter(|mark| mark.parse::<EffectId>().is_ok())
        {
            let text = echo.text.as_ref().map(|text| text.reveal().clone());
            let echo = MarkedEcho { mid: echo.mid.clone(), mark, text, at: inbound.at };
            self.echoes.entry(customer()).or_default().push(echo);
        }
    }
}

/// Meta.
#[derive(Debug)]
pub struct Facebook {
    known: Arc<Known>,
    names: BTreeMap<Customer, String>,
    app: AppId,
    human_agent: bool,
    /// Whether it granted utility messages.
    utility: bool,
    /// Threads that the privacy rules of Europe and Japan keep from audio, video and files.
    limited: BTreeSet<Customer>,
    /// Each Page's approved templates by name and language, with the number of their parameters.
    templates: BTreeMap<(PageId, String, String), usize>,
    /// Whether echo and receipts come of what was sent.
    tells: bool,
    counts: Counts,
    /// Recorded echoes that were given to a send.
    given: BTreeSet<(Customer, usize)>,
    /// How often each customer's profile was asked for.
    asked: BTreeMap<Customer, u64>,
    /// Whether it lets this app take conversations over.
    gives_control: bool,
    /// When this app last took each conversation over.
    taken: BTreeMap<Customer, Timestamp>,
    /// How often each conversation was asked for.
    asked_for: BTreeMap<Customer, u64>,
    /// How often each conversation was read.
    read: BTreeMap<Customer, u64>,
    /// What the Page sent in each conversation, oldest first, as far as it can be read.
    threads: BTreeMap<Customer, VecDeque<Sent>>,
    /// Pages whose sends do not fare as they should.
    moods: BTreeMap<PageId, Mood>,
    /// When its rules changed.
    dates: Dates,
    /// The instant whose rules hold, whenever a send comes; `None`: its own.
    rules_of: Option<Timestamp>,
}

/// How sends of a Page fare, where not as they should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    /// Each is refused with this code.
    Refuses(Code),
    /// Each is taken, and a header says that so many percent of the Page's calls are used up.
    Reports(u32),
    /// Each is taken, and the connection is gone before the answer.
    Loses,
}

/// What Meta saw.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Messages taken, by messaging type and tag.
    pub sends: BTreeMap<String, u64>,
    /// Sends against a rule, which were not taken.
    pub refused: u64,
    /// How often each mark was sent.
    marks: BTreeMap<String, u64>,
}

impl Counts {
    /// Messages that a customer got more than once.
    pub fn doubled(&self) -> u64 {
        self.marks.values().map(|count| count - 1).sum()
    }
}

impl Facebook {
    /// Meta, which knows this of the customers from the start. What lies in the future counts only once it is over.
    pub fn new(app: AppId, human_agent: bool, known: Arc<Known>) -> Self {
        Self {
            known,
            names: BTreeMap::new(),
            app,
            human_agent,
            utility: false,
            limited: BTreeSet::new(),
            templates: BTreeMap::new(),
            tells: true,
            counts: Counts::default(),
            given: BTreeSet::new(),
            asked: BTreeMap::new(),
            gives_control: false,
            taken: BTreeMap::new(),
            asked_for: BTreeMap::new(),
            read: BTreeMap::new(),
            threads: BTreeMap::new(),
            moods: BTreeMap::new(),
            dates: Dates::default(),
            rules_of: None,
        }
    }

    /// Changed its rules then, and not when it announced.
    pub fn set_dates(&mut self, dates: Dates) {
        self.dates = dates;
    }

    /// Judges every send by the rules of this instant, whenever it comes: a what-if asks what that day changes.
    pub fn set_rules_of(&mut self, instant: Timestamp) {
        self.rules_of = Some(instant);
    }

    /// Sends of a Page fare so from now on; `None`: as they should.
    pub fn set_mood(&mut self, page: PageId, mood: Option<Mood>) {
        match mood {
            Some(mood) => drop(self.moods.insert(page, mood)),
            None => drop(self.moods.remove(&page)),
        }
    }

    /// The profile tells this name from now on.
    pub fn call(&mut self, page: PageId, psid: Psid, name: String) {
        self.names.insert((page, psid), name);
    }

    /// Whether echo and receipts come of what is sent from now on.
    pub fn set_telling(&mut self, tells: bool) {
        self.tells = tells;
    }

    /// A customer did something, or an app was handed a conversation.
    pub fn hear(&mut self, inbound: &Inbound) {
        if let Kind::Echo(echo) = &inbound.kind {
            let attachments = echo.attachments.iter().map(|file| thread::word(&file.kind).to_owned()).collect();
            let customer = (inbound.page.clone(), inbound.psid.clone());
            self.keep(customer, Sent { mid: echo.mid.clone(), at: inbound.at, text: echo.text.clone(), attachments });
        }
        Arc::make_mut(&mut self.known).take(inbound);
    }

    /// What it saw so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Takes a send, or refuses it.
    pub fn send(&mut self, permit: &Permit, send: &Send, now: Timestamp) -> Planned<SendOutcome> {
        let (messaging_type, tag) = permit.messaging_type().wire();
        let (text, attachment) = match &send.body {
            Body::Text(text) | Body::Prompt { text, .. } => (Some(text.reveal().clone()), None),
            Body::Template { name, .. } => (None, Some(("template".to_owned(), name.clone()))),
            Body::Attachment { kind, url } => (None, Some((kind.clone(), url.reveal().clone()))),
        };
        let customer = (send.page.clone(), send.psid.clone());
        let attempt = Attempt {
            messaging_type,
            tag,
            text: text.as_deref(),
            attachment: attached(&send.body),
            quick_replies: if let Body::Prompt { buttons, .. } = &send.body { buttons.len() } else { 0 },
            template: self.template(send),
            now,
            human_agent_feature: self.human_agent,
            utility_feature: self.utility,
            privacy_limited: self.limited.contains(&customer),
            controlled_elsewhere: self.holder(&customer, now).is_some(),
            dates: self.dates,
        };
        let mood = self.moods.get(&send.page).copied();
        let refused = if let Some(Mood::Refuses(code)) = mood { Some(code) } else { None };
        let by_rule = |rejection: Rejection| (i64::from(rejection.code), rejection.subcode.map(i64::from));
        if let Some(code) = refused.or_else(|| self.rules(&customer, &attempt).err().map(by_rule)) {
            return self.refuse(send, code, now);
        }
        let manner = tag.map_or_else(|| messaging_type.to_owned(), |tag| format!("{messaging_type}/{tag}"));
        let (page, psid) = customer;
        let (mid, metadata) = (Mid::new(""), send.metadata.clone());
        let planned = self.accept(Bubble { page, psid, mid, text, attachment, metadata, at: now }, manner);
        match mood {
            Some(Mood::Loses) => planned.unheard(now + CUT, SendOutcome::InDoubt { why: "connection-lost" }),
            Some(Mood::Reports(percent)) => planned.map(|outcome| match outcome {
                SendOutcome::Sent { mid, usage: _ } => SendOutcome::Sent { mid, usage: reported(percent) },
                other @ (SendOutcome::Later { .. } | SendOutcome::Failed { .. } | SendOutcome::InDoubt { .. }) => other,
            }),
            Some(Mood::Refuses(_)) | None => planned,
        }
    }

    /// Meta's rules over what the customer has done by now.
    fn rules(&self, customer: &Customer, attempt: &Attempt<'_>) -> Result<(), Rejection> {
        let deeds = self.known.deeds.get(customer);
        let mut done: Vec<_> = deeds.into_iter().flatten().copied().filter(|deed| deed.at <= attempt.now).collect();
        for click in self.known.clicks.get(customer).into_iter().flatten() {
            let after = done.iter_mut().filter(|deed| deed.is_message && *click < deed.at);
            after.min_by_key(|deed| deed.at).into_iter().for_each(|first| first.from_ad = true);
        }
        // Ages decide, and the day: everything moves as one to the day that is asked for.
        let ahead = self.rules_of.map_or(Span(0), |instant| instant - attempt.now);
        done.iter_mut().for_each(|deed| deed.at = deed.at + ahead);
        send_rules(&done, &Attempt { now: attempt.now + ahead, ..*attempt })
    }

    /// Refuses a send with an error of its tables. Where the table says that the message may have left, it has.
    pub(super) fn refuse(&mut self, send: &Send, code: Code, now: Timestamp) -> Planned<SendOutcome> {
        self.counts.refused += 1;
        let row = error_table::lookup(code);
        let outcome = match row.retry {
            Retry::After(after) => SendOutcome::Later { after, code: Some(code), why: row.name },
            Retry::Never => SendOutcome::Failed { code, row: row.name, trace: None, scope: row.scope },
            Retry::Doubt => SendOutcome::InDoubt { why: row.name },
        };
        Planned::answer(now + between(Stream::Answer, &send.metadata, ANSWER.0, ANSWER.1), outcome)
    }

    /// From now on it grants the Human Agent feature, or no more.
    pub fn grants_human_agent(&mut self, grants: bool) {
        self.human_agent = grants;
    }

    /// From now on it grants utility messages, or no more.
    pub fn grants_utility(&mut self, grants: bool) {
        self.utility = grants;
    }

    /// From now on its privacy rules hold for a thread, or no more.
    pub fn limit(&mut self, page: PageId, psid: Psid, is_limited: bool) {
        if is_limited {
            self.limited.insert((page, psid))
        } else {
            self.limited.remove(&(page, psid))
        };
    }

    /// A Page's template is approved, with so many parameters; `None`: no more.
    pub fn approve(&mut self, page: PageId, name: &str, language: &str, parameters: Option<usize>) {
        let template = (page, name.to_owned(), language.to_owned());
        match parameters {
            Some(parameters) => drop(self.templates.insert(template, parameters)),
            None => drop(self.templates.remove(&template)),
        }
    }

    /// The template of a send, and whether the Page has it with all its parameters.
    fn template(&self, send: &Send) -> Option<Template> {
        let Body::Template { name, language, parameters } = &send.body else { return None };
        let known = self.templates.get(&(send.page.clone(), name.clone(), language.clone()));
        let filled = parameters.iter().all(|text| !text.reveal().is_empty());
        Some(Template { is_usable: known == Some(&parameters.len()) && filled })
    }

    /// It is a bubble now: when the answer comes, what it says, and what Meta delivers of it.
    fn accept(&mut self, mut bubble: Bubble, manner: String) -> Planned<SendOutcome> {
        let recorded = self.recorded_echo(&bubble);
        *self.counts.sends.entry(manner).or_default() += 1;
        let nth = self.counts.marks.entry(bubble.metadata.clone()).or_default();
        *nth += 1;
        let about = format!("{}#{nth}", bubble.metadata);
        bubble.mid = recorded.clone().unwrap_or_else(|| Mid::new(format!("m_{:016x}", draw(Stream::Mid, &about))));
        let attachments = bubble.attachment.iter().map(|(kind, _)| kind.clone()).collect();
        let text = bubble.text.clone().map(Redacted::new);
        let customer = (bubble.page.clone(), bubble.psid.clone());
        self.keep(customer, Sent { mid: bubble.mid.clone(), at: bubble.at, text, attachments });
        let (outcome, now) = (SendOutcome::Sent { mid: bubble.mid.clone(), usage: Usage::default() }, bubble.at);
        if recorded.is_some() {
            // The echo stands in the recording close behind; the answer is not to come after it.
            return Planned::answer(now + Span(1), outcome);
        }
        let deliveries = if self.tells { self.told(&bubble, &about) } else { Vec::new() };
        let answer_at = now + between(Stream::Answer, &about, ANSWER.0, ANSWER.1);
        Planned { answer_at, outcome, done: None, deliveries }
    }

    /// The recording's own echo of this send: by its mark, else the first with the same text that no other send has.
    fn recorded_echo(&mut self, bubble: &Bubble) -> Option<Mid> {
        let customer = (bubble.page.clone(), bubble.psid.clone());
        let echoes = self.known.echoes.get(&customer)?;
        let free = |index: &usize, echo: &MarkedEcho| {
            let near = Span((echo.at - bubble.at).0.abs()) <= ECHO_APART;
            near && !self.given.contains(&(customer.clone(), *index))
        };
        let free: Vec<(usize, &MarkedEcho)> =
            echoes.iter().enumerate().filter(|(index, echo)| free(index, echo)).collect();
        let marked = free.iter().find(|(_, echo)| echo.mark == bubble.metadata);
        let (index, echo) = marked.or_else(|| free.iter().find(|(_, echo)| echo.text == bubble.text))?;
        let (index, mid) = (*index, echo.mid.clone());
        self.given.insert((customer, index));
        Some(mid)
    }

    /// Echo and receipts come by themselves; in standby where another app has the conversation by then.
    fn told(&self, bubble: &Bubble, about: &str) -> Vec<Coming> {
        let echo_at = bubble.at + between(Stream::Echo, about, ECHO.0, ECHO.1);
        let arrived_at = bubble.at + between(Stream::Delivered, about, DELIVERED.0, DELIVERED.1);
        let read_at = arrived_at + between(Stream::Read, about, READ.0, READ.1);
        let customer = (bubble.page.clone(), bubble.psid.clone());
        let whose = MachineId::Conversation(bubble.page.clone(), bubble.psid.clone());
        let effect = short(&bubble.metadata);
        let coming = |at, what: &str, item| {
            let name = format!("{what}-of-{effect}");
            let what = format!("mid={}", shown_id(bubble.mid.as_str()));
            let body = wire::delivery(&bubble.page, at, self.holder(&customer, at).is_some(), &item);
            Coming { at, name: Announced { name, whose: Some(whose.clone()), what }, body }
        };
        vec![
            coming(echo_at, "echo", wire::echo(bubble, &self.app)),
            coming(arrived_at, "delivered", wire::delivered(bubble)),
            coming(read_at, "read", wire::read(bubble, read_at)),
        ]
    }

    /// Tells a customer's name, or nothing of them.
    pub fn profile(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Profile, Fault>> {
        let customer = (page.clone(), psid.clone());
        let name = profile(self.names.get(&customer).map_or("", String::as_str));
        let who = MachineId::Conversation(page.clone(), psid.clone());
        let nth = self.asked.entry(customer).or_default();
        *nth += 1;
        let wait = between(Stream::Profile, &format!("{who}#{nth}"), ANSWER.0, ANSWER.1);
        Planned::answer(now + wait, Ok(name))
    }
}

/// What is attached to a send; how large it is nobody knows.
fn attached(body: &Body) -> Option<Attached<'_>> {
    if let Body::Attachment { kind, url: _ } = body { Some(Attached { kind, bytes: None }) } else { None }
}

/// The last word is the family name, if there is more than one word.
fn profile(name: &str) -> Profile {
    let (first, last) = name.trim().rsplit_once(' ').unwrap_or((name.trim(), ""));
    let part = |text: &str| (!text.trim().is_empty()).then(|| Redacted::new(text.trim().to_owned()));
    Profile { first_name: part(first), last_name: part(last), picture: None }
}

/// What the node reads of the header in which Meta says so. *Rate Limits*, read 2026-11-23.
fn reported(percent: u32) -> Usage {
    let header = format!(r#"{{"call_count":{percent},"total_time":1,"total_cputime":1}}"#);
    Usage::of_header("x-page-usage", header.as_bytes())
}

#[cfg(test)]
mod tests {
    use policy::{MessagingType, RuleId, Verdict};
    use serde_json::{Value, json};

    use super::*;

    const BEGAN: Timestamp = Timestamp(1_780_272_000_000);

    fn bubble() -> Bubble {
        Bubble {
            page: PageId::new("17"),
            psid: Psid::new("5001"),
            mid: Mid::new("m_1"),
            text: Some("Yes.".to_owned()),
            attachment: None,
            metadata: "pd.1.4.c/17/5001".to_owned(),
            at: BEGAN,
        }
    }

    /// Meta, which heard these things of the customer.
    fn facebook(items: &[(Span, &str, Value)]) -> Facebook {
        let mut facebook = Facebook::new(AppId::new("990017"), true, Arc::default());
        for (after, key, what) in items {
            let at = BEGAN + *after;
            let item = json!({ "sender": { "id": "5001" }, "recipient": { "id": "17" }, "timestamp": at, *key: what });
            let body = wire::delivery(&bubble().page, at, false, &item);
            webhook::parse(body.as_bytes(), at).inbounds.iter().for_each(|inbound| facebook.hear(inbound));
        }
        facebook
    }

    fn passed(after: Span) -> (Span, &'static str, Value) {
        (after, "pass_thread_control", json!({ "previous_owner_app_id": null, "new_owner_app_id": "880045" }))
    }

    fn wrote(after: Span) -> (Span, &'static str, Value) {
        (after, "message", json!({ "mid": format!("m_{}", after.0), "text": "hello?" }))
    }

    #[test]
    fn control_that_has_ended_does_not_come_back_with_the_next_message() {
        let customer = (bubble().page, bubble().psid);
        let silent = facebook(&[passed(Span(0)), wrote(Span::hours(24)), wrote(Span::hours(25))]);
        let active = facebook(&[passed(Span(0)), wrote(Span(86_399_999)), wrote(Span::hours(25))]);
        for (after, in_silence, in_talk) in [
            (Span(-1), false, false),
            (Span(0), true, true),
            (Span(86_399_999), true, true),
            (Span::hours(24), false, true),
            (Span::hours(26), false, true),
            (Span(176_399_999), false, true),
            (Span::hours(49), false, false),
        ] {
            assert_eq!(silent.holder(&customer, BEGAN + after).is_some(), in_silence, "{after:?}");
            assert_eq!(active.holder(&customer, BEGAN + after).is_some(), in_talk, "{after:?}");
        }
    }

    #[test]
    fn echo_and_receipts_come_in_standby_once_another_app_has_the_conversation() {
        for (facebook, list) in [(facebook(&[]), "messaging"), (facebook(&[passed(Span(1))]), "standby")] {
            let lists: Vec<String> = facebook
                .told(&bubble(), "it")
                .iter()
                .map(|coming| {
                    let body: Value = serde_json::from_str(&coming.body).unwrap();
                    body["entry"][0].as_object().unwrap().keys().find(|key| *key == list).unwrap().clone()
                })
                .collect();
            assert_eq!(lists, [list; 3]);
        }
    }

    /// Meta, to whom the customer wrote a minute ago.
    fn after_a_message() -> Facebook {
        facebook(&[wrote(Span(-60_000))])
    }

    fn answer(facebook: &mut Facebook, messaging_type: MessagingType, body: Body) -> Option<Code> {
        let edition = policy::edition_at(BEGAN).id();
        let until = BEGAN + Span(1);
        let verdict = Verdict::Permit { messaging_type, until, edition, rule: RuleId::StandardWindow };
        let permit = policy::confirm(&verdict, BEGAN).expect("before its end");
        let Bubble { page, psid, metadata, .. } = bubble();
        match facebook.send(&permit, &Send { page, psid, body, metadata }, BEGAN).outcome {
            SendOutcome::Failed { code, .. } => Some(code),
            SendOutcome::Sent { .. } => None,
            other @ (SendOutcome::Later { .. } | SendOutcome::InDoubt { .. }) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_limited_thread_takes_words_and_pictures_until_the_limit_is_gone() {
        let mut facebook = after_a_message();
        facebook.limit(bubble().page, bubble().psid, true);
        let mut sent = |kind: &str| {
            let url = "https://files.example/1".into();
            answer(&mut facebook, MessagingType::Response, Body::Attachment { kind: kind.to_owned(), url })
        };
        let limited = Some((10, Some(2_018_336)));
        assert_eq!(["image", "audio", "video", "file"].map(&mut sent), [None, limited, limited, limited]);
        assert_eq!(sent("song"), Some((100, Some(2_018_047))));
        assert_eq!(answer(&mut facebook, MessagingType::Response, Body::Text("Hello".into())), None);
        facebook.limit(bubble().page, bubble().psid, false);
        let film = Body::Attachment { kind: "video".to_owned(), url: "https://files.example/1".into() };
        assert_eq!(answer(&mut facebook, MessagingType::Response, film), None);
    }

    #[test]
    fn fourteen_buttons_are_too_many() {
        for (count, expected) in [(13, None), (14, Some((100, None)))] {
            let buttons = (0..count).map(|nth| (format!("{nth}").into(), "P".into())).collect();
            let body = Body::Prompt { text: "Which?".into(), buttons, reply_to: None };
            assert_eq!(answer(&mut after_a_message(), MessagingType::Response, body), expected, "{count}");
        }
    }

    #[test]
    fn a_template_is_taken_where_it_is_granted_approved_in_its_language_and_filled() {
        let mut facebook = after_a_message();
        let template = |language: &str, parameters: &[&str]| Body::Template {
            name: "ready".to_owned(),
            language: language.to_owned(),
            parameters: parameters.iter().map(|text| (*text).into()).collect(),
        };
        let sent = |facebook: &mut Facebook, body| answer(facebook, MessagingType::Utility, body);
        facebook.approve(bubble().page, "ready", "en_US", Some(1));
        assert_eq!(sent(&mut facebook, template("en_US", &["Tuesday"])), Some((200, None)), "not granted");
        facebook.grants_utility(true);
        assert_eq!(sent(&mut facebook, template("en_US", &["Tuesday"])), None);
        for unusable in [template("de_DE", &["Tuesday"]), template("en_US", &[]), template("en_US", &[""])] {
            assert_eq!(sent(&mut facebook, unusable), Some((100, None)));
        }
        facebook.approve(bubble().page, "ready", "en_US", None);
        assert_eq!(sent(&mut facebook, template("en_US", &["Tuesday"])), Some((100, None)), "no longer approved");
    }
}
