//! What has happened when a new sandbox opens: a few invented customers have written, so that there is something to
//! answer.
//!
//! Invariant: everything comes in as webhooks from the stand-in, as any customer's message does.

use actors::Clock as _;
use model::{PageId, Span};
use node::MovableClock;
use simulator::fake::facebook::{Customer, StandIn};

use super::scene::{BAKERY, BICYCLES};

/// Between two of the messages: far enough to be told apart in lists.
const BETWEEN: Span = Span::minutes(4);

/// How long all of it takes: the clock begins so much earlier, and shows the true time when all is written.
pub(super) const TAKES: Span = Span::minutes(8);

/// Who has written what to which Page, the oldest first.
const WRITTEN: [(&str, &str, &str); 3] = [
    (BICYCLES, "Ines Okafor", "My back wheel wobbles since yesterday. Can you have a look at it this week?"),
    (BAKERY, "Tomas Reyl", "I would like to order a birthday cake for Saturday, for about twelve people."),
    (BAKERY, "Mara Lindqvist", "Good morning! Are you open on Sunday?"),
];

/// The picture that goes with the first message, at the stand-in itself.
const PICTURE: &str = "play/picture/bicycle.png";

/// Lets the customers write.
pub(super) fn open(stand_in: &StandIn, clock: &MovableClock) {
    for (nth, (page, name, text)) in WRITTEN.into_iter().enumerate() {
        if nth > 0 {
            clock.advance_to(clock.now() + BETWEEN);
        }
        let attachment = (nth == 0).then(|| ("image".to_owned(), format!("{}/{PICTURE}", stand_in.base_url())));
        let told = stand_in.customer(Customer {
            page: PageId::new(page),
            psid: None,
            name: Some(name.to_owned()),
            text: Some(text.to_owned()),
            attachment,
            postback: None,
            read: false,
        });
        if told.is_none() {
            tracing::warn!(customer = name, "an invented customer could not write");
        }
    }
}
