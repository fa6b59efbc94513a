//! Where a tileset stands in the world, where Y is up and −Z is north.

use glam::{DAffine3, DMat3, DVec3};

use crate::scene::limits;

/// The semi-axes of the WGS 84 ellipsoid, metres (NGA.STND.0036).
const EQUATOR_METRES: f64 = 6_378_137.0;
const POLE_METRES: f64 = 6_356_752.314_245_179;

/// How far from the Earth's centre its surface and what is near it are, metres.
const NEAR_SURFACE_METRES: std::ops::Range<f64> = 6_300_000.0..6_450_000.0;

/// Earth-centred, Earth-fixed, of radians and metres above the ellipsoid.
pub(super) fn from_geodetic(longitude: f64, latitude: f64, height: f64) -> DVec3 {
    let eccentricity_squared = 1.0 - (POLE_METRES / EQUATOR_METRES).powi(2);
    let (sin, cos) = latitude.sin_cos();
    let across = EQUATOR_METRES / (1.0 - eccentricity_squared * sin * sin).sqrt();
    let ring = (across + height) * cos;
    let up = (across * (1.0 - eccentricity_squared) + height) * sin;
    DVec3::new(ring * longitude.cos(), ring * longitude.sin(), up)
}

/// East, north and up at a place: up is the normal of the ellipsoid there, which above its surface is off by a
/// millionth for every kilometre.
pub(super) fn directions(place: DVec3) -> [DVec3; 3] {
    let (equator, pole) = (EQUATOR_METRES.powi(2).recip(), POLE_METRES.powi(2).recip());
    let up = (place * DVec3::new(equator, equator, pole)).normalize_or(DVec3::Z);
    let east = DVec3::new(-place.y, place.x, 0.0).normalize_or(DVec3::Y);
    [east, up.cross(east), up]
}

/// A world that only has another axis up.
pub(super) fn upright() -> DAffine3 {
    let [x, y, z] = DVec3::AXES;
    DAffine3::from_mat3(DMat3::from_cols(x, -z, y))
}

/// The world around the middle of a tileset: upright there where that is on the Earth. Anywhere else it keeps its own
/// origin, unless it would reach out of the world.
pub(super) fn world_around(middle: DVec3) -> DAffine3 {
    if NEAR_SURFACE_METRES.contains(&middle.length()) {
        let [east, north, up] = directions(middle);
        let turn = DMat3::from_cols(east, up, -north).transpose();
        return DAffine3::from_mat3_translation(turn, -(turn * middle));
    }
    let is_far = middle.abs().max_element() > f64::from(limits::WORLD_RADIUS_METRES) / 2.0;
    let origin = if is_far { middle } else { DVec3::ZERO };
    upright() * DAffine3::from_translation(-origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the ellipsoid's definition, and the directions by small steps on it.
    #[test]
    fn places_are_on_the_ellipsoid_and_directions_lead_where_they_say() {
        for (longitude, latitude) in [(0.0, 0.0), (-1.3, 0.7), (2.9, -1.2), (0.4, 1.5)] {
            let at = |longitude, latitude, height| from_geodetic(longitude, latitude, height);
            let place = at(longitude, latitude, 0.0);
            let on = (place.x.powi(2) + place.y.powi(2)) / EQUATOR_METRES.powi(2)
                + (place.z / POLE_METRES).powi(2);
            assert!((on - 1.0).abs() < 1e-12);
            let [east, north, up] = directions(place);
            let step = 1e-6;
            for (direction, other) in [
                (east, at(longitude + step, latitude, 0.0)),
                (north, at(longitude, latitude + step, 0.0)),
                (up, at(longitude, latitude, 10.0)),
            ] {
                let towards = (other - place).normalize();
                assert!(direction.dot(towards) > 1.0 - 1e-9, "{direction} and {towards}");
            }
            // East is +X, up is +Y, north is −Z.
            let world = world_around(place);
            let above = world.transform_point3(at(longitude, latitude, 10.0));
            assert!(above.abs_diff_eq(DVec3::new(0.0, 10.0, 0.0), 1e-6), "{above}");
            let north = world.transform_point3(at(longitude, latitude + step, 0.0));
            assert!(north.z < -6.0 && north.x.abs() < 1e-3, "{north}");
        }
        // The known figure of the prime meridian at 45°.
        let place = from_geodetic(0.0, std::f64::consts::FRAC_PI_4, 0.0);
        assert!(place.abs_diff_eq(DVec3::new(4_517_590.878_8, 0.0, 4_487_348.408_8), 1e-3), "{place}");
    }
}
