//! Two documents → one.

use std::collections::BTreeMap;

use super::document::{Document, SourceTexture};

impl Document {
    /// Adds all of another, whose nodes stand beside these. Its sounds' files are kept where names are equal.
    pub fn append(&mut self, other: Self) {
        let Self { nodes, meshes, vertex_sets, materials, images, sound_files, variants, extras: _, skipped } =
            other;
        let first_node = self.nodes.len();
        let first_mesh = self.meshes.len();
        let first_set = self.vertex_sets.len();
        let first_material = self.materials.len();
        let first_image = self.images.len();
        let after = |first: usize| move |index: usize| index.saturating_add(first);
        self.nodes.extend(nodes.into_iter().map(|mut node| {
            node.parent = node.parent.map(after(first_node));
            node.mesh = node.mesh.map(after(first_mesh));
            node
        }));
        self.meshes.extend(meshes.into_iter().map(|mut mesh| {
            for primitive in &mut mesh.primitives {
                primitive.material = primitive.material.map(after(first_material));
                primitive.vertices = after(first_set)(primitive.vertices);
            }
            for marks in &mut mesh.marks {
                marks.material = marks.material.map(after(first_material));
                marks.vertices = after(first_set)(marks.vertices);
            }
            mesh
        }));
        self.materials.extend(materials.into_iter().map(|mut material| {
            for texture in material.textures.iter_mut().flatten() {
                *texture = SourceTexture { image: after(first_image)(texture.image), ..*texture };
            }
            material
        }));
        self.vertex_sets.extend(vertex_sets);
        self.images.extend(images);
        for (name, bytes) in sound_files {
            self.sound_files.entry(name).or_insert(bytes);
        }
        for name in variants {
            if !self.variants.contains(&name) {
                self.variants.push(name);
            }
        }
        add_counts(&mut self.skipped, skipped);
    }
}

fn add_counts(counts: &mut BTreeMap<String, u32>, more: BTreeMap<String, u32>) {
    for (name, count) in more {
        let total = counts.entry(name).or_default();
        *total = total.saturating_add(count);
    }
}
