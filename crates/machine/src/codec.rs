//! The stored form that all machines share. Kind numbers and versions live beside each machine's events.
//!
//! Invariants: a body that cannot be read is a fault and never skipped; a fault never quotes the body.

use model::MachineId;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An event ready for the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// Kind number, unique within its machine and never reused.
    pub kind: u16,
    /// Version of the body.
    pub version: u8,
    /// Holds what a customer said or is called.
    pub sealed: bool,
    /// Flat JSON.
    pub body: Vec<u8>,
}

/// A stored event cannot be read. Never skipped: a person must look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CodecFault {
    /// A kind or version that this build does not know: the store is newer, or damaged.
    Unknown {
        /// Kind number found.
        kind: u16,
        /// Version found.
        version: u8,
    },
    /// The body is not what the kind and version promise.
    Malformed {
        /// Kind number.
        kind: u16,
        /// What the reader said, free of customer text.
        why: String,
    },
}

impl core::fmt::Display for CodecFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unknown { kind, version } => write!(f, "unknown record kind {kind} version {version}"),
            Self::Malformed { kind, why } => write!(f, "record of kind {kind} cannot be read: {why}"),
        }
    }
}

impl core::error::Error for CodecFault {}

/// Version of every kind's body so far.
pub(crate) const VERSION: u8 = 1;

/// Bytes that most bodies stay below: one allocation.
const BODY_USUAL: usize = 384;

/// A body as it is stored.
pub(crate) fn write<T: Serialize>(kind: u16, sealed: bool, stored: &T) -> Encoded {
    let mut body = Vec::with_capacity(BODY_USUAL);
    serde_json::to_writer(&mut body, stored).expect("stored forms are structs of text and numbers");
    Encoded { kind, version: VERSION, sealed, body }
}

/// A body as it was stored.
pub(crate) fn read<T: DeserializeOwned>(kind: u16, body: &[u8]) -> Result<T, CodecFault> {
    serde_json::from_slice(body).map_err(|fault| CodecFault::Malformed {
        kind,
        why: format!("{:?} at line {} column {}", fault.classify(), fault.line(), fault.column()),
    })
}

/// The name of a stored kind of this machine, for people; `unknown` where this build does not know it.
pub fn kind_name(machine: &MachineId, kind: u16) -> &'static str {
    match machine {
        MachineId::Account(_) => crate::account::codec::name(kind),
        MachineId::Page(_) => crate::page::codec::name(kind),
        MachineId::Conversation(..) => crate::conversation::codec::name(kind),
    }
}

/// The name in a machine's table of kinds.
pub(crate) fn name_in(table: &[(u16, &'static str)], kind: u16) -> &'static str {
    table.iter().find(|(number, _)| *number == kind).map_or("unknown", |(_, name)| name)
}
