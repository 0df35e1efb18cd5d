//! `pagedesk replay --policy A --policy B`: the messages whose fate differs between two editions, and why.
//!
//! Runs each recording under both and lays the decisions side by side; the reasons are the policy's own. Invariant: a
//! message is named only where the two editions answer otherwise, never for the mere name of an edition.

use std::collections::BTreeMap;
use std::path::Path;

use model::Timestamp;
use policy::{EditionId, MessagingType, Verdict};
use serde_json::{Value, json};
use simulator::play::recording::{Folder, Recorded as _};
use simulator::replay::Outcome;
use simulator::replay::filter::Filter;
use simulator::replay::grounds::Judged;
use simulator::replay::line;
use simulator::replay::told::Told;

use crate::cli::Replay;
use crate::exit::{self, Exit, Failure};
use crate::policy::explain;
use crate::recordings;
use crate::sandbox::unreadable;
use simulator::counted::many;

/// What an agent would call the fate of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Sent(MessagingType),
    Held(policy::DeferReason),
    Refused(policy::ForbidReason),
}

impl Fate {
    fn of(judged: &Judged) -> Self {
        match judged.verdict {
            Verdict::Permit { messaging_type, .. } => Self::Sent(messaging_type),
            Verdict::Defer { reason, .. } => Self::Held(reason),
            Verdict::Forbid { reason } => Self::Refused(reason),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Sent(messaging_type) => {
                let (messaging_type, tag) = messaging_type.wire();
                format!("sent as {}", tag.unwrap_or(messaging_type))
            }
            Self::Held(reason) => format!("held: {}", reason.code()),
            Self::Refused(reason) => format!("refused: {}", reason.code()),
        }
    }
}

/// A message with the last decision on either side.
struct Message<'o> {
    who: String,
    part: u32,
    sides: [Option<&'o Judged>; 2],
}

/// Runs every recording under both editions.
pub(super) fn what_if(asked: &Replay, editions: [EditionId; 2], filter: &Filter) -> Result<Exit, Failure> {
    let (mut looked_at, mut changed) = (0, 0);
    for path in &recordings::of_all(&asked.paths)? {
        let recording = Folder::open(path).map_err(|fault| unreadable(&fault))?;
        let [one, other] = editions.map(|edition| super::play_under(&recording, edition));
        let sides = [one?, other?];
        let messages = messages(&sides, filter)?;
        looked_at += messages.len();
        let turned: Vec<&Message<'_>> = messages.iter().filter(|message| message.turns()).collect();
        changed += turned.len();
        let text = if asked.json {
            let told: Vec<Value> = turned.iter().map(|message| message.json(editions)).collect();
            let title = &sides[0].title;
            let counts =
                sides.iter().map(|side| json!({ "sends": side.counts.sends, "refusals": side.counts.refusals }));
            format!(
                "{}\n",
                json!({
                    "path": path.display().to_string(),
                    "title": title,
                    "editions": editions,
                    "counts": counts.collect::<Vec<_>>(),
                    "messages": messages.len(),
                    "changed": told,
                })
            )
        } else {
            let begins_at = recording.begins_at();
            let told: Vec<String> = turned.iter().map(|message| message.text(editions, begins_at)).collect();
            let count = {
                let have = if turned.len() == 1 { "has" } else { "have" };
                format!("{} of {} {have} another fate", turned.len(), many(messages.len(), "message"))
            };
            format!("{}\n{}{count} under {} than under {}\n", sides[0].title, told.concat(), editions[1], editions[0])
        };
        exit::write_out(&text)?;
    }
    if looked_at == 0 {
        let what = "no message was decided about in what is looked at".to_owned();
        return Err(super::nothing_matched(
            what,
            &asked.looked,
            asked.paths.first().map_or(Path::new("."), |path| path),
        ));
    }
    Ok(if changed == 0 { Exit::Ok } else { Exit::CheckFailed })
}

/// Every message that was decided about on either side, and that is looked at.
fn messages<'o>(sides: &'o [Outcome; 2], filter: &Filter) -> Result<Vec<Message<'o>>, Failure> {
    let mut found: BTreeMap<(&str, u32), Message<'o>> = BTreeMap::new();
    for (side, outcome) in sides.iter().enumerate() {
        let told = Told::read(&outcome.trace).map_err(|fault| {
            Failure::new(Exit::Internal, format!("the trace of {} cannot be read again: {fault}", outcome.title))
        })?;
        let chosen = filter.in_trace(&told);
        let taken: Vec<(&str, Option<&str>)> = told
            .lines
            .iter()
            .filter(|line| chosen.takes(line))
            .map(|line| (line.who.as_str(), line.field("part")))
            .collect();
        for judged in &outcome.judged {
            let who = outcome.names.get(&judged.machine).map_or("", String::as_str);
            let part = judged.part.0;
            if !filter.is_open() && !taken.contains(&(who, Some(part.to_string().as_str()))) {
                continue;
            }
            let empty = || Message { who: who.to_owned(), part, sides: [None; 2] };
            found.entry((who, part)).or_insert_with(empty).sides[side] = Some(judged);
        }
    }
    Ok(found.into_values().collect())
}

impl Message<'_> {
    fn turns(&self) -> bool {
        let [one, other] = self.sides.map(|side| side.map(Fate::of));
        one != other
    }

    fn text(&self, editions: [EditionId; 2], begins_at: Timestamp) -> String {
        let mut text = format!("\n{} message {}\n", self.who, self.part);
        for (edition, side) in editions.iter().zip(self.sides) {
            let Some(judged) = side else {
                text.push_str(&format!("  under {edition}: nothing was asked for\n"));
                continue;
            };
            let moment = line::written((judged.at - begins_at).0);
            let fate = Fate::of(judged).words();
            let facts = serde_json::to_string(&judged.facts).expect("facts are plain text and numbers");
            text.push_str(&format!("  under {edition}: {fate} at {moment}\n    facts {facts}\n"));
            let why = explain::told(judged);
            for line in why.lines() {
                text.push_str(format!("    {line}").trim_end());
                text.push('\n');
            }
        }
        text.push('\n');
        text
    }

    fn json(&self, editions: [EditionId; 2]) -> Value {
        let of = |(edition, side): (EditionId, Option<&Judged>)| match side {
            None => json!({ "edition": edition, "fate": null }),
            Some(judged) => json!({
                "edition": edition,
                "fate": Fate::of(judged).words(),
                "why": explain::object(judged),
            }),
        };
        let sides: Vec<Value> = editions.into_iter().zip(self.sides).map(of).collect();
        json!({ "who": self.who, "message": self.part, "sides": sides })
    }
}

#[cfg(test)]
mod tests {
    use model::Span;
    use policy::{Author, Facts, Guards, HumanAgentBase, Openers, UpdateTag, decide, editions};
    use simulator::replay::grounds::Judged;

    use super::*;

    /// News of a purchase, two days after the customer wrote.
    fn judged(edition: usize) -> Judged {
        let wrote_at = Timestamp(1_780_300_800_000);
        let facts = Facts {
            openers: Openers { last_action_at: Some(wrote_at), last_message_at: Some(wrote_at), ad_message_at: None },
            author: Author::Automation,
            tag: Some(UpdateTag::PostPurchaseUpdate),
            human_agent_feature: true,
            human_agent_base: HumanAgentBase::Message,
            guards: Guards::default(),
            restricted: false,
            token: true,
            standby: false,
            ad_refused: false,
            carries: policy::Carries::default(),
            privacy_refused_at: None,
            utility_feature: false,
        };
        let (edition, at) = (&editions()[edition], wrote_at + Span::days(2));
        Judged {
            machine: "c/17/5".parse().expect("a conversation"),
            part: machine::outbound::PartId(1),
            seq: 9,
            at,
            facts,
            edition: edition.id(),
            effective_from: policy::Calendar::AS_NAMED,
            verdict: decide(&facts, at, edition),
        }
    }

    #[test]
    fn a_message_whose_fate_turns_is_told_with_facts_and_rules_of_both_sides() {
        let (one, other) = (judged(0), judged(1));
        let editions = [one.edition, other.edition];
        let message = Message { who: "A/c1".to_owned(), part: 1, sides: [Some(&one), Some(&other)] };
        assert!(message.turns());
        insta::assert_snapshot!(message.text(editions, Timestamp(1_780_300_800_000)));
        let json = message.json(editions);
        assert_eq!(json["sides"][1]["fate"], "refused: tag-retired");
        assert_eq!(json["sides"][0]["why"]["rule"], "update-tags");
    }

    #[test]
    fn the_mere_name_of_an_edition_turns_nothing_and_a_missing_side_does() {
        let (one, mut other) = (judged(0), judged(0));
        other.edition = judged(1).edition;
        let of = |sides| Message { who: String::new(), part: 1, sides };
        assert!(!of([Some(&one), Some(&other)]).turns());
        assert!(of([Some(&one), None]).turns());
    }
}
