//! How long texts are, by the script they are written in. No text is kept.

use std::collections::BTreeMap;

use serde::Serialize;
use unicode_script::{Script, UnicodeScript as _};

/// The last length of each class but the longest, in characters.
const CLASSES: [usize; 5] = [20, 80, 320, 640, 2000];

/// Texts by the name of a script; `None` where no letter is in them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Scripts(BTreeMap<&'static str, Lengths>);

/// Texts of one script.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
struct Lengths {
    /// How many.
    texts: u64,
    /// Characters of all of them.
    characters: u64,
    /// Characters of the longest.
    longest: usize,
    /// Texts of up to 20, 80, 320, 640 and 2000 characters, and of more.
    classes: [u64; CLASSES.len() + 1],
}

impl Scripts {
    /// Adds a text.
    pub(super) fn add(&mut self, text: &str) {
        let length = text.chars().count();
        let lengths = self.0.entry(script(text)).or_default();
        lengths.texts += 1;
        lengths.characters += length as u64;
        lengths.longest = lengths.longest.max(length);
        let class = CLASSES.iter().position(|last| length <= *last).unwrap_or(CLASSES.len());
        lengths.classes[class] += 1;
    }

    /// For people.
    pub(super) fn told(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut text = format!("  {:<24} {:>8} {:>6} {:>7}", "texts", "count", "mean", "longest");
        CLASSES.iter().for_each(|last| text.push_str(&format!(" {:>6}", format!("≤{last}"))));
        text.push_str("   more\n");
        for (script, Lengths { texts, characters, longest, classes }) in &self.0 {
            text.push_str(&format!("    {script:<22} {texts:>8} {:>6} {longest:>7}", characters / texts));
            classes.iter().for_each(|count| text.push_str(&format!(" {count:>6}")));
            text.push('\n');
        }
        text
    }
}

/// The script of most letters; of two that are level the one whose name comes first.
fn script(text: &str) -> &'static str {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for letter in text.chars() {
        let script = letter.script();
        if !matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
            *counts.entry(script.full_name()).or_default() += 1;
        }
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or("none", |(script, _)| script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_of_the_script_of_most_of_its_letters() {
        for (text, expected) in [
            ("Grüße, 12 €", "Latin"),
            ("привет Bob", "Cyrillic"),
            ("営業していますか OK", "Hiragana"),
            ("東京", "Han"),
            ("αβ ab", "Greek"),
            ("😀 12", "none"),
            ("", "none"),
        ] {
            assert_eq!(script(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_count_characters_in_their_classes() {
        let mut scripts = Scripts::default();
        for length in [1, 20, 21, 2000, 2001] {
            scripts.add(&"ä".repeat(length));
        }
        let expected = Lengths { texts: 5, characters: 4043, longest: 2001, classes: [2, 1, 0, 0, 1, 1] };
        assert_eq!(scripts.0, BTreeMap::from([("Latin", expected)]));
    }
}
