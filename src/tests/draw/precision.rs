//! Half precision is a permission: a driver that knows no halves draws what it drew.

use super::gallery::{gallery, visitor};
use super::{COMPARABLE, Show, gpu};
use crate::draw::{Gpu, GpuOptions};

#[test]
fn relaxed_arithmetic_changes_no_pixel_of_a_driver_without_halves() {
    let Some(_) = gpu() else { return };
    let draw = |keeps_precision| {
        let options = GpuOptions { records: true, keeps_precision, ..GpuOptions::default() };
        let gpu = Gpu::open(options).unwrap();
        let mut show = Show::new(&gpu, &gallery(), [256, 256], COMPARABLE);
        let pictures = show.picture(&gpu, &visitor()).map(|pixels| pixels.rgba);
        (pictures, gpu.take_counts().relaxed_results)
    };
    let ((whole, none), (relaxed, some)) = (draw(true), draw(false));
    assert!(none == 0 && some > 100, "{none} and {some} results are relaxed");
    assert!(whole == relaxed, "pixels differ");
}
