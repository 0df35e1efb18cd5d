//! What a round reached: rules by edition, their answers, verdicts, and where the policy was stricter. What was not reached
//! is named, since nothing was compared there.

use std::collections::BTreeMap;

use policy::{Answer, DeferReason, ForbidReason, MessagingType, RuleId, Tag, Verdict, editions};
use serde_json::{Value, json};

use super::compare::way_words;
use super::meta::WAYS;
use super::{Agreement, Case, Stricter};

/// Counts, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    editions: BTreeMap<String, u64>,
    answers: BTreeMap<String, u64>,
    verdicts: BTreeMap<String, u64>,
    stricter: BTreeMap<String, u64>,
}

impl Coverage {
    /// Counts one case.
    pub(super) fn add(&mut self, case: &Case, agreed: &Agreement) {
        let mut count = |counts: fn(&mut Self) -> &mut BTreeMap<String, u64>, name: String| {
            *counts(self).entry(name).or_default() += 1;
        };
        count(|coverage| &mut coverage.editions, edition_words(&case.edition.to_string(), case.is_what_if()));
        for asked in &agreed.trail.asked {
            count(|coverage| &mut coverage.answers, format!("{} {}", asked.rule.code(), answer_words(asked.answer)));
        }
        count(|coverage| &mut coverage.verdicts, verdict_words(&agreed.trail.verdict));
        for stricter in &agreed.stricter {
            count(|coverage| &mut coverage.stricter, stricter.code().to_owned());
        }
    }

    /// The sections with their counts, in a fixed order; what was not reached counts 0.
    pub fn sections(&self) -> [(&'static str, Vec<(String, u64)>); 4] {
        let section = |counts: &BTreeMap<String, u64>, expected: Vec<String>| {
            let others = counts.keys().filter(|name| !expected.contains(name)).cloned();
            let names: Vec<_> = expected.iter().cloned().chain(others).collect();
            names
                .into_iter()
                .map(|name| (counts.get(&name).copied().unwrap_or(0), name))
                .map(|(n, name)| (name, n))
                .collect()
        };
        let strict = Stricter::ALL.map(|stricter| stricter.code().to_owned()).to_vec();
        [
            ("editions", section(&self.editions, expected_editions())),
            ("answers", section(&self.answers, expected_answers())),
            ("verdicts", section(&self.verdicts, expected_verdicts())),
            ("stricter", section(&self.stricter, strict)),
        ]
    }

    /// What was never reached, as `section: name`.
    pub fn unreached(&self) -> Vec<String> {
        let sections = self.sections();
        let missing = sections.iter().flat_map(|(section, counts)| {
            counts.iter().filter(|(_, count)| *count == 0).map(move |(name, _)| format!("{section}: {name}"))
        });
        missing.collect()
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let object = |counts: &Vec<(String, u64)>| counts.iter().map(|(name, n)| (name.clone(), json!(n))).collect();
        Value::Object(
            self.sections()
                .iter()
                .map(|(section, counts)| ((*section).to_owned(), Value::Object(object(counts))))
                .collect(),
        )
    }
}

fn edition_words(edition: &str, is_what_if: bool) -> String {
    format!("{edition} {}", if is_what_if { "as a what-if" } else { "in force" })
}

fn expected_editions() -> Vec<String> {
    let each = |is_what_if| editions().iter().map(move |edition| edition_words(&edition.id().to_string(), is_what_if));
    each(false).chain(each(true)).collect()
}

/// Every answer that a rule can give after those before it passed.
fn expected_answers() -> Vec<String> {
    let answers = |rule: RuleId| -> Vec<String> {
        let way = |way: MessagingType| format!("permits {}", way_words(way));
        let forbids = |reason: ForbidReason| format!("forbids {}", reason.code());
        let passes = |word: &str| format!("passes {word}");
        match rule {
            RuleId::ThreadControl => vec![passes("own-thread"), forbids(ForbidReason::Standby)],
            RuleId::NeverWrote => vec![passes("opened"), forbids(ForbidReason::NeverWrote)],
            RuleId::ContentLimits => vec![
                passes("within-limits"),
                forbids(ForbidReason::TextTooLong),
                forbids(ForbidReason::TooManyButtons),
                forbids(ForbidReason::AttachmentTooLarge),
            ],
            RuleId::PrivacyLimit => vec![
                passes("nothing-refused"),
                passes("over"),
                passes("kind-allowed"),
                forbids(ForbidReason::PrivacyLimited),
            ],
            RuleId::UtilityTemplate => {
                vec![passes("no-template"), way(MessagingType::Utility), forbids(ForbidReason::UtilityNotGranted)]
            }
            RuleId::NoTemplates => vec![passes("no-template"), forbids(ForbidReason::TemplateUnknown)],
            RuleId::StandardWindow => vec![passes("over"), way(MessagingType::Response)],
            RuleId::AdWindow => {
                vec![passes("over"), passes("nothing-counts"), passes("refused-by-meta"), way(MessagingType::Response)]
            }
            RuleId::UpdateTags => {
                let tags = [Tag::ConfirmedEventUpdate, Tag::AccountUpdate, Tag::PostPurchaseUpdate];
                let permits = tags.map(|tag| way(MessagingType::MessageTag(tag)));
                [passes("no-tag-asked")].into_iter().chain(permits).collect()
            }
            RuleId::RetiredTags => vec![passes("no-tag-asked"), forbids(ForbidReason::TagRetired)],
            RuleId::HumanAgent => vec![
                passes("no-person-wrote"),
                passes("nothing-counts"),
                passes("over"),
                way(MessagingType::MessageTag(Tag::HumanAgent)),
                forbids(ForbidReason::HumanAgentNotGranted),
            ],
        }
    };
    let all = RuleId::ALL
        .into_iter()
        .flat_map(|rule| answers(rule).into_iter().map(move |answer| format!("{} {answer}", rule.code())));
    all.collect()
}

fn answer_words(answer: Answer) -> String {
    match answer {
        Answer::Pass(pass) => format!("passes {}", pass.code()),
        Answer::Permit { messaging_type, .. } => format!("permits {}", way_words(messaging_type)),
        Answer::Forbid(reason) => format!("forbids {}", reason.code()),
    }
}

fn expected_verdicts() -> Vec<String> {
    let permits = WAYS.into_iter().map(|way| format!("permit {}", way_words(way)));
    let defers = DeferReason::ALL.into_iter().map(|reason| format!("defer {}", reason.code()));
    let forbids = ForbidReason::ALL.into_iter().map(|reason| format!("forbid {}", reason.code()));
    permits.chain(defers).chain(forbids).collect()
}

fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Permit { messaging_type, .. } => format!("permit {}", way_words(*messaging_type)),
        Verdict::Defer { reason, .. } => format!("defer {}", reason.code()),
        Verdict::Forbid { reason } => format!("forbid {}", reason.code()),
    }
}
