//! A session of the mock: it is ready at once, wants every frame, and knows two eyes that look ahead.

use std::mem::transmute;
use std::ptr;

use openxr as xr;
use xr::sys::{self, Handle as _, pfn};

use super::{Any, fill, note, succeed, with};

/// From one frame to the next.
const PERIOD_NANOS: i64 = 11_111_111;

/// How large it wants pictures, pixels an eye.
const SIZE: u32 = 320;

unsafe extern "system" fn create_session(
    _instance: sys::Instance,
    info: *const sys::SessionCreateInfo,
    session: *mut sys::Session,
) -> sys::Result {
    // SAFETY: the wrapper's structures are whole, and the one for Vulkan comes next.
    let queue_family = unsafe {
        let binding = (*info).next.cast::<sys::GraphicsBindingVulkanKHR>();
        assert_eq!((*binding).ty, sys::GraphicsBindingVulkanKHR::TYPE);
        (*binding).queue_family_index
    };
    with(|state| {
        state.graphics.queue_family = queue_family;
        state.states.extend([xr::SessionState::IDLE, xr::SessionState::READY]);
    });
    // SAFETY: where the wrapper wants it.
    unsafe { *session = sys::Session::from_raw(1) };
    sys::Result::SUCCESS
}

unsafe extern "system" fn begin_session(
    _session: sys::Session,
    _info: *const sys::SessionBeginInfo,
) -> sys::Result {
    use xr::SessionState as To;
    with(|state| state.states.extend([To::SYNCHRONIZED, To::VISIBLE, To::FOCUSED]));
    sys::Result::SUCCESS
}

unsafe extern "system" fn request_exit_session(_session: sys::Session) -> sys::Result {
    with(|state| state.states.push(xr::SessionState::STOPPING));
    sys::Result::SUCCESS
}

unsafe extern "system" fn end_session(_session: sys::Session) -> sys::Result {
    with(|state| state.states.extend([xr::SessionState::IDLE, xr::SessionState::EXITING]));
    sys::Result::SUCCESS
}

unsafe extern "system" fn poll_event(
    _instance: sys::Instance,
    buffer: *mut sys::EventDataBuffer,
) -> sys::Result {
    let next = with(|state| (!state.states.is_empty()).then(|| state.states.remove(0)));
    let Some(state) = next else { return sys::Result::EVENT_UNAVAILABLE };
    let event = sys::EventDataSessionStateChanged {
        ty: sys::EventDataSessionStateChanged::TYPE,
        next: ptr::null(),
        session: sys::Session::from_raw(1),
        state,
        time: xr::Time::from_nanos(1),
    };
    // SAFETY: the buffer has room for every event.
    unsafe { buffer.cast::<sys::EventDataSessionStateChanged>().write(event) };
    sys::Result::SUCCESS
}

unsafe extern "system" fn wait_frame(
    _session: sys::Session,
    _info: *const sys::FrameWaitInfo,
    state: *mut sys::FrameState,
) -> sys::Result {
    let frame = with(|state| {
        state.frame_count += 1;
        state.frame_count
    });
    // SAFETY: the wrapper's structure has its type.
    unsafe {
        (*state).predicted_display_time = xr::Time::from_nanos(frame * PERIOD_NANOS);
        (*state).predicted_display_period = xr::Duration::from_nanos(PERIOD_NANOS);
        (*state).should_render = sys::TRUE;
    }
    sys::Result::SUCCESS
}

unsafe extern "system" fn end_frame(_session: sys::Session, info: *const sys::FrameEndInfo) -> sys::Result {
    // SAFETY: the program's structure is whole.
    note(format!("end frame with {} layers", unsafe { (*info).layer_count }));
    sys::Result::SUCCESS
}

unsafe extern "system" fn locate_views(
    _session: sys::Session,
    _info: *const sys::ViewLocateInfo,
    state: *mut sys::ViewState,
    capacity: u32,
    count: *mut u32,
    views: *mut sys::View,
) -> sys::Result {
    let write = |_: usize, view: &mut sys::View| {
        view.pose = xr::Posef::IDENTITY;
        view.fov = xr::Fovf { angle_left: -0.7, angle_right: 0.7, angle_up: 0.7, angle_down: -0.7 };
    };
    // SAFETY: the program's structures have their types, and there is room for so many views.
    unsafe {
        (*state).view_state_flags =
            xr::ViewStateFlags::ORIENTATION_VALID | xr::ViewStateFlags::POSITION_VALID;
        fill(2, capacity, count, views, write)
    }
}

unsafe extern "system" fn locate_space(
    _space: sys::Space,
    _base: sys::Space,
    _time: xr::Time,
    location: *mut sys::SpaceLocation,
) -> sys::Result {
    // SAFETY: the wrapper's structure has its type.
    unsafe {
        (*location).location_flags = xr::SpaceLocationFlags::EMPTY;
        (*location).pose = xr::Posef::IDENTITY;
    }
    sys::Result::SUCCESS
}

unsafe extern "system" fn enumerate_views(
    _instance: sys::Instance,
    _system: sys::SystemId,
    _configuration: xr::ViewConfigurationType,
    capacity: u32,
    count: *mut u32,
    views: *mut sys::ViewConfigurationView,
) -> sys::Result {
    let write = |_: usize, view: &mut sys::ViewConfigurationView| {
        (view.recommended_image_rect_width, view.recommended_image_rect_height) = (SIZE, SIZE);
        (view.max_image_rect_width, view.max_image_rect_height) = (SIZE, SIZE);
        (view.recommended_swapchain_sample_count, view.max_swapchain_sample_count) = (1, 1);
    };
    // SAFETY: the wrapper's array is as long as it says.
    unsafe { fill(2, capacity, count, views, write) }
}

unsafe extern "system" fn enumerate_blend_modes(
    _instance: sys::Instance,
    _system: sys::SystemId,
    _configuration: xr::ViewConfigurationType,
    capacity: u32,
    count: *mut u32,
    modes: *mut xr::EnvironmentBlendMode,
) -> sys::Result {
    // SAFETY: as above.
    unsafe { fill(1, capacity, count, modes, |_, mode| *mode = xr::EnvironmentBlendMode::OPAQUE) }
}

unsafe extern "system" fn enumerate_spaces(
    _session: sys::Session,
    capacity: u32,
    count: *mut u32,
    spaces: *mut xr::ReferenceSpaceType,
) -> sys::Result {
    // SAFETY: as above.
    unsafe { fill(1, capacity, count, spaces, |_, space| *space = xr::ReferenceSpaceType::LOCAL) }
}

/// Nobody holds anything: all that a state says beyond its type is zero.
unsafe extern "system" fn get_nothing<T>(
    _session: sys::Session,
    _info: *const sys::ActionStateGetInfo,
    state: *mut T,
) -> sys::Result {
    const HEADER: usize = size_of::<sys::BaseOutStructure>();
    // SAFETY: the wrapper's structure begins with its type, and the rest is numbers.
    unsafe { state.cast::<u8>().add(HEADER).write_bytes(0, size_of::<T>() - HEADER) };
    sys::Result::SUCCESS
}

unsafe extern "system" fn get_profile(
    _session: sys::Session,
    _hand: sys::Path,
    profile: *mut sys::InteractionProfileState,
) -> sys::Result {
    // SAFETY: the wrapper's structure has its type.
    unsafe { (*profile).interaction_profile = sys::Path::NULL };
    sys::Result::SUCCESS
}

type GetState<T> =
    unsafe extern "system" fn(sys::Session, *const sys::ActionStateGetInfo, *mut T) -> sys::Result;

/// The function of this name, if it is about sessions.
pub(super) fn function(name: &[u8]) -> Option<pfn::VoidFunction> {
    // SAFETY: a function of any type may be kept as one of none until it is called, and each is called with the
    // arguments of its name; those that only succeed look at none.
    Some(unsafe {
        match name {
            b"xrCreateSession" => transmute::<pfn::CreateSession, pfn::VoidFunction>(create_session),
            b"xrBeginSession" => transmute::<pfn::BeginSession, pfn::VoidFunction>(begin_session),
            b"xrRequestExitSession" => {
                transmute::<pfn::RequestExitSession, pfn::VoidFunction>(request_exit_session)
            }
            b"xrEndSession" => transmute::<pfn::EndSession, pfn::VoidFunction>(end_session),
            b"xrPollEvent" => transmute::<pfn::PollEvent, pfn::VoidFunction>(poll_event),
            b"xrWaitFrame" => transmute::<pfn::WaitFrame, pfn::VoidFunction>(wait_frame),
            b"xrEndFrame" => transmute::<pfn::EndFrame, pfn::VoidFunction>(end_frame),
            b"xrLocateViews" => transmute::<pfn::LocateViews, pfn::VoidFunction>(locate_views),
            b"xrLocateSpace" => transmute::<pfn::LocateSpace, pfn::VoidFunction>(locate_space),
            b"xrEnumerateViewConfigurationViews" => {
                transmute::<pfn::EnumerateViewConfigurationViews, pfn::VoidFunction>(enumerate_views)
            }
            b"xrEnumerateEnvironmentBlendModes" => {
                transmute::<pfn::EnumerateEnvironmentBlendModes, pfn::VoidFunction>(enumerate_blend_modes)
            }
            b"xrEnumerateReferenceSpaces" => {
                transmute::<pfn::EnumerateReferenceSpaces, pfn::VoidFunction>(enumerate_spaces)
            }
            b"xrGetActionStateFloat" => {
                transmute::<GetState<sys::ActionStateFloat>, pfn::VoidFunction>(get_nothing)
            }
            b"xrGetActionStateBoolean" => {
                transmute::<GetState<sys::ActionStateBoolean>, pfn::VoidFunction>(get_nothing)
            }
            b"xrGetActionStateVector2f" => {
                transmute::<GetState<sys::ActionStateVector2f>, pfn::VoidFunction>(get_nothing)
            }
            b"xrGetActionStatePose" => {
                transmute::<GetState<sys::ActionStatePose>, pfn::VoidFunction>(get_nothing)
            }
            b"xrGetCurrentInteractionProfile" => {
                transmute::<pfn::GetCurrentInteractionProfile, pfn::VoidFunction>(get_profile)
            }
            b"xrDestroyInstance"
            | b"xrDestroySession"
            | b"xrDestroySpace"
            | b"xrDestroyAction"
            | b"xrDestroyActionSet"
            | b"xrSuggestInteractionProfileBindings"
            | b"xrSyncActions"
            | b"xrAttachSessionActionSets"
            | b"xrBeginFrame" => transmute::<Any, pfn::VoidFunction>(succeed),
            _ => return None,
        }
    })
}
