//! What the stand-in for Facebook answers to a send: accepted, or the error Meta would give.
//!
//! Source: Meta, *Send API reference*, *Send a Message* (2026-05-05), *Common Error Codes* (2026-06-25), policy page
//! (2026-09-28), all read 2026-11-23. Meta documents neither whether an edge belongs to its window (here: it does not),
//! nor the error for a tag without its feature (here: the one for a closed window), nor what a character is (here: a code
//! point). The stand-in knows neither authors nor guards; it sees what Meta sees.

use model::Timestamp;

/// The days on which Meta changed its rules, each at 00:00 UTC. Meta's own pages are not of one mind about all of them, so
/// they can be told otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dates {
    /// From here on the tags for news are refused.
    pub news_end: Timestamp,
    /// From here on the window stays open for 7 days after an ad.
    pub ads_from: Timestamp,
}

impl Default for Dates {
    /// 2026-04-27 and 2026-09-28, as announced.
    fn default() -> Self {
        Self { news_end: Timestamp(1_777_248_000_000), ads_from: Timestamp(1_790_553_600_000) }
    }
}

/// Something the customer did towards the Page, in Meta's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CustomerAction {
    /// When.
    pub at: Timestamp,
    /// Whether it opens the standard window: a message, a pressed button, a reaction; not a receipt.
    pub opens: bool,
    /// Whether it is a message.
    pub is_message: bool,
    /// Whether it is a message that followed a Click-to-Messenger ad.
    pub from_ad: bool,
}

/// One POST to the Send API, as far as the rules look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt<'a> {
    /// `messaging_type` as it stands in the request.
    pub messaging_type: &'a str,
    /// `tag` as it stands in the request.
    pub tag: Option<&'a str>,
    /// `message.text` as it stands in the request.
    pub text: Option<&'a str>,
    /// `message.attachment`, where it is no template.
    pub attachment: Option<Attached<'a>>,
    /// How many `message.quick_replies` there are.
    pub quick_replies: usize,
    /// `message.template`; `None` where there is none.
    pub template: Option<Template>,
    /// Meta's time of the request.
    pub now: Timestamp,
    /// When its rules changed.
    pub dates: Dates,
    /// Whether the app was granted the Human Agent feature.
    pub human_agent_feature: bool,
    /// Whether the app was granted utility messages.
    pub utility_feature: bool,
    /// Whether the privacy rules of Europe and Japan keep this thread from audio, video and files.
    pub privacy_limited: bool,
    /// Whether another app owns the thread.
    pub controlled_elsewhere: bool,
}

/// An attachment, as far as the rules look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attached<'a> {
    /// `type` as it stands in the request.
    pub kind: &'a str,
    /// How large what lies at the address is; `None` where that is not known.
    pub bytes: Option<u64>,
}

/// A utility template, as far as the rules look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Template {
    /// The Page has one of this name in this language, it is approved, and the request has all its parameters.
    pub is_usable: bool,
}

/// Meta's error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// `error.code`
    pub code: u32,
    /// `error.error_subcode`
    pub subcode: Option<u32>,
    /// `error.message`
    pub message: &'static str,
}

const INVALID: Rejection = Rejection { code: 100, subcode: None, message: "(#100) Invalid parameter" };
const TOO_LONG: Rejection = Rejection {
    code: 100,
    subcode: None,
    message: "(#100) Length of param message[text] must be less than or equal to 2000",
};
const TOO_LARGE: Rejection =
    Rejection { code: 100, subcode: Some(2_018_109), message: "(#100) Attachment size exceeds allowable limit" };
const WRONG_KIND: Rejection =
    Rejection { code: 100, subcode: Some(2_018_047), message: "(#100) Upload attachment failure." };
const LIMITED: Rejection = Rejection {
    code: 10,
    subcode: Some(2_018_336),
    message: "(#10) This action was not submitted due to new privacy rules in Europe and Japan. See developer \
              documentation for more info",
};
const NO_UTILITY: Rejection = Rejection {
    code: 200,
    subcode: None,
    message: "(#200) Requires pages_utility_messaging permission to manage the object",
};
const EMPTY: Rejection = Rejection { code: 100, subcode: Some(2_018_034), message: "(#100) Message cannot be empty" };
const NOBODY: Rejection = Rejection { code: 100, subcode: Some(2_018_001), message: "(#100) No matching user found" };
const CLOSED: Rejection =
    Rejection { code: 10, subcode: Some(2_018_278), message: "(#10) This message is sent outside of allowed window." };
const NOT_OWNER: Rejection =
    Rejection { code: 10, subcode: Some(2_018_300), message: "(#10) Another app is controlling this thread now." };

/// Whether Meta accepts a send to a customer, given everything that customer did towards the Page so far.
///
/// # Errors
/// The [`Rejection`] that Meta answers with. Parameters are looked at first, then the customer, then who owns the
/// thread, then the privacy rules, then the window, which a utility template does not need. The 7 days after an ad hold from 2026-09-28 on and are taken as Meta's text reads at its widest:
/// "up to 7 days from the person's first message".
pub fn send_rules(actions: &[CustomerAction], attempt: &Attempt<'_>) -> Result<(), Rejection> {
    check_content(attempt)?;
    check_parameters(attempt)?;
    if actions.is_empty() {
        return Err(NOBODY);
    }
    if attempt.controlled_elsewhere {
        return Err(NOT_OWNER);
    }
    if attempt.privacy_limited && attempt.attachment.is_some_and(|attached| attached.kind != "image") {
        return Err(LIMITED);
    }
    if attempt.template.is_some() {
        return if attempt.utility_feature { Ok(()) } else { Err(NO_UTILITY) };
    }
    let age = |action: &CustomerAction| attempt.now.0.saturating_sub(action.at.0);
    let ads_open_longer = attempt.now >= attempt.dates.ads_from;
    let length = |action: &CustomerAction| if action.from_ad && ads_open_longer { 604_800_000 } else { 86_400_000 };
    let opened_lately = actions.iter().any(|action| action.opens && age(action) < length(action));
    let wrote_lately = actions.iter().any(|action| action.is_message && age(action) < 604_800_000);
    let allowed = match attempt.tag {
        None => opened_lately,
        Some("HUMAN_AGENT") => attempt.human_agent_feature && wrote_lately,
        // The three news tags have no window of their own, as long as they are accepted at all.
        Some(_) => true,
    };
    if allowed { Ok(()) } else { Err(CLOSED) }
}

fn check_content(attempt: &Attempt<'_>) -> Result<(), Rejection> {
    let text = attempt.text.unwrap_or("");
    if text.is_empty() && attempt.attachment.is_none() && attempt.template.is_none() {
        return Err(EMPTY);
    }
    if text.chars().count() > 2_000 {
        return Err(TOO_LONG);
    }
    // One message is either text or attachment or template.
    let several = [!text.is_empty(), attempt.attachment.is_some(), attempt.template.is_some()];
    if several.into_iter().filter(|there| *there).count() > 1 {
        return Err(INVALID);
    }
    attempt.attachment.map_or(Ok(()), check_attachment)?;
    if attempt.quick_replies > 13 { Err(INVALID) } else { Ok(()) }
}

/// Megabytes are taken as they are the smallest.
fn check_attachment(attached: Attached<'_>) -> Result<(), Rejection> {
    let bytes_max = match attached.kind {
        "image" => 8_000_000,
        "audio" | "video" | "file" => 25_000_000,
        _ => return Err(WRONG_KIND),
    };
    if attached.bytes.is_some_and(|bytes| bytes > bytes_max) { Err(TOO_LARGE) } else { Ok(()) }
}

fn check_parameters(attempt: &Attempt<'_>) -> Result<(), Rejection> {
    if let Some(template) = attempt.template {
        // They came on the day on which the news tags went.
        let known = attempt.now >= attempt.dates.news_end && template.is_usable;
        let named = (attempt.messaging_type, attempt.tag) == ("UTILITY", None);
        return if known && named { Ok(()) } else { Err(INVALID) };
    }
    match (attempt.messaging_type, attempt.tag) {
        ("RESPONSE" | "UPDATE", None) | ("MESSAGE_TAG", Some("HUMAN_AGENT")) => Ok(()),
        ("MESSAGE_TAG", Some("CONFIRMED_EVENT_UPDATE" | "ACCOUNT_UPDATE" | "POST_PURCHASE_UPDATE")) => {
            // 2026-04-27T00:00:00Z
            if attempt.now < attempt.dates.news_end { Ok(()) } else { Err(INVALID) }
        }
        _ => Err(INVALID),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-06-01T00:00:00Z
    const WROTE: i64 = 1_780_272_000_000;

    fn wrote(at: i64) -> CustomerAction {
        CustomerAction { at: Timestamp(at), opens: true, is_message: true, from_ad: false }
    }

    fn pressed(at: i64) -> CustomerAction {
        CustomerAction { at: Timestamp(at), opens: true, is_message: false, from_ad: false }
    }

    fn attempt(messaging_type: &'static str, tag: Option<&'static str>, now: i64) -> Attempt<'static> {
        Attempt {
            messaging_type,
            tag,
            text: Some("hello"),
            attachment: None,
            quick_replies: 0,
            template: None,
            now: Timestamp(now),
            human_agent_feature: true,
            utility_feature: true,
            privacy_limited: false,
            controlled_elsewhere: false,
            dates: Dates::default(),
        }
    }

    #[test]
    fn an_answer_is_accepted_until_the_last_millisecond_of_a_day() {
        for messaging_type in ["RESPONSE", "UPDATE"] {
            for action in [wrote(WROTE), pressed(WROTE)] {
                let answer = |age| send_rules(&[action], &attempt(messaging_type, None, WROTE + age));
                assert_eq!(answer(0), Ok(()));
                assert_eq!(answer(86_399_999), Ok(()));
                assert_eq!(answer(86_400_000), Err(CLOSED));
                assert_eq!(answer(86_400_001), Err(CLOSED));
            }
        }
    }

    #[test]
    fn a_person_is_accepted_until_the_last_millisecond_of_seven_days_after_a_message() {
        let answer = |action, age| send_rules(&[action], &attempt("MESSAGE_TAG", Some("HUMAN_AGENT"), WROTE + age));
        assert_eq!(answer(wrote(WROTE), 0), Ok(()));
        assert_eq!(answer(wrote(WROTE), 604_799_999), Ok(()));
        assert_eq!(answer(wrote(WROTE), 604_800_000), Err(CLOSED));
        assert_eq!(answer(wrote(WROTE), 604_800_001), Err(CLOSED));
        assert_eq!(answer(pressed(WROTE), 1), Err(CLOSED));
    }

    #[test]
    fn a_message_after_an_ad_opens_seven_days_from_the_28th_of_september_2026() {
        let from = 1_790_553_600_000;
        let answer = |wrote_at, now| {
            let action = CustomerAction { from_ad: true, ..wrote(wrote_at) };
            send_rules(&[action], &attempt("RESPONSE", None, now))
        };
        assert_eq!(answer(from - 86_400_000, from - 1), Ok(()));
        assert_eq!(answer(from - 86_400_001, from - 1), Err(CLOSED));
        assert_eq!(answer(from - 86_400_001, from), Ok(()));
        assert_eq!(answer(from, from + 604_799_999), Ok(()));
        assert_eq!(answer(from, from + 604_800_000), Err(CLOSED));
    }

    #[test]
    fn who_does_not_own_the_thread_sends_nothing() {
        for (messaging_type, tag) in [("RESPONSE", None), ("MESSAGE_TAG", Some("HUMAN_AGENT"))] {
            let bystander = Attempt { controlled_elsewhere: true, ..attempt(messaging_type, tag, WROTE + 1) };
            assert_eq!(send_rules(&[wrote(WROTE)], &bystander), Err(NOT_OWNER));
            assert_eq!(send_rules(&[], &bystander), Err(NOBODY));
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        assert_eq!(send_rules(&[wrote(i64::MIN)], &attempt("RESPONSE", None, i64::MAX)), Err(CLOSED));
        assert_eq!(send_rules(&[wrote(i64::MAX)], &attempt("RESPONSE", None, i64::MIN)), Ok(()));
    }

    #[test]
    fn the_tag_for_persons_needs_its_feature() {
        let mut tagged = attempt("MESSAGE_TAG", Some("HUMAN_AGENT"), WROTE + 100_000_000);
        tagged.human_agent_feature = false;
        assert_eq!(send_rules(&[wrote(WROTE)], &tagged), Err(CLOSED));
    }

    #[test]
    fn the_news_tags_end_with_the_26th_of_april_2026() {
        for tag in ["CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"] {
            let end = 1_777_248_000_000;
            let answer = |now| send_rules(&[wrote(end - 5_000_000_000)], &attempt("MESSAGE_TAG", Some(tag), now));
            assert_eq!(answer(end - 1), Ok(()));
            assert_eq!(answer(end), Err(INVALID));
            assert_eq!(answer(end + 1), Err(INVALID));
        }
    }

    #[test]
    fn a_stranger_is_nobody_and_a_mere_reader_opens_nothing() {
        assert_eq!(send_rules(&[], &attempt("RESPONSE", None, WROTE)), Err(NOBODY));
        let read = CustomerAction { at: Timestamp(WROTE), opens: false, is_message: false, from_ad: false };
        assert_eq!(send_rules(&[read], &attempt("RESPONSE", None, WROTE)), Err(CLOSED));
    }

    #[test]
    fn odd_parameters_are_refused() {
        for (messaging_type, tag) in [
            ("", None),
            ("response", None),
            ("MESSAGE_TAG", None),
            ("RESPONSE", Some("HUMAN_AGENT")),
            ("MESSAGE_TAG", Some("SHIPPING_UPDATE")),
        ] {
            let odd = Attempt { messaging_type, tag, ..attempt("RESPONSE", None, WROTE) };
            assert_eq!(send_rules(&[wrote(WROTE)], &odd), Err(INVALID), "{odd:?}");
        }
    }

    #[test]
    fn a_text_has_one_to_two_thousand_characters() {
        let (full, over) = ("ß".repeat(2_000), "ß".repeat(2_001));
        let cases = [
            (Some("a"), false, Ok(())),
            (Some(full.as_str()), false, Ok(())),
            (Some(over.as_str()), false, Err(TOO_LONG)),
            (Some(""), false, Err(EMPTY)),
            (None, false, Err(EMPTY)),
            (None, true, Ok(())),
            (Some("a"), true, Err(INVALID)),
        ];
        for (text, has_attachment, expected) in cases {
            let attachment = has_attachment.then_some(Attached { kind: "image", bytes: None });
            let sent = Attempt { text, attachment, ..attempt("RESPONSE", None, WROTE) };
            assert_eq!(send_rules(&[wrote(WROTE)], &sent), expected, "{has_attachment} {}", text.map_or(0, str::len));
        }
    }

    #[test]
    fn attachments_have_their_kinds_and_sizes_and_buttons_their_number() {
        let sent = |kind, bytes| {
            let attachment = Some(Attached { kind, bytes: Some(bytes) });
            send_rules(&[wrote(WROTE)], &Attempt { text: None, attachment, ..attempt("RESPONSE", None, WROTE) })
        };
        for (kind, most) in [("image", 8_000_000), ("audio", 25_000_000), ("video", 25_000_000), ("file", 25_000_000)] {
            assert_eq!((sent(kind, most), sent(kind, most + 1)), (Ok(()), Err(TOO_LARGE)), "{kind}");
        }
        assert_eq!(sent("song", 1), Err(WRONG_KIND));
        for (quick_replies, expected) in [(13, Ok(())), (14, Err(INVALID))] {
            let asked = Attempt { quick_replies, ..attempt("RESPONSE", None, WROTE) };
            assert_eq!(send_rules(&[wrote(WROTE)], &asked), expected);
        }
    }

    #[test]
    fn a_limited_thread_takes_text_and_images_alone() {
        let limited = Attempt { privacy_limited: true, ..attempt("RESPONSE", None, WROTE) };
        assert_eq!(send_rules(&[wrote(WROTE)], &limited), Ok(()));
        for (kind, expected) in
            [("image", Ok(())), ("audio", Err(LIMITED)), ("video", Err(LIMITED)), ("file", Err(LIMITED))]
        {
            let attachment = Some(Attached { kind, bytes: None });
            assert_eq!(send_rules(&[wrote(WROTE)], &Attempt { text: None, attachment, ..limited }), expected, "{kind}");
        }
    }

    #[test]
    fn a_template_goes_at_any_age_from_the_27th_of_april_2026_where_it_is_granted_and_usable() {
        let end = 1_777_248_000_000;
        let template = |now, is_usable, utility_feature| {
            let template = Some(Template { is_usable });
            let asked = Attempt { text: None, template, utility_feature, ..attempt("UTILITY", None, now) };
            send_rules(&[wrote(end - 90_000_000_000)], &asked)
        };
        assert_eq!(template(end - 1, true, true), Err(INVALID));
        assert_eq!(template(end, true, true), Ok(()));
        assert_eq!(template(end, false, true), Err(INVALID));
        assert_eq!(template(end, true, false), Err(NO_UTILITY));
        for odd in [("RESPONSE", None), ("MESSAGE_TAG", Some("HUMAN_AGENT"))] {
            let template = Some(Template { is_usable: true });
            let odd = Attempt { text: None, template, ..attempt(odd.0, odd.1, WROTE) };
            assert_eq!(send_rules(&[wrote(WROTE)], &odd), Err(INVALID));
        }
        assert_eq!(send_rules(&[wrote(WROTE)], &attempt("UTILITY", None, WROTE)), Err(INVALID), "no template");
    }
}
