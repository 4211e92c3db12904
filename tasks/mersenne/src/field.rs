//! Arithmetic modulo P = 2^64 − 2^32 + 1.
//!
//! P is made for this: 2^64 ≡ 2^32 − 1 and 2^96 ≡ −1 (mod P), so a product of two elements is
//! reduced with shifts and additions; and P − 1 is a multiple of 2^32, so there are roots of
//! unity of every order that a transform here can want.

/// The modulus.
pub(crate) const P: u64 = 0xffff_ffff_0000_0001;

/// 2^64 mod P, and the largest 32-bit number.
const EPSILON: u64 = 0xffff_ffff;

/// Generates the multiplicative group.
const GENERATOR: u64 = 7;

/// a + b mod P, for a, b < P.
#[inline]
pub(crate) fn add(a: u64, b: u64) -> u64 {
    sub(a, P - b)
}

/// a − b mod P, for a < P and b ≤ P.
#[inline]
pub(crate) fn sub(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    // Adding P is the same as taking 2^32 − 1 away, modulo 2^64; no branch, so it vectorises.
    difference.wrapping_sub(EPSILON * u64::from(borrow))
}

/// a · b mod P, for a, b < P.
#[inline]
pub(crate) fn mul(a: u64, b: u64) -> u64 {
    let (high, low) = wide_mul(a, b);
    reduce(high, low)
}

/// base^exponent mod P.
pub(crate) fn pow(mut base: u64, mut exponent: u64) -> u64 {
    let mut power = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = mul(power, base);
        }
        base = mul(base, base);
        exponent >>= 1;
    }
    power
}

/// 1 / a mod P, for a other than 0.
pub(crate) fn inverse(a: u64) -> u64 {
    pow(a, P - 2)
}

/// A primitive root of unity of this order, a power of two up to 2^32.
pub(crate) fn root_of_unity(order: usize) -> u64 {
    pow(GENERATOR, (P - 1) / order as u64)
}

/// A number whose `order`-th power is 2; `order` is a power of two up to 2^26.
pub(crate) fn root_of_two(order: usize) -> u64 {
    // 2^192 ≡ 1, so 2 is a power of a generator of the subgroup of order 192.
    let exponent = (P - 1) / 192;
    let generator = pow(GENERATOR, exponent);
    let mut power = 1;
    let mut logarithm = 0;
    while power != 2 {
        power = mul(power, generator);
        logarithm += 1;
    }
    pow(GENERATOR, exponent / order as u64 * logarithm)
}

/// The 128-bit product as (high, low), from four products of 32 bits: what wasm can multiply.
#[inline]
#[cfg(target_family = "wasm")]
fn wide_mul(a: u64, b: u64) -> (u64, u64) {
    let (a1, a0) = (a >> 32, a & EPSILON);
    let (b1, b0) = (b >> 32, b & EPSILON);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 32);
    let other = a0 * b1 + (middle & EPSILON);
    (a1 * b1 + (middle >> 32) + (other >> 32), (other << 32) | (low & EPSILON))
}

/// The 128-bit product as (high, low).
#[inline]
#[cfg(not(target_family = "wasm"))]
#[expect(clippy::cast_possible_truncation, reason = "the halves of a product, taken apart")]
fn wide_mul(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64, product as u64)
}

/// high · 2^64 + low mod P.
#[inline]
fn reduce(high: u64, low: u64) -> u64 {
    let (top, middle) = (high >> 32, high & EPSILON);
    // low − top, brought back into 64 bits (top · 2^96 ≡ −top).
    let (difference, borrow) = low.overflowing_sub(top);
    let difference = difference.wrapping_sub(EPSILON * u64::from(borrow));
    // + middle · (2^32 − 1) (middle · 2^64); an overflow is another 2^64.
    let (sum, carry) = difference.overflowing_add(middle * EPSILON);
    let sum = sum.wrapping_add(EPSILON * u64::from(carry));
    if sum >= P { sum - P } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the shortcuts must agree with.
    fn slow_mul(a: u64, b: u64) -> u64 {
        u64::try_from(u128::from(a) * u128::from(b) % u128::from(P)).unwrap()
    }

    const SAMPLES: [u64; 9] =
        [0, 1, 2, EPSILON, EPSILON + 1, 0x1234_5678_9abc_def0, P / 2, P - 2, P - 1];

    #[test]
    fn products_sums_and_differences_agree_with_plain_division() {
        for a in SAMPLES {
            for b in SAMPLES {
                assert_eq!(mul(a, b), slow_mul(a, b), "{a} * {b}");
                assert_eq!(
                    add(a, b),
                    slow_mul(1, a.wrapping_sub(P - b).wrapping_add(if a < P - b { P } else { 0 })),
                    "{a} + {b}"
                );
                assert_eq!(add(sub(a, b), b), a, "{a} - {b}");
            }
        }
    }

    #[test]
    fn an_inverse_undoes_a_product() {
        for a in SAMPLES.into_iter().filter(|&a| a != 0) {
            assert_eq!(mul(a, inverse(a)), 1);
        }
    }

    #[test]
    fn roots_have_exactly_their_order() {
        for order in [2, 64, 1 << 20] {
            assert_eq!(pow(root_of_unity(order), order as u64 / 2), P - 1);
            assert_eq!(pow(root_of_two(order), order as u64), 2);
        }
    }
}
