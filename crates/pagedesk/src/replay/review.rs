//! Accepting what differs conversation by conversation: each is shown and asked about, and the approved trace gets those
//! that were accepted.
//!
//! Asks and writes; how a part of a trace is taken over is the simulator's. Invariant: whatever was not said yes to stays
//! as it was approved; an answer that is none is asked for again, and the end of the answers is no yes.

use std::collections::BTreeSet;
use std::io;

use simulator::replay::accept::accepted;
use simulator::replay::compare::Difference;
use simulator::replay::told::Told;

use super::{APPROVED, Ran, Standing, shown};
use crate::exit::{self, Failure};
use crate::output::write;

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Yes,
    No,
    All,
    Quit,
}

/// Asks about each machine that differs, and last about what is nobody's.
///
/// `is_whole`: all that differs is looked at; else the approved trace is never replaced as a whole.
pub(super) fn review(ran: &Ran, (approved, now): (&Told, &Told), is_whole: bool) -> Result<Standing, Failure> {
    let found = &ran.comparison.differences;
    let mut machines: Vec<&str> = Vec::new();
    for who in found.iter().filter_map(|difference| difference.who.as_deref()) {
        if !machines.contains(&who) {
            machines.push(who);
        }
    }
    let (mut taken, mut all, mut refused) = (BTreeSet::new(), false, false);
    for who in &machines {
        let of_it: Vec<&Difference> =
            found.iter().filter(|difference| difference.who.as_deref() == Some(who)).collect();
        match if all { Answer::Yes } else { ask(who, &of_it)? } {
            Answer::Yes => drop(taken.insert((*who).to_owned())),
            Answer::No => refused = true,
            Answer::All => {
                all = true;
                taken.insert((*who).to_owned());
            }
            Answer::Quit => {
                refused = true;
                break;
            }
        }
    }
    let rest: Vec<&Difference> = found.iter().filter(|difference| difference.who.is_none()).collect();
    // What is nobody's follows from the others, so it can only follow all of them.
    let path = ran.folder.join(APPROVED);
    if is_whole && !refused && (rest.is_empty() || all || is_yes(ask("the whole", &rest)?)) {
        write(&path, &now.text)?;
        exit::write_out(&shown::approved(ran))?;
        return Ok(Standing::Approved);
    }
    if taken.is_empty() {
        exit::write_out(&format!("nothing was accepted; {} is as it was\n", path.display()))?;
        return Ok(Standing::Differs);
    }
    write(&path, &accepted(approved, now, &taken))?;
    let names: Vec<&str> = taken.iter().map(String::as_str).collect();
    exit::write_out(&format!(
        "accepted: {} of {} ({}); {} holds their lines now, and the rest as it was\n",
        taken.len(),
        machines.len(),
        names.join(", "),
        path.display()
    ))?;
    Ok(if refused || is_whole { Standing::Differs } else { Standing::Approved })
}

fn is_yes(answer: Answer) -> bool {
    match answer {
        Answer::Yes | Answer::All => true,
        Answer::No | Answer::Quit => false,
    }
}

/// Shows what differs and asks until there is an answer.
fn ask(who: &str, found: &[&Difference]) -> Result<Answer, Failure> {
    let mut text: String = String::from("\n");
    found.iter().for_each(|difference| {
        text.push_str(&format!("{}: {}", difference.group, shown::one(difference).trim_start()))
    });
    exit::write_out(&text)?;
    loop {
        exit::write_out(&format!("accept {who}? y(es), n(o), a(ll that follow), q(uit): "))?;
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line)?;
        if read == 0 {
            exit::write_out("\n")?;
            return Ok(Answer::Quit);
        }
        match line.trim() {
            "y" | "yes" => return Ok(Answer::Yes),
            "n" | "no" => return Ok(Answer::No),
            "a" | "all" => return Ok(Answer::All),
            "q" | "quit" => return Ok(Answer::Quit),
            _ => {}
        }
    }
}
