//! Two documents → one.

use std::collections::BTreeMap;

use super::document::{Document, SourceTexture, Target};

impl Document {
    /// Adds all of another, whose nodes stand beside these. Its sounds' files are kept where names are equal.
    pub fn append(&mut self, other: Self) {
        let Self { nodes, meshes, vertex_sets, morphs, skins, animations, feature_tables, .. } = other;
        let Self { materials, images, sound_files, variants, skipped, .. } = other;
        let (first_morph, first_skin) = (self.morphs.len(), self.skins.len());
        let first_table = self.feature_tables.len();
        let first_node = self.nodes.len();
        let first_mesh = self.meshes.len();
        let first_set = self.vertex_sets.len();
        let first_material = self.materials.len();
        let first_image = self.images.len();
        let after = |first: usize| move |index: usize| index.saturating_add(first);
        self.nodes.extend(nodes.into_iter().map(|mut node| {
            node.parent = node.parent.map(after(first_node));
            node.mesh = node.mesh.map(after(first_mesh));
            node.skin = node.skin.map(after(first_skin));
            node.feature = node.feature.map(|(table, row)| (after(first_table)(table), row));
            node
        }));
        self.meshes.extend(meshes.into_iter().map(|mut mesh| {
            for primitive in &mut mesh.primitives {
                primitive.material = primitive.material.map(after(first_material));
                primitive.vertices = after(first_set)(primitive.vertices);
                primitive.morph = primitive.morph.map(after(first_morph));
                if let Some(features) = &mut primitive.features {
                    features.table = features.table.map(after(first_table));
                }
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
        self.skins.extend(skins.into_iter().map(|mut skin| {
            skin.joints.iter_mut().for_each(|joint| *joint = after(first_node)(*joint));
            skin
        }));
        self.animations.extend(animations.into_iter().map(|mut animation| {
            for channel in &mut animation.channels {
                channel.target = match channel.target {
                    Target::Node(node, property) => Target::Node(after(first_node)(node), property),
                    Target::Material(material, property) => {
                        Target::Material(after(first_material)(material), property)
                    }
                };
            }
            animation
        }));
        self.morphs.extend(morphs);
        self.feature_tables.extend(feature_tables);
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
