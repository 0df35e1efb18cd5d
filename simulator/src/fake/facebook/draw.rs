//! Choices of the stand-in: a hash of (seed, stream, number), so that the same seed chooses the same.
//!
//! No generator with state, so that the order of asking changes nothing.

/// Streams that must not resemble each other.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    /// First half of a message id.
    MidHigh = 1,
    /// Second half of a message id.
    MidLow,
    /// Ids of customers nobody named.
    Psid,
    /// Trace ids of errors.
    Trace,
    /// Delay of an echo.
    Echo,
    /// Delay of a delivery receipt.
    Delivered,
    /// Delay of a read receipt.
    Read,
    /// Delay of a webhook that is put out of order.
    Reorder,
    /// Ids of customers on walls.
    Author,
    /// Ids of posts, comments, leads, ads and forms.
    Thing,
}

/// A number for this stream: splitmix64's finaliser over the three.
pub(super) fn draw(seed: u64, stream: Stream, number: u64) -> u64 {
    let mut word = seed ^ (stream as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = mix(word).wrapping_add(number.wrapping_mul(0xd134_2543_de82_ef95));
    mix(word)
}

/// A number below `limit` (0 for a limit of 0).
pub(super) fn below(seed: u64, stream: Stream, number: u64, limit: u64) -> u64 {
    draw(seed, stream, number).checked_rem(limit).unwrap_or(0)
}

fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
