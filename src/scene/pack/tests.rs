//! Pieces made here, and what they are packed as.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use glam::{Affine3A, Vec2, Vec3, Vec4};

use super::{Builder, Piece};
use crate::math::Aabb;
use crate::scene::gltf::document::VertexSet;
use crate::scene::material::TextureSlot;
use crate::scene::mesh::{Batch, unit_from_octahedral};
use crate::scene::{AlphaMode, ContentError, EntityIndex, ImageId, Material, MaterialId, TileMesh, limits};

const BOUNDS: Aabb = Aabb { min: Vec3::splat(-4.0), max: Vec3::splat(4.0) };

/// A unit square in the xy plane, its image upright when seen from +z.
fn square() -> VertexSet {
    VertexSet {
        positions: vec![Vec3::ZERO, Vec3::X, Vec3::new(1.0, 1.0, 0.0), Vec3::Y],
        normals: Some(vec![Vec3::Z; 4]),
        uvs: [
            Some(vec![Vec2::new(2.0, 3.0), Vec2::new(4.0, 3.0), Vec2::new(4.0, 2.0), Vec2::new(2.0, 2.0)]),
            None,
        ],
        ..VertexSet::default()
    }
}

fn bumpy() -> Material {
    let slot = TextureSlot { image: ImageId(0), uv_set: 0 };
    Material {
        normal_texture: Some(slot),
        uv_offset: [2.0, 2.0],
        uv_scale: [2.0, 1.0],
        ..Material::default()
    }
}

fn piece<'a>(vertices: &'a VertexSet, material: &'a Material) -> Piece<'a> {
    Piece {
        vertices,
        indices: &[0, 1, 2, 0, 2, 3],
        world_from_vertices: Affine3A::IDENTITY,
        material_id: MaterialId(3),
        material,
        batch: Batch { alpha: material.alpha, ..Batch::default() },
        entity: None,
    }
}

fn packed(piece: &Piece<'_>) -> Result<TileMesh, ContentError> {
    let mut builder = Builder::new(BOUNDS);
    builder.add(piece)?;
    Ok(builder.finish())
}

fn world(mesh: &TileMesh, index: u16) -> Vec3 {
    mesh.world_from_grid.transform_point3(Vec3::from(mesh.positions[usize::from(index)].grid.map(f32::from)))
}

/// The normal that the order of a triangle's corners says it has.
fn turn(mesh: &TileMesh, triangle: usize) -> Vec3 {
    let corners = &mesh.indices[triangle * 3..triangle * 3 + 3];
    let [a, b, c] = [0, 1, 2].map(|corner| world(mesh, corners[corner]));
    (b - a).cross(c - a).normalize_or_zero()
}

#[test]
fn a_square_is_packed_to_the_grid() {
    let (set, material) = (square(), bumpy());
    let mesh = packed(&piece(&set, &material)).unwrap();
    assert_eq!((mesh.positions.len(), mesh.indices.as_slice()), (4, &[0, 1, 2, 0, 2, 3][..]));
    for (index, &position) in set.positions.iter().enumerate() {
        assert!(world(&mesh, index as u16).abs_diff_eq(position, 8.0 / 65_535.0));
    }
    assert_eq!(mesh.attributes[1].uv0, [65_535, 65_535]);
    assert_eq!(mesh.attributes[3].uv0, [0, 0]);
    assert_eq!(mesh.attributes[0].color, [255; 4]);
    // Material 3, and a tangent whose bitangent is cross(normal, tangent): up in the image is up.
    assert_eq!(mesh.positions[2].material_and_sign, 3 << 1 | 1);
    assert!(unit_from_octahedral(mesh.attributes[0].tangent).abs_diff_eq(Vec3::X, 0.01));
    assert!(unit_from_octahedral(mesh.attributes[0].normal).abs_diff_eq(Vec3::Z, 0.01));
    assert!(mesh.chunks[0].bounds.center.abs_diff_eq(Vec3::new(0.5, 0.5, 0.0), 1e-3));
    assert!((mesh.chunks[0].bounds.radius - 0.5_f32.sqrt()).abs() < 1e-3);
}

#[test]
fn a_mirror_turns_triangles_and_tangents_round() {
    let (set, material) = (square(), bumpy());
    let mirrored = Piece {
        world_from_vertices: Affine3A::from_scale(Vec3::new(-1.0, 2.0, 1.0)),
        ..piece(&set, &material)
    };
    let mesh = packed(&mirrored).unwrap();
    assert!(turn(&mesh, 0).abs_diff_eq(Vec3::Z, 1e-3) && turn(&mesh, 1).abs_diff_eq(Vec3::Z, 1e-3));
    assert!(unit_from_octahedral(mesh.attributes[0].normal).abs_diff_eq(Vec3::Z, 0.01));
    assert!(unit_from_octahedral(mesh.attributes[0].tangent).abs_diff_eq(Vec3::NEG_X, 0.01));
    assert_eq!(mesh.positions[0].material_and_sign & 1, 0);
    let given = VertexSet { tangents: Some(vec![Vec4::new(1.0, 0.0, 0.0, 1.0); 4]), ..square() };
    let mesh = packed(&Piece { vertices: &given, ..mirrored }).unwrap();
    assert_eq!(mesh.positions[0].material_and_sign & 1, 0);
}

#[test]
fn triangles_without_normals_are_flat() {
    let material = Material::default();
    let set = VertexSet { normals: None, ..square() };
    let tilted = Piece {
        world_from_vertices: Affine3A::from_rotation_x(-std::f32::consts::FRAC_PI_2),
        ..piece(&set, &material)
    };
    let mesh = packed(&tilted).unwrap();
    assert_eq!(mesh.positions.len(), 6);
    for vertex in &mesh.attributes {
        assert!(unit_from_octahedral(vertex.normal).abs_diff_eq(Vec3::Y, 0.01));
    }
}

#[test]
fn chunks_are_sorted_by_batch_and_keep_what_they_are_part_of() {
    let set = square();
    let (blend, opaque) = (Material { alpha: AlphaMode::Blend, ..Material::default() }, Material::default());
    let mut builder = Builder::new(BOUNDS);
    builder.add(&Piece { entity: Some(EntityIndex(7)), ..piece(&set, &blend) }).unwrap();
    builder.add(&piece(&set, &opaque)).unwrap();
    let mesh = builder.finish();
    assert_eq!(mesh.indices, [4, 5, 6, 4, 6, 7, 0, 1, 2, 0, 2, 3]);
    assert_eq!((mesh.chunks[0].entity, mesh.chunks[0].batch.alpha), (None, AlphaMode::Opaque));
    assert_eq!((mesh.chunks[1].entity, mesh.chunks[1].first_index), (Some(EntityIndex(7)), 6));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (set, material) = (square(), Material::default());
    let whole = piece(&set, &material);
    assert!(packed(&Piece { indices: &[0, 1, 4], ..whole }).is_err());
    assert!(packed(&Piece { indices: &[0, 1], ..whole }).is_err());
    assert!(packed(&Piece { indices: &[], ..whole }).is_err());
    let away = Affine3A::from_translation(Vec3::X * 5.0);
    assert!(packed(&Piece { world_from_vertices: away, ..whole }).is_err());
    let nowhere = Affine3A::from_translation(Vec3::NAN);
    assert!(packed(&Piece { world_from_vertices: nowhere, ..whole }).is_err());
    let mut builder = Builder::new(BOUNDS);
    let many = VertexSet { positions: vec![Vec3::ZERO; 60_000], ..VertexSet::default() };
    let indices: Vec<u32> = (0..60_000).collect();
    builder.add(&Piece { vertices: &many, indices: &indices, ..whole }).unwrap();
    let error = builder.add(&Piece { vertices: &many, indices: &indices, ..whole }).unwrap_err();
    assert!(
        matches!(error, ContentError::TooLarge { limit, .. } if limit == limits::TILE_VERTICES_MAX as u64)
    );
    builder.add(&whole).unwrap();
    assert_eq!(builder.finish().positions.len(), 60_004);
}
