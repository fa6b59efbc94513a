//! What panels are made of: things to press that are large, say what they do, and show that they feel
//! the pointer.

use std::f32::consts::TAU;
use std::sync::Arc;

use egui::{Color32, Galley, Id, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2};

use super::theme::{self, Fill};

/// How far to the right letters are inked again.
const BOLDNESS_POINTS: f32 = 0.8;

/// Under this name a context remembers what interactive thing is pointed at.
fn hovered_key() -> Id {
    Id::unique("pavilion hovered")
}

/// What is pointed at, as of the last layout.
pub fn hovered(context: &egui::Context) -> Option<Id> {
    context.data(|data| data.get_temp::<Option<Id>>(hovered_key())).flatten()
}

/// Forgets it, before another layout.
pub fn forget_hovered(context: &egui::Context) {
    context.data_mut(|data| data.insert_temp::<Option<Id>>(hovered_key(), None));
}

fn pressable_key() -> Id {
    Id::unique("pavilion pressable")
}

/// What can be pressed and where, as of the last layout, by what is written on it.
pub fn pressable(context: &egui::Context) -> Vec<(String, Rect)> {
    context.data(|data| data.get_temp(pressable_key())).unwrap_or_default()
}

/// Forgets it, before another layout.
pub fn forget_pressable(context: &egui::Context) {
    context.data_mut(|data| data.remove_temp::<Vec<(String, Rect)>>(pressable_key()));
}

/// A drawing that says more than a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// An arrow around to the left.
    TurnLeft,
    /// An arrow around to the right.
    TurnRight,
    /// A cross.
    Close,
}

impl Icon {
    /// What it says.
    fn name(self) -> &'static str {
        match self {
            Self::TurnLeft => "Turn left",
            Self::TurnRight => "Turn right",
            Self::Close => "Close",
        }
    }
}

/// What is on a button.
#[derive(Clone, Copy, Debug)]
pub struct Face<'a> {
    /// A drawing before the words.
    pub icon: Option<Icon>,
    /// Words, perhaps none.
    pub text: &'a str,
    /// Colours.
    pub fill: Fill,
}

/// A button of this size; `true` when it was clicked.
pub fn button(ui: &mut Ui, size: Vec2, face: Face<'_>) -> bool {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    paint_button(ui, rect, &response, face);
    let name = if face.text.is_empty() { face.icon.map_or("", Icon::name) } else { face.text };
    ui.ctx().data_mut(|data| {
        data.get_temp_mut_or_default::<Vec<(String, Rect)>>(pressable_key()).push((name.to_owned(), rect));
    });
    response.clicked()
}

/// Several words of which one is chosen, side by side in a line; what was chosen now.
pub fn choice<const N: usize>(ui: &mut Ui, size: Vec2, words: [&str; N], chosen: usize) -> Option<usize> {
    let gap = theme::points(theme::GAP_DEGREES * 0.5);
    let width = (size.x - gap * (N as f32 - 1.0)) / N as f32;
    let mut clicked = None;
    ui.spacing_mut().item_spacing.x = gap;
    for (index, text) in words.into_iter().enumerate() {
        let fill = if index == chosen { theme::CHOSEN } else { theme::PLAIN };
        if button(ui, Vec2::new(width, size.y), Face { icon: None, text, fill }) {
            clicked = Some(index);
        }
    }
    clicked
}

fn paint_button(ui: &Ui, rect: Rect, response: &Response, face: Face<'_>) {
    let is_pressed = response.is_pointer_button_down_on();
    let is_hovered = response.hovered() || is_pressed;
    if is_hovered {
        ui.ctx().data_mut(|data| data.insert_temp(hovered_key(), Some(response.id)));
    }
    let color = match (is_pressed, is_hovered) {
        (true, _) => face.fill.pressed,
        (false, true) => face.fill.hovered,
        (false, false) => face.fill.rest,
    };
    // It gives way under the finger.
    let rect = rect.expand(if is_pressed { -3.0 } else { 0.0 });
    let corner = theme::corner(0.6);
    let painter = ui.painter();
    painter.rect_filled(rect, corner, color);
    if is_hovered {
        painter.rect_stroke(rect, corner, Stroke::new(3.0, theme::INK), StrokeKind::Inside);
    }
    let font = theme::font(theme::TEXT_CAP_DEGREES);
    let ink = face.fill.ink;
    let galley = painter.layout_no_wrap(face.text.to_owned(), font, ink);
    let icon_width = if face.icon.is_some() { theme::points(1.3) } else { 0.0 };
    let gap = if face.icon.is_some() && !face.text.is_empty() { theme::points(0.5) } else { 0.0 };
    let left = rect.center().x - (galley.size().x + icon_width + gap) * 0.5;
    if let Some(icon) = face.icon {
        let middle = pos2(left + icon_width * 0.5, rect.center().y);
        painter.extend(drawing(icon, middle, icon_width * 0.5, ink));
    }
    write(ui, pos2(left + icon_width + gap, rect.center().y - galley.size().y * 0.5), galley, ink);
}

/// Twice, a little beside: the font is a light one, and dark letters on a light ground look lighter still.
fn write(ui: &Ui, at: Pos2, galley: Arc<Galley>, ink: Color32) {
    let shift = Vec2::new(BOLDNESS_POINTS * 0.5, 0.0);
    ui.painter().galley(at - shift, Arc::clone(&galley), ink);
    ui.painter().galley(at + shift, galley, ink);
}

/// Words at the left of a line of this size.
pub fn label(ui: &mut Ui, size: Vec2, text: &str, cap_degrees: f32, ink: Color32) {
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::font(cap_degrees), ink);
    write(ui, pos2(rect.left(), rect.center().y - galley.size().y * 0.5), galley, ink);
}

fn drawing(icon: Icon, middle: Pos2, radius: f32, ink: Color32) -> Vec<Shape> {
    let stroke = Stroke::new(2.6, ink);
    match icon {
        Icon::Close => {
            let r = radius * 0.75;
            let (a, b) = (Vec2::new(r, r), Vec2::new(r, -r));
            vec![
                Shape::line_segment([middle - a, middle + a], stroke),
                Shape::line_segment([middle - b, middle + b], stroke),
            ]
        }
        Icon::TurnLeft => turn(middle, Vec2::new(radius, radius), stroke),
        Icon::TurnRight => turn(middle, Vec2::new(-radius, radius), stroke),
    }
}

/// Three quarters of a circle that ends at the top in an arrow to the left; mirrored by a negative radius.
fn turn(middle: Pos2, radius: Vec2, stroke: Stroke) -> Vec<Shape> {
    const STEPS: u8 = 24;
    // From the lower left counter-clockwise, through the right, to the top.
    let at = |turns: f32| middle + radius * Vec2::angled(turns * TAU);
    let arc: Vec<Pos2> =
        (0..=STEPS).map(|step| at(0.42 - 0.67 * f32::from(step) / f32::from(STEPS))).collect();
    let end = at(-0.25);
    let head = [Vec2::new(-0.62, 0.0), Vec2::new(0.12, -0.5), Vec2::new(0.12, 0.5)];
    let head = head.map(|corner| end + radius * corner);
    vec![Shape::line(arc, stroke), Shape::convex_polygon(head.to_vec(), stroke.color, Stroke::NONE)]
}
