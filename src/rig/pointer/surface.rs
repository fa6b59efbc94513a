//! A flat thing that can be pointed at and touched.

use glam::{Vec2, Vec3};

use crate::math::Pose;

/// Which surface, for as long as it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SurfaceId(pub u16);

/// A rectangle with a front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surface {
    /// What events name it by.
    pub id: SurfaceId,
    /// Its middle, in the space that the hands are given in: +X to the right of who reads it, +Y up,
    /// the front towards +Z.
    pub pose: Pose,
    /// Width and height, metres.
    pub size_metres: Vec2,
}

/// Where a ray meets a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// From the ray's origin, metres.
    pub distance_metres: f32,
    /// From the top left corner to the right and down, metres.
    pub at: Vec2,
}

impl Surface {
    /// The point in the surface's own space: from its middle to the right, up, and out of the front.
    pub fn local(&self, point: Vec3) -> Vec3 {
        self.pose.orientation.inverse() * (point - self.pose.position)
    }

    /// From the top left corner to the right and down, metres, of a point in its own space.
    pub fn at(&self, local: Vec3) -> Vec2 {
        Vec2::new(local.x, -local.y) + self.size_metres * 0.5
    }

    /// The point of the front that is `at`.
    pub fn point(&self, at: Vec2) -> Vec3 {
        let from_middle = at - self.size_metres * 0.5;
        self.pose.position + self.pose.orientation * Vec3::new(from_middle.x, -from_middle.y, 0.0)
    }

    /// Whether `at` is on it, or no further beside it than the margin.
    pub fn contains(&self, at: Vec2, margin_metres: f32) -> bool {
        let margin = Vec2::splat(margin_metres);
        at.cmpge(-margin).all() && at.cmple(self.size_metres + margin).all()
    }

    /// Where a ray along −Z of `ray` meets the plane of the front, from the front only.
    pub fn meet(&self, ray: Pose) -> Option<Hit> {
        let origin = self.local(ray.position);
        let direction = self.pose.orientation.inverse() * ray.forward();
        if origin.z <= 0.0 || direction.z >= -1e-4 {
            return None;
        }
        let distance_metres = origin.z / -direction.z;
        let at = self.at(origin + direction * distance_metres);
        (distance_metres.is_finite() && at.is_finite()).then_some(Hit { distance_metres, at })
    }
}
