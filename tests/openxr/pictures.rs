//! What the eyes see, against goldens that were drawn without a headset.

use std::f32::consts::FRAC_PI_2;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use glam::Vec2;
use serde_json::Value;

use crate::faults::Faults;
use crate::golden;
use crate::monado::Monado;
use crate::program::{Home, KEYS, wait_until};
use crate::scene::texture::Pixels;
use crate::visit::{baked_twin, demo_twin};

/// Looks through the headset at `baked`; pictures go to `shots`, if anywhere.
fn look(
    monado: &Monado,
    home: &Home,
    baked: &Path,
    size: &str,
    shots: Option<&Path>,
    more: &[&str],
    faults: Option<&Faults>,
) -> Value {
    let mut arguments = vec!["view", baked.to_str().unwrap(), "--headset", "--frames", "12", "--size", size];
    arguments.extend(["--validate", "--json"]);
    if let Some(shots) = shots {
        arguments.extend(["--shot", shots.to_str().unwrap()]);
    }
    arguments.extend(more);
    let mut command = monado.command(home, &arguments);
    if let Some(faults) = faults {
        faults.add_to(command.env("XR_ENABLE_API_LAYERS", Faults::LAYER));
    }
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}\n{}", output.status, monado.log());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{report}");
    assert_eq!(report["frames"].as_u64(), Some(12), "{report}");
    assert_eq!(report["is_validated"], true, "the validation layers are not in use: {report}");
    assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
    report
}

fn eyes(shots: &Path) -> [Pixels; 2] {
    ["left.png", "right.png"].map(|name| golden::read_png(&shots.join(name)).unwrap())
}

/// The pictures with what the runtime hides as in the expected ones, which know of no lens; and what is hidden is
/// there to see: black, and a part of each eye.
fn unhidden(seen: [Pixels; 2], expected: &[Pixels; 2], faults: &Faults) -> [Pixels; 2] {
    let hidden = faults.hidden();
    assert!(hidden.iter().all(|corners| corners.len() > 3 && corners.len() % 3 == 0), "{hidden:?}");
    let mut eye = 0;
    seen.map(|mut seen| {
        let (corners, expected) = (&hidden[eye], &expected[eye]);
        let [mut black, mut count, mut left_out] = [0, 0, 0];
        for index in 0..seen.width * seen.height {
            let depth =
                pixels_inside(corners, [seen.width, seen.height], [index % seen.width, index / seen.width]);
            let texel = index as usize * 4..index as usize * 4 + 4;
            // With less a pixel is hidden in part.
            if depth > 0.75 {
                count += 1;
                black += u32::from(seen.rgba[texel.clone()] == [0, 0, 0, 255]);
            }
            if depth > -0.75 {
                left_out += 1;
                seen.rgba[texel.clone()].copy_from_slice(&expected.rgba[texel]);
            }
        }
        let share = f64::from(left_out) / f64::from(seen.width * seen.height);
        println!("eye {eye}: {count} pixels are hidden; {:.2} % are not compared", share * 100.0);
        assert_eq!(black, count, "eye {eye}: something is drawn where nobody sees it");
        assert!(count > 0 && share < 0.3, "eye {eye}: {share}");
        eye += 1;
        seen
    })
}

/// How far the middle of the pixel is within the nearest of the triangles, pixels; negative outside of all. The
/// frustum is the one that [`Remote::set_head`](crate::monado::Remote::set_head) gives both eyes.
fn pixels_inside(corners: &[[f32; 2]], [width, height]: [u32; 2], [x, y]: [u32; 2]) -> f32 {
    let metres_a_pixel = 2.0 * (1.396_f32 / 2.0).tan() / height as f32;
    let middle = Vec2::new(x as f32 + 0.5 - width as f32 / 2.0, height as f32 / 2.0 - y as f32 - 0.5);
    let inside = |triangle: &[[f32; 2]; 3]| {
        let [a, b, c] = triangle.map(|corner| Vec2::from(corner) / metres_a_pixel);
        let turn = (b - a).perp_dot(c - a).signum();
        let sides = [(a, b), (b, c), (c, a)];
        let inside = sides.map(|(from, to)| (to - from).normalize_or_zero().perp_dot(middle - from) * turn);
        inside.into_iter().fold(f32::INFINITY, f32::min)
    };
    corners.as_chunks::<3>().0.iter().map(inside).fold(f32::NEG_INFINITY, f32::max)
}

/// Which runtime it is that the other tests are about.
#[test]
fn under_monado_the_doctor_names_the_runtime() {
    let Some(monado) = Monado::start() else { return };
    let facts = monado.json(&Home::new(), &["doctor", "--json"]);
    let headset = facts["headset"].clone();
    println!("{headset}");
    assert_eq!(headset["state"], "works", "{facts}");
    assert!(headset["extensions"].as_array().unwrap().len() > 10, "{facts}");
    assert!(headset["text"].as_str().unwrap().contains("Monado"), "{facts}");
}

/// The same pictures as without a headset, of which somebody has looked at the goldens.
#[test]
fn under_monado_both_eyes_see_the_venue() {
    see_the_venue(&[], [1, 1]);
}

/// And the same again from a GPU that draws one eye after the other.
#[test]
fn under_monado_two_passes_see_the_venue() {
    see_the_venue(&["--two-passes"], [2, 0]);
}

/// Looks around with these options; a frame has so many passes, and so many of them over both eyes.
fn see_the_venue(more: &[&str], passes: [u64; 2]) {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(baked) = demo_twin() else { return };
    let Some(monado) = Monado::start() else { return };
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    let shots = home.path("shots");
    let report = look(&monado, &home, &baked, "640x640", Some(&shots), more, Some(&faults));
    let counted = ["render_passes", "eye_passes"].map(|name| report["vulkan"][name].as_u64().unwrap());
    assert_eq!(counted, passes, "{report}");
    let names = ["venue-left", "venue-right"];
    let expected = names.map(|name| golden::read_png(&golden::path(name)).unwrap());
    for (name, pixels) in names.into_iter().zip(unhidden(eyes(&shots), &expected, &faults)) {
        golden::assert_golden(name, &pixels);
    }
}

/// The head turns and moves by what the runtime says, and a session follows a session.
#[test]
fn under_monado_the_head_is_where_it_is() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    let baked = baked_twin(&home);
    let mut remote = monado.remote();
    remote.hide_hands();
    // The twin's visitor begins at z = 5.5 m, looking along −z.
    for (name, [x, z], yaw_radians) in [("ahead", [0.0, 0.0], 0.0), ("aside", [0.25, 0.5], FRAC_PI_2)] {
        remote.set_head([x, 1.6, z], yaw_radians, 4.0 / 3.0);
        let (seen, expected) = (home.path(name), home.path(&format!("{name}-headless")));
        look(&monado, &home, &baked, "320x240", Some(&seen), &[], Some(&faults));
        let at = format!("{x},0,{},{}", 5.5 + z, yaw_radians.to_degrees());
        home.json(&[
            "view",
            baked.to_str().unwrap(),
            "--headless",
            "--frames",
            "1",
            "--size",
            "320x240",
            "--at",
            &at,
            "--json",
            "--shot",
            expected.to_str().unwrap(),
        ]);
        let expected = eyes(&expected);
        for (seen, expected) in unhidden(eyes(&seen), &expected, &faults).iter().zip(&expected) {
            let off = golden::differing(seen, expected);
            assert!(off < 320 * 240 / 1000, "{name}: {off} pixels differ from the headless picture");
        }
    }
}

/// A runtime that says nonsense of its lenses hides nothing.
#[test]
fn under_monado_a_mask_that_cannot_be_hides_nothing() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 4.0 / 3.0);
    let baked = baked_twin(&home);
    for fault in ["endless-mask", "wild-mask"] {
        faults.set(fault);
        let shots = home.path(fault);
        let report = look(&monado, &home, &baked, "320x240", Some(&shots), &[], Some(&faults));
        let [draws, all] =
            [&report["draws"], &report["vulkan"]["draws"]].map(|count| count.as_u64().unwrap());
        assert_eq!(all, draws + 1, "only the sky is one more: {report}");
        for pixels in eyes(&shots) {
            let is_black = |texel: &[u8]| texel == [0, 0, 0, 255];
            assert!(!pixels.rgba.chunks_exact(4).any(is_black), "{fault}: something is hidden");
        }
    }
}

/// One submit, one pass, and no image that changes its layout between us and the compositor.
#[test]
fn under_monado_a_frame_is_one_pass_into_the_runtimes_image() {
    let Some(monado) = Monado::start() else { return };
    monado.remote().set_head([0.0, 1.6, 0.0], 0.0, 4.0 / 3.0);
    let home = Home::new();
    let report = look(&monado, &home, &baked_twin(&home), "320x240", None, &[], None);
    let frame = |name: &str| report["vulkan"][name].as_u64().unwrap();
    assert_eq!((frame("submits"), frame("render_passes"), frame("eye_passes")), (1, 1, 1), "{report}");
    assert_eq!(frame("draws"), report["draws"].as_u64().unwrap() + 2, "sky and lens are two more: {report}");
    assert_eq!((frame("watched_layout_changes"), frame("allocations")), (0, 0), "{report}");
}

/// Somebody with a headset and somebody without one stand before each other and wave: each sees the
/// other with a raised hand and a name. The goldens are what the headset's eyes and the other's see.
#[test]
fn under_monado_two_visitors_see_each_other_wave() {
    let Some(monado) = Monado::start() else { return };
    // Two people have two homes: who they are is a key that lies there.
    let [home, other_home] = KEYS.map(|key| {
        let home = Home::new();
        home.keep_key(key);
        home
    });
    let Some(faults) = Faults::new(&home) else { return };
    let host = home.host(&baked_twin(&home), &[]);
    let mut remote = monado.remote();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 4.0 / 3.0);
    let visit = |home: &Home, name: &str, at: &str, more: &[&str]| {
        let shots = home.path("shots");
        let mut arguments = vec!["view", &host.link, "--name", name, "--at", at];
        arguments.extend(["--size", "480x360", "--frames", "2", "--people", "1", "--stay-seconds", "90"]);
        arguments.extend(["--validate", "--json", "--shot", shots.to_str().unwrap()]);
        arguments.extend(more);
        let mut command = monado.command(home, &arguments);
        faults.add_to(command.env("XR_ENABLE_API_LAYERS", Faults::LAYER));
        command.spawn().unwrap()
    };
    let wearer = visit(&home, "Ada", "0,0,6,0", &["--headset"]);
    let other = visit(&other_home, "Grace", "0,0,4.6,180", &["--headless", "--wave"]);
    remote.wave();
    let shots = [&home, &other_home].map(|home| home.path("shots"));
    let have_seen = || shots.iter().all(|folder| folder.join("both.png").exists());
    wait_until(Duration::from_secs(80), have_seen);
    for (visitor, name, sees) in [(wearer, "Ada", "Grace"), (other, "Grace", "Ada")] {
        // As Ctrl-C does: they need not stay for each other any longer.
        let _ = Command::new("kill").args(["-INT", &visitor.id().to_string()]).status();
        let output = visitor.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {errors}\n{}", monado.log());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        println!("{name}: {report}");
        assert_eq!(report["people"], serde_json::json!([sees]), "{report}");
        assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
    }
    for (who, shots) in ["headset", "headless"].into_iter().zip(&shots) {
        let names = ["left", "right"].map(|eye| format!("wave-seen-by-{who}-{eye}"));
        let mut seen = eyes(shots);
        if who == "headset" {
            let expected = names.each_ref().map(|name| golden::read_png(&golden::path(name)).unwrap());
            seen = unhidden(seen, &expected, &faults);
        }
        for (name, pixels) in names.iter().zip(&seen) {
            golden::assert_golden(name, pixels);
        }
    }
}

/// Without a runtime the command and the doctor say what to do.
#[test]
fn under_monado_or_none_the_doctor_names_the_fix() {
    let home = Home::new();
    let absent = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        // The prefix's launcher names its own runtime, whose service is not running in this folder.
        command.env("XDG_RUNTIME_DIR", home.folder.path()).env("XR_RUNTIME_JSON", "/nowhere.json");
        command.spawn().unwrap().wait_with_output().unwrap()
    };
    let output = absent(&["view", "pavilion://localhost#sha256=00", "--headset"]);
    assert!([2, 3].contains(&output.status.code().unwrap()), "{output:?}");
    let facts: Value = serde_json::from_slice(&absent(&["doctor", "--json"]).stdout).unwrap();
    assert_eq!(facts["headset"]["state"], "absent", "{facts}");
    assert!(facts["headset"]["fix"].as_str().unwrap().contains("start SteamVR or Monado"), "{facts}");
}
