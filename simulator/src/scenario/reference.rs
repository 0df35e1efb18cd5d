//! Names inside the JSON of a `happens`: `$m1` in a text stands for the id that was named m1, `$A/c1` for a customer,
//! `$A` for a Page, `${m1}` where letters follow; `"$now"` is Meta's time as a number, `$$` a dollar sign.
//!
//! Only texts are looked at, never keys. Invariant: a name that nobody knows is told, nothing is left in place of it.

use serde_json::Value;

use super::{Who, Word};

/// What a name inside JSON may stand for.
pub(super) enum Named<'a> {
    /// Something that a line named, or a Page.
    Word(&'a Word),
    /// A customer.
    Who(&'a Who),
}

/// Tells what a name stands for; nothing where nobody is called so, a sentence where it is not known yet.
pub(super) type Meaning<'a> = &'a mut dyn FnMut(Named<'_>) -> Result<Option<String>, String>;

/// The instant of the line.
pub(super) const NOW: &str = "now";

/// Replaces every name in a value.
///
/// # Errors
/// What is wrong with a name, in a sentence.
pub(super) fn fill(value: &mut Value, now_ms: i64, meaning: Meaning<'_>) -> Result<(), String> {
    match value {
        Value::String(text) if *text == format!("${NOW}") => *value = now_ms.into(),
        Value::String(text) if text.contains('$') => *text = filled(text, now_ms, meaning)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, now_ms, meaning))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|field| fill(field, now_ms, meaning))?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

fn filled(text: &str, now_ms: i64, meaning: Meaning<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        if let Some((name, after)) = rest.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            let name = Word::new(name).ok_or_else(|| format!("`{name}` between ${{ and }} is no name"))?;
            out.push_str(&meaning(Named::Word(&name))?.ok_or_else(|| unknown(&name))?);
            rest = after;
            continue;
        }
        let Some((name, after)) = word(rest) else {
            out.push('$');
            continue;
        };
        let mut customer = None;
        if let Some((label, after)) = after.strip_prefix('/').and_then(word) {
            let who = Who { page: name.clone(), label };
            customer = meaning(Named::Who(&who))?.map(|psid| (psid, after));
        }
        let (stands_for, after) = match customer {
            Some(found) => found,
            None if name.as_str() == NOW => (now_ms.to_string(), after),
            None => (meaning(Named::Word(&name))?.ok_or_else(|| unknown(&name))?, after),
        };
        out.push_str(&stands_for);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The word that a text begins with, and what follows it.
fn word(text: &str) -> Option<(Word, &str)> {
    let end = text.find(|letter| !Word::continues(letter)).unwrap_or(text.len());
    Word::new(&text[..end]).map(|word| (word, &text[end..]))
}

fn unknown(name: &Word) -> String {
    format!("nothing is called {name}: end a line above with `as {name}`, or write $$ for a dollar sign")
}
