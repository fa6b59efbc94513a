//! Hands by a real OpenXR runtime: what a scripted controller and a scripted bare hand do comes out of the
//! program frame by frame.

use glam::{Mat3, Quat, Vec3};
use serde_json::Value;

use crate::monado::Monado;
use crate::program::Home;
use crate::visit::{Visit, baked_twin, count, has, place};

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// A grip with the open fingers ahead and the thumb up.
fn held_out() -> Quat {
    Quat::from_mat3(&Mat3::from_cols(Vec3::X, Vec3::Z, Vec3::NEG_Y))
}

/// Of a bare hand, by its joints: fingers up and the palm towards +z, where the head is.
fn palm_to_face() -> Quat {
    Quat::from_mat3(&Mat3::from_cols(Vec3::NEG_X, Vec3::NEG_Z, Vec3::NEG_Y))
}

fn is_kind(line: &Value, side: usize, kind: &str) -> bool {
    line["hands"][side]["kind"] == kind
}

#[test]
fn under_monado_controllers_press_point_and_go() {
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let baked = baked_twin(&home);
    let mut remote = monado.remote();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    for (side, x) in [(LEFT, -0.2), (RIGHT, 0.2)] {
        remote.switch(side, true);
        remote.place_hand(side, [x, 1.2, -0.4], held_out());
    }
    let mut visit = Visit::start(&monado, &home, &baked, &[]);
    let is_held = |line: &Value| [LEFT, RIGHT].iter().all(|&side| is_kind(line, side, "controller"));
    let line = visit.wait("controllers", is_held);
    println!("{line}");
    for (side, x) in [(LEFT, -0.2), (RIGHT, 0.2)] {
        let profile = line["hands"][side]["profile"].as_str().unwrap();
        assert!(["oculus/touch_controller", "valve/index_controller"].contains(&profile), "{profile}");
        // The visitor began at (0, 0, 5.5), looking along −z.
        let palm = place(&line, &format!("hands/{side}/palm/position"));
        assert!(palm.abs_diff_eq(Vec3::new(x, 1.2, 5.1), 1e-3), "{palm}");
        let fingers = place(&line, &format!("hands/{side}/palm/forward"));
        assert!(fingers.abs_diff_eq(Vec3::NEG_Z, 1e-3), "{fingers}");
        assert!(line["hands"][side]["aim"].is_object() && line["hands"][side]["tip"].is_array(), "{line}");
    }

    remote.trigger(RIGHT, 1.0);
    visit.wait("the trigger", |line| has(line, RIGHT, "down", "select"));
    // Between the thresholds it stays what it was.
    remote.trigger(RIGHT, 0.6);
    visit.pass(4);
    remote.trigger(RIGHT, 0.0);
    visit.wait("the trigger's release", |line| has(line, RIGHT, "released", "select"));

    remote.squeeze(LEFT, 1.0);
    visit.wait("the squeeze", |line| has(line, LEFT, "down", "grab"));
    remote.squeeze(LEFT, 0.0);
    visit.wait("the squeeze's end", |line| has(line, LEFT, "released", "grab"));

    remote.upper_button(RIGHT, true);
    visit.wait("the menu", |line| has(line, RIGHT, "pressed", "menu"));
    remote.upper_button(RIGHT, false);
    visit.wait("the menu's release", |line| has(line, RIGHT, "released", "menu"));

    remote.stick(LEFT, [0.0, 1.0]);
    visit.wait("the stick", |line| line["hands"][LEFT]["stick"][1].as_f64() > Some(0.99));
    remote.stick(LEFT, [0.08, 0.08]);
    visit.wait("its rest", |line| line["hands"][LEFT]["stick"][1].as_f64() == Some(0.0));

    let lines = visit.frames();
    for (side, button, presses) in [
        (RIGHT, "select", 1),
        (LEFT, "select", 0),
        (LEFT, "grab", 1),
        (RIGHT, "grab", 0),
        (RIGHT, "menu", 1),
        (LEFT, "menu", 0),
    ] {
        for list in ["pressed", "released"] {
            assert_eq!(count(&lines, side, list, button), presses, "{side} {button} {list}");
        }
    }
    let report = visit.leave();
    assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
}

/// A controller that goes away takes what it pressed with it: no click, no throw, no step.
#[test]
fn under_monado_a_controller_that_is_switched_off_lets_go_of_nothing() {
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let baked = baked_twin(&home);
    let mut remote = monado.remote();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    remote.switch(RIGHT, true);
    // Monado shows bare hands from the start.
    remote.show_bare(LEFT, None);
    remote.switch(LEFT, false);
    remote.place_hand(RIGHT, [0.2, 1.2, -0.4], held_out());
    let mut visit = Visit::start(&monado, &home, &baked, &[]);
    visit.wait("a controller", |line| is_kind(line, RIGHT, "controller"));
    remote.trigger(RIGHT, 1.0);
    visit.wait("the trigger", |line| has(line, RIGHT, "down", "select"));
    remote.show_bare(RIGHT, None);
    remote.switch(RIGHT, false);
    visit.wait("nothing", |line| is_kind(line, RIGHT, "absent"));
    // Back with the trigger still held: nobody pressed it here.
    remote.switch(RIGHT, true);
    visit.wait("the controller again", |line| is_kind(line, RIGHT, "controller"));
    remote.trigger(RIGHT, 0.0);
    visit.pass(4);
    let lines = visit.frames();
    assert_eq!(count(&lines, RIGHT, "pressed", "select"), 1);
    assert_eq!(count(&lines, RIGHT, "released", "select"), 0, "a cancelled press is no release");
    assert!(lines.iter().all(|line| is_kind(line, LEFT, "absent")));
    remote.trigger(RIGHT, 1.0);
    visit.wait("a press of its own", |line| has(line, RIGHT, "pressed", "select"));
    visit.leave();
}

/// Bare hands take over from a controller and back, and what was held meanwhile counts for nothing.
#[test]
fn under_monado_bare_hands_take_over_pinch_and_make_a_fist() {
    const OPEN: [f32; 5] = [0.0; 5];
    const FIST: [f32; 5] = [1.0; 5];
    const PINCH: [f32; 5] = [0.0, 0.0, 0.0, 1.0, 1.0];
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let baked = baked_twin(&home);
    let mut remote = monado.remote();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    remote.switch(RIGHT, true);
    remote.place_hand(RIGHT, [0.2, 1.2, -0.4], held_out());
    let mut visit = Visit::start(&monado, &home, &baked, &[]);
    visit.wait("a controller", |line| is_kind(line, RIGHT, "controller"));
    remote.trigger(RIGHT, 1.0);
    visit.wait("the trigger", |line| has(line, RIGHT, "down", "select"));
    remote.show_bare(RIGHT, Some(OPEN));
    remote.switch(RIGHT, false);
    let line = visit.wait("a bare hand", |line| is_kind(line, RIGHT, "bare"));
    println!("{line}");
    remote.show_bare(RIGHT, Some(FIST));
    visit.wait("the fist", |line| has(line, RIGHT, "pressed", "grab"));
    remote.show_bare(RIGHT, Some(OPEN));
    visit.wait("the open hand", |line| has(line, RIGHT, "released", "grab"));
    let lines = visit.frames();
    assert_eq!(count(&lines, RIGHT, "pressed", "select"), 1, "a fist is no pinch");
    assert_eq!(count(&lines, RIGHT, "released", "select"), 0, "the trigger's press was cancelled");
    remote.show_bare(RIGHT, Some(PINCH));
    let line = visit.wait("the pinch", |line| has(line, RIGHT, "pressed", "select"));
    assert!(line["hands"][RIGHT]["tip"].is_array() && line["hands"][RIGHT]["aim"].is_object(), "{line}");
    remote.show_bare(RIGHT, Some(OPEN));
    visit.wait("its end", |line| has(line, RIGHT, "released", "select"));
    // Palm to the face and a pinch is the system's gesture.
    remote.place_hand(RIGHT, [0.1, 1.5, -0.4], palm_to_face());
    visit.pass(4);
    let before = visit.frames().len();
    remote.show_bare(RIGHT, Some(PINCH));
    visit.pass(6);
    assert_eq!(count(&visit.frames()[before..], RIGHT, "down", "select"), 0, "the system's gesture");
    remote.trigger(RIGHT, 0.0);
    remote.show_bare(RIGHT, None);
    remote.switch(RIGHT, true);
    visit.wait("the controller again", |line| is_kind(line, RIGHT, "controller"));
    visit.leave();
}

/// Somebody without any button opens the menu by looking at the inside of the wrist: with one hand by keeping
/// to look, with two by a touch.
#[test]
fn under_monado_the_menu_is_at_the_wrist_of_a_bare_hand() {
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let baked = baked_twin(&home);
    let mut remote = monado.remote();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    for side in [LEFT, RIGHT] {
        remote.switch(side, false);
        remote.show_bare(side, Some([0.0; 5]));
        remote.place_hand(side, [if side == LEFT { -0.3 } else { 0.3 }, 1.0, -0.3], Quat::IDENTITY);
    }
    let mut visit = Visit::start(&monado, &home, &baked, &[]);
    visit.wait("bare hands", |line| is_kind(line, LEFT, "bare") && is_kind(line, RIGHT, "bare"));
    assert_eq!(count(&visit.frames(), LEFT, "down", "menu"), 0);
    remote.place_hand(LEFT, [0.0, 1.6, -0.4], palm_to_face());
    let shown = visit.wait("the wrist's place", |line| {
        place(line, "hands/0/palm/position").abs_diff_eq(Vec3::new(0.0, 1.65, 5.1), 0.06)
    });
    let pressed = visit.wait("the menu", |line| has(line, LEFT, "pressed", "menu"));
    let seconds = pressed["seconds"].as_f64().unwrap() - shown["seconds"].as_f64().unwrap();
    assert!(seconds > 1.0, "a glance of {seconds} s is no press");
    remote.place_hand(LEFT, [-0.3, 1.0, -0.3], Quat::IDENTITY);
    visit.wait("its end", |line| has(line, LEFT, "released", "menu"));

    // A touch of the other hand is quicker: its index finger comes from in front.
    remote.place_hand(LEFT, [0.0, 1.6, -0.4], palm_to_face());
    visit.pass(8);
    let line = visit.wait("both hands", |line| is_kind(line, RIGHT, "bare"));
    let tip = place(&line, "hands/1/tip");
    // The button is 3 cm below the wrist, 2 or 3 cm before it.
    let from_pose = tip - Vec3::new(0.3, 1.0, 5.2);
    let at = Vec3::new(0.0, 1.57, -0.37) - from_pose;
    remote.place_hand(RIGHT, at.to_array(), Quat::IDENTITY);
    let touched = visit.wait("the touch", |line| has(line, LEFT, "pressed", "menu"));
    assert_eq!(count(&visit.frames(), LEFT, "pressed", "menu"), 2, "{touched}");
    assert_eq!(count(&visit.frames(), RIGHT, "pressed", "menu"), 0);
    visit.leave();
}
