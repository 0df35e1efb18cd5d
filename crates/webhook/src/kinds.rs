//! Names of what came in, for counting: one word for the kind, and one for each thing about it worth counting apart.
//!
//! Words are Meta's own keys where it has some; none holds customer text. A quick reply is no plain text and a text with
//! attachments counts as `text_with_attachment`, so that the first words of a message do not overlap.

use model::{
    Anomaly, Attachment, AttachmentKind, Channel, Feedback, FeedbackWay, Handover, HandoverAct, Inbound, Kind, Message,
    PageInbound, Shared,
};

/// The words of an item of a conversation; the first names its kind.
pub fn words(inbound: &Inbound) -> Vec<String> {
    let mut words = match &inbound.kind {
        Kind::Message(message) => of_message(message),
        Kind::Echo(echo) => {
            let text = echo.text.iter().map(|_| "echo.text".to_owned());
            let attached = echo.attachments.iter().map(|attachment| format!("echo.attach.{}", attached(attachment)));
            core::iter::once("echo".to_owned()).chain(text).chain(attached).collect()
        }
        Kind::Postback(postback) => {
            let referral = postback.referral.iter().map(|_| "postback.referral".to_owned());
            core::iter::once("postback".to_owned()).chain(referral).collect()
        }
        Kind::Handover(Handover { act, .. }) => vec![format!("handover.{}", handover(*act))],
        Kind::Feedback(Feedback { way, .. }) => vec![feedback(*way).to_owned()],
        Kind::Legacy(legacy) => vec![format!("legacy.{}", legacy.name)],
        kind @ (Kind::Delivered(_)
        | Kind::Read(_)
        | Kind::Reaction(_)
        | Kind::Edit(_)
        | Kind::Unsend(_)
        | Kind::Referral(_)
        | Kind::Optin(_)
        | Kind::AccountLink(_)
        | Kind::Order(_)
        | Kind::Notice(_)) => vec![kind.word().to_owned()],
    };
    match inbound.channel {
        Channel::Messaging => {}
        Channel::Standby => words.iter_mut().for_each(|word| word.insert_str(0, "standby.")),
    }
    words
}

/// The word of an item of a Page.
pub fn page_word(inbound: &PageInbound) -> String {
    inbound.kind.word().into_owned()
}

/// The word of an item that nobody understands.
pub fn anomaly_word(anomaly: &Anomaly) -> String {
    match &anomaly.kind {
        Some(kind) => format!("anomaly.{}:{kind}", anomaly.reason),
        None => format!("anomaly.{}", anomaly.reason),
    }
}

fn of_message(message: &Message) -> Vec<String> {
    let attached = message.attachments.iter().map(|attachment| format!("attach.{}", attached(attachment)));
    let first = if message.quick_reply.is_some() {
        Some("quick_reply")
    } else if message.unsupported {
        Some("unsupported")
    } else if message.text.is_none() {
        message.attachments.is_empty().then_some("empty")
    } else if message.attachments.is_empty() {
        Some("text")
    } else {
        Some("text_with_attachment")
    };
    let about = [
        message.reply_to.as_ref().map(|_| "text.reply_to"),
        message.referral.as_ref().map(|_| "message.referral"),
        (!message.commands.is_empty()).then_some("message.commands"),
    ];
    let first = first.map(str::to_owned).into_iter();
    first.chain(attached).chain(about.into_iter().flatten().map(str::to_owned)).collect()
}

const fn handover(act: HandoverAct) -> &'static str {
    match act {
        HandoverAct::Passed => "pass_thread_control",
        HandoverAct::Taken => "take_thread_control",
        HandoverAct::Requested => "request_thread_control",
    }
}

const fn feedback(way: FeedbackWay) -> &'static str {
    match way {
        FeedbackWay::Form => "messaging_feedback",
        FeedbackWay::Good | FeedbackWay::Bad | FeedbackWay::Unclear => "response_feedback",
    }
}

fn attached(attachment: &Attachment) -> &str {
    match &attachment.kind {
        AttachmentKind::Image => "image",
        AttachmentKind::Audio => "audio",
        AttachmentKind::Video => "video",
        AttachmentKind::File => "file",
        AttachmentKind::Sticker(_) => "sticker",
        AttachmentKind::Fallback => "fallback",
        AttachmentKind::Reel(Shared { instagram: false, .. }) => "reel",
        AttachmentKind::Reel(Shared { instagram: true, .. }) => "ig_reel",
        AttachmentKind::Post(Shared { instagram: false, .. }) => "post",
        AttachmentKind::Post(Shared { instagram: true, .. }) => "ig_post",
        AttachmentKind::Location(_) => "location",
        AttachmentKind::Template(_) => "template",
        AttachmentKind::Appointment(_) => "appointment_booking",
        AttachmentKind::Other(name) => name,
    }
}
