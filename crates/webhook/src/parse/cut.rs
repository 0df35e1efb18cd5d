//! A body without the items that nobody asked for.
//!
//! Finds items as the parser does and shows each alone. Invariants: an item that is left is understood as before; a body
//! of which everything is wanted stays as it came, byte for byte.

use model::{Delivery, Timestamp};
use serde_json::value::RawValue;

use super::envelope::{self, Body, Found};
use super::{Reading, Surroundings, anomaly, json};

/// What is left of a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cut {
    /// All of it.
    Whole,
    /// Some items; this body holds no others.
    Part(String),
    /// Nothing that was wanted was in it.
    Nothing,
}

/// What is left of a part of a body: its text, and whether something is missing in it. What holds no item goes with the
/// first that goes.
struct Left {
    text: Option<String>,
    is_cut: bool,
}

impl Left {
    fn whole(raw: &str, is_wanted: bool) -> Self {
        Self { text: is_wanted.then(|| raw.to_owned()), is_cut: !is_wanted }
    }
}

/// Asks for every item of a body, shown as a delivery that holds it alone, whether it is wanted. A body without structure
/// is one item. `received_at` stands in for times that Meta does not tell.
pub fn cut(body: &str, received_at: Timestamp, wanted: &mut dyn FnMut(&Delivery) -> bool) -> Cut {
    let text = body.strip_prefix('\u{feff}').unwrap_or(body);
    let mut cutter = Cutter { received_at, wanted, kept: 0, gone: 0 };
    let left = match envelope::body(text) {
        Ok(Body::One(members)) => cutter.envelope(&members, text),
        Ok(Body::Wrapped(envelopes)) => {
            let each = envelopes.into_iter().map(|raw| match json::members(raw.get()) {
                Ok(members) => cutter.envelope(&members, raw.get()),
                Err(_) => cutter.alone(raw.get(), |reading| reading.envelope(&[], raw.get())),
            });
            list(each.collect(), text)
        }
        Err(reason) => cutter.alone(text, |reading| reading.delivery.anomalies.push(anomaly::whole(reason, text))),
    };
    match (cutter.kept, cutter.gone, left.text) {
        (0, _, _) | (_, _, None) => Cut::Nothing,
        (_, 0, Some(_)) => Cut::Whole,
        (_, _, Some(text)) => Cut::Part(text),
    }
}

struct Cutter<'w> {
    received_at: Timestamp,
    wanted: &'w mut dyn FnMut(&Delivery) -> bool,
    /// Items that stay, and that do not.
    kept: u64,
    gone: u64,
}

impl Cutter<'_> {
    /// One item: `read` reads it into a delivery of its own.
    fn alone(&mut self, raw: &str, read: impl FnOnce(&mut Reading<'_>)) -> Left {
        let mut reading = Reading {
            delivery: Delivery::default(),
            assumed: None,
            received_at: self.received_at,
            lossy: false,
            items: 0,
            unread: None,
        };
        read(&mut reading);
        let is_wanted = (self.wanted)(&reading.finish());
        *(if is_wanted { &mut self.kept } else { &mut self.gone }) += 1;
        Left::whole(raw, is_wanted)
    }

    /// One `{object, entry}`.
    fn envelope(&mut self, members: &[(&RawValue, &RawValue)], raw: &str) -> Left {
        let object = envelope::object(members);
        let spread = |value: &'_ RawValue| envelope::spread(value).is_some();
        if !members.iter().any(|(key, value)| json::key(key) == "entry" && spread(value)) {
            return self.alone(raw, |reading| reading.envelope(members, raw));
        }
        let mut index = 0;
        let parts = members.iter().map(|(key, value)| {
            let Some(elements) = envelope::spread(value).filter(|_| json::key(key) == "entry") else {
                return (*key, None, value.get());
            };
            let entries = elements.into_iter().map(|element| {
                index += 1;
                self.entry(index - 1, object.as_deref(), element)
            });
            (*key, Some(list(entries.collect(), value.get())), value.get())
        });
        join(parts.collect(), raw)
    }

    /// One element of `entry`.
    fn entry(&mut self, index: usize, object: Option<&str>, raw: &RawValue) -> Left {
        let members = if envelope::is_object(raw) { json::members(raw.get()).ok() } else { None };
        let Some(members) = members else {
            return self.alone(raw.get(), |reading| reading.entry(index, object, raw));
        };
        let around = Surroundings {
            object,
            page: envelope::page(&members, false),
            assumed: None,
            entry_time: envelope::time(&members),
            received_at: self.received_at,
            lossy: false,
        };
        let parts = members.iter().map(|(key, value)| {
            let name = json::key(key);
            let items = envelope::items(&name, value);
            if items.is_empty() {
                return (*key, None, value.get());
            }
            let each = items.into_iter().enumerate().map(|(position, (found, item)): (usize, (Found, &RawValue))| {
                self.alone(item.get(), |reading| reading.item(&around, index, &name, position, found, item))
            });
            (*key, Some(list(each.collect(), value.get())), value.get())
        });
        join(parts.collect(), raw.get())
    }
}

/// A list of what is left of its elements.
fn list(elements: Vec<Left>, raw: &str) -> Left {
    if !elements.is_empty() && elements.iter().all(|left| !left.is_cut) {
        return Left::whole(raw, true);
    }
    let texts: Vec<String> = elements.into_iter().filter_map(|left| left.text).collect();
    Left { text: (!texts.is_empty()).then(|| format!("[{}]", texts.join(","))), is_cut: true }
}

/// An object of its members; a list of which nothing is left goes, and with the last of them the object.
fn join(members: Vec<(&RawValue, Option<Left>, &str)>, raw: &str) -> Left {
    let lists = || members.iter().filter_map(|(_, left, _)| left.as_ref());
    if lists().next().is_some() && lists().all(|left| !left.is_cut) {
        return Left::whole(raw, true);
    }
    if lists().all(|left| left.text.is_none()) {
        return Left { text: None, is_cut: true };
    }
    let texts: Vec<String> = members
        .into_iter()
        .filter_map(|(key, left, value)| {
            let text = match left {
                Some(left) => left.text?,
                None => value.to_owned(),
            };
            Some(format!("{}:{text}", key.get()))
        })
        .collect();
    Left { text: Some(format!("{{{}}}", texts.join(","))), is_cut: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const AT: Timestamp = Timestamp(7);

    const BODY: &str = r#"{ "object":"page","entry":[
        {"id":"1","time":5,"messaging":[
            {"sender":{"id":"5001"},"recipient":{"id":"1"},"timestamp":1,"message":{"mid":"a","text":"hello"}},
            {"sender":{"id":"5002"},"recipient":{"id":"1"},"timestamp":2,"message":{"mid":"b","text":"good day"}}]},
        {"id":"2","changes":[{"field":"feed","value":{"item":"post","verb":"add","post_id":"2_9"}}]}] }"#;

    fn of(psid: &str) -> impl FnMut(&Delivery) -> bool {
        move |delivery| delivery.inbounds.iter().any(|inbound| inbound.psid.as_str() == psid)
    }

    #[test]
    fn one_conversation_is_left_and_understood_as_before() {
        let Cut::Part(left) = cut(BODY, AT, &mut of("5002")) else { panic!("something is left") };
        assert!(!left.contains("hello") && !left.contains("2_9"), "{left}");
        let (before, after) = (parse(BODY.as_bytes(), AT), parse(left.as_bytes(), AT));
        assert_eq!((&before.inbounds[1..], &[][..]), (&*after.inbounds, &*after.page_inbounds));
    }

    #[test]
    fn a_body_that_is_wanted_stays_as_it_came_and_one_that_is_not_goes() {
        assert_eq!(cut(BODY, AT, &mut |_| true), Cut::Whole);
        assert_eq!(cut(BODY, AT, &mut of("5003")), Cut::Nothing);
        for odd in ["no json", "[]", "{}", r#"{"entry":7}"#, r#"{"entry":[]}"#, r#"{"entry":[{"id":"1"}]}"#] {
            assert_eq!(cut(odd, AT, &mut |_| false), Cut::Nothing, "{odd}");
        }
        let with_empty = BODY.replacen("[\n", "[{\"id\":\"3\"},{\"id\":\"4\",\"messaging\":[]},", 1);
        assert_eq!(cut(&with_empty, AT, &mut |_| true), Cut::Whole);
        assert_eq!(cut(&with_empty, AT, &mut of("5001")), cut(BODY, AT, &mut of("5001")));
        for odd in ["no json", "[]", "{}", r#"{"entry":7}"#, "[7]", r#"{"entry":[7]}"#] {
            assert_eq!(cut(odd, AT, &mut |_| true), Cut::Whole, "{odd}");
        }
    }

    #[test]
    fn every_item_is_shown_once_and_alone() {
        for body in
            [BODY.to_owned(), format!("[{BODY},7,{BODY}]"), BODY.replace("[\n", "{\"0\":\n").replace("]}", "}}")]
        {
            let whole = parse(body.as_bytes(), AT);
            let mut shown = Delivery::default();
            cut(&body, AT, &mut |delivery| {
                let Delivery { inbounds, page_inbounds, anomalies } = delivery.clone();
                assert_eq!(inbounds.len() + page_inbounds.len() + anomalies.len(), 1, "{delivery:?}");
                shown.inbounds.extend(inbounds);
                shown.page_inbounds.extend(page_inbounds);
                shown.anomalies.extend(anomalies);
                true
            });
            assert_eq!(shown, whole, "{body}");
        }
    }
}
