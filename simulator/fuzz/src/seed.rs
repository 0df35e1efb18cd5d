//! What a fuzzer begins with: the recorded traffic of `replay-corpus`, taken apart; questions for the policy.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

/// A few questions for the policy; the fuzzer finds the others.
pub fn cases() -> Vec<Vec<u8>> {
    (0..64).map(|number| crate::policy::bytes(1, number).to_vec()).collect()
}

/// The folder of recordings in this repository.
pub fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-corpus/recordings")
}

/// The bodies of all recordings below a folder, each as it came.
///
/// # Errors
/// Where a recording cannot be read, or there is none.
pub fn bodies(recordings: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut bodies = Vec::new();
    let folders = fs::read_dir(recordings).with_context(|| recordings.display().to_string())?;
    for folder in folders {
        let path = folder?.path().join("deliveries.jsonl");
        if !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_str(line).with_context(|| path.display().to_string())?;
            let body = line["body"].as_str().with_context(|| format!("{}: a line without body", path.display()))?;
            bodies.push(body.as_bytes().to_vec());
        }
    }
    anyhow::ensure!(!bodies.is_empty(), "{} holds no recording", recordings.display());
    Ok(bodies)
}
