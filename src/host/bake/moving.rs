//! What moves by itself: its vertices, each with the bones that it follows, gathered into parts that are drawn as one.
//!
//! Vertices are kept as the scene stands at rest, so that they share one grid; each joint knows the way from there
//! to its bone. A part holds what hangs from one moving node, or what one set of morph targets moves, as far as it
//! fits a tile and a palette of 256 joints; what does not fit goes on in another part.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Mat3, Vec3};

use super::deform;
use super::flatten::Part;
use super::playing::{Played, Playing};
use super::soup::{Mesh, Vertex};
use crate::math::Aabb;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{MorphTarget, Node, NodeProperty, SourceInfluence, Target};
use crate::scene::limits;
use crate::scene::motion::{Bone, Influence, Joint, Motion, Posture, Property, Track, Transform};

/// A vertex that follows all of one joint.
const WHOLE: [u8; 4] = [255, 0, 0, 0];

/// A joint: its bone, and the way from the scene at rest to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hold {
    /// Into [`MovingPart::bones`].
    pub bone: u16,
    /// From the scene at rest to the bone, metres.
    pub bone_from_rest: Affine3A,
}

impl Hold {
    /// As a joint whose vertices are given in metres.
    fn in_metres(&self) -> Joint {
        Joint { bone: self.bone, bone_from_grid: self.bone_from_rest, reach: Aabb::EMPTY }
    }
}

/// What is drawn as one and moves.
#[derive(Clone, Debug, Default)]
pub struct MovingPart {
    /// The scene at rest; its vertices are in the order of the lists below.
    pub mesh: Mesh,
    /// One a vertex.
    pub influences: Vec<Influence>,
    /// One list a morph target: how it moves each vertex, and its normal.
    pub targets: Vec<Vec<[Vec3; 2]>>,
    /// What vertices follow.
    pub holds: Vec<Hold>,
    /// Parents before children.
    pub bones: Vec<Bone>,
    /// What bones and weights do.
    pub tracks: Vec<Track>,
    /// Of the morph targets, at rest.
    pub weights: Vec<f32>,
    /// The document's node of each bone.
    nodes: Vec<usize>,
}

/// What is kept in one part: by the node that carries it, and the node whose morph targets move it.
type Key = (Option<usize>, Option<usize>);

/// Parts while they are gathered.
pub(super) struct Movers<'a> {
    document: &'a Document,
    playing: &'a Playing<'a>,
    parts: BTreeMap<Key, Vec<MovingPart>>,
}

/// What moves the vertices of a source's set, beside their node.
#[derive(Clone, Copy)]
pub(super) struct MovedBy<'a> {
    /// One a vertex, where a skin holds them.
    pub influences: Option<&'a [SourceInfluence]>,
    /// Of the primitive.
    pub targets: &'a [MorphTarget],
}

/// How one primitive's vertices get to the scene at rest, and what they follow.
struct Way {
    rest_from_mesh: Affine3A,
    /// The document's node and the way to it, for each joint of the skin, or for the node alone.
    holds: Vec<(usize, Affine3A)>,
}

impl<'a> Movers<'a> {
    /// Of a document of which nothing is gathered yet.
    pub fn new(document: &'a Document, playing: &'a Playing<'a>) -> Self {
        Self { document, playing, parts: BTreeMap::new() }
    }

    /// The node as its mesh stands in the scene at rest: what a skin moves does not care where its node is.
    pub fn at_rest(&self, index: usize) -> Node {
        let node = self.document.nodes[index].clone();
        Node { world_from_node: self.way(index).rest_from_mesh, ..node }
    }

    /// Adds a primitive that [`Part::new`] made of the node at rest.
    pub fn add(&mut self, index: usize, part: &Part, group: u32, moved_by: MovedBy<'_>) {
        let way = self.way(index);
        let morphing = self.playing.is_morphing(index).then_some(index);
        let key = (self.playing.carrier(self.document, index), morphing);
        let moved_by =
            MovedBy { targets: if morphing.is_some() { moved_by.targets } else { &[] }, ..moved_by };
        let (triangles, _) = part.indices.as_chunks::<3>();
        let mut rest = triangles;
        while !rest.is_empty() {
            let parts = self.parts.entry(key).or_default();
            let is_fresh = parts.last().is_none_or(|last| last.mesh.vertices.is_empty());
            if parts.is_empty() {
                parts.push(MovingPart::default());
            }
            let Some(last) = parts.last_mut() else { return };
            let mut adder = Adder::new(self.document, last, &way, (part, group), moved_by);
            let taken = rest.iter().take_while(|triangle| adder.takes(**triangle)).count();
            rest = rest.get(taken..).unwrap_or_default();
            if taken == 0 && is_fresh {
                // One triangle always fits an empty part.
                return;
            }
            if !rest.is_empty() {
                parts.push(MovingPart::default());
            }
        }
    }

    /// The parts, with their bones' tracks.
    pub fn finish(self) -> Vec<MovingPart> {
        let Self { document, playing, parts } = self;
        let mut finished = Vec::new();
        for ((_, morphing), parts) in parts {
            for mut part in parts.into_iter().filter(|part| !part.mesh.indices.is_empty()) {
                part.tracks = tracks(&part, playing, morphing);
                part.weights = match morphing.and_then(|node| document.nodes.get(node)) {
                    Some(node) => node.weights.clone(),
                    None => Vec::new(),
                };
                if part.targets.is_empty() {
                    part.weld();
                }
                finished.push(part);
            }
        }
        finished
    }

    fn way(&self, index: usize) -> Way {
        let invertible = |matrix: Affine3A| {
            let determinant = matrix.matrix3.determinant();
            if determinant.is_finite() && determinant.abs() > f32::MIN_POSITIVE {
                matrix
            } else {
                Affine3A::IDENTITY
            }
        };
        let Some(node) = self.document.nodes.get(index) else {
            return Way { rest_from_mesh: Affine3A::IDENTITY, holds: Vec::new() };
        };
        let Some(skin) = node.skin.and_then(|skin| self.document.skins.get(skin)) else {
            let rest_from_mesh = invertible(node.world_from_node);
            return Way { rest_from_mesh, holds: vec![(index, rest_from_mesh.inverse())] };
        };
        let first = deform::palette(self.document, skin).first().copied().unwrap_or_default();
        let rest_from_mesh = invertible(first);
        let back = rest_from_mesh.inverse();
        let holds = skin.joints.iter().zip(&skin.joint_from_mesh).map(|(&joint, &bind)| (joint, bind * back));
        Way { rest_from_mesh, holds: holds.collect() }
    }
}

/// Puts triangles of one primitive into a part.
struct Adder<'a> {
    document: &'a Document,
    into: &'a mut MovingPart,
    way: &'a Way,
    part: &'a Part,
    group: u32,
    moved_by: MovedBy<'a>,
    /// What a target's deltas become in the scene at rest, and its normals'.
    matrices: [Mat3; 2],
    /// Of the primitive's vertices in the part.
    places: Vec<Option<u32>>,
    /// Of the way's joints in the part.
    joints: BTreeMap<usize, u8>,
}

impl<'a> Adder<'a> {
    fn new(
        document: &'a Document,
        into: &'a mut MovingPart,
        way: &'a Way,
        (part, group): (&'a Part, u32),
        moved_by: MovedBy<'a>,
    ) -> Self {
        let matrix = Mat3::from(way.rest_from_mesh.matrix3);
        let places = vec![None; part.vertices.len()];
        // Those that are there are not moved by targets that come with another primitive.
        let still = vec![[Vec3::ZERO; 2]; into.mesh.vertices.len()];
        into.targets.resize(into.targets.len().max(moved_by.targets.len()), still);
        let matrices = [matrix, deform::cofactors(matrix) * matrix.determinant().signum()];
        Self { document, into, way, part, group, moved_by, matrices, places, joints: BTreeMap::new() }
    }

    /// Adds the triangle; false where the part has no more room.
    fn takes(&mut self, triangle: [u32; 3]) -> bool {
        let room = limits::TILE_VERTICES_MAX.saturating_sub(self.into.mesh.vertices.len() + 1);
        let has_room = room >= 3 && self.into.mesh.indices.len() + 3 <= limits::TILE_INDICES_MAX;
        if !has_room || !self.has_joints(triangle) {
            return false;
        }
        let corners = triangle.map(|corner| self.place(corner as usize));
        self.into.mesh.indices.extend(corners);
        true
    }

    /// Whether all joints that the triangle follows have their place in the part, now.
    fn has_joints(&mut self, triangle: [u32; 3]) -> bool {
        let wanted: Vec<usize> = triangle.iter().flat_map(|&corner| self.followed(corner as usize)).collect();
        wanted.into_iter().all(|joint| self.joint(joint).is_some())
    }

    /// The joints of the way that a vertex follows.
    fn followed(&self, vertex: usize) -> Vec<usize> {
        let Some(influence) = self.influence(vertex) else { return vec![0] };
        let pairs = influence.joints.iter().zip(influence.weights);
        let joints: Vec<usize> =
            pairs.filter(|(_, weight)| *weight > 0.0).map(|(&joint, _)| usize::from(joint)).collect();
        if joints.is_empty() { vec![0] } else { joints }
    }

    fn influence(&self, vertex: usize) -> Option<&SourceInfluence> {
        let source = *self.part.corners.get(vertex)? as usize;
        self.moved_by.influences?.get(source)
    }

    /// The joint's place in the part's palette; `None` where that is full.
    fn joint(&mut self, joint: usize) -> Option<u8> {
        if let Some(&known) = self.joints.get(&joint) {
            return Some(known);
        }
        let &(node, bone_from_rest) = self.way.holds.get(joint).or(self.way.holds.first())?;
        let bone = self.into.bone(self.document, node)?;
        let hold = Hold { bone, bone_from_rest };
        let known = self.into.holds.iter().position(|other| *other == hold);
        let place = u8::try_from(known.unwrap_or(self.into.holds.len())).ok()?;
        if known.is_none() {
            self.into.holds.push(hold);
        }
        self.joints.insert(joint, place);
        Some(place)
    }

    /// The vertex's place in the part, whose joints are known.
    fn place(&mut self, vertex: usize) -> u32 {
        if let Some(&Some(known)) = self.places.get(vertex) {
            return known;
        }
        let influence = self.quantised(vertex);
        let place = self.into.mesh.vertices.len() as u32;
        let own = self.part.vertices.get(vertex).copied().unwrap_or_default();
        self.into.mesh.vertices.push(Vertex { group: self.group, ..own });
        self.into.influences.push(influence);
        let source = self.part.corners.get(vertex).copied().unwrap_or_default() as usize;
        let [linear, turning] = self.matrices;
        for (list, number) in self.into.targets.iter_mut().zip(0_usize..) {
            let [position, normal] = self
                .moved_by
                .targets
                .get(number)
                .map(|target| deform::delta(target, source))
                .unwrap_or_default();
            let turned = turning * normal;
            list.push([linear * position, turned.normalize_or_zero() * normal.length()]);
        }
        if let Some(slot) = self.places.get_mut(vertex) {
            *slot = Some(place);
        }
        place
    }

    /// Weights as bytes that make 255 together.
    fn quantised(&mut self, vertex: usize) -> Influence {
        let source = self.influence(vertex).copied();
        let whole = self.joint(0).unwrap_or_default();
        let Some(source) = source.filter(|influence| influence.weights.iter().any(|&weight| weight > 0.0))
        else {
            return Influence { joints: [whole, 0, 0, 0], weights: WHOLE };
        };
        let mut influence = Influence::default();
        for (slot, (&joint, weight)) in source.joints.iter().zip(source.weights).enumerate() {
            let byte = (weight * 255.0).round() as u8;
            if byte > 0 {
                influence.joints[slot] = self.joint(usize::from(joint)).unwrap_or_default();
                influence.weights[slot] = byte;
            }
        }
        // The heaviest comes first and takes what rounding has lost or won.
        let others: u32 = influence.weights[1..].iter().map(|&weight| u32::from(weight)).sum();
        influence.weights[0] = 255_u32.saturating_sub(others) as u8;
        influence
    }
}

impl MovingPart {
    /// How it moves, with vertices that are given in metres.
    pub fn motion(&self) -> Motion {
        let mut motion = Motion {
            bones: self.bones.clone(),
            joints: self.holds.iter().map(Hold::in_metres).collect(),
            tracks: self.tracks.clone(),
            weights: self.weights.clone(),
        };
        self.measure(&mut motion.joints);
        motion
    }

    /// Where its vertices are in a posture, metres in the world.
    pub fn placed(&self, posture: &Posture) -> Vec<Vec3> {
        let place = |(vertex, influence): (usize, &Influence)| {
            let deltas = self.targets.iter().zip(&posture.weights);
            let moved: Vec3 = deltas.map(|(target, &weight)| target[vertex][0] * weight).sum();
            let rest = self.mesh.vertices[vertex].position + moved;
            let parts = influence.joints.iter().zip(influence.weights).filter(|(_, weight)| *weight > 0);
            let held = parts.map(|(&joint, weight)| {
                posture.palette[usize::from(joint)].transform_point3(rest) * f32::from(weight) / 255.0
            });
            held.sum()
        };
        self.influences.iter().enumerate().map(place).collect()
    }

    /// Finds what every joint holds of the vertices, metres.
    fn measure(&self, joints: &mut [Joint]) {
        for (vertex, influence) in self.influences.iter().enumerate() {
            let place = self.mesh.vertices[vertex].position;
            let slack: Vec3 = self.targets.iter().map(|target| target[vertex][0].abs()).sum();
            for (&joint, &weight) in influence.joints.iter().zip(&influence.weights) {
                if let Some(joint) = joints.get_mut(usize::from(joint)).filter(|_| weight > 0) {
                    joint.reach = joint.reach.with(place - slack).with(place + slack);
                }
            }
        }
    }

    /// The number of the node's bone; adds it and those above it.
    fn bone(&mut self, document: &Document, node: usize) -> Option<u16> {
        if let Some(known) = self.nodes.iter().position(|&known| known == node) {
            return u16::try_from(known).ok();
        }
        let source = document.nodes.get(node)?;
        // Recursion is as deep as the scene, which is bounded.
        let parent =
            source.parent.map(|parent| self.bone(document, parent)).map_or(Some(None), |p| p.map(Some))?;
        if self.bones.len() >= limits::BONES_MAX {
            return None;
        }
        let rest = Transform::of(&source.parent_from_node);
        self.bones.push(Bone { parent, rest, is_visible: source.is_visible });
        self.nodes.push(node);
        u16::try_from(self.bones.len() - 1).ok()
    }

    /// Joins vertices that are the same and follow the same.
    fn weld(&mut self) {
        #[repr(C)]
        #[derive(Clone, Copy, Default, PartialEq, Pod, Zeroable)]
        struct Follower {
            vertex: Vertex,
            influence: Influence,
        }
        let pairs = self.mesh.vertices.iter().zip(&self.influences);
        let followers: Vec<Follower> =
            pairs.map(|(&vertex, &influence)| Follower { vertex, influence }).collect();
        let (count, remap) = meshopt::generate_vertex_remap(&followers, Some(&self.mesh.indices));
        let followers = meshopt::remap_vertex_buffer(&followers, count, &remap);
        self.mesh.vertices = followers.iter().map(|follower| follower.vertex).collect();
        self.influences = followers.iter().map(|follower| follower.influence).collect();
        self.mesh.indices.iter_mut().for_each(|index| *index = remap[*index as usize]);
    }
}

/// What moves the part's bones and weighs its targets.
fn tracks(part: &MovingPart, playing: &Playing<'_>, morphing: Option<usize>) -> Vec<Track> {
    let track = |played: &Played<'_>| {
        let Target::Node(node, property) = played.channel.target else { return None };
        let property = if property == NodeProperty::Weights {
            (morphing == Some(node)).then_some(Property::Weights)?
        } else {
            let bone = u16::try_from(part.nodes.iter().position(|&known| known == node)?).ok()?;
            match property {
                NodeProperty::Translation => Property::Translation(bone),
                NodeProperty::Rotation => Property::Rotation(bone),
                NodeProperty::Scale => Property::Scale(bone),
                NodeProperty::Visibility => Property::Visibility(bone),
                NodeProperty::Weights => return None,
            }
        };
        let curve = played.channel.curve.clone();
        let fits = curve.width() == property.width(part.targets.len());
        fits.then_some(Track { property, curve, period_seconds: played.period_seconds })
    };
    let mut tracks: Vec<Track> = playing.channels.iter().filter_map(track).collect();
    tracks.sort_by_key(|track| track.property);
    reach_periods(&mut tracks);
    tracks
}

/// glTF says how long an animation is by its last key alone: of each period one curve holds on until then.
fn reach_periods(tracks: &mut [Track]) {
    let periods: Vec<f32> = tracks.iter().map(|track| track.period_seconds).collect();
    for period in periods {
        let ends = |track: &Track| track.period_seconds == period && track.curve.end_seconds() >= period;
        if tracks.iter().any(ends) {
            continue;
        }
        if let Some(track) = tracks.iter_mut().find(|track| track.period_seconds == period) {
            track.curve = track.curve.held_until(period);
        }
    }
}
