//! The way that measured visitors of the demo venue are taken: lines of a trace, for `pavilion view --follow`.

use std::fmt::Write as _;

use glam::{Quat, Vec3};
use serde_json::json;

/// Points a second.
const RATE: f32 = 20.0;

/// A part of the way.
#[derive(Clone, Copy)]
pub struct Leg {
    /// How long it takes.
    pub seconds: f32,
    /// By how much the person turns to the left meanwhile, degrees.
    pub turn_degrees: f32,
    /// How far they go ahead meanwhile, metres.
    pub ahead_metres: f32,
}

/// Stands.
pub const fn stand(seconds: f32) -> Leg {
    Leg { seconds, turn_degrees: 0.0, ahead_metres: 0.0 }
}

/// Turns on the spot, by 90° in 0.3 s.
pub const fn turn(turn_degrees: f32) -> Leg {
    let quarters = if turn_degrees < 0.0 { -turn_degrees / 90.0 } else { turn_degrees / 90.0 };
    Leg { seconds: 0.3 * quarters, turn_degrees, ahead_metres: 0.0 }
}

/// Goes ahead at 1.4 m/s.
pub const fn walk(ahead_metres: f32) -> Leg {
    Leg { seconds: ahead_metres / 1.4, turn_degrees: 0.0, ahead_metres }
}

/// Where somebody is at a time.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Since the visit began.
    pub seconds: f32,
    /// Metres.
    pub feet: Vec3,
    /// To the left of −Z.
    pub yaw_degrees: f32,
}

/// The way from `start`, looking along −Z.
pub fn points(start: Vec3, legs: &[Leg]) -> Vec<Point> {
    let mut points = vec![Point { seconds: 0.0, feet: start, yaw_degrees: 0.0 }];
    let mut here = points[0];
    for leg in legs {
        let steps = (leg.seconds * RATE).ceil().max(1.0);
        let from = here;
        for step in 1..=steps as u32 {
            let part = step as f32 / steps;
            here.seconds = from.seconds + leg.seconds * part;
            here.yaw_degrees = from.yaw_degrees + leg.turn_degrees * part;
            let ahead = Quat::from_rotation_y(from.yaw_degrees.to_radians()) * Vec3::NEG_Z;
            here.feet = from.feet + ahead * (leg.ahead_metres * part);
            points.push(here);
        }
    }
    points
}

/// As a trace has them.
pub fn lines(points: &[Point]) -> String {
    let mut text = String::new();
    for Point { seconds, feet, yaw_degrees } in points {
        let line = json!({ "seconds": seconds, "feet": feet.to_array(), "yaw_degrees": yaw_degrees });
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_takes_as_long_as_its_legs_and_goes_where_it_looks() {
        let way = points(Vec3::Z, &[stand(1.0), turn(90.0), walk(2.8), turn(-180.0)]);
        let last = way.last().copied().unwrap();
        assert!((last.seconds - (1.0 + 0.3 + 2.0 + 0.6)).abs() < 1e-4, "{last:?}");
        assert!(last.feet.abs_diff_eq(Vec3::new(-2.8, 0.0, 1.0), 1e-4) && last.yaw_degrees == -90.0);
        assert!(way.windows(2).all(|two| two[0].seconds < two[1].seconds));
        assert_eq!(lines(&way).lines().count(), way.len());
    }
}
