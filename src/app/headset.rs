//! Pavilion on a standalone headset, where there is no command line: the join link comes with the intent, and packed
//! twins lie in a folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Parser;

use super::cli::Cli;
use super::intake::Intake;
use super::{Failure, folders, log};
use crate::present::android;
use crate::protocol::JoinLink;

/// The last link that the app was started with, for the next start from the headset's own menu.
const LINK_FILE: &str = "link.txt";

/// Longer than any join link.
const LINK_BYTES_MAX: u64 = 4096;

/// How often the system is answered while there is nothing to draw.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Visits the venue until the person leaves or the system ends the activity.
pub fn run() {
    log::start(1);
    if let Err(failure) = visit() {
        tracing::error!("{}", failure.sentence);
    }
}

fn visit() -> Result<(), Failure> {
    // Beside the visit, and for as long as it lasts.
    let intake = android::shared_folder()
        .zip(folders::cache())
        .and_then(|(folder, cache)| Intake::start(folder, cache.join("blobs")));
    let Some(link) = link() else {
        // A headset that is made ready before the event: there is nothing to visit yet.
        while intake.as_ref().is_some_and(Intake::is_busy) && !android::is_ending() {
            std::thread::sleep(LOOK_INTERVAL);
        }
        return Err(Failure::usage(
            "there is no venue to join: start the app with `cargo xtask run 'pavilion://…'`",
        ));
    };
    // One reader of options: what the command line does by default, the headset does too.
    let cli = Cli::try_parse_from(["pavilion", "view", "--headset", "--", &link]).map_err(Failure::usage)?;
    super::command(cli.command)
}

/// The link of the intent, else the one of last time.
fn link() -> Option<String> {
    let file = folders::data().map(|folder| folder.join(LINK_FILE));
    let Some(link) = android::link() else { return remembered(&file?) };
    // What is no link is refused soon, and must not take the place of one that is.
    if let Some(file) = file
        && link.parse::<JoinLink>().is_ok()
        && let Err(error) = remember(&file, &link)
    {
        tracing::warn!("the link cannot be kept for the next start ({error})");
    }
    Some(link)
}

fn remember(file: &Path, link: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, link)
}

fn remembered(file: &Path) -> Option<String> {
    let is_small = fs::metadata(file).is_ok_and(|facts| facts.len() <= LINK_BYTES_MAX);
    let text = is_small.then(|| fs::read_to_string(file).ok()).flatten()?;
    Some(text.trim().to_owned())
}
