//! Geometry that every layer shares: bounds, cones, poses, frusta and the eccentricity curve.
//!
//! Right-handed, Y up, −Z forward, metres and radians. Architecture invariant: nothing here knows
//! what a tile, a GPU or a network is.

pub mod bounds;
pub mod cone;
pub mod fovea;
pub mod frustum;
pub mod lanes;
pub mod pose;

pub use bounds::{Aabb, Sphere};
pub use cone::Cone;
pub use frustum::Frustum;
pub use pose::{Fov, Pose, View, ViewPair};
