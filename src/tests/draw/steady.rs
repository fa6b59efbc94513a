//! What a frame must not do, however long the visit.

use super::gallery::{gallery, visitor};
use super::{COMPARABLE, Show, TILE, gpu, looking, usable};
use crate::draw::{FrameInput, Gpu, GpuOptions, Mirror, MirrorMode, Upload};
use crate::math::Pose;
use crate::tests::allocator;

/// A frame that only draws asks nobody for memory, and wgpu asks no more from frame to frame.
#[test]
fn steady_frames_allocate_nothing_of_ours() {
    const FRAMES: usize = 4;
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &gallery(), [64, 64], COMPARABLE);
    let views = visitor();
    let mut rounds = [0; 4];
    for round in &mut rounds {
        for _ in 0..FRAMES {
            let input =
                FrameInput { views: &views, list: &show.list, upload_budget_bytes: super::BUDGET_BYTES };
            let (stats, heard) = allocator::during(|| show.renderer.draw(gpu, &input, &show.target, |_| {}));
            assert!(stats.draws > 10);
            assert_eq!(heard.ours, [""; 0], "a steady frame allocates");
            *round += heard.theirs;
        }
    }
    println!("wgpu allocates {} times a frame", rounds.map(|count| (count / FRAMES).to_string()).join(", "));
    assert!(rounds[0] > 0, "the allocator does not listen");
    // The first round still fills wgpu's pools; then a few more or less are the hash tables'.
    assert!(rounds[3] <= rounds[1] + FRAMES, "wgpu allocates more and more: {rounds:?}");
}

/// Each submit has a number of its own, and mapping a buffer takes one too; a steady frame does only
/// the one submit.
#[test]
fn a_frame_is_one_submit() {
    let Some(_) = gpu() else { return };
    // A device of its own: other tests submit too.
    let gpu = Gpu::open(GpuOptions::default()).unwrap();
    let mut show = Show::new(&gpu, &gallery(), [64, 64], COMPARABLE);
    let number = || -> u64 {
        let index = format!("{:?}", gpu.queue.submit([]));
        index.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let before = number();
    for _ in 0..10 {
        show.frame(&gpu, &visitor(), super::BUDGET_BYTES);
    }
    assert_eq!(number() - before, 11, "ten frames and the question itself");
}

/// Uploads ride along with the frame: nothing that a frame does submits by itself. Indirect draws
/// draw nothing on headsets, without an error.
#[test]
fn only_the_frame_submits_and_draws_are_direct() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/draw");
    let mut submits = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("_indirect"), "{} draws indirectly", path.display());
        for _ in text.matches("queue.submit(") {
            submits.push(path.file_name().unwrap().to_owned());
        }
    }
    submits.sort();
    assert_eq!(submits, ["readback.rs", "renderer.rs", "self_test.rs"]);
}

/// Sixty frames at 640 × 640 an eye with everything that a visit does, under the validation layers.
#[test]
fn sixty_frames_pass_validation() {
    let Some(gpu) = usable(Gpu::open(GpuOptions { validate: true })) else { return };
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
            let input = FrameInput { views: &views, list: &show.list, upload_budget_bytes: 0 };
            show.renderer.draw(&gpu, &input, &show.target, |encoder| {
                mirror.draw(&gpu, encoder, &show.target, &window, mode);
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
