//! Verdicts that need no long computation: small exponents, and exponents that are not prime.

use crate::verdict::Verdict;

/// From this exponent on, 2^p − 1 no longer fits a machine word.
const P_LARGE: u32 = 64;

/// The verdict on 2^p − 1 when p < 64 or p is not prime; p is 2 or more.
pub(crate) fn quick_verdict(p: u32) -> Option<Verdict> {
    if let Some(divisor) = smallest_divisor(p) {
        return Some(Verdict::CompositeExponent { divisor });
    }
    match p {
        // The test is for odd p only.
        2 => Some(Verdict::Prime),
        3..P_LARGE => Some(lucas_lehmer(p)),
        _ => None,
    }
}

/// The smallest divisor of p between 1 and p; none if p is prime.
fn smallest_divisor(p: u32) -> Option<u32> {
    (2..).take_while(|d| d * d <= p).find(|d| p.is_multiple_of(*d))
}

/// The test in words of 128 bits, for a prime p with 2 < p < 64.
fn lucas_lehmer(p: u32) -> Verdict {
    let modulus = (1_u128 << p) - 1;
    // s² − 2 with the modulus added first, so that nothing goes below 0.
    let last = (2..p).fold(4 % modulus, |s, _| (s * s + modulus - 2) % modulus);
    Verdict::from_residue(last == 0, u64::try_from(last).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_below_64_are_all_decided() {
        let primes: Vec<u32> =
            (2..64).filter(|&p| quick_verdict(p) == Some(Verdict::Prime)).collect();
        assert_eq!(primes, [2, 3, 5, 7, 13, 17, 19, 31, 61]);
        assert!((2..64).all(|p| quick_verdict(p).is_some()));
    }

    #[test]
    fn a_composite_exponent_shows_its_divisor() {
        assert_eq!(quick_verdict(65), Some(Verdict::CompositeExponent { divisor: 5 }));
        assert_eq!(quick_verdict(9), Some(Verdict::CompositeExponent { divisor: 3 }));
        assert_eq!(quick_verdict(67), None);
    }
}
