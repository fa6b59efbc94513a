//! Documents made in code.

use std::f32::consts::TAU;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use glam::{Affine3A, Mat3, Vec2, Vec3, Vec4};
use serde_json::json;

use crate::host::bake::{BakeOptions, Baked, Quality, bake_document};
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{
    LightKind, Mesh, Node, Primitive, PunctualLight, SourceImage, SourceMaterial, SourceTexture, VertexSet,
};
use crate::scene::material::Wrap;

pub fn bake(document: &Document) -> Baked {
    bake_document(document, &BakeOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

pub fn quick() -> BakeOptions {
    BakeOptions { quality: Quality::Quick, ..BakeOptions::default() }
}

pub fn node(name: &str, mesh: usize, transform: Affine3A) -> Node {
    Node { name: Some(name.to_owned()), mesh: Some(mesh), ..Node::bare(None, transform, transform) }
}

pub fn plain_material(color: [f32; 4]) -> SourceMaterial {
    SourceMaterial { base_color: color, metallic: 0.0, roughness: 0.5, ..SourceMaterial::default() }
}

pub fn texture(image: usize, uv_set: usize) -> SourceTexture {
    SourceTexture {
        image,
        uv_set,
        wrap: [Wrap::Repeat; 2],
        offset: Vec2::ZERO,
        scale: Vec2::ONE,
        rotation_radians: 0.0,
    }
}

/// A checkerboard PNG.
pub fn png(side: u32, seed: u8) -> SourceImage {
    picture(side, |i| {
        let is_light = (i % side / 8 + i / side / 8).is_multiple_of(2);
        if is_light { [230, 220, seed] } else { [60, 70, 80] }
    })
}

/// A PNG that is as large as its texels.
pub fn noise(side: u32) -> SourceImage {
    picture(side, |i| {
        i.wrapping_add(1).wrapping_mul(0x9e37_79b1).rotate_left(9).wrapping_mul(0x85eb_ca6b).to_le_bytes()
            [1..]
            .try_into()
            .unwrap()
    })
}

fn picture(side: u32, texel: impl Fn(u32) -> [u8; 3]) -> SourceImage {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    let texels: Vec<u8> = (0..side * side).flat_map(texel).collect();
    encoder.write_header().unwrap().write_image_data(&texels).unwrap();
    SourceImage { name: None, uri: None, bytes: Some(bytes) }
}

/// A sheet of `across` × `across` quads over `at(0..=1, 0..=1)`; its front is where v × u points.
pub fn sheet(across: usize, at: impl Fn(f32, f32) -> (Vec3, Vec3)) -> (VertexSet, Vec<u32>) {
    let line = across + 1;
    let parameter = |i: usize| ((i % line) as f32 / across as f32, (i / line) as f32 / across as f32);
    let all = (0..line * line).map(parameter);
    let (positions, normals) = all.clone().map(|(u, v)| at(u, v)).unzip();
    let uvs = all.map(|(u, v)| Vec2::new(u, v)).collect();
    let quads = (0..across * across).map(|q| q / across * line + q % across);
    let indices = quads.flat_map(|i| [i, i + line, i + 1, i + 1, i + line, i + line + 1].map(|i| i as u32));
    let set = VertexSet { positions, normals: Some(normals), uvs: [Some(uvs), None], ..VertexSet::default() };
    (set, indices.collect())
}

/// A ball of radius 2 with `across`² × 2 triangles, closed at its seam.
pub fn ball(across: usize) -> (VertexSet, Vec<u32>) {
    let (mut set, indices) = sheet(across, |u, v| {
        let (angle, height) = (u * TAU, (1.0 - v) * 2.0 - 1.0);
        let angle = if u == 1.0 { 0.0 } else { angle };
        let ring = (1.0 - height * height).max(0.0).sqrt();
        let normal = Vec3::new(angle.cos() * ring, height, -angle.sin() * ring);
        (normal * 2.0, normal)
    });
    set.uvs = [None, None];
    (set, indices)
}

/// One mesh, one node, the default material.
pub fn single((set, indices): (VertexSet, Vec<u32>)) -> Document {
    let primitive = Primitive { material: None, vertices: 0, indices, morph: None, features: None };
    Document {
        nodes: vec![node("thing", 0, Affine3A::IDENTITY)],
        meshes: vec![Mesh { name: None, primitives: vec![primitive], marks: vec![] }],
        vertex_sets: vec![set],
        ..Document::default()
    }
}

/// [`hills`], baked once for all tests.
pub fn baked_hills() -> &'static Baked {
    static BAKED: OnceLock<Baked> = OnceLock::new();
    BAKED.get_or_init(|| bake(&hills()))
}

/// Hills of some hundred thousand triangles in two materials, with balls on them (one of them
/// mirrored), a textured plate, a sun and extras: enough for several cells and proxies.
pub fn hills() -> Document {
    let hill = |u: f32, v: f32| {
        let (x, z) = (u * 40.0 - 20.0, v * 40.0 - 20.0);
        let y = (x * 0.4).sin() * (z * 0.3).cos() * 1.5 + (x * 1.7).sin() * 0.1;
        let dx = (x * 0.4).cos() * 0.4 * (z * 0.3).cos() * 1.5 + (x * 1.7).cos() * 0.17;
        let dz = (x * 0.4).sin() * -(z * 0.3).sin() * 0.3 * 1.5;
        (Vec3::new(x, y, z), Vec3::new(-dx, 1.0, -dz).normalize_or(Vec3::Y))
    };
    let (ground, ground_indices) = sheet(230, hill);
    let split = ground_indices.len() / 3 / 3 * 3;
    let (plate, plate_indices) = sheet(8, |u, v| (Vec3::new(u * 4.0, 3.0 - v * 2.0, 0.0), Vec3::Z));
    let mut textured = plain_material([1.0; 4]);
    textured.textures[0] = Some(SourceTexture { scale: Vec2::new(3.0, 2.0), ..texture(0, 0) });
    textured.textures[2] = Some(texture(1, 0));
    let sun = PunctualLight { kind: LightKind::Directional, color: Vec3::new(100_000.0, 90_000.0, 80_000.0) };
    let (ball, ball_indices) = ball(40);
    let mirrored = Affine3A::from_mat3_translation(
        Mat3::from_diagonal(Vec3::new(-1.0, 1.0, 1.0)),
        Vec3::new(8.0, 3.0, 2.0),
    );
    let entity = |id: &str, node: Node| Node { entity: Some(id.to_owned()), ..node };
    let primitive = |material, vertices, indices| Primitive {
        material: Some(material),
        vertices,
        indices,
        morph: None,
        features: None,
    };
    Document {
        nodes: vec![
            node("ground", 0, Affine3A::IDENTITY),
            entity("ball/left", node("ball", 1, Affine3A::from_translation(Vec3::new(-8.0, 3.0, 0.0)))),
            entity("ball/right", node("ball", 1, mirrored)),
            entity("sign", node("plate", 2, Affine3A::from_translation(Vec3::new(0.0, 2.0, -3.0)))),
            Node { mesh: None, light: Some(sun), ..node("sun", 0, Affine3A::from_rotation_x(-1.0)) },
        ],
        meshes: vec![
            Mesh {
                name: None,
                primitives: vec![
                    primitive(0, 0, ground_indices[..split].to_vec()),
                    primitive(1, 0, ground_indices[split..].to_vec()),
                ],
                marks: vec![],
            },
            Mesh { name: None, primitives: vec![primitive(2, 1, ball_indices)], marks: vec![] },
            Mesh { name: None, primitives: vec![primitive(3, 2, plate_indices)], marks: vec![] },
        ],
        vertex_sets: vec![
            ground,
            VertexSet { colors: Some(vec![Vec4::new(1.0, 0.5, 0.25, 1.0); ball.positions.len()]), ..ball },
            plate,
        ],
        materials: vec![
            plain_material([0.3, 0.6, 0.2, 1.0]),
            plain_material([0.5, 0.4, 0.3, 1.0]),
            plain_material([0.8, 0.8, 0.9, 1.0]),
            textured,
        ],
        images: vec![png(128, 30), png(32, 200)],
        extras: json!({ "pavilion": {
            "title": "Hills",
            "spawn": { "position": [1, 2, 3], "yaw_radians": 0.5 },
        } }),
        ..Document::default()
    }
}
