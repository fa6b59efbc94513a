//! What a frame must not do, however long the visit.

use super::gallery::{gallery, visitor};
use super::{COMPARABLE, Show, TILE, gpu, looking, usable};
use crate::draw::{Counts, FrameInput, Gpu, GpuOptions, Mirror, MirrorMode, Upload, UploadBudget};
use crate::math::Pose;
use crate::tests::allocator;

/// A frame that only draws asks nobody for memory, and wgpu asks no more from frame to frame.
#[test]
fn steady_frames_allocate_nothing_of_ours() {
    const FRAMES: usize = 4;
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &gallery(), [64, 64], COMPARABLE);
    let views = visitor();
    // The least of a round: more are hash tables that grow, and a few by how far the GPU is behind.
    let mut rounds = [usize::MAX; 4];
    for round in &mut rounds {
        for _ in 0..FRAMES {
            let input = FrameInput { list: &show.list, uploads: UploadBudget::bytes(super::BUDGET_BYTES) };
            let (stats, heard) =
                allocator::during(|| show.renderer.draw(gpu, &input, &show.target, |_| Some(views)));
            assert!(stats.draws > 10);
            assert_eq!(heard.ours, [""; 0], "a steady frame allocates");
            *round = heard.theirs.min(*round);
        }
    }
    println!("wgpu allocates {} times a frame", rounds.map(|count| count.to_string()).join(", "));
    assert!(rounds[0] > 0, "the allocator does not listen");
    assert!(rounds[3] <= rounds[1] + FRAMES, "wgpu allocates more and more: {rounds:?}");
}

/// By the hooks between wgpu and the driver: a frame is one submit of one pass for both eyes, asks for
/// no memory, writes nothing through the queue, which would make a buffer for it, and all its draws are direct: on headsets indirect ones draw nothing, without an error.
#[test]
fn a_frame_is_one_submit_and_one_pass() {
    const FRAMES: u32 = 10;
    let Some(_) = gpu() else { return };
    let gpu = Gpu::open(GpuOptions { records: true, ..GpuOptions::default() }).unwrap();
    let mut show = Show::new(&gpu, &gallery(), [64, 64], COMPARABLE);
    come_to_rest(&mut show, &gpu);
    let draws: u32 = (0..FRAMES).map(|_| show.frame(&gpu, &visitor(), super::BUDGET_BYTES).draws).sum();
    let expected = Counts {
        submits: FRAMES,
        render_passes: FRAMES,
        eye_passes: FRAMES,
        // The sky is one more in each frame.
        draws: draws + FRAMES,
        ..Counts::default()
    };
    assert_eq!(gpu.take_counts(), expected);
    assert_eq!(gpu.take_counts(), Counts::default(), "counts are taken once");
    let _large = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: 4096, height: 4096, depth_or_array_layers: 8 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    let counts = gpu.take_counts();
    assert!(counts.allocations == 1 && counts.allocated_bytes >= 512 << 20, "{counts:?}");
}

/// Draws until what frames write with goes round: a piece for each that the GPU has not finished.
fn come_to_rest(show: &mut Show, gpu: &Gpu) {
    (0..4).for_each(|_| drop(show.frame(gpu, &visitor(), super::BUDGET_BYTES)));
    gpu.take_counts();
}

/// Where a pass draws one eye, a frame is two of them in one submit, each with every draw.
#[test]
fn eyes_in_turn_are_one_submit_of_two_passes() {
    let Some(_) = gpu() else { return };
    let options = GpuOptions { records: true, lacks_multiview: true, ..GpuOptions::default() };
    let gpu = Gpu::open(options).unwrap();
    let mut show = Show::new(&gpu, &gallery(), [64, 64], COMPARABLE);
    come_to_rest(&mut show, &gpu);
    let draws = show.frame(&gpu, &visitor(), super::BUDGET_BYTES).draws;
    let expected = Counts { submits: 1, render_passes: 2, draws: 2 * (draws + 1), ..Counts::default() };
    assert_eq!(gpu.take_counts(), expected);
}

/// A device's slot is free again when the device is gone: more of them in turn than there are slots.
#[test]
fn hooks_outlive_no_device() {
    let Some(_) = gpu() else { return };
    for _ in 0..20 {
        let gpu = Gpu::open(GpuOptions { records: true, ..GpuOptions::default() }).unwrap();
        assert!(gpu.take_counts().submits > 0, "the self test submits");
    }
}

/// Uploads ride along with the frame: nothing that a frame does submits by itself.
#[test]
fn a_frame_with_uploads_is_one_submit_too() {
    let Some(_) = gpu() else { return };
    let gpu = Gpu::open(GpuOptions { records: true, ..GpuOptions::default() }).unwrap();
    let props = gallery();
    let mut show = Show::empty(&gpu, &props, [64, 64], COMPARABLE);
    show.enqueue_textures(&props);
    show.renderer.enqueue(Upload::Tile { tile: TILE, mesh: props.mesh() }).unwrap();
    for frame in 0.. {
        gpu.take_counts();
        let stats = show.frame(&gpu, &visitor(), 256 << 10);
        assert_eq!(gpu.take_counts().submits, 1, "frame {frame}");
        if stats.uploads_waiting == 0 {
            assert!(frame > 1, "several frames were meant to upload");
            break;
        }
    }
}

/// Sixty frames at 640 × 640 an eye with everything that a visit does, under the validation layers.
#[test]
fn sixty_frames_pass_validation() {
    sixty_frames(false);
}

#[test]
fn sixty_frames_of_two_passes_pass_validation() {
    sixty_frames(true);
}

fn sixty_frames(lacks_multiview: bool) {
    let options = GpuOptions { validates: true, lacks_multiview, ..GpuOptions::default() };
    let Some(gpu) = usable(Gpu::open(options)) else { return };
    if !gpu.facts().is_validated {
        assert!(std::env::var_os("VK_LAYER_PATH").is_none(), "the validation layers were not found");
        println!("SKIPPED: the Vulkan validation layers are not installed");
        return;
    }
    let props = gallery();
    let mut show = Show::empty(&gpu, &props, [640, 640], COMPARABLE);
    show.enqueue_textures(&props);
    show.renderer.enqueue(Upload::Tile { tile: TILE, mesh: props.mesh() }).unwrap();
    let mut mirror = Mirror::new(&gpu, wgpu::TextureFormat::Bgra8UnormSrgb);
    let window = window(&gpu, wgpu::TextureFormat::Bgra8UnormSrgb, [800, 400]);
    for frame in 0..60_u16 {
        let head = Pose { position: glam::Vec3::new(0.0, 1.6, -0.02 * f32::from(frame)), ..Pose::IDENTITY };
        show.frame(&gpu, &looking(head), 512 << 10);
        if frame % 10 == 9 {
            let mode = if frame % 20 == 9 { MirrorMode::OneEye } else { MirrorMode::BothEyes };
            let views = looking(head);
            let input = FrameInput { list: &show.list, uploads: UploadBudget::bytes(0) };
            show.renderer.draw(&gpu, &input, &show.target, |encoder| {
                mirror.draw(&gpu, encoder, &show.target, &window, mode);
                Some(views)
            });
        }
        if frame == 50 {
            show.renderer.retire(TILE);
        }
    }
    assert!(!show.list.draws.is_empty());
    drop(show);
    assert_eq!(gpu.validation_messages(), [""; 0]);
    assert_eq!(gpu.validation_message_count(), 0);
}

/// A texture that stands for a window.
pub fn window(gpu: &Gpu, format: wgpu::TextureFormat, [width, height]: [u32; 2]) -> wgpu::TextureView {
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("window"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
