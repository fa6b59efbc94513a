//! A desktop window, and the person at the desk before it.

mod mirrored;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::{Quat, Vec2, Vec3};
use winit::application::ApplicationHandler;
use winit::dpi::{PhysicalPosition, PhysicalSize};
use winit::event::{DeviceEvent, DeviceId, ElementState, MouseButton, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::keyboard::{KeyCode, PhysicalKey};
use winit::platform::pump_events::{EventLoopExtPumpEvents, PumpStatus};
use winit::window::{Window as WinitWindow, WindowId};

use super::desk::{Desk, Key};
use super::{Begin, Display, PresentError, SAMPLES, Tempo};
use crate::draw::{EyeTarget, Gpu, Mirror, MirrorMode};
use crate::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::rig::{Input, Person};
pub use mirrored::Mirrored;

/// The vertical field of view of the window, radians: 70°, between a monitor's true angle and a headset's.
const FOV_RADIANS: f32 = 1.22;

/// Where the window system does not say how fast the monitor goes.
const MONITOR_HERTZ: f32 = 60.0;

/// No monitor needs more.
const HERTZ_MAX: f32 = 90.0;

/// A frame after a pause moves nothing further than this.
const DELTA_SECONDS_MAX: f32 = 0.1;

/// What the window system told since it was last asked.
#[derive(Default)]
struct Events {
    window: Option<Arc<WinitWindow>>,
    failure: Option<String>,
    desk: Desk,
    /// Where the mouse is, pixels from the top left corner.
    cursor: Option<PhysicalPosition<f64>>,
    is_closed: bool,
    /// Of the content, as the window system told: to ask a window that was just destroyed would be the end.
    size: PhysicalSize<u32>,
    is_resized: bool,
}

thread_local! {
    /// Window systems give a program one such loop: a window leaves it for the next.
    static LOOP: RefCell<Option<EventLoop<()>>> = const { RefCell::new(None) };
}

/// The window before there is a GPU to draw to it: its surface decides which GPU will do.
pub struct OpenWindow {
    event_loop: EventLoop<()>,
    events: Events,
    window: Arc<WinitWindow>,
}

/// A window that is drawn to.
pub struct Window {
    event_loop: EventLoop<()>,
    events: Events,
    surface: wgpu::Surface<'static>,
    config: wgpu::SurfaceConfiguration,
    mirror: Mirror,
    target: EyeTarget,
    frame: Option<wgpu::SurfaceTexture>,
    mode: MirrorMode,
    last: Instant,
    tempo: Tempo,
}

impl OpenWindow {
    /// Opens a window whose content is `width` × `height` pixels.
    ///
    /// # Errors
    /// When there is no display.
    pub fn open(title: &str, width: u32, height: u32) -> Result<Self, PresentError> {
        let no_display = |reason: String| PresentError::NoDisplay { reason };
        let kept = LOOP.take();
        let mut event_loop =
            kept.map_or_else(EventLoop::new, Ok).map_err(|error| no_display(error.to_string()))?;
        let mut events = Events::default();
        let mut opener = Opener { events: &mut events, title, size: PhysicalSize::new(width, height) };
        event_loop.pump_app_events(Some(Duration::ZERO), &mut opener);
        let window = events.window.clone().ok_or_else(|| {
            no_display(events.failure.take().unwrap_or_else(|| "the window system gave none".to_owned()))
        })?;
        Ok(Self { event_loop, events, window })
    }

    /// What a surface is made from.
    pub fn handle(&self) -> Arc<WinitWindow> {
        Arc::clone(&self.window)
    }

    /// Draws to the window with `gpu` from now on.
    ///
    /// # Errors
    /// When the GPU cannot draw to this window after all.
    pub fn attach(self, gpu: &Gpu, surface: wgpu::Surface<'static>) -> Result<Window, PresentError> {
        let size = self.events.size;
        let monitor = self.window.current_monitor().and_then(|monitor| monitor.refresh_rate_millihertz());
        let hertz = monitor.map_or(MONITOR_HERTZ, |millihertz| millihertz as f32 * 1e-3);
        let (width, height) = (size.width.max(1), size.height.max(1));
        let mut config = surface.get_default_config(gpu.adapter(), width, height).ok_or_else(|| {
            PresentError::NoDisplay { reason: "the GPU's driver cannot draw to windows".to_owned() }
        })?;
        let formats = surface.get_capabilities(gpu.adapter()).formats;
        config.format = formats.iter().copied().find(wgpu::TextureFormat::is_srgb).unwrap_or(config.format);
        config.present_mode = wgpu::PresentMode::AutoVsync;
        surface.configure(&gpu.device, &config);
        let mirror = Mirror::new(gpu, config.format);
        let target = EyeTarget::new(gpu, [width, height], SAMPLES);
        Ok(Window {
            event_loop: self.event_loop,
            events: self.events,
            surface,
            config,
            mirror,
            target,
            frame: None,
            mode: MirrorMode::OneEye,
            last: Instant::now(),
            tempo: Tempo::of(1.0 / hertz.clamp(1.0, HERTZ_MAX), 0.0),
        })
    }
}

impl Window {
    /// Finds out what the mouse is over.
    fn point(&mut self) {
        let size = Vec2::new(self.config.width as f32, self.config.height as f32);
        let over = self.events.cursor.and_then(|at| {
            self.mode.place(Vec2::new(at.x as f32, at.y as f32), size, self.target.image.size())
        });
        let aspect = size.x / size.y;
        self.events.desk.point(over.map(|(eye, at)| ray(Fov::symmetric(FOV_RADIANS, aspect), eye, at)));
    }

    fn resize(&mut self, gpu: &Gpu) {
        let size = self.events.size;
        if size.width == 0 || size.height == 0 {
            return;
        }
        (self.config.width, self.config.height) = (size.width, size.height);
        self.surface.configure(&gpu.device, &self.config);
        self.target = EyeTarget::new(gpu, [size.width, size.height], SAMPLES);
        self.events.is_resized = false;
    }

    /// The next image of the window; `None` when this frame is better left out.
    fn acquire(&mut self, gpu: &Gpu) -> Result<Option<wgpu::SurfaceTexture>, PresentError> {
        use wgpu::CurrentSurfaceTexture as Current;
        match self.surface.get_current_texture() {
            Current::Success(frame) => Ok(Some(frame)),
            Current::Suboptimal(frame) => {
                self.events.is_resized = true;
                Ok(Some(frame))
            }
            Current::Outdated | Current::Lost => {
                self.resize(gpu);
                Ok(None)
            }
            Current::Timeout | Current::Occluded => Ok(None),
            Current::Validation => {
                Err(PresentError::SurfaceLost { reason: "the driver refused it".to_owned() })
            }
        }
    }
}

impl Display for Window {
    fn begin(&mut self, gpu: &Gpu, input: &mut Input) -> Result<Begin, PresentError> {
        let status = self.event_loop.pump_app_events(Some(Duration::ZERO), &mut self.events);
        let passed_seconds = self.last.elapsed().as_secs_f32();
        let delta_seconds = passed_seconds.min(DELTA_SECONDS_MAX);
        self.last = Instant::now();
        self.tempo = Tempo::of(self.tempo.period_seconds, passed_seconds);
        self.point();
        *input = self.events.desk.take(delta_seconds);
        if matches!(status, PumpStatus::Exit(_)) || self.events.is_closed {
            return Ok(Begin::Leave);
        }
        if input.toggle_both_eyes {
            self.mode = self.mode.other();
        }
        if self.events.is_resized {
            self.resize(gpu);
        }
        Ok(Begin::Frame { delta_seconds })
    }

    fn views(&mut self, person: &Person) -> ViewPair {
        let [width, height] = self.target.image.size();
        let aspect = width as f32 / height as f32;
        ViewPair::around(person.head(), Fov::symmetric(FOV_RADIANS, aspect), EYE_DISTANCE_METRES)
    }

    fn tempo(&self) -> Option<Tempo> {
        Some(self.tempo)
    }

    fn target(&self) -> EyeTarget {
        self.target.clone()
    }

    fn show(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, _: bool) -> Result<(), PresentError> {
        self.frame = self.acquire(gpu)?;
        if let Some(frame) = &self.frame {
            let view = frame.texture.create_view(&wgpu::TextureViewDescriptor::default());
            self.mirror.draw(gpu, encoder, &self.target, &view, self.mode);
        }
        Ok(())
    }

    fn set_caption(&mut self, caption: &str) {
        if let Some(window) = &self.events.window {
            window.set_title(caption);
        }
    }

    fn end(&mut self, gpu: &Gpu) -> Result<(), PresentError> {
        match self.frame.take() {
            Some(frame) => gpu.queue.present(frame),
            // Nothing paces an invisible window.
            None => std::thread::sleep(Duration::from_millis(8)),
        }
        Ok(())
    }
}

/// Head from what an eye sees at a place of its picture, −1 ..= 1 to the right and up.
fn ray(fov: Fov, eye: usize, at: Vec2) -> Pose {
    let side = if eye == 0 { -0.5 } else { 0.5 };
    let direction = Vec3::new(fov.right_radians.tan() * at.x, fov.up_radians.tan() * at.y, -1.0);
    Pose {
        position: Vec3::X * (side * EYE_DISTANCE_METRES),
        orientation: Quat::from_rotation_arc(Vec3::NEG_Z, direction.normalize_or(Vec3::NEG_Z)),
    }
}

/// Opens the window as soon as the window system lets it.
struct Opener<'a> {
    events: &'a mut Events,
    title: &'a str,
    size: PhysicalSize<u32>,
}

impl ApplicationHandler for Opener<'_> {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        let attributes = WinitWindow::default_attributes().with_title(self.title).with_inner_size(self.size);
        match event_loop.create_window(attributes) {
            Ok(window) => {
                self.events.size = window.inner_size();
                self.events.window = Some(Arc::new(window));
            }
            Err(error) => self.events.failure = Some(error.to_string()),
        }
    }

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        self.events.on_window_event(&event);
    }
}

impl ApplicationHandler for Events {
    fn resumed(&mut self, _: &ActiveEventLoop) {}

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        self.on_window_event(&event);
    }

    fn device_event(&mut self, _: &ActiveEventLoop, _: DeviceId, event: DeviceEvent) {
        if let DeviceEvent::MouseMotion { delta: (x, y) } = event {
            self.desk.mouse(Vec2::new(x as f32, y as f32));
        }
    }
}

impl Events {
    fn on_window_event(&mut self, event: &WindowEvent) {
        match event {
            WindowEvent::CloseRequested | WindowEvent::Destroyed => self.is_closed = true,
            WindowEvent::Resized(size) => (self.size, self.is_resized) = (*size, true),
            WindowEvent::ScaleFactorChanged { .. } => self.is_resized = true,
            WindowEvent::Focused(false) => self.desk.release_all(),
            WindowEvent::MouseInput { state, button, .. } => {
                let is_down = *state == ElementState::Pressed;
                if matches!(button, MouseButton::Left | MouseButton::Right) {
                    self.desk.drag(is_down);
                }
                if *button == MouseButton::Left {
                    self.desk.press(is_down);
                }
            }
            WindowEvent::CursorMoved { position, .. } => self.cursor = Some(*position),
            WindowEvent::CursorLeft { .. } => self.cursor = None,
            WindowEvent::KeyboardInput { event, .. } => {
                if let Some(key) = meaning(event.physical_key) {
                    self.desk.key(key, event.state == ElementState::Pressed);
                }
            }
            _ => {}
        }
    }
}

/// Keys by their place, so that W A S D are under the same fingers on every layout.
fn meaning(key: PhysicalKey) -> Option<Key> {
    let PhysicalKey::Code(code) = key else { return None };
    Some(match code {
        KeyCode::KeyW | KeyCode::ArrowUp => Key::Ahead,
        KeyCode::KeyS | KeyCode::ArrowDown => Key::Back,
        KeyCode::KeyA | KeyCode::ArrowLeft => Key::Left,
        KeyCode::KeyD | KeyCode::ArrowRight => Key::Right,
        KeyCode::KeyQ => Key::TurnLeft,
        KeyCode::KeyE => Key::TurnRight,
        KeyCode::ShiftLeft | KeyCode::ShiftRight => Key::Fast,
        KeyCode::KeyP | KeyCode::F12 => Key::Screenshot,
        KeyCode::KeyB => Key::BothEyes,
        KeyCode::Home => Key::Recentre,
        KeyCode::KeyR => Key::Retry,
        KeyCode::Escape => Key::Leave,
        KeyCode::KeyM | KeyCode::Tab => Key::Menu,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the mouse is over, drawn by that eye, is where the mouse is.
    #[test]
    fn the_mouse_is_over_what_is_drawn_there() {
        let fov = Fov::symmetric(FOV_RADIANS, 1.5);
        let views = ViewPair::around(Pose::IDENTITY, fov, EYE_DISTANCE_METRES);
        for (eye, at) in [(0, Vec2::new(0.3, -0.8)), (1, Vec2::new(-0.9, 0.2)), (0, Vec2::ZERO)] {
            let ray = ray(fov, eye, at);
            let seen = ray.position + ray.forward() * 3.0;
            let clip = views.eyes[eye].clip_from_world(0.1) * seen.extend(1.0);
            assert!(Vec2::new(clip.x / clip.w, clip.y / clip.w).abs_diff_eq(at, 1e-5), "{clip}");
        }
    }
}
