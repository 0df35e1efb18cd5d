//! Readable lines for the task, made from what came in.
//!
//! A text stands first and unchanged; what else there is to say about it follows in brackets, one line each.

use model::{
    Answer, Appointment, Attachment, AttachmentKind, Channel, Feedback, FeedbackWay, Handover, HandoverAct, Inbound,
    Kind, Message, Optin, OptinWay, Order, Postback, Product, Reaction, Redacted, Referral, Shared, Timestamp,
};
use sabotage::{Defect, on};

use super::event::{Line, Origin};
use super::state::{Evidence, State};

/// The small thumb that Messenger sends as a sticker. Meta, event reference *messages*, read 2026-11-23.
const THUMB: &str = "369239263222822";

/// What stands for a message that was taken back.
pub(super) const TAKEN_BACK: &str = "[message taken back]";

impl State {
    /// The line of an item that carries one. Asked before the item is applied: lateness is against what came earlier.
    pub(super) fn line(&self, inbound: &Inbound) -> Option<Line> {
        let (origin, text, attachments) = match &inbound.kind {
            Kind::Message(message) => {
                let (text, attachments) = self.as_it_stands(message);
                (Origin::Customer, text, attachments)
            }
            Kind::Postback(postback) => (Origin::Customer, pressed(postback), Vec::new()),
            Kind::Order(order) => (Origin::Customer, ordered(order), Vec::new()),
            Kind::Echo(echo) => {
                (Origin::Outside, readable(echo.text.as_ref(), &echo.attachments), echo.attachments.clone())
            }
            Kind::Reaction(_)
            | Kind::Edit(_)
            | Kind::Unsend(_)
            | Kind::Referral(_)
            | Kind::Optin(_)
            | Kind::Handover(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Notice(_) => (Origin::Notice, notice(&inbound.kind)?, Vec::new()),
            Kind::Delivered(_) | Kind::Read(_) | Kind::Legacy(_) => return None,
        };
        let late = self.newest_at.is_some_and(|newest| inbound.at < newest) && !on(Defect::LateUnmarked);
        Some(Line { key: inbound.key, origin, at: inbound.at, late, text: Redacted::new(text), attachments })
    }

    /// A message that comes after its edit or its unsend is told as it stands now.
    fn as_it_stands(&self, message: &Message) -> (String, Vec<Attachment>) {
        match self.tombstone(&message.mid) {
            Some(tombstone) if tombstone.unsent => (TAKEN_BACK.to_owned(), Vec::new()),
            Some(tombstone) => {
                let edited = Message { text: tombstone.text.clone(), ..message.clone() };
                (written(&edited), message.attachments.clone())
            }
            None => (written(message), message.attachments.clone()),
        }
    }

    /// What the list in which an item came says about the thread's owner.
    pub(super) fn heard_in(inbound: &Inbound) -> (Evidence, bool) {
        let standby = match inbound.channel {
            Channel::Standby => true,
            Channel::Messaging => false,
        };
        (Evidence { at: inbound.at, is_handover: false, key: inbound.key }, standby)
    }
}

/// The line of a message of the customer.
pub(super) fn written(message: &Message) -> String {
    let mut marks: Vec<String> = message.attachments.iter().map(attached).collect();
    if message.quick_reply.is_some() {
        marks.push("chosen as a quick reply".to_owned());
    }
    marks.extend(message.commands.iter().map(|command| format!("command: {command}")));
    marks.extend(message.referral.iter().map(|referral| came(referral)));
    if message.unsupported {
        marks.push("Messenger does not show this message to apps".to_owned());
    }
    lines(message.text.as_ref(), marks)
}

/// Text, then one mark per attachment; never empty.
pub(super) fn readable(text: Option<&Redacted<String>>, attachments: &[Attachment]) -> String {
    lines(text, attachments.iter().map(attached).collect())
}

fn lines(text: Option<&Redacted<String>>, marks: Vec<String>) -> String {
    let mut line = text.map(|text| text.reveal().clone()).unwrap_or_default();
    for mark in marks {
        if !line.is_empty() {
            line.push('\n');
        }
        line.push('[');
        line.push_str(&mark);
        line.push(']');
    }
    if line.is_empty() { "[empty message]".to_owned() } else { line }
}

/// The line of a pressed button.
pub(super) fn pressed(postback: &Postback) -> String {
    let line = match &postback.title {
        Some(title) => format!("pressed “{}”", title.reveal()),
        None => "pressed a button".to_owned(),
    };
    match &postback.referral {
        Some(referral) => format!("{line}\n[{}]", came(referral)),
        None => line,
    }
}

/// The line of a cart.
pub(super) fn ordered(order: &Order) -> String {
    let titles = titles(&order.products);
    let line = if titles.is_empty() { "sent an order".to_owned() } else { format!("sent an order: {titles}") };
    match &order.note {
        Some(note) => format!("{line}\n{}", note.reveal()),
        None => line,
    }
}

/// The line of what somebody did, or what happened, without writing; `None` for what has none. It may quote the customer.
pub fn notice(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::Reaction(reaction) => reacted(reaction),
        Kind::Edit(edit) => {
            let who = if edit.by_page { "The Page changed its message" } else { "The customer changed a message" };
            let text = edit.text.as_ref().map_or("", |text| text.reveal());
            format!("{who} to: {text}")
        }
        Kind::Unsend(unsend) if unsend.by_page => "The Page took back a message".to_owned(),
        Kind::Unsend(_) => "The customer took back a message".to_owned(),
        Kind::Referral(referral) => answered(format!("The customer {}", came(referral)), &referral.answers),
        Kind::Optin(optin) => format!("The customer {}", allowed(optin)),
        Kind::Handover(handover) => handed_over(handover),
        Kind::AccountLink(link) if link.linked => "The customer linked their account".to_owned(),
        Kind::AccountLink(_) => "The customer unlinked their account".to_owned(),
        Kind::Feedback(feedback) => format!("The customer {}", judged(feedback)),
        Kind::Notice(notice) => format!("Messenger says: {}", notice.text.reveal()),
        Kind::Message(_)
        | Kind::Echo(_)
        | Kind::Postback(_)
        | Kind::Delivered(_)
        | Kind::Read(_)
        | Kind::Order(_)
        | Kind::Legacy(_) => return None,
    })
}

/// The sign of a reaction, else Meta's word for it.
pub(super) fn sign(reaction: &Reaction) -> &str {
    reaction.emoji.as_deref().or(reaction.name.as_deref()).unwrap_or("?")
}

fn reacted(reaction: &Reaction) -> String {
    let who = if reaction.by_page { "The Page" } else { "The customer" };
    if reaction.added {
        format!("{who} reacted {} to a message", sign(reaction))
    } else {
        format!("{who} took back a reaction")
    }
}

fn came(referral: &Referral) -> String {
    match (referral.is_ad(), &referral.ad_title, &referral.product, &referral.mark) {
        (true, Some(title), _, _) => format!("came through the ad “{}”", title.reveal()),
        (true, None, _, _) => "came through an ad".to_owned(),
        (false, _, Some(product), _) => format!("came through the product {product}"),
        (false, _, None, Some(mark)) => format!("came through the link “{}”", mark.reveal()),
        (false, _, None, None) => "came through a link".to_owned(),
    }
}

fn allowed(optin: &Optin) -> String {
    let about = optin.title.as_ref().or(optin.mark.as_ref());
    let about = about.map(|about| format!(" “{}”", about.reveal())).unwrap_or_default();
    match &optin.way {
        OptinWay::Plugin => format!("came through the plugin{about}"),
        OptinWay::Notifications => format!("allowed notifications{about}"),
        OptinWay::Stopped => format!("stopped notifications{about}"),
        OptinWay::Resumed => format!("allowed notifications again{about}"),
        OptinWay::Once => format!("allowed one notification{about}"),
        OptinWay::Other(_) => format!("agreed to something{about}"),
    }
}

fn handed_over(handover: &Handover) -> String {
    let app = |app: &Option<model::AppId>| app.as_ref().map_or("another app".to_owned(), |app| format!("app {app}"));
    match (handover.act, &handover.to) {
        (HandoverAct::Passed, Some(_)) => format!("Control of the conversation was passed to {}", app(&handover.to)),
        (HandoverAct::Passed, None) => "Control of the conversation was given up".to_owned(),
        (HandoverAct::Taken, _) => format!("Control of the conversation was taken by {}", app(&handover.to)),
        (HandoverAct::Requested, _) => format!("Control of the conversation is asked for by {}", app(&handover.to)),
    }
}

fn judged(feedback: &Feedback) -> String {
    match feedback.way {
        FeedbackWay::Form => answered("answered the feedback form".to_owned(), &feedback.answers),
        FeedbackWay::Good => "found an answer good".to_owned(),
        FeedbackWay::Bad => "found an answer bad".to_owned(),
        FeedbackWay::Unclear => "judged an answer".to_owned(),
    }
}

fn answered(mut line: String, answers: &[Answer]) -> String {
    for Answer { question, answer } in answers {
        line.push_str(&format!("\n{}: {}", question.reveal(), answer.reveal()));
    }
    line
}

fn attached(attachment: &Attachment) -> String {
    match attachment_words(attachment) {
        (word, Some(more)) => format!("{word}: {more}"),
        (word, None) => word,
    }
}

/// What is attached in a word, and what more there is to say about it. A line has both in brackets: `[file: offer.pdf]`.
pub fn attachment_words(attachment: &Attachment) -> (String, Option<String>) {
    let word = match &attachment.kind {
        AttachmentKind::Image => "image",
        AttachmentKind::Audio => "audio",
        AttachmentKind::Video => "video",
        AttachmentKind::File => "file",
        AttachmentKind::Sticker(sticker) if sticker.id.as_deref() == Some(THUMB) => "thumb up",
        AttachmentKind::Sticker(_) => "sticker",
        AttachmentKind::Fallback => "link",
        AttachmentKind::Reel(Shared { instagram: false, .. }) => "reel",
        AttachmentKind::Reel(Shared { instagram: true, .. }) => "Instagram reel",
        AttachmentKind::Post(Shared { instagram: false, .. }) => "post",
        AttachmentKind::Post(Shared { instagram: true, .. }) => "Instagram post",
        AttachmentKind::Location(_) => "location",
        AttachmentKind::Template(_) => "template",
        AttachmentKind::Appointment(_) => "appointment",
        AttachmentKind::Other(name) => name,
    };
    let title = attachment.title.as_ref().map(|title| title.reveal().clone());
    let more = match &attachment.kind {
        AttachmentKind::Location(point) => point.degrees.as_ref().map(|degrees| {
            let (latitude, longitude) = degrees.reveal();
            format!("{latitude}, {longitude}")
        }),
        AttachmentKind::Template(products) => Some(titles(products)).filter(|titles| !titles.is_empty()),
        AttachmentKind::Appointment(booking) => Some(booked(booking)).filter(|booked| !booked.is_empty()),
        AttachmentKind::Image
        | AttachmentKind::Audio
        | AttachmentKind::Video
        | AttachmentKind::File
        | AttachmentKind::Sticker(_)
        | AttachmentKind::Fallback
        | AttachmentKind::Reel(_)
        | AttachmentKind::Post(_)
        | AttachmentKind::Other(_) => None,
    };
    let words: Vec<String> = [title, more].into_iter().flatten().collect();
    (word.to_owned(), Some(words.join(", ")).filter(|_| !words.is_empty()))
}

fn titles(products: &[Product]) -> String {
    let titles = products.iter().filter_map(|product| product.title.as_ref().map(|title| title.reveal().as_str()));
    titles.collect::<Vec<_>>().join(", ")
}

fn booked(booking: &Appointment) -> String {
    let from = booking.starts_at.map(|at| format!("from {}", utc(at)));
    let until = booking.ends_at.map(|at| format!("until {}", utc(at)));
    [booking.status.clone(), from, until].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `2026-11-23 09:00 UTC`: days since 1970 as a date of the Gregorian calendar, years counted from March.
fn utc(at: Timestamp) -> String {
    let (days, minutes) = (at.0.div_euclid(86_400_000), at.0.rem_euclid(86_400_000) / 60_000);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * from_march + 2) / 5 + 1, (from_march + 2) % 12 + 1);
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use model::{Mid, Point, Sticker};

    use super::*;

    fn attachment(kind: AttachmentKind) -> Attachment {
        Attachment { kind, url: None, title: None }
    }

    #[test]
    fn a_line_names_what_was_attached() {
        let image = attachment(AttachmentKind::Image);
        let sheet = Attachment { title: Some("offer.pdf".into()), ..attachment(AttachmentKind::File) };
        let sticker = attachment(AttachmentKind::Sticker(Sticker { id: None }));
        assert_eq!(readable(Some(&"look".into()), &[image.clone(), sheet]), "look\n[image]\n[file: offer.pdf]");
        assert_eq!(readable(None, &[sticker]), "[sticker]");
        assert_eq!(readable(Some(&"".into()), &[]), "[empty message]");
        assert_eq!(readable(Some(&"hello".into()), &[]), "hello");
    }

    #[test]
    fn places_times_and_thumbs_are_said_in_words() {
        let thumb = AttachmentKind::Sticker(Sticker { id: Some(THUMB.to_owned()) });
        let degrees = Some(Redacted::new(("52.5".to_owned(), "13.4".to_owned())));
        let booking = Appointment {
            booking: None,
            status: Some("confirmed".to_owned()),
            starts_at: Some(Timestamp(1_709_208_000_000)),
            ends_at: None,
            zone: None,
        };
        let cases = [
            (thumb, "thumb up"),
            (AttachmentKind::Location(Point { degrees }), "location: 52.5, 13.4"),
            (AttachmentKind::Location(Point { degrees: None }), "location"),
            (AttachmentKind::Appointment(booking), "appointment: confirmed from 2024-02-29 12:00 UTC"),
            (AttachmentKind::Reel(Shared { id: None, instagram: true }), "Instagram reel"),
            (AttachmentKind::Other("hologram".to_owned()), "hologram"),
        ];
        for (kind, expected) in cases {
            assert_eq!(attached(&attachment(kind)), expected);
        }
    }

    #[test]
    fn a_button_without_title_still_has_a_line() {
        let mut postback = Postback { mid: None, title: Some("Get started".into()), payload: None, referral: None };
        assert_eq!(pressed(&postback), "pressed “Get started”");
        postback.title = None;
        assert_eq!(pressed(&postback), "pressed a button");
    }

    #[test]
    fn what_is_special_about_a_message_follows_its_text() {
        let mut message = Message { text: Some("Yes".into()), ..Message::new(Mid::new("m")) };
        message.quick_reply = Some("Y".to_owned());
        message.referral = Some(Box::new(Referral {
            source: Some("ADS".to_owned()),
            ad_title: Some("Tandems".into()),
            ..Referral::default()
        }));
        assert_eq!(written(&message), "Yes\n[chosen as a quick reply]\n[came through the ad “Tandems”]");
        let hidden = Message { unsupported: true, ..Message::new(Mid::new("m")) };
        assert_eq!(written(&hidden), "[Messenger does not show this message to apps]");
    }
}
