//! The one line that a list shows of what somebody wrote or did.
//!
//! Pure. Invariant: never more than [`CHARS_MAX`] characters, on one line.

use machine::conversation::notice_line;
use machine::outbound::Content;
use model::{Attachment, AttachmentKind, Echo, Kind, Message, Order, Postback, Redacted};

/// Most characters of that line.
pub(crate) const CHARS_MAX: usize = 120;

/// A message in one line: its text, else what was attached.
pub(crate) fn message(message: &Message) -> Redacted<String> {
    words(message.text.as_ref(), &message.attachments)
}

/// A message of the Page in one line: its text, else what was attached.
pub(crate) fn echo(echo: &Echo) -> Redacted<String> {
    words(echo.text.as_ref(), &echo.attachments)
}

fn words(text: Option<&Redacted<String>>, attachments: &[Attachment]) -> Redacted<String> {
    let mut line = short(text.map_or("", |text| text.reveal()));
    if line.is_empty() {
        let marks: Vec<String> = attachments.iter().map(|attachment| format!("[{}]", word(&attachment.kind))).collect();
        line = short(&marks.join(" "));
    }
    Redacted::new(line)
}

/// An answer in one line: its text, else what was attached.
pub(crate) fn answer(contents: &[Content]) -> Redacted<String> {
    let (mut texts, mut marks) = (String::new(), String::new());
    for content in contents {
        match content {
            Content::Text { text } | Content::Prompt { text, buttons: _, reply_to: _ } => {
                texts.push_str(&format!("{} ", text.reveal()))
            }
            Content::Attachment { kind, url: _ } => marks.push_str(&format!("[{kind}] ")),
            Content::Template { name, .. } => marks.push_str(&format!("[template {name}] ")),
        }
    }
    let line = short(&texts);
    Redacted::new(if line.is_empty() { short(&marks) } else { line })
}

/// A changed message in one line: as it reads now.
pub(crate) fn edited(text: Option<&Redacted<String>>) -> Redacted<String> {
    words(text, &[])
}

/// A pressed button in one line.
pub(crate) fn postback(postback: &Postback) -> Redacted<String> {
    Redacted::new(match &postback.title {
        Some(title) => short(&format!("pressed “{}”", title.reveal())),
        None => "pressed a button".to_owned(),
    })
}

/// A cart in one line.
pub(crate) fn order(order: &Order) -> Redacted<String> {
    let titles =
        order.products.iter().filter_map(|product| product.title.as_ref().map(|title| title.reveal().as_str()));
    Redacted::new(short(&format!("sent an order {}", titles.collect::<Vec<_>>().join(", "))))
}

/// What somebody did without writing, in one line.
pub(crate) fn notice(kind: &Kind) -> Option<Redacted<String>> {
    notice_line(kind).map(|line| Redacted::new(short(&line)))
}

/// Something that happened on a Page, in one line.
pub(crate) fn of_page(line: &Redacted<String>) -> Redacted<String> {
    Redacted::new(short(line.reveal()))
}

/// White space as single blanks, cut with an ellipsis.
fn short(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(CHARS_MAX * 4));
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > CHARS_MAX * 4 {
            break;
        }
    }
    match line.char_indices().nth(CHARS_MAX) {
        None => line,
        Some(_) => line.chars().take(CHARS_MAX - 1).chain(['…']).collect(),
    }
}

fn word(kind: &AttachmentKind) -> &str {
    match kind {
        AttachmentKind::Image => "image",
        AttachmentKind::Audio => "audio",
        AttachmentKind::Video => "video",
        AttachmentKind::File => "file",
        AttachmentKind::Sticker(_) => "sticker",
        AttachmentKind::Fallback => "link",
        AttachmentKind::Reel(_) => "reel",
        AttachmentKind::Post(_) => "post",
        AttachmentKind::Location(_) => "location",
        AttachmentKind::Template(_) => "template",
        AttachmentKind::Appointment(_) => "appointment",
        AttachmentKind::Other(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_120_characters() {
        assert_eq!(short(" two\n\nloaves\tplease "), "two loaves please");
        assert_eq!(short(&"ж".repeat(120)), "ж".repeat(120));
        assert_eq!(short(&"ж".repeat(121)), "ж".repeat(119) + "…");
        assert_eq!(short(&"word ".repeat(500)).chars().count(), 120);
    }
}
