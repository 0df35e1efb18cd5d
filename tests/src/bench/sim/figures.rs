//! The figures of a part, and their medians over rounds. Units stand in the names.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::bench::clock;
use crate::bench::figures::{float, median, rounded, tenths};
use crate::bench::gauge::Usage;

/// How fast messages are taken.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rate {
    /// Messages of one run.
    pub(super) inbounds: u64,
    /// Records that came of them.
    pub(super) events: u64,
    /// Messages in a second, from the first until everything is settled and, where an oracle looks, judged.
    pub(super) inbounds_per_s: f64,
    /// Records in a second.
    pub(super) events_per_s: f64,
    /// Bodies in a second that are read as JSON and hashed, and nothing else.
    pub(super) floor_per_s: f64,
    /// The first by the third.
    pub(super) ratio: f64,
    /// Processor time for a message, of the user and of the system: where others use the machine, too, it says more.
    pub(super) cpu_us_per_inbound: f64,
    /// What the oracle took of it, in percent; 0 where there is none.
    pub(super) oracle_percent: f64,
    /// Memory of the part at most.
    pub(super) peak_rss_mib: f64,
}

impl Rate {
    /// Of so many messages and records.
    pub(super) fn of(
        (inbounds, events): (u64, u64),
        Took { seconds, cpu_s, judged_s }: Took,
        floor: f64,
    ) -> anyhow::Result<Self> {
        let rate = float(inbounds) / seconds;
        Ok(Self {
            inbounds,
            events,
            inbounds_per_s: rate.round(),
            events_per_s: (float(events) / seconds).round(),
            floor_per_s: floor.round(),
            ratio: rounded(rate / floor),
            cpu_us_per_inbound: rounded(1e6 * cpu_s / float(inbounds)),
            oracle_percent: rounded(100.0 * judged_s / seconds),
            peak_rss_mib: peak_mib()?,
        })
    }

    /// The median of each figure.
    pub(super) fn medians(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        let counts = rounds.first().copied().unwrap_or_default();
        Self {
            inbounds: counts.inbounds,
            events: counts.events,
            inbounds_per_s: of(|round| round.inbounds_per_s),
            events_per_s: of(|round| round.events_per_s),
            floor_per_s: of(|round| round.floor_per_s),
            ratio: of(|round| round.ratio),
            cpu_us_per_inbound: of(|round| round.cpu_us_per_inbound),
            oracle_percent: of(|round| round.oracle_percent),
            peak_rss_mib: of(|round| round.peak_rss_mib),
        }
    }
}

/// How long a long recording takes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Replayed {
    /// Deliveries of the recording.
    pub(super) deliveries: u64,
    /// Its conversations.
    pub(super) conversations: u64,
    /// MiB of its file.
    pub(super) recording_mib: f64,
    /// Lines of its trace.
    pub(super) trace_lines: u64,
    /// From the start of `pagedesk replay` to its end, where everything is as approved.
    pub(super) same_s: f64,
    /// Its memory at most.
    pub(super) same_peak_rss_mib: f64,
    /// The same where one line differs, so that both traces are read and compared line by line.
    pub(super) differing_s: f64,
    /// Its memory at most.
    pub(super) differing_peak_rss_mib: f64,
    /// Reading the recording's bodies as JSON and hashing them, and nothing else.
    pub(super) floor_s: f64,
    /// The first time by the floor's.
    pub(super) times_floor: f64,
}

/// How long a virtual year takes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Year {
    /// New conversations in a month.
    pub(super) conversations_a_month: u64,
    /// Lines of the scenario.
    pub(super) lines: u64,
    /// Bodies that Meta posted.
    pub(super) deliveries: u64,
    /// Records that came of them.
    pub(super) events: u64,
    /// Making the scenario and reading it, which is not counted in the year.
    pub(super) made_s: f64,
    /// From the first line to the oracle's last word.
    pub(super) year_s: f64,
    /// Processor time of the same span.
    pub(super) cpu_s: f64,
    /// Memory at most.
    pub(super) peak_rss_mib: f64,
}

impl Year {
    /// The median of each time; all else is the same in all rounds.
    pub(super) fn medians(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        let first = rounds.first().copied().unwrap_or_default();
        Self {
            made_s: of(|round| round.made_s),
            year_s: of(|round| round.year_s),
            cpu_s: of(|round| round.cpu_s),
            peak_rss_mib: of(|round| round.peak_rss_mib),
            ..first
        }
    }
}

/// How long a span took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    /// By the wall, never 0.
    pub(super) seconds: f64,
    /// Of the processor.
    pub(super) cpu_s: f64,
    /// Of the seconds, those that were the oracle's.
    pub(super) judged_s: f64,
}

/// Measures a span.
pub(super) struct Watch {
    from: Instant,
    cpu_ms: u64,
}

impl Watch {
    /// From now.
    pub(super) fn start() -> Self {
        Self { from: clock::instant(), cpu_ms: cpu_ms() }
    }

    /// Until now, without an oracle.
    pub(super) fn took(&self) -> Took {
        let cpu_s = float(cpu_ms().saturating_sub(self.cpu_ms)) / 1e3;
        Took { seconds: self.seconds(), cpu_s, judged_s: 0.0 }
    }

    /// Until now, never 0.
    pub(super) fn seconds(&self) -> f64 {
        self.from.elapsed().as_secs_f64().max(1e-9)
    }

    /// So many in a second until now.
    pub(super) fn rate(&self, count: u64) -> f64 {
        float(count) / self.seconds()
    }
}

/// What this process has used of the processor; 0 where nobody tells.
fn cpu_ms() -> u64 {
    Usage::of(std::process::id()).map_or(0, |usage| usage.cpu_ms)
}

/// What this process has had in memory at most.
pub(super) fn peak_mib() -> anyhow::Result<f64> {
    Ok(tenths(Usage::of(std::process::id())?.peak_rss_kib))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_of_the_rounds_has_its_own_median() {
        let round = |inbounds_per_s, ratio| Rate { inbounds: 9, inbounds_per_s, ratio, ..Rate::default() };
        let medians = Rate::medians(&[round(5.0, 0.3), round(1.0, 0.9), round(3.0, 0.6)]);
        assert_eq!(medians, round(3.0, 0.6));
        let year = |year_s, made_s| Year { lines: 4, year_s, made_s, ..Year::default() };
        assert_eq!(Year::medians(&[year(9.0, 1.0), year(7.0, 3.0), year(8.0, 2.0)]), year(8.0, 2.0));
    }
}
