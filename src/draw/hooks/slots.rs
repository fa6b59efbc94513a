//! How a hook knows whose call it is: Vulkan's functions get no pointer of ours, so each hook is
//! compiled once a slot, and a slot is one device's from its creation to `vkDestroyDevice`.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::State;
use super::functions::hook;

/// Devices that may be open at once in this process: a headset's runtime can come back before the
/// last device is gone, and tests open several.
const SLOTS: usize = 16;

static STATES: [AtomicPtr<State>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];

/// A function's name → the hook for it in one slot.
pub(super) type FindHook = fn(&CStr) -> Option<*const c_void>;

const HOOKS: [FindHook; SLOTS] = [
    hook::<0>, hook::<1>, hook::<2>, hook::<3>, hook::<4>, hook::<5>, hook::<6>, hook::<7>, hook::<8>,
    hook::<9>, hook::<10>, hook::<11>, hook::<12>, hook::<13>, hook::<14>, hook::<15>,
];

/// Takes a free slot, which from now on keeps `state` alive.
pub(super) fn claim(state: &Arc<State>) -> Option<FindHook> {
    let pointer = Arc::into_raw(Arc::clone(state)).cast_mut();
    for (slot, hook) in STATES.iter().zip(HOOKS) {
        let free = ptr::null_mut();
        if slot.compare_exchange(free, pointer, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return Some(hook);
        }
    }
    // SAFETY: the pointer is that of the `into_raw` above, and no slot has taken it.
    drop(unsafe { Arc::from_raw(pointer) });
    None
}

/// The state of the device whose function was called.
///
/// # Safety
/// The caller is a hook of slot `SLOT` other than the one of `vkDestroyDevice`: a device that is used
/// has not been destroyed, so its slot is not given up while the state is borrowed.
pub(super) unsafe fn state<'a, const SLOT: usize>() -> &'a State {
    // SAFETY: hooks are given out after their slot was filled, see above for how long it stays so.
    match unsafe { STATES[SLOT].load(Ordering::Acquire).as_ref() } {
        Some(state) => state,
        // There is nobody to tell, and going on would call through nothing.
        None => std::process::abort(),
    }
}

/// Gives the slot up: its device is being destroyed. Whoever holds the state still may.
pub(super) fn release<const SLOT: usize>() -> Arc<State> {
    let pointer = STATES[SLOT].swap(ptr::null_mut(), Ordering::AcqRel);
    if pointer.is_null() {
        std::process::abort();
    }
    // SAFETY: the slot held the pointer of the `into_raw` in `claim`, and holds it no more.
    unsafe { Arc::from_raw(pointer) }
}
