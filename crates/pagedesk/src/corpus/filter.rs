//! What of a store goes into a recording: an instant, a Page, a conversation, a kind.
//!
//! Invariant: of a body that holds other items too only those stay that were asked for; whatever cannot be taken apart is
//! there whole or not at all.

use model::{Delivery, PageId, Psid};
use simulator::play::recording::{Audience, DeliveryLine, FactLine};
use webhook::{Cut, cut, kinds};

use crate::cli::Narrowing;
use crate::instant;

/// A delivery of which something was asked for.
pub(super) struct Kept {
    /// The delivery.
    pub(super) line: DeliveryLine,
    /// Other items were in it, and are not any more.
    pub(super) is_cut: bool,
}

impl Narrowing {
    /// Whether everything is asked for.
    pub(super) const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.takes_whole_bodies()
    }

    /// As it was typed, flag by flag.
    pub(super) fn flags(&self) -> Vec<String> {
        let instants = [("--from", self.from), ("--to", self.to)];
        let instants = instants.into_iter().filter_map(|(flag, at)| Some(format!("{flag} {}", instant::write(at?.0))));
        let pages = self.page.iter().map(|page| format!("--page {page}"));
        let talks = self.conversation.iter().map(|(page, psid)| format!("--conversation {page}/{psid}"));
        let kinds = self.kind.iter().map(|kind| format!("--kind {kind}"));
        instants.chain(pages).chain(talks).chain(kinds).collect()
    }

    const fn takes_whole_bodies(&self) -> bool {
        self.page.is_empty() && self.conversation.is_empty() && self.kind.is_empty()
    }

    /// Whether an instant is asked for.
    pub(super) fn is_when(&self, at: model::Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// What is asked for of a delivery.
    pub(super) fn delivery(&self, line: DeliveryLine) -> Option<Kept> {
        if !self.is_when(line.at) {
            return None;
        }
        if self.takes_whole_bodies() {
            return Some(Kept { line, is_cut: false });
        }
        match cut(&line.body, line.at, &mut |item| self.item(item)) {
            Cut::Whole => Some(Kept { line, is_cut: false }),
            Cut::Part(body) => Some(Kept { line: DeliveryLine { body, ..line }, is_cut: true }),
            Cut::Nothing => None,
        }
    }

    /// Whether an item is asked for; the delivery holds it alone.
    fn item(&self, item: &Delivery) -> bool {
        let Delivery { inbounds, page_inbounds, anomalies } = item;
        let talks = inbounds.iter().any(|inbound| {
            let mut words = kinds::words(inbound);
            words.push(inbound.kind.word().to_owned());
            self.is_of(&inbound.page, Some(&inbound.psid)) && self.is_kind(&words)
        });
        let of_pages = page_inbounds
            .iter()
            .any(|inbound| self.is_of(&inbound.page, None) && self.is_kind(&[kinds::page_word(inbound)]));
        let odd = anomalies.iter().any(|anomaly| {
            let is_of = match &anomaly.page {
                Some(page) => self.is_of(page, None),
                None => self.page.is_empty() && self.conversation.is_empty(),
            };
            is_of && self.is_kind(&[kinds::anomaly_word(anomaly)])
        });
        talks || of_pages || odd
    }

    /// Whether an agent's comment is asked for. Its kind is `comment.customer` or `comment.internal`.
    pub(super) fn fact(&self, line: &FactLine) -> bool {
        let kind = match line.audience {
            Audience::Customer => "comment.customer",
            Audience::Internal => "comment.internal",
        };
        self.is_when(line.at) && self.is_of(&line.page, Some(&line.psid)) && self.is_kind(&[kind.to_owned()])
    }

    /// Whether a Page, or a conversation of it, is asked for. What belongs to a Page as a whole is of no conversation.
    pub(super) fn is_of(&self, page: &PageId, psid: Option<&Psid>) -> bool {
        let is_page = self.page.is_empty() || self.page.iter().any(|asked| asked == page.as_str());
        let is_conversation = self.conversation.is_empty()
            || psid.is_some_and(|psid| {
                let asked = |whose: &(PageId, Psid)| whose.0 == *page && whose.1 == *psid;
                self.conversation.iter().any(asked)
            });
        is_page && is_conversation
    }

    /// `feed` asks for `feed.comment.add` too.
    fn is_kind(&self, words: &[String]) -> bool {
        let is = |asked: &str, word: &str| {
            word.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
        };
        self.kind.is_empty() || words.iter().any(|word| self.kind.iter().any(|asked| is(asked, word)))
    }
}

/// Reads `PAGE/PSID`, with or without the `c/` that a machine's name begins with.
///
/// # Errors
/// What would be one, in words.
pub(crate) fn conversation(text: &str) -> Result<(PageId, Psid), String> {
    let named = text.strip_prefix("c/").unwrap_or(text).split_once('/');
    match named.filter(|(page, psid)| !matches!(*page, "" | "a" | "p") && !psid.is_empty() && !psid.contains('/')) {
        Some((page, psid)) => Ok((PageId::new(page), Psid::new(psid))),
        None => Err(format!("{text:?} is no conversation: write PAGE/PSID")),
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    const BODY: &str = r#"{"object":"page","entry":[{"id":"17","messaging":[
        {"sender":{"id":"5"},"recipient":{"id":"17"},"timestamp":1,"message":{"mid":"a","text":"hello"}},
        {"sender":{"id":"6"},"recipient":{"id":"17"},"timestamp":2,"reaction":{"action":"react","mid":"a","emoji":"x"}}]},
        {"id":"23","changes":[{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"23_9"}}]}]}"#;

    fn kept(asked: &Narrowing) -> Option<(usize, usize, bool)> {
        let kept = asked.delivery(DeliveryLine { at: Timestamp(10), body: BODY.to_owned() })?;
        let left = webhook::parse(kept.line.body.as_bytes(), kept.line.at);
        Some((left.inbounds.len(), left.page_inbounds.len(), kept.is_cut))
    }

    #[test]
    fn each_filter_keeps_what_it_asks_for_and_all_of_them_together_what_all_do() {
        let open = Narrowing::default();
        let page = |page: &str| Narrowing { page: vec![page.to_owned()], ..open.clone() };
        let kind = |kind: &str| Narrowing { kind: vec![kind.to_owned()], ..open.clone() };
        let who = |who: &str| Narrowing { conversation: vec![conversation(who).unwrap()], ..open.clone() };
        let cases = [
            (open.clone(), Some((2, 1, false))),
            (page("17"), Some((2, 0, true))),
            (page("23"), Some((0, 1, true))),
            (page("99"), None),
            (who("17/6"), Some((1, 0, true))),
            (who("c/23/6"), None),
            (kind("reaction"), Some((1, 0, true))),
            (kind("message"), Some((1, 0, true))),
            (kind("feed"), Some((0, 1, true))),
            (kind("fee"), None),
            (Narrowing { kind: vec!["text".to_owned()], ..page("23") }, None),
            (Narrowing { from: Some(Timestamp(10)), ..open.clone() }, Some((2, 1, false))),
            (Narrowing { to: Some(Timestamp(10)), ..open.clone() }, None),
            (Narrowing { from: Some(Timestamp(11)), ..open.clone() }, None),
        ];
        for (asked, expected) in cases {
            assert_eq!(kept(&asked), expected, "{asked:?}");
        }
    }

    #[test]
    fn comments_follow_the_same_filters() {
        let line = FactLine {
            at: Timestamp(10),
            page: PageId::new("17"),
            psid: Psid::new("5"),
            by: "Ada".to_owned(),
            text: "hi".to_owned(),
            audience: Audience::Internal,
        };
        let of_kind = |kind: &str| Narrowing { kind: vec![kind.to_owned()], ..Narrowing::default() }.fact(&line);
        assert!(Narrowing::default().fact(&line) && of_kind("comment") && of_kind("comment.internal"));
        assert!(!of_kind("comment.customer") && !of_kind("text"));
        assert!(!Narrowing { page: vec!["23".to_owned()], ..Narrowing::default() }.fact(&line));
        assert!(!Narrowing { to: Some(Timestamp(10)), ..Narrowing::default() }.fact(&line));
    }

    #[test]
    fn what_names_no_conversation_is_refused() {
        for text in ["17", "p/17", "17/", "/5", "17/5/6", "c/17", ""] {
            assert!(conversation(text).is_err_and(|fault| fault.contains("PAGE/PSID")), "{text}");
        }
    }
}
