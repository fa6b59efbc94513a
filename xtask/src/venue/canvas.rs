//! A square picture being painted: pixels in sRGB, drawing of shapes and of text, and the PNG at the end.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, ScaleFont, point};
use anyhow::Result;

static UBUNTU: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).ok());
static HACK: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(epaint_default_fonts::HACK_REGULAR).ok());

/// Red, green, blue from 0 to 1 in sRGB.
pub type Rgb = [f32; 3];

/// `0xRRGGBB` as a colour.
pub const fn rgb(hex: u32) -> Rgb {
    [((hex >> 16) & 255) as f32 / 255.0, ((hex >> 8) & 255) as f32 / 255.0, (hex & 255) as f32 / 255.0]
}

/// Part of the way from one colour to another.
pub fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    [0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Pixels.
    pub width: f32,
    /// Pixels.
    pub height: f32,
}

impl Area {
    /// Shrunk by a margin on all sides.
    pub fn within(self, margin: f32) -> Self {
        Self {
            x: self.x + margin,
            y: self.y + margin,
            width: self.width - 2.0 * margin,
            height: self.height - 2.0 * margin,
        }
    }

    fn holds(&self, x: f32, y: f32) -> bool {
        x >= self.x && x < self.x + self.width && y >= self.y && y < self.y + self.height
    }
}

/// A square picture.
pub struct Canvas {
    /// Pixels along a side, a power of two.
    pub size: u32,
    pixels: Vec<[u8; 4]>,
}

fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

impl Canvas {
    /// A picture of one opaque colour.
    pub fn new(size: u32, color: Rgb) -> Self {
        let [r, g, b] = color.map(byte);
        Self { size, pixels: vec![[r, g, b, 255]; (size * size) as usize] }
    }

    /// A picture whose pixels are `at(u, v)` with u, v from 0 to 1.
    pub fn from_function(size: u32, at: impl Fn(f32, f32) -> Rgb) -> Self {
        Self::with_alpha(size, |u, v| {
            let [r, g, b] = at(u, v);
            [r, g, b, 1.0]
        })
    }

    /// As [`Self::from_function`] with alpha.
    pub fn with_alpha(size: u32, at: impl Fn(f32, f32) -> [f32; 4]) -> Self {
        let mut pixels = Vec::with_capacity((size * size) as usize);
        for y in 0..size {
            for x in 0..size {
                pixels.push(at((x as f32 + 0.5) / size as f32, (y as f32 + 0.5) / size as f32).map(byte));
            }
        }
        Self { size, pixels }
    }

    /// Red of a pixel from 0 to 1, wrapping round the edges: pictures as heights.
    pub fn red(&self, x: i64, y: i64) -> f32 {
        let side = i64::from(self.size);
        let index = y.rem_euclid(side) * side + x.rem_euclid(side);
        f32::from(self.pixels[index as usize][0]) / 255.0
    }

    /// Lays a colour over one pixel.
    fn blend(&mut self, x: u32, y: u32, color: Rgb, share: f32) {
        if x < self.size && y < self.size {
            let pixel = &mut self.pixels[(y * self.size + x) as usize];
            for (channel, value) in color.iter().enumerate() {
                let old = f32::from(pixel[channel]) / 255.0;
                pixel[channel] = byte(old + (value - old) * share.clamp(0.0, 1.0));
            }
        }
    }

    /// Paints `area` where `shade(u, v)`, u and v from 0 to 1 across it, gives a colour and an opacity.
    pub fn shade(&mut self, area: Area, shade: impl Fn(f32, f32) -> (Rgb, f32)) {
        let (left, top) = (area.x.max(0.0) as u32, area.y.max(0.0) as u32);
        let right = ((area.x + area.width).ceil().max(0.0) as u32).min(self.size);
        let bottom = ((area.y + area.height).ceil().max(0.0) as u32).min(self.size);
        for y in top..bottom {
            for x in left..right {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                if area.holds(px, py) {
                    let (color, share) = shade((px - area.x) / area.width, (py - area.y) / area.height);
                    self.blend(x, y, color, share);
                }
            }
        }
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, area: Area, color: Rgb) {
        self.shade(area, |_, _| (color, 1.0));
    }

    /// Fills a disc with a soft rim.
    pub fn disc(&mut self, x: f32, y: f32, radius: f32, color: Rgb, opacity: f32) {
        let reach = radius + 1.0;
        let area = Area { x: x - reach, y: y - reach, width: 2.0 * reach, height: 2.0 * reach };
        self.shade(area, |u, v| {
            let distance = ((u * 2.0 - 1.0) * reach).hypot((v * 2.0 - 1.0) * reach);
            (color, (radius + 0.5 - distance).clamp(0.0, 1.0) * opacity)
        });
    }

    /// Draws a line with round ends.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, color: Rgb) {
        let half = width * 0.5;
        let (left, top) = (from.0.min(to.0) - half - 1.0, from.1.min(to.1) - half - 1.0);
        let area = Area {
            x: left,
            y: top,
            width: (from.0 - to.0).abs() + width + 2.0,
            height: (from.1 - to.1).abs() + width + 2.0,
        };
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length_squared = (dx * dx + dy * dy).max(1e-6);
        self.shade(area, |u, v| {
            let (x, y) = (left + u * area.width - from.0, top + v * area.height - from.1);
            let t = ((x * dx + y * dy) / length_squared).clamp(0.0, 1.0);
            (color, (half + 0.5 - (x - t * dx).hypot(y - t * dy)).clamp(0.0, 1.0))
        });
    }

    /// Writes a line of text in the middle, as high as fits `area`, at most as wide; `weight` in pixels thickens the strokes.
    pub fn text(&mut self, area: Area, text: &str, color: Rgb, weight: f32) {
        let (Some(ubuntu), Some(hack)) = (UBUNTU.as_ref(), HACK.as_ref()) else { return };
        let mut scale = area.height;
        let width = line_width(ubuntu, hack, text, scale);
        if width > area.width {
            scale *= area.width / width;
        }
        let width = line_width(ubuntu, hack, text, scale);
        let mut x = area.x + (area.width - width) * 0.5;
        let metrics = ubuntu.as_scaled(scale);
        let baseline = area.y + (area.height + metrics.ascent() + metrics.descent()) * 0.5;
        for character in text.chars() {
            let font = font_of(ubuntu, hack, character);
            let glyph: Glyph = font.glyph_id(character).with_scale_and_position(scale, point(x, baseline));
            x += font.as_scaled(scale).h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            let mut ink = Vec::new();
            outline
                .draw(|gx, gy, share| ink.push((bounds.min.x + gx as f32, bounds.min.y + gy as f32, share)));
            for (gx, gy, share) in ink {
                self.stamp(gx, gy, share, color, weight);
            }
        }
    }

    /// One texel of ink, spread over `weight` pixels.
    fn stamp(&mut self, x: f32, y: f32, share: f32, color: Rgb, weight: f32) {
        if share <= 0.02 {
            return;
        }
        let reach = weight.ceil() as i32;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let fade = (weight + 0.5 - (dx as f32).hypot(dy as f32)).clamp(0.0, 1.0);
                let (px, py) = (x as i32 + dx, y as i32 + dy);
                if (fade > 0.0 || (dx == 0 && dy == 0)) && px >= 0 && py >= 0 {
                    let fade = if dx == 0 && dy == 0 { 1.0 } else { fade };
                    self.blend(px as u32, py as u32, color, share * fade);
                }
            }
        }
    }

    /// The picture as a normal map, its red taken as height; `strength` is steepness.
    pub fn into_normals(self, strength: f32) -> Self {
        let pixels = (0..i64::from(self.size))
            .flat_map(|y| (0..i64::from(self.size)).map(move |x| (x, y)))
            .map(|(x, y)| {
                let dx = (self.red(x - 1, y) - self.red(x + 1, y)) * strength;
                // Texture rows run down while the bitangent runs up.
                let dy = (self.red(x, y + 1) - self.red(x, y - 1)) * strength;
                let normal = glam::vec3(dx, dy, 1.0).normalize_or(glam::Vec3::Z) * 0.5 + 0.5;
                [byte(normal.x), byte(normal.y), byte(normal.z), 255]
            })
            .collect();
        Self { size: self.size, pixels }
    }

    /// The file. Pictures without holes are written without alpha.
    pub fn png(&self) -> Result<Vec<u8>> {
        let opaque = self.pixels.iter().all(|pixel| pixel[3] == 255);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.size, self.size);
        encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        let channels = if opaque { 3 } else { 4 };
        let data: Vec<u8> =
            self.pixels.iter().flat_map(|pixel| pixel.iter().take(channels).copied()).collect();
        writer.write_image_data(&data)?;
        writer.finish()?;
        Ok(bytes)
    }
}

fn font_of<'a>(
    ubuntu: &'a FontRef<'static>,
    hack: &'a FontRef<'static>,
    character: char,
) -> &'a FontRef<'static> {
    if ubuntu.glyph_id(character).0 == 0 { hack } else { ubuntu }
}

fn line_width(ubuntu: &FontRef<'static>, hack: &FontRef<'static>, text: &str, scale: f32) -> f32 {
    text.chars()
        .map(|character| {
            let font = font_of(ubuntu, hack, character);
            font.as_scaled(scale).h_advance(font.glyph_id(character))
        })
        .sum()
}
