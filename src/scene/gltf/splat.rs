//! KHR_gaussian_splatting: a cloud of coloured ellipsoids, as flat disks.
//!
//! The extension wants them sorted and blended for each picture. Here the ones that hide most of what is behind them
//! are opaque disks in the plane of their two longer axes, in the colour that they have from all around (the first
//! spherical harmonic); the fainter ones are left out, and so is what the colour does from aside.

use std::fmt::Arguments;

use glam::{Quat, Vec3, Vec4};

use super::accessor::Reader;
use super::buffer::View;
use super::document::{Disk, VertexSet};
use super::schema::{Primitive, Root};
use super::skipped::Skipped;
use crate::scene::ContentError;
use crate::scene::texture::linear_from_srgb;

const ROTATION: &str = "KHR_gaussian_splatting:ROTATION";
const SCALE: &str = "KHR_gaussian_splatting:SCALE";
const OPACITY: &str = "KHR_gaussian_splatting:OPACITY";
const COLOR: &str = "KHR_gaussian_splatting:SH_DEGREE_0_COEF_0";

/// The first real spherical harmonic, 1/2 · √(1/π).
const HARMONIC: f32 = 0.282_094_8;

/// A splat that lets more than this through is not seen.
const OPACITY_MIN: f32 = 0.3;

/// How many standard deviations a disk reaches: there a splat has a third of its opacity.
const DEVIATIONS: f32 = 1.5;

/// What is read of the splats, one a vertex each.
pub(super) struct Splats {
    /// Linear RGBA.
    pub colors: Vec<Vec4>,
    pub disks: Vec<Disk>,
    /// Whether it is opaque enough.
    pub is_seen: Vec<bool>,
}

/// Whether the attribute of the primitive is one of those that are read.
pub(super) fn reads(primitive: &Primitive, name: &str) -> bool {
    primitive.extensions.splats.is_some() && [ROTATION, SCALE, OPACITY, COLOR].contains(&name)
}

/// The accessors that are read.
pub(super) fn accessors(primitive: &Primitive) -> impl Iterator<Item = usize> {
    let is_read = |(name, _): &(&String, &usize)| reads(primitive, name);
    primitive.attributes.iter().filter(is_read).map(|(_, &accessor)| accessor)
}

/// The splats of a primitive whose other attributes are `plain`; `None` where they are packed in a way that is not
/// known, which is counted.
///
/// # Errors
/// When an attribute is missing or of another type than the extension says, or the colour space is not known.
pub(super) fn read(
    root: &Root,
    views: &[View<'_>],
    primitive: &Primitive,
    plain: &VertexSet,
    skipped: &mut Skipped,
    place: Arguments<'_>,
) -> Result<Option<Splats>, ContentError> {
    let Some(extension) = &primitive.extensions.splats else { return Ok(None) };
    if !extension.extensions.is_empty() {
        skipped.add_extensions(&extension.extensions);
        return Ok(None);
    }
    let reader = |name: &str| match primitive.attributes.get(name) {
        Some(&accessor) => Reader::of(root, views, accessor),
        None => Err(ContentError::malformed(place.to_string(), format!("its splats have no {name}"))),
    };
    let is_srgb = match extension.color_space.as_str() {
        "srgb_rec709_display" => true,
        "lin_rec709_display" => false,
        other => {
            let feature = format!("the colour space {:?}", other.chars().take(80).collect::<String>());
            return Err(ContentError::unsupported(place.to_string(), feature));
        }
    };
    let colors = match &plain.colors {
        // Where splats are coloured in another way, the plain colours are what is left.
        Some(colors) if !primitive.attributes.contains_key(COLOR) => colors.clone(),
        _ => reader(COLOR)?.floats::<3>()?.into_iter().map(|harmonic| color(harmonic, is_srgb)).collect(),
    };
    let opacities = reader(OPACITY)?.floats::<1>()?;
    let is_seen: Vec<bool> = opacities.iter().map(|&[opacity]| opacity >= OPACITY_MIN).collect();
    skipped.add("faint splats", is_seen.iter().filter(|&&seen| !seen).count() as u32);
    let (rotations, scales) = (reader(ROTATION)?.floats::<4>()?, reader(SCALE)?.floats::<3>()?);
    let disks = rotations.into_iter().zip(scales).map(|(rotation, scale)| disk(rotation, scale)).collect();
    Ok(Some(Splats { colors, disks, is_seen }))
}

fn color(harmonic: [f32; 3], is_srgb: bool) -> Vec4 {
    let channel = |coefficient: f32| {
        let shown = (0.5 + HARMONIC * coefficient).clamp(0.0, 1.0);
        if is_srgb { linear_from_srgb(shown) } else { shown }
    };
    Vec3::from(harmonic.map(channel)).extend(1.0)
}

/// The disk of an ellipsoid: as large as its two longer axes together, flat where the shortest is.
fn disk(rotation: [f32; 4], scale: [f32; 3]) -> Disk {
    let rotation = Vec4::from(rotation).try_normalize().map_or(Quat::IDENTITY, Quat::from_vec4);
    let scale = Vec3::from(scale).abs();
    let shortest = scale.min_position();
    let axis = Vec3::AXES.get(shortest).copied().unwrap_or(Vec3::Z);
    let longer = scale.max_element() * (scale.element_sum() - scale.max_element() - scale.min_element());
    Disk { normal: rotation * axis, radius: DEVIATIONS * longer.max(0.0).sqrt() }
}
