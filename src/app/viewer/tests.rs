//! Whole frames of a visit, from the display's beginning to its end, under the ear of the allocator; and what goes on
//! while there are none.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use glam::Vec3;

use super::{Setback, Viewer, WAITING_MAX, Wishes};
use crate::app::cli::{Cli, Command, ViewArgs};
use crate::app::screen::Screen;
use crate::app::sounds::{Sounds, Wish};
use crate::app::venue::Venue;
use crate::app::{Failure, host, identity};
use crate::draw::{Upload, cpu_time, readback};
use crate::host::bake::{self, BakeOptions, Quality};
use crate::host::serve::{RunningServer, ServerOptions};
use crate::net::Me;
use crate::protocol::Name;
use crate::scene::ImageId;
use crate::scene::texture::{ColorSpace, Pixels, Texture};
use crate::stream::Limits;
use crate::tests::allocator;
use crate::tests::twin::Twin;

/// Frames that are listened to.
const FRAMES: usize = 20;

/// The smallest display.
const SMALL: [&str; 4] = ["nowhere", "--headless", "--size", "64x64"];

/// How long the twin may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// `pavilion view` with these options.
fn view(options: &[&str]) -> ViewArgs {
    let words = ["pavilion", "view"].iter().chain(options);
    match Cli::try_parse_from(words).unwrap().command {
        Command::View(arguments) => arguments,
        other => panic!("{other:?}"),
    }
}

/// A visit to a host of its own, in a folder that both need.
struct Visit {
    viewer: Viewer,
    _server: RunningServer,
    _home: tempfile::TempDir,
}

impl Visit {
    fn begin(baked: &Path, options: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut serves = ServerOptions::new(baked, home.path().join("identity"));
        serves.bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = host::start(serves).unwrap_or_else(|failure| panic!("{}", failure.sentence));
        let screen = Screen::open(&view(options)).unwrap_or_else(|failure| panic!("{}", failure.sentence));
        let identity = identity::open(&home.path().join("data")).unwrap_or_else(|f| panic!("{}", f.sentence));
        let me = Me { name: Name::new("Ada"), identity };
        let venue = Venue::join(server.link().clone(), me, None, Limits::default())
            .unwrap_or_else(|f| panic!("{}", f.sentence));
        let sounds = Sounds::start(Wish::Silent).unwrap_or_else(|failure| panic!("{}", failure.sentence));
        // Nobody watches: on software Vulkan the governor would go down its ladder, and other tiles would come.
        let wishes = Wishes {
            frames: Some(u32::MAX),
            timeout: Some(PATIENCE),
            pictures: Some(home.path().to_owned()),
            ..Wishes::default()
        };
        let viewer = Viewer::new(screen, venue, sounds, wishes, Instant::now())
            .unwrap_or_else(|failure| panic!("{}", failure.sentence));
        Self { viewer, _server: server, _home: home }
    }

    fn frame(&mut self) {
        match self.viewer.frame() {
            Ok(goes_on) => assert!(goes_on, "the visit ended"),
            Err(Setback::Lost(sentence)) => panic!("{sentence}"),
            Err(Setback::Failed(failure)) => panic!("{}", failure.sentence),
        }
    }

    /// Draws until `is_done` of a whole view has held for some frames: lists and pools have grown by then.
    fn settle(&mut self, is_done: impl Fn(&Viewer) -> bool) {
        let (began, mut settled) = (Instant::now(), 0);
        while settled < FRAMES {
            self.frame();
            settled = if self.viewer.is_whole() && is_done(&self.viewer) { settled + 1 } else { 0 };
            assert!(began.elapsed() < PATIENCE, "the twin is not there");
        }
    }

    /// What the left eye sees.
    fn picture(&self) -> Pixels {
        let image = self.viewer.screen.display.picture().unwrap();
        let [left, _] = readback::read(&self.viewer.screen.gpu, &image).unwrap();
        left
    }
}

/// Draws steady frames on a screen and says what they allocated: ours, and how many of others.
fn listen(baked: &Path, options: &[&str]) -> (Vec<String>, usize) {
    let mut visit = Visit::begin(baked, options);
    visit.settle(|_| true);
    let (mut ours, mut theirs) = (Vec::new(), 0);
    for _ in 0..FRAMES {
        let ((), heard) = allocator::during(|| visit.frame());
        ours.extend(heard.ours);
        theirs += heard.theirs;
    }
    (ours, theirs)
}

fn twin(name: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("PAVILION_TEST_DATA") else {
        println!("skipped: PAVILION_TEST_DATA names no folder with twins");
        return None;
    };
    crate::tests::draw::gpu()?;
    Some(Path::new(&root).join(format!("twins/{name}/{name}.gltf")))
}

fn bake(source: &Path, baked: &Path, options: &BakeOptions) {
    bake::bake(source, baked, options, &mut |_| ControlFlow::Continue(())).unwrap();
}

#[test]
fn a_steady_frame_of_a_visit_allocates_nothing_of_ours() {
    let Some(source) = twin("garage") else { return };
    let folder = tempfile::tempdir().unwrap();
    let baked = folder.path().join("baked");
    bake(&source, &baked, &BakeOptions::default());
    let (ours, theirs) = listen(&baked, &SMALL);
    println!("allocations in {FRAMES} frames: {} of ours, {theirs} of others", ours.len());
    assert_eq!(ours, [""; 0]);
}

/// Nothing of the old twin is left in the new one, and nothing of the new one is lost on the way.
#[test]
fn a_twin_that_is_baked_anew_is_shown_as_to_who_comes_then() {
    const OPTIONS: [&str; 4] = ["nowhere", "--headless", "--size", "96x96"];
    let (Some(garage), Some(theater)) = (twin("garage"), twin("home-theater")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let baked = folder.path().join("baked");
    bake(&garage, &baked, &BakeOptions::default());
    let mut visit = Visit::begin(&baked, &OPTIONS);
    visit.settle(|_| true);
    let (before, manifest) = (visit.picture(), visit.viewer.scene.tileset.clone());

    // The same venue: who is there stays where they are.
    let spawn = visit.viewer.person.feet;
    // Nothing stands there.
    visit.viewer.person.put(spawn + Vec3::new(0.25, 0.0, -0.05), 1.0);
    visit.settle(|_| true);
    let elsewhere = visit.viewer.person.feet;
    assert!(elsewhere.distance(spawn) > 0.1, "{elsewhere} is {spawn}");
    bake(&garage, &baked, &BakeOptions { quality: Quality::Quick, ..BakeOptions::default() });
    visit.settle(|viewer| !Arc::ptr_eq(&viewer.scene.tileset, &manifest));
    assert!(
        visit.viewer.person.feet.distance(elsewhere) < 0.01,
        "{} is not {elsewhere}",
        visit.viewer.person.feet
    );

    // Another one.
    let manifest = visit.viewer.scene.tileset.clone();
    bake(&theater, &baked, &BakeOptions::default());
    visit.settle(|viewer| !Arc::ptr_eq(&viewer.scene.tileset, &manifest));
    let mut fresh = Visit::begin(&baked, &OPTIONS);
    fresh.settle(|_| true);
    assert_eq!(visit.picture(), fresh.picture());
    assert_ne!(before, fresh.picture());
}

/// The same with a headset in the demo venue; `cargo xtask bench xr` bakes it and starts the runtime.
#[cfg(feature = "xr")]
#[test]
fn under_monado_a_steady_frame_allocates_nothing_of_ours() {
    let Some(twin) = std::env::var_os("PAVILION_BENCH_TWIN") else {
        println!("skipped: no OpenXR runtime runs; `cargo xtask bench xr` starts one");
        return;
    };
    let (ours, theirs) =
        listen(Path::new(&twin), &["nowhere", "--headset", "--no-mirror", "--size", "64x64"]);
    println!("allocations in {FRAMES} frames: {} of ours, {theirs} of others", ours.len());
    assert_eq!(ours, [""; 0]);
}

/// A visit to a twin of which nothing can be shown, and the twin's folder.
fn blind_visit() -> Option<(Visit, tempfile::TempDir)> {
    crate::tests::draw::gpu()?;
    let folder = tempfile::tempdir().unwrap();
    let baked = folder.path().join("baked");
    Twin::new(1, 4, 1000).write(&baked);
    Some((Visit::begin(&baked, &SMALL), folder))
}

/// In the lobby uploads wait as long as pipelines are made.
#[test]
fn a_visit_goes_on_while_uploads_wait() {
    let Some((mut visit, _folder)) = blind_visit() else { return };
    let viewer = &mut visit.viewer;
    let texture = Arc::new(Texture { space: ColorSpace::Srgb, side_log2: 0, levels: vec![vec![255; 4]] });
    viewer.waiting = vec![Upload::Texture { image: ImageId(0), texture }; WAITING_MAX].into();
    let began = Instant::now();
    while viewer.venue.counts().received == 0 {
        viewer.take_finished_tiles().unwrap();
        assert!(began.elapsed() < PATIENCE, "nothing has come");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!((viewer.waiting.len(), viewer.events.len()), (WAITING_MAX, 0));
}

/// Works so long, where the system tells how long a thread has worked.
fn work(time: Duration) {
    let Some(began) = cpu_time::of_this_thread() else { return };
    while cpu_time::of_this_thread().is_some_and(|now| now - began < time) {}
}

/// Whoever takes up the headset again, or whose runtime is back, has a whole frame's time for streaming.
#[test]
fn what_streaming_does_while_nothing_is_shown_is_part_of_no_frame_that_is() {
    let Some((mut visit, _folder)) = blind_visit() else { return };
    // As where somebody watches: what cannot be shown does not end the visit.
    visit.viewer.wishes.timeout = None;
    for _ in 0..FRAMES {
        assert!(visit.viewer.skip_frame().unwrap(), "the visit ended");
        assert_eq!(visit.viewer.toll.spent(), Duration::ZERO);
    }
    let tries = Cell::new(0);
    let reopen = || {
        if tries.replace(tries.get() + 1) > 0 {
            return Screen::open(&view(&SMALL));
        }
        work(Duration::from_millis(400));
        Err(Failure::environment("it is not there yet"))
    };
    let back = visit.viewer.come_back("it is gone", &reopen, &|| false).unwrap();
    let ControlFlow::Continue(back) = back else { panic!("the visit ended") };
    assert_eq!((tries.get(), back.toll.spent()), (2, Duration::ZERO));
    let most = back.toll.report().parts.iter().map(|part| part.max_millis).fold(0.0, f64::max);
    assert!(most < 200.0, "{most} ms");
}
