//! Point tiles: positions with colours and normals.

use glam::{DAffine3, DVec3, Vec3, Vec4};

use super::feature::{self, Table, floats, octahedral, words};
use super::{At, Walk};
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{Marks, Mesh, Node, SourceMaterial, VertexSet};
use crate::scene::texture::linear_from_srgb;
use crate::scene::{ContentError, limits};

/// Adds the points of the table.
///
/// # Errors
/// When the table is refused, or needs what is not known.
pub(super) fn read(
    walk: &mut Walk<'_>,
    at: &At<'_>,
    place: &str,
    table: &Table<'_>,
) -> Result<(), ContentError> {
    if table.has_extension("3DTILES_draco_point_compression") {
        return Err(ContentError::unsupported("feature table", "3DTILES_draco_point_compression"));
    }
    let count = table.count("POINTS_LENGTH")?;
    ContentError::check("feature table", "points", count, limits::MARKS_MAX)?;
    let positions = table.positions(count)?.ok_or_else(|| feature::refuse("POSITION", "it is missing"))?;
    // What is far from the centre of the tile loses nothing: positions are read relative to their own middle.
    let middle = positions.iter().fold(DVec3::ZERO, |sum, &p| sum + DVec3::from(p)) / (count.max(1) as f64);
    let set = VertexSet {
        positions: positions.into_iter().map(|p| (DVec3::from(p) - middle).as_vec3()).collect(),
        normals: normals(table, count)?,
        colors: colors(table, count)?,
        ..VertexSet::default()
    };
    if count == 0 {
        return Ok(());
    }
    let center = DVec3::from(table.center()?) + middle;
    let world = (walk.world_from(at) * DAffine3::from_translation(center)).as_affine3a();
    let last = u32::try_from(count).unwrap_or(u32::MAX);
    let marks =
        Marks { material: Some(0), vertices: 0, ends: (0..last).map(|p| [p; 2]).collect(), disks: None };
    let document = Document {
        nodes: vec![Node { mesh: Some(0), ..Node::bare(None, world, world) }],
        meshes: vec![Mesh { marks: vec![marks], ..Mesh::default() }],
        vertex_sets: vec![set],
        materials: vec![material()],
        ..Document::default()
    };
    walk.add(place, document)
}

/// Neither metal nor shiny.
fn material() -> SourceMaterial {
    SourceMaterial { metallic: 0.0, double_sided: true, ..SourceMaterial::default() }
}

fn normals(table: &Table<'_>, count: usize) -> Result<Option<Vec<Vec3>>, ContentError> {
    if let Some(bytes) = table.rows("NORMAL", count, 12)? {
        return Ok(Some(floats::<3>(bytes).map(|normal| Vec3::from(normal).normalize_or(Vec3::Z)).collect()));
    }
    let Some(bytes) = table.rows("NORMAL_OCT16P", count, 2)? else { return Ok(None) };
    let unpack = |v: &[u8; 2]| octahedral(v.map(|x| f64::from(x) / 255.0 * 2.0 - 1.0)).map(|x| x as f32);
    Ok(Some(bytes.as_chunks::<2>().0.iter().map(|v| Vec3::from(unpack(v))).collect()))
}

/// Colours, which are in sRGB, as light; `None` where all are white.
fn colors(table: &Table<'_>, count: usize) -> Result<Option<Vec<Vec4>>, ContentError> {
    let light = |rgb: [f32; 3]| Vec3::from(rgb.map(linear_from_srgb)).extend(1.0);
    let bytes = |rgb: [u8; 3]| light(rgb.map(|x| f32::from(x) / 255.0));
    if let Some(rows) = table.rows("RGBA", count, 4)? {
        return Ok(Some(rows.as_chunks::<4>().0.iter().map(|&[r, g, b, _]| bytes([r, g, b])).collect()));
    }
    if let Some(rows) = table.rows("RGB", count, 3)? {
        return Ok(Some(rows.as_chunks::<3>().0.iter().map(|&rgb| bytes(rgb)).collect()));
    }
    if let Some(rows) = table.rows("RGB565", count, 2)? {
        let unpack = |[bits]: [u16; 1]| {
            let part = |shift: u16, max: u16| f32::from(bits >> shift & max) / f32::from(max);
            light([part(11, 31), part(5, 63), part(0, 31)])
        };
        return Ok(Some(words::<1>(rows).map(unpack).collect()));
    }
    if !table.has("CONSTANT_RGBA") {
        return Ok(None);
    }
    let constant = match table.vector::<4>("CONSTANT_RGBA") {
        Ok(Some([r, g, b, _])) => light([r, g, b].map(|x| (x / 255.0).clamp(0.0, 1.0) as f32)),
        // In the body it is four bytes.
        _ => match table.rows("CONSTANT_RGBA", 1, 4)?.and_then(|row| row.first_chunk::<4>()) {
            Some(&[r, g, b, _]) => bytes([r, g, b]),
            None => return Ok(None),
        },
    };
    Ok(Some(vec![constant; count]))
}
