//! Names that say nothing: words banned from what we declare, because they fit everything.

use super::Finding;
use super::source::Source;

/// Words that may stand nowhere in a name.
const NOWHERE: [&str; 8] = ["manager", "managers", "helper", "helpers", "util", "utils", "utilities", "misc"];
/// Words that may not begin the name of a function: what is it that it does?
const NOT_FIRST: [&str; 2] = ["do", "process"];
/// Words that may not end a name: of what?
const NOT_LAST: [&str; 2] = ["data", "info"];

/// What introduces a name of ours.
const KEYWORDS: [&str; 8] = ["fn", "struct", "enum", "trait", "type", "mod", "union", "macro_rules!"];

/// Finds banned names among the declarations of a file, and in the name of the file itself.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let stem = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if let Some(word) = banned(stem, "mod") {
        findings.push(finding(source.path.clone(), stem, word));
    }
    for (number, line) in source.numbered() {
        for (keyword, name) in declared(&line.code) {
            // What another crate's trait calls its functions is not ours to choose.
            if line.in_trait_impl && keyword == "fn" {
                continue;
            }
            // A test is a sentence; its last word says nothing about a type.
            let word = banned(name, keyword).filter(|word| !(line.in_test && NOT_LAST.contains(word)));
            if let Some(word) = word {
                findings.push(finding(source.at(number), name, word));
            }
        }
    }
    findings
}

/// The finding for one name.
fn finding(place: String, name: &str, word: &str) -> Finding {
    Finding::error(
        place,
        format!("`{name}` says nothing: the word `{word}` is banned from names"),
        "name what it is or does, with a word of docs/VOCABULARY.md",
    )
}

/// The names declared on a line, each with its keyword.
fn declared(code: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> = code.split_whitespace().collect();
    words
        .windows(2)
        .filter(|pair| KEYWORDS.contains(&pair[0].rsplit(['(', '{', ';']).next().unwrap_or_default()))
        .map(|pair| {
            let name = pair[1].trim_start_matches("r#");
            (pair[0], name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        })
        .collect()
}

/// The banned word in a name, if there is one.
fn banned(name: &str, keyword: &str) -> Option<&'static str> {
    let words = words_of(name);
    let anywhere = NOWHERE.iter().find(|banned| words.iter().any(|word| word == **banned));
    let first =
        NOT_FIRST.iter().find(|banned| keyword.ends_with("fn") && words.first().is_some_and(|word| word == **banned));
    let last = NOT_LAST.iter().find(|banned| words.last().is_some_and(|word| word == **banned));
    anywhere.or(first).or(last).copied()
}

/// The words of a name in snake case, kebab case or camel case, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut starts = true;
    let mut was_lower = false;
    for c in name.chars() {
        if c == '_' || c == '-' {
            starts = true;
            continue;
        }
        if starts || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        starts = false;
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        check(&Source::read("crates/web/src/a.rs", text)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_banned_word_is_found_in_every_kind_of_name() {
        for text in [
            "pub struct PageManager;",
            "pub(crate) fn send_helper() {}",
            "mod utils;",
            "enum Misc { A }",
            "trait TokenUtil {}",
            "fn do_send() {}",
            "async fn process_delivery() {}",
            "struct PageInfo { a: u8 }",
            "type UserData<T> = T;",
            "impl A { fn process(self) {} }",
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_name_that_only_looks_like_one_passes() {
        for text in [
            "struct Utility;",
            "fn managed() {}",
            "fn dot_product() {}",
            "fn data_deletion_callback() {}",
            "struct ProcessTable;",
            "// fn do_it() {}",
            "let f: fn() = g;",
            "fn reader() {} // helper",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn a_test_may_end_in_any_word_of_its_sentence() {
        assert!(found("#[test]\nfn refuses_a_page_without_data() {}\n").is_empty());
        assert_eq!(found("#[test]\nfn helper() {}\n").len(), 1);
    }

    #[test]
    fn a_function_of_a_trait_is_named_by_the_trait() {
        assert!(found("impl Storage for File {\n    fn sync_data(&self) {}\n}\n").is_empty());
        assert_eq!(found("trait Storage {\n    fn sync_data(&self);\n}\n").len(), 1);
    }

    #[test]
    fn the_file_itself_is_named_for_something() {
        let findings = check(&Source::read("crates/web/src/utils.rs", ""));
        assert_eq!(findings[0].place, "crates/web/src/utils.rs");
    }

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words_of("PageInfo2x"), ["page", "info2x"]);
        assert_eq!(words_of("bench-ingest_now"), ["bench", "ingest", "now"]);
    }
}
