//! Fixed seeds keep every promise at both depths, and come to the same hash each time.

mod faults;

use super::*;
use crate::workload::{Profile, scenario};

/// What a run should say of itself.
fn told(seed: u64, profile: Profile, run: &Run) -> String {
    format!("seed {seed} of {profile} at {}: {}\n{}", run.depth, run.verdict, run.wrong.join("\n"))
}

fn all_is_well(worlds: &[(Profile, std::ops::Range<u64>)], depth: Depth) -> Coverage {
    let mut met = Coverage::default();
    for (profile, seeds) in worlds {
        for seed in seeds.clone() {
            let run = run(&scenario(seed, *profile), depth);
            assert_eq!(run.verdict, Verdict::Ok, "{}", told(seed, *profile, &run));
            met.add(&run.coverage);
        }
    }
    met
}

#[test]
fn fixed_seeds_keep_every_promise_at_core_depth() {
    let worlds = [(Profile::Calm, 0..10), (Profile::Busy, 0..20), (Profile::Rough, 0..20), (Profile::Swarm, 0..25)];
    let met = all_is_well(&worlds, Depth::Core);
    let faults = ["crash", "crash-after-commits", "crash-after-writes", "crash-after-calls", "power-cut", "full-disk"];
    assert_eq!(met.missing("faults", &faults), [] as [&str; 0]);
    let faults = ["failing-disk", "commit-refused", "commit-lost", "commit-delayed", "panic", "stuck-actor"];
    assert_eq!(met.missing("faults", &faults), [] as [&str; 0]);
}

#[test]
fn fixed_seeds_keep_every_promise_at_actors_depth() {
    all_is_well(
        &[(Profile::Calm, 0..1), (Profile::Busy, 0..1), (Profile::Rough, 0..3), (Profile::Swarm, 0..3)],
        Depth::Actors,
    );
}
