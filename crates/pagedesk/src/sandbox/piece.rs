//! What a sandbox plays by itself: a recording or a scenario, read and checked before anything starts.
//!
//! Reads and reports; what plays is the simulator's. Invariant: what cannot be read ends the program before a door opens.

use std::path::Path;

use model::{Span, Timestamp};
use serde_json::Value;
use simulator::play::recording::{Folder, Recorded as _};
use simulator::play::script::{self, ScriptReport};
use simulator::play::{Report, Stage, Unreadable, play};
use simulator::scenario::{Scenario, Unplayable};

use super::scene::Scene;
use crate::cli::Sandbox;
use crate::exit::{Exit, Failure};

/// Longer than a sandbox takes to start.
const STARTING: Span = Span::minutes(1);

/// Names printed of a folder that holds recordings.
const NAMES_MAX: usize = 20;

/// What is played.
pub(super) enum Piece {
    /// Deliveries and comments as they came once.
    Recording(Box<Folder>),
    /// What customers, agents and Meta do, and what lines of it are told by.
    Script(Scenario, String),
}

/// What came of it.
pub(super) struct Outcome {
    /// All is well.
    pub(super) is_clean: bool,
    object: Value,
    title: String,
    findings: Vec<String>,
    verdict: &'static str,
}

impl Piece {
    /// What was asked for, if something was.
    pub(super) fn of(asked: &Sandbox) -> Result<Option<Self>, Failure> {
        let recording =
            asked.play.as_deref().map(recording).transpose()?.map(|folder| Self::Recording(Box::new(folder)));
        let script = asked
            .script
            .as_deref()
            .map(|file| scenario(file).map(|scenario| Self::Script(scenario, file.display().to_string())));
        Ok(recording.or(script.transpose()?))
    }

    /// How it is spoken of.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Recording(_) => "recording",
            Self::Script(..) => "scenario",
        }
    }

    /// When the clock begins: with a recording at its first instant, and before a scenario so early that its first line
    /// still lies ahead when everything has started.
    pub(super) fn begins_at(&self) -> Timestamp {
        match self {
            Self::Recording(recording) => recording.begins_at(),
            Self::Script(scenario, _) => scenario.begins_at - STARTING,
        }
    }

    /// Who and what there is in it.
    pub(super) fn scene(&self) -> Scene {
        match self {
            Self::Recording(recording) => Scene::of(recording.manifest()),
            Self::Script(scenario, _) => Scene::of_script(scenario),
        }
    }

    /// Whether the stand-in tells of the node's own sends: what a scenario comes to is recorded, and whoever plays a
    /// recording makes echoes and receipts of their own.
    pub(super) fn is_told_of_sends(&self) -> bool {
        matches!(self, Self::Recording(_))
    }

    /// Plays it to its end.
    pub(super) async fn play(&self, stage: &Stage<'_>) -> Result<Outcome, Failure> {
        let played = match self {
            Self::Recording(recording) => play(&**recording, stage).await.map(Outcome::of_recording),
            Self::Script(scenario, file) => script::play(scenario, file, stage).await.map(Outcome::of_script),
        };
        played.map_err(|fault| {
            Failure::new(Exit::Internal, format!("the {} could not be played: {fault:#}", self.word()))
        })
    }
}

impl Outcome {
    fn of_recording(report: Report) -> Self {
        let is_clean = report.is_clean();
        let verdict = if is_clean { "nothing was lost and no rule was broken" } else { "not all is well" };
        let object = serde_json::to_value(&report).expect("a report is plain text and numbers");
        Self { is_clean, object, title: report.title, findings: report.findings, verdict }
    }

    fn of_script(report: ScriptReport) -> Self {
        let is_clean = report.is_clean();
        let verdict = if is_clean { "every line was carried out" } else { "not every line could be carried out" };
        let object = serde_json::to_value(&report).expect("a report is plain text and numbers");
        Self { is_clean, object, title: report.title, findings: report.findings, verdict }
    }

    /// As it is printed.
    pub(super) fn shown(&self, as_json: bool) -> String {
        if as_json {
            return format!("{}\n", self.object);
        }
        let mut text = format!("{}\n", self.title);
        for (name, value) in self.object.as_object().into_iter().flatten().filter(|(_, value)| value.is_u64()) {
            text.push_str(&format!("  {name:<18} {value:>10}\n"));
        }
        for finding in &self.findings {
            text.push_str(&format!("  {finding}\n"));
        }
        text.push_str(&format!("{}\n", self.verdict));
        text
    }
}

fn scenario(file: &Path) -> Result<Scenario, Failure> {
    Scenario::read(file).map_err(|fault| {
        let file = file.display();
        let remedy = "docs/format/scenario.md describes what a scenario says";
        match fault {
            Unplayable::Empty => Failure::new(Exit::NothingMatched, format!("{file}: nothing is done in it")),
            Unplayable::Unread(why) => Failure::new(Exit::UnreadableCorpus, format!("{file} {why}")),
            Unplayable::Misread(misreadings) => {
                let more = (misreadings.more > 0).then(|| format!("and {} more", misreadings.more));
                let lines = misreadings.told.iter().map(|line| format!("{file}:{line}")).chain(more);
                Failure::several(Exit::UnreadableCorpus, format!("{file} is no scenario:"), lines)
            }
        }
        .remedy(remedy)
    })
}

fn recording(dir: &Path) -> Result<Folder, Failure> {
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
    Folder::open(dir).map_err(|fault| unreadable(&fault))
}

/// Why a recording is not played.
pub(crate) fn unreadable(fault: &Unreadable) -> Failure {
    match fault {
        Unreadable::Wrong { .. } => Failure::new(Exit::UnreadableCorpus, fault.to_string())
            .remedy("docs/format/corpus.md describes what a recording holds"),
        Unreadable::Empty(_) => Failure::new(Exit::NothingMatched, fault.to_string()),
    }
}
