//! Hooks in the Vulkan function table that wgpu calls through.
//!
//! wgpu has no way to share its queue with a headset's runtime, and none to say what it really asked
//! the driver for. But it takes an [`ash::Device`], which is a table of functions: [`Hooks::install`]
//! makes one whose entries lock the queue, and count in recording mode. What else wgpu cannot say
//! (density maps, half precision) has its place here too.
//!
//! Only core functions can be hooked so: wgpu loads those of extensions through the `ash::Instance`.
#![allow(unsafe_code)]

mod counts;
mod functions;
mod queue;
mod slots;

use std::collections::HashSet;
use std::ffi::{CStr, c_void};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ash::vk;

pub use counts::Counts;
use functions::Next;
pub use queue::QueueGuard;
use queue::QueueLock;

/// Render passes with this view mask draw both eyes.
const EYE_MASK: u32 = 0b11;

/// What [`Hooks::install`] is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct HookOptions {
    /// Count calls, at the price of a lock for each.
    pub records: bool,
}

/// The hooks of one device.
#[derive(Clone)]
pub struct Hooks(Arc<State>);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Hooks {
    /// Makes the hooked table of `device`. `None` where `load` lacks a function, or as many devices
    /// are open as there are slots.
    ///
    /// # Safety
    ///
    /// `load` must act as `vkGetDeviceProcAddr` for `device`, which nobody destroys but through the
    /// table that is returned.
    pub unsafe fn install(
        device: vk::Device,
        options: HookOptions,
        mut load: impl FnMut(&CStr) -> *const c_void,
    ) -> Option<(ash::Device, Self)> {
        // SAFETY: the caller vouches for `load`.
        let next = unsafe { Next::load(&mut load) }?;
        let state = Arc::new(State {
            next,
            options,
            eye_passes: Mutex::default(),
            recorded: Mutex::default(),
            queue: QueueLock::default(),
        });
        let hook = slots::claim(&state)?;
        let find = |name: &CStr| hook(name).unwrap_or_else(|| load(name));
        // SAFETY: a hook has the signature of what it stands for; the rest comes from `load`.
        Some((unsafe { ash::Device::load_with(find, device) }, Self(state)))
    }

    /// Keeps other threads off wgpu's queue for the OpenXR calls that may use it: begin and end frame,
    /// acquire and release image. Never call wgpu while holding it: a thread that submits holds wgpu's
    /// locks and waits for this one.
    pub fn lock_queue(&self) -> QueueGuard<'_> {
        self.0.queue.lock()
    }

    /// Counts the layout changes of `image` from now on.
    pub fn watch(&self, image: vk::Image) {
        lock(&self.0.recorded).watched.insert(image);
    }

    /// No longer counts those of `image`, whose handle may soon be another's.
    pub fn unwatch(&self, image: vk::Image) {
        lock(&self.0.recorded).watched.remove(&image);
    }

    /// Calls since the last time, all zero unless [`HookOptions::records`].
    pub fn take_counts(&self) -> Counts {
        if !self.0.options.records {
            return Counts::default();
        }
        std::mem::take(&mut lock(&self.0.recorded).counts)
    }
}

/// What the hooks of one device know.
struct State {
    /// The driver's functions.
    next: Next,
    options: HookOptions,
    eye_passes: Mutex<HashSet<vk::RenderPass>>,
    recorded: Mutex<Recorded>,
    queue: QueueLock,
}

#[derive(Default)]
struct Recorded {
    counts: Counts,
    watched: HashSet<vk::Image>,
}

impl State {
    fn record(&self, add: impl FnOnce(&mut Recorded)) {
        if self.options.records {
            add(&mut lock(&self.recorded));
        }
    }
}

/// Ignores poison: nothing that is done under these locks leaves its data half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
