//! `policy.effective_from`: from which day on each edition of the policy is in force, as a table of editions and days, or in
//! one line where the file does not say it.
//!
//! What an edition is and which order they keep is the policy's to say. Invariant: every fault has the place of its line.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};
use policy::{Calendar, Day, EditionId};

use super::fault::Fault;
use super::source::Said;

/// Reads the setting at `path`.
///
/// # Errors
/// Each entry that names no edition or no day; else the first that is out of order.
pub(super) fn read(said: &Said, path: &str, value: &Value) -> Result<Calendar, Vec<Fault>> {
    let place = said.place(path, value);
    let fault = |what: String| vec![Fault { place: place.clone(), what }];
    let dict = match (value.as_dict(), value.as_str()) {
        (Some(dict), _) => dict.clone(),
        (None, Some(line)) if said.is_plain_text(value) => entries(line).ok_or_else(|| {
            fault(format!("`{path}` must be EDITION=DAY, as 2020-01-15=2020-03-04, with commas between several"))
        })?,
        (None, _) => {
            let what = format!("`{path}` must be a table of editions and days: \"2020-01-15\" = \"2020-03-04\"");
            return Err(fault(what));
        }
    };
    let (mut moved, mut faults) = (BTreeMap::new(), Vec::new());
    for (edition, day) in &dict {
        let at = format!("{path}.{edition}");
        match entry(edition, day) {
            Ok((edition, day)) => drop(moved.insert(edition, day)),
            Err(what) => {
                let place = if value.as_dict().is_some() { said.place(&at, day) } else { place.clone() };
                faults.push(Fault { place, what: format!("`{at}`: {what}") });
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Calendar::with(&moved).map_err(|out_of_order| fault(format!("`{path}`: {out_of_order}")))
}

fn entry(edition: &str, day: &Value) -> Result<(EditionId, Day), String> {
    let id = edition.parse().map_err(|fault| format!("{edition:?} is {fault}"))?;
    let Some(text) = day.as_str() else { return Err("must be a day in quotes, as \"2020-03-04\"".to_owned()) };
    Ok((id, text.parse().map_err(|fault| format!("{text:?} is {fault}"))?))
}

/// `EDITION=DAY`, with commas between several.
fn entries(line: &str) -> Option<Dict> {
    let each = line.split(',').map(|entry| {
        let (edition, day) = entry.split_once('=')?;
        Some((edition.trim().to_owned(), Value::from(day.trim())))
    });
    each.collect()
}
