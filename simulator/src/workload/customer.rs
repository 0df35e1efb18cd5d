//! What customers do: visits with bursts of messages, then silence of minutes, hours, a day or a week.
//!
//! Figures: half of short requests have at most 30 characters, one in ten more than 63, few up to 2,000 in several lines;
//! five of six messages follow within a minute, a few after half an hour. Times meet the edges of windows on purpose.

use model::{Span, Timestamp};

use super::{Chance, Plan, Said, quoted};
use crate::chance::Stream;

/// How long between two visits, from the last message.
const SILENCES: [Span; 9] = [
    Span::minutes(25),
    Span::hours(3),
    Span::hours(9),
    Span(86_400_000 - 1),
    Span::hours(24),
    Span::hours(25),
    Span::days(7),
    Span::days(8),
    Span::hours(30),
];
const WORDS: [&str; 24] = [
    "hello",
    "order",
    "please",
    "when",
    "size",
    "blue",
    "today",
    "thanks",
    "price",
    "still",
    "open",
    "broken",
    "größe",
    "доставка",
    "予約",
    "مرحبا",
    "😀",
    "rye bread",
    "two",
    "Saturday",
    "the",
    "number",
    "photo",
    "👍🏽",
];

/// Plans what one customer does, who comes within five hours from `from`.
pub(super) fn plan(plan: &mut Plan, who: &str, from: Timestamp) {
    let chance = plan.chance(Stream::Customer);
    let mut now = from + chance.span(&format!("{who} comes"), Span(0), Span::hours(5));
    for visit in 0..1 + chance.below(&format!("{who} visits"), 3) {
        let about = format!("{who} {visit}");
        if chance.percent(&format!("{about} ad"), 15) {
            let way =
                chance.of(&format!("{about} way"), &["ad \"6001\" ref \"summer\"", "ad \"6002\"", "link \"poster\""]);
            plan.at(now, format!("{who} enters by {way}"));
            now = now + chance.span(&format!("{about} after ad"), Span::seconds(2), Span::minutes(2));
        }
        for turn in 0..1 + chance.below(&format!("{about} turns"), 6) {
            let about = format!("{about} {turn}");
            turn_of(plan, chance, who, &about, now);
            now = now + gap(chance, &about);
        }
        if chance.percent(&format!("{about} reads"), 40) {
            plan.at(now, format!("{who} reads"));
        }
        now = now + chance.of(&format!("{about} silence"), &SILENCES);
    }
}

/// Five of six within a minute, some within the same second.
fn gap(chance: Chance, about: &str) -> Span {
    let about = format!("{about} gap");
    match chance.below(&format!("{about} kind"), 100) {
        0..10 => Span(0),
        10..83 => chance.span(&about, Span(400), Span::minutes(1)),
        83..95 => chance.span(&about, Span::minutes(1), Span::minutes(8)),
        _ => chance.span(&about, Span::minutes(8), Span::minutes(38)),
    }
}

fn turn_of(plan: &mut Plan, chance: Chance, who: &str, about: &str, now: Timestamp) {
    let name = format!("m{}", plan.said.len() + 1);
    let text = quoted(&text(chance, about));
    let verb = match chance.below(&format!("{about} verb"), 100) {
        0..72 => format!("writes {text}"),
        72..80 => match plan.said.iter().rev().find(|said| said.who == who) {
            Some(before) => format!("writes {text} reply to {}", before.name),
            None => format!("writes {text}"),
        },
        80..84 => "attaches image \"https://example.com/photo.jpg\"".to_owned(),
        84..86 => "attaches audio \"https://example.com/voice.mp4\"".to_owned(),
        86..88 => "attaches video \"https://example.com/door.mp4\"".to_owned(),
        88..92 => format!("attaches file \"https://example.com/list.pdf\" text {text}"),
        92..97 => "presses \"Opening hours\" payload \"HOURS\"".to_owned(),
        _ => "picks \"Yes\" payload \"ORDER_YES\"".to_owned(),
    };
    let late = match chance.below(&format!("{about} late"), 100) {
        0..6 => format!(" late {}ms", chance.span(&format!("{about} lateness"), Span(200), Span::minutes(5)).0),
        _ => String::new(),
    };
    plan.at(now, format!("{who} {verb} as {name}{late}"));
    let after = |what: &str, most| now + chance.span(&format!("{about} {what}"), Span::seconds(1), most);
    match chance.below(&format!("{about} later"), 100) {
        0..7 => plan.at(after("edit", Span::minutes(14)), format!("{who} edits {name} to {text}")),
        7..12 => plan.at(after("unsend", Span::minutes(10)), format!("{who} unsends {name}")),
        12..20 => plan.at(after("react", Span::hours(30)), format!("{who} reacts love to {name}")),
        20..22 => {
            let at = after("react", Span::hours(2));
            plan.at(at, format!("{who} reacts angry to {name}"));
            plan.at(at + Span::seconds(3), format!("{who} unreacts angry from {name}"));
        }
        // Seen half a minute to three minutes after an answer came.
        22..40 => {
            let wait = chance.span(&format!("{about} reads"), Span::seconds(28), Span::seconds(190));
            plan.at(now + wait, format!("{who} reads"));
        }
        _ => {}
    }
    plan.said.push(Said { who: who.to_owned(), name, at: now });
}

/// A text by the figures.
fn text(chance: Chance, about: &str) -> String {
    let about = format!("{about} text");
    let length = match chance.below(&format!("{about} class"), 100) {
        0..50 => chance.below(&about, 28) + 2,
        50..90 => chance.below(&about, 34) + 30,
        90..97 => chance.below(&about, 240) + 60,
        _ => chance.below(&about, 1_700) + 300,
    };
    let length = usize::try_from(length).unwrap_or(30);
    let mut text = String::new();
    for nth in 0_u64.. {
        if text.chars().count() >= length {
            break;
        }
        if nth > 0 {
            text.push(if nth % 17 == 16 { '\n' } else { ' ' });
        }
        text.push_str(chance.of(&format!("{about} {nth}"), &WORDS));
    }
    text.chars().take(length).collect::<String>().trim().to_owned()
}
