//! The page of a refusal: what is wrong, what was typed (in its form again, or to be copied), and a way back.
//!
//! Renders only. Invariants: words that were typed on our pages do not get lost with a refusal; sending them again from
//! here cannot add them twice, since the form keeps the mark of the showing it was sent from.

use super::conversation::TEXT_MAX;
use super::form::{Posted, Sent};
use super::frame::{Frame, showing};
use super::layout::{self, Live, Tab};
use super::{sign_in, task};
use crate::fault::Fault;
use http::StatusCode;
use maud::{Markup, html};

/// What the page depends on beside the refusal.
pub(crate) struct Asked<'a> {
    /// The path that was asked for, as it came.
    pub(crate) path: &'a str,
    /// What was to be changed with it; `None`: nothing, or its body could not be read.
    pub(crate) sent: Option<&'a Sent>,
    /// The method is one that changes something.
    pub(crate) changes: bool,
    /// Around the page.
    pub(crate) frame: &'a Frame,
}

/// The whole page.
pub(crate) fn page(fault: &Fault, asked: &Asked<'_>) -> Markup {
    let title = title(fault.status);
    let (href, words) = back(fault, asked.path);
    let content = html! {
        section .sheet.padded {
            h1 { (title) }
            p #why .why .bad[asked.changes] role="alert" { (fault.message) }
            (kept(fault, asked))
            @if fault.code == "signed-out" {
                p { a .button href=(sign_in::leads_to(&href)) target="_blank" { "Sign in" } }
                p .soft { "It opens beside this page, so that what was typed stays here." }
            } @else {
                p { a .button.quiet href=(href) { (words) } }
            }
        }
    };
    layout::page(asked.frame, title, Tab::Nowhere, Live::Still, &content)
}

/// The status in words that are no protocol's.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE => "Not understood",
        StatusCode::UNAUTHORIZED => "Signed out",
        StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY => "Not taken",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::METHOD_NOT_ALLOWED => "Not possible here",
        StatusCode::REQUEST_TIMEOUT => "Too slow",
        StatusCode::CONFLICT => "Not possible now",
        StatusCode::GONE => "Deleted",
        StatusCode::PAYLOAD_TOO_LARGE => "Too long",
        StatusCode::SERVICE_UNAVAILABLE => "Not available now",
        _ => "This did not work",
    }
}

/// From a form's address to its page, from a page that is missing to its list.
fn back(fault: &Fault, path: &str) -> (String, &'static str) {
    let missing = matches!(fault.code, "not-found" | "invalid-id");
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments[..] {
        ["conversations", page, psid, _, ..] if !missing => {
            (format!("/conversations/{page}/{psid}"), "Back to the conversation")
        }
        ["tasks", task, _, ..] if !missing && !matches!(fault.code, "unknown-task" | "task-gone") => {
            (format!("/tasks/{task}"), "Back to the task")
        }
        ["tasks", ..] => ("/tasks".to_owned(), "To the tasks"),
        _ => ("/".to_owned(), "To the conversations"),
    }
}

fn kept(fault: &Fault, asked: &Asked<'_>) -> Markup {
    let Some(sent) = asked.sent else {
        let unread = asked.changes && fault.code.starts_with("bod");
        return html! {
            @if unread { p .soft { "What was typed did not arrive here. The browser's Back leads to it; copy it there." } }
        };
    };
    let words = sent.words();
    let again = may_come_again(fault).then(|| sent.posted()).flatten();
    let segments: Vec<&str> = asked.path.split('/').skip(1).collect();
    match (again, &segments[..]) {
        (Some(posted), ["conversations", _, _, "reply"]) => html! {
            (known_once(fault.status))
            form method="post" action=(asked.path) {
                (asked.frame.csrf())
                (typed("Answer to the customer", &words, shown(&posted, asked.frame)))
                div .foot { span {} button { "Send" } }
            }
        },
        (Some(posted), ["tasks", _, "comments"]) => html! {
            (known_once(fault.status))
            form .composer.again method="post" action=(asked.path) {
                (asked.frame.csrf())
                (typed("Comment", &words, shown(&posted, asked.frame)))
                div .foot { (task::audiences(posted.audience().ok(), true)) button { "Add" } }
            }
        },
        _ if words.trim().is_empty() => Markup::default(),
        _ => html! {
            label .soft for="text" { "What was sent, to be copied" }
            textarea #text rows="8" readonly aria-describedby="why" { "\n" (words) }
        },
    }
}

/// Whether the same form may be taken when it is mended or sent later.
fn may_come_again(fault: &Fault) -> bool {
    let status = fault.status;
    fault.code == "other-session"
        || matches!(status, StatusCode::CONFLICT | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY)
        || status.is_server_error()
}

/// Where it is not known whether the words were added.
fn known_once(status: StatusCode) -> Markup {
    html! {
        @if status.is_server_error() { p .soft { "Sent again from here unchanged, it is not added twice." } }
    }
}

/// The mark of the showing that was sent, so that sending it again is the same act; a new one where it had none.
fn shown(posted: &Posted, frame: &Frame) -> u64 {
    posted.showing().unwrap_or_else(|_| frame.now.0.unsigned_abs())
}

fn typed(label: &str, words: &str, shown: u64) -> Markup {
    html! {
        (showing(shown))
        label .soft for="text" { (label) }
        // A browser drops the first line end of a textarea.
        textarea #text name="text" rows="8" maxlength=(TEXT_MAX) aria-describedby="why" required { "\n" (words) }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, header};

    use super::*;

    #[test]
    fn the_way_back_is_one_step_up_or_the_list_where_nothing_is_there() {
        let fault = |code| Fault::new(StatusCode::CONFLICT, code, "No.");
        for (path, code, href) in [
            ("/conversations/1/2/reply", "no-task", "/conversations/1/2"),
            ("/conversations/1/2/parts/3/resolve", "not-applicable", "/conversations/1/2"),
            ("/conversations/1%3F/2/reply", "task-gone", "/conversations/1%3F/2"),
            ("/conversations/1/2/reply", "not-found", "/"),
            ("/conversations/1/2", "unavailable", "/"),
            ("/tasks/7/comments", "text-empty", "/tasks/7"),
            ("/tasks/7/comments", "task-gone", "/tasks"),
            ("/tasks/7", "unknown-task", "/tasks"),
            ("/tasks", "cursor-unfit", "/tasks"),
            ("//evil.example/reply/x", "not-found", "/"),
            ("*", "not-found", "/"),
        ] {
            assert_eq!(back(&fault(code), path).0, href, "{path} {code}");
        }
    }

    #[test]
    fn where_the_outcome_is_unknown_the_form_keeps_its_mark_and_its_choice() {
        let kind = "application/x-www-form-urlencoded".parse().expect("valid");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        let sent = Sent::new(&headers, Bytes::from("text=hello&audience=customer&showing=42"));
        let fault = Fault::from(tracker::desk::Refusal::Unavailable);
        let frame = Frame { viewer: None, sign_in: false, position: 0, now: model::Timestamp(99), at: None };
        let asked = Asked { path: "/tasks/7/comments", sent: Some(&sent), changes: true, frame: &frame };
        let page = page(&fault, &asked).into_string();
        for part in
            ["name=\"showing\" value=\"42\"", "value=\"customer\" required checked", "not added twice", ">\nhello<"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
