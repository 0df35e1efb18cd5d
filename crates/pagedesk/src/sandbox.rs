//! `pagedesk sandbox`: a node, the embedded desk and a stand-in for Facebook in one process, on loopback, with invented
//! Pages and secrets. Plays a recording where one is given; else a few invented customers have written already.
//!
//! Invariants: nothing leaves the machine; the clock may be moved here and nowhere else; a temporary state is gone at
//! the end.

mod kept;
#[cfg(feature = "failpoints")]
mod late;
mod opening;
mod scene;
mod sign_in;
mod state;

use core::pin::pin;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::Clock as _;
use futures_util::future::{Either, select};
use journal::Entropy as _;
use model::{PageId, Redacted};
use node::{MovableClock, Serving};
use serde_json::json;
use simulator::fake::facebook::{Keeping, Page, StandIn, StandInOptions};
use simulator::play::recording::Recording;
use simulator::play::{Report, Stage, Unreadable, play};
use web::Guide;

use crate::assembly::{self, Doors};
use crate::cli::Sandbox;
use crate::exit::{self, Exit, Failure};
use crate::serve::{Orders, until};
use scene::Scene;
use sign_in::SignIn;

/// Runs a sandbox until it is told to end, or until its recording is played.
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
    let recording = asked.play.as_deref().map(read).transpose()?;
    if let (Some(dir), Some(_)) = (&asked.dir, &recording)
        && (dir.join("journal.redb").exists() || kept::is_in(dir))
    {
        let what = format!("{} holds a store already, and a recording needs an empty one", dir.display());
        return Err(Failure::new(Exit::Configuration, what).remedy("give another --dir, or none"));
    }
    // Removed when it is dropped, after everything in it is closed.
    let state = state::State::of(asked.dir.as_deref())?;
    assembly::runtime()?.block_on(run(asked, recording, state.dir().to_owned()))
}

/// Names printed of a folder that holds recordings.
const NAMES_MAX: usize = 20;

fn read(dir: &Path) -> Result<Recording, Failure> {
    let is_recording = |dir: &Path| dir.join("manifest.toml").is_file();
    if !is_recording(dir)
        && let Ok(entries) = std::fs::read_dir(dir)
    {
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()).filter(|path| is_recording(path)))
            .map(|path| path.display().to_string())
            .collect();
        names.sort();
        if let Some(first) = names.first() {
            let what = format!("{} is no recording, and holds {}:", dir.display(), names.len());
            let failure = Failure::several(Exit::UnreadableCorpus, what, names.iter().take(NAMES_MAX).cloned());
            return Err(failure.remedy(format!("give one of them, as --play {first}")));
        }
    }
    Recording::read(dir).map_err(|fault| unreadable(&fault))
}

/// Why a recording is not played.
pub(crate) fn unreadable(fault: &Unreadable) -> Failure {
    match fault {
        Unreadable::Wrong { .. } => Failure::new(Exit::UnreadableCorpus, fault.to_string())
            .remedy("docs/format/recording.md describes what a recording holds"),
        Unreadable::Empty(_) => Failure::new(Exit::NothingMatched, fault.to_string()),
    }
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

/// Where everything is.
struct Addresses {
    facebook: SocketAddr,
    desk: SocketAddr,
    webhook: SocketAddr,
}

async fn run(asked: &Sandbox, recording: Option<Recording>, dir: PathBuf) -> Result<Exit, Failure> {
    let mut orders = Orders::listen()?;
    let running = start(asked, recording.as_ref(), dir).await?;
    // What is printed on standard output is one thing: the report of a recording, or else the addresses.
    let addresses = if asked.json { running.json() } else { running.text(asked.dir.is_none()) };
    match (&recording, asked.json) {
        (Some(_), true) => exit::note(addresses.trim_end()),
        _ => exit::write_out(&addresses)?,
    }
    let Some(recording) = recording else { return running.until(&mut orders).await };
    let played = match select(pin!(orders.end_ordered()), pin!(running.play(&recording))).await {
        Either::Left(_) => Err(Failure::new(Exit::CheckFailed, "told to end before the recording was played")),
        Either::Right((played, _)) => played,
    };
    let report = match played {
        Ok(report) => report,
        Err(failure) => {
            running.stop().await;
            return Err(failure);
        }
    };
    exit::write_out(&shown(&report, asked.json))?;
    if asked.exit {
        running.stop().await;
    } else {
        running.until(&mut orders).await?;
    }
    Ok(if report.is_clean() { Exit::Ok } else { Exit::CheckFailed })
}

async fn start(asked: &Sandbox, recording: Option<&Recording>, dir: PathBuf) -> Result<Running, Failure> {
    let clock = MovableClock::default();
    let keeping = asked.dir.as_deref().map(kept::keeping).transpose()?;
    if let Some(at) = keeping.as_ref().and_then(Keeping::kept_at) {
        // A clock that was moved stays so: what was journaled then has happened.
        clock.advance_to(at);
    }
    // A kept state has its own news.
    let opens = recording.is_none() && !dir.join("journal.redb").exists() && !kept::is_in(&dir);
    if opens {
        clock.start_at(clock.now() - opening::TAKES);
    }
    let scene = match recording {
        Some(recording) => {
            clock.start_at(recording.begins_at());
            Scene::of(&recording.manifest)
        }
        None => Scene::invented(),
    };
    let doors = Doors {
        webhook: assembly::listen(asked.listen_webhook, "webhook").await?,
        desk: assembly::listen(asked.listen_desk, "desk").await?,
    };
    let (webhook, desk) = (assembly::address(&doors.webhook)?, assembly::address(&doors.desk)?);
    let mut entropy = assembly::entropy()?;
    // A recording is played with the same ids each time. Otherwise they are new: a kept state knows those of last time.
    let seed = recording.is_none().then(|| {
        let mut seed = [0; 8];
        entropy.fill(&mut seed);
        u64::from_le_bytes(seed)
    });
    let (sign_in, mut site) = sign_in::fresh(&mut entropy)?;
    let stand_in = stand_in(asked, &scene, &clock, (webhook, desk), seed, keeping).await?;
    site.guide = Some(Guide { customers_url: format!("{}/", stand_in.base_url()) });
    let addresses = Addresses { facebook: stand_in.address(), desk, webhook };
    let app_secret = scene.app_secret.clone();
    let parts = scene.assembly(dir.clone(), clock.clone(), doors, stand_in.base_url(), site);
    #[cfg(not(feature = "failpoints"))]
    let serving = assembly::start(parts).await?;
    #[cfg(feature = "failpoints")]
    let serving = assembly::start_with(parts, |graph| Arc::new(late::LateGraph::new(graph, clock.clone()))).await?;
    if opens {
        opening::open(&stand_in, &clock);
    }
    Ok(Running { serving, stand_in, clock, addresses, sign_in, app_secret, dir })
}

/// The stand-in beside the doors of webhook and desk. Without a seed it stands for a recording's world, whose customers
/// read by themselves.
async fn stand_in(
    asked: &Sandbox,
    scene: &Scene,
    clock: &MovableClock,
    (webhook, desk): (SocketAddr, SocketAddr),
    seed: Option<u64>,
    keeping: Option<Keeping>,
) -> Result<StandIn, Failure> {
    let now = clock.clone();
    let page = |(id, page): (&PageId, &node::PageConfig)| {
        let token = page.token.clone().unwrap_or_default();
        Page { id: id.clone(), name: page.name.clone(), token }
    };
    let pages = scene.pages.iter().map(page).collect();
    let options = StandInOptions::new(pages, Arc::new(move || now.now()));
    let options = StandInOptions {
        listen: asked.listen_facebook,
        app_id: scene.app_id.clone(),
        app_secret: scene.app_secret.clone(),
        verify_token: scene.verify_token.clone(),
        webhook_url: Some(format!("http://{webhook}/webhook")),
        agents_url: Some(format!("http://{desk}/")),
        human_agent: scene.human_agent,
        movable: Some(Arc::new(clock.clone())),
        reads_at_once: seed.is_none(),
        seed: seed.unwrap_or(options.seed),
        keeping,
        ..options
    };
    StandIn::start(options).await.map_err(|fault| {
        let what = format!("the stand-in for Facebook cannot listen on {}: {fault:#}", asked.listen_facebook);
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

    async fn play(&self, recording: &Recording) -> Result<Report, Failure> {
        let stage = Stage {
            clock: self.clock.clone(),
            node: Arc::clone(self.serving.node()),
            stand_in: &self.stand_in,
            webhook: format!("http://{}/webhook", self.addresses.webhook),
            desk: format!("http://{}", self.addresses.desk),
            app_secret: self.app_secret.clone(),
            store: self.dir.clone(),
        };
        play(recording, &stage)
            .await
            .map_err(|fault| Failure::new(Exit::Internal, format!("the recording could not be played: {fault:#}")))
    }

    fn text(&self, is_temporary: bool) -> String {
        let state = if is_temporary { "its state goes with it" } else { "its state stays" };
        let Addresses { facebook, desk, webhook } = &self.addresses;
        let SignIn { login, password } = &self.sign_in;
        format!(
            "pagedesk sandbox\n  \
             play the customer    http://{facebook}/\n  \
             answer as an agent   http://{desk}/\n  \
             sign in there        {login}  {}\n  \
             the webhook          http://{webhook}/webhook\n\
             End it with Ctrl-C; {state}.\n",
            password.reveal()
        )
    }

    fn json(&self) -> String {
        let Addresses { facebook, desk, webhook } = &self.addresses;
        let body = json!({
            "facebook": format!("http://{facebook}/"),
            "desk": format!("http://{desk}/"),
            "webhook": format!("http://{webhook}/webhook"),
            "login": self.sign_in.login,
            "password": self.sign_in.password.reveal(),
        });
        format!("{body}\n")
    }
}

fn shown(report: &Report, as_json: bool) -> String {
    let object = serde_json::to_value(report).expect("a report is plain text and numbers");
    if as_json {
        return format!("{object}\n");
    }
    let mut text = format!("{}\n", report.title);
    for (name, value) in object.as_object().into_iter().flatten().filter(|(_, value)| value.is_u64()) {
        text.push_str(&format!("  {name:<18} {value:>10}\n"));
    }
    for finding in &report.findings {
        text.push_str(&format!("  {finding}\n"));
    }
    text.push_str(if report.is_clean() { "nothing was lost and no rule was broken\n" } else { "not all is well\n" });
    text
}
