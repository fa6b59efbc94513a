//! The wrist menu in a visit: joins the pointer, the menu, the settings and what is drawn of them.

use std::time::Duration;

use glam::{Affine3A, Quat, Vec3};

use super::settings::SettingsFile;
use crate::draw::{Gpu, PanelPicture, Renderer};
use crate::math::Pose;
use crate::present::Display;
use crate::rig::pointer::{Beam, EventKind, Pointer, keep_selects};
use crate::rig::{Button, Hand, HandKind, Input, Person, Settings, Turn};
use crate::scene::Actor;
use crate::scene::actor::{NameLayer, Shape};
use crate::ui::{Detail, Menu, MenuAction, Place};

/// The menu's number among the panels.
const PANEL: usize = 0;

/// What turns by holding a stick turns by this with a press, degrees.
const TURN_DEGREES: f32 = 30.0;

/// What a hand feels when it comes upon something to press, and when it presses it.
const TICK: (f32, Duration) = (0.25, Duration::from_millis(8));
const PRESS: (f32, Duration) = (0.7, Duration::from_millis(16));

/// The radius of [`Shape::Bead`], metres.
const BEAD_METRES: f32 = 0.01;

/// A ray's beads: how large, how far apart at least, how many at most, and the first so far from the hand.
const RAY_BEAD_METRES: f32 = 0.0022;
const RAY_GAP_METRES: f32 = 0.03;
const RAY_BEADS_MAX: f32 = 24.0;
const RAY_START_METRES: f32 = 0.06;

/// Where a ray or a finger meets the panel.
const DOT_METRES: f32 = 0.005;
const PRESSED_DOT_METRES: f32 = 0.008;

/// Linear RGB: pointing nowhere, pointing at the panel, and pressing it.
const IDLE: [u8; 4] = [70, 80, 100, 255];
const BRIGHT: [u8; 4] = [225, 235, 255, 255];
const PRESSING: [u8; 4] = [40, 150, 255, 255];

/// When a frame is, and how long after the last one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Since the program began.
    pub now_seconds: f64,
    /// Since the last frame.
    pub delta_seconds: f32,
}

/// See the module.
pub struct WristMenu {
    menu: Menu,
    pointer: Pointer,
    beam: Option<Beam>,
    file: SettingsFile,
    /// The renderer has no picture of it yet, and needs every letter.
    is_unpainted: bool,
}

impl WristMenu {
    /// Closed; what is chosen in it is kept in the file.
    pub fn new(file: SettingsFile) -> Self {
        Self { menu: Menu::default(), pointer: Pointer::default(), beam: None, file, is_unpainted: false }
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.menu.is_open()
    }

    /// What can be pressed in it and where, in the twin's space, by what is written on it; nothing while it
    /// is closed.
    pub fn buttons(&self, person: &Person) -> Vec<(String, Vec3)> {
        let stage = person.stage().to_affine();
        let placed = self.menu.buttons().into_iter();
        placed.map(|(name, place)| (name, stage.transform_point3(place))).collect()
    }

    /// What is given up of the picture is said on it.
    pub fn tell(&mut self, detail: Detail) {
        self.menu.tell(detail);
    }

    /// Before the person is placed: takes what the hands do at the menu out of the input, and adds what was
    /// asked for in it. `sight_metres` says how far one sees from a point in a direction, in the twin's space.
    pub fn step(
        &mut self,
        input: &mut Input,
        settings: &mut Settings,
        person: &Person,
        clock: Clock,
        sight_metres: impl Fn(Vec3, Vec3) -> f32,
    ) -> Felt {
        let head = input.head.unwrap_or_else(|| head_on_stage(person));
        let stage = person.stage();
        self.toggle(input, head, |from, way| {
            sight_metres(stage.position + stage.orientation * from, stage.orientation * way)
        });
        let mut felt = self.point(input, head);
        let step = self.menu.step(head, settings, clock.now_seconds, clock.delta_seconds);
        if step.has_entered
            && let Some(beam) = self.beam
        {
            felt.ticks[beam.hand] = true;
        }
        let turn_radians = match settings.turn {
            Turn::Snap { angle_degrees } => angle_degrees.to_radians(),
            Turn::Smooth => TURN_DEGREES.to_radians(),
        };
        match step.action {
            None => {}
            Some(MenuAction::Leave) => input.leave = true,
            Some(MenuAction::Recentre) => input.recentre = true,
            Some(MenuAction::TurnLeft) => input.turn_radians += turn_radians,
            Some(MenuAction::TurnRight) => input.turn_radians -= turn_radians,
            Some(MenuAction::Set(chosen)) => {
                *settings = chosen;
                self.file.keep(chosen);
            }
        }
        felt
    }

    fn toggle(&mut self, input: &Input, head: Pose, free_metres: impl Fn(Vec3, Vec3) -> f32) {
        let Some(hand) = input.hands.iter().find(|hand| hand.menu.is_pressed) else { return };
        if self.menu.is_open() {
            self.menu.close();
        } else {
            let place = hand.palm.or(hand.aim).map(|pose| pose.position);
            self.menu.open(Place::before(head, place, free_metres));
        }
    }

    fn point(&mut self, input: &mut Input, head: Pose) -> Felt {
        let mut hands = input.hands;
        let is_mouse = input.cursor.is_some() && hands[1].kind == HandKind::Absent;
        if let Some(cursor) = input.cursor.filter(|_| is_mouse) {
            hands[1] = Hand { aim: Some(cursor.ray.in_parent(head)), select: cursor.button, ..hands[1] };
        }
        let surface = self.menu.surface();
        let pointed = self.pointer.step(&hands, surface.as_slice());
        let mut felt = Felt::default();
        for event in pointed.events {
            self.menu.hear(event.kind);
            if let (EventKind::Press(_), Some(beam)) = (event.kind, pointed.beam) {
                felt.presses[beam.hand] = true;
            }
        }
        self.beam = pointed.beam.map(|beam| match beam.from {
            // The mouse has its own picture; its ray would begin in the eye.
            Some(_) if is_mouse && beam.hand == 1 => Beam { from: None, ..beam },
            _ => beam,
        });
        self.beam = self.beam.filter(|beam| !is_mouse || beam.is_on_surface);
        let takes_select = pointed.takes_select;
        keep_selects(&mut input.hands, takes_select);
        if let Some(cursor) = input.cursor.as_mut().filter(|_| is_mouse && takes_select[1]) {
            // The same button drags the view.
            if cursor.button.is_down {
                (input.turn_radians, input.look_up_radians) = (0.0, 0.0);
            }
            cursor.button = Button::default();
        }
        felt
    }

    /// Once the person is placed: shows it, or takes it away.
    pub fn show(&mut self, gpu: &Gpu, renderer: &mut Renderer, person: &Person) {
        if std::mem::take(&mut self.is_unpainted) {
            self.menu.renew();
        }
        self.menu.panel().paint(|primitives, textures| {
            renderer.paint_panel(gpu, PANEL, &PanelPicture { primitives, textures });
        });
        let stage = person.stage().to_affine();
        renderer.place_panel(PANEL, self.menu.stage_from_points().map(|points| stage * points));
    }

    /// The renderer is another one.
    pub fn forget_picture(&mut self) {
        self.is_unpainted = true;
    }

    /// Adds the ray of the hand that points, and the dot where it meets the menu.
    pub fn add_actors(&self, person: &Person, actors: &mut Vec<Actor>) {
        let Some(beam) = self.beam else { return };
        let stage = person.stage().to_affine();
        let mut add = |place: Vec3, radius_metres: f32, tint: [u8; 4]| {
            let scale = Vec3::splat(radius_metres / BEAD_METRES);
            let world_from_shape =
                stage * Affine3A::from_scale_rotation_translation(scale, Quat::IDENTITY, place);
            actors.push(Actor { shape: Shape::Bead, world_from_shape, tint, name: NameLayer::default() });
        };
        let tint = match (beam.is_pressed, beam.is_on_surface) {
            (true, _) => PRESSING,
            (false, true) => BRIGHT,
            (false, false) => IDLE,
        };
        if let Some(from) = beam.from {
            let way = beam.to - from;
            let length = way.length();
            let gap = RAY_GAP_METRES.max(length / RAY_BEADS_MAX);
            let count = ((length - RAY_START_METRES) / gap).floor().max(0.0) as u8;
            for bead in 0..count {
                let along = RAY_START_METRES + gap * f32::from(bead);
                add(from + way * (along / length), RAY_BEAD_METRES, tint);
            }
        }
        if beam.is_on_surface {
            add(beam.to, if beam.is_pressed { PRESSED_DOT_METRES } else { DOT_METRES }, tint);
        }
    }
}

/// What hands are to feel, left and right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Felt {
    /// Something to press is under the pointer now.
    pub ticks: [bool; 2],
    /// It is pressed.
    pub presses: [bool; 2],
}

impl Felt {
    /// Lets them feel it.
    pub fn buzz(self, display: &mut dyn Display) {
        for hand in 0..2 {
            let felt = match (self.presses[hand], self.ticks[hand]) {
                (true, _) => PRESS,
                (false, true) => TICK,
                (false, false) => continue,
            };
            display.buzz(hand, felt.0, felt.1);
        }
    }
}

/// Where the head of somebody without a headset is in the stage's space.
fn head_on_stage(person: &Person) -> Pose {
    let (stage, head) = (person.stage(), person.head());
    let inverse = stage.orientation.inverse();
    Pose {
        position: inverse * (head.position - stage.position),
        orientation: (inverse * head.orientation).normalize(),
    }
}

#[cfg(test)]
mod tests;
