//! `pavilion fetch`: brings a twin into the cache without drawing it, to load a headset before an
//! event or to try a network.

mod basket;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::cli::FetchArgs;
use super::interrupt::Interrupt;
use super::needs::Needs;
use super::progress::Bar;
use super::venue::CACHE_BYTES_MAX;
use super::{Failure, folders};
use crate::net::{Connection, Event, Identity, Me, Opening};
use crate::protocol::{ContentHash, JoinLink, Name, WantedBlob, manifest};
use crate::store::{Known, Store};
use basket::Basket;

/// How long nothing is looked at when nothing has come: at 1 Gbit/s a quarter of a megabyte comes.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// What `fetch --json` prints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What the venue calls itself.
    title: String,
    /// Tiles that were asked for.
    tiles: usize,
    /// Files that they consist of, the manifest among them.
    blobs: usize,
    /// Bytes that came over the wire.
    bytes_received: u64,
    /// Bytes that were in the cache before.
    bytes_from_cache: u64,
    /// From the start to the host's welcome.
    joined_seconds: f64,
    /// From the start to the end.
    seconds: f64,
    /// What came, over the time since the welcome.
    megabits_per_second: f64,
}

/// Fetches what is asked for and says how fast it came.
///
/// # Errors
/// When it does not come as a whole, or cannot be kept.
pub fn run(arguments: &FetchArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let link: JoinLink = arguments.link.parse().map_err(Failure::usage)?;
    let folder = folders::cache().ok_or_else(|| {
        Failure::environment("there is no home folder to keep a cache in: set PAVILION_CACHE to a folder")
    })?;
    let blobs = folder.join("blobs");
    let store = Store::open(&blobs, CACHE_BYTES_MAX).map_err(Failure::environment)?;
    let patience = Duration::from_secs(arguments.timeout_seconds);
    let host = link.fingerprint;
    let (report, manifest) = Fetch::begin(link, store, patience, interrupt)?.all(arguments.first_view)?;
    if let Err(error) = Known::open(&blobs).remember(host, manifest) {
        tracing::warn!(
            "the host will send again what is seen first: what is here cannot be noted down ({error})"
        );
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::failed)?);
    } else {
        println!("{}", report.to_text());
    }
    Ok(())
}

struct Fetch {
    connection: Connection,
    store: Store,
    patience: Duration,
    interrupt: Interrupt,
    began: Instant,
    welcomed: Option<Instant>,
    manifest: Option<WantedBlob>,
    /// When something last came.
    heard: Instant,
    /// Why there is no connection now.
    trouble: Option<String>,
    report: Report,
}

impl Fetch {
    fn begin(
        link: JoinLink,
        store: Store,
        patience: Duration,
        interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        // Nobody is there to be met: a key that is known to no one will do.
        let identity = Identity::generate()
            .ok_or_else(|| Failure::environment("the system gives no random bytes: restart it"))?;
        let me = Me { name: Name::new("fetch"), identity };
        let connection = Connection::open(link, me, Opening::Nothing)
            .map_err(|error| Failure::environment(format!("no network thread could be started ({error})")))?;
        let now = Instant::now();
        Ok(Self {
            connection,
            store,
            patience,
            interrupt,
            began: now,
            welcomed: None,
            manifest: None,
            heard: now,
            trouble: None,
            report: Report::default(),
        })
    }

    /// Fetches the manifest, then what it lists. Returns the manifest's name, too.
    fn all(mut self, is_first_view: bool) -> Result<(Report, ContentHash), Failure> {
        let manifest = loop {
            match self.manifest {
                Some(manifest) => break manifest,
                None => self.turn(&mut Basket::default())?,
            }
        };
        self.fetch("manifest", vec![manifest])?;
        let bytes = self.store.get(manifest.hash).ok_or_else(|| self.not_kept())?;
        let tileset = Arc::new(manifest::decode(&bytes).map_err(Failure::content)?);
        let needs = if is_first_view { Needs::first_view(&tileset) } else { Needs::everything(&tileset) };
        let bytes = needs.size_bytes();
        if bytes > CACHE_BYTES_MAX {
            let [bytes, limit] = [bytes, CACHE_BYTES_MAX].map(|bytes| bytes / 1_000_000);
            return Err(Failure::failed(format!(
                "the twin has {bytes} MB and the cache keeps {limit} MB: fetch what is seen first with --first-view"
            )));
        }
        self.report.title = tileset.title().to_owned();
        self.report.tiles = needs.tiles;
        self.report.blobs = needs.blobs.len() + 1;
        self.fetch("fetching", needs.blobs)?;
        let since_welcome = self.welcomed.unwrap_or(self.began).elapsed().as_secs_f64();
        self.report.seconds = self.began.elapsed().as_secs_f64();
        self.report.megabits_per_second = self.report.bytes_received as f64 * 8e-6 / since_welcome.max(1e-6);
        Ok((self.report, manifest.hash))
    }

    /// Has all of `blobs` in the store, or fails.
    fn fetch(&mut self, stage: &str, blobs: Vec<WantedBlob>) -> Result<(), Failure> {
        let total: u64 = blobs.iter().map(|blob| u64::from(blob.size_bytes)).sum();
        let mut missing = Vec::new();
        for blob in blobs {
            // Read and checked, not only looked for: what is damaged on disk comes anew.
            match self.store.get(blob.hash) {
                Some(bytes) => self.report.bytes_from_cache += bytes.len() as u64,
                None => missing.push(blob),
            }
        }
        let mut basket = Basket::new(missing);
        let mut bar = Bar::new();
        while !basket.is_empty() {
            self.turn(&mut basket)?;
            bar.show(stage, total - basket.missing_bytes(), total);
        }
        Ok(())
    }

    /// Does what can be done now, or waits a little.
    fn turn(&mut self, basket: &mut Basket) -> Result<(), Failure> {
        if self.interrupt.is_raised() {
            return Err(Failure::failed("interrupted: what came is kept, so run it again to go on"));
        }
        let is_connected = self.manifest.is_some() && self.trouble.is_none();
        if is_connected
            && let Some(list) = basket.due()
            && self.connection.want(list)
        {
            basket.told();
        }
        if let Some(event) = self.connection.poll() {
            return self.on_event(event, basket);
        }
        if self.heard.elapsed() > self.patience {
            let reason = self.trouble.as_deref().unwrap_or("the host has let us in and sends nothing");
            let seconds = self.patience.as_secs();
            return Err(Failure::failed(format!(
                "gave up after {seconds} s ({reason}): allow more with --timeout-seconds"
            )));
        }
        std::thread::sleep(LOOK_INTERVAL);
        Ok(())
    }

    fn on_event(&mut self, event: Event, basket: &mut Basket) -> Result<(), Failure> {
        match event {
            Event::Connected { welcome, .. } => {
                let manifest = welcome.manifest_blob();
                if self.manifest.is_some_and(|before| before != manifest) {
                    return Err(another_twin());
                }
                self.manifest = Some(manifest);
                self.trouble = None;
                if self.welcomed.is_none() {
                    self.welcomed = Some(Instant::now());
                    self.report.joined_seconds = self.began.elapsed().as_secs_f64();
                }
            }
            Event::Blob { hash, bytes } => {
                self.report.bytes_received += bytes.len() as u64;
                self.store.put(hash, &bytes).map_err(Failure::environment)?;
                basket.arrived(hash);
            }
            Event::BlobFailed { hash, fault } => basket.failed(hash, fault).map_err(Failure::content)?,
            Event::Lost { cause, .. } => {
                tracing::warn!("{cause}");
                self.trouble = Some(cause.to_string());
                basket.disconnected();
                return Ok(());
            }
            Event::Refused(cause) => return Err(Failure::failed(cause)),
            Event::Changed(_) => return Err(another_twin()),
            Event::Arrived(_) | Event::Departed(_) | Event::Others { .. } => return Ok(()),
        }
        self.heard = Instant::now();
        Ok(())
    }

    fn not_kept(&self) -> Failure {
        Failure::environment("the cache does not keep what is put into it: free some space")
    }
}

fn another_twin() -> Failure {
    Failure::failed("the host shows another twin now: run it again")
}

impl Report {
    /// As a person reads it.
    fn to_text(&self) -> String {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        format!(
            "{}\n  tiles      {}, in {} files\n  bytes      {:.1} MB received, {:.1} MB from the cache\n  \
             joined     after {:.2} s\n  all here   after {:.2} s, at {:.0} Mbit/s",
            if self.title.is_empty() { "(untitled)" } else { &self.title },
            self.tiles,
            self.blobs,
            megabytes(self.bytes_received),
            megabytes(self.bytes_from_cache),
            self.joined_seconds,
            self.seconds,
            self.megabits_per_second,
        )
    }
}
