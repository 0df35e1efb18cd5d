//! `pagedesk agent hash`: makes the hash of a password, typed or piped, for the configuration.
//!
//! Invariants: a password is never an argument, where others on the machine could read it, is not shown while it is
//! typed, and is kept nowhere.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use journal::Entropy as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::assembly;
use crate::cli::{AgentCommand, AgentHash};
use crate::exit::{self, Exit, Failure};

/// Bytes read of what is piped in; more is no password.
const PIPED_MAX: u64 = 16 << 10;

/// Carries out a command about agents.
pub(crate) fn agent(command: &AgentCommand) -> Result<Exit, Failure> {
    match command {
        AgentCommand::Hash(asked) => hash(asked),
    }
}

fn hash(asked: &AgentHash) -> Result<Exit, Failure> {
    let password = if io::stdin().is_terminal() { typed()? } else { piped()? };
    let hash = web::hash_password(&password, salt()?).map_err(|unfit| {
        Failure::new(Exit::Usage, unfit.to_string()).remedy("choose another; several words are easy to remember")
    })?;
    let Some(login) = &asked.login else { return exit::print(&format!("{hash}\n")) };
    let name = asked.name.as_ref().unwrap_or(login);
    let unfit = |unfit: web::AgentUnfit| Failure::new(Exit::Usage, unfit.to_string());
    web::Agent::new(name, login, &hash).map_err(unfit)?;
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let (name, login) = (quoted(name), quoted(login));
    exit::print(&format!("\n[[agent]]\nname = {name}\nlogin = {login}\npassword_hash = '{hash}'\n"))
}

/// Fresh chance for a hash.
fn salt() -> Result<[u8; 16], Failure> {
    let mut salt = [0; 16];
    assembly::entropy()?.fill(&mut salt);
    Ok(salt)
}

fn unread(fault: &io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("the password cannot be read: {fault}"))
}

/// One line, or all there is without its last line end.
fn piped() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().lock().take(PIPED_MAX).read_to_string(&mut text).map_err(|fault| unread(&fault))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.contains('\n') {
        let what = "several lines came in, and a password is one";
        return Err(Failure::new(Exit::Usage, what).remedy("pipe in the password alone"));
    }
    Ok(text.to_owned())
}

/// Typed twice, unseen.
fn typed() -> Result<String, Failure> {
    let first = unseen("Password: ").map_err(|fault| unread(&fault))?;
    let second = unseen("Again: ").map_err(|fault| unread(&fault))?;
    if first != second {
        return Err(Failure::new(Exit::Usage, "these were two different passwords").remedy("type the same one twice"));
    }
    Ok(first)
}

fn unseen(prompt: &str) -> io::Result<String> {
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    write!(stderr, "{prompt}")?;
    stderr.flush()?;
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    writeln!(stderr)?;
    read?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
