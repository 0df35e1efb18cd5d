//! Small drawings: reactions and the buttons of the field to write in. They look alike on every machine, also on one
//! whose fonts have no such signs.

use maud::{Markup, PreEscaped, html};

/// Meta's names of reactions and the signs they stand for (*message_reactions*, read 2026-11-23).
pub(super) const REACTIONS: [(&str, &str); 7] =
    [("love", "❤️"), ("smile", "😆"), ("wow", "😮"), ("sad", "😢"), ("angry", "😠"), ("like", "👍"), ("dislike", "👎")];

const HEART: &str = r##"<path fill="#e5294f" d="M12 20.500C5.200 15.300 2.500 12 2.500 8.600 2.500 5.800 4.600 4 7 4c2 0 3.900 1.200 5 3.200C13.100 5.200 15 4 17 4c2.400 0 4.500 1.800 4.500 4.600 0 3.400-2.700 6.700-9.500 11.900z"/>"##;
const THUMB: &str = r##"<path fill="#1f7bf2" d="M2.500 10.600A1.300 1.300 0 0 1 3.800 9.300H6.200v11H3.800a1.300 1.300 0 0 1-1.300-1.300zM7.700 9.900l3.500-6.900c.2-.4.6-.6 1-.6a2.200 2.200 0 0 1 2.100 2.600L13.600 8.300h5.200a2.300 2.300 0 0 1 2.200 2.800l-1.700 7.300a2.500 2.500 0 0 1-2.400 1.900H9.700a2 2 0 0 1-2-2z"/>"##;
const FACE: &str = r##"<circle cx="12" cy="12" r="9.800" fill="#ffcd43"/>"##;
const EYES: &str = r##"<circle cx="8.500" cy="10.200" r="1.400" fill="#4a3208"/><circle cx="15.500" cy="10.200" r="1.400" fill="#4a3208"/>"##;
const LAUGH: &str = r##"<path d="M7 8.500l2.600 1.500L7 11.500M17 8.500l-2.600 1.500 2.600 1.500" fill="none" stroke="#4a3208" stroke-width="1.400" stroke-linecap="round" stroke-linejoin="round"/><path d="M6.600 13.600h10.800c0 3-2.300 5-5.400 5s-5.400-2-5.400-5z" fill="#4a3208"/>"##;
const OH: &str = r##"<ellipse cx="12" cy="16" rx="2.300" ry="2.900" fill="#4a3208"/>"##;
const FROWN: &str = r##"<path d="M8.300 17.200c1.900-2.400 5.500-2.400 7.400 0" fill="none" stroke="#4a3208" stroke-width="1.500" stroke-linecap="round"/>"##;
const TEAR: &str = r##"<path d="M7 12.200c1.300 1.800 1.700 2.700 1.700 3.400a1.700 1.700 0 0 1-3.400 0c0-.7.4-1.600 1.700-3.400z" fill="#3b9cf5"/>"##;
const BROWS: &str = r##"<circle cx="12" cy="12" r="9.800" fill="#ef6b3a" opacity=".75"/><path d="M6.300 7.600l3.700 1.700M17.700 7.600 14 9.300" stroke="#4a3208" stroke-width="1.500" stroke-linecap="round"/>"##;

/// The drawing of a reaction, by its name or its sign; any other as it came.
pub(super) fn reaction(known: &str) -> Markup {
    let name = REACTIONS.iter().find(|(name, sign)| *name == known || *sign == known).map(|(name, _)| *name);
    let parts: &[&str] = match name {
        Some("love") => &[HEART],
        Some("smile") => &[FACE, LAUGH],
        Some("wow") => &[FACE, EYES, OH],
        Some("sad") => &[FACE, EYES, FROWN, TEAR],
        Some("angry") => &[FACE, BROWS, EYES, FROWN],
        Some("like") => &[THUMB],
        Some("dislike") => return drawing("icon upside-down", &[THUMB]),
        Some(_) | None => return html! { (known) },
    };
    drawing("icon", parts)
}

/// The thumb on the button beside the field.
pub(super) fn thumb() -> Markup {
    drawing("icon", &[THUMB])
}

/// The cross on the button for pictures and files.
pub(super) fn plus() -> Markup {
    drawing(
        "icon",
        &[
            r#"<circle cx="12" cy="12" r="10" fill="currentColor" opacity=".16"/><path d="M12 7v10M7 12h10" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>"#,
        ],
    )
}

/// Constant parts only: nothing that came from outside may get here.
fn drawing(class: &'static str, parts: &[&'static str]) -> Markup {
    html! { svg class=(class) viewBox="0 0 24 24" aria-hidden="true" { @for part in parts { (PreEscaped(*part)) } } }
}
