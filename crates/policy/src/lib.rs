//! May this be sent to the customer now, and how? Meta's messaging policy as one pure, total function over dated rules.
//!
//! The way through: [`Facts`] + `now` + [`Edition`] → [`decide`] → [`Verdict`] → [`confirm`] → [`Permit`], which the one
//! door to the Send API asks for. Nothing here reads a clock, stores or sends; `decide` does not allocate. [`explain`] is the
//! same decision with the rules that were asked. Of what a
//! message says nothing is known here, only its kind and size ([`Carries`]).
//!
//! Invariants: `decide` answers every input; automation never gets `HUMAN_AGENT`; a [`Permit`] comes only from
//! [`confirm`], and only before the verdict's end.

mod calendar;
mod carries;
mod decide;
mod edition;
mod facts;
mod permit;
mod rule;
mod trail;
mod verdict;
mod window;

pub use calendar::{Calendar, Day, NotADay, OutOfOrder};
pub use carries::{Carries, ContentKind};
pub use decide::{decide, next_change, outlook};
pub use edition::{Edition, EditionId, NotAnEdition, edition_at, edition_by_id, editions};
pub use facts::{Author, Facts, Guards, HumanAgentBase, Openers, UpdateTag};
pub use permit::{Expired, Permit, confirm};
pub use rule::{Answer, Pass, RuleId};
pub use trail::{Asked, Trail, explain};
pub use verdict::{DeferReason, ForbidReason, MessagingType, Tag, Verdict};
pub use window::{ad_window_end, human_agent_end, privacy_limit_end, standard_window_end};

#[cfg(test)]
mod testing;
