//! What pseudonyms look like, so that they can be told from what they stand for: hosts under reserved names, phone numbers
//! behind 555, ids with check digits. Pure: which pseudonym stands for what is decided elsewhere.

use super::find::ID_DIGITS;
use super::key::Draw;

/// Ids of this many digits begin with [`PREFIX`], too.
const MARKED_DIGITS: usize = 14;

/// How the pseudonym of an id of Meta's length begins.
const PREFIX: &str = "1606";

/// Most digits of an id that has a rank; nothing of Meta's comes near.
pub(super) const DIGITS_MAX: usize = 64;

/// Digits that differ from pseudonym to pseudonym: more would not fit the arithmetic, and none is needed.
const FREE_DIGITS: usize = 30;

/// The national part of a pseudonymous phone number begins so.
const PHONE: &str = "555";

/// Fewest digits of a national number behind a country code.
const NATIONAL_DIGITS: usize = 4;

/// Ids that name nobody: the three sizes of Messenger's thumb. Meta, event reference *messages*, read 2026-11-23.
pub(super) const PUBLIC_IDS: [&str; 3] = ["369239263222822", "369239343222814", "369239383222810"];

/// Country codes of two digits; 1 and 7 have one, all others three (ITU-T E.164, list of assigned codes, read 2026-11-23).
const TWO_DIGIT_CODES: [&[u8; 2]; 43] = [
    b"20", b"27", b"30", b"31", b"32", b"33", b"34", b"36", b"39", b"40", b"41", b"43", b"44", b"45", b"46", b"47",
    b"48", b"49", b"51", b"52", b"53", b"54", b"55", b"56", b"57", b"58", b"60", b"61", b"62", b"63", b"64", b"65",
    b"66", b"81", b"82", b"84", b"86", b"90", b"91", b"92", b"93", b"94", b"95",
];

/// The pseudonym of the id that is the `rank`th of all `count` ids of as many digits; greater ranks give greater ones.
pub(super) fn id(digits: usize, rank: u64, count: u64, draw: &mut Draw) -> String {
    let (count, rank) = (u128::from(count.max(1)), u128::from(rank));
    let (prefix, free, first) = shape(digits, count);
    let slots = power(free) - first;
    let stride = (slots / count).max(1);
    let number = first + rank.min(slots - 1) * stride + draw.below_wide(stride);
    let body =
        format!("{prefix}{number:0>width$}", width = if prefix.is_empty() { free } else { free_width(digits, prefix) });
    if body.len() == digits { body } else { with_check(&body) }
}

/// Prefix, digits that differ, and the first of their numbers.
fn shape(digits: usize, count: u128) -> (&'static str, usize, u128) {
    let plain = ("", digits.min(FREE_DIGITS), power(digits.min(FREE_DIGITS).saturating_sub(1)));
    let shape = if digits >= MARKED_DIGITS {
        (PREFIX, (digits - PREFIX.len() - 2).min(FREE_DIGITS), 0)
    } else if digits >= ID_DIGITS {
        ("", digits - 2, power(digits - 3))
    } else {
        plain
    };
    // With more ids than such pseudonyms their number and order matter more than their looks.
    if power(shape.1) - shape.2 < count { plain } else { shape }
}

fn free_width(digits: usize, prefix: &str) -> usize {
    digits - prefix.len() - 2
}

/// Two digits more, so that the number leaves 1 when divided by 97 (as in ISO 7064).
fn with_check(body: &str) -> String {
    format!("{body}{:02}", 98 - remainder(body.bytes().chain(*b"00")))
}

fn remainder(digits: impl Iterator<Item = u8>) -> u32 {
    digits.fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97)
}

fn power(digits: usize) -> u128 {
    10_u128.pow(u32::try_from(digits).expect("no id has so many digits"))
}

/// Whether digits look like the pseudonym of an id, or are too few to tell.
pub(super) fn is_id(digits: &str) -> bool {
    let digits = digits.trim_start_matches('0');
    let marked = digits.len() < MARKED_DIGITS || digits.starts_with(PREFIX);
    digits.len() < ID_DIGITS || PUBLIC_IDS.contains(&digits) || (marked && remainder(digits.bytes()) == 1)
}

/// Where the national number begins among the digits of a phone number: behind zeros, country code and zeros again.
pub(super) fn national(digits: &[u8], with_plus: bool) -> usize {
    let zeros = |from: usize| digits[from..].iter().take_while(|digit| **digit == b'0').count();
    let before = zeros(0);
    if with_plus || before >= 2 {
        let start = (before + country(&digits[before..])).min(digits.len());
        let start = start + zeros(start);
        if digits.len() - start >= NATIONAL_DIGITS {
            return start;
        }
    }
    // So it is written in North America: 1 202 555 0123.
    if before == 0 && digits.len() == 11 && digits[0] == b'1' && digits[1] != b'0' { 1 } else { before }
}

/// How many digits the country code at the beginning has.
pub(super) fn country(digits: &[u8]) -> usize {
    match digits {
        [] => 0,
        [b'1' | b'7', ..] => 1,
        [a, b, ..] if TWO_DIGIT_CODES.contains(&&[*a, *b]) || [*a, *b] == *b"98" => 2,
        _ => 3,
    }
}

/// The pseudonym of the national number that is the `rank`th of `count` of as many digits.
pub(super) fn phone(digits: usize, rank: u64, count: u64, draw: &mut Draw) -> String {
    let free = digits.saturating_sub(PHONE.len());
    let slots = power(free);
    let stride = (slots / u128::from(count.max(1))).max(1);
    let number = (u128::from(rank) * stride + draw.below_wide(stride)) % slots;
    let mut national = format!("{PHONE}{number:0>free$}");
    national.truncate(digits);
    national
}

/// Whether a phone number is a pseudonym.
pub(super) fn is_phone(digits: &[u8], with_plus: bool) -> bool {
    let is_marked = |national: &[u8]| national.len() < NATIONAL_DIGITS || national.starts_with(PHONE.as_bytes());
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    is_marked(&digits[zeros..]) || is_marked(&digits[national(digits, with_plus)..])
}

/// Whether bare digits are the pseudonym of a phone number, with its country code or without.
pub(super) fn is_bare_phone(digits: &str) -> bool {
    let marked = |at: usize| digits.get(at..).is_some_and(|national| national.starts_with(PHONE));
    digits.len() <= 15 && (marked(0) || marked(country(digits.as_bytes())))
}

/// A host of as many letters under a name that is nobody's: `.example` and `.test` are reserved (RFC 2606), `.zz` is
/// never given to a country (ISO 3166).
pub(super) fn host(letters: usize, draw: &mut Draw) -> Vec<char> {
    let end = match letters {
        9.. => ".example",
        6..=8 => ".test",
        4..=5 => ".zz",
        _ => return vec!['z'; letters],
    };
    let mut fill = |set: &[u8]| {
        char::from(set[usize::try_from(draw.below(u32::try_from(set.len()).expect("short"))).expect("short")])
    };
    let mut host = vec![fill(b"abcdefghijklmnopqrstuvwxyz")];
    while host.len() + end.len() < letters {
        host.push(fill(b"abcdefghijklmnopqrstuvwxyz0123456789"));
    }
    host.extend(end.chars());
    host
}

/// Whether a host is nobody's.
pub(super) fn is_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let reserved = ["example", "test", "invalid", "localhost", "zz", "example.com", "example.net", "example.org"];
    host.bytes().all(|letter| letter == b'z')
        || reserved
            .iter()
            .any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::super::key::Key;
    use super::*;

    #[test]
    fn pseudonyms_of_ids_keep_length_and_order_and_are_told_from_others() {
        for digits in 1..=DIGITS_MAX {
            let count = if digits == 1 { 9 } else { 90 };
            let all: Vec<String> = (0..count)
                .map(|rank| id(digits, rank, count, &mut Key::of(b"key").draw("id", &[&rank.to_be_bytes()])))
                .collect();
            assert!(all.iter().all(|id| id.len() == digits && !id.starts_with('0') && is_id(id)), "{all:?}");
            assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
        }
        let real = ["104000000000017", "7100000000000001", "61550000000000", "23850000000000001", "12345678"];
        assert!(real.iter().all(|id| !is_id(id)));
        assert!(is_id("369239263222822") && is_id("5001"));
    }

    #[test]
    fn ids_that_are_too_many_for_the_form_keep_length_and_order() {
        let count = 1_000_000;
        let mut draw = Key::of(b"key").draw("id", &[]);
        let (first, second, last) =
            (id(8, 0, count, &mut draw), id(8, 1, count, &mut draw), id(8, count - 1, count, &mut draw));
        assert!(first < second && second < last && last.len() == 8, "{first} {second} {last}");
    }

    #[test]
    fn the_national_part_is_the_same_in_every_spelling() {
        let cases: [(&str, bool, &str); 9] = [
            ("491712345678", true, "1712345678"),
            ("00491712345678", false, "1712345678"),
            ("4901712345678", true, "1712345678"),
            ("01712345678", false, "1712345678"),
            ("12025550123", true, "2025550123"),
            ("12025550123", false, "2025550123"),
            ("2025550123", false, "2025550123"),
            ("390612345678", true, "612345678"),
            ("0000000", false, ""),
        ];
        for (digits, with_plus, expected) in cases {
            assert_eq!(&digits[national(digits.as_bytes(), with_plus)..], expected, "{digits}");
        }
    }

    #[test]
    fn pseudonyms_of_phones_and_hosts_are_told_from_others() {
        let mut draw = Key::of(b"key").draw("test", &[]);
        for digits in 4..=15 {
            let national = phone(digits, 3, 10, &mut draw);
            assert_eq!(national.len(), digits);
            assert!(is_phone(national.as_bytes(), false) && is_phone(format!("49{national}").as_bytes(), true));
        }
        assert!(!is_phone(b"491712345678", true) && !is_phone(b"01712345678", false));
        for letters in 1..40 {
            let host: String = host(letters, &mut draw).into_iter().collect();
            assert!(host.len() == letters && is_host(&host), "{host}");
        }
        assert!(["shop.de", "example.com.de", "fizz", "contest"].iter().all(|host| !is_host(host)));
        assert!(["a.example", "www.Example.com", "localhost"].iter().all(|host| is_host(host)));
    }
}
