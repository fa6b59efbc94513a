//! A headset as a [`Display`]: wait, locate, draw to the runtime's image, hand it back.

use std::time::{Duration, Instant};

use openxr as xr;

use super::actions::Actions;
use super::graphics::Maker;
use super::space;
use super::swapchain::EyeSwapchain;
use crate::draw::{EyeImage, EyeTarget, Gpu, Hooks};
use crate::math::{View, ViewPair};
use crate::present::{Begin, Display, PresentError};
use crate::rig::{Hands, Input, Person};

const STEREO: xr::ViewConfigurationType = xr::ViewConfigurationType::PRIMARY_STEREO;

/// Between two looks for events while the runtime wants no frames.
const IDLE: Duration = Duration::from_millis(10);

/// How long the runtime may take to say that a visit has ended.
const GOODBYE: Duration = Duration::from_secs(2);

/// A frame after a pause moves nothing further than this.
const DELTA_SECONDS_MAX: f32 = 0.1;

/// A session with a headset.
pub struct Headset {
    // Dropped in this order: the runtime takes its images back when nobody uses them any more.
    target: EyeTarget,
    eyes: EyeSwapchain,
    /// What was drawn last, where somebody asked to keep it: the runtime's image is not ours to read.
    kept: Option<EyeImage>,
    hooks: Hooks,
    actions: Actions,
    floor: xr::Space,
    waiter: xr::FrameWaiter,
    stream: xr::FrameStream<xr::Vulkan>,
    session: xr::Session<xr::Vulkan>,
    instance: xr::Instance,
    blend_mode: xr::EnvironmentBlendMode,
    events: xr::EventDataBuffer,
    stage: Stage,
    /// When the frame that is being drawn will be seen.
    time: xr::Time,
    last_time: Option<xr::Time>,
    /// In [`Headset::floor`].
    views: [xr::View; 2],
    hands: Hands,
    is_focused: bool,
}

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The runtime wants no frames.
    Idle,
    /// Frames are waited for, begun and ended.
    Running,
    /// It is over.
    Over,
}

impl Headset {
    /// Begins a session on the GPU that `maker` has made. `size` is pixels of an eye; without it
    /// the runtime decides.
    ///
    /// # Errors
    /// Where the runtime refuses.
    pub fn open(maker: &Maker, gpu: &Gpu, size: Option<[u32; 2]>) -> Result<Self, PresentError> {
        let lost = PresentError::headset_lost;
        let (instance, system) = (maker.runtime.instance.clone(), maker.system);
        let (session, waiter, stream) = create_session(&instance, system, gpu).map_err(lost)?;
        let configured = instance.enumerate_view_configuration_views(system, STEREO).map_err(lost)?;
        let recommended = configured
            .first()
            .map(|view| [view.recommended_image_rect_width, view.recommended_image_rect_height]);
        let size = size.or(recommended).unwrap_or([640, 640]);
        let blend_modes = instance.enumerate_environment_blend_modes(system, STEREO).map_err(lost)?;
        let eyes = EyeSwapchain::new(gpu, &session, size)?;
        let target = eyes.any().cloned().ok_or_else(|| PresentError::NoHeadset {
            reason: "its runtime gave no image to draw to".to_owned(),
        })?;
        Ok(Self {
            target,
            eyes,
            kept: None,
            hooks: gpu.hooks().clone(),
            actions: Actions::new(&instance, system, &session).map_err(lost)?,
            floor: space::floor(&session).map_err(lost)?,
            waiter,
            stream,
            session,
            instance,
            blend_mode: blend_modes.first().copied().unwrap_or(xr::EnvironmentBlendMode::OPAQUE),
            events: xr::EventDataBuffer::new(),
            stage: Stage::Idle,
            time: xr::Time::from_nanos(0),
            last_time: None,
            views: [xr::View { pose: xr::Posef::IDENTITY, fov: xr::Fovf::default() }; 2],
            hands: Hands::default(),
            is_focused: false,
        })
    }

    /// Follows what the runtime tells of the session.
    fn follow(&mut self) -> xr::Result<()> {
        while let Some(event) = self.instance.poll_event(&mut self.events)? {
            match event {
                xr::Event::InteractionProfileChanged(_) => self.actions.expect_another_profile(),
                xr::Event::SessionStateChanged(change) => {
                    self.is_focused = change.state() == xr::SessionState::FOCUSED;
                    match change.state() {
                        xr::SessionState::READY => {
                            self.session.begin(STEREO)?;
                            self.stage = Stage::Running;
                        }
                        xr::SessionState::STOPPING => {
                            self.session.end()?;
                            self.stage = Stage::Idle;
                        }
                        xr::SessionState::EXITING | xr::SessionState::LOSS_PENDING => {
                            self.stage = Stage::Over
                        }
                        state => tracing::debug!("the headset's session is {state:?}"),
                    }
                }
                xr::Event::InstanceLossPending(_) => self.stage = Stage::Over,
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits for the next frame and begins it; `None` where nothing of it would be seen.
    fn begin_frame(&mut self, input: &mut Input) -> xr::Result<Option<f32>> {
        let state = self.waiter.wait()?;
        {
            let _held = self.hooks.lock_queue();
            self.stream.begin()?;
        }
        self.time = state.predicted_display_time;
        if !state.should_render {
            self.end_frame(false)?;
            return Ok(None);
        }
        let (flags, views) = self.session.locate_views(STEREO, self.time, &self.floor)?;
        match views.as_slice() {
            // While the head is lost the runtime's numbers mean nothing: rather no picture than a wrong one.
            [left, right] if flags.contains(xr::ViewStateFlags::ORIENTATION_VALID) => {
                self.views = [*left, *right];
            }
            _ => {
                self.end_frame(false)?;
                return Ok(None);
            }
        }
        self.target = self.eyes.acquire()?;
        let last = self.last_time.replace(self.time).unwrap_or(self.time);
        let seconds = (self.time.as_nanos() - last.as_nanos()) as f32 * 1e-9;
        let delta_seconds = seconds.clamp(0.0, DELTA_SECONDS_MAX);
        input.head = Some(ViewPair { eyes: self.views.map(stage_view) }.center());
        input.gaze = self.actions.gaze(&self.floor, self.time)?;
        let raw = self.actions.read(&self.session, &self.floor, self.time)?;
        input.hands = self.hands.step(&raw, input.head, self.is_focused, delta_seconds);
        Ok(Some(delta_seconds))
    }

    /// Ends the frame, with what was drawn or with nothing.
    fn end_frame(&mut self, is_drawn: bool) -> xr::Result<()> {
        let _held = self.hooks.lock_queue();
        if !is_drawn {
            return self.stream.end(self.time, self.blend_mode, &[]);
        }
        let [left, right] = self.views;
        let projections = [(0, left), (1, right)].map(|(eye, view)| {
            xr::CompositionLayerProjectionView::new()
                .pose(view.pose)
                .fov(view.fov)
                .sub_image(self.eyes.layer(eye))
        });
        let layer = xr::CompositionLayerProjection::new().space(&self.floor).views(&projections);
        self.stream.end(self.time, self.blend_mode, &[&layer])
    }

    /// Asks the runtime to end the session and goes along until it has.
    fn leave(&mut self) -> xr::Result<()> {
        if self.stage != Stage::Running {
            return Ok(());
        }
        self.session.request_exit()?;
        let asked = Instant::now();
        while self.stage != Stage::Over && asked.elapsed() < GOODBYE {
            self.follow()?;
            if self.stage == Stage::Running {
                self.waiter.wait()?;
                let _held = self.hooks.lock_queue();
                self.stream.begin()?;
                self.stream.end(self.time, self.blend_mode, &[])?;
            } else {
                std::thread::sleep(IDLE);
            }
        }
        Ok(())
    }
}

impl Display for Headset {
    fn begin(&mut self, _: &Gpu, input: &mut Input) -> Result<Begin, PresentError> {
        *input = Input::default();
        self.follow().map_err(PresentError::headset_lost)?;
        match self.stage {
            Stage::Over => Ok(Begin::Leave),
            Stage::Idle => {
                std::thread::sleep(IDLE);
                Ok(Begin::Skip)
            }
            Stage::Running => match self.begin_frame(input).map_err(PresentError::headset_lost)? {
                Some(delta_seconds) => Ok(Begin::Frame { delta_seconds }),
                None => {
                    // Who sees nothing presses nothing, and lets go of nothing.
                    self.hands = Hands::default();
                    Ok(Begin::Skip)
                }
            },
        }
    }

    fn views(&mut self, person: &Person) -> ViewPair {
        let stage = person.stage();
        let eye = |view| {
            let View { pose, fov } = stage_view(view);
            View { pose: pose.in_parent(stage), fov }
        };
        ViewPair { eyes: self.views.map(eye) }
    }

    fn session(&self) -> &'static str {
        match self.stage {
            Stage::Idle => "idle",
            Stage::Running if self.is_focused => "focused",
            Stage::Running => "visible",
            Stage::Over => "over",
        }
    }

    fn profiles(&self) -> [&'static str; 2] {
        self.actions.profiles()
    }

    fn buzz(&mut self, hand: usize, strength: f32, duration: Duration) {
        self.actions.buzz(&self.session, hand, strength, duration);
    }

    fn target(&self) -> EyeTarget {
        self.target.clone()
    }

    fn show(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        keeps_picture: bool,
    ) -> Result<(), PresentError> {
        if keeps_picture {
            let kept = self.kept.get_or_insert_with(|| EyeImage::new(gpu, self.eyes.size));
            let drawn = self.target.image.texture();
            encoder.copy_texture_to_texture(
                drawn.as_image_copy(),
                kept.texture().as_image_copy(),
                drawn.size(),
            );
            // The runtime wants its image back as it gave it.
            let texture = wgpu::TextureTransition {
                texture: drawn,
                selector: None,
                state: wgpu::TextureUses::COLOR_TARGET,
            };
            encoder.transition_resources(std::iter::empty(), std::iter::once(texture));
        }
        Ok(())
    }

    fn end(&mut self, _: &Gpu) -> Result<(), PresentError> {
        let released = self.eyes.release();
        released.and_then(|()| self.end_frame(true)).map_err(PresentError::headset_lost)
    }

    fn picture(&self) -> Option<EyeImage> {
        self.kept.clone()
    }
}

impl Drop for Headset {
    fn drop(&mut self) {
        if let Err(error) = self.leave() {
            tracing::debug!("the headset's session did not end in order: {error}");
        }
    }
}

/// An eye in the stage's space.
fn stage_view(view: xr::View) -> View {
    View { pose: space::pose(view.pose), fov: space::fov(view.fov) }
}

type Created = (xr::Session<xr::Vulkan>, xr::FrameWaiter, xr::FrameStream<xr::Vulkan>);

fn create_session(instance: &xr::Instance, system: xr::SystemId, gpu: &Gpu) -> xr::Result<Created> {
    use ash::vk::Handle;
    let handles = gpu.handles();
    let info = xr::vulkan::SessionCreateInfo {
        instance: handles.instance.as_raw() as *const _,
        physical_device: handles.physical_device.as_raw() as *const _,
        device: handles.device.as_raw() as *const _,
        queue_family_index: handles.queue_family,
        queue_index: 0,
    };
    // SAFETY: these are the handles that this runtime has made through `Maker`, and the caller keeps
    // the GPU for longer than the session.
    unsafe { instance.create_session::<xr::Vulkan>(system, &info) }
}
