//! Middle and spread of numbers of which a few are signals: outliers must not count.

/// The median absolute deviation of Gaussian noise, as a part of its standard deviation.
const MAD_OF_SIGMA: f32 = 0.674_49;

/// The median; `numbers` is reordered. 0 if there are none.
pub(crate) fn median(numbers: &mut [f32]) -> f32 {
    let middle = numbers.len() / 2;
    if numbers.is_empty() { 0.0 } else { *numbers.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

/// The median, and the standard deviation that noise of this spread would have.
pub(crate) fn median_and_sigma(numbers: &[f32], scratch: &mut Vec<f32>) -> (f32, f32) {
    scratch.clear();
    scratch.extend_from_slice(numbers);
    let middle = median(scratch);
    for number in scratch.iter_mut() {
        *number = (*number - middle).abs();
    }
    (middle, median(scratch) / MAD_OF_SIGMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_do_not_count() {
        let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1e9];
        let (middle, sigma) = median_and_sigma(&numbers, &mut Vec::new());
        assert!((middle - 4.0).abs() < 1e-6);
        assert!((sigma - 2.0 / MAD_OF_SIGMA).abs() < 1e-6);
    }

    #[test]
    fn of_nothing_both_are_zero() {
        assert_eq!(median_and_sigma(&[], &mut Vec::new()), (0.0, 0.0));
    }
}
