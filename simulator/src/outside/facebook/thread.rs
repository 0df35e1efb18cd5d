//! What the Page sent in a conversation as Meta keeps it, and how it is read. Neither the app that sent a message nor its
//! mark is told.

use messenger::{Fault, Sent};
use model::{AttachmentKind, MachineId, PageId, Psid, Timestamp};

use super::{ANSWER, Customer, Facebook, Planned};
use crate::chance::{Stream, between};

/// How many messages of a thread can be read. *Conversations API*, read 2026-11-23.
const READABLE: usize = 20;

impl Facebook {
    /// The thread holds it now, once, at a time in whole seconds.
    pub(super) fn keep(&mut self, customer: Customer, sent: Sent) {
        let thread = self.threads.entry(customer).or_default();
        if thread.iter().all(|known| known.mid != sent.mid) {
            thread.push_back(Sent { at: Timestamp(sent.at.0.div_euclid(1_000) * 1_000), ..sent });
        }
        if thread.len() > READABLE {
            thread.pop_front();
        }
    }

    /// Tells what the Page sent in a conversation.
    pub fn thread(&mut self, page: &PageId, psid: &Psid, now: Timestamp) -> Planned<Result<Vec<Sent>, Fault>> {
        let customer = (page.clone(), psid.clone());
        let sent = self.threads.get(&customer).into_iter().flatten().cloned().collect();
        let who = MachineId::Conversation(page.clone(), psid.clone());
        let nth = self.read.entry(customer).or_default();
        *nth += 1;
        let wait = between(Stream::Thread, &format!("{who}#{nth}"), ANSWER.0, ANSWER.1);
        Planned::answer(now + wait, Ok(sent))
    }
}

/// What a thread calls an attachment.
pub(super) fn word(kind: &AttachmentKind) -> &'static str {
    if let AttachmentKind::Image | AttachmentKind::Sticker(_) = kind {
        "image"
    } else if let AttachmentKind::Audio = kind {
        "audio"
    } else if let AttachmentKind::Video = kind {
        "video"
    } else {
        "file"
    }
}
