//! How many different things there were, without remembering them: digests are sorted piece by piece into a nameless file
//! and counted when the pieces are merged.
//!
//! Invariant: memory holds one piece, however many there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use sha2::{Digest as _, Sha256};

/// Enough of a hash that two of a billion things are one with a chance below one in 10^20.
type Mark = [u8; 16];

/// Digests that are sorted in memory: 512 KiB.
const PIECE: usize = 32 << 10;

/// Bytes that are read of a piece at once while all are merged.
const READ_AT_ONCE: u64 = 4 << 10;

/// Counts what differs.
pub(super) struct Sorter {
    piece: Vec<Mark>,
    file: Option<File>,
    /// Where each piece in the file ends.
    ends: Vec<u64>,
    added: u64,
}

impl Sorter {
    /// Counts nothing yet.
    pub(super) const fn new() -> Self {
        Self { piece: Vec::new(), file: None, ends: Vec::new(), added: 0 }
    }

    /// Adds a thing, told by its parts.
    pub(super) fn add(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut mark = Mark::default();
        mark.copy_from_slice(&hash.finalize()[..16]);
        self.piece.push(mark);
        self.added += 1;
        if self.piece.len() >= PIECE { self.spill() } else { Ok(()) }
    }

    /// How many were added.
    pub(super) const fn added(&self) -> u64 {
        self.added
    }

    fn spill(&mut self) -> io::Result<()> {
        self.piece.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut out = BufWriter::new(&*file);
        self.piece.iter().try_for_each(|mark| out.write_all(mark))?;
        out.flush()?;
        drop(out);
        self.ends.push(file.stream_position()?);
        self.piece.clear();
        Ok(())
    }

    /// How many of them differ.
    pub(super) fn different(mut self) -> io::Result<u64> {
        if self.file.is_none() {
            self.piece.sort_unstable();
            self.piece.dedup();
            return Ok(self.piece.len() as u64);
        }
        self.spill()?;
        let Some(file) = self.file.take() else { return Ok(0) };
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let mut pieces: Vec<Piece> =
            starts.zip(&self.ends).map(|(at, end)| Piece { at, end: *end, read: Vec::new() }).collect();
        let mut next = BinaryHeap::new();
        for (index, piece) in pieces.iter_mut().enumerate() {
            next.extend(piece.next(&file)?.map(|mark| Reverse((mark, index))));
        }
        let (mut different, mut last) = (0, None);
        while let Some(Reverse((mark, index))) = next.pop() {
            different += u64::from(last != Some(mark));
            last = Some(mark);
            next.extend(pieces[index].next(&file)?.map(|mark| Reverse((mark, index))));
        }
        Ok(different)
    }
}

/// A sorted piece of the file.
struct Piece {
    at: u64,
    end: u64,
    /// What was read and not taken, backwards.
    read: Vec<Mark>,
}

impl Piece {
    fn next(&mut self, mut file: &File) -> io::Result<Option<Mark>> {
        if self.read.is_empty() && self.at < self.end {
            file.seek(SeekFrom::Start(self.at))?;
            let length = READ_AT_ONCE.min(self.end - self.at);
            let mut bytes = BufReader::new(file.take(length));
            let mut mark = Mark::default();
            for _ in 0..length / 16 {
                bytes.read_exact(&mut mark)?;
                self.read.push(mark);
            }
            self.read.reverse();
            self.at += length;
        }
        Ok(self.read.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_counted_in_memory_and_over_many_pieces() {
        for (added, different) in [(0, 1), (10, 3), (PIECE * 3 + 5, PIECE * 2 + 1)] {
            let mut sorter = Sorter::new();
            for number in 0..added {
                sorter.add(&[b"thing", &(number % different).to_be_bytes()]).unwrap();
            }
            assert_eq!(sorter.added(), added as u64);
            assert_eq!(sorter.different().unwrap(), different.min(added) as u64);
        }
    }

    #[test]
    fn the_borders_between_parts_count() {
        let mut sorter = Sorter::new();
        sorter.add(&[b"ab", b"c"]).unwrap();
        sorter.add(&[b"a", b"bc"]).unwrap();
        assert_eq!(sorter.different().unwrap(), 2);
    }
}
