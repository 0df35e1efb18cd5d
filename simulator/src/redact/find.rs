//! Where in a text addresses, numbers and marks stand that need a pseudonym of their own kind.
//!
//! Total, and by looks alone: what is found depends on the classes of characters and a few fixed words, so that the same
//! places are found in a text and in its pseudonym. `number` tells ids from phone numbers.

mod number;

use core::ops::Range;

/// Fewest digits of a number that is taken for an id wherever it stands.
pub(super) const ID_DIGITS: usize = 8;

/// Fewest letters and digits of an access token.
const TOKEN_LETTERS: usize = 20;

/// How addresses begin that name a host; of others every letter is one of a text.
const SCHEMES: [&str; 6] = ["http://", "https://", "ftp://", "ftps://", "ws://", "wss://"];

/// Most digits of a port.
const PORT_DIGITS: usize = 5;

/// How access tokens of the Graph API begin. Meta, *Access tokens*, read 2026-11-23.
const TOKEN: &str = "EAA";

/// How the pseudonym of a token, and of a long message id after `m_`, begins.
pub(super) const REDACTED: &str = "EXAMPLE";

/// Extensions of files that stay in an address.
const EXTENSIONS: [&str; 32] = [
    "jpg", "jpeg", "png", "gif", "webp", "heic", "svg", "mp4", "mov", "webm", "mp3", "m4a", "aac", "ogg", "opus",
    "wav", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "txt", "csv", "vcf", "htm", "html", "php",
    "json", "xml",
];

/// What stands somewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// An address with a scheme, or one that begins with `www.`.
    Link,
    /// An e-mail address.
    Mail,
    /// A phone number, in any spelling.
    Phone,
    /// A long number, or several joined by `_`.
    Id,
    /// An access token, or the pseudonym of one.
    Token,
    /// A message id: `m_…` or `mid.…`.
    Message,
    /// The mark of an effect of ours, which names a machine.
    Mark,
}

/// A place in a text, counted in characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// The parts of a [`Kind::Link`], counted from the beginning of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Link {
    /// Name and password before the host, without the `@`.
    pub(super) person: Range<usize>,
    /// The host, without its port.
    pub(super) host: Range<usize>,
    /// What follows the host and its port.
    pub(super) rest: Range<usize>,
    /// The extension of a file, in the rest, without the dot.
    pub(super) extension: Range<usize>,
}

/// All places in a text, in order; none overlaps another.
pub(super) fn spans(text: &[char]) -> Vec<Span> {
    walk(text, |at| {
        let link = link_end(text, at).map(|end| (Kind::Link, end)).or_else(|| plain(text, at));
        // Behind `phone=` alone: any other sign before a number may be one of the text.
        let phone = || Some(at).filter(|at| stands(text, *at, "p")).and_then(|at| number::named(text, at, false));
        link.or_else(|| phone().map(|end| (Kind::Phone, end))).or_else(|| number::any(text, at))
    })
}

/// All places in what follows the host of an address: there a long number is an id, unless it is written as a phone number
/// with its country code, or the host is one under which such a number stands first.
pub(super) fn spans_of_link(text: &[char], is_of_phones: bool) -> Vec<Span> {
    walk(text, |at| {
        let is_bare = is_of_phones && at == 1;
        let phone = || number::named(text, at, is_bare).map(|end| (Kind::Phone, end));
        plain(text, at).or_else(phone).or_else(|| number::id(text, at).map(|end| (Kind::Id, end)))
    })
}

/// Whether the path of such an address is a phone number, as in `wa.me/46…` (WhatsApp, *click to chat*, read 2026-11-23).
pub(super) fn is_of_phones(host: &str) -> bool {
    host.strip_prefix("www.").unwrap_or(host) == "wa.me"
}

/// The digits of a phone number that was found, by their places, and whether its country code comes first.
pub(super) fn phone_digits(text: &[char], at: &Range<usize>) -> (Vec<usize>, bool) {
    let prefix = number::prefix(&text[at.clone()]);
    let places: Vec<usize> = (at.start + prefix..at.end).filter(|at| text[*at].is_ascii_digit()).collect();
    let with_plus = text[at.start + prefix..at.end].iter().take(2).any(|letter| *letter == '+');
    // Behind `phone=` stands the country code, unless a zero says that it does not.
    let is_named = prefix > 0 && places.first().is_some_and(|at| text[*at] != '0');
    (places, with_plus || is_named)
}

fn walk(text: &[char], found: impl Fn(usize) -> Option<(Kind, usize)>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match found(at) {
            Some((kind, end)) => {
                spans.push(Span { kind, at: at..end });
                at = end;
            }
            None => at += 1,
        }
    }
    spans
}

fn plain(text: &[char], at: usize) -> Option<(Kind, usize)> {
    let mail = mail_end(text, at).map(|end| (Kind::Mail, end));
    let mail = mail.or_else(|| mark_end(text, at).map(|end| (Kind::Mark, end)));
    let mail = mail.or_else(|| token_end(text, at).map(|end| (Kind::Token, end)));
    mail.or_else(|| message_end(text, at).map(|end| (Kind::Message, end)))
}

/// The runs of digits in a mark, a message id, or several ids: those that name something.
pub(super) fn ids(text: &[char], span: &Span) -> Vec<Range<usize>> {
    let runs = runs(text, span.at.clone());
    match span.kind {
        // What stands before the machine are the store's incarnation and a number.
        Kind::Mark => runs.into_iter().skip(2).collect(),
        Kind::Message => runs
            .into_iter()
            .filter(|run| {
                run.len() >= ID_DIGITS && !is_word(text, run.start.checked_sub(1)) && !is_word(text, Some(run.end))
            })
            .collect(),
        Kind::Id => runs,
        Kind::Link | Kind::Mail | Kind::Phone | Kind::Token => Vec::new(),
    }
}

/// The maximal runs of digits in a range.
fn runs(text: &[char], range: Range<usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in range.filter(|at| text[*at].is_ascii_digit()) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            Some(_) | None => runs.push(at..at + 1),
        }
    }
    runs
}

/// Whether there is a letter or digit at this place.
fn is_word(text: &[char], at: Option<usize>) -> bool {
    at.and_then(|at| text.get(at)).is_some_and(|letter| letter.is_alphanumeric())
}

/// Whether a word may begin here.
fn begins(text: &[char], at: usize) -> bool {
    !is_word(text, at.checked_sub(1))
}

/// Whether these words stand here, in any case of ASCII.
fn stands(text: &[char], at: usize, words: &str) -> bool {
    let mut there = text[at.min(text.len())..].iter();
    words.chars().all(|letter| there.next().is_some_and(|found| found.eq_ignore_ascii_case(&letter)))
}

/// Whether a word stands here, in this very case.
fn opens(text: &[char], at: usize, word: &str) -> bool {
    text[at..].iter().copied().take(word.len()).eq(word.chars())
}

/// The first place from here on where a character is of another kind.
fn while_so(text: &[char], from: usize, so: impl Fn(char) -> bool) -> usize {
    text[from..].iter().position(|letter| !so(*letter)).map_or(text.len(), |length| from + length)
}

/// Where the host of an address begins, if one begins here.
fn link_start(text: &[char], at: usize) -> Option<usize> {
    if !begins(text, at) {
        return None;
    }
    let may_be_host = |at: usize| text.get(at).is_some_and(|letter| is_host_letter(*letter) || *letter == '[');
    if stands(text, at, "www.") && may_be_host(at + 4) {
        return Some(at);
    }
    let scheme = SCHEMES.iter().find(|scheme| stands(text, at, scheme))?;
    let start = at + scheme.len();
    may_be_host(start).then_some(start)
}

/// Whether a host may be written with it: one that counts twice in UTF-16 could not become one of ASCII.
fn is_host_letter(letter: char) -> bool {
    letter.is_alphanumeric() && letter.len_utf16() == 1
}

fn link_end(text: &[char], at: usize) -> Option<usize> {
    let start = link_start(text, at)?;
    let mut end = start + 1;
    while end < text.len() {
        let letter = text[end];
        let is_quote = matches!(letter, '<' | '>' | '"' | '\'' | '`' | '|');
        let closes = is_quote || letter.is_whitespace() || letter.is_control() || letter.len_utf16() > 1;
        if closes || (begins(text, end) && (stands(text, end, "http://") || stands(text, end, "https://"))) {
            break;
        }
        end += 1;
    }
    while end > start + 1 && matches!(text[end - 1], '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '*' | '…')
    {
        end -= 1;
    }
    Some(end)
}

/// The parts of an address that was found here.
pub(super) fn link(text: &[char], span: &Range<usize>) -> Link {
    let start = link_start(text, span.start).unwrap_or(span.start).min(span.end);
    let text = &text[..span.end];
    let authority = while_so(text, start, |letter| !matches!(letter, '/' | '?' | '#' | '\\'));
    let person = text[start..authority].iter().rposition(|letter| *letter == '@').map_or(start, |at| start + at);
    let host_start = if person > start { person + 1 } else { start };
    let host_end = if text[host_start..authority].starts_with(&['[']) {
        authority.min(while_so(text, host_start, |letter| letter != ']') + 1)
    } else {
        while_so(&text[..authority], host_start, |letter| is_host_letter(letter) || matches!(letter, '.' | '-' | '_'))
    };
    let port = while_so(&text[..authority], (host_end + 1).min(authority), |letter| letter.is_ascii_digit());
    let has_port = text.get(host_end) == Some(&':') && port - host_end <= 1 + PORT_DIGITS;
    let rest = if has_port { port } else { host_end };
    Link { person: start..person, host: host_start..host_end, rest: rest..text.len(), extension: extension(text, rest) }
}

/// The extension of the file that an address names; empty without one.
fn extension(text: &[char], from: usize) -> Range<usize> {
    let path_end = while_so(text, from, |letter| !matches!(letter, '?' | '#'));
    let Some(dot) = text[from..path_end].iter().rposition(|letter| *letter == '.').map(|at| from + at) else {
        return path_end..path_end;
    };
    let word: String = text[dot + 1..path_end].iter().collect::<String>().to_ascii_lowercase();
    if EXTENSIONS.contains(&&*word) { dot + 1..path_end } else { path_end..path_end }
}

fn is_local(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '.' | '_' | '+' | '-')
}

fn mail_end(text: &[char], at: usize) -> Option<usize> {
    if !is_local(text[at]) || at.checked_sub(1).is_some_and(|before| is_local(text[before])) {
        return None;
    }
    let sign = while_so(text, at, is_local);
    let named = text[at..sign].iter().any(|letter| letter.is_alphanumeric());
    if !named || text.get(sign) != Some(&'@') {
        return None;
    }
    let (mut end, mut labels) = (sign + 1, 0);
    loop {
        let label = while_so(text, end, |letter| is_host_letter(letter) || letter == '-');
        let last = text[end..label].iter().rposition(|letter| *letter != '-').map_or(end, |length| end + length + 1);
        if last == end {
            return None;
        }
        labels += 1;
        let more = text.get(label) == Some(&'.')
            && text.get(label + 1).is_some_and(|next| is_host_letter(*next))
            && last == label;
        if !more {
            let long = last - end >= 2;
            return (labels >= 2 && long).then_some(last);
        }
        end = label + 1;
    }
}

/// Where the domain of an e-mail address begins.
pub(super) fn domain_start(text: &[char], span: &Range<usize>) -> usize {
    text[span.clone()].iter().rposition(|letter| *letter == '@').map_or(span.end, |sign| span.start + sign + 1)
}

/// `pd.INCARNATION.NUMBER.c/PAGE/PSID` or `….p/PAGE`; accounts are the operator's words.
fn mark_end(text: &[char], at: usize) -> Option<usize> {
    if !begins(text, at) || !stands(text, at, "pd.") {
        return None;
    }
    let digits = |from: usize| {
        let end = while_so(text, from, |letter| letter.is_ascii_digit());
        (end > from).then_some(end)
    };
    let after = |at: usize, sign: char| (text.get(at) == Some(&sign)).then_some(at + 1);
    let number = after(digits(at + 3)?, '.')?;
    let machine = after(digits(number)?, '.')?;
    let pages = if stands(text, machine, "c/") { 2 } else { usize::from(stands(text, machine, "p/")) };
    let mut end = machine + 1;
    for _ in 0..pages {
        end = digits(after(end, '/')?)?;
    }
    (pages > 0 && !is_word(text, Some(end))).then_some(end)
}

fn token_end(text: &[char], at: usize) -> Option<usize> {
    if !(opens(text, at, TOKEN) || opens(text, at, REDACTED)) || !begins(text, at) {
        return None;
    }
    let end = while_so(text, at, |letter| letter.is_ascii_alphanumeric());
    (end - at >= TOKEN_LETTERS && !is_word(text, Some(end))).then_some(end)
}

fn message_end(text: &[char], at: usize) -> Option<usize> {
    if !begins(text, at) || at.checked_sub(1).is_some_and(|before| text[before] == '_') {
        return None;
    }
    let start = message_start(text, at)?;
    let more: &[char] = if text[at + 1] == '_' { &['_', '-'] } else { &['_', '-', ':', '$', '.'] };
    let end = while_so(text, start, |letter| letter.is_ascii_alphanumeric() || more.contains(&letter));
    let end = start + text[start..end].iter().rposition(|letter| letter.is_ascii_alphanumeric())? + 1;
    (end - start >= 6 && !is_word(text, Some(end))).then_some(end)
}

/// Where a message id goes on after `m_` or `mid.`.
pub(super) fn message_start(text: &[char], at: usize) -> Option<usize> {
    let start = |word: &str| opens(text, at, word).then_some(at + word.len());
    start("m_").or_else(|| start("mid."))
}

#[cfg(test)]
mod tests;
