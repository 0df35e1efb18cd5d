//! Words that do not belong in the repository: it speaks of the product alone, not of where or by whom it is made, and
//! it names no package registry's host. The list is put together from pieces, so that it does not find itself.

use super::{Finding, Page};

/// One word and how it is looked for.
struct Word {
    text: &'static str,
    /// It stands alone: no letter, digit or underscore beside it.
    alone: bool,
    /// Upper and lower case are told apart.
    exact: bool,
}

/// A piece of text wherever it stands, in any case.
const fn piece(text: &'static str) -> Word {
    Word { text, alone: false, exact: false }
}

/// A word that stands alone, in exactly this case.
const fn alone(text: &'static str) -> Word {
    Word { text, alone: true, exact: true }
}

/// What is looked for.
const WORDS: [Word; 16] = [
    piece(concat!("/wor", "k/")),
    piece(concat!("/far", "m/")),
    piece(concat!("/tmp/", "brief")),
    piece(concat!("stee", "ring")),
    piece(concat!("this ", "session")),
    piece(concat!("as an ", "ai ")),
    piece(concat!("language ", "model")),
    alone(concat!("CE", "O")),
    piece(concat!("index.", "crates.io")),
    piece(concat!("static.", "crates.io")),
    piece(concat!("registry.", "npmjs.org")),
    piece(concat!("pypi", ".org")),
    piece(concat!("files.", "pythonhosted.org")),
    piece(concat!("deb.", "debian.org")),
    piece(concat!("security.", "debian.org")),
    piece(concat!("proxy.", "golang.org")),
];

/// Finds such words in one file. Lock files are written by tools and left out.
pub fn check(page: &Page) -> Vec<Finding> {
    if page.path.ends_with(".lock") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        let lower = line.to_lowercase();
        for word in WORDS.iter().filter(|word| stands_in(word, line, &lower)) {
            findings.push(Finding::error(
                format!("{}:{}", page.path, index + 1),
                format!("`{}` does not belong in the repository", word.text.trim()),
                "say it in terms of the product, or leave it out",
            ));
        }
    }
    findings
}

/// True when the word stands in the line.
fn stands_in(word: &Word, line: &str, lower: &str) -> bool {
    let line = if word.exact { line } else { lower };
    let mut from = 0;
    while let Some(found) = line[from..].find(word.text) {
        let start = from + found;
        let end = start + word.text.len();
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        if !word.alone || !(line[..start].ends_with(letter) || line[end..].starts_with(letter)) {
            return true;
        }
        from = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> usize {
        check(&Page { path: "docs/a.md".to_owned(), text: format!("first\n{line}\n") }).len()
    }

    #[test]
    fn every_word_is_found_with_its_line() {
        for word in &WORDS {
            let page = Page { path: "docs/a.md".to_owned(), text: format!("first\nx {} y\n", word.text) };
            let findings = check(&page);
            assert!(findings.iter().any(|finding| finding.place == "docs/a.md:2"), "{}", word.text);
        }
    }

    #[test]
    fn upper_case_does_not_hide_a_piece() {
        assert_eq!(found(&concat!("Stee", "ring").to_uppercase()), 1);
    }

    #[test]
    fn a_word_that_stands_alone_is_not_found_inside_another() {
        assert_eq!(found(concat!("the CE", "O says")), 1);
        assert_eq!(found(concat!("OCE", "OX")), 0);
    }

    #[test]
    fn ordinary_text_passes() {
        for line in ["the work of a node", "a session that ends", "docs/working.md", "cargo and crates.io"] {
            assert_eq!(found(line), 0, "{line}");
        }
    }

    #[test]
    fn lock_files_are_left_out() {
        let page = Page { path: "Cargo.lock".to_owned(), text: WORDS[8].text.to_owned() };
        assert!(check(&page).is_empty());
    }
}
