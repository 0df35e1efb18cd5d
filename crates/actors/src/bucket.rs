//! A token bucket in milliseconds, fed by the caller's clock.

use model::{Span, Timestamp};

/// So many messages of a Page in any one second, and its inbox at Meta stops showing and sending (*Rate Limits*, "high
/// volume", read 2026-11-23).
pub const PER_SECOND_MAX: u32 = 40;

/// So many tokens a second. At most one second's worth is saved up, and no more than what keeps any one second within
/// [`PER_SECOND_MAX`]; a rate above that, which no configuration gives, is a bench's own affair.
#[derive(Debug)]
pub struct Bucket {
    per_second: i64,
    /// How many tokens are saved up.
    depth: i64,
    /// Thousandths of a token.
    level: i64,
    filled_at: Timestamp,
}

impl Bucket {
    /// Full; never less than one token a second.
    pub fn new(per_second: u32, now: Timestamp) -> Self {
        let per_second = i64::from(per_second.max(1));
        let max = i64::from(PER_SECOND_MAX);
        let depth = if per_second > max { per_second } else { per_second.min(max - per_second).max(1) };
        Self { per_second, depth, level: 1_000 * depth, filled_at: now }
    }

    /// Takes a token, or says how long until there is one.
    ///
    /// # Errors
    /// The span until there is a token.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Span> {
        let since = (now - self.filled_at).0.clamp(0, 1_000);
        self.level = (self.level + since * self.per_second).min(1_000 * self.depth);
        self.filled_at = now;
        if self.level >= 1_000 {
            self.level -= 1_000;
            Ok(())
        } else {
            let missing = 1_000 - self.level;
            Err(Span((missing + self.per_second - 1) / self.per_second))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_its_rate_and_no_more() {
        let mut bucket = Bucket::new(20, Timestamp(0));
        let mut given = 0;
        for ms in 0..10_000 {
            while bucket.take(Timestamp(ms)).is_ok() {
                given += 1;
            }
        }
        assert_eq!(given, 20 + 199, "a full bucket, then one token every 50 ms");
    }

    #[test]
    fn no_second_holds_more_than_meta_bears_however_long_nothing_was_sent_before() {
        for rate in 1..=PER_SECOND_MAX {
            let mut bucket = Bucket::new(rate, Timestamp(0));
            let mut given = Vec::new();
            for ms in (60_000..70_000).chain(200_000..205_000) {
                while bucket.take(Timestamp(ms)).is_ok() {
                    given.push(ms);
                }
            }
            let busiest = given.iter().map(|from| given.iter().filter(|at| (*from..from + 1_000).contains(at)).count());
            assert!(busiest.max() <= Some(PER_SECOND_MAX as usize), "{rate} a second");
            let in_ten = given.iter().filter(|at| **at < 70_000).count();
            // Whole milliseconds cost the fastest a little.
            assert!(in_ten >= rate as usize * 10 * 98 / 100, "{rate} a second: {in_ten} in ten seconds");
        }
    }

    #[test]
    fn says_when_the_next_token_comes() {
        let mut bucket = Bucket::new(1, Timestamp(0));
        assert_eq!(bucket.take(Timestamp(0)), Ok(()));
        assert_eq!(bucket.take(Timestamp(400)), Err(Span(600)));
        assert_eq!(bucket.take(Timestamp(1_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let mut bucket = Bucket::new(1, Timestamp(10_000));
        assert_eq!(bucket.take(Timestamp(10_000)), Ok(()));
        assert!(bucket.take(Timestamp(5_000)).is_err());
    }
}
