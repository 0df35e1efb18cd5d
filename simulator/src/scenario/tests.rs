//! The language against texts of every kind: what is read, what is refused in which words, and what always holds.

use proptest::prelude::*;

use super::*;

#[test]
fn placeholder() {}
