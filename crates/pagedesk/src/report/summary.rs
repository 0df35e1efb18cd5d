//! What happened, in numbers and in one sentence, before anything is looked at closer.
//!
//! Invariant: where something differs or was not expected, the first words of the page say so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};
use simulator::replay::Counts;
use simulator::replay::compare::Group;

use super::frame::sign;
use super::{Drawn, Stands, grouped, many};

/// A recording among several.
pub(super) fn chooser(drawn: &[Drawn]) -> Markup {
    html! {
        @if drawn.len() > 1 {
            nav .sheet aria-label="Recordings" {
                div .padded { h2 { (drawn.len()) " recordings" } }
                div .chooser {
                    @for (index, one) in drawn.iter().enumerate() {
                        @let verdict = verdict(one);
                        a href={ "#r" (index + 1) } {
                            strong dir="auto" { (one.report.title) }
                            span .soft {
                                (many(one.report.counts.deliveries, "delivery", "deliveries")) ", "
                                (many(one.report.counts.sends, "send", "sends")) ", "
                                (many(one.report.counts.refusals, "refusal", "refusals"))
                            }
                            span class={ "pill " (verdict.class) } { (sign(verdict.sign)) (verdict.words) }
                        }
                    }
                }
            }
        }
    }
}

/// Title, verdict, numbers.
pub(super) fn summary(drawn: &Drawn) -> Markup {
    let verdict = verdict(drawn);
    html! {
        div class={ "sheet summary " (verdict.class) } {
            div {
                h1 dir="auto" { (drawn.report.title) }
                p .soft { (about(drawn)) }
            }
            div .verdict {
                (sign(verdict.sign))
                p { strong { (verdict.words) } span .soft { (verdict.more) } }
            }
            @if !drawn.report.findings.is_empty() {
                ul .findings { @for finding in &drawn.report.findings { li { (sign("fault")) (finding) } } }
            }
            (numbers(drawn))
        }
    }
}

struct Verdict {
    class: &'static str,
    sign: &'static str,
    words: String,
    more: String,
}

fn verdict(drawn: &Drawn) -> Verdict {
    let lines = many(drawn.looked_at as u64, "line", "lines");
    let found = drawn.report.differences.len() as u64;
    let told = |class, sign, words: &str, more: String| Verdict { class, sign, words: words.to_owned(), more };
    let same = format!("Nothing differs in the {lines} that were looked at.");
    let differs = |from: &str| {
        let of = |group: Group| {
            let count = drawn.report.differences.iter().filter(|difference| difference.group == group).count();
            (count > 0).then(|| format!("{count} of {group}"))
        };
        let groups: Vec<String> = Group::ALL.into_iter().filter_map(of).collect();
        let more = format!("From {from}: {}; {lines} were looked at.", groups.join(", "));
        told("differs", "differs", &many(found, "difference", "differences"), more)
    };
    let mut verdict = match drawn.stands {
        Stands::AsApproved => told("well", "well", "As approved", same),
        Stands::Alike => told("well", "well", "The two say the same", same),
        Stands::NotAsApproved => differs("the approved trace"),
        Stands::Apart => differs("the trace of before"),
        Stands::New => told("new", "new", "Not approved yet", "There is no approved trace to compare with.".to_owned()),
        Stands::ApprovedNow => {
            let more = match found {
                0 => "It is the first trace of this recording.".to_owned(),
                _ => format!("{} from the trace before it.", many(found, "difference", "differences")),
            };
            told("well", "well", "Approved now", more)
        }
    };
    if !drawn.report.findings.is_empty() {
        (verdict.class, verdict.sign) = ("bad", "fault");
        verdict.words = match drawn.stands {
            Stands::NotAsApproved | Stands::Apart => format!("{}, and not as expected", verdict.words),
            Stands::AsApproved | Stands::New | Stands::ApprovedNow | Stands::Alike => "Not as expected".to_owned(),
        };
    }
    verdict
}

/// Where it comes from and how long it lasts.
fn about(drawn: &Drawn) -> String {
    let report = &drawn.report;
    let wall = |at: i64| {
        let at = Timestamp::from_millisecond(report.begins_at.saturating_add(at)).unwrap_or_default();
        at.strftime("%-d %b %Y %H:%M").to_string()
    };
    let of = report.provenance.map(|of| format!(" · {of}")).unwrap_or_default();
    let lasts = lasts(report.ends_at);
    format!("{}{of} · {} to {} UTC, {lasts}", drawn.from, wall(0), wall(report.ends_at))
}

fn lasts(ms: i64) -> String {
    let minutes = ms / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

fn numbers(drawn: &Drawn) -> Markup {
    let (now, before) = (&drawn.report.counts, drawn.counts_before.as_ref());
    let pages = drawn.report.pages.iter().filter(|page| !page.who.starts_with('x')).count();
    let troubles = |counts: &Counts| {
        counts.failed
            + counts.in_doubt
            + counts.open
            + counts.quarantined
            + counts.refused_by_meta
            + counts.doubled_sends
            + counts.facts_unsettled
    };
    let number = |name: &str, class: &str, of: fn(&Counts) -> u64, made: &str| {
        let (now, before) = (of(now), before.map(of));
        html! {
            div class={ "number-of " (class) } {
                dt { (name) }
                dd {
                    @if let Some(before) = before.filter(|before| *before != now) {
                        s { span .hidden { "before: " } (grouped(before)) } span .hidden { ", now: " }
                    }
                    (grouped(now))
                }
                dd .made { (made) }
            }
        }
    };
    let items = format!(
        "{}, {} repeated, {} not understood",
        many(now.inbounds, "item", "items"),
        grouped(now.duplicates),
        grouped(now.anomalies)
    );
    let refusals = if now.refusals > 0 { "refusals" } else { "" };
    let trouble = if troubles(now) > 0 { "trouble" } else { "" };
    html! {
        dl .numbers {
            (number("deliveries", "", |of| of.deliveries, &items))
            (number("conversations", "", |of| of.conversations, &many(pages as u64, "Page", "Pages")))
            (number("tasks", "", |of| of.tasks, &many(now.comments, "comment", "comments")))
            (number("messages sent", "", |of| of.sends, &each(&now.sends_by_type)))
            (number("refusals", refusals, |of| of.refusals, &each(&now.refusals_by_reason)))
            (html! {
                div class={ "number-of " (trouble) } {
                    dt { "troubles" }
                    dd { (grouped(troubles(now))) }
                    dd .made { (each(&of_trouble(now))) }
                }
            })
            (number("events", "", |of| of.events, "in the journal"))
        }
    }
}

fn each(counts: &BTreeMap<String, u64>) -> String {
    let each: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{} {}", grouped(*count), name.trim_start_matches("MESSAGE_TAG/")))
        .collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

fn of_trouble(counts: &Counts) -> BTreeMap<String, u64> {
    let named = [
        ("failed", counts.failed),
        ("in doubt", counts.in_doubt),
        ("open at the end", counts.open),
        ("set aside", counts.quarantined),
        ("refused by Meta", counts.refused_by_meta),
        ("sent twice", counts.doubled_sends),
        ("comments without a task", counts.facts_unsettled),
    ];
    named.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}
