//! The wrist menu: leave, back to the start, turn, and how to move and hear. It hangs in the world,
//! never on the head, and everything in it is reached by pointing and pressing.

use egui::{Rect, Ui, Vec2};
use glam::{Affine3A, Vec3};

use super::panel::Panel;
use super::place::Place;
use super::theme::{self, points};
use super::widgets::{Face, Icon, button, choice, label};
use crate::math::Pose;
use crate::rig::pointer::{EventKind, Surface, SurfaceId};
use crate::rig::{Settings, Turn, Walk};

/// Width and height, degrees.
const SIZE_DEGREES: [f32; 2] = [25.0, 23.9];

/// Who looks further away than this from its middle has turned from it.
const AWAY_RADIANS: f32 = 1.0;

/// Who has turned away for so long does not want it any more.
const AWAY_SECONDS: f32 = 5.0;

/// Who has walked so far from it neither.
const AWAY_METRES: f32 = 1.6;

/// The only menu.
const SURFACE: SurfaceId = SurfaceId(0);

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MenuAction {
    /// Leave the venue.
    Leave,
    /// Back to where the visit began.
    Recentre,
    /// Turn once, to the left.
    TurnLeft,
    /// Turn once, to the right.
    TurnRight,
    /// Move and hear like this from now on.
    Set(Settings),
}

/// What of the picture is given up, so that it comes in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail {
    /// How many times the error that goes unseen is accepted because frames came late.
    pub error_scale: f32,
    /// What share of the picture's sides is drawn, for the same reason.
    pub resolution_scale: f32,
    /// The display shows fewer pictures a second.
    pub is_slower: bool,
    /// More is in view than a frame may cost.
    pub is_over_budget: bool,
    /// More is wanted than memory holds.
    pub is_over_memory: bool,
}

impl Default for Detail {
    /// Nothing.
    fn default() -> Self {
        Self {
            error_scale: 1.0,
            resolution_scale: 1.0,
            is_slower: false,
            is_over_budget: false,
            is_over_memory: false,
        }
    }
}

impl Detail {
    /// In a few words, if there is anything to say.
    fn words(self) -> Option<String> {
        let Self { error_scale, resolution_scale, is_slower, is_over_budget, is_over_memory } = self;
        match (error_scale > 1.0, is_slower, is_over_budget) {
            (_, true, _) => Some("Late: detail and rate lowered".to_owned()),
            _ if resolution_scale < 1.0 => {
                Some(format!("Late: pixels lowered to {:.0} %", resolution_scale * 100.0))
            }
            (true, ..) => Some(format!("Late: detail lowered {error_scale:.1}×")),
            _ if is_over_memory => Some("Coarser: memory is full".to_owned()),
            (false, false, true) => Some("Coarser: much is in view".to_owned()),
            (false, false, false) => None,
        }
    }
}

/// What is on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Main,
    /// Leaving is asked for twice.
    Leave,
}

/// Where it hangs, in the stage's space, while it is open.
#[derive(Clone, Copy, Debug)]
struct Open {
    place: Place,
    away_seconds: f32,
}

/// The menu.
pub struct Menu {
    panel: Panel,
    open: Option<Open>,
    page: Page,
    shown: Settings,
    detail: Detail,
    asked: Option<MenuAction>,
    is_closing: bool,
}

/// What a frame of the menu came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MenuStep {
    /// What was asked for.
    pub action: Option<MenuAction>,
    /// Another thing to press is pointed at.
    pub has_entered: bool,
}

impl Default for Menu {
    fn default() -> Self {
        let mut menu = Self {
            panel: new_panel(),
            open: None,
            page: Page::Main,
            shown: Settings::default(),
            detail: Detail::default(),
            asked: None,
            is_closing: false,
        };
        menu.warm_up();
        menu
    }
}

fn new_panel() -> Panel {
    let [width, height] = SIZE_DEGREES.map(points);
    Panel::new(Vec2::new(width, height))
}

impl Menu {
    /// Begins its picture anew, for a painter that has no letters yet; what is open stays open.
    pub fn renew(&mut self) {
        self.panel = new_panel();
        self.warm_up();
    }

    /// Cuts its letters now, so that it opens without a pause.
    fn warm_up(&mut self) {
        let page = self.page;
        for other in [Page::Leave, Page::Main, page] {
            self.page = other;
            self.panel.invalidate();
            self.lay_out(0.0);
        }
        self.panel.invalidate();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Opens it there, in the stage's space.
    pub fn open(&mut self, place: Place) {
        self.open = Some(Open { place, away_seconds: 0.0 });
        self.page = Page::Main;
        self.panel.invalidate();
    }

    /// Closes it.
    pub fn close(&mut self) {
        if self.open.take().is_some() {
            self.panel.hear(EventKind::Cancel, 1.0);
            self.panel.hear(EventKind::Leave, 1.0);
            self.panel.invalidate();
        }
    }

    /// What can be pointed at, in the stage's space.
    pub fn surface(&self) -> Option<Surface> {
        let place = self.open?.place;
        let size = self.panel.size_points() * theme::metres_per_point(place.distance_metres);
        Some(Surface { id: SURFACE, pose: place.pose, size_metres: glam::Vec2::new(size.x, size.y) })
    }

    /// Stage from points of its picture, while it is open.
    pub fn stage_from_points(&self) -> Option<Affine3A> {
        let place = self.open?.place;
        let metres = theme::metres_per_point(place.distance_metres);
        let half = self.panel.size_points() * 0.5;
        let scale = Affine3A::from_scale(Vec3::new(metres, -metres, -metres));
        let corner = Affine3A::from_translation(Vec3::new(-half.x, -half.y, 0.0));
        Some(place.pose.to_affine() * scale * corner)
    }

    /// What can be pressed and where, in the stage's space, by what is written on it.
    pub fn buttons(&self) -> Vec<(String, Vec3)> {
        let Some(stage_from_points) = self.stage_from_points() else { return Vec::new() };
        let place = |rect: Rect| {
            let middle = rect.center();
            stage_from_points.transform_point3(Vec3::new(middle.x, middle.y, 0.0))
        };
        self.panel.pressable().into_iter().map(|(name, rect)| (name, place(rect))).collect()
    }

    /// Something happened to its surface.
    pub fn hear(&mut self, kind: EventKind) {
        if let Some(open) = self.open {
            self.panel.hear(kind, theme::metres_per_point(open.place.distance_metres));
        }
    }

    /// One frame. `head` is in the stage's space.
    pub fn step(
        &mut self,
        head: Pose,
        settings: &Settings,
        now_seconds: f64,
        delta_seconds: f32,
    ) -> MenuStep {
        if self.is_left_behind(head, delta_seconds) {
            self.close();
        }
        if self.shown != *settings {
            self.shown = *settings;
            self.panel.invalidate();
        }
        let has_entered = self.lay_out(now_seconds);
        if std::mem::take(&mut self.is_closing) {
            self.close();
        }
        MenuStep { action: self.asked.take(), has_entered }
    }

    /// Says on it what is given up.
    pub fn tell(&mut self, detail: Detail) {
        if self.detail != detail {
            self.detail = detail;
            self.panel.invalidate();
        }
    }

    /// Hands out the picture if it changed.
    pub fn panel(&mut self) -> &mut Panel {
        &mut self.panel
    }

    fn is_left_behind(&mut self, head: Pose, delta_seconds: f32) -> bool {
        let Some(open) = &mut self.open else { return false };
        let to_menu = open.place.pose.position - head.position;
        let is_away = to_menu.angle_between(head.forward()) > AWAY_RADIANS;
        open.away_seconds = if is_away { open.away_seconds + delta_seconds } else { 0.0 };
        open.away_seconds > AWAY_SECONDS || to_menu.length() > AWAY_METRES
    }

    fn lay_out(&mut self, now_seconds: f64) -> bool {
        let Self { panel, page, shown, detail, asked, is_closing, .. } = self;
        let (was, before, detail) = (*page, *shown, *detail);
        let mut next = was;
        let has_entered = panel.run(now_seconds, |ui| {
            let rect = ui.max_rect();
            ui.painter().rect_filled(rect, theme::corner(theme::CORNER_DEGREES), theme::PAPER);
            let edge = egui::Stroke::new(2.0, theme::EDGE);
            let corner = theme::corner(theme::CORNER_DEGREES);
            ui.painter().rect_stroke(rect, corner, edge, egui::StrokeKind::Inside);
            let inside = Rect::from_center_size(rect.center(), rect.size() - Vec2::splat(points(2.0)));
            ui.scope_builder(egui::UiBuilder::new().max_rect(inside), |ui| match was {
                Page::Main => main_page(ui, &before, detail, &mut next, asked, is_closing),
                Page::Leave => leave_page(ui, &mut next, asked),
            });
        });
        if next != was {
            *page = next;
            panel.invalidate();
        }
        has_entered
    }
}

fn row(ui: &Ui) -> Vec2 {
    Vec2::new(ui.available_width(), points(theme::TARGET_DEGREES))
}

fn plain<'a>(text: &'a str, icon: Option<Icon>) -> Face<'a> {
    Face { icon, text, fill: theme::PLAIN }
}

fn main_page(
    ui: &mut Ui,
    settings: &Settings,
    detail: Detail,
    next: &mut Page,
    asked: &mut Option<MenuAction>,
    is_closing: &mut bool,
) {
    let whole = row(ui);
    let gap = ui.spacing().item_spacing.x;
    ui.horizontal(|ui| {
        let title = Vec2::new(whole.x - whole.y - gap, whole.y);
        match detail.words() {
            None => label(ui, title, "Menu", theme::HEADING_CAP_DEGREES, theme::INK),
            Some(words) => label(ui, title, &words, theme::TEXT_CAP_DEGREES, theme::SOFT_INK),
        }
        *is_closing |= button(ui, Vec2::splat(whole.y), plain("", Some(Icon::Close)));
    });
    ui.horizontal(|ui| {
        let half = Vec2::new((whole.x - gap) * 0.5, whole.y * 1.15);
        if button(ui, half, plain("Turn left", Some(Icon::TurnLeft))) {
            *asked = Some(MenuAction::TurnLeft);
        }
        if button(ui, half, plain("Turn right", Some(Icon::TurnRight))) {
            *asked = Some(MenuAction::TurnRight);
        }
    });
    if button(ui, whole, plain("Back to the start", None)) {
        *asked = Some(MenuAction::Recentre);
        *is_closing = true;
    }
    if let Some(changed) = settings_rows(ui, whole, settings) {
        *asked = Some(MenuAction::Set(changed));
    }
    if button(ui, whole, Face { icon: None, text: "Leave", fill: theme::GRAVE }) {
        *next = Page::Leave;
    }
}

/// The settings, changed if one was.
fn settings_rows(ui: &mut Ui, whole: Vec2, settings: &Settings) -> Option<Settings> {
    let mut changed = *settings;
    let turning = match settings.turn {
        Turn::Snap { angle_degrees } if angle_degrees < 37.5 => 0,
        Turn::Snap { .. } => 1,
        Turn::Smooth => 2,
    };
    setting(ui, whole, "Turning", ["30°", "45°", "Smooth"], turning, |chosen| {
        changed.turn = match chosen {
            0 => Turn::Snap { angle_degrees: 30.0 },
            1 => Turn::Snap { angle_degrees: 45.0 },
            _ => Turn::Smooth,
        };
    });
    let walking = usize::from(settings.walk == Walk::Slide);
    setting(ui, whole, "Moving", ["Teleport", "Slide"], walking, |chosen| {
        changed.walk = if chosen == 1 { Walk::Slide } else { Walk::Teleport };
    });
    setting(ui, whole, "Sound", ["Stereo", "Mono"], usize::from(settings.is_mono), |chosen| {
        changed.is_mono = chosen == 1;
    });
    (changed != *settings).then_some(changed)
}

fn setting<const N: usize>(
    ui: &mut Ui,
    whole: Vec2,
    name: &str,
    words: [&str; N],
    chosen: usize,
    set: impl FnOnce(usize),
) {
    ui.horizontal(|ui| {
        let gap = ui.spacing().item_spacing.x;
        let name_width = points(5.6);
        label(ui, Vec2::new(name_width, whole.y), name, theme::TEXT_CAP_DEGREES, theme::SOFT_INK);
        let rest = Vec2::new(whole.x - name_width - gap, whole.y);
        if let Some(clicked) = choice(ui, rest, words, chosen) {
            set(clicked);
        }
    });
}

fn leave_page(ui: &mut Ui, next: &mut Page, asked: &mut Option<MenuAction>) {
    let whole = row(ui);
    let tall = Vec2::new(whole.x, whole.y * 1.5);
    ui.add_space(points(3.0));
    label(ui, whole, "Leave the venue?", theme::HEADING_CAP_DEGREES, theme::INK);
    label(ui, whole, "You can come back at any time.", theme::TEXT_CAP_DEGREES, theme::SOFT_INK);
    ui.add_space(points(1.0));
    if button(ui, tall, plain("Stay", None)) {
        *next = Page::Main;
    }
    if button(ui, tall, Face { icon: None, text: "Leave", fill: theme::GRAVE }) {
        *asked = Some(MenuAction::Leave);
        *next = Page::Main;
    }
}

#[cfg(test)]
mod tests;
