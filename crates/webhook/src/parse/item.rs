//! One item of `messaging` or `standby`: which kind it is, whose, and when.
//!
//! Kinds that this build knows become inbounds, each read in its own file; everything else names its kind in an anomaly.
//! Source of the common fields: Meta, event references of the Messenger Platform, read 2026-11-23.

use model::{
    ActivityField, Channel, HandoverAct, Inbound, ItemKey, Kind, PageId, PageInbound, PageKind, Psid, Redacted,
    Timestamp,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::Reason;
use super::json::{self, Maybe, Object};
use super::message::MessageForm;
use super::postback::PostbackForm;
use super::receipt::ReceiptForm;
use super::{Surroundings, activity, judged, message, postback, reaction, receipt, referral, standing, thread};

/// Keys that say nothing about the kind. What stands beside a message, for example that it follows a plugin, neither.
const COMMON: [&str; 9] =
    ["sender", "recipient", "timestamp", "time", "seq", "id", "hop_context", "prior_message", "lead"];

/// The customer of a fragment that names none.
const ASSUMED_CUSTOMER: &str = "1";

/// An item that was understood.
pub(super) enum Understood {
    /// Of a conversation.
    Talk(Inbound),
    /// Of a Page.
    Page(PageInbound),
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    #[serde(default)]
    sender: Maybe<Party<'a>>,
    #[serde(default)]
    recipient: Maybe<Party<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(default)]
    message: Maybe<MessageForm<'a>>,
    #[serde(default)]
    postback: Maybe<PostbackForm<'a>>,
    #[serde(default)]
    delivery: Maybe<ReceiptForm<'a>>,
    #[serde(default)]
    read: Maybe<ReceiptForm<'a>>,
    #[serde(borrow, default)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message_edit: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lead: Option<&'a RawValue>,
    #[serde(borrow, default)]
    optin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pass_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    take_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    app_roles: Option<&'a RawValue>,
    #[serde(borrow, default)]
    account_linking: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "policy-enforcement")]
    policy_enforcement: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messaging_feedback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response_feedback: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "cart")]
    order: Option<&'a RawValue>,
    #[serde(borrow, default)]
    game_play: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    checkout_update: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pre_checkout: Option<&'a RawValue>,
}

/// `sender` or `recipient`; a plugin's reference where somebody has no id yet.
#[derive(Deserialize)]
struct Party<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user_ref: Option<&'a RawValue>,
}

/// A kind that is read from its own text.
#[derive(Clone, Copy)]
enum Part {
    Reaction,
    Edit,
    Referral,
    Optin,
    Handover(HandoverAct),
    AppRoles,
    Account,
    Policy,
    Form,
    Response,
    Order,
    Legacy,
}

impl<'a> Item<'a> {
    /// The kinds that are read from their own text, with their keys; those that are there.
    fn parts(&self) -> impl Iterator<Item = (&'static str, Part, &'a RawValue)> {
        let all = [
            ("reaction", Part::Reaction, self.reaction),
            ("message_edit", Part::Edit, self.message_edit),
            ("referral", Part::Referral, self.referral),
            ("optin", Part::Optin, self.optin),
            ("pass_thread_control", Part::Handover(HandoverAct::Passed), self.pass_thread_control),
            ("take_thread_control", Part::Handover(HandoverAct::Taken), self.take_thread_control),
            ("request_thread_control", Part::Handover(HandoverAct::Requested), self.request_thread_control),
            ("app_roles", Part::AppRoles, self.app_roles),
            ("account_linking", Part::Account, self.account_linking),
            ("policy_enforcement", Part::Policy, self.policy_enforcement),
            ("messaging_feedback", Part::Form, self.messaging_feedback),
            ("response_feedback", Part::Response, self.response_feedback),
            ("order", Part::Order, self.order),
            ("game_play", Part::Legacy, self.game_play),
            ("payment", Part::Legacy, self.payment),
            ("checkout_update", Part::Legacy, self.checkout_update),
            ("pre_checkout", Part::Legacy, self.pre_checkout),
        ];
        all.into_iter().filter_map(|(key, part, raw)| Some((key, part, raw?)))
    }

    /// How many kinds are typed: those of nearly all items.
    fn typed(&self) -> usize {
        let absent =
            [self.message.is_absent(), self.postback.is_absent(), self.delivery.is_absent(), self.read.is_absent()];
        absent.iter().filter(|absent| !**absent).count()
    }
}

/// What a kind's file needs to know about its item.
pub(super) struct Frame {
    pub(super) page: PageId,
    pub(super) channel: Channel,
    /// The customer if the customer acted: the sender.
    sender: Option<Psid>,
    /// The customer if the Page acted: the recipient.
    recipient: Option<Psid>,
    /// Meta's time of the item: its own, else the entry's.
    pub(super) told_at: Option<Timestamp>,
    received_at: Timestamp,
    /// The customer where nothing names one; in collections of fragments only.
    assumed: Option<Psid>,
}

impl Frame {
    /// When it happened, as far as anybody told.
    fn at(&self) -> Timestamp {
        self.told_at.unwrap_or(self.received_at)
    }

    /// The customer who acted.
    pub(super) fn customer(&self) -> Result<Psid, Reason> {
        self.person(self.sender.as_ref())
    }

    /// The customer for whom the Page acted. Some libraries do not turn sender and recipient round.
    pub(super) fn addressee(&self) -> Result<Psid, Reason> {
        let turned = self.recipient.as_ref().is_some_and(|recipient| recipient.as_str() == self.page.as_str());
        self.person(if turned { self.sender.as_ref() } else { self.recipient.as_ref() })
    }

    /// The customer, and whether it was the Page that acted.
    pub(super) fn either(&self) -> Result<(Psid, bool), Reason> {
        if self.sender.as_ref().is_none_or(|sender| sender.as_str() == self.page.as_str())
            && self.recipient.as_ref().is_some_and(|recipient| recipient.as_str() != self.page.as_str())
        {
            self.addressee().map(|psid| (psid, true))
        } else {
            self.customer().map(|psid| (psid, false))
        }
    }

    /// A Page does not talk with itself: such an item would answer its own answers.
    fn person(&self, psid: Option<&Psid>) -> Result<Psid, Reason> {
        match (psid, &self.assumed) {
            (Some(psid), _) if psid.as_str() != self.page.as_str() => Ok(psid.clone()),
            (Some(_) | None, Some(assumed)) => Ok(assumed.clone()),
            (Some(_), None) => Err(Reason::plain("page-as-customer")),
            (None, None) => Err(Reason::plain("no-customer")),
        }
    }

    /// An item of the conversation with this customer.
    pub(super) fn inbound(self, psid: Psid, key: ItemKey, kind: Kind) -> Inbound {
        Inbound { psid, at: self.at(), channel: self.channel, key, kind, page: self.page }
    }

    /// An item of the Page.
    pub(super) fn of_page(&self, key: ItemKey, kind: PageKind) -> PageInbound {
        PageInbound { page: self.page.clone(), at: self.at(), key, kind }
    }
}

/// An item of `messaging`, `standby`, or an odd list of the same shape.
pub(super) fn messaging(raw: &str, channel: Channel, around: &Surroundings<'_>) -> Result<Understood, Reason> {
    let Ok(item) = serde_json::from_str::<Item<'_>>(raw) else {
        return Err(unknown(raw, "odd-shape"));
    };
    let mut parts = item.parts();
    let part = match (item.typed(), parts.next(), parts.next()) {
        (0, None, _) => return Err(unknown(raw, "unknown-kind")),
        (0, part @ Some(_), None) => part,
        // What somebody wrote counts, whatever stands beside it.
        (1, ..) => None,
        _ => return flat(raw, around).ok_or_else(|| unknown(raw, "several-kinds")),
    };
    drop(parts);
    let frame = frame(&item, channel, around)?;
    if let Some(understood) = stranger(&item, part, &frame) {
        return Ok(understood);
    }
    if let Some((key, part, raw)) = part {
        return read_part(key, part, raw, &item, frame);
    }
    let inbound = if let Some(form) = item.message.here() {
        message::read(form, item.referral, frame)
    } else if let Some(form) = item.postback.here() {
        postback::read(form, item.referral, frame)
    } else if let Some(form) = item.delivery.here() {
        receipt::delivered(form, frame)
    } else if let Some(form) = item.read.here() {
        receipt::read(form, frame)
    } else {
        return flat(raw, around).ok_or_else(|| unknown(raw, "odd-shape"));
    };
    inbound.map(Understood::Talk)
}

fn read_part(
    key: &'static str,
    part: Part,
    raw: &RawValue,
    item: &Item<'_>,
    frame: Frame,
) -> Result<Understood, Reason> {
    let inbound = match part {
        Part::AppRoles => return thread::roles(raw, &frame).map(Understood::Page),
        Part::Policy => return standing::policy(raw, &frame).map(Understood::Page),
        Part::Reaction => reaction::reaction(raw, frame),
        Part::Edit => reaction::edit(raw, frame),
        Part::Referral => referral::read(raw, item.lead, frame),
        Part::Optin => referral::optin(raw, frame),
        Part::Handover(act) => thread::handover(raw, act, frame),
        Part::Account => thread::account(raw, frame),
        Part::Form => judged::form(raw, frame),
        Part::Response => judged::response(raw, frame),
        Part::Order => judged::order(raw, frame),
        Part::Legacy => judged::legacy(key, raw, frame),
    };
    inbound.map(Understood::Talk)
}

/// A comment of a group stands flat in `messaging`, with its text where a message would be.
fn flat(raw: &str, around: &Surroundings<'_>) -> Option<Understood> {
    let raw: &RawValue = serde_json::from_str(raw).ok()?;
    let value = Object::read(raw)?;
    if !value.has(&["item", "verb"]) || value.name("field").is_some_and(|field| field != "group_feed") {
        return None;
    }
    activity::read(ActivityField::GroupFeed, &value, around).ok().map(Understood::Page)
}

/// Somebody whom only a plugin knows yet: there is no conversation to give the item to.
fn stranger(item: &Item<'_>, part: Option<(&'static str, Part, &RawValue)>, frame: &Frame) -> Option<Understood> {
    let form = part.and_then(|(_, _, raw)| Object::read(raw));
    let is_echo = item.message.here().is_some_and(MessageForm::is_echo);
    let party = if is_echo { &item.recipient } else { &item.sender };
    let known = if is_echo { &frame.recipient } else { &frame.sender };
    if known.is_some() {
        return None;
    }
    let deed = match part {
        Some((_, Part::AppRoles | Part::Policy | Part::Handover(_), _)) => return None,
        Some((key, ..)) => key,
        None if is_echo => "echo",
        None if !item.message.is_absent() => "message",
        None if !item.postback.is_absent() => "postback",
        None if !item.delivery.is_absent() => "delivery",
        None => "read",
    };
    let of_party = party.here().and_then(|party| party.user_ref.and_then(json::text)).map(Redacted::new);
    let reference = of_party.or_else(|| form.as_ref().and_then(referral::user_ref))?;
    let mark = match item.postback.here() {
        Some(postback) => postback.payload().map(Redacted::new),
        None => form.as_ref().and_then(referral::mark),
    };
    Some(Understood::Page(standing::stranger(deed, reference, mark, frame)))
}

fn frame(item: &Item<'_>, channel: Channel, around: &Surroundings<'_>) -> Result<Frame, Reason> {
    let psid = |party: &Maybe<Party<'_>>| party.here().and_then(|party| json::id(party.id?)).map(Psid::new);
    let (sender, recipient) = (psid(&item.sender), psid(&item.recipient));
    let is_echo = item.message.here().is_some_and(MessageForm::is_echo);
    let page = page_of(around, if is_echo { sender.as_ref() } else { recipient.as_ref() })?;
    let told_at = item.timestamp.and_then(json::time).or(around.entry_time);
    let assumed = around.assumed.map(|_| Psid::new(ASSUMED_CUSTOMER));
    Ok(Frame { page, channel, sender, recipient, told_at, received_at: around.received_at, assumed })
}

/// The Page of the entry; where that names none, the one that speaks in the item, else the one assumed for all.
pub(super) fn page_of(around: &Surroundings<'_>, speaker: Option<&Psid>) -> Result<PageId, Reason> {
    let named = around.page.clone().or_else(|| speaker.map(|psid| PageId::new(psid.as_str())));
    named.or_else(|| around.assumed.cloned()).ok_or(Reason::plain("no-page"))
}

/// Names the kind of an item by its first key that is not common to all.
fn unknown(raw: &str, word: &'static str) -> Reason {
    let members = json::members(raw).unwrap_or_default();
    let kind = members.into_iter().map(|(key, _)| json::key(key)).find(|key| !COMMON.contains(&&**key));
    match kind {
        Some(kind) => Reason::of_kind(word, kind),
        None => Reason::plain("no-kind"),
    }
}
