//! What the eyes see, against goldens that were drawn without a headset.

use std::f32::consts::FRAC_PI_2;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::monado::Monado;
use crate::program::{Home, KEYS, wait_until};
use crate::visit::{baked_twin, demo_twin};
use crate::{golden, scene};

/// Looks through the headset at `baked`; pictures go to `shots`, if anywhere.
fn look(
    monado: &Monado,
    home: &Home,
    baked: &Path,
    size: &str,
    shots: Option<&Path>,
    more: &[&str],
) -> Value {
    let mut arguments = vec!["view", baked.to_str().unwrap(), "--headset", "--frames", "12", "--size", size];
    arguments.extend(["--validate", "--json"]);
    if let Some(shots) = shots {
        arguments.extend(["--shot", shots.to_str().unwrap()]);
    }
    arguments.extend(more);
    let report = monado.json(home, &arguments);
    println!("{report}");
    assert_eq!(report["frames"].as_u64(), Some(12), "{report}");
    assert_eq!(report["is_validated"], true, "the validation layers are not in use: {report}");
    assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
    report
}

fn eyes(shots: &Path) -> [scene::texture::Pixels; 2] {
    ["left.png", "right.png"].map(|name| golden::read_png(&shots.join(name)).unwrap())
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
    let Some(baked) = demo_twin() else { return };
    let Some(monado) = Monado::start() else { return };
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    let home = Home::new();
    let shots = home.path("shots");
    let report = look(&monado, &home, &baked, "640x640", Some(&shots), more);
    let counted = ["render_passes", "eye_passes"].map(|name| report["vulkan"][name].as_u64().unwrap());
    assert_eq!(counted, passes, "{report}");
    for (name, pixels) in ["venue-left", "venue-right"].into_iter().zip(eyes(&shots)) {
        golden::assert_golden(name, &pixels);
    }
}

/// The head turns and moves by what the runtime says, and a session follows a session.
#[test]
fn under_monado_the_head_is_where_it_is() {
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let baked = baked_twin(&home);
    let mut remote = monado.remote();
    remote.hide_hands();
    // The twin's visitor begins at z = 5.5 m, looking along −z.
    for (name, [x, z], yaw_radians) in [("ahead", [0.0, 0.0], 0.0), ("aside", [0.25, 0.5], FRAC_PI_2)] {
        remote.set_head([x, 1.6, z], yaw_radians, 4.0 / 3.0);
        let (seen, expected) = (home.path(name), home.path(&format!("{name}-headless")));
        look(&monado, &home, &baked, "320x240", Some(&seen), &[]);
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
        for (seen, expected) in eyes(&seen).iter().zip(&eyes(&expected)) {
            let off = golden::differing(seen, expected);
            assert!(off < 320 * 240 / 1000, "{name}: {off} pixels differ from the headless picture");
        }
    }
}

/// One submit, one pass, and no image that changes its layout between us and the compositor.
#[test]
fn under_monado_a_frame_is_one_pass_into_the_runtimes_image() {
    let Some(monado) = Monado::start() else { return };
    monado.remote().set_head([0.0, 1.6, 0.0], 0.0, 4.0 / 3.0);
    let home = Home::new();
    let report = look(&monado, &home, &baked_twin(&home), "320x240", None, &[]);
    let frame = |name: &str| report["vulkan"][name].as_u64().unwrap();
    assert_eq!((frame("submits"), frame("render_passes"), frame("eye_passes")), (1, 1, 1), "{report}");
    assert_eq!(frame("draws"), report["draws"].as_u64().unwrap() + 1, "the sky is one more: {report}");
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
    let host = home.host(&baked_twin(&home), &[]);
    let mut remote = monado.remote();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 4.0 / 3.0);
    let visit = |home: &Home, name: &str, at: &str, more: &[&str]| {
        let shots = home.path("shots");
        let mut arguments = vec!["view", &host.link, "--name", name, "--at", at];
        arguments.extend(["--size", "480x360", "--frames", "2", "--people", "1", "--stay-seconds", "90"]);
        arguments.extend(["--validate", "--json", "--shot", shots.to_str().unwrap()]);
        arguments.extend(more);
        monado.command(home, &arguments).spawn().unwrap()
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
        for (eye, pixels) in ["left", "right"].into_iter().zip(eyes(shots)) {
            golden::assert_golden(&format!("wave-seen-by-{who}-{eye}"), &pixels);
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
