//! A body as a delivery: the structure first ([`envelope`]), then every item by itself ([`item`]).
//!
//! Here: the way from one to the other, and what happens to a body without structure. Total: whatever cannot be
//! understood becomes an anomaly with its place, and its neighbours are read all the same.

mod activity;
mod anomaly;
mod attachment;
mod calendar;
mod change;
mod cut;
mod envelope;
mod foreign;
mod item;
mod json;
mod judged;
mod message;
mod postback;
mod reaction;
mod receipt;
mod referral;
mod standing;
mod thread;

use std::borrow::Cow;

use model::{Anomaly, Channel, Delivery, PageId, Place, Timestamp};
use serde_json::value::RawValue;

use self::anomaly::Reason;
pub use self::cut::{Cut, cut};
use self::envelope::{Body, Found};
pub use self::foreign::{Shape, body_of_foreign, parse_foreign, shape};
use self::item::Understood;
use crate::limits::ITEMS_MAX;

/// Reads a body of Meta; `received_at` stands in for the time of an item where Meta tells none.
///
/// Bytes that are not UTF-8 are read as replacement characters, and the items that hold one become anomalies.
pub fn parse(body: &[u8], received_at: Timestamp) -> Delivery {
    let text = String::from_utf8_lossy(body);
    let lossy = matches!(text, Cow::Owned(_));
    deliver(text.strip_prefix('\u{feff}').unwrap_or(&text), lossy, None, received_at)
}

/// Reads a body; `assumed` stands in for the Page where nothing names one.
fn deliver(text: &str, lossy: bool, assumed: Option<&PageId>, received_at: Timestamp) -> Delivery {
    let mut reading = Reading { delivery: Delivery::default(), assumed, received_at, lossy, items: 0, unread: None };
    match envelope::body(text) {
        Ok(Body::One(members)) => reading.envelope(&members, text),
        Ok(Body::Wrapped(envelopes)) => {
            for raw in envelopes {
                reading.envelope(&json::members(raw.get()).unwrap_or_default(), raw.get());
            }
        }
        Err(reason) => reading.delivery.anomalies.push(anomaly::whole(reason, text)),
    }
    reading.finish()
}

/// What every item needs to know about where it stands.
struct Surroundings<'a> {
    /// What the body says it is about.
    object: Option<&'a str>,
    /// The entry's Page, where it names one.
    page: Option<PageId>,
    /// The Page where nothing names one.
    assumed: Option<&'a PageId>,
    /// The entry's time, where it tells one.
    entry_time: Option<Timestamp>,
    /// The receipt of the delivery.
    received_at: Timestamp,
    /// Whether the body held bytes that are not UTF-8.
    lossy: bool,
}

/// A delivery while it is read.
struct Reading<'r> {
    delivery: Delivery,
    assumed: Option<&'r PageId>,
    received_at: Timestamp,
    lossy: bool,
    /// Items met so far, those beyond the limit included.
    items: usize,
    /// Stands for all items beyond the limit.
    unread: Option<Anomaly>,
}

impl Reading<'_> {
    /// One `{object, entry}`; `raw` is its text.
    fn envelope(&mut self, members: &[(&RawValue, &RawValue)], raw: &str) {
        let object = envelope::object(members);
        let mut entries = members.iter().filter(|(key, _)| json::key(key) == "entry").peekable();
        if entries.peek().is_none() {
            self.keep(|delivery| delivery.anomalies.push(anomaly::whole("no-entry", raw)));
        }
        let mut index = 0;
        for (_, value) in entries {
            let Some(elements) = envelope::spread(value) else {
                self.keep(|delivery| delivery.anomalies.push(anomaly::whole("no-entry", raw)));
                continue;
            };
            for element in elements {
                self.entry(index, object.as_deref(), element);
                index += 1;
            }
        }
    }

    /// One element of `entry`.
    fn entry(&mut self, index: usize, object: Option<&str>, raw: &RawValue) {
        let members = if envelope::is_object(raw) { json::members(raw.get()).ok() } else { None };
        let (assumed, received_at, lossy) = (self.assumed, self.received_at, self.lossy);
        let Some(members) = members else {
            let around = Surroundings { object, page: None, assumed, entry_time: None, received_at, lossy };
            self.item(&around, index, "entry", 0, Found::Odd("not-an-entry"), raw);
            return;
        };
        let around = Surroundings {
            object,
            page: envelope::page(&members, lossy),
            assumed,
            entry_time: envelope::time(&members),
            received_at,
            lossy,
        };
        for (key, value) in members {
            let name = json::key(key);
            for (position, (found, item)) in envelope::items(&name, value).into_iter().enumerate() {
                self.item(&around, index, &name, position, found, item);
            }
        }
    }

    /// One item of a list.
    fn item(
        &mut self,
        around: &Surroundings<'_>,
        entry: usize,
        list: &str,
        position: usize,
        found: Found,
        raw: &RawValue,
    ) {
        let place = || Place { entry: small(entry), list: anomaly::short(list), item: small(position) };
        self.keep(|delivery| match read(around, list, found, raw.get()) {
            Ok(Understood::Talk(inbound)) => delivery.inbounds.push(inbound),
            Ok(Understood::Page(inbound)) => delivery.page_inbounds.push(inbound),
            Err(reason) => delivery.anomalies.push(anomaly::item(reason, place(), around, raw.get())),
        });
    }

    /// Reads one more item, or only counts it once the limit is reached.
    fn keep(&mut self, read: impl FnOnce(&mut Delivery)) {
        self.items += 1;
        if self.items <= ITEMS_MAX {
            read(&mut self.delivery);
        } else if self.unread.is_none() {
            self.unread = Some(anomaly::whole("too-many-items", ""));
        }
    }

    fn finish(mut self) -> Delivery {
        if let Some(mut unread) = self.unread {
            unread.kind = Some(format!("unread:{}", self.items - ITEMS_MAX));
            self.delivery.anomalies.push(unread);
        }
        self.delivery
    }
}

/// Understands one item, or says why not.
fn read(around: &Surroundings<'_>, list: &str, found: Found, raw: &str) -> Result<Understood, Reason> {
    if around.lossy && raw.contains('\u{fffd}') {
        return Err(Reason::plain("not-utf8"));
    }
    // A body without `object` is read as a Page's: nothing says that it is another's.
    let is_pages = around.object.is_none_or(|object| object == "page");
    let is_known = is_pages || (list.starts_with("change") && around.object.is_some_and(change::is_known_object));
    match (found, around.object) {
        (_, Some(object)) if !is_known => return Err(Reason::of_kind("unknown-object", format!("object:{object}"))),
        (Found::Odd(_), _) if list == "changed_fields" => return change::name(raw, around),
        (Found::Odd(reason), _) => return Err(Reason::plain(reason)),
        (Found::Item, _) => {}
    }
    match list {
        "changes" => change::read(raw, around),
        "standby" => item::messaging(raw, Channel::Standby, around),
        // `messaging`, and odd lists such as `messaging_handovers`, whose items have the same shape.
        _ => item::messaging(raw, Channel::Messaging, around),
    }
}

/// An index as a place stores it.
fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
