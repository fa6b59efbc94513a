//! What is shown where no world can be: while the headset does not know where it is, a sentence hangs before the
//! eyes, as a quad layer of the runtime's own.

use ash::vk::{self, Handle};
use openxr as xr;

use super::swapchain::{self, FORMAT};
use crate::draw::{Gpu, text};
use crate::present::PresentError;

/// What it says, the first as a heading.
const SENTENCES: [&str; 2] = [
    "The headset has lost its way",
    "Look around slowly, with some light in the room and nothing before its cameras.",
];

/// A head that is lost for less is found again before anybody has read a word, nanoseconds.
const PATIENCE_NANOS: i64 = 300_000_000;

/// As far as a headset's lenses are focused, metres, and as wide as is read without turning the head.
const DISTANCE_METRES: f32 = 1.5;
const WIDTH_METRES: f32 = 1.0;

/// A picture that the runtime keeps, and since when the head is lost.
pub(super) struct Notice {
    size: [u32; 2],
    lost_since: Option<xr::Time>,
    /// Whether the log has it.
    is_told: bool,
    // Dropped in this order: the runtime takes its image back when nobody uses it any more.
    _texture: wgpu::Texture,
    swapchain: xr::Swapchain<xr::Vulkan>,
    /// Before the eyes, wherever the head is.
    space: xr::Space,
}

impl Notice {
    /// Hands the picture to the runtime, once.
    ///
    /// # Errors
    /// Where the runtime refuses.
    pub fn new(gpu: &Gpu, session: &xr::Session<xr::Vulkan>) -> Result<Self, PresentError> {
        let lost = PresentError::headset_lost;
        let pixels = text::rasterise(&SENTENCES);
        let size = [pixels.width, pixels.height];
        let info = xr::SwapchainCreateInfo {
            create_flags: xr::SwapchainCreateFlags::STATIC_IMAGE,
            usage_flags: xr::SwapchainUsageFlags::COLOR_ATTACHMENT
                | xr::SwapchainUsageFlags::SAMPLED
                | xr::SwapchainUsageFlags::TRANSFER_DST,
            format: FORMAT.as_raw().unsigned_abs(),
            sample_count: 1,
            width: size[0],
            height: size[1],
            face_count: 1,
            array_size: 1,
            mip_count: 1,
        };
        let mut swapchain = session.create_swapchain(&info).map_err(lost)?;
        let images = swapchain.enumerate_images().map_err(lost)?;
        let index = {
            let _held = gpu.hooks().lock_queue();
            swapchain.acquire_image().map_err(lost)?
        };
        let image = images.get(index as usize).ok_or_else(|| lost(xr::sys::Result::ERROR_RUNTIME_FAILURE))?;
        swapchain.wait_image(xr::Duration::INFINITE).map_err(lost)?;
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_DST;
        let texture = swapchain::wrap(gpu, vk::Image::from_raw(*image), size, 1, usage)?;
        fill(gpu, &texture, &pixels.rgba);
        {
            let _held = gpu.hooks().lock_queue();
            swapchain.release_image().map_err(lost)?;
        }
        let view = xr::ReferenceSpaceType::VIEW;
        let space = session.create_reference_space(view, xr::Posef::IDENTITY).map_err(lost)?;
        Ok(Self { size, lost_since: None, is_told: false, _texture: texture, swapchain, space })
    }

    /// The head is known again.
    pub fn found(&mut self) {
        (self.lost_since, self.is_told) = (None, false);
    }

    /// Nobody knows where the head is at this time. A head that is lost and found in turn fills no log.
    pub fn lost(&mut self, time: xr::Time) {
        self.lost_since.get_or_insert(time);
        if self.is_due(time) && !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!(
                "the headset does not know where it is: look around slowly, with some light in the room"
            );
        }
    }

    /// Whether the head is lost for long enough.
    fn is_due(&self, time: xr::Time) -> bool {
        let lost_nanos = |since: xr::Time| time.as_nanos().saturating_sub(since.as_nanos());
        self.lost_since.is_some_and(|since| lost_nanos(since) >= PATIENCE_NANOS)
    }

    /// The layer to show at `time`, if the head is lost for long enough.
    pub fn layer(&self, time: xr::Time) -> Option<xr::CompositionLayerQuad<'_, xr::Vulkan>> {
        if !self.is_due(time) {
            return None;
        }
        let [width, height] = self.size.map(|side| i32::try_from(side).unwrap_or(i32::MAX));
        let image_rect =
            xr::Rect2Di { offset: xr::Offset2Di { x: 0, y: 0 }, extent: xr::Extent2Di { width, height } };
        let picture = xr::SwapchainSubImage::new()
            .swapchain(&self.swapchain)
            .image_array_index(0)
            .image_rect(image_rect);
        let pose = xr::Posef {
            position: xr::Vector3f { x: 0.0, y: 0.0, z: -DISTANCE_METRES },
            ..xr::Posef::IDENTITY
        };
        let aspect = self.size[1] as f32 / self.size[0] as f32;
        let alpha = xr::CompositionLayerFlags::BLEND_TEXTURE_SOURCE_ALPHA
            | xr::CompositionLayerFlags::UNPREMULTIPLIED_ALPHA;
        let layer = xr::CompositionLayerQuad::new()
            .layer_flags(alpha)
            .space(&self.space)
            .eye_visibility(xr::EyeVisibility::BOTH)
            .sub_image(picture)
            .pose(pose)
            .size(xr::Extent2Df { width: WIDTH_METRES, height: WIDTH_METRES * aspect });
        Some(layer)
    }
}

/// Copies the pixels into the image and waits until they are there, in the state in which a runtime wants it back.
fn fill(gpu: &Gpu, texture: &wgpu::Texture, rgba: &[u8]) {
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(4 * texture.width()),
        rows_per_image: None,
    };
    gpu.queue.write_texture(texture.as_image_copy(), rgba, layout, texture.size());
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let transition =
        wgpu::TextureTransition { texture, selector: None, state: wgpu::TextureUses::COLOR_TARGET };
    encoder.transition_resources(std::iter::empty(), std::iter::once(transition));
    gpu.queue.submit([encoder.finish()]);
    if let Err(error) = gpu.device.poll(wgpu::PollType::wait_indefinitely()) {
        tracing::debug!("the notice was not waited for: {error}");
    }
}
