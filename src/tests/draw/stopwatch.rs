//! The GPU's clock against ours.

use std::time::Instant;

use glam::Vec3;

use super::{COMPARABLE, Show, gpu, looking};
use crate::draw::stopwatch::FRAMES_MAX;
use crate::math::Pose;
use crate::scene::Material;
use crate::tests::props::{Props, Shape};

/// Something to shade.
fn wall() -> Props {
    let mut props = Props::new();
    props.add(Material::default(), Shape::square());
    props
}

#[test]
fn a_larger_picture_takes_the_gpu_longer_and_never_longer_than_it_took_us() {
    let Some(gpu) = gpu() else { return };
    let near = looking(Pose { position: Vec3::Z, ..Pose::IDENTITY });
    let middle = |side: u32| {
        let mut show = Show::new(gpu, &wall(), [side; 2], COMPARABLE);
        if !show.renderer.start_stopwatch(gpu) {
            println!("SKIPPED: this GPU has no clock");
            return None;
        }
        assert_eq!(show.renderer.take_gpu_nanos(gpu).unwrap(), [0; 0], "nothing was drawn");
        let began = Instant::now();
        (0..5).for_each(|_| drop(show.frame(gpu, &near, 0)));
        let mut nanos = show.renderer.take_gpu_nanos(gpu).unwrap();
        let ours = began.elapsed().as_nanos();
        assert_eq!(nanos.len(), 5);
        assert!(u128::from(nanos.iter().sum::<u64>()) <= ours, "{nanos:?} of {ours}");
        nanos.sort_unstable();
        Some(nanos[2])
    };
    let (Some(small), Some(large)) = (middle(32), middle(1024)) else { return };
    assert!(small > 0 && large > 4 * small, "{small} ns, and {large} ns for 1024 times the pixels");
}

#[test]
fn more_frames_than_can_be_stamped_are_drawn_unstamped_and_the_next_ones_stamped_again() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &wall(), [16; 2], COMPARABLE);
    if !show.renderer.start_stopwatch(gpu) {
        return println!("SKIPPED: this GPU has no clock");
    }
    let views = looking(Pose::IDENTITY);
    (0..FRAMES_MAX + 3).for_each(|_| drop(show.frame(gpu, &views, 0)));
    assert_eq!(show.renderer.take_gpu_nanos(gpu).unwrap().len(), FRAMES_MAX as usize);
    show.frame(gpu, &views, 0);
    assert_eq!(show.renderer.take_gpu_nanos(gpu).unwrap().len(), 1);
    assert_eq!(gpu.validation_messages(), [""; 0]);
}
