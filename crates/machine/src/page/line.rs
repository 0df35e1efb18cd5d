//! A readable line of what happens on a Page, for lists and traces.

use model::{Activity, ActivityField, Installation, Integrity, PageKind, PolicyAct, Redacted, TemplateStatus};

/// What happened, in one line; personal, because it may name people and quote them.
pub fn line(kind: &PageKind) -> Redacted<String> {
    Redacted::new(match kind {
        PageKind::Activity(activity) => happened(activity),
        PageKind::Lead(lead) => match &lead.form {
            Some(form) => format!("lead {} from the form {form}", lead.lead),
            None => format!("lead {}", lead.lead),
        },
        PageKind::AppRoles(roles) => {
            let roles = roles.roles.iter().map(|(app, roles)| format!("app {app} is {}", roles.join(" and ")));
            format!("roles of apps changed: {}", roles.collect::<Vec<_>>().join(", "))
        }
        PageKind::Policy(policy) => {
            let what = match &policy.act {
                PolicyAct::Warning => "Meta warns the Page",
                PolicyAct::Block => "Meta blocks the Page’s messages",
                PolicyAct::Unblock => "Meta lets the Page send again",
                PolicyAct::Other(_) => "Meta enforces its policy",
            };
            with(what, policy.reason.as_deref())
        }
        PageKind::Integrity(Integrity { status, violations, restrictions }) => {
            let line = with("Meta judged the Page", status.as_deref());
            let more: Vec<&str> = violations.iter().chain(restrictions).map(String::as_str).collect();
            if more.is_empty() { line } else { format!("{line} ({})", more.join(", ")) }
        }
        PageKind::TemplateStatus(TemplateStatus { template, status, reason, language: _ }) => {
            let template = template.as_deref().unwrap_or("of unknown name");
            with(&format!("message template {template}"), status.as_deref().or(reason.as_deref()))
        }
        PageKind::Changed(changed) => format!("{} changed", changed.field),
        PageKind::Stranger(stranger) => format!("somebody without an id here yet: {}", stranger.deed),
        PageKind::Installation(Installation { object, field, verb }) => {
            with(&format!("{object} {field}"), verb.as_deref())
        }
    })
}

fn with(what: &str, more: Option<&str>) -> String {
    match more {
        Some(more) => format!("{what}: {more}"),
        None => what.to_owned(),
    }
}

fn happened(activity: &Activity) -> String {
    let name = activity.author.as_ref().and_then(|author| author.name.as_ref());
    let who = match (activity.by_page, name) {
        (true, _) => "the Page",
        (false, Some(name)) => name.reveal().as_str(),
        (false, None) => "somebody",
    };
    let place = match activity.field {
        ActivityField::Feed => "",
        ActivityField::GroupFeed => " in a group",
        ActivityField::Mention => " naming the Page",
        ActivityField::Ratings => " in the ratings",
    };
    let feeling = activity.feeling.as_ref().map(|feeling| format!(" ({feeling})")).unwrap_or_default();
    let line = format!("{who}: {} {}{feeling}{place}", activity.verb.word(), activity.item.word());
    with(&line, activity.text.as_ref().map(|text| text.reveal().as_str()))
}

#[cfg(test)]
mod tests {
    use model::{ActivityItem, Author, Changed, Policy, Verb};

    use super::*;

    #[test]
    fn every_sort_of_thing_has_a_line() {
        let rating = Activity {
            field: ActivityField::Ratings,
            item: ActivityItem::Rating,
            verb: Verb::Add,
            post: None,
            comment: None,
            parent: None,
            author: Some(Author { id: None, name: Some("Mara Vogt".into()) }),
            by_page: false,
            text: Some("Quick repair".into()),
            links: Vec::new(),
            published: None,
            hidden: None,
            feeling: Some("positive".to_owned()),
            created_at: None,
        };
        let block = Policy { act: PolicyAct::Block, reason: Some("spam".to_owned()) };
        let cases = [
            (PageKind::Activity(Box::new(rating)), "Mara Vogt: add rating (positive) in the ratings: Quick repair"),
            (PageKind::Policy(block), "Meta blocks the Page’s messages: spam"),
            (PageKind::Changed(Changed { field: "hours".to_owned() }), "hours changed"),
        ];
        for (kind, expected) in cases {
            assert_eq!(line(&kind).reveal(), expected);
        }
    }
}
