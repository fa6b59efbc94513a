//! The frame loop. Start reading at [`Viewer::frame`].

mod arriving;
mod comeback;
mod deadline;
mod ending;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::Vec2;

use super::curtain::Curtain;
use super::feel::Feel;
use super::figures::{FIGURES_MAX, Figure, Figures};
use super::ground::Ground;
use super::lobby;
use super::looking::Looking;
use super::menu::{Clock, WristMenu};
use super::own_hands::OwnHands;
use super::path::Path;
use super::report::{FrameTimes, Report};
use super::screen::Screen;
use super::settings::SettingsFile;
use super::sounds::Sounds;
use super::toll::Toll;
use super::trace::{Moment, Trace};
use super::venue::{Event, Venue};
use super::{Failure, FailureKind, wave};
use crate::cull::{Culler, DrawList, Quality, Sight};
use crate::draw::{Counts, FrameInput, FrameStats, Upload, UploadBudget, cpu_time};
use crate::math::{Pose, ViewPair};
use crate::people::Seen;
use crate::present::{Begin, PresentError};
use crate::protocol::presence::Body;
use crate::rig::{Input, Person, Settings};
use crate::scene::demand::Want;
use crate::scene::{Actor, Demand, Scene, Tileset};
use deadline::Deadline;
pub use deadline::Standing;

/// What a frame may copy to the GPU: at 90 Hz 360 MB/s, more than any network brings.
const UPLOAD_BUDGET_BYTES: u64 = 4 << 20;

/// The same where frames have no deadline, because nobody watches.
const UNWATCHED_UPLOAD_BUDGET_BYTES: u64 = 64 << 20;

/// Uploads that wait for the renderer; beyond it no more content is taken from the venue.
const WAITING_MAX: usize = 64;

/// People with their hands and names, an arc, the own hands, and some room.
const ACTORS_MAX: usize = 5 * FIGURES_MAX;

/// How long others are to be seen before frames count: longer than they wave.
const MEETING: Duration = Duration::from_secs(3);

/// What the person asked for on the command line.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Where to begin instead of at the entrance.
    pub start: Option<Pose>,
    /// End after so many frames of a whole view.
    pub frames: Option<u32>,
    /// Walk ahead while those frames are counted.
    pub walks: bool,
    /// Wave on entering.
    pub waves: bool,
    /// Count frames only once so many others were seen for a while.
    pub company: usize,
    /// Be taken along there, and leave at its end.
    pub path: Option<Path>,
    /// Stay so long after those frames.
    pub stay: Duration,
    /// Give up when the first whole view takes longer.
    pub timeout: Option<Duration>,
    /// Where pictures go.
    pub pictures: Option<PathBuf>,
    /// Where a line goes for each frame.
    pub trace: Option<PathBuf>,
    /// Where it is kept what is chosen in the menu.
    pub data: Option<PathBuf>,
}

/// Which scene is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The lobby, with the sentence on its panel.
    Lobby(String),
    /// The twin.
    Twin,
}

/// A visit: everything that the frame loop knows.
pub struct Viewer {
    screen: Screen,
    venue: Venue,
    wishes: Wishes,

    place: Place,
    scene: Scene,
    person: Person,
    input: Input,
    figures: Figures,
    own_hands: OwnHands,
    sounds: Sounds,
    menu: WristMenu,
    feel: Feel,
    looking: Looking,
    ground: Ground,
    /// Whether the ground where the visit begins has come.
    is_on_ground: bool,
    settings: Settings,
    actors: Vec<Actor>,
    culler: Culler,
    /// What tiles and images may occupy on the GPU.
    memory_bytes: u64,
    list: DrawList,
    demand: Demand,

    coming: Option<Arc<Tileset>>,
    curtain: Curtain,
    waiting: VecDeque<Upload>,
    events: VecDeque<Event>,
    failure: Option<Failure>,

    started: Instant,
    entered: Duration,
    company_since: Option<Duration>,
    seen_at: Duration,
    stays_until: Option<Duration>,
    last_frame: Option<Instant>,
    times: FrameTimes,
    /// What the thread had worked when this frame began.
    began: Option<Duration>,
    cpu_times: FrameTimes,
    /// What the thread has worked for this frame.
    worked: Option<Duration>,
    deadline: Deadline,
    toll: Toll,
    stats: FrameStats,
    last_counts: Counts,
    frames: u32,
    /// Losses of the display since a frame was last shown.
    fruitless: u32,
    pictures: u32,
    trace: Option<Trace>,
    report: Report,
}

/// Why a frame did not come to its end.
enum Setback {
    /// The display is gone, for now; with the sentence that says why.
    Lost(String),
    /// The visit cannot go on.
    Failed(Failure),
}

impl From<Failure> for Setback {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<PresentError> for Setback {
    fn from(error: PresentError) -> Self {
        if error.is_passing() { Self::Lost(error.to_string()) } else { Self::Failed(present_failure(error)) }
    }
}

impl Viewer {
    /// Stands in the lobby and knocks at the venue.
    ///
    /// # Errors
    /// When the lobby cannot be shown.
    pub fn new(
        screen: Screen,
        venue: Venue,
        sounds: Sounds,
        wishes: Wishes,
        started: Instant,
    ) -> Result<Self, Failure> {
        let (file, settings) = SettingsFile::open(wishes.data.as_deref());
        let trace = wishes.trace.as_deref().map(Trace::create).transpose()?;
        let mut toll = Toll::new(wishes.timeout.is_none());
        if trace.is_some() {
            toll.count_waits();
        }
        let sentence = format!("Joining {} …", venue.name());
        let lobby = lobby::build(&sentence).map_err(Failure::failed)?;
        let memory_bytes = venue.memory_bytes();
        let two_passes = screen.gpu.facts().in_turn.clone();
        if let Some(reason) = &two_passes {
            tracing::warn!("the eyes are drawn one after the other, because {reason}");
        }
        let report = Report {
            two_passes,
            gpu: format!("{} ({})", screen.gpu.facts().name, screen.gpu.facts().driver),
            size: screen.display.target().image.size().into(),
            is_validated: screen.gpu.facts().is_validated,
            ..Report::default()
        };
        let mut viewer = Self {
            screen,
            venue,
            deadline: Deadline::new(wishes.timeout.is_none()),
            toll,
            wishes,
            place: Place::Lobby(sentence),
            person: Person::at(lobby.scene.tileset.spawn()),
            scene: lobby.scene.clone(),
            input: Input::default(),
            figures: Figures::new()?,
            own_hands: OwnHands::new(),
            sounds,
            menu: WristMenu::new(file),
            feel: Feel::default(),
            looking: Looking::default(),
            ground: Ground::none(),
            is_on_ground: false,
            settings,
            actors: Vec::with_capacity(ACTORS_MAX),
            culler: Culler::default(),
            memory_bytes,
            list: DrawList::default(),
            demand: Demand::default(),
            coming: None,
            curtain: Curtain::default(),
            waiting: VecDeque::with_capacity(WAITING_MAX),
            events: VecDeque::with_capacity(WAITING_MAX),
            failure: None,
            started,
            entered: Duration::ZERO,
            company_since: None,
            seen_at: Duration::ZERO,
            stays_until: None,
            last_frame: None,
            times: FrameTimes::new(),
            began: None,
            cpu_times: FrameTimes::new(),
            worked: None,
            stats: FrameStats::default(),
            last_counts: Counts::default(),
            frames: 0,
            fruitless: 0,
            pictures: 0,
            trace,
            report,
        };
        viewer.show_lobby(lobby);
        Ok(viewer)
    }

    /// Visits until the person leaves or what was asked for is done. A display that is lost for now is
    /// opened anew with `reopen`.
    ///
    /// # Errors
    /// When the display fails for good, or, with nobody watching, when the venue does.
    pub fn run(
        mut self,
        reopen: impl Fn() -> Result<Screen, Failure>,
        is_interrupted: impl Fn() -> bool,
    ) -> Result<Report, Failure> {
        while !is_interrupted() {
            match self.frame() {
                Ok(true) => {}
                Ok(false) => break,
                Err(Setback::Failed(failure)) => return Err(failure),
                Err(Setback::Lost(sentence)) => match self.come_back(&sentence, &reopen, &is_interrupted)? {
                    ControlFlow::Continue(back) => self = back,
                    ControlFlow::Break(report) => return Ok(report),
                },
            }
        }
        self.finish()
    }

    /// One frame: poll → place the person → take finished tiles → meet the others → hear → cull → draw
    /// → present → report.
    fn frame(&mut self) -> Result<bool, Setback> {
        let delta_seconds = match self.poll()? {
            Begin::Leave => return Ok(false),
            Begin::Skip => return Ok(self.skip_frame()?),
            Begin::Frame { delta_seconds } => delta_seconds,
        };
        self.began = cpu_time::of_this_thread();
        self.looking.step(&self.input, delta_seconds);
        self.ground.step(&mut self.person, &self.input, &self.settings, delta_seconds);
        self.follow();
        self.feel();
        self.menu.show(&self.screen.gpu, &mut self.screen.renderer, &self.person);
        self.take_finished_tiles()?;
        self.ground.place(&mut self.scene);
        self.scene.set_seconds(self.clock_seconds());
        let views = self.screen.display.views(&self.person);
        self.meet_the_others(&views);
        self.hear(&views, delta_seconds);
        self.cull(&views);
        self.draw()?;
        self.screen.display.end(&self.screen.gpu)?;
        self.trace(Some(views.center()));
        self.toll.end_frame();
        self.report.resident_bytes_max = self.report.resident_bytes_max.max(self.scene.resident_bytes());
        Ok(self.report_frame()?)
    }

    /// Waits for the display and gathers input.
    fn poll(&mut self) -> Result<Begin, PresentError> {
        let begin = self.screen.display.begin(&self.screen.gpu, &mut self.input)?;
        if let Begin::Frame { delta_seconds } = begin {
            let clock = Clock { now_seconds: self.started.elapsed().as_secs_f64(), delta_seconds };
            let Self { menu, input, settings, person, screen, ground, deadline, list, .. } = self;
            let sight = |from, way| ground.sight_metres(from, way);
            menu.tell(deadline.detail(list));
            menu.step(input, settings, person, clock, sight).buzz(&mut *screen.display);
        }
        if self.input.leave {
            return Ok(Begin::Leave);
        }
        if self.is_counting() && self.wishes.walks {
            self.input.walk = Vec2::Y;
        }
        Ok(begin)
    }

    /// Is taken along, where a path was given.
    fn follow(&mut self) {
        let elapsed = self.started.elapsed();
        let place = self.wishes.path.as_ref().filter(|_| self.place == Place::Twin);
        if let Some((feet, yaw_radians)) = place.and_then(|path| path.at(elapsed)) {
            self.person.put(feet, yaw_radians);
        }
    }

    /// Lets the hands feel what they did.
    fn feel(&mut self) {
        let felt = self.feel.step(&self.input.hands, self.ground.holds());
        for (hand, buzz) in felt.into_iter().enumerate() {
            if let Some(buzz) = buzz {
                self.screen.display.buzz(hand, buzz.strength, buzz.duration);
            }
        }
    }

    /// Nothing is seen now: only the venue goes on.
    fn skip_frame(&mut self) -> Result<bool, Failure> {
        self.deadline.pause();
        self.sounds.rest();
        self.take_finished_tiles()?;
        self.trace(None);
        self.toll.end_frame();
        self.check_end(self.started.elapsed())
    }

    /// Says where the person is, and shows where the others are.
    fn meet_the_others(&mut self, views: &ViewPair) {
        let head = views.center();
        if self.place != Place::Twin {
            return self.figures.show(std::iter::empty(), head.position);
        }
        let now = self.started.elapsed();
        let hands = match self.wishes.waves {
            true => wave::hands(head, now.saturating_sub(self.entered)),
            false => {
                let stage = self.person.stage();
                self.input.hands.map(|hand| hand.palm.map(|palm| palm.in_parent(stage)))
            }
        };
        self.venue.be_at(Body { head, hands }, now);
        let Self { figures, screen, venue, .. } = self;
        let mut count = 0;
        figures.show(venue.people().see(now).inspect(|_| count += 1).map(figure), head.position);
        figures.upload(|name| screen.renderer.enqueue(name).is_ok());
        self.count_company(count, now);
    }

    /// Hears the twin from where the head is. What is recorded begins with the frames that count, where
    /// nobody watches.
    fn hear(&mut self, views: &ViewPair, delta_seconds: f32) {
        let head = views.center();
        let is_there = self.place == Place::Twin;
        self.venue.listen_at(is_there.then_some(head.position));
        if self.input.is_taken_off {
            return self.sounds.rest();
        }
        self.sounds.settle();
        let is_kept = if self.wishes.timeout.is_some() { self.is_counting() } else { is_there };
        self.sounds.hear(head, self.settings.is_mono, is_kept, delta_seconds);
    }

    /// Notes since when there is as much company as was asked for.
    fn count_company(&mut self, count: usize, now: Duration) {
        let is_enough = count >= self.wishes.company;
        self.company_since = if is_enough { Some(self.company_since.unwrap_or(now)) } else { None };
        self.seen_at = now;
    }

    /// Whether as many others as were asked for are here to stay, and their names with them.
    fn has_company(&self) -> bool {
        let stayed = self.company_since.map(|since| self.seen_at.saturating_sub(since));
        self.wishes.company == 0 || stayed >= Some(MEETING) && self.figures.is_settled()
    }

    /// Says a sentence where the person sees it: on the lobby's panel, or in the log while the twin
    /// is still there to walk in.
    fn say(&mut self, sentence: &str) -> Result<(), Failure> {
        tracing::warn!("{sentence}");
        if self.place != Place::Twin && self.place != Place::Lobby(sentence.to_owned()) {
            let lobby = lobby::build(sentence).map_err(Failure::failed)?;
            self.place = Place::Lobby(sentence.to_owned());
            self.show_lobby(lobby);
        }
        Ok(())
    }

    fn show_lobby(&mut self, lobby: lobby::Lobby) {
        self.screen.renderer.set_tileset(&self.screen.gpu, &lobby.scene.tileset);
        self.scene = lobby.scene;
        for upload in lobby.uploads {
            // A new tileset has emptied the renderer's queue: the lobby always fits.
            let _ = self.screen.renderer.enqueue(upload);
        }
    }

    /// What time it is for all that moves by itself: that of the world's clocks, so that all see the same. Where
    /// nobody watches, it is always the same, and so are the pictures.
    fn clock_seconds(&self) -> f64 {
        let is_watched = self.wishes.timeout.is_none();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.ok().filter(|_| is_watched).map_or(0.0, |now| now.as_secs_f64())
    }

    fn cull(&mut self, views: &ViewPair) {
        let [_, height] = self.screen.display.target().image.size();
        let fov = views.eyes[0].fov;
        let pixel_radians = (fov.up_radians.tan() - fov.down_radians.tan()) / height.max(1) as f32;
        // How large tiles are is known once they are here: what is wanted keeps some distance from what there is.
        let resident_bytes = self.memory_bytes - self.memory_bytes / 16;
        let mut quality = Quality { resident_bytes, ..self.deadline.quality() };
        let period_seconds = self.screen.display.tempo().map_or(0.0, |tempo| tempo.period_seconds);
        let stage = self.person.stage();
        self.looking.aim(&mut quality, &self.input, views.center(), stage, period_seconds);
        let sight = Sight { views, pixel_radians, quality: &quality };
        self.own_hands.show(&self.input.hands, self.person.stage());
        let Self { culler, scene, actors, list, demand, .. } = self;
        actors.clear();
        actors.extend_from_slice(self.figures.actors());
        actors.extend_from_slice(self.own_hands.actors());
        self.menu.add_actors(&self.person, actors);
        self.ground.show(&self.person, actors);
        culler.cull(scene, actors, &sight, list, demand);
        demand.feet = (self.place == Place::Twin).then_some(self.person.feet);
        self.deadline.heed_memory(list.memory_scale, self.memory_bytes);
        self.report.popped += u64::from(list.popped_count);
    }

    /// Records the frame, and submits it with the eyes where they are by then.
    fn draw(&mut self) -> Result<(), PresentError> {
        let target = self.screen.display.target();
        let is_watched = self.wishes.timeout.is_none();
        let bytes = if is_watched { UPLOAD_BUDGET_BYTES } else { UNWATCHED_UPLOAD_BUDGET_BYTES };
        let uploads =
            UploadBudget { bytes, cpu: self.toll.left_for_uploads(), counts_waits: self.toll.counts_waits() };
        let frame = FrameInput { list: &self.list, uploads };
        let keeps_picture = self.input.screenshot || (!is_watched && self.wishes.pictures.is_some());
        let (person, Screen { renderer, display, gpu, .. }) = (&self.person, &mut self.screen);
        let mut veil = self.ground.veil();
        if is_watched {
            let is_whole = self.demand.wants.iter().all(|want| want.importance < Want::HOLE);
            veil.fade = veil.fade.max(self.curtain.step(self.started.elapsed(), is_whole));
        }
        renderer.set_veil(veil);
        if let Some(area) = display.hidden_area() {
            renderer.set_hidden_area(gpu, &area);
        }
        let mut failed = Ok(());
        self.stats = renderer.draw(gpu, &frame, &target, |encoder| {
            let latched = display.show(gpu, encoder, keeps_picture).and_then(|()| display.latch(person));
            latched.map_err(|error| failed = Err(error)).ok()
        });
        failed?;
        let worked = cpu_time::of_this_thread().zip(self.began);
        self.worked = worked.map(|(now, began)| now.saturating_sub(began));
        if let Some(worked) = self.worked
            && self.is_counting()
        {
            self.cpu_times.record(worked);
        }
        self.take_arrivals();
        Ok(())
    }

    /// Writes down what the frame was like, where somebody wants to know.
    fn trace(&mut self, head: Option<Pose>) {
        let Some(trace) = &mut self.trace else { return };
        trace.write(&Moment {
            seconds: self.started.elapsed().as_secs_f64(),
            session: self.screen.display.session(),
            place: if self.place == Place::Twin { "twin" } else { "lobby" },
            head,
            person: &self.person,
            hands: &self.input.hands,
            profiles: self.screen.display.profiles(),
            holds: self.ground.holds(),
            props: &self.ground.props(),
            detail: self.deadline.step(),
            is_menu_open: self.menu.is_open(),
            buttons: &self.menu.buttons(&self.person),
            list: &self.list,
            toll: &self.toll,
            received_bytes: self.venue.counts().received,
            resident_bytes: self.scene.resident_bytes(),
            held_bytes: self.stats.held_bytes,
        });
    }

    /// Counts the frame, takes pictures, and says whether to go on.
    fn report_frame(&mut self) -> Result<bool, Failure> {
        let now = Instant::now();
        if let Some(last) = self.last_frame.replace(now) {
            if self.is_counting() {
                self.times.record(now - last);
            }
            self.hold_deadline(now - last);
        }
        if self.input.screenshot {
            self.take_picture()?;
        }
        self.last_counts = self.screen.gpu.take_counts();
        self.screen.keep_pipelines();
        let elapsed = self.started.elapsed();
        self.fruitless = 0;
        self.report.first_frame_seconds.get_or_insert(elapsed.as_secs_f64());
        if self.place == Place::Twin {
            if self.stats.draws > 0 && self.report.first_tile_seconds.is_none() {
                self.report.first_tile_seconds = Some(elapsed.as_secs_f64());
            }
            if self.report.whole_view_seconds.is_none() && self.is_whole() {
                self.report.whole_view_seconds = Some(elapsed.as_secs_f64());
                tracing::info!("whole view after {:.2} s", elapsed.as_secs_f64());
            } else if self.is_counting() {
                self.frames += 1;
            }
        }
        self.check_end(elapsed)
    }

    /// Looks whether frames come in time, and draws the next ones accordingly. The lobby is light enough.
    fn hold_deadline(&mut self, frame: Duration) {
        match self.place {
            Place::Lobby(_) => self.deadline.pause(),
            Place::Twin => self.deadline.drew(frame, self.worked, &mut *self.screen.display),
        }
    }

    /// Whether the twin is shown and everything that the eyes want is on the GPU.
    fn is_whole(&self) -> bool {
        self.place == Place::Twin
            && self.demand.is_satisfied()
            && self.is_on_ground
            && self.venue.has_ground(self.person.feet)
            && self.venue.is_sharp()
            && self.events.is_empty()
            && self.waiting.is_empty()
            && self.figures.is_settled()
            && self.screen.renderer.is_complete()
            && self.stats.uploads_waiting == 0
            && !self.list.draws.is_empty()
    }

    /// Whether frames count: from the first whole view on, in company if that is asked for.
    fn is_counting(&self) -> bool {
        self.report.whole_view_seconds.is_some()
            && self.has_company()
            && self.hears_all()
            && self.stays_until.is_none()
    }

    /// Whether what can be heard is here, if it is to be recorded.
    fn hears_all(&self) -> bool {
        !self.sounds.is_recording() || (self.venue.has_clips() && self.sounds.is_settled())
    }
}

/// Somebody as they are drawn: their colour is by their key, and so the same for everybody.
fn figure(seen: Seen<'_>) -> Figure<'_> {
    let [a, b, c, d, e, f, g, h, ..] = seen.key.0;
    Figure {
        visitor: seen.visitor.0,
        name: seen.name,
        color_key: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        head: seen.head,
        hands: seen.hands,
    }
}

fn present_failure(error: PresentError) -> Failure {
    let kind = match error {
        PresentError::NoDisplay { .. } | PresentError::NoHeadset { .. } | PresentError::Picture { .. } => {
            FailureKind::Environment
        }
        PresentError::SurfaceLost { .. } | PresentError::HeadsetLost { .. } => FailureKind::Failed,
    };
    Failure { kind, sentence: error.to_string() }
}

#[cfg(all(test, feature = "host"))]
mod tests;
