//! A token bucket in milliseconds, fed by the caller's clock.

use model::{Span, Timestamp};

/// So many tokens a second; at most one second's worth is saved up.
#[derive(Debug)]
pub struct Bucket {
    per_second: i64,
    /// Thousandths of a token.
    level: i64,
    filled_at: Timestamp,
}

impl Bucket {
    /// Full; never less than one token a second.
    pub fn new(per_second: u32, now: Timestamp) -> Self {
        let per_second = i64::from(per_second.max(1));
        Self { per_second, level: 1_000 * per_second, filled_at: now }
    }

    /// Takes a token, or says how long until there is one.
    ///
    /// # Errors
    /// The span until there is a token.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Span> {
        let since = (now - self.filled_at).0.clamp(0, 1_000);
        self.level = (self.level + since * self.per_second).min(1_000 * self.per_second);
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
