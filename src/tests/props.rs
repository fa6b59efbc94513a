//! A small twin built in memory: shapes with materials, for tests that draw.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use glam::{Affine3A, Mat3, Quat, Vec2, Vec3};

use crate::cull::DrawList;
use crate::cull::draw_list::{Draw, Fade, Instance, Source};
use crate::math::lanes::LANES;
use crate::math::{Aabb, Cone};
use crate::scene::chunks::Range;
use crate::scene::material::{AlphaMode, TextureSlot};
use crate::scene::mesh::{Attributes, Position, octahedral_from_unit};
use crate::scene::texture::{ColorSpace, Image, Pixels, Texture, side_log2_for};
use crate::scene::tileset::{Blob, Tables};
use crate::scene::{
    Batch, BlobId, Chunk, Chunks, ContentHash, ImageId, Material, MaterialId, ResidentTile, Tile, TileId,
    TileMesh, Tileset,
};

/// A corner of a triangle.
#[derive(Clone, Copy)]
pub struct Corner {
    pub position: Vec3,
    pub normal: Vec3,
    pub tangent: Vec3,
    pub is_right_handed: bool,
    pub uv0: Vec2,
    pub uv1: Vec2,
    pub color: [u8; 4],
}

/// Triangles of one material.
#[derive(Clone)]
pub struct Shape {
    pub corners: Vec<Corner>,
    pub indices: Vec<u16>,
}

impl Shape {
    /// A square of side 1 around the origin that faces +Z, its picture upright.
    pub fn square() -> Self {
        let corner = |x: f32, y: f32| Corner {
            position: Vec3::new(x - 0.5, y - 0.5, 0.0),
            normal: Vec3::Z,
            tangent: Vec3::X,
            is_right_handed: true,
            uv0: Vec2::new(x, 1.0 - y),
            uv1: Vec2::new(x, 1.0 - y),
            color: [255; 4],
        };
        Self {
            corners: vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)],
            indices: vec![0, 1, 2, 0, 2, 3],
        }
    }

    /// A ball of radius 1.
    pub fn ball() -> Self {
        const RINGS: u16 = 32;
        const SEGMENTS: u16 = 48;
        let mut corners = Vec::new();
        let mut indices = Vec::new();
        for ring in 0..=RINGS {
            for segment in 0..=SEGMENTS {
                let (v, u) = (f32::from(ring) / f32::from(RINGS), f32::from(segment) / f32::from(SEGMENTS));
                let (theta, phi) = (v * std::f32::consts::PI, u * std::f32::consts::TAU);
                let normal = Vec3::new(theta.sin() * phi.sin(), theta.cos(), theta.sin() * phi.cos());
                corners.push(Corner {
                    position: normal,
                    normal,
                    tangent: Vec3::new(phi.cos(), 0.0, -phi.sin()),
                    is_right_handed: true,
                    uv0: Vec2::new(u, v),
                    uv1: Vec2::new(u, v),
                    color: [255; 4],
                });
                if ring < RINGS && segment < SEGMENTS {
                    let a = ring * (SEGMENTS + 1) + segment;
                    let b = a + SEGMENTS + 1;
                    indices.extend([a, b, a + 1, a + 1, b, b + 1]);
                }
            }
        }
        Self { corners, indices }
    }

    /// Six squares, side 1.
    pub fn cube() -> Self {
        let mut cube = Self { corners: Vec::new(), indices: Vec::new() };
        let turns = [
            Quat::IDENTITY,
            Quat::from_rotation_y(1.0_f32.atan() * 2.0),
            Quat::from_rotation_y(1.0_f32.atan() * 4.0),
            Quat::from_rotation_y(-1.0_f32.atan() * 2.0),
            Quat::from_rotation_x(1.0_f32.atan() * 2.0),
            Quat::from_rotation_x(-1.0_f32.atan() * 2.0),
        ];
        for turn in turns {
            let side = Self::square().moved(Affine3A::from_rotation_translation(turn, turn * Vec3::Z * 0.5));
            let first = cube.corners.len() as u16;
            cube.corners.extend(side.corners);
            cube.indices.extend(side.indices.iter().map(|index| first + index));
        }
        cube
    }

    /// The same elsewhere.
    pub fn moved(mut self, transform: Affine3A) -> Self {
        let turn = Mat3::from(transform.matrix3);
        for corner in &mut self.corners {
            corner.position = transform.transform_point3(corner.position);
            corner.normal = (turn.inverse().transpose() * corner.normal).normalize_or(Vec3::Z);
            corner.tangent = (turn * corner.tangent).normalize_or(Vec3::X);
        }
        self
    }

    /// The same in a vertex colour, linear RGBA.
    pub fn painted(mut self, color: [u8; 4]) -> Self {
        self.corners.iter_mut().for_each(|corner| corner.color = color);
        self
    }
}

/// Where and how large.
pub fn at(position: [f32; 3], turn: Quat, size: [f32; 3]) -> Affine3A {
    Affine3A::from_scale_rotation_translation(size.into(), turn, position.into())
}

/// A twin of one tile, and what is needed to show it.
pub struct Props {
    pub tables: Tables,
    pub textures: Vec<Texture>,
    parts: Vec<(MaterialId, Shape)>,
}

impl Props {
    pub fn new() -> Self {
        Self { tables: Tables::default(), textures: Vec::new(), parts: Vec::new() }
    }

    /// Adds an image; its number is its place.
    pub fn image(&mut self, pixels: &Pixels, space: ColorSpace) -> Option<TextureSlot> {
        let side_log2 = side_log2_for(pixels.width, pixels.height);
        let image = ImageId(self.textures.len() as u32);
        self.textures.push(Texture::from_pixels(pixels, space, side_log2).unwrap());
        self.tables.images.push(Image { blob: BlobId(0), space, side_log2 });
        Some(TextureSlot { image, uv_set: 0 })
    }

    /// Adds a material.
    pub fn material(&mut self, material: Material) -> MaterialId {
        self.tables.materials.push(material);
        MaterialId(self.tables.materials.len() as u32 - 1)
    }

    /// Adds a shape.
    pub fn shape(&mut self, material: MaterialId, shape: Shape) {
        self.parts.push((material, shape));
    }

    /// Adds a shape in a material of its own.
    pub fn add(&mut self, material: Material, shape: Shape) {
        let material = self.material(material);
        self.shape(material, shape);
    }

    fn batch(&self, material: MaterialId) -> Batch {
        Batch::of(&self.tables.materials[material.index()], &self.tables.images)
    }

    /// The bounds of everything.
    fn bounds(&self) -> Aabb {
        Aabb::around(
            self.parts.iter().flat_map(|(_, shape)| shape.corners.iter().map(|corner| corner.position)),
        )
    }

    /// The tileset with its one tile.
    pub fn tileset(&self) -> Tileset {
        let mut tables = self.tables.clone();
        tables.blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
        tables.tiles = vec![Tile {
            bounds: self.bounds(),
            geometric_error_metres: 0.0,
            first_child: 0,
            child_count: 0,
            content: Some(BlobId(0)),
            images: Vec::new(),
            triangle_count: 0,
            draw_count: 0,
        }];
        Tileset::try_from(tables).unwrap()
    }

    /// The tile's geometry. The grid is scaled differently on each axis, as tight boxes are.
    pub fn mesh(&self) -> TileMesh {
        let bounds = self.bounds();
        let size = (bounds.max - bounds.min).max(Vec3::splat(1e-3));
        let world_from_grid =
            Affine3A::from_scale_rotation_translation(size / 65535.0, Quat::IDENTITY, bounds.min);
        let mut mesh = TileMesh {
            moving: None,
            world_from_grid,
            positions: Vec::new(),
            attributes: Vec::new(),
            indices: Vec::new(),
            chunks: Vec::new(),
            occluders: Vec::new(),
        };
        let unorm = |v: Vec2| (v.clamp(Vec2::ZERO, Vec2::ONE) * 65535.0).to_array().map(|x| x.round() as u16);
        for (material, shape) in &self.parts {
            let first = mesh.positions.len() as u16;
            for corner in &shape.corners {
                let grid =
                    ((corner.position - bounds.min) / size * 65535.0).to_array().map(|x| x.round() as u16);
                mesh.positions.push(Position::pack(grid, *material, corner.is_right_handed));
                mesh.attributes.push(Attributes {
                    normal: octahedral_from_unit(corner.normal),
                    tangent: octahedral_from_unit(corner.tangent),
                    uv0: unorm(corner.uv0),
                    uv1: unorm(corner.uv1),
                    color: corner.color,
                });
            }
            mesh.chunks.push(Chunk {
                first_index: mesh.indices.len() as u32,
                index_count: shape.indices.len() as u32,
                bounds: Aabb::around(shape.corners.iter().map(|corner| corner.position)).sphere(),
                cone: Cone::ANY,
                batch: self.batch(*material),
                entity: None,
            });
            mesh.indices.extend(shape.indices.iter().map(|index| first + index));
        }
        mesh
    }
}

/// Everything in the tile: opaque, then masked, then blended, the latter two from far to near along Z.
pub fn draw_all(tile: TileId, resident: &ResidentTile) -> DrawList {
    let mut list =
        DrawList { instances: vec![Instance::new(&resident.world_from_grid)], ..DrawList::default() };
    let Chunks { spheres, ranges, groups, .. } = &resident.chunks;
    let batch =
        |chunk: usize| groups.iter().find(|group| chunk < group.end as usize).map(|group| group.batch);
    let depth = |chunk: usize| spheres[chunk / LANES].center(chunk % LANES).z;
    for alpha in [AlphaMode::Opaque, AlphaMode::Mask, AlphaMode::Blend] {
        let mut chunks: Vec<(usize, Batch)> =
            (0..ranges.len()).filter_map(|chunk| Some((chunk, batch(chunk)?))).collect();
        chunks.retain(|(_, batch)| batch.alpha == alpha);
        chunks.sort_by(|&(a, _), &(b, _)| depth(a).total_cmp(&depth(b)));
        for (chunk, batch) in chunks {
            let Range { first_index, index_count } = ranges[chunk];
            let source = Source::Tile(tile);
            let fade = Fade::Settled;
            list.draws.push(Draw {
                source,
                first_index,
                index_count,
                instance: 0,
                instance_count: 1,
                batch,
                fade,
            });
            list.triangle_count += u64::from(index_count / 3);
        }
    }
    list
}

/// A picture from a function of its texel.
pub fn painted(side: u32, paint: impl Fn(u32, u32) -> [u8; 4]) -> Pixels {
    let rgba = (0..side * side).flat_map(|index| paint(index % side, index / side)).collect();
    Pixels { width: side, height: side, rgba }
}
