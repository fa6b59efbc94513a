//! A visit with a headset that goes on while a test pulls strings: followed by the line that it writes for
//! each frame, with both validation layers watching.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::Value;

use crate::faults::Faults;
use crate::monado::Monado;
use crate::program::{Home, wait_until};
use crate::twin;

/// The twin of [`twin::write`], baked.
pub fn baked_twin(home: &Home) -> PathBuf {
    let source = home.path("twin.gltf");
    twin::write(&source);
    bake(home, &source)
}

pub fn bake(home: &Home, source: &Path) -> PathBuf {
    let baked = home.path("baked");
    home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--json"]);
    baked
}

/// Longer than a frame of a busy machine by far.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running visit; it ends with the test.
pub struct Visit {
    child: Option<Child>,
    trace: PathBuf,
    complaints: PathBuf,
    errors: PathBuf,
    is_watched: bool,
}

impl Visit {
    /// Puts the headset on and visits `target`, with both validation layers watching.
    pub fn enter(monado: &Monado, home: &Home, target: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["--validate"];
        arguments.extend(more);
        Self::begin(monado, home, target, &arguments, true, None)
    }

    /// The same with a runtime that misbehaves on demand.
    pub fn enter_faulty(monado: &Monado, home: &Home, target: &Path, faults: &Faults) -> Self {
        let arguments = ["--validate", "--size", "64x64"];
        Self::begin(monado, home, target.to_str().unwrap(), &arguments, true, Some(faults))
    }

    /// The same without the layers: they cost more than the frames that are counted.
    pub fn enter_unwatched(monado: &Monado, home: &Home, target: &str, more: &[&str]) -> Self {
        Self::begin(monado, home, target, more, false, None)
    }

    fn begin(
        monado: &Monado,
        home: &Home,
        target: &str,
        more: &[&str],
        is_watched: bool,
        faults: Option<&Faults>,
    ) -> Self {
        let (trace, complaints) = (home.path("trace.jsonl"), home.path("openxr-validation.txt"));
        let mut arguments = vec!["view", target, "--headset", "--json"];
        arguments.extend(["--trace", trace.to_str().unwrap()]);
        arguments.extend(more);
        let mut command = monado.command(home, &arguments);
        command.env("PAVILION_LOG", "pavilion=info");
        // The first is the nearest to the program: what is spoilt there, the validation below does not see.
        let mut layers = Vec::new();
        if let Some(faults) = faults {
            layers.push(Faults::LAYER);
            faults.add_to(&mut command);
        }
        if is_watched {
            layers.push("XR_APILAYER_LUNARG_core_validation");
            command
                .env("XR_CORE_VALIDATION_EXPORT_TYPE", "text")
                .env("XR_CORE_VALIDATION_FILE_NAME", &complaints);
        }
        if !layers.is_empty() {
            command.env("XR_ENABLE_API_LAYERS", layers.join(":"));
        }
        // Not a pipe: the runtime's library prints much, and nobody reads before the end.
        let errors = home.path("errors.txt");
        let child = command.stderr(fs::File::create(&errors).unwrap()).spawn().unwrap();
        Self { child: Some(child), trace, complaints, errors, is_watched }
    }

    /// The same, and waits until the visitor is in the twin.
    pub fn start(monado: &Monado, home: &Home, target: &Path, more: &[&str]) -> Self {
        let mut arguments = vec!["--size", "64x64"];
        arguments.extend(more);
        let mut visit = Self::enter(monado, home, target.to_str().unwrap(), &arguments);
        visit.wait_for(0, "the twin", is_in_the_twin);
        visit
    }

    /// Every frame so far.
    pub fn frames(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.trace).unwrap_or_default();
        // The last line may not be whole yet.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits for a frame from number `from` on that is as wanted.
    pub fn wait_for(&mut self, from: u64, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut found = None;
        let mut look = || {
            let frames = self.frames();
            found = frames.into_iter().skip(usize::try_from(from).unwrap()).find(|frame| is_it(frame));
            found.is_some()
        };
        let came = wait_until(PATIENCE, &mut look);
        if !came {
            let last = self.frames().last().cloned();
            let state = if self.is_there() { "goes on" } else { "has ended" };
            let (count, errors) = (self.frames().len(), self.errors());
            panic!("{what}: never seen; the visit {state}; the last of {count} frames: {last:?}\n{errors}");
        }
        found.unwrap()
    }

    /// Waits for a frame that is as wanted, beginning with the last one.
    pub fn wait(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let last = self.frames().len().saturating_sub(1);
        self.wait_for(last as u64, what, is_it)
    }

    /// Lets so many frames pass.
    pub fn pass(&mut self, frames: u64) {
        let last = self.frames().len() as u64 + frames;
        self.wait("the next frames", |line| line["frame"].as_u64() >= Some(last));
    }

    /// Waits until the visitor stands still, for half a second: on ground that has arrived.
    pub fn settle(&mut self) -> Value {
        let mut still = None;
        let came = wait_until(PATIENCE, || {
            let frames = self.frames();
            let last = frames.iter().rev().take(10);
            let is_still = last.clone().count() == 10
                && last.clone().all(|frame| feet(frame) == feet(&frames[frames.len() - 1]));
            still = frames.last().filter(|frame| is_still && is_in_the_twin(frame)).cloned();
            still.is_some()
        });
        assert!(came, "the visitor never stands still: {:?}", self.frames().last());
        still.unwrap()
    }

    /// What it printed for people.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Sends a signal by its name, without `SIG`.
    pub fn signal(&self, name: &str) {
        signal(self.child.as_ref().unwrap(), name);
    }

    /// Whether the visit goes on.
    pub fn is_there(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_none()
    }

    /// Ends the visit as Ctrl-C does, and returns its report; neither layer has complained.
    pub fn leave(self) -> Value {
        self.signal("INT");
        self.report()
    }

    /// The report of a visit that ends by itself; neither layer has complained.
    pub fn report(mut self) -> Value {
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        let errors = self.errors();
        assert!(output.status.success(), "{}\n{errors}", output.status);
        assert!(!errors.contains("panicked"), "{errors}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
        if !self.is_watched {
            return report;
        }
        assert_eq!(report["is_validated"], true, "the validation layers are not in use: {report}");
        assert_eq!(report["validation_messages"].as_u64(), Some(0), "{errors}");
        let said = fs::read_to_string(&self.complaints).unwrap_or_default();
        assert!(said.contains("VUID-CoreValidation-Initialize"), "OpenXR's layer is not in use: {said}");
        let is_complaint = |line: &&str| !line.is_empty() && !line.contains("[VALID_DEBUG");
        let complaints: Vec<_> = said.lines().filter(is_complaint).collect();
        assert_eq!(complaints, [""; 0], "what OpenXR's layer said");
        report
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal by its name, without `SIG`.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success(), "no signal was sent");
}

/// Whether the twin is drawn in this frame and the input is the visitor's.
pub fn is_in_the_twin(frame: &Value) -> bool {
    frame["place"] == "twin" && frame["session"] == "focused" && !frame["head"].is_null()
}

/// Where the feet are.
pub fn feet(frame: &Value) -> [f64; 3] {
    [0, 1, 2].map(|axis| frame["feet"][axis].as_f64().unwrap())
}

/// Whether a hand's list of buttons (`down`, `pressed`, `released`) has this one.
pub fn has(line: &Value, side: usize, list: &str, button: &str) -> bool {
    line["hands"][side][list].as_array().unwrap().iter().any(|name| name == button)
}

/// In how many of the lines it does.
pub fn count(lines: &[Value], side: usize, list: &str, button: &str) -> usize {
    lines.iter().filter(|line| has(line, side, list, button)).count()
}

/// A place of the line, as `hands/1/palm/position`.
pub fn place(line: &Value, path: &str) -> glam::Vec3 {
    let value = path.split('/').fold(line, |value, step| match step.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => &value[step],
    });
    let at = |index: usize| value[index].as_f64().unwrap() as f32;
    glam::Vec3::new(at(0), at(1), at(2))
}
