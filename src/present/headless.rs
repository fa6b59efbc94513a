//! No display: a head where the person stands, and time that passes as fast as frames are drawn.

use crate::draw::{EyeTarget, Gpu};
use crate::math::{Fov, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::rig::{Input, Person};

use super::{Begin, Display, PresentError, SAMPLES};

/// The vertical field of view, radians: 80°, a little less than a headset's, for pictures to look at.
const FOV_RADIANS: f32 = 1.396;

/// The frame rate that time pretends, so that the same walk ends at the same place on any machine.
const DELTA_SECONDS: f32 = 1.0 / 90.0;

/// Draws to nowhere; what was drawn can be read back.
pub struct Headless {
    target: EyeTarget,
}

impl Headless {
    /// Eyes of `size` pixels.
    pub fn new(gpu: &Gpu, size: [u32; 2]) -> Self {
        Self { target: EyeTarget::new(gpu, size, SAMPLES) }
    }
}

impl Display for Headless {
    fn begin(&mut self, _: &Gpu, input: &mut Input) -> Result<Begin, PresentError> {
        *input = Input::default();
        Ok(Begin::Frame { delta_seconds: DELTA_SECONDS })
    }

    fn views(&mut self, person: &Person) -> ViewPair {
        let [width, height] = self.target.image.size();
        let fov = Fov::symmetric(FOV_RADIANS, width as f32 / height as f32);
        ViewPair::around(person.head(), fov, EYE_DISTANCE_METRES)
    }

    fn target(&self) -> EyeTarget {
        self.target.clone()
    }

    fn show(&mut self, _: &Gpu, _: &mut wgpu::CommandEncoder, _: bool) -> Result<(), PresentError> {
        Ok(())
    }

    fn end(&mut self, gpu: &Gpu) -> Result<(), PresentError> {
        // One frame at a time: software drivers would otherwise queue frames without end.
        let waited = gpu.device.poll(wgpu::PollType::wait_indefinitely());
        waited.map(|_| ()).map_err(|error| PresentError::SurfaceLost { reason: error.to_string() })
    }
}
