//! The only chance of the simulated world: a hash of a stream and of what the choice is about. No state but the
//! entropy's count.
//!
//! Invariant: asking in another order, or for something more, changes no other choice. Both depths draw here, so that one
//! world treats both alike.

use journal::Entropy;
use model::Span;

/// Streams that must not resemble each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// Id of a message.
    Mid = 1,
    /// How long an answer to a send takes.
    Answer,
    /// How long after the send its echo comes.
    Echo,
    /// How long after the send it arrives.
    Delivered,
    /// How long after that it is read.
    Read,
    /// How long an answer to a question for a profile takes.
    Profile,
    /// Bytes for keys and nonces.
    Bytes,
    /// What a made-up customer does.
    Customer,
    /// What a made-up agent does.
    Agent,
    /// What Meta does in a made-up world, and when the node falls in it.
    Meta,
    /// What else goes wrong in it.
    Fault,
    /// Which calls and webhooks are struck by what goes wrong outside.
    Weather,
    /// How long reading a thread takes.
    Thread,
}

/// A number for a thing: FNV-1a over its name, then the finaliser of splitmix64.
pub(crate) fn draw(stream: Stream, about: &str) -> u64 {
    let hash = about
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    mix(hash ^ mix(stream as u64))
}

/// A span for a thing, both ends included.
pub(crate) fn between(stream: Stream, about: &str, least: Span, most: Span) -> Span {
    let width = u64::try_from((most.0 - least.0).max(0)).unwrap_or(0) + 1;
    Span(least.0 + i64::try_from(draw(stream, about) % width).unwrap_or(0))
}

fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Keys and nonces of a store that nobody else ever reads.
#[derive(Debug, Default)]
pub(crate) struct Counted(u64);

impl Entropy for Counted {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 += 1;
            let drawn = mix(self.0 ^ mix(Stream::Bytes as u64)).to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_depends_on_stream_and_thing_alone_and_stays_between_its_ends() {
        let spans: Vec<Span> = (0..200).map(|n| between(Stream::Echo, &n.to_string(), Span(20), Span(400))).collect();
        assert!(spans.iter().all(|span| (20..=400).contains(&span.0)));
        assert!(spans.iter().any(|span| span.0 < 100) && spans.iter().any(|span| span.0 > 320));
        assert_eq!(draw(Stream::Mid, "pd.1.4.c/17/5"), draw(Stream::Mid, "pd.1.4.c/17/5"));
        assert_ne!(draw(Stream::Mid, "pd.1.4.c/17/5"), draw(Stream::Echo, "pd.1.4.c/17/5"));
        assert_eq!(between(Stream::Read, "x", Span(7), Span(7)), Span(7));
    }

    #[test]
    fn drawn_bytes_do_not_repeat() {
        let (mut entropy, mut one, mut two) = (Counted::default(), [0; 12], [0; 12]);
        entropy.fill(&mut one);
        entropy.fill(&mut two);
        assert_ne!(one, two);
    }
}
