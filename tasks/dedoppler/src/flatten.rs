//! Takes the receiver's own shape out of an observation, so that only sky and noise are left.

use crate::plane::Plane;
use crate::robust::{median, median_and_sigma};

/// Channels over which the receiver's gain is taken as one number: far wider than a signal.
const BLOCK_CHANNELS: usize = 64;

/// Power in units of the noise: each cell less the middle of its row, divided by its spread.
///
/// Channels are first divided by the receiver's gain, a curve through the medians of blocks of
/// channels: a median does not see a signal, which is in few channels of a block.
#[must_use]
pub fn flatten(samples: &Plane) -> Plane {
    let gains = gains(samples);
    let mut flat = samples.clone();
    let mut scratch = Vec::with_capacity(samples.channels());
    for row in 0..flat.rows() {
        let cells = flat.row_mut(row);
        for (cell, &gain) in cells.iter_mut().zip(&gains) {
            *cell = if gain > 0.0 { *cell / gain } else { 0.0 };
        }
        let (middle, sigma) = median_and_sigma(cells, &mut scratch);
        for cell in cells.iter_mut() {
            // A row without noise says nothing.
            *cell = if sigma > 0.0 { (*cell - middle) / sigma } else { 0.0 };
        }
    }
    flat
}

/// The receiver's gain in each channel.
fn gains(samples: &Plane) -> Vec<f32> {
    let mut means = vec![0.0_f32; samples.channels()];
    let share = 1.0 / as_f32(samples.rows());
    for row in 0..samples.rows() {
        for (mean, &cell) in means.iter_mut().zip(samples.row(row)) {
            *mean += cell * share;
        }
    }
    let middles: Vec<f32> = means.chunks_mut(BLOCK_CHANNELS).map(median).collect();
    (0..samples.channels()).map(|channel| interpolate(&middles, channel)).collect()
}

/// The value at a channel on the line between the middles of the two nearest blocks.
fn interpolate(middles: &[f32], channel: usize) -> f32 {
    let position = (as_f32(channel) + 0.5) / as_f32(BLOCK_CHANNELS) - 0.5;
    // Before the first middle and past the last one, the line goes on.
    let last_pair = middles.len().saturating_sub(2);
    let left = (channel.saturating_sub(BLOCK_CHANNELS / 2) / BLOCK_CHANNELS).min(last_pair);
    let right = (left + 1).min(middles.len() - 1);
    middles[left] + (middles[right] - middles[left]) * (position - as_f32(left))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of a few steps on a gain that doubles over the band.
    fn tilted(channels: usize, rows: usize) -> Plane {
        let cells = (0..rows * channels).map(|i| {
            let noise = as_f32(i * 7919 % 13) - 6.0;
            (100.0 + noise) * (1.0 + as_f32(i % channels) / as_f32(channels))
        });
        Plane::from_cells(channels, cells.collect())
    }

    #[test]
    fn a_tilted_band_comes_out_level() {
        let flat = flatten(&tilted(512, 16));
        for row in 0..16 {
            let (left, right) = flat.row(row).split_at(256);
            let mean = |half: &[f32]| half.iter().sum::<f32>() / as_f32(half.len());
            assert!((mean(left) - mean(right)).abs() < 0.1);
        }
    }

    #[test]
    fn a_band_narrower_than_a_block_is_taken() {
        assert_eq!(flatten(&tilted(5, 4)).channels(), 5);
    }

    #[test]
    fn an_observation_without_noise_is_all_zero() {
        let constant = Plane::from_cells(8, vec![3.0; 64]);
        assert_eq!(flatten(&constant), Plane::zero(8, 8));
        assert_eq!(flatten(&Plane::zero(8, 8)), Plane::zero(8, 8));
    }
}
