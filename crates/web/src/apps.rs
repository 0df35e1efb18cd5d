//! Apps as agents know them. A hand-over names apps by number; a line about one is told with names here.
//!
//! Pure. Invariant: a number that is not known stays readable, and no line but one on a hand-over is touched.

use model::AppId;

/// The Page's own inbox at Meta, as an app. Meta, *Handover Protocol*, read 2026-11-23.
const PAGE_INBOX: &str = "263902037430900";

/// How every line on a hand-over begins.
const BEGINS: &str = "Control of the conversation ";

/// The line with its app named: `this node`, `the Page’s inbox at Facebook`, or `another app (990018)`. `ours`: the
/// node's own app, where it is known; without it a number that is not well known is `the app 990018`.
pub(crate) fn named(line: &str, ours: Option<&AppId>) -> String {
    let on_app = |line: &str| {
        let (before, number) = line.rsplit_once(" app ")?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        (before.starts_with(BEGINS) && is_number).then(|| format!("{before} {}", called(number, ours)))
    };
    on_app(line).unwrap_or_else(|| line.to_owned())
}

/// An app by its number.
pub(crate) fn called(number: &str, ours: Option<&AppId>) -> String {
    match ours {
        Some(ours) if ours.as_str() == number => "this node".to_owned(),
        _ if number == PAGE_INBOX => "the Page’s inbox at Facebook".to_owned(),
        Some(_) => format!("another app ({number})"),
        None => format!("the app {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_told_by_a_name_and_never_by_our_own_number() {
        let ours = AppId::new("990017");
        let told = |number: &str, ours| named(&format!("Control of the conversation was passed to app {number}"), ours);
        let said = |who: &str| format!("Control of the conversation was passed to {who}");
        assert_eq!(told("990017", Some(&ours)), said("this node"));
        assert_eq!(told("263902037430900", Some(&ours)), said("the Page’s inbox at Facebook"));
        assert_eq!(told("990018", Some(&ours)), said("another app (990018)"));
        assert_eq!(told("990017", None), said("the app 990017"), "without our own number it is not known whose it is");
        for line in ["Control of the conversation was given up", "Messenger says: look into app 990017", "app 990017"] {
            assert_eq!(named(line, Some(&ours)), line, "not a hand-over to an app");
        }
    }
}
