//! The venue as a tree of named nodes with shared meshes, before it becomes a file.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use glam::{Mat4, Quat, Vec3};

use super::{
    mesh::{Mesh, Model, Placement},
    palette::Material,
    sound::Sound,
};

/// A mesh in the twin, to be placed any number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeshId(pub usize);

/// A node in the twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// A node: a name, a place, perhaps a mesh, perhaps an entity.
#[derive(Clone, Debug)]
pub struct Node {
    /// What a person calls it.
    pub name: String,
    /// Within its parent.
    pub placement: Placement,
    /// What it shows.
    pub mesh: Option<MeshId>,
    /// Its stable id, if something may be told about it.
    pub entity: Option<String>,
    /// It can be taken in the hand, and weighs so many kilograms.
    pub prop: Option<f32>,
    /// The sun, in lux, if this node is it.
    pub sun: Option<f32>,
    /// What it sounds like.
    pub sound: Option<Sound>,
    /// In the file's order.
    pub children: Vec<NodeId>,
}

/// A viewpoint at eye height.
#[derive(Clone, Debug)]
pub struct View {
    /// What a person calls it.
    pub name: &'static str,
    /// Of the eyes.
    pub eye: Vec3,
    /// What is looked at.
    pub target: Vec3,
}

/// A node that turns about its origin, again and again.
#[derive(Clone, Debug)]
pub struct Motion {
    /// Which.
    pub node: NodeId,
    /// Seconds, and how it is turned then: the last as the first.
    pub turns: Vec<(f32, Quat)>,
}

/// The whole venue.
#[derive(Clone, Debug, Default)]
pub struct Twin {
    /// Meshes with their names.
    pub meshes: Vec<(String, Model)>,
    /// Parents come before their children.
    pub nodes: Vec<Node>,
    /// What moves by itself.
    pub motions: Vec<Motion>,
    /// Nodes without a parent.
    pub roots: Vec<NodeId>,
    /// Nodes whose mesh stands only once and takes soft shade from what stands on it.
    pub shaded: Vec<NodeId>,
    /// Vertex colours of meshes that have them.
    pub shades: BTreeMap<MeshId, BTreeMap<Material, Vec<[u8; 4]>>>,
}

impl Twin {
    /// Keeps a model as a mesh.
    pub fn mesh(&mut self, name: &str, model: Model) -> MeshId {
        self.meshes.push((name.to_owned(), model));
        MeshId(self.meshes.len() - 1)
    }

    /// Adds a node without a mesh; `parent` is `None` for a root.
    pub fn group(&mut self, parent: Option<NodeId>, name: impl Into<String>, placement: Placement) -> NodeId {
        let node = Node {
            name: name.into(),
            placement,
            mesh: None,
            entity: None,
            prop: None,
            sun: None,
            sound: None,
            children: Vec::new(),
        };
        self.nodes.push(node);
        let id = NodeId(self.nodes.len() - 1);
        match parent {
            Some(parent) => self.nodes[parent.0].children.push(id),
            None => self.roots.push(id),
        }
        id
    }

    /// Stands a mesh under a node.
    pub fn place(
        &mut self,
        parent: NodeId,
        name: impl Into<String>,
        mesh: MeshId,
        placement: Placement,
    ) -> NodeId {
        let id = self.group(Some(parent), name, placement);
        self.nodes[id.0].mesh = Some(mesh);
        id
    }

    /// Keeps a model that stands only once and stands it.
    pub fn stand(
        &mut self,
        parent: NodeId,
        name: impl Into<String>,
        model: Model,
        placement: Placement,
    ) -> NodeId {
        let name = name.into();
        let mesh = self.mesh(&name, model);
        self.place(parent, name, mesh, placement)
    }

    /// As [`Self::stand`] for a surface of one material.
    pub fn stand_one(
        &mut self,
        parent: NodeId,
        name: impl Into<String>,
        material: Material,
        mesh: Mesh,
        placement: Placement,
    ) -> NodeId {
        self.stand(parent, name, Model::of(material, mesh), placement)
    }

    /// Gives a node its stable id.
    pub fn entity(&mut self, node: NodeId, id: impl Into<String>) -> NodeId {
        self.nodes[node.0].entity = Some(id.into());
        node
    }

    /// Lets people take the node in the hand.
    pub fn prop(&mut self, node: NodeId, mass_kilograms: f32) -> NodeId {
        self.nodes[node.0].prop = Some(mass_kilograms);
        node
    }

    /// Has a node turn by itself.
    pub fn turns(&mut self, node: NodeId, turns: Vec<(f32, Quat)>) {
        self.motions.push(Motion { node, turns });
    }

    /// Has a node sound.
    pub fn sounds(&mut self, node: NodeId, sound: Sound) {
        self.nodes[node.0].sound = Some(sound);
    }

    /// Has a node's mesh, which must be placed only once, take soft shade.
    pub fn shaded(&mut self, node: NodeId) -> NodeId {
        self.shaded.push(node);
        node
    }

    /// Every node with its place in the world, parents first.
    pub fn world(&self) -> Vec<(NodeId, Mat4)> {
        let mut world = Vec::with_capacity(self.nodes.len());
        let mut open: Vec<(NodeId, Mat4)> =
            self.roots.iter().rev().map(|root| (*root, Mat4::IDENTITY)).collect();
        while let Some((id, world_from_parent)) = open.pop() {
            let node = &self.nodes[id.0];
            let world_from_node = world_from_parent * node.placement.matrix();
            world.push((id, world_from_node));
            open.extend(node.children.iter().rev().map(|child| (*child, world_from_node)));
        }
        world
    }

    /// Triangles as seen, every placed mesh counted.
    pub fn triangle_count(&self) -> usize {
        self.nodes
            .iter()
            .filter_map(|node| node.mesh)
            .map(|mesh| self.meshes[mesh.0].1.triangle_count())
            .sum()
    }

    /// Entity ids, which must differ.
    pub fn entities(&self) -> Result<BTreeSet<&str>> {
        let mut ids = BTreeSet::new();
        for id in self.nodes.iter().filter_map(|node| node.entity.as_deref()) {
            ensure!(ids.insert(id), "two nodes of the venue carry the entity id {id:?}: rename one");
        }
        Ok(ids)
    }
}
