//! A runtime that says what cannot be, jumps in time, and loses its headset: the frame goes on where it can.
//! `tests/faults` is the layer that does it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::monado::Monado;
use crate::program::{Home, wait_until};
use crate::visit::{Visit, baked_twin, feet, is_in_the_twin};

/// The layer, and the file through which a test says what it is to spoil.
pub struct Faults {
    folder: PathBuf,
}

impl Faults {
    pub const LAYER: &str = "XR_APILAYER_PAVILION_faults";

    /// Spoils nothing yet; `None`, with a reason, where the layer was not built.
    pub fn new(home: &Home) -> Option<Self> {
        let Some(library) = std::env::var_os("PAVILION_FAULTS") else {
            println!(
                "skipped: PAVILION_FAULTS is not set; `cargo xtask test openxr` builds the layer and sets it"
            );
            return None;
        };
        let folder = home.path("faults");
        fs::create_dir(&folder).unwrap();
        let manifest = json!({
            "file_format_version": "1.0.0",
            "api_layer": {
                "name": Self::LAYER,
                "library_path": library.to_str().unwrap(),
                "api_version": "1.0",
                "implementation_version": "1",
                "description": "misbehaves on demand",
            },
        });
        fs::write(folder.join("faults.json"), manifest.to_string()).unwrap();
        let faults = Self { folder };
        faults.set("none");
        Some(faults)
    }

    /// Has the program's runtime do this from now on.
    pub fn set(&self, fault: &str) {
        // As a whole: the layer never reads half a word.
        fs::write(self.folder.join("next"), fault).unwrap();
        fs::rename(self.folder.join("next"), self.folder.join("fault")).unwrap();
    }

    /// Has the program find the layer.
    pub fn add_to(&self, command: &mut Command) {
        command.env("XR_API_LAYER_PATH", &self.folder).env("PAVILION_FAULT", self.folder.join("fault"));
    }

    /// What the runtime has said each eye does not see: corners of triangles in the plane 1 m ahead.
    pub fn hidden(&self) -> [Vec<[f32; 2]>; 2] {
        let text = fs::read_to_string(self.folder.join("fault.hidden")).unwrap_or_default();
        let mut eyes = [Vec::new(), Vec::new()];
        for line in text.lines() {
            let numbers: Vec<f32> = line.split(' ').map(|number| number.parse().unwrap()).collect();
            eyes[numbers[0] as usize].push([numbers[1], numbers[2]]);
        }
        eyes
    }

    /// What hands were to feel so far: which hand, how strongly, for how many milliseconds.
    pub fn felt(&self) -> Vec<(String, f32, u32)> {
        let text = fs::read_to_string(self.folder.join("fault.felt")).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap().to_owned();
            (word(), word().parse().unwrap(), word().parse().unwrap())
        };
        text.lines().map(line).collect()
    }
}

fn enter(monado: &Monado, home: &Home, faults: &Faults) -> (Visit, Value) {
    let mut visit = Visit::enter_faulty(monado, home, &baked_twin(home), faults);
    visit.wait_for(0, "the twin", is_in_the_twin);
    let first = visit.settle();
    (visit, first)
}

/// Without a head there is no picture, but the visit goes on, and afterwards everything is where it was.
#[test]
fn under_monado_eyes_that_are_nowhere_or_see_nothing_cost_only_their_frames() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    let (mut visit, first) = enter(&monado, &home, &faults);
    for fault in ["nan-pose", "zero-fov"] {
        faults.set(fault);
        visit.wait("frames without a head", |frame| frame["head"].is_null());
        let from = visit.frames().len();
        visit.pass(10);
        let blind = &visit.frames()[from..];
        assert!(blind.iter().all(|frame| frame["head"].is_null()), "{fault}");
        assert!(blind.iter().all(|frame| feet(frame) == feet(&first)), "{fault}");
        faults.set("none");
        let back = visit.wait("the head again", is_in_the_twin);
        assert_eq!((feet(&back), &back["head"]), (feet(&first), &first["head"]), "{fault}");
    }
    let report = visit.leave();
    assert_eq!(report["displays_lost"].as_u64(), Some(0), "{report}");
}

/// A clock that goes back takes nobody back, and frames go on: who glides glides on.
#[test]
fn under_monado_a_time_that_jumps_back_moves_nobody_back() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    fs::create_dir_all(home.path("data")).unwrap();
    fs::write(home.path("data/settings.json"), r#"{"walk": "Slide"}"#).unwrap();
    let mut remote = monado.remote();
    remote.switch(0, true);
    remote.show_bare(0, None);
    let (mut visit, first) = enter(&monado, &home, &faults);
    remote.stick(0, [0.0, 1.0]);
    visit.wait("a glide", |frame| feet(frame)[2] < feet(&first)[2] - 0.1);
    let from = visit.frames().len() - 1;
    faults.set("time-back");
    visit.pass(20);
    let after = visit.frames().split_off(from);
    assert!(after.iter().all(is_in_the_twin), "{after:?}");
    let ways: Vec<f64> = after.windows(2).map(|pair| feet(&pair[0])[2] - feet(&pair[1])[2]).collect();
    println!("metres ahead in each frame: {ways:.3?}");
    assert!(ways.iter().all(|way| (0.0..0.2).contains(way)), "{ways:?}");
    // In the one in which time went back no time has passed.
    assert!(ways.contains(&0.0), "{ways:?}");
    let report = visit.leave();
    assert_eq!(report["displays_lost"].as_u64(), Some(0), "{report}");
}

/// A headset that is unplugged takes the display away; plugged in again it shows the same place.
#[test]
fn under_monado_an_unplugged_headset_is_waited_for() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    let (mut visit, first) = enter(&monado, &home, &faults);
    let before = visit.frames().len();
    faults.set("unplugged");
    std::thread::sleep(Duration::from_secs(3));
    assert!(visit.is_there(), "{}", visit.errors());
    let lost = visit.frames().len();
    faults.set("none");
    let back = visit.wait_for(lost as u64, "the twin again", is_in_the_twin);
    assert_eq!((feet(&back), &back["yaw_degrees"]), (feet(&first), &first["yaw_degrees"]));
    assert!(lost < before + 30, "frames went on without a headset");
    let report = visit.leave();
    assert_eq!(report["displays_lost"].as_u64(), Some(1), "{report}");
}

/// What the lenses hide is asked for again when the runtime says that it is something else.
#[test]
fn under_monado_a_mask_that_changes_is_asked_for_again() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    let (visit, _) = enter(&monado, &home, &faults);
    let asked = || visit.errors().matches("are not seen and not drawn").count();
    assert_eq!(asked(), 1, "{}", visit.errors());
    faults.set("mask-changed");
    assert!(wait_until(Duration::from_secs(20), || asked() == 2), "{}", visit.errors());
    visit.leave();
}

/// The only sentence that the program ends with when it lacks something.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    let sentences: Vec<_> = errors.lines().filter(|line| line.starts_with("pavilion: ")).collect();
    assert_eq!(sentences.len(), 1, "{errors}");
    sentences[0].to_owned()
}

/// Who starts without a headset is told what to do.
#[test]
fn under_monado_no_headset_at_the_start_is_a_sentence() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    faults.set("unplugged");
    let mut command = monado.command(&home, &["view", baked_twin(&home).to_str().unwrap(), "--headset"]);
    faults.add_to(&mut command);
    let sentence = refusal(command.env("XR_ENABLE_API_LAYERS", Faults::LAYER));
    assert!(sentence.contains("has no headset") && sentence.contains("connect it"), "{sentence}");
}

/// A runtime that draws with something else is named.
#[test]
fn under_monado_a_runtime_without_vulkan_is_a_sentence() {
    let home = Home::new();
    if Faults::new(&home).is_none() {
        return;
    }
    let library = std::env::var("PAVILION_FAULTS").unwrap();
    let manifest = json!({ "file_format_version": "1.0.0", "runtime": { "library_path": library } });
    let path = home.path("runtime.json");
    fs::write(&path, manifest.to_string()).unwrap();
    let mut command = home.command(&["view", baked_twin(&home).to_str().unwrap(), "--headset"]);
    let sentence = refusal(command.env("XR_RUNTIME_JSON", &path));
    assert!(sentence.contains("Paper does not offer XR_KHR_vulkan_enable2"), "{sentence}");
    assert!(sentence.contains("update the runtime"), "{sentence}");
}
