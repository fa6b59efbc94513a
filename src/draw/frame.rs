//! What every pass knows of the frame: the eyes and the light, as one uniform.

use std::f32::consts::FRAC_1_PI;

use bytemuck::{Pod, Zeroable};
use glam::{Vec2, Vec3, Vec4};

use super::materials::DIELECTRIC;
use super::veil::Veil;
use crate::math::{View, ViewPair};
use crate::scene::tileset::Light;

/// Nothing nearer to an eye is drawn: a hand before the face still is.
pub const NEAR_METRES: f32 = 0.05;

/// One eye; WGSL twin: `View` in shaders/lib/frame.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct ViewUniform {
    pub clip_x_from_world: Vec4,
    pub clip_y_from_world: Vec4,
    pub clip_w_from_world: Vec4,
    pub ray_x: Vec4,
    pub ray_y: Vec4,
    pub ray_z: Vec4,
}

/// The frame; WGSL twin: `Frame` in shaders/lib/frame.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct FrameUniform {
    pub views: [ViewUniform; 2],
    pub eye: Vec4,
    pub eye_step: Vec4,
    pub to_sun: Vec4,
    pub sun: Vec4,
    pub veil: Vec4,
}

impl ViewUniform {
    fn new(view: View, eye: f32) -> Self {
        let turn = view.pose.orientation;
        let fov = view.fov;
        let (left, right) = (fov.left_radians.tan(), fov.right_radians.tan());
        let (down, up) = (fov.down_radians.tan(), fov.up_radians.tan());
        let half = Vec2::new((right - left) * 0.5, (up - down) * 0.5);
        let center = Vec3::new((left + right) * 0.5, (down + up) * 0.5, -1.0);
        let clip_from_world = view.clip_from_world(NEAR_METRES);
        Self {
            clip_x_from_world: clip_from_world.row(0),
            clip_y_from_world: clip_from_world.row(1),
            clip_w_from_world: clip_from_world.row(3),
            ray_x: (turn * Vec3::X * half.x).extend(-center.x / half.x),
            ray_y: (turn * Vec3::Y * half.y).extend(-center.y / half.y),
            ray_z: (turn * center).extend(eye),
        }
    }
}

impl FrameUniform {
    /// Both eyes, left first.
    pub fn new(views: &ViewPair, light: &Light, veil: Veil) -> Self {
        let (veil, left) = veil.uniform(views.center().forward());
        let [left_eye, right_eye] = views.eyes;
        let eye = left_eye.pose.position;
        Self {
            views: [ViewUniform::new(left_eye, 0.0), ViewUniform::new(right_eye, 1.0)],
            eye: eye.extend(NEAR_METRES),
            eye_step: (right_eye.pose.position - eye).extend(0.0),
            to_sun: light.to_sun.extend(0.0),
            sun: (light.sun * FRAC_1_PI * (1.0 - DIELECTRIC)).extend(left),
            veil,
        }
    }

    /// The same with the right eye first, for a mono pass that draws it.
    pub fn right_first(self) -> Self {
        let [left, right] = self.views;
        let (eye, eye_step) = (self.eye + self.eye_step, -self.eye_step);
        Self { views: [right, left], eye, eye_step, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Fov, Pose};

    /// The rays of the sky against the inverse of the projection that places the geometry.
    #[test]
    fn rays_go_where_the_projection_says() {
        let fov = Fov { left_radians: -0.9, right_radians: 0.7, up_radians: 0.6, down_radians: -0.8 };
        let view = View { pose: Pose::standing(Vec3::new(1.0, 2.0, 3.0), 0.7, -0.4), fov };
        let uniform = ViewUniform::new(view, 0.0);
        for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (0.3, 0.8), (0.0, 0.0)] {
            let ray = uniform.ray_x * x + uniform.ray_y * y + uniform.ray_z;
            let place = view.pose.position + ray.truncate() * 7.0;
            let clip = |row: Vec4| row.dot(place.extend(1.0));
            let w = clip(uniform.clip_w_from_world);
            assert!((clip(uniform.clip_x_from_world) / w - x).abs() < 1e-4);
            assert!((clip(uniform.clip_y_from_world) / w - y).abs() < 1e-4);
            // The row that is left out.
            let depth = view.clip_from_world(NEAR_METRES).row(2);
            assert_eq!(depth, Vec4::W * NEAR_METRES);
        }
    }
}
