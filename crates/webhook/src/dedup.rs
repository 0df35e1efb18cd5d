//! What makes an item the same item: 16 bytes of SHA-256 over what Meta makes unique about it.
//!
//! Each kind has its own domain, and every field is written with its length, so that no two different items share their
//! bytes. The receipt time of a delivery never enters: Meta delivers the same item again, later. Meta names no such keys;
//! these follow from what each kind carries (event references, read 2026-11-23). The channel does not enter either: an
//! item seen as owner and as bystander is one item.
//!
//! The bytes are stored in journals: a change here makes every known item new.

use model::{Activity, ItemKey, Mid, PageId, Psid, Timestamp, Verb};
use sha2::{Digest, Sha256};

/// A message of the customer: its id on the Page.
pub fn message(page: &PageId, mid: &Mid) -> ItemKey {
    Encoding::new("message").text(page.as_str()).text(mid.as_str()).key()
}

/// A message of the Page: its id on the Page.
pub fn echo(page: &PageId, mid: &Mid) -> ItemKey {
    Encoding::new("echo").text(page.as_str()).text(mid.as_str()).key()
}

/// A pressed button that has an id.
pub fn postback(page: &PageId, mid: &Mid) -> ItemKey {
    Encoding::new("postback").text(page.as_str()).text(mid.as_str()).key()
}

/// A pressed button without id: who, when by Meta's time (if told), and what.
pub fn postback_without_mid(page: &PageId, psid: &Psid, at: Option<Timestamp>, payload: Option<&str>) -> ItemKey {
    let at = at.map(|at| at.0.to_string());
    Encoding::new("postback-without-mid")
        .text(page.as_str())
        .text(psid.as_str())
        .option(at.as_deref())
        .option(payload)
        .key()
}

/// A delivery receipt: its watermark and the messages it names.
pub fn delivered(page: &PageId, psid: &Psid, watermark: Timestamp, mids: &[Mid]) -> ItemKey {
    receipt("delivery", page, psid, watermark, mids)
}

/// A read receipt: its watermark and the messages it names.
pub fn read(page: &PageId, psid: &Psid, watermark: Timestamp, mids: &[Mid]) -> ItemKey {
    receipt("read", page, psid, watermark, mids)
}

/// A message of either side without id: who, when by Meta's time (if told), and what.
pub fn message_without_mid(
    is_echo: bool,
    page: &PageId,
    psid: &Psid,
    at: Option<Timestamp>,
    text: Option<&str>,
    attachments: Option<&str>,
) -> ItemKey {
    let domain = if is_echo { "echo-without-mid" } else { "message-without-mid" };
    deed(domain, page, psid.as_str(), at, &[text, attachments])
}

/// A reaction put on a message or taken back: who, when by Meta's time (if told), and which.
pub fn reaction(
    page: &PageId,
    mid: &Mid,
    who: &str,
    added: bool,
    sign: Option<&str>,
    at: Option<Timestamp>,
) -> ItemKey {
    deed("reaction", page, who, at, &[Some(mid.as_str()), Some(if added { "react" } else { "unreact" }), sign])
}

/// A changed text: the message, and which change; without a number, the text itself.
pub fn edit(page: &PageId, mid: &Mid, nth: Option<u32>, text: Option<&str>) -> ItemKey {
    let number = nth.map(|nth| nth.to_string());
    let text = if nth.is_some() { None } else { text };
    Encoding::new("edit").text(page.as_str()).text(mid.as_str()).option(number.as_deref()).option(text).key()
}

/// A message that was taken back.
pub fn unsend(page: &PageId, mid: &Mid) -> ItemKey {
    Encoding::new("unsend").text(page.as_str()).text(mid.as_str()).key()
}

/// Anything that has no id: the kind, who (a customer or a plugin's reference), when by Meta's time (if told), and what
/// tells it from others of the kind.
pub fn deed(domain: &str, page: &PageId, who: &str, at: Option<Timestamp>, what: &[Option<&str>]) -> ItemKey {
    let at = at.map(|at| at.0.to_string());
    let encoding = Encoding::new(domain).text(page.as_str()).text(who).option(at.as_deref());
    what.iter().fold(encoding, |encoding, field| encoding.option(*field)).key()
}

/// Something on the wall: what, whose, made when. Something new is known by that alone; a change may come again (hidden,
/// shown, hidden), so that Meta's time of the report and the content belong to it.
pub fn activity(page: &PageId, activity: &Activity, told_at: Option<Timestamp>) -> ItemKey {
    let number = |at: Option<Timestamp>| at.map(|at| at.0.to_string());
    let author = activity.author.as_ref().and_then(|author| author.id.as_deref());
    let encoding = Encoding::new("activity")
        .text(page.as_str())
        .text(activity.field.word())
        .text(activity.item.word())
        .text(activity.verb.word())
        .option(activity.comment.as_deref().or(activity.post.as_deref()))
        .option(author)
        .option(number(activity.created_at).as_deref());
    let told_at = if activity.created_at.is_some() && activity.verb == Verb::Add { None } else { told_at };
    let text = activity.text.as_ref().map(|text| text.reveal().as_str()).filter(|_| activity.verb != Verb::Add);
    encoding.option(number(told_at).as_deref()).option(text).option(activity.feeling.as_deref()).key()
}

/// A lead: its id.
pub fn lead(page: &PageId, lead: &str) -> ItemKey {
    Encoding::new("lead").text(page.as_str()).text(lead).key()
}

fn receipt(domain: &str, page: &PageId, psid: &Psid, watermark: Timestamp, mids: &[Mid]) -> ItemKey {
    let encoding = Encoding::new(domain).text(page.as_str()).text(psid.as_str()).bytes(&watermark.0.to_be_bytes());
    mids.iter().fold(encoding, |encoding, mid| encoding.text(mid.as_str())).key()
}

/// Fields with their lengths, in order, under a domain.
struct Encoding(Sha256);

impl Encoding {
    fn new(domain: &str) -> Self {
        Self(Sha256::new()).text("pagedesk/item/1").text(domain)
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(u64::try_from(bytes.len()).expect("a length fits 64 bits").to_be_bytes());
        self.0.update(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn option(self, text: Option<&str>) -> Self {
        match text {
            None => self.bytes(&[0]),
            Some(text) => self.bytes(&[1]).text(text),
        }
    }

    fn key(self) -> ItemKey {
        let digest = self.0.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        ItemKey(key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_do_not_change_from_build_to_build() {
        let (page, psid, mid) = (PageId::new("1029"), Psid::new("5001"), Mid::new("m_1"));
        let at = Timestamp(1_780_272_000_000);
        let keys = [
            message(&page, &mid),
            echo(&page, &mid),
            postback(&page, &mid),
            postback_without_mid(&page, &psid, Some(at), Some("START")),
            delivered(&page, &psid, at, &[]),
            read(&page, &psid, at, &[]),
        ];
        insta::assert_debug_snapshot!(keys);
    }

    #[test]
    fn different_items_have_different_keys() {
        let (a, b) = (PageId::new("1"), PageId::new("12"));
        let (ma, mb) = (Mid::new("23"), Mid::new("3"));
        let (p, q) = (Psid::new("5"), Psid::new("6"));
        let (t, u) = (Timestamp(1), Timestamp(2));
        let keys = [
            message(&a, &ma),
            message(&b, &mb),
            message(&a, &mb),
            echo(&a, &ma),
            postback(&a, &ma),
            postback_without_mid(&a, &p, Some(t), Some("x")),
            postback_without_mid(&a, &q, Some(t), Some("x")),
            postback_without_mid(&a, &p, Some(u), Some("x")),
            postback_without_mid(&a, &p, None, Some("x")),
            postback_without_mid(&a, &p, Some(t), None),
            postback_without_mid(&a, &p, Some(t), Some("")),
            postback_without_mid(&a, &p, None, None),
            delivered(&a, &p, t, &[]),
            delivered(&a, &p, u, &[]),
            delivered(&a, &p, t, std::slice::from_ref(&ma)),
            delivered(&a, &p, t, &[ma.clone(), mb.clone()]),
            delivered(&a, &p, t, &[mb, ma]),
            read(&a, &p, t, &[]),
            read(&a, &q, t, &[]),
        ];
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    }
}
