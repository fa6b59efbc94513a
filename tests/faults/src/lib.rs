//! An OpenXR API layer between the program and its runtime, which misbehaves as a file says.
//!
//! Real runtimes lose the head, say what cannot be, jump in time and lose their headset; none does it on
//! demand. This layer stands between: what it spoils it has from a real runtime, and what the program says to
//! that runtime still arrives there as it should. The file is named by `PAVILION_FAULT` and holds one word of
//! [`Fault`]; it is read again at each frame. What hands are to feel is written beside it, to `FILE.felt`, and
//! what the runtime says that eyes do not see to `FILE.hidden`.
//!
//! [`runtime`] is the other end: a runtime that can do nothing.
#![allow(unsafe_code)]

pub mod runtime;

use std::ffi::{CStr, c_char};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::mem::transmute;
use std::path::PathBuf;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use openxr_sys::{self as xr, Handle as _};
use xr::pfn;

/// What to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing.
    None,
    /// The eyes are nowhere.
    NanPose,
    /// The eyes see nothing.
    ZeroFov,
    /// From now on it is ten seconds earlier.
    TimeBack,
    /// The headset's cable was pulled.
    Unplugged,
    /// There is no end to what the eyes do not see.
    EndlessMask,
    /// What the eyes do not see has corners that are not there.
    WildMask,
    /// What the lenses hide is something else now.
    MaskChanged,
    /// Pictures are due three times as often as they are shown: all of them are late.
    Hurried,
    /// Pictures are due far less often than they are shown: none is late, however slow the machine.
    Patient,
}

impl Fault {
    /// As the file says.
    fn now() -> Self {
        let Some(path) = std::env::var_os("PAVILION_FAULT") else { return Self::None };
        match fs::read_to_string(path).unwrap_or_default().trim() {
            "nan-pose" => Self::NanPose,
            "zero-fov" => Self::ZeroFov,
            "time-back" => Self::TimeBack,
            "unplugged" => Self::Unplugged,
            "endless-mask" => Self::EndlessMask,
            "wild-mask" => Self::WildMask,
            "mask-changed" => Self::MaskChanged,
            "hurried" => Self::Hurried,
            "patient" => Self::Patient,
            _ => Self::None,
        }
    }
}

/// How far time jumps back, nanoseconds.
const JUMP_NANOS: i64 = 10_000_000_000;

/// The next layer's, or the runtime's: whoever makes the only instance.
static NEXT: Mutex<Option<(pfn::GetInstanceProcAddr, xr::Instance)>> = Mutex::new(None);

/// What the program's times lack, nanoseconds.
static BEHIND_NANOS: AtomicI64 = AtomicI64::new(0);

/// The session that frames are waited for in.
static SESSION: AtomicU64 = AtomicU64::new(0);

/// Whether the program knows that its headset is gone.
static IS_UNPLUGGED: AtomicBool = AtomicBool::new(false);

/// Whether the program knows of the other mask.
static IS_MASK_TOLD: AtomicBool = AtomicBool::new(false);

/// The next one's function of this name.
///
/// # Safety
/// `F` is the type of the function of this name.
unsafe fn next<F: Copy>(name: &CStr) -> Option<F> {
    assert_eq!(size_of::<F>(), size_of::<pfn::VoidFunction>());
    let (get, instance) = (*NEXT.lock().ok()?)?;
    let mut function = None;
    // SAFETY: the instance is alive as long as the program makes calls on it.
    let result = unsafe { get(instance, name.as_ptr(), &mut function) };
    // SAFETY: all functions are pointers of one size, and the caller vouches for the type.
    let typed = |function: pfn::VoidFunction| unsafe { std::mem::transmute_copy(&function) };
    (result == xr::Result::SUCCESS).then(|| function.map(typed))?
}

/// The time that the runtime knows for one of the program's.
fn true_time(time: xr::Time) -> xr::Time {
    xr::Time::from_nanos(time.as_nanos() + BEHIND_NANOS.load(Ordering::Relaxed))
}

unsafe extern "system" fn wait_frame(
    session: xr::Session,
    info: *const xr::FrameWaitInfo,
    state: *mut xr::FrameState,
) -> xr::Result {
    // SAFETY: the types belong to the names, here and in every function below; arguments are passed on.
    let Some(next) = (unsafe { next::<pfn::WaitFrame>(c"xrWaitFrame") }) else {
        return xr::Result::ERROR_FUNCTION_UNSUPPORTED;
    };
    // SAFETY: as above.
    let result = unsafe { next(session, info, state) };
    SESSION.store(session.into_raw(), Ordering::Relaxed);
    if Fault::now() == Fault::TimeBack {
        BEHIND_NANOS.store(JUMP_NANOS, Ordering::Relaxed);
    }
    if result == xr::Result::SUCCESS {
        let behind = BEHIND_NANOS.load(Ordering::Relaxed);
        // SAFETY: the runtime has just written it.
        let xr::FrameState { predicted_display_time: time, predicted_display_period: period, .. } =
            unsafe { &mut *state };
        *time = xr::Time::from_nanos(time.as_nanos() - behind);
        match Fault::now() {
            Fault::Hurried => *period = xr::Duration::from_nanos(period.as_nanos() / 3),
            Fault::Patient => *period = xr::Duration::from_nanos(period.as_nanos() * 100),
            _ => {}
        }
    }
    result
}

unsafe extern "system" fn locate_views(
    session: xr::Session,
    info: *const xr::ViewLocateInfo,
    state: *mut xr::ViewState,
    capacity: u32,
    count: *mut u32,
    views: *mut xr::View,
) -> xr::Result {
    // SAFETY: see `wait_frame`.
    let Some(next) = (unsafe { next::<pfn::LocateViews>(c"xrLocateViews") }) else {
        return xr::Result::ERROR_FUNCTION_UNSUPPORTED;
    };
    // SAFETY: the program's structure is whole.
    let info = unsafe { xr::ViewLocateInfo { display_time: true_time((*info).display_time), ..*info } };
    // SAFETY: see `wait_frame`.
    let result = unsafe { next(session, &info, state, capacity, count, views) };
    if result != xr::Result::SUCCESS || views.is_null() {
        return result;
    }
    // SAFETY: the runtime has written so many of them, and no more than there is room for.
    let views = unsafe { std::slice::from_raw_parts_mut(views, (*count).min(capacity) as usize) };
    for view in views {
        match Fault::now() {
            Fault::NanPose => view.pose.position.x = f32::NAN,
            Fault::ZeroFov => view.fov = xr::Fovf::default(),
            _ => {}
        }
    }
    result
}

unsafe extern "system" fn locate_space(
    space: xr::Space,
    base: xr::Space,
    time: xr::Time,
    location: *mut xr::SpaceLocation,
) -> xr::Result {
    // SAFETY: see `wait_frame`.
    match unsafe { next::<pfn::LocateSpace>(c"xrLocateSpace") } {
        // SAFETY: see `wait_frame`.
        Some(next) => unsafe { next(space, base, true_time(time), location) },
        None => xr::Result::ERROR_FUNCTION_UNSUPPORTED,
    }
}

unsafe extern "system" fn locate_joints(
    tracker: xr::HandTrackerEXT,
    info: *const xr::HandJointsLocateInfoEXT,
    locations: *mut xr::HandJointLocationsEXT,
) -> xr::Result {
    // SAFETY: the program's structure is whole.
    let info = unsafe { xr::HandJointsLocateInfoEXT { time: true_time((*info).time), ..*info } };
    // SAFETY: see `wait_frame`.
    match unsafe { next::<pfn::LocateHandJointsEXT>(c"xrLocateHandJointsEXT") } {
        // SAFETY: see `wait_frame`.
        Some(next) => unsafe { next(tracker, &info, locations) },
        None => xr::Result::ERROR_FUNCTION_UNSUPPORTED,
    }
}

unsafe extern "system" fn end_frame(session: xr::Session, info: *const xr::FrameEndInfo) -> xr::Result {
    // SAFETY: the program's structure is whole.
    let info = unsafe { xr::FrameEndInfo { display_time: true_time((*info).display_time), ..*info } };
    // SAFETY: see `wait_frame`.
    match unsafe { next::<pfn::EndFrame>(c"xrEndFrame") } {
        // SAFETY: see `wait_frame`.
        Some(next) => unsafe { next(session, &info) },
        None => xr::Result::ERROR_FUNCTION_UNSUPPORTED,
    }
}

unsafe extern "system" fn poll_event(instance: xr::Instance, buffer: *mut xr::EventDataBuffer) -> xr::Result {
    let session = xr::Session::from_raw(SESSION.load(Ordering::Relaxed));
    let fault = Fault::now();
    if fault == Fault::Unplugged && !IS_UNPLUGGED.swap(true, Ordering::Relaxed) {
        let event = xr::EventDataSessionStateChanged {
            ty: xr::EventDataSessionStateChanged::TYPE,
            next: ptr::null(),
            session,
            state: xr::SessionState::LOSS_PENDING,
            time: xr::Time::from_nanos(1),
        };
        // SAFETY: the program's buffer has room for every event.
        unsafe { buffer.cast::<xr::EventDataSessionStateChanged>().write(event) };
        return xr::Result::SUCCESS;
    }
    if fault == Fault::MaskChanged && !IS_MASK_TOLD.swap(true, Ordering::Relaxed) {
        let event = xr::EventDataVisibilityMaskChangedKHR {
            ty: xr::EventDataVisibilityMaskChangedKHR::TYPE,
            next: ptr::null(),
            session,
            view_configuration_type: xr::ViewConfigurationType::PRIMARY_STEREO,
            view_index: 0,
        };
        // SAFETY: as above.
        unsafe { buffer.cast::<xr::EventDataVisibilityMaskChangedKHR>().write(event) };
        return xr::Result::SUCCESS;
    }
    // SAFETY: see `wait_frame`.
    match unsafe { next::<pfn::PollEvent>(c"xrPollEvent") } {
        // SAFETY: see `wait_frame`.
        Some(next) => unsafe { next(instance, buffer) },
        None => xr::Result::ERROR_FUNCTION_UNSUPPORTED,
    }
}

unsafe extern "system" fn get_system(
    instance: xr::Instance,
    info: *const xr::SystemGetInfo,
    system: *mut xr::SystemId,
) -> xr::Result {
    if Fault::now() == Fault::Unplugged {
        return xr::Result::ERROR_FORM_FACTOR_UNAVAILABLE;
    }
    IS_UNPLUGGED.store(false, Ordering::Relaxed);
    // SAFETY: see `wait_frame`.
    match unsafe { next::<pfn::GetSystem>(c"xrGetSystem") } {
        // SAFETY: see `wait_frame`.
        Some(next) => unsafe { next(instance, info, system) },
        None => xr::Result::ERROR_FUNCTION_UNSUPPORTED,
    }
}

unsafe extern "system" fn apply_haptic_feedback(
    session: xr::Session,
    info: *const xr::HapticActionInfo,
    feedback: *const xr::HapticBaseHeader,
) -> xr::Result {
    // SAFETY: the program's structures are whole, and a vibration says that it is one.
    let (path, felt) = unsafe {
        let is_vibration = (*feedback).ty == xr::HapticVibration::TYPE;
        ((*info).subaction_path, is_vibration.then(|| *feedback.cast::<xr::HapticVibration>()))
    };
    if let Some(felt) = felt {
        write_down(path, felt.amplitude, felt.duration.as_nanos() / 1_000_000);
    }
    // SAFETY: see `wait_frame`.
    match unsafe { next::<pfn::ApplyHapticFeedback>(c"xrApplyHapticFeedback") } {
        // SAFETY: see `wait_frame`.
        Some(next) => unsafe { next(session, info, feedback) },
        None => xr::Result::ERROR_FUNCTION_UNSUPPORTED,
    }
}

unsafe extern "system" fn get_visibility_mask(
    session: xr::Session,
    configuration: xr::ViewConfigurationType,
    eye: u32,
    kind: xr::VisibilityMaskTypeKHR,
    mask: *mut xr::VisibilityMaskKHR,
) -> xr::Result {
    // SAFETY: see `wait_frame`.
    let Some(next) = (unsafe { next::<pfn::GetVisibilityMaskKHR>(c"xrGetVisibilityMaskKHR") }) else {
        return xr::Result::ERROR_FUNCTION_UNSUPPORTED;
    };
    // SAFETY: see `wait_frame`.
    let result = unsafe { next(session, configuration, eye, kind, mask) };
    if result != xr::Result::SUCCESS {
        return result;
    }
    // SAFETY: the program's structure is whole.
    let mask = unsafe { &mut *mask };
    match Fault::now() {
        Fault::EndlessMask => mask.index_count_output = u32::MAX,
        Fault::WildMask if mask.index_capacity_input > 0 => {
            // SAFETY: there is room for one, and the runtime has written it.
            unsafe { *mask.indices = u32::MAX };
        }
        _ if mask.index_capacity_input > 0 => write_mask(eye, mask),
        _ => {}
    }
    result
}

/// One line for each corner of a triangle: the eye, and where the corner is.
fn write_mask(eye: u32, mask: &xr::VisibilityMaskKHR) {
    let Some(path) = std::env::var_os("PAVILION_FAULT").map(PathBuf::from) else { return };
    // SAFETY: the runtime has written so many of both.
    let (vertices, indices) = unsafe {
        (
            std::slice::from_raw_parts(mask.vertices, mask.vertex_count_output as usize),
            std::slice::from_raw_parts(mask.indices, mask.index_count_output as usize),
        )
    };
    let corners = indices.iter().filter_map(|&index| vertices.get(index as usize));
    let lines: String = corners.map(|corner| format!("{eye} {} {}\n", corner.x, corner.y)).collect();
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path.with_extension("hidden")) {
        let _ = file.write_all(lines.as_bytes());
    }
}

/// One line: the hand, how strongly, and for how long.
fn write_down(hand: xr::Path, amplitude: f32, millis: i64) {
    let Some(file) =
        std::env::var_os("PAVILION_FAULT").map(|path| PathBuf::from(path).with_extension("felt"))
    else {
        return;
    };
    let mut name = [0; xr::MAX_PATH_LENGTH];
    let mut length = 0;
    // SAFETY: the type belongs to the name.
    if let Some(read) = unsafe { next::<pfn::PathToString>(c"xrPathToString") }
        && let Some((_, instance)) = NEXT.lock().ok().and_then(|next| *next)
    {
        // SAFETY: the path is one of this instance, and there is room for the longest.
        unsafe { read(instance, hand, name.len() as u32, &mut length, name.as_mut_ptr().cast()) };
    }
    let name = name.get(..(length as usize).saturating_sub(1)).map(String::from_utf8_lossy);
    if let Ok(mut felt) = OpenOptions::new().create(true).append(true).open(file) {
        let _ = writeln!(felt, "{} {amplitude} {millis}", name.unwrap_or_default());
    }
}

unsafe extern "system" fn get_instance_proc_addr(
    instance: xr::Instance,
    name: *const c_char,
    function: *mut Option<pfn::VoidFunction>,
) -> xr::Result {
    // SAFETY: the loader's name ends with a zero.
    let wanted = unsafe { CStr::from_ptr(name) };
    // SAFETY: a function of any type may be kept as one of none until it is called.
    let ours: Option<pfn::VoidFunction> = unsafe {
        Some(match wanted.to_bytes() {
            b"xrWaitFrame" => transmute::<pfn::WaitFrame, pfn::VoidFunction>(wait_frame),
            b"xrLocateViews" => transmute::<pfn::LocateViews, pfn::VoidFunction>(locate_views),
            b"xrLocateSpace" => transmute::<pfn::LocateSpace, pfn::VoidFunction>(locate_space),
            b"xrEndFrame" => transmute::<pfn::EndFrame, pfn::VoidFunction>(end_frame),
            b"xrPollEvent" => transmute::<pfn::PollEvent, pfn::VoidFunction>(poll_event),
            b"xrGetSystem" => transmute::<pfn::GetSystem, pfn::VoidFunction>(get_system),
            b"xrLocateHandJointsEXT" => {
                transmute::<pfn::LocateHandJointsEXT, pfn::VoidFunction>(locate_joints)
            }
            b"xrGetVisibilityMaskKHR" => {
                transmute::<pfn::GetVisibilityMaskKHR, pfn::VoidFunction>(get_visibility_mask)
            }
            b"xrApplyHapticFeedback" => {
                transmute::<pfn::ApplyHapticFeedback, pfn::VoidFunction>(apply_haptic_feedback)
            }
            _ => return pass_on(instance, name, function),
        })
    };
    // SAFETY: where the loader wants it.
    unsafe { *function = ours };
    xr::Result::SUCCESS
}

/// Whatever is not ours.
///
/// # Safety
/// The arguments are those of `xrGetInstanceProcAddr`.
unsafe fn pass_on(
    instance: xr::Instance,
    name: *const c_char,
    function: *mut Option<pfn::VoidFunction>,
) -> xr::Result {
    match NEXT.lock().ok().and_then(|next| *next) {
        // SAFETY: the caller vouches for them.
        Some((get, _)) => unsafe { get(instance, name, function) },
        None => xr::Result::ERROR_HANDLE_INVALID,
    }
}

unsafe extern "system" fn create_api_layer_instance(
    info: *const xr::InstanceCreateInfo,
    layer: *const xr::ApiLayerCreateInfo,
    instance: *mut xr::Instance,
) -> xr::Result {
    // SAFETY: the loader's structures are whole, and there is always a next one: the loader's own end.
    unsafe {
        let following = *(*layer).next_info;
        let (Some(get), Some(create)) =
            (following.next_get_instance_proc_addr, following.next_create_api_layer_instance)
        else {
            return xr::Result::ERROR_INITIALIZATION_FAILED;
        };
        let shorter = xr::ApiLayerCreateInfo { next_info: following.next, ..*layer };
        let result = create(info, &shorter, instance);
        if result == xr::Result::SUCCESS
            && let Ok(mut next) = NEXT.lock()
        {
            *next = Some((get, *instance));
        }
        result
    }
}

/// What the loader asks first.
///
/// # Safety
/// Only the loader calls it, with structures that say what they are.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn xrNegotiateLoaderApiLayerInterface(
    _loader: *const xr::NegotiateLoaderInfo,
    _name: *const c_char,
    request: *mut xr::NegotiateApiLayerRequest,
) -> xr::Result {
    // SAFETY: the loader's structure is whole.
    let request = unsafe { &mut *request };
    request.layer_interface_version = 1;
    request.layer_api_version = xr::Version::new(1, 0, 0);
    request.get_instance_proc_addr = Some(get_instance_proc_addr);
    request.create_api_layer_instance = Some(create_api_layer_instance);
    xr::Result::SUCCESS
}
