//! The Vulkan device: chosen, opened, and watched for errors.
//!
//! What comes in are [`GpuOptions`] and perhaps a window or a headset's runtime; what goes out is a
//! [`Gpu`] that has passed the checks. Every device is opened here in the same way, through the
//! [`hooks`](super::hooks). Architecture invariant: it knows nothing of what is drawn.

mod compiler;
mod extras;
mod logical;
mod maker;
mod memoryless;
mod messages;

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ash::vk;

use super::hooks::{Counts, HookOptions, Hooks};
use super::self_test;
use super::{Attachments, DrawError, EyeImage};
pub(super) use compiler::Compiler;
pub use maker::VulkanMaker;
use messages::{Messages, Messenger};

/// What it takes to draw both eyes in one pass.
const BOTH_EYES: wgpu::Features = wgpu::Features::MULTIVIEW.union(wgpu::Features::MULTISAMPLE_ARRAY);

/// What nothing depends on, and the driver needs to do nothing for: the GPU's clock, pipelines that are kept, and to be
/// asked which numbers of samples it has beside 1 and 4.
const WHERE_OFFERED: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY
    .union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS)
    .union(wgpu::Features::TEXTURE_ADAPTER_SPECIFIC_FORMAT_FEATURES)
    .union(wgpu::Features::PIPELINE_CACHE);

/// How to open the device.
#[derive(Clone, Copy, Debug, Default)]
pub struct GpuOptions {
    /// Ask the Vulkan validation layers to check every call. Slow; for tests.
    pub validates: bool,
    /// Count what the driver is asked for. Slow as well.
    pub records: bool,
    /// Open the device as one that cannot draw both eyes at once.
    pub lacks_multiview: bool,
    /// Leave all arithmetic of shaders at full precision, for comparison.
    pub keeps_precision: bool,
    /// The format of the density maps that eye passes will have, where the device can have any.
    pub density_map: Option<vk::Format>,
    /// The driver is there for its compiler: it executes nothing, so pictures are not looked at, and it says
    /// what it made of each pipeline.
    pub measures_shaders: bool,
}

/// What the device is, for people.
#[derive(Clone, Debug)]
pub struct GpuFacts {
    /// The adapter's name.
    pub name: String,
    /// The driver's name and version.
    pub driver: String,
    /// Whether the CPU does the drawing.
    pub is_software: bool,
    /// Whether the validation layers are active.
    pub is_validated: bool,
    /// Why the eyes are drawn one after the other, as what follows “because”; `None`: both at once.
    pub in_turn: Option<String>,
}

/// The device in Vulkan's own words, for a headset's runtime. Alive as long as the [`Gpu`].
#[derive(Clone, Copy, Debug)]
pub struct VulkanHandles {
    /// The instance.
    pub instance: vk::Instance,
    /// The GPU.
    pub physical_device: vk::PhysicalDevice,
    /// The device.
    pub device: vk::Device,
    /// The family of the one queue; its index in the family is 0.
    pub queue_family: u32,
}

/// A device that draws both eyes: at once, or else one after the other.
#[derive(Debug)]
pub struct Gpu {
    /// Makes resources.
    pub device: wgpu::Device,
    /// Takes work.
    pub queue: wgpu::Queue,
    instance: wgpu::Instance,
    adapter: wgpu::Adapter,
    facts: GpuFacts,
    handles: VulkanHandles,
    hooks: Hooks,
    /// What the driver remembers of pipelines, where somebody keeps it from day to day.
    cache: Option<wgpu::PipelineCache>,
    messages: Arc<Messages>,
    is_lost: Arc<AtomicBool>,
    // Only its drop and a test look at it; it keeps the instance alive that the drop needs.
    #[cfg_attr(not(test), allow(dead_code))]
    messenger: Option<Messenger>,
    // Last: what made the instance and the device outlives them.
    _maker: Option<Box<dyn Any + Send + Sync>>,
}

impl Gpu {
    /// The best device of this machine, for pictures that go nowhere.
    ///
    /// # Errors
    /// Where there is none that draws both eyes correctly.
    pub fn open(options: GpuOptions) -> Result<Self, DrawError> {
        let instance = new_instance(options);
        let adapter = choose_adapter(&instance, None)?;
        Self::open_on(&instance, adapter, options, None)
    }

    /// The best device of this machine that can show pictures on `window`.
    ///
    /// # Errors
    /// Where there is none, or the window cannot be drawn into.
    pub fn open_for_window(
        options: GpuOptions,
        window: impl Into<wgpu::SurfaceTarget<'static>>,
    ) -> Result<(Self, wgpu::Surface<'static>), DrawError> {
        let instance = new_instance(options);
        let surface = instance
            .create_surface(window)
            .map_err(|error| DrawError::SurfaceRefused { reason: error.to_string() })?;
        let adapter = choose_adapter(&instance, Some(&surface))?;
        let gpu = Self::open_on(&instance, adapter, options, None)?;
        Ok((gpu, surface))
    }

    /// The device that a headset hangs on, made by its runtime.
    ///
    /// # Errors
    /// Where the runtime refuses, or the device does not draw both eyes correctly.
    pub fn open_for_headset(options: GpuOptions, runtime: &mut dyn VulkanMaker) -> Result<Self, DrawError> {
        let (instance, adapter) = maker::open_instance(runtime, options)?;
        Self::open_on(&instance, adapter, options, Some(runtime))
    }

    /// A window as something that this device may show pictures on, beside what it was opened for.
    ///
    /// # Errors
    /// Where the window cannot be drawn into.
    pub fn surface(
        &self,
        window: impl Into<wgpu::SurfaceTarget<'static>>,
    ) -> Result<wgpu::Surface<'static>, DrawError> {
        let refused = |reason: String| DrawError::SurfaceRefused { reason };
        let surface = self.instance.create_surface(window).map_err(|error| refused(error.to_string()))?;
        if self.adapter.is_surface_supported(&surface) {
            Ok(surface)
        } else {
            Err(refused("the graphics device of the headset shows no windows".to_owned()))
        }
    }

    fn open_on(
        instance: &wgpu::Instance,
        adapter: wgpu::Adapter,
        options: GpuOptions,
        maker: Option<&mut dyn VulkanMaker>,
    ) -> Result<Self, DrawError> {
        let messages = Arc::new(Messages::default());
        let messenger = if options.validates { Messenger::new(instance, &messages) } else { None };
        let info = adapter.get_info();
        let (enabled, in_turn) = eye_features(adapter.features(), options);
        let enabled = enabled | (adapter.features() & WHERE_OFFERED);
        let facts = GpuFacts {
            name: info.name.clone(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            is_validated: messenger.is_some(),
            in_turn,
        };
        let hook_options = HookOptions {
            records: options.records,
            keeps_precision: options.keeps_precision || !gains_by_halves(info.device_type, info.vendor),
            density_map: options.density_map,
            reports_pipelines: options.measures_shaders,
        };
        let owner = maker.as_ref().map(|maker| maker.keep_alive());
        let opened = logical::open(&adapter, enabled, hook_options, maker)
            .map_err(|reason| DrawError::DeviceRefused { name: info.name, reason })?;
        let logical::Opened { device, queue, handles, hooks } = opened;
        let counted = Arc::clone(&messages);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| counted.add(&error.to_string())));
        let is_lost = Arc::new(AtomicBool::new(false));
        let lost = Arc::clone(&is_lost);
        device.set_device_lost_callback(move |reason, text| {
            if reason != wgpu::DeviceLostReason::Destroyed {
                tracing::error!("the graphics device was lost: {text}");
                lost.store(true, Ordering::Relaxed);
            }
        });
        let gpu = Self {
            device,
            queue,
            instance: instance.clone(),
            adapter,
            facts,
            handles,
            hooks,
            cache: None,
            messages,
            is_lost,
            messenger,
            _maker: owner,
        };
        if options.measures_shaders { Ok(gpu) } else { gpu.tested(self_test::run) }
    }

    /// Draws the eyes one after the other from now on where the driver fails at both at once.
    fn tested(mut self, test: impl Fn(&Self) -> Result<(), DrawError>) -> Result<Self, DrawError> {
        match test(&self) {
            Err(DrawError::LosesEye { eye, .. }) if self.has_multiview() => {
                self.facts.in_turn =
                    Some(format!("the driver loses the {eye} eye when it draws both at once"));
                test(&self)?;
            }
            tested => tested?,
        }
        Ok(self)
    }

    /// One of our own shaders, from WGSL.
    pub(super) fn shader(&self, label: &str, source: Cow<'static, str>) -> wgpu::ShaderModule {
        let descriptor =
            wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(source) };
        // SAFETY: our shaders hold what they index with inside its bounds where it comes from outside, and have
        // no loops: what wgpu would add costs a headset registers.
        #[allow(unsafe_code)]
        unsafe {
            self.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked())
        }
    }

    /// A pipeline, made here and now.
    pub(super) fn pipeline(&self, descriptor: &wgpu::RenderPipelineDescriptor<'_>) -> wgpu::RenderPipeline {
        self.compiler().pipeline(descriptor)
    }

    /// Whether one pass draws both eyes; else each has its own.
    pub fn has_multiview(&self) -> bool {
        self.facts.in_turn.is_none()
    }

    /// Whether eyes can be drawn with so many samples a pixel.
    pub fn can_sample(&self, samples: u32) -> bool {
        let asks = wgpu::Features::TEXTURE_ADAPTER_SPECIFIC_FORMAT_FEATURES;
        let knows_more = self.device.features().contains(asks);
        let can = |format: wgpu::TextureFormat| {
            let features = if knows_more {
                self.adapter.get_texture_format_features(format)
            } else {
                format.guaranteed_format_features(self.device.features())
            };
            features.flags.sample_count_supported(samples)
        };
        can(EyeImage::FORMAT) && can(Attachments::DEPTH_FORMAT)
    }

    /// What it is.
    pub fn facts(&self) -> &GpuFacts {
        &self.facts
    }

    /// For asking what a surface can do.
    pub fn adapter(&self) -> &wgpu::Adapter {
        &self.adapter
    }

    /// For a headset's runtime.
    pub fn handles(&self) -> VulkanHandles {
        self.handles
    }

    /// The hooks between wgpu and the driver.
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// What the driver was asked for since the last time; zeros unless [`GpuOptions::records`].
    pub fn take_counts(&self) -> Counts {
        self.hooks.take_counts()
    }

    /// Whether the driver gave up; nothing drawn from then on appears.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// How many warnings and errors wgpu and, with [`GpuOptions::validates`], the validation layers
    /// have raised so far.
    pub fn validation_message_count(&self) -> u64 {
        self.messages.count()
    }

    /// The first of them in words.
    pub fn validation_messages(&self) -> Vec<String> {
        self.messages.texts()
    }
}

/// Explicit, because wgpu's default depends on how the program was built. Always with `DEBUG`: the hooks find the
/// functions of a shader by their names.
fn instance_flags(options: GpuOptions) -> wgpu::InstanceFlags {
    let other = if options.validates {
        wgpu::InstanceFlags::VALIDATION
    } else {
        wgpu::InstanceFlags::DISCARD_HAL_LABELS
    };
    wgpu::InstanceFlags::DEBUG | other
}

fn new_instance(options: GpuOptions) -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        flags: instance_flags(options),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

fn choose_adapter(
    instance: &wgpu::Instance,
    surface: Option<&wgpu::Surface<'_>>,
) -> Result<wgpu::Adapter, DrawError> {
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    adapters.retain(|adapter| surface.is_none_or(|surface| adapter.is_surface_supported(surface)));
    adapters.sort_by_key(|adapter| rank(adapter.get_info().device_type, adapter.features()));
    adapters.into_iter().next().ok_or(DrawError::NoAdapter)
}

/// Who made the GPU, as PCI numbers them.
const NVIDIA: u32 = 0x10de;

/// Whether arithmetic in halves is worth asking for. GPUs with memory of their own gain nothing by it, and NVIDIA's
/// compiler fails on what asks (580.159 on an H100 and an H200: “NVVM compilation failed”, and the device is lost).
fn gains_by_halves(device_type: wgpu::DeviceType, vendor: u32) -> bool {
    device_type != wgpu::DeviceType::DiscreteGpu && vendor != NVIDIA
}

/// The best comes first. A GPU that needs two passes is still much faster than a CPU that needs one.
fn rank(device_type: wgpu::DeviceType, features: wgpu::Features) -> (bool, bool, u8) {
    let speed = match device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (device_type == wgpu::DeviceType::Cpu, !features.contains(BOTH_EYES), speed)
}

/// The features to open a device with that offers these, and why both eyes are not drawn at once.
fn eye_features(offered: wgpu::Features, options: GpuOptions) -> (wgpu::Features, Option<String>) {
    let missing = BOTH_EYES - offered;
    if options.lacks_multiview {
        return (wgpu::Features::empty(), Some("that was asked for".to_owned()));
    }
    if missing.is_empty() {
        return (BOTH_EYES, None);
    }
    let names: Vec<&str> = missing.iter_names().map(|(name, _)| name).collect();
    (wgpu::Features::empty(), Some(format!("the driver lacks {}", names.join(" and "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_draws_both_eyes_at_once_comes_first_and_the_cpu_last() {
        let none = wgpu::Features::empty();
        let (discrete, integrated) = (wgpu::DeviceType::DiscreteGpu, wgpu::DeviceType::IntegratedGpu);
        let in_order = [
            rank(discrete, BOTH_EYES),
            rank(integrated, BOTH_EYES),
            rank(discrete, none),
            rank(wgpu::DeviceType::Cpu, BOTH_EYES),
        ];
        assert!(in_order.is_sorted(), "{in_order:?}");
    }

    #[test]
    fn a_device_is_opened_with_all_or_nothing_of_multiview() {
        let options = GpuOptions::default();
        assert_eq!(eye_features(wgpu::Features::all(), options), (BOTH_EYES, None));
        let (enabled, reason) = eye_features(wgpu::Features::MULTIVIEW, options);
        assert_eq!(
            (enabled, reason.as_deref()),
            (wgpu::Features::empty(), Some("the driver lacks MULTISAMPLE_ARRAY"))
        );
        let asked = GpuOptions { lacks_multiview: true, ..options };
        assert!(eye_features(BOTH_EYES, asked).0.is_empty());
    }

    /// The second one is like Mesa 22.3's software driver.
    #[test]
    fn a_driver_that_loses_an_eye_draws_one_after_the_other_or_nothing() {
        let Ok(gpu) = Gpu::open(GpuOptions::default()) else { return println!("skipped: no driver") };
        if !gpu.has_multiview() {
            return println!("skipped: no multiview");
        }
        let lost = |gpu: &Gpu| {
            let GpuFacts { name, driver, .. } = gpu.facts().clone();
            Err(DrawError::LosesEye { name, driver, eye: "right" })
        };
        let in_turn = gpu.tested(|gpu| if gpu.has_multiview() { lost(gpu) } else { self_test::run(gpu) });
        let Ok(in_turn) = in_turn else { panic!("two passes do not pass: {in_turn:?}") };
        let reason = in_turn.facts().in_turn.as_deref();
        assert_eq!(reason, Some("the driver loses the right eye when it draws both at once"));

        let Ok(gpu) = Gpu::open(GpuOptions::default()) else { panic!("the driver opens once only") };
        assert!(matches!(gpu.tested(lost), Err(DrawError::LosesEye { eye: "right", .. })));
    }

    #[test]
    fn halves_are_asked_of_headsets_and_not_of_desktops() {
        use wgpu::DeviceType::{Cpu, DiscreteGpu, IntegratedGpu};
        const QUALCOMM: u32 = 0x5143;
        const AMD: u32 = 0x1002;
        assert!(gains_by_halves(IntegratedGpu, QUALCOMM) && gains_by_halves(Cpu, 0x10005));
        assert!(!gains_by_halves(DiscreteGpu, AMD) && !gains_by_halves(DiscreteGpu, NVIDIA));
        assert!(!gains_by_halves(IntegratedGpu, NVIDIA));
    }
}
