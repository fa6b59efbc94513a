//! `pavilion view`: finds the twin, opens a display, and visits.

use std::path::Path;
use std::time::{Duration, Instant};

use super::cli::ViewArgs;
use super::interrupt::Interrupt;
use super::report::Report;
use super::sounds::{Sounds, Wish};
use super::venue::Venue;
use super::viewer::{Viewer, Wishes};
use super::{Failure, folders, identity};
use crate::draw::{Gpu, GpuOptions};
use crate::net::Me;
use crate::present::Display;
use crate::present::headless::Headless;
#[cfg(not(target_os = "android"))]
use crate::present::window::OpenWindow;
use crate::protocol::{JoinLink, Name};

/// Pixels of an eye when there is no window to say.
const HEADLESS_SIZE: (u32, u32) = (640, 640);

/// The content of a new window, pixels.
#[cfg(not(target_os = "android"))]
const WINDOW_SIZE: (u32, u32) = (1280, 720);

/// Visits until the person leaves.
///
/// # Errors
/// When there is nothing to visit, or nothing to show it on.
pub fn run(arguments: ViewArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let interrupt = Interrupt::listen()?;
    if let Some(folder) = &arguments.shot {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::environment(format!(
                "{} cannot be made ({error}): choose a folder that can be written to",
                folder.display()
            ))
        })?;
    }
    let place = find(&arguments.target, &interrupt)?;
    let report = visit(&arguments, place.link.clone(), started, &interrupt)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::failed)?);
    } else if arguments.is_unattended() {
        println!("{}", report.to_text());
    }
    Ok(())
}

#[cfg(feature = "host")]
fn find(target: &str, interrupt: &Interrupt) -> Result<super::local::Place, Failure> {
    super::local::open(target, interrupt)
}

#[cfg(not(feature = "host"))]
struct Place {
    link: JoinLink,
}

#[cfg(not(feature = "host"))]
fn find(target: &str, _: &Interrupt) -> Result<Place, Failure> {
    Ok(Place { link: target.parse().map_err(Failure::usage)? })
}

fn visit(
    arguments: &ViewArgs,
    link: JoinLink,
    started: Instant,
    interrupt: &Interrupt,
) -> Result<Report, Failure> {
    let options = GpuOptions { validates: arguments.validate, records: arguments.validate };
    let (gpu, display) = open_display(arguments, options)?;
    let cache = folders::cache().map(|folder| folder.join("blobs"));
    let venue = Venue::join(link, me(arguments)?, cache.as_deref())?;
    let sounds = Sounds::start(match &arguments.record_audio {
        Some(file) => Wish::Record(file),
        None if arguments.headless => Wish::Silent,
        None => Wish::Play,
    })?;
    let wishes = Wishes {
        start: arguments.at,
        frames: arguments.frames,
        walks: arguments.walk,
        waves: arguments.wave,
        company: arguments.people.unwrap_or_default(),
        stay: Duration::from_secs(arguments.stay_seconds.unwrap_or_default()),
        timeout: arguments.is_unattended().then(|| Duration::from_secs(arguments.timeout_seconds)),
        pictures: arguments.shot.as_deref().map(Path::to_owned),
    };
    Viewer::new(&gpu, display, venue, sounds, wishes, started)?.run(|| interrupt.is_raised())
}

/// As whom the person visits.
fn me(arguments: &ViewArgs) -> Result<Me, Failure> {
    let folder = folders::data().ok_or_else(|| {
        Failure::environment("there is no home folder to keep your key in: set PAVILION_DATA to a folder")
    })?;
    Ok(Me { name: Name::new(&arguments.name), identity: identity::open(&folder)? })
}

/// The display is opened before the network is: where nothing can be shown, nobody is bothered.
fn open_display(arguments: &ViewArgs, options: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    if arguments.headless {
        let gpu = Gpu::open(options).map_err(Failure::environment)?;
        let (width, height) = arguments.size.unwrap_or(HEADLESS_SIZE);
        let display = Headless::new(&gpu, [width, height]);
        return Ok((gpu, Box::new(display)));
    }
    #[cfg(feature = "xr")]
    if arguments.headset {
        return open_headset(arguments, options);
    }
    open_window(arguments, options)
}

#[cfg(not(target_os = "android"))]
fn open_window(arguments: &ViewArgs, options: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    let failure = |error: crate::present::PresentError| Failure::environment(error);
    let (width, height) = arguments.size.unwrap_or(WINDOW_SIZE);
    let window = OpenWindow::open("Pavilion", width, height).map_err(failure)?;
    let (gpu, surface) = Gpu::open_for_window(options, window.handle()).map_err(Failure::environment)?;
    let window = window.attach(&gpu, surface).map_err(failure)?;
    Ok((gpu, Box::new(window)))
}

#[cfg(target_os = "android")]
fn open_window(_: &ViewArgs, _: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    Err(Failure::usage("this system has no windows: add --headset or --headless"))
}

#[cfg(feature = "xr")]
fn open_headset(arguments: &ViewArgs, options: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    use crate::present::openxr::{Headset, Maker, Runtime};
    let runtime = Runtime::connect().map_err(Failure::environment)?;
    tracing::info!("headset: {} {}", runtime.facts().name, runtime.facts().version);
    let mut maker = Maker::new(&runtime).map_err(Failure::environment)?;
    let gpu = Gpu::open_for_headset(options, &mut maker).map_err(Failure::environment)?;
    let size = arguments.size.map(|(width, height)| [width, height]);
    let headset = Headset::open(&maker, &gpu, size).map_err(Failure::environment)?;
    Ok((gpu, Box::new(headset)))
}
