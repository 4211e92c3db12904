//! The number-theoretic transform: what a Fourier transform is, with roots of unity modulo P.
//!
//! Forward goes from natural to bit-reversed order and backward from there to natural order, so
//! that no reordering is needed: a squaring in between does not mind the order.

use crate::field::{add, inverse, mul, root_of_unity, sub};

/// The tables for one length.
#[derive(Debug, Clone)]
pub(crate) struct Transform {
    /// Powers of the root of unity: for each stage, from the widest to the narrowest, as many as
    /// a butterfly of it is wide.
    forward: Vec<u64>,
    /// The same of its inverse.
    backward: Vec<u64>,
}

impl Transform {
    /// Tables for `length` elements, a power of two.
    pub(crate) fn new(length: usize) -> Self {
        let root = root_of_unity(length);
        Self { forward: powers(root, length), backward: powers(inverse(root), length) }
    }

    /// Transforms in place.
    pub(crate) fn forward(&self, values: &mut [u64]) {
        let mut roots = self.forward.as_slice();
        let mut half = values.len() / 2;
        while half > 0 {
            let (stage, narrower) = roots.split_at(half);
            for block in values.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((a, b), &root) in low.iter_mut().zip(high).zip(stage) {
                    (*a, *b) = (add(*a, *b), mul(sub(*a, *b), root));
                }
            }
            roots = narrower;
            half /= 2;
        }
    }

    /// Undoes [`forward`](Self::forward), but for a factor of the length.
    pub(crate) fn backward(&self, values: &mut [u64]) {
        let mut roots = self.backward.as_slice();
        let mut half = 1;
        while half < values.len() {
            let (wider, stage) = roots.split_at(roots.len() - half);
            for block in values.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((a, b), &root) in low.iter_mut().zip(high).zip(stage) {
                    let turned = mul(*b, root);
                    (*a, *b) = (add(*a, turned), sub(*a, turned));
                }
            }
            roots = wider;
            half *= 2;
        }
    }
}

/// root^0, root^1, … for the widest stage, then for each narrower one with the root squared.
fn powers(mut root: u64, length: usize) -> Vec<u64> {
    let mut table = Vec::with_capacity(length);
    let mut half = length / 2;
    while half > 0 {
        table.extend(std::iter::successors(Some(1), |&power| Some(mul(power, root))).take(half));
        root = mul(root, root);
        half /= 2;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backward_undoes_forward() {
        for length in [1, 2, 8, 256] {
            let before: Vec<u64> = (0..length as u64).map(|i| i * i + 3).collect();
            let mut values = before.clone();
            let transform = Transform::new(length);
            transform.forward(&mut values);
            transform.backward(&mut values);
            let scaled: Vec<u64> = before.iter().map(|&v| mul(v, length as u64)).collect();
            assert_eq!(values, scaled);
        }
    }

    #[test]
    fn squaring_transformed_values_is_a_cyclic_convolution() {
        let mut values = vec![1, 2, 3, 4];
        let transform = Transform::new(4);
        transform.forward(&mut values);
        values.iter_mut().for_each(|v| *v = mul(*v, *v));
        transform.backward(&mut values);
        // (1 + 2x + 3x² + 4x³)² mod x⁴ − 1, times the length.
        assert_eq!(values, [26 * 4, 28 * 4, 26 * 4, 20 * 4]);
    }
}
