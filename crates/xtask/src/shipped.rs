//! The binary as it ships, built without any feature: neither codes nor switches of planted defects are in it.
//!
//! The codes are read from the register in `crates/sabotage`, where they stand as literal texts. Invariant: a register that
//! cannot be read is a fault, never a binary without findings.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::shell;
use crate::stage::Ending;

/// Where the codes stand.
const REGISTER: &str = "crates/sabotage/src/defect.rs";
/// What a binary with switches reads.
const SWITCHES: [&str; 2] = ["PAGEDESK_SABOTAGE", "names no planted defect"];

/// Builds the binary and searches it.
///
/// # Errors
/// When it cannot be built or read, or the register is none.
pub fn check() -> anyhow::Result<Ending> {
    let codes = codes(&shell::read(REGISTER)?)?;
    let binary = build()?;
    let bytes = fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let found = found(&bytes, codes.iter().map(String::as_str).chain(SWITCHES));
    for text in &found {
        shell::say(&format!("{} holds `{text}`: build it without the feature `sabotage`", binary.display()));
    }
    Ok(Ending::check(found.is_empty()))
}

/// Builds the binary without features, in the profile of the gate; where it lies.
fn build() -> anyhow::Result<PathBuf> {
    let args = ["build", "-p", "pagedesk", "--bin", "pagedesk", "--profile", "ci", "--message-format", "json"];
    let told = shell::text("cargo", &args)?;
    built(&told).context("cargo names no binary called pagedesk")
}

/// The last binary that cargo's messages name.
fn built(told: &str) -> Option<PathBuf> {
    let messages = told.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    messages.filter_map(|message| message.executable).next_back()
}

#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

/// The codes of the register: the last text of each row.
fn codes(register: &str) -> anyhow::Result<Vec<String>> {
    let rows = register.lines().filter_map(|line| line.trim().strip_suffix("\"),")?.rsplit_once(", \""));
    let codes: Vec<String> = rows.map(|(_, code)| code.to_owned()).collect();
    ensure!(codes.len() > 1, "{REGISTER} holds no rows that end with a code");
    Ok(codes)
}

/// Which of these texts stand in the bytes.
fn found<'a>(bytes: &[u8], texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    // The texts are ASCII: what else is in a binary may be anything.
    let words = String::from_utf8_lossy(bytes);
    texts.filter(|text| words.contains(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_holds_every_code_once() {
        let text = fs::read_to_string(shell::root().join(REGISTER)).unwrap();
        let codes = codes(&text).unwrap();
        assert!(codes.contains(&"window-ends-late".to_owned()) && codes.contains(&"ack-before-durable".to_owned()));
        let variants = text.lines().skip_while(|line| !line.starts_with("pub enum Defect")).skip(1);
        let variants = variants.take_while(|line| *line != "}").filter(|line| line.ends_with(','));
        assert_eq!(codes.len(), variants.count());
        assert!(super::codes("nothing").is_err());
    }

    #[test]
    fn a_code_in_a_binary_is_found_wherever_it_stands() {
        let texts = || ["guard-added", "sent-twice"].into_iter();
        assert_eq!(found(b"\0\x01xguard-addedsent-twic", texts()), ["guard-added"]);
        assert_eq!(found(b"\0", texts()), [] as [&str; 0]);
    }

    #[test]
    fn the_binary_is_the_last_that_cargo_names() {
        let told = "{\"reason\":\"a\",\"executable\":null}\n{\"executable\":\"/t/pagedesk\"}\n{\"success\":true}\n";
        assert_eq!(built(told), Some(PathBuf::from("/t/pagedesk")));
        assert_eq!(built("nothing"), None);
    }
}
