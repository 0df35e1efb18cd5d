//! Which actions of a customer open the standard window.
//!
//! Source: Meta, *Send a message* and *Messenger Platform policy* (2026-09-28), read 2026-11-23: a message, a pressed
//! button, a plugin, a link into an existing thread, a reaction. A click on an ad opens it only by the message that
//! follows: see `ad`. What is not listed (receipts, edits, unsends, a reaction taken back, consent to notifications) opens nothing.

use model::{Kind, OptinWay, Referral};
use sabotage::{Defect, on};
use serde::{Deserialize, Serialize};

/// What an item does to the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// Nothing.
    Nothing,
    /// It opens the standard window.
    Window,
    /// It opens the standard window, and the human agent's days count from it.
    Message,
}

/// What an item does to the window.
pub fn opens(kind: &Kind) -> Opens {
    match kind {
        Kind::Message(_) => Opens::Message,
        Kind::Echo(_) if on(Defect::EchoAsCustomers) => Opens::Message,
        Kind::Edit(_) if on(Defect::EditOpensWindow) => Opens::Window,
        Kind::Postback(_) => Opens::Window,
        Kind::Reaction(reaction) => window_if(reaction.added && !reaction.by_page),
        Kind::Referral(referral) => window_if(is_link(referral)),
        Kind::Optin(optin) => match optin.way {
            OptinWay::Plugin => Opens::Window,
            OptinWay::Notifications | OptinWay::Stopped | OptinWay::Resumed | OptinWay::Once | OptinWay::Other(_) => {
                Opens::Nothing
            }
        },
        Kind::Echo(_)
        | Kind::Delivered(_)
        | Kind::Read(_)
        | Kind::Edit(_)
        | Kind::Unsend(_)
        | Kind::Handover(_)
        | Kind::AccountLink(_)
        | Kind::Feedback(_)
        | Kind::Order(_)
        | Kind::Notice(_)
        | Kind::Legacy(_) => Opens::Nothing,
    }
}

const fn window_if(opens: bool) -> Opens {
    if opens { Opens::Window } else { Opens::Nothing }
}

/// A link or plugin, not an ad. In Europe and Japan the source is withheld and only the link's mark tells.
fn is_link(referral: &Referral) -> bool {
    !referral.is_ad() && (referral.mark.is_some() || referral.source.is_some())
}

#[cfg(test)]
mod tests {
    use model::{Mid, Optin, Reaction, Unsend};

    use super::*;

    #[test]
    fn only_what_meta_lists_opens_the_window() {
        let reaction =
            |added, by_page| Kind::Reaction(Reaction { mid: Mid::new("m"), added, by_page, name: None, emoji: None });
        let referral = |source: Option<&str>, mark: Option<&str>, ad: Option<&str>| {
            Kind::Referral(Box::new(Referral {
                source: source.map(str::to_owned),
                mark: mark.map(Into::into),
                ad: ad.map(str::to_owned),
                ..Referral::default()
            }))
        };
        let optin = |way| Kind::Optin(Optin { way, mark: None, title: None, token: None, expires_at: None });
        let cases = [
            (reaction(true, false), Opens::Window),
            (reaction(false, false), Opens::Nothing),
            (reaction(true, true), Opens::Nothing),
            (referral(Some("SHORTLINK"), None, None), Opens::Window),
            (referral(None, Some("r"), None), Opens::Window),
            (referral(None, None, None), Opens::Nothing),
            (referral(Some("ADS"), Some("r"), None), Opens::Nothing),
            (referral(None, Some("r"), Some("7")), Opens::Nothing),
            (optin(OptinWay::Plugin), Opens::Window),
            (optin(OptinWay::Notifications), Opens::Nothing),
            (optin(OptinWay::Stopped), Opens::Nothing),
            (Kind::Unsend(Unsend { mid: Mid::new("m"), by_page: false }), Opens::Nothing),
        ];
        for (kind, expected) in cases {
            assert_eq!(opens(&kind), expected, "{kind:?}");
        }
    }
}
