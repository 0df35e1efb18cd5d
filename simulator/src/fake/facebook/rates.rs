//! How often Meta lets a Page call, and what it says of that.
//!
//! Source: *Rate Limits*, read 2026-11-23: 300 text sends a second and Page, 10 with sound or film; over 24 hours 200 calls for
//! each person whom the Page can message, told in `X-Business-Use-Case-Usage` in percent with the minutes until it goes on;
//! one thread is throttled at a number that Meta does not tell. Pure: the caller's clock counts.

use std::collections::{BTreeMap, VecDeque};

use model::{PageId, Psid, Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::graph_error::GraphError;

const SECOND: Span = Span::seconds(1);
const DAY: Span = Span::hours(24);

/// Calls of a Page that are remembered; what is older counts no more.
const CALLS_MAX: usize = 1 << 16;

/// The limits; `None` is none. All off at the start, since a clock that stands still makes one second of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Sends a second and Page; Meta's is 300.
    pub per_second: Option<u32>,
    /// Those with sound or film; Meta's is 10.
    pub media_per_second: Option<u32>,
    /// Sends a second into one thread.
    pub thread_per_second: Option<u32>,
    /// Calls in 24 hours for each person who wrote; Meta's is 200.
    pub calls_per_person: Option<u32>,
}

impl Rates {
    /// Whether nothing is limited.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
}

/// A send that was counted.
#[derive(Debug)]
struct Counted {
    at: Timestamp,
    psid: Psid,
    is_media: bool,
}

/// What each Page sent lately.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<PageId, VecDeque<Counted>>);

impl Counts {
    /// Counts a send. `people`: how many the Page can message.
    ///
    /// # Errors
    /// Meta's error where a limit is passed; a refused call counts as well, as Meta says.
    pub(super) fn count(
        &mut self,
        rates: &Rates,
        (page, psid): (&PageId, &Psid),
        is_media: bool,
        people: usize,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let calls = self.0.entry(page.clone()).or_default();
        while calls.front().is_some_and(|call| DAY <= now - call.at) || calls.len() >= CALLS_MAX {
            calls.pop_front();
        }
        calls.push_back(Counted { at: now, psid: psid.clone(), is_media });
        let over = |limit: Option<u32>, fits: &dyn Fn(&Counted) -> bool| {
            let fresh = calls.iter().rev().take_while(|call| now - call.at < SECOND);
            limit.is_some_and(|limit| fresh.filter(|call| fits(call)).count() > limit as usize)
        };
        if over(rates.per_second, &|_| true) || over(rates.media_per_second.filter(|_| is_media), &|call| call.is_media)
        {
            return Err(GraphError::new(613, None));
        }
        if over(rates.thread_per_second, &|call| call.psid == *psid) {
            return Err(GraphError::new(613, Some(1_996)));
        }
        match used(rates, calls.len(), people) {
            Some(percent) if percent > 100 => Err(GraphError::new(80_006, None)),
            Some(_) | None => Ok(()),
        }
    }

    /// What the header says of a Page: `X-Business-Use-Case-Usage`. `None` where nothing is counted.
    pub(super) fn header(&self, rates: &Rates, page: &PageId, people: usize, now: Timestamp) -> Option<String> {
        let calls = self.0.get(page)?;
        let percent = used(rates, calls.len(), people)?;
        // What is used up comes back as the calls of yesterday leave the 24 hours.
        let regains_at = calls.front().map_or(now, |call| call.at + DAY);
        let minutes = if percent < 100 { 0 } else { ((regains_at - now).0 + 59_999) / 60_000 };
        let usage = json!({
            "type": "messenger", "call_count": percent, "total_cputime": 0, "total_time": 0,
            "estimated_time_to_regain_access": minutes,
        });
        let mut header = json!({});
        header[page.as_str()] = Value::Array(vec![usage]);
        Some(header.to_string())
    }
}

/// Percent of the day's calls.
fn used(rates: &Rates, calls: usize, people: usize) -> Option<u64> {
    let budget = u64::from(rates.calls_per_person?) * people.max(1) as u64;
    Some(calls as u64 * 100 / budget.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(counts: &mut Counts, rates: &Rates, psid: &str, is_media: bool, ms: i64) -> Option<(i64, Option<i64>)> {
        let told = counts.count(rates, (&PageId::new("17"), &Psid::new(psid)), is_media, 1, Timestamp(ms));
        told.err().map(|error| (error.code, error.subcode))
    }

    #[test]
    fn a_page_sends_so_many_a_second_and_one_thread_fewer() {
        let rates =
            Rates { per_second: Some(3), thread_per_second: Some(2), media_per_second: Some(1), ..Rates::default() };
        let mut counts = Counts::default();
        let told: Vec<_> = ["1", "1", "1"].into_iter().map(|psid| send(&mut counts, &rates, psid, false, 0)).collect();
        assert_eq!(told, [None, None, Some((613, Some(1_996)))]);
        assert_eq!(send(&mut counts, &rates, "2", false, 999), Some((613, None)));
        assert_eq!(send(&mut counts, &rates, "2", true, 1_000), None);
        assert_eq!(send(&mut counts, &rates, "3", true, 1_001), Some((613, None)));
    }

    #[test]
    fn the_days_calls_are_told_and_end() {
        let rates = Rates { calls_per_person: Some(4), ..Rates::default() };
        let (mut counts, page) = (Counts::default(), PageId::new("17"));
        assert_eq!(counts.header(&rates, &page, 1, Timestamp(0)), None);
        let told: Vec<_> = (0..5).map(|ms| send(&mut counts, &rates, "1", false, ms)).collect();
        assert_eq!(told, [None, None, None, None, Some((80_006, None))]);
        let header = counts.header(&rates, &page, 1, Timestamp(60_000)).expect("calls were counted");
        let usage: Value = serde_json::from_str(&header).expect("JSON");
        assert_eq!(
            (&usage["17"][0]["call_count"], &usage["17"][0]["estimated_time_to_regain_access"]),
            (&json!(125), &json!(1_439))
        );
        assert_eq!(send(&mut counts, &rates, "1", false, DAY.0 + 4), None, "those of yesterday count no more");
        assert_eq!(counts.header(&Rates::default(), &page, 1, Timestamp(0)), None, "without a limit nothing is told");
    }
}
