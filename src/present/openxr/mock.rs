//! A mock of a headset's runtime, for tests: it answers what [`Headset`](super::Headset) asks, on any Vulkan device,
//! and has foveation, which no runtime here has. It shows pictures to nobody and proves nothing of a real one.
//!
//! There is one in a process: whoever holds the [`Mock`] has it alone.
#![allow(clippy::unwrap_used)]

mod foveation;
mod graphics;
mod session;

use std::ffi::{CStr, c_char, c_void};
use std::mem::transmute;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openxr as xr;
use xr::sys::{self, Handle as _, pfn};

use super::Runtime;
use graphics::Graphics;

/// The extensions without which there are no maps.
pub(super) const FOVEATION: [&CStr; 4] = [
    c"XR_FB_foveation",
    c"XR_FB_foveation_configuration",
    c"XR_FB_foveation_vulkan",
    c"XR_FB_swapchain_update_state",
];

/// What it gets wrong about maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lie {
    #[default]
    None,
    /// Foveated swapchains cannot be made.
    NoSwapchain,
    /// There are no images.
    NoImages,
    /// There is no end to images.
    EndlessImages,
    /// The maps are none.
    NoMaps,
    /// The maps have no size.
    EmptyMaps,
    /// There are no profiles.
    NoProfile,
    /// Profiles are refused.
    NoUpdate,
}

/// What it knows.
#[derive(Default)]
struct State {
    offered: Vec<&'static CStr>,
    lie: Lie,
    graphics: Graphics,
    handle_count: u64,
    frame_count: i64,
    states: Vec<xr::SessionState>,
    calls: Vec<String>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);
static HELD: Mutex<()> = Mutex::new(());

/// With the state, whose frames' calls come from one thread.
fn with<T>(ask: impl FnOnce(&mut State) -> T) -> T {
    ask(STATE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// Notes a call that tests ask for.
fn note(call: impl Into<String>) {
    with(|state| state.calls.push(call.into()));
}

/// The one runtime, as long as this is held.
pub(super) struct Mock(#[expect(dead_code, reason = "held, not looked at")] MutexGuard<'static, ()>);

impl Mock {
    /// One that has these extensions beside Vulkan.
    pub fn new(offered: &[&'static CStr]) -> Self {
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        let offered = [&[c"XR_KHR_vulkan_enable2"], offered].concat();
        *STATE.lock().unwrap_or_else(PoisonError::into_inner) = Some(State { offered, ..State::default() });
        Self(held)
    }

    /// From now on it gets this wrong.
    pub fn lie(&self, lie: Lie) {
        with(|state| state.lie = lie);
    }

    /// A connection to it.
    pub fn connect(&self) -> Runtime {
        // SAFETY: all functions that are used behave as the standard says; the others say that they are unsupported.
        let entry = unsafe { xr::Entry::from_get_instance_proc_addr(get_instance_proc_addr, &()) };
        Runtime::behind(&entry.unwrap()).unwrap()
    }

    /// What it was asked about swapchains, maps and frames since the last time, in order.
    pub fn take_calls(&self) -> Vec<String> {
        with(|state| std::mem::take(&mut state.calls))
    }
}

unsafe extern "system" fn enumerate_extensions(
    _layer: *const c_char,
    capacity: u32,
    count: *mut u32,
    properties: *mut sys::ExtensionProperties,
) -> sys::Result {
    let offered = with(|state| state.offered.clone());
    let write = |index: usize, property: &mut sys::ExtensionProperties| {
        property.extension_version = 1;
        for (to, from) in property.extension_name.iter_mut().zip(offered[index].to_bytes_with_nul()) {
            *to = *from as c_char;
        }
    };
    // SAFETY: the wrapper's array is as long as it says.
    unsafe { fill(offered.len(), capacity, count, properties, write) }
}

/// Answers as functions do that return arrays: the count, and as much as there is room for.
///
/// # Safety
/// `items` has room for `capacity`.
unsafe fn fill<T>(
    length: usize,
    capacity: u32,
    count: *mut u32,
    items: *mut T,
    write: impl Fn(usize, &mut T),
) -> sys::Result {
    // SAFETY: the caller's number, and its array.
    unsafe {
        *count = length as u32;
        if capacity > 0 {
            let items = std::slice::from_raw_parts_mut(items, length.min(capacity as usize));
            items.iter_mut().enumerate().for_each(|(index, item)| write(index, item));
        }
    }
    sys::Result::SUCCESS
}

/// # Safety
/// `items` is null or has so many.
unsafe fn slice<'a, T>(items: *const T, count: u32) -> &'a [T] {
    // SAFETY: promised by the caller; of none there may be no place either.
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(items, count as usize) } }
}

unsafe extern "system" fn create_instance(
    _info: *const sys::InstanceCreateInfo,
    instance: *mut sys::Instance,
) -> sys::Result {
    // SAFETY: where the wrapper wants it.
    unsafe { *instance = sys::Instance::from_raw(1) };
    sys::Result::SUCCESS
}

unsafe extern "system" fn get_properties(
    _instance: sys::Instance,
    properties: *mut sys::InstanceProperties,
) -> sys::Result {
    // SAFETY: the wrapper's structure has its type and may be written as a whole.
    unsafe {
        (*properties).runtime_version = xr::Version::new(1, 0, 0);
        (*properties).runtime_name = [0; sys::MAX_RUNTIME_NAME_SIZE];
        (*properties).runtime_name[0] = b'm' as c_char;
    }
    sys::Result::SUCCESS
}

unsafe extern "system" fn get_system(
    _instance: sys::Instance,
    _info: *const sys::SystemGetInfo,
    system: *mut sys::SystemId,
) -> sys::Result {
    // SAFETY: where the wrapper wants it.
    unsafe { *system = sys::SystemId::from_raw(1) };
    sys::Result::SUCCESS
}

/// Makes whatever takes its parent and a description: spaces, actions and sets of them.
unsafe extern "system" fn create_any(_parent: u64, _info: *const c_void, made: *mut u64) -> sys::Result {
    let handle = with(|state| {
        state.handle_count += 1;
        state.handle_count
    });
    // SAFETY: where the wrapper wants it; handles are numbers of this size.
    unsafe { *made = handle };
    sys::Result::SUCCESS
}

unsafe extern "system" fn string_to_path(
    instance: sys::Instance,
    text: *const c_char,
    path: *mut sys::Path,
) -> sys::Result {
    // SAFETY: a path is a number, too.
    unsafe { create_any(instance.into_raw(), text.cast(), path.cast()) }
}

/// Every function that has nothing to say, whatever its arguments are.
unsafe extern "system" fn succeed() -> sys::Result {
    sys::Result::SUCCESS
}

/// Every other function.
unsafe extern "system" fn unsupported() -> sys::Result {
    sys::Result::ERROR_FUNCTION_UNSUPPORTED
}

type Any = unsafe extern "system" fn() -> sys::Result;
type CreateAny = unsafe extern "system" fn(u64, *const c_void, *mut u64) -> sys::Result;

unsafe extern "system" fn get_instance_proc_addr(
    _instance: sys::Instance,
    name: *const c_char,
    function: *mut Option<pfn::VoidFunction>,
) -> sys::Result {
    // SAFETY: the name ends with a zero. A function of any type may be kept as one of none until it is called, and
    // each is called with the arguments of its name.
    unsafe {
        let name = CStr::from_ptr(name).to_bytes();
        let found = match name {
            b"xrEnumerateInstanceExtensionProperties" => {
                let function: pfn::EnumerateInstanceExtensionProperties = enumerate_extensions;
                transmute::<pfn::EnumerateInstanceExtensionProperties, pfn::VoidFunction>(function)
            }
            b"xrCreateInstance" => transmute::<pfn::CreateInstance, pfn::VoidFunction>(create_instance),
            b"xrGetInstanceProperties" => {
                transmute::<pfn::GetInstanceProperties, pfn::VoidFunction>(get_properties)
            }
            b"xrGetSystem" => transmute::<pfn::GetSystem, pfn::VoidFunction>(get_system),
            b"xrStringToPath" => transmute::<pfn::StringToPath, pfn::VoidFunction>(string_to_path),
            b"xrCreateActionSet" | b"xrCreateAction" | b"xrCreateActionSpace" | b"xrCreateReferenceSpace" => {
                transmute::<CreateAny, pfn::VoidFunction>(create_any)
            }
            _ => {
                let others = [graphics::function(name), foveation::function(name), session::function(name)];
                let other = others.into_iter().flatten().next();
                other.unwrap_or_else(|| transmute::<Any, pfn::VoidFunction>(unsupported))
            }
        };
        *function = Some(found);
    }
    sys::Result::SUCCESS
}
