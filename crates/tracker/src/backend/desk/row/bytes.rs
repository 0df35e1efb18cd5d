//! The binary rows as bytes and back; the layouts stand in the header of `row`.
//!
//! No meaning here. Invariant: what `to_bytes` wrote, `from_bytes` reads; anything else is `None`, never a panic.

use model::Timestamp;

use super::{Answer, CommentRow, EffectRow, MachineRow, Origin, Standing, StandingKind};

/// Version byte of every binary row.
const ROW_VERSION: u8 = 1;

impl Standing {
    /// The stored form.
    pub(in crate::backend::desk) fn to_bytes(self) -> [u8; 36] {
        let (kind, flags, status, into) = match self.kind {
            StandingKind::Stands { status, trashed } => (0, u8::from(trashed), status, 0),
            StandingKind::Merged { into } => (1, 0, 0, into),
            StandingKind::Purged => (2, 0, 0, 0),
        };
        let mut bytes = [0; 36];
        bytes[..4].copy_from_slice(&[ROW_VERSION, kind, flags, self.depth]);
        bytes[4..8].copy_from_slice(&status.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.count.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.last.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.updated_at.0.to_le_bytes());
        bytes[28..].copy_from_slice(&into.to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    pub(in crate::backend::desk) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [ROW_VERSION, kind, flags, depth] = *bytes.first_chunk::<4>()? else { return None };
        let kind = match kind {
            0 => StandingKind::Stands { status: u32_at(bytes, 4)?, trashed: flags & 1 != 0 },
            1 => StandingKind::Merged { into: u64_at(bytes, 28)? },
            2 => StandingKind::Purged,
            _ => return None,
        };
        let updated_at = Timestamp(i64::from_le_bytes(array_at(bytes, 20)?));
        Some(Self { kind, depth, count: u32_at(bytes, 8)?, last: u64_at(bytes, 12)?, updated_at })
    }
}

impl MachineRow {
    /// The stored form.
    pub(in crate::backend::desk) fn to_bytes(self) -> [u8; 37] {
        let mut bytes = [0; 37];
        bytes[0] = ROW_VERSION;
        bytes[1..9].copy_from_slice(&self.contact.to_le_bytes());
        bytes[9..17].copy_from_slice(&self.task.to_le_bytes());
        bytes[17..25].copy_from_slice(&self.effects.to_le_bytes());
        bytes[25..29].copy_from_slice(&self.newest.0.to_le_bytes());
        bytes[29..].copy_from_slice(&self.newest.1.to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    pub(in crate::backend::desk) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (*bytes.first()? == ROW_VERSION).then_some(())?;
        Some(Self {
            contact: u64_at(bytes, 1)?,
            task: u64_at(bytes, 9)?,
            effects: u64_at(bytes, 17)?,
            newest: (u32_at(bytes, 25)?, u64_at(bytes, 29)?),
        })
    }
}

/// Bytes of a comment's row before its JSON.
const COMMENT_HEADER: usize = 27;

impl CommentRow {
    /// The stored form, written behind `body`'s JSON prepared by the caller.
    pub(in crate::backend::desk) fn header(
        origin: Origin,
        description: bool,
        task: u64,
        prev: u64,
        at: Timestamp,
    ) -> [u8; COMMENT_HEADER] {
        let origin = match origin {
            Origin::Customer => 0,
            Origin::Outside => 1,
            Origin::AgentToCustomer => 2,
            Origin::AgentInternal => 3,
            Origin::System => 4,
        };
        let mut bytes = [0; COMMENT_HEADER];
        bytes[..3].copy_from_slice(&[ROW_VERSION, origin, u8::from(description)]);
        bytes[3..11].copy_from_slice(&task.to_le_bytes());
        bytes[11..19].copy_from_slice(&prev.to_le_bytes());
        bytes[19..].copy_from_slice(&at.0.to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    pub(in crate::backend::desk) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [ROW_VERSION, origin, flags] = *bytes.first_chunk::<3>()? else { return None };
        let origin = match origin {
            0 => Origin::Customer,
            1 => Origin::Outside,
            2 => Origin::AgentToCustomer,
            3 => Origin::AgentInternal,
            4 => Origin::System,
            _ => return None,
        };
        Some(Self {
            origin,
            description: flags & 1 != 0,
            task: u64_at(bytes, 3)?,
            prev: Self::prev(bytes)?,
            at: Timestamp(i64::from_le_bytes(array_at(bytes, 19)?)),
            body: serde_json::from_slice(bytes.get(COMMENT_HEADER..)?).ok()?,
        })
    }

    /// The comment before it, without reading the rest.
    pub(in crate::backend::desk) fn prev(bytes: &[u8]) -> Option<u64> {
        u64_at(bytes, 11)
    }
}

impl EffectRow {
    /// The stored form.
    pub(in crate::backend::desk) fn to_bytes(&self) -> [u8; 82] {
        let mut bytes = [0; 82];
        bytes[0] = ROW_VERSION;
        bytes[1..5].copy_from_slice(&self.number.0.to_le_bytes());
        bytes[5..13].copy_from_slice(&self.number.1.to_le_bytes());
        bytes[13..21].copy_from_slice(&self.prev.to_le_bytes());
        bytes[21..25].copy_from_slice(&self.below.0.to_le_bytes());
        bytes[25..33].copy_from_slice(&self.below.1.to_le_bytes());
        bytes[33..65].copy_from_slice(&self.hash);
        bytes[65..].copy_from_slice(&self.answer.to_bytes());
        bytes
    }

    /// Reads the stored form.
    pub(in crate::backend::desk) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (*bytes.first()? == ROW_VERSION).then_some(())?;
        Some(Self {
            number: (u32_at(bytes, 1)?, u64_at(bytes, 5)?),
            prev: u64_at(bytes, 13)?,
            below: (u32_at(bytes, 21)?, u64_at(bytes, 25)?),
            hash: array_at(bytes, 33)?,
            answer: Answer::from_bytes(bytes.get(65..)?)?,
        })
    }
}

impl Answer {
    /// The stored form.
    pub(in crate::backend::desk) fn to_bytes(self) -> [u8; 17] {
        let (tag, first, second) = match self {
            Self::Opened { task, contact } => (1, task, contact),
            Self::Added { task } => (2, task, 0),
            Self::Inactive => (3, 0, 0),
            Self::Gone => (4, 0, 0),
            Self::Commented { comment } => (5, comment, 0),
            Self::Settled => (6, 0, 0),
        };
        let mut bytes = [0; 17];
        bytes[0] = tag;
        bytes[1..9].copy_from_slice(&first.to_le_bytes());
        bytes[9..].copy_from_slice(&second.to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    pub(in crate::backend::desk) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (u64_at(bytes, 1)?, u64_at(bytes, 9)?);
        match bytes[0] {
            1 => Some(Self::Opened { task: first, contact: second }),
            2 => Some(Self::Added { task: first }),
            3 => Some(Self::Inactive),
            4 => Some(Self::Gone),
            5 => Some(Self::Commented { comment: first }),
            6 => Some(Self::Settled),
            _ => None,
        }
    }
}

fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset + N)?.try_into().ok()
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{CommentBody, json};
    use super::*;

    #[test]
    fn binary_rows_survive_their_stored_form() {
        for kind in [
            StandingKind::Stands { status: 3, trashed: true },
            StandingKind::Stands { status: 1, trashed: false },
            StandingKind::Merged { into: 77 },
            StandingKind::Purged,
        ] {
            let row = Standing { kind, depth: 2, count: 9, last: 1 << 40, updated_at: Timestamp(-5) };
            assert_eq!(Standing::from_bytes(&row.to_bytes()), Some(row));
        }
        let machine = MachineRow { contact: 1, task: 2, effects: 3, newest: (4, u64::MAX) };
        assert_eq!(MachineRow::from_bytes(&machine.to_bytes()), Some(machine));
        for answer in [
            Answer::Opened { task: 5, contact: 6 },
            Answer::Added { task: 7 },
            Answer::Inactive,
            Answer::Gone,
            Answer::Commented { comment: 8 },
            Answer::Settled,
        ] {
            let row = EffectRow { number: (1, 2), prev: 3, below: (0, 9), hash: [7; 32], answer };
            assert_eq!(EffectRow::from_bytes(&row.to_bytes()), Some(row));
        }
    }

    #[test]
    fn a_comment_survives_its_stored_form() {
        for origin in
            [Origin::Customer, Origin::Outside, Origin::AgentToCustomer, Origin::AgentInternal, Origin::System]
        {
            let body = CommentBody { text: "good morning".into(), by: Some("Ada".into()), ..CommentBody::default() };
            let mut bytes = CommentRow::header(origin, true, 12, 34, Timestamp(56)).to_vec();
            bytes.extend(json(&body));
            let row = CommentRow { origin, description: true, task: 12, prev: 34, at: Timestamp(56), body };
            assert_eq!(CommentRow::from_bytes(&bytes), Some(row));
        }
    }

    #[test]
    fn foreign_bytes_are_no_row() {
        assert_eq!(Standing::from_bytes(&[]), None);
        assert_eq!(Standing::from_bytes(&[9; 36]), None);
        assert_eq!(MachineRow::from_bytes(&[1; 5]), None);
        assert_eq!(EffectRow::from_bytes(&[9; 82]), None);
        assert_eq!(CommentRow::from_bytes(&[1; 40]), None);
        assert_eq!(Answer::from_bytes(&[]), None);
    }
}
