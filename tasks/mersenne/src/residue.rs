//! A number modulo M = 2^p − 1, and its square.
//!
//! The number is kept as n digits of about p/n bits each. Because 2^p ≡ 1, a product modulo M is
//! a *cyclic* convolution of the digits, once they are weighted so that digits of two different
//! sizes line up: the discrete weighted transform of R. Crandall and B. Fagin, "Discrete weighted
//! transforms and large-integer arithmetic" (1994), here over the integers modulo P instead of
//! floating point.

use crate::field::{P, inverse, mul, pow, root_of_two};
use crate::transform::Transform;

/// Numbers modulo 2^p − 1 that can be squared, 64 ≤ p.
#[derive(Debug, Clone)]
pub(crate) struct Residue {
    /// Digit i is below 2^bits\[i\].
    digits: Vec<u64>,
    bits: Vec<u32>,
    weights: Vec<u64>,
    /// The inverses of the weights and of the transform's factor.
    unweights: Vec<u64>,
    transform: Transform,
}

impl Residue {
    /// The number `value`, below 2^8, modulo 2^p − 1.
    pub(crate) fn new(p: u32, value: u8) -> Self {
        let length = digits_for(p);
        let (p, n) = (u64::from(p), length as u64);
        // Digit i begins at bit ceil(i·p/n).
        let begin = |i: u64| (i * p).div_ceil(n);
        let bits = (0..n).map(|i| u32::try_from(begin(i + 1) - begin(i)).unwrap_or(u32::MAX));
        // Its weight is 2 to the part that the rounding up added: (−i·p mod n) / n.
        let root = root_of_two(length);
        let weights: Vec<u64> = (0..n).map(|i| pow(root, begin(i) * n - i * p)).collect();
        let unweights = weights.iter().map(|&weight| inverse(mul(weight, n))).collect();
        let mut digits = vec![0; length];
        let bits: Vec<u32> = bits.collect();
        digits[0] = u64::from(value);
        let mut residue =
            Self { digits, bits, weights, unweights, transform: Transform::new(length) };
        residue.carry();
        residue
    }

    /// How many digits: what the cost of a squaring grows with (n log n).
    pub(crate) fn len(&self) -> usize {
        self.digits.len()
    }

    /// The number times itself.
    pub(crate) fn square(&mut self) {
        for (digit, &weight) in self.digits.iter_mut().zip(&self.weights) {
            *digit = mul(*digit, weight);
        }
        self.transform.forward(&mut self.digits);
        for digit in &mut self.digits {
            *digit = mul(*digit, *digit);
        }
        self.transform.backward(&mut self.digits);
        for (digit, &unweight) in self.digits.iter_mut().zip(&self.unweights) {
            *digit = mul(*digit, unweight);
        }
        self.carry();
    }

    /// The number less 2.
    pub(crate) fn subtract_two(&mut self) {
        let mut borrow = 2;
        let mut index = 0;
        while self.digits[index] < borrow {
            self.digits[index] += (1 << self.bits[index]) - borrow;
            borrow = 1;
            // Past the last digit comes the first, as in a carry.
            index = (index + 1) % self.digits.len();
        }
        self.digits[index] -= borrow;
    }

    /// The lowest 64 bits of the number, between 0 and M − 1.
    pub(crate) fn low_64_bits(&self) -> u64 {
        let digits = self.canonical();
        let mut low = 0;
        let mut begin = 0;
        for (digit, &bits) in digits.iter().zip(&self.bits) {
            if begin >= 64 {
                break;
            }
            low |= digit << begin;
            begin += bits;
        }
        low
    }

    /// Whether the number is a multiple of M.
    pub(crate) fn is_zero(&self) -> bool {
        self.canonical().iter().all(|&digit| digit == 0)
    }

    /// Brings every digit below its size; what leaves the last one enters the first (2^p ≡ 1).
    fn carry(&mut self) {
        let mut carry = 0;
        for (digit, &bits) in self.digits.iter_mut().zip(&self.bits) {
            let sum = *digit + carry;
            *digit = sum & mask(bits);
            carry = sum >> bits;
        }
        // It goes up from there again: a few digits at most, unless they are all full.
        let mut index = 0;
        while carry > 0 {
            let sum = self.digits[index] + carry;
            self.digits[index] = sum & mask(self.bits[index]);
            carry = sum >> self.bits[index];
            index = (index + 1) % self.digits.len();
        }
    }

    /// The digits of the one representative below M: all bits set means 0.
    fn canonical(&self) -> Vec<u64> {
        let full = self.digits.iter().zip(&self.bits).all(|(&digit, &bits)| digit == mask(bits));
        if full { vec![0; self.digits.len()] } else { self.digits.clone() }
    }
}

/// The fewest digits, a power of two, whose convolution stays below P.
///
/// A convolution adds n products of two digits, each at most doubled by the weights; with
/// b = ceil(p/n) bits a digit: 2 · n · 2^2b ≤ 2^63 < P.
fn digits_for(p: u32) -> usize {
    const { assert!(P > 1 << 63) };
    let mut log = 1;
    while 1 + log + 2 * p.div_ceil(1 << log) > 63 {
        log += 1;
    }
    1 << log
}

/// The largest number of this many bits, up to 63.
fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_digits_follows_the_bound() {
        assert_eq!(digits_for(64), 4);
        assert_eq!(digits_for(4423), 256);
        assert_eq!(digits_for(26_624), 1024);
        assert_eq!(digits_for(26_625), 2048);
    }

    #[test]
    fn powers_of_two_wrap_around() {
        // 2^(2^7) = 2^128 = 2^(128 − 107) modulo 2^107 − 1.
        let mut residue = Residue::new(107, 2);
        (0..7).for_each(|_| residue.square());
        assert_eq!(residue.low_64_bits(), 1 << 21);
    }

    #[test]
    fn two_less_than_two_is_zero_and_below_it_wraps() {
        let mut residue = Residue::new(89, 2);
        residue.subtract_two();
        assert!(residue.is_zero());
        residue.subtract_two();
        // M − 2 = 2^89 − 3.
        assert_eq!(residue.low_64_bits(), u64::MAX - 2);
    }
}
