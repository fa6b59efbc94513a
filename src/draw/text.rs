//! Words as pixels, for panels in the world.
//!
//! In: paragraphs, or a name. Out: an image with rounded corners. Architecture invariant: it knows no GPU; the
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

/// Pixels of a name: at a metre a headset shows about as many.
pub(super) const NAME_WIDTH_PX: u32 = 512;
/// A quarter of the width, as a tag is.
pub(super) const NAME_HEIGHT_PX: u32 = 128;
/// Kept free beside a name, pixels.
const NAME_PADDING_PX: f32 = 34.0;
/// A name's plate is at least this wide, pixels.
const NAME_WIDTH_MIN_PX: f32 = 200.0;
/// sRGB of what a name stands on.
const NAME_PAPER: [u8; 3] = [14, 18, 28];
/// A name is set as large as it fits; one that does not even fit the last is shortened.
const NAME_HEIGHTS_PX: [f32; 3] = [92.0, 78.0, 66.0];
const NAME_INK: [u8; 3] = [255, 255, 255];
/// How much further to the right letters are inked again, pixels: the font is a light one, and a name is
/// read from afar.
const NAME_BOLDNESS_PX: f32 = 2.2;
/// Whose name has no letter that the font has.
const NAMELESS: &str = "Visitor";

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
        return Sheet::new([WIDTH_PX, CORNER_PX as u32 * 2], PAPER).pixels;
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
    let height = ((text_px + 2.0 * PADDING_PX).ceil() as u32).min(HEIGHT_MAX_PX);
    let mut sheet = Sheet::new([WIDTH_PX, height], PAPER);
    let mut top = PADDING_PX;
    for line in &lines {
        top += line.gap_px;
        sheet.set_line(line, PADDING_PX, top + line.scaled.ascent());
        top += line.style.height_px;
    }
    sheet.pixels
}

/// A plate just as wide as it must be that says `name`, in the middle of clear pixels. A name that is
/// too long ends in an ellipsis; letters that the font lacks are left out.
pub(super) fn name_plate(name: &str) -> Pixels {
    let size = [NAME_WIDTH_PX, NAME_HEIGHT_PX];
    let Ok(font) = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT) else {
        return Sheet::new(size, NAME_PAPER).pixels;
    };
    let name = legible(&font, name);
    let room_px = NAME_WIDTH_PX as f32 - 2.0 * NAME_PADDING_PX;
    let fits = |height_px: f32| advance_px(&font.as_scaled(PxScale::from(height_px)), &name) <= room_px;
    let [.., smallest_px] = NAME_HEIGHTS_PX;
    let height_px = NAME_HEIGHTS_PX.into_iter().find(|&px| fits(px)).unwrap_or(smallest_px);
    let scaled = font.as_scaled(PxScale::from(height_px));
    let text = shortened(&scaled, &name, room_px);
    let text_px = advance_px(&scaled, &text);
    let left = (NAME_WIDTH_PX as f32 - text_px) * 0.5;
    let mut sheet = Sheet::new(size, NAME_PAPER);
    let plate_px = (text_px + 2.0 * NAME_PADDING_PX).max(NAME_WIDTH_MIN_PX);
    // A transparent margin keeps the edges soft.
    let half = [plate_px.min(NAME_WIDTH_PX as f32 - 4.0) * 0.5, NAME_HEIGHT_PX as f32 * 0.5 - 4.0];
    sheet.cut_out(half, half[1]);
    let line = Line { text, gap_px: 0.0, style: Style { height_px, ink: NAME_INK }, scaled };
    let baseline = (NAME_HEIGHT_PX as f32 + line.scaled.ascent() + line.scaled.descent()) * 0.5;
    for shift in [-0.5, 0.0, 0.5] {
        sheet.set_line(&line, left + shift * NAME_BOLDNESS_PX, baseline);
    }
    sheet.pixels
}

/// The letters that the font has, with single spaces.
fn legible(font: &FontRef<'static>, name: &str) -> String {
    let mut legible = String::new();
    for word in name.split_whitespace() {
        let letters = word.chars().filter(|&letter| !letter.is_control() && font.glyph_id(letter).0 != 0);
        let start = legible.len();
        legible.extend(letters);
        if start > 0 && legible.len() > start {
            legible.insert(start, ' ');
        }
    }
    if legible.chars().any(char::is_alphanumeric) { legible } else { NAMELESS.to_owned() }
}

/// As much of the text as fits, with an ellipsis for the rest.
fn shortened(font: &PxScaleFont<&FontRef<'static>>, text: &str, width_px: f32) -> String {
    if advance_px(font, text) <= width_px {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        short.push(letter);
        if advance_px(font, &short) + font.h_advance(font.glyph_id('…')) > width_px {
            short.pop();
            break;
        }
    }
    short.truncate(short.trim_end().len());
    short.push('…');
    short
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
    /// A panel of the whole size.
    fn new([width, height]: [u32; 2], [r, g, b]: [u8; 3]) -> Self {
        let rgba = [r, g, b, 255].repeat(width as usize * height as usize);
        let mut sheet = Self { pixels: Pixels { width, height, rgba } };
        sheet.cut_out([width as f32 * 0.5, height as f32 * 0.5], CORNER_PX);
        sheet
    }

    /// Leaves no alpha outside of a rounded rectangle around the middle.
    fn cut_out(&mut self, half: [f32; 2], corner_px: f32) {
        let Pixels { width, height, rgba } = &mut self.pixels;
        for (index, texel) in rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (x, y) = (index as u32 % *width, index as u32 / *width);
            let from_middle = |at: u32, length: u32| at as f32 + 0.5 - length as f32 * 0.5;
            let inside = rounded_coverage(half, corner_px, [from_middle(x, *width), from_middle(y, *height)]);
            texel[3] = (255.0 * inside + 0.5) as u8;
        }
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

/// How much of the pixel around the point, which is given from the middle, lies in a rounded rectangle.
fn rounded_coverage([half_width, half_height]: [f32; 2], corner_px: f32, [x, y]: [f32; 2]) -> f32 {
    let dx = (x.abs() - (half_width - corner_px)).max(0.0);
    let dy = (y.abs() - (half_height - corner_px)).max(0.0);
    (corner_px - dx.hypot(dy) + 0.5).clamp(0.0, 1.0)
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
    fn a_name_fits_its_plate_however_long_and_whatever_the_script() {
        let short = name_plate("Ada");
        let long = name_plate("Wolfeschlegelsteinhausenbergerdorff the Elder");
        for pixels in [&short, &long] {
            assert_eq!((pixels.width, pixels.height), (512, 128));
            let [left, top, right, bottom] = ink_box(pixels).unwrap_or_default();
            assert!(
                left >= 24 && right < 512 - 24 && top >= 10 && bottom < 118,
                "{left} {top} {right} {bottom}"
            );
        }
        let alpha = |pixels: &Pixels, x: usize| pixels.rgba[(64 * 512 + x) * 4 + 3];
        assert_eq!([alpha(&short, 20), alpha(&short, 256), alpha(&long, 20)], [0, 255, 255]);
        // Letters that the font lacks are left out, and nobody is without a name.
        assert_eq!(name_plate("Ada \u{6f22}\u{5b57}"), short);
        for nothing in ["", " ", "\u{6f22}\u{5b57}", "\u{202e}\u{200b}", "\u{0}\n", "..."] {
            assert_eq!(name_plate(nothing), name_plate("Visitor"), "{nothing:?}");
        }
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
