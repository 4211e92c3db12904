//! In which order the units of a job are begun.

use crate::digest::Digest;

/// In which order the units of a job are begun: as they are numbered, or in one that follows from a
/// secret of the coordinator, so that a host can neither foresee which units it gets nor see from
/// its number that a unit was begun before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order(
    /// The secret; none is the order of the numbers.
    pub Option<u64>,
);

/// Rounds of the network. Four make a permutation that looks random to whoever sees only parts of
/// it (Luby and Rackoff, *How to construct pseudorandom permutations from pseudorandom functions*,
/// 1988).
const ROUNDS: u8 = 4;

impl Order {
    /// The index of the `nth` unit of `total` that is begun; `nth` must be below `total`.
    #[must_use]
    pub fn index(self, nth: u32, total: u32) -> u32 {
        let Some(secret) = self.0 else { return nth };
        // A permutation of the numbers of an even count of bits, of which at least a quarter are
        // below the total: whatever is not is permuted again, until it is.
        let bits = u32::BITS - total.saturating_sub(1).leading_zeros();
        let half_bits = bits.div_ceil(2).max(1);
        let mut index = permuted(nth, half_bits, secret);
        while index >= total {
            index = permuted(index, half_bits, secret);
        }
        index
    }
}

/// A Feistel network over two halves.
fn permuted(number: u32, half_bits: u32, secret: u64) -> u32 {
    let mask = (1_u32 << half_bits) - 1;
    let (mut left, mut right) = (number >> half_bits, number & mask);
    for round in 0..ROUNDS {
        (left, right) = (right, left ^ (hash(round, right, secret) & mask));
    }
    left << half_bits | right
}

fn hash(round: u8, half: u32, secret: u64) -> u32 {
    let mut input = [0; 13];
    input[..8].copy_from_slice(&secret.to_le_bytes());
    input[8] = round;
    input[9..].copy_from_slice(&half.to_le_bytes());
    let [a, b, c, d, ..] = Digest::of(&input).0;
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_unit_comes_once() {
        for total in [1, 2, 3, 4, 5, 63, 64, 65, 1_000, 4_097] {
            for secret in [None, Some(0), Some(1), Some(u64::MAX)] {
                let order = Order(secret);
                let all: BTreeSet<u32> = (0..total).map(|nth| order.index(nth, total)).collect();
                assert_eq!(all.len(), total as usize, "{secret:?}");
                assert_eq!(all.last(), Some(&(total - 1)), "{secret:?}");
            }
        }
    }

    #[test]
    fn the_largest_job_has_an_order() {
        let total = crate::limits::UNITS_MAX;
        let order = Order(Some(5));
        assert!([0, 1, total / 2, total - 1].iter().all(|nth| order.index(*nth, total) < total));
    }

    #[test]
    fn secrets_make_different_orders() {
        let begin = |secret| [0, 1, 2, 3, 4].map(|nth| Order(secret).index(nth, 1_000));
        assert_eq!(begin(None), [0, 1, 2, 3, 4]);
        assert_ne!(begin(Some(1)), begin(Some(2)));
        assert_ne!(begin(Some(1)), begin(None));
    }
}
