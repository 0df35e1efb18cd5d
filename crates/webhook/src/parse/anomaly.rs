//! What is kept of an item that could not be understood: reason, place, kind, and its text up to a limit.
//!
//! Reasons are stable words; kinds are keys of Meta's, never customer text; the raw text is redacted in print.

use model::{Anomaly, Place, Redacted};

use super::Surroundings;
use crate::limits::{DEPTH_MAX, KIND_BYTES_MAX, RAW_BYTES_MAX};

/// Why an item was not understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    word: &'static str,
    kind: Option<String>,
}

impl Reason {
    /// A reason that needs no kind.
    pub(super) const fn plain(word: &'static str) -> Self {
        Self { word, kind: None }
    }

    /// A reason with the kind's key as found.
    pub(super) fn of_kind(word: &'static str, kind: impl AsRef<str>) -> Self {
        Self { word, kind: Some(short(kind.as_ref())) }
    }
}

/// A body, or an envelope of it, that has no items to name.
pub(super) fn whole(word: &'static str, raw: &str) -> Anomaly {
    keep(Reason::plain(word), None, None, raw)
}

/// One item.
pub(super) fn item(reason: Reason, place: Place, around: &Surroundings<'_>, raw: &str) -> Anomaly {
    keep(reason, Some(place), around.page.clone(), raw)
}

fn keep(reason: Reason, place: Option<Place>, page: Option<model::PageId>, raw: &str) -> Anomaly {
    let word = if deeper_than(raw, DEPTH_MAX) { "too-deep" } else { reason.word };
    Anomaly {
        place,
        page,
        reason: word.to_owned(),
        kind: reason.kind,
        raw: Redacted::new(cut(raw, RAW_BYTES_MAX).to_owned()),
    }
}

/// A key of Meta's, cut to what belongs in a metric.
pub(super) fn short(key: &str) -> String {
    cut(key, KIND_BYTES_MAX).to_owned()
}

/// The longest start of at most so many bytes that ends between characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether brackets outside of strings nest deeper; the text need not be valid.
fn deeper_than(text: &str, levels: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > levels {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 3), "añ");
        assert_eq!(cut("añb", 9), "añb");
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert!(!deeper_than(r#"["[[[\"[[[[", 1]"#, 1));
        assert!(deeper_than("[[", 1));
        assert!(!deeper_than("[][][]", 1));
    }
}
