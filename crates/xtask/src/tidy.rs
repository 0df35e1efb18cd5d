//! The tidy checks: what no compiler checks and every reader relies on. Here: which files are looked at, the findings
//! and their printing. Each check is a pure function over text in a file of its own.

pub mod edges;
pub mod layout;
pub mod manifest;
pub mod names;
pub mod source;
pub mod style;
pub mod words;

use core::fmt;
use std::fs;

use anyhow::Context as _;

use crate::shell;
use source::Source;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth a look; the check passes.
    Warning,
    /// The check fails.
    Error,
}

/// Something that should not be as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// `path:line`, or the path or name of what is meant.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding that fails the check.
    pub fn error(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Error, place: place.into(), what: what.into(), remedy: remedy.into() }
    }

    /// A finding that is only shown.
    pub fn warning(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(place, what, remedy) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
        };
        write!(f, "{weight}: {}: {}: {}", self.place, self.what, self.remedy)
    }
}

/// A text file of the repository.
#[derive(Debug)]
pub struct Page {
    /// Path from the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Runs every check over the repository, prints the findings and the count; true when none is an error.
///
/// # Errors
/// When git or cargo cannot be asked or a listed file cannot be read.
pub fn run() -> anyhow::Result<bool> {
    let paths = paths()?;
    let pages = pages(&paths)?;
    let mut findings = layout::check(&paths);
    findings.extend(edges::check(&edges::Graph::ask()?));
    findings.extend(over(&pages));
    for finding in &findings {
        shell::say(&finding.to_string());
    }
    let errors = findings.iter().filter(|finding| finding.weight == Weight::Error).count();
    shell::say(&format!("tidy: {} files, {errors} errors, {} warnings", paths.len(), findings.len() - errors));
    Ok(errors == 0)
}

/// All checks that look at texts.
pub fn over(pages: &[Page]) -> Vec<Finding> {
    let sources: Vec<Source> = pages
        .iter()
        .filter(|page| page.path.ends_with(".rs"))
        .map(|page| Source::read(&page.path, &page.text))
        .collect();
    let sources = source::with_test_modules(sources);
    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(style::check(source));
        findings.extend(names::check(source));
    }
    for page in pages {
        findings.extend(words::check(page));
        findings.extend(manifest::check(page));
    }
    findings
}

/// The files that git tracks and the new ones that it does not ignore, in order; those deleted are left out.
fn paths() -> anyhow::Result<Vec<String>> {
    let listed = shell::text("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let mut paths: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && shell::root().join(path).exists())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Reads those files that are text.
fn pages(paths: &[String]) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for path in paths {
        let full = shell::root().join(path);
        if !full.is_file() {
            continue;
        }
        let bytes = fs::read(full).with_context(|| format!("cannot read {path}"))?;
        if !bytes.contains(&0)
            && let Ok(text) = String::from_utf8(bytes)
        {
            pages.push(Page { path: path.clone(), text });
        }
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_place_fault_and_remedy() {
        let finding = Finding::error("crates/web/src/lib.rs:3", "`unwrap()` outside tests", "answer the error");
        assert_eq!(finding.to_string(), "error: crates/web/src/lib.rs:3: `unwrap()` outside tests: answer the error");
    }

    #[test]
    fn a_warning_does_not_fail_the_check() {
        let finding = Finding::warning("a", "b", "c");
        assert_eq!(finding.weight, Weight::Warning);
        assert!(finding.to_string().starts_with("warning: a"));
    }

    #[test]
    fn findings_of_all_checks_come_together() {
        let page = Page {
            path: "crates/web/src/lib.rs".to_owned(),
            text: "fn page_manager() {\n    x.unwrap();\n}\n".to_owned(),
        };
        let findings = over(&[page]);
        assert_eq!(findings.len(), 3, "{findings:#?}");
    }

    #[test]
    fn this_crate_is_tidy() {
        let folder = concat!("crates/", "xtask");
        let own: Vec<String> = paths().unwrap().into_iter().filter(|path| path.starts_with(folder)).collect();
        let findings = over(&pages(&own).unwrap());
        assert!(own.len() > 10 && findings.is_empty(), "{findings:#?}");
    }
}
