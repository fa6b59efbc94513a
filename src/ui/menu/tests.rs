#![allow(clippy::unwrap_used)]

use super::*;
use egui::Pos2;

const HEAD: Pose = Pose { position: Vec3::new(0.0, 1.6, 0.0), orientation: glam::Quat::IDENTITY };

/// A menu before somebody's eyes, and what it was asked.
struct Visit {
    menu: Menu,
    settings: Settings,
    now_seconds: f64,
    asked: Vec<MenuAction>,
}

impl Visit {
    fn new() -> Self {
        let mut visit = Self {
            menu: Menu::default(),
            settings: Settings::default(),
            now_seconds: 1.0,
            asked: Vec::new(),
        };
        visit.open();
        visit
    }

    fn open(&mut self) {
        self.menu.open(Place::before(HEAD, None, |_, _| f32::INFINITY));
        self.wait();
    }

    fn frame(&mut self) -> bool {
        self.now_seconds += 1.0 / 90.0;
        let step = self.menu.step(HEAD, &self.settings, self.now_seconds, 1.0 / 90.0);
        if let Some(MenuAction::Set(settings)) = step.action {
            self.settings = settings;
        }
        self.asked.extend(step.action);
        step.has_entered
    }

    fn wait(&mut self) {
        for _ in 0..5 {
            self.frame();
        }
    }

    /// Presses what is at so many degrees from the top left corner.
    fn click(&mut self, x_degrees: f32, y_degrees: f32) {
        let metres = theme::metres_per_point(super::super::place::DISTANCE_METRES);
        let at = glam::Vec2::new(points(x_degrees), points(y_degrees)) * metres;
        for kind in [EventKind::Move(at), EventKind::Press(at), EventKind::Release(at)] {
            self.menu.hear(kind);
            self.frame();
        }
        self.wait();
    }

    fn asked(&mut self) -> Vec<MenuAction> {
        std::mem::take(&mut self.asked)
    }
}

#[test]
fn everything_is_reached_by_pressing() {
    let mut visit = Visit::new();
    visit.click(6.0, 5.8);
    visit.click(19.0, 5.8);
    assert_eq!(visit.asked(), [MenuAction::TurnLeft, MenuAction::TurnRight]);
    visit.click(9.0, 12.2);
    assert_eq!(visit.settings.turn, Turn::Snap { angle_degrees: 30.0 });
    visit.click(21.0, 12.2);
    assert_eq!(visit.settings.turn, Turn::Smooth);
    visit.click(15.0, 12.2);
    assert_eq!(visit.settings.turn, Turn::Snap { angle_degrees: 45.0 });
    visit.click(20.0, 15.4);
    visit.click(20.0, 18.5);
    assert_eq!((visit.settings.walk, visit.settings.is_mono), (Walk::Slide, true));
    visit.click(10.0, 15.4);
    visit.click(10.0, 18.5);
    assert_eq!(visit.settings, Settings::default());
    visit.asked();
    // What is chosen already asks for nothing.
    visit.click(10.0, 18.5);
    assert_eq!(visit.asked(), []);
    visit.click(12.0, 9.1);
    assert_eq!(visit.asked(), [MenuAction::Recentre]);
    assert!(!visit.menu.is_open(), "there is nothing more to do in it");
    visit.open();
    visit.click(22.5, 2.3);
    assert!(!visit.menu.is_open(), "its cross");
    assert_eq!(visit.asked(), []);
}

#[test]
fn leaving_is_asked_twice() {
    let mut visit = Visit::new();
    visit.click(12.0, 21.7);
    assert_eq!(visit.asked(), [], "asked once");
    visit.click(12.0, 13.0);
    visit.click(12.0, 5.8);
    assert_eq!(visit.asked().len(), 1, "Stay leads back");
    visit.click(12.0, 21.7);
    visit.click(12.0, 17.0);
    assert_eq!(visit.asked(), [MenuAction::Leave]);
    // Opened anew it does not begin with the question.
    visit.click(12.0, 21.7);
    visit.menu.close();
    visit.open();
    visit.click(6.0, 5.8);
    assert_eq!(visit.asked(), [MenuAction::TurnLeft]);
}

#[test]
fn it_closes_when_it_is_left_behind() {
    let mut visit = Visit::new();
    let behind = Pose::standing(HEAD.position, std::f32::consts::PI, 0.0);
    let mut look = |head: Pose, seconds: f32| {
        for _ in 0..(seconds * 90.0) as u32 {
            visit.menu.step(head, &visit.settings, 2.0, 1.0 / 90.0);
        }
        visit.menu.is_open()
    };
    assert!(look(behind, 4.5), "a look around is none");
    assert!(look(HEAD, 0.1) && look(behind, 4.5));
    assert!(!look(behind, 1.0));
    visit.open();
    let walked = Pose { position: Vec3::new(0.0, 1.6, 1.5), ..HEAD };
    visit.menu.step(walked, &visit.settings, 3.0, 1.0 / 90.0);
    assert!(!visit.menu.is_open() && visit.menu.surface().is_none());
}

/// A press that goes on while the menu closes clicks nothing when it opens again.
#[test]
fn a_press_does_not_outlive_the_menu() {
    let mut visit = Visit::new();
    let metres = theme::metres_per_point(super::super::place::DISTANCE_METRES);
    let at = glam::Vec2::new(points(6.0), points(5.8)) * metres;
    visit.menu.hear(EventKind::Press(at));
    visit.frame();
    visit.menu.close();
    visit.open();
    visit.menu.hear(EventKind::Release(at));
    visit.wait();
    assert_eq!(visit.asked(), []);
}

/// The picture lies on the surface that is pointed at, corner by corner.
#[test]
fn points_and_metres_agree() {
    let visit = Visit::new();
    let (surface, stage_from_points) =
        (visit.menu.surface().unwrap(), visit.menu.stage_from_points().unwrap());
    let size = visit.menu.panel.size_points();
    for corner in [Pos2::ZERO, Pos2::new(size.x, 0.0), Pos2::new(size.x * 0.3, size.y)] {
        let drawn = stage_from_points.transform_point3(Vec3::new(corner.x, corner.y, 0.0));
        let at = glam::Vec2::new(corner.x / size.x, corner.y / size.y) * surface.size_metres;
        assert!(drawn.abs_diff_eq(surface.point(at), 1e-5), "{drawn} {}", surface.point(at));
    }
    let towards_reader = stage_from_points.transform_vector3(Vec3::NEG_Z);
    assert!(towards_reader.dot(HEAD.position - surface.pose.position) > 0.0);
    let [width, height] = SIZE_DEGREES;
    assert!((surface.size_metres.x / 0.6 / width.to_radians() - 1.0).abs() < 0.02);
    assert!((surface.size_metres.y / 0.6 / height.to_radians() - 1.0).abs() < 0.02);
}

/// What the menu says of the picture, and that nothing moves for it.
#[test]
fn what_is_given_up_is_said_in_the_place_of_the_title() {
    let mut visit = Visit::new();
    let before = visit.menu.buttons();
    let told = [
        Detail { error_scale: 1.4, ..Detail::default() },
        Detail { error_scale: 2.0, is_slower: true, is_over_budget: true, ..Detail::default() },
        Detail { error_scale: 2.0, resolution_scale: 0.7, ..Detail::default() },
        Detail { is_over_budget: true, ..Detail::default() },
        Detail { is_over_budget: true, is_over_memory: true, ..Detail::default() },
    ];
    let words: Vec<String> = told.iter().filter_map(|detail| detail.words()).collect();
    assert_eq!(words[0], "Late: detail lowered 1.4×");
    assert!(words.len() == 5 && Detail::default().words().is_none());
    let widest = points(SIZE_DEGREES[0] - 2.0 - theme::TARGET_DEGREES);
    for (detail, words) in told.into_iter().zip(&words) {
        visit.menu.tell(detail);
        visit.wait();
        assert_eq!(visit.menu.buttons(), before);
        // A capital is about 0.7 of the letters' height, and a letter about half as wide as that.
        let width = words.chars().count() as f32 * points(theme::TEXT_CAP_DEGREES) / 0.7 * 0.5;
        assert!(width < widest, "{words} is about {width} of {widest} points wide");
    }
}
