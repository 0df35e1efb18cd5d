//! Readable lines for the task, made from what came in.

use model::{Attachment, AttachmentKind, Channel, Inbound, Kind, Redacted};

use super::event::{Line, Origin};
use super::state::State;

impl State {
    /// The line of an item that carries one. Asked before the item is applied: lateness is against what came earlier.
    pub(super) fn line(&self, inbound: &Inbound) -> Option<Line> {
        let (origin, text, attachments) = match &inbound.kind {
            Kind::Message(message) => {
                (Origin::Customer, readable(message.text.as_ref(), &message.attachments), message.attachments.clone())
            }
            Kind::Postback(postback) => (Origin::Customer, pressed(postback.title.as_ref()), Vec::new()),
            Kind::Echo(echo) => {
                (Origin::Outside, readable(echo.text.as_ref(), &echo.attachments), echo.attachments.clone())
            }
            Kind::Delivered(_) | Kind::Read(_) => return None,
        };
        let late = self.newest_at.is_some_and(|newest| inbound.at < newest);
        Some(Line { key: inbound.key, origin, at: inbound.at, late, text: Redacted::new(text), attachments })
    }

    /// Whether the thread is another app's once this item is known: the newest item by Meta's time tells.
    pub(super) fn standby_after(&self, inbound: &Inbound) -> bool {
        if self.channel_at.is_some_and(|newest| inbound.at < newest) {
            return self.standby;
        }
        match inbound.channel {
            Channel::Standby => true,
            Channel::Messaging => false,
        }
    }
}

/// Text, then one mark per attachment; never empty.
pub(super) fn readable(text: Option<&Redacted<String>>, attachments: &[Attachment]) -> String {
    let mut line = text.map(|text| text.reveal().clone()).unwrap_or_default();
    for attachment in attachments {
        if !line.is_empty() {
            line.push('\n');
        }
        line.push('[');
        line.push_str(word(&attachment.kind));
        if let Some(title) = &attachment.title {
            line.push_str(": ");
            line.push_str(title.reveal());
        }
        line.push(']');
    }
    if line.is_empty() { "[empty message]".to_owned() } else { line }
}

/// The line of a pressed button.
pub(super) fn pressed(title: Option<&Redacted<String>>) -> String {
    match title {
        Some(title) => format!("pressed “{}”", title.reveal()),
        None => "pressed a button".to_owned(),
    }
}

fn word(kind: &AttachmentKind) -> &str {
    match kind {
        AttachmentKind::Image => "image",
        AttachmentKind::Audio => "audio",
        AttachmentKind::Video => "video",
        AttachmentKind::File => "file",
        AttachmentKind::Other(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_was_attached() {
        let image = Attachment { kind: AttachmentKind::Image, url: None, title: None };
        let sheet = Attachment { kind: AttachmentKind::File, url: None, title: Some("offer.pdf".into()) };
        let sticker = Attachment { kind: AttachmentKind::Other("sticker".to_owned()), url: None, title: None };
        assert_eq!(readable(Some(&"look".into()), &[image.clone(), sheet]), "look\n[image]\n[file: offer.pdf]");
        assert_eq!(readable(None, &[sticker]), "[sticker]");
        assert_eq!(readable(Some(&"".into()), &[]), "[empty message]");
        assert_eq!(readable(Some(&"hello".into()), &[]), "hello");
    }

    #[test]
    fn a_button_without_title_still_has_a_line() {
        assert_eq!(pressed(Some(&"Get started".into())), "pressed “Get started”");
        assert_eq!(pressed(None), "pressed a button");
    }
}
