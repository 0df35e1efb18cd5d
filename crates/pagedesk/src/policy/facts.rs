//! The facts of a decision as people and programs write them: one JSON object, described in
//! `docs/format/policy-facts.md`.
//!
//! Invariants: an unknown key is refused; a fault is told with line and field; what `policy` itself writes of facts is read
//! as the same facts.

use core::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use model::{Span, Timestamp, in_plain_words};
use policy::{Author, Carries, ContentKind, Facts, Guards, HumanAgentBase, Openers, UpdateTag};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::config::duration;
use crate::exit::{Exit, Failure};
use crate::instant;

/// Facts are a few hundred bytes; more is something else.
const BYTES_MAX: u64 = 1 << 20;

/// Reads facts from a file; `-` is standard input.
///
/// # Errors
/// What cannot be read, with line and field.
pub(super) fn read(file: &Path) -> Result<Facts, Failure> {
    let (name, source): (String, io::Result<Box<dyn Read>>) = if file == Path::new("-") {
        ("standard input".to_owned(), Ok(Box::new(io::stdin().lock())))
    } else {
        (file.display().to_string(), File::open(file).map(|file| Box::new(file) as Box<dyn Read>))
    };
    let unread = |fault: io::Error| {
        Failure::new(Exit::UnreadableCorpus, format!("{name}: {fault}"))
            .remedy("name a file with facts, or pipe them in")
    };
    let mut text = String::new();
    source.and_then(|source| source.take(BYTES_MAX).read_to_string(&mut text)).map_err(unread)?;
    parse(&text).map_err(|fault| {
        Failure::new(Exit::UnreadableCorpus, format!("{name}, {fault}"))
            .remedy("docs/format/policy-facts.md describes every field")
    })
}

/// Reads facts from text.
///
/// # Errors
/// Line, column, field and what is wrong with it, in words.
pub(super) fn parse(text: &str) -> Result<Facts, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let told: Told = serde_path_to_error::deserialize(&mut reader).map_err(|fault| {
        let path = fault.path().to_string();
        // The whole, or what has no name.
        let field = if [".", "?"].contains(&&*path) { String::new() } else { format!(", field `{path}`") };
        told_fault(&field, fault.inner())
    })?;
    reader.end().map_err(|fault| told_fault("", &fault))?;
    Ok(told.into())
}

fn told_fault(field: &str, fault: &serde_json::Error) -> String {
    let (line, column, what) = (fault.line(), fault.column(), in_plain_words(&fault.to_string()));
    format!("line {line}, column {column}{field}: {what}")
}

/// The facts as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with facts")]
struct Told {
    openers: ToldOpeners,
    author: Author,
    #[serde(default)]
    tag: Option<UpdateTag>,
    #[serde(default)]
    human_agent_feature: bool,
    #[serde(default)]
    human_agent_base: HumanAgentBase,
    #[serde(default)]
    guards: ToldGuards,
    #[serde(default)]
    restricted: bool,
    #[serde(default = "yes")]
    token: bool,
    #[serde(default)]
    standby: bool,
    #[serde(default)]
    ad_refused: bool,
    #[serde(default)]
    carries: ToldCarries,
    #[serde(default)]
    privacy_refused_at: Option<Instant>,
    #[serde(default)]
    utility_feature: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with instants")]
struct ToldOpeners {
    #[serde(default)]
    last_action_at: Option<Instant>,
    #[serde(default)]
    last_message_at: Option<Instant>,
    #[serde(default)]
    ad_message_at: Option<Instant>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with lengths of time")]
struct ToldGuards {
    #[serde(default)]
    standard: Option<Length>,
    #[serde(default)]
    human_agent: Option<Length>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object with what the message carries")]
struct ToldCarries {
    kind: ContentKind,
    size: Option<u64>,
    buttons: u32,
}

fn yes() -> bool {
    true
}

impl From<Told> for Facts {
    fn from(told: Told) -> Self {
        let Told {
            openers: ToldOpeners { last_action_at, last_message_at, ad_message_at },
            author,
            tag,
            human_agent_feature,
            human_agent_base,
            guards: ToldGuards { standard, human_agent },
            restricted,
            token,
            standby,
            ad_refused,
            carries: ToldCarries { kind, size, buttons },
            privacy_refused_at,
            utility_feature,
        } = told;
        let at = |instant: Option<Instant>| instant.map(|Instant(at)| at);
        let guards = Guards::default();
        Self {
            openers: Openers {
                last_action_at: at(last_action_at),
                last_message_at: at(last_message_at),
                ad_message_at: at(ad_message_at),
            },
            author,
            tag,
            human_agent_feature,
            human_agent_base,
            guards: Guards {
                standard: standard.map_or(guards.standard, |Length(span)| span),
                human_agent: human_agent.map_or(guards.human_agent, |Length(span)| span),
            },
            restricted,
            token,
            standby,
            ad_refused,
            carries: Carries { kind, size, buttons },
            privacy_refused_at: at(privacy_refused_at),
            utility_feature,
        }
    }
}

/// Milliseconds, or as [`instant::read`] reads it.
struct Instant(Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = |ms| Some(Timestamp(ms));
        let expected = "an instant, 2026-06-01T08:00:00Z or milliseconds since 1970";
        deserializer.deserialize_any(NumberOrText { number, text: |text| instant::read(text).ok(), expected }).map(Self)
    }
}

/// Milliseconds, or as the configuration has lengths of time.
struct Length(Span);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a length of time, \"60s\" or milliseconds";
        deserializer
            .deserialize_any(NumberOrText { number: |ms| Some(Span(ms)), text: duration::read, expected })
            .map(Self)
    }
}

/// What can be written as a number or as text.
struct NumberOrText<T> {
    number: fn(i64) -> Option<T>,
    text: fn(&str) -> Option<T>,
    expected: &'static str,
}

impl<T> Visitor<'_> for NumberOrText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        (self.number)(number).ok_or_else(|| E::custom(format!("{number} is not {}", self.expected)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let beyond = |_| E::custom(format!("{number} is not {}", self.expected));
        i64::try_from(number).map_err(beyond).and_then(|number| self.visit_i64(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.text)(text).ok_or_else(|| E::custom(format!("{text:?} is not {}", self.expected)))
    }
}

#[cfg(test)]
mod tests {
    use simulator::agreement::Case;

    use super::*;

    const WROTE_AT: Timestamp = Timestamp(1_780_272_000_000);

    #[test]
    fn what_is_left_out_has_its_default() {
        let facts = parse(r#"{"openers":{"last_message_at":"2026-06-01T00:00:00Z"},"author":"agent"}"#);
        assert_eq!(
            facts,
            Ok(Facts {
                openers: Openers { last_action_at: None, last_message_at: Some(WROTE_AT), ad_message_at: None },
                author: Author::Agent,
                tag: None,
                human_agent_feature: false,
                human_agent_base: HumanAgentBase::Message,
                guards: Guards::default(),
                restricted: false,
                token: true,
                standby: false,
                ad_refused: false,
                carries: Carries::default(),
                privacy_refused_at: None,
                utility_feature: false,
            })
        );
    }

    #[test]
    fn instants_and_lengths_are_numbers_or_text() {
        let written = |at: &str, guard: &str| {
            let guards = format!(r#"{{"standard":{guard},"human_agent":null}}"#);
            let facts = format!(r#"{{"openers":{{"last_action_at":{at}}},"author":"automation","guards":{guards}}}"#);
            parse(&facts).map(|facts| (facts.openers.last_action_at, facts.guards.standard, facts.guards.human_agent))
        };
        let expected = Ok((Some(WROTE_AT), Span::seconds(90), Guards::default().human_agent));
        for at in ["1780272000000", "\"2026-06-01\"", "\"1780272000000\"", "\"2026-06-01T02:00:00+02:00\""] {
            for guard in ["90000", "\"90s\"", "\"1m30s\""] {
                assert_eq!(written(at, guard), expected, "{at} {guard}");
            }
        }
        assert_eq!(written("-1", "-5"), Ok((Some(Timestamp(-1)), Span(-5), Guards::default().human_agent)));
    }

    #[test]
    fn every_fault_names_its_line_and_its_field() {
        let faults: Vec<String> = [
            "",
            "{",
            "[]",
            "{}",
            "{\"author\": \"agent\"}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {},\n  \"colour\": 1\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {\n    \"last_mesage_at\": 1\n  }\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {\n    \"last_message_at\": \"yesterday\"\n  }\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {\"last_action_at\": 1.5}\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {\"last_action_at\": 9223372036854775808}\n}",
            "{\n  \"author\": \"robot\",\n  \"openers\": {}\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {},\n  \"token\": \"yes\"\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {},\n  \"tag\": \"human_agent\"\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {},\n  \"guards\": {\"standard\": \"60\"}\n}",
            "{\n  \"author\": \"agent\",\n  \"openers\": {},\n  \"author\": \"agent\"\n}",
            "{\"author\": \"agent\", \"openers\": {}}\n{}",
        ]
        .map(|text| parse(text).expect_err(text))
        .to_vec();
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn facts_that_the_policy_wrote_are_read_as_the_same_facts() {
        for number in 0..5_000 {
            let case = Case::draw(11, number);
            assert_eq!(parse(&case.facts_json()), Ok(case.facts));
        }
    }
}
