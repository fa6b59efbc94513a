//! `pavilion view`: finds the twin, opens a display, and visits.

use std::path::Path;
use std::time::{Duration, Instant};

use super::cli::ViewArgs;
use super::interrupt::Interrupt;
use super::report::Report;
use super::screen::Screen;
use super::sounds::{Sounds, Wish};
use super::venue::Venue;
use super::viewer::{Viewer, Wishes};
use super::{Failure, folders, identity};
use crate::net::Me;
use crate::protocol::{JoinLink, Name};
use crate::stream::Limits;

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
    let path = arguments.follow.as_deref().map(super::path::Path::read).transpose()?;
    let place = find(&arguments.target, &interrupt)?;
    let report = visit(&arguments, path, place.link.clone(), started, &interrupt)?;
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
    path: Option<super::path::Path>,
    link: JoinLink,
    started: Instant,
    interrupt: &Interrupt,
) -> Result<Report, Failure> {
    // The display is opened before the network is: where nothing can be shown, nobody is bothered.
    let screen = Screen::open(arguments)?;
    let cache = folders::cache().map(|folder| folder.join("blobs"));
    let limits = arguments.memory.map_or_else(Limits::default, |mebibytes| Limits {
        resident_bytes: u64::from(mebibytes) << 20,
        ..Limits::default()
    });
    let venue = Venue::join(link, me(arguments)?, cache.as_deref(), limits)?;
    let sounds = Sounds::start(match &arguments.record_audio {
        Some(file) => Wish::Record(file),
        None if arguments.headless => Wish::Silent,
        None => Wish::Play,
    })?;
    let wishes = Wishes {
        start: arguments.at,
        frames: arguments.frames,
        walks: arguments.walk,
        path,
        waves: arguments.wave,
        company: arguments.people.unwrap_or_default(),
        stay: Duration::from_secs(arguments.stay_seconds.unwrap_or_default()),
        timeout: arguments.is_unattended().then(|| Duration::from_secs(arguments.timeout_seconds)),
        pictures: arguments.shot.as_deref().map(Path::to_owned),
        trace: arguments.trace.clone(),
        data: folders::data(),
    };
    let reopen = || Screen::open(arguments);
    Viewer::new(screen, venue, sounds, wishes, started)?.run(reopen, || interrupt.is_raised())
}

/// As whom the person visits.
fn me(arguments: &ViewArgs) -> Result<Me, Failure> {
    let folder = folders::data().ok_or_else(|| {
        Failure::environment("there is no home folder to keep your key in: set PAVILION_DATA to a folder")
    })?;
    Ok(Me { name: Name::new(&arguments.name), identity: identity::open(&folder)? })
}
