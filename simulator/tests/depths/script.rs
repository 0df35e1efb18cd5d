//! Scripts of traffic by seed: who does what, when, on a node with which settings.
//!
//! Times are drawn so that instants coincide and edges of windows are met to the millisecond.

use model::{MachineId, PageId, Psid, Span, Timestamp};
use serde_json::{Value, json};
use simulator::outside::CommentOnTask;
use simulator::outside::desk::Deed;
use tracker::Audience;

use super::fickle::mixed;

/// 2026-11-23T09:00:00Z.
pub(crate) const START: Timestamp = Timestamp(1_795_424_400_000);
/// The app whose node this is.
pub(crate) const APP: u64 = 990_017;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Deliver(String),
    Comment(CommentOnTask),
    Act(MachineId, Deed),
    Crash,
}

/// Choices of one seed, in a row.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mixed(seed))
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = mixed(self.0);
        self.0 % end
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap()]
    }
}

/// What a script may hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Menu {
    pub(crate) steps: u64,
    /// Jumps over hours and days.
    pub(crate) far: bool,
    pub(crate) crashes: bool,
    /// People complete, trash and purge tasks.
    pub(crate) deeds: bool,
    /// Many items and deliveries at one instant, of forty customers a Page.
    pub(crate) flood: bool,
}

/// The steps of a seed, each with its instant.
pub(crate) fn script(seed: u64, menu: Menu) -> Vec<(Timestamp, Step)> {
    let dice = Dice::new(seed);
    let mut writer = Writer { dice, now: START, wrote_at: START, mids: 0, delivered: Vec::new(), menu };
    (0..menu.steps).flat_map(|_| if menu.flood { writer.burst() } else { vec![writer.step()] }).collect()
}

struct Writer {
    dice: Dice,
    now: Timestamp,
    /// Meta's time of the newest message.
    wrote_at: Timestamp,
    mids: u64,
    delivered: Vec<String>,
    menu: Menu,
}

impl Writer {
    fn step(&mut self) -> (Timestamp, Step) {
        self.now = self.now.max(self.next_time());
        let kind = self.dice.below(100);
        let step = match kind {
            0..55 => Step::Deliver(self.delivery()),
            55..65 if !self.delivered.is_empty() => {
                let index = self.dice.below(self.delivered.len() as u64);
                Step::Deliver(self.delivered[usize::try_from(index).unwrap()].clone())
            }
            65..70 if self.menu.deeds => {
                let (page, psid) = self.customer();
                let deed = self.dice.of(&[Deed::Complete, Deed::Reopen, Deed::Trash, Deed::Restore, Deed::Purge]);
                Step::Act(MachineId::Conversation(page, psid), deed)
            }
            70..74 if self.menu.crashes => Step::Crash,
            74..77 => Step::Deliver("{ not json".to_owned()),
            _ => Step::Comment(self.comment()),
        };
        (self.now, step)
    }

    /// One delivery with very many items, or very many deliveries within a few milliseconds.
    fn burst(&mut self) -> Vec<(Timestamp, Step)> {
        self.now = self.now.max(self.next_time());
        let mut steps: Vec<(Timestamp, Step)> = if self.dice.below(2) == 0 {
            vec![(self.now, Step::Deliver(self.delivery_of(80)))]
        } else {
            let deliveries = (0..160).map(|nth| {
                self.now = self.now + Span(i64::from(nth % 4 == 0));
                (self.now, Step::Deliver(self.delivery()))
            });
            deliveries.collect()
        };
        steps.extend((0..10).map(|_| (self.now, Step::Comment(self.comment()))));
        steps
    }

    fn next_time(&mut self) -> Timestamp {
        let near = [0, 0, 0, 1, 40, 60, 250, 400, 1_000, 5_000, 5_001, 10_000, 15_000, 30_000, 60_000, 75_001, 300_000];
        if !self.menu.far || self.dice.below(6) > 0 {
            return self.now + Span(self.dice.of(&near));
        }
        let (hour, minute) = (3_600_000, 60_000);
        let edges = [24 * hour, 24 * hour - minute, 7 * 24 * hour, 7 * 24 * hour - 5 * minute];
        match self.dice.below(3) {
            0 => self.now + Span(self.dice.of(&[10 * minute, 15 * minute, hour, 25 * hour])),
            _ => self.wrote_at + Span(self.dice.of(&edges) + self.dice.of(&[-1, 0, 1])),
        }
    }

    fn customer(&mut self) -> (PageId, Psid) {
        let page = self.dice.of(&["104", "104", "104", "205", "205", "306"]);
        if self.menu.flood {
            return (PageId::new(page), Psid::new((7_000 + self.dice.below(40)).to_string()));
        }
        (PageId::new(page), Psid::new(self.dice.of(&["71", "72", "73", "74"])))
    }

    fn comment(&mut self) -> CommentOnTask {
        let (page, psid) = self.customer();
        let text = match self.dice.below(4) {
            0 => "Yes, from eight to noon. ".repeat(120),
            _ => format!("Answer {}.", self.dice.below(5)),
        };
        let audience = if self.dice.below(6) == 0 { Audience::Internal } else { Audience::Customer };
        CommentOnTask { page, psid, by: "Ada".to_owned(), text, audience }
    }

    fn delivery(&mut self) -> String {
        let items = self.dice.of(&[1, 1, 1, 2, 3, 5]);
        self.delivery_of(items)
    }

    fn delivery_of(&mut self, items: usize) -> String {
        let mut entries = Vec::new();
        for _ in 0..items {
            let (page, psid) = self.customer();
            let (list, item) = self.item(page.as_str(), psid.as_str());
            let time = self.now.0;
            entries.push(json!({ "id": page, "time": time, list: [item] }));
        }
        let body = json!({ "object": "page", "entry": entries }).to_string();
        self.delivered.push(body.clone());
        body
    }

    fn item(&mut self, page: &str, psid: &str) -> (&'static str, Value) {
        let at = self.now.0 - self.dice.of(&[0, 700, 700, 1_500, 3_600_000]);
        let mid = if self.mids > 0 && self.dice.below(12) == 0 {
            // Meta says it once more in other words.
            format!("m_{}", self.dice.below(self.mids))
        } else {
            self.mids += 1;
            format!("m_{}", self.mids)
        };
        let by_customer = json!({ "sender": { "id": psid }, "recipient": { "id": page }, "timestamp": at });
        let with = |mut item: Value, key: &str, value: Value| {
            item[key] = value;
            item
        };
        let list = if self.dice.below(14) == 0 { "standby" } else { "messaging" };
        let item = match self.dice.below(20) {
            0..10 => {
                self.wrote_at = Timestamp(at);
                let text = format!("Line {}", self.dice.below(9));
                with(by_customer, "message", json!({ "mid": mid, "text": text }))
            }
            10 => {
                let image = json!([{ "type": "image", "payload": { "url": "https://cdn.example/a.png" } }]);
                with(by_customer, "message", json!({ "mid": mid, "attachments": image }))
            }
            11 => with(by_customer, "postback", json!({ "mid": mid, "title": "Hours", "payload": "HOURS" })),
            12 => {
                let reaction = json!({ "mid": mid, "action": "react", "reaction": "love", "emoji": "x" });
                with(by_customer, "reaction", reaction)
            }
            13 => with(by_customer, "read", json!({ "watermark": at })),
            14 => with(by_customer, "delivery", json!({ "mids": [mid], "watermark": at })),
            15..17 => {
                let app = self.dice.of(&[Some(APP), Some(77), None]);
                let item = json!({ "sender": { "id": page }, "recipient": { "id": psid }, "timestamp": at });
                let mut message = json!({ "mid": mid, "is_echo": true, "text": "Answer 1." });
                if let Some(app) = app {
                    message["app_id"] = json!(app);
                }
                with(item, "message", message)
            }
            17 => {
                let to = self.dice.of(&[APP, 77]);
                with(by_customer, "pass_thread_control", json!({ "new_owner_app_id": to.to_string() }))
            }
            18 => with(by_customer, "message_edit", json!({ "mid": mid, "text": "Line, mended", "num_edit": 1 })),
            _ => with(by_customer, "brand_new", json!({ "x": 1 })),
        };
        (list, item)
    }
}
