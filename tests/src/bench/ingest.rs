//! `bench-ingest`: bare, floor and node in turn, for each number of connections, several rounds; medians.
//!
//! The servers take turns within a round, so that what the machine does meanwhile meets all of them alike; ratios of one
//! run are what can be compared.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Serialize;

use super::bodies::People;
use super::child::{Child, Listening};
use super::clock;
use super::figures::{Figures, float, median, rounded};
use super::gauge::{Machine, Usage};
use super::generate::{Generated, Prepared};
use super::progress::Progress;
use super::whole::{CACHE_BYTES, Totals};

/// More than a body and its length: so much of the floor's file is written ahead for each message.
const FLOOR_BYTES_EACH: u64 = 1_024;

/// What is to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Over which conversations.
    pub(crate) people: People,
    /// Messages of one run.
    pub(crate) messages: u64,
    /// Connections, one run each.
    pub(crate) connections: Vec<usize>,
    /// Rounds.
    pub(crate) rounds: u64,
}

/// The settings that the figures were taken with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    messages: u64,
    conversations: u64,
    pages: u64,
    rounds: u64,
    body_bytes: f64,
    worker_threads: usize,
    allocator: &'static str,
    cache_mib_per_file: usize,
    /// No Graph API is under measurement.
    profiles: bool,
    cpu: &'static str,
    disk: &'static str,
}

/// The medians for one number of connections.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    /// Connections of the generator.
    pub(crate) connections: usize,
    /// Answers 200, stores nothing.
    pub(crate) bare: Figures,
    /// Checks the signature and appends to a synced file.
    pub(crate) floor: Figures,
    /// The node.
    pub(crate) node: Figures,
    /// Messages per second of the floor by those of the bare server.
    pub(crate) floor_vs_bare: f64,
    /// Messages per second of the node by those of the floor.
    pub(crate) ratio: f64,
    /// p99 of the node by that of the floor.
    pub(crate) p99_ratio: f64,
    /// From the first request to the last answer of the node.
    pub(crate) ingest_s: f64,
    /// From the first request until every conversation had its task.
    pub(crate) tasks_s: f64,
    /// From the first request until every delivery was done and every line stood in the desk.
    pub(crate) worked_off_s: f64,
    /// From the first request until the read models had followed, too.
    pub(crate) view_s: f64,
    /// `tasks_s` by `ingest_s`.
    pub(crate) tasks_ratio: f64,
    /// `worked_off_s` by `ingest_s`.
    pub(crate) worked_off_ratio: f64,
    /// `ratio` of each round.
    pub(crate) ratio_of_rounds: Vec<f64>,
}

/// All of it. The fields after `runs` are those of the number of connections with the lower ratio.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ingest {
    bench: &'static str,
    pub(crate) machine: Machine,
    pub(crate) settings: Settings,
    pub(crate) runs: Vec<Run>,
    pub(crate) connections: usize,
    floor: Figures,
    node: Figures,
    floor_vs_bare: f64,
    ratio: f64,
    p99_ratio: f64,
    ingest_s: f64,
    tasks_s: f64,
    worked_off_s: f64,
    /// Requests that were not answered 200, of all servers and rounds.
    pub(crate) not_200: u64,
    /// Every run of the node was worked off.
    pub(crate) worked_off: bool,
}

#[derive(Clone, Copy, Debug)]
enum Server {
    Bare,
    Floor,
    Node,
}

/// One server, one round.
struct Measured {
    figures: Figures,
    body_bytes: f64,
    ingest_s: f64,
    tasks_s: f64,
    worked_off_s: f64,
    view_s: f64,
    worked_off: bool,
}

/// Measures; files lie in `dir`.
pub(crate) fn measure(plan: &Plan, dir: &Path) -> anyhow::Result<Ingest> {
    let machine = Machine::this(dir)?;
    let mut rounds: Vec<Vec<[Measured; 3]>> = plan.connections.iter().map(|_| Vec::new()).collect();
    let progress = Progress::over(plan.rounds * u64::try_from(plan.connections.len()).expect("a length") * 3);
    for round in 1..=plan.rounds {
        for (connections, measured) in plan.connections.iter().zip(&mut rounds) {
            let one = |server: Server| {
                progress.says(format!("round {round}, {connections} connections, {server:?}"));
                let measured = one(plan, *connections, server, dir, round)
                    .with_context(|| format!("round {round}, {connections} connections, {server:?}"))?;
                progress.done(1);
                anyhow::Ok(measured)
            };
            measured.push([one(Server::Bare)?, one(Server::Floor)?, one(Server::Node)?]);
        }
    }
    let body_bytes = rounds.iter().flatten().flatten().map(|measured| measured.body_bytes).next().unwrap_or(0.0);
    let all = || rounds.iter().flatten().flatten();
    let not_200 = all().map(|measured| measured.figures.not_200).sum();
    let worked_off = all().all(|measured| measured.worked_off);
    let runs: Vec<Run> = plan.connections.iter().zip(&rounds).map(|(connections, of)| run(*connections, of)).collect();
    let worse = runs.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio)).context("at least one number of connections")?;
    Ok(Ingest {
        bench: "ingest",
        settings: settings(plan, machine.cores, body_bytes),
        machine,
        connections: worse.connections,
        floor: worse.floor,
        node: worse.node,
        floor_vs_bare: worse.floor_vs_bare,
        ratio: worse.ratio,
        p99_ratio: worse.p99_ratio,
        ingest_s: worse.ingest_s,
        tasks_s: worse.tasks_s,
        worked_off_s: worse.worked_off_s,
        not_200,
        worked_off,
        runs,
    })
}

fn settings(plan: &Plan, cores: usize, body_bytes: f64) -> Settings {
    Settings {
        messages: plan.messages,
        conversations: plan.people.conversations,
        pages: plan.people.pages,
        rounds: plan.rounds,
        body_bytes,
        worker_threads: cores,
        allocator: "mimalloc",
        cache_mib_per_file: CACHE_BYTES >> 20,
        profiles: false,
        cpu: "user and system time of the server's process, from the first request until all is worked off and the read \
              models have followed",
        disk: "write_bytes of /proc/PID/io in the same span",
    }
}

/// The medians of the rounds.
fn run(connections: usize, rounds: &[[Measured; 3]]) -> Run {
    let figures = |nth: usize| -> Vec<Figures> { rounds.iter().map(|round| round[nth].figures).collect() };
    let node = |figure: fn(&Measured) -> f64| median(rounds.iter().map(|round| figure(&round[2])).collect());
    let [bare, floor, whole] = [0, 1, 2].map(|nth| Figures::medians(&figures(nth)));
    let by = |a: f64, b: f64| if b > 0.0 { rounded(a / b) } else { 0.0 };
    let (ingest_s, worked_off_s) = (node(|measured| measured.ingest_s), node(|measured| measured.worked_off_s));
    let tasks_s = node(|measured| measured.tasks_s);
    Run {
        connections,
        bare,
        floor,
        node: whole,
        floor_vs_bare: by(floor.msgs_per_s, bare.msgs_per_s),
        ratio: by(whole.msgs_per_s, floor.msgs_per_s),
        p99_ratio: by(whole.p99_ms, floor.p99_ms),
        ingest_s,
        tasks_s,
        worked_off_s,
        view_s: node(|measured| measured.view_s),
        tasks_ratio: by(tasks_s, ingest_s),
        worked_off_ratio: by(worked_off_s, ingest_s),
        ratio_of_rounds: rounds
            .iter()
            .map(|[_, floor, whole]| by(whole.figures.msgs_per_s, floor.figures.msgs_per_s))
            .collect(),
    }
}

/// One server in a process of its own on an empty folder, and one generator.
fn one(plan: &Plan, connections: usize, server: Server, dir: &Path, round: u64) -> anyhow::Result<Measured> {
    let dir = tempfile::tempdir_in(dir).context("an empty folder")?;
    let mut child = Child::start(&arguments(plan, server, dir.path()))?;
    let listening: Listening = child.hear()?;
    let load = Load { people: plan.people, messages: plan.messages, covering: true, connections, seed: round };
    let (mut generator, prepared) = load.prepare(&listening)?;
    let before = Usage::of(child.pid())?;
    let generated: Generated = generator.ask("go")?;
    let ingest_s = clock::seconds(generated.first_us, generated.last_us);
    let mut measured = Measured {
        figures: Figures::default(),
        body_bytes: (float(prepared.body_bytes) / float(plan.messages.max(1))).round(),
        ingest_s: rounded(ingest_s),
        tasks_s: rounded(ingest_s),
        worked_off_s: rounded(ingest_s),
        view_s: rounded(ingest_s),
        worked_off: true,
    };
    if let Server::Node = server {
        let tasks = plan.people.conversations;
        let done: Totals = child.ask(&format!("worked-off {tasks} {}", generated.accepted))?;
        let seen: Totals = child.ask("caught-up")?;
        measured.tasks_s = rounded(clock::seconds(generated.first_us, done.bound_at_us));
        measured.worked_off_s = rounded(clock::seconds(generated.first_us, done.at_us));
        measured.view_s = rounded(clock::seconds(generated.first_us, seen.at_us));
        measured.worked_off = done.worked_off && seen.worked_off;
    }
    measured.figures = Figures::of(&generated, before, Usage::of(child.pid())?);
    generator.finish()?;
    child.stop()?;
    ensure!(generated.accepted > 0, "no request was answered 200");
    Ok(measured)
}

fn arguments(plan: &Plan, server: Server, dir: &Path) -> Vec<String> {
    let dir = dir.display().to_string();
    match server {
        Server::Bare => vec!["serve-bare".to_owned()],
        Server::Floor => vec!["serve-floor".to_owned(), dir, (plan.messages * FLOOR_BYTES_EACH).to_string()],
        Server::Node => serve_node(plan.people, &dir),
    }
}

/// The node's command line.
pub(crate) fn serve_node(people: People, dir: &str) -> Vec<String> {
    vec!["serve-node".to_owned(), dir.to_owned(), people.conversations.to_string(), people.pages.to_string()]
}

/// What a generator is to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Over which conversations.
    pub(crate) people: People,
    /// How many messages.
    pub(crate) messages: u64,
    /// Each conversation at least once.
    pub(crate) covering: bool,
    /// Over how many connections.
    pub(crate) connections: usize,
    /// Tells these messages from others.
    pub(crate) seed: u64,
}

impl Load {
    /// Starts a generator and waits until it is prepared; `go` lets it go.
    pub(crate) fn prepare(self, at: &Listening) -> anyhow::Result<(Child, Prepared)> {
        let mut arguments = vec!["generate".to_owned(), at.address.to_string(), self.connections.to_string()];
        let People { conversations, pages } = self.people;
        let now = u64::try_from(clock::wall_us() / 1_000).unwrap_or(0);
        arguments.extend([self.messages, conversations, pages, self.seed, now].map(|number| number.to_string()));
        if self.covering {
            arguments.push("--covering".to_owned());
        }
        let mut child = Child::start(&arguments)?;
        let prepared = child.hear()?;
        Ok((child, prepared))
    }
}
