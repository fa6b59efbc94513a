//! What somebody in a headset sees, in a window for those who stand around: another display with an onlooker.
//!
//! The picture rides along in the frame's own submit. The headset never waits for the window: where the
//! window system would make it wait, there is none.

use std::f32::consts::FRAC_PI_2;
use std::sync::Arc;
use std::time::{Duration, Instant};

use winit::event_loop::EventLoop;
use winit::platform::pump_events::EventLoopExtPumpEvents;

use super::{Events, LOOP, OpenWindow};
use crate::draw::{EyeImage, EyeTarget, Gpu, HiddenArea, Mirror, MirrorMode};
use crate::math::{Pose, View, ViewPair};
use crate::present::steady::{self, Steady};
use crate::present::{Begin, Display, PresentError, Tempo};
use crate::rig::{Input, Person};

/// The content of the window, pixels.
const SIZE: [u32; 2] = [1280, 720];

/// Onlookers need no more pictures than a monitor shows.
const BETWEEN: Duration = Duration::from_micros(15_500);

/// A display whose left eye is also seen in a window.
pub struct Mirrored {
    inner: Box<dyn Display>,
    window: OnlookerWindow,
    /// A copy of what was drawn: a runtime's image is not ours to read.
    kept: EyeImage,
    /// How the left eye is turned on the stage, and what it sees.
    eye: Option<View>,
    calm: Steady,
    /// How far it may look away from straight ahead before its lens hides something, radians.
    clear_radians: f32,
    delta_seconds: f32,
}

/// The window, until it is closed.
struct OnlookerWindow {
    frame: Option<wgpu::SurfaceTexture>,
    surface: wgpu::Surface<'static>,
    config: wgpu::SurfaceConfiguration,
    mirror: Mirror,
    has_both: bool,
    last: Option<Instant>,
    events: Events,
    /// Always there but while it is dropped.
    event_loop: Option<EventLoop<()>>,
}

impl Mirrored {
    /// Opens the window for what `inner` shows on `gpu`.
    ///
    /// # Errors
    /// Gives the display back, with why, where no window is to be had that nobody waits for.
    // The display is handed back whole on purpose: it goes on without a window.
    #[allow(clippy::result_large_err)]
    pub fn open(inner: Box<dyn Display>, gpu: &Gpu) -> Result<Self, (Box<dyn Display>, PresentError)> {
        match OnlookerWindow::open(gpu) {
            Ok(window) => {
                let kept = EyeImage::new(gpu, inner.target().image.size());
                let (eye, calm) = (None, Steady::default());
                let clear_radians = FRAC_PI_2;
                Ok(Self { inner, window, kept, eye, calm, clear_radians, delta_seconds: 0.0 })
            }
            Err(error) => Err((inner, error)),
        }
    }

    fn mode(&mut self) -> MirrorMode {
        let Some(eye) = self.eye.filter(|_| !self.window.has_both) else {
            return if self.window.has_both { MirrorMode::BothEyes } else { MirrorMode::OneEye };
        };
        let turn = eye.pose.orientation;
        let calm = self.calm.follow(turn, std::mem::take(&mut self.delta_seconds));
        let aspect = self.window.config.width as f32 / self.window.config.height.max(1) as f32;
        let fov = steady::cropped(eye.fov, aspect, self.clear_radians);
        MirrorMode::Steady(steady::map((turn, eye.fov), (calm, fov)))
    }
}

impl OnlookerWindow {
    fn open(gpu: &Gpu) -> Result<Self, PresentError> {
        let no_window = |reason: String| PresentError::NoDisplay { reason };
        let [width, height] = SIZE;
        let window = OpenWindow::open("Pavilion: what the headset shows", width, height)?;
        let surface = gpu.surface(window.handle()).map_err(|error| no_window(error.to_string()))?;
        let size = window.events.size;
        let mut config = surface
            .get_default_config(gpu.adapter(), size.width.max(1), size.height.max(1))
            .ok_or_else(|| no_window("the GPU's driver cannot draw to windows".to_owned()))?;
        let able = surface.get_capabilities(gpu.adapter());
        config.format =
            able.formats.iter().copied().find(wgpu::TextureFormat::is_srgb).unwrap_or(config.format);
        let unpaced = [wgpu::PresentMode::Mailbox, wgpu::PresentMode::Immediate];
        config.present_mode = unpaced
            .into_iter()
            .find(|mode| able.present_modes.contains(mode))
            .ok_or_else(|| no_window("it would make the headset wait for the monitor".to_owned()))?;
        surface.configure(&gpu.device, &config);
        Ok(Self {
            frame: None,
            mirror: Mirror::new(gpu, config.format),
            surface,
            config,
            has_both: false,
            last: None,
            events: window.events,
            event_loop: Some(window.event_loop),
        })
    }

    /// Follows what is done to the window, and takes the keys that are for onlookers.
    fn follow(&mut self, gpu: &Gpu, input: &mut Input) {
        if let Some(event_loop) = &mut self.event_loop {
            event_loop.pump_app_events(Some(Duration::ZERO), &mut self.events);
        }
        let keys = self.events.desk.take(0.0);
        input.screenshot |= keys.screenshot;
        self.has_both ^= keys.toggle_both_eyes;
        if std::mem::take(&mut self.events.is_closed)
            && let Some(window) = self.events.window.take()
        {
            // The visit goes on; only the window goes.
            window.set_visible(false);
        }
        let size = self.events.size;
        if self.events.window.is_none() {
            return;
        }
        if self.events.is_resized && size.width > 0 && size.height > 0 {
            (self.config.width, self.config.height) = (size.width, size.height);
            self.surface.configure(&gpu.device, &self.config);
            self.events.is_resized = false;
        }
    }

    /// The window's next image, where one is due and there at once.
    fn acquire(&mut self) -> bool {
        use wgpu::CurrentSurfaceTexture as Current;
        // One whose frame was never submitted.
        self.frame = None;
        let is_due = self.last.is_none_or(|last| last.elapsed() >= BETWEEN);
        if !is_due || self.events.window.is_none() {
            return false;
        }
        self.last = Some(Instant::now());
        self.frame = match self.surface.get_current_texture() {
            Current::Success(frame) => Some(frame),
            Current::Suboptimal(frame) => {
                self.events.is_resized = true;
                Some(frame)
            }
            Current::Outdated | Current::Lost => {
                self.events.is_resized = true;
                None
            }
            Current::Timeout | Current::Occluded | Current::Validation => None,
        };
        self.frame.is_some()
    }
}

impl Drop for OnlookerWindow {
    fn drop(&mut self) {
        LOOP.set(self.event_loop.take());
    }
}

impl Display for Mirrored {
    fn begin(&mut self, gpu: &Gpu, input: &mut Input) -> Result<Begin, PresentError> {
        let begin = self.inner.begin(gpu, input)?;
        self.window.follow(gpu, input);
        if let Begin::Frame { delta_seconds } = begin {
            self.delta_seconds += delta_seconds;
        }
        Ok(begin)
    }

    fn views(&mut self, person: &Person) -> ViewPair {
        let views = self.inner.views(person);
        let [left, _] = views.eyes;
        // On the stage, so that a snap turn is one in the window too.
        let turn = person.stage().orientation.inverse() * left.pose.orientation;
        self.eye = Some(View { pose: Pose { orientation: turn, ..left.pose }, ..left });
        views
    }

    fn hidden_area(&mut self) -> Option<HiddenArea> {
        let area = self.inner.hidden_area()?;
        self.clear_radians = area.clear_radians(0);
        Some(area)
    }

    fn session(&self) -> &'static str {
        self.inner.session()
    }

    fn tempo(&self) -> Option<Tempo> {
        self.inner.tempo()
    }

    fn go_slower(&mut self, is_slower: bool) {
        self.inner.go_slower(is_slower);
    }

    fn foveation_levels(&self) -> u8 {
        self.inner.foveation_levels()
    }

    fn foveate(&mut self, level: u8) {
        self.inner.foveate(level);
    }

    fn has_scales(&self) -> bool {
        self.inner.has_scales()
    }

    fn scale(&mut self, scale: f32) {
        self.inner.scale(scale);
    }

    fn profiles(&self) -> [&'static str; 2] {
        self.inner.profiles()
    }

    fn buzz(&mut self, hand: usize, strength: f32, duration: Duration) {
        self.inner.buzz(hand, strength, duration);
    }

    fn target(&self) -> EyeTarget {
        self.inner.target()
    }

    fn show(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        keeps_picture: bool,
    ) -> Result<(), PresentError> {
        self.inner.show(gpu, encoder, false)?;
        let is_shown = self.window.acquire();
        let target = self.inner.target();
        if keeps_picture || is_shown {
            target.image.copy_to(&mut self.kept, encoder);
        }
        let mode = self.mode();
        if let Some(frame) = &self.window.frame {
            let view = frame.texture.create_view(&wgpu::TextureViewDescriptor::default());
            let copy = EyeTarget { image: self.kept.clone(), attachments: Arc::clone(&target.attachments) };
            self.window.mirror.draw(gpu, encoder, &copy, &view, mode);
        }
        Ok(())
    }

    fn latch(&mut self, person: &Person) -> Result<ViewPair, PresentError> {
        self.inner.latch(person)
    }

    fn end(&mut self, gpu: &Gpu) -> Result<(), PresentError> {
        // The headset first: it has a deadline.
        self.inner.end(gpu)?;
        if let Some(frame) = self.window.frame.take() {
            gpu.queue.present(frame);
        }
        Ok(())
    }

    fn picture(&self) -> Option<EyeImage> {
        Some(self.kept.clone())
    }

    fn has_two_eyes(&self) -> bool {
        true
    }

    fn set_caption(&mut self, caption: &str) {
        self.inner.set_caption(caption);
        if let Some(window) = &self.window.events.window {
            window.set_title(caption);
        }
    }
}
