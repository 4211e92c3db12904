//! Time down the left side, frequency along the bottom.

use super::Scene;
use super::canvas::Canvas;
use super::colour;
use super::layout::Layout;

/// Parts into which an axis is cut.
const PARTS: usize = 4;

const TICK: usize = 5;

pub(super) fn draw(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>) {
    time(canvas, layout, scene);
    frequency(canvas, layout, scene);
}

fn time(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>) {
    let left = layout.plot_left();
    for part in 0..=PARTS {
        let row = (scene.plane.rows() - 1) * part / PARTS;
        let y = layout.y_of(row);
        let seconds = as_f64(row) * scene.header.tsamp_s;
        canvas.fill((left - 1 - TICK, y), (TICK, 1), colour::FRAME);
        canvas.text_before(left - 9, y - 3, colour::PLAIN, &format!("{seconds:.0} s"));
    }
}

/// Offsets in kHz from the middle of the band, whose frequency is written out.
fn frequency(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>) {
    let bottom = layout.waterfall_bottom() + 1;
    let channels = scene.plane.channels();
    let middle = channels / 2;
    for part in 0..=PARTS {
        let channel = (channels - 1) * part / PARTS;
        let x = layout.x_of(channel);
        let offset_khz = (as_f64(channel) - as_f64(middle)) * scene.header.foff_mhz * 1e3;
        canvas.fill((x, bottom), (1, TICK), colour::FRAME);
        canvas.text_around(x, bottom + 9, colour::PLAIN, &format!("{offset_khz:+.3}"));
    }
    let centre = scene.header.frequency_mhz(as_f64(middle));
    let label = format!("kHz FROM {centre:.6} MHz");
    let x = layout.plot_left() + layout.plot_width() / 2;
    canvas.text_around(x, bottom + 26, colour::BRIGHT, &label);
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
