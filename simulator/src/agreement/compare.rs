//! What policy and oracle owe each other, to the millisecond. The oracle states what Meta accepts; the policy says what may
//! be sent, and is stricter by its guards and by four things that Meta cannot see or does not ask for ([`Stricter`]).
//!
//! - A permit: Meta accepts it in that way now and until its end, and at its end plus the guard no longer. A tag is used only
//!   where nothing goes without, and only one that was asked for or that a person may use; the judge finds nothing.
//! - A hold: the Page cannot send, and for a Page that can it is a permit with the same end.
//! - A refusal: whatever Meta would still accept after the guard's length is one of the four; and its reason is the one for
//!   which Meta refuses.

use core::fmt;

use model::Timestamp;
use oracle::Rejection;
use policy::{
    Author, ContentKind, DeferReason, Facts, ForbidReason, MessagingType, RuleId, Tag, Trail, UpdateTag, Verdict,
    decide, explain,
};

use super::Case;
use super::case::instant_words;
use super::meta::{Meta, PERSON, WAYS};

/// The longest guard that the judge takes for a guard; with a longer one a tag may stand where none is needed.
const JUDGED_GUARD_MAX: i64 = 3_600_000;

/// Where the policy may refuse what Meta accepts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stricter {
    /// The window is taken as closed a guard's length before its end.
    Guard,
    /// `HUMAN_AGENT` is for what a person wrote; Meta cannot see who did.
    NoPersonWrote,
    /// Who asks for a tag that is gone learns that, and is not given `HUMAN_AGENT` in its place.
    TagAsked,
    /// A tag for news is used only where the message asks for that one; Meta cannot see what it is about.
    TagNotAsked,
}

impl Stricter {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Guard, Self::NoPersonWrote, Self::TagAsked, Self::TagNotAsked];

    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::NoPersonWrote => "no-person-wrote",
            Self::TagAsked => "tag-asked",
            Self::TagNotAsked => "tag-not-asked",
        }
    }
}

/// How two answers differ, from the worst on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Disagreement {
    /// Permitted, and Meta refuses.
    Refused,
    /// Permitted for a Page that cannot send.
    PageCannotSend,
    /// The judge calls it a violation.
    Violation,
    /// The permit ends after Meta's window.
    TooLong,
    /// The permit was over when it was given.
    Over,
    /// A tag for news that the message did not ask for.
    TagUnasked,
    /// A tag where none is needed.
    TagNeedless,
    /// Refused, and Meta accepts.
    Accepted,
    /// The permit ends before Meta's window less the guard.
    TooShort,
    /// Held without a cause, for another cause, or until another instant.
    HeldOddly,
    /// Refused for another reason than Meta's.
    OtherReason,
    /// `decide` and `explain` differ.
    OtherTrail,
}

impl Disagreement {
    /// What differs, in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OtherTrail => "the decision and its trail differ",
            Self::Refused => "permitted, and Meta refuses",
            Self::Over => "the permit is over when it is given",
            Self::TooLong => "the permit ends after Meta's window",
            Self::TooShort => "the permit ends before Meta's window, and the guard is shorter",
            Self::TagNeedless => "a tag where none is needed",
            Self::TagUnasked => "a tag that the message did not ask for",
            Self::Violation => "permitted, and the judge calls it a violation",
            Self::PageCannotSend => "permitted for a Page that cannot send",
            Self::HeldOddly => "held without cause, for another cause or until another instant",
            Self::Accepted => "refused, and Meta accepts",
            Self::OtherReason => "refused for another reason than Meta's",
        }
    }
}

/// A difference with both answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// How they differ.
    pub how: Disagreement,
    /// What the policy says.
    pub policy: Verdict,
    /// What the oracle says, in words.
    pub oracle: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { how, policy, oracle } = self;
        write!(f, "{}\n  policy: {}\n  oracle: {oracle}", how.sentence(), words(policy))
    }
}

/// Two answers that agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// The policy's, with its trail.
    pub trail: Trail,
    /// Why the policy was stricter, where it was.
    pub stricter: Vec<Stricter>,
}

/// Asks both and compares.
///
/// # Errors
/// The first difference.
pub fn compare(case: &Case) -> Result<Agreement, Difference> {
    let trail = explain(&case.facts, case.now, &case.edition());
    let asked = Comparison { case, meta: Meta::of(case), verdict: trail.verdict };
    let plain = decide(&case.facts, case.now, &case.edition());
    asked.holds(plain == trail.verdict, Disagreement::OtherTrail, || format!("decide says {}", words(&plain)))?;
    let stricter = match trail.verdict {
        Verdict::Permit { messaging_type, until, rule, .. } => asked.permit(messaging_type, until, rule)?,
        Verdict::Defer { until, reason } => asked.hold(until, reason)?,
        Verdict::Forbid { reason } => asked.refusal(reason)?,
    };
    Ok(Agreement { trail, stricter })
}

/// A verdict under comparison.
struct Comparison<'a> {
    case: &'a Case,
    meta: Meta,
    verdict: Verdict,
}

impl Comparison<'_> {
    fn holds(&self, holds: bool, how: Disagreement, oracle: impl FnOnce() -> String) -> Result<(), Difference> {
        if holds { Ok(()) } else { Err(Difference { how, policy: self.verdict, oracle: oracle() }) }
    }

    /// What Meta says about a text sent in this way at this instant, in words.
    fn said(&self, way: MessagingType, at: i64) -> String {
        format!("{} at {}: {}", way_words(way), instant_words(at), answer_words(self.meta.answer(way, at)))
    }

    fn permit(&self, way: MessagingType, until: Timestamp, rule: RuleId) -> Result<Vec<Stricter>, Difference> {
        let (facts, now) = (&self.case.facts, self.case.now);
        let can_send = facts.token && !facts.restricted;
        self.holds(can_send, Disagreement::PageCannotSend, || {
            format!("a Page with token {} and restricted {}", facts.token, facts.restricted)
        })?;
        let accepted = |at| self.meta.answer(way, at).is_ok();
        self.holds(accepted(now.0), Disagreement::Refused, || self.said(way, now.0))?;
        self.holds(now < until, Disagreement::Over, || format!("it is asked at {}", instant_words(now.0)))?;
        // A plain answer rests on one of two windows; each has its guard and its end.
        let by_ad = rule == RuleId::AdWindow;
        let accepted = |at| match way {
            MessagingType::Response if by_ad => self.meta.answer_by_ads(at).is_ok(),
            MessagingType::Response => self.meta.answer_without_ads(at).is_ok(),
            MessagingType::MessageTag(_) | MessagingType::Utility => accepted(at),
        };
        let guard = if by_ad { self.meta.ad_guard() } else { self.meta.guard(way) };
        let end = until.0.saturating_add(guard);
        self.holds(accepted(end - 1), Disagreement::TooLong, || self.said(way, end - 1))?;
        // What has no end is permitted until the end of time.
        self.holds(until.0 == i64::MAX || !accepted(end), Disagreement::TooShort, || self.said(way, end))?;
        self.tag(way)?;
        let violations =
            if facts.guards.standard.0 <= JUDGED_GUARD_MAX { self.meta.violations(way) } else { Vec::new() };
        self.holds(violations.is_empty(), Disagreement::Violation, || violations.join("; "))?;
        Ok(Vec::new())
    }

    fn tag(&self, way: MessagingType) -> Result<(), Difference> {
        let MessagingType::MessageTag(tag) = way else { return Ok(()) };
        let plain_at = self.case.now.0.saturating_add(self.meta.guard(MessagingType::Response));
        let needed = self.meta.answer_late(MessagingType::Response).is_err();
        self.holds(needed, Disagreement::TagNeedless, || self.said(MessagingType::Response, plain_at))?;
        let asked = tag == Tag::HumanAgent || self.case.facts.tag.map(Tag::from) == Some(tag);
        self.holds(asked, Disagreement::TagUnasked, || format!("the message asks for {:?}", self.case.facts.tag))
    }

    fn hold(&self, until: Option<Timestamp>, reason: DeferReason) -> Result<Vec<Stricter>, Difference> {
        let facts = &self.case.facts;
        let cause = match (facts.token, facts.restricted) {
            (false, _) => Some(DeferReason::NeedsReconnect),
            (true, true) => Some(DeferReason::PageRestricted),
            (true, false) => None,
        };
        self.holds(cause == Some(reason), Disagreement::HeldOddly, || format!("the cause is {cause:?}"))?;
        let able = Case { facts: Facts { token: true, restricted: false, ..*facts }, ..*self.case };
        let agreed = compare(&able)?;
        let same = matches!(agreed.trail.verdict, Verdict::Permit { until: end, .. } if Some(end) == until);
        self.holds(same, Disagreement::HeldOddly, || {
            format!("a Page that can send gets {}", words(&agreed.trail.verdict))
        })?;
        Ok(agreed.stricter)
    }

    fn refusal(&self, reason: ForbidReason) -> Result<Vec<Stricter>, Difference> {
        let mut stricter = Vec::new();
        for way in WAYS {
            let (now, late) = (self.case.now.0, self.case.now.0.saturating_add(self.meta.guard(way)));
            if self.meta.answer_late(way).is_ok() {
                let why = self.stricter(way);
                self.holds(why.is_some(), Disagreement::Accepted, || self.said(way, late))?;
                stricter.extend(why);
            } else if self.meta.answer(way, now).is_ok() && self.stricter(way).is_none() {
                stricter.push(Stricter::Guard);
            }
        }
        self.reason(reason)?;
        Ok(stricter)
    }

    /// Why the policy does not send in this way, though Meta accepts it.
    fn stricter(&self, way: MessagingType) -> Option<Stricter> {
        let facts = &self.case.facts;
        match way {
            MessagingType::Response | MessagingType::Utility => None,
            MessagingType::MessageTag(Tag::HumanAgent) => match (facts.author, facts.tag) {
                (Author::Automation, _) => Some(Stricter::NoPersonWrote),
                (Author::Agent, Some(_)) => Some(Stricter::TagAsked),
                (Author::Agent, None) => None,
            },
            MessagingType::MessageTag(tag) => (facts.tag.map(Tag::from) != Some(tag)).then_some(Stricter::TagNotAsked),
        }
    }

    /// The reason fits Meta's own.
    fn reason(&self, reason: ForbidReason) -> Result<(), Difference> {
        let (facts, now) = (&self.case.facts, self.case.now.0);
        let late = |way| now.saturating_add(self.meta.guard(way));
        let code = |answer: Result<(), Rejection>| answer.err().map(|refused| (refused.code, refused.subcode));
        let plain = code(self.meta.answer_late(MessagingType::Response));
        let closed = plain == Some((10, Some(2_018_278)));
        let utility = facts.utility_feature;
        let granted = self.meta.answer_if(PERSON, late(PERSON), true, utility).is_ok();
        let person = facts.author == Author::Agent;
        let gone = |tag: UpdateTag| code(self.meta.answer(MessagingType::MessageTag(tag.into()), now));
        // Who cannot be written to at all is told that, whatever the message carries.
        let whoever = code(Meta::of_plain_text(self.case).answer_late(MessagingType::Response));
        let template = |granted| code(self.meta.answer_if(MessagingType::Utility, now, false, granted));
        let is_template = facts.carries.kind == ContentKind::Template;
        let fits = match reason {
            // Who never wrote is nobody to Meta, whoever owns the thread.
            ForbidReason::Standby => {
                facts.standby && matches!(whoever, Some((10, Some(2_018_300)) | (100, Some(2_018_001))))
            }
            ForbidReason::NeverWrote => whoever == Some((100, Some(2_018_001))),
            ForbidReason::TagRetired => closed && facts.tag.is_some_and(|tag| gone(tag) == Some((100, None))),
            ForbidReason::HumanAgentNotGranted => closed && person && granted && !facts.human_agent_feature,
            ForbidReason::WindowClosed => closed && facts.tag.is_none() && !(person && granted),
            ForbidReason::TextTooLong | ForbidReason::TooManyButtons => plain == Some((100, None)),
            ForbidReason::AttachmentTooLarge => plain == Some((100, Some(2_018_109))),
            ForbidReason::PrivacyLimited => plain == Some((10, Some(2_018_336))),
            ForbidReason::UtilityNotGranted => is_template && template(false).is_some() && template(true).is_none(),
            ForbidReason::TemplateUnknown => is_template && template(true) == Some((100, None)),
        };
        self.holds(fits, Disagreement::OtherReason, || {
            format!(
                "{}; {} with the feature at {}: {}",
                self.said(MessagingType::Response, late(MessagingType::Response)),
                way_words(PERSON),
                instant_words(late(PERSON)),
                answer_words(self.meta.answer_if(PERSON, late(PERSON), true, utility)),
            )
        })
    }
}

/// A verdict in words.
fn words(verdict: &Verdict) -> String {
    let until = |until: Timestamp| match until.0 {
        i64::MAX => "without end".to_owned(),
        until => format!("until {}", instant_words(until)),
    };
    match verdict {
        Verdict::Permit { messaging_type, until: end, rule, .. } => {
            format!("permit {} {} by {}", way_words(*messaging_type), until(*end), rule.code())
        }
        Verdict::Defer { until: end, reason } => {
            format!("defer {} {}", reason.code(), end.map_or_else(|| "without end".to_owned(), until))
        }
        Verdict::Forbid { reason } => format!("forbid {}", reason.code()),
    }
}

pub(super) fn way_words(way: MessagingType) -> String {
    let (messaging_type, tag) = way.wire();
    tag.map_or_else(|| messaging_type.to_owned(), |tag| format!("{messaging_type} {tag}"))
}

fn answer_words(answer: Result<(), Rejection>) -> String {
    match answer {
        Ok(()) => "accepted".to_owned(),
        Err(Rejection { code, subcode, message }) => {
            let subcode = subcode.map(|subcode| format!("/{subcode}")).unwrap_or_default();
            format!("refused {code}{subcode} {message}")
        }
    }
}
