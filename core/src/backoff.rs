//! How long to wait before trying again.

use rand_core::Rng;

use crate::time::Span;

/// The pause after the `failures`-th failure in a row: `base` doubled for each one after the first,
/// at most `cap`, and then shortened by chance to between half of that and all of it, so that what
/// failed together is not tried again together.
pub fn pause(base: Span, cap: Span, failures: u32, rng: &mut impl Rng) -> Span {
    let longest = base.doubled(failures.saturating_sub(1), cap);
    let half = longest.0 / 2;
    Span(longest.0 - below(half.saturating_add(1), rng))
}

/// A number from 0 to `bound - 1`, each about as likely as any other; 0 if `bound` is 0.
pub fn below(bound: u64, rng: &mut impl Rng) -> u64 {
    let scaled = u128::from(rng.next_u64()) * u128::from(bound);
    u64::try_from(scaled >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (base, cap) = (Span::seconds(1), Span::minutes(5));
        for (failures, longest) in [(1, 1_000), (2, 2_000), (5, 16_000), (40, 300_000)] {
            for _ in 0..100 {
                let pause = pause(base, cap, failures, &mut rng).0;
                assert!((longest / 2..=longest).contains(&pause), "{failures}: {pause}");
            }
        }
    }

    #[test]
    fn numbers_by_chance_stay_below_their_bound() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let drawn: Vec<u64> = (0..200).map(|_| below(3, &mut rng)).collect();
        assert!((0..3).all(|n| drawn.contains(&n)) && drawn.iter().all(|n| *n < 3));
        assert_eq!(below(0, &mut rng), 0);
    }
}
