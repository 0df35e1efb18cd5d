//! Short names: Pages are letters, their customers numbers, so that a trace is read like a play.
//!
//! Invariant: a name depends on the order of Pages in the manifest and of first appearances in the deliveries alone, so
//! that telling one more customer's real name renames nobody.

use std::collections::BTreeMap;

use model::{MachineId, PageId, Psid};

use crate::play::recording::{Manifest, Provenance};
use crate::scenario::Scenario;

/// Who is called what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pages: BTreeMap<PageId, String>,
    customers: BTreeMap<PageId, BTreeMap<Psid, usize>>,
    /// Names that a scenario gives, whole: they go before any number.
    labels: BTreeMap<PageId, BTreeMap<Psid, String>>,
    strangers: usize,
}

impl Names {
    /// The manifest's Pages.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let mut names = Self::default();
        for page in &manifest.pages {
            let letter = letters(names.pages.len());
            names.pages.entry(page.id.clone()).or_insert(letter);
        }
        names
    }

    /// Those of a scenario, as its lines call them.
    pub(crate) fn of_scenario(scenario: &Scenario) -> Self {
        let mut names = Self::default();
        for (label, page) in &scenario.pages {
            names.pages.insert(page.id.clone(), label.to_string());
        }
        for (who, customer) in &scenario.customers {
            if let Some(page) = scenario.pages.get(&who.page) {
                let labels = names.labels.entry(page.id.clone()).or_default();
                labels.insert(customer.psid.clone(), who.to_string());
            }
        }
        names
    }

    /// A Page appears in a delivery; one that the manifest lacks is a stranger.
    pub(crate) fn meet_page(&mut self, page: &PageId) {
        if !self.pages.contains_key(page) {
            self.strangers += 1;
            self.pages.insert(page.clone(), format!("x{}", self.strangers));
        }
    }

    /// A customer appears.
    pub(crate) fn meet(&mut self, page: &PageId, psid: &Psid) {
        self.meet_page(page);
        let known = self.customers.entry(page.clone()).or_default();
        let next = known.len() + 1;
        known.entry(psid.clone()).or_insert(next);
    }

    /// The short name of a Page; its id where it never appeared.
    pub(crate) fn page(&self, page: &PageId) -> String {
        self.pages.get(page).cloned().unwrap_or_else(|| page.to_string())
    }

    /// The short name of a machine.
    pub(crate) fn machine(&self, machine: &MachineId) -> String {
        match machine {
            MachineId::Account(_) => "account".to_owned(),
            MachineId::Page(page) => self.page(page),
            MachineId::Conversation(page, psid) => self.customer(page, psid),
        }
    }

    /// The short name of a customer.
    pub(crate) fn customer(&self, page: &PageId, psid: &Psid) -> String {
        if let Some(label) = self.labels.get(page).and_then(|known| known.get(psid)) {
            return label.clone();
        }
        match self.customers.get(page).and_then(|known| known.get(psid)) {
            Some(number) => format!("{}/c{number}", self.page(page)),
            None => format!("{}/{psid}", self.page(page)),
        }
    }

    /// One line for each: short name, id, and the real name where there is one to tell.
    pub(crate) fn legend(&self, manifest: &Manifest) -> Vec<String> {
        let mut lines = Vec::new();
        let mut pages: Vec<(&PageId, &String)> = self.pages.iter().collect();
        // The manifest's Pages come first, in its order; `AA` comes after `Z`.
        pages.sort_by_key(|(_, name)| (name.starts_with('x'), name.len(), (*name).clone()));
        for (page, name) in pages {
            let known = manifest.pages.iter().find(|known| known.id == *page);
            lines.push(line(name, page.as_str(), known.map_or("not configured", |known| &known.name)));
            let mut customers: Vec<(&Psid, &usize)> = self.customers.get(page).into_iter().flatten().collect();
            customers.sort_by_key(|(_, number)| **number);
            for (psid, number) in customers {
                let told = manifest.customers.iter().find(|of| of.page == *page && of.psid == *psid);
                let told = told.filter(|_| manifest.provenance == Provenance::Synthetic);
                lines.push(line(&format!("{name}/c{number}"), psid.as_str(), told.map_or("", |of| &of.name)));
            }
        }
        lines
    }
}

/// A line of the legend.
pub(crate) fn line(name: &str, id: &str, told: &str) -> String {
    one_line(format!("{name:<8} {id:<18} {told}").trim_end())
}

/// What came from outside, fit for one line of a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// `A` … `Z`, `AA`, `AB` …
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from(b'A' + u8::try_from(number % 26).unwrap_or(0)));
        if number < 26 {
            return text;
        }
        number = number / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_letters_however_many_there_are() {
        assert_eq!(
            [0, 1, 25, 26, 27, 51, 52, 701, 702].map(letters),
            ["A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]
        );
    }

    #[test]
    fn customers_are_numbered_as_they_appear_and_strangers_are_told_apart() {
        let manifest: Manifest = toml::from_str(
            "format = 1\ntitle = \"t\"\nprovenance = \"synthetic\"\napp_id = \"9\"\npages = [{ id = \"17\", name = \"Quay\" }]\n\
             customers = [{ page = \"17\", psid = \"5\", name = \"Mara\" }]",
        )
        .unwrap();
        let mut names = Names::of(&manifest);
        let (page, stranger) = (PageId::new("17"), PageId::new("99"));
        for psid in ["6", "5", "6"] {
            names.meet(&page, &Psid::new(psid));
        }
        names.meet(&stranger, &Psid::new("5"));
        assert_eq!(names.customer(&page, &Psid::new("5")), "A/c2");
        assert_eq!(names.machine(&"c/99/5".parse().unwrap()), "x1/c1");
        assert_eq!(names.machine(&"p/unaddressed".parse().unwrap()), "unaddressed");
        let legend = names.legend(&manifest);
        let expected = [
            "A        17                 Quay",
            "A/c1     6",
            "A/c2     5                  Mara",
            "x1       99                 not configured",
            "x1/c1    5",
        ];
        assert_eq!(legend, expected);
    }
}
