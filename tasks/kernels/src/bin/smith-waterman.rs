//! Smith-Waterman: the best local alignment of two DNA sequences, with Gotoh's affine gaps.

use std::hint::select_unpredictable;

use kernels::{SplitMix64, checksum};

const LENGTH: usize = 10_000;
const MATCH: i32 = 2;
const MISMATCH: i32 = -3;
/// Of the first base of a gap, and of each one after it.
const GAP_OPEN: i32 = -5;
const GAP_EXTEND: i32 = -2;
/// Below every score, and far enough from the end of the range to be added to.
const NEVER: i32 = i32::MIN / 2;

fn main() {
    let mut random = SplitMix64::new(5);
    let a = sequence(&mut random, LENGTH);
    let b = related(&mut random, &a);
    let best = align(&a, &b);
    let words = [i64::from(best.score).cast_unsigned(), best.end_a as u64, best.end_b as u64];
    println!("smith-waterman {:016x}", checksum(words));
}

/// A random sequence of bases.
fn sequence(random: &mut SplitMix64, length: usize) -> Vec<u8> {
    (0..length).map(|_| b"ACGT"[(random.word() >> 62) as usize]).collect()
}

/// A sequence that descends from `parent`: one base in eight is another, is lost, or is doubled.
fn related(random: &mut SplitMix64, parent: &[u8]) -> Vec<u8> {
    let mut child = Vec::with_capacity(parent.len());
    for base in parent {
        match random.word() >> 59 {
            0 => {}
            1 => child.extend([*base, *base]),
            2 | 3 => child.push(b"ACGT"[(random.word() >> 62) as usize]),
            _ => child.push(*base),
        }
    }
    child
}

/// The best local alignment, and the bases before which it ends.
#[derive(Debug, Default, PartialEq, Eq)]
struct Best {
    score: i32,
    end_a: usize,
    end_b: usize,
}

fn align(a: &[u8], b: &[u8]) -> Best {
    let mut best = Best::default();
    // Of the row above, for each base of `b`: the best alignment that ends there, and the best of those
    // that end there in a gap of `b`.
    let mut scores = vec![0; b.len()];
    let mut gaps = vec![NEVER; b.len()];
    for (index_a, base_a) in a.iter().enumerate() {
        let (mut diagonal, mut left, mut gap_left) = (0, 0, NEVER);
        let above = scores.iter_mut().zip(&mut gaps);
        for (index_b, (base_b, (score, gap))) in b.iter().zip(above).enumerate() {
            let pair = if base_a == base_b { MATCH } else { MISMATCH };
            *gap = greater(*score + GAP_OPEN, *gap + GAP_EXTEND);
            gap_left = greater(left + GAP_OPEN, gap_left + GAP_EXTEND);
            // What does not wait for the pair to the left comes first.
            left = greater(greater(greater(diagonal + pair, 0), *gap), gap_left);
            diagonal = std::mem::replace(score, left);
            if left > best.score {
                best = Best { score: left, end_a: index_a + 1, end_b: index_b + 1 };
            }
        }
    }
    best
}

/// Without a branch: which is greater cannot be predicted, and without being told some back ends try.
fn greater(a: i32, b: i32) -> i32 {
    select_unpredictable(a > b, a, b)
}

#[cfg(test)]
mod tests {
    use super::{Best, align};

    #[test]
    fn alignments_done_by_hand() {
        let best = |score, end_a, end_b| Best { score, end_a, end_b };
        assert_eq!(align(b"ACGT", b"ACGT"), best(8, 4, 4));
        assert_eq!(align(b"AAAA", b"CCCC"), best(0, 0, 0));
        assert_eq!(align(b"TTACGTT", b"GGACGGG"), best(6, 5, 5));
        // Ten pairs, and a gap of two.
        assert_eq!(align(b"ACGTAGGCATGC", b"ACGTACATGC"), best(20 - 5 - 2, 12, 10));
    }
}
