//! Animations: what changes over time. Broken ones are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Arguments;

use super::accessor::{Component, Reader};
use super::buffer::View;
use super::document::{self, NodeProperty, SourceProperty, Target};
use super::morph;
use super::schema::{Animation, AnimationSampler, Channel, Root};
use super::skipped::Skipped;
use crate::scene::motion::{Curve, Interpolation};
use crate::scene::{ContentError, limits};

/// How far from 1 the length of a rotation may be: bytes are rounded.
const ROTATION_TOLERANCE: f32 = 0.02;

/// # Errors
/// When times do not count up, or values do not fit their times or what they change.
pub(super) fn check(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    let mut checker = Checker { root, views, times: BTreeMap::new(), rotations: BTreeSet::new() };
    for (i, animation) in root.animations.iter().enumerate() {
        for (j, sampler) in animation.samplers.iter().enumerate() {
            checker.times(sampler, format_args!("/animations/{i}/samplers/{j}/input"))?;
        }
        let mut targets = BTreeSet::new();
        for (j, channel) in animation.channels.iter().enumerate() {
            let place = format!("/animations/{i}/channels/{j}");
            checker.channel(animation, channel, &place)?;
            if !targets.insert(target(channel)) {
                return Err(ContentError::malformed(place, "another channel changes the same"));
            }
        }
    }
    Ok(())
}

/// What a channel changes: a node and its path, or a pointer.
fn target(channel: &Channel) -> (Option<usize>, &str) {
    match &channel.target.extensions.pointer {
        Some(extension) => (None, &extension.pointer),
        None => (channel.target.node, &channel.target.path),
    }
}

struct Checker<'a> {
    root: &'a Root,
    views: &'a [View<'a>],
    /// How many times there are in each accessor that has been looked at.
    times: BTreeMap<usize, usize>,
    /// Accessors of rotations that have been looked at, and how they are interpolated.
    rotations: BTreeSet<(usize, bool)>,
}

fn is_cubic(sampler: &AnimationSampler) -> bool {
    sampler.interpolation.as_deref() == Some("CUBICSPLINE")
}

impl Checker<'_> {
    fn times(&mut self, sampler: &AnimationSampler, place: Arguments<'_>) -> Result<(), ContentError> {
        let refuse = |reason: &str| Err(ContentError::malformed(place.to_string(), reason));
        let reader = Reader::of(self.root, self.views, sampler.input)?;
        if is_cubic(sampler) && reader.count < 2 {
            return refuse("a spline needs two times");
        }
        if self.times.contains_key(&sampler.input) {
            return Ok(());
        }
        if !reader.is_floats("SCALAR") {
            return refuse("times are scalars of floats");
        }
        if !reader.has_bounds() {
            return refuse("times have to have their min and max");
        }
        if reader.has_data() {
            let times = reader.floats::<1>()?;
            if times.first().is_some_and(|[first]| *first < 0.0) {
                return refuse("a time is negative");
            }
            if times.windows(2).any(|pair| matches!(pair, [a, b] if a >= b)) {
                return refuse("times do not count up");
            }
        }
        self.times.insert(sampler.input, reader.count);
        Ok(())
    }

    fn channel(&mut self, animation: &Animation, channel: &Channel, place: &str) -> Result<(), ContentError> {
        let refuse = |reason: &str| Err(ContentError::malformed(place, reason));
        let Some(sampler) = animation.samplers.get(channel.sampler) else {
            return refuse("its animation has no such sampler");
        };
        if let Some(extension) = &channel.target.extensions.pointer {
            if channel.target.path != "pointer" {
                return refuse("it has a pointer, and its path is not “pointer”");
            }
            if channel.target.node.is_some() {
                return refuse("it changes a node and what a pointer names at once");
            }
            if !is_json_pointer(&extension.pointer) {
                return refuse("its pointer is no JSON pointer");
            }
        }
        let node = channel.target.node.and_then(|node| self.root.nodes.get(node));
        let changes_transform = matches!(channel.target.path.as_str(), "translation" | "rotation" | "scale");
        if changes_transform && node.is_some_and(|node| node.matrix.is_some()) {
            return refuse("its node has a matrix, which has no parts to be changed");
        }
        let mut values_per_key = if is_cubic(sampler) { 3_usize } else { 1 };
        if let (Some(node), "weights") = (node, channel.target.path.as_str()) {
            let mesh = node.mesh.and_then(|mesh| self.root.meshes.get(mesh));
            match mesh.map_or(0, morph::target_count) {
                0 => return refuse("its node has no morph targets to be weighed"),
                count => values_per_key = values_per_key.saturating_mul(count),
            }
        }
        self.values(sampler, &channel.target.path, node.is_some(), values_per_key, place)
    }

    /// Whether the values of a channel are as many as they have to be, and of the right format.
    fn values(
        &mut self,
        sampler: &AnimationSampler,
        path: &str,
        has_node: bool,
        values_per_key: usize,
        place: &str,
    ) -> Result<(), ContentError> {
        let refuse = |reason: &str| Err(ContentError::malformed(format!("{place}/sampler"), reason));
        let reader = Reader::of(self.root, self.views, sampler.output)?;
        let keys = self.times.get(&sampler.input).copied().unwrap_or_default();
        let expected = keys.saturating_mul(values_per_key);
        // How many there are for each time depends on what a pointer names, or an extension changes.
        let is_open = !has_node && !matches!(path, "translation" | "rotation" | "scale");
        let fits =
            if is_open { reader.count.is_multiple_of(expected.max(1)) } else { reader.count == expected };
        if !fits {
            return refuse("there are not as many values as its times need");
        }
        let is_plain = reader.component == Component::F32;
        let is_fraction = reader.is_normalized() && reader.component != Component::U32;
        let format_fits = match path {
            "translation" | "scale" => reader.kind() == "VEC3" && is_plain,
            "rotation" => reader.kind() == "VEC4" && (is_plain || is_fraction),
            "weights" => reader.kind() == "SCALAR" && (is_plain || is_fraction),
            _ => true,
        };
        if !format_fits {
            return refuse("its values are not of the format of what they change");
        }
        let is_new = path == "rotation" && self.rotations.insert((sampler.output, is_cubic(sampler)));
        if is_new && reader.has_data() && !are_rotations(&reader.floats::<4>()?, is_cubic(sampler)) {
            return refuse("a rotation is not a unit quaternion");
        }
        Ok(())
    }
}

/// A spline has a tangent before and after each value.
fn are_rotations(values: &[[f32; 4]], is_cubic: bool) -> bool {
    let is_unit = |value: &[f32; 4]| (glam::Vec4::from(*value).length() - 1.0).abs() <= ROTATION_TOLERANCE;
    if is_cubic { values.iter().skip(1).step_by(3).all(is_unit) } else { values.iter().all(is_unit) }
}

/// RFC 6901: steps that begin with a slash each, and after a tilde only 0 or 1.
fn is_json_pointer(pointer: &str) -> bool {
    let escapes_are_whole = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    pointer.starts_with('/') && escapes_are_whole
}

/// What may be changed of nodes by any animation of the file: then neither having no size nor not being seen is a
/// reason to leave them out.
pub(super) fn changed(root: &Root, wanted: NodeProperty) -> BTreeSet<usize> {
    let channels = root.animations.iter().flat_map(|animation| &animation.channels);
    let changed = channels.filter_map(|channel| match target_of(root, channel)? {
        Target::Node(node, property) => (property == wanted).then_some(node),
        Target::Material(..) => None,
    });
    changed.collect()
}

/// All animations that passed [`check`]. `place_of` says where a node of the file is in the document, if it is.
///
/// # Errors
/// When values cannot be read.
pub(in crate::scene) fn read(
    root: &Root,
    views: &[View<'_>],
    place_of: &[Option<usize>],
    skipped: &mut Skipped,
) -> Result<Vec<document::Animation>, ContentError> {
    let mut animations = Vec::with_capacity(root.animations.len());
    let mut numbers = 0_usize;
    for animation in &root.animations {
        let mut channels = Vec::with_capacity(animation.channels.len());
        let mut period_seconds = 0.0_f32;
        for channel in &animation.channels {
            let Some(target) = target_of(root, channel) else {
                // A channel without a target is one that glTF says to ignore.
                let is_meant = channel.target.node.is_some() || channel.target.extensions.pointer.is_some();
                skipped.add("animations of what cannot be animated", u32::from(is_meant));
                continue;
            };
            let target = match target {
                Target::Node(node, property) => {
                    let Some(node) = place_of.get(node).copied().flatten() else { continue };
                    Target::Node(node, property)
                }
                Target::Material(..) => target,
            };
            let Some(sampler) = animation.samplers.get(channel.sampler) else { continue };
            // Channels may share a sampler, and each gets its own curve.
            for accessor in [sampler.input, sampler.output] {
                let reader = Reader::of(root, views, accessor)?;
                numbers = numbers.saturating_add(reader.decoded_bytes() / 4);
            }
            ContentError::check("/animations", "numbers", numbers, limits::ANIMATION_NUMBERS_MAX)?;
            let Some(curve) = curve(root, views, sampler, target)? else {
                skipped.add("animations without values", 1);
                continue;
            };
            period_seconds = period_seconds.max(curve.end_seconds());
            // Two ways to say the same: the first is heard.
            if channels.iter().all(|known: &document::Channel| known.target != target) {
                channels.push(document::Channel { target, curve });
            }
        }
        if !channels.is_empty() {
            animations.push(document::Animation { channels, period_seconds });
        }
    }
    Ok(animations)
}

/// `None` where nothing gives the values, or they are not as many as their target needs.
fn curve(
    root: &Root,
    views: &[View<'_>],
    sampler: &AnimationSampler,
    target: Target,
) -> Result<Option<Curve>, ContentError> {
    let (times, values) = (Reader::of(root, views, sampler.input)?, Reader::of(root, views, sampler.output)?);
    if !times.has_data() || !values.has_data() {
        return Ok(None);
    }
    let interpolation = match sampler.interpolation.as_deref() {
        Some("STEP") => Interpolation::Step,
        Some("CUBICSPLINE") => Interpolation::CubicSpline,
        _ => Interpolation::Linear,
    };
    let times: Vec<f32> = times.floats::<1>()?.into_iter().flatten().collect();
    let values: Vec<f32> = match values.kind() {
        "SCALAR" => values.floats::<1>()?.into_iter().flatten().collect(),
        "VEC2" => values.floats::<2>()?.into_iter().flatten().collect(),
        "VEC3" => values.floats::<3>()?.into_iter().flatten().collect(),
        "VEC4" => values.floats::<4>()?.into_iter().flatten().collect(),
        _ => return Ok(None),
    };
    let parts = if interpolation == Interpolation::CubicSpline { 3 } else { 1 };
    let width = match target {
        Target::Node(_, NodeProperty::Translation | NodeProperty::Scale) => 3,
        Target::Node(_, NodeProperty::Rotation) => 4,
        Target::Node(_, NodeProperty::Visibility) => 1,
        Target::Node(_, NodeProperty::Weights) => {
            values.len().checked_div(times.len().saturating_mul(parts)).unwrap_or_default()
        }
        Target::Material(_, property) => property.width(),
    };
    Ok(Curve::new(interpolation, width, times, values))
}

/// What the channel changes, with the file's own numbers; `None` for what cannot be changed here.
fn target_of(root: &Root, channel: &Channel) -> Option<Target> {
    let target = match &channel.target.extensions.pointer {
        Some(extension) => pointed(&extension.pointer)?,
        None => Target::Node(channel.target.node?, node_property(&channel.target.path)?),
    };
    match target {
        Target::Node(node, property) => {
            let schema = root.nodes.get(node)?;
            let is_transform =
                matches!(property, NodeProperty::Translation | NodeProperty::Rotation | NodeProperty::Scale);
            (!is_transform || schema.matrix.is_none()).then_some(target)
        }
        Target::Material(material, _) => root.materials.get(material).map(|_| target),
    }
}

fn node_property(path: &str) -> Option<NodeProperty> {
    Some(match path {
        "translation" => NodeProperty::Translation,
        "rotation" => NodeProperty::Rotation,
        "scale" => NodeProperty::Scale,
        "weights" => NodeProperty::Weights,
        "extensions/KHR_node_visibility/visible" => NodeProperty::Visibility,
        _ => return None,
    })
}

/// What a pointer of the glTF object model names, of what can be changed.
fn pointed(pointer: &str) -> Option<Target> {
    let (table, rest) = pointer.strip_prefix('/')?.split_once('/')?;
    let (index, path) = rest.split_once('/')?;
    let index: usize = index.parse().ok()?;
    match table {
        "nodes" => Some(Target::Node(index, node_property(path)?)),
        "materials" => Some(Target::Material(index, material_property(path)?)),
        _ => None,
    }
}

fn material_property(path: &str) -> Option<SourceProperty> {
    Some(match path {
        "pbrMetallicRoughness/baseColorFactor" => SourceProperty::BaseColor,
        "pbrMetallicRoughness/metallicFactor" => SourceProperty::Metallic,
        "pbrMetallicRoughness/roughnessFactor" => SourceProperty::Roughness,
        "pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform/offset" => {
            SourceProperty::TextureOffset
        }
        "emissiveFactor" => SourceProperty::EmissiveFactor,
        "extensions/KHR_materials_emissive_strength/emissiveStrength" => SourceProperty::EmissiveStrength,
        "alphaCutoff" => SourceProperty::AlphaCutoff,
        _ => return None,
    })
}
