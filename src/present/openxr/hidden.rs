//! What of its pictures a runtime says nobody sees (`XR_KHR_visibility_mask`), believed only where it can be.

use std::ptr;

use glam::Vec2;
use openxr as xr;

use super::views::STEREO;
use crate::draw::HiddenArea;

/// No lens needs more; runtimes have a hundred or two.
const VERTICES_MAX: u32 = 4096;
const INDICES_MAX: u32 = 3 * VERTICES_MAX;

/// Nothing is hidden further than this beside straight ahead, metres at 1 m: 89°.
const REACH_MAX_METRES: f32 = 57.0;

/// What both eyes do not see. Nothing is hidden where the runtime does not say, or says nonsense.
pub(super) fn area(session: &xr::Session<xr::Vulkan>) -> HiddenArea {
    let Some(functions) = session.instance().exts().khr_visibility_mask else { return HiddenArea::default() };
    let eyes = [0, 1].map(|eye| {
        let corners = ask(session, functions.get_visibility_mask, eye);
        corners.unwrap_or_else(|reason| {
            tracing::warn!("what eye {eye} does not see is drawn all the same: the runtime {reason}");
            Vec::new()
        })
    });
    let [left, right] = [0, 1].map(|eye| eyes[eye].len() / 3);
    tracing::info!("{left} and {right} triangles of the eyes' pictures are not seen and not drawn");
    HiddenArea { eyes }
}

/// One eye's corners, or what is wrong with the runtime.
///
/// Calls the runtime itself, because the wrapper allocates whatever the runtime says, and believes how much of
/// it was written.
fn ask(
    session: &xr::Session<xr::Vulkan>,
    get: xr::sys::pfn::GetVisibilityMaskKHR,
    eye: u32,
) -> Result<Vec<Vec2>, String> {
    let call = |mask: &mut xr::sys::VisibilityMaskKHR| {
        let hidden = xr::VisibilityMaskTypeKHR::HIDDEN_TRIANGLE_MESH;
        // SAFETY: the session is alive, and the structure says what it is and how much room there is.
        let result = unsafe { get(session.as_raw(), STEREO, eye, hidden, mask) };
        if result.into_raw() < 0 { Err(format!("fails: {result}")) } else { Ok(()) }
    };
    let mut mask = xr::sys::VisibilityMaskKHR {
        ty: xr::sys::VisibilityMaskKHR::TYPE,
        next: ptr::null_mut(),
        vertex_capacity_input: 0,
        vertex_count_output: 0,
        vertices: ptr::null_mut(),
        index_capacity_input: 0,
        index_count_output: 0,
        indices: ptr::null_mut(),
    };
    call(&mut mask)?;
    let (vertex_count, index_count) = (mask.vertex_count_output, mask.index_count_output);
    if vertex_count > VERTICES_MAX || index_count > INDICES_MAX {
        return Err(format!("has {vertex_count} vertices and {index_count} indices"));
    }
    if vertex_count == 0 || index_count == 0 {
        return Ok(Vec::new());
    }
    let mut vertices = vec![xr::Vector2f::default(); vertex_count as usize];
    let mut indices = vec![0; index_count as usize];
    mask.vertices = vertices.as_mut_ptr();
    mask.indices = indices.as_mut_ptr();
    (mask.vertex_capacity_input, mask.index_capacity_input) = (vertex_count, index_count);
    call(&mut mask)?;
    let written = (mask.vertex_count_output as usize, mask.index_count_output as usize);
    let written = vertices.get(..written.0).zip(indices.get(..written.1));
    let (vertices, indices) = written.ok_or("has written more than there was room for")?;
    triangles(vertices, indices)
}

/// The corners of the triangles one by one, or what is wrong with them.
fn triangles(vertices: &[xr::Vector2f], indices: &[u32]) -> Result<Vec<Vec2>, String> {
    if !indices.len().is_multiple_of(3) {
        return Err(format!("has {} corners of triangles", indices.len()));
    }
    let corner = |&index: &u32| {
        let xr::Vector2f { x, y } = *vertices.get(index as usize)?;
        let is_sound = x.abs() <= REACH_MAX_METRES && y.abs() <= REACH_MAX_METRES;
        is_sound.then_some(Vec2::new(x, y))
    };
    let corners: Option<Vec<Vec2>> = indices.iter().map(corner).collect();
    let corners = corners.ok_or("has a corner that is nowhere")?;
    let (triangles, _) = corners.as_chunks::<3>();
    if triangles.iter().any(|&triangle| hides_straight_ahead(triangle)) {
        return Err("hides what is straight ahead".to_owned());
    }
    Ok(corners)
}

/// Whether the origin is in the triangle: on the same side of all three edges.
fn hides_straight_ahead([a, b, c]: [Vec2; 3]) -> bool {
    let sides = [a.perp_dot(b), b.perp_dot(c), c.perp_dot(a)];
    sides.iter().all(|&side| side > 0.0) || sides.iter().all(|&side| side < 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORNERS: [[f32; 2]; 4] = [[0.5, 0.5], [1.0, 0.5], [1.0, 1.0], [-1.0, -1.0]];

    fn taken(corners: &[[f32; 2]], indices: &[u32]) -> Result<Vec<Vec2>, String> {
        let vertices: Vec<_> = corners.iter().map(|&[x, y]| xr::Vector2f { x, y }).collect();
        triangles(&vertices, indices)
    }

    #[test]
    fn a_corner_is_hidden() {
        let corners = taken(&CORNERS, &[0, 1, 2]);
        assert_eq!(corners, Ok(vec![Vec2::new(0.5, 0.5), Vec2::new(1.0, 0.5), Vec2::ONE]));
        assert_eq!(taken(&[], &[]), Ok(Vec::new()));
    }

    #[test]
    fn nonsense_hides_nothing() {
        let refused = |corners: &[[f32; 2]], indices: &[u32]| taken(corners, indices).unwrap_err();
        assert_eq!(refused(&CORNERS, &[0, 1, 2, 0]), "has 4 corners of triangles");
        for index in [4, u32::MAX] {
            assert_eq!(refused(&CORNERS, &[0, 1, index]), "has a corner that is nowhere");
        }
        assert_eq!(refused(&[], &[0, 0, 0]), "has a corner that is nowhere");
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
            assert_eq!(
                refused(&[[x, 0.0], [1.0, 0.5], [1.0, 1.0]], &[0, 1, 2]),
                "has a corner that is nowhere"
            );
        }
        // Both ways around.
        for indices in [[1, 2, 3], [3, 2, 1]] {
            let around = [[0.0, 0.0], [1.0, -1.0], [0.0, 1.0], [-1.0, -1.0]];
            assert_eq!(refused(&around, &indices), "hides what is straight ahead");
        }
    }
}
