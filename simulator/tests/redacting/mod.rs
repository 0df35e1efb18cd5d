//! Redacting in tests: both passes over bodies at once, and what the linter says.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use simulator::redact::lint::{self, Deny, Leftover};
use simulator::redact::{Gathering, Key, Redaction};

/// A redaction that heard something.
pub(crate) fn redaction_of(hear: impl FnOnce(&mut Gathering)) -> Redaction {
    let folder = tempfile::tempdir().unwrap();
    let mut gathering = Gathering::begin(folder.path(), &Key::of(b"a key for tests")).unwrap();
    hear(&mut gathering);
    gathering.finish().unwrap()
}

/// These bodies redacted.
pub(crate) fn redact(bodies: &[&str]) -> Vec<String> {
    let mut redaction = redaction_of(|gathering| {
        bodies.iter().for_each(|body| gathering.delivery(body.as_bytes()).unwrap());
    });
    bodies.iter().map(|body| String::from_utf8(redaction.delivery(body.as_bytes()).unwrap()).unwrap()).collect()
}

/// What the linter finds in a body: what it looks like, and it.
pub(crate) fn leftovers(body: &str, deny: &str) -> Vec<(Leftover, String)> {
    let mut found = Vec::new();
    lint::body(body, &Deny::read(deny), &mut |_, kind, what| found.push((kind, what.to_owned())));
    found
}
