//! The page around a report: its policy, style, signs, places for the script to draw into, data and script.
//!
//! Invariants: the policy names the style and the script of this build by their digests and permits nothing else; data
//! cannot end the element that it stands in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use simulator::replay::report::{Entry, Window};
use simulator::replay::told::Named;

use super::{Drawn, Stands, differences, prefix, summary};

const CSS: &str = include_str!("assets/report.css");
const JS: &str = include_str!("assets/report.js");
const SIGNS: &str = include_str!("assets/signs.svg");
/// The product's mark.
const ICON: &str = include_str!("assets/icon.svg");

/// What the script draws from.
#[derive(Serialize)]
struct Chart<'a> {
    begins_at: i64,
    pages: &'a [Named],
    customers: &'a [Named],
    entries: &'a [Entry],
    windows: &'a [Window],
    differing_entries: &'a [Vec<usize>],
}

/// The whole page.
pub(super) fn page(drawn: &[Drawn]) -> Markup {
    let title = match drawn {
        [one] => one.report.title.clone(),
        several => format!("{} recordings", several.len()),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="referrer" content="no-referrer";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Replay · pagedesk" }
                link rel="icon" href={ "data:image/svg+xml;base64," (STANDARD.encode(ICON)) };
                style { (PreEscaped(CSS)) }
            }
            body {
                (PreEscaped(SIGNS))
                a .skip href="#timeline" { "Skip to the timeline" }
                (bar(drawn))
                main #main {
                    (summary::chooser(drawn))
                    @for (number, drawn) in drawn.iter().enumerate() {
                        section .recording {
                            (summary::summary(drawn))
                            (differences::differences(drawn, &prefix(number)))
                        }
                    }
                    noscript { p .sheet.padded { "The windows and the timeline are drawn by the script in this file; it is switched off here." } }
                    (overview())
                    (timeline())
                }
                script #data type="application/json" { (PreEscaped(charts(drawn))) }
                script { (PreEscaped(JS)) }
            }
        }
    }
}

/// Source of its directives: W3C *Content Security Policy Level 3*, read 2026-11-23.
fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        digest(JS),
        digest(CSS)
    )
}

/// Marks that could end the element, or a line of a script, stand as escapes; in JSON they are in strings only.
fn charts(drawn: &[Drawn]) -> String {
    let charts = drawn.iter().map(|Drawn { report, .. }| Chart {
        begins_at: report.begins_at,
        pages: &report.pages,
        customers: &report.customers,
        entries: &report.entries,
        windows: &report.windows,
        differing_entries: &report.differing_entries,
    });
    let json = serde_json::to_string(&charts.collect::<Vec<_>>()).expect("it is plain text and numbers");
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escaped.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => escaped.push(letter),
        }
    }
    escaped
}

fn bar(drawn: &[Drawn]) -> Markup {
    let differs = matches!(drawn, [one] if matches!(one.stands, Stands::NotAsApproved | Stands::Apart));
    html! {
        header .bar {
            span .brand { (PreEscaped(ICON)) "pagedesk" }
            span .soft { "Replay report" }
            nav aria-label="Parts" {
                a .tab href="#main" { "Summary" }
                @if differs { a .tab href="#differences" { "Differences" } }
                a .tab href="#overview" { "Windows" }
                a .tab href="#timeline" { "Timeline" }
            }
        }
    }
}

/// A sign of the sprite.
pub(super) fn sign(name: &str) -> Markup {
    html! { svg class={ "sign " (name) } aria-hidden="true" { use href={ "#s-" (name) } {} } }
}

fn overview() -> Markup {
    html! {
        section #overview .sheet.padded {
            div .title {
                h2 { "Who could be answered, and when" }
                p .soft { "Silence is drawn short. A click on a conversation shows its lanes. Times are UTC." }
            }
            p .legend {
                span { i .key.standard {} "24 h window" }
                span { i .key.ad {} "7 d window after an ad" }
                span { i .key.human_agent {} "7 d window, for people" }
                @for (name, words) in [
                    ("wrote", "customer wrote"), ("sent", "sent"), ("refusal", "refused"), ("held", "held"),
                    ("doubt", "in doubt"), ("fault", "fault"),
                ] {
                    span { (sign(name)) (words) }
                }
                span { i .key.silent {} "silence, shortened" }
            }
            div .chart {}
        }
    }
}

fn timeline() -> Markup {
    let lanes =
        [("webhook", "Webhook"), ("conversation", "Conversation"), ("tracker", "Tracker"), ("send_api", "Send API")];
    html! {
        section #timeline .sheet.padded {
            div .title {
                h2 #timeline-title { "Timeline" }
                p .soft.keys {
                    kbd { "↑" } " " kbd { "↓" } " move · " kbd { "Enter" } " opens · " kbd { "n" } " " kbd { "p" }
                    " next and previous mark · " kbd { "Esc" } " closes · " kbd { "/" } " searches"
                }
            }
            div .tools {
                button #all .quiet type="button" hidden { "← All conversations" }
                select #f-who aria-label="Conversation" {}
                select #f-kind aria-label="Kind" {}
                select #f-mark aria-label="Marks" {}
                input #f-words type="search" aria-label="Search in the records" placeholder="Search in the records" autocomplete="off";
                span #count .soft role="status" {}
            }
            div #whose hidden {}
            div #lanes .lanes {
                div {
                    div .columns role="group" aria-label="Lanes" {
                        @for (name, words) in lanes {
                            button type="button" class={ "lane-of " (name) } data-lane=(name) aria-pressed="true" { (words) }
                        }
                    }
                    div #lines .lines {}
                    p #nothing hidden { "Nothing matches." }
                }
                aside #record .record aria-labelledby="record-title" hidden {
                    button #record-close .quiet type="button" aria-label="Close the record" { "✕" }
                    div #record-body {}
                }
            }
        }
    }
}
