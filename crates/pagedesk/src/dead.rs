//! `pagedesk dead-letter`: what was not sent, of a running node.
//!
//! Everything goes through the node's API, which asks the rules anew. Invariant: what a message says is shown only where that
//! is asked for.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::asked::{Node, Refused};
use crate::cli::{DeadCommand, DeadDecision, DeadExport, DeadFilter, DeadList, DeadState};
use crate::exit::{self, Exit, Failure};
use crate::{instant, output};

/// Messages of one answer of the API.
const AT_ONCE: &str = "200";

/// Carries out a command about dead letters.
pub(crate) fn dead(command: &DeadCommand) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|fault| Failure::new(Exit::Internal, format!("nothing can run: {fault}")))?;
    runtime.block_on(async {
        match command {
            DeadCommand::List(asked) => list(asked).await,
            DeadCommand::Retry(asked) => decide(asked, "retry").await,
            DeadCommand::Skip(asked) => decide(asked, "skip").await,
            DeadCommand::Export(asked) => export(asked).await,
        }
    })
}

async fn list(asked: &DeadList) -> Result<Exit, Failure> {
    let letters = all(&Node::of(&asked.reached)?, &asked.filter, asked.text).await?;
    if asked.json {
        return exit::print(&format!("{}\n", json!({ "dead_letters": letters })));
    }
    let told: String = letters.iter().map(text).collect();
    let count = letters.len();
    let tail = match count {
        0 => "No message waits for a decision.\n".to_owned(),
        1 => "1 message\n".to_owned(),
        _ => format!("{count} messages\n"),
    };
    exit::print(&format!("{told}{tail}"))
}

async fn export(asked: &DeadExport) -> Result<Exit, Failure> {
    if let Some(out) = &asked.out {
        output::can_be_written("--out", out)?;
        output::spares("--out", out, &[])?;
    }
    let letters = all(&Node::of(&asked.reached)?, &asked.filter, asked.text).await?;
    let lines: String = letters.iter().map(|letter| format!("{letter}\n")).collect();
    match &asked.out {
        Some(out) => {
            output::write(out, &lines)?;
            exit::note(&format!("{} messages are in {}", letters.len(), out.display()));
            Ok(Exit::Ok)
        }
        None => exit::print(&lines),
    }
}

/// All that fit, page by page.
async fn all(node: &Node, filter: &DeadFilter, with_text: bool) -> Result<Vec<Value>, Failure> {
    let style = ProgressStyle::with_template("{spinner} {pos} messages").expect("the template is well formed");
    let bar = ProgressBar::new_spinner().with_style(style);
    let mut letters = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let state = filter.state.map(|state| match state {
            DeadState::Refused => "refused",
            DeadState::Failed => "failed",
            DeadState::InDoubt => "in_doubt",
        });
        let asked = [
            ("page", filter.page.as_deref()),
            ("state", state),
            ("reason", filter.reason.as_deref()),
            ("cursor", cursor.as_deref()),
            ("limit", Some(AT_ONCE)),
        ];
        let query: Vec<(&str, &str)> = asked.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let answer = node.get(&["dead-letters"], &query).await.map_err(|refused| ends(refused, "the list"))?;
        for letter in answer["dead_letters"].as_array().into_iter().flatten() {
            let mut letter = letter.clone();
            if let Some(fields) = letter.as_object_mut().filter(|_| !with_text) {
                fields.remove("text");
            }
            letters.push(letter);
        }
        bar.set_position(letters.len() as u64);
        let Some(next) = answer["next"].as_str() else { break };
        cursor = Some(next.to_owned());
    }
    bar.finish_and_clear();
    Ok(letters)
}

fn ends(refused: Refused, what: &str) -> Failure {
    match refused {
        Refused::Missing => Failure::new(Exit::NothingMatched, format!("{what} is not there")),
        Refused::Settled(said) => Failure::new(Exit::CheckFailed, format!("{what}: {said}")),
        Refused::Ends(failure) => failure,
    }
}

/// `c/PAGE/PSID/PART`
fn path(message: &str) -> Option<[&str; 4]> {
    let parts: Vec<&str> = message.split('/').collect();
    let parts: [&str; 4] = parts.try_into().ok()?;
    let whole = parts[0] == "c" && parts.iter().all(|part| !part.is_empty()) && parts[3].parse::<u32>().is_ok();
    whole.then_some(parts)
}

/// One after the other; the first that cannot be decided about ends it.
async fn decide(asked: &DeadDecision, how: &str) -> Result<Exit, Failure> {
    let node = Node::of(&asked.reached)?;
    let paths: Vec<(&String, [&str; 4])> = asked
        .messages
        .iter()
        .map(|message| {
            let what = format!("{message} names no message");
            let failure = || Failure::new(Exit::Usage, what).remedy("name it as c/PAGE/PSID/PART, as `list` shows it");
            path(message).map(|path| (message, path)).ok_or_else(failure)
        })
        .collect::<Result<_, _>>()?;
    let body = asked.by.as_ref().map_or_else(|| json!({}), |by| json!({ "by": by }));
    for (message, [c, page, psid, part]) in paths {
        let answer = node.post(&["dead-letters", c, page, psid, part, how], &body).await;
        let answer = answer.map_err(|refused| ends(refused, &format!("message {message}")))?;
        let mut told = answer["message"].clone();
        if let Some(fields) = told.as_object_mut() {
            fields.remove("text");
        }
        if asked.json {
            exit::print(&format!("{told}\n"))?;
        } else {
            exit::print(&text(&told))?;
        }
    }
    Ok(Exit::Ok)
}

/// A message for people: what it is, and what to do, below.
fn text(letter: &Value) -> String {
    let word = |key: &str| letter[key].as_str().unwrap_or_default().to_owned();
    let at = letter["queued_at"].as_i64().map(instant::write).unwrap_or_default();
    let by = letter["by"].as_str().map(|by| format!(" by {by}")).unwrap_or_default();
    let mut told = format!("{}  {}  {}  {at}{by}\n", word("id"), word("state"), word("reason"));
    for line in [word("text"), word("sentence")].into_iter().filter(|line| !line.is_empty()) {
        // What a customer or an agent wrote must not move the terminal.
        let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        told.push_str(&format!("    {plain}\n"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_named_by_its_whole_path() {
        assert_eq!(path("c/17/5001/2"), Some(["c", "17", "5001", "2"]));
        for odd in ["", "c/17/5001", "p/17/5001/2", "c/17/5001/x", "c//5001/2", "c/17/5001/2/3", "c/17/5001/-1"] {
            assert_eq!(path(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_message_is_told_in_plain_lines() {
        let letter = json!({
            "id": "c/17/5001/2", "state": "failed", "reason": "customer-unknown", "queued_at": 1_795_479_088_933_i64,
            "by": "Ida", "sentence": "Leave it.", "text": "From eight\u{1b}[2Jto noon.",
        });
        let told = "c/17/5001/2  failed  customer-unknown  2026-11-24T00:11:28.933Z by Ida\n    From eight [2Jto noon.\n    Leave it.\n";
        assert_eq!(text(&letter), told);
    }
}
