//! The right to send one message now. The one door to the Send API takes a [`Permit`] by value, and only [`confirm`]
//! makes one.
//!
//! A permit cannot be cloned, stored or made by hand; it lives between the check and the call.

use core::fmt;

use model::Timestamp;

use crate::{MessagingType, Verdict};

/// The right to send one message, marked in this way. Made by [`confirm`] alone.
///
/// ```compile_fail
/// let forged = policy::Permit { messaging_type: policy::MessagingType::Response, until: model::Timestamp(0) };
/// ```
/// ```compile_fail
/// fn twice(permit: policy::Permit) -> (policy::Permit, policy::Permit) { (permit.clone(), permit) }
/// ```
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    messaging_type: MessagingType,
    until: Timestamp,
}

impl Permit {
    /// How the message must be marked.
    pub const fn messaging_type(&self) -> MessagingType {
        self.messaging_type
    }

    /// First instant at which the right is over.
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

/// The verdict gives no right to send at this instant; ask [`decide`](crate::decide) again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired {
    /// It permitted, but only before this instant.
    Since(Timestamp),
    /// It never permitted.
    NeverPermitted,
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Since(until) => write!(f, "the permit ended at {} ms", until.0),
            Self::NeverPermitted => f.write_str("the verdict does not permit sending"),
        }
    }
}

impl core::error::Error for Expired {}

/// Turns a verdict into the right to send, if it permits and `now` is before its end.
///
/// # Errors
/// [`Expired`] where the verdict's end has come, or where it was no permit.
pub fn confirm(verdict: &Verdict, now: Timestamp) -> Result<Permit, Expired> {
    match *verdict {
        Verdict::Permit { messaging_type, until, edition: _, rule: _ } => {
            if now < until {
                Ok(Permit { messaging_type, until })
            } else {
                Err(Expired::Since(until))
            }
        }
        Verdict::Defer { .. } | Verdict::Forbid { .. } => Err(Expired::NeverPermitted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeferReason, ForbidReason, RuleId, edition_at};

    #[test]
    fn a_permit_ends_at_its_instant() {
        let until = Timestamp(1_000);
        let edition = edition_at(until).id();
        let verdict =
            Verdict::Permit { messaging_type: MessagingType::Response, until, edition, rule: RuleId::StandardWindow };
        let permit = confirm(&verdict, Timestamp(999)).expect("one millisecond before");
        assert_eq!((permit.messaging_type(), permit.until()), (MessagingType::Response, until));
        assert_eq!(confirm(&verdict, Timestamp(1_000)), Err(Expired::Since(until)));
        assert_eq!(confirm(&verdict, Timestamp(1_001)), Err(Expired::Since(until)));
    }

    #[test]
    fn other_verdicts_give_no_right() {
        let held = Verdict::Defer { until: Some(Timestamp(9)), reason: DeferReason::NeedsReconnect };
        let refused = Verdict::Forbid { reason: ForbidReason::WindowClosed };
        for verdict in [held, refused] {
            assert_eq!(confirm(&verdict, Timestamp(0)), Err(Expired::NeverPermitted));
        }
    }
}
