//! The list of conversations: who, the last line, the time left to answer, what waits for a person, the task.
//!
//! Renders rows only; where they come from is the handler's affair.

use maud::{Markup, html};
use model::{Psid, Timestamp};

use super::layout::{self, Tab};
use super::link;
use crate::lists::{ConversationList, ConversationRow, Which};
use crate::present::{Tone, clock, hours, iso};

/// The whole page.
pub(crate) fn page(list: &ConversationList, which: Which, now: Timestamp) -> Markup {
    let tab = |this: Which, name| layout::tab(address(this), name, this == which);
    let content = html! {
        div .head {
            h1 { "Conversations" }
            nav .tabs aria-label="Filter" {
                (tab(Which::All, "All"))
                (tab(Which::Unanswered, "Unanswered"))
                (tab(Which::Failed, "Failed"))
            }
        }
        @if list.conversations.is_empty() {
            p .sheet.empty { (nothing(which)) }
        } @else {
            ul .sheet { @for row in &list.conversations { (item(row, now)) } }
        }
        @if let Some(next) = &list.next {
            p .more { a .button.quiet rel="next" href={ (address(which)) "&after=" (link::encode(next)) } { "Older" } }
        }
    };
    layout::page("Conversations", Tab::Conversations, &content)
}

const fn address(which: Which) -> &'static str {
    match which {
        Which::All => "/?show=all",
        Which::Unanswered => "/?show=unanswered",
        Which::Failed => "/?show=failed",
    }
}

const fn nothing(which: Which) -> &'static str {
    match which {
        Which::All => "No customer has written yet. The first message to a connected Page appears here.",
        Which::Unanswered => "Every customer has an answer.",
        Which::Failed => "Nothing failed and nothing is in doubt.",
    }
}

fn item(row: &ConversationRow, now: Timestamp) -> Markup {
    let name = name(row.name.as_deref(), &row.psid);
    html! {
        li .row .unread[row.unanswered] {
            span .avatar aria-hidden="true" { (initial(&name)) }
            div .top {
                a href=(link::conversation(&row.page, &row.psid)) { (name) }
                @if let Some(at) = row.last_activity_at { time .soft datetime=(iso(at)) { (clock(at)) } }
            }
            p .last { @if let Some(line) = &row.last_line { (line) } @else { "no message yet" } }
            div .marks {
                (window(row.window_ends_at, now))
                @if row.unanswered { (pill(Tone::Note, "unanswered")) }
                (marks(row))
                @if let Some(task) = &row.task { a href=(link::task(task)) { "Task " (task) } }
            }
        }
    }
}

fn window(ends_at: Option<Timestamp>, now: Timestamp) -> Markup {
    match ends_at {
        Some(end) if now < end => pill(Tone::Open, &format!("open {}", hours(end - now))),
        Some(_) => pill(Tone::Quiet, "24 hours over"),
        None => pill(Tone::Quiet, "never wrote"),
    }
}

fn marks(row: &ConversationRow) -> Markup {
    let counted = [
        (row.failed, "failed", Tone::Bad),
        (row.refused, "refused", Tone::Bad),
        (row.in_doubt, "in doubt", Tone::Bad),
        (row.queued, "queued", Tone::Quiet),
    ];
    html! {
        @for (count, word, tone) in counted {
            @if count > 0 { (pill(tone, &format!("{count} {word}"))) }
        }
    }
}

/// A short mark.
pub(crate) fn pill(tone: Tone, words: &str) -> Markup {
    html! { span class={ "pill " (tone.class()) } { (words) } }
}

/// The customer's name, or what is known instead.
pub(crate) fn name(name: Option<&str>, psid: &Psid) -> String {
    match name.map(str::trim) {
        Some(name) if !name.is_empty() => name.to_owned(),
        Some(_) | None => {
            let id = psid.as_str();
            let from = id.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
            format!("Messenger customer {}", &id[from..])
        }
    }
}

fn initial(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphanumeric())
        .map_or("·".to_owned(), |letter| letter.to_uppercase().collect())
}
