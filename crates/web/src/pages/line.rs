//! One line of a transcript: a bubble, a note in the middle, what was attached, how far it got. Whatever kinds of lines
//! there are, this file alone knows how each looks.
//!
//! Renders only. A kind without a look of its own is its readable line.

use machine::outbound::PartId;
use maud::{Markup, html};
use model::{PageId, Psid, Timestamp};

use super::frame::Frame;
use super::link;
use crate::present::{PartWords, clock, iso, time};
use crate::talk::{Attached, Said, Who};

/// Where a line stands.
pub(crate) struct Place<'a> {
    /// The Page of the conversation.
    pub(crate) page: &'a PageId,
    /// The customer.
    pub(crate) psid: &'a Psid,
    /// What forms need.
    pub(crate) frame: &'a Frame,
    /// The line before is by the same and not long ago.
    pub(crate) follows: bool,
    /// So is the line after this: what is said under a bubble is said there.
    pub(crate) followed: bool,
}

/// Who says that a line is theirs, for telling groups apart. Lines that belong to no group have none.
pub(crate) fn group(said: &Said) -> Option<&str> {
    match &said.who {
        Who::Customer => Some("customer"),
        Who::Us { by, words, .. } if is_well(words) => Some(by),
        Who::Us { .. } | Who::Soon { .. } | Who::Outside { .. } | Who::Notice => None,
    }
}

/// The line.
pub(crate) fn line(said: &Said, place: &Place<'_>) -> Markup {
    let Place { follows, followed, .. } = *place;
    match &said.who {
        Who::Customer => html! {
            li id=(said.id) .said.customer .follows[follows] {
                span .hidden { "Customer: " }
                (bubble(said))
                @if !followed { p .under { (moment(said.at)) } }
            }
        },
        Who::Outside { reach } => html! {
            li id=(said.id) .said.outside {
                (bubble(said))
                p .under { "Sent outside pagedesk · " (moment(said.at)) (ticks(reach)) }
            }
        },
        Who::Notice => html! {
            li id=(said.id) .notice { p dir="auto" { (said.text) " · " (moment(said.at)) } }
        },
        Who::Us { part, by, words } => {
            let trouble = matches!(words.state, "failed" | "refused" | "in doubt");
            let unsent = matches!(words.state, "queued" | "held" | "sending");
            html! {
                li id=(said.id) .said.us .trouble[trouble] .unsent[unsent] .follows[follows] {
                    span .hidden { (by) ": " }
                    (bubble(said))
                    @if !followed {
                        p .under {
                            (by) " · " (moment(said.at)) " · "
                            strong { (words.state) } (ticks(words.state))
                        }
                    }
                    @if let Some(sentence) = &words.sentence { p .reason { (sentence) } }
                    (ways(place, *part, words))
                }
            }
        }
        Who::Soon { by } => html! {
            li id=(said.id) .said.us.unsent {
                span .hidden { (by) ": " }
                (bubble(said))
                p .under { (by) " · " (moment(said.at)) " · " strong { "queued" } }
            }
        },
    }
}

/// Whether a part needs no words of its own.
fn is_well(words: &PartWords) -> bool {
    words.sentence.is_none() && matches!(words.state, "sent" | "delivered" | "read")
}

fn bubble(said: &Said) -> Markup {
    html! {
        @if said.unsent {
            div .bubble.gone { "This message was taken back." }
        } @else if !said.text.is_empty() {
            div .bubble dir="auto" { (said.text) @if said.edited { span .edited { " edited" } } }
        }
        @for attached in &said.attached { (attachment(attached)) }
        @if !said.reactions.is_empty() {
            p .reactions { span .hidden { "Reactions: " } @for sign in &said.reactions { span { (sign) } } }
        }
    }
}

/// What was attached, as a card. A browser is never made to fetch it by itself: it lies with Facebook or whoever else the
/// card names, links end, and asking for it would tell who reads what when.
pub(super) fn attachment(attached: &Attached) -> Markup {
    let (sign, word) = kind_words(&attached.kind);
    // These are what they say, and nothing is to be opened.
    let is_whole = matches!(attached.kind.as_str(), "sticker" | "thumb up" | "location" | "template" | "appointment");
    let title = attached.title.as_deref().unwrap_or(word);
    let opens = match (&attached.link, is_whole) {
        (Some(link), _) => Some(host(link).map_or("opens elsewhere".to_owned(), |host| format!("opens at {host}"))),
        (None, false) => Some("no link came with it".to_owned()),
        (None, true) => None,
    };
    let under: Vec<&str> = attached.title.as_ref().map(|_| word).into_iter().chain(opens.as_deref()).collect();
    let card = html! {
        span class={ "sign " (sign) } aria-hidden="true" {}
        span .title dir="auto" { (title) }
        span .soft { (under.join(" · ")) }
    };
    html! {
        @match &attached.link {
            Some(link) => { a .attached href=(link) rel="noreferrer noopener" target="_blank" { (card) } }
            None => { div .attached { (card) } }
        }
    }
}

/// The host that a link leads to, as the browser will take it; `None` where it does not read as an address.
fn host(link: &str) -> Option<String> {
    let link: http::Uri = link.parse().ok()?;
    link.host().map(str::to_ascii_lowercase)
}

/// The class of an attachment's sign, and what it is called.
pub(super) fn kind_words(kind: &str) -> (&'static str, &str) {
    match kind {
        "image" => ("picture", "Picture"),
        "audio" => ("sound", "Voice or sound"),
        "video" => ("film", "Video"),
        "file" => ("file", "File"),
        "sticker" => ("thing", "Sticker"),
        "thumb up" => ("thing", "Thumb up"),
        "link" => ("thing", "Link"),
        "reel" => ("film", "Reel"),
        "Instagram reel" => ("film", "Instagram reel"),
        "post" => ("thing", "Post"),
        "Instagram post" => ("thing", "Instagram post"),
        "location" => ("thing", "Place"),
        "template" => ("thing", "Cards"),
        "appointment" => ("thing", "Appointment"),
        other => ("thing", other),
    }
}

/// Ticks as messengers have them: one sent, two delivered, two filled read. The word stands beside them.
fn ticks(state: &str) -> Markup {
    let ticks = match state {
        "sent" => "✓",
        "delivered" | "read" => "✓✓",
        _ => return Markup::default(),
    };
    html! { " " span .ticks .read[state == "read"] aria-hidden="true" { (ticks) } }
}

fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) title=(clock(at)) { (time(at)) } }
}

/// The buttons with which a person decides about a part.
fn ways(place: &Place<'_>, part: PartId, words: &PartWords) -> Markup {
    let offered = words.ways.offered();
    if offered.is_empty() {
        return Markup::default();
    }
    let action = format!("{}/parts/{part}/resolve", link::conversation(place.page, place.psid));
    html! {
        form .inline.ways method="post" action=(action) {
            (place.frame.csrf())
            @for (value, words) in offered {
                button .quiet.small name="resolution" value=(value) { (words) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_the_host_that_it_truly_leads_to() {
        for (link, named) in [
            ("https://scontent.xx.fbcdn.net/v/t1?oh=1", Some("scontent.xx.fbcdn.net")),
            ("https://www.facebook.com@Evil.example:8443/a", Some("evil.example")),
            ("http://127.0.0.1:8090/play/picture/red.png", Some("127.0.0.1")),
            ("https://", None),
            ("https://a b/", None),
        ] {
            assert_eq!(host(link).as_deref(), named, "{link}");
        }
    }
}
