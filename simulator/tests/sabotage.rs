//! Defects planted in the policy are found in made-up worlds, and shrunk to a few lines that show them again.
//!
//! One test alone: a planted defect is planted in the whole process.

use policy::sabotage::{Defect, plant};
use simulator::workload::{Profile, scenario};
use simulator::world::{Depth, Run, Verdict, play, shrink};

/// Within so many seeds each defect is found.
const SEEDS_MAX: u64 = 60;

fn find() -> Option<(u64, Run)> {
    let mut runs = (0..SEEDS_MAX).map(|seed| (seed, play(&scenario(seed, Profile::Busy), Depth::Core, false)));
    runs.find(|(_, run)| run.verdict != Verdict::Ok)
}

#[test]
fn a_defect_planted_in_the_policy_is_found_as_a_broken_promise_and_shrunk() {
    for defect in [Defect::WindowEndsLate, Defect::StandbyIgnored] {
        plant(Some(defect));
        let (seed, found) = find().unwrap_or_else(|| panic!("{} is not found", defect.code()));
        assert_eq!(found.verdict, Verdict::Safety, "{}: {:?}", defect.code(), found.wrong);
        let whole = scenario(seed, Profile::Busy);
        let least = shrink(&whole, &found, 300);
        assert!(
            least.lines.len() <= 6,
            "{}: {} of {} lines are left",
            defect.code(),
            least.lines.len(),
            whole.lines.len()
        );
        let again = play(&least, Depth::Core, false);
        assert_eq!(again.verdict, Verdict::Safety, "{}", defect.code());
        plant(None);
        assert_eq!(play(&least, Depth::Core, false).verdict, Verdict::Ok, "{}: without the defect", defect.code());
    }
}
