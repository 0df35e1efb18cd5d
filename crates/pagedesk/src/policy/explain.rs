//! `pagedesk policy explain`: one verdict and the rules that were asked, for people and for programs.
//!
//! Prints what [`policy::explain`] says and decides nothing. Invariant: the same facts, instant and edition print the same.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use model::Timestamp;
use policy::{Answer, Calendar, Edition, EditionId, Facts, Pass, RuleId, Trail, Verdict, next_change};
use serde_json::{Value, json};
use simulator::replay::grounds::Judged;

use super::{calendar, end, facts, in_force, left, now_or, standing, way};
use crate::cli::Explain;
use crate::config::duration;
use crate::exit::{self, Exit, Failure};
use crate::instant;

/// Carries out `policy explain`.
pub(super) fn explain(asked: &Explain) -> Result<Exit, Failure> {
    if asked.file == Path::new("-") && io::stdin().is_terminal() {
        exit::note("reading facts as JSON from the terminal; Ctrl-D ends them");
    }
    let effective_from = calendar(&asked.dated)?;
    let facts = facts::read(&asked.file)?;
    let question = Question { facts, at: now_or(asked.at), edition: asked.edition, effective_from };
    if question.edition.is_none() {
        in_force(&effective_from, question.at)?;
    }
    exit::print(&if asked.json { format!("{}\n", question.json()) } else { question.text() })
}

/// Why the policy answers so, for people.
pub(crate) fn told(judged: &Judged) -> String {
    Question::of(judged).text()
}

/// The same for programs.
pub(crate) fn object(judged: &Judged) -> Value {
    Question::of(judged).json()
}

/// What is asked.
struct Question {
    facts: Facts,
    at: Timestamp,
    /// Named on purpose; else the one in force.
    edition: Option<EditionId>,
    /// From which day on each is in force.
    effective_from: Calendar,
}

impl Question {
    fn of(judged: &Judged) -> Self {
        let Judged { facts, at, edition, effective_from, .. } = judged;
        Self { facts: *facts, at: *at, edition: Some(*edition), effective_from: *effective_from }
    }

    fn edition(&self) -> Edition {
        let calendar = &self.effective_from;
        self.edition.map_or_else(|| calendar.edition_at(self.at), |id| calendar.edition(id))
    }

    /// The one in force then, if there was one.
    fn in_force(&self) -> Option<EditionId> {
        in_force(&self.effective_from, self.at).ok().map(|edition| edition.id())
    }

    fn trail(&self) -> Trail {
        policy::explain(&self.facts, self.at, &self.edition())
    }

    /// For people.
    fn text(&self) -> String {
        let (edition, trail) = (self.edition(), self.trail());
        let mut text = format!(
            "at {} under edition {} ({})\n",
            instant::write(self.at.0),
            edition.id(),
            standing(&edition, self.at)
        );
        for asked in &trail.asked {
            let (says, because) = said(asked.answer);
            text.push_str(&format!("  {:<16}  {says:<7}  {because}\n", asked.rule.code()));
        }
        let unasked: Vec<_> = unasked(&edition, &trail).map(RuleId::code).collect();
        if !unasked.is_empty() {
            text.push_str(&format!("  not asked: {}\n", unasked.join(", ")));
        }
        text.push_str(&format!("\n{}\n", self.conclusion(&trail)));
        if let Some(change) = next_change(&self.facts, self.at, &edition) {
            text.push_str(&format!("From {} on: {}\n", instant::write(change.0), self.gist_at(change)));
        }
        text
    }

    /// The answer at another instant, if the facts stay. A what-if stays under its edition, else the calendar goes on.
    fn gist_at(&self, at: Timestamp) -> String {
        let what_if = self.in_force() != Some(self.edition().id());
        let edition = if what_if { self.edition() } else { self.effective_from.edition_at(at) };
        match policy::decide(&self.facts, at, &edition) {
            Verdict::Permit { messaging_type, .. } => format!("PERMIT {}", way(messaging_type)),
            Verdict::Defer { reason, .. } => format!("DEFER {}", reason.code()),
            Verdict::Forbid { reason } => format!("FORBID {}", reason.code()),
        }
    }

    fn conclusion(&self, trail: &Trail) -> String {
        let until = |until: Timestamp| match end(until) {
            None => "without end".to_owned(),
            Some(until) => format!("until {} ({})", instant::write(until.0), duration::write(left(self.at, until))),
        };
        match trail.verdict {
            Verdict::Permit { messaging_type, until: end, .. } => {
                format!("PERMIT {} {}", way(messaging_type), until(end))
            }
            Verdict::Defer { until: end, reason } => {
                let until = end.map_or_else(|| "without end".to_owned(), until);
                format!("DEFER {} {until}\n{}", reason.code(), reason.sentence())
            }
            Verdict::Forbid { reason } => {
                let nobody = trail.asked.iter().all(|asked| matches!(asked.answer, Answer::Pass(_)));
                let nobody = if nobody { ": no rule permits it" } else { "" };
                format!("FORBID {}{nobody}\n{}", reason.code(), reason.sentence())
            }
        }
    }

    /// For programs.
    fn json(&self) -> Value {
        let (edition, trail) = (self.edition(), self.trail());
        let rules: Vec<Value> = trail
            .asked
            .iter()
            .map(|asked| {
                let mut told = answer(asked.answer);
                told["rule"] = json!(asked.rule.code());
                told
            })
            .collect();
        let mut told = verdict(&trail.verdict);
        let more = json!({
            "at": self.at,
            "edition": edition.id(),
            "in_force": self.in_force(),
            "facts": self.facts,
            "trail": rules,
            "not_asked": unasked(&edition, &trail).map(RuleId::code).collect::<Vec<_>>(),
            "changes_at": next_change(&self.facts, self.at, &edition),
        });
        if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
            told.extend(more);
        }
        told
    }
}

/// The rules behind the one that answered.
fn unasked<'e>(edition: &'e Edition, trail: &Trail) -> impl Iterator<Item = RuleId> + use<'e> {
    edition.rule_ids().skip(trail.asked.len())
}

/// What a rule says, and why.
fn said(answer: Answer) -> (&'static str, String) {
    match answer {
        Answer::Pass(pass) => ("passes", reason(pass)),
        Answer::Permit { messaging_type, until } => {
            let until =
                end(until).map_or_else(|| "without end".to_owned(), |at| format!("until {}", instant::write(at.0)));
            ("PERMITS", format!("{} {until}", way(messaging_type)))
        }
        Answer::Forbid(reason) => ("FORBIDS", reason.code().to_owned()),
    }
}

fn reason(pass: Pass) -> String {
    match pass {
        Pass::OwnThread => "no other app owns the thread".to_owned(),
        Pass::Opened { at } => {
            format!("the customer did something that opens a conversation, last at {}", instant::write(at.0))
        }
        Pass::Over { ended_at } => format!("its window is over since {}, guard included", instant::write(ended_at.0)),
        Pass::NothingCounts => "nothing that the customer did counts towards its window".to_owned(),
        Pass::RefusedByMeta => "Meta refused a message that rested on it".to_owned(),
        Pass::WithinLimits => "it is no larger than Meta takes, as far as is known".to_owned(),
        Pass::NothingRefused => "Meta refused nothing in this conversation for privacy rules".to_owned(),
        Pass::KindAllowed => "Meta takes this kind in spite of its privacy rules".to_owned(),
        Pass::NoTemplate => "the message is no template".to_owned(),
        Pass::NoTagAsked => "the message asks for no tag".to_owned(),
        Pass::NoPersonWrote => "no person wrote it".to_owned(),
    }
}

fn answer(answer: Answer) -> Value {
    match answer {
        Answer::Pass(pass) => {
            let at = match pass {
                Pass::Opened { at } => Some(at),
                Pass::Over { ended_at } => Some(ended_at),
                Pass::OwnThread
                | Pass::NothingCounts
                | Pass::RefusedByMeta
                | Pass::WithinLimits
                | Pass::NothingRefused
                | Pass::KindAllowed
                | Pass::NoTemplate
                | Pass::NoTagAsked
                | Pass::NoPersonWrote => None,
            };
            json!({ "says": "passes", "because": pass.code(), "at": at })
        }
        Answer::Permit { messaging_type, until } => {
            let (messaging_type, tag) = messaging_type.wire();
            json!({ "says": "permits", "messaging_type": messaging_type, "tag": tag, "until": end(until) })
        }
        Answer::Forbid(reason) => json!({ "says": "forbids", "because": reason.code() }),
    }
}

fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Permit { messaging_type, until, edition: _, rule } => {
            let (messaging_type, tag) = messaging_type.wire();
            let (until, rule) = (end(*until), rule.code());
            json!({ "verdict": "permit", "messaging_type": messaging_type, "tag": tag, "until": until, "rule": rule })
        }
        Verdict::Defer { until, reason } => {
            let until = until.and_then(end);
            json!({ "verdict": "defer", "reason": reason.code(), "sentence": reason.sentence(), "until": until })
        }
        Verdict::Forbid { reason } => {
            json!({ "verdict": "forbid", "reason": reason.code(), "sentence": reason.sentence() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WROTE: &str = r#""openers":{"last_message_at":"2026-06-01T08:00:00Z"}"#;

    fn question(at: &str, edition: Option<&str>, fields: &str) -> Question {
        Question {
            facts: facts::parse(&format!("{{{WROTE},{fields}}}")).expect("the test's own facts"),
            at: instant::read(at).expect("the test's own instant"),
            edition: edition.map(|name| name.parse().expect("the test's own edition")),
            effective_from: Calendar::AS_NAMED,
        }
    }

    /// One question for each way that a decision can end.
    fn questions() -> [(&'static str, Question); 9] {
        let person = r#""author":"agent","human_agent_feature":true"#;
        let tagged = r#""author":"automation","tag":"account_update""#;
        let old = Some("2020-01-15");
        [
            ("an answer within the day", question("2026-06-01T09:00:00Z", None, r#""author":"automation""#)),
            ("an agent's answer after two days", question("2026-06-03T08:00:00Z", None, person)),
            ("a tag, under the rules of before", question("2026-06-03T08:00:00Z", old, tagged)),
            ("a tag that is gone", question("2026-06-03T08:00:00Z", None, tagged)),
            ("an agent without the feature", question("2026-06-03T08:00:00Z", None, r#""author":"agent""#)),
            ("automation after the day", question("2026-06-02T07:59:00Z", None, r#""author":"automation""#)),
            ("another app's thread", question("2026-06-01T09:00:00Z", None, r#""author":"agent","standby":true"#)),
            ("a Page without token", question("2026-06-01T09:00:00Z", None, r#""author":"agent","token":false"#)),
            ("a restricted Page", question("2026-06-01T09:00:00Z", None, r#""author":"agent","restricted":true"#)),
        ]
    }

    #[test]
    fn the_text_of_permits_holds_and_refusals_is_approved() {
        let told = questions().map(|(title, question)| format!("# {title}\n\n{}", question.text()));
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn the_json_of_permits_holds_and_refusals_is_approved() {
        let told = questions().map(|(title, question)| json!({ title: question.json() }));
        insta::assert_json_snapshot!(told);
    }

    #[test]
    fn what_has_no_end_says_so() {
        let mut endless = question("2026-06-03", Some("2020-01-15"), r#""author":"agent","tag":"account_update""#);
        assert!(endless.text().contains("PERMIT MESSAGE_TAG ACCOUNT_UPDATE without end\n"), "{}", endless.text());
        assert_eq!(endless.json()["until"], Value::Null);
        endless.facts.token = false;
        assert!(endless.text().contains("DEFER needs-reconnect without end\n"), "{}", endless.text());
    }
}
