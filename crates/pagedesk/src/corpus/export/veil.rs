//! What an export shows: pseudonyms, or with `--no-redaction` everything as it is.
//!
//! Invariant: whatever goes into a recording goes through here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use journal::Entropy as _;
use model::{AppId, PageId, Psid};
use simulator::play::recording::{DeliveryLine, FactLine};
use simulator::redact::{Gathering, Key, Redaction};

use super::origin::Origin;
use super::source::Source;
use crate::assembly::entropy;
use crate::cli::{Export, Narrowing};
use crate::exit::{Exit, Failure};
use crate::store::fault_words;

/// Fewest bytes of a key that nobody guesses.
const KEY_BYTES_MIN: usize = 16;

/// What stands between a store and its recording.
pub(super) enum Veil {
    /// Nothing.
    Bare,
    /// Pseudonyms.
    Redaction(Box<Redaction>),
}

impl Veil {
    /// What was asked for. Redaction hears the whole store first.
    pub(super) fn of(source: &Source<'_>, origin: &Origin) -> Result<Self, Failure> {
        let asked = source.asked;
        if asked.no_redaction {
            return Ok(Self::Bare);
        }
        let fault = |fault: anyhow::Error| broken(&asked.out, &fault);
        let mut gathering = Gathering::begin(&asked.out, &key(asked)?).map_err(fault)?;
        gathering.id(origin.app.as_str()).map_err(fault)?;
        let Narrowing { page, conversation, .. } = &asked.narrowing;
        let of_conversations = conversation.iter().flat_map(|(page, psid)| [page.as_str(), psid.as_str()]);
        page.iter().map(String::as_str).chain(of_conversations).try_for_each(|id| gathering.id(id)).map_err(fault)?;
        for (page, name) in &origin.pages {
            gathering.id(page.as_str()).and_then(|()| gathering.text(name)).map_err(fault)?;
        }
        source.each_customer(&mut |(page, psid, name)| {
            let ids = gathering.id(page.as_str()).and_then(|()| gathering.id(psid.as_str()));
            ids.and_then(|()| gathering.text(&name)).map_err(fault)
        })?;
        source.each_fact(&mut |line| gathering.fact(&line).map_err(fault))?;
        source.each_delivery("hearing", &mut |kept| gathering.delivery(kept.line.body.as_bytes()).map_err(fault))?;
        Ok(Self::Redaction(Box::new(gathering.finish().map_err(fault)?)))
    }

    /// Whether it shows pseudonyms.
    pub(super) const fn is_redaction(&self) -> bool {
        matches!(self, Self::Redaction(_))
    }

    /// An id.
    pub(super) fn id(&mut self, id: &str, out: &Path) -> Result<String, Failure> {
        let Self::Redaction(redaction) = self else { return Ok(id.to_owned()) };
        redaction.id(id).map_err(|fault| broken(out, &fault))
    }

    /// Where the Pages come from, as the recording tells it.
    pub(super) fn origin(&mut self, origin: Origin, out: &Path) -> Result<Origin, Failure> {
        let Self::Redaction(redaction) = self else { return Ok(origin) };
        let mut told = || {
            let mut pages = BTreeMap::new();
            for (page, name) in &origin.pages {
                pages.insert(PageId::new(redaction.id(page.as_str())?), redaction.text(name)?);
            }
            Ok(Origin { app: AppId::new(redaction.id(origin.app.as_str())?), pages, ..origin })
        };
        told().map_err(|fault| broken(out, &fault))
    }

    /// A delivery.
    pub(super) fn delivery(&mut self, line: DeliveryLine, out: &Path) -> Result<DeliveryLine, Failure> {
        let Self::Redaction(redaction) = self else { return Ok(line) };
        let body = redaction.delivery(line.body.as_bytes()).map_err(|fault| broken(out, &fault))?;
        let body = String::from_utf8(body).expect("text that is redacted stays text");
        Ok(DeliveryLine { at: line.at, body })
    }

    /// An agent's comment.
    pub(super) fn fact(&mut self, line: FactLine, out: &Path) -> Result<FactLine, Failure> {
        let Self::Redaction(redaction) = self else { return Ok(line) };
        redaction.fact(&line).map_err(|fault| broken(out, &fault))
    }

    /// A customer and the name.
    pub(super) fn customer(
        &mut self,
        (page, psid, name): (PageId, Psid, String),
        out: &Path,
    ) -> Result<(PageId, Psid, String), Failure> {
        let Self::Redaction(redaction) = self else { return Ok((page, psid, name)) };
        let mut told = || {
            let page = PageId::new(redaction.id(page.as_str())?);
            Ok((page, Psid::new(redaction.id(psid.as_str())?), redaction.text(&name)?))
        };
        told().map_err(|fault| broken(out, &fault))
    }
}

/// The key from the file that was named; else one that nobody ever learns.
fn key(asked: &Export) -> Result<Key, Failure> {
    let Some(path) = &asked.key_file else {
        let mut bytes = [0; 32];
        entropy()?.fill(&mut bytes);
        return Ok(Key::of(&bytes));
    };
    let bytes = fs::read(path).map_err(|fault| {
        let what = format!("the key {} cannot be read: {}", path.display(), fault_words(&fault));
        Failure::new(Exit::Configuration, what)
    })?;
    if bytes.trim_ascii().len() < KEY_BYTES_MIN {
        let what = format!("the key in {} is shorter than {KEY_BYTES_MIN} bytes", path.display());
        return Err(Failure::new(Exit::Configuration, what).remedy("make one: head -c 32 /dev/urandom > FILE"));
    }
    Ok(Key::of(&bytes))
}

/// Why a store is not shown as it is.
pub(super) fn is_real(dir: &Path) -> Failure {
    Failure::new(Exit::Configuration, format!("{} is not the store of a sandbox alone", dir.display()))
        .remedy("leave out --no-redaction: this store may hold what real people wrote")
}

fn broken(out: &Path, fault: &anyhow::Error) -> Failure {
    let what = format!("the pseudonyms cannot be kept beside {}: {fault:#}", out.display());
    Failure::new(Exit::Configuration, what).remedy("make room on the disk, or give another --out")
}
