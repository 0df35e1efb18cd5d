//! A keyed permutation of all texts of one shape: letters change within their alphabets, and no two texts become one.
//!
//! Rounds of an unbalanced Feistel network over letters: each half is shifted by numbers drawn from the other one.

use super::alphabet::Alphabet;
use super::key::Key;

/// Rounds; four hide which half was which, more cost little.
const ROUNDS: u8 = 6;

/// Changes the places of letters in their alphabets. Texts of another `shape` are permuted independently.
pub(super) fn permute(key: &Key, shape: &[u8], alphabets: &[Alphabet], places: &mut [u32]) {
    let sizes: Vec<u32> = alphabets.iter().map(Alphabet::size).collect();
    let middle = places.len() / 2;
    if middle == 0 {
        // A single letter never stays what it is, unless its alphabet has no other.
        if let ([place], [size]) = (&mut *places, &*sizes)
            && *size > 1
        {
            *place = (*place + 1 + key.draw("letter", &[shape]).below(size - 1)) % size;
        }
        return;
    }
    for round in 0..ROUNDS {
        let (left, right) = places.split_at_mut(middle);
        let (left_sizes, right_sizes) = sizes.split_at(middle);
        if round % 2 == 0 {
            shift(key, shape, round, left, right, right_sizes);
        } else {
            shift(key, shape, round, right, left, left_sizes);
        }
    }
}

fn shift(key: &Key, shape: &[u8], round: u8, by: &[u32], places: &mut [u32], sizes: &[u32]) {
    let by: Vec<u8> = by.iter().flat_map(|place| place.to_be_bytes()).collect();
    let mut draw = key.draw("text", &[shape, &[round], &by]);
    for (place, size) in places.iter_mut().zip(sizes) {
        *place = (*place + draw.below(*size)) % size;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_texts_of_a_shape_become_one() {
        let key = Key::of(b"key");
        let alphabets = [Alphabet::Digit, Alphabet::Leading, Alphabet::SmallHex, Alphabet::Digit];
        for count in 1..=alphabets.len() {
            let alphabets = &alphabets[..count];
            let all = alphabets.iter().fold(vec![Vec::new()], |texts: Vec<Vec<u32>>, alphabet| {
                let each = |text: Vec<u32>| (0..alphabet.size()).map(move |place| [&*text, &[place]].concat());
                texts.into_iter().flat_map(each).collect()
            });
            let changed = |text: &Vec<u32>| {
                let mut places = text.clone();
                permute(&key, b"shape", alphabets, &mut places);
                places
            };
            let permuted: BTreeSet<Vec<u32>> = all.iter().map(changed).collect();
            assert_eq!(permuted.len(), all.len());
            assert_eq!(permuted, all.iter().cloned().collect());
            let kept = all.iter().filter(|text| changed(text) == **text).count();
            assert!(kept <= 6, "{kept} of {} stay", all.len());
        }
    }

    #[test]
    fn key_and_shape_choose_the_permutation() {
        let changed = |key: &[u8], shape: &[u8]| {
            let mut places = [3; 12];
            permute(&Key::of(key), shape, &vec![Alphabet::Small; 12], &mut places);
            places
        };
        assert_eq!(changed(b"a", b"s"), changed(b"a", b"s"));
        assert!(changed(b"a", b"s") != changed(b"b", b"s") && changed(b"a", b"s") != changed(b"a", b"t"));
    }
}
