//! `pavilion pack`: a baked twin becomes one file, to be carried to headsets before an event.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Failure;
use super::cli::PackArgs;
use super::interrupt::Interrupt;
use super::needs::Needs;
use super::progress::Bar;
use crate::host::bake::folder;
use crate::protocol::parcel::Writer;
use crate::protocol::{ContentHash, manifest};
use crate::store::Shelf;

/// What `pack --json` prints.
#[derive(Debug, Serialize)]
struct Report {
    /// What the venue calls itself.
    title: String,
    /// Files that were put in, the manifest among them.
    blobs: usize,
    /// Bytes of the file.
    bytes: u64,
    /// By which a host's twin is told from another.
    manifest: String,
}

/// Packs and says what is in the file.
///
/// # Errors
/// When the folder is no whole twin, or the file cannot be written.
pub fn run(arguments: &PackArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    folder::recover(&arguments.folder).map_err(Failure::environment)?;
    let shelf = Shelf::open(&arguments.folder).map_err(Failure::content)?;
    let report = pack(&shelf, &arguments.out, &interrupt)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::failed)?);
    } else {
        let title = if report.title.is_empty() { "(untitled)" } else { &report.title };
        let (blobs, megabytes, out) = (report.blobs, report.bytes as f64 / 1e6, arguments.out.display());
        println!(
            "{title}\n  packed       {blobs} files, {megabytes:.1} MB\n  next         pavilion unpack '{out}'   or   \
             cargo xtask push '{out}'"
        );
    }
    Ok(())
}

/// Writes the file, whole or not at all.
fn pack(shelf: &Shelf, out: &Path, interrupt: &Interrupt) -> Result<Report, Failure> {
    check_target(out)?;
    let unwritable = |error: io::Error| {
        let out = out.display();
        Failure::environment(format!(
            "{out} cannot be written ({error}): free some space or choose another place"
        ))
    };
    let partial = Partial::beside(out);
    let file = File::create(&partial.path).map_err(unwritable)?;
    let needs = Needs::everything(shelf.tileset());
    let manifest = read(shelf, shelf.manifest())?;
    let mut writer = Writer::begin(BufWriter::new(file), &manifest).map_err(unwritable)?;
    let (mut bar, total, mut done) = (Bar::new(), needs.size_bytes(), 0);
    for blob in &needs.blobs {
        if interrupt.is_raised() {
            return Err(Failure::failed("interrupted: nothing was written"));
        }
        writer.add(blob.hash, &read(shelf, blob.hash)?).map_err(unwritable)?;
        done += u64::from(blob.size_bytes);
        bar.show("packing", done, total);
    }
    let file =
        writer.end().map_err(unwritable)?.into_inner().map_err(|error| unwritable(error.into_error()))?;
    // It is carried away next, perhaps on a stick that is pulled.
    file.sync_data().map_err(unwritable)?;
    let bytes = file.metadata().map_err(unwritable)?.len();
    drop(file);
    fs::rename(&partial.path, out).map_err(unwritable)?;
    Ok(Report {
        title: shelf.tileset().title().to_owned(),
        blobs: needs.blobs.len() + 1,
        bytes,
        manifest: shelf.manifest().to_string(),
    })
}

/// A blob of the folder, which is what its name says.
fn read(shelf: &Shelf, hash: ContentHash) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = shelf.reader(hash, 0).and_then(|reader| match reader {
        Some(mut reader) => reader.read_to_end(&mut bytes).map(drop),
        None => Err(io::ErrorKind::NotFound.into()),
    });
    match read {
        Err(error) => Err(Failure::failed(format!("{hash} cannot be read ({error}): check the twin's disk"))),
        Ok(()) if ContentHash::of(&bytes) == hash => Ok(bytes),
        Ok(()) => Err(Failure::content(format!(
            "{hash} of the twin is damaged: bake it again into an empty folder"
        ))),
    }
}

/// Refuses to replace what is no such file: the twin's own manifest has the same ending.
fn check_target(out: &Path) -> Result<(), Failure> {
    let mut start = Vec::new();
    match File::open(out).and_then(|file| file.take(100).read_to_end(&mut start)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) if start.starts_with(manifest::FILE_NAME.as_bytes()) => Ok(()),
        _ => Err(Failure::usage(format!(
            "{} is there and was not made by `pavilion pack`: choose another name",
            out.display()
        ))),
    }
}

/// A file that is removed again unless it was renamed.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn beside(out: &Path) -> Self {
        let mut name: OsString = out.file_name().unwrap_or(out.as_os_str()).to_owned();
        name.push(".partial");
        Self { path: out.with_file_name(name) }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already where all went well; what cannot be removed is overwritten by the next one.
        let _ = fs::remove_file(&self.path);
    }
}
