//! Rust source as lines of pure code: comments and the insides of literals are blanked, lines inside tests are marked.
//!
//! A small lexer, no parser: it knows comments, literals and brackets, enough for the checks and no more. Blanked text
//! keeps its line breaks, so that line numbers stay true.

use std::collections::BTreeSet;

/// One Rust file.
#[derive(Debug)]
pub struct Source {
    /// Path from the root, with `/`.
    pub path: String,
    /// Its lines, the first is line 1.
    pub lines: Vec<Line>,
    /// The first line opens with `//!`.
    pub has_header: bool,
    /// Modules without a body that stand under `#[cfg(test)]`: their files are tests.
    test_modules: Vec<String>,
}

/// One line of code.
#[derive(Debug)]
pub struct Line {
    /// Its code: comments and the insides of literals are spaces.
    pub code: String,
    /// It belongs to a test, or to code that only tests see.
    pub in_test: bool,
    /// It stands in the implementation of a trait: the names of its functions are the trait's.
    pub in_trait_impl: bool,
}

impl Source {
    /// Reads a file.
    pub fn read(path: &str, text: &str) -> Self {
        let code = blanked(text);
        let (marks, test_modules) = test_lines(&code);
        let whole = is_test_path(path);
        let traits = trait_impl_lines(&code);
        let lines = code
            .lines()
            .enumerate()
            .map(|(index, line)| Line {
                code: line.to_owned(),
                in_test: whole || marks.contains(&index),
                in_trait_impl: traits.contains(&index),
            })
            .collect();
        Self { path: path.to_owned(), lines, has_header: text.starts_with("//!"), test_modules }
    }

    /// Lines with their number, from 1.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// `path:line`.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// The files that a module declared here may lie in.
    fn files_of(&self, module: &str) -> [String; 2] {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let stem = file.trim_end_matches(".rs");
        let room = if ["lib", "main", "mod"].contains(&stem) { folder.to_owned() } else { format!("{folder}/{stem}") };
        [format!("{room}/{module}.rs"), format!("{room}/{module}/mod.rs")]
    }
}

/// Marks the files of modules that another file declares under `#[cfg(test)]`.
pub fn with_test_modules(mut sources: Vec<Source>) -> Vec<Source> {
    let files: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| source.test_modules.iter().flat_map(|module| source.files_of(module)))
        .collect();
    for source in sources.iter_mut().filter(|source| files.contains(&source.path)) {
        source.lines.iter_mut().for_each(|line| line.in_test = true);
    }
    sources
}

/// True for files that hold nothing but tests.
pub fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// The text with comments and the insides of literals turned into spaces; line breaks stay.
pub fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none begins there.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1);
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (chars[at], next) {
        ('/', Some('/')) => find(chars, at, |rest| rest[0] == '\n').unwrap_or(chars.len()),
        ('/', Some('*')) => end_of_block_comment(chars, at),
        ('"', _) => end_of_string(chars, at + 1),
        ('\'', _) => end_of_char(chars, at),
        ('b' | 'c', Some('"')) if !after_word => end_of_string(chars, at + 2),
        ('b' | 'c', Some('r')) if !after_word => end_of_raw_string(chars, at + 1).unwrap_or(at),
        ('r', Some('"' | '#')) if !after_word => end_of_raw_string(chars, at).unwrap_or(at),
        _ => at,
    }
}

/// The first position from `at` on for which `is` holds of the rest.
fn find(chars: &[char], at: usize, is: impl Fn(&[char]) -> bool) -> Option<usize> {
    (at..chars.len()).find(|position| is(&chars[*position..]))
}

/// Block comments nest.
fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0_u32;
    let mut at = start;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// A string ends at the first quotation mark that no backslash precedes.
fn end_of_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#` and so on; `None` for a raw identifier such as `r#type`.
fn end_of_raw_string(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let closes = |rest: &[char]| rest[0] == '"' && rest.len() > hashes && rest[1..=hashes].iter().all(|c| *c == '#');
    Some(find(chars, open + 1, closes).map_or(chars.len(), |quote| quote + 1 + hashes))
}

/// `'x'`, `'\n'`, `'\u{1F600}'`; a lifetime is no literal.
fn end_of_char(chars: &[char], start: usize) -> usize {
    match (chars.get(start + 1), chars.get(start + 2)) {
        (Some('\\'), Some(_)) => find(chars, start + 3, |rest| rest[0] == '\'').map_or(chars.len(), |quote| quote + 1),
        (Some(_), Some('\'')) => start + 3,
        _ => start,
    }
}

/// The lines (from 0) of items under `#[test]`, `#[…::test]` or `#[cfg(test)]`, and the modules among them that have no
/// body here.
fn test_lines(code: &str) -> (BTreeSet<usize>, Vec<String>) {
    let chars: Vec<char> = code.chars().collect();
    let mut marks = BTreeSet::new();
    let mut modules = Vec::new();
    let mut at = 0;
    while let Some(start) = find(&chars, at, |rest| rest.starts_with(&['#', '['])) {
        let end = closing(&chars, start + 1);
        let attribute: String = chars[start..end].iter().filter(|c| !c.is_whitespace()).collect();
        at = end;
        if !is_test_attribute(&attribute) {
            continue;
        }
        let last = end_of_item(&chars, end);
        let item: String = chars[end..last].iter().collect();
        if let Some(module) = item.trim().strip_suffix(';').and_then(|item| item.rsplit_once("mod ")) {
            modules.push(module.1.trim().to_owned());
        }
        let first_line = line_of(&chars, start);
        marks.extend(first_line..=line_of(&chars, last - 1));
        at = last;
    }
    (marks, modules)
}

/// The lines (from 0) of `impl Trait for Type { … }`; a line that opens one begins with `impl` or `unsafe impl`.
fn trait_impl_lines(code: &str) -> BTreeSet<usize> {
    let chars: Vec<char> = code.chars().collect();
    let mut marks = BTreeSet::new();
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let opening = line.trim_start();
        let opening = opening.strip_prefix("unsafe ").unwrap_or(opening);
        if opening.starts_with("impl ") || opening.starts_with("impl<") {
            let body = find(&chars, start, |rest| matches!(rest[0], '{' | ';')).unwrap_or(chars.len());
            let head: String = chars[start..body].iter().collect();
            if head.split_whitespace().any(|word| word == "for") {
                let last = closing(&chars, body);
                marks.extend(line_of(&chars, start)..=line_of(&chars, last - 1));
            }
        }
        start += line.chars().count();
    }
    marks
}

/// `#[test]`, `#[tokio::test(…)]`, `#[cfg(test)]`, `#[cfg(all(test,…))]`; not `#[cfg(not(test))]`.
fn is_test_attribute(attribute: &str) -> bool {
    let inner = attribute.trim_start_matches("#[").trim_end_matches(']');
    let name = inner.split('(').next().unwrap_or(inner);
    name == "test"
        || name.ends_with("::test")
        || ["cfg(test)", "cfg(all(test,", "cfg(any(test,"].iter().any(|start| inner.starts_with(start))
}

/// Behind the end of the item that begins at `at`: its closing brace or its semicolon, attributes and brackets skipped.
fn end_of_item(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '{' => return closing(chars, at),
            ';' => return at + 1,
            '(' | '[' => at = closing(chars, at),
            _ => at += 1,
        }
    }
    chars.len()
}

/// Behind the bracket that closes the one at `open`.
fn closing(chars: &[char], open: usize) -> usize {
    let mut depth = 0_u32;
    for (at, c) in chars.iter().enumerate().skip(open) {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    chars.len()
}

/// The line (from 0) of a position.
fn line_of(chars: &[char], position: usize) -> usize {
    chars[..position].iter().filter(|c| **c == '\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_lines_stay() {
        for (text, expected) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d\n */ e", "a               \n    e"),
            ("x = \"{ \\\" }\";", "x =         ;"),
            ("r#\"a\" b\"# + 1", "          + 1"),
            ("let r#type = br\"x\";", "let r#type =      ;"),
            ("f('{', '\\'', b'x')", "f(   ,     , b   )"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("'\\u{7b}' }", "         }"),
        ] {
            assert_eq!(blanked(text), expected, "{text}");
        }
    }

    fn marked(text: &str) -> Vec<usize> {
        Source::read("crates/web/src/a.rs", text).numbered().filter(|(_, line)| line.in_test).map(|(n, _)| n).collect()
    }

    #[test]
    fn a_test_module_is_marked_to_its_closing_brace() {
        assert_eq!(marked("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\" }\n}\nfn c() {}\n"), [2, 3, 4, 5]);
    }

    #[test]
    fn a_test_function_is_marked_with_all_its_attributes() {
        let text = "#[tokio::test(start_paused = true)]\n#[expect(dead_code)]\nasync fn a() {\n}\nfn b() {}\n";
        assert_eq!(marked(text), [1, 2, 3, 4]);
    }

    #[test]
    fn code_for_anything_but_tests_is_not_marked() {
        assert!(marked("#[cfg(not(test))]\nfn a() {\n}\n#[cfg(unix)]\nfn b() {}\n").is_empty());
    }

    #[test]
    fn the_implementation_of_a_trait_is_marked_and_that_of_a_type_is_not() {
        let text =
            "impl<'a> A for B<'a>\nwhere\n    B<'a>: C,\n{\n    fn d() {}\n}\nimpl B {\n    fn e(f: impl G) {}\n}\n";
        let source = Source::read("a.rs", text);
        let marked: Vec<_> = source.numbered().filter(|(_, line)| line.in_trait_impl).map(|(n, _)| n).collect();
        assert_eq!(marked, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_file_of_a_test_module_declared_elsewhere_is_a_test() {
        let parent = Source::read("crates/web/src/page.rs", "#[cfg(test)]\nmod fixtures;\nfn a() {}\n");
        let child = Source::read("crates/web/src/page/fixtures.rs", "fn b() {}\n");
        let other = Source::read("crates/web/src/fixtures.rs", "fn c() {}\n");
        let sources = with_test_modules(vec![parent, child, other]);
        assert!(!sources[0].lines[2].in_test && sources[1].lines[0].in_test && !sources[2].lines[0].in_test);
    }

    #[test]
    fn files_of_test_folders_are_tests() {
        assert!(is_test_path("tests/src/crash.rs") && is_test_path("crates/web/src/page/tests.rs"));
        assert!(!is_test_path("crates/xtask/src/test.rs"));
    }

    #[test]
    fn unfinished_text_ends_without_a_panic() {
        for text in ["\"", "'", "r#\"", "/* /*", "#[cfg(test)]", "#[", "#[test] fn a() {", "b'", "'\\", "impl A for B"]
        {
            let _ = Source::read("a.rs", text);
        }
    }
}
