//! How a conversation's events are stored: flat JSON, one kind number per shape, version 1.
//!
//! Invariants: a number is never reused; a shape changes only by a new version, upcast here; what is not known is a
//! fault. Sealed (S) is whatever holds what a customer said or is called.
//!
//! | kind | name | S | kind | name | S |
//! |---|---|---|---|---|---|
//! | 1 | received-message | S | 18 | settled-sent | |
//! | 2 | received-echo | S | 19 | settled-later | |
//! | 3 | received-postback | S | 20 | settled-failed | |
//! | 4 | received-delivered | | 21 | settled-in-doubt | |
//! | 5 | received-read | | 30 | profile-asked | |
//! | 6 | reply-asked | S | 31 | contact-named | S |
//! | 7 | dispatch-granted | | 32 | contact-naming | S |
//! | 8 | woke | | 33 | task-opening | S |
//! | 9 | resolved | | 34 | task-bound | |
//! | 10 | settled-task-opened | | 35 | comments-adding | S |
//! | 11 | settled-comments-added | | 36 | sent-outside | |
//! | 12 | settled-task-inactive | | 37 | echo-held | |
//! | 13 | settled-task-gone | | 40 | part-refused | |
//! | 14 | settled-tracker-refused | | 41 | part-held | |
//! | 15 | settled-profile | S | 42 | send-started | S |
//! | 16 | settled-no-profile | | 43 | part-sent | |
//! | 17 | settled-contact-named | | 44 | part-delayed | |
//! | 47 | doubt-remained | | 45 | part-failed | |
//! | 50 | window-closed | | 46 | part-in-doubt | |
//! | 38 | thread-owned | | 65 | received-handover | S |
//! | 60 | received-reaction | S | 66 | received-account-link | |
//! | 61 | received-edit | S | 67 | received-feedback | S |
//! | 62 | received-unsend | | 68 | received-order | S |
//! | 63 | received-referral | S | 69 | received-notice | S |
//! | 64 | received-optin | S | 70 | received-legacy | |
//! | 39 | profile-asked-again | | 48 | ad-window-refused | |
//! | 25 | settled-thread-read | | 55 | thread-asked | S |
//! | 26 | settled-thread-unread | | 71 | privacy-refused | |
//! | 81 | script-asked | S | | | |

mod decision;
mod deed;
mod fact;

use super::event::Event;
use crate::codec::{CodecFault, Encoded, VERSION, name_in};

const NAMES: [(u16, &str); 60] = [
    (1, "received-message"),
    (2, "received-echo"),
    (3, "received-postback"),
    (4, "received-delivered"),
    (5, "received-read"),
    (6, "reply-asked"),
    (7, "dispatch-granted"),
    (8, "woke"),
    (9, "resolved"),
    (10, "settled-task-opened"),
    (11, "settled-comments-added"),
    (12, "settled-task-inactive"),
    (13, "settled-task-gone"),
    (14, "settled-tracker-refused"),
    (15, "settled-profile"),
    (16, "settled-no-profile"),
    (17, "settled-contact-named"),
    (18, "settled-sent"),
    (19, "settled-later"),
    (20, "settled-failed"),
    (21, "settled-in-doubt"),
    (25, "settled-thread-read"),
    (26, "settled-thread-unread"),
    (27, "settled-control-taken"),
    (28, "settled-control-denied"),
    (30, "profile-asked"),
    (31, "contact-named"),
    (32, "contact-naming"),
    (33, "task-opening"),
    (34, "task-bound"),
    (35, "comments-adding"),
    (36, "sent-outside"),
    (37, "echo-held"),
    (38, "thread-owned"),
    (39, "profile-asked-again"),
    (40, "part-refused"),
    (41, "part-held"),
    (42, "send-started"),
    (43, "part-sent"),
    (44, "part-delayed"),
    (45, "part-failed"),
    (46, "part-in-doubt"),
    (47, "doubt-remained"),
    (48, "ad-window-refused"),
    (50, "window-closed"),
    (55, "thread-asked"),
    (56, "control-asked"),
    (60, "received-reaction"),
    (61, "received-edit"),
    (62, "received-unsend"),
    (63, "received-referral"),
    (64, "received-optin"),
    (65, "received-handover"),
    (66, "received-account-link"),
    (67, "received-feedback"),
    (68, "received-order"),
    (69, "received-notice"),
    (70, "received-legacy"),
    (71, "privacy-refused"),
    (81, "script-asked"),
];

/// The name of a stored kind, for people; `unknown` where this build does not know it.
pub fn name(kind: u16) -> &'static str {
    name_in(&NAMES, kind)
}

/// An event as it is stored.
pub(super) fn encode(event: &Event) -> Encoded {
    match event {
        Event::Received { inbound } => fact::encode_received(inbound),
        Event::ReplyAsked { reply } => fact::encode_reply(reply),
        Event::DispatchGranted { part } => fact::encode_dispatch(*part),
        Event::Settled { effect, outcome } => fact::encode_settled(*effect, outcome),
        Event::Woke { reason, at } => fact::encode_woke(*reason, *at),
        Event::Resolved { part, resolution, by } => fact::encode_resolved(*part, *resolution, by),
        Event::ProfileAsked { .. }
        | Event::ProfileAskedAgain { .. }
        | Event::ContactNamed { .. }
        | Event::ContactNaming { .. }
        | Event::TaskOpening { .. }
        | Event::TaskBound { .. }
        | Event::CommentsAdding { .. }
        | Event::EchoHeld { .. }
        | Event::SentOutside { .. }
        | Event::ThreadOwned { .. }
        | Event::PartRefused { .. }
        | Event::PartHeld { .. }
        | Event::SendStarted { .. }
        | Event::PartSent { .. }
        | Event::PartDelayed { .. }
        | Event::PartFailed { .. }
        | Event::PartInDoubt { .. }
        | Event::ThreadAsked { .. }
        | Event::ControlAsked { .. }
        | Event::DoubtRemained { .. }
        | Event::AdWindowRefused { .. }
        | Event::PrivacyRefused { .. }
        | Event::WindowClosed { .. } => decision::encode(event),
    }
}

/// A stored event.
pub(super) fn decode(kind: u16, version: u8, body: &[u8]) -> Result<Event, CodecFault> {
    if version != VERSION {
        return Err(CodecFault::Unknown { kind, version });
    }
    match kind {
        1..30 | 81 => fact::decode(kind, body),
        60..=70 => deed::decode(kind, body),
        _ => decision::decode(kind, body),
    }
}
