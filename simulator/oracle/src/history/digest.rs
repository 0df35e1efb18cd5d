//! What stands for words, so that a history holds none.

use core::fmt;

/// Stands for bytes: FNV-1a over 128 bits. Equal bytes, equal digests; nobody here wants to hide from anybody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub u128);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
        let begin = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
        Self(bytes.iter().fold(begin, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME)))
    }

    /// Of the words of a line: a line of a task may go on in brackets about what was attached, from a new line on. What
    /// somebody wrote is cut at the same place, so both have one digest.
    pub fn of_line(line: &str) -> Self {
        let end = if line.starts_with('[') { Some(0) } else { line.find("\n[") };
        Self::of(&line.as_bytes()[..end.unwrap_or(line.len())])
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_the_words_it_was_made_of_have_one_digest() {
        for text in ["hello", "", "[odd] text", "two\nlines", "a [b] c\n[d] e"] {
            let line = if text.is_empty() { "[image]".to_owned() } else { format!("{text}\n[image]") };
            assert_eq!(Digest::of_line(&line), Digest::of_line(text), "{text}");
        }
        assert_ne!(Digest::of_line("hello"), Digest::of_line("hallo"));
    }
}
