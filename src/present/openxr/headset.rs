//! A headset as a [`Display`]: wait, locate, draw to the runtime's image, hand it back.
//!
//! What is due when is decided by [`Session`]; this file makes the calls.

use std::time::{Duration, Instant};

use openxr as xr;

use super::actions::Actions;
use super::graphics::Maker;
use super::metrics::Metrics;
use super::notice::Notice;
use super::pace::Pace;
use super::swapchain::EyeSwapchain;
use super::views::STEREO;
use super::{hidden, space, views};
use crate::draw::{EyeImage, EyeTarget, Gpu, HiddenArea, Hooks};
use crate::math::{Pose, View, ViewPair};
use crate::present::session::{Event, Session, State, Step};
use crate::present::{Begin, Display, PresentError, Tempo};
use crate::rig::{Hands, Input, Person};

/// Between two looks for events while the runtime wants no frames.
const IDLE: Duration = Duration::from_millis(10);

/// A frame after a pause moves nothing further than this.
const DELTA_SECONDS_MAX: f32 = 0.1;

/// A session with a headset.
pub struct Headset {
    // Dropped in this order: the runtime takes its images back when nobody uses them any more.
    target: EyeTarget,
    eyes: EyeSwapchain,
    /// What was drawn last, where somebody asked to keep it: the runtime's image is not ours to read.
    kept: Option<EyeImage>,
    /// For whoever cannot be shown the world; a runtime may refuse it.
    notice: Option<Notice>,
    hooks: Hooks,
    actions: Actions,
    floor: space::Floor,
    waiter: xr::FrameWaiter,
    stream: xr::FrameStream<xr::Vulkan>,
    session: xr::Session<xr::Vulkan>,
    instance: xr::Instance,
    blend_mode: xr::EnvironmentBlendMode,
    events: xr::EventDataBuffer,
    life: Session,
    opened: Instant,
    is_worn: bool,
    pace: Pace,
    metrics: Option<Metrics>,
    /// When the frame that is being drawn will be seen.
    time: xr::Time,
    last_time: Option<xr::Time>,
    /// In [`Headset::floor`].
    views: [xr::View; 2],
    /// What the eyes do not see, until somebody has taken it.
    hidden: Option<HiddenArea>,
    hands: Hands,
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
            notice: Notice::new(gpu, &session)
                .inspect_err(|error| tracing::debug!("no notice for a lost head: {error}"))
                .ok(),
            hooks: gpu.hooks().clone(),
            actions: Actions::new(&instance, system, &session).map_err(lost)?,
            floor: space::Floor::new(&session).map_err(lost)?,
            hidden: Some(hidden::area(&session)),
            pace: Pace::new(&session),
            metrics: Metrics::new(&session),
            waiter,
            stream,
            session,
            instance,
            blend_mode: blend_modes.first().copied().unwrap_or(xr::EnvironmentBlendMode::OPAQUE),
            events: xr::EventDataBuffer::new(),
            life: Session::default(),
            opened: Instant::now(),
            is_worn: true,
            time: xr::Time::from_nanos(0),
            last_time: None,
            views: [xr::View { pose: xr::Posef::IDENTITY, fov: xr::Fovf::default() }; 2],
            hands: Hands::default(),
        })
    }

    /// Takes what the runtime tells.
    fn follow(&mut self) -> xr::Result<()> {
        let mut is_mask_another = false;
        while let Some(event) = self.instance.poll_event(&mut self.events)? {
            match event {
                xr::Event::InteractionProfileChanged(_) => self.actions.expect_another_profile(),
                xr::Event::SessionStateChanged(change) => {
                    tracing::debug!("the headset's session is {:?}", change.state());
                    if let Some(state) = state(change.state()) {
                        self.life.on(Event::State(state));
                    }
                    if self.life.is_focused() {
                        self.pace.ask(&self.session);
                    }
                }
                xr::Event::InstanceLossPending(_) => self.life.on(Event::InstanceLossPending),
                xr::Event::ReferenceSpaceChangePending(change) => self.floor.will_move(change),
                xr::Event::UserPresenceChangedEXT(change) => self.is_worn = change.is_user_present(),
                xr::Event::DisplayRefreshRateChangedFB(_) => self.pace.forget_period(),
                xr::Event::PerfSettingsEXT(told) => self.pace.hear(told),
                xr::Event::VisibilityMaskChangedKHR(_) => is_mask_another = true,
                xr::Event::EventsLost(lost) => {
                    tracing::warn!("{} events of the headset were lost", lost.lost_event_count());
                }
                _ => {}
            }
        }
        // Each eye has an event of its own; both are asked about at once.
        if is_mask_another {
            self.hidden = Some(hidden::area(&self.session));
        }
        Ok(())
    }

    /// Makes the calls that are due, up to where somebody else is needed.
    fn advance(&mut self, input: &mut Input) -> xr::Result<Begin> {
        loop {
            self.follow()?;
            let now = self.opened.elapsed();
            match self.life.next(now) {
                Step::Rest => {
                    std::thread::sleep(IDLE);
                    return Ok(Begin::Skip);
                }
                Step::Begin => {
                    self.session.begin(STEREO)?;
                    self.life.begun();
                }
                Step::End => {
                    self.session.end()?;
                    self.life.ended();
                }
                Step::RequestExit => {
                    self.session.request_exit()?;
                    self.life.asked_to_exit(now);
                }
                Step::WaitFrame => {
                    let state = self.waiter.wait()?;
                    self.time = state.predicted_display_time;
                    self.pace.waited(state.predicted_display_period);
                    self.life.waited(state.should_render);
                }
                Step::BeginFrame => {
                    let _held = self.hooks.lock_queue();
                    self.stream.begin()?;
                    self.life.begun_frame();
                }
                Step::Draw => match self.prepare(input)? {
                    Some(delta_seconds) => return Ok(Begin::Frame { delta_seconds }),
                    None => self.life.give_frame_up(),
                },
                Step::EndFrame => {
                    self.end_frame(false)?;
                    return Ok(Begin::Skip);
                }
                Step::ComeBack => return Err(xr::sys::Result::ERROR_SESSION_LOST),
                Step::Leave => return Ok(Begin::Leave),
            }
        }
    }

    /// Asks where everything is; `None` where nothing can be drawn, because nobody knows where the head is.
    fn prepare(&mut self, input: &mut Input) -> xr::Result<Option<f32>> {
        let Some(views) = views::locate(&self.session, &self.floor.space, self.time, &self.views)? else {
            if let Some(notice) = &mut self.notice {
                notice.lost(self.time);
            }
            return Ok(None);
        };
        if let Some(notice) = &mut self.notice {
            notice.found();
        }
        input.stage_moved = self.floor.moved(self.time, head(&self.views), head(&views));
        self.views = views;
        input.head = Some(head(&views));
        input.is_taken_off = !self.is_worn;
        self.target = self.eyes.acquire()?;
        let last = self.last_time.replace(self.time).unwrap_or(self.time);
        // A runtime that came back may count from another beginning.
        let nanos = self.time.as_nanos().saturating_sub(last.as_nanos());
        let gpu_millis = self.metrics.as_mut().and_then(|metrics| metrics.gpu_millis(&self.session));
        self.pace.drew(nanos, gpu_millis);
        let delta_seconds = (nanos as f32 * 1e-9).clamp(0.0, DELTA_SECONDS_MAX);
        input.gaze = self.actions.gaze(&self.floor.space, self.time)?.and_then(Pose::checked);
        let raw = self.actions.read(&self.session, &self.floor.space, self.time)?;
        input.hands = self.hands.step(&raw, input.head, self.life.is_focused(), delta_seconds);
        Ok(Some(delta_seconds))
    }

    /// Ends the frame, with what was drawn or with nothing.
    fn end_frame(&mut self, is_drawn: bool) -> xr::Result<()> {
        let _held = self.hooks.lock_queue();
        if is_drawn {
            let [left, right] = self.views;
            let projections = [(0, left), (1, right)].map(|(eye, view)| {
                xr::CompositionLayerProjectionView::new()
                    .pose(view.pose)
                    .fov(view.fov)
                    .sub_image(self.eyes.layer(eye, self.target.image.part()))
            });
            let layer = xr::CompositionLayerProjection::new().space(&self.floor.space).views(&projections);
            self.stream.end(self.time, self.blend_mode, &[&layer])?;
        } else if let Some(notice) = self.notice.as_ref().and_then(|notice| notice.layer(self.time)) {
            self.stream.end(self.time, self.blend_mode, &[&notice])?;
        } else {
            self.stream.end(self.time, self.blend_mode, &[])?;
        }
        self.life.ended_frame();
        Ok(())
    }

    /// What a failed call means: nothing of the runtime can be trusted any more.
    fn lost(&mut self, error: xr::sys::Result) -> PresentError {
        self.life.on(Event::Lost);
        PresentError::headset_lost(error)
    }

    /// Asks the runtime to end the session and goes along until it has.
    fn leave(&mut self) -> xr::Result<()> {
        self.life.leave();
        let mut input = Input::default();
        while self.advance(&mut input)? != Begin::Leave {}
        Ok(())
    }
}

impl Display for Headset {
    fn begin(&mut self, gpu: &Gpu, input: &mut Input) -> Result<Begin, PresentError> {
        *input = Input::default();
        if gpu.is_lost() {
            return Err(self.lost(xr::sys::Result::ERROR_GRAPHICS_DEVICE_INVALID));
        }
        let begin = self.advance(input).map_err(|error| self.lost(error))?;
        if begin == Begin::Skip {
            // Who sees nothing presses nothing, and lets go of nothing.
            self.hands = Hands::default();
        }
        Ok(begin)
    }

    fn views(&mut self, person: &Person) -> ViewPair {
        let stage = person.stage();
        let eye = |view: xr::View| View {
            pose: space::pose(view.pose).in_parent(stage),
            fov: space::fov(view.fov),
        };
        ViewPair { eyes: self.views.map(eye) }
    }

    fn hidden_area(&mut self) -> Option<HiddenArea> {
        self.hidden.take()
    }

    fn session(&self) -> &'static str {
        self.life.name()
    }

    fn tempo(&self) -> Option<Tempo> {
        self.pace.tempo()
    }

    fn go_slower(&mut self, is_slower: bool) {
        self.pace.go_slower(&self.session, is_slower);
    }

    fn foveation_levels(&self) -> u8 {
        self.eyes.foveation_levels()
    }

    fn foveate(&mut self, level: u8) {
        self.eyes.foveate(&self.session, level);
    }

    fn has_scales(&self) -> bool {
        true
    }

    fn scale(&mut self, scale: f32) {
        self.eyes.scale = scale;
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
            self.target.image.copy_to(kept, encoder);
        }
        Ok(())
    }

    fn latch(&mut self, person: &Person) -> Result<ViewPair, PresentError> {
        let waited = self.eyes.wait();
        let located = waited
            .and_then(|()| views::locate(&self.session, &self.floor.space, self.time, &self.views))
            .map_err(|error| self.lost(error))?;
        // A head that is lost now was known when the frame began: that is near enough.
        self.views = located.unwrap_or(self.views);
        Ok(self.views(person))
    }

    fn end(&mut self, _: &Gpu) -> Result<(), PresentError> {
        let released = self.eyes.release();
        released.and_then(|()| self.end_frame(true)).map_err(|error| self.lost(error))
    }

    fn picture(&self) -> Option<EyeImage> {
        self.kept.clone()
    }

    fn has_two_eyes(&self) -> bool {
        true
    }
}

impl Drop for Headset {
    fn drop(&mut self) {
        if let Err(error) = self.leave() {
            tracing::debug!("the headset's session did not end in order: {error}");
        }
    }
}

/// Between the eyes, in the stage's space.
fn head(views: &[xr::View; 2]) -> Pose {
    let [left, right] = views.map(|view| space::pose(view.pose));
    Pose {
        position: left.position.midpoint(right.position),
        orientation: left.orientation.lerp(right.orientation, 0.5),
    }
}

/// The runtime's word for a state as ours.
fn state(state: xr::SessionState) -> Option<State> {
    Some(match state {
        xr::SessionState::IDLE => State::Idle,
        xr::SessionState::READY => State::Ready,
        xr::SessionState::SYNCHRONIZED => State::Synchronized,
        xr::SessionState::VISIBLE => State::Visible,
        xr::SessionState::FOCUSED => State::Focused,
        xr::SessionState::STOPPING => State::Stopping,
        xr::SessionState::LOSS_PENDING => State::LossPending,
        xr::SessionState::EXITING => State::Exiting,
        _ => return None,
    })
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
