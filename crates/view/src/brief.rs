//! The one line that a list shows of what a customer did.

use machine::conversation::notice_line;
use model::{AttachmentKind, Kind, Message, Order, Postback, Redacted};

/// Most characters of that line.
pub(crate) const CHARS_MAX: usize = 120;

/// A message in one line: its text, else what was attached.
pub(crate) fn message(message: &Message) -> Redacted<String> {
    let text = message.text.as_ref().map_or("", |text| text.reveal());
    let mut line = short(text);
    if line.is_empty() {
        let marks: Vec<String> =
            message.attachments.iter().map(|attachment| format!("[{}]", word(&attachment.kind))).collect();
        line = short(&marks.join(" "));
    }
    Redacted::new(line)
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
    let mut line = String::new();
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
