//! Smith-Waterman: the best local alignment of two DNA sequences, with Gotoh's affine gaps.

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

/// The best alignment that ends at a pair of bases, and the best that ends there in a gap of `b`.
#[derive(Clone, Copy)]
struct Cell {
    score: i32,
    gap: i32,
}

fn align(a: &[u8], b: &[u8]) -> Best {
    let mut best = Best::default();
    // The row above, for each base of `b`.
    let mut row = vec![Cell { score: 0, gap: NEVER }; b.len()];
    for (index_a, base_a) in a.iter().enumerate() {
        let (mut diagonal, mut left, mut gap_left) = (0, 0, NEVER);
        for (index_b, (base_b, cell)) in b.iter().zip(&mut row).enumerate() {
            let pair = if base_a == base_b { MATCH } else { MISMATCH };
            gap_left = (left + GAP_OPEN).max(gap_left + GAP_EXTEND);
            let gap = (cell.score + GAP_OPEN).max(cell.gap + GAP_EXTEND);
            let score = (diagonal + pair).max(gap_left).max(gap).max(0);
            diagonal = cell.score;
            left = score;
            *cell = Cell { score, gap };
            if score > best.score {
                best = Best { score, end_a: index_a + 1, end_b: index_b + 1 };
            }
        }
    }
    best
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
