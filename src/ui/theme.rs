//! How panels look, in degrees of the eye: sizes that can be read and hit, colours that stand apart.
//!
//! A headset of the Quest 2's class shows about 20 pixels a degree. Letters are legible from an x-height
//! of 10 to 12 pixels, which is a cap height of 0.8° to 1.0°; a target for direct touch is 48 dp or more
//! (Meta, "Hands design"). A panel is laid out in points, of which a degree has
//! [`POINTS_PER_DEGREE`] where the panel hangs; nearer it is smaller, and looks the same.

use egui::{Color32, CornerRadius, FontFamily, FontId, Visuals};

/// One point is about one pixel of a Quest 2.
pub const POINTS_PER_DEGREE: f32 = 20.0;

/// Texels of letters a point: enough for the headsets of some years, and for who leans closer.
pub const TEXELS_PER_POINT: f32 = 2.0;

/// The height of capitals of Ubuntu Light in parts of the font's size, by its OS/2 table: 693 of 1000.
pub const CAP_HEIGHT_SHARE: f32 = 0.693;

/// Capitals of what is read, degrees.
pub const TEXT_CAP_DEGREES: f32 = 0.95;

/// Capitals of a heading, degrees.
pub const HEADING_CAP_DEGREES: f32 = 1.25;

/// The smallest side of what is pressed, degrees: at 60 cm, 27 mm.
pub const TARGET_DEGREES: f32 = 2.6;

/// Between two of them, degrees.
pub const GAP_DEGREES: f32 = 0.55;

/// What everything stands on.
pub const PAPER: Color32 = Color32::from_rgb(16, 22, 36);
/// Its edge, which tells it from a dark wall.
pub const EDGE: Color32 = Color32::from_rgb(116, 134, 172);
/// Letters.
pub const INK: Color32 = Color32::from_rgb(240, 244, 252);
/// Letters that explain.
pub const SOFT_INK: Color32 = Color32::from_rgb(190, 202, 224);

/// What is pressed, by what the pointer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Left alone.
    pub rest: Color32,
    /// Pointed at.
    pub hovered: Color32,
    /// Pressed.
    pub pressed: Color32,
    /// What is written on it.
    pub ink: Color32,
}

/// Something to press.
pub const PLAIN: Fill = Fill {
    rest: Color32::from_rgb(40, 52, 80),
    hovered: Color32::from_rgb(62, 84, 130),
    pressed: Color32::from_rgb(30, 100, 210),
    ink: INK,
};
/// The one of several that is chosen.
pub const CHOSEN: Fill = Fill {
    rest: Color32::from_rgb(120, 186, 255),
    hovered: Color32::from_rgb(160, 208, 255),
    pressed: Color32::from_rgb(200, 228, 255),
    ink: Color32::from_rgb(8, 16, 32),
};
/// Something that ends the visit.
pub const GRAVE: Fill = Fill {
    rest: Color32::from_rgb(112, 30, 40),
    hovered: Color32::from_rgb(150, 44, 54),
    pressed: Color32::from_rgb(186, 40, 52),
    ink: INK,
};

/// Radius of a panel's corners, degrees.
pub const CORNER_DEGREES: f32 = 1.0;

/// Degrees as points of a layout.
pub fn points(degrees: f32) -> f32 {
    degrees * POINTS_PER_DEGREE
}

/// The size of a point on a panel so far away, metres.
pub fn metres_per_point(distance_metres: f32) -> f32 {
    distance_metres * (1.0 / POINTS_PER_DEGREE).to_radians().tan()
}

/// The font whose capitals are so high.
pub fn font(cap_degrees: f32) -> FontId {
    FontId::new(points(cap_degrees) / CAP_HEIGHT_SHARE, FontFamily::Proportional)
}

/// Rounded by so many degrees.
pub fn corner(degrees: f32) -> CornerRadius {
    CornerRadius::same(points(degrees).round() as u8)
}

/// Makes a context look like this.
pub fn apply(context: &egui::Context) {
    context.set_theme(egui::Theme::Dark);
    context.all_styles_mut(|style| {
        style.visuals = Visuals::dark();
        style.visuals.override_text_color = Some(INK);
        // Coverage is light already where it is blended: bending it would make letters fat.
        style.visuals.text_options.color_transfer_function = egui::epaint::FontColorTransferFunction::Off;
        // Letters are seen at a slant: fitting them to a grid that is not there bends them.
        style.visuals.text_options.font_hinting = false;
        style.visuals.text_options.subpixel_binning = false;
        style.spacing.item_spacing = egui::Vec2::splat(points(GAP_DEGREES));
        style.interaction.selectable_labels = false;
        style.animation_time = 0.0;
        for id in style.text_styles.values_mut() {
            *id = font(TEXT_CAP_DEGREES);
        }
    });
    context.options_mut(|options| {
        options.zoom_with_keyboard = false;
        // The edges of shapes are the samples' business, but for a point's softness.
        options.tessellation_options.feathering_size_in_pixels = TEXELS_PER_POINT * 0.75;
        options.tessellation_options.round_text_to_pixels = false;
        // A hand takes its time; only how far it strays says whether a press is a click.
        options.input_options.max_click_duration = f64::INFINITY;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, relative luminance and contrast ratio.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |color: Color32| {
            let [r, g, b] = [color.r(), color.g(), color.b()].map(|byte| {
                let x = f32::from(byte) / 255.0;
                if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG: 7 to 1 is enhanced, 4.5 to 1 the least, 3 to 1 for what is not text.
    #[test]
    fn everything_stands_apart() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-3, "the formula");
        assert!(contrast(INK, PAPER) > 12.0 && contrast(SOFT_INK, PAPER) > 7.0);
        assert!(contrast(EDGE, PAPER) > 3.0);
        for fill in [PLAIN, CHOSEN, GRAVE] {
            assert!(contrast(fill.ink, fill.rest) > 7.0, "{fill:?}: {}", contrast(fill.ink, fill.rest));
            for state in [fill.hovered, fill.pressed] {
                assert!(contrast(fill.ink, state) > 4.5, "{fill:?}: {}", contrast(fill.ink, state));
            }
        }
        assert!(contrast(PLAIN.rest, CHOSEN.rest) > 3.0, "the chosen one is told without its colour");
    }

    /// Quest 2's 20 pixels a degree: capitals of 18 pixels or more, targets of 48 or more.
    #[test]
    fn sizes_are_what_an_eye_and_a_hand_need() {
        assert!(TEXT_CAP_DEGREES >= 0.9 && points(TARGET_DEGREES) >= 48.0);
        let subtended = (metres_per_point(0.6) * points(TARGET_DEGREES) / 0.6).atan().to_degrees();
        assert!((subtended - TARGET_DEGREES).abs() < 0.01, "{subtended}");
        // Measured on the letters themselves: the box of an H's ink.
        let context = egui::Context::default();
        apply(&context);
        let output = context.run_ui(egui::RawInput::default(), |ui| {
            let galley = ui.painter().layout_no_wrap("H".to_owned(), font(TEXT_CAP_DEGREES), INK);
            let cap = galley.mesh_bounds.height();
            assert!((cap - points(TEXT_CAP_DEGREES)).abs() < 2.0, "{cap} points high");
        });
        output.drop_without_applying_deltas();
    }
}
