//! What happened on a Page, told for a list: what in a few words, who, and what was written.
//!
//! Pure. Every kind that the `page` machine journals has words here; what has none of its own is its readable line.
//! Invariant: no text is longer than [`CHARS_MAX`] characters.

use machine::page::line;
use model::{Activity, ActivityField, ActivityItem, Lead, PageId, PageInbound, PageKind, PolicyAct, Redacted, Verb};

use crate::row::HappeningRow;

/// Most characters of a text.
const CHARS_MAX: usize = 1_000;

/// An item of a Page as its list shows it.
pub(crate) fn row(page: &PageId, inbound: &PageInbound) -> HappeningRow {
    let (what, text) = match &inbound.kind {
        PageKind::Activity(activity) => (happened(activity), activity.text.clone()),
        PageKind::Lead(lead) => ("New lead".to_owned(), Some(Redacted::new(numbers(lead)))),
        PageKind::Policy(policy) => (enforced(&policy.act).to_owned(), policy.reason.clone().map(Redacted::new)),
        PageKind::AppRoles(_) => told("Roles of apps", &inbound.kind),
        PageKind::Integrity(_) => told("Meta’s judgement", &inbound.kind),
        PageKind::TemplateStatus(_) => told("Message template", &inbound.kind),
        PageKind::Changed(_) => told("The Page’s own settings", &inbound.kind),
        PageKind::Stranger(_) => told("Somebody without an id", &inbound.kind),
        PageKind::Installation(_) => told("The app", &inbound.kind),
    };
    let text = text.map(|text| cut(text.reveal())).filter(|text| !text.reveal().is_empty());
    HappeningRow { page: page.clone(), at: inbound.at, what, who: who(&inbound.kind), text }
}

/// Words for a kind whose readable line says the rest.
fn told(what: &str, kind: &PageKind) -> (String, Option<Redacted<String>>) {
    (what.to_owned(), Some(line(kind)))
}

fn who(kind: &PageKind) -> Option<Redacted<String>> {
    let PageKind::Activity(activity) = kind else { return None };
    if activity.by_page {
        return Some(Redacted::new("The Page".to_owned()));
    }
    activity.author.as_ref().and_then(|author| author.name.clone())
}

/// What was done to what, and where if not on the Page's own wall.
fn happened(activity: &Activity) -> String {
    let item = match &activity.item {
        ActivityItem::Comment => "comment",
        ActivityItem::Post | ActivityItem::Status => "post",
        ActivityItem::Photo => "picture",
        ActivityItem::Video => "video",
        ActivityItem::Share => "shared post",
        ActivityItem::Reaction => "reaction",
        ActivityItem::Like => "like",
        ActivityItem::Event => "event",
        ActivityItem::Album => "album",
        ActivityItem::Rating => "rating",
        ActivityItem::Other(word) => word,
    };
    let done = match &activity.verb {
        Verb::Add => format!("New {item}"),
        Verb::Edit => format!("{} changed", capital(item)),
        Verb::Remove => format!("{} removed", capital(item)),
        Verb::Hide => format!("{} hidden", capital(item)),
        Verb::Unhide => format!("{} shown again", capital(item)),
        Verb::Block => format!("{} blocked by Meta", capital(item)),
        Verb::Unblock => format!("{} let through again by Meta", capital(item)),
        Verb::Mute => format!("{} muted by Meta", capital(item)),
        Verb::Other(word) => format!("{}: {word}", capital(item)),
    };
    let place = match activity.field {
        ActivityField::Feed | ActivityField::Ratings => "",
        ActivityField::GroupFeed => " in a group",
        ActivityField::Mention => " that names the Page",
    };
    let feeling = activity.feeling.as_ref().map(|feeling| format!(": {feeling}")).unwrap_or_default();
    format!("{done}{place}{feeling}")
}

const fn enforced(act: &PolicyAct) -> &'static str {
    match act {
        PolicyAct::Warning => "Meta warns the Page",
        PolicyAct::Block => "Meta blocks the Page’s messages",
        PolicyAct::Unblock => "Meta lets the Page send again",
        PolicyAct::Other(_) => "Meta enforces its policy",
    }
}

/// Meta tells only numbers of a lead; its answers are fetched with them.
fn numbers(lead: &Lead) -> String {
    match &lead.form {
        Some(form) => format!("Number {} of the form {form}", lead.lead),
        None => format!("Number {}", lead.lead),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn cut(text: &str) -> Redacted<String> {
    let text = text.trim();
    Redacted::new(match text.char_indices().nth(CHARS_MAX) {
        None => text.to_owned(),
        Some(_) => text.chars().take(CHARS_MAX - 1).chain(['…']).collect(),
    })
}

#[cfg(test)]
mod tests {
    use model::{Author, Changed, ItemKey, Policy, Timestamp};

    use super::*;

    fn activity(item: ActivityItem, verb: Verb) -> Activity {
        Activity {
            field: ActivityField::Feed,
            item,
            verb,
            post: None,
            comment: None,
            parent: None,
            author: Some(Author { id: None, name: Some("Mara Vogt".into()) }),
            by_page: false,
            text: Some(" Quick repair ".into()),
            links: Vec::new(),
            published: None,
            hidden: None,
            feeling: None,
            created_at: None,
        }
    }

    fn shown(kind: PageKind) -> String {
        let inbound = PageInbound { page: PageId::new("1029"), at: Timestamp(7), key: ItemKey([0; 16]), kind };
        let HappeningRow { what, who, text, .. } = row(&PageId::new("1029"), &inbound);
        let word = |word: Option<Redacted<String>>| word.map_or("-".to_owned(), Redacted::into_inner);
        format!("{} | {what} | {}", word(who), word(text))
    }

    #[test]
    fn what_happened_is_told_in_words_that_an_agent_knows() {
        let told = |change: &dyn Fn(&mut Activity)| {
            let mut activity = activity(ActivityItem::Comment, Verb::Add);
            change(&mut activity);
            shown(PageKind::Activity(Box::new(activity)))
        };
        assert_eq!(told(&|_| {}), "Mara Vogt | New comment | Quick repair");
        assert_eq!(told(&|it| it.verb = Verb::Remove), "Mara Vogt | Comment removed | Quick repair");
        assert_eq!(told(&|it| it.by_page = true), "The Page | New comment | Quick repair");
        assert_eq!(told(&|it| (it.author, it.text) = (None, None)), "- | New comment | -");
        let mention = |it: &mut Activity| (it.field, it.item) = (ActivityField::Mention, ActivityItem::Post);
        assert_eq!(told(&mention), "Mara Vogt | New post that names the Page | Quick repair");
        let rating = |it: &mut Activity| (it.item, it.feeling) = (ActivityItem::Rating, Some("positive".to_owned()));
        assert_eq!(told(&rating), "Mara Vogt | New rating: positive | Quick repair");
        let lead =
            Lead { lead: "7".to_owned(), form: Some("9".to_owned()), ad: None, ad_group: None, created_at: None };
        assert_eq!(shown(PageKind::Lead(lead)), "- | New lead | Number 7 of the form 9");
        let block = Policy { act: PolicyAct::Block, reason: Some("spam".to_owned()) };
        assert_eq!(shown(PageKind::Policy(block)), "- | Meta blocks the Page’s messages | spam");
        let hours = PageKind::Changed(Changed { field: "hours".to_owned() });
        assert_eq!(shown(hours), "- | The Page’s own settings | hours changed");
        let long = |it: &mut Activity| it.text = Some("ж".repeat(1_001).into());
        assert!(told(&long).ends_with("ж…"));
    }
}
