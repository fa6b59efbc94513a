//! Hooks in the Vulkan function table that wgpu calls through.
//!
//! wgpu has no way to share its queue with a headset's runtime, and none to say what it really asked
//! the driver for. But it takes an [`ash::Device`], which is a table of functions: [`Hooks::install`]
//! makes one whose entries lock the queue, and count in recording mode. What else wgpu cannot say has its
//! place here too: which arithmetic may be done in halves ([`relax`]), that a resolved picture needs no
//! clearing, and a density map ([`passes`]), by which a headset's GPU shades less where the lens blurs.
//!
//! Only core functions can be hooked so: wgpu loads those of extensions through the `ash::Instance`.
#![allow(unsafe_code)]

mod counts;
mod functions;
#[cfg(test)]
pub(crate) mod neutral_map;
mod passes;
mod pipelines;
mod queue;
mod relax;
mod slots;

use std::collections::HashSet;
use std::ffi::{CStr, c_void};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ash::vk;

pub use counts::Counts;
use functions::Next;
use passes::EyePasses;
pub use pipelines::{PipelineReport, StageReport};
use pipelines::{Reports, Statistics};
pub use queue::QueueGuard;
use queue::QueueLock;

/// How the names of shader functions begin whose arithmetic may be done in halves.
const RELAXED_PREFIX: &str = "h_";

/// What [`Hooks::install`] is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct HookOptions {
    /// Count calls, at the price of a lock for each.
    pub records: bool,
    /// Leave all arithmetic of shaders at full precision.
    pub keeps_precision: bool,
    /// The format of density maps. The device has `VK_EXT_fragment_density_map`, and its features
    /// `fragmentDensityMap` and `fragmentDensityMapNonSubsampledImages` are enabled.
    pub density_map: Option<vk::Format>,
    /// Ask the driver what it made of each pipeline. The device has `VK_KHR_pipeline_executable_properties`, and its
    /// feature is enabled.
    pub reports_pipelines: bool,
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
        let statistics = match options.reports_pipelines {
            // SAFETY: as above.
            true => unsafe { Statistics::load(&mut load) },
            false => None,
        };
        let state = Arc::new(State {
            next,
            statistics,
            options,
            eye_passes: Mutex::default(),
            recorded: Mutex::default(),
            reports: Mutex::default(),
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

    /// The format of this device's density maps; `None` where it has none.
    pub fn density_format(&self) -> Option<vk::Format> {
        self.0.options.density_map
    }

    /// Sets the density map of eye passes into `view`, a view of their resolved picture, or by `None` that of all others. From the first
    /// map on the device is foveated: pipelines for eye passes that were made before must not be used in them,
    /// and every eye pass needs a map. The driver may read it as soon as a pass is recorded.
    ///
    /// # Safety
    ///
    /// `map` is a view, of one layer or of one for each eye, of an image of [`Hooks::density_format`] in the layout
    /// `FRAGMENT_DENSITY_MAP_OPTIMAL_EXT`, large enough for the pictures, and lives for as long as it is set and
    /// frames use it.
    pub unsafe fn set_density_map(&self, view: Option<vk::ImageView>, map: vk::ImageView) {
        lock(&self.0.eye_passes).set_map(view, map);
    }

    /// Names what the driver said of pipelines that this thread has made since the last time.
    pub(super) fn name_pipelines(&self, name: &str) {
        if self.0.options.reports_pipelines {
            lock(&self.0.reports).name(name);
        }
    }

    /// What the driver made of each pipeline since the last time, in the order of their making; empty unless
    /// [`HookOptions::reports_pipelines`].
    pub fn take_pipeline_reports(&self) -> Vec<PipelineReport> {
        lock(&self.0.reports).take()
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
    /// `None` where nobody asks for reports.
    statistics: Option<Statistics>,
    options: HookOptions,
    eye_passes: Mutex<EyePasses>,
    recorded: Mutex<Recorded>,
    reports: Mutex<Reports>,
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
