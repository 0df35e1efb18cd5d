//! The deliveries of a run, made and signed before the first is sent: text messages of ordinary length, one in a body,
//! as Meta writes them (ids as strings, everything outside ASCII escaped; *Webhooks for Messenger*, read 2026-11-23).
//!
//! Everything follows from the numbers given, so that two runs send the same. Customers and texts are invented.

use std::fmt::Write as _;

use model::{PageId, Psid};
use webhook::{Secret, signature};

/// The app secret of every server under measurement.
pub(crate) const SECRET: &str = "bench-app-secret";

/// What customers write: 17 to 240 characters, some of them escaped.
const TEXTS: [&str; 8] = [
    "Are you open today?",
    "Hello! I ordered two rye loaves for Saturday, can I still change one of them to a wheat loaf, please?",
    "Thank you, that is all I wanted to know. See you tomorrow!",
    "Good evening. My parcel was to come on Tuesday, the tracking page has said the same thing for three days and nobody \
     answers the phone. Could you look where it is? The number is on the receipt that I sent you last week.",
    "\\u0414\\u043e\\u0431\\u0440\\u044b\\u0439 \\u0434\\u0435\\u043d\\u044c! \\u0421\\u043a\\u043e\\u043b\\u044c\\u043a\\u043e?",
    "How much is the blue one in size M, and do you deliver to the islands? I would need it by the end of next week.",
    "ok \\ud83d\\udc4d",
    "I was in your shop this morning and left a grey umbrella beside the counter. If somebody found it, please keep it \
     for me; I can come by on Friday after five.",
];

/// Which conversations there are: number `n` is customer `n` on Page `n % pages`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct People {
    /// Conversations in all.
    pub(crate) conversations: u64,
    /// Pages they are spread over.
    pub(crate) pages: u64,
}

impl People {
    /// The Page of a conversation.
    pub(crate) fn page(self, conversation: u64) -> PageId {
        page(conversation % self.pages)
    }

    /// The customer of a conversation, scattered as Meta's page-scoped ids are.
    pub(crate) fn psid(self, conversation: u64) -> Psid {
        Psid::new(format!("{}", 4_000_000_000_000_000 + draw(conversation) % 4_000_000_000_000_000))
    }

    /// All Pages.
    pub(crate) fn all_pages(self) -> impl Iterator<Item = PageId> {
        (0..self.pages).map(page)
    }
}

fn page(number: u64) -> PageId {
    PageId::new(format!("1029{number:011}"))
}

/// A number that looks random and follows from the one given (SplitMix64's output function).
pub(crate) fn draw(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A text of a customer, chosen by a number; JSON-escaped.
pub(crate) fn text(number: u64) -> &'static str {
    let eight = usize::try_from(draw(number) % 8).expect("below eight");
    TEXTS[eight]
}

/// Meta's id of a message: about a hundred characters.
pub(crate) fn mid(seed: u64, number: u64) -> String {
    let mut mid = String::with_capacity(98);
    mid.push_str("m_");
    for part in 0..6 {
        let _written = write!(mid, "{:016x}", draw(seed ^ draw(number * 8 + part)));
    }
    mid
}

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Over which conversations.
    pub(crate) people: People,
    /// How many messages.
    pub(crate) messages: u64,
    /// Each conversation gets at least one message, if there are that many; else each is drawn at random.
    pub(crate) covering: bool,
    /// Tells the messages of one run from those of another.
    pub(crate) seed: u64,
    /// Meta's time of the first message, ms since 1970; the others follow it by a millisecond each.
    pub(crate) at: i64,
}

/// Requests as they go over the wire, one after the other.
#[derive(Debug)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    body_bytes: u64,
}

impl Requests {
    /// Makes and signs all of them.
    pub(crate) fn prepare(order: Order) -> Self {
        let secret = Secret::new(SECRET.as_bytes());
        let mut requests = Self { bytes: Vec::new(), ends: Vec::new(), body_bytes: 0 };
        for (number, conversation) in (0..).zip(conversations(order)) {
            let at = order.at + i64::try_from(number).unwrap_or(0);
            let body = body(order.people, conversation, &mid(order.seed, number), text(order.seed ^ number), at);
            requests.body_bytes += u64::try_from(body.len()).expect("a body is short");
            requests.push(&body, &signature::sign(&secret, body.as_bytes()));
        }
        requests
    }

    fn push(&mut self, body: &str, signature: &str) {
        let head = format!(
            "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nUser-Agent: facebookexternalua\r\n\
             Content-Type: application/json\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(body.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// One request; `None` after the last.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all bodies.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }
}

/// One conversation for each message: every one once if they cover, the rest drawn evenly, all of it shuffled.
fn conversations(order: Order) -> Vec<u64> {
    let all = order.people.conversations;
    let drawn = |number: u64| draw(order.seed.wrapping_add(draw(number))) % all;
    let mut chosen: Vec<u64> =
        (0..order.messages).map(|number| if order.covering && number < all { number } else { drawn(number) }).collect();
    for last in (1..chosen.len()).rev() {
        let below = u64::try_from(last + 1).expect("a length");
        let other = draw(order.seed ^ draw(below).rotate_left(7)) % below;
        chosen.swap(last, usize::try_from(other).expect("an index"));
    }
    chosen
}

/// One message as a delivery's body; the text is escaped already.
pub(crate) fn body(people: People, conversation: u64, mid: &str, text: &str, at: i64) -> String {
    let (page, psid) = (people.page(conversation), people.psid(conversation));
    format!(
        r#"{{"object":"page","entry":[{{"time":{},"id":"{page}","messaging":[{{"sender":{{"id":"{psid}"}},"recipient":{{"id":"{page}"}},"timestamp":{at},"message":{{"mid":"{mid}","text":"{text}"}}}}]}}]}}"#,
        at + 211
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::{Kind, Timestamp};

    use super::*;

    const PEOPLE: People = People { conversations: 50, pages: 4 };

    fn bodies(order: Order) -> Vec<String> {
        let requests = Requests::prepare(order);
        let whole = |index| String::from_utf8(requests.get(index).unwrap().to_vec()).unwrap();
        (0..requests.len()).map(|index| whole(index).split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
    }

    #[test]
    fn every_body_is_one_message_and_every_conversation_gets_one() {
        let order = Order { people: PEOPLE, messages: 200, covering: true, seed: 3, at: 1_795_424_400_000 };
        let mut mids = BTreeSet::new();
        let mut people = BTreeSet::new();
        for body in bodies(order) {
            let delivery = webhook::parse(body.as_bytes(), Timestamp(0));
            assert_eq!((delivery.inbounds.len(), delivery.anomalies.len()), (1, 0), "{body}");
            let inbound = &delivery.inbounds[0];
            let Kind::Message(message) = &inbound.kind else { panic!("{body}") };
            assert!(mids.insert(message.mid.clone()));
            people.insert((inbound.page.clone(), inbound.psid.clone()));
        }
        let expected: BTreeSet<_> = (0..50).map(|n| (PEOPLE.page(n), PEOPLE.psid(n))).collect();
        assert_eq!(people, expected);
        assert_eq!(bodies(order), bodies(order));
    }

    #[test]
    fn a_request_carries_the_signature_of_its_body() {
        let order = Order { people: PEOPLE, messages: 3, covering: false, seed: 9, at: 0 };
        let requests = Requests::prepare(order);
        assert_eq!((requests.len(), requests.get(3)), (3, None));
        let text = std::str::from_utf8(requests.get(2).unwrap()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let claimed = head.lines().find_map(|line| line.strip_prefix("X-Hub-Signature-256: ")).unwrap();
        let secret = Secret::new(SECRET.as_bytes());
        assert_eq!(signature::verify(&[secret], Some(claimed.as_bytes()), body.as_bytes()), Ok(()));
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
    }
}
