//! Which kinds there are, asked of the types themselves, so that a new one fails the course until it is in it.

use std::collections::BTreeSet;

use it::facts::Facts;
use machine::conversation::Event;
use machine::page;
use model::{Kind, PageKind};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use simulator::fake::facebook::{Attachment, FeedItem, OptIn, Verb, What};

/// The names of all variants of an enum: what its reader says where it is given one that there is not.
fn variants<T: DeserializeOwned>(probe: Value) -> BTreeSet<String> {
    let fault = serde_json::from_value::<T>(probe).err().expect("there is no such variant").to_string();
    let names: BTreeSet<String> = fault.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 2, "{fault}");
    names
}

/// Every kind that can happen at the stand-in.
pub(super) fn all_kinds() -> BTreeSet<String> {
    let named = |sort: &str, names: BTreeSet<String>| -> Vec<String> {
        names.into_iter().map(|name| format!("{sort} {name}")).collect()
    };
    let all = [
        named("what", variants::<What>(json!({ "kind": "?" }))),
        named("attachment", variants::<Attachment>(json!({ "type": "?" }))),
        named("opt-in", variants::<OptIn>(json!({ "type": "?" }))),
        named("item", variants::<FeedItem>(json!("?"))),
        named("verb", variants::<Verb>(json!("?"))),
    ];
    all.into_iter().flatten().collect()
}

/// The kinds of something that happens, as [`all_kinds`] names them.
pub(super) fn kinds_of(what: &What) -> Vec<String> {
    let value = serde_json::to_value(what).expect("orders are plain data");
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut kinds = vec![format!("what {}", text(&value, "kind"))];
    let attachments = value["attachments"].as_array().into_iter().flatten();
    kinds.extend(attachments.map(|attachment| format!("attachment {}", text(attachment, "type"))));
    if matches!(what, What::OptIn(_)) {
        kinds.push(format!("opt-in {}", text(&value, "type")));
    }
    if matches!(what, What::Feed(_)) {
        kinds.extend([format!("item {}", text(&value, "item")), format!("verb {}", text(&value, "verb"))]);
    }
    kinds
}

/// What the journal says of kinds.
pub(super) struct Journaled {
    /// Kinds that the model knows and that did not come.
    pub(super) missing: Vec<String>,
    /// What happened on Pages, in readable lines.
    pub(super) happened: Vec<String>,
    /// Items of conversations and Pages together.
    pub(super) received: usize,
}

/// Looks through a journal.
pub(super) fn journaled(facts: &Facts) -> Journaled {
    let tag = |value: Value| value["kind"].as_str().unwrap_or_default().to_owned();
    let (mut conversations, mut pages) = (BTreeSet::new(), BTreeSet::new());
    let (mut happened, mut received) = (Vec::new(), 0);
    for event in facts.talks.values().flat_map(|talk| &talk.events) {
        if let Event::Received { inbound } = event {
            received += 1;
            conversations.insert(tag(serde_json::to_value(&inbound.kind).expect("plain data")));
        }
    }
    for event in facts.pages.values().flatten() {
        if let page::Event::Received { inbound } = event {
            received += 1;
            pages.insert(tag(serde_json::to_value(&inbound.kind).expect("plain data")));
            happened.push(page::line(&inbound.kind).into_inner());
        }
    }
    let missing = variants::<Kind>(json!({ "kind": "?" })).difference(&conversations).cloned().collect::<Vec<_>>();
    let of_pages = variants::<PageKind>(json!({ "kind": "?" }));
    Journaled { missing: missing.into_iter().chain(of_pages.difference(&pages).cloned()).collect(), happened, received }
}

/// How often a readable line of a Page is in a journal.
pub(super) fn told(facts: &Facts, line: &str) -> usize {
    journaled(facts).happened.iter().filter(|told| *told == line).count()
}
