//! Differences of short traces, side by side.

use super::*;

const HEAD: &str =
    "# trace 1: Two\n# begins 2026-06-01T08:00:00.000Z\n# A        104  Quay\n# A/c1     71   Mara\n# A/c2     72\n\n";

const SENT: &str = "000:10:00.000 A/c1       5  reply-asked author=agent comment=4 task=1 by=\"Ada\" \"Yes.\"\n\
                    000:10:00.000 A/c1       6  dispatch-granted part=1\n\
                    000:10:00.000 A/c1       7  send-started attempt=1 edition=2026-04-27 messaging_type=RESPONSE part=1 rule=standard_window until=24:00:00.000 \"Yes.\" -> send\n\
                    000:10:00.000 A/c1      ->  e7 send RESPONSE \"Yes.\"\n\
                    000:10:00.080 A/c1      <-  e7 sent mid=m_1\n\
                    000:10:00.080 A/c1       8  settled-sent effect=e7 mid=m_1\n\
                    000:10:00.080 A/c1       9  part-sent mid=m_1 part=1\n\
                    000:10:01.000 A/c1      <-  read-of-e7: mid=m_1\n\
                    000:10:01.000 A/c1      10  received-read watermark=0:10:00.000\n";

const REFUSED: &str = "000:10:00.000 A/c1       5  reply-asked author=agent comment=4 task=1 by=\"Ada\" \"Yes.\"\n\
                       000:10:00.000 A/c1       6  part-refused part=1 reason=window-closed\n";

fn told(lines: &str, sends: u64) -> Told {
    Told::read(&format!("{HEAD}{lines}\nsummary\n  sends      {sends}\n")).unwrap()
}

/// Each difference as `group who what: approved | now`.
fn found(approved: &Told, now: &Told) -> Vec<String> {
    compare(approved, now, &Filter::default())
        .differences
        .into_iter()
        .map(|found| {
            let who = found.who.unwrap_or_default();
            format!("{} {who} {}: {} | {}", found.group, found.what, found.approved, found.now)
        })
        .collect()
}

#[test]
fn equal_traces_do_not_differ() {
    assert_eq!(found(&told(SENT, 1), &told(SENT, 1)), [""; 0]);
}

#[test]
fn a_message_that_is_refused_now_is_one_difference_with_all_that_follows() {
    let (approved, now) = (told(SENT, 1), told(REFUSED, 0));
    assert_eq!(
        found(&approved, &now),
        ["refusals A/c1 message 1: sent as RESPONSE | refused: window-closed", "other  summary: sends 1 | sends 0",]
    );
    let first = compare(&approved, &now, &Filter::default()).differences.remove(0);
    assert_eq!((first.approved_lines.len(), first.now_lines.len()), (8, 1), "{first:?}");
    assert_eq!((first.moment.as_deref(), first.name.as_deref()), (Some("000:10:00.000"), Some("Mara")));
}

#[test]
fn numbers_that_shift_and_answers_that_jitter_are_counted_and_not_told() {
    let shifted =
        SENT.replace("e7", "e17").replace(" 7  ", "17  ").replace("m_1", "m_2").replace("comment=4", "comment=9");
    assert_eq!(
        found(&told(SENT, 1), &told(&shifted, 1)),
        ["other  numbers: the same | 7 lines of one machine bear other numbers, and say the same"]
    );
    let later = SENT.replace("000:10:01.000", "000:10:59.000");
    assert_eq!(
        found(&told(SENT, 1), &told(&later, 1)),
        ["other  moments: the same | 2 lines of one machine come a little earlier or later, and say the same"]
    );
}

#[test]
fn another_way_or_end_of_a_send_is_told_and_another_edition_is_counted() {
    let tagged = SENT.replace("RESPONSE", "MESSAGE_TAG/HUMAN_AGENT").replace("standard_window", "human_agent");
    assert_eq!(
        found(&told(SENT, 1), &told(&tagged, 1)),
        ["sends A/c1 message 1: sent as RESPONSE | sent as HUMAN_AGENT"]
    );
    let longer = SENT.replace("until=24:00:00.000", "until=24:01:00.000");
    assert_eq!(
        found(&told(SENT, 1), &told(&longer, 1)),
        ["sends A/c1 message 1: send-started until=24:00:00.000 | send-started until=24:01:00.000"]
    );
    let older = SENT.replace("2026-04-27", "2020-01-15");
    assert_eq!(
        found(&told(SENT, 1), &told(&older, 1)),
        ["other  edition: the same | one line of one machine rest on another edition, and say the same"]
    );
}

#[test]
fn tasks_states_and_deliveries_have_their_groups() {
    let bare = "000:00:00.000 -         <-  d1: items=1\n";
    let more = "000:00:00.000 -         <-  d1: items=2\n\
                000:00:00.000 A/c1       1  received-message mid=m_5 \"Hello\"\n\
                000:00:00.000 A/c2       1  task-opening lines=2 name=\"Mara\" -> open-task\n";
    assert_eq!(
        found(&told(bare, 1), &told(more, 1)),
        [
            "tasks A/c2 task: nothing | opened a task with 2 lines",
            "states A/c1 state: nothing | took in: message",
            "other  delivery: d1 items=1 | d1 items=2",
        ]
    );
}

#[test]
fn the_same_lines_in_another_order_still_differ() {
    let (one, two) =
        ("000:00:00.000 A/c1       1  woke reason=echo\n", "000:00:00.000 A/c2       1  woke reason=echo\n");
    let found = found(&told(&format!("{one}{two}"), 1), &told(&format!("{two}{one}"), 1));
    assert_eq!(found, ["other  order: the lines in their order | the same lines in another order"]);
}

#[test]
fn a_filter_leaves_only_what_it_takes() {
    let (approved, now) = (told(SENT, 1), told(REFUSED, 0));
    let of = |page: &str, kind: &str| {
        let filter = Filter { pages: vec![page.to_owned()], kinds: vec![kind.to_owned()], ..Filter::default() };
        let comparison = compare(&approved, &now, &filter);
        (comparison.differences.len(), comparison.matched)
    };
    assert_eq!((of("A", "part-refused"), of("A", "reply-asked"), of("B", "part-refused")), ((1, 1), (0, 1), (0, 0)));
}

#[test]
fn a_flood_that_differs_everywhere_is_one_stretch_and_takes_no_time() {
    let of = |reason: &str| {
        let line = |number: usize| format!("000:00:00.000 A/c1    {number:>4}  woke reason={reason}-{number}\n");
        let first = "000:00:00.000 A/c1       0  woke reason=first\n".to_owned();
        told(&(first + &(1..15_000).map(line).collect::<String>()), 1)
    };
    let found = compare(&of("held"), &of("echo"), &Filter::default()).differences;
    let sizes: Vec<(usize, usize)> =
        found.iter().map(|found| (found.approved_lines.len(), found.now_lines.len())).collect();
    assert_eq!(sizes, [(14_999, 14_999)]);
}
