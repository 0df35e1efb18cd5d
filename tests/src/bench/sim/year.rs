//! A virtual year of one Page at core depth: made-up customers and agents, the stand-in for Meta, the node, the oracle.

use anyhow::ensure;
use simulator::workload;
use simulator::world::{self, Depth, Verdict};

use super::figures::{Watch, Year, peak_mib};
use crate::bench::figures::rounded;

/// The seed of the year.
const SEED: u64 = 2026;

/// Measures.
pub(super) fn measure(conversations_a_month: u64) -> anyhow::Result<Year> {
    let making = Watch::start();
    let scenario = workload::year(SEED, conversations_a_month);
    let made_s = rounded(making.seconds());
    let watch = Watch::start();
    let run = world::play(&scenario, Depth::Core, false);
    let took = watch.took();
    ensure!(run.verdict == Verdict::Ok, "the year came to {}: {:?}", run.verdict, run.wrong.first());
    let met = |set| run.coverage.words(set).map(|(_, count)| count).sum();
    Ok(Year {
        conversations_a_month,
        lines: scenario.lines.len() as u64,
        deliveries: met("answers"),
        events: met("records"),
        made_s,
        year_s: rounded(took.seconds),
        cpu_s: rounded(took.cpu_s),
        peak_rss_mib: peak_mib()?,
    })
}
