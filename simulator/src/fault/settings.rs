//! An admin changes what the node is configured with, in mid-flight: `admin sets human-agent off`, `admin sets guard 2m`,
//! `admin sets human-agent-guard 10m`, `admin sets new-task off`, `admin reconnects A`. Promises: P1, P11, P13, P14, P20.
//!
//! The node reads its configuration when it starts, so it starts again; where it is down, at its next start. Meta grants
//! or takes back the Human Agent feature at the same time.

use core::fmt;

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble, Word, written};

pub(super) const KIND: Kind = Kind { word: "settings", read, plan, percent: 25 };

/// The subject of these lines.
pub(super) const ADMIN: &str = "admin";

/// What an admin changes. `P` is how a Page is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Setting<P = Word> {
    /// Whether the app has the Human Agent feature.
    HumanAgent(bool),
    /// How long before the end of 24 hours nothing is sent any more.
    Guard(Span),
    /// The same before the end of 7 days.
    HumanAgentGuard(Span),
    /// Whether a message to a task that is not active opens a new one.
    NewTask(bool),
    /// The Page gets a new token.
    Reconnects(P),
}

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != ADMIN {
        return Ok(None);
    }
    if cursor.takes("reconnects") {
        let place = cursor.clone();
        let page = placed.page(cursor.word("which Page, as A,")?, &place)?;
        return Ok(Some(Fault::Sets(Setting::Reconnects(page))));
    }
    if !cursor.takes("sets") {
        return Err(cursor.stumble("an admin `sets` or `reconnects`: write admin sets guard 2m, or admin reconnects A"));
    }
    let place = cursor.clone();
    let setting = match cursor.word("what is set")? {
        "human-agent" => Setting::HumanAgent(switch(cursor)?),
        "new-task" => Setting::NewTask(switch(cursor)?),
        "guard" => Setting::Guard(placed.length(cursor)?),
        "human-agent-guard" => Setting::HumanAgentGuard(placed.length(cursor)?),
        other => {
            let what = "human-agent, new-task, guard and human-agent-guard can";
            return Err(place.stumble(format!("`{other}` cannot be set: {what}")));
        }
    };
    Ok(Some(Fault::Sets(setting)))
}

fn switch(cursor: &mut Cursor<'_>) -> Result<bool, Stumble> {
    match () {
        () if cursor.takes("on") => Ok(true),
        () if cursor.takes("off") => Ok(false),
        () => Err(cursor.stumble("it is `on` or `off`")),
    }
}

/// Up to four changes beside something that happens.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("changes", 4) {
        let about = format!("change {nth}");
        let on = draw.percent(&format!("{about} on"), 50);
        let setting: Setting<&str> = match draw.below(&format!("{about} what"), 4) {
            0 => Setting::NewTask(on),
            1 => Setting::Guard(
                draw.of(&format!("{about} guard"), &[Span::minutes(1), Span::minutes(2), Span::hours(1)]),
            ),
            2 => Setting::HumanAgentGuard(draw.of(&format!("{about} guard"), &[Span::minutes(5), Span::hours(2)])),
            _ => Setting::HumanAgent(on),
        };
        draw.beside(&about, format!("{ADMIN} {setting}"));
    }
}

impl<P: fmt::Display> fmt::Display for Setting<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |on: bool| if on { "on" } else { "off" };
        match self {
            Self::HumanAgent(on) => write!(f, "sets human-agent {}", word(*on)),
            Self::NewTask(on) => write!(f, "sets new-task {}", word(*on)),
            Self::Guard(guard) => write!(f, "sets guard {}", written(*guard)),
            Self::HumanAgentGuard(guard) => write!(f, "sets human-agent-guard {}", written(*guard)),
            Self::Reconnects(page) => write!(f, "reconnects {page}"),
        }
    }
}
