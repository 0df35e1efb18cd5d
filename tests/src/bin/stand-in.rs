//! The stand-in for Facebook as a process of its own: it survives the node that is killed beside it.
//!
//! Says its address in one line, is steered over its control API, and ends when its input does. Its customers read at
//! once what is sent to them; with `unhurried` behind the webhook's address they read when their page is opened.

use std::io::Write as _;
use std::sync::Arc;

use actors::Clock as _;
use it::rig::{APP, APP_SECRET, PAGES, VERIFY_TOKEN, quick_retry, stand_in_page};
use model::AppId;
use node::SystemClock;
use simulator::fake::facebook::{StandIn, StandInOptions};
use tokio::io::{AsyncReadExt as _, stdin};

fn main() -> anyhow::Result<()> {
    let (webhook, pace) = (std::env::args().nth(1), std::env::args().nth(2));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let options = StandInOptions {
            app_id: AppId::new(APP),
            app_secret: APP_SECRET.into(),
            verify_token: VERIFY_TOKEN.into(),
            webhook_url: webhook,
            retry: quick_retry(),
            reads_at_once: pace.as_deref() != Some("unhurried"),
            ..StandInOptions::new(PAGES.into_iter().map(stand_in_page).collect(), Arc::new(|| SystemClock.now()))
        };
        let stand_in = StandIn::start(options).await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", stand_in.base_url())?;
        out.flush()?;
        drop(out);
        // Whatever is said is ignored: only the end counts.
        stdin().read_to_end(&mut Vec::new()).await?;
        stand_in.stop().await;
        Ok(())
    })
}
