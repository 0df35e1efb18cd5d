//! Cuts a long text into messages that Meta takes.
//!
//! Invariant: nothing but the white space at a cut is lost, no piece is too long, and cutting again changes nothing.

/// Longest text of one message, in characters. Send API: 2,000 characters, read 2026-11-23; counted here as code points.
pub const TEXT_CHARACTERS_MAX: usize = 2_000;

/// The text in pieces of at most [`TEXT_CHARACTERS_MAX`] characters, cut at white space where there is any; never empty.
pub fn split(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(limit) = limit(rest) {
        let (piece, tail) = cut(rest, limit);
        if !piece.trim().is_empty() {
            pieces.push(piece.to_owned());
        }
        rest = tail;
    }
    if pieces.is_empty() || !rest.trim().is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where the first character lies that does not fit, if one does not.
fn limit(text: &str) -> Option<usize> {
    // A byte count within the limit needs no counting of characters.
    if text.len() <= TEXT_CHARACTERS_MAX {
        return None;
    }
    text.char_indices().nth(TEXT_CHARACTERS_MAX).map(|(index, _)| index)
}

/// Cuts before `limit` at the last white space, which belongs to neither side; without any, at `limit` itself.
fn cut(text: &str, limit: usize) -> (&str, &str) {
    let (head, tail) = text.split_at(limit);
    if tail.starts_with(char::is_whitespace) {
        return (head.trim_end(), tail.trim_start());
    }
    match head.rfind(char::is_whitespace) {
        Some(space) if !head[..space].trim_end().is_empty() => (head[..space].trim_end(), text[space..].trim_start()),
        Some(_) | None => (head, tail),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dense(text: &str) -> String {
        text.chars().filter(|character| !character.is_whitespace()).collect()
    }

    #[test]
    fn a_text_within_the_limit_stays_as_it_is() {
        for text in ["", " ", "hello\n\nworld ", &"é".repeat(TEXT_CHARACTERS_MAX)] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn a_long_text_is_cut_at_the_last_space_that_fits() {
        let text = format!("{} {} {}", "a".repeat(1_500), "b".repeat(400), "c".repeat(300));
        assert_eq!(split(&text), [format!("{} {}", "a".repeat(1_500), "b".repeat(400)), "c".repeat(300)]);
        let exact = format!("{} {}", "a".repeat(2_000), "b");
        assert_eq!(split(&exact), ["a".repeat(2_000), "b".to_owned()]);
    }

    #[test]
    fn a_word_that_is_too_long_is_cut_where_it_must() {
        let pieces = split(&"ü".repeat(4_001));
        assert_eq!(pieces.iter().map(|piece| piece.chars().count()).collect::<Vec<_>>(), [2_000, 2_000, 1]);
    }

    #[test]
    fn white_space_alone_is_never_a_piece_beside_others() {
        let pieces = split(&format!("a{}b", " ".repeat(5_000)));
        assert_eq!(pieces, ["a", "b"]);
        assert_eq!(split(&" ".repeat(5_000)).len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost_and_every_piece_fits(
            words in proptest::collection::vec("[a-zé\u{1F600}]{1,900}", 0..12),
            gaps in proptest::collection::vec("[ \n\t]{1,40}", 12),
        ) {
            let text: String = words.iter().zip(&gaps).flat_map(|(word, gap)| [word.as_str(), gap.as_str()]).collect();
            let pieces = split(&text);
            prop_assert!(!pieces.is_empty());
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= TEXT_CHARACTERS_MAX));
            prop_assert_eq!(dense(&pieces.concat()), dense(&text));
            let mut rest = text.as_str();
            for piece in &pieces {
                let at = rest.find(piece.as_str());
                prop_assert!(at.is_some_and(|at| rest[..at].trim().is_empty()), "pieces are the text's own, in order");
                rest = &rest[at.expect("just seen") + piece.len()..];
            }
            for piece in &pieces {
                prop_assert_eq!(split(piece), std::slice::from_ref(piece));
            }
        }
    }
}
