//! The renderer on an Adreno 650 that compiles shaders and records commands like Quest 2's, and executes nothing.
//!
//! `cargo xtask test shaders` starts these tests there; anywhere else they skip. Pictures and times say nothing here.

use std::fmt::Write as _;

use ash::vk;

use super::gallery::{gallery, visitor};
use super::{BUDGET_BYTES, COMPARABLE, Show};
use crate::draw::hooks::neutral_map::NeutralMap;
use crate::draw::{Gpu, GpuOptions, Renderer, RendererOptions};

/// A picture of a Quest 2 at the size that its runtime recommends at most, pixels an eye.
const EYE: [u32; 2] = [1832, 1920];

/// The format of density maps that this driver knows. A headset's runtime has its own.
const MAP_FORMAT: vk::Format = vk::Format::R16G16_SFLOAT;

/// The device, where `cargo xtask` started this process on it.
fn adreno(density_map: Option<vk::Format>) -> Option<Gpu> {
    if std::env::var_os("PAVILION_ADRENO").is_none() {
        println!("skipped: this is no Adreno, `cargo xtask test shaders` brings one");
        return None;
    }
    let options = GpuOptions { records: true, density_map, measures_shaders: true, ..GpuOptions::default() };
    let gpu = Gpu::open(options).unwrap();
    assert_eq!(gpu.facts().name, "Turnip Adreno (TM) 650");
    assert!(gpu.has_multiview(), "{:?}", gpu.facts().in_turn);
    Some(gpu)
}

/// One line of JSON for each pipeline, in the file that `PAVILION_SHADER_REPORT` names.
#[test]
fn noop_adreno_says_what_each_pipeline_costs() {
    let Some(gpu) = adreno(None) else { return };
    let _renderer = Renderer::new(&gpu, RendererOptions::default()).completed();
    let reports = gpu.hooks().take_pipeline_reports();
    let mut names: Vec<&str> = reports.iter().map(|report| report.pipeline.as_str()).collect();
    for expected in ["opaque", "mask", "blend", "sky", "hidden", "panel"] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "two pipelines have one name: {names:?}");
    assert!(gpu.take_counts().relaxed_results > 0, "no function's name says that halves will do");
    let mut lines = String::new();
    for report in &reports {
        assert!(report.stages.len() >= 2, "{report:?}");
        writeln!(lines, "{}", serde_json::to_string(report).unwrap()).unwrap();
    }
    if let Some(path) = std::env::var_os("PAVILION_SHADER_REPORT") {
        std::fs::write(path, lines).unwrap();
    }
}

/// By wgpu's own pass: the map is attached underneath, and pipelines, framebuffers and passes fit each other.
#[test]
fn noop_adreno_draws_eyes_with_a_density_map() {
    let Some(gpu) = adreno(Some(MAP_FORMAT)) else { return };
    assert_eq!(gpu.hooks().density_format(), Some(MAP_FORMAT));
    let map = NeutralMap::new(&gpu, EYE);
    map.set(&gpu);
    let drawn = draw_frames(&gpu);
    assert!(drawn.density_framebuffers >= 1, "{drawn:?}");
}

#[test]
fn noop_adreno_draws_eyes_without_one() {
    // The format alone changes nothing, nor does a runtime that has no such maps.
    for density_map in [None, Some(MAP_FORMAT)] {
        let Some(gpu) = adreno(density_map) else { return };
        assert_eq!(draw_frames(&gpu).density_framebuffers, 0);
    }
}

/// Draws the gallery at a headset's size and counts.
fn draw_frames(gpu: &Gpu) -> crate::draw::Counts {
    const FRAMES: u32 = 2;
    let mut show = Show::empty(gpu, &gallery(), EYE, COMPARABLE);
    show.upload(gpu, &gallery());
    let mut drawn = gpu.take_counts();
    for _ in 0..FRAMES {
        assert!(show.frame(gpu, &visitor(), BUDGET_BYTES).draws > 10);
    }
    let steady = gpu.take_counts();
    assert_eq!((steady.submits, steady.eye_passes), (FRAMES, FRAMES));
    assert_eq!(gpu.validation_messages(), [""; 0]);
    drawn.density_framebuffers += steady.density_framebuffers;
    drawn
}
