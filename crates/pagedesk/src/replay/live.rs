//! `pagedesk replay --live URL`: the deliveries of recordings as signed webhooks to a node that runs.
//!
//! Invariant: the secret stands in a file or in the environment, never on the command line.

use std::fs;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use model::Redacted;
use serde_json::json;
use simulator::play::live::{Live, Stop, Target, live as post};
use simulator::play::recording::{Folder, Recorded};

use crate::cli::Replay;
use crate::exit::{self, Exit, Failure};
use crate::recordings;
use crate::sandbox::unreadable;
use simulator::counted::{counted, many, verb};

/// Where the secret is looked for when no file is named.
const SECRET: &str = "PAGEDESK_APP_SECRET";

/// Posts every recording, one after the other.
pub(super) fn live(asked: &Replay, url: &str) -> Result<Exit, Failure> {
    if !url.starts_with("http://") {
        let what = format!("{url} does not begin with http://");
        return Err(Failure::new(Exit::Usage, what).remedy("post to the node itself, not to the proxy in front of it"));
    }
    let target = Target { url: url.to_owned(), secret: secret(asked.secret_file.as_deref())?, speed: asked.speed };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut is_well = true;
    for path in &recordings::of_all(&asked.paths)? {
        let recording = Folder::open(path).map_err(|fault| unreadable(&fault))?;
        let bar = ProgressBar::new(recording.count() as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        let mut tick = |done: usize, _: usize| bar.set_position(done as u64);
        let done = runtime.block_on(post(&recording, &target, &mut tick));
        bar.finish_and_clear();
        let done = done.map_err(|stop| match stop {
            Stop::Unreachable(why) => Failure::new(Exit::Unreachable, format!("{url} does not answer: {why}"))
                .remedy("start the node, and name its webhook: http://127.0.0.1:8080/webhook"),
            Stop::Unreadable(fault) => unreadable(&fault),
        })?;
        is_well &= done.refused.is_empty();
        exit::write_out(&told(asked, path, &recording, &done))?;
    }
    Ok(if is_well { Exit::Ok } else { Exit::CheckFailed })
}

fn secret(file: Option<&Path>) -> Result<Redacted<String>, Failure> {
    let fault = |what: String| {
        Failure::new(Exit::Configuration, what)
            .remedy(format!("give --secret-file FILE with the app secret of the node, or set {SECRET}"))
    };
    let text = match file {
        Some(path) => fs::read_to_string(path)
            .map_err(|io| fault(format!("the secret {} cannot be read: {io}", path.display())))?,
        None => std::env::var(SECRET).map_err(|_| fault("no secret signs the deliveries".to_owned()))?,
    };
    let text = text.trim();
    if text.is_empty() { Err(fault("the secret is empty".to_owned())) } else { Ok(text.to_owned().into()) }
}

fn told(asked: &Replay, path: &Path, recording: &dyn Recorded, done: &Live) -> String {
    let title = &recording.manifest().title;
    if asked.json {
        let object = json!({ "path": path.display().to_string(), "title": title, "live": done });
        return format!("{object}\n");
    }
    let Live { deliveries, taken, refused, again, facts_left_out, elapsed_ms } = done;
    let mut text = format!(
        "{title}\n  {taken} of {} {} taken, in {elapsed_ms} ms\n",
        counted(*deliveries, "delivery"),
        verb(*taken, "was", "were")
    );
    if *again > 0 {
        text.push_str(&format!("  {} {} made again\n", counted(*again, "post"), verb(*again, "was", "were")));
    }
    if !refused.is_empty() {
        let statuses: Vec<String> = refused.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "  NOT TAKEN: {}, answered with {}\n",
            many(refused.len(), "delivery"),
            statuses.join(", ")
        ));
    }
    if *facts_left_out > 0 {
        text.push_str(&format!(
            "  {} of agents {} no door here and {} left out\n",
            counted(*facts_left_out, "comment"),
            verb(*facts_left_out, "has", "have"),
            verb(*facts_left_out, "was", "were"),
        ));
    }
    text
}
