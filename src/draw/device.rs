//! The Vulkan device: chosen, opened, and watched for errors.
//!
//! What comes in are [`GpuOptions`] and perhaps a window; what goes out is a [`Gpu`] that has passed
//! the checks. Architecture invariant: it knows nothing of what is drawn.

use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ash::vk;

use super::DrawError;
use super::self_test;

/// The features that the renderer cannot do without.
const REQUIRED: wgpu::Features = wgpu::Features::MULTIVIEW.union(wgpu::Features::MULTISAMPLE_ARRAY);

/// Texts of driver messages that are kept; later ones are only counted.
const MESSAGE_TEXTS_MAX: usize = 16;

/// VUID-vkCmdCopyImageToBuffer-pRegions-00184, which the validation layers raise for copies of more
/// than one layer although nothing overlaps (KhronosGroup/Vulkan-ValidationLayers, issue 9276).
const COPY_OVERLAP_MESSAGE: i32 = 0x45ef_177c;

/// How to open the device.
#[derive(Clone, Copy, Debug, Default)]
pub struct GpuOptions {
    /// Ask the Vulkan validation layers to check every call. Slow; for tests.
    pub validate: bool,
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
}

/// A device that can draw both eyes at once.
#[derive(Debug)]
pub struct Gpu {
    /// Makes resources.
    pub device: wgpu::Device,
    /// Takes work.
    pub queue: wgpu::Queue,
    adapter: wgpu::Adapter,
    facts: GpuFacts,
    messages: Arc<Messages>,
    is_lost: Arc<AtomicBool>,
    // Only its drop and tests look at it; it keeps the instance alive that the drop needs.
    #[cfg_attr(not(test), allow(dead_code))]
    messenger: Option<Messenger>,
}

impl Gpu {
    /// The best device of this machine, for pictures that go nowhere.
    ///
    /// # Errors
    /// Where there is none that can draw both eyes at once, and correctly.
    pub fn open(options: GpuOptions) -> Result<Self, DrawError> {
        Self::open_on(&new_instance(options), options, None)
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
        let gpu = Self::open_on(&instance, options, Some(&surface))?;
        Ok((gpu, surface))
    }

    fn open_on(
        instance: &wgpu::Instance,
        options: GpuOptions,
        surface: Option<&wgpu::Surface<'_>>,
    ) -> Result<Self, DrawError> {
        let messages = Arc::new(Messages::default());
        let messenger = if options.validate { Messenger::new(instance, &messages) } else { None };
        let adapter = choose_adapter(instance, surface)?;
        let info = adapter.get_info();
        let facts = GpuFacts {
            name: info.name.clone(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            is_validated: messenger.is_some(),
        };
        let limits = wgpu::Limits {
            max_multiview_view_count: 2,
            max_texture_array_layers: 2048,
            ..wgpu::Limits::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("pavilion"),
            required_features: REQUIRED,
            required_limits: limits.or_worse_values_from(&adapter.limits()),
            experimental_features: wgpu::ExperimentalFeatures::disabled(),
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        }))
        .map_err(|error| DrawError::DeviceRefused { name: info.name, reason: error.to_string() })?;
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
        let gpu = Self { device, queue, adapter, facts, messages, is_lost, messenger };
        self_test::run(&gpu)?;
        Ok(gpu)
    }

    /// What it is.
    pub fn facts(&self) -> &GpuFacts {
        &self.facts
    }

    /// For asking what a surface can do.
    pub fn adapter(&self) -> &wgpu::Adapter {
        &self.adapter
    }

    /// Whether the driver gave up; nothing drawn from then on appears.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// How many warnings and errors wgpu and, with [`GpuOptions::validate`], the validation layers
    /// have raised so far.
    pub fn validation_message_count(&self) -> u64 {
        self.messages.count.load(Ordering::Relaxed)
    }

    /// The first of them in words.
    pub fn validation_messages(&self) -> Vec<String> {
        self.messages.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn new_instance(options: GpuOptions) -> wgpu::Instance {
    // Explicit, because wgpu's default depends on how the program was built.
    let flags = if options.validate {
        wgpu::InstanceFlags::DEBUG | wgpu::InstanceFlags::VALIDATION
    } else {
        wgpu::InstanceFlags::DISCARD_HAL_LABELS
    };
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        flags,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

fn choose_adapter(
    instance: &wgpu::Instance,
    surface: Option<&wgpu::Surface<'_>>,
) -> Result<wgpu::Adapter, DrawError> {
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    adapters.retain(|adapter| surface.is_none_or(|surface| adapter.is_surface_supported(surface)));
    adapters.sort_by_key(|adapter| {
        let lacks_something = !adapter.features().contains(REQUIRED);
        let speed = match adapter.get_info().device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        };
        (lacks_something, speed)
    });
    let best = adapters.into_iter().next().ok_or(DrawError::NoAdapter)?;
    let missing = REQUIRED - best.features();
    if missing.is_empty() {
        return Ok(best);
    }
    let missing: Vec<&str> = missing.iter_names().map(|(name, _)| name).collect();
    Err(DrawError::MissingFeatures { name: best.get_info().name, missing: missing.join(" and ") })
}

/// Warnings and errors, from wgpu and from the validation layers.
#[derive(Debug, Default)]
struct Messages {
    count: AtomicU64,
    texts: Mutex<Vec<String>>,
}

impl Messages {
    fn add(&self, text: &str) {
        tracing::error!("graphics: {text}");
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() < MESSAGE_TEXTS_MAX {
            texts.push(text.to_owned());
        }
    }
}

/// A debug-utils messenger of our own: wgpu's writes to a log, which cannot be counted per device.
struct Messenger {
    functions: ash::ext::debug_utils::Instance,
    handle: vk::DebugUtilsMessengerEXT,
    _messages: Arc<Messages>,
    _instance: wgpu::Instance,
}

impl std::fmt::Debug for Messenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messenger").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl Messenger {
    /// `None` where the validation layers are not installed.
    #[allow(unsafe_code)]
    fn new(instance: &wgpu::Instance, messages: &Arc<Messages>) -> Option<Self> {
        // SAFETY: the handles are only used, not destroyed, and `_instance` keeps them alive.
        let hal = unsafe { instance.as_hal::<wgpu::hal::vulkan::Api>() }?;
        let shared = hal.shared_instance();
        // SAFETY: the entry is that of the live instance.
        let layers = unsafe { shared.entry().enumerate_instance_layer_properties() }.ok()?;
        layers.iter().find(|layer| layer.layer_name_as_c_str() == Ok(c"VK_LAYER_KHRONOS_validation"))?;
        if !shared.extensions().contains(&ash::ext::debug_utils::NAME) {
            return None;
        }
        let functions = ash::ext::debug_utils::Instance::new(shared.entry(), shared.raw_instance());
        let info = vk::DebugUtilsMessengerCreateInfoEXT::default()
            .message_severity(
                vk::DebugUtilsMessageSeverityFlagsEXT::WARNING | vk::DebugUtilsMessageSeverityFlagsEXT::ERROR,
            )
            .message_type(vk::DebugUtilsMessageTypeFlagsEXT::VALIDATION)
            .pfn_user_callback(Some(on_message))
            .user_data(Arc::as_ptr(messages).cast_mut().cast::<c_void>());
        // SAFETY: the extension is enabled on this instance, and the user data outlives the messenger.
        let handle = unsafe { functions.create_debug_utils_messenger(&info, None) }.ok()?;
        Some(Self { functions, handle, _messages: Arc::clone(messages), _instance: instance.clone() })
    }
}

impl Drop for Messenger {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: made by `new` on the instance that `_instance` still keeps alive; destroyed once.
        unsafe { self.functions.destroy_debug_utils_messenger(self.handle, None) };
    }
}

/// Called by the validation layers, on any thread.
#[allow(unsafe_code)]
extern "system" fn on_message(
    _severity: vk::DebugUtilsMessageSeverityFlagsEXT,
    _kind: vk::DebugUtilsMessageTypeFlagsEXT,
    data: *const vk::DebugUtilsMessengerCallbackDataEXT<'_>,
    user_data: *mut c_void,
) -> vk::Bool32 {
    // SAFETY: Vulkan passes a valid structure and the pointer that `Messenger::new` gave, which is
    // alive until the messenger is destroyed.
    let (data, messages) = unsafe { (data.as_ref(), user_data.cast::<Messages>().as_ref()) };
    if let (Some(data), Some(messages)) = (data, messages)
        && data.message_id_number != COPY_OVERLAP_MESSAGE
    {
        // SAFETY: the message is null or a terminated string, alive during the call.
        let text = unsafe { data.message_as_c_str() }.map_or_else(Default::default, CStr::to_string_lossy);
        messages.add(&text);
    }
    vk::FALSE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that the driver's layers might send is counted: silence means that nothing was wrong.
    #[test]
    #[allow(unsafe_code)]
    fn messages_are_counted() {
        let options = GpuOptions { validate: true };
        let Ok(gpu) = Gpu::open(options) else { return println!("SKIPPED: no driver") };
        let Some(messenger) = &gpu.messenger else { return println!("SKIPPED: no validation layers") };
        assert_eq!(gpu.validation_message_count(), 0);
        let data = vk::DebugUtilsMessengerCallbackDataEXT::default().message(c"this is only a test");
        // SAFETY: the extension is enabled, and the data and its string outlive the call.
        unsafe {
            messenger.functions.submit_debug_utils_message(
                vk::DebugUtilsMessageSeverityFlagsEXT::ERROR,
                vk::DebugUtilsMessageTypeFlagsEXT::VALIDATION,
                &data,
            );
        }
        assert_eq!(gpu.validation_messages(), ["this is only a test"]);
        // What wgpu itself finds wrong counts as well: a buffer of no use.
        let too_large = !3_u64;
        let _ = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: too_large,
            usage: wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        assert_eq!(gpu.validation_message_count(), 2);
    }
}
