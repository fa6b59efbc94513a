//! What the validation layers and wgpu find wrong, counted for each device.

use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ash::vk;

/// Texts of driver messages that are kept; later ones are only counted.
const MESSAGE_TEXTS_MAX: usize = 16;

/// VUID-vkCmdCopyImageToBuffer-pRegions-00184, which the validation layers raise for copies of more
/// than one layer although nothing overlaps (KhronosGroup/Vulkan-ValidationLayers, issue 9276).
const COPY_OVERLAP_MESSAGE: i32 = 0x45ef_177c;

/// Warnings and errors, from wgpu and from the validation layers.
#[derive(Debug, Default)]
pub(super) struct Messages {
    count: AtomicU64,
    texts: Mutex<Vec<String>>,
}

impl Messages {
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The first of them in words.
    pub fn texts(&self) -> Vec<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn add(&self, text: &str) {
        tracing::error!("graphics: {text}");
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() < MESSAGE_TEXTS_MAX {
            texts.push(text.to_owned());
        }
    }
}

/// A debug-utils messenger of our own: wgpu's writes to a log, which cannot be counted per device.
pub(super) struct Messenger {
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
    pub fn new(instance: &wgpu::Instance, messages: &Arc<Messages>) -> Option<Self> {
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
    use crate::draw::{Gpu, GpuOptions};

    /// A message that the driver's layers might send is counted: silence means that nothing was wrong.
    #[test]
    #[allow(unsafe_code)]
    fn messages_are_counted() {
        let options = GpuOptions { validates: true, ..GpuOptions::default() };
        let Ok(gpu) = Gpu::open(options) else { return println!("skipped: no driver") };
        let Some(messenger) = &gpu.messenger else { return println!("skipped: no validation layers") };
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
