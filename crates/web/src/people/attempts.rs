//! How often a sign-in may fail: per login and address, per address, and per login, each within a quarter of an hour.
//!
//! Pure: time is an argument. Invariants: an attempt is counted before its password is looked at, so that many at once
//! are no way around; known and unknown logins are counted alike; the table is bounded.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

/// The time in which failures are counted together.
const WITHIN: Duration = Duration::from_secs(15 * 60);

/// Failures of one login from one address: somebody who tries to remember.
const OF_BOTH_MAX: u32 = 8;

/// Failures from one address: an office behind one, not a list of logins.
const OF_ADDRESS_MAX: u32 = 40;

/// Failures of one login from anywhere. High, because anybody could shut an agent out with it.
const OF_LOGIN_MAX: u32 = 100;

/// Counts kept at once; the oldest makes way.
const COUNTS_MAX: usize = 8_192;

/// Characters of a login that tell it from another here.
const LOGIN_MAX: usize = 100;

/// What is counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Whose {
    Both(String, Option<u128>),
    Address(Option<u128>),
    Login(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Count {
    failures: u32,
    since: Duration,
}

/// The failures of late. Times are spans since the site began.
#[derive(Debug, Default)]
pub(crate) struct Attempts(BTreeMap<Whose, Count>);

impl Attempts {
    /// Counts an attempt as failed until it is known better; `Err`: it may not be made, and for how long.
    pub(crate) fn count(&mut self, login: &str, address: Option<IpAddr>, now: Duration) -> Result<(), Duration> {
        self.0.retain(|_, count| now.saturating_sub(count.since) < WITHIN);
        let counted = whose(login, address);
        let over = counted.iter().filter_map(|(whose, most)| {
            let count = self.0.get(whose).filter(|count| count.failures >= *most)?;
            Some(WITHIN.saturating_sub(now.saturating_sub(count.since)))
        });
        if let Some(wait) = over.max() {
            return Err(wait);
        }
        for (whose, _) in counted {
            self.0.entry(whose).or_insert(Count { failures: 0, since: now }).failures += 1;
        }
        while self.0.len() > COUNTS_MAX {
            let oldest =
                self.0.iter().min_by_key(|(whose, count)| (count.since, *whose)).map(|(whose, _)| whose.clone());
            oldest.map(|whose| self.0.remove(&whose));
        }
        Ok(())
    }

    /// It was no failure.
    pub(crate) fn succeeded(&mut self, login: &str, address: Option<IpAddr>) {
        for (whose, _) in whose(login, address) {
            if let Whose::Both(..) = whose {
                self.0.remove(&whose);
            } else if let Some(count) = self.0.get_mut(&whose) {
                count.failures = count.failures.saturating_sub(1);
            }
        }
    }
}

fn whose(login: &str, address: Option<IpAddr>) -> [(Whose, u32); 3] {
    let login: String = login.chars().take(LOGIN_MAX).collect();
    let address = address.map(network);
    [
        (Whose::Both(login.clone(), address), OF_BOTH_MAX),
        (Whose::Address(address), OF_ADDRESS_MAX),
        (Whose::Login(login), OF_LOGIN_MAX),
    ]
}

/// An address of IPv6 is one of a household's 2^64: the network counts.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() & !u128::from(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST));

    fn elsewhere(nth: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(core::net::Ipv4Addr::from_bits(0x0a00_0000 + nth)))
    }

    #[test]
    fn a_few_failures_are_forgiven_and_more_must_wait() {
        let mut attempts = Attempts::default();
        for second in 0..u64::from(OF_BOTH_MAX) {
            assert_eq!(attempts.count("ada", HERE, Duration::from_secs(second)), Ok(()));
        }
        assert_eq!(attempts.count("ada", HERE, Duration::from_secs(60)), Err(WITHIN - Duration::from_secs(60)));
        assert_eq!(attempts.count("bob", HERE, Duration::from_secs(60)), Ok(()), "another may");
        assert_eq!(attempts.count("ada", elsewhere(1), Duration::from_secs(60)), Ok(()), "and she from elsewhere");
        assert_eq!(attempts.count("ada", HERE, WITHIN), Ok(()), "and she later");
    }

    #[test]
    fn a_success_forgives_her_failures() {
        let mut attempts = Attempts::default();
        for _ in 0..3 * OF_LOGIN_MAX {
            assert_eq!(attempts.count("ada", HERE, Duration::ZERO), Ok(()));
            attempts.succeeded("ada", HERE);
        }
    }

    #[test]
    fn neither_many_logins_from_one_address_nor_many_addresses_for_one_login_get_around_it() {
        let mut attempts = Attempts::default();
        let tried = (0..1_000).take_while(|nth| attempts.count(&format!("a{nth}"), HERE, Duration::ZERO).is_ok());
        assert_eq!(tried.count(), OF_ADDRESS_MAX as usize);
        let tried = (0..1_000).take_while(|nth| attempts.count("bob", elsewhere(*nth), Duration::ZERO).is_ok());
        assert_eq!(tried.count(), OF_LOGIN_MAX as usize);
        let v6 = |tail: &str| Some(IpAddr::V6(format!("2001:db8:1:2:{tail}").parse().unwrap()));
        let mut attempts = Attempts::default();
        let one_network =
            (0..1_000).take_while(|n| attempts.count("c", v6(&format!("{n}::1")), Duration::ZERO).is_ok());
        assert_eq!(one_network.count(), OF_BOTH_MAX as usize);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut attempts = Attempts::default();
        for nth in 0..4_000 {
            let _maybe = attempts.count(&format!("a{nth}"), elsewhere(nth), Duration::from_millis(nth.into()));
        }
        assert!(attempts.0.len() <= COUNTS_MAX);
    }
}
