//! What a sandbox in a folder of its own keeps beside the node's store: the world of the stand-in, so that both know the
//! same customers when it is started again, and its addresses, so that pages which are still open find it again.
//!
//! Invariants: a world that cannot be made out is named before anything is started, and never written over; addresses
//! are a comfort alone, and cost no start.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use serde::{Deserialize, Serialize};
use simulator::fake::facebook::{Keeping, Unkept};

use crate::cli::Sandbox;
use crate::exit::{self, Exit, Failure};
use crate::store::fault_words;

/// The file of the stand-in's world.
const FILE: &str = "stand-in.json";

/// The file of the addresses.
const DOORS: &str = "doors.json";

/// Where everything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Addresses {
    /// The stand-in for Facebook.
    pub(super) facebook: SocketAddr,
    /// Pages and API.
    pub(super) desk: SocketAddr,
    /// The webhook.
    pub(super) webhook: SocketAddr,
}

impl Addresses {
    /// Where to listen: as was asked for; where any port is right, that of last time, if nobody has taken it since.
    pub(super) fn asked(asked: &Sandbox) -> Self {
        let text = asked.dir.as_deref().and_then(|dir| fs::read_to_string(dir.join(DOORS)).ok());
        let kept: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let door = |asked: SocketAddr, kept: Option<SocketAddr>, what: &str| again(asked, kept, what, exit::note);
        Self {
            facebook: door(asked.listen_facebook, kept.map(|kept| kept.facebook), "the stand-in for Facebook"),
            desk: door(asked.listen_desk, kept.map(|kept| kept.desk), "the desk"),
            webhook: door(asked.listen_webhook, kept.map(|kept| kept.webhook), "the webhook"),
        }
    }

    /// Keeps them for the next start.
    pub(super) fn keep(&self, dir: &Path) {
        let (path, text) = (dir.join(DOORS), serde_json::to_string(self).expect("addresses are plain text"));
        if let Err(fault) = fs::write(&path, format!("{text}\n")) {
            let why = fault_words(&fault);
            tracing::warn!(file = %path.display(), why, "the addresses are not kept, and will be others next time");
        }
    }
}

/// The address to listen on. `note` is told where it is another one than last time.
fn again(asked: SocketAddr, kept: Option<SocketAddr>, what: &str, note: impl FnOnce(&str)) -> SocketAddr {
    let Some(kept) = kept.filter(|kept| asked.port() == 0 && kept.ip() == asked.ip()) else { return asked };
    match TcpListener::bind(kept) {
        Ok(_free) => kept,
        Err(fault) => {
            let why = fault_words(&fault);
            note(&format!("{what} was at {kept} last time, which cannot be had now: {why}. It is at another one"));
            asked
        }
    }
}

/// Whether a stand-in was kept in this folder.
pub(super) fn is_in(dir: &Path) -> bool {
    dir.join(FILE).exists()
}

/// Keeps the stand-in in this folder, and takes up what is there.
pub(super) fn keeping(dir: &Path) -> Result<Keeping, Failure> {
    let path = dir.join(FILE);
    Keeping::at(&path).map_err(|fault| {
        let failure = Failure::new(Exit::Configuration, format!("{}: {fault}", path.display()));
        failure.remedy(match fault {
            Unkept::Damaged(_) => {
                "restore it from a backup, or remove it: the stand-in begins anew then, and what the node knows stays"
            }
            Unkept::Newer(_) => "run the newer pagedesk, or give another --dir",
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_last_time_is_taken_again_unless_it_is_taken_or_another_one_is_asked_for() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut told = Vec::new();
        let mut at = |asked, kept| again(asked, kept, "the desk", |text| told.push(text.to_owned()));
        let held = TcpListener::bind(any).unwrap();
        let taken = held.local_addr().unwrap();
        assert_eq!(at(any, None), any);
        assert_eq!(at(any, Some(taken)), any);
        let asked = "127.0.0.1:8081".parse().unwrap();
        assert_eq!(at(asked, Some(taken)), asked);
        assert_eq!(at(any, Some("127.0.0.2:9".parse().unwrap())), any, "another address was asked for");
        drop(held);
        assert_eq!(at(any, Some(taken)), taken);
        let [said] = told.as_slice() else { panic!("{told:?}") };
        assert!(said.starts_with(&format!("the desk was at {taken} last time, which cannot be had now: ")), "{said}");
    }
}
