//! Every id is a newtype: a Page id cannot be handed where a PSID is wanted.
//!
//! Ids are opaque strings. Meta sends some of them as JSON numbers beyond 2^53, so they are never kept as numbers.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Declares a string id. Short ids (up to 23 bytes) live inline, clones are cheap.
macro_rules! string_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes the id as it came; no check, no trimming.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(SmolStr::new(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

string_id! {
    /// One company on this node.
    AccountId;
    /// A Facebook Page, as in `entry[].id`.
    PageId;
    /// A customer as one Page sees them (page-scoped id). Meaningless on another Page.
    Psid;
    /// A message id of Meta. Opaque, may exceed 100 characters.
    Mid;
    /// A Meta app, as in `message.app_id` of an echo.
    AppId;
    /// A task in the tracker.
    TaskId;
    /// A comment in the tracker.
    CommentId;
    /// A contact in the tracker.
    ContactId;
}

/// Counts how often this store was restored from a backup. Effect ids of an earlier incarnation are never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub u32);

/// De-duplication key of one inbound item: 16 bytes of a SHA-256 over what Meta makes unique about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey(pub [u8; 16]);

impl ItemKey {
    /// 32 lower-case hex digits.
    pub fn to_hex(self) -> String {
        self.0.iter().fold(String::with_capacity(32), |mut text, byte| {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
            text
        })
    }

    /// Reads what [`ItemKey::to_hex`] wrote; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 32 {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let mut key = [0; 16];
        for (slot, pair) in key.iter_mut().zip(bytes.chunks_exact(2)) {
            *slot = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(key))
    }
}

impl fmt::Debug for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl Serialize for ItemKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for ItemKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SmolStr::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("an item key is 32 hex digits"))
    }
}

/// Which machine a record belongs to.
///
/// Text form: `a/ACCOUNT`, `p/PAGE`, `c/PAGE/PSID`; ids with a slash or of no characters do not parse.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MachineId {
    /// What is serial across the Pages of one company.
    Account(AccountId),
    /// One Facebook Page.
    Page(PageId),
    /// One customer on one Page.
    Conversation(PageId, Psid),
}

impl MachineId {
    /// The Page that hosts this machine, if one does.
    pub fn page(&self) -> Option<&PageId> {
        match self {
            Self::Account(_) => None,
            Self::Page(page) | Self::Conversation(page, _) => Some(page),
        }
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "a/{account}"),
            Self::Page(page) => write!(f, "p/{page}"),
            Self::Conversation(page, psid) => write!(f, "c/{page}/{psid}"),
        }
    }
}

impl fmt::Debug for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a machine id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAMachine;

impl fmt::Display for NotAMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a machine id (expected a/ACCOUNT, p/PAGE or c/PAGE/PSID)")
    }
}

impl core::error::Error for NotAMachine {}

impl FromStr for MachineId {
    type Err = NotAMachine;

    fn from_str(text: &str) -> Result<Self, NotAMachine> {
        let mut parts = text.split('/');
        let id = match (parts.next(), parts.next(), parts.next()) {
            (Some("a"), Some(account), None) if !account.is_empty() => Self::Account(AccountId::new(account)),
            (Some("p"), Some(page), None) if !page.is_empty() => Self::Page(PageId::new(page)),
            (Some("c"), Some(page), Some(psid)) if !page.is_empty() && !psid.is_empty() => {
                Self::Conversation(PageId::new(page), Psid::new(psid))
            }
            _ => return Err(NotAMachine),
        };
        if parts.next().is_some() { Err(NotAMachine) } else { Ok(id) }
    }
}

impl Serialize for MachineId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MachineId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Names one effect for ever: the idempotency key, sent as Send API `metadata` and as the tracker's external id.
///
/// Text form `pd.INCARNATION.SEQ.MACHINE` (the machine comes last because it may hold any character but is read whole).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EffectId {
    /// Which life of the store made it.
    pub incarnation: Incarnation,
    /// Whose event named it.
    pub machine: MachineId,
    /// That event's dense number in its machine; an event names one effect at most.
    pub seq: u64,
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pd.{}.{}.{}", self.incarnation.0, self.seq, self.machine)
    }
}

/// The text is not an effect id of this product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnEffect;

impl fmt::Display for NotAnEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an effect id (expected pd.INCARNATION.SEQ.MACHINE)")
    }
}

impl core::error::Error for NotAnEffect {}

impl FromStr for EffectId {
    type Err = NotAnEffect;

    fn from_str(text: &str) -> Result<Self, NotAnEffect> {
        let mut parts = text.splitn(4, '.');
        let (Some("pd"), Some(incarnation), Some(seq), Some(machine)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAnEffect);
        };
        Ok(Self {
            incarnation: Incarnation(incarnation.parse().map_err(|_| NotAnEffect)?),
            seq: seq.parse().map_err(|_| NotAnEffect)?,
            machine: machine.parse().map_err(|_| NotAnEffect)?,
        })
    }
}

impl Serialize for EffectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EffectId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text_form() {
        for text in ["a/acme", "p/1029", "c/1029/5001"] {
            assert_eq!(text.parse::<MachineId>().expect("valid").to_string(), text);
        }
        let effect = EffectId { incarnation: Incarnation(2), machine: "c/1029/5001".parse().expect("valid"), seq: 17 };
        assert_eq!(effect.to_string(), "pd.2.17.c/1029/5001");
        assert_eq!(effect.to_string().parse::<EffectId>(), Ok(effect));
        let key = ItemKey([0xa7; 16]);
        assert_eq!(ItemKey::from_hex(&key.to_hex()), Some(key));
    }

    #[test]
    fn foreign_text_is_no_id() {
        for text in ["", "c/1", "c//5", "p/", "p/1/2", "c/1/2/3", "x/1"] {
            assert_eq!(text.parse::<MachineId>(), Err(NotAMachine), "{text}");
        }
        for text in ["", "pd", "pd.1.2", "pd.x.2.p/1", "DEVELOPER_DEFINED_METADATA"] {
            assert_eq!(text.parse::<EffectId>(), Err(NotAnEffect), "{text}");
        }
        assert_eq!(ItemKey::from_hex("é"), None);
    }
}
