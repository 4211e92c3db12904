//! A narrow-band signal that drifts.

use crate::scenario::{FOFF_MHZ, TSAMP_S};

/// Points at which a row is taken, so that a fast signal fills all channels that it sweeps.
const POINTS_PER_ROW: u8 = 8;

/// A signal as it is put in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Signal {
    /// Where it is at the beginning, in channels.
    pub(crate) channel: f64,
    /// How fast its frequency changes, in Hz/s.
    pub(crate) drift_hz_s: f64,
    /// Its signal-to-noise ratio if all of its power were in one channel of each row.
    pub(crate) snr: f64,
}

impl Signal {
    /// By how many channels it moves from one row to the next.
    pub(crate) fn channels_per_row(&self) -> f64 {
        self.drift_hz_s * TSAMP_S / (FOFF_MHZ * 1e6)
    }

    /// Adds its power, `power` in all, to one row.
    pub(crate) fn add_to(&self, cells: &mut [f64], row: u16, power: f64) {
        let share = power / f64::from(POINTS_PER_ROW);
        for point in 0..POINTS_PER_ROW {
            let time = f64::from(row) + f64::from(point) / f64::from(POINTS_PER_ROW);
            let position = self.channel + self.channels_per_row() * time;
            let left = position.floor();
            // Between two channels it is in both.
            add(cells, left, share * (left + 1.0 - position));
            add(cells, left + 1.0, share * (position - left));
        }
    }
}

fn add(cells: &mut [f64], channel: f64, power: f64) {
    if channel < 0.0 {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    if let Some(cell) = cells.get_mut(channel as usize) {
        *cell += power;
    }
}
