//! What makes an item the same item: 16 bytes of SHA-256 over what Meta makes unique about it.
//!
//! Each kind has its own domain, and every field is written with its length, so that no two different items share their
//! bytes. The receipt time of a delivery never enters: Meta delivers the same item again, later. Meta names no such keys;
//! these follow from what each kind carries (event references, read 2026-11-23). The channel does not enter either: an
//! item seen as owner and as bystander is one item.
//!
//! The bytes are stored in journals: a change here makes every known item new.

use model::{ItemKey, Mid, PageId, Psid, Timestamp};
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
