//! A configuration as text: the example with every setting explained, and the one in force with the origin of each value.
//!
//! Invariant: secrets are masked; what is printed of the rest can be put into a file.

use super::duration;
use super::read::{Held, Reading, default_in_toml};
use super::setting::{AGENT, Kind, PAGE, SECTIONS, Setting, TOKEN, is_repeated, of_section};

/// Stands for a secret.
const MASK: &str = "\"********\"";

/// A file to begin with: every setting with its meaning; what has a default stands as a comment.
pub fn example() -> String {
    let mut text = String::from(
        "# pagedesk: every setting there is. Settings may also come from the environment (PAGEDESK__LISTEN__DESK) and\n\
         # from flags (--set listen.desk=127.0.0.1:8081), which win over this file. Unknown keys are refused.\n",
    );
    for (section, about) in SECTIONS {
        let brackets = match section {
            // There may be none, and an empty one would be a fault.
            AGENT | TOKEN => format!("# [[{section}]]"),
            _ if is_repeated(section) => format!("[[{section}]]"),
            _ => format!("[{section}]"),
        };
        text.push_str(&format!("\n# {about}\n{brackets}\n"));
        for setting in of_section(section) {
            text.push_str(&example_line(setting));
        }
    }
    text
}

fn example_line(setting: &Setting) -> String {
    let Setting { key, meaning, .. } = setting;
    match default_in_toml(setting) {
        Some(default) => format!("# {key} = {default}  # {meaning}\n"),
        None => {
            let (mark, value) = sample(setting);
            format!("{mark}{key} = {value}  # {meaning}\n")
        }
    }
}

/// What an example says where there is no default, and whether it says so as a comment.
fn sample(setting: &Setting) -> (&'static str, &'static str) {
    match (setting.section, setting.key) {
        ("store", "dir") => ("", "\"/var/lib/pagedesk\""),
        ("meta", "app_id") => ("", "\"990017\""),
        ("meta", "app_secret_files") => ("", "[\"/etc/pagedesk/app-secret\"]"),
        ("meta", "verify_token_files") => ("", "[\"/etc/pagedesk/verify-token\"]"),
        (PAGE, "id") => ("", "\"104000000000017\""),
        (PAGE, "name") => ("", "\"Quayside Bakery\""),
        (PAGE, "token_file") => ("", "\"/etc/pagedesk/page-104000000000017\""),
        ("policy", "effective_from") => ("# ", "{}"),
        _ if matches!(setting.kind, Kind::Secrets | Kind::SecretFiles | Kind::Words(_)) => ("# ", "[\"…\"]"),
        _ => ("# ", "\"…\""),
    }
}

/// The configuration in force, each value with its origin.
pub(crate) fn effective(reading: &Reading) -> String {
    let mut text = String::new();
    for (section, _) in SECTIONS {
        let several = if is_repeated(section) { reading.count(section) } else { 1 };
        for index in 0..several {
            let (at, brackets) = if is_repeated(section) {
                (format!("{section}[{index}]"), format!("[[{section}]]"))
            } else {
                (section.to_owned(), format!("[{section}]"))
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("{brackets}\n"));
            for setting in of_section(section) {
                if let Some((held, place)) = reading.values.get(&format!("{at}.{}", setting.key)) {
                    text.push_str(&format!("{} = {}  # {}\n", setting.key, shown(held), place));
                }
            }
        }
    }
    text
}

fn shown(held: &Held) -> String {
    match held {
        Held::Path(path) => quoted(&path.display().to_string()),
        Held::Text(text) => quoted(text),
        Held::Count(count) => count.to_string(),
        Held::Bool(yes) => yes.to_string(),
        Held::Duration(span) => format!("{:?}", duration::write(*span)),
        Held::Address(address) => format!("\"{address}\""),
        Held::Days(calendar) => {
            let days: Vec<String> = calendar.moved().map(|(id, day)| format!("\"{id}\" = \"{day}\"")).collect();
            if days.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", days.join(", ")) }
        }
        Held::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!("[{}]", words.join(", "))
        }
        Held::Secret(_) => MASK.to_owned(),
        Held::Secrets(secrets) => format!("[{}]", vec![MASK; secrets.len()].join(", ")),
        Held::Paths(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| quoted(&path.display().to_string())).collect();
            format!("[{}]", paths.join(", "))
        }
    }
}

/// A text as TOML has it, with what nobody would see as its number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\'' => quoted.push(letter),
            _ if letter.escape_debug().len() > 1 => quoted.push_str(&format!("\\U{:08X}", u32::from(letter))),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
