//! Two rows of lines laid side by side: what stands in both, in order, and what in one alone.
//!
//! Invariant: bounded in time, however much differs.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines of one machine, of both sides together, behind their first difference that are laid side by side: the search
/// takes the square of what differs.
const ALIGNED_MAX: usize = 20_000;

/// Lays lines side by side. Where that would take too long, what lies between the first and the last difference is one
/// stretch.
pub(super) fn aligned(theirs: &[String], ours: &[String]) -> Vec<DiffOp> {
    let alike = |pairs: &mut dyn Iterator<Item = (&String, &String)>| pairs.take_while(|(a, b)| a == b).count();
    let before = alike(&mut theirs.iter().zip(ours));
    let (rest, others) = (&theirs[before..], &ours[before..]);
    if rest.len() + others.len() <= ALIGNED_MAX {
        return capture_diff_slices(Algorithm::Myers, theirs, ours);
    }
    let after = alike(&mut rest.iter().rev().zip(others.iter().rev()));
    let (old_len, new_len) = (rest.len() - after, others.len() - after);
    vec![
        DiffOp::Equal { old_index: 0, new_index: 0, len: before },
        DiffOp::Replace { old_index: before, old_len, new_index: before, new_len },
        DiffOp::Equal { old_index: before + old_len, new_index: before + new_len, len: after },
    ]
}
