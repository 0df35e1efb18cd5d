//! A flood on one conversation: nobody is refused and the others' answers go on. How fast is a figure, printed here and
//! measured by `bench-flood`; it is never what a test fails for.

use it::flood::{Scale, run};
use it::rig::{Options, World};

use crate::turn;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_on_one_conversation_hold_up_nobody_else() {
    let _turn = turn().await;
    let world = World::start(Options::default()).await.unwrap();
    let (figures, acknowledged) = run(&world, Scale::default()).await.unwrap();
    println!("{figures:#?}");
    println!("p99 delayed by {} ms", figures.flooded.p99_ms - figures.quiet.p99_ms);
    assert_eq!(figures.refused, 0, "no 503");
    assert!(figures.flooded.answers > 0, "answers were asked for while the flood was worked off");
    let (counts, _) = world.keeps(&acknowledged).await;
    assert_eq!(counts.sent, acknowledged.answers.len(), "{counts:?}");
    world.stop().await;
}
