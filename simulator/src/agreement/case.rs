//! One question to both: facts, an instant, an edition. Made from bytes, a fixed number of them, each with one meaning, so
//! that a fuzzer changes one thing by changing one byte; a drawn case is decoded from drawn bytes.
//!
//! Edges are liked: most openers lie a millisecond or none beside the end of a window or of its guard, most instants beside
//! the start of an edition. Invariant: every instant lies within [`INSTANT_MAX`] of 1970, where no sum saturates; what the
//! ends of time do is for the tests of `policy`.

use model::{Span, Timestamp};
use policy::{
    Author, Calendar, Carries, ContentKind, Day, Edition, EditionId, Facts, Guards, HumanAgentBase, Openers, UpdateTag,
    editions,
};

/// The bytes that make a case; missing ones are 0, further ones are not read.
pub const BYTES: usize = 62;

/// 2100-01-01T00:00:00Z
const INSTANT_MAX: i64 = 4_102_444_800_000;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A fact set with the instant and the edition it is asked under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The facts.
    pub facts: Facts,
    /// When it is asked.
    pub now: Timestamp,
    /// Under which rules; where they are not in force at `now`, it is a what-if.
    pub edition: EditionId,
    /// From which day on each is in force.
    pub effective_from: Calendar,
}

impl Case {
    /// The case of a number under a seed.
    pub fn draw(seed: u64, number: u64) -> Self {
        Self::decode(&bytes(seed, number))
    }

    /// The case that bytes stand for; there is one for all bytes.
    pub fn decode(bytes: &[u8]) -> Self {
        let mut bytes = Bytes { bytes };
        let effective_from = calendar(bytes.bytes.get(BYTES - 1).copied().unwrap_or(0));
        let guards = Guards { standard: guard(&mut bytes), human_agent: guard(&mut bytes) };
        let now = instant(&mut bytes, &effective_from);
        let (what_if, which) = (bytes.small(), bytes.small());
        let all = effective_from.editions();
        let edition = if what_if % 3 == 0 { all[which % all.len()] } else { effective_from.edition_at(now) };
        let last_action_at = opener(&mut bytes, now, &guards, None);
        let last_message_at = opener(&mut bytes, now, &guards, last_action_at);
        let (who, flags) = (bytes.small(), bytes.small());
        let (by_ad, ad_message_at) = (bytes.small(), opener(&mut bytes, now, &guards, last_message_at));
        let (carries, carried) = carries(&mut bytes);
        let facts = Facts {
            openers: Openers {
                last_action_at,
                last_message_at,
                ad_message_at: ad_message_at.filter(|_| by_ad & 1 != 0),
            },
            author: if who.is_multiple_of(2) { Author::Agent } else { Author::Automation },
            tag: [None, TAGS[0], TAGS[1], TAGS[2], None, None, None, None][(who >> 1) % 8],
            human_agent_feature: flags & 1 == 0,
            guards,
            human_agent_base: if flags & 2 == 0 { HumanAgentBase::Message } else { HumanAgentBase::Opener },
            // Two bits at once: a Page that cannot send, or a thread of another app, hides the rest.
            restricted: flags & 0x0c == 0x0c,
            token: flags & 0x30 != 0x30,
            standby: flags & 0xc0 == 0xc0,
            ad_refused: by_ad & 6 == 6,
            carries,
            privacy_refused_at: refusal(&mut bytes, now),
            utility_feature: carried & 1 != 0,
        };
        Self { facts, now, edition: edition.id(), effective_from }
    }

    /// The edition itself.
    pub fn edition(&self) -> Edition {
        self.effective_from.edition(self.edition)
    }

    /// True where the edition is not the one in force at the instant.
    pub fn is_what_if(&self) -> bool {
        self.effective_from.edition_at(self.now).id() != self.edition
    }

    /// The facts as `pagedesk policy explain` reads them.
    pub fn facts_json(&self) -> String {
        serde_json::to_string(&self.facts).expect("facts are words and numbers")
    }

    /// The command that shows the policy's answer, quoted for a shell.
    pub fn explain_line(&self) -> String {
        // Facts hold no text of anybody's: no quote can be in them.
        let (facts, at, edition) = (self.facts_json(), instant_words(self.now.0), self.edition);
        let moved = self.effective_from.moved().map(|(edition, day)| format!(" --effective-from {edition}={day}"));
        format!("echo '{facts}' | pagedesk policy explain --at {at} --edition {edition}{}", moved.collect::<String>())
    }
}

const TAGS: [Option<UpdateTag>; 3] =
    [Some(UpdateTag::ConfirmedEventUpdate), Some(UpdateTag::AccountUpdate), Some(UpdateTag::PostPurchaseUpdate)];

/// RFC 3339 in UTC with milliseconds; the bare number where the calendar ends.
pub(super) fn instant_words(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| format!("{at:.3}"))
}

/// The bytes of a number under a seed.
pub fn bytes(seed: u64, number: u64) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (nth, piece) in bytes.chunks_mut(8).enumerate() {
        let word = mix(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ mix(number.wrapping_mul(8) + nth as u64 + 1));
        piece.copy_from_slice(&word.to_le_bytes()[..piece.len()]);
    }
    bytes
}

/// The finaliser of splitmix64.
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// None, the defaults, odd ones, as long as a window and longer, less than nothing. Five bytes.
fn guard(bytes: &mut Bytes<'_>) -> Span {
    let (which, any) = (bytes.small(), bytes.number(4));
    let edges =
        [0, 0, 0, 60_000, 60_000, 300_000, 300_000, 1, 999, HOUR - 1, HOUR, HOUR + 1, DAY, 7 * DAY, -1, -60_000];
    Span(if which < 208 { edges[which % edges.len()] } else { any % (8 * DAY) })
}

/// Days on which Meta may have changed its rules: mostly those that it named. The last byte.
fn calendar(byte: u8) -> Calendar {
    let moved: &[(usize, &str)] = match byte {
        0..192 => &[],
        192..208 => &[(0, "2020-03-04")],
        208..224 => &[(1, "2026-05-11")],
        224..240 => &[(2, "2026-10-05")],
        240..248 => &[(1, "2026-02-10"), (2, "2026-02-11")],
        248.. => &[(0, "2020-03-04"), (1, "2026-09-27")],
    };
    let day = |text: &str| text.parse::<Day>().expect("a day of the list above");
    let moved = moved.iter().map(|(nth, text)| (editions()[*nth].id(), day(text))).collect();
    Calendar::with(&moved).expect("the lists above keep the order")
}

/// Mostly a text; sizes stand beside the limits of every kind. With further bits. Three bytes.
fn carries(bytes: &mut Bytes<'_>) -> (Carries, usize) {
    let (kind, size, bits) = (bytes.small(), bytes.small(), bytes.small());
    let kind = if kind < 176 { ContentKind::Text } else { ContentKind::ALL[kind % ContentKind::ALL.len()] };
    let edges = match kind {
        ContentKind::Text => [1_999, 2_000, 2_001, 3_999],
        ContentKind::Image => [7_999_999, 8_000_000, 8_000_001, 25_000_000],
        ContentKind::Audio | ContentKind::Video | ContentKind::File => [24_999_999, 25_000_000, 25_000_001, 8_000_001],
        ContentKind::Template => [1, 2_000, 2_001, 25_000_001],
    };
    let size = (size >= 208).then(|| edges[size % edges.len()]);
    let buttons = [12, 13, 14].get((bits >> 1) % 16).copied().unwrap_or(0);
    (Carries { kind, size, buttons }, bits)
}

/// Meta refused something for privacy rules: never, beside the end of the 30 days, now, ahead of the clock. Two bytes.
fn refusal(bytes: &mut Bytes<'_>, now: Timestamp) -> Option<Timestamp> {
    let (kind, nudge) = (bytes.small(), bytes.nudge());
    let ages = [30 * DAY, 30 * DAY, 0, 29 * DAY, 31 * DAY, -HOUR];
    (kind >= 128).then(|| now - Span(ages[kind % ages.len()] + nudge))
}

/// Eleven bytes.
fn instant(bytes: &mut Bytes<'_>, calendar: &Calendar) -> Timestamp {
    let (kind, which, nudge, any) = (bytes.small(), bytes.small(), bytes.nudge(), bytes.number(8));
    let all = calendar.editions();
    let start = all[which % all.len()].starts_at().0;
    Timestamp(match kind % 8 {
        0 | 1 => start + nudge,
        2 | 3 => start + any % (80 * DAY) - 40 * DAY,
        4 => start + 35 * DAY,
        5 => start + any % (400 * DAY),
        6 => 1_790_553_600_000 + any % (80 * DAY) - 40 * DAY,
        _ => any % INSTANT_MAX,
    })
}

/// Something the customer did: never, beside an edge, at the same time as something else, any time, ahead of the clock. Ten
/// bytes.
fn opener(bytes: &mut Bytes<'_>, now: Timestamp, guards: &Guards, other: Option<Timestamp>) -> Option<Timestamp> {
    let (kind, nudge, any) = (bytes.small(), bytes.nudge(), bytes.number(8));
    let (standard, person) = (guards.standard.0.max(0), guards.human_agent.0.max(0));
    let edges = [
        DAY,
        DAY - standard,
        DAY + standard,
        7 * DAY,
        7 * DAY - person,
        7 * DAY + person,
        7 * DAY - standard,
        DAY - person,
        0,
        2 * DAY,
        23 * HOUR,
        30 * DAY,
    ];
    let age = match kind {
        0..16 => return None,
        16..48 => return other,
        48..192 => edges[kind % edges.len()] + nudge,
        192..224 => any % (9 * DAY),
        224..240 => any % (400 * DAY),
        _ => -(any % (2 * DAY)),
    };
    Some(now - Span(age))
}

/// What is left of the bytes.
struct Bytes<'a> {
    bytes: &'a [u8],
}

impl Bytes<'_> {
    fn small(&mut self) -> usize {
        usize::try_from(self.number(1)).expect("one byte is not negative")
    }

    /// A millisecond before, none, or one after; rarely a little more.
    fn nudge(&mut self) -> i64 {
        match self.small() {
            byte @ 0..240 => byte as i64 % 3 - 1,
            byte => byte as i64 - 248,
        }
    }

    /// So many bytes, the lowest first, as a number that is not negative.
    fn number(&mut self, bytes: usize) -> i64 {
        let (read, rest) = self.bytes.split_at(bytes.min(self.bytes.len()));
        self.bytes = rest;
        let number = read.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        i64::try_from(number & (u64::MAX >> 1)).expect("the highest bit is off")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_depends_on_its_seed_and_number_alone() {
        let draw = |seed| (0..200).map(|number| Case::draw(seed, number)).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert!(draw(7).iter().zip(draw(8)).filter(|(one, other)| *one != other).count() > 190);
    }

    #[test]
    fn any_number_of_bytes_is_a_case() {
        let long = [255; BYTES + 9];
        for length in 0..long.len() {
            let case = Case::decode(&long[..length]);
            assert!(case.edition().id() == case.edition);
        }
        assert_eq!(Case::decode(&long), Case::decode(&long[..BYTES]));
        assert_ne!(Case::decode(&long[..BYTES]), Case::decode(&long[..BYTES - 1]), "the last byte has a meaning");
    }

    #[test]
    fn what_is_drawn_stays_where_no_sum_saturates() {
        for number in 0..20_000 {
            let Case { facts, now, .. } = Case::draw(3, number);
            let Openers { last_action_at, last_message_at, ad_message_at } = facts.openers;
            let instants = [Some(now), last_action_at, last_message_at, ad_message_at];
            assert!(instants.into_iter().flatten().all(|at| at.0.abs() <= 2 * INSTANT_MAX), "{number}");
        }
    }

    #[test]
    fn the_line_that_explains_a_case_is_quoted_for_a_shell() {
        let case = Case::decode(&[]);
        assert_eq!(
            case.explain_line(),
            "echo '{\"openers\":{\"last_action_at\":null,\"last_message_at\":null},\"author\":\"agent\",\"tag\":null,\
             \"human_agent_feature\":true,\"human_agent_base\":\"message\",\"guards\":{\"standard\":0,\"human_agent\":0},\
             \"restricted\":false,\"token\":true,\"standby\":false,\"carries\":{\"kind\":\"text\",\"buttons\":12}}' \
             | pagedesk policy explain --at 2020-01-14T23:59:59.999Z --edition 2020-01-15"
        );
    }
}
