//! Ids and phone numbers among digits. An id is a long run of digits, a phone number has seven to fifteen in groups, or a
//! `+` or `0` before them (ITU-T E.164, read 2026-11-23).
//!
//! A date or a sum may be taken for a phone number: it is as good a pseudonym as any for it.

use super::{ID_DIGITS, Kind, begins, is_word, stands, while_so};

/// Digits of a phone number.
const PHONE_DIGITS: core::ops::RangeInclusive<usize> = 7..=15;

/// Digits of one group of a phone number; what is longer is an id.
const GROUP_DIGITS: usize = 12;

/// Characters between two groups.
const GAP: usize = 3;

/// What stands before a phone number in the links of messengers: `whatsapp://send?phone=46…`.
const NAMED: &str = "phone=";

/// A `+` as an address writes it.
const PLUS: &str = "%2B";

/// The id or phone number that begins here, and its end.
pub(super) fn any(text: &[char], at: usize) -> Option<(Kind, usize)> {
    let first = text[at];
    if !begins(text, at) {
        return None;
    }
    let phone = || phone(text, at).map(|end| (Kind::Phone, end));
    if first == '+' || first == '(' {
        return phone();
    }
    if !first.is_ascii_digit() {
        return None;
    }
    let run = while_so(text, at, |letter| letter.is_ascii_digit());
    let is_joined = text.get(run) == Some(&'_') && text.get(run + 1).is_some_and(char::is_ascii_digit);
    let long = (run - at > GROUP_DIGITS && first != '0') || is_joined;
    let as_phone = if long { None } else { phone() };
    match as_phone {
        Some((kind, end)) if end > run || first == '0' => Some((kind, end)),
        Some(_) | None => id(text, at).map(|end| (Kind::Id, end)),
    }
}

/// The end of the phone number with country code that begins here, behind `phone=`, `+` or `%2B`; in an address where
/// `is_bare` also without any of them.
pub(super) fn named(text: &[char], at: usize, is_bare: bool) -> Option<usize> {
    if !begins(text, at) {
        return None;
    }
    let behind = at + prefix(&text[at..]);
    let start = behind + usize::from(text.get(behind) == Some(&'+'));
    if start == at && !is_bare {
        return None;
    }
    let end = while_so(text, start, |letter| letter.is_ascii_digit());
    (PHONE_DIGITS.contains(&(end - start)) && !is_word(text, Some(end))).then_some(end)
}

/// How many characters before the digits of a phone number are `phone=` and `%2B`.
pub(super) fn prefix(text: &[char]) -> usize {
    let named = if stands(text, 0, NAMED) { NAMED.len() } else { 0 };
    if stands(text, named, PLUS) { named + PLUS.len() } else { named }
}

/// The end of the id that begins here: digits, or several runs of them joined by `_`, one of which is long.
pub(super) fn id(text: &[char], at: usize) -> Option<usize> {
    if !text[at].is_ascii_digit() || !begins(text, at) {
        return None;
    }
    let (mut start, mut is_long) = (at, false);
    loop {
        let end = while_so(text, start, |letter| letter.is_ascii_digit());
        is_long |= end - start >= ID_DIGITS;
        if is_word(text, Some(end)) {
            return None;
        }
        if text.get(end) != Some(&'_') || !text.get(end + 1).is_some_and(char::is_ascii_digit) {
            return is_long.then_some(end);
        }
        start = end + 1;
    }
}

fn phone(text: &[char], at: usize) -> Option<usize> {
    let (mut digits, mut group, mut gap, mut end) = (0, 0, 0, at);
    let with_plus = text[at] == '+' || text.get(at + 1) == Some(&'+');
    for (place, letter) in text.iter().enumerate().skip(at) {
        match letter {
            '0'..='9' => {
                group = if gap == 0 { group + 1 } else { 1 };
                (digits, gap, end) = (digits + 1, 0, place + 1);
                if group > GROUP_DIGITS && !with_plus && text[at] != '0' {
                    return None;
                }
            }
            '+' if digits == 0 => {}
            ' ' | '-' | '/' | '(' | ')' | '\u{a0}' | '\u{2011}' | '\u{2013}' if gap < GAP => gap += 1,
            // A full stop parts groups, too, but not if white space follows: then it ends a sentence.
            '.' if gap == 0 && text.get(place + 1).is_some_and(char::is_ascii_digit) => gap += GAP,
            _ => break,
        }
    }
    // An id that follows at once, or a word, would be torn apart.
    let is_torn = is_word(text, Some(end)) || (text.get(end) == Some(&'_') && is_word(text, Some(end + 1)));
    (PHONE_DIGITS.contains(&digits) && !is_torn).then_some(end)
}
