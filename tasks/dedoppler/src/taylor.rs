//! Sums along all straight lines at once.
//!
//! The tree of J. H. Taylor, "A sensitive method for detecting dispersed radio emission" (1974),
//! made for pulsars and used for drifting signals since (turboSETI among others). Lines through 2m
//! rows share their halves with lines through m rows, so n rows take n·log n additions of rows
//! where the plain way takes n².

use crate::plane::Plane;

/// The sums of lines that drift by 0 ..= n − 1 channels over n rows; n is a power of two.
///
/// Row d, channel c of the result is the sum along the line from channel c in the first row to
/// c + d in the last. Cells beyond the band count as 0.
#[must_use]
pub fn tree(plane: Plane) -> Plane {
    debug_assert!(plane.rows().is_power_of_two());
    let mut sums = plane;
    let mut merged = Plane::zero(sums.rows(), sums.channels());
    let mut half = 1;
    while half < sums.rows() {
        for block in (0..sums.rows()).step_by(2 * half) {
            for drift in 0..2 * half {
                let early = sums.row(block + drift / 2);
                let late = sums.row(block + half + drift / 2);
                add_shifted(merged.row_mut(block + drift), early, late, drift.div_ceil(2));
            }
        }
        std::mem::swap(&mut sums, &mut merged);
        half *= 2;
    }
    sums
}

/// sum\[c\] = early\[c\] + late\[c + shift\].
fn add_shifted(sum: &mut [f32], early: &[f32], late: &[f32], shift: usize) {
    let shift = shift.min(late.len());
    let inside = late.len() - shift;
    // Plain slices of equal length: the compiler makes vectors of four out of this loop.
    let (sum, sum_edge) = sum.split_at_mut(inside);
    let (early, early_edge) = early.split_at(inside);
    for ((sum, &early), &late) in sum.iter_mut().zip(early).zip(&late[shift..]) {
        *sum = early + late;
    }
    sum_edge.copy_from_slice(early_edge);
}

/// By how many channels the line of drift `drift` over `rows` rows has moved in row `row`.
#[must_use]
pub fn offset(drift: usize, row: usize, rows: usize) -> usize {
    if rows == 1 {
        return 0;
    }
    let half = rows / 2;
    if row < half {
        offset(drift / 2, row, half)
    } else {
        drift.div_ceil(2) + offset(drift / 2, row - half, half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
    fn every_sum_is_the_sum_along_its_line() {
        let (rows, channels) = (16, 37);
        let cells: Vec<f32> = (0..rows * channels).map(|i| (i * 31 % 101) as f32).collect();
        let plane = Plane::from_cells(channels, cells);
        let sums = tree(plane.clone());
        for drift in 0..rows {
            for channel in 0..channels {
                let line = (0..rows).map(|row| channel + offset(drift, row, rows));
                let cells = line.enumerate().map(|(row, c)| plane.row(row).get(c).unwrap_or(&0.0));
                assert_eq!(sums.row(drift)[channel], cells.sum::<f32>());
            }
        }
    }

    #[test]
    fn lines_are_straight_to_a_channel() {
        let rows = 64;
        for drift in 0..rows {
            assert_eq!(offset(drift, rows - 1, rows), drift);
            for row in 0..rows {
                let straight = (drift * row) as f64 / (rows - 1) as f64;
                assert!((offset(drift, row, rows) as f64 - straight).abs() <= 2.0);
            }
        }
    }
}
