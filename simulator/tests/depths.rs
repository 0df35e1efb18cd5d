//! The two depths against each other: what the core depth comes to is what the real actors come to.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::path::{Path, PathBuf};

use simulator::play::recording::Recording;

fn recordings() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

#[test]
fn every_recording_comes_to_the_same_trace_and_the_same_hash_at_both_depths() {
    for folder in recordings() {
        let recording = Recording::read(&folder).unwrap();
        let tree = simulator::replay::replay(&recording, &mut |_, _| {}).unwrap();
        let core = simulator::core::replay(&recording, &mut |_, _| {}).unwrap();
        let different = core.trace.lines().zip(tree.trace.lines()).enumerate().find(|(_, (core, tree))| core != tree);
        assert_eq!(different, None, "{}", folder.display());
        assert_eq!(core, tree, "{}", folder.display());
    }
}
