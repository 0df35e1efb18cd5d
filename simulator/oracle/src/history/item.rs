//! One item of a delivery in the oracle's own words, and what Meta's page says it does to the window.
//!
//! Source: platform page *Messaging window* (Meta, *Send a message* and policy page of 2026-09-28), read 2026-11-23: a
//! message, a pressed button, a plugin, a link into an existing thread and a reaction open 24 hours; receipts, echoes,
//! edits, unsends, a reaction taken back and consents open nothing; a click on an ad opens by the message that follows it.

use model::{
    Anomaly, AppId, HandoverAct, Inbound, ItemKey, Kind, MachineId, Mid, OptinWay, PageId, PageInbound, Psid, Redacted,
    Referral, Timestamp,
};

use super::{Digest, Word};

/// One item of a delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Two items with one key are one; of what nobody understands, a digest of its place, reason and bytes.
    pub key: ItemKey,
    /// The world's number of the deed that it tells of, where the world knows it.
    pub deed: Option<u64>,
    /// The Page of its entry, where one is named.
    pub page: Option<PageId>,
    /// The customer; `None`: it belongs to the Page as a whole.
    pub customer: Option<Psid>,
    /// Meta's time of it.
    pub at: Timestamp,
    /// Its kind in a word.
    pub kind: Word,
    /// It came in the list for bystanders: another app owns the thread.
    pub standby: bool,
    /// What it tells.
    pub told: Told,
}

/// What an item tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// The customer wrote.
    Message {
        /// Meta's id.
        mid: Mid,
        /// The text.
        text: Digest,
        /// It followed a Click-to-Messenger ad.
        by_ad: bool,
    },
    /// The customer pressed a button.
    Pressed {
        /// Meta's id, where it has one.
        mid: Option<Mid>,
        /// It followed a Click-to-Messenger ad.
        by_ad: bool,
    },
    /// The customer sent a cart.
    Ordered,
    /// Somebody put a reaction on a message or took it back.
    Reacted {
        /// The message.
        mid: Mid,
        /// Put on it.
        added: bool,
        /// By the Page.
        by_page: bool,
        /// The sign.
        sign: Digest,
    },
    /// Somebody changed a message.
    Edited {
        /// The message.
        mid: Mid,
        /// Which change of it.
        nth: u32,
        /// The text now.
        text: Digest,
    },
    /// Somebody took a message back.
    Unsent {
        /// The message.
        mid: Mid,
    },
    /// The Page wrote, through whomever.
    Echo {
        /// Meta's id.
        mid: Mid,
        /// The sender's own mark.
        mark: Option<String>,
        /// The text.
        text: Digest,
    },
    /// What the Page sent has arrived.
    Delivered {
        /// Everything up to here.
        watermark: Timestamp,
        /// Messages named one by one.
        mids: Vec<Mid>,
    },
    /// What the Page sent was read.
    Read {
        /// Everything up to here.
        watermark: Timestamp,
    },
    /// The customer came back into the thread.
    Entered {
        /// Through what.
        by: Entrance,
    },
    /// The thread goes from app to app.
    HandedOver {
        /// To whom.
        to: Owning,
    },
    /// Something else: it opens nothing and nobody wrote it.
    Other,
    /// Nobody understands it.
    Odd {
        /// Why, in a stable word.
        reason: Word,
    },
}

/// Through what a customer came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entrance {
    /// A link, a plugin, or something else that Meta names as a source and that is no ad.
    Link,
    /// An ad: the window waits for the message that follows.
    Ad,
    /// Meta does not say.
    Unknown,
}

/// Whose a thread is after a hand-over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Owning {
    /// This app's.
    App(AppId),
    /// Anybody's.
    Nobody,
    /// Taken away from this app, by one that is not named.
    NotOf(AppId),
    /// It does not change, or Meta does not say.
    Unsaid,
}

/// What an item does to the window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Opening {
    /// Nothing.
    Nothing,
    /// It opens 24 hours.
    Window,
    /// It is a message: 24 hours, and 7 days for persons.
    Message,
}

impl Told {
    /// What it does to the window.
    pub const fn opening(&self) -> Opening {
        match self {
            Self::Message { .. } => Opening::Message,
            Self::Pressed { .. }
            | Self::Reacted { added: true, by_page: false, .. }
            | Self::Entered { by: Entrance::Link } => Opening::Window,
            Self::Ordered
            | Self::Reacted { .. }
            | Self::Edited { .. }
            | Self::Unsent { .. }
            | Self::Echo { .. }
            | Self::Delivered { .. }
            | Self::Read { .. }
            | Self::Entered { by: Entrance::Ad | Entrance::Unknown }
            | Self::HandedOver { .. }
            | Self::Other
            | Self::Odd { .. } => Opening::Nothing,
        }
    }

    /// Whether the customer wrote something that belongs into the task.
    pub const fn is_written(&self) -> bool {
        matches!(self, Self::Message { .. } | Self::Pressed { .. } | Self::Ordered)
    }

    /// Whether nobody understands it.
    pub const fn is_odd(&self) -> bool {
        matches!(self, Self::Odd { .. })
    }

    /// Reads an item of a conversation.
    pub fn of(kind: &Kind) -> Self {
        let words = |text: &Option<Redacted<String>>| Digest::of_line(text.as_ref().map_or("", |text| text.reveal()));
        match kind {
            Kind::Message(message) => {
                let by_ad = message.referral.as_ref().is_some_and(|way| entrance(way) == Entrance::Ad);
                Self::Message { mid: message.mid.clone(), text: words(&message.text), by_ad }
            }
            Kind::Echo(echo) => {
                Self::Echo { mid: echo.mid.clone(), mark: echo.metadata.clone(), text: words(&echo.text) }
            }
            Kind::Postback(postback) => {
                let by_ad = postback.referral.as_ref().is_some_and(|way| entrance(way) == Entrance::Ad);
                Self::Pressed { mid: postback.mid.clone(), by_ad }
            }
            Kind::Order(_) => Self::Ordered,
            Kind::Delivered(receipt) => Self::Delivered { watermark: receipt.watermark, mids: receipt.mids.clone() },
            Kind::Read(receipt) => Self::Read { watermark: receipt.watermark },
            Kind::Reaction(reaction) => {
                let sign = reaction.emoji.as_deref().or(reaction.name.as_deref()).unwrap_or("?");
                let (added, by_page) = (reaction.added, reaction.by_page);
                Self::Reacted { mid: reaction.mid.clone(), added, by_page, sign: Digest::of(sign.as_bytes()) }
            }
            Kind::Edit(edit) => {
                Self::Edited { mid: edit.mid.clone(), nth: edit.nth.unwrap_or(0), text: words(&edit.text) }
            }
            Kind::Unsend(unsend) => Self::Unsent { mid: unsend.mid.clone() },
            Kind::Referral(way) => Self::Entered { by: entrance(way) },
            Kind::Optin(optin) if optin.way == OptinWay::Plugin => Self::Entered { by: Entrance::Link },
            Kind::Handover(handover) => {
                let to = match (handover.act, &handover.to, &handover.from) {
                    (HandoverAct::Passed | HandoverAct::Taken, Some(app), _) => Owning::App(app.clone()),
                    (HandoverAct::Passed, None, _) => Owning::Nobody,
                    (HandoverAct::Taken, None, Some(app)) => Owning::NotOf(app.clone()),
                    (HandoverAct::Taken, None, None) | (HandoverAct::Requested, _, _) => Owning::Unsaid,
                };
                Self::HandedOver { to }
            }
            Kind::Optin(_) | Kind::AccountLink(_) | Kind::Feedback(_) | Kind::Notice(_) | Kind::Legacy(_) => {
                Self::Other
            }
        }
    }
}

/// Through what a customer came. In Europe and Japan the source is withheld, and the link's own mark tells.
fn entrance(way: &Referral) -> Entrance {
    match (way.ad.is_some(), way.source.as_deref(), way.mark.is_some()) {
        (true, _, _) | (false, Some("ADS"), _) => Entrance::Ad,
        (false, Some(_), _) | (false, None, true) => Entrance::Link,
        (false, None, false) => Entrance::Unknown,
    }
}

impl Item {
    /// Reads an item of a conversation.
    pub fn of(inbound: &Inbound) -> Self {
        Self {
            key: inbound.key,
            deed: None,
            page: Some(inbound.page.clone()),
            customer: Some(inbound.psid.clone()),
            at: inbound.at,
            kind: Word::Borrowed(inbound.kind.word()),
            standby: matches!(inbound.channel, model::Channel::Standby),
            told: Told::of(&inbound.kind),
        }
    }

    /// Reads an item of a Page.
    pub fn of_page(inbound: &PageInbound) -> Self {
        Self {
            key: inbound.key,
            deed: None,
            page: Some(inbound.page.clone()),
            customer: None,
            at: inbound.at,
            kind: inbound.kind.word(),
            standby: false,
            told: Told::Other,
        }
    }

    /// Reads what nobody understands; it has no time of its own.
    pub fn of_anomaly(anomaly: &Anomaly, at: Timestamp) -> Self {
        Self {
            key: Self::key_of_anomaly(anomaly),
            deed: None,
            page: anomaly.page.clone(),
            customer: None,
            at,
            kind: Word::Borrowed("anomaly"),
            standby: false,
            told: Told::Odd { reason: Word::Owned(anomaly.reason.clone()) },
        }
    }

    /// What makes an anomaly the same: where it stood, why, and its bytes.
    pub fn key_of_anomaly(anomaly: &Anomaly) -> ItemKey {
        let about = format!("{:?} {} {}", anomaly.place, anomaly.reason, anomaly.raw.reveal());
        ItemKey(Digest::of(about.as_bytes()).0.to_be_bytes())
    }

    /// Whether it is for this machine.
    pub(crate) fn is_for(&self, machine: &MachineId) -> bool {
        match machine {
            MachineId::Account(_) => false,
            MachineId::Page(page) => self.customer.is_none() && self.page.as_ref() == Some(page),
            MachineId::Conversation(page, customer) => {
                self.customer.as_ref() == Some(customer) && self.page.as_ref() == Some(page)
            }
        }
    }

    /// The machine it is for; `None` where no Page is named.
    pub fn machine(&self) -> Option<MachineId> {
        let page = self.page.clone()?;
        Some(match &self.customer {
            Some(customer) => MachineId::Conversation(page, customer.clone()),
            None => MachineId::Page(page),
        })
    }
}

#[cfg(test)]
mod tests {
    use model::{Channel, Handover, Message, Optin, Reaction};

    use super::*;

    #[test]
    fn only_what_meta_lists_opens_the_window() {
        let reaction =
            |added, by_page| Kind::Reaction(Reaction { mid: Mid::new("m"), added, by_page, name: None, emoji: None });
        let referral = |source: Option<&str>, mark: Option<&str>, ad: Option<&str>| {
            Kind::Referral(Box::new(Referral {
                source: source.map(str::to_owned),
                mark: mark.map(Into::into),
                ad: ad.map(str::to_owned),
                ..Referral::default()
            }))
        };
        let optin = |way| Kind::Optin(Optin { way, mark: None, title: None, token: None, expires_at: None });
        let cases = [
            (Kind::Message(Message::new(Mid::new("m"))), Opening::Message),
            (reaction(true, false), Opening::Window),
            (reaction(false, false), Opening::Nothing),
            (reaction(true, true), Opening::Nothing),
            (referral(Some("SHORTLINK"), None, None), Opening::Window),
            (referral(None, Some("r"), None), Opening::Window),
            (referral(None, None, None), Opening::Nothing),
            (referral(Some("ADS"), Some("r"), None), Opening::Nothing),
            (referral(None, Some("r"), Some("7")), Opening::Nothing),
            (optin(OptinWay::Plugin), Opening::Window),
            (optin(OptinWay::Notifications), Opening::Nothing),
        ];
        for (kind, expected) in cases {
            assert_eq!(Told::of(&kind).opening(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_hand_over_says_whose_the_thread_is() {
        let told = |act, to: Option<&str>, from: Option<&str>| {
            let app = |id: Option<&str>| id.map(AppId::new);
            Told::of(&Kind::Handover(Handover { act, to: app(to), from: app(from), metadata: None }))
        };
        let owning = |to| Told::HandedOver { to };
        assert_eq!(told(HandoverAct::Passed, Some("1"), None), owning(Owning::App(AppId::new("1"))));
        assert_eq!(told(HandoverAct::Passed, None, Some("1")), owning(Owning::Nobody));
        assert_eq!(told(HandoverAct::Taken, None, Some("1")), owning(Owning::NotOf(AppId::new("1"))));
        assert_eq!(told(HandoverAct::Requested, Some("1"), None), owning(Owning::Unsaid));
    }

    #[test]
    fn an_item_knows_its_machine() {
        let kind = Kind::Message(Message::new(Mid::new("m")));
        let (page, psid, at) = (PageId::new("1"), Psid::new("2"), Timestamp(3));
        let mut item = Item::of(&Inbound { page, psid, at, channel: Channel::Standby, key: ItemKey([1; 16]), kind });
        assert!(item.standby);
        assert_eq!(item.machine().map(|machine| machine.to_string()).as_deref(), Some("c/1/2"));
        item.customer = None;
        assert_eq!(item.machine().map(|machine| machine.to_string()).as_deref(), Some("p/1"));
    }
}
