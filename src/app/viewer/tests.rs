//! Whole frames of a visit, from the display's beginning to its end, under the ear of the allocator.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;

use super::{Setback, Viewer, Wishes};
use crate::app::cli::{Cli, Command, ViewArgs};
use crate::app::screen::Screen;
use crate::app::sounds::{Sounds, Wish};
use crate::app::venue::Venue;
use crate::app::{host, identity};
use crate::host::bake::{self, BakeOptions};
use crate::host::serve::ServerOptions;
use crate::net::Me;
use crate::protocol::Name;
use crate::tests::allocator;

/// Frames that are listened to.
const FRAMES: usize = 20;

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

/// Draws steady frames on a screen and says what they allocated: ours, and how many of others.
fn listen(baked: &Path, options: &[&str]) -> (Vec<String>, usize) {
    let home = tempfile::tempdir().unwrap();
    let mut serves = ServerOptions::new(baked, home.path().join("identity"));
    serves.bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = host::start(serves).unwrap_or_else(|failure| panic!("{}", failure.sentence));
    let screen = Screen::open(&view(options)).unwrap_or_else(|failure| panic!("{}", failure.sentence));
    let identity = identity::open(&home.path().join("data")).unwrap_or_else(|f| panic!("{}", f.sentence));
    let me = Me { name: Name::new("Ada"), identity };
    let venue = Venue::join(server.link().clone(), me, None).unwrap_or_else(|f| panic!("{}", f.sentence));
    let sounds = Sounds::start(Wish::Silent).unwrap_or_else(|failure| panic!("{}", failure.sentence));
    // Nobody watches: on software Vulkan the governor would go down its ladder, and other tiles would come.
    let wishes = Wishes { frames: Some(u32::MAX), timeout: Some(PATIENCE), ..Wishes::default() };
    let mut viewer = Viewer::new(screen, venue, sounds, wishes, Instant::now())
        .unwrap_or_else(|failure| panic!("{}", failure.sentence));
    let frame = |viewer: &mut Viewer| match viewer.frame() {
        Ok(goes_on) => assert!(goes_on, "the visit ended"),
        Err(Setback::Lost(sentence)) => panic!("{sentence}"),
        Err(Setback::Failed(failure)) => panic!("{}", failure.sentence),
    };
    let began = Instant::now();
    // Until everything is there, and then as long again as lists and pools grow.
    let mut settled = 0;
    while settled < FRAMES {
        frame(&mut viewer);
        settled = if viewer.report.whole_view_seconds.is_some() { settled + 1 } else { 0 };
        assert!(began.elapsed() < PATIENCE, "the twin is not there");
    }
    let (mut ours, mut theirs) = (Vec::new(), 0);
    for _ in 0..FRAMES {
        let ((), heard) = allocator::during(|| frame(&mut viewer));
        ours.extend(heard.ours);
        theirs += heard.theirs;
    }
    (ours, theirs)
}

#[test]
fn a_steady_frame_of_a_visit_allocates_nothing_of_ours() {
    let Some(root) = std::env::var_os("PAVILION_TEST_DATA") else {
        println!("skipped: PAVILION_TEST_DATA names no folder with twins");
        return;
    };
    if crate::tests::draw::gpu().is_none() {
        return;
    }
    let source = Path::new(&root).join("twins/garage/garage.gltf");
    let folder = tempfile::tempdir().unwrap();
    let baked = folder.path().join("baked");
    bake::bake(&source, &baked, &BakeOptions::default(), &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let (ours, theirs) = listen(&baked, &["nowhere", "--headless", "--size", "64x64"]);
    println!("allocations in {FRAMES} frames: {} of ours, {theirs} of others", ours.len());
    assert_eq!(ours, [""; 0]);
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
