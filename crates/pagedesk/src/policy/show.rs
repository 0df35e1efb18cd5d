//! `pagedesk policy show`: the edition in force and its rules, in the order in which they are asked.

use model::Timestamp;
use policy::{Edition, editions};
use serde_json::{Value, json};

use super::{calendar, in_force, now_or, replaced_at};
use crate::cli::Show;
use crate::exit::{self, Exit, Failure};
use crate::instant;

/// Carries out `policy show`.
pub(super) fn show(asked: &Show) -> Result<Exit, Failure> {
    let edition = in_force(&calendar(&asked.dated)?, now_or(asked.at))?;
    exit::print(&if asked.json { format!("{}\n", object(&edition)) } else { table(&edition) })
}

fn table(edition: &Edition) -> String {
    let day = |at: Timestamp| instant::write(at.0);
    let until = replaced_at(edition).map_or_else(|| "on".to_owned(), |until| format!("until {}", day(until)));
    let mut text = format!("edition {}, in force from {} {until}\n", edition.id(), day(edition.starts_at()));
    if edition.calendar().moved().any(|(moved, _)| moved == edition.id()) {
        text.push_str("not from the day of its name, but from the one that is configured\n");
    }
    text.push_str("asked in this order; the first that permits or forbids has answered\n\n");
    for rule in edition.rule_ids() {
        text.push_str(&format!("  {:<16}  {}\n", rule.code(), rule.sentence()));
    }
    text.push_str(
        "\nIf none has answered, it is forbidden: window-closed. What is permitted waits while the Page has no\n",
    );
    text.push_str(
        "token or is restricted. Windows are taken as closed a guard earlier, see docs/format/policy-facts.md.\n",
    );
    let others = edition.calendar().editions().map(|other| {
        let moved = edition.calendar().moved().find(|(moved, _)| *moved == other.id());
        moved.map_or_else(|| other.id().to_string(), |(id, day)| format!("{id} (from {day})"))
    });
    text.push_str(&format!("Editions of this build: {}\n", others.join(", ")));
    text
}

fn object(edition: &Edition) -> Value {
    let rules: Vec<_> =
        edition.rule_ids().map(|rule| json!({ "rule": rule.code(), "sentence": rule.sentence() })).collect();
    json!({
        "edition": edition.id(),
        "starts_at": edition.starts_at(),
        "replaced_at": replaced_at(edition),
        "rules": rules,
        "editions": editions().iter().map(Edition::id).collect::<Vec<_>>(),
        "effective_from": edition.calendar(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_all_editions_are_approved() {
        let tables: Vec<_> = editions().iter().map(table).collect();
        insta::assert_snapshot!(tables.join("\n"));
    }

    #[test]
    fn an_edition_is_replaced_when_the_next_one_starts() {
        let told: Vec<_> = editions().iter().map(object).collect();
        assert_eq!(told[0]["replaced_at"], told[1]["starts_at"]);
        assert_eq!(told[1]["replaced_at"], told[2]["starts_at"]);
        assert_eq!(told[2]["replaced_at"], Value::Null);
    }
}
