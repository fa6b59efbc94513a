//! The mock's foveation: it reads the chains that the program builds, and notes what they say.

use std::ffi::c_void;
use std::mem::transmute;

use openxr as xr;
use xr::sys::{self, Handle as _, pfn};

use super::{Any, Lie, note, succeed, with};

/// The one profile, of which there is never a second at a time.
const PROFILE: u64 = 77;

/// Whether a swapchain's chain asks for density maps.
///
/// # Safety
/// The chain is a valid one.
pub(super) unsafe fn is_foveated(next: *const c_void) -> bool {
    // SAFETY: each link begins as `BaseInStructure` does, and its type says what it is.
    unsafe {
        let mut next = next.cast::<sys::BaseInStructure>();
        while let Some(link) = next.as_ref() {
            if link.ty == sys::SwapchainCreateInfoFoveationFB::TYPE {
                let info = &*next.cast::<sys::SwapchainCreateInfoFoveationFB>();
                return info.flags == xr::SwapchainCreateFoveationFlagsFB::FRAGMENT_DENSITY_MAP;
            }
            next = link.next;
        }
    }
    false
}

/// Writes a map where an image's chain has room for one.
///
/// # Safety
/// The chain is a valid one.
pub(super) unsafe fn write_maps(next: *mut c_void, map: u64, [width, height]: [u32; 2]) {
    // SAFETY: as above.
    unsafe {
        let room = next.cast::<sys::SwapchainImageFoveationVulkanFB>();
        if !room.is_null() && (*room).ty == sys::SwapchainImageFoveationVulkanFB::TYPE {
            ((*room).image, (*room).width, (*room).height) = (map, width, height);
        }
    }
}

unsafe extern "system" fn create_profile(
    _session: sys::Session,
    info: *const sys::FoveationProfileCreateInfoFB,
    profile: *mut sys::FoveationProfileFB,
) -> sys::Result {
    // SAFETY: the program's structures are whole and say what they are.
    unsafe {
        let level = (*info).next.cast::<sys::FoveationLevelProfileCreateInfoFB>().cast_const();
        assert_eq!((*level).ty, sys::FoveationLevelProfileCreateInfoFB::TYPE);
        note(format!("profile {:?} {:?}", (*level).level, (*level).dynamic));
        if with(|state| state.lie == Lie::NoProfile) {
            return sys::Result::ERROR_RUNTIME_FAILURE;
        }
        *profile = sys::FoveationProfileFB::from_raw(PROFILE);
    }
    sys::Result::SUCCESS
}

unsafe extern "system" fn update_swapchain(
    _swapchain: sys::Swapchain,
    state: *const sys::SwapchainStateBaseHeaderFB,
) -> sys::Result {
    // SAFETY: the program's structures are whole and say what they are.
    unsafe {
        assert_eq!((*state).ty, sys::SwapchainStateFoveationFB::TYPE);
        let state = &*state.cast::<sys::SwapchainStateFoveationFB>();
        assert_eq!(state.profile.into_raw(), PROFILE);
    }
    note("update");
    with(|state| match state.lie {
        Lie::NoUpdate => sys::Result::ERROR_VALIDATION_FAILURE,
        _ => sys::Result::SUCCESS,
    })
}

/// The function of this name, if it is about foveation.
pub(super) fn function(name: &[u8]) -> Option<pfn::VoidFunction> {
    // SAFETY: a function of any type may be kept as one of none until it is called, and each is called with the
    // arguments of its name; those that only succeed look at none.
    Some(unsafe {
        match name {
            b"xrCreateFoveationProfileFB" => {
                transmute::<pfn::CreateFoveationProfileFB, pfn::VoidFunction>(create_profile)
            }
            b"xrUpdateSwapchainFB" => {
                transmute::<pfn::UpdateSwapchainFB, pfn::VoidFunction>(update_swapchain)
            }
            b"xrDestroyFoveationProfileFB" | b"xrGetSwapchainStateFB" => {
                transmute::<Any, pfn::VoidFunction>(succeed)
            }
            _ => return None,
        }
    })
}
