//! Cameras: nobody looks through them here, but a file whose cameras are nonsense is a broken file.

use super::schema::{Camera, Root};
use crate::scene::ContentError;

/// # Errors
/// When a camera is not one, or shows nothing.
pub(super) fn check(root: &Root) -> Result<(), ContentError> {
    for (i, camera) in root.cameras.iter().enumerate() {
        if let Some(reason) = fault(camera) {
            return Err(ContentError::malformed(format!("/cameras/{i}"), reason));
        }
    }
    Ok(())
}

fn fault(camera: &Camera) -> Option<&'static str> {
    match (camera.kind.as_str(), &camera.orthographic, &camera.perspective) {
        (_, Some(_), Some(_)) => return Some("it is orthographic and perspective at once"),
        ("orthographic", None, _) | ("perspective", _, None) => {
            return Some("it does not say what its type has to say");
        }
        _ => {}
    }
    if let Some(camera) = &camera.orthographic {
        if camera.xmag == 0.0 || camera.ymag == 0.0 {
            return Some("what it shows has no width or no height");
        }
        if camera.zfar <= camera.znear {
            return Some("it ends where it begins, or nearer");
        }
    }
    let perspective = camera.perspective.as_ref()?;
    perspective
        .zfar
        .is_some_and(|far| far <= perspective.znear)
        .then_some("it ends where it begins, or nearer")
}
