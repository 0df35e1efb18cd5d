//! The list of conversations: who, the last line, the time left to answer, what waits for a person, the task.
//!
//! Renders rows only; where they come from is the handler's affair. The list stands on a page of its own and beside a
//! conversation.

use std::collections::BTreeMap;

use maud::{Markup, html};
use model::{PageId, Psid, Span};

use super::frame::Frame;
use super::layout::{self, Live, Tab};
use super::line::kind_words;
use super::{guide, link, sign_in};
use crate::guide::Shown;
use crate::lists::{ConversationList, ConversationRow, LastBy, Which};
use crate::present::{Chance, Tone, clock, iso, moment};

/// Which rows are asked for; a conversation's page remembers it for the list beside it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Listing {
    /// By what is to be done.
    pub(crate) which: Which,
    /// Only those of this Page.
    pub(crate) page: Option<PageId>,
    /// From here on.
    pub(crate) after: Option<String>,
}

/// Page names by id.
pub(crate) type Names = BTreeMap<PageId, String>;

impl Listing {
    /// What stands behind an address so that it shows the same rows, with its `?`; the place in the list stays out.
    pub(crate) fn query(&self) -> String {
        let which = word(self.which).map(|which| format!("show={which}"));
        let page = self.page.as_ref().map(|page| format!("of={}", link::encode(page.as_str())));
        let parts: Vec<String> = which.into_iter().chain(page).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// The list's address.
    pub(crate) fn address(&self) -> String {
        format!("/{}", self.query())
    }

    fn with(&self, which: Which) -> Self {
        Self { which, page: self.page.clone(), after: None }
    }

    fn older(&self, after: &str) -> String {
        let query = self.query();
        let joint = if query.is_empty() { "?" } else { "&" };
        format!("/{query}{joint}after={}", link::encode(after))
    }
}

/// The filter as an address has it; `None`: it is what an address without says.
const fn word(which: Which) -> Option<&'static str> {
    match which {
        Which::All => None,
        Which::Unanswered => Some("unanswered"),
        Which::Ending => Some("ending"),
        Which::Failed => Some("failed"),
    }
}

/// The whole page.
pub(crate) fn page(
    frame: &Frame,
    list: &ConversationList,
    listing: &Listing,
    names: &Names,
    guide: Option<&Shown>,
) -> Markup {
    let content = html! {
        (guide::steps(frame, guide, &listing.address()))
        @if !frame.sign_in { aside .sheet.padded.hint { p { strong { "Everybody who reaches this address is in." } } (sign_in::how()) } }
        div .head {
            h1 { "Conversations" }
            div .filters { (tabs(listing)) (choice("/", word(listing.which), listing.page.as_ref(), names)) }
        }
        (rows(list, listing, names, frame, None))
        p .soft.zone { "Times are UTC." }
        div .more {
            (guide::again(frame, guide, &listing.address()))
            @if listing.after.is_some() { a .button.quiet href=(listing.address()) { "Newest" } }
            @if let Some(next) = &list.next { a .button.quiet rel="next" href=(listing.older(next)) { "Older" } }
        }
    };
    let waiting = list.conversations.iter().filter(|row| row.unanswered).count();
    let title = if waiting > 0 { format!("({waiting}) Conversations") } else { "Conversations".to_owned() };
    layout::page(frame, &title, Tab::Conversations, Live::Everything, &content)
}

/// The list beside the conversation `here`, and under it what there is to try.
pub(crate) fn beside(
    list: &ConversationList,
    listing: &Listing,
    names: &Names,
    frame: &Frame,
    here: (&PageId, &Psid),
    guide: &Markup,
) -> Markup {
    html! {
        aside .inbox aria-label="Conversations" {
            div .inbox-head { (tabs(listing)) }
            (rows(list, listing, names, frame, Some(here)))
            @if list.next.is_some() { div .more { a .button.quiet.small href=(listing.address()) { "All of them" } } }
            (guide)
        }
    }
}

fn tabs(listing: &Listing) -> Markup {
    let tab = |which, name| layout::tab(&listing.with(which).address(), name, which == listing.which);
    html! {
        nav .tabs aria-label="Filter" {
            (tab(Which::All, "All"))
            (tab(Which::Unanswered, "Waiting"))
            (tab(Which::Ending, "Ending soon"))
            (tab(Which::Failed, "Failed"))
        }
    }
}

/// The choice of a Page for the list at `action`, where there are several; `which`: the filter to stay with.
pub(crate) fn choice(action: &str, which: Option<&str>, chosen: Option<&PageId>, names: &Names) -> Markup {
    html! {
        @if names.len() > 1 {
            form .inline method="get" action=(action) {
                @if let Some(which) = which { input type="hidden" name="show" value=(which); }
                label .hidden for="of" { "Page" }
                select #of name="of" data-submit {
                    option value="" { "All Pages" }
                    @for (page, name) in names {
                        option value=(page) selected[chosen == Some(page)] { (called(name, page)) }
                    }
                }
                button .quiet.small data-unscripted { "Show" }
            }
        }
    }
}

fn rows(
    list: &ConversationList,
    listing: &Listing,
    names: &Names,
    frame: &Frame,
    here: Option<(&PageId, &Psid)>,
) -> Markup {
    let turns = list.conversations.iter().filter_map(|row| Chance::of(&row.verdict, frame.now).turns).min();
    html! {
        div #list data-live data-turns=[turns.map(|Span(ms)| ms)] {
            @if list.conversations.is_empty() {
                div #none .sheet.empty {
                    p { (nothing(listing.which, list.next.is_some())) }
                    @if let Some(next) = &list.next { p { a href=(listing.older(next)) { "Look further back" } } }
                }
            } @else {
                ul #rows .sheet {
                    @for row in &list.conversations { (item(row, listing, names, frame, here)) }
                }
            }
        }
    }
}

const fn nothing(which: Which, more: bool) -> &'static str {
    match which {
        _ if more => "None among the newest.",
        Which::All => "No customer has written yet. The first message to a connected Page appears here.",
        Which::Unanswered => "Every customer has an answer.",
        Which::Ending => "No window closes within three hours on a customer who waits.",
        Which::Failed => "Nothing failed and nothing is in doubt.",
    }
}

fn item(
    row: &ConversationRow,
    listing: &Listing,
    names: &Names,
    frame: &Frame,
    here: Option<(&PageId, &Psid)>,
) -> Markup {
    let chance = Chance::of(&row.verdict, frame.now);
    let name = name(row.name.as_deref(), &row.psid);
    let is_here = here == Some((&row.page, &row.psid));
    html! {
        li id={ "row-" (row.page) "-" (row.psid) } .row .unread[row.unanswered] .here[is_here] {
            (avatar(&name, &row.psid))
            div .row-top {
                a href={ (link::conversation(&row.page, &row.psid)) (listing.query()) }
                    aria-current=[is_here.then_some("true")] dir="auto" { (name) }
                span .of { (called(names.get(&row.page).map_or("", String::as_str), &row.page)) }
                @if let Some(at) = row.last_activity_at { time datetime=(iso(at)) title=(clock(at)) { (moment(at, frame.now)) } }
            }
            p .last dir="auto" {
                @if let Some(by) = writer(row.last_by.as_ref(), frame.by()) { bdi { (by) } ": " }
                @if let Some(line) = &row.last_line { (glance(line)) } @else { "no message yet" }
            }
            div .marks {
                @if row.unanswered { span .dot {} span .hidden { "waits for an answer" } }
                (pill(chance.tone, &chance.words))
                (marks(row))
                @if let Some(task) = &row.task { a .task href=(link::task(task)) { "Task " (task) } }
            }
        }
    }
}

/// A line at a glance: marks as words, and a changed message as what it says now.
fn glance(line: &str) -> String {
    let line = line.strip_prefix("The customer changed a message to: ").unwrap_or(line);
    if line.is_empty() {
        return "a message that Messenger does not show".to_owned();
    }
    let marks = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    let words: Option<Vec<&str>> = marks.and_then(|marks| marks.split("] [").map(called_kind).collect());
    words.map_or_else(|| line.to_owned(), |words| words.join(", "))
}

/// What a kind of attachment is called; `None`: it may as well be what a customer typed.
fn called_kind(kind: &str) -> Option<&str> {
    let (_, word) = kind_words(kind);
    (word != kind).then_some(word)
}

/// Whose the last words are, where they are not the customer's. `reader`: in whose name the page acts.
fn writer<'a>(by: Option<&'a LastBy>, reader: &str) -> Option<&'a str> {
    match by? {
        LastBy::Customer => None,
        LastBy::Agent(name) if name == reader => Some("You"),
        LastBy::Agent(name) => Some(name),
        LastBy::Outside => Some("The Page"),
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

/// A customer's sign: a letter on a colour that stays theirs.
pub(crate) fn avatar(name: &str, psid: &Psid) -> Markup {
    let hue = psid.as_str().bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 6;
    html! { span class={ "avatar hue" (hue) } aria-hidden="true" { (layout::initial(name)) } }
}

/// A Page's name, or its id.
pub(crate) fn called<'a>(name: &'a str, page: &'a PageId) -> &'a str {
    if name.trim().is_empty() { page.as_str() } else { name }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_at_a_glance_has_words_instead_of_marks() {
        for (line, shown) in [
            ("[image]", "Picture"),
            ("[image] [file] [location]", "Picture, File, Place"),
            ("[sic]", "[sic]"),
            ("[image] and text", "[image] and text"),
            ("", "a message that Messenger does not show"),
            ("The customer changed a message to: two rolls", "two rolls"),
            ("Are you open?", "Are you open?"),
        ] {
            assert_eq!(glance(line), shown, "{line}");
        }
    }
}
