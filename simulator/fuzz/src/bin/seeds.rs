//! Writes what a fuzz target begins with into a folder, one file for each seed: `seeds TARGET FOLDER`.

use std::path::PathBuf;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let target = arguments.next().context("name the target: delivery or policy")?;
    let folder = arguments.next().map(PathBuf::from).context("give the folder to write into")?;
    let seeds = match target.to_str() {
        Some("delivery") => fuzz::seed::bodies(&fuzz::seed::recordings())?,
        Some("policy") => fuzz::seed::cases(),
        Some(_) | None => anyhow::bail!("{target:?} is no target: name delivery or policy"),
    };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (nth, seed) in seeds.into_iter().enumerate() {
        let file = folder.join(format!("seed-{nth:04}"));
        std::fs::write(&file, seed).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
