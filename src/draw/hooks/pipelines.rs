//! Shaders and pipelines on their way to the driver: made cheaper, and asked after.
//!
//! In: what wgpu compiles. Out: the same with arithmetic relaxed where its names allow it ([`relax`](super::relax)), for
//! the pass that will be begun; and, where it is asked for, what the driver's compiler made of each stage.

use std::ffi::{CStr, FromBytesUntilNulError, c_void};
use std::thread::{self, ThreadId};

use ash::vk;
use serde::Serialize;

use super::functions::{Allocator, slice};
use super::slots::state;
use super::{RELAXED_PREFIX, lock, relax};

/// What a driver made of one stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// The driver's name for it.
    pub stage: String,
    /// Threads in a wave of it.
    pub wave_threads: u32,
    /// Numbers by the driver's names for them.
    pub statistics: Vec<(String, u64)>,
}

/// What a driver made of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PipelineReport {
    /// The label that it was made under.
    pub pipeline: String,
    /// In the driver's order.
    pub stages: Vec<StageReport>,
}

/// What was said of pipelines, until somebody takes it.
#[derive(Default)]
pub(super) struct Reports {
    /// By whom the pipeline was made: its name comes after it.
    unnamed: Vec<(ThreadId, Vec<StageReport>)>,
    named: Vec<PipelineReport>,
}

impl Reports {
    pub(super) fn name(&mut self, name: &str) {
        let me = thread::current().id();
        for (_, stages) in self.unnamed.extract_if(.., |(thread, _)| *thread == me) {
            self.named.push(PipelineReport { pipeline: name.to_owned(), stages });
        }
    }

    pub(super) fn take(&mut self) -> Vec<PipelineReport> {
        std::mem::take(&mut self.named)
    }
}

/// The functions of `VK_KHR_pipeline_executable_properties`.
pub(super) struct Statistics {
    properties: vk::PFN_vkGetPipelineExecutablePropertiesKHR,
    statistics: vk::PFN_vkGetPipelineExecutableStatisticsKHR,
}

impl Statistics {
    /// `None` where the device has no such functions.
    ///
    /// # Safety
    /// `load` must act as `vkGetDeviceProcAddr` for some device.
    pub(super) unsafe fn load(load: &mut impl FnMut(&CStr) -> *const c_void) -> Option<Self> {
        let properties = load(c"vkGetPipelineExecutablePropertiesKHR");
        let statistics = load(c"vkGetPipelineExecutableStatisticsKHR");
        if properties.is_null() || statistics.is_null() {
            return None;
        }
        // SAFETY: these are the types that Vulkan gives to functions of these names.
        Some(unsafe {
            Self {
                properties: std::mem::transmute::<*const c_void, vk::PFN_vkGetPipelineExecutablePropertiesKHR>(
                    properties,
                ),
                statistics: std::mem::transmute::<*const c_void, vk::PFN_vkGetPipelineExecutableStatisticsKHR>(
                    statistics,
                ),
            }
        })
    }

    /// # Safety
    /// The pipeline is one of this device and was made with `CAPTURE_STATISTICS_KHR`.
    unsafe fn of(&self, device: vk::Device, pipeline: vk::Pipeline) -> Vec<StageReport> {
        let info = vk::PipelineInfoKHR::default().pipeline(pipeline);
        // SAFETY: the first call asks for the count, the second fills as many.
        let stages = unsafe { all(|count, out| (self.properties)(device, &info, count, out)) };
        let report = |(index, stage): (u32, &vk::PipelineExecutablePropertiesKHR<'_>)| {
            let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline).executable_index(index);
            // SAFETY: as above.
            let statistics = unsafe { all(|count, out| (self.statistics)(device, &info, count, out)) };
            StageReport {
                stage: text(stage.name_as_c_str()),
                wave_threads: stage.subgroup_size,
                statistics: statistics.iter().map(|one| (text(one.name_as_c_str()), number(one))).collect(),
            }
        };
        (0..).zip(&stages).map(report).collect()
    }
}

/// Vulkan's way to return many.
///
/// # Safety
/// `fill` acts as Vulkan's functions do that return arrays.
unsafe fn all<T: Default + Clone>(fill: impl Fn(*mut u32, *mut T) -> vk::Result) -> Vec<T> {
    let mut count = 0;
    if fill(&mut count, std::ptr::null_mut()) != vk::Result::SUCCESS {
        return Vec::new();
    }
    let mut items = vec![T::default(); count as usize];
    let result = fill(&mut count, items.as_mut_ptr());
    items.truncate(if result == vk::Result::SUCCESS { count as usize } else { 0 });
    items
}

fn text(name: Result<&CStr, FromBytesUntilNulError>) -> String {
    name.unwrap_or_default().to_string_lossy().into_owned()
}

fn number(statistic: &vk::PipelineExecutableStatisticKHR<'_>) -> u64 {
    use vk::PipelineExecutableStatisticFormatKHR as Format;
    // SAFETY: the format says which of the numbers it is.
    unsafe {
        match statistic.format {
            Format::BOOL32 => u64::from(statistic.value.b32),
            Format::FLOAT64 => statistic.value.f64 as u64,
            _ => statistic.value.u64,
        }
    }
}

pub(super) unsafe extern "system" fn create_shader_module<const SLOT: usize>(
    device: vk::Device,
    info: *const vk::ShaderModuleCreateInfo<'_>,
    allocator: Allocator<'_>,
    out: *mut vk::ShaderModule,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so the code is as long as told. A decoration more
    // leaves a module valid.
    unsafe {
        let state = state::<SLOT>();
        let mut changed = *info;
        let code = slice(changed.p_code, (changed.code_size / size_of::<u32>()) as u32);
        let relaxed = if state.options.keeps_precision { None } else { relax::relaxed(code, RELAXED_PREFIX) };
        if let Some(relaxed) = &relaxed {
            state.record(|recorded| {
                recorded.counts.relaxed_results += relax::decorated_count(code, relaxed);
            });
            (changed.p_code, changed.code_size) = (relaxed.as_ptr(), size_of_val(relaxed.as_slice()));
        }
        (state.next.create_shader_module)(device, &changed, allocator, out)
    }
}

pub(super) unsafe extern "system" fn create_graphics_pipelines<const SLOT: usize>(
    device: vk::Device,
    cache: vk::PipelineCache,
    count: u32,
    infos: *const vk::GraphicsPipelineCreateInfo<'_>,
    allocator: Allocator<'_>,
    out: *mut vk::Pipeline,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so the arrays are as long as told. A twin stands
    // for its pass, and only pipelines that were made are asked after.
    unsafe {
        let state = state::<SLOT>();
        let mut changed = slice(infos, count).to_vec();
        for info in &mut changed {
            info.render_pass = lock(&state.eye_passes).for_pipelines(info.render_pass);
            if state.statistics.is_some() {
                info.flags |= vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR;
            }
        }
        let create = state.next.create_graphics_pipelines;
        let result = create(device, cache, count, changed.as_ptr(), allocator, out);
        if result == vk::Result::SUCCESS
            && let Some(statistics) = &state.statistics
        {
            let me = thread::current().id();
            let reports =
                slice(out.cast_const(), count).iter().map(|made| (me, statistics.of(device, *made)));
            lock(&state.reports).unnamed.extend(reports);
        }
        result
    }
}
