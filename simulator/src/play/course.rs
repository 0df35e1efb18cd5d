//! The course of a recording: step by step in its own time.
//!
//! Invariant: what is remembered as acknowledged was answered with 200, nothing else.

use model::{Delivery, Kind};
use oracle::{CustomerAction, Dates, Seen};

use super::hand::Hand;
use super::reckoning::seen;
use super::recording::{FactLine, Recorded, Step};
use super::{Report, Stage};
use crate::fake::facebook::Customer;

/// What was played.
#[derive(Default)]
pub(super) struct Played {
    /// Acknowledged deliveries as understood here, in order.
    pub(super) acknowledged: Vec<Delivery>,
    /// When Meta's rules changed.
    pub(super) dates: Dates,
}

/// Plays all steps.
pub(super) async fn run(recording: &dyn Recorded, stage: &Stage<'_>, report: &mut Report) -> anyhow::Result<Played> {
    let hand = Hand::on(stage)?;
    for customer in &recording.manifest().customers {
        let named = Customer { name: Some(customer.name.clone()), ..Customer::new(&customer.page, &customer.psid) };
        stage.stand_in.customer(named);
    }
    let dates = crate::chronicle::dates(&recording.manifest().effective_from);
    let mut played = Played { dates, ..Played::default() };
    for (index, step) in recording.steps().enumerate() {
        let step = step?;
        hand.advance(step.at()).await?;
        match &*step {
            Step::Delivery(line) => {
                let delivery = webhook::parse(line.body.as_bytes(), line.at);
                witness(stage, &delivery);
                if hand.wire.deliver(&line.body).await? {
                    report.deliveries += 1;
                    played.acknowledged.push(delivery);
                } else {
                    report.not_accepted += 1;
                    report.find(format!("step {index}: the delivery was not acknowledged"));
                }
            }
            Step::Fact(line) => {
                report.facts += 1;
                if let Some(trouble) = hand.comment(&format!("play-{index}"), line).await? {
                    report.facts_unsettled += 1;
                    let FactLine { psid, page, .. } = line;
                    report.find(format!("step {index}, a comment to {psid} of the Page {page}: {trouble}"));
                }
            }
        }
    }
    hand.rest().await?;
    Ok(played)
}

/// Lets the stand-in know what its customers did: it checks sends against that.
fn witness(stage: &Stage<'_>, delivery: &Delivery) {
    for inbound in &delivery.inbounds {
        // What opens nothing concerns no rule.
        let Some(deed) = seen(inbound) else { continue };
        let (mid, text) = match &inbound.kind {
            Kind::Message(message) => (Some(&message.mid), message.text.as_ref()),
            Kind::Postback(postback) => (postback.mid.as_ref(), postback.title.as_ref()),
            // Others are no line of the conversation.
            Kind::Echo(_)
            | Kind::Delivered(_)
            | Kind::Read(_)
            | Kind::Reaction(_)
            | Kind::Edit(_)
            | Kind::Unsend(_)
            | Kind::Referral(_)
            | Kind::Optin(_)
            | Kind::Handover(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Order(_)
            | Kind::Notice(_)
            | Kind::Legacy(_) => (None, None),
        };
        let text = text.map(|text| text.reveal().clone());
        let Seen { page, psid, at, opens, is_message, from_ad } = deed;
        stage.stand_in.witness(&page, &psid, CustomerAction { at, opens, is_message, from_ad }, mid, text);
    }
}
