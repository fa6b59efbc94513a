//! Animations: what changes over time. They are not played; broken ones are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Arguments;

use super::accessor::{Component, Reader};
use super::buffer::View;
use super::morph;
use super::schema::{Animation, AnimationSampler, Channel, Root};
use crate::scene::ContentError;

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
