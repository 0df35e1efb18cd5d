//! Facts that the tests of this crate start from, and the table of three milliseconds around an edge.
//!
//! Tests only; nothing here is built into the library.

use model::{Span, Timestamp};

use crate::{Author, Carries, ContentKind, Facts, Guards, HumanAgentBase, Openers};

/// 2026-06-01T00:00:00Z, a day on which the retired tags are gone and no ad opens longer yet.
pub(crate) const WROTE_AT: Timestamp = Timestamp(1_780_272_000_000);

/// The guards that every edge is tried with: none, and the default.
pub(crate) fn guards() -> [Guards; 2] {
    [Guards { standard: Span(0), human_agent: Span(0) }, Guards::default()]
}

/// One millisecond before, at, and after; `true` where the window must still be open.
pub(crate) fn around(edge: Timestamp) -> [(Timestamp, bool); 3] {
    [(edge - Span(1), true), (edge, false), (edge + Span(1), false)]
}

/// An agent answers a message of [`WROTE_AT`]; the feature is granted and the Page is well.
pub(crate) fn agent() -> Facts {
    Facts {
        openers: Openers { last_action_at: Some(WROTE_AT), last_message_at: Some(WROTE_AT), ad_message_at: None },
        author: Author::Agent,
        tag: None,
        human_agent_feature: true,
        human_agent_base: HumanAgentBase::Message,
        guards: Guards::default(),
        restricted: false,
        token: true,
        standby: false,
        ad_refused: false,
        carries: Carries::default(),
        privacy_refused_at: None,
        utility_feature: false,
    }
}

/// The same, written by a rule.
pub(crate) fn automation() -> Facts {
    Facts { author: Author::Automation, ..agent() }
}

/// Something of this kind, of unknown size and without buttons.
pub(crate) fn carrying(kind: ContentKind) -> Carries {
    Carries { kind, ..Carries::default() }
}
