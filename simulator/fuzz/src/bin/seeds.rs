//! Writes what a fuzz target begins with into a folder, one file for each seed: `seeds FOLDER`.

use std::path::PathBuf;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("give the folder to write into")?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (nth, body) in fuzz::seed::bodies(&fuzz::seed::recordings())?.into_iter().enumerate() {
        let file = folder.join(format!("recorded-{nth:04}.json"));
        std::fs::write(&file, body).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
