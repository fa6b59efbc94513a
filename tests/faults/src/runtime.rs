//! A runtime that answers and can do nothing, least of all Vulkan.

use std::ffi::{CStr, c_char};
use std::mem::transmute;

use openxr_sys::{self as xr, Handle as _};
use xr::pfn;

unsafe extern "system" fn enumerate_extensions(
    _layer: *const c_char,
    _capacity: u32,
    count: *mut u32,
    _properties: *mut xr::ExtensionProperties,
) -> xr::Result {
    // SAFETY: the loader's number.
    unsafe { *count = 0 };
    xr::Result::SUCCESS
}

unsafe extern "system" fn create_instance(
    _info: *const xr::InstanceCreateInfo,
    instance: *mut xr::Instance,
) -> xr::Result {
    // SAFETY: where the loader wants it.
    unsafe { *instance = xr::Instance::from_raw(1) };
    xr::Result::SUCCESS
}

unsafe extern "system" fn destroy_instance(_instance: xr::Instance) -> xr::Result {
    xr::Result::SUCCESS
}

unsafe extern "system" fn get_properties(
    _instance: xr::Instance,
    properties: *mut xr::InstanceProperties,
) -> xr::Result {
    // SAFETY: the program's structure is whole.
    let properties = unsafe { &mut *properties };
    properties.runtime_version = xr::Version::new(1, 0, 0);
    for (to, from) in properties.runtime_name.iter_mut().zip(c"Paper".to_bytes_with_nul()) {
        *to = *from as c_char;
    }
    xr::Result::SUCCESS
}

/// Every other function, whatever its arguments are.
unsafe extern "system" fn unsupported() -> xr::Result {
    xr::Result::ERROR_FUNCTION_UNSUPPORTED
}

unsafe extern "system" fn get_instance_proc_addr(
    _instance: xr::Instance,
    name: *const c_char,
    function: *mut Option<pfn::VoidFunction>,
) -> xr::Result {
    // SAFETY: the loader's name ends with a zero.
    let wanted = unsafe { CStr::from_ptr(name) };
    // SAFETY: a function of any type may be kept as one of none until it is called.
    let ours = unsafe {
        match wanted.to_bytes() {
            b"xrEnumerateInstanceExtensionProperties" => transmute::<
                pfn::EnumerateInstanceExtensionProperties,
                pfn::VoidFunction,
            >(enumerate_extensions),
            b"xrCreateInstance" => transmute::<pfn::CreateInstance, pfn::VoidFunction>(create_instance),
            b"xrDestroyInstance" => transmute::<pfn::DestroyInstance, pfn::VoidFunction>(destroy_instance),
            b"xrGetInstanceProperties" => {
                transmute::<pfn::GetInstanceProperties, pfn::VoidFunction>(get_properties)
            }
            _ => transmute::<unsafe extern "system" fn() -> xr::Result, pfn::VoidFunction>(unsupported),
        }
    };
    // SAFETY: where the loader wants it.
    unsafe { *function = Some(ours) };
    xr::Result::SUCCESS
}

/// What the loader asks first.
///
/// # Safety
/// Only the loader calls it, with structures that say what they are.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn xrNegotiateLoaderRuntimeInterface(
    _loader: *const xr::NegotiateLoaderInfo,
    request: *mut xr::NegotiateRuntimeRequest,
) -> xr::Result {
    // SAFETY: the loader's structure is whole.
    let request = unsafe { &mut *request };
    request.runtime_interface_version = 1;
    request.runtime_api_version = xr::Version::new(1, 0, 0);
    request.get_instance_proc_addr = Some(get_instance_proc_addr);
    xr::Result::SUCCESS
}
