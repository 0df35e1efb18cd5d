//! What a scenario expects is looked at, at both depths alike, and what has not come about is told with what was found.

use crate::scenario::Scenario;
use crate::world::{Depth, Verdict, is_playing, play, shrink};

/// Everything in it is expected otherwise than it comes.
const WRONG: &str = "title \"A talk\"\npage A 17 \"Bakery\"\ncustomer A/c1\ncustomer A/c2\n\
    at 0s A/c1 writes \"Hello\"\nat 1s A/c2 writes \"Hello\"\nat 1s expect settled\nat 1m expect composer closed standby of A/c1\n\
    at 1m Ada answers A/c1 \"Hello!\"\nafter 10s expect sent 0\n\
    at 2m A happens {\"kind\":\"policy_enforcement\",\"action\":\"block\"}\nat 3m expect composer open of A/c1\n\
    at 3m Ada answers A/c1 \"Are you there?\"\nafter 10s expect held 0 page-restricted\nafter 10s expect held 3 needs-reconnect\n\
    at 25h Ada answers A/c2 \"Hello?\"\nafter 10s expect composer waits page-restricted of A/c2\n\
    expect sent 0 RESPONSE of A/c1\nexpect sent 1 of A/c2\nexpect sent 1 HUMAN_AGENT\nexpect refused 0 human-agent-not-granted\n\
    expect refused 1 standby\nexpect refused 0 of A/c2\nexpect held 1\nexpect failed 1\nexpect in-doubt 1\nexpect tasks 1\n\
    expect tasks 0 of A/c2\nexpect lines 3\nexpect lines 0 of A/c1\nexpect settled\n";

#[test]
fn what_has_not_come_about_is_told_with_what_was_found_at_both_depths() {
    let scenario = Scenario::parse(WRONG).unwrap();
    let (core, actors) = (play(&scenario, Depth::Core, false), play(&scenario, Depth::Actors, false));
    assert_eq!((core.verdict, &core.findings), (Verdict::Expectation, &Vec::new()), "{:?}", core.wrong);
    assert_eq!((core.verdict, &core.wrong), (actors.verdict, &actors.wrong));
    insta::assert_snapshot!(core.wrong.join("\n"));
}

#[test]
fn a_scenario_that_expects_too_much_shrinks_to_one_thing_expected() {
    let scenario = Scenario::parse(WRONG).unwrap();
    let found = play(&scenario, Depth::Core, false);
    let least = shrink(&scenario, &found, 500);
    let again = play(&least, Depth::Core, false);
    assert_eq!(again.verdict, Verdict::Expectation);
    assert!(again.unmet.iter().all(|unmet| found.unmet.contains(unmet)), "{:?}", again.unmet);
    assert!(least.lines.len() <= 1 && least.lines.len() + least.ends.len() <= 2, "{least}");
}

#[test]
fn only_the_thread_that_plays_says_so() {
    assert!(!is_playing());
    let scenario = Scenario::parse("title \"t\"\npage A 17 \"p\"\ncustomer A/c1\nat 0s A/c1 reads\n").unwrap();
    assert_eq!(play(&scenario, Depth::Core, false).verdict, Verdict::Ok);
    assert!(!is_playing());
}

#[test]
fn what_is_left_is_said_in_few_words() {
    let scenario = Scenario::parse(
        "title \"t\"\npage A 17 \"p\"\ncustomer A/c1\ncustomer A/c2\nat 1m A/c2 writes \"Hello\"\n\
         at 1m A/c1 writes \"A text that is much longer than it need be\" as m1 late 2s standby\nat 2m A/c1 unsends m1\n\
         expect tasks 2 of A/c1\n",
    );
    let scenario = scenario.unwrap();
    let least = shrink(&scenario, &play(&scenario, Depth::Actors, false), 500).to_string();
    let left: Vec<&str> = least.lines().skip(6).collect();
    assert_eq!(left, ["at 1m A/c1 writes \"A text that is much\"", "expect tasks 2 of A/c1"], "{least}");
}
