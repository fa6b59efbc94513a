//! Where the eyes are, asked for twice a frame: to cull, and once more right before the submit.

use std::mem::MaybeUninit;
use std::ptr;

use openxr as xr;

/// Both eyes are drawn.
pub(super) const STEREO: xr::ViewConfigurationType = xr::ViewConfigurationType::PRIMARY_STEREO;

/// A frustum that reaches further than this to a side is no frustum, radians: 89°.
const HALF_ANGLE_MAX_RADIANS: f32 = 1.553;

/// Both eyes at `time` in `base`; `None` while the runtime does not know where the head is or says what
/// cannot be. Where only the position is lost, the head stays where `last` had it and still turns.
///
/// Calls the runtime itself, because the wrapper's answer is a new vector in every frame.
pub(super) fn locate(
    session: &xr::Session<xr::Vulkan>,
    base: &xr::Space,
    time: xr::Time,
    last: &[xr::View; 2],
) -> xr::Result<Option<[xr::View; 2]>> {
    let info = xr::sys::ViewLocateInfo {
        ty: xr::sys::ViewLocateInfo::TYPE,
        next: ptr::null(),
        view_configuration_type: STEREO,
        display_time: time,
        space: base.as_raw(),
    };
    let mut state = xr::sys::ViewState::out(ptr::null_mut());
    let mut views = [xr::sys::View::out(ptr::null_mut()); 2];
    let mut count = 0;
    // SAFETY: the session and the space are alive, the structures carry their types, and the runtime
    // writes at most the two views that there is room for.
    let (result, flags) = unsafe {
        let locate = session.instance().fp().locate_views;
        let views: *mut MaybeUninit<xr::sys::View> = views.as_mut_ptr();
        let result = locate(session.as_raw(), &info, state.as_mut_ptr(), 2, &mut count, views.cast());
        (result, (*state.as_ptr()).view_state_flags)
    };
    if result.into_raw() < 0 {
        return Err(result);
    }
    if count != 2 || !flags.contains(xr::ViewStateFlags::ORIENTATION_VALID) {
        return Ok(None);
    }
    // SAFETY: `out` has made them whole, and the runtime has only overwritten their plain numbers.
    let views = views.map(|view| unsafe { view.assume_init() });
    let keeps_position = !flags.contains(xr::ViewStateFlags::POSITION_VALID);
    let [left, right] = [0, 1].map(|eye| {
        let mut pose = views[eye].pose;
        if keeps_position {
            pose.position = last[eye].pose.position;
        }
        sound(xr::View { pose, fov: views[eye].fov })
    });
    Ok(left.zip(right).map(|(left, right)| [left, right]))
}

/// The view, unless its numbers cannot be drawn with.
fn sound(view: xr::View) -> Option<xr::View> {
    let xr::Quaternionf { x, y, z, w } = view.pose.orientation;
    let xr::Vector3f { x: px, y: py, z: pz } = view.pose.position;
    let length_squared = x * x + y * y + z * z + w * w;
    let fov = view.fov;
    let angles = [fov.angle_left, fov.angle_right, fov.angle_down, fov.angle_up];
    let is_sound = (length_squared - 1.0).abs() < 0.1
        && [px, py, pz].iter().all(|number| number.is_finite())
        && angles.iter().all(|angle| angle.abs() < HALF_ANGLE_MAX_RADIANS)
        && fov.angle_left < fov.angle_right
        && fov.angle_down < fov.angle_up;
    is_sound.then_some(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_drawn_with_is_no_view() {
        let fov = xr::Fovf { angle_left: -0.8, angle_right: 0.7, angle_up: 0.9, angle_down: -0.9 };
        let good = xr::View { pose: xr::Posef::IDENTITY, fov };
        assert!(sound(good).is_some());
        let spoil: [fn(&mut xr::View); 7] = [
            |view| view.fov = xr::Fovf::default(),
            |view| view.fov.angle_up = f32::NAN,
            |view| view.fov.angle_right = 1.6,
            |view| view.fov.angle_left = 0.71,
            |view| view.pose.position.y = f32::NAN,
            |view| view.pose.orientation.w = 0.0,
            |view| view.pose.orientation.x = f32::INFINITY,
        ];
        for (index, spoil) in spoil.iter().enumerate() {
            let mut view = good;
            spoil(&mut view);
            assert!(sound(view).is_none(), "{index}");
        }
    }
}
