//! The file as a whole: that nothing in it asks for anything, that data stays data, that what differs stands side by side.

use simulator::replay::compare::compare;
use simulator::replay::filter::Filter;
use simulator::replay::told::Told;

use super::*;

/// What somebody may be called and write.
const HOSTILE: &str = "</script><script>alert(1)</script><!-- \u{2028}<b onclick=alert(2)>&amp;";

fn trace(text: &str, said: &str) -> Told {
    let head = format!("# trace 1: {text}\n# begins 2026-06-01T08:00:00.000Z\n# A  104  Quay\n# A/c1  71  {text}\n");
    let line = format!("000:00:00.000 A/c1       1  received-message mid=m_1 \"{said}\"");
    Told::read(&format!("{head}\n000:00:00.000 -         <-  d1: items=1\n{line}\n\nsummary\n  deliveries  1285\n"))
        .unwrap()
}

fn drawn(before: &Told, now: &Told) -> Drawn {
    let differences = compare(before, now, &Filter::default()).differences;
    Drawn {
        from: "now.trace against before.trace".to_owned(),
        stands: if differences.is_empty() { Stands::Alike } else { Stands::Apart },
        looked_at: 2,
        counts_before: None,
        report: Report::of_trace(now, &differences),
    }
}

/// What stands between the first of one mark and the next of another.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn hostile_text_ends_no_element_and_its_data_are_whole() {
    let told = trace(HOSTILE, HOSTILE);
    let file = file(&[drawn(&told, &told)]);
    assert_eq!(file.matches("<script").count(), 2, "the data and the script");
    assert_eq!(file.matches("</script").count(), 2);
    assert!(!file.contains("<b onclick"));
    let data = between(&file, "<script id=\"data\" type=\"application/json\">", "</script>");
    assert!(!data.contains(['<', '>', '&', '\u{2028}']));
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data[0]["entries"][1]["text"], told.lines[1].text);
    assert_eq!(data[0]["entries"][1]["links"], serde_json::json!([0]));
}

#[test]
fn the_policy_names_the_very_style_and_script_that_stand_in_the_file() {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let told = trace("Two", "Hello");
    let file = file(&[drawn(&told, &told)]);
    let digest = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = between(&file, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(policy.contains(&format!("script-src 'sha256-{}';", digest(between(&file, "<script>", "</script>")))));
    assert!(policy.contains(&format!("style-src 'sha256-{}';", digest(between(&file, "<style>", "</style>")))));
}

#[test]
fn what_differs_stands_side_by_side_and_leads_to_its_place() {
    let (before, now) = (trace("Two", "Hello"), trace("Two", "Good evening"));
    let file = file(&[drawn(&before, &now)]);
    let article = between(&file, "<article", "</article>");
    let (left, right) = article.split_once("class=\"side after\"").unwrap();
    assert!(left.contains("Hello") && !left.contains("Good evening"), "{left}");
    assert!(right.contains("Good evening") && !right.contains("Hello"), "{right}");
    assert!(right.contains("href=\"#e-A-c1-1\""), "{right}");
    assert!(file.contains("<strong>1 difference</strong>"), "the verdict comes first");
}

#[test]
fn places_of_a_second_recording_are_its_own() {
    let (before, now) = (trace("Two", "Hello"), trace("Two", "Good evening"));
    let file = file(&[drawn(&before, &now), drawn(&before, &now)]);
    for place in ["href=\"#e-A-c1-1\"", "href=\"#r2-e-A-c1-1\"", "id=\"d-1\"", "id=\"r2-d-1\"", "href=\"#r2\""] {
        assert!(file.contains(place), "{place}");
    }
}

#[test]
fn thousands_stand_apart() {
    assert_eq!([0, 7, 999, 1_000, 1_234_567].map(grouped), ["0", "7", "999", "1,000", "1,234,567"]);
    assert_eq!(
        (many(1, "task", "tasks"), many(1_285, "task", "tasks")),
        ("1 task".to_owned(), "1,285 tasks".to_owned())
    );
}
