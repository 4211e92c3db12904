//! Above the waterfall: the best sum of each channel, and the threshold.

use super::Scene;
use super::canvas::Canvas;
use super::colour::{self, heat};
use super::layout::Layout;
use super::waterfall::share_of;

pub(super) fn draw(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>) {
    let (left, top) = (layout.plot_left(), layout.spectrum_top());
    let height = layout.spectrum_bottom() - top;
    canvas.fill((left, top), (layout.plot_width(), height), colour::PANEL);
    let full = full_scale(scene);
    for column in 0..layout.plot_width() {
        let best = &scene.search.best()[layout.channels_at(column)];
        let snr = best.iter().map(|best| best.snr).fold(0.0, f32::max);
        let bar = bar_height(height, snr / full);
        for y in 0..bar {
            // Brighter where it stands out, like the signals below.
            let part = 0.25 + 0.6 * share(y, height);
            canvas.set(left + column, layout.spectrum_bottom() - 1 - y, heat(part));
        }
    }
    threshold(canvas, layout, scene.snr_min / full, height);
    canvas.frame((left - 1, top - 1), (layout.plot_width() + 2, height + 2), colour::FRAME);
    canvas.text_before(left - 6, top, colour::PLAIN, &format!("{full:.0}"));
    canvas.text_before(left - 6, layout.spectrum_bottom() - 7, colour::PLAIN, "0");
    canvas.text_before(left - 6, top + height / 2 - 3, colour::BRIGHT, "S/N");
    number_hits(canvas, layout, scene, full);
}

/// A little more than the strongest sum, and never so little that the threshold is off the panel.
fn full_scale(scene: &Scene<'_>) -> f32 {
    let strongest = scene.search.best().iter().map(|best| best.snr).fold(0.0, f32::max);
    (strongest * 1.3).max(scene.snr_min * 1.5)
}

fn threshold(canvas: &mut Canvas, layout: &Layout, part: f32, height: usize) {
    let y = layout.spectrum_bottom() - 1 - bar_height(height, part);
    for x in (layout.plot_left()..layout.plot_right()).filter(|x| x % 8 < 4) {
        canvas.set(x, y, colour::MARK);
    }
    let label = layout.plot_right() + 6;
    canvas.text((label, y - 3), 1, colour::MARK, "THRESHOLD");
}

/// The same numbers as in the waterfall, on the peaks.
fn number_hits(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>, full: f32) {
    let height = layout.spectrum_bottom() - layout.spectrum_top();
    for (index, hit) in scene.hits.iter().take(super::waterfall::MARKED_MAX).enumerate() {
        let peak = layout.spectrum_bottom() - bar_height(height, hit.snr / full);
        let y = peak.saturating_sub(9).max(layout.spectrum_top() + 2);
        let number = (index + 1).to_string();
        canvas.text_around(layout.x_of(hit.line.channel), y, colour::MARK, &number);
    }
}

/// Heights go by the square root, so that a weak signal is seen beside a strong one.
fn bar_height(height: usize, part: f32) -> usize {
    share_of(height, part.max(0.0).sqrt())
}

#[expect(clippy::cast_precision_loss, reason = "a picture has few lines")]
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole as f32
}
