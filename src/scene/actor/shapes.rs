//! The built-in shapes: a head behind a visor, two mittens, a plate for a name; and of oneself the parts of
//! [`own`].
//!
//! They are packed like a tile, so that the same pipelines draw them.

use std::f32::consts::FRAC_PI_2;
use std::sync::LazyLock;

use glam::{Affine3A, Quat, Vec2, Vec3};

use super::form::{Body, Form, Pad};
use super::{MATERIAL_COUNT, NAME_TAG_METRES, Shape, own};
use crate::math::{Aabb, Cone, Sphere};
use crate::scene::material::{TextureSlot, Wrap};
use crate::scene::mesh::{Reads, TextureSet};
use crate::scene::pack::{Builder, Piece};
use crate::scene::{AlphaMode, Batch, Chunk, ContentError, ImageId, Material, MaterialId, TileMesh, limits};

/// The materials of the shapes, after those of the twin.
const SHELL: usize = 0;
const VISOR: usize = 1;
const EYES: usize = 2;
const NAME: usize = 3;
const GLOW: usize = 4;

/// A bead as it is packed, within [`REACH_METRES`].
const BEAD_RADIUS_METRES: f32 = 0.01;

/// Everything lies in a box of twice this side around its origin, metres.
const REACH_METRES: f32 = 0.4;

/// What is on the GPU for all actors, and where each shape lies in it.
#[derive(Clone, Debug)]
pub struct Shapes {
    /// All shapes over each other, each in its own space.
    pub mesh: TileMesh,
    /// By [`Shape::index`]; bounds in the shape's own space.
    chunks: [Chunk; Shape::ALL.len()],
}

impl Shapes {
    /// The shape's triangles, what they are drawn with, and its bounds in its own space.
    pub fn chunk(&self, shape: Shape) -> &Chunk {
        &self.chunks[shape.index()]
    }

    /// Around the shape, in its own space.
    pub fn bounds(&self, shape: Shape) -> Sphere {
        self.chunk(shape).bounds
    }
}

/// The shapes, made at the first call.
pub fn built_in() -> &'static Shapes {
    static SHAPES: LazyLock<Shapes> = LazyLock::new(build);
    &SHAPES
}

/// The materials that the shapes use; the first is number [`limits::MATERIALS_MAX`]. The tag's names
/// its image 0: there the renderer puts the names.
pub fn materials() -> [Material; MATERIAL_COUNT] {
    let matt = |shade: f32, roughness: f32| Material {
        base_color: [shade, shade, shade, 1.0],
        metallic: 0.0,
        roughness,
        ..Material::default()
    };
    let name = Material {
        alpha: AlphaMode::Mask,
        unlit: true,
        base_color_texture: Some(TextureSlot { image: ImageId(0), uv_set: 0 }),
        wrap: Wrap::Clamp,
        ..matt(1.0, 1.0)
    };
    let eyes = Material { emissive: [0.62, 0.72, 0.70], ..matt(0.05, 0.6) };
    let glow = Material { unlit: true, ..matt(1.0, 1.0) };
    [matt(1.0, 0.45), matt(0.018, 0.22), eyes, name, glow]
}

fn build() -> Shapes {
    let reach = Vec3::splat(REACH_METRES);
    let mut builder = Builder::new(Aabb { min: -reach, max: reach });
    let empty = Sphere { center: Vec3::ZERO, radius: 0.0 };
    let nothing = Chunk {
        bounds: empty,
        cone: Cone::ANY,
        first_index: 0,
        index_count: 0,
        batch: Batch::default(),
        entity: None,
    };
    let mut chunks = [nothing; Shape::ALL.len()];
    // The packed indices are in the order of their batches: the tags, alone in theirs, come last.
    let (tags, others): (Vec<_>, Vec<_>) = Shape::ALL.into_iter().partition(|shape| *shape == Shape::NameTag);
    let mut first_index = 0;
    for shape in others.into_iter().chain(tags) {
        let chunk = &mut chunks[shape.index()];
        chunk.first_index = first_index;
        let mut bounds = Aabb::EMPTY;
        for (material, form) in parts(shape) {
            match add(&mut builder, material, &form) {
                Ok(batch) => {
                    // A shape is one draw: it reads what any of its parts does.
                    let reads = if matches!(material, EYES | GLOW) { Reads::All } else { batch.reads };
                    chunk.batch = Batch { reads: reads.max(chunk.batch.reads), ..batch };
                }
                // A test looks at every shape: none is refused.
                Err(error) => tracing::error!("a built-in shape is left out: {error}"),
            }
            bounds = form.set.positions.iter().fold(bounds, |bounds, &point| bounds.with(point));
            chunk.index_count += form.indices.len() as u32;
        }
        chunk.bounds = Sphere { center: bounds.center(), radius: bounds.half_extent().length() };
        first_index += chunk.index_count;
    }
    Shapes { mesh: builder.finish(), chunks }
}

fn add(builder: &mut Builder, material: usize, form: &Form) -> Result<Batch, ContentError> {
    let table = materials();
    let surface = &table[material];
    let (textures, reads) = match material {
        NAME => (TextureSet::NAMES, Reads::All),
        _ => (TextureSet::default(), Reads::Nothing),
    };
    let batch = Batch { alpha: surface.alpha, double_sided: false, textures, reads };
    builder.add(&Piece {
        vertices: &form.set,
        indices: &form.indices,
        world_from_vertices: Affine3A::IDENTITY,
        material_id: MaterialId((limits::MATERIALS_MAX + material) as u32),
        material: surface,
        batch,
        entity: None,
    })?;
    Ok(batch)
}

fn parts(shape: Shape) -> Vec<(usize, Form)> {
    match shape {
        Shape::Head => head(),
        Shape::LeftHand => vec![(SHELL, hand(1.0))],
        Shape::RightHand => vec![(SHELL, hand(-1.0))],
        Shape::NameTag => vec![(NAME, Form::plate(NAME_TAG_METRES))],
        Shape::Bead => vec![(GLOW, bead())],
        Shape::Landing => vec![(GLOW, landing())],
        Shape::Controller => vec![(SHELL, own::controller())],
        Shape::Trigger => vec![(SHELL, own::trigger())],
        Shape::GripPad => vec![(SHELL, own::grip_pad())],
        Shape::Knob => vec![(SHELL, own::knob())],
        Shape::Palm => vec![(SHELL, own::palm())],
        Shape::LongBone => vec![(SHELL, own::bone(0.23))],
        Shape::ShortBone => vec![(SHELL, own::bone(0.33))],
    }
}

/// Few triangles: beads are many and small.
fn bead() -> Form {
    Body { radii: Vec3::splat(BEAD_RADIUS_METRES), power: 2.0, center: Vec3::ZERO }.skin(3)
}

/// A ring and a dot.
fn landing() -> Form {
    Form::ring([0.21, 0.25], 40).with(Form::ring([0.0, 0.05], 16))
}

/// A helmet as large as a head: a dark visor with two lit eyes says where it looks, a disc on each
/// side says so from the side.
fn head() -> Vec<(usize, Form)> {
    let skull = Body { radii: Vec3::new(0.098, 0.122, 0.116), power: 2.5, center: SKULL };
    let visor = Pad {
        middle: Vec2::new(0.0, 0.002),
        half: Vec2::new(0.082, 0.050),
        power: 3.2,
        lift_metres: 0.004,
        rings: 4,
        segments: 24,
    };
    let eye = |side: f32| {
        skull.pad(&Pad {
            middle: Vec2::new(side * 0.031, 0.003),
            half: Vec2::new(0.0105, 0.0175),
            power: 2.2,
            lift_metres: 0.0065,
            rings: 2,
            segments: 12,
        })
    };
    let ears = disc(-1.0).with(disc(1.0)).shaded(0.30);
    let forms =
        [(SHELL, skull.skin(7).with(ears)), (VISOR, skull.pad(&visor)), (EYES, eye(-1.0).with(eye(1.0)))];
    forms.map(|(material, form)| (material, form.bent(with_chin))).into()
}

/// The middle of a head, from the point between the eyes.
const SKULL: Vec3 = Vec3::new(0.0, -0.005, 0.088);

/// Narrower below the eyes.
fn with_chin(point: Vec3) -> Vec3 {
    let below = (-point.y / 0.122).max(0.0);
    let share = 1.0 - 0.20 * below * below;
    let from_axis = (point - SKULL) * Vec3::new(share, 1.0, share);
    SKULL + from_axis
}

/// What lies on one side of a head, at the ear.
fn disc(side: f32) -> Form {
    // A skull that looks sideways has its ear in front.
    let skull = Body { radii: Vec3::new(0.116, 0.122, 0.098), power: 2.5, center: Vec3::ZERO };
    let pad = Pad {
        middle: Vec2::new(0.0, -0.002),
        half: Vec2::splat(0.042),
        power: 2.0,
        lift_metres: 0.011,
        rings: 2,
        segments: 20,
    };
    let turn = Quat::from_rotation_y(-side * FRAC_PI_2);
    skull.pad(&pad).moved(Affine3A::from_rotation_translation(turn, SKULL))
}

/// A mitten with a thumb and a cuff; the palm faces `palm_side` on X.
fn hand(palm_side: f32) -> Form {
    let fingers =
        Body { radii: Vec3::new(0.020, 0.044, 0.086), power: 2.5, center: Vec3::new(0.0, 0.0, -0.03) };
    // Relaxed fingers bend towards the palm.
    let curl = |point: Vec3| point + Vec3::X * (palm_side * 1.6 * (-point.z - 0.01).max(0.0).powi(2));
    let thumb = Body { radii: Vec3::new(0.0145, 0.0155, 0.040), power: 2.3, center: Vec3::ZERO };
    let thumb_turn = Quat::from_rotation_x(0.75) * Quat::from_rotation_y(-palm_side * 0.35);
    let thumb_place = Vec3::new(palm_side * 0.010, 0.048, -0.012);
    let cuff = Body { radii: Vec3::new(0.029, 0.038, 0.020), power: 2.6, center: Vec3::new(0.0, 0.0, 0.056) };
    let thumb = thumb.skin(3).moved(Affine3A::from_rotation_translation(thumb_turn, thumb_place));
    fingers.skin(5).bent(curl).with(thumb).with(cuff.skin(3).shaded(0.30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::mesh::unit_from_octahedral;

    /// Everything was packed, within the budget, and every normal points out of the front.
    #[test]
    fn the_shapes_are_whole_small_and_right_way_round() {
        let shapes = built_in();
        let indices: u32 = Shape::ALL.map(|shape| shapes.chunk(shape).index_count).iter().sum();
        assert_eq!(shapes.mesh.indices.len() as u32, indices);
        let person = [Shape::Head, Shape::LeftHand, Shape::RightHand, Shape::NameTag];
        let person: u32 = person.map(|shape| shapes.chunk(shape).index_count / 3).iter().sum();
        assert!(person <= 2000, "{person} triangles a person");
        assert_eq!(shapes.chunk(Shape::NameTag).index_count, 6);
        let point = |index: u16| {
            let grid = Vec3::from(shapes.mesh.positions[usize::from(index)].grid.map(f32::from));
            shapes.mesh.world_from_grid.transform_point3(grid)
        };
        for &[a, b, c] in shapes.mesh.indices.as_chunks::<3>().0 {
            let face = (point(b) - point(a)).cross(point(c) - point(a));
            let normal = unit_from_octahedral(shapes.mesh.attributes[usize::from(a)].normal);
            assert!(face.length() < 1e-7 || face.normalize_or_zero().dot(normal) > 0.0, "{a} {b} {c}");
        }
    }

    /// A head has its face in front, and the hands are each other's mirror image with the thumb up.
    #[test]
    fn ahead_is_minus_z_and_hands_are_mirrored() {
        let front = head()[2].1.set.positions.iter().map(|point| point.z).fold(f32::MIN, f32::max);
        assert!(front < 0.0, "the eyes are in front of the point between the eyes: {front}");
        let bounds = |form: &Form| Aabb::around(form.set.positions.iter().copied());
        let (left, right) = (bounds(&hand(1.0)), bounds(&hand(-1.0)));
        assert!((left.min.x + right.max.x).abs() < 1e-6 && (left.max.x + right.min.x).abs() < 1e-6);
        let points = hand(1.0).set.positions;
        let tip = points.into_iter().reduce(|tip, point| if point.z < tip.z { point } else { tip });
        assert!(tip.is_some_and(|tip| tip.x > 0.005), "the fingers bend towards the palm");
        assert!(left.max.y > -left.min.y + 0.02 && left.min.z < -0.1, "thumb up, fingers ahead");
    }
}
