//! `pavilion unpack`: fills the cache from a file that `pavilion pack` wrote; on a headset, from those that were put
//! into the app's folder.
//!
//! What is unpacked takes the place of what was used longest ago. Later it is the first to go, the finest before the
//! coarse, until somebody has looked at it: what nobody sees must not cost what somebody does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::cli::UnpackArgs;
use super::interrupt::Interrupt;
use super::needs::Needs;
use super::progress::Bar;
use super::venue::CACHE_BYTES_MAX;
use super::{Failure, folders};
use crate::protocol::ContentHash;
use crate::protocol::parcel::{Parcel, ParcelError};
use crate::store::{Known, Store, StoreError};

/// What nobody has used counts as older than anything that somebody used since: no headset is kept so long.
const UNUSED: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What `unpack --json` prints.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What the venue calls itself.
    title: String,
    /// Files of the twin that are in the cache now, the manifest among them.
    blobs: usize,
    /// Their bytes.
    bytes: u64,
    /// Files that were not there before.
    blobs_written: usize,
    /// Their bytes.
    bytes_written: u64,
}

/// Unpacks and says what was done.
///
/// # Errors
/// When the file is damaged, or the cache cannot take it.
pub fn run(arguments: &UnpackArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let cache = match &arguments.to {
        Some(folder) => folder.clone(),
        None => folders::cache().ok_or_else(|| {
            Failure::environment("there is no home folder to keep a cache in: name a folder with --to DIR")
        })?,
    };
    let blobs = cache.join("blobs");
    let mut store = Store::open(&blobs, CACHE_BYTES_MAX).map_err(Failure::environment)?;
    let mut bar = Bar::new();
    let report = unpack(&arguments.file, &mut store, &mut Known::open(&blobs), &mut |done, total| {
        bar.show("unpacking", done, total);
        !interrupt.is_raised()
    })?;
    drop(bar);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::failed)?);
    } else {
        println!("{}", report.to_text());
    }
    Ok(())
}

/// Puts all of the file's blobs into the store, and `known` that they are there. `goes_on` is told bytes that are done
/// and bytes of all, and may end it.
///
/// # Errors
/// When the file cannot be read or is damaged, the store cannot take it, or `goes_on` said no; what came before stays.
pub fn unpack(
    file: &Path,
    store: &mut Store,
    known: &mut Known,
    goes_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Report, Failure> {
    let named = |error: ParcelError| {
        let sentence = format!("{}: {error}", file.display());
        if matches!(error, ParcelError::Read(_)) {
            Failure::failed(sentence)
        } else {
            Failure::content(sentence)
        }
    };
    let source = File::open(file).map_err(|error| named(ParcelError::Read(error)))?;
    let mut parcel = Parcel::open(BufReader::new(source)).map_err(named)?;
    let needs = Needs::everything(parcel.tileset());
    let (manifest, manifest_bytes) = parcel.manifest();
    let total = needs.size_bytes() + manifest_bytes.len() as u64;
    make_room(store, manifest, &needs, total)?;
    // A headset that does not know the year has its clock near the beginning of time.
    let newest = SystemTime::now().checked_sub(UNUSED).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut laying = Laying { store, newest, report: Report::default() };
    laying.report.title = parcel.tileset().title().to_owned();
    laying.lay_in(manifest, manifest_bytes, 0).map_err(Failure::environment)?;
    let ranks: BTreeMap<ContentHash, usize> = needs.blobs.iter().map(|blob| blob.hash).zip(1..).collect();
    while let Some((hash, bytes)) = parcel.next_blob().map_err(named)? {
        if !goes_on(laying.report.bytes, total) {
            return Err(Failure::failed("interrupted: what is unpacked is kept, so run it again to go on"));
        }
        // What viewers never ask for would only fill the cache.
        if let Some(&rank) = ranks.get(&hash) {
            laying.lay_in(hash, &bytes, rank).map_err(Failure::environment)?;
        }
    }
    if let Err(error) = known.carry(manifest) {
        tracing::warn!(
            "a host will send again what is seen first: what is here cannot be noted down ({error})"
        );
    }
    Ok(laying.report)
}

/// Makes room for what of the twin is not in the store yet.
fn make_room(store: &mut Store, manifest: ContentHash, needs: &Needs, total: u64) -> Result<(), Failure> {
    let kept: BTreeSet<ContentHash> = needs.blobs.iter().map(|blob| blob.hash).chain([manifest]).collect();
    let here = needs.blobs.iter().filter(|blob| store.contains(blob.hash));
    let here: u64 = here.map(|blob| u64::from(blob.size_bytes)).sum();
    if total <= store.ceiling_bytes() && store.make_room(total - here, &kept) {
        return Ok(());
    }
    let [bytes, limit] = [total, store.ceiling_bytes()].map(|bytes| bytes / 1_000_000);
    Err(Failure::failed(format!(
        "the twin has {bytes} MB and the cache keeps {limit} MB: bring in what is seen first with `pavilion fetch --first-view`"
    )))
}

/// A twin that is being put into a store.
struct Laying<'a> {
    store: &'a mut Store,
    /// As what the most important blob counts as last used.
    newest: SystemTime,
    report: Report,
}

impl Laying<'_> {
    fn lay_in(&mut self, hash: ContentHash, bytes: &[u8], rank: usize) -> Result<(), StoreError> {
        let used = self.newest.checked_sub(Duration::from_millis(rank as u64)).unwrap_or(self.newest);
        let size_bytes = bytes.len() as u64;
        self.report.blobs += 1;
        self.report.bytes += size_bytes;
        if self.store.lay_in(hash, bytes, used)? {
            self.report.blobs_written += 1;
            self.report.bytes_written += size_bytes;
        }
        Ok(())
    }
}

impl Report {
    /// As a person reads it.
    fn to_text(&self) -> String {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        format!(
            "{}\n  in the cache {} files, {:.1} MB\n  written      {} files, {:.1} MB",
            if self.title.is_empty() { "(untitled)" } else { &self.title },
            self.blobs,
            megabytes(self.bytes),
            self.blobs_written,
            megabytes(self.bytes_written),
        )
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::path::PathBuf;

    use super::*;
    use crate::app::FailureKind;
    use crate::protocol::parcel::Writer;
    use crate::tests::twin::Twin;

    /// A twin of five blobs with images of 1000 bytes, and its parcel on disk.
    fn packed(home: &Path) -> (Twin, PathBuf) {
        let twin = Twin::of_equal_blobs(3, 3, 1000);
        let mut writer = Writer::begin(Vec::new(), &twin.manifest).unwrap();
        for (hash, bytes) in &twin.blobs {
            writer.add(*hash, bytes).unwrap();
        }
        let path = home.join("venue.pavilion");
        std::fs::write(&path, writer.end().unwrap()).unwrap();
        (twin, path)
    }

    fn go_on(_: u64, _: u64) -> bool {
        true
    }

    #[test]
    fn a_new_event_takes_the_place_of_the_last_one_and_unseen_things_that_of_each_other() {
        let home = tempfile::tempdir().unwrap();
        let (twin, path) = packed(home.path());
        let total = 5000 + twin.manifest.len() as u64;
        let mut store = Store::open(&home.path().join("blobs"), total + 1500).unwrap();
        let old = [b'o'; 1400];
        store.put(ContentHash::of(&old), &old).unwrap();
        let recent = [b'r'; 1000];
        store.put(ContentHash::of(&recent), &recent).unwrap();
        let report = unpack(&path, &mut store, &mut Known::open(home.path()), &mut go_on).unwrap();
        assert_eq!((report.blobs, report.bytes, report.blobs_written), (6, total, 6));
        assert!(!store.contains(ContentHash::of(&old)) && store.contains(ContentHash::of(&recent)));
        // The visitor comes and looks at the finest tile, which would have been the first to go.
        let needs = Needs::everything(&twin.tileset);
        let [coarsest, .., next_to_last, last] = needs.blobs.as_slice() else { unreachable!() };
        store.get(last.hash).unwrap();
        let new = [b'n'; 1000];
        store.put(ContentHash::of(&new), &new).unwrap();
        assert!(!store.contains(next_to_last.hash), "nobody has seen it, and it is fine");
        assert!(
            [coarsest.hash, last.hash, ContentHash::of(&recent)].iter().all(|hash| store.contains(*hash))
        );
    }

    #[test]
    fn a_second_time_writes_nothing_and_an_interrupted_one_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let (_, path) = packed(home.path());
        let mut store = Store::open(&home.path().join("blobs"), 1 << 20).unwrap();
        let mut steps = 0;
        let mut known = Known::open(home.path());
        let failure = unpack(&path, &mut store, &mut known, &mut |_, _| {
            steps += 1;
            steps < 3
        });
        assert_eq!(failure.unwrap_err().kind, FailureKind::Failed);
        assert_eq!(known.carried().count(), 0, "half of it is not all of it");
        let rest = unpack(&path, &mut store, &mut Known::open(home.path()), &mut go_on).unwrap();
        assert_eq!((rest.blobs, rest.blobs_written), (6, 3));
        assert_eq!(Known::open(home.path()).carried().count(), 1);
        let again = unpack(&path, &mut store, &mut Known::open(home.path()), &mut go_on).unwrap();
        assert_eq!((again.blobs, again.blobs_written, again.bytes_written), (6, 0, 0));
    }

    #[test]
    fn what_does_not_fit_is_said_and_costs_nothing() {
        let home = tempfile::tempdir().unwrap();
        let (_, path) = packed(home.path());
        let mut store = Store::open(&home.path().join("blobs"), 4000).unwrap();
        let kept = [b'k'; 900];
        store.put(ContentHash::of(&kept), &kept).unwrap();
        let failure = unpack(&path, &mut store, &mut Known::open(home.path()), &mut go_on).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Failed);
        assert!(failure.sentence.contains("--first-view"), "{}", failure.sentence);
        assert!(store.contains(ContentHash::of(&kept)) && store.size_bytes() == 900);
    }
}
