//! What the webhook's door refused: counts by reason, and when a line of the log is due. Nothing of a request is kept.
//!
//! Invariants: every refusal is counted; of one reason there is at most one line a minute, and no refusal is left out of
//! the counts that the lines name. Time is an argument.

use std::collections::BTreeMap;

use model::{Span, Timestamp};

/// At most one line of a reason in this span: strangers knock on every open door, and must not fill the disk.
const QUIET: Span = Span::seconds(60);

/// Refusals since start.
#[derive(Debug, Default)]
pub(crate) struct Refusals(BTreeMap<&'static str, Tally>);

#[derive(Debug, Default)]
struct Tally {
    /// Since start.
    total: u64,
    /// Not in a line yet.
    untold: u64,
    /// The last line.
    told_at: Option<Timestamp>,
    /// Somebody looks again at the end of the quiet span.
    awaited: bool,
}

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Notice {
    pub(crate) reason: &'static str,
    /// Refusals since the last line.
    pub(crate) count: u64,
    /// Since when, where there was a line before.
    over: Option<Span>,
}

/// What follows from a refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// Say this.
    Now(Notice),
    /// Ask [`Refusals::look`] again then.
    At(Timestamp),
    /// Somebody looks already.
    Awaited,
}

impl Refusals {
    /// Counts a refusal.
    pub(crate) fn count(&mut self, reason: &'static str, now: Timestamp) -> Due {
        let tally = self.0.entry(reason).or_default();
        tally.total += 1;
        tally.untold += 1;
        match tally.quiet_until(now) {
            None => Due::Now(tally.tell(reason, now)),
            Some(_) if tally.awaited => Due::Awaited,
            Some(until) => {
                tally.awaited = true;
                Due::At(until)
            }
        }
    }

    /// The quiet span of a reason may be over: the line for what came meanwhile.
    pub(crate) fn look(&mut self, reason: &'static str, now: Timestamp) -> Option<Notice> {
        let tally = self.0.get_mut(reason)?;
        tally.awaited = false;
        (tally.untold > 0).then(|| tally.tell(reason, now))
    }

    /// The lines for everything that was not told: the node ends.
    pub(crate) fn rest(&mut self, now: Timestamp) -> Vec<Notice> {
        let untold = self.0.iter_mut().filter(|(_, tally)| tally.untold > 0);
        untold.map(|(reason, tally)| tally.tell(reason, now)).collect()
    }

    /// Counts since start by reason.
    pub(crate) fn totals(&self) -> BTreeMap<String, u64> {
        self.0.iter().map(|(reason, tally)| ((*reason).to_owned(), tally.total)).collect()
    }
}

impl Tally {
    /// The end of the quiet span, if it is not over. A clock that was set back ends it.
    fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let told_at = self.told_at?;
        (told_at..told_at + QUIET).contains(&now).then(|| told_at + QUIET)
    }

    fn tell(&mut self, reason: &'static str, now: Timestamp) -> Notice {
        let over = self.told_at.map(|told_at| now - told_at).filter(|over| *over >= Span(0));
        self.told_at = Some(now);
        Notice { reason, count: core::mem::take(&mut self.untold), over }
    }
}

impl core::fmt::Display for Notice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (one, many) = noun(self.reason);
        write!(f, "{} {} refused", self.count, if self.count == 1 { one } else { many })?;
        if let Some(over) = self.over {
            write!(f, " in {} s", over.0 / 1_000)?;
        }
        write!(f, ": {}", sentence(self.reason))
    }
}

/// What was refused, of one and of several.
fn noun(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "handshake" => ("handshake", "handshakes"),
        "method" => ("request", "requests"),
        _ => ("delivery", "deliveries"),
    }
}

/// Why, for the operator. A reason of a newer door stands for itself.
fn sentence(reason: &'static str) -> &'static str {
    match reason {
        "signature-missing" => "there is no X-Hub-Signature-256 header; Meta always sends one",
        "signature-malformed" => "the X-Hub-Signature-256 header is not sha256= and 64 hexadecimal digits",
        "signature-mismatch" => "the signature matches none of meta.app_secrets",
        "handshake" => "it is no subscription with one of meta.verify_tokens and a challenge",
        "method" => "the webhook takes GET and POST",
        "body-too-large" => "the body is longer than this node takes",
        "body-too-slow" => "the body did not arrive in time",
        "body-broken" => "the connection ended before the body did",
        "bodies-overloaded" => "too many large bodies are arriving at once; Meta sends them again",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_795_424_400_000);

    fn said(due: Due) -> String {
        let Due::Now(notice) = due else { panic!("{due:?}") };
        notice.to_string()
    }

    #[test]
    fn the_first_refusal_of_a_reason_is_told_at_once_and_the_others_once_a_minute() {
        let mut refusals = Refusals::default();
        let first = said(refusals.count("signature-mismatch", START));
        assert_eq!(first, "1 delivery refused: the signature matches none of meta.app_secrets");
        let until = START + QUIET;
        assert_eq!(refusals.count("signature-mismatch", START + Span::seconds(1)), Due::At(until));
        for second in 2..13 {
            assert_eq!(refusals.count("signature-mismatch", START + Span::seconds(second)), Due::Awaited);
        }
        let told = refusals.look("signature-mismatch", until).map(|notice| notice.to_string());
        let expected = "12 deliveries refused in 60 s: the signature matches none of meta.app_secrets";
        assert_eq!(told.as_deref(), Some(expected));
        assert_eq!(refusals.look("signature-mismatch", until + QUIET), None, "nothing came");
        assert_eq!(refusals.totals(), BTreeMap::from([("signature-mismatch".to_owned(), 13)]));
    }

    #[test]
    fn a_line_names_what_came_since_the_last_one_however_long_ago() {
        let mut refusals = Refusals::default();
        said(refusals.count("handshake", START));
        let later = START + Span::minutes(5);
        let line = said(refusals.count("handshake", later));
        assert_eq!(
            line,
            "1 handshake refused in 300 s: it is no subscription with one of meta.verify_tokens and a challenge"
        );
        assert!(matches!(refusals.count("handshake", later), Due::At(_)));
    }

    #[test]
    fn reasons_do_not_silence_one_another() {
        let mut refusals = Refusals::default();
        for reason in ["signature-missing", "body-too-large", "method"] {
            assert!(matches!(refusals.count(reason, START), Due::Now(_)), "{reason}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nothing() {
        let mut refusals = Refusals::default();
        said(refusals.count("method", START));
        let back = START - Span::hours(1);
        assert_eq!(said(refusals.count("method", back)), "1 request refused: the webhook takes GET and POST");
        assert_eq!(refusals.count("method", back), Due::At(back + QUIET));
    }

    #[test]
    fn what_was_not_told_is_told_at_the_end() {
        let mut refusals = Refusals::default();
        said(refusals.count("method", START));
        assert!(matches!(refusals.count("method", START), Due::At(_)));
        let rest: Vec<u64> = refusals.rest(START + Span(1)).into_iter().map(|notice| notice.count).collect();
        assert_eq!(rest, [1]);
        assert!(refusals.rest(START + Span(2)).is_empty());
    }

    #[test]
    fn a_reason_without_a_sentence_stands_for_itself() {
        assert_eq!(said(Refusals::default().count("new-reason", START)), "1 delivery refused: new-reason");
    }
}
