//! Words as pixels, for panels in the world.
//!
//! In: paragraphs and the panel's measures. Out: an image with rounded corners. Architecture
//! invariant: it knows no GPU; the image goes the way of every other texture.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, PxScaleFont, ScaleFont, point};

use crate::scene::texture::Pixels;

/// One paragraph: it is wrapped at spaces, and starts on a new line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paragraph<'a> {
    /// The words.
    pub text: &'a str,
    /// From the top of the tallest letter to the bottom of the deepest, pixels.
    pub height_px: f32,
    /// sRGB.
    pub ink: [u8; 3],
}

/// What the words stand on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panel {
    /// Width and height, pixels.
    pub size: [u32; 2],
    /// Kept free on every side, pixels.
    pub padding_px: f32,
    /// Radius of the corners, pixels.
    pub corner_px: f32,
    /// sRGB and alpha, of which corners have none.
    pub paper: [u8; 4],
}

/// Space between lines, in parts of the height of letters.
const LEADING: f32 = 0.22;
/// Additional space between paragraphs, likewise.
const PARAGRAPH_GAP: f32 = 0.45;

/// Sets the paragraphs in the middle of the panel's height, flush left. What does not fit in is cut
/// off below.
pub fn rasterise(paragraphs: &[Paragraph<'_>], panel: &Panel) -> Pixels {
    let mut sheet = Sheet::new(panel);
    let Ok(font) = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT) else {
        return sheet.pixels;
    };
    let width_px = panel.size[0] as f32 - 2.0 * panel.padding_px;
    let mut lines: Vec<Line<'_, '_>> = Vec::new();
    for paragraph in paragraphs {
        let scaled = font.as_scaled(PxScale::from(paragraph.height_px));
        for (index, text) in wrapped(&scaled, paragraph.text, width_px).into_iter().enumerate() {
            let starts_paragraph = index == 0 && !lines.is_empty();
            let gap = LEADING + if starts_paragraph { PARAGRAPH_GAP } else { 0.0 };
            let gap_px = if lines.is_empty() { 0.0 } else { gap * paragraph.height_px };
            lines.push(Line { text, gap_px, paragraph, scaled });
        }
    }
    let text_height: f32 = lines.iter().map(|line| line.gap_px + line.paragraph.height_px).sum();
    let free = panel.size[1] as f32 - 2.0 * panel.padding_px - text_height;
    let mut top = panel.padding_px + free.max(0.0) * 0.5;
    for line in &lines {
        top += line.gap_px;
        sheet.set_line(line, panel.padding_px, top + line.scaled.ascent());
        top += line.paragraph.height_px;
    }
    sheet.pixels
}

/// One line that fits.
struct Line<'a, 'f> {
    text: String,
    gap_px: f32,
    paragraph: &'a Paragraph<'a>,
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
    fn new(panel: &Panel) -> Self {
        let [width, height] = panel.size;
        let [r, g, b, alpha] = panel.paper;
        let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
        for y in 0..height {
            for x in 0..width {
                let inside = rounded_coverage(panel, x as f32 + 0.5, y as f32 + 0.5);
                rgba.extend([r, g, b, (f32::from(alpha) * inside + 0.5) as u8]);
            }
        }
        Self { pixels: Pixels { width, height, rgba } }
    }

    fn set_line(&mut self, line: &Line<'_, '_>, left: f32, baseline: f32) {
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
                        line.paragraph.ink,
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
            texel[3] = texel[3].max((255.0 * share + 0.5) as u8);
        }
    }
}

/// How much of the pixel around the point lies in the panel.
fn rounded_coverage(panel: &Panel, x: f32, y: f32) -> f32 {
    let [width, height] = panel.size.map(|pixels| pixels as f32);
    let radius = panel.corner_px;
    let dx = ((x - width * 0.5).abs() - (width * 0.5 - radius)).max(0.0);
    let dy = ((y - height * 0.5).abs() - (height * 0.5 - radius)).max(0.0);
    if dx == 0.0 || dy == 0.0 {
        return 1.0;
    }
    (radius - dx.hypot(dy) + 0.5).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Panel =
        Panel { size: [400, 200], padding_px: 20.0, corner_px: 24.0, paper: [10, 20, 30, 255] };

    fn ink_box(pixels: &Pixels) -> Option<[u32; 4]> {
        let mut found: Option<[u32; 4]> = None;
        for (index, texel) in pixels.rgba.chunks_exact(4).enumerate() {
            if texel[0] > 200 {
                let (x, y) = (index as u32 % pixels.width, index as u32 / pixels.width);
                let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
                found = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
            }
        }
        found
    }

    fn set(text: &str) -> Pixels {
        rasterise(&[Paragraph { text, height_px: 40.0, ink: [255; 3] }], &PANEL)
    }

    #[test]
    fn words_wrap_inside_the_padding() {
        let [left, top, right, bottom] = ink_box(&set("The venue is being opened")).unwrap_or_default();
        assert!(left >= 20 && right < 380 && top >= 20 && bottom < 180);
        assert!(bottom - top > 60, "two lines of 40 pixels, and all ink within {top}..{bottom}");
        let [_, top, _, bottom] = ink_box(&set("One line")).unwrap_or_default();
        assert!(bottom - top < 40 && bottom > top, "one line, ink within {top}..{bottom}");
    }

    #[test]
    fn corners_are_clear_and_the_middle_is_not() {
        let pixels = set("");
        assert_eq!(ink_box(&pixels), None);
        let alpha = |x: usize, y: usize| pixels.rgba[(y * 400 + x) * 4 + 3];
        assert_eq!(
            [alpha(0, 0), alpha(399, 199), alpha(0, 100), alpha(200, 0), alpha(200, 100)],
            [0, 0, 255, 255, 255]
        );
    }
}
