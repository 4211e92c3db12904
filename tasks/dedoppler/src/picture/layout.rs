//! Where things are, in pixels.

use crate::plane::Plane;

/// The widest and the smallest plot; wider observations are drawn with several channels a pixel.
const PLOT_WIDTH: std::ops::RangeInclusive<usize> = 600..=1400;

/// Heights a waterfall should have.
const WATERFALL_HEIGHT: std::ops::RangeInclusive<usize> = 360..=720;

const LEFT: usize = 64;
const RIGHT: usize = 84;
const TOP: usize = 60;
const SPECTRUM_HEIGHT: usize = 110;
const GAP: usize = 12;
const BOTTOM: usize = 50;

/// Sizes and places for one observation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    channels: usize,
    rows: usize,
    plot_width: usize,
    waterfall_height: usize,
}

impl Layout {
    pub(super) fn of(plane: &Plane) -> Self {
        Self {
            channels: plane.channels(),
            rows: plane.rows(),
            plot_width: scaled(plane.channels(), &PLOT_WIDTH),
            waterfall_height: scaled(plane.rows(), &WATERFALL_HEIGHT),
        }
    }

    pub(super) fn width(&self) -> usize {
        LEFT + self.plot_width + RIGHT
    }

    pub(super) fn height(&self) -> usize {
        self.waterfall_bottom() + BOTTOM
    }

    pub(super) fn plot_left(&self) -> usize {
        LEFT
    }

    pub(super) fn plot_right(&self) -> usize {
        LEFT + self.plot_width
    }

    pub(super) fn plot_width(&self) -> usize {
        self.plot_width
    }

    pub(super) fn spectrum_top(&self) -> usize {
        TOP
    }

    pub(super) fn spectrum_bottom(&self) -> usize {
        TOP + SPECTRUM_HEIGHT
    }

    pub(super) fn waterfall_top(&self) -> usize {
        self.spectrum_bottom() + GAP
    }

    pub(super) fn waterfall_bottom(&self) -> usize {
        self.waterfall_top() + self.waterfall_height
    }

    pub(super) fn waterfall_height(&self) -> usize {
        self.waterfall_height
    }

    /// The pixel column of a channel's middle.
    pub(super) fn x_of(&self, channel: usize) -> usize {
        LEFT + (2 * channel + 1) * self.plot_width / (2 * self.channels)
    }

    /// The pixel row of the middle of a row of samples.
    pub(super) fn y_of(&self, row: usize) -> usize {
        self.waterfall_top() + (2 * row + 1) * self.waterfall_height / (2 * self.rows)
    }

    /// The channels that share a pixel column, counted from the left of the plot.
    pub(super) fn channels_at(&self, column: usize) -> std::ops::Range<usize> {
        cells_at(column, self.plot_width, self.channels)
    }

    /// The rows of samples that share a pixel row, counted from the top of the waterfall.
    pub(super) fn rows_at(&self, line: usize) -> std::ops::Range<usize> {
        cells_at(line, self.waterfall_height, self.rows)
    }
}

/// A whole number of pixels for each cell, as far as the bounds allow.
fn scaled(cells: usize, bounds: &std::ops::RangeInclusive<usize>) -> usize {
    (cells * bounds.start().div_ceil(cells).max(1)).min(*bounds.end())
}

/// The cells under one of `pixels` pixels, at least one.
fn cells_at(pixel: usize, pixels: usize, cells: usize) -> std::ops::Range<usize> {
    let begin = pixel * cells / pixels;
    let end = ((pixel + 1) * cells / pixels).max(begin + 1);
    begin..end
}
