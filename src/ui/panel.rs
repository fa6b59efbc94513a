//! A panel: an egui context with a size, which is laid out only when something changed.

use egui::epaint::textures::TexturesDelta;
use egui::{ClippedPrimitive, Event, Id, Modifiers, PointerButton, Pos2, RawInput, Rect, Ui, Vec2};

use super::{theme, widgets};
use crate::rig::pointer::EventKind;

/// A pointer that moved less has not moved: a twentieth of a degree.
const STILL_POINTS: f32 = 1.0;

/// So far away a press hits nothing.
const NOWHERE: Pos2 = Pos2::new(-1e5, -1e5);

/// Letters and pictures of a panel are no wider or higher than this, texels: every GPU has as much.
const TEXTURE_SIDE_MAX: usize = 2048;

/// A panel.
pub struct Panel {
    context: egui::Context,
    size_points: Vec2,
    events: Vec<Event>,
    /// Where the pointer was last, if it is here.
    pointer: Option<Pos2>,
    /// When egui wants to be asked again.
    due_seconds: Option<f64>,
    primitives: Vec<ClippedPrimitive>,
    textures: TexturesDelta,
    is_painted: bool,
    hovered: Option<Id>,
}

impl Panel {
    /// A panel that is so large, in points.
    pub fn new(size_points: Vec2) -> Self {
        let context = egui::Context::default();
        theme::apply(&context);
        Self {
            context,
            size_points,
            events: Vec::new(),
            pointer: None,
            due_seconds: Some(0.0),
            primitives: Vec::new(),
            textures: TexturesDelta::default(),
            is_painted: true,
            hovered: None,
        }
    }

    /// Width and height, points.
    pub fn size_points(&self) -> Vec2 {
        self.size_points
    }

    /// Something happened to its surface, whose points are so large.
    pub fn hear(&mut self, kind: EventKind, metres_per_point: f32) {
        let point = |at: glam::Vec2| {
            let at = at / metres_per_point;
            Pos2::new(at.x, at.y)
        };
        match kind {
            EventKind::Move(at) => self.move_to(point(at)),
            EventKind::Press(at) => {
                self.move_to(point(at));
                self.press(point(at), true);
            }
            EventKind::Release(at) => self.press(point(at), false),
            EventKind::Cancel => {
                // A release far away ends the press and clicks nothing.
                self.events.push(Event::PointerMoved(NOWHERE));
                self.press(NOWHERE, false);
                self.pointer = None;
            }
            EventKind::Leave => {
                self.events.push(Event::PointerGone);
                self.pointer = None;
            }
        }
    }

    fn move_to(&mut self, at: Pos2) {
        if self.pointer.is_none_or(|last| last.distance(at) >= STILL_POINTS) {
            self.events.push(Event::PointerMoved(at));
            self.pointer = Some(at);
        }
    }

    fn press(&mut self, pos: Pos2, pressed: bool) {
        let modifiers = Modifiers::NONE;
        self.events.push(Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers });
    }

    /// What it shows is no longer true.
    pub fn invalidate(&mut self) {
        self.due_seconds = Some(0.0);
    }

    /// Lays `content` out anew if anything happened or is due. Returns whether another thing to press
    /// is pointed at than before.
    pub fn run(&mut self, now_seconds: f64, content: impl FnMut(&mut Ui)) -> bool {
        let is_due = self.due_seconds.is_some_and(|due| due <= now_seconds);
        if self.events.is_empty() && !is_due {
            return false;
        }
        // egui forgets a pointer that is gone one pass after it hears of it.
        let has_lost_pointer = self.events.contains(&Event::PointerGone);
        widgets::forget_hovered(&self.context);
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size_points)),
            max_texture_side: Some(TEXTURE_SIDE_MAX),
            time: Some(now_seconds),
            predicted_dt: 1.0 / 90.0,
            events: std::mem::take(&mut self.events),
            ..RawInput::default()
        };
        for viewport in input.viewports.values_mut() {
            viewport.native_pixels_per_point = Some(theme::TEXELS_PER_POINT);
        }
        let mut content = content;
        let mut output = self.context.run_ui(input, |ui| {
            // egui may lay out more than once.
            widgets::forget_pressable(ui.ctx());
            content(ui);
        });
        let delay = output.viewport_output.values().map(|viewport| viewport.repaint_delay).min();
        let due = delay.filter(|delay| delay.as_secs() < 3600).map(|delay| now_seconds + delay.as_secs_f64());
        self.due_seconds = if has_lost_pointer { Some(now_seconds) } else { due };
        self.textures.append(std::mem::take(&mut output.textures_delta));
        self.primitives = self.context.tessellate(output.shapes, output.pixels_per_point);
        self.is_painted = false;
        let hovered = widgets::hovered(&self.context);
        let before = std::mem::replace(&mut self.hovered, hovered);
        hovered.is_some() && hovered != before
    }

    /// What can be pressed and where, points, by what is written on it.
    pub fn pressable(&self) -> Vec<(String, Rect)> {
        widgets::pressable(&self.context)
    }

    /// Hands out the picture if it changed since it was handed out last.
    pub fn paint(&mut self, painter: impl FnOnce(&[ClippedPrimitive], &TexturesDelta)) {
        if !self.is_painted {
            painter(&self.primitives, &self.textures);
            self.textures.clear();
            self.is_painted = true;
        }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // What nobody has painted nobody misses.
        self.textures.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec2 as Place;

    /// A panel with one button from (20, 20) to (120, 80), a point a millimetre.
    struct Desk {
        panel: Panel,
        clicks: u32,
        now_seconds: f64,
    }

    impl Desk {
        fn new() -> Self {
            let mut desk = Self { panel: Panel::new(Vec2::new(300.0, 200.0)), clicks: 0, now_seconds: 0.0 };
            for _ in 0..4 {
                desk.run();
            }
            desk
        }

        fn run(&mut self) -> bool {
            self.now_seconds += 1.0 / 90.0;
            let clicks = &mut self.clicks;
            self.panel.run(self.now_seconds, |ui| {
                let rect = Rect::from_min_max(Pos2::new(20.0, 20.0), Pos2::new(120.0, 80.0));
                let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
                let face = widgets::Face { icon: None, text: "Yes", fill: theme::PLAIN };
                *clicks += u32::from(widgets::button(&mut ui, rect.size(), face));
            })
        }

        fn hear(&mut self, kinds: &[EventKind]) -> u32 {
            let before = self.clicks;
            for &kind in kinds {
                self.panel.hear(kind, 0.001);
                self.run();
            }
            self.run();
            self.clicks - before
        }
    }

    const ON: Place = Place::new(0.05, 0.05);
    const ALSO_ON: Place = Place::new(0.10, 0.05);
    const BESIDE: Place = Place::new(0.2, 0.15);

    #[test]
    fn a_click_is_a_press_and_a_release_on_the_same_thing() {
        use EventKind::{Cancel, Leave, Move, Press, Release};
        let mut desk = Desk::new();
        assert_eq!(desk.hear(&[Move(ON), Press(ON), Release(ON)]), 1);
        assert_eq!(desk.hear(&[Press(ON), Release(ON)]), 1, "without pointing at it before");
        assert_eq!(desk.hear(&[Press(ON), Move(ALSO_ON), Release(ALSO_ON)]), 0, "a drag");
        assert_eq!(desk.hear(&[Press(ON), Move(BESIDE), Release(BESIDE)]), 0);
        assert_eq!(desk.hear(&[Press(BESIDE), Move(ON), Release(ON)]), 0);
        assert_eq!(desk.hear(&[Press(ON), Cancel]), 0);
        assert_eq!(desk.hear(&[Press(ON), Cancel, Leave, Move(ON), Press(ON), Release(ON)]), 1);
        // However long it takes.
        desk.hear(&[Press(ON)]);
        desk.now_seconds += 20.0;
        assert_eq!(desk.hear(&[Release(ON)]), 1);
    }

    #[test]
    fn pointing_is_felt_once_and_a_still_panel_is_not_laid_out() {
        use EventKind::{Leave, Move};
        let mut desk = Desk::new();
        desk.panel.hear(Move(BESIDE), 0.001);
        assert!(!desk.run());
        desk.panel.hear(Move(ON), 0.001);
        assert!(desk.run(), "it is pointed at now");
        desk.panel.hear(Move(ALSO_ON), 0.001);
        assert!(!desk.run(), "it still is");
        desk.panel.hear(Leave, 0.001);
        assert!(!desk.run() && !desk.run());
        desk.panel.hear(Move(ON), 0.001);
        assert!(desk.run(), "again");
        for _ in 0..10 {
            desk.run();
        }
        desk.panel.paint(|primitives, _| assert!(!primitives.is_empty()));
        desk.panel.hear(Move(ON + Place::splat(0.0005)), 0.001);
        desk.run();
        desk.panel.paint(|_, _| panic!("half a point is no move"));
        desk.panel.invalidate();
        desk.run();
        let mut is_painted = false;
        desk.panel.paint(|_, _| is_painted = true);
        assert!(is_painted);
    }
}
