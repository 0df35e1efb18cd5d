//! Sends whose answer is lost on a real wire, and whose echo does not come: what the thread then settles, and what is left to
//! a person. How a thread is read stands in `messenger`, what follows from it in `machine`.

use std::time::Duration;

use it::load::{Doors, Pace, comment, customer, task};
use it::rig::{Options, PAGES, World};
use it::wait::eventually;
use serde_json::Value;
use simulator::fake::facebook::FaultOrder;

use crate::turn;

/// Longest wait for a state that follows by itself.
const AT_MOST: Duration = Duration::from_secs(20);

async fn conversation(doors: &Doors, psid: &str) -> Value {
    let url = format!("{}/api/v1/conversations/{}/{psid}", doors.site, PAGES[0]);
    doors.caller.get(&url).await.map(|answer| answer.json()).unwrap_or_default()
}

/// Whether the parts of a conversation stand so, in order.
async fn come_to(doors: &Doors, psid: &str, states: &[&str]) -> bool {
    let parts = async || conversation(doors, psid).await["parts"].as_array().cloned().unwrap_or_default();
    // Receipts may have come meanwhile.
    let word = |part: &Value| match part["shown"].as_str() {
        Some("delivered" | "read") => "sent".to_owned(),
        other => other.unwrap_or_default().to_owned(),
    };
    eventually(AT_MOST, async || parts().await.iter().map(word).collect::<Vec<_>>() == states).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_is_found_in_its_thread_and_one_that_is_not_there_is_for_a_person() {
    let _turn = turn().await;
    let world = World::start(Options::default()).await.unwrap();
    let (doors, psid) = (world.doors(), "104000000000017900");
    customer(&doors, PAGES[0], psid.to_owned(), Pace::count(1)).await;
    let task = task(&doors, PAGES[0], psid, &Pace::count(1)).await.unwrap();
    let order = |order: FaultOrder| world.stand_in.order(order);

    order(FaultOrder { lose_answers: Some(1), hold_echoes: Some(true), ..FaultOrder::default() });
    comment(&doors, &task, "From eight to noon.", "first").await;
    assert!(come_to(&doors, psid, &["sent"]).await, "{}", conversation(&doors, psid).await["parts"]);
    let bubbles = world.stand_in.state().bubbles;
    let told = conversation(&doors, psid).await;
    assert_eq!(bubbles.len(), 1);
    assert_eq!(told["parts"][0]["state"]["mid"], bubbles[0].mid.as_str(), "{}", told["parts"]);

    order(FaultOrder { lose_requests: Some(1), ..FaultOrder::default() });
    comment(&doors, &task, "On Monday from six.", "second").await;
    assert!(come_to(&doors, psid, &["sent", "in doubt"]).await, "{}", conversation(&doors, psid).await["parts"]);
    assert_eq!(world.stand_in.state().bubbles.len(), 1, "nothing is sent again by itself");

    order(FaultOrder { hold_echoes: Some(false), ..FaultOrder::default() });
    let shown = async || conversation(&doors, psid).await["transcript"].as_array().map_or(0, Vec::len);
    assert!(eventually(AT_MOST, async || shown().await == 3).await, "the customer's words and two answers");
    world.stop().await;
}
