//! `pagedesk serve`: a node from its configuration until it is told to end. Also what shows a configuration.

use core::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use model::Span;
use node::{NodeConfig, Serving, SystemClock};
use tokio::signal::unix::{Signal, SignalKind, signal};
use web::{ApiTokens, IngressSettings, Lifetimes, Limits, SiteSettings};

use crate::assembly::{self, Assembly, Doors};
use crate::cli::{Configured, Serve};
use crate::config::{self, Config, Loaded, Outside};
use crate::exit::{self, Exit, Failure};
use crate::store;
use crate::store::whole;

/// Runs a node, or checks its configuration.
pub(crate) fn serve(asked: &Serve) -> Result<Exit, Failure> {
    let loaded = load(&asked.configured)?;
    for warning in &loaded.warnings {
        if asked.check {
            exit::note(&format!("warning: {warning}"));
        } else {
            tracing::warn!("{warning}");
        }
    }
    if asked.check {
        return check(&loaded.config);
    }
    assembly::runtime()?.block_on(run(loaded.config))
}

/// What only a start would find out otherwise, as far as it can be seen without making anything that stays.
fn check(config: &Config) -> Result<Exit, Failure> {
    let dir = &config.store.dir;
    if let Some(why) = store::obstacle(dir) {
        let failure = Failure::new(Exit::Configuration, format!("`store.dir`: {} {why}", dir.display()));
        return Err(failure.remedy("set store.dir to a folder that the node may write, or give it the right to"));
    }
    whole::look(dir)?;
    store::opens(dir)?;
    exit::print("the configuration is sound\n")
}

/// Prints the configuration in force.
pub(crate) fn show(asked: &Configured) -> Result<Exit, Failure> {
    exit::print(&load(asked)?.effective)
}

/// Reads a configuration, every fault of it in one failure.
pub(crate) fn load(asked: &Configured) -> Result<Loaded, Failure> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let outside = Outside { environment, flags: asked.set.clone() };
    config::load(&asked.config, &outside).map_err(|faults| {
        let each = faults.iter().map(ToString::to_string);
        let things = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
        Failure::several(Exit::Configuration, format!("the configuration has {things}:"), each)
            .remedy("mend each of them; `pagedesk config example` explains every setting")
    })
}

async fn run(config: Config) -> Result<Exit, Failure> {
    let mut orders = Orders::listen()?;
    let doors = Doors {
        webhook: assembly::listen(config.listen.webhook, "webhook").await?,
        desk: assembly::listen(config.listen.desk, "desk").await?,
    };
    let (webhook, desk) = (assembly::address(&doors.webhook)?, assembly::address(&doors.desk)?);
    let account = config.account_name.clone();
    let serving = assembly::start(parts(config, doors)).await?;
    tracing::info!(%webhook, %desk, account, "ready");
    until(serving, &mut orders).await
}

/// Serves until told to stop or until the node has ended by itself; then drains.
pub(crate) async fn until(serving: Serving, orders: &mut Orders) -> Result<Exit, Failure> {
    let node = Arc::clone(serving.node());
    let why = match select(pin!(orders.end_ordered()), pin!(node.ended())).await {
        Either::Left(_) => {
            tracing::info!("asked to end");
            None
        }
        Either::Right((why, _)) => Some(why),
    };
    serving.drain().await;
    match why {
        None => Ok(Exit::Ok),
        Some(why) => Err(Failure::new(Exit::Internal, format!("the node ended by itself: {why}"))
            .remedy("start it again; nothing acknowledged is lost. The log above says what came before")),
    }
}

/// The signals that order an end.
pub(crate) struct Orders {
    terminate: Signal,
    interrupt: Signal,
}

impl Orders {
    /// From now on the signals end nothing by themselves.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let of =
            |kind| signal(kind).map_err(|fault| Failure::new(Exit::Internal, format!("no signals come ({fault})")));
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    /// Resolves when an end was ordered.
    pub(crate) async fn end_ordered(&mut self) {
        // Which of them, and that they cannot come any more, is all the same.
        let _either = select(pin!(self.terminate.recv()), pin!(self.interrupt.recv())).await;
    }
}

fn parts(config: Config, doors: Doors) -> Assembly {
    let Config { store, listen, desk, meta, account, account_name: _, facts, pages, limits, drain } = config;
    let duration = |span: Span| core::time::Duration::from_millis(u64::try_from(span.0).unwrap_or(0));
    let drain_max = duration(drain);
    let tokens = match &desk.api_token {
        Some(token) => ApiTokens::new([token.reveal()]),
        // Where people must sign in, programs must not come in beside them.
        None if !desk.agents.is_empty() => ApiTokens::closed(),
        None => ApiTokens::default(),
    };
    let tokens = tokens.and(desk.tokens);
    Assembly {
        dir: store.dir,
        desk_cache_bytes: desk.cache_bytes,
        node: NodeConfig { account, facts, pages, limits, drain, cache_bytes: store.cache_bytes },
        graph: messenger::Config {
            base_url: meta.graph_url,
            version: meta.version,
            app_secret: meta.app_secrets.first().cloned(),
            ..messenger::Config::default()
        },
        clock: Arc::new(SystemClock),
        doors,
        ingress: IngressSettings {
            secrets: assembly::secrets(&meta.app_secrets),
            verify_tokens: assembly::secrets(&meta.verify_tokens),
        },
        ingress_limits: Limits {
            body_max: listen.body_max,
            connections_max: listen.connections_max,
            drain_max,
            ..Limits::ingress()
        },
        site: SiteSettings {
            tokens,
            agents: desk.agents,
            lifetimes: Lifetimes { idle: duration(desk.session_idle), at_most: duration(desk.session_at_most) },
            https: desk.https,
            agent_name: desk.agent_name,
            guide: None,
        },
        site_limits: Limits { connections_max: listen.desk_connections_max, drain_max, ..Limits::site() },
    }
}
