//! Power by time and frequency.

/// A table of numbers: one row for each instant, one column for each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    channels: usize,
    cells: Vec<f32>,
}

impl Plane {
    /// A plane of whole rows, each of `channels` cells; `channels` is 1 or more.
    ///
    /// Cells of an incomplete last row are dropped.
    #[must_use]
    pub fn from_cells(channels: usize, mut cells: Vec<f32>) -> Self {
        cells.truncate(cells.len() / channels * channels);
        Self { channels, cells }
    }

    /// A plane of zeros.
    #[must_use]
    pub fn zero(rows: usize, channels: usize) -> Self {
        Self { channels, cells: vec![0.0; rows * channels] }
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.cells.len() / self.channels
    }

    /// How many channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// One row; panics past the last.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.cells[row * self.channels..][..self.channels]
    }

    /// One row, to write; panics past the last.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.cells[row * self.channels..][..self.channels]
    }
}
