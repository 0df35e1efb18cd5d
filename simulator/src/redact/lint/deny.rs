//! Names and numbers that must not occur, as an operator knows them: one a line.
//!
//! Names are looked for word by word in any case, numbers digit by digit whatever stands between the digits. A short word
//! may stand in a pseudonym by chance.

use std::collections::BTreeMap;

/// Fewest digits of a number that is looked for inside of longer ones.
const DIGITS: usize = 5;

/// What must not occur.
#[derive(Clone, Debug, Default)]
pub struct Deny {
    /// Words of each name, by the first of them.
    names: BTreeMap<String, Vec<Vec<String>>>,
    /// Digits of numbers, without leading zeros.
    numbers: Vec<String>,
}

impl Deny {
    /// Reads a list; empty lines and those that begin with `#` do not count.
    pub fn read(list: &str) -> Self {
        let mut deny = Self::default();
        for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            let words = words(line);
            if digits.len() >= DIGITS && !line.contains(char::is_alphabetic) {
                deny.numbers.push(digits.trim_start_matches('0').to_owned());
            } else if let Some(first) = words.first() {
                deny.names.entry(first.clone()).or_default().push(words);
            }
        }
        deny
    }

    /// Whether nothing is denied.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.numbers.is_empty()
    }

    /// The first number or name in a text that must not be there.
    pub(super) fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        if self.is_empty() {
            return None;
        }
        let is_number = |run: &&str| {
            let digits: String = run.chars().filter(char::is_ascii_digit).collect();
            self.numbers.iter().any(|number| !number.is_empty() && digits.contains(&**number))
        };
        let joins = |letter: char| letter.is_ascii_digit() || " -./()+\u{a0}".contains(letter);
        let number = text.split(|letter| !joins(letter)).filter(|run| run.len() >= DIGITS).find(is_number);
        number.or_else(|| self.has_name(text).then_some(text))
    }

    fn has_name(&self, text: &str) -> bool {
        let words = words(text);
        let known =
            |at: usize| self.names.get(&words[at]).into_iter().flatten().any(|name| words[at..].starts_with(name));
        !self.names.is_empty() && (0..words.len()).any(known)
    }
}

/// The words of a text in small letters.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found_however_they_are_written() {
        let deny = Deny::read("# known\n\nMara Lindqvist\n0171 2345678\nÖzil\nEAAGm0PX4ZCps\n");
        for text in [
            "I am MARA  lindqvist.",
            "mara.lindqvist@x.de",
            "+49 (171) 23-45-678",
            "01712345678",
            "özil!",
            "=EAAGm0PX4ZCps&",
        ] {
            assert!(deny.find(text).is_some(), "{text}");
        }
        for text in ["Mara", "Lindqvist Mara", "Maralindqvist", "171234567", "Özils", ""] {
            assert!(deny.find(text).is_none(), "{text}");
        }
        assert!(Deny::read("# nothing\n").is_empty());
    }
}
