//! The bytes of `inbox.wal`: a head, two halves, frames in them. Layout and scan alone, no file, no decisions.
//!
//! | part | offset | bytes | field, little-endian |
//! |---|---:|---:|---|
//! | head of the file, one page of 4,096 | 0 | 8 | magic `pdinbox\0` |
//! | | 8 | 4 | version, 1 |
//! | | 12 | 4 | CRC-32 (IEEE) of magic, version and bytes of a half |
//! | | 16 | 8 | bytes of a half; 0 while the file is being made, and then nothing behind the head counts |
//! | head of a half, 24 bytes | 0 | 4 | magic `\0pdH` |
//! | | 4 | 4 | CRC-32 of the generation |
//! | | 8 | 8 | generation: grows with each half begun |
//! | | 16 | 8 | zero |
//! | frame, from there on, each at a multiple of 8 | 0 | 4 | magic `\0pdF` |
//! | | 4 | 4 | CRC-32 of generation (u64), everything from offset 8 and the body |
//! | | 8 | 8 | seq |
//! | | 16 | 8 | received at, ms since 1970, signed |
//! | | 24 | 4 | bytes of the body |
//! | | 28 | 4 | zero |
//! | | 32 | … | the body, then zeros up to the next multiple of 8 |
//!
//! Invariant: a frame of an earlier generation never passes for one of this, since the generation is in its checksum;
//! a magic begins with a zero byte, which no JSON text holds, so a body never passes for a frame.

use bytes::Bytes;

use super::Delivery;
use crate::row::Eye;

/// Bytes before the first half.
pub(super) const FILE_HEAD: usize = 4096;
/// Bytes before the first frame of a half.
pub(super) const HALF_HEAD: usize = 24;
/// Bytes before the body of a frame.
const FRAME_HEAD: usize = 32;
const ALIGN: usize = 8;

const FILE_MAGIC: [u8; 8] = *b"pdinbox\0";
const HALF_MAGIC: [u8; 4] = *b"\0pdH";
const FRAME_MAGIC: [u8; 4] = *b"\0pdF";
/// Version written here. A higher one is refused.
pub(super) const VERSION: u32 = 1;
/// Stands for the bytes of a half while the file is being made.
pub(super) const UNFINISHED: u64 = 0;

/// Bytes that a body takes in a half.
pub(super) const fn frame_length(body: usize) -> usize {
    (FRAME_HEAD + body).next_multiple_of(ALIGN)
}

/// What the head of a file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FileHead {
    /// Nothing was written there: the file was never begun.
    Blank,
    /// It was being made, while everything that it ever held had its row.
    Unfinished,
    /// Bytes of each half, which is all that the file holds behind its head.
    Halves(u64),
    /// A newer version.
    Newer(u32),
    /// Neither.
    Damaged,
}

/// The head of a file whose halves have so many bytes.
pub(super) fn file_head(half: u64) -> [u8; FILE_HEAD] {
    let mut head = [0; FILE_HEAD];
    head[..8].copy_from_slice(&FILE_MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..16].copy_from_slice(&file_checksum(VERSION, half).to_le_bytes());
    head[16..24].copy_from_slice(&half.to_le_bytes());
    head
}

/// Reads the head of a file, of which there may be fewer bytes.
pub(super) fn read_file_head(bytes: &[u8]) -> FileHead {
    if bytes.iter().take(FILE_HEAD).all(|byte| *byte == 0) {
        return FileHead::Blank;
    }
    let Some(bytes) = bytes.get(..FILE_HEAD) else { return FileHead::Damaged };
    let mut eye = Eye { bytes, at: 8 };
    let (Ok(version), Ok(crc), Ok(half)) = (eye.array(), eye.array(), eye.array()) else { return FileHead::Damaged };
    let (version, crc, half) = (u32::from_le_bytes(version), u32::from_le_bytes(crc), u64::from_le_bytes(half));
    if bytes[..8] != FILE_MAGIC || crc != file_checksum(version, half) {
        FileHead::Damaged
    } else if version > VERSION {
        FileHead::Newer(version)
    } else if half == UNFINISHED {
        FileHead::Unfinished
    } else {
        FileHead::Halves(half)
    }
}

fn file_checksum(version: u32, half: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&FILE_MAGIC);
    hasher.update(&version.to_le_bytes());
    hasher.update(&half.to_le_bytes());
    hasher.finalize()
}

/// Begins a half.
pub(super) fn write_half_head(generation: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&HALF_MAGIC);
    out.extend_from_slice(&crc32fast::hash(&generation.to_le_bytes()).to_le_bytes());
    out.extend_from_slice(&generation.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
}

/// Adds a frame. The body is shorter than 4 GiB, as the inbox's limit says.
pub(super) fn write_frame(generation: u64, seq: u64, received_at: i64, body: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    let length = u32::try_from(body.len()).expect("a body is far below 4 GiB");
    out.extend_from_slice(&FRAME_MAGIC);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(&received_at.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(body);
    let checksum = frame_checksum(generation, &out[from + 8..]);
    out[from + 4..from + 8].copy_from_slice(&checksum.to_le_bytes());
    out.resize(from + frame_length(body.len()), 0);
}

fn frame_checksum(generation: u64, checked: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&generation.to_le_bytes());
    hasher.update(checked);
    hasher.finalize()
}

/// What a half holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Its generation, 0 where it was never begun, or its beginning did not become durable.
    pub(super) generation: u64,
    /// Its frames, in order.
    pub(super) frames: Vec<Delivery>,
    /// Places that hold no frame although frames follow: damage, or writes that a loss of power kept out of order.
    pub(super) gaps: Vec<usize>,
}

/// Reads every frame of the half's generation. Behind a place that holds none the search goes on.
pub(super) fn scan(half: &Bytes) -> Scan {
    let Some(generation) = half_generation(half) else { return Scan::default() };
    let mut scan = Scan { generation, ..Scan::default() };
    let (mut at, mut gap) = (HALF_HEAD, None);
    while at + FRAME_HEAD <= half.len() {
        match frame(generation, half, at) {
            Some(delivery) => {
                scan.gaps.extend(gap.take());
                at += frame_length(delivery.body.len());
                scan.frames.push(delivery);
            }
            None => {
                gap = gap.or(Some(at));
                at += ALIGN;
            }
        }
    }
    scan
}

fn half_generation(half: &[u8]) -> Option<u64> {
    let mut eye = Eye { bytes: half, at: 0 };
    let (magic, crc, generation): ([u8; 4], [u8; 4], [u8; 8]) =
        (eye.array().ok()?, eye.array().ok()?, eye.array().ok()?);
    let sound = magic == HALF_MAGIC && crc32fast::hash(&generation) == u32::from_le_bytes(crc);
    sound.then(|| u64::from_le_bytes(generation))
}

fn frame(generation: u64, half: &Bytes, at: usize) -> Option<Delivery> {
    if half[at..at + 4] != FRAME_MAGIC {
        return None;
    }
    let mut eye = Eye { bytes: half, at: at + 4 };
    let crc = u32::from_le_bytes(eye.array().ok()?);
    let seq = u64::from_le_bytes(eye.array().ok()?);
    let received_at = i64::from_le_bytes(eye.array().ok()?);
    let length = usize::try_from(u32::from_le_bytes(eye.array().ok()?)).ok()?;
    let end = (at + FRAME_HEAD).checked_add(length).filter(|end| *end <= half.len())?;
    if frame_checksum(generation, &half[at + 8..end]) != crc {
        return None;
    }
    Some(Delivery { seq, received_at, body: half.slice(at + FRAME_HEAD..end) })
}

/// A half's frames and gaps, and what writing the frames again gives; `None` where none begins.
pub(crate) fn again(half: &Bytes) -> Option<(Vec<Delivery>, Vec<usize>, Vec<u8>)> {
    let generation = half_generation(half)?;
    let Scan { frames, gaps, .. } = scan(half);
    let mut out = Vec::new();
    write_half_head(generation, &mut out);
    for Delivery { seq, received_at, body } in &frames {
        write_frame(generation, *seq, *received_at, body, &mut out);
    }
    Some((frames, gaps, out))
}

/// Bytes with the checksums that a half's head and whatever looks like a frame would have.
pub(crate) fn with_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    let Some(generation) = bytes.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes) else {
        return bytes;
    };
    let checksum = crc32fast::hash(&generation.to_le_bytes());
    bytes[..4].copy_from_slice(&HALF_MAGIC);
    bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
    let mut at = HALF_HEAD;
    while at + FRAME_HEAD <= bytes.len() {
        let length = u32::from_le_bytes([24, 25, 26, 27].map(|offset| bytes[at + offset]));
        let end = usize::try_from(length).ok().and_then(|length| (at + FRAME_HEAD).checked_add(length));
        let end = end.filter(|end| *end <= bytes.len() && bytes[at..].starts_with(&FRAME_MAGIC));
        if let Some(end) = end {
            let checksum = frame_checksum(generation, &bytes[at + 8..end]);
            bytes[at + 4..at + 8].copy_from_slice(&checksum.to_le_bytes());
        }
        at = end.map_or(at + ALIGN, |end| end.next_multiple_of(ALIGN));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn half(generation: u64, bodies: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_half_head(generation, &mut bytes);
        for (seq, body) in (1..).zip(bodies) {
            write_frame(generation, seq, -5, body, &mut bytes);
        }
        bytes
    }

    fn seqs(scan: &Scan) -> Vec<u64> {
        scan.frames.iter().map(|frame| frame.seq).collect()
    }

    #[test]
    fn frames_of_an_earlier_generation_are_not_read() {
        let mut bytes = half(1, &[b"one".to_vec(), b"two".to_vec(), b"six".to_vec()]);
        let newer = half(2, &[b"new".to_vec()]);
        bytes[..newer.len()].copy_from_slice(&newer);
        let scan = scan(&Bytes::from(bytes));
        assert_eq!((scan.generation, seqs(&scan), scan.gaps), (2, vec![1], vec![]));
    }

    #[test]
    fn behind_a_damaged_frame_the_others_are_found_and_the_gap_is_told() {
        let bodies: Vec<Vec<u8>> = (0..5_usize).map(|number| vec![b'x'; number * 9]).collect();
        let mut bytes = half(9, &bodies);
        let second = HALF_HEAD + frame_length(0);
        bytes[second + FRAME_HEAD] ^= 1;
        let scan = scan(&Bytes::from(bytes));
        assert_eq!((seqs(&scan), scan.gaps), (vec![1, 3, 4, 5], vec![second]));
    }

    #[test]
    fn a_head_tells_blank_from_damaged_from_newer() {
        let head = file_head(77);
        assert_eq!(read_file_head(&head), FileHead::Halves(77));
        assert_eq!(read_file_head(&file_head(UNFINISHED)), FileHead::Unfinished);
        assert_eq!(read_file_head(&head[..100]), FileHead::Damaged);
        assert_eq!((read_file_head(&[]), read_file_head(&[0; 100])), (FileHead::Blank, FileHead::Blank));
        assert_eq!(read_file_head(&[0; FILE_HEAD]), FileHead::Blank);
        for at in 0..24 {
            let mut torn = head;
            torn[at] ^= 4;
            assert_eq!(read_file_head(&torn), FileHead::Damaged);
        }
        let mut newer = head;
        newer[8..12].copy_from_slice(&2_u32.to_le_bytes());
        newer[12..16].copy_from_slice(&file_checksum(2, 77).to_le_bytes());
        assert_eq!(read_file_head(&newer), FileHead::Newer(2));
    }

    proptest! {
        #[test]
        fn what_was_framed_is_read_and_no_bytes_make_it_panic(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..12),
            cut in any::<prop::sample::Index>(),
            change in any::<(prop::sample::Index, u8)>(),
        ) {
            let bytes = half(3, &bodies);
            let whole = scan(&Bytes::from(bytes.clone()));
            prop_assert_eq!(whole.frames.len(), bodies.len());
            for (frame, body) in whole.frames.iter().zip(&bodies) {
                prop_assert_eq!(&frame.body[..], &body[..]);
                prop_assert_eq!(frame.received_at, -5);
            }
            let mut torn = bytes[..cut.index(bytes.len())].to_vec();
            if !torn.is_empty() {
                let at = change.0.index(torn.len());
                torn[at] = change.1;
            }
            let read = scan(&Bytes::from(torn));
            prop_assert!(read.frames.len() <= bodies.len());
            for frame in &read.frames {
                let index = usize::try_from(frame.seq - 1).unwrap();
                prop_assert_eq!(&frame.body[..], &bodies[index][..]);
            }
        }
    }
}
