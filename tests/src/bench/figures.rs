//! The figures of a run, their medians over rounds, and how they are rounded. Units stand in the names.

use serde::Serialize;

use super::gauge::Usage;
use super::generate::Generated;

/// What was measured of one server in one round, or the medians over the rounds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Figures {
    /// Requests answered 200 per second, from the first sent to the last answered.
    pub(crate) msgs_per_s: f64,
    /// From sending to the whole answer, half of the requests.
    pub(crate) p50_ms: f64,
    /// 99 of 100.
    pub(crate) p99_ms: f64,
    /// All.
    pub(crate) worst_ms: f64,
    /// Processor time of the server, from the first request until it had worked everything off.
    pub(crate) cpu_ms_per_msg: f64,
    /// Bytes given to the disk, in the same span.
    pub(crate) disk_bytes_per_msg: f64,
    /// The server's memory at most.
    pub(crate) peak_rss_mib: f64,
    /// Requests that were not answered 200.
    pub(crate) not_200: u64,
}

impl Figures {
    /// From what the generator saw and what the server used between the two readings.
    pub(crate) fn of(generated: &Generated, before: Usage, after: Usage) -> Self {
        let accepted = float(generated.accepted.max(1));
        let seconds = super::clock::seconds(generated.first_us, generated.last_us).max(1e-9);
        Self {
            msgs_per_s: (accepted / seconds).round(),
            p50_ms: rounded(generated.p50_ms),
            p99_ms: rounded(generated.p99_ms),
            worst_ms: rounded(generated.worst_ms),
            cpu_ms_per_msg: rounded(float(after.cpu_ms - before.cpu_ms) / accepted),
            disk_bytes_per_msg: (float(after.disk_bytes - before.disk_bytes) / accepted).round(),
            peak_rss_mib: tenths(after.peak_rss_kib),
            not_200: generated.refused + generated.unanswered,
        }
    }

    /// The median of each figure; `not_200` is the sum, so that none is hidden.
    pub(crate) fn medians(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            msgs_per_s: of(|round| round.msgs_per_s),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            worst_ms: of(|round| round.worst_ms),
            cpu_ms_per_msg: of(|round| round.cpu_ms_per_msg),
            disk_bytes_per_msg: of(|round| round.disk_bytes_per_msg),
            peak_rss_mib: of(|round| round.peak_rss_mib),
            not_200: rounds.iter().map(|round| round.not_200).sum(),
        }
    }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[length / 2],
        length => rounded(f64::midpoint(values[length / 2 - 1], values[length / 2])),
    }
}

/// The smallest value that `percent` of a sorted list do not exceed; 0 of an empty list.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().map_or(0.0, f64::from)
}

/// To three decimals.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// KiB as MiB with one decimal.
pub(crate) fn tenths(kib: u64) -> f64 {
    (float(kib) / 102.4).round() / 10.0
}

/// A count as a number to divide by; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of a run stay far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_occurred() {
        let sorted: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&sorted, 50), 100.0);
        assert_eq!(percentile(&sorted, 99), 198.0);
        assert_eq!(percentile(&sorted, 100), 200.0);
        assert_eq!(percentile(&[7], 50), 7.0);
        assert_eq!(percentile(&[], 99), 0.0);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
