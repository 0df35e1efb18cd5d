//! One dependency table and one lint table: every crate takes its dependencies and its lints from the workspace.

use toml::{Table, Value};

use super::{Finding, Page};

/// The tables of a manifest that hold dependencies.
const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Finds faults in the manifest of a crate; other files and the workspace's own manifest pass.
pub fn check(page: &Page) -> Vec<Finding> {
    if !page.path.ends_with("/Cargo.toml") {
        return Vec::new();
    }
    let manifest: Table = match page.text.parse() {
        Ok(manifest) => manifest,
        Err(fault) => return vec![Finding::error(&page.path, format!("unreadable: {fault}"), "write valid TOML")],
    };
    let mut findings = Vec::new();
    if !from_workspace(manifest.get("lints")) {
        findings.push(Finding::error(&page.path, "the crate has lints of its own", "[lints] workspace = true"));
    }
    let tables = TABLES.iter().filter_map(|table| manifest.get(*table)?.as_table());
    for (name, wanted) in tables.flatten().filter(|(_, wanted)| !from_workspace(Some(wanted))) {
        findings.push(Finding::error(
            &page.path,
            format!("`{name}` is not taken from the workspace: {wanted}"),
            format!("put it into [workspace.dependencies] and write `{name}.workspace = true`"),
        ));
    }
    findings
}

/// True for `{ workspace = true, … }`.
fn from_workspace(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Page { path: path.to_owned(), text: text.to_owned() }).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_crate_that_takes_all_from_the_workspace_passes() {
        let text = "[dependencies]\nserde.workspace = true\nhyper = { workspace = true, features = [\"client\"] }\n\
            [lints]\nworkspace = true\n";
        assert!(found("crates/web/Cargo.toml", text).is_empty());
    }

    #[test]
    fn a_version_of_its_own_and_missing_lints_are_found() {
        let found = found("crates/web/Cargo.toml", "[dependencies]\nserde = \"1\"\n[dev-dependencies]\nrand = \"1\"\n");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn the_manifest_of_the_workspace_and_other_files_pass() {
        assert!(found("Cargo.toml", "[workspace]\n").is_empty());
        assert!(found("crates/web/src/Cargo.rs", "not toml").is_empty());
    }

    #[test]
    fn an_unreadable_manifest_is_found() {
        assert!(found("crates/web/Cargo.toml", "[[[").first().is_some_and(|what| what.starts_with("unreadable")));
    }
}
