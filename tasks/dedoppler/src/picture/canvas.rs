//! Pixels.

use super::colour::Rgb;
use super::font;

/// A picture of 8-bit colours.
#[derive(Debug, Clone)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize, colour: Rgb) -> Self {
        Self { width, height, pixels: vec![colour; width * height] }
    }

    /// Sets a pixel; does nothing outside of the picture.
    pub(super) fn set(&mut self, x: usize, y: usize, colour: Rgb) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = colour;
        }
    }

    /// Fills x .. x + width, y .. y + height.
    pub(super) fn fill(&mut self, (x, y): (usize, usize), (w, h): (usize, usize), colour: Rgb) {
        for y in y..y + h {
            for x in x..x + w {
                self.set(x, y, colour);
            }
        }
    }

    /// The outline of what [`fill`](Self::fill) would fill.
    pub(super) fn frame(&mut self, (x, y): (usize, usize), (w, h): (usize, usize), colour: Rgb) {
        self.fill((x, y), (w, 1), colour);
        self.fill((x, y + h - 1), (w, 1), colour);
        self.fill((x, y), (1, h), colour);
        self.fill((x + w - 1, y), (1, h), colour);
    }

    /// Writes from (x, y), the top left corner, with square dots of `scale` pixels.
    pub(super) fn text(&mut self, (x, y): (usize, usize), scale: usize, colour: Rgb, text: &str) {
        for (index, character) in text.chars().enumerate() {
            let left = x + index * font::ADVANCE * scale;
            for (row, column) in font::dots(character) {
                let corner = (left + column * scale, y + row * scale);
                self.fill(corner, (scale, scale), colour);
            }
        }
    }

    /// Writes so that the text ends before x.
    pub(super) fn text_before(&mut self, x: usize, y: usize, colour: Rgb, text: &str) {
        self.text((x.saturating_sub(font::width(text)), y), 1, colour, text);
    }

    /// Writes with the middle of the text at x.
    pub(super) fn text_around(&mut self, x: usize, y: usize, colour: Rgb, text: &str) {
        self.text((x.saturating_sub(font::width(text) / 2), y), 1, colour, text);
    }

    /// The picture as a PNG file; the same pixels always give the same bytes.
    ///
    /// # Errors
    /// When the encoder refuses, which it has no reason to.
    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut file, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(file)
    }
}
