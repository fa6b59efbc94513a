//! A visit through the headset that goes on while a test pulls strings, and the line that it writes for each
//! frame.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::Value;

use super::monado::Monado;
use super::program::{Home, wait_until};

/// Longer than a frame of a busy machine by far.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running visit; it ends with the test.
pub struct Visit {
    child: Option<Child>,
    path: PathBuf,
}

impl Visit {
    /// Enters the twin of `baked` and waits until the person is in it and the session has the focus.
    pub fn start(monado: &Monado, home: &Home, baked: &Path, more: &[&str]) -> Self {
        let path = home.path("trace.jsonl");
        let mut arguments = vec!["view", baked.to_str().unwrap(), "--headset", "--size", "64x64", "--json"];
        arguments.extend(["--trace", path.to_str().unwrap()]);
        arguments.extend(more);
        let child = monado.command(home, &arguments).spawn().unwrap();
        let visit = Self { child: Some(child), path };
        visit.wait("the twin", |line| line["place"] == "twin" && line["session"] == "focused");
        visit
    }

    /// All lines until now.
    pub fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits for a line that is `right`, beginning with the present one, and returns it.
    #[track_caller]
    pub fn wait(&self, what: &str, right: impl Fn(&Value) -> bool) -> Value {
        let before = self.lines().len().saturating_sub(1);
        let mut found = None;
        wait_until(PATIENCE, || {
            found = self.lines().into_iter().skip(before).find(&right);
            found.is_some()
        });
        let last = self.lines().pop();
        found.unwrap_or_else(|| panic!("{what} has not come; the last frame was {last:?}"))
    }

    /// Lets so many frames pass.
    #[track_caller]
    pub fn pass(&self, frames: u64) {
        let last = self.lines().len() as u64 + frames;
        self.wait("the next frames", |line| line["frame"].as_u64() >= Some(last));
    }

    /// As Ctrl-C does; returns the report.
    pub fn end(mut self) -> Value {
        let child = self.child.take().unwrap();
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let output = child.wait_with_output();
            let errors = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
            println!("the visit said: {}", errors.unwrap_or_default());
        }
    }
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
