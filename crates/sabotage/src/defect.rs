//! The defects: what each breaks, its code, and the crate in which it is planted.
//!
//! Nothing here does anything. Invariants: each defect is one changed line; codes are unique, and literal, so that a
//! search of a binary for them finds them.

/// A defect that can be planted. What it breaks stands beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Defect {
    /// The last instant belongs to the standard window.
    WindowEndsLate,
    /// Guards lengthen windows.
    GuardAdded,
    /// A message that nobody noted as an action opens nothing.
    MessageNoAction,
    /// The seven days count from a pressed button too, where only a message counts.
    PersonAfterButton,
    /// What no person wrote goes out under the tag for persons.
    AutomationAsPerson,
    /// What Meta refused inside the window after an ad is not remembered: the same rule permits it again.
    AdRefusalForgotten,
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
    /// A person's answer goes out under their tag inside the standard window too.
    PersonAlwaysTagged,
    /// What is larger than Meta takes is sent.
    SizeIgnored,
    /// Any number of buttons is sent.
    ButtonsUncounted,
    /// What Meta refused for privacy rules is not remembered.
    PrivacyRefusalForgotten,
    /// Templates are sent without the permission.
    UtilityAssumed,
    /// A template goes out as a message like any other before Meta knew any.
    TemplateBeforeItsTime,
    /// A known item is received once more.
    DedupSkipped,
    /// A changed message opens the window.
    EditOpensWindow,
    /// An echo opens the window as a customer's message does.
    EchoAsCustomers,
    /// The mark in an echo is not read: our own message is another's.
    OwnEchoForeign,
    /// Nobody is told what was sent outside.
    ForeignEchoHidden,
    /// A hand-over does not change who owns the thread.
    HandoverIgnored,
    /// What a Page without token receives is dropped.
    ReceivingNeedsToken,
    /// A bound task that is active gets a second one beside it.
    TaskOpenedTwice,
    /// What is written while the tracker works goes nowhere.
    CommentLost,
    /// Lines that the task has wait for it again.
    LineDoubled,
    /// What waited goes to the task with the newest first.
    LinesReversed,
    /// A late line is not marked with its time.
    LateUnmarked,
    /// A known comment is answered once more.
    CommentAnsweredTwice,
    /// At dequeue the policy is asked as if the answer had just been written.
    DequeueUnasked,
    /// The newest part goes first.
    PartsSwapped,
    /// An unclear send counts as sent.
    UnknownAsSent,
    /// An unclear send is sent again.
    BlindResend,
    /// A confirmed part is sent once more.
    SentTwice,
    /// A refusal of Meta leaves no result of the attempt.
    ResultForgotten,
    /// A refused part is tried again by itself.
    RefusedLaterSent,
    /// What an error is called depends on how often the part was tried.
    ErrorByCircumstance,
    /// Nobody is woken for the end of a window.
    DeadlineLost,
    /// The newest receipt counts, not the farthest.
    ReceiptsBackwards,
    /// A changed message is shown beside the old one.
    EditDuplicates,
    /// A message that was taken back is shown as it was.
    UnsendIgnored,
    /// The reaction that came last counts, not the newest.
    ReactionsByArrival,
    /// A Page that is restricted is held for one that nobody knows.
    RestrictedForgotten,
    /// What is stored of an instant is rounded to seconds.
    StoredRounded,
    /// A decision depends on chance.
    ChanceInDecision,
    /// Any well-formed signature is taken for Meta's.
    SignatureUnchecked,
    /// Every seventh delivery is done before anybody looks into it.
    DeliveryForgotten,
    /// Of several items of one customer in a delivery the first is taken.
    NeighboursDropped,
    /// A comment that stays inside is sent to the customer.
    InternalSent,
    /// A message is addressed to the Page itself.
    WrongRecipient,
    /// A refused token is held for the message's fault.
    PartFailsForToken,
    /// While deliveries come fast everybody waits for seconds.
    FloodDelaysOthers,
    /// A delivery is acknowledged before it lies in the log; its row follows some time later.
    AckBeforeDurable,
}

/// The crate in which a defect is planted.
#[cfg(feature = "sabotage")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Home {
    /// May this be sent?
    Policy,
    /// What is decided and shown.
    Machine,
    /// What is taken for Meta's.
    Webhook,
    /// What goes between machines, store and world.
    Actors,
    /// What is durable.
    Journal,
}

/// Every defect with its code, by crate.
#[cfg(feature = "sabotage")]
const REGISTER: &[(Defect, Home, &str)] = {
    use Defect::*;
    use Home::*;
    &[
        (WindowEndsLate, Policy, "window-ends-late"),
        (GuardAdded, Policy, "guard-added"),
        (MessageNoAction, Policy, "message-no-action"),
        (PersonAfterButton, Policy, "person-after-button"),
        (AutomationAsPerson, Policy, "automation-as-person"),
        (AdRefusalForgotten, Policy, "ad-refusal-forgotten"),
        (FeatureAssumed, Policy, "feature-assumed"),
        (RetiredTagAccepted, Policy, "retired-tag-accepted"),
        (TagOutlivesEdition, Policy, "tag-outlives-edition"),
        (StandbyIgnored, Policy, "standby-ignored"),
        (StrangerAccepted, Policy, "stranger-accepted"),
        (DeadTokenSends, Policy, "dead-token-sends"),
        (PersonAlwaysTagged, Policy, "person-always-tagged"),
        (SizeIgnored, Policy, "size-ignored"),
        (ButtonsUncounted, Policy, "buttons-uncounted"),
        (PrivacyRefusalForgotten, Policy, "privacy-refusal-forgotten"),
        (UtilityAssumed, Policy, "utility-assumed"),
        (TemplateBeforeItsTime, Policy, "template-before-its-time"),
        (DedupSkipped, Machine, "dedup-skipped"),
        (EditOpensWindow, Machine, "edit-opens-window"),
        (EchoAsCustomers, Machine, "echo-as-customers"),
        (OwnEchoForeign, Machine, "own-echo-foreign"),
        (ForeignEchoHidden, Machine, "foreign-echo-hidden"),
        (HandoverIgnored, Machine, "handover-ignored"),
        (ReceivingNeedsToken, Machine, "receiving-needs-token"),
        (TaskOpenedTwice, Machine, "task-opened-twice"),
        (CommentLost, Machine, "comment-lost"),
        (LineDoubled, Machine, "line-doubled"),
        (LinesReversed, Machine, "lines-reversed"),
        (LateUnmarked, Machine, "late-unmarked"),
        (CommentAnsweredTwice, Machine, "comment-answered-twice"),
        (DequeueUnasked, Machine, "dequeue-unasked"),
        (PartsSwapped, Machine, "parts-swapped"),
        (UnknownAsSent, Machine, "unknown-as-sent"),
        (BlindResend, Machine, "blind-resend"),
        (SentTwice, Machine, "sent-twice"),
        (ResultForgotten, Machine, "result-forgotten"),
        (RefusedLaterSent, Machine, "refused-later-sent"),
        (ErrorByCircumstance, Machine, "error-by-circumstance"),
        (DeadlineLost, Machine, "deadline-lost"),
        (ReceiptsBackwards, Machine, "receipts-backwards"),
        (EditDuplicates, Machine, "edit-duplicates"),
        (UnsendIgnored, Machine, "unsend-ignored"),
        (ReactionsByArrival, Machine, "reactions-by-arrival"),
        (RestrictedForgotten, Machine, "restricted-forgotten"),
        (StoredRounded, Machine, "stored-rounded"),
        (ChanceInDecision, Machine, "chance-in-decision"),
        (SignatureUnchecked, Webhook, "signature-unchecked"),
        (DeliveryForgotten, Actors, "delivery-forgotten"),
        (NeighboursDropped, Actors, "neighbours-dropped"),
        (InternalSent, Actors, "internal-sent"),
        (WrongRecipient, Actors, "wrong-recipient"),
        (PartFailsForToken, Actors, "part-fails-for-token"),
        (FloodDelaysOthers, Actors, "flood-delays-others"),
        (AckBeforeDurable, Journal, "ack-before-durable"),
    ]
};

#[cfg(feature = "sabotage")]
impl Defect {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        REGISTER.iter().map(|(defect, ..)| *defect)
    }

    /// Those of a crate.
    pub fn of(home: Home) -> impl Iterator<Item = Self> {
        Self::all().filter(move |defect| defect.home() == home)
    }

    /// The one of this code.
    pub fn by_code(code: &str) -> Option<Self> {
        Self::all().find(|defect| defect.code() == code)
    }

    /// The name of its switch.
    pub fn code(self) -> &'static str {
        REGISTER[self as usize].2
    }

    /// Where it is planted.
    pub fn home(self) -> Home {
        REGISTER[self as usize].1
    }
}

#[cfg(all(test, feature = "sabotage"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_register_has_every_defect_once_in_its_order() {
        for (place, (defect, ..)) in REGISTER.iter().enumerate() {
            assert_eq!(*defect as usize, place, "{defect:?} stands at another place");
        }
        let codes: BTreeSet<&str> = Defect::all().map(Defect::code).collect();
        assert_eq!(codes.len(), REGISTER.len());
        for defect in Defect::all() {
            assert_eq!(Defect::by_code(defect.code()), Some(defect));
            let words: String = format!("{defect:?}")
                .chars()
                .flat_map(|letter| {
                    let breaks = letter.is_ascii_uppercase().then_some('-');
                    breaks.into_iter().chain([letter.to_ascii_lowercase()])
                })
                .collect();
            assert_eq!(words.trim_start_matches('-'), defect.code());
        }
    }
}
