//! Which of the file's animations are played, and what they move.
//!
//! glTF lists animations and does not say which to play. A venue plays all that can be played together, each
//! again and again, in the file's order: one that changes what an earlier one changes already is left out, which
//! keeps the first of a figure's walks and every machine of a hall.

use std::collections::{BTreeMap, BTreeSet};

use crate::scene::gltf::Document;
use crate::scene::gltf::document::{Channel, NodeProperty, Target};
use crate::scene::motion::Interpolation;

/// Two numbers are one if they differ by less: what exporters write of things that stand still.
const STILL: f32 = 1e-6;

/// A channel that is played.
#[derive(Clone, Copy, Debug)]
pub struct Played<'a> {
    /// What it changes, and how.
    pub channel: &'a Channel,
    /// After so long it begins anew, seconds.
    pub period_seconds: f32,
}

/// What is played.
#[derive(Clone, Debug, Default)]
pub struct Playing<'a> {
    /// In the file's order; none is of something that stays as it is.
    pub channels: Vec<Played<'a>>,
    /// How many animations are left out because they change what others do.
    left_out: u32,
    /// One a node: the topmost node that moves, of it and those above it.
    roots: Vec<Option<usize>>,
    /// Nodes whose morph targets' weights change.
    morphing: BTreeSet<usize>,
}

impl<'a> Playing<'a> {
    /// Chooses what is played.
    pub fn of(document: &'a Document) -> Self {
        let mut playing = Self::default();
        let mut taken: BTreeSet<Target> = BTreeSet::new();
        for animation in &document.animations {
            if animation.channels.iter().any(|channel| taken.contains(&channel.target)) {
                playing.left_out += 1;
                continue;
            }
            taken.extend(animation.channels.iter().map(|channel| channel.target));
            let changing = animation.channels.iter().filter(|channel| !is_still(document, channel));
            let period_seconds = animation.period_seconds;
            playing.channels.extend(changing.map(|channel| Played { channel, period_seconds }));
        }
        let mut moved = BTreeSet::new();
        for played in &playing.channels {
            match played.channel.target {
                Target::Node(node, NodeProperty::Weights) => _ = playing.morphing.insert(node),
                Target::Node(node, _) => _ = moved.insert(node),
                Target::Material(..) => {}
            }
        }
        for (index, node) in document.nodes.iter().enumerate() {
            let above = node.parent.and_then(|parent| playing.roots.get(parent).copied().flatten());
            playing.roots.push(above.or(moved.contains(&index).then_some(index)));
        }
        playing
    }

    /// What is left out, by name.
    pub fn skipped(&self) -> BTreeMap<String, u32> {
        let name = "animations of what an earlier one moves".to_owned();
        BTreeMap::from_iter((self.left_out > 0).then_some((name, self.left_out)))
    }

    /// Whether something of the material changes.
    pub fn changes(&self, material: usize) -> bool {
        let changed =
            |played: &Played<'_>| matches!(played.channel.target, Target::Material(m, _) if m == material);
        self.channels.iter().any(changed)
    }

    /// The topmost node that moves, of this one and those above it.
    pub fn root(&self, node: usize) -> Option<usize> {
        self.roots.get(node).copied().flatten()
    }

    /// Whether the weights of its morph targets change.
    pub fn is_morphing(&self, node: usize) -> bool {
        self.morphing.contains(&node)
    }

    /// Whether the vertices of the node's mesh move: with it, with a joint that they follow, or by morph targets.
    pub fn moves(&self, document: &Document, node: usize) -> bool {
        self.is_morphing(node) || self.carrier(document, node).is_some()
    }

    /// The topmost node that carries vertices of the node's mesh along.
    pub fn carrier(&self, document: &Document, node: usize) -> Option<usize> {
        let skin = document.nodes.get(node)?.skin.and_then(|skin| document.skins.get(skin));
        match skin {
            Some(skin) => skin.joints.iter().filter_map(|&joint| self.root(joint)).min(),
            None => self.root(node),
        }
    }
}

/// Whether the channel leaves what it changes as it is.
fn is_still(document: &Document, channel: &Channel) -> bool {
    let Target::Node(node, property) = channel.target else { return false };
    let Some(node) = document.nodes.get(node) else { return true };
    let (scale, rotation, translation) = node.parent_from_node.to_scale_rotation_translation();
    let rest: Vec<f32> = match property {
        NodeProperty::Translation => translation.to_array().to_vec(),
        NodeProperty::Rotation => rotation.to_array().to_vec(),
        NodeProperty::Scale => scale.to_array().to_vec(),
        NodeProperty::Weights => node.weights.clone(),
        NodeProperty::Visibility => vec![if node.is_visible { 1.0 } else { 0.0 }],
    };
    // A spline may swing although all its values are one.
    let (curve, width) = (&channel.curve, channel.curve.width());
    let is_rest = |value: &[f32]| {
        let same = |sign: f32| value.iter().zip(&rest).all(|(a, b)| (a - sign * b).abs() <= STILL);
        same(1.0) || (property == NodeProperty::Rotation && same(-1.0))
    };
    curve.interpolation() != Interpolation::CubicSpline && curve.values().chunks(width).all(is_rest)
}
