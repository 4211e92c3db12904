//! The picture: a spectrum of the best sums above a waterfall, hits marked in both.

mod axis;
mod canvas;
mod colour;
mod font;
mod layout;
mod spectrum;
mod waterfall;

use crate::filterbank::Header;
use crate::hits::Hit;
use crate::plane::Plane;
use crate::search::Search;

pub use canvas::Canvas;

use layout::Layout;

/// What is drawn.
struct Scene<'a> {
    header: &'a Header,
    plane: &'a Plane,
    search: &'a Search,
    hits: &'a [Hit],
    snr_min: f32,
}

/// Draws an observation, flattened, with what was found in it.
#[must_use]
pub fn draw(header: &Header, plane: &Plane, search: &Search, hits: &[Hit], snr_min: f32) -> Canvas {
    let scene = Scene { header, plane, search, hits, snr_min };
    let layout = Layout::of(plane);
    let mut canvas = Canvas::new(layout.width(), layout.height(), colour::BACKGROUND);
    title(&mut canvas, &layout, &scene);
    spectrum::draw(&mut canvas, &layout, &scene);
    waterfall::draw(&mut canvas, &layout, &scene);
    axis::draw(&mut canvas, &layout, &scene);
    canvas
}

fn title(canvas: &mut Canvas, layout: &Layout, scene: &Scene<'_>) {
    let left = layout.plot_left();
    canvas.text((left, 14), 2, colour::BRIGHT, &scene.header.source_name.to_uppercase());
    let plural = if scene.hits.len() == 1 { "" } else { "S" };
    let line = format!(
        "{} HIT{plural} WITH S/N OF {} OR MORE, MJD {:.4}",
        scene.hits.len(),
        scene.snr_min,
        scene.header.tstart_mjd
    );
    canvas.text((left, 38), 1, colour::PLAIN, &line);
}
