//! What stands in the scene for a moment: people, their hands and names; later the props they hold.
//!
//! An [`Actor`] is one instance of a built-in [`Shape`]. The shapes are made in code and are on the GPU
//! once, whatever twin is shown; a frame says where they are. Architecture invariant: plain data, no
//! idea of who the people are.

mod form;
pub mod own;
mod shapes;

pub use shapes::{Shapes, built_in, materials};

use glam::Affine3A;

use crate::math::Sphere;

/// Width and height of a name tag at scale 1, metres: four to one, as the pixels of a name are.
pub const NAME_TAG_METRES: [f32; 2] = [0.64, 0.16];

/// How many names can be seen at once.
pub const NAME_LAYERS: u16 = 32;

/// Materials that the shapes use beside those of the twin.
pub const MATERIAL_COUNT: usize = 5;

/// What an actor looks like. Its own space: metres, right-handed, −Z ahead and +Y up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// A head that looks along −Z; the origin is between the eyes.
    Head,
    /// A left hand, held out as for a handshake: fingers along −Z, thumb up, palm towards +X. The
    /// origin is the middle of the palm.
    LeftHand,
    /// A right hand, likewise: palm towards −X.
    RightHand,
    /// A plate of [`NAME_TAG_METRES`] around the origin that is read from +Z.
    NameTag,
    /// A ball of radius 1 cm that shines in its tint: arcs and rays are rows of them.
    Bead,
    /// A ring of radius 0.25 m that lies on the ground, +Y up, and shines in its tint: where one lands.
    Landing,
    /// Handle and head of a controller in the space of the palm that holds it, as for [`Shape::LeftHand`]:
    /// the thumb's end up, the front along −Z. The same in either hand.
    Controller,
    /// What the index finger pulls towards +Z; the origin is its middle.
    Trigger,
    /// What the other fingers press towards +Z; the origin is its middle.
    GripPad,
    /// A round button, or the cap of a stick, that is pressed along −Y; it stands on the origin.
    Knob,
    /// The palm of a bare hand, [`own::PALM_METRES`] from wrist to knuckle: fingers along −Z, its back +Y. The
    /// same for either hand.
    Palm,
    /// A bone of [`own::BONE_METRES`] from the origin along −Z, as next to the palm.
    LongBone,
    /// The same, stouter, as the ones of fingertips.
    ShortBone,
}

impl Shape {
    /// All, in the order of [`Shape::index`].
    pub const ALL: [Self; 13] = [
        Self::Head,
        Self::LeftHand,
        Self::RightHand,
        Self::NameTag,
        Self::Bead,
        Self::Landing,
        Self::Controller,
        Self::Trigger,
        Self::GripPad,
        Self::Knob,
        Self::Palm,
        Self::LongBone,
        Self::ShortBone,
    ];

    /// Its place in [`Shape::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Which of the names on the GPU a tag shows: below [`NAME_LAYERS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameLayer(u16);

impl NameLayer {
    /// The layer, if there is one of this number.
    pub fn new(index: u16) -> Option<Self> {
        (index < NAME_LAYERS).then_some(Self(index))
    }

    /// Its number.
    pub fn index(self) -> u16 {
        self.0
    }
}

/// One shape, somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Actor {
    /// What it looks like.
    pub shape: Shape,
    /// A turn, a shift and the same positive scale on all axes; metres.
    pub world_from_shape: Affine3A,
    /// Linear RGB that multiplies the shape's colours, and how much of it is there: below 255 it is
    /// blended over what is behind.
    pub tint: [u8; 4],
    /// For [`Shape::NameTag`]: the name on it.
    pub name: NameLayer,
}

impl Actor {
    /// Around all of it, metres in the world.
    pub fn bounds(&self) -> Sphere {
        let local = built_in().bounds(self.shape);
        let scale = self.world_from_shape.matrix3.x_axis.length();
        Sphere { center: self.world_from_shape.transform_point3(local.center), radius: local.radius * scale }
    }
}
