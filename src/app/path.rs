//! Where a person is taken: the places of an earlier visit's trace, or of a file with as few words a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::time::Duration;

use glam::Vec3;
use serde::Deserialize;

use super::Failure;

/// A trace of three hours.
const FILE_BYTES_MAX: u64 = 4 << 30;

/// One line of it.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// Points that are kept: three hours at 90 Hz.
const POINTS_MAX: usize = 1_000_000;

/// A place at a time.
#[derive(Clone, Copy, Debug)]
struct Point {
    seconds: f64,
    feet: Vec3,
    yaw_radians: f32,
}

/// What of a trace's line is read.
#[derive(Deserialize)]
struct Line {
    seconds: f64,
    #[serde(default)]
    place: Option<String>,
    feet: [f32; 3],
    yaw_degrees: f32,
}

/// Where the feet are at any time since the program began, and which way they point.
#[derive(Clone, Debug)]
pub struct Path {
    points: Vec<Point>,
}

impl Path {
    /// Reads one: lines of JSON with `seconds`, `feet` (metres) and `yaw_degrees` (to the left), as a trace has them;
    /// what was in the lobby is passed over.
    ///
    /// # Errors
    /// When the file cannot be read, is none, or its times do not rise.
    pub fn read(file: &std::path::Path) -> Result<Self, Failure> {
        let opened = File::open(file).map_err(|error| {
            Failure::usage(format!("{} cannot be read ({error}): name a trace", file.display()))
        })?;
        let mut lines = BufReader::new(opened.take(FILE_BYTES_MAX));
        let (mut points, mut text, mut number) = (Vec::<Point>::new(), Vec::new(), 0);
        let wrong = |number: u32, why: &str| {
            Failure::content(format!("line {number} of {}: {why}: name a trace", file.display()))
        };
        loop {
            text.clear();
            let read = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut text);
            if read.map_err(|error| wrong(number, &error.to_string()))? == 0 {
                break;
            }
            number += 1;
            let line: Line =
                serde_json::from_slice(&text).map_err(|error| wrong(number, &error.to_string()))?;
            if line.place.as_deref() == Some("lobby") {
                continue;
            }
            let point = Point {
                seconds: line.seconds,
                feet: Vec3::from(line.feet),
                yaw_radians: line.yaw_degrees.to_radians(),
            };
            if !(point.feet.is_finite() && point.yaw_radians.is_finite() && point.seconds >= 0.0) {
                return Err(wrong(number, "it has a number that is none"));
            }
            if points.last().is_some_and(|last| last.seconds >= point.seconds) {
                return Err(wrong(number, "its time is not after the one before"));
            }
            if points.len() == POINTS_MAX {
                return Err(wrong(number, "there are more lines than three hours have"));
            }
            points.push(point);
        }
        if points.is_empty() {
            return Err(wrong(number, "nobody was in a twin"));
        }
        Ok(Self { points })
    }

    /// The feet at `time` and where they point, radians to the left; `None` once the path is over.
    pub fn at(&self, time: Duration) -> Option<(Vec3, f32)> {
        let seconds = time.as_secs_f64();
        let after = self.points.partition_point(|point| point.seconds <= seconds);
        let next = self.points.get(after)?;
        let Some(before) = after.checked_sub(1).and_then(|before| self.points.get(before)) else {
            return Some((next.feet, next.yaw_radians));
        };
        let part = ((seconds - before.seconds) / (next.seconds - before.seconds)) as f32;
        let turn = (next.yaw_radians - before.yaw_radians + std::f32::consts::PI)
            .rem_euclid(std::f32::consts::TAU)
            - std::f32::consts::PI;
        Some((before.feet.lerp(next.feet, part), before.yaw_radians + turn * part))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Path, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("path.jsonl");
        std::fs::write(&file, text).unwrap();
        Path::read(&file)
    }

    fn line(seconds: f64, x: f32, yaw_degrees: f32) -> String {
        format!("{{\"seconds\":{seconds},\"feet\":[{x},0,0],\"yaw_degrees\":{yaw_degrees},\"hands\":[1]}}\n")
    }

    #[test]
    fn a_path_is_followed_by_the_short_way_and_ends() {
        let lobby = "{\"seconds\":0.1,\"place\":\"lobby\",\"feet\":[9,9,9],\"yaw_degrees\":0}\n".to_owned();
        let path = read(&(lobby + &line(1.0, 0.0, 170.0) + &line(3.0, 4.0, -170.0))).unwrap();
        let at = |seconds: f64| path.at(Duration::try_from_secs_f64(seconds).unwrap());
        assert_eq!(at(0.0).unwrap().0, Vec3::ZERO);
        let (feet, yaw) = at(2.0).unwrap();
        assert!(feet.abs_diff_eq(Vec3::X * 2.0, 1e-5) && (yaw - std::f32::consts::PI).abs() < 1e-5);
        assert!(at(3.0).is_none());
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_line() {
        let sentence = |text: &str| read(text).unwrap_err().sentence;
        assert!(sentence(&(line(1.0, 0.0, 0.0) + "{}\n")).contains("line 2 of"));
        assert!(sentence(&(line(1.0, 0.0, 0.0) + &line(1.0, 0.0, 0.0))).contains("its time is not after"));
        assert!(sentence("").contains("nobody was in a twin"));
        assert!(Path::read(std::path::Path::new("/nowhere")).is_err());
    }
}
