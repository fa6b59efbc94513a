//! Words as pixels, for panels in the world.
//!
//! In: paragraphs. Out: an image with rounded corners. Architecture invariant: it knows no GPU; the
//! image goes the way of every other texture.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, PxScaleFont, ScaleFont, point};

use crate::scene::texture::Pixels;

/// Width of a panel, pixels: at two metres' width and two metres' distance a headset shows half of it.
const WIDTH_PX: u32 = 1024;
/// A panel is never higher; what does not fit is cut off below.
const HEIGHT_MAX_PX: u32 = 1024;
/// Kept free on every side, pixels.
const PADDING_PX: f32 = 80.0;
/// Radius of the corners, pixels.
const CORNER_PX: f32 = 56.0;
/// sRGB of what the words stand on.
const PAPER: [u8; 3] = [22, 32, 54];

/// How a paragraph is set.
#[derive(Clone, Copy, Debug)]
struct Style {
    /// From the top of the tallest letter to the bottom of the deepest, pixels.
    height_px: f32,
    /// sRGB.
    ink: [u8; 3],
}

const HEADING: Style = Style { height_px: 132.0, ink: [255, 255, 255] };
const BODY: Style = Style { height_px: 68.0, ink: [196, 208, 230] };

/// Space between lines, in parts of the height of letters.
const LEADING: f32 = 0.2;
/// Additional space between paragraphs, likewise.
const PARAGRAPH_GAP: f32 = 0.35;

/// A panel as high as it must be that says `paragraphs`, the first as a heading. They are wrapped at
/// spaces and flush left. The corners have no alpha.
pub fn rasterise(paragraphs: &[&str]) -> Pixels {
    let Ok(font) = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT) else {
        return Sheet::new(CORNER_PX as u32 * 2).pixels;
    };
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let style = if index == 0 { HEADING } else { BODY };
        let scaled = font.as_scaled(PxScale::from(style.height_px));
        for (part, text) in
            wrapped(&scaled, paragraph, WIDTH_PX as f32 - 2.0 * PADDING_PX).into_iter().enumerate()
        {
            let gap = if part == 0 { LEADING + PARAGRAPH_GAP } else { LEADING };
            let gap_px = if lines.is_empty() { 0.0 } else { gap * style.height_px };
            lines.push(Line { text, gap_px, style, scaled });
        }
    }
    let text_px: f32 = lines.iter().map(|line| line.gap_px + line.style.height_px).sum();
    let mut sheet = Sheet::new(((text_px + 2.0 * PADDING_PX).ceil() as u32).min(HEIGHT_MAX_PX));
    let mut top = PADDING_PX;
    for line in &lines {
        top += line.gap_px;
        sheet.set_line(line, PADDING_PX, top + line.scaled.ascent());
        top += line.style.height_px;
    }
    sheet.pixels
}

/// One line that fits.
struct Line<'f> {
    text: String,
    gap_px: f32,
    style: Style,
    scaled: PxScaleFont<&'f FontRef<'static>>,
}

/// Breaks at spaces; a word that is wider than the line stays whole.
fn wrapped(font: &PxScaleFont<&FontRef<'static>>, text: &str, width_px: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || advance_px(font, &longer) <= width_px {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    lines.push(line);
    lines
}

fn advance_px(font: &PxScaleFont<&FontRef<'static>>, text: &str) -> f32 {
    let mut previous: Option<GlyphId> = None;
    let mut x = 0.0;
    for letter in text.chars() {
        let id = font.glyph_id(letter);
        x += previous.map_or(0.0, |previous| font.kern(previous, id)) + font.h_advance(id);
        previous = Some(id);
    }
    x
}

/// The image under construction.
struct Sheet {
    pixels: Pixels,
}

impl Sheet {
    fn new(height: u32) -> Self {
        let [r, g, b] = PAPER;
        let mut rgba = Vec::with_capacity(WIDTH_PX as usize * height as usize * 4);
        for y in 0..height {
            for x in 0..WIDTH_PX {
                let inside = rounded_coverage(height, x as f32 + 0.5, y as f32 + 0.5);
                rgba.extend([r, g, b, (255.0 * inside + 0.5) as u8]);
            }
        }
        Self { pixels: Pixels { width: WIDTH_PX, height, rgba } }
    }

    fn set_line(&mut self, line: &Line<'_>, left: f32, baseline: f32) {
        let font = &line.scaled;
        let mut previous: Option<GlyphId> = None;
        let mut x = left;
        for letter in line.text.chars() {
            let id = font.glyph_id(letter);
            x += previous.map_or(0.0, |previous| font.kern(previous, id));
            let glyph = id.with_scale_and_position(font.scale(), point(x, baseline));
            if let Some(outline) = font.font().outline_glyph(glyph) {
                let origin = outline.px_bounds().min;
                outline.draw(|dx, dy, coverage| {
                    self.ink(
                        origin.x as i64 + i64::from(dx),
                        origin.y as i64 + i64::from(dy),
                        coverage,
                        line.style.ink,
                    );
                });
            }
            x += font.h_advance(id);
            previous = Some(id);
        }
    }

    fn ink(&mut self, x: i64, y: i64, coverage: f32, ink: [u8; 3]) {
        let (width, height) = (i64::from(self.pixels.width), i64::from(self.pixels.height));
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return;
        }
        let start = (y * width + x) as usize * 4;
        let share = coverage.clamp(0.0, 1.0);
        if let Some(texel) = self.pixels.rgba.get_mut(start..start + 4) {
            for (old, new) in texel.iter_mut().zip(ink) {
                *old = (f32::from(*old) + (f32::from(new) - f32::from(*old)) * share + 0.5) as u8;
            }
        }
    }
}

/// How much of the pixel around the point lies in a panel of this height.
fn rounded_coverage(height: u32, x: f32, y: f32) -> f32 {
    let (half_width, half_height) = (WIDTH_PX as f32 * 0.5, height as f32 * 0.5);
    let dx = ((x - half_width).abs() - (half_width - CORNER_PX)).max(0.0);
    let dy = ((y - half_height).abs() - (half_height - CORNER_PX)).max(0.0);
    if dx == 0.0 || dy == 0.0 {
        return 1.0;
    }
    (CORNER_PX - dx.hypot(dy) + 0.5).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The box around everything that is clearly not paper.
    fn ink_box(pixels: &Pixels) -> Option<[u32; 4]> {
        let mut found: Option<[u32; 4]> = None;
        for (index, texel) in pixels.rgba.chunks_exact(4).enumerate() {
            if texel[0] > 120 {
                let (x, y) = (index as u32 % pixels.width, index as u32 / pixels.width);
                let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
                found = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
            }
        }
        found
    }

    #[test]
    fn words_wrap_inside_the_padding_and_the_panel_grows() {
        let short = rasterise(&["Pavilion"]);
        let sentence = "The venue is being opened; this takes as long as your network needs for it.";
        let long = rasterise(&["Pavilion", sentence]);
        for pixels in [&short, &long] {
            let [left, top, right, bottom] = ink_box(pixels).unwrap_or_default();
            assert!(left >= 80 && right < 1024 - 80 && top >= 80 && bottom < pixels.height - 80);
        }
        assert!(long.height > short.height + 2 * 68, "two lines more");
        let endless = rasterise(&["word ".repeat(2000).as_str()]);
        assert_eq!((endless.height, endless.rgba.len()), (1024, 1024 * 1024 * 4));
    }

    #[test]
    fn corners_are_clear_and_the_middle_is_not() {
        let pixels = rasterise(&[""]);
        assert_eq!(ink_box(&pixels), None);
        let alpha = |x: u32, y: u32| pixels.rgba[(y * pixels.width + x) as usize * 4 + 3];
        let bottom = pixels.height - 1;
        assert_eq!([alpha(0, 0), alpha(1023, bottom)], [0, 0]);
        assert_eq!([alpha(0, bottom / 2), alpha(512, 0), alpha(512, bottom / 2)], [255; 3]);
    }
}
