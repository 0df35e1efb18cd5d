//! What differs, group by group: what was approved on the left, what came now on the right.
//!
//! Invariant: bounded, however much differs; whatever is left out is counted.

use std::collections::BTreeMap;

use maud::{Markup, html};
use simulator::replay::compare::{Difference, Group};

use super::frame::sign;
use super::{Drawn, Stands, anchor};

/// Differences of a group that are drawn.
const DIFFERENCES_MAX: usize = 500;
/// Lines of each side that are drawn of a difference.
const LINES_MAX: usize = 40;

/// All of them; nothing where nothing differs.
pub(super) fn differences(drawn: &Drawn, prefix: &str) -> Markup {
    let found = &drawn.report.differences;
    let (before, now) = match drawn.stands {
        Stands::Alike | Stands::Apart => ("Before", "Now"),
        Stands::AsApproved | Stands::NotAsApproved | Stands::New | Stands::ApprovedNow => ("Approved", "Now"),
    };
    html! {
        @if !found.is_empty() {
            section .sheet.padded id={ (prefix) "differences" } {
                div .title { h2 { "Differences" } p .soft { (before) " on the left, now on the right" } }
                @for group in Group::ALL {
                    @let of_it: Vec<_> = found.iter().enumerate().filter(|(_, of)| of.group == group).collect();
                    @if !of_it.is_empty() {
                        section .group {
                            h3 { (group) span .pill { (of_it.len()) } }
                            @for (index, difference) in of_it.iter().take(DIFFERENCES_MAX) {
                                (one(difference, *index, drawn, prefix, [before, now]))
                            }
                            @if of_it.len() > DIFFERENCES_MAX {
                                p .soft { (of_it.len() - DIFFERENCES_MAX) " more are not in this file; `--json` tells all of them." }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn one(difference: &Difference, index: usize, drawn: &Drawn, prefix: &str, names: [&str; 2]) -> Markup {
    let Difference { moment, who, name, what, approved, now, approved_lines, now_lines, .. } = difference;
    let whose = name.as_ref().filter(|name| !name.is_empty()).or(who.as_ref()).map_or("Everything", String::as_str);
    let entries = drawn.report.differing_entries.get(index).into_iter().flatten();
    let places: BTreeMap<&str, String> = entries
        .filter_map(|at| drawn.report.entries.get(*at).map(|entry| (entry.text.as_str(), anchor(prefix, *at, entry))))
        .collect();
    let first = now_lines.iter().find_map(|line| places.get(line.as_str()));
    html! {
        article .difference id={ (prefix) "d-" (index + 1) } {
            header {
                strong dir="auto" { (whose) }
                @if name.is_some() && let Some(who) = who { span .soft { (who) } }
                span { (what) }
                @if let Some(moment) = moment { span .when { (moment) } }
                @if let Some(first) = first { a href={ "#" (first) } { "Show in the timeline" } }
            }
            div .sides {
                (side("before", "minus", names[0], approved, approved_lines, &BTreeMap::new()))
                (side("after", "plus", names[1], now, now_lines, &places))
            }
        }
    }
}

fn side(class: &str, mark: &str, name: &str, words: &str, lines: &[String], places: &BTreeMap<&str, String>) -> Markup {
    html! {
        div class={ "side " (class) } {
            h4 { (sign(mark)) (name) }
            p .words dir="auto" { (words) }
            ul {
                @for line in lines.iter().take(LINES_MAX) {
                    li {
                        @if let Some(place) = places.get(line.as_str()) {
                            a href={ "#" (place) } { code { (line) } }
                        } @else {
                            code { (line) }
                        }
                    }
                }
                @if lines.len() > LINES_MAX { li .soft { "… " (lines.len() - LINES_MAX) " more" } }
            }
        }
    }
}
