//! Against a mock of a runtime ([`mock`](crate::present::openxr::mock)): no runtime here has such maps. Where the GPU
//! knows none either, which only `cargo xtask test shaders` brings, an ordinary swapchain is what must come.
#![allow(clippy::unwrap_used)]

use super::super::mock::{FOVEATION, Lie, Mock};
use super::super::{Headset, Maker};
use super::*;
use crate::cull::DrawList;
use crate::draw::{FrameInput, GpuOptions, Renderer, RendererOptions, UploadBudget};
use crate::math::Pose;
use crate::present::{Begin, Display as _};
use crate::rig::{Input, Person};

/// A visit that draws nothing but the sky.
struct Visit {
    renderer: Renderer,
    headset: Headset,
    gpu: Gpu,
}

/// As the program opens a headset; `None` where there is no driver.
fn open(mock: &Mock) -> Option<(Gpu, Headset)> {
    let runtime = mock.connect();
    let mut maker = Maker::new(&runtime).unwrap();
    let is_adreno = std::env::var_os("PAVILION_ADRENO").is_some();
    let options = GpuOptions {
        density_map: runtime.density_map(),
        records: true,
        // A device that executes nothing says that all is done at once, and the layers do not believe it.
        validates: !is_adreno,
        measures_shaders: is_adreno,
        ..GpuOptions::default()
    };
    let gpu = match Gpu::open_for_headset(options, &mut maker) {
        Ok(gpu) => gpu,
        Err(error) => {
            assert!(std::env::var_os("VK_DRIVER_FILES").is_none(), "{error}");
            println!("SKIPPED: {error}");
            return None;
        }
    };
    let headset = Headset::open(&maker, &gpu, None).unwrap();
    Some((gpu, headset))
}

impl Visit {
    fn new(mock: &Mock) -> Option<Self> {
        let (gpu, headset) = open(mock)?;
        let renderer = Renderer::new(&gpu, RendererOptions::default());
        Some(Self { renderer, headset, gpu })
    }

    /// Draws so many frames as the viewer does.
    fn frames(&mut self, count: u32) {
        let person = Person::at(Pose::IDENTITY);
        let list = DrawList::default();
        let mut drawn = 0;
        while drawn < count {
            let mut input = Input::default();
            let Begin::Frame { .. } = self.headset.begin(&self.gpu, &mut input).unwrap() else { continue };
            let (target, Self { renderer, headset, gpu }) = (self.headset.target(), &mut *self);
            let frame = FrameInput { list: &list, uploads: UploadBudget::bytes(0) };
            renderer.draw(gpu, &frame, &target, |encoder| {
                headset.show(gpu, encoder, false).unwrap();
                headset.latch(&person).ok()
            });
            self.headset.end(&self.gpu).unwrap();
            drawn += 1;
        }
        assert_eq!(self.gpu.validation_messages(), [""; 0]);
    }
}

const PLAIN: [&str; 1] = ["create plain"];
const FOVEATED: [&str; 4] = ["create foveated", "enumerate 3 with maps", "profile NONE DISABLED", "update"];

/// A part alone is asked for by nobody.
#[test]
fn maps_are_asked_for_where_the_runtime_has_every_part() {
    let offer = |missing: Option<usize>| {
        let mut offered = xr::ExtensionSet::default();
        let parts = [
            &mut offered.fb_foveation,
            &mut offered.fb_foveation_configuration,
            &mut offered.fb_foveation_vulkan,
            &mut offered.fb_swapchain_update_state,
        ];
        parts.into_iter().enumerate().for_each(|(index, part)| *part = missing != Some(index));
        let mut wished = xr::ExtensionSet::default();
        wish(&mut wished, &offered);
        wished.names().len()
    };
    assert_eq!(offer(None), FOVEATION.len());
    for missing in 0..FOVEATION.len() {
        assert_eq!(offer(Some(missing)), 0);
    }
}

/// Every part missing once: an ordinary swapchain, no levels, and frames as ever.
#[test]
fn without_a_part_pictures_are_shaded_in_full() {
    for missing in FOVEATION {
        let offered: Vec<_> = FOVEATION.into_iter().filter(|&part| part != missing).collect();
        let mock = Mock::new(&offered);
        let Some(mut visit) = Visit::new(&mock) else { return };
        assert_eq!(mock.take_calls(), PLAIN, "{missing:?}");
        assert_eq!(visit.headset.foveation_levels(), 0);
        visit.headset.foveate(2);
        visit.frames(2);
        assert_eq!(mock.take_calls(), ["end frame with 1 layers"; 2], "{missing:?}");
        assert_eq!(visit.gpu.take_counts().density_framebuffers, 0);
    }
}

#[test]
fn on_a_gpu_without_maps_pictures_are_shaded_in_full() {
    let mock = Mock::new(&FOVEATION);
    let Some(mut visit) = Visit::new(&mock) else { return };
    if visit.gpu.hooks().density_format().is_some() {
        return println!("skipped: this GPU has maps");
    }
    assert_eq!((mock.take_calls(), visit.headset.foveation_levels()), (PLAIN.map(str::to_owned).to_vec(), 0));
    visit.frames(2);
}

/// The whole way, with maps that the GPU's driver takes.
#[test]
fn noop_adreno_in_a_headset_shades_by_the_runtimes_maps() {
    let mock = Mock::new(&FOVEATION);
    let Some(mut visit) = on_adreno(&mock) else { return };
    assert_eq!(mock.take_calls(), FOVEATED);
    assert_eq!(visit.headset.foveation_levels(), 3);
    visit.gpu.take_counts();
    visit.frames(5);
    let counts = visit.gpu.take_counts();
    // Each of the three images' own maps was used, and none was left out.
    assert_eq!((counts.eye_passes, counts.density_framebuffers), (5, 5));
    assert_eq!(mock.take_calls(), ["end frame with 1 layers"; 5]);
    visit.headset.foveate(2);
    visit.headset.foveate(2);
    visit.headset.foveate(200);
    visit.frames(1);
    visit.headset.foveate(0);
    let expected = [
        "profile MEDIUM LEVEL_ENABLED",
        "update",
        "profile HIGH LEVEL_ENABLED",
        "update",
        "end frame with 1 layers",
        "profile NONE DISABLED",
        "update",
    ];
    assert_eq!(mock.take_calls(), expected);
    // What is refused is tried again when it is asked for again.
    mock.lie(Lie::NoUpdate);
    visit.headset.foveate(1);
    mock.lie(Lie::None);
    visit.headset.foveate(1);
    let again = ["profile LOW LEVEL_ENABLED", "update"];
    assert_eq!(mock.take_calls(), [again, again].concat());
    visit.frames(1);
    drop(visit);
}

/// A runtime that gets its maps wrong costs the maps, not the visit.
#[test]
fn noop_adreno_in_a_headset_believes_no_map_that_cannot_be() {
    let lies = [
        Lie::NoSwapchain,
        Lie::NoImages,
        Lie::EndlessImages,
        Lie::NoMaps,
        Lie::EmptyMaps,
        Lie::NoProfile,
        Lie::NoUpdate,
    ];
    for lie in lies {
        let mock = Mock::new(&FOVEATION);
        mock.lie(lie);
        let Some(mut visit) = on_adreno(&mock) else { return };
        let calls = mock.take_calls();
        assert_eq!(calls.last().map(String::as_str), Some("create plain"), "{lie:?}: {calls:?}");
        assert_eq!(visit.headset.foveation_levels(), 0, "{lie:?}");
        visit.gpu.take_counts();
        visit.frames(2);
        assert_eq!(visit.gpu.take_counts().density_framebuffers, 0, "{lie:?}");
    }
}

fn on_adreno(mock: &Mock) -> Option<Visit> {
    if std::env::var_os("PAVILION_ADRENO").is_none() {
        println!("skipped: this is no Adreno, `cargo xtask test shaders` brings one");
        return None;
    }
    Some(Visit::new(mock).unwrap())
}

#[test]
fn a_map_covers_its_picture_and_is_no_larger() {
    let mapped =
        |map, map_size| Mapped { image: vk::Image::from_raw(1), map: vk::Image::from_raw(map), map_size };
    let fits = |mapped: Mapped| mapped.fits([1832, 1920], [32, 32]);
    assert!(fits(mapped(2, [58, 60])) && fits(mapped(2, [229, 240])));
    for wrong in [[57, 60], [58, 59], [0, 60], [1833, 60], [58, u32::MAX]] {
        assert!(!fits(mapped(2, wrong)), "{wrong:?}");
    }
    assert!(!fits(mapped(0, [58, 60])));
    assert!(!mapped(2, [58, 60]).fits([1832, 1920], [0, 0]));
}
