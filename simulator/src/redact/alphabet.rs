//! Which letters may stand for one another: those of the same script, case, length in UTF-8 and behaviour towards their
//! neighbours, so that a text keeps its counts and its grapheme clusters. Digits stand for digits.
//!
//! Invariant: a letter's alphabet holds the letter itself, and is the alphabet of every letter in it. What is neither
//! letter nor digit has none and stays: marks, punctuation, white space, emoji.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use unicode_segmentation::UnicodeSegmentation as _;

/// Scripts that do not keep to blocks of 128 characters, and those that are wider. First and last character.
const SCRIPTS: [(u32, u32); 16] = [
    (0x0370, 0x03ff), // Greek
    (0x0400, 0x052f), // Cyrillic
    (0x0531, 0x058f), // Armenian
    (0x0590, 0x05ff), // Hebrew
    (0x0600, 0x06ff), // Arabic
    (0x10a0, 0x10ff), // Georgian
    (0x1200, 0x137f), // Ethiopic
    (0x1e00, 0x1eff), // Latin with two marks
    (0x1f00, 0x1fff), // Greek with marks
    (0x3040, 0x309f), // Hiragana
    (0x30a0, 0x30ff), // Katakana
    (0x3400, 0x4dbf), // Han, rare
    HAN,
    HANGUL,
    (0xff00, 0xffef), // wide and narrow forms
    (0x2_0000, 0x2_a6df),
];

const HAN: (u32, u32) = (0x4e00, 0x9fff);
const HANGUL: (u32, u32) = (0xac00, 0xd7a3);

/// Characters that have pictures of their own; kept, as emoji are.
const PICTURES: (u32, u32) = (0x1_f000, 0x1_faff);

/// Neighbours that show how a letter behaves: plain, the three kinds of Hangul, a joined consonant, a joined emoji.
const BEFORE: [&str; 6] = ["a", "\u{1100}", "\u{ac00}", "\u{ac01}", "\u{915}\u{94d}", "\u{2764}\u{200d}"];
const AFTER: [&str; 5] = ["a", "\u{1100}", "\u{1161}", "\u{11a8}", "\u{94d}\u{915}"];

/// Letters that may stand for one another.
#[derive(Clone, Debug)]
pub(super) enum Alphabet {
    /// `a` to `z`.
    Small,
    /// `A` to `Z`.
    Capital,
    /// `0` to `9`.
    Digit,
    /// `1` to `9`: how a number begins.
    Leading,
    /// `a` to `f`: of a number in base 16.
    SmallHex,
    /// `A` to `F`.
    CapitalHex,
    /// `0` to `9` and `a` to `f`, either case: of an escape in an address. Written in capitals if true.
    Nibble(bool),
    /// Letters of another script: number of the script's first character and of the alphabet in it.
    Other(Arc<Vec<char>>, u32),
}

impl Alphabet {
    /// The alphabet of a letter or digit and its place there; `None` for what stays.
    pub(super) fn of(letter: char) -> Option<(Self, u32)> {
        let from = |first: char| u32::from(letter) - u32::from(first);
        match letter {
            'a'..='z' => Some((Self::Small, from('a'))),
            'A'..='Z' => Some((Self::Capital, from('A'))),
            '0'..='9' => Some((Self::Digit, from('0'))),
            '\0'..='\x7f' => None,
            _ if letter.is_alphanumeric() => Block::of(letter).alphabet(letter),
            _ => None,
        }
    }

    /// How many letters it has.
    pub(super) fn size(&self) -> u32 {
        match self {
            Self::Small | Self::Capital => 26,
            Self::Digit => 10,
            Self::Leading => 9,
            Self::SmallHex | Self::CapitalHex => 6,
            Self::Nibble(_) => 16,
            Self::Other(letters, _) => u32::try_from(letters.len()).expect("a script has fewer than 2^32 letters"),
        }
    }

    /// A number that no other alphabet has.
    pub(super) fn tag(&self) -> u32 {
        match self {
            Self::Small => 1,
            Self::Capital => 2,
            Self::Digit => 3,
            Self::Leading => 4,
            Self::SmallHex => 5,
            Self::CapitalHex => 6,
            Self::Nibble(capital) => 7 + u32::from(*capital),
            Self::Other(_, tag) => *tag,
        }
    }

    /// The letter at a place.
    pub(super) fn letter(&self, place: u32) -> char {
        let after = |first: char| char::from_u32(u32::from(first) + place).expect("the place lies in the alphabet");
        match self {
            Self::Small | Self::SmallHex => after('a'),
            Self::Capital | Self::CapitalHex => after('A'),
            Self::Digit => after('0'),
            Self::Leading => after('1'),
            Self::Nibble(capital) => {
                let nibble = char::from_digit(place, 16).expect("the place lies in the alphabet");
                if *capital { nibble.to_ascii_uppercase() } else { nibble }
            }
            Self::Other(letters, _) => letters[usize::try_from(place).expect("a place fits")],
        }
    }
}

/// A script, or 128 characters of Unicode, sorted into alphabets.
struct Block {
    first: u32,
    /// By distance from the first character: which alphabet, and the place there.
    places: Vec<Option<(usize, u32)>>,
    alphabets: Vec<Arc<Vec<char>>>,
}

impl Block {
    /// The block of a character; made at first use.
    fn of(letter: char) -> Arc<Self> {
        static BLOCKS: Mutex<BTreeMap<u32, Arc<Block>>> = Mutex::new(BTreeMap::new());
        let (first, last) = bounds(u32::from(letter));
        let mut blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(blocks.entry(first).or_insert_with(|| Arc::new(Self::made(first, last))))
    }

    fn made(first: u32, last: u32) -> Self {
        let mut places = Vec::new();
        let mut alphabets: Vec<Vec<char>> = Vec::new();
        let mut known = BTreeMap::new();
        for code in first..=last {
            let letter = char::from_u32(code).filter(|letter| letter.is_alphanumeric());
            places.push(letter.and_then(|letter| {
                let next = known.len();
                let number = *known.entry(nature(letter)?).or_insert(next);
                alphabets.resize(known.len(), Vec::new());
                let place = u32::try_from(alphabets[number].len()).expect("a block is small");
                alphabets[number].push(letter);
                Some((number, place))
            }));
        }
        Self { first, places, alphabets: alphabets.into_iter().map(Arc::new).collect() }
    }

    fn alphabet(&self, letter: char) -> Option<(Alphabet, u32)> {
        let offset = usize::try_from(u32::from(letter) - self.first).expect("a block is small");
        let (number, place) = self.places[offset]?;
        // A block has fewer than 256 alphabets, and the first of all begins at 128.
        let tag = self.first * 256 + u32::try_from(number).expect("a block is small");
        Some((Alphabet::Other(Arc::clone(&self.alphabets[number]), tag), place))
    }
}

/// First and last character of the block of a character; a script takes its part out of the blocks of 128.
fn bounds(code: u32) -> (u32, u32) {
    if let Some(script) = SCRIPTS.iter().find(|(first, last)| (*first..=*last).contains(&code)) {
        return *script;
    }
    let (mut first, mut last) = (code & !127, code | 127);
    for (from, to) in SCRIPTS {
        if to < code {
            first = first.max(to + 1);
        } else if from > code {
            last = last.min(from - 1);
        }
    }
    (first, last)
}

/// What two letters must have in common; `None` for a picture.
fn nature(letter: char) -> Option<(bool, bool, bool, usize, Vec<bool>)> {
    let code = u32::from(letter);
    if (PICTURES.0..=PICTURES.1).contains(&code) {
        return None;
    }
    let joins = if (HAN.0..=HAN.1).contains(&code) || code >= 0x2_0000 {
        Vec::new()
    } else if (HANGUL.0..=HANGUL.1).contains(&code) {
        vec![(code - HANGUL.0).is_multiple_of(28)]
    } else {
        let joined = |text: String| text.graphemes(true).nth(1).is_none();
        let before = BEFORE.iter().map(|before| joined(format!("{before}{letter}")));
        before.chain(AFTER.iter().map(|after| joined(format!("{letter}{after}")))).collect()
    };
    // Joined to an emoji only if it is one.
    let is_picture = joins.get(BEFORE.len() - 1) == Some(&true) && joins.first() == Some(&false);
    (!is_picture).then(|| {
        let digit = letter.is_numeric() && !letter.is_alphabetic();
        (digit, letter.is_lowercase(), letter.is_uppercase(), letter.len_utf8(), joins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_stands_in_an_alphabet_of_its_script_and_case() {
        let cases = [
            ('q', 'a', true),
            ('q', 'Q', false),
            ('7', '0', true),
            ('é', 'ß', true),
            ('é', 'É', false),
            ('ж', 'я', true),
            ('ж', 'Ж', false),
            ('λ', 'ω', true),
            ('ש', 'א', true),
            ('م', 'ع', true),
            ('क', 'ह', true),
            ('क', '\u{93f}', false),
            ('ก', 'ฮ', true),
            ('か', 'ん', true),
            ('漢', '字', true),
            ('가', '나', true),
            ('가', '각', false),
            ('٣', '٩', true),
            ('٣', 'م', false),
        ];
        for (one, other, together) in cases {
            let (alphabet, place) = Alphabet::of(one).unwrap();
            assert_eq!(alphabet.letter(place), one);
            let held = Alphabet::of(other).is_some_and(|(found, _)| found.tag() == alphabet.tag());
            assert_eq!(held, together, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_letter_stays() {
        for kept in [
            ' ', '\n', '.', '_', '@', '\u{301}', '\u{fe0f}', '\u{200d}', '😀', '❤', '🇩', 'ℹ', 'Ⓜ', '\u{94d}',
            '\u{fffd}',
        ] {
            assert!(Alphabet::of(kept).is_none(), "{kept:?}");
        }
    }

    #[test]
    fn every_letter_has_its_own_place_and_no_two_alphabets_share_a_tag() {
        let mut tags = BTreeMap::new();
        for letter in (0..=0x2_ffff).filter_map(char::from_u32) {
            let Some((alphabet, place)) = Alphabet::of(letter) else { continue };
            assert_eq!(alphabet.letter(place), letter);
            assert!(place < alphabet.size());
            let first = alphabet.letter(0);
            assert_eq!(*tags.entry(alphabet.tag()).or_insert(first), first, "{letter}");
            assert_eq!(letter.len_utf8(), first.len_utf8());
        }
    }
}
