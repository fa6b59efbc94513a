//! Which things of the file have names of their own: entities, and what is known of them.
//!
//! A node with `extras.entity` is an entity with all that hangs below it, up to the next such node; nodes with equal
//! ids are one entity. In a file without any, each mesh-carrying node whose name no other has is one. A row of the
//! file's metadata that vertices or an instance are of is one too, wherever it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::scene::entity::Record;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::Node;
use crate::scene::limits;

/// A table and a row of it.
pub type Feature = (usize, u32);

/// The entities, by the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    ids: Vec<String>,
    /// One an id.
    records: Vec<Record>,
    nodes: Vec<Option<u32>>,
    features: BTreeMap<Feature, u32>,
}

impl Naming {
    /// Finds them; what is too much or too long is counted in `skipped`.
    pub fn of(document: &Document, skipped: &mut BTreeMap<String, u32>) -> Self {
        let node_ids = node_ids(document, skipped);
        let mut feature_ids = feature_ids(document, skipped);
        let mut all: BTreeSet<&str> = node_ids.iter().flatten().copied().collect();
        let of_nodes = all.len();
        all.extend(feature_ids.values().map(String::as_str));
        if all.len() > limits::ENTITIES_MAX {
            *skipped.entry("rows of metadata as entities".to_owned()).or_default() +=
                (all.len() - of_nodes) as u32;
            feature_ids.clear();
            all = node_ids.iter().flatten().copied().collect();
        }
        let ids: Vec<String> = all.into_iter().map(str::to_owned).collect();
        let number = |id: &str| ids.binary_search_by(|known| known.as_str().cmp(id)).ok().map(|n| n as u32);
        let nodes: Vec<Option<u32>> = node_ids.iter().map(|id| id.and_then(number)).collect();
        let features: BTreeMap<Feature, u32> =
            feature_ids.iter().filter_map(|(feature, id)| Some((*feature, number(id)?))).collect();
        let mut records = vec![Record::default(); ids.len()];
        for (&(table, row), &entity) in &features {
            if let Some(table) = document.feature_tables.get(table) {
                records[entity as usize] = table.record(row);
            }
        }
        for (node, entity) in document.nodes.iter().zip(&nodes) {
            let is_inherited = || node.parent.and_then(|parent| nodes[parent]) == *entity;
            if let Some(entity) = entity.filter(|_| !is_inherited()) {
                describe(&mut records[entity as usize], node);
            }
        }
        Self { ids, records, nodes, features }
    }

    /// Their ids, sorted.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What is known of them, in that order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Which the node is part of: the thing that it is itself, or what it hangs from.
    pub fn of_node(&self, document: &Document, node: usize) -> Option<u32> {
        let feature = document.nodes.get(node).and_then(|node| node.feature);
        let own = feature.and_then(|feature| self.of_feature(feature));
        own.or(self.nodes.get(node).copied().flatten())
    }

    /// Which the row is.
    pub fn of_feature(&self, feature: Feature) -> Option<u32> {
        self.features.get(&feature).copied()
    }
}

/// What a node says of its entity; the first that says something is heard.
fn describe(record: &mut Record, node: &Node) {
    if record.name.is_none() {
        record.name.clone_from(&node.name);
    }
    for (name, value) in &node.properties {
        record.properties.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// For every node the entity that it is part of.
fn node_ids<'a>(document: &'a Document, skipped: &mut BTreeMap<String, u32>) -> Vec<Option<&'a str>> {
    let mut ids: Vec<Option<&str>> = Vec::with_capacity(document.nodes.len());
    if document.nodes.iter().any(|node| node.entity.is_some()) {
        for node in &document.nodes {
            let inherited = node.parent.and_then(|parent| ids.get(parent).copied().flatten());
            if node.entity.as_deref().is_some_and(|id| !fits(id)) {
                *skipped.entry("entity ids that are empty or too long".to_owned()).or_default() += 1;
            }
            ids.push(node.entity.as_deref().filter(|id| fits(id)).or(inherited));
        }
        return ids;
    }
    let mut uses: BTreeMap<&str, u32> = BTreeMap::new();
    for name in document.nodes.iter().filter_map(|node| node.name.as_deref()) {
        *uses.entry(name).or_default() += 1;
    }
    let named = document.nodes.iter().filter(|node| node.mesh.is_some()).count();
    if named > limits::ENTITIES_MAX {
        *skipped.entry("node names as entities".to_owned()).or_default() += named as u32;
        return vec![None; document.nodes.len()];
    }
    let id_of = |node: &'a Node| node.name.as_deref().filter(|name| node.mesh.is_some() && uses[name] == 1);
    document.nodes.iter().map(|node| id_of(node).filter(|id| fits(id))).collect()
}

fn fits(id: &str) -> bool {
    !id.is_empty() && id.len() <= limits::NAME_BYTES_MAX
}

/// The ids of all rows that something of the scene is of.
fn feature_ids(document: &Document, skipped: &mut BTreeMap<String, u32>) -> BTreeMap<Feature, String> {
    let mut used: BTreeSet<Feature> = document.nodes.iter().filter_map(|node| node.feature).collect();
    let meshes: BTreeSet<usize> = document.nodes.iter().filter_map(|node| node.mesh).collect();
    let primitives =
        meshes.iter().filter_map(|&mesh| document.meshes.get(mesh)).flat_map(|mesh| &mesh.primitives);
    for features in primitives.filter_map(|primitive| primitive.features.as_ref()) {
        used.extend((0..features.rows.len()).filter_map(|vertex| features.of(vertex)));
    }
    let mut ids = BTreeMap::new();
    for (table, row) in used {
        match document.feature_tables.get(table).and_then(|table| table.id(row)).filter(|id| fits(id)) {
            Some(id) => _ = ids.insert((table, row), id),
            None => *skipped.entry("rows of metadata without a usable id".to_owned()).or_default() += 1,
        }
    }
    ids
}
