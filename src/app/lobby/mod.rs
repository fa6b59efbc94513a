//! The scene shown when there is no other: while loading, offline, or when something went wrong.
//!
//! An open pavilion of twelve ribs around a panel that says, in one sentence, what is going on and
//! what to do about it.

mod shape;

use std::sync::Arc;

use glam::{Affine3A, Vec3};

use crate::draw::{Upload, text};
use crate::math::{Aabb, Pose};
use crate::scene::gltf::document::VertexSet;
use crate::scene::texture::{ColorSpace, Image, Texture, side_log2_for};
use crate::scene::tileset::{Blob, Tables};
use crate::scene::{
    AlphaMode, Batch, BlobId, ContentError, ContentHash, ImageId, Material, MaterialId, Scene, Tile, TileId,
    Tileset,
};
use crate::scene::{material::TextureSlot, pack};

/// The lobby's materials, in the order of the table.
const FLOOR: MaterialId = MaterialId(0);
const RIB: MaterialId = MaterialId(1);
const PANEL: MaterialId = MaterialId(2);

/// The panel, metres: wide enough for a line of 40 letters of 2° at its distance.
const PANEL_WIDTH_METRES: f32 = 2.6;

/// What a person can do, whatever has happened.
const WAY_OUT: &str = "R tries again now, Esc leaves.";

/// Everything the renderer and the culler need to show the lobby.
pub struct Lobby {
    /// One tile.
    pub scene: Scene,
    /// The panel's text, then the tile.
    pub uploads: [Upload; 2],
}

/// Builds the lobby with a panel that says `sentence`.
///
/// # Errors
/// Never for sentences that this program makes; the packing checks all content alike.
pub fn build(sentence: &str) -> Result<Lobby, ContentError> {
    let pixels = text::rasterise(&["Pavilion", &capitalised(sentence), WAY_OUT]);
    let aspect = pixels.height as f32 / pixels.width as f32;
    let side_log2 = side_log2_for(pixels.width, pixels.height);
    let texture = Arc::new(Texture::from_pixels(&pixels, ColorSpace::Srgb, side_log2)?);
    let bounds = Aabb { min: Vec3::new(-9.0, -0.1, -9.0), max: Vec3::new(9.0, 6.0, 9.0) };
    let tile = Tile {
        bounds,
        geometric_error_metres: 0.0,
        first_child: 0,
        child_count: 0,
        content: Some(BlobId(0)),
        images: vec![ImageId(0)],
        triangle_count: 0,
        draw_count: 0,
    };
    let tileset = Tileset::try_from(Tables {
        title: "Lobby".to_owned(),
        spawn: Some(Pose { position: Vec3::new(0.0, 0.0, 1.2), ..Pose::IDENTITY }),
        tiles: vec![tile],
        blobs: vec![Blob { hash: ContentHash([0; 32]), size_bytes: 0 }],
        images: vec![Image { blob: BlobId(0), space: ColorSpace::Srgb, side_log2 }],
        materials: materials(),
        ..Tables::default()
    })?;
    let mut builder = pack::Builder::new(bounds);
    let panel = shape::panel(PANEL_WIDTH_METRES, PANEL_WIDTH_METRES * aspect);
    for (material, (vertices, indices)) in [(FLOOR, shape::floor()), (RIB, shape::ribs()), (PANEL, panel)]
        as [(MaterialId, (VertexSet, Vec<u32>)); 3]
    {
        let surface = &tileset.materials()[material.index()];
        builder.add(&pack::Piece {
            vertices: &vertices,
            indices: &indices,
            world_from_vertices: Affine3A::IDENTITY,
            material_id: material,
            material: surface,
            batch: Batch::of(surface, tileset.images()),
            entity: None,
        })?;
    }
    let mesh = builder.finish();
    let uploads = [Upload::Texture { image: ImageId(0), texture }, Upload::Tile { tile: TileId(0), mesh }];
    Ok(Lobby { scene: Scene::new(tileset), uploads })
}

/// The sentence as it stands on a panel: its first letter is a capital one.
fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

fn materials() -> Vec<Material> {
    let matt = |base_color: [f32; 4], roughness: f32| Material {
        base_color,
        metallic: 0.0,
        roughness,
        ..Material::default()
    };
    let mut panel = matt([1.0; 4], 1.0);
    panel.unlit = true;
    panel.double_sided = true;
    panel.alpha = AlphaMode::Blend;
    panel.base_color_texture = Some(TextureSlot { image: ImageId(0), uv_set: 0 });
    vec![matt([1.0; 4], 0.8), matt([0.62, 0.44, 0.30, 1.0], 0.55), panel]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::draw::is_early;
    use crate::scene::actor::{Shape, built_in};
    use crate::scene::mesh::TextureSet;

    #[test]
    fn the_lobby_is_content_like_any_other() {
        let lobby = build("nobody answers: check that the host is running").unwrap();
        let [_, Upload::Tile { mesh, .. }] = &lobby.uploads else { panic!("the tile comes last") };
        assert_eq!(mesh.chunks.len(), 3);
        assert_eq!(capitalised("élan vital"), "Élan vital");
        assert!(mesh.indices.len() < 60_000, "the lobby is shown when everything else failed");
    }

    /// Also the own hands, and what they point with; names hang over others only, and those are in the twin.
    #[test]
    fn what_is_seen_in_the_lobby_has_its_pipelines_before_the_first_frame() {
        let lobby = build("nobody answers").unwrap();
        let [_, Upload::Tile { mesh, .. }] = &lobby.uploads else { panic!("the tile comes last") };
        let shapes = Shape::ALL.map(|shape| built_in().chunk(shape));
        let own = shapes.into_iter().filter(|chunk| chunk.batch.textures != TextureSet::NAMES);
        for chunk in mesh.chunks.iter().chain(own) {
            assert!(is_early(chunk.batch), "{:?}", chunk.batch);
        }
    }
}
