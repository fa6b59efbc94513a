//! The part of each eye's picture that nobody sees, because the lens or its frame is in the way: drawn first,
//! as near as can be, it spares the driver everything behind it.

use bytemuck::{Pod, Zeroable};
use glam::Vec2;
use wgpu::util::DeviceExt as _;

use super::Gpu;

/// Triangles that an eye does not see, left eye first: three corners each, where a way from the eye meets the
/// plane 1 m ahead of it, metres right and up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HiddenArea {
    /// Corners of triangles; an incomplete triangle at the end is left out.
    pub eyes: [Vec<Vec2>; 2],
}

impl HiddenArea {
    /// How far one may look away from straight ahead with this eye, radians, before anything is hidden.
    pub fn clear_radians(&self, eye: usize) -> f32 {
        let (triangles, _) = self.eyes[eye].as_chunks::<3>();
        let sides = triangles.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]);
        sides.map(|(a, b)| distance(a, b)).fold(f32::INFINITY, f32::min).atan()
    }

    /// The triangles on the GPU; `None` where nothing is hidden.
    pub(super) fn upload(&self, gpu: &Gpu) -> Option<wgpu::Buffer> {
        let vertices: Vec<HiddenVertex> = (0_u32..)
            .zip(&self.eyes)
            .flat_map(|(eye, corners)| {
                let (triangles, _) = corners.as_chunks::<3>();
                triangles.as_flattened().iter().map(move |&corner| HiddenVertex { corner, eye })
            })
            .collect();
        (!vertices.is_empty()).then(|| {
            gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("hidden area"),
                contents: bytemuck::cast_slice(&vertices),
                usage: wgpu::BufferUsages::VERTEX,
            })
        })
    }
}

/// A corner; read by `hidden_vertex` in shaders/eye_pass.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct HiddenVertex {
    pub corner: Vec2,
    pub eye: u32,
}

/// From the origin to the nearest point of the line between the two.
fn distance(a: Vec2, b: Vec2) -> f32 {
    let way = b - a;
    let share = (-a.dot(way) / way.length_squared().max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    (a + way * share).length()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_says_how_far_one_sees() {
        let corner = |x, y| Vec2::new(x, y);
        let right = vec![corner(1.0, -5.0), corner(1.0, 1.0), corner(9.0, 0.0)];
        let area = HiddenArea { eyes: [right, Vec::new()] };
        assert!((area.clear_radians(0) - std::f32::consts::FRAC_PI_4).abs() < 1e-6);
        assert!((area.clear_radians(1) - std::f32::consts::FRAC_PI_2).abs() < 1e-6);
        // A triangle without a side is a place.
        let place = HiddenArea { eyes: [vec![corner(0.0, 1.0); 3], Vec::new()] };
        assert!((place.clear_radians(0) - std::f32::consts::FRAC_PI_4).abs() < 1e-6);
    }
}
