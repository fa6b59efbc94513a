//! A piece of the ground, ready to be asked.

use std::fmt;

use rapier3d::prelude::SharedShape;

use crate::scene::Collider;

/// A collider with its tree of boxes; building that is work for a thread of its own.
#[derive(Clone)]
pub struct Surface {
    shape: SharedShape,
}

impl Surface {
    /// Sorts the triangles into the tree; `None` where there are none.
    pub fn new(collider: Collider) -> Option<Self> {
        let shape = SharedShape::trimesh(collider.vertices, collider.triangles).ok()?;
        Some(Self { shape })
    }

    pub(super) fn shape(&self) -> SharedShape {
        self.shape.clone()
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let triangles = self.shape.as_trimesh().map_or(0, |mesh| mesh.indices().len());
        write!(f, "Surface({triangles} triangles)")
    }
}
