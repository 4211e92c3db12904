//! The waterfall: time runs down, frequency across.

use super::canvas::Canvas;
use super::colour::{self, heat};
use super::layout::Layout;
use super::{Scene, font};
use crate::hits::Hit;
use crate::plane::Plane;

/// Power in units of the noise that is drawn black, and that is drawn brightest.
const DARKEST: f32 = -0.6;
const BRIGHTEST: f32 = 6.6;

/// Pixels between a signal and the marks beside it: the signal itself stays visible.
const MARK_DISTANCE: usize = 7;

/// Of the marks, `MARK_DASH` pixels are drawn in each `MARK_PERIOD`.
const MARK_PERIOD: usize = 16;
const MARK_DASH: usize = 6;

/// Hits marked; more would hide the picture.
pub(super) const MARKED_MAX: usize = 40;

pub(super) fn draw(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>) {
    for line in 0..layout.waterfall_height() {
        let rows = layout.rows_at(line);
        for column in 0..layout.plot_width() {
            let power = brightest(scene.plane, rows.clone(), layout.channels_at(column));
            let part = (power - DARKEST) / (BRIGHTEST - DARKEST);
            let (x, y) = (layout.plot_left() + column, layout.waterfall_top() + line);
            canvas.set(x, y, heat(part));
        }
    }
    for (index, hit) in scene.hits.iter().take(MARKED_MAX).enumerate() {
        mark(canvas, layout, scene, index + 1, hit);
    }
    let corner = (layout.plot_left() - 1, layout.waterfall_top() - 1);
    let size = (layout.plot_width() + 2, layout.waterfall_height() + 2);
    canvas.frame(corner, size, colour::FRAME);
    scale(canvas, layout);
}

/// The largest of the cells under a pixel: a line one channel wide must not get lost.
fn brightest(plane: &Plane, rows: std::ops::Range<usize>, channels: std::ops::Range<usize>) -> f32 {
    let cells = rows.flat_map(|row| plane.row(row)[channels.clone()].iter().copied());
    cells.fold(f32::NEG_INFINITY, f32::max)
}

/// Dashes on both sides of a hit's line, and its number at the top.
fn mark(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>, number: usize, hit: &Hit) {
    for line in (0..layout.waterfall_height()).filter(|line| line % MARK_PERIOD < MARK_DASH) {
        let row = layout.rows_at(line).start;
        let Some(channel) = scene.search.channel_at(hit.line, row) else { continue };
        let (x, y) = (layout.x_of(channel), layout.waterfall_top() + line);
        for x in [x.saturating_sub(MARK_DISTANCE), x + MARK_DISTANCE] {
            if (layout.plot_left()..layout.plot_right()).contains(&x) {
                canvas.set(x, y, colour::MARK);
            }
        }
    }
    let number = number.to_string();
    let x = layout.x_of(hit.line.channel) + MARK_DISTANCE + 4;
    let x = x.min(layout.plot_right() - font::width(&number));
    canvas.text((x, layout.waterfall_top() + 5), 1, colour::MARK, &number);
}

/// The colours' meaning, to the right.
fn scale(canvas: &mut Canvas, layout: &Layout) {
    let (left, top) = (layout.plot_right() + 18, layout.waterfall_top());
    let height = layout.waterfall_height();
    for line in 0..height {
        #[expect(clippy::cast_precision_loss, reason = "a picture has few lines")]
        let part = 1.0 - line as f32 / height as f32;
        canvas.fill((left, top + line), (12, 1), heat(part));
    }
    canvas.frame((left - 1, top - 1), (14, height + 2), colour::FRAME);
    for power in [0_u8, 2, 4, 6] {
        let part = (f32::from(power) - DARKEST) / (BRIGHTEST - DARKEST);
        let y = top + height - share_of(height, part);
        canvas.text((left + 18, y - 3), 1, colour::PLAIN, &power.to_string());
    }
    canvas.text_around(left + 8, top + height + 27, colour::PLAIN, "SIGMA");
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a picture's height"
)]
pub(super) fn share_of(length: usize, part: f32) -> usize {
    (length as f32 * part.clamp(0.0, 1.0)) as usize
}
