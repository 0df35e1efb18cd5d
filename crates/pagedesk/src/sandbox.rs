//! `pagedesk sandbox`: a node, the embedded desk and a stand-in for Facebook in one process, on loopback, with invented
//! Pages and secrets. Plays a recording or a scenario where one is given; else a few invented customers have written
//! already.
//!
//! Invariants: nothing leaves the machine; the clock may be moved here and nowhere else; a temporary state is gone at
//! the end.

mod kept;
#[cfg(feature = "failpoints")]
mod late;
mod opening;
mod piece;
pub(crate) mod scene;
mod sign_in;
mod state;

use core::pin::pin;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use actors::Clock as _;
use futures_util::future::{Either, select};
use journal::Entropy as _;
use model::{PageId, Redacted};
use node::{MovableClock, Serving};
use serde_json::json;
use simulator::fake::facebook::{Keeping, Page, StandIn, StandInOptions};
use simulator::play::Stage;
use web::Guide;

use crate::assembly::{self, Doors};
use crate::cli::Sandbox;
use crate::exit::{self, Exit, Failure};
use crate::serve::{Orders, until};
use kept::Addresses;
use piece::{Outcome, Piece};
use scene::Scene;
use sign_in::SignIn;

pub(crate) use piece::unreadable;

/// Runs a sandbox until it is told to end, or until what it plays is over.
pub(crate) fn sandbox(asked: &Sandbox) -> Result<Exit, Failure> {
    for (address, flag) in [
        (asked.listen_webhook, "--listen-webhook"),
        (asked.listen_desk, "--listen-desk"),
        (asked.listen_facebook, "--listen-facebook"),
    ] {
        if !address.ip().is_loopback() {
            let what =
                format!("{flag} {address}: a sandbox's secrets are known to everybody, so it stays on this machine");
            return Err(Failure::new(Exit::Usage, what).remedy("give an address as 127.0.0.1:8081"));
        }
    }
    let piece = Piece::of(asked)?;
    if let (Some(dir), Some(piece)) = (&asked.dir, &piece)
        && (dir.join("journal.redb").exists() || kept::is_in(dir))
    {
        let what = format!("{} holds a store already, and a {} needs an empty one", dir.display(), piece.word());
        return Err(Failure::new(Exit::Configuration, what).remedy("give another --dir, or none"));
    }
    // Removed when it is dropped, after everything in it is closed.
    let state = state::State::of(asked.dir.as_deref())?;
    assembly::runtime()?.block_on(run(asked, piece, state.dir().to_owned()))
}

/// Everything that runs.
struct Running {
    serving: Serving,
    stand_in: StandIn,
    clock: MovableClock,
    addresses: Addresses,
    sign_in: SignIn,
    app_secret: Redacted<String>,
    dir: PathBuf,
}

async fn run(asked: &Sandbox, piece: Option<Piece>, dir: PathBuf) -> Result<Exit, Failure> {
    let mut orders = Orders::listen()?;
    let running = start(asked, piece.as_ref(), dir).await?;
    // What is printed on standard output is one thing: the report of what is played, or else the addresses.
    let addresses = if asked.json { running.json(asked.exit) } else { running.text(asked) };
    match (&piece, asked.json) {
        (Some(_), true) => exit::note(addresses.trim_end()),
        _ => exit::write_out(&addresses)?,
    }
    let Some(piece) = piece else { return running.until(&mut orders).await };
    let played = match select(pin!(orders.end_ordered()), pin!(running.play(&piece))).await {
        Either::Left(_) => {
            let what = format!("told to end before the {} was played", piece.word());
            Err(Failure::new(Exit::CheckFailed, what))
        }
        Either::Right((played, _)) => played,
    };
    let outcome = match played {
        Ok(outcome) => outcome,
        Err(failure) => {
            running.stop().await;
            return Err(failure);
        }
    };
    exit::write_out(&outcome.shown(asked.json))?;
    if asked.exit {
        running.stop().await;
    } else {
        running.until(&mut orders).await?;
    }
    Ok(if outcome.is_clean { Exit::Ok } else { Exit::CheckFailed })
}

async fn start(asked: &Sandbox, piece: Option<&Piece>, dir: PathBuf) -> Result<Running, Failure> {
    let clock = MovableClock::default();
    let keeping = asked.dir.as_deref().map(kept::keeping).transpose()?;
    if let Some(at) = keeping.as_ref().and_then(Keeping::kept_at) {
        // A clock that was moved stays so: what was journaled then has happened.
        clock.advance_to(at);
    }
    // A kept state has its own news.
    let opens = piece.is_none() && !dir.join("journal.redb").exists() && !kept::is_in(&dir);
    if opens {
        clock.start_at(clock.now() - opening::TAKES);
    }
    let scene = match piece {
        Some(piece) => {
            clock.start_at(piece.begins_at());
            piece.scene()
        }
        None => Scene::invented(),
    };
    let wanted = Addresses::asked(asked);
    let doors = Doors {
        webhook: assembly::listen(wanted.webhook, "webhook").await?,
        desk: assembly::listen(wanted.desk, "desk").await?,
    };
    let (webhook, desk) = (assembly::address(&doors.webhook)?, assembly::address(&doors.desk)?);
    let mut entropy = assembly::entropy()?;
    // What is played has the same chances each time. Otherwise they are new: a kept state knows the ids of last time.
    let seed = piece.is_none().then(|| {
        let mut seed = [0; 8];
        entropy.fill(&mut seed);
        u64::from_le_bytes(seed)
    });
    let tells = piece.is_none_or(Piece::is_told_of_sends);
    let (sign_in, mut site) = sign_in::fresh(&mut entropy)?;
    let stand_in = stand_in(wanted.facebook, &scene, &clock, (webhook, desk), Manner { seed, tells, keeping }).await?;
    site.guide = Some(Guide { customers_url: format!("{}/", stand_in.base_url()) });
    let addresses = Addresses { facebook: stand_in.address(), desk, webhook };
    let app_secret = scene.app_secret.clone();
    let parts = scene.assembly(dir.clone(), clock.clone(), doors, stand_in.base_url(), site);
    #[cfg(not(feature = "failpoints"))]
    let serving = assembly::start(parts).await?;
    #[cfg(feature = "failpoints")]
    let serving = assembly::start_with(parts, |graph| Arc::new(late::LateGraph::new(graph, clock.clone()))).await?;
    // Not before the store is open: beside one that cannot be used nothing is written.
    if let Some(dir) = asked.dir.as_deref().filter(|_| !asked.exit) {
        addresses.keep(dir);
    }
    if opens {
        opening::open(&stand_in, &clock);
    }
    Ok(Running { serving, stand_in, clock, addresses, sign_in, app_secret, dir })
}

/// How the stand-in behaves.
struct Manner {
    /// What its chances are drawn from. Without one, something is played, and customers read by themselves.
    seed: Option<u64>,
    /// Whether it tells of the node's own sends, by echoes and receipts.
    tells: bool,
    /// Where its world is kept, if it is.
    keeping: Option<Keeping>,
}

/// The stand-in beside the doors of webhook and desk.
async fn stand_in(
    listen: SocketAddr,
    scene: &Scene,
    clock: &MovableClock,
    (webhook, desk): (SocketAddr, SocketAddr),
    Manner { seed, tells, keeping }: Manner,
) -> Result<StandIn, Failure> {
    let now = clock.clone();
    let page = |(id, page): (&PageId, &node::PageConfig)| {
        let token = page.token.clone().unwrap_or_default();
        Page { id: id.clone(), name: page.name.clone(), token }
    };
    let pages = scene.pages.iter().map(page).collect();
    let options = StandInOptions::new(pages, Arc::new(move || now.now()));
    let options = StandInOptions {
        listen,
        app_id: scene.app_id.clone(),
        app_secret: scene.app_secret.clone(),
        verify_token: scene.verify_token.clone(),
        webhook_url: Some(format!("http://{webhook}/webhook")),
        agents_url: Some(format!("http://{desk}/")),
        human_agent: scene.human_agent,
        dates: simulator::chronicle::dates(&scene.effective_from),
        movable: Some(Arc::new(clock.clone())),
        echoes: tells,
        receipts: tells,
        reads_at_once: seed.is_none(),
        seed: seed.unwrap_or(options.seed),
        keeping,
        ..options
    };
    StandIn::start(options).await.map_err(|fault| {
        let what = format!("the stand-in for Facebook cannot listen on {listen}: {fault:#}");
        Failure::new(Exit::Configuration, what).remedy("end the other process that uses it, or choose another address")
    })
}

impl Running {
    async fn until(self, orders: &mut Orders) -> Result<Exit, Failure> {
        let ended = until(self.serving, orders).await;
        self.stand_in.stop().await;
        ended
    }

    async fn stop(self) {
        self.serving.drain().await;
        self.stand_in.stop().await;
    }

    async fn play(&self, piece: &Piece) -> Result<Outcome, Failure> {
        let stage = Stage {
            clock: self.clock.clone(),
            node: Arc::clone(self.serving.node()),
            stand_in: &self.stand_in,
            webhook: format!("http://{}/webhook", self.addresses.webhook),
            desk: format!("http://{}", self.addresses.desk),
            app_secret: self.app_secret.clone(),
            store: self.dir.clone(),
        };
        piece.play(&stage).await
    }

    /// The addresses for people. A play that ends by itself leaves nobody the time to sign in.
    fn text(&self, asked: &Sandbox) -> String {
        let state = if asked.dir.is_none() { "its state goes with it" } else { "its state stays" };
        let Addresses { facebook, desk, webhook } = &self.addresses;
        let SignIn { login, password } = &self.sign_in;
        let sign_in = format!("  sign in there        {login}  {}\n", password.reveal());
        let (sign_in, end) = if asked.exit {
            (String::new(), format!("It ends when all is played; {state}.\n"))
        } else {
            (sign_in, format!("End it with Ctrl-C; {state}.\n"))
        };
        format!(
            "pagedesk sandbox\n  \
             play the customer    http://{facebook}/\n  \
             answer as an agent   http://{desk}/\n\
             {sign_in}  \
             the webhook          http://{webhook}/webhook\n\
             {end}"
        )
    }

    fn json(&self, ends: bool) -> String {
        let Addresses { facebook, desk, webhook } = &self.addresses;
        let mut body = json!({
            "facebook": format!("http://{facebook}/"),
            "desk": format!("http://{desk}/"),
            "webhook": format!("http://{webhook}/webhook"),
        });
        if !ends {
            body["login"] = json!(self.sign_in.login);
            body["password"] = json!(self.sign_in.password.reveal());
        }
        format!("{body}\n")
    }
}
