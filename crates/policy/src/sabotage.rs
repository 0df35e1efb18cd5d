//! Planted defects of the rules, to see that those who watch the rules notice. They can be planted with the feature
//! `sabotage` alone, which nothing that ships has; without it no defect is ever on and the compiler leaves them out.
//!
//! Invariants: at most one defect is on at a time; this crate reads no environment, a program or a test plants it.

/// A defect that can be planted. Each is one changed line of a rule; what it breaks stands beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    /// The last instant belongs to the standard window.
    WindowEndsLate = 1,
    /// Guards lengthen windows.
    GuardAdded,
    /// A message that nobody noted as an action opens nothing.
    MessageNoAction,
    /// The seven days count from a pressed button too, where only a message counts.
    PersonAfterButton,
    /// What no person wrote goes out under the tag for persons.
    AutomationAsPerson,
    /// The tag for persons is used without the feature.
    FeatureAssumed,
    /// A retired tag is accepted.
    RetiredTagAccepted,
    /// A permit under a tag outlives the day that retires the tag.
    TagOutlivesEdition,
    /// Who does not own the thread sends.
    StandbyIgnored,
    /// A Page writes to who never wrote.
    StrangerAccepted,
    /// A Page without token sends.
    DeadTokenSends,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::WindowEndsLate,
        Self::GuardAdded,
        Self::MessageNoAction,
        Self::PersonAfterButton,
        Self::AutomationAsPerson,
        Self::FeatureAssumed,
        Self::RetiredTagAccepted,
        Self::TagOutlivesEdition,
        Self::StandbyIgnored,
        Self::StrangerAccepted,
        Self::DeadTokenSends,
    ];

    /// The name of its switch.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WindowEndsLate => "window-ends-late",
            Self::GuardAdded => "guard-added",
            Self::MessageNoAction => "message-no-action",
            Self::PersonAfterButton => "person-after-button",
            Self::AutomationAsPerson => "automation-as-person",
            Self::FeatureAssumed => "feature-assumed",
            Self::RetiredTagAccepted => "retired-tag-accepted",
            Self::TagOutlivesEdition => "tag-outlives-edition",
            Self::StandbyIgnored => "standby-ignored",
            Self::StrangerAccepted => "stranger-accepted",
            Self::DeadTokenSends => "dead-token-sends",
        }
    }
}

#[cfg(feature = "sabotage")]
mod switch {
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::Defect;

    static ON: AtomicU8 = AtomicU8::new(0);

    /// Plants a defect in this whole process, in place of the one before; `None` heals.
    pub fn plant(defect: Option<Defect>) {
        ON.store(defect.map_or(0, |defect| defect as u8), Ordering::SeqCst);
    }

    /// The defect that is planted.
    pub fn planted() -> Option<Defect> {
        let on = ON.load(Ordering::SeqCst);
        Defect::ALL.into_iter().find(|defect| *defect as u8 == on)
    }

    pub(crate) fn on(defect: Defect) -> bool {
        ON.load(Ordering::Relaxed) == defect as u8
    }
}

#[cfg(not(feature = "sabotage"))]
mod switch {
    use super::Defect;

    pub(crate) const fn on(_: Defect) -> bool {
        false
    }
}

pub(crate) use switch::on;
#[cfg(feature = "sabotage")]
pub use switch::{plant, planted};
