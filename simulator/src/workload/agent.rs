//! What agents do: they answer some messages soon, some at the very edge of a window, some too late, some in Meta's own inbox,
//! and leave notes.
//!
//! An agent answers what was written, so the messages are planned first.

use model::Span;
use serde_json::json;

use super::{Plan, Profile, Said, quoted};
use crate::chance::Stream;

/// Around the ends of 24 hours and of 7 days.
const EDGES: [Span; 8] = [
    Span(86_400_000 - 61_000),
    Span(86_400_000 - 60_000),
    Span(86_400_000 - 1_000),
    Span(86_400_000 + 1),
    Span::hours(26),
    Span(604_800_000 - 301_000),
    Span(604_800_000 - 299_000),
    Span(604_800_000 + 1),
];

/// Plans what agents do about what was said.
pub(super) fn plan(plan: &mut Plan) {
    let chance = plan.chance(Stream::Agent);
    for Said { who, name, at } in plan.said.clone() {
        let by = chance.of(&format!("{name} by"), &["Ada", "Ben", "Chidi"]);
        if chance.percent(&format!("{name} answer"), 45) {
            let wait = match chance.below(&format!("{name} wait"), 100) {
                0..70 => chance.span(&format!("{name} soon"), Span::seconds(5), Span::minutes(12)),
                70..82 => chance.span(&format!("{name} later"), Span::minutes(12), Span::hours(20)),
                _ => chance.of(&format!("{name} edge"), &EDGES),
            };
            let text = match chance.below(&format!("{name} length"), 100) {
                0..94 => format!("Answer to {name}: from eight to noon."),
                // Two parts: Meta takes 2,000 characters at once.
                _ => format!("Answer to {name}. {}", "We bake it fresh for you. ".repeat(90)),
            };
            plan.at(at + wait, format!("{by} answers {who} {}", quoted(text.trim())));
        }
        if plan.profile != Profile::Calm && chance.percent(&format!("{name} inbox"), 12) {
            // Somebody answers in Meta's own inbox, past every app, or another app does.
            let wait = chance.span(&format!("{name} inbox at"), Span(1), Span::hours(8));
            let mut echo = json!({ "kind": "echo", "text": format!("From elsewhere, to {name}.") });
            if chance.percent(&format!("{name} app"), 40) {
                echo["app"] = "880045".into();
            }
            plan.at(at + wait, format!("{who} happens {echo}"));
        }
        if plan.profile != Profile::Calm && chance.percent(&format!("{name} likes"), 8) {
            // Somebody of the Page likes it there, perhaps long after.
            let wait = chance.span(&format!("{name} likes at"), Span::seconds(1), Span::hours(30));
            let like = json!({ "kind": "reaction", "mid": format!("${name}"), "reaction": "love", "by_page": true });
            plan.at(at + wait, format!("{who} happens {like}"));
        }
        if chance.percent(&format!("{name} note"), 10) {
            let wait = chance.span(&format!("{name} note at"), Span::seconds(20), Span::minutes(30));
            plan.at(at + wait, format!("{by} notes {who} \"Ask the kitchen about {name}.\""));
        }
    }
}
