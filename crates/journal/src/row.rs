//! The row of one batch in the log: layout, encoding, checked decoding. No table, no transaction.
//!
//! All numbers little-endian.
//!
//! | offset | bytes | field |
//! |---:|---:|---|
//! | 0 | 1 | layout version, [`LAYOUT`] |
//! | 1 | 4 | CRC-32 (IEEE) of the row's position (u64) and of everything from offset 5 |
//! | 5 | 1 | flags: 1 baseline, 2 armed |
//! | 6 | 8 | position of this machine's previous batch, 0 for none |
//! | 14 | 8 | number of the first record |
//! | 22 | 8 | decided at, ms since 1970, signed |
//! | 30 | 8 | armed, ms since 1970, signed; 0 where flag 2 is clear |
//! | 38 | 8 | key id of the machine's sealing key, 0 for none yet |
//! | 46 | 2 | length of the machine's key, K |
//! | 48 | 2 | count of records, R; 0 where only the deadline row moved |
//! | 50 | 2 | count of settled effects, C |
//! | 52 | K | the machine's key |
//! | … | 10 C | each settled effect: position u64, index u16 |
//! | … | | R records: kind u16, version u8, flags u8 (1 sealed, 2 opens an effect), length u32, body |
//!
//! A sealed body is `nonce 24 | ciphertext | tag 16`, see `seal`. The row alone is the truth of a batch: heads, open
//! effects and deadlines can all be derived from the rows.

use crate::api::{Batch, OpenEffect, Position, ReadFault, Record, Stored, StoredBatch};
use crate::heads::Head;
use crate::seal::{self, Entropy, Place, SEAL_OVERHEAD, SealKey};

/// The layout written here.
pub(crate) const LAYOUT: u8 = 1;

const CHECKED_FROM: usize = 5;
const HEADER: usize = 52;
const ARMED_AT: core::ops::Range<usize> = 30..38;
const CLOSE: usize = 10;
const RECORD_HEADER: usize = 8;

const BASELINE: u8 = 1;
const ARMED: u8 = 2;
const SEALED: u8 = 1;
const OPENS: u8 = 2;

/// What the writer adds to a batch when it gives it a place.
pub(crate) struct Placement<'a> {
    /// Where the row will lie.
    pub(crate) position: u64,
    /// The machine's previous row, 0 for none.
    pub(crate) previous: u64,
    /// Id of the machine's sealing key, 0 for none yet.
    pub(crate) key_id: u64,
    /// The sealing key; needed as soon as one record is sealed.
    pub(crate) seal_key: Option<&'a SealKey>,
}

/// Bytes of the row of this batch.
pub(crate) fn length(batch: &Batch) -> usize {
    let records: usize = batch
        .records
        .iter()
        .map(|record| RECORD_HEADER + record.body.len() + if record.sealed { SEAL_OVERHEAD } else { 0 })
        .sum();
    HEADER + batch.key.len() + CLOSE * batch.closes.len() + records
}

/// Writes the row into `out`, which is [`length`] long. The batch keeps the limits of `limits`.
pub(crate) fn encode(batch: &Batch, placement: &Placement<'_>, entropy: &mut dyn Entropy, out: &mut [u8]) {
    let mut pen = Pen { out, at: 0 };
    pen.put(&[LAYOUT]);
    pen.put(&[0; 4]);
    pen.put(&[if batch.baseline { BASELINE } else { 0 } | if batch.armed.is_some() { ARMED } else { 0 }]);
    pen.put(&placement.previous.to_le_bytes());
    pen.put(&(batch.expected + 1).to_le_bytes());
    pen.put(&batch.at.to_le_bytes());
    pen.put(&batch.armed.unwrap_or(0).to_le_bytes());
    pen.put(&placement.key_id.to_le_bytes());
    pen.put_count(batch.key.len());
    pen.put_count(batch.records.len());
    pen.put_count(batch.closes.len());
    pen.put(&batch.key);
    for effect in &batch.closes {
        pen.put(&effect.position.0.to_le_bytes());
        pen.put(&effect.index.to_le_bytes());
    }
    for (seq, record) in (batch.expected + 1..).zip(&batch.records) {
        encode_record(&mut pen, batch, placement, seq, record, entropy);
    }
    let checksum = checksum(placement.position, &pen.out[CHECKED_FROM..]);
    out[1..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
}

fn encode_record(
    pen: &mut Pen<'_>,
    batch: &Batch,
    placement: &Placement<'_>,
    seq: u64,
    record: &Record,
    entropy: &mut dyn Entropy,
) {
    pen.put(&record.kind.to_le_bytes());
    pen.put(&[record.version, if record.sealed { SEALED } else { 0 } | if record.opens { OPENS } else { 0 }]);
    let length = record.body.len() + if record.sealed { SEAL_OVERHEAD } else { 0 };
    pen.put(&u32::try_from(length).expect("bodies are limited to far below 4 GiB").to_le_bytes());
    if record.sealed {
        let key = placement.seal_key.expect("the writer gives a key to each batch with a sealed record");
        let place = Place::Record { key: &batch.key, seq, kind: record.kind };
        seal::seal(key, place, &record.body, entropy, pen.take(length));
    } else {
        pen.put(&record.body);
    }
}

/// A cursor over the bytes to write.
struct Pen<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Pen<'_> {
    fn take(&mut self, length: usize) -> &mut [u8] {
        let start = self.at;
        self.at += length;
        &mut self.out[start..self.at]
    }

    fn put(&mut self, bytes: &[u8]) {
        self.take(bytes.len()).copy_from_slice(bytes);
    }

    fn put_count(&mut self, count: usize) {
        self.put(&u16::try_from(count).expect("counts are limited to far below 65,536").to_le_bytes());
    }
}

fn checksum(position: u64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&position.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// Bytes with the checksum that a row at `position` has; those too short for one stay as they are.
pub(crate) fn with_checksum(position: u64, mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(checked) = bytes.get(CHECKED_FROM..) {
        let checksum = checksum(position, checked);
        bytes[1..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

/// A row as it lies in the file, checked, not yet opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// Where it lies.
    pub(crate) position: u64,
    /// The machine's previous row, 0 for none.
    pub(crate) previous: u64,
    /// Number of its first record.
    pub(crate) first_seq: u64,
    /// When it was decided.
    pub(crate) at: i64,
    /// The machine's deadline row after it.
    pub(crate) armed: Option<i64>,
    /// Id of the machine's sealing key, 0 for none yet.
    pub(crate) key_id: u64,
    /// Whether it is a baseline.
    pub(crate) baseline: bool,
    /// Whose.
    pub(crate) key: &'a [u8],
    record_count: u16,
    closes: &'a [u8],
    records: &'a [u8],
}

/// One record as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawRecord<'a> {
    /// Its dense number.
    pub(crate) seq: u64,
    /// Its index in the batch.
    pub(crate) index: u16,
    /// Kind number.
    pub(crate) kind: u16,
    /// Version of the body.
    pub(crate) version: u8,
    /// Whether the body is sealed.
    pub(crate) sealed: bool,
    /// Whether it named an effect.
    pub(crate) opens: bool,
    /// The bytes as stored.
    pub(crate) body: &'a [u8],
}

impl<'a> Row<'a> {
    /// Reads and checks a row: layout, checksum, lengths.
    pub(crate) fn parse(position: u64, bytes: &'a [u8]) -> Result<Self, ReadFault> {
        let damaged = |what: String| ReadFault::Damaged { position, what };
        if bytes.len() < HEADER {
            return Err(damaged(format!("a row of {} bytes", bytes.len())));
        }
        if bytes[0] != LAYOUT {
            return Err(damaged(format!("unknown row layout {}", bytes[0])));
        }
        let mut eye = Eye { bytes, at: 1 };
        let stored = u32::from_le_bytes(eye.array()?);
        if stored != checksum(position, &bytes[CHECKED_FROM..]) {
            return Err(damaged("wrong checksum".to_owned()));
        }
        let flags = bytes[CHECKED_FROM];
        let is_armed_alone = flags & ARMED != 0 || bytes[ARMED_AT].iter().all(|byte| *byte == 0);
        if flags & !(BASELINE | ARMED) != 0 || !is_armed_alone {
            return Err(damaged("the checksum holds, the flags do not".to_owned()));
        }
        let row = Self::parse_checked(position, &mut eye)
            .map_err(|Short| damaged("the checksum holds, the lengths do not".to_owned()))?;
        let is_numbered = row.first_seq > 0 && row.first_seq.checked_add(u64::from(row.record_count)).is_some();
        match row.walk() {
            Ok(true) if is_numbered => Ok(row),
            Ok(_) | Err(Short) => Err(damaged("the checksum holds, the records do not".to_owned())),
        }
    }

    /// Whether there are as many records as the header says, with flags that are known and nothing behind them.
    fn walk(&self) -> Result<bool, Short> {
        let mut eye = Eye { bytes: self.records, at: 0 };
        for _ in 0..self.record_count {
            let [_, _, _, flags] = eye.array()?;
            let length = u32::from_le_bytes(eye.array()?);
            eye.slice(usize::try_from(length).map_err(|_| Short)?)?;
            if flags & !(SEALED | OPENS) != 0 {
                return Ok(false);
            }
        }
        Ok(eye.at == self.records.len())
    }

    fn parse_checked(position: u64, eye: &mut Eye<'a>) -> Result<Self, Short> {
        let flags = eye.array::<1>()?[0];
        let previous = u64::from_le_bytes(eye.array()?);
        let first_seq = u64::from_le_bytes(eye.array()?);
        let at = i64::from_le_bytes(eye.array()?);
        let armed = i64::from_le_bytes(eye.array()?);
        let key_id = u64::from_le_bytes(eye.array()?);
        let key_length = usize::from(u16::from_le_bytes(eye.array()?));
        let record_count = u16::from_le_bytes(eye.array()?);
        let close_count = usize::from(u16::from_le_bytes(eye.array()?));
        let key = eye.slice(key_length)?;
        let closes = eye.slice(close_count * CLOSE)?;
        Ok(Self {
            position,
            previous,
            first_seq,
            at,
            armed: (flags & ARMED != 0).then_some(armed),
            key_id,
            baseline: flags & BASELINE != 0,
            key,
            record_count,
            closes,
            records: &eye.bytes[eye.at..],
        })
    }

    /// Number of its last record.
    pub(crate) fn last_seq(&self) -> u64 {
        self.first_seq + u64::from(self.record_count) - 1
    }

    /// The head that this row makes.
    pub(crate) fn head(&self) -> Head {
        Head { position: self.position, seq: self.last_seq(), key_id: self.key_id, armed: self.armed }
    }

    /// The effects it settled.
    pub(crate) fn closes(&self) -> impl Iterator<Item = OpenEffect> + 'a {
        self.closes.chunks_exact(CLOSE).map(|bytes| {
            let mut eye = Eye { bytes, at: 0 };
            let position = eye.array().map(u64::from_le_bytes).unwrap_or_default();
            let index = eye.array().map(u16::from_le_bytes).unwrap_or_default();
            OpenEffect { position: Position(position), index }
        })
    }

    /// Its records as stored.
    pub(crate) fn records(&self) -> impl Iterator<Item = RawRecord<'a>> + 'a {
        let mut eye = Eye { bytes: self.records, at: 0 };
        let (mut seq, mut index) = (self.first_seq, 0);
        std::iter::from_fn(move || {
            let kind = u16::from_le_bytes(eye.array().ok()?);
            let [version, flags] = eye.array().ok()?;
            let length = u32::from_le_bytes(eye.array().ok()?);
            let body = eye.slice(usize::try_from(length).ok()?).ok()?;
            let record =
                RawRecord { seq, index, kind, version, sealed: flags & SEALED != 0, opens: flags & OPENS != 0, body };
            seq += 1;
            index += 1;
            Some(record)
        })
    }

    /// Whether any record is sealed.
    pub(crate) fn is_sealed(&self) -> bool {
        self.records().any(|record| record.sealed)
    }

    /// Opens the batch. `seal_key` is the key of [`Row::key_id`], where it still exists.
    pub(crate) fn open(&self, seal_key: Option<&SealKey>) -> Result<StoredBatch, ReadFault> {
        let records = self.records().map(|record| self.open_record(record, seal_key)).collect::<Result<_, _>>()?;
        Ok(self.batch(records))
    }

    /// The batch with its sealed bodies as they lie there.
    pub(crate) fn closed(&self) -> StoredBatch {
        self.batch(self.records().map(|raw| stored(&raw, raw.body.to_vec())).collect())
    }

    fn batch(&self, records: Vec<Stored>) -> StoredBatch {
        StoredBatch {
            position: Position(self.position),
            key: self.key.into(),
            at: self.at,
            armed: self.armed,
            baseline: self.baseline,
            records,
        }
    }

    fn open_record(&self, raw: RawRecord<'a>, seal_key: Option<&SealKey>) -> Result<Stored, ReadFault> {
        let position = self.position;
        let body = if raw.sealed {
            let key = seal_key.ok_or(ReadFault::KeyGone { position })?;
            let place = Place::Record { key: self.key, seq: raw.seq, kind: raw.kind };
            seal::open(key, place, raw.body)
                .ok_or_else(|| ReadFault::Damaged { position, what: "a sealed record does not open".to_owned() })?
        } else {
            raw.body.to_vec()
        };
        Ok(stored(&raw, body))
    }
}

fn stored(raw: &RawRecord<'_>, body: Vec<u8>) -> Stored {
    let RawRecord { seq, index, kind, version, sealed, opens, .. } = *raw;
    Stored { seq, index, record: Record { kind, version, sealed, opens, body } }
}

/// The bytes end too early.
pub(crate) struct Short;

impl From<Short> for ReadFault {
    fn from(Short: Short) -> Self {
        ReadFault::Damaged { position: 0, what: "the bytes end too early".to_owned() }
    }
}

/// A cursor over bytes to read.
pub(crate) struct Eye<'a> {
    /// All of them.
    pub(crate) bytes: &'a [u8],
    /// The next one.
    pub(crate) at: usize,
}

impl<'a> Eye<'a> {
    /// The next `length` bytes.
    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Short> {
        let end = self.at.checked_add(length).ok_or(Short)?;
        let slice = self.bytes.get(self.at..end).ok_or(Short)?;
        self.at = end;
        Ok(slice)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        self.slice(N)?.try_into().map_err(|_| Short)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::seal::tests::Counting;

    fn batch() -> Batch {
        let record = |kind, sealed, opens, body: &[u8]| Record { kind, version: 2, sealed, opens, body: body.to_vec() };
        Batch {
            key: Arc::from(&b"page-1/customer-1"[..]),
            expected: 4,
            at: -5,
            records: vec![
                record(1, true, false, b"hello"),
                record(2, false, true, b""),
                record(3, true, true, b"there"),
            ],
            closes: vec![OpenEffect { position: Position(3), index: 1 }],
            armed: Some(-1),
            baseline: false,
            snapshot: None,
        }
    }

    fn encoded(batch: &Batch, position: u64) -> Vec<u8> {
        let mut out = vec![0; length(batch)];
        let placement = Placement { position, previous: 3, key_id: 8, seal_key: Some(&[7; 32]) };
        encode(batch, &placement, &mut Counting(0), &mut out);
        out
    }

    #[test]
    fn a_batch_comes_back_as_it_was_appended() {
        let batch = batch();
        let bytes = encoded(&batch, 9);
        let row = Row::parse(9, &bytes).unwrap();
        assert_eq!((row.previous, row.first_seq, row.last_seq(), row.key_id), (3, 5, 7, 8));
        assert_eq!(row.closes().collect::<Vec<_>>(), batch.closes);
        let stored = row.open(Some(&[7; 32])).unwrap();
        assert_eq!((stored.at, stored.armed, stored.baseline), (-5, Some(-1), false));
        assert_eq!(stored.key, batch.key);
        assert_eq!(stored.records.iter().map(|stored| stored.record.clone()).collect::<Vec<_>>(), batch.records);
        assert_eq!(
            stored.records.iter().map(|stored| (stored.seq, stored.index)).collect::<Vec<_>>(),
            [(5, 0), (6, 1), (7, 2)]
        );
    }

    #[test]
    fn any_changed_or_missing_byte_is_damage() {
        let bytes = encoded(&batch(), 9);
        for at in 0..bytes.len() {
            let mut torn = bytes.clone();
            torn[at] ^= 0x10;
            assert!(matches!(Row::parse(9, &torn), Err(ReadFault::Damaged { position: 9, .. })), "byte {at}");
            assert!(matches!(Row::parse(9, &bytes[..at]), Err(ReadFault::Damaged { .. })), "length {at}");
        }
    }

    /// Each with a checksum that holds, as no build has written it: read without complaint, such a row panicked or lost bytes.
    #[test]
    fn what_no_build_writes_is_damage_although_its_checksum_holds() {
        let sound = encoded(&batch(), 9);
        let first_seq = 14..22;
        let (flags, record_flags) = (CHECKED_FROM, HEADER + batch().key.len() + CLOSE + 3);
        let strange = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = sound.clone();
            change(&mut bytes);
            with_checksum(9, bytes)
        };
        assert!(Row::parse(9, &strange(&|_| ())).is_ok());
        for (what, bytes) in [
            ("the last number there is", strange(&|bytes| bytes[first_seq.clone()].fill(0xff))),
            ("number 0", strange(&|bytes| bytes[first_seq.clone()].fill(0))),
            ("a flag that nobody knows", strange(&|bytes| bytes[flags] |= 0x40)),
            ("one of a record", strange(&|bytes| bytes[record_flags] |= 0x40)),
            ("a byte behind the last record", strange(&|bytes| bytes.push(0))),
            ("records behind the last one, without end", strange(&|bytes| bytes.resize(bytes.len() + (8 << 16), 0))),
            ("an instant that is not armed", strange(&|bytes| bytes[flags] &= !ARMED)),
        ] {
            assert!(matches!(Row::parse(9, &bytes), Err(ReadFault::Damaged { position: 9, .. })), "{what}");
        }
    }

    #[test]
    fn a_row_that_lies_at_another_position_is_damage() {
        let bytes = encoded(&batch(), 9);
        assert!(Row::parse(10, &bytes).is_err());
    }

    #[test]
    fn a_sealed_record_without_its_key_says_so() {
        let bytes = encoded(&batch(), 9);
        let row = Row::parse(9, &bytes).unwrap();
        assert_eq!(row.open(None), Err(ReadFault::KeyGone { position: 9 }));
        assert!(matches!(row.open(Some(&[6; 32])), Err(ReadFault::Damaged { position: 9, .. })));
    }

    #[test]
    fn the_words_of_a_customer_are_not_in_the_row() {
        let bytes = encoded(&batch(), 9);
        assert!(!bytes.windows(5).any(|window| window == b"hello" || window == b"there"));
    }
}
