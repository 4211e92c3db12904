//! Sums along every line, compared with the noise of their kind.

use std::ops::Range;

use thiserror::Error;

use crate::filterbank::Header;
use crate::plane::Plane;
use crate::robust::median_and_sigma;
use crate::taylor;

/// Most trees to each side: drifts of some tens of channels a row are blurred away anyway.
const BLOCKS_MAX: f64 = 64.0;

/// A straight line through the observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// Its channel in the first row.
    pub channel: usize,
    /// By how many channels it moves over [`Search::rows`] rows.
    pub drift: i64,
}

/// The best line from one channel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Best {
    /// Its drift in channels.
    pub drift: i64,
    /// Its sum in units of the noise of the sums of that drift.
    pub snr: f32,
}

/// What all lines add up to.
#[derive(Debug, Clone)]
pub struct Search {
    /// Rows of the observation, up to the next power of two.
    rows: usize,
    /// The best line from each channel.
    best: Vec<Best>,
    /// Middle and spread of the sums of each drift, from the lowest drift on.
    noise: Vec<(f32, f32)>,
    drift_min: i64,
    hz_s_per_drift: f64,
}

/// A search that cannot be made.
#[derive(Debug, Error, PartialEq)]
pub enum SearchError {
    /// Too fast.
    #[error("--max-drift is {asked} Hz/s: {most:.3} at most can be seen in this observation")]
    TooFast {
        /// What was asked for.
        asked: f64,
        /// The bound for this observation.
        most: f64,
    },
}

impl Search {
    /// Searches all drifts up to `max_drift_hz_s`, up and down.
    ///
    /// # Errors
    /// When the drift is so fast that a signal would be blurred over tens of channels a row.
    pub fn run(plane: &Plane, header: &Header, max_drift_hz_s: f64) -> Result<Self, SearchError> {
        let rows = plane.rows().next_power_of_two();
        let steps = as_i64(rows - 1);
        let hz_s_per_drift = header.foff_mhz * 1e6 / (header.tsamp_s * as_f64(steps));
        let per_block = hz_s_per_drift.abs() * as_f64(steps);
        if max_drift_hz_s > per_block * BLOCKS_MAX {
            let most = per_block * BLOCKS_MAX;
            return Err(SearchError::TooFast { asked: max_drift_hz_s, most });
        }
        // Whole drifts within the bound; the quotient is small by the check above.
        #[expect(clippy::cast_possible_truncation, reason = "at most 64 times the rows")]
        let drift_max = (max_drift_hz_s / hz_s_per_drift.abs()) as i64;
        let mut search = Self {
            rows,
            best: vec![Best::default(); plane.channels()],
            noise: Vec::new(),
            drift_min: -drift_max,
            hz_s_per_drift,
        };
        for block in (-drift_max).div_euclid(steps)..=drift_max.div_euclid(steps) {
            let first = block * steps;
            let drifts = first.max(-drift_max)..(first + steps).min(drift_max + 1);
            search.add_block(plane, block, &drifts);
        }
        Ok(search)
    }

    /// Searches the drifts of one tree: the rows are sheared by `block` channels each before it.
    fn add_block(&mut self, plane: &Plane, block: i64, drifts: &Range<i64>) {
        let sums = taylor::tree(sheared(plane, self.rows, block));
        let mut scratch = Vec::with_capacity(plane.channels());
        for drift in drifts.clone() {
            let row = usize::try_from(drift - block * as_i64(self.rows - 1)).unwrap_or(0);
            let sums = sums.row(row);
            let (middle, sigma) = median_and_sigma(sums, &mut scratch);
            self.noise.push((middle, sigma));
            if sigma <= 0.0 {
                continue;
            }
            for (best, &sum) in self.best.iter_mut().zip(sums) {
                let snr = (sum - middle) / sigma;
                if snr > best.snr {
                    *best = Best { drift, snr };
                }
            }
        }
    }

    /// The best line from each channel.
    #[must_use]
    pub fn best(&self) -> &[Best] {
        &self.best
    }

    /// The rows over which a line's drift is counted, a power of two.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A drift in Hz/s; negative if the frequency falls.
    #[must_use]
    pub fn drift_hz_s(&self, drift: i64) -> f64 {
        as_f64(drift) * self.hz_s_per_drift
    }

    /// How far a sum along a line of this drift stands out, in units of the noise of such sums.
    #[must_use]
    pub fn snr(&self, drift: i64, sum: f32) -> f32 {
        let index = usize::try_from(drift - self.drift_min).ok();
        match index.and_then(|index| self.noise.get(index)) {
            Some(&(middle, sigma)) if sigma > 0.0 => (sum - middle) / sigma,
            _ => 0.0,
        }
    }

    /// The channel of a line in a row; none if it has left the band.
    #[must_use]
    pub fn channel_at(&self, line: Line, row: usize) -> Option<usize> {
        let steps = as_i64(self.rows - 1);
        let block = line.drift.div_euclid(steps);
        let drift = usize::try_from(line.drift.rem_euclid(steps)).ok()?;
        let moved = block * as_i64(row) + as_i64(taylor::offset(drift, row, self.rows));
        let channel = usize::try_from(as_i64(line.channel) + moved).ok()?;
        (channel < self.best.len()).then_some(channel)
    }
}

/// The plane with row t moved by `shear`·t channels, zeros around it, up to `rows` rows.
fn sheared(plane: &Plane, rows: usize, shear: i64) -> Plane {
    let mut moved = Plane::zero(rows, plane.channels());
    for row in 0..plane.rows() {
        let shift = shear * as_i64(row);
        let distance = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
        let distance = distance.min(plane.channels());
        let inside = plane.channels() - distance;
        if shift >= 0 {
            moved.row_mut(row)[..inside].copy_from_slice(&plane.row(row)[distance..]);
        } else {
            moved.row_mut(row)[distance..].copy_from_slice(&plane.row(row)[..inside]);
        }
    }
    moved
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn as_f64(count: i64) -> f64 {
    count as f64
}
