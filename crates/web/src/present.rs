//! How instants, spans, windows and the states of parts are said to people. Words only; no markup and no decision:
//! whether something may be sent is the policy's answer, handed in.

use machine::conversation::transcript::{Reach, Transcript, Who};
use machine::outbound::{PartId, PartState};
use model::{Span, Timestamp};
use policy::{DeferReason, ForbidReason, MessagingType, Tag, Verdict};

use crate::lists::ENDING_WITHIN;

/// An instant as `2026-11-23 14:05 UTC`; an instant outside the calendar as its milliseconds.
pub(crate) fn clock(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d %H:%M UTC")
}

/// An instant as machines read it (RFC 3339), for `<time datetime>`.
pub(crate) fn iso(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%dT%H:%M:%SZ")
}

/// An instant as lists show it: today's by its time, this week's by its day, others by their date; UTC.
pub(crate) fn moment(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.0.div_euclid(DAY.0);
    match day(now).saturating_sub(day(at)) {
        0 => time(at),
        1..=6 => formatted(at, "%a %H:%M"),
        _ => formatted(at, "%-d %b %Y"),
    }
}

/// An instant in a list in which the time of day counts: as [`moment`], and older ones with both.
pub(crate) fn instant(at: Timestamp, now: Timestamp) -> String {
    if now - at < Span::days(6) { moment(at, now) } else { formatted(at, "%-d %b %Y, %H:%M") }
}

/// The time of day alone, UTC.
pub(crate) fn time(at: Timestamp) -> String {
    formatted(at, "%H:%M")
}

/// A day in words, UTC.
pub(crate) fn day(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.0.div_euclid(DAY.0);
    match day(now).saturating_sub(day(at)) {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => formatted(at, "%A, %-d %B %Y"),
    }
}

const DAY: Span = Span::days(1);

/// The time left of a window in words, and after how long the words are others; `None`: they stay.
pub(crate) fn left(end: Timestamp, now: Timestamp) -> (String, Option<Span>) {
    const HOUR: i64 = Span::hours(1).0;
    const MINUTE: i64 = Span::minutes(1).0;
    const DAY_MS: i64 = DAY.0;
    // The last day but one counts in hours: which of two days it is matters to whoever answers.
    const TWO_DAYS: i64 = 2 * DAY_MS;
    let Span(ms) = end - now;
    let until_less_than = |whole: i64| Some(Span(ms - whole + 1));
    match ms {
        ..=0 => ("closed".to_owned(), None),
        1..MINUTE => ("under 1 min left".to_owned(), Some(Span(ms))),
        MINUTE..HOUR => (format!("{} min left", ms / MINUTE), until_less_than(ms / MINUTE * MINUTE)),
        HOUR..TWO_DAYS => (format!("{} h left", ms / HOUR), until_less_than(ms / HOUR * HOUR)),
        _ => (format!("{} d left", ms / DAY_MS), until_less_than(ms / DAY_MS * DAY_MS)),
    }
}

/// What an agent can do about a conversation at this moment, in the few words that a list has room for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Chance {
    /// `23 h left`, `6 d left for people`, `closed`, `another app has it`, …
    pub(crate) words: String,
    /// How they look.
    pub(crate) tone: Tone,
    /// After so long the words are others by themselves.
    pub(crate) turns: Option<Span>,
}

impl Chance {
    /// The policy's answer for an agent writing now, in words.
    pub(crate) fn of(verdict: &Verdict, now: Timestamp) -> Self {
        let fixed = |words: &str, tone| Self { words: words.to_owned(), tone, turns: None };
        match verdict {
            Verdict::Permit { messaging_type, until, .. } => {
                let (left, turns) = left(*until, now);
                let tone = if *until - now <= ENDING_WITHIN { Tone::Note } else { Tone::Open };
                let words = match messaging_type {
                    MessagingType::Response => left,
                    MessagingType::MessageTag(Tag::HumanAgent) => format!("{left} for people"),
                    MessagingType::MessageTag(
                        Tag::ConfirmedEventUpdate | Tag::AccountUpdate | Tag::PostPurchaseUpdate,
                    ) => format!("{left} for special messages"),
                    MessagingType::Utility => "templates".to_owned(),
                };
                Self { words, tone, turns }
            }
            Verdict::Defer { reason: DeferReason::PageRestricted, .. } => fixed(BLOCKED, Tone::Note),
            Verdict::Defer { reason: DeferReason::NeedsReconnect, .. } => fixed(UNCONNECTED, Tone::Note),
            Verdict::Forbid { reason: ForbidReason::Standby } => fixed(ELSEWHERE, Tone::Note),
            Verdict::Forbid { reason: ForbidReason::NeverWrote } => fixed("has not written yet", Tone::Quiet),
            Verdict::Forbid {
                reason:
                    ForbidReason::WindowClosed
                    | ForbidReason::HumanAgentNotGranted
                    | ForbidReason::TagRetired
                    | ForbidReason::TextTooLong
                    | ForbidReason::TooManyButtons
                    | ForbidReason::AttachmentTooLarge
                    | ForbidReason::PrivacyLimited
                    | ForbidReason::UtilityNotGranted
                    | ForbidReason::TemplateUnknown,
            } => fixed("closed", Tone::Quiet),
        }
    }
}

/// Why nobody writes here now, in the same words wherever it is said.
const BLOCKED: &str = "Page blocked by Meta";
const UNCONNECTED: &str = "Page not connected";
const ELSEWHERE: &str = "another app has it";

fn formatted(at: Timestamp, form: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(instant) => instant.to_zoned(jiff::tz::TimeZone::UTC).strftime(form).to_string(),
        Err(_) => format!("{} ms", at.0),
    }
}

/// `hh:mm:ss`; nothing is left of a negative span.
pub(crate) fn hours(span: Span) -> String {
    let seconds = span.0.max(0) / 1_000;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `d hh`, for spans of days.
pub(crate) fn days(span: Span) -> String {
    let hours = span.0.max(0) / 3_600_000;
    format!("{} d {:02} h", hours / 24, hours % 24)
}

/// What the composer says about sending at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Composer {
    /// Whether writing to the customer makes sense now.
    pub(crate) enabled: bool,
    /// Which of its states it is in, whatever the time left: `open`, `human-agent`, `special`, or the code of a reason.
    pub(crate) state: &'static str,
    /// `open`, `human agent d hh`, `held: …` or `closed: …`.
    pub(crate) label: String,
    /// What is left of the standard window, to be shown as `hh:mm:ss` behind the label.
    pub(crate) left: Option<Span>,
    /// After so long the label is another by itself.
    pub(crate) turns: Option<Span>,
    /// How the label looks.
    pub(crate) tone: Tone,
    /// Why not, or why later, and what to do.
    pub(crate) sentence: Option<&'static str>,
}

/// How serious a mark looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    /// All is well.
    Open,
    /// Worth a look.
    Note,
    /// A person must act.
    Bad,
    /// Nothing to say.
    Quiet,
}

impl Tone {
    /// The class in the stylesheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Note => "note",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }
}

impl Composer {
    /// The policy's answer for an agent writing now, in words.
    pub(crate) fn of(verdict: &Verdict, now: Timestamp) -> Self {
        match verdict {
            Verdict::Permit { messaging_type, until, .. } => {
                let span = *until - now;
                let (state, label, left, tone) = match messaging_type {
                    MessagingType::Response => ("open", "open".to_owned(), Some(span), Tone::Open),
                    MessagingType::MessageTag(Tag::HumanAgent) => {
                        ("human-agent", format!("human agent {}", days(span)), None, Tone::Note)
                    }
                    MessagingType::MessageTag(
                        Tag::ConfirmedEventUpdate | Tag::AccountUpdate | Tag::PostPurchaseUpdate,
                    ) => ("special", "special message only".to_owned(), None, Tone::Note),
                    MessagingType::Utility => ("special", "template only".to_owned(), None, Tone::Note),
                };
                let turns = Some(if left.is_some() { span } else { Span(span.0 % Span::hours(1).0 + 1) });
                Self { enabled: true, state, label, left, turns, tone, sentence: None }
            }
            Verdict::Defer { reason, .. } => Self {
                enabled: true,
                state: reason.code(),
                label: match reason {
                    DeferReason::PageRestricted => format!("held: {BLOCKED}"),
                    DeferReason::NeedsReconnect => format!("held: {UNCONNECTED}"),
                },
                left: None,
                turns: None,
                tone: Tone::Note,
                sentence: Some(reason.sentence()),
            },
            Verdict::Forbid { reason } => Self {
                enabled: false,
                state: reason.code(),
                label: closed(*reason),
                left: None,
                turns: None,
                tone: Tone::Bad,
                sentence: Some(reason.sentence()),
            },
        }
    }

    /// Whether it says already that another app has the thread.
    pub(crate) fn tells_of_owner(&self) -> bool {
        self.state == ForbidReason::Standby.code() || self.state == "take-over"
    }

    /// Another app has the thread: which, where that is known, and whether an answer is to take it over.
    pub(crate) fn elsewhere(self, owner: Option<String>, takes_over: bool) -> Self {
        let label = owner.map_or(self.label, |owner| format!("{owner} has it"));
        if takes_over {
            let sentence = "Another app or the Page's own inbox holds this conversation. Your answer takes it over, if \
                            Facebook lets this app do that; else it is not sent.";
            Self { enabled: true, state: "take-over", label, tone: Tone::Note, sentence: Some(sentence), ..self }
        } else {
            Self { label, ..self }
        }
    }

    /// Nobody may write here because no task is bound that could hold the answer.
    pub(crate) fn without_task() -> Self {
        Self {
            enabled: false,
            state: "no-task",
            label: "no task yet".to_owned(),
            left: None,
            turns: None,
            tone: Tone::Quiet,
            sentence: Some(
                "This conversation has no task yet, and answers are comments of its task. It opens within seconds after \
                 the customer's message; load the page again.",
            ),
        }
    }
}

/// That nobody may write now; of a window nothing more is to be said.
fn closed(reason: ForbidReason) -> String {
    match reason {
        ForbidReason::WindowClosed => "closed".to_owned(),
        ForbidReason::Standby => ELSEWHERE.to_owned(),
        ForbidReason::NeverWrote
        | ForbidReason::HumanAgentNotGranted
        | ForbidReason::TagRetired
        | ForbidReason::TextTooLong
        | ForbidReason::TooManyButtons
        | ForbidReason::AttachmentTooLarge
        | ForbidReason::PrivacyLimited
        | ForbidReason::UtilityNotGranted
        | ForbidReason::TemplateUnknown => {
            format!("closed: {}", words(reason.code()))
        }
    }
}

/// A stable code as words.
fn words(code: &str) -> String {
    code.replace(['-', '_'], " ")
}

/// A part's state in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PartWords {
    /// `queued`, `held`, `sending`, `sent`, `delivered`, `read`, `refused`, `failed`, `left unsent`, `in doubt`.
    pub(crate) state: &'static str,
    /// Why, and what to do.
    pub(crate) sentence: Option<String>,
    /// What a person may decide about it.
    pub(crate) ways: Ways,
}

/// Which decisions of a person apply to a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ways {
    /// None: it is under way or done.
    None,
    /// Try again or leave it.
    RetryOrGiveUp,
    /// Look at the conversation at Meta, then say which.
    All,
}

impl Ways {
    /// The decisions, each as a form sends it and as a button says it.
    pub(crate) const fn offered(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::None => &[],
            Self::RetryOrGiveUp => &[("retry", "Try again"), ("give_up", "Leave it")],
            Self::All => &[("was_sent", "It was sent"), ("retry", "Send again"), ("give_up", "Leave it")],
        }
    }
}

impl PartWords {
    /// The state in words; `reach` refines a part that was sent.
    pub(crate) fn of(state: &PartState, reach: Option<Reach>, now: Timestamp) -> Self {
        let plain = |state| Self { state, sentence: None, ways: Ways::None };
        match state {
            PartState::Queued { not_before: Some(at) } if *at > now => Self {
                state: "queued",
                sentence: Some(format!("Facebook did not take it; it is tried again at {}.", clock(*at))),
                ways: Ways::None,
            },
            PartState::Queued { .. } => plain("queued"),
            PartState::Held { reason, since: _ } => {
                Self { state: "held", sentence: Some(reason.sentence().to_owned()), ways: Ways::None }
            }
            PartState::InFlight { .. } => plain("sending"),
            PartState::Sent { .. } => plain(reached(reach)),
            PartState::InDoubt { told, .. } => Self {
                state: "in doubt",
                sentence: Some(doubt(*told).to_owned()),
                ways: if *told { Ways::All } else { Ways::None },
            },
            PartState::Refused { reason } => {
                Self { state: "refused", sentence: Some(reason.sentence().to_owned()), ways: Ways::RetryOrGiveUp }
            }
            PartState::Failed { reason } if reason == "given-up" => {
                Self { state: "left unsent", sentence: Some(failure(reason)), ways: Ways::None }
            }
            PartState::Failed { reason } => {
                Self { state: "failed", sentence: Some(failure(reason)), ways: Ways::RetryOrGiveUp }
            }
        }
    }
}

/// Who wrote a part, and how far it got.
pub(crate) fn reach_of(transcript: &Transcript, wanted: PartId) -> (Option<String>, Option<Reach>) {
    let entries = transcript.entries();
    let of_part = entries.into_iter().find_map(|entry| match entry.who {
        Who::Us { part, by } if part == wanted => Some((Some(by), entry.reach)),
        Who::Us { .. } | Who::Customer | Who::Outside | Who::Notice => None,
    });
    of_part.unwrap_or_default()
}

/// How far a message of the Page got, in a word.
pub(crate) const fn reached(reach: Option<Reach>) -> &'static str {
    match reach {
        Some(Reach::Read) => "read",
        Some(Reach::Delivered) => "delivered",
        Some(Reach::Sent) | None => "sent",
    }
}

const fn doubt(told: bool) -> &'static str {
    if told {
        "Facebook never said whether it was sent. Look into the Page's inbox at Facebook, then say what you found; it is not \
         sent again by itself."
    } else {
        "Facebook has not said whether it was sent. Its echo is awaited first; if none comes, you are asked to decide."
    }
}

/// A failed part's reason with what to do.
fn failure(reason: &str) -> String {
    match reason {
        "given-up" => "A person decided to leave it unsent.".to_owned(),
        "tries-exhausted" => {
            "Facebook could not take it, several times over. Try again later; if it stays so, tell an admin.".to_owned()
        }
        row => match advice(row) {
            Some(advice) => format!("Facebook refused it: {}. {advice}", words(row)),
            None => format!("Facebook refused it: {}. Try again once the cause is gone, or leave it.", words(row)),
        },
    }
}

/// What a person can do about a row of the error table, where that is not merely to wait.
fn advice(row: &str) -> Option<&'static str> {
    Some(match row {
        "customer-unavailable" => "The customer has blocked the Page, left Messenger or wants no messages. Leave it.",
        "customer-unknown" => "This Page cannot write to this customer. Leave it.",
        "window-closed" => "The time for answers is over. Wait until the customer writes again.",
        "privacy-region" => "Rules in Europe or Japan forbid this attachment. Send a link to it instead.",
        "page-restricted" => "Facebook has restricted the Page. An admin finds the reason in Meta Business Suite.",
        "token-invalid" | "permission-missing" => "The Page must be connected again. Tell an admin, then try again.",
        "attachment-too-large" | "attachment-type" => "Send it smaller or as another kind of file.",
        "thread-controlled" => {
            "Another app holds the conversation. Take it over in Meta Business Suite, then try again."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use policy::{DeferReason, ForbidReason};

    use super::*;

    #[test]
    fn instants_and_spans_read_well_up_to_the_ends_of_time() {
        assert_eq!(clock(Timestamp(0)), "1970-01-01 00:00 UTC");
        assert_eq!(iso(Timestamp(1_795_000_000_123)), "2026-11-18T11:06:40Z");
        assert_eq!(clock(Timestamp(i64::MAX)), "9223372036854775807 ms");
        assert_eq!(hours(Span(23 * 3_600_000 + 59 * 60_000 + 12_999)), "23:59:12");
        assert_eq!(hours(Span(-5)), "00:00:00");
        assert_eq!(days(Span::hours(76)), "3 d 04 h");
        let now = Timestamp(1_795_000_000_000);
        let of = |ago: Span| (moment(now - ago, now), day(now - ago, now));
        assert_eq!(of(Span::hours(1)), ("10:06".to_owned(), "Today".to_owned()));
        assert_eq!(of(Span::hours(12)), ("Tue 23:06".to_owned(), "Yesterday".to_owned()));
        assert_eq!(of(Span::days(40)), ("9 Oct 2026".to_owned(), "Friday, 9 October 2026".to_owned()));
        assert_eq!(moment(Timestamp(i64::MIN), Timestamp(i64::MAX)), "-9223372036854775808 ms");
        assert_eq!(moment(now + Span::days(2), now), "20 Nov 2026");
    }

    #[test]
    fn what_is_left_of_a_window_is_said_in_words_that_turn_when_they_say() {
        let end = Timestamp(1_795_000_000_000);
        let said = |span: Span| left(end, end - span).0;
        assert_eq!(said(Span::hours(24)), "24 h left");
        assert_eq!(said(Span(Span::hours(20).0 - 1)), "19 h left");
        assert_eq!(said(Span::hours(1)), "1 h left");
        assert_eq!(said(Span(Span::hours(1).0 - 1)), "59 min left");
        assert_eq!(said(Span::minutes(1)), "1 min left");
        assert_eq!(said(Span(1)), "under 1 min left");
        assert_eq!((said(Span(0)), said(Span(-1))), ("closed".to_owned(), "closed".to_owned()));
        assert_eq!((said(Span::hours(47)), said(Span::hours(48))), ("47 h left".to_owned(), "2 d left".to_owned()));
        assert_eq!(said(Span::hours(167)), "6 d left");
        let mut now = end - Span::hours(2);
        let mut turns = 0;
        while let (words, Some(span)) = left(end, now) {
            assert_eq!(left(end, now + span - Span(1)).0, words, "not before");
            now = now + span;
            assert_ne!(left(end, now).0, words, "but then");
            turns += 1;
        }
        assert_eq!((left(end, now).0.as_str(), turns), ("closed", 62));
    }

    #[test]
    fn who_has_the_thread_is_named_and_an_answer_may_take_it_over() {
        let composer = || Composer::of(&Verdict::Forbid { reason: ForbidReason::Standby }, Timestamp(0));
        assert!(composer().tells_of_owner());
        let inbox = || Some("the Page’s inbox at Facebook".to_owned());
        let stays = composer().elsewhere(inbox(), false);
        assert_eq!(
            (stays.enabled, stays.state, stays.label.as_str()),
            (false, "standby", "the Page’s inbox at Facebook has it")
        );
        assert_eq!(composer().elsewhere(None, false), composer(), "nobody knows who");
        let taken = composer().elsewhere(inbox(), true);
        assert_eq!((taken.enabled, taken.state, taken.tells_of_owner()), (true, "take-over", true));
    }

    #[test]
    fn the_composer_says_when_it_is_closed_and_why() {
        let closed = Composer::of(&Verdict::Forbid { reason: ForbidReason::WindowClosed }, Timestamp(0));
        assert!(!closed.enabled);
        assert_eq!(closed.label, "closed");
        assert!(closed.sentence.is_some_and(|sentence| sentence.contains("customer writes")));
        let held = Composer::of(&Verdict::Defer { until: None, reason: DeferReason::NeedsReconnect }, Timestamp(0));
        assert!(held.enabled, "what is held is not lost, so it may be written");
    }

    #[test]
    fn a_list_says_what_an_agent_can_do() {
        let now = Timestamp(1_795_000_000_000);
        let permit = |messaging_type, left| Verdict::Permit {
            messaging_type,
            until: now + left,
            edition: policy::edition_at(now).id(),
            rule: policy::RuleId::StandardWindow,
        };
        let person = MessagingType::MessageTag(Tag::HumanAgent);
        let forbid = |reason| Verdict::Forbid { reason };
        let defer = |reason| Verdict::Defer { until: None, reason };
        for (verdict, words, tone) in [
            (permit(MessagingType::Response, Span::hours(23)), "23 h left", Tone::Open),
            (permit(MessagingType::Response, Span::minutes(59)), "59 min left", Tone::Note),
            (permit(person, Span::hours(150)), "6 d left for people", Tone::Open),
            (permit(person, Span::hours(5)), "5 h left for people", Tone::Open),
            (forbid(ForbidReason::WindowClosed), "closed", Tone::Quiet),
            (forbid(ForbidReason::HumanAgentNotGranted), "closed", Tone::Quiet),
            (forbid(ForbidReason::Standby), "another app has it", Tone::Note),
            (defer(DeferReason::PageRestricted), "Page blocked by Meta", Tone::Note),
            (defer(DeferReason::NeedsReconnect), "Page not connected", Tone::Note),
        ] {
            let chance = Chance::of(&verdict, now);
            assert_eq!((chance.words.as_str(), chance.tone), (words, tone), "{verdict:?}");
            assert_eq!(chance.turns.is_some(), matches!(verdict, Verdict::Permit { .. }), "only time runs by itself");
        }
    }

    #[test]
    fn a_failed_part_says_what_to_do() {
        let words = |reason: &str| PartWords::of(&PartState::Failed { reason: reason.to_owned() }, None, Timestamp(0));
        assert_eq!((words("given-up").state, words("given-up").ways), ("left unsent", Ways::None));
        assert_eq!(words("tries-exhausted").ways, Ways::RetryOrGiveUp);
        let said = |reason| words(reason).sentence.unwrap();
        assert_eq!(said("app-limit"), "Facebook refused it: app limit. Try again once the cause is gone, or leave it.");
        assert!(
            said("customer-unavailable").starts_with("Facebook refused it: customer unavailable. The customer has")
        );
        let sent = PartState::Sent { mid: None, at: Timestamp(0) };
        assert_eq!(PartWords::of(&sent, Some(Reach::Read), Timestamp(0)).state, "read");
    }
}
