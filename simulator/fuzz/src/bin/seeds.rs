//! Writes what a fuzz target begins with into a folder, one file for each seed: `seeds TARGET FOLDER`.

use std::path::PathBuf;

use anyhow::Context as _;
use fuzz::seed;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let targets = seed::TARGETS.join(", ");
    let target = arguments.next().with_context(|| format!("name the target: {targets}"))?;
    let folder = arguments.next().map(PathBuf::from).context("give the folder to write into")?;
    let seeds = seed::of(&target.to_string_lossy(), &seed::corpus())?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (nth, seed) in seeds.into_iter().enumerate() {
        let file = folder.join(format!("seed-{nth:04}"));
        std::fs::write(&file, seed).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
