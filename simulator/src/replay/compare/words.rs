//! Differences in words: what became of a part of an answer, and what a machine did.
//!
//! Says only what the lines say. Invariant: two stories that read the same have the same events in them.

use super::super::line::{Line, Place};

/// Things told at once before the rest is only counted.
const TOLD_MAX: usize = 3;

/// What became of a part, from all lines about it.
pub(super) fn fate(lines: &[&Line]) -> String {
    let mut story: Vec<String> = Vec::new();
    let mut tell = |step: String| {
        if story.last() != Some(&step) {
            story.push(step);
        }
    };
    let events = lines.iter().filter(|line| matches!(line.place, Place::Event(_)));
    let mut is_open = false;
    for line in events {
        let of = |name: &str| line.field(name).unwrap_or("?").to_owned();
        let step = match line.kind() {
            "send-started" => format!("sent as {}", of("messaging_type").trim_start_matches("MESSAGE_TAG/")),
            "part-refused" => format!("refused: {}", of("reason")),
            "part-held" => format!("held: {}", of("reason")),
            "part-delayed" => "put off".to_owned(),
            "ad-window-refused" => "refused by Meta inside the window after an ad".to_owned(),
            "part-failed" => match line.field("code") {
                Some(code) => format!("failed: {} ({code})", of("reason")),
                None => format!("failed: {}", of("reason")),
            },
            "part-in-doubt" => format!("in doubt: {}", of("why")),
            "thread-asked" => "looked for in the thread".to_owned(),
            "doubt-remained" => "in doubt to the end".to_owned(),
            "resolved" => format!("decided by a person: {}", of("resolution")),
            _ => continue,
        };
        is_open = line.kind() == "send-started";
        tell(step);
    }
    let is_sent = lines.iter().any(|line| line.is_event("part-sent"));
    match story.is_empty() {
        true if lines.is_empty() => "nothing was asked for".to_owned(),
        true => "asked for, and still waits".to_owned(),
        false if is_open && !is_sent => format!("{}, without an answer", story.join(", then ")),
        false => story.join(", then "),
    }
}

/// Whether a story ends without a message.
pub(super) fn is_refused(fate: &str) -> bool {
    fate.rsplit(", then ").next().is_some_and(|last| last.starts_with("refused") || last.starts_with("failed"))
}

/// What these lines say, shortly.
pub(super) fn told(lines: &[&Line]) -> String {
    let of_event = |line: &&&Line| matches!(line.place, Place::Event(_));
    let decided = |line: &&&Line| of_event(line) && !line.kind().starts_with("settled-") && line.kind() != "woke";
    let mut shown: Vec<&&Line> = lines.iter().filter(decided).collect();
    if shown.is_empty() {
        shown = lines.iter().filter(of_event).collect();
    }
    if shown.is_empty() {
        shown = lines.iter().collect();
    }
    let mut phrases: Vec<String> = shown.into_iter().map(|line| phrase(line)).collect();
    phrases.dedup();
    let more = phrases.len().saturating_sub(TOLD_MAX);
    phrases.truncate(TOLD_MAX);
    match (phrases.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (false, 0) => phrases.join(", "),
        (false, more) => format!("{}, and {more} more", phrases.join(", ")),
    }
}

fn phrase(line: &Line) -> String {
    let of = |name: &str| line.field(name).unwrap_or("?");
    if !matches!(line.place, Place::Event(_)) {
        return line.what();
    }
    match line.kind() {
        "task-opening" => format!("opened a task with {}", lines(of("lines"))),
        "task-bound" => format!("messages go to task {}", of("task")),
        "comments-adding" => format!("added {} to task {}", lines(of("lines")), of("task")),
        "window-closed" => "the window closed".to_owned(),
        "thread-owned" if of("ours") == "true" => "the thread is ours".to_owned(),
        "thread-owned" => "another app has the thread".to_owned(),
        "sent-outside" => "taken as sent outside".to_owned(),
        "woke" => format!("woke: {}", of("reason")),
        "reply-asked" => format!("an answer of {} was asked for", of("by")),
        kind => match kind.strip_prefix("received-") {
            Some(item) => format!("took in: {item}"),
            None => line.what(),
        },
    }
}

fn lines(count: &str) -> String {
    if count == "1" { "one line".to_owned() } else { format!("{count} lines") }
}
